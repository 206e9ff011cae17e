#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/record.h"

// The Python objects of MARC records. Written against Python's own interface: an object is made for
// every record and field that is touched, and that is what reading costs.
//
// `RecordBase`, `FieldBase` and `ReaderBase` are the C++ halves of classes whose other half is
// Python code in thalweg.marc. As long as nothing was changed the C++ half answers from the bytes.
namespace thalweg::python {

// --- what Python told us
// --------------------------------------------------------------------------

/// Classes of thalweg.marc that objects are made of, from `marc_setup`. All references are kept for
/// ever.
struct MarcClasses {
  PyTypeObject* record = nullptr;
  PyTypeObject* field = nullptr;
  PyTypeObject* raw_field = nullptr;
  PyTypeObject* subfield = nullptr;
  PyTypeObject* indicators = nullptr;
  PyTypeObject* leader = nullptr;
  PyObject* truncated = nullptr;  ///< TruncatedRecord, and so on.
  PyObject* length_invalid = nullptr;
  PyObject* end_not_found = nullptr;
  PyObject* fatal = nullptr;
};
MarcClasses& Classes();

// --- batches
// --------------------------------------------------------------------------------------

/// Records that share their bytes, as a Python object, so that its count is the only one.
struct BatchObject {
  PyObject_HEAD std::shared_ptr<const void>* owner;
  PyObject* bytes;  ///< A Python object that the records look into; may be null.
};
/// A new reference; null with an exception set.
BatchObject* NewBatch(std::shared_ptr<const void> owner, PyObject* bytes);

// --- text
// -----------------------------------------------------------------------------------------

/// How bytes become Python values.
enum class TextKind : uint8_t { kUtf8, kBytes };

/// New references; null with an exception set. Bytes that are not UTF-8 become U+FFFD.
PyObject* NewText(std::string_view bytes, TextKind kind);
PyObject* NewTag(marc::Tag tag);
PyObject* NewCode(char code);
/// True for three ASCII characters; false without an exception otherwise.
bool ToTag(PyObject* object, marc::Tag* tag);
/// The UTF-8 of a `str`, which it keeps; false without an exception when there is none.
bool ToUtf8(PyObject* object, std::string_view* text);

// --- fields
// ---------------------------------------------------------------------------------------

/// A null attribute is as the bytes say. `batch` is null for fields made in Python.
struct FieldObject {
  PyObject_HEAD BatchObject* batch;
  marc::FieldView view;
  PyObject* tag;
  PyObject* data;
  PyObject* indicators;
  PyObject* subfields;
  Py_ssize_t position;
  TextKind kind;
  bool control;
  bool changed;  ///< An attribute was set.
};

/// `Field` or `RawField`. A new reference; null with an exception set.
FieldObject* NewField(BatchObject* batch, const marc::FieldView& view, TextKind kind);
/// `object` is a `Field` whose bytes still say what it is.
inline bool IsUntouched(PyObject* object) {
  if (Py_TYPE(object) != Classes().field && Py_TYPE(object) != Classes().raw_field) return false;
  const auto* field = reinterpret_cast<FieldObject*>(object);
  return field->batch != nullptr && !field->changed && field->subfields == nullptr;
}
/// `object` is a `Field` or of a class below it.
bool IsField(PyObject* object);
PyObject* FieldTag(FieldObject* field);  ///< New reference.

// --- records
// --------------------------------------------------------------------------------------

struct RecordObject {
  PyObject_HEAD BatchObject* batch;  ///< Null for records made in Python.
  const marc::RecordView* view;      ///< Of `batch`.
  PyObject* fields;                  ///< Null: those of `view`.
  FieldObject** touched;  ///< While `fields` is null: those that were asked for, or null.
  PyObject* leader;       ///< Null: that of `view`.
  Py_ssize_t position;
  PyObject* pos;
  bool force_utf8;
  bool to_unicode;
  TextKind kind;
};

/// A `Record`. A new reference; null with an exception set.
RecordObject* NewRecord(BatchObject* batch, const marc::RecordView* view, TextKind kind,
                        bool to_unicode, bool force_utf8);
bool IsRecord(PyObject* object);
/// The list, made if need be. A borrowed reference; null with an exception set.
PyObject* FieldsOf(RecordObject* record);
/// The field at a place of an untouched record. A new reference.
PyObject* FieldAt(RecordObject* record, size_t place);
/// A borrowed reference.
PyObject* LeaderOf(RecordObject* record);

/// A record with all that was changed in Python, seen as C++ sees records. Valid while nothing is
/// changed.
class Snapshot {
 public:
  /// False, without an exception, when the record holds what has no place in bytes: values that
  /// are not text, tags that are not three characters, marks inside values. Fields of text other
  /// than UTF-8 count as such, unless `any_bytes`.
  bool Take(RecordObject* record, bool any_bytes = false);
  /// Nothing but perhaps the leader was changed, and `bytes` are as they were read.
  bool same_bytes() const { return same_bytes_; }
  const marc::RecordView& view() const { return view_; }

 private:
  bool AddField(PyObject* object, bool any_bytes);
  bool BuildField(FieldObject* field);

  bool TakeLeader(RecordObject* record);

  marc::RecordView view_;
  bool same_bytes_ = false;
  char leader_[marc::kLeaderSize];
  std::vector<marc::FieldView> fields_;
  std::vector<std::unique_ptr<std::string>> built_;
};

// --- types and functions of the module
// ------------------------------------------------------------

PyTypeObject* FieldBaseType();
PyTypeObject* RecordBaseType();
PyTypeObject* ReaderBaseType();

/// Methods of records that write them: `as_marc` and the like.
PyObject* RecordAsMarc(PyObject* self, PyObject* unused);
PyObject* RecordAsJson(PyObject* self, PyObject* args, PyObject* options);
PyObject* RecordAsText(PyObject* self);
PyObject* RecordAsXml(PyObject* self, PyObject* ascii);

void BindMarcRecords(nanobind::module_& module);
void BindMarcColumns(nanobind::module_& module);
void BindMarcFormats(nanobind::module_& module);
void BindMarcQueries(nanobind::module_& module);
void BindMarc(nanobind::module_& module);

}  // namespace thalweg::python
