#include <Python.h>
#include <structmember.h>

#include <cstddef>
#include <optional>

#include "marc_types.h"
#include "thalweg/marc/access.h"

// The C++ half of records.
namespace thalweg::python {
namespace {

using marc::FieldView;
using marc::RecordView;
using marc::Tag;

RecordObject* AsRecord(PyObject* object) { return reinterpret_cast<RecordObject*>(object); }

size_t CountOf(const RecordObject* record) {
  return record->view == nullptr ? 0 : record->view->fields().size();
}

// --- life
// -----------------------------------------------------------------------------------------

int TraverseRecord(PyObject* self, visitproc visit, void* arg) {
  RecordObject* record = AsRecord(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(record->fields);
  Py_VISIT(record->leader);
  Py_VISIT(record->pos);
  if (record->touched != nullptr) {
    for (size_t i = 0; i < CountOf(record); ++i) Py_VISIT(record->touched[i]);
  }
  return 0;
}

void DropTouched(RecordObject* record) {
  if (record->touched == nullptr) return;
  FieldObject** touched = record->touched;
  record->touched = nullptr;
  for (size_t i = 0; i < CountOf(record); ++i) Py_XDECREF(touched[i]);
  PyMem_Free(touched);
}

int ClearRecord(PyObject* self) {
  RecordObject* record = AsRecord(self);
  Py_CLEAR(record->fields);
  Py_CLEAR(record->leader);
  Py_CLEAR(record->pos);
  DropTouched(record);
  return 0;
}

void DeallocateRecord(PyObject* self) {
  PyObject_GC_UnTrack(self);
  ClearRecord(self);
  Py_CLEAR(AsRecord(self)->batch);
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* NewRecordFromPython(PyTypeObject* type, PyObject* /*args*/, PyObject* /*kwargs*/) {
  PyObject* self = type->tp_alloc(type, 0);
  if (self != nullptr) AsRecord(self)->to_unicode = true;
  return self;
}

void Track(RecordObject* record) {
  auto* object = reinterpret_cast<PyObject*>(record);
  if (!PyObject_GC_IsTracked(object)) PyObject_GC_Track(object);
}

// --- finding fields
// -------------------------------------------------------------------------------

// 1: `item` has this tag; -1 with an exception.
int HasTag(PyObject* item, PyObject* tag, bool short_tag, Tag wanted) {
  if (short_tag && IsUntouched(item)) {
    return reinterpret_cast<FieldObject*>(item)->view.tag() == wanted ? 1 : 0;
  }
  PyObject* own = PyObject_GetAttrString(item, "tag");
  if (own == nullptr) return -1;
  const int equal = PyObject_RichCompareBool(own, tag, Py_EQ);
  Py_DECREF(own);
  return equal;
}

// The first field with this tag. A new reference; null, without an exception, when there is none.
PyObject* FindField(RecordObject* record, PyObject* tag) {
  Tag wanted;
  const bool short_tag = ToTag(tag, &wanted);
  if (record->fields == nullptr && record->view != nullptr && PyUnicode_Check(tag)) {
    if (!short_tag) return nullptr;
    const std::span<const FieldView> fields = record->view->fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (record->touched == nullptr || record->touched[i] == nullptr) {
        if (fields[i].tag() == wanted) return FieldAt(record, i);
      } else {
        auto* field = reinterpret_cast<PyObject*>(record->touched[i]);
        const int has = HasTag(field, tag, short_tag, wanted);
        if (has < 0) return nullptr;
        if (has > 0) return FieldAt(record, i);
      }
    }
    return nullptr;
  }
  PyObject* fields = FieldsOf(record);
  PyObject* items = fields == nullptr ? nullptr : PySequence_Fast(fields, "fields");
  if (items == nullptr) return nullptr;
  PyObject* found = nullptr;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items, i);
    const int has = HasTag(item, tag, short_tag, wanted);
    if (has == 0) continue;
    if (has > 0) found = item;
    break;
  }
  Py_XINCREF(found);
  Py_DECREF(items);
  return found;
}

PyObject* RecordGet(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  PyObject* tag = count > 0 ? args[0] : nullptr;
  PyObject* fallback = count > 1 ? args[1] : Py_None;
  for (Py_ssize_t i = 0; i < named; ++i) {
    PyObject* name = PyTuple_GET_ITEM(names, i);
    if (PyUnicode_CompareWithASCIIString(name, "tag") == 0) {
      tag = args[count + i];
    } else if (PyUnicode_CompareWithASCIIString(name, "default") == 0) {
      fallback = args[count + i];
    } else {
      return PyErr_Format(PyExc_TypeError, "get() got an unexpected keyword argument '%U'", name);
    }
  }
  if (tag == nullptr || count > 2) {
    PyErr_SetString(PyExc_TypeError, "get() takes a tag and a default");
    return nullptr;
  }
  PyObject* found = FindField(AsRecord(self), tag);
  if (found == nullptr && PyErr_Occurred() == nullptr) {
    Py_INCREF(fallback);
    return fallback;
  }
  return found;
}

PyObject* RecordItem(PyObject* self, PyObject* tag) {
  PyObject* found = FindField(AsRecord(self), tag);
  if (found == nullptr && PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyError);
  return found;
}

int RecordContains(PyObject* self, PyObject* tag) {
  RecordObject* record = AsRecord(self);
  Tag wanted;
  if (record->fields == nullptr && record->touched == nullptr && record->view != nullptr) {
    return ToTag(tag, &wanted) && record->view->Has(wanted) ? 1 : 0;
  }
  PyObject* found = FindField(record, tag);
  if (found == nullptr) return PyErr_Occurred() == nullptr ? 0 : -1;
  Py_DECREF(found);
  return 1;
}

int AnyTag(PyObject* item, PyObject* const* tags, Py_ssize_t count) {
  for (Py_ssize_t i = 0; i < count; ++i) {
    Tag wanted;
    const bool short_tag = ToTag(tags[i], &wanted);
    const int has = HasTag(item, tags[i], short_tag, wanted);
    if (has != 0) return has;
  }
  return 0;
}

// Fields of an untouched record, without making the others.
PyObject* ChooseUntouched(RecordObject* record, PyObject* const* tags, Py_ssize_t count) {
  PyObject* list = PyList_New(0);
  if (list == nullptr) return nullptr;
  const std::span<const FieldView> fields = record->view->fields();
  std::vector<Tag> wanted;
  for (Py_ssize_t i = 0; i < count; ++i) {
    Tag tag;
    if (ToTag(tags[i], &tag)) wanted.push_back(tag);
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    bool chosen = false;
    for (const Tag tag : wanted) chosen = chosen || tag == fields[i].tag();
    if (!chosen) continue;
    PyObject* field = FieldAt(record, i);
    const int failed = field == nullptr ? -1 : PyList_Append(list, field);
    Py_XDECREF(field);
    if (failed == 0) continue;
    Py_DECREF(list);
    return nullptr;
  }
  return list;
}

PyObject* RecordGetFields(PyObject* self, PyObject* const* tags, Py_ssize_t count) {
  RecordObject* record = AsRecord(self);
  if (count > 0 && record->fields == nullptr && record->touched == nullptr &&
      record->view != nullptr) {
    return ChooseUntouched(record, tags, count);
  }
  PyObject* fields = FieldsOf(record);
  if (fields == nullptr || count == 0) {
    Py_XINCREF(fields);
    return fields;
  }
  PyObject* items = PySequence_Fast(fields, "fields");
  PyObject* list = items == nullptr ? nullptr : PyList_New(0);
  for (Py_ssize_t i = 0; list != nullptr && i < PySequence_Fast_GET_SIZE(items); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items, i);
    const int has = AnyTag(item, tags, count);
    if (has < 0 || (has > 0 && PyList_Append(list, item) != 0)) Py_CLEAR(list);
  }
  Py_XDECREF(items);
  return list;
}

PyObject* RecordIterate(PyObject* self) {
  AsRecord(self)->position = 0;
  Py_INCREF(self);
  return self;
}

PyObject* RecordNext(PyObject* self) {
  RecordObject* record = AsRecord(self);
  PyObject* fields = FieldsOf(record);
  if (fields == nullptr) return nullptr;
  if (!PyList_Check(fields)) {
    const Py_ssize_t size = PySequence_Size(fields);
    return record->position < size ? PySequence_GetItem(fields, record->position++) : nullptr;
  }
  if (record->position >= PyList_GET_SIZE(fields)) return nullptr;
  PyObject* field = PyList_GET_ITEM(fields, record->position++);
  Py_INCREF(field);
  return field;
}

// --- attributes
// -----------------------------------------------------------------------------------

PyObject* GetFields(PyObject* self, void* /*unused*/) {
  PyObject* fields = FieldsOf(AsRecord(self));
  Py_XINCREF(fields);
  return fields;
}

PyObject* GetLeader(PyObject* self, void* /*unused*/) {
  PyObject* leader = LeaderOf(AsRecord(self));
  Py_XINCREF(leader);
  return leader;
}

template <PyObject* RecordObject::* kMember>
int SetMember(PyObject* self, PyObject* value, void* name) {
  RecordObject* record = AsRecord(self);
  if (value == nullptr) {
    PyErr_SetString(PyExc_AttributeError, static_cast<const char*>(name));
    return -1;
  }
  PyObject* before = record->*kMember;
  Py_INCREF(value);
  record->*kMember = value;
  Py_XDECREF(before);
  if (record->fields != nullptr) DropTouched(record);
  Track(record);
  return 0;
}

PyObject* GetPos(PyObject* self, void* /*unused*/) {
  PyObject* pos = AsRecord(self)->pos;
  if (pos == nullptr) return PyLong_FromLong(0);
  Py_INCREF(pos);
  return pos;
}

// What pymarc answers, from the bytes; from Python's half where they no longer say it all.
using Accessor = std::optional<std::string> (*)(const RecordView&);
struct TextAttribute {
  Accessor from_bytes;
  const char* from_fields;
};

PyObject* GetTextAttribute(PyObject* self, void* closure) {
  const auto* attribute = static_cast<const TextAttribute*>(closure);
  RecordObject* record = AsRecord(self);
  if (Py_TYPE(self) == Classes().record && record->fields == nullptr &&
      record->touched == nullptr && record->view != nullptr && record->kind == TextKind::kUtf8) {
    const std::optional<std::string> text = attribute->from_bytes(*record->view);
    if (text) return NewText(*text, TextKind::kUtf8);
    Py_RETURN_NONE;
  }
  return PyObject_CallMethod(self, attribute->from_fields, nullptr);
}

TextAttribute title = {&marc::Title, "_title"};
TextAttribute author = {&marc::Author, "_author"};
TextAttribute uniform_title = {&marc::UniformTitle, "_uniformtitle"};
TextAttribute isbn = {&marc::Isbn, "_isbn"};
TextAttribute issn = {&marc::Issn, "_issn"};
TextAttribute issnl = {&marc::IssnL, "_issnl"};
TextAttribute issn_title = {&marc::IssnTitle, "_issn_title"};
TextAttribute sudoc = {&marc::Sudoc, "_sudoc"};
TextAttribute publisher = {&marc::Publisher, "_publisher"};
TextAttribute pubyear = {&marc::PublicationYear, "_pubyear"};

PyGetSetDef record_attributes[] = {
    {"fields", GetFields, SetMember<&RecordObject::fields>, "The list of fields.",
     const_cast<char*>("fields")},
    {"leader", GetLeader, SetMember<&RecordObject::leader>, "The leader.",
     const_cast<char*>("leader")},
    {"pos", GetPos, SetMember<&RecordObject::pos>, nullptr, const_cast<char*>("pos")},
    {"title", GetTextAttribute, nullptr, "245 $a and $b.", &title},
    {"author", GetTextAttribute, nullptr, "100, 110 or 111.", &author},
    {"uniformtitle", GetTextAttribute, nullptr, "130 or 240.", &uniform_title},
    {"isbn", GetTextAttribute, nullptr, "The first ISBN in the first 020 $a, without hyphens.",
     &isbn},
    {"issn", GetTextAttribute, nullptr, "022 $a.", &issn},
    {"issnl", GetTextAttribute, nullptr, "022 $l.", &issnl},
    {"issn_title", GetTextAttribute, nullptr, "222 $a and $b.", &issn_title},
    {"sudoc", GetTextAttribute, nullptr, "086.", &sudoc},
    {"publisher", GetTextAttribute, nullptr, "260 $b, or 264 $b with second indicator 1.",
     &publisher},
    {"pubyear", GetTextAttribute, nullptr, "260 $c, or 264 $c with second indicator 1.", &pubyear},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef record_members[] = {
    {"force_utf8", T_BOOL, offsetof(RecordObject, force_utf8), 0, nullptr},
    {"to_unicode", T_BOOL, offsetof(RecordObject, to_unicode), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

template <typename Function>
PyCFunction AsMethod(Function function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef record_methods[] = {
    {"get", AsMethod(RecordGet), METH_FASTCALL | METH_KEYWORDS,
     "get($self, /, tag, default=None)\n--\n\nThe first field with this tag, or the default."},
    {"get_fields", AsMethod(RecordGetFields), METH_FASTCALL,
     "get_fields($self, /, *tags)\n--\n\n"
     "The fields that have one of these tags, in order; without tags, all."},
    {"as_marc", RecordAsMarc, METH_NOARGS,
     "as_marc($self, /)\n--\n\nThe record in the exchange format (ISO 2709)."},
    {"as_marc21", RecordAsMarc, METH_NOARGS, "as_marc21($self, /)\n--\n\nThe same as as_marc."},
    {"as_json", AsMethod(RecordAsJson), METH_VARARGS | METH_KEYWORDS,
     "as_json($self, /, **kwargs)\n--\n\n"
     "The record as MARC-in-JSON. Arguments are those of json.dumps."},
    {"_as_xml", RecordAsXml, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr}};

}  // namespace

PyTypeObject* RecordBaseType() {
  static PyTypeObject* type = [] {
    PyType_Slot slots[] = {
        {Py_tp_dealloc, reinterpret_cast<void*>(DeallocateRecord)},
        {Py_tp_traverse, reinterpret_cast<void*>(TraverseRecord)},
        {Py_tp_clear, reinterpret_cast<void*>(ClearRecord)},
        {Py_tp_new, reinterpret_cast<void*>(NewRecordFromPython)},
        {Py_tp_iter, reinterpret_cast<void*>(RecordIterate)},
        {Py_tp_iternext, reinterpret_cast<void*>(RecordNext)},
        {Py_tp_str, reinterpret_cast<void*>(RecordAsText)},
        {Py_tp_getset, record_attributes},
        {Py_tp_members, record_members},
        {Py_tp_methods, record_methods},
        {Py_mp_subscript, reinterpret_cast<void*>(RecordItem)},
        {Py_sq_contains, reinterpret_cast<void*>(RecordContains)},
        {Py_tp_doc, const_cast<char*>("The part of a record that reads its bytes.")},
        {0, nullptr}};
    PyType_Spec spec = {"thalweg._core.RecordBase", sizeof(RecordObject), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
    return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  }();
  return type;
}

RecordObject* NewRecord(BatchObject* batch, const RecordView* view, TextKind kind, bool to_unicode,
                        bool force_utf8) {
  RecordObject* record = PyObject_GC_New(RecordObject, Classes().record);
  if (record == nullptr) return nullptr;
  Py_INCREF(reinterpret_cast<PyObject*>(batch));
  record->batch = batch;
  record->view = view;
  record->fields = record->leader = record->pos = nullptr;
  record->touched = nullptr;
  record->position = 0;
  record->force_utf8 = force_utf8;
  record->to_unicode = to_unicode;
  record->kind = kind;
  return record;
}

bool IsRecord(PyObject* object) { return PyObject_TypeCheck(object, RecordBaseType()) != 0; }

PyObject* FieldAt(RecordObject* record, size_t place) {
  if (record->touched == nullptr) {
    record->touched =
        static_cast<FieldObject**>(PyMem_Calloc(CountOf(record), sizeof(FieldObject*)));
    if (record->touched == nullptr) return PyErr_NoMemory();
  }
  FieldObject*& field = record->touched[place];
  if (field == nullptr) {
    field = NewField(record->batch, record->view->fields()[place], record->kind);
    Track(record);
  }
  auto* object = reinterpret_cast<PyObject*>(field);
  Py_XINCREF(object);
  return object;
}

PyObject* FieldsOf(RecordObject* record) {
  if (record->fields != nullptr) return record->fields;
  const size_t count = CountOf(record);
  PyObject* list = PyList_New(static_cast<Py_ssize_t>(count));
  if (list == nullptr) return nullptr;
  for (size_t i = 0; i < count; ++i) {
    PyObject* field = nullptr;
    if (record->touched != nullptr && record->touched[i] != nullptr) {
      field = reinterpret_cast<PyObject*>(record->touched[i]);
      Py_INCREF(field);
    } else {
      field = reinterpret_cast<PyObject*>(
          NewField(record->batch, record->view->fields()[i], record->kind));
    }
    if (field == nullptr) {
      Py_DECREF(list);
      return nullptr;
    }
    PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), field);
  }
  DropTouched(record);
  record->fields = list;
  Track(record);
  return list;
}

PyObject* LeaderOf(RecordObject* record) {
  if (record->leader != nullptr) return record->leader;
  if (record->view == nullptr) {
    PyErr_SetString(PyExc_AttributeError, "leader");
    return nullptr;
  }
  // Whatever the bytes are, there are as many characters.
  const std::string_view bytes = record->view->leader_text();
  PyObject* text =
      PyUnicode_DecodeLatin1(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), nullptr);
  if (text == nullptr) return nullptr;
  record->leader = PyObject_CallOneArg(reinterpret_cast<PyObject*>(Classes().leader), text);
  Py_DECREF(text);
  Track(record);
  return record->leader;
}

}  // namespace thalweg::python
