#include <nanobind/nanobind.h>

#include <string>

#include "marc_types.h"
#include "thalweg/marc/encoding.h"

// Records, fields and readers as the module shows them.
namespace thalweg::python {
namespace {

namespace nb = nanobind;

template <typename T>
T* Keep(nb::handle object) {
  object.inc_ref();
  return reinterpret_cast<T*>(object.ptr());
}

PyTypeObject* KeepClass(nb::handle object, PyTypeObject* base) {
  auto* type = Keep<PyTypeObject>(object);
  // Objects are made without calling the class, so there may be nothing in them that it adds.
  if (base != nullptr && type->tp_basicsize != base->tp_basicsize) {
    throw nb::type_error("a class of thalweg.marc has attributes of its own");
  }
  return type;
}

void SetUp(const nb::dict& given) {
  MarcClasses& classes = Classes();
  classes.record = KeepClass(given["Record"], RecordBaseType());
  classes.field = KeepClass(given["Field"], FieldBaseType());
  classes.raw_field = KeepClass(given["RawField"], FieldBaseType());
  classes.subfield = KeepClass(given["Subfield"], nullptr);
  classes.indicators = KeepClass(given["Indicators"], nullptr);
  classes.leader = KeepClass(given["Leader"], nullptr);
  classes.truncated = Keep<PyObject>(given["TruncatedRecord"]);
  classes.length_invalid = Keep<PyObject>(given["RecordLengthInvalid"]);
  classes.end_not_found = Keep<PyObject>(given["EndOfRecordNotFound"]);
  classes.fatal = Keep<PyObject>(given["FatalReaderError"]);
}

// Nothing where pymarc would complain: then Python's half goes through the text.
nb::object TextOfMarc8(const nb::bytes& text) {
  marc::Marc8DecodeOptions options;
  options.profile = marc::Marc8Profile::kPymarc;
  options.decode_references = false;
  std::string out;
  const size_t bad = marc::AppendUnicodeOfMarc8({text.c_str(), text.size()}, options, &out);
  if (bad != 0) return nb::none();
  return nb::steal(NewText(out, TextKind::kUtf8));
}

nb::object FindMarc8(unsigned set, unsigned code) {
  if (set > 0xFF) return nb::none();
  const auto found = marc::FindAsPymarc(static_cast<char>(set), code);
  if (!found) return nb::none();
  return nb::make_tuple(found->character, found->combining);
}

nb::object FindOddMarc8(unsigned code) {
  const auto found = marc::FindOddAsPymarc(code);
  if (!found) return nb::none();
  return nb::int_(*found);
}

}  // namespace

void BindMarcRecords(nb::module_& module) {
  for (PyTypeObject* type : {RecordBaseType(), FieldBaseType(), ReaderBaseType()}) {
    if (type == nullptr) throw nb::python_error();
  }
  module.attr("RecordBase") = nb::borrow(reinterpret_cast<PyObject*>(RecordBaseType()));
  module.attr("FieldBase") = nb::borrow(reinterpret_cast<PyObject*>(FieldBaseType()));
  module.attr("ReaderBase") = nb::borrow(reinterpret_cast<PyObject*>(ReaderBaseType()));
  module.def("marc_setup", &SetUp, nb::arg("classes"),
             nb::sig("def marc_setup(classes: dict[str, type]) -> None"));
  module.def("marc8_text", &TextOfMarc8, nb::arg("text"),
             nb::sig("def marc8_text(text: bytes) -> str | None"));
  module.def("marc8_find", &FindMarc8, nb::arg("set"), nb::arg("code"),
             nb::sig("def marc8_find(set: int, code: int) -> tuple[int, bool] | None"));
  module.def("marc8_find_odd", &FindOddMarc8, nb::arg("code"),
             nb::sig("def marc8_find_odd(code: int) -> int | None"));
}

void BindMarc(nb::module_& module) {
  BindMarcRecords(module);
  BindMarcFormats(module);
  BindMarcQueries(module);
  BindMarcColumns(module);
}

}  // namespace thalweg::python
