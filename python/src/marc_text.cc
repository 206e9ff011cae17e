#include <array>
#include <cstring>

#include "marc_types.h"

// Python values of bytes, and back.
namespace thalweg::python {
namespace {

using marc::Tag;

// Tags of digits, each made once.
std::array<PyObject*, 1000> tags{};

void DeallocateBatch(PyObject* self) {
  auto* batch = reinterpret_cast<BatchObject*>(self);
  delete batch->owner;
  Py_XDECREF(batch->bytes);
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyTypeObject* BatchType() {
  static PyTypeObject* type = [] {
    PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(DeallocateBatch)}, {0, nullptr}};
    PyType_Spec spec = {"thalweg._core.MarcBatch", sizeof(BatchObject), 0, Py_TPFLAGS_DEFAULT,
                        slots};
    return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  }();
  return type;
}

}  // namespace

MarcClasses& Classes() {
  static MarcClasses classes;
  return classes;
}

BatchObject* NewBatch(std::shared_ptr<const void> owner, PyObject* bytes) {
  BatchObject* batch = PyObject_New(BatchObject, BatchType());
  if (batch == nullptr) return nullptr;
  batch->owner = new std::shared_ptr<const void>(std::move(owner));
  Py_XINCREF(bytes);
  batch->bytes = bytes;
  return batch;
}

PyObject* NewText(std::string_view bytes, TextKind kind) {
  const auto size = static_cast<Py_ssize_t>(bytes.size());
  if (kind == TextKind::kBytes) return PyBytes_FromStringAndSize(bytes.data(), size);
  return PyUnicode_DecodeUTF8(bytes.data(), size, "replace");
}

PyObject* NewTag(Tag tag) {
  if (!tag.is_number()) {
    const std::string text = tag.ToString();
    return PyUnicode_DecodeLatin1(text.data(), 3, nullptr);
  }
  const auto number =
      static_cast<size_t>((tag[0] - '0') * 100 + (tag[1] - '0') * 10 + (tag[2] - '0'));
  PyObject*& made = tags[number];
  if (made == nullptr) made = PyUnicode_InternFromString(tag.ToString().c_str());
  Py_XINCREF(made);
  return made;
}

PyObject* NewCode(char code) { return PyUnicode_DecodeLatin1(&code, 1, nullptr); }

bool ToTag(PyObject* object, Tag* tag) {
  if (!PyUnicode_Check(object) || PyUnicode_GET_LENGTH(object) != 3 ||
      !PyUnicode_IS_ASCII(object)) {
    return false;
  }
  *tag = Tag::At(static_cast<const char*>(PyUnicode_DATA(object)));
  return true;
}

bool ToUtf8(PyObject* object, std::string_view* text) {
  if (!PyUnicode_Check(object)) return false;
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(object, &size);
  if (data == nullptr) {
    PyErr_Clear();
    return false;
  }
  *text = {data, static_cast<size_t>(size)};
  return true;
}

}  // namespace thalweg::python
