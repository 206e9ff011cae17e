#pragma once

#include <nanobind/nanobind.h>

#include <stop_token>
#include <utility>

#include "thalweg/status.h"

// What the files of the private module share.
namespace thalweg::python {

/// Raises the class that the table of codes names. The GIL is held.
[[noreturn]] inline void Raise(const Status& status) {
  namespace nb = nanobind;
  const nb::object errors = nb::module_::import_("thalweg._errors");
  const nb::object type = errors.attr(InfoOf(status.code()).python_class);
  PyErr_SetObject(type.ptr(), nb::str(status.message().c_str()).ptr());
  throw nb::python_error();
}

inline void Check(const Status& status) {
  if (!status.ok()) Raise(status);
}

template <typename T>
T Value(Result<T> result) {
  if (!result.ok()) Raise(result.status());
  return *std::move(result);
}

/// Asks a run to stop, from any thread.
class Stop {
 public:
  void Request() { source_.request_stop(); }
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
};

/// Adds what `thalweg.archive` stands on.
void BindArchive(nanobind::module_& module);

}  // namespace thalweg::python
