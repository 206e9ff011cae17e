#include <array>
#include <cstddef>

#include "marc_types.h"

// The C++ half of fields.
namespace thalweg::python {
namespace {

using marc::FieldView;
using marc::Subfield;

FieldObject* AsField(PyObject* object) { return reinterpret_cast<FieldObject*>(object); }

// --- life
// -----------------------------------------------------------------------------------------

int TraverseField(PyObject* self, visitproc visit, void* arg) {
  FieldObject* field = AsField(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(field->tag);
  Py_VISIT(field->data);
  Py_VISIT(field->indicators);
  Py_VISIT(field->subfields);
  return 0;
}

int ClearField(PyObject* self) {
  FieldObject* field = AsField(self);
  Py_CLEAR(field->tag);
  Py_CLEAR(field->data);
  Py_CLEAR(field->indicators);
  Py_CLEAR(field->subfields);
  return 0;
}

void DeallocateField(PyObject* self) {
  PyObject_GC_UnTrack(self);
  ClearField(self);
  Py_CLEAR(AsField(self)->batch);
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

// Objects that hold what could be part of a cycle are tracked, others need not be.
void Track(FieldObject* field) {
  auto* object = reinterpret_cast<PyObject*>(field);
  if (!PyObject_GC_IsTracked(object)) PyObject_GC_Track(object);
}

// --- values
// ---------------------------------------------------------------------------------------

PyObject* NewPair(PyTypeObject* type, PyObject* first, PyObject* second) {
  // Not tracked: two texts are never part of a cycle.
  auto* made =
      first == nullptr || second == nullptr ? nullptr : PyObject_GC_NewVar(PyTupleObject, type, 2);
  auto* pair = reinterpret_cast<PyObject*>(made);
  if (pair == nullptr) {
    Py_XDECREF(first);
    Py_XDECREF(second);
    return nullptr;
  }
  PyTuple_SET_ITEM(pair, 0, first);
  PyTuple_SET_ITEM(pair, 1, second);
  return pair;
}

// The common ones are made once.
PyObject* NewIndicators(char first, char second) {
  static std::array<PyObject*, 11 * 11> common{};
  const auto place = [](char c) { return c == ' ' ? 10 : c >= '0' && c <= '9' ? c - '0' : -1; };
  PyTypeObject* type = Classes().indicators;
  if (place(first) < 0 || place(second) < 0) {
    return NewPair(type, NewCode(first), NewCode(second));
  }
  PyObject*& made = common[static_cast<size_t>(place(first) * 11 + place(second))];
  if (made == nullptr) made = NewPair(type, NewCode(first), NewCode(second));
  Py_XINCREF(made);
  return made;
}

// A borrowed reference to the list, which is made of the bytes when it is not there yet.
PyObject* SubfieldsOf(FieldObject* field) {
  if (field->subfields != nullptr) return field->subfields;
  const size_t count = field->batch == nullptr ? 0 : field->view.CountSubfields();
  PyObject* list = PyList_New(static_cast<Py_ssize_t>(count));
  if (list == nullptr) return nullptr;
  Py_ssize_t place = 0;
  if (count > 0) {
    for (const Subfield& subfield : field->view.subfields()) {
      PyObject* pair =
          NewPair(Classes().subfield, NewCode(subfield.code), NewText(subfield.value, field->kind));
      if (pair == nullptr) {
        Py_DECREF(list);
        return nullptr;
      }
      PyList_SET_ITEM(list, place++, pair);
    }
  }
  field->subfields = list;
  Track(field);
  return list;
}

bool SubfieldsAreBytes(const FieldObject* field) {
  return field->subfields == nullptr && field->batch != nullptr;
}

// Code or value of an element of the list: a pair, or anything with such an attribute.
PyObject* PartOf(PyObject* subfield, Py_ssize_t place, const char* name) {
  if (PyTuple_Check(subfield) && PyTuple_GET_SIZE(subfield) == 2) {
    PyObject* part = PyTuple_GET_ITEM(subfield, place);
    Py_INCREF(part);
    return part;
  }
  return PyObject_GetAttrString(subfield, name);
}

// Whether `object` is the text of this one character.
bool IsCode(PyObject* object, char code) {
  return PyUnicode_Check(object) && PyUnicode_GET_LENGTH(object) == 1 &&
         PyUnicode_READ_CHAR(object, 0) == static_cast<unsigned char>(code);
}

// The first value with this code: a new reference; null, without an exception, when there is none.
PyObject* FindValue(FieldObject* field, PyObject* code) {
  if (field->control) return nullptr;
  if (SubfieldsAreBytes(field)) {
    for (const Subfield& subfield : field->view.subfields()) {
      if (IsCode(code, subfield.code)) return NewText(subfield.value, field->kind);
    }
    return nullptr;
  }
  PyObject* subfields = SubfieldsOf(field);
  PyObject* items = subfields == nullptr ? nullptr : PySequence_Fast(subfields, "subfields");
  if (items == nullptr) return nullptr;
  PyObject* found = nullptr;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items, i);
    PyObject* own = PartOf(item, 0, "code");
    if (own == nullptr) break;
    const int equal = PyObject_RichCompareBool(own, code, Py_EQ);
    Py_DECREF(own);
    if (equal < 0) break;
    if (equal == 0) continue;
    found = PartOf(item, 1, "value");
    break;
  }
  Py_DECREF(items);
  return found;
}

// --- methods
// --------------------------------------------------------------------------------------

PyObject* FieldGet(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  PyObject* code = count > 0 ? args[0] : nullptr;
  PyObject* fallback = count > 1 ? args[1] : Py_None;
  for (Py_ssize_t i = 0; i < named; ++i) {
    PyObject* name = PyTuple_GET_ITEM(names, i);
    if (PyUnicode_CompareWithASCIIString(name, "code") == 0) {
      code = args[count + i];
    } else if (PyUnicode_CompareWithASCIIString(name, "default") == 0) {
      fallback = args[count + i];
    } else {
      return PyErr_Format(PyExc_TypeError, "get() got an unexpected keyword argument '%U'", name);
    }
  }
  if (code == nullptr || count > 2) {
    PyErr_SetString(PyExc_TypeError, "get() takes a code and a default");
    return nullptr;
  }
  PyObject* found = FindValue(AsField(self), code);
  if (found == nullptr && PyErr_Occurred() == nullptr) {
    Py_INCREF(fallback);
    return fallback;
  }
  return found;
}

PyObject* FieldItem(PyObject* self, PyObject* code) {
  PyObject* found = FindValue(AsField(self), code);
  if (found == nullptr && PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyError);
  return found;
}

int FieldContains(PyObject* self, PyObject* code) {
  FieldObject* field = AsField(self);
  if (!field->control && SubfieldsAreBytes(field)) {
    for (const Subfield& subfield : field->view.subfields()) {
      if (IsCode(code, subfield.code)) return 1;
    }
    return 0;
  }
  PyObject* found = FindValue(field, code);
  if (found == nullptr) return PyErr_Occurred() == nullptr ? 0 : -1;
  Py_DECREF(found);
  return 1;
}

int AppendNew(PyObject* list, PyObject* value) {
  if (value == nullptr) return -1;
  const int failed = PyList_Append(list, value);
  Py_DECREF(value);
  return failed;
}

// Whether one of the codes that were asked for is this one; -1 with an exception.
int AsksFor(PyObject* const* codes, Py_ssize_t count, PyObject* code) {
  for (Py_ssize_t i = 0; i < count; ++i) {
    const int equal = PyObject_RichCompareBool(code, codes[i], Py_EQ);
    if (equal != 0) return equal;
  }
  return 0;
}

int CollectValues(FieldObject* field, PyObject* const* codes, Py_ssize_t count, PyObject* list) {
  if (SubfieldsAreBytes(field)) {
    for (const Subfield& subfield : field->view.subfields()) {
      for (Py_ssize_t i = 0; i < count; ++i) {
        if (!IsCode(codes[i], subfield.code)) continue;
        if (AppendNew(list, NewText(subfield.value, field->kind)) != 0) return -1;
        break;
      }
    }
    return 0;
  }
  PyObject* items = PySequence_Fast(field->subfields, "subfields");
  if (items == nullptr) return -1;
  int failed = 0;
  for (Py_ssize_t i = 0; failed == 0 && i < PySequence_Fast_GET_SIZE(items); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items, i);
    PyObject* code = PartOf(item, 0, "code");
    const int wanted = code == nullptr ? -1 : AsksFor(codes, count, code);
    Py_XDECREF(code);
    if (wanted != 0) failed = wanted < 0 ? -1 : AppendNew(list, PartOf(item, 1, "value"));
  }
  Py_DECREF(items);
  return failed;
}

PyObject* FieldGetSubfields(PyObject* self, PyObject* const* codes, Py_ssize_t count) {
  FieldObject* field = AsField(self);
  PyObject* list = PyList_New(0);
  if (list == nullptr || field->control || count == 0) return list;
  if (SubfieldsOf(field) == nullptr || CollectValues(field, codes, count, list) != 0) {
    Py_DECREF(list);
    return nullptr;
  }
  return list;
}

PyObject* JoinStripped(PyObject* subfields) {
  PyObject* items = PySequence_Fast(subfields, "subfields");
  if (items == nullptr) return nullptr;
  PyObject* parts = PyList_New(0);
  bool ok = parts != nullptr;
  for (Py_ssize_t i = 0; ok && i < PySequence_Fast_GET_SIZE(items); ++i) {
    PyObject* value = PartOf(PySequence_Fast_GET_ITEM(items, i), 1, "value");
    PyObject* stripped = value == nullptr ? nullptr : PyObject_CallMethod(value, "strip", nullptr);
    Py_XDECREF(value);
    ok = AppendNew(parts, stripped) == 0;
  }
  Py_DECREF(items);
  PyObject* blank = ok ? PyUnicode_FromString(" ") : nullptr;
  PyObject* joined = blank == nullptr ? nullptr : PyUnicode_Join(blank, parts);
  Py_XDECREF(blank);
  Py_XDECREF(parts);
  return joined;
}

PyObject* FieldValue(PyObject* self, PyObject* /*unused*/) {
  FieldObject* field = AsField(self);
  if (field->control) {
    if (field->data == nullptr && field->batch != nullptr) {
      return NewText(field->view.data(), field->kind);
    }
    const int given = field->data == nullptr ? 0 : PyObject_IsTrue(field->data);
    if (given < 0) return nullptr;
    if (given == 0) return PyUnicode_FromString("");
    Py_INCREF(field->data);
    return field->data;
  }
  if (SubfieldsAreBytes(field) && field->kind == TextKind::kUtf8) {
    // One value that needs no trimming is most of them.
    return NewText(field->view.Value(), TextKind::kUtf8);
  }
  PyObject* subfields = SubfieldsOf(field);
  return subfields == nullptr ? nullptr : JoinStripped(subfields);
}

PyObject* FieldIterate(PyObject* self) {
  AsField(self)->position = 0;
  Py_INCREF(self);
  return self;
}

PyObject* FieldNext(PyObject* self) {
  FieldObject* field = AsField(self);
  if (field->control) return nullptr;
  PyObject* subfields = SubfieldsOf(field);
  if (subfields == nullptr) return nullptr;
  if (PyList_Check(subfields)) {
    if (field->position >= PyList_GET_SIZE(subfields)) return nullptr;
    PyObject* item = PyList_GET_ITEM(subfields, field->position++);
    Py_INCREF(item);
    return item;
  }
  PyObject* item = PySequence_GetItem(subfields, field->position);
  if (item != nullptr) {
    ++field->position;
  } else if (PyErr_ExceptionMatches(PyExc_IndexError)) {
    PyErr_Clear();
  }
  return item;
}

// --- attributes
// -----------------------------------------------------------------------------------

PyObject* Given(PyObject* object) {
  if (object == nullptr) object = Py_None;
  Py_INCREF(object);
  return object;
}

PyObject* GetTag(PyObject* self, void* /*unused*/) {
  PyObject* tag = FieldTag(AsField(self));
  if (tag == nullptr && PyErr_Occurred() == nullptr) PyErr_SetString(PyExc_AttributeError, "tag");
  return tag;
}

PyObject* GetData(PyObject* self, void* /*unused*/) {
  FieldObject* field = AsField(self);
  if (field->data == nullptr && field->control && field->batch != nullptr) {
    field->data = NewText(field->view.data(), field->kind);
    if (field->data == nullptr) return nullptr;
  }
  return Given(field->data);
}

PyObject* GetIndicators(PyObject* self, void* /*unused*/) {
  FieldObject* field = AsField(self);
  if (field->indicators == nullptr && !field->control && field->batch != nullptr) {
    field->indicators = NewIndicators(field->view.indicator1(), field->view.indicator2());
    if (field->indicators == nullptr) return nullptr;
  }
  return Given(field->indicators);
}

PyObject* GetSubfields(PyObject* self, void* /*unused*/) {
  PyObject* subfields = SubfieldsOf(AsField(self));
  Py_XINCREF(subfields);
  return subfields;
}

template <PyObject* FieldObject::* kMember>
int SetMember(PyObject* self, PyObject* value, void* name) {
  FieldObject* field = AsField(self);
  if (value == nullptr) {
    PyErr_SetString(PyExc_AttributeError, static_cast<const char*>(name));
    return -1;
  }
  // The others keep their values when the bytes no longer count.
  Py_INCREF(value);
  PyObject* before = field->*kMember;
  field->*kMember = value;
  field->changed = true;
  Py_XDECREF(before);
  Track(field);
  return 0;
}

PyObject* GetControl(PyObject* self, void* /*unused*/) {
  return PyBool_FromLong(AsField(self)->control ? 1 : 0);
}

int SetControl(PyObject* self, PyObject* value, void* /*unused*/) {
  const int truth = value == nullptr ? 0 : PyObject_IsTrue(value);
  if (truth < 0) return -1;
  FieldObject* field = AsField(self);
  if (field->control != (truth != 0) && field->batch != nullptr) {
    // What the bytes say depends on it: they are read as they were meant before it changes.
    Py_XDECREF(GetData(self, nullptr));
    Py_XDECREF(GetIndicators(self, nullptr));
    if (SubfieldsOf(field) == nullptr) return -1;
    if (field->data == nullptr) field->data = Given(nullptr);
    if (field->indicators == nullptr) field->indicators = Given(nullptr);
  }
  field->control = truth != 0;
  field->changed = true;
  return 0;
}

PyGetSetDef field_attributes[] = {
    {"tag", GetTag, SetMember<&FieldObject::tag>, "Three characters.", const_cast<char*>("tag")},
    {"data", GetData, SetMember<&FieldObject::data>,
     "Text of a control field; None for other fields.", const_cast<char*>("data")},
    {"_indicators", GetIndicators, SetMember<&FieldObject::indicators>, nullptr,
     const_cast<char*>("_indicators")},
    {"subfields", GetSubfields, SetMember<&FieldObject::subfields>,
     "The list of subfields; empty for control fields.", const_cast<char*>("subfields")},
    {"control_field", GetControl, SetControl, "Has data, and no subfields.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMethodDef field_methods[] = {
    {"get", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(FieldGet)),
     METH_FASTCALL | METH_KEYWORDS,
     "get($self, /, code, default=None)\n--\n\n"
     "The first value with this code, or the default."},
    {"get_subfields",
     reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(FieldGetSubfields)), METH_FASTCALL,
     "get_subfields($self, /, *codes)\n--\n\nThe values that have one of these codes, in order."},
    {"value", FieldValue, METH_NOARGS,
     "value($self, /)\n--\n\nData, or all values, trimmed, with blanks between them."},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

PyTypeObject* FieldBaseType() {
  static PyTypeObject* type = [] {
    PyType_Slot slots[] = {
        {Py_tp_dealloc, reinterpret_cast<void*>(DeallocateField)},
        {Py_tp_traverse, reinterpret_cast<void*>(TraverseField)},
        {Py_tp_clear, reinterpret_cast<void*>(ClearField)},
        {Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew)},
        {Py_tp_iter, reinterpret_cast<void*>(FieldIterate)},
        {Py_tp_iternext, reinterpret_cast<void*>(FieldNext)},
        {Py_tp_getset, field_attributes},
        {Py_tp_methods, field_methods},
        {Py_mp_subscript, reinterpret_cast<void*>(FieldItem)},
        {Py_sq_contains, reinterpret_cast<void*>(FieldContains)},
        {Py_tp_doc, const_cast<char*>("The part of a field that reads its bytes.")},
        {0, nullptr}};
    PyType_Spec spec = {"thalweg._core.FieldBase", sizeof(FieldObject), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
    return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  }();
  return type;
}

FieldObject* NewField(BatchObject* batch, const FieldView& view, TextKind kind) {
  const MarcClasses& classes = Classes();
  FieldObject* field =
      PyObject_GC_New(FieldObject, kind == TextKind::kBytes ? classes.raw_field : classes.field);
  if (field == nullptr) return nullptr;
  Py_INCREF(reinterpret_cast<PyObject*>(batch));
  field->batch = batch;
  field->view = view;
  field->tag = field->data = field->indicators = field->subfields = nullptr;
  field->position = 0;
  field->kind = kind;
  field->control = view.is_control();
  field->changed = false;
  return field;
}

bool IsField(PyObject* object) { return PyObject_TypeCheck(object, FieldBaseType()) != 0; }

PyObject* FieldTag(FieldObject* field) {
  if (field->tag == nullptr && field->batch != nullptr) field->tag = NewTag(field->view.tag());
  Py_XINCREF(field->tag);
  return field->tag;
}

}  // namespace thalweg::python
