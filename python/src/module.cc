// The private module under the Python package: sessions, jobs and Arrow streams, nothing else.

#include <nanobind/nanobind.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include <cerrno>
#include <memory>
#include <stop_token>
#include <string>

#include "binding.h"
#include "marc_types.h"
#include "rows.h"
#include "thalweg/job.h"
#include "thalweg/session.h"

namespace nb = nanobind;

namespace {

using thalweg::QueryOptions;
using thalweg::Report;
using thalweg::Session;
using thalweg::Status;
using thalweg::python::Check;
using thalweg::python::Raise;
using thalweg::python::Stop;
using thalweg::python::Value;

thalweg::Value ToValue(nb::handle object) {
  if (object.is_none()) return std::monostate();
  if (nb::isinstance<nb::bool_>(object)) return nb::cast<bool>(object);
  if (nb::isinstance<nb::int_>(object)) return nb::cast<int64_t>(object);
  if (nb::isinstance<nb::float_>(object)) return nb::cast<double>(object);
  if (nb::isinstance<nb::str>(object)) return nb::cast<std::string>(object);
  if (nb::isinstance<nb::dict>(object)) {
    return nb::cast<std::map<std::string, std::string>>(object);
  }
  if (nb::isinstance<nb::sequence>(object)) return nb::cast<std::vector<std::string>>(object);
  // Decimals, dates and times: their text takes the type of what it meets.
  return nb::cast<std::string>(nb::str(object));
}

thalweg::Values ToValues(const nb::dict& dict) {
  thalweg::Values values;
  for (const auto& [key, value] : dict) values[nb::cast<std::string>(key)] = ToValue(value);
  return values;
}

QueryOptions ToOptions(const nb::dict& given) {
  QueryOptions options;
  for (const auto& [name, value] : given) {
    const auto key = nb::cast<std::string>(name);
    if (value.is_none()) continue;
    if (key == "parameters") {
      options.parameters = ToValues(nb::cast<nb::dict>(value));
    } else if (key == "workers") {
      options.workers = nb::cast<int>(value);
    } else if (key == "memory_bytes_max") {
      options.memory_bytes_max = nb::cast<int64_t>(value);
    } else if (key == "batch_rows") {
      options.batch_rows = nb::cast<int64_t>(value);
    } else if (key == "ordered") {
      options.ordered = nb::cast<bool>(value);
    } else if (key == "force") {
      options.force = nb::cast<bool>(value);
    } else if (key == "name") {
      options.name = nb::cast<std::string>(value);
    } else if (key == "reject_path") {
      options.reject_path = nb::cast<std::string>(value);
    } else if (key == "error_rate_max") {
      options.rejects.error_rate_max = nb::cast<double>(value);
    } else if (key == "errors") {
      const auto policy = nb::cast<std::string>(value);
      if (policy == "skip")
        options.rejects.errors = thalweg::ErrorPolicy::kSkip;
      else if (policy == "dead_letter")
        options.rejects.errors = thalweg::ErrorPolicy::kDeadLetter;
      else if (policy != "fail") {
        Raise(Status::InvalidArgument("errors must be one of fail, skip, dead_letter: '" + policy +
                                      "'"));
      }
    } else if (key == "on_progress") {
      const auto callback = std::make_shared<nb::object>(nb::borrow(value));
      options.on_progress = [callback](const thalweg::QueryProgress& now) {
        const nb::gil_scoped_acquire gil;
        try {
          nb::dict seen;
          seen["rows_in"] = now.rows_in;
          seen["rows_out"] = now.rows_out;
          seen["rows_rejected"] = now.rows_rejected;
          seen["bytes_in"] = now.bytes_in;
          seen["bytes_total"] = now.bytes_total;
          seen["seconds"] = now.seconds;
          (*callback)(seen);
        } catch (nb::python_error& error) {
          error.discard_as_unraisable("thalweg: on_progress");
        }
      };
    } else {
      Raise(Status::InvalidArgument("unknown option '" + key + "'"));
    }
  }
  return options;
}

void ReleaseStreamCapsule(PyObject* capsule) {
  auto* stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, "arrow_array_stream"));
  if (stream == nullptr) {
    PyErr_Clear();
    return;
  }
  if (stream->release != nullptr) stream->release(stream);
  delete stream;
}

nb::object ExportStream(const thalweg::QueryResult& result) {
  auto stream = std::make_unique<ArrowArrayStream>();
  stream->release = nullptr;
  Check(result.Export(stream.get()));
  return nb::steal(PyCapsule_New(stream.release(), "arrow_array_stream", ReleaseStreamCapsule));
}

template <typename T>
T* FromCapsule(nb::handle capsule, const char* name) {
  auto* pointer = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (pointer == nullptr) throw nb::python_error();
  return pointer;
}

template <typename T>
void Move(T* from, T* to) {
  *to = *from;
  from->release = nullptr;
}

/// A Python iterator of objects with `__arrow_c_array__` as an Arrow C stream.
struct IteratorStream {
  nb::object iterator;
  ArrowSchema schema{};
  ArrowArray first{};
  bool has_first = false;
  std::string error;

  ~IteratorStream() {
    if (schema.release != nullptr) schema.release(&schema);
    if (first.release != nullptr) first.release(&first);
  }
  // False at the end. Called with the GIL held.
  bool Next(ArrowSchema* out_schema, ArrowArray* out_array) {
    nb::object item = nb::steal(PyIter_Next(iterator.ptr()));
    if (!item.is_valid()) {
      if (PyErr_Occurred() != nullptr) throw nb::python_error();
      return false;
    }
    const auto pair = nb::cast<nb::tuple>(item.attr("__arrow_c_array__")());
    Move(FromCapsule<ArrowSchema>(pair[0], "arrow_schema"), out_schema);
    Move(FromCapsule<ArrowArray>(pair[1], "arrow_array"), out_array);
    return true;
  }
};

int StreamGetSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  auto* self = static_cast<IteratorStream*>(stream->private_data);
  if (self->schema.release == nullptr) return EINVAL;
  Move(&self->schema, out);
  return 0;
}

int StreamGetNext(ArrowArrayStream* stream, ArrowArray* out) {
  auto* self = static_cast<IteratorStream*>(stream->private_data);
  if (self->has_first) {
    self->has_first = false;
    Move(&self->first, out);
    return 0;
  }
  const nb::gil_scoped_acquire gil;
  try {
    ArrowSchema schema{};
    if (!self->Next(&schema, out)) {
      out->release = nullptr;
    } else if (schema.release != nullptr) {
      schema.release(&schema);
    }
    return 0;
  } catch (const std::exception& error) {
    self->error = error.what();
    return EIO;
  }
}

const char* StreamGetLastError(ArrowArrayStream* stream) {
  return static_cast<IteratorStream*>(stream->private_data)->error.c_str();
}

void StreamRelease(ArrowArrayStream* stream) {
  const nb::gil_scoped_acquire gil;
  delete static_cast<IteratorStream*>(stream->private_data);
  stream->release = nullptr;
}

/// Makes a stream of an iterator; its first item settles the schema. False: the iterator is empty.
bool MakeIteratorStream(const nb::object& iterable, ArrowArrayStream* stream) {
  auto self = std::make_unique<IteratorStream>();
  self->iterator = nb::steal(PyObject_GetIter(iterable.ptr()));
  if (!self->iterator.is_valid()) throw nb::python_error();
  self->has_first = self->Next(&self->schema, &self->first);
  if (!self->has_first) return false;
  stream->get_schema = StreamGetSchema;
  stream->get_next = StreamGetNext;
  stream->get_last_error = StreamGetLastError;
  stream->release = StreamRelease;
  stream->private_data = self.release();
  return true;
}

void ReleaseSchemaCapsule(PyObject* capsule) {
  auto* schema = static_cast<ArrowSchema*>(PyCapsule_GetPointer(capsule, "arrow_schema"));
  if (schema->release != nullptr) schema->release(schema);
  delete schema;
}
void ReleaseArrayCapsule(PyObject* capsule) {
  auto* array = static_cast<ArrowArray*>(PyCapsule_GetPointer(capsule, "arrow_array"));
  if (array->release != nullptr) array->release(array);
  delete array;
}

/// The last line of what Python prints of an exception.
std::string Brief(const nb::python_error& error) {
  return nb::cast<std::string>(nb::str(error.type().attr("__name__"))) + ": " +
         nb::cast<std::string>(nb::str(error.value()));
}

/// A batch as the two capsules of the Arrow PyCapsule interface. Takes it over.
std::pair<nb::object, nb::object> ToCapsules(ArrowSchema* schema, ArrowArray* array) {
  auto* own_schema = new ArrowSchema;
  auto* own_array = new ArrowArray;
  Move(schema, own_schema);
  Move(array, own_array);
  return {nb::steal(PyCapsule_New(own_schema, "arrow_schema", ReleaseSchemaCapsule)),
          nb::steal(PyCapsule_New(own_array, "arrow_array", ReleaseArrayCapsule))};
}

/// Calls `load(schema_capsule, array_capsule)` for a batch; an exception ends the run.
Status CallLoad(const nb::callable& load, ArrowSchema* schema, ArrowArray* array) {
  const nb::gil_scoped_acquire gil;
  const auto [first, second] = ToCapsules(schema, array);
  try {
    load(first, second);
    return {};
  } catch (const nb::python_error& error) {
    return Status::InvalidArgument("load: " + Brief(error));
  }
}

/// `module:function` as something that `Job::map` can call.
thalweg::BatchMap ImportMap(const std::string& name, const nb::callable& call) {
  return [name, call = std::make_shared<nb::callable>(call)](ArrowSchema* schema, ArrowArray* array,
                                                             ArrowSchema* made_schema,
                                                             ArrowArray* made_array) -> Status {
    const nb::gil_scoped_acquire gil;
    try {
      const auto [first, second] = ToCapsules(schema, array);
      const auto pair = nb::cast<nb::tuple>((*call)(first, second));
      Move(FromCapsule<ArrowSchema>(pair[0], "arrow_schema"), made_schema);
      Move(FromCapsule<ArrowArray>(pair[1], "arrow_array"), made_array);
      return {};
    } catch (const nb::python_error& error) {
      return Status::InvalidArgument(name + ": " + Brief(error));
    } catch (const nb::cast_error&) {
      return Status::InvalidArgument(name + ": it gave no Arrow batch");
    }
  };
}

nb::list ColumnsOf(const thalweg::QueryResult& result) {
  nb::list columns;
  for (const auto& column : result.columns()) {
    columns.append(nb::make_tuple(column.name, column.type));
  }
  return columns;
}

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "Private: use the package thalweg.";
  m.attr("version") = thalweg::Version();

  nb::class_<Stop>(m, "Stop").def(nb::init<>()).def("request", &Stop::Request);

  nb::class_<thalweg::QueryResult>(m, "QueryResult")
      .def_prop_ro("has_rows", &thalweg::QueryResult::has_rows)
      .def_prop_ro("num_rows", &thalweg::QueryResult::num_rows)
      .def_prop_ro("columns", &ColumnsOf)
      .def_prop_ro("report", [](const thalweg::QueryResult& r) { return r.report().ToJson(); })
      .def("stream", &ExportStream)
      .def("rows", &thalweg::python::RowsOf, nb::arg("interval"))
      .def(
          "text",
          [](const thalweg::QueryResult& result, int64_t rows_max) {
            thalweg::TextOptions options;
            options.rows_max = rows_max;
            return result.ToText(options);
          },
          nb::arg("rows_max"));

  nb::class_<Session>(m, "Session")
      .def(nb::init<>())
      .def(
          "add_stream",
          [](Session& self, const std::string& name, const nb::object& capsule, bool replay) {
            Check(self.AddStream(name, FromCapsule<ArrowArrayStream>(capsule, "arrow_array_stream"),
                                 replay));
          },
          nb::arg("name"), nb::arg("capsule"), nb::arg("replay"))
      .def(
          "add_iterator",
          [](Session& self, const std::string& name, const nb::object& iterable) {
            ArrowArrayStream stream{};
            if (!MakeIteratorStream(iterable, &stream)) {
              Raise(Status::InvalidArgument("extract gave no batch, so its columns are not known"));
            }
            Check(self.AddStream(name, &stream, /*replay=*/false));
          },
          nb::arg("name"), nb::arg("iterable"))
      .def(
          "run",
          [](Session& self, const std::string& sql, const nb::dict& given, const Stop& stop) {
            const QueryOptions options = ToOptions(given);
            std::vector<thalweg::QueryResult> results;
            Status status;
            {
              const nb::gil_scoped_release release;
              status = self.Run(sql, options, stop.token(), [&](thalweg::QueryResult result) {
                results.push_back(std::move(result));
                return Status();
              });
            }
            Check(status);
            nb::list list;
            for (auto& result : results) list.append(nb::cast(std::move(result)));
            return list;
          },
          nb::arg("sql"), nb::arg("options"), nb::arg("stop"))
      .def(
          "run_to",
          [](Session& self, const std::string& sql, const std::string& location,
             const nb::dict& write, const nb::dict& given, const Stop& stop) {
            const QueryOptions options = ToOptions(given);
            const thalweg::Values values = ToValues(write);
            const Report report = Value([&] {
              const nb::gil_scoped_release release;
              return self.RunTo(sql, location, values, options, stop.token());
            }());
            Check(report.outcome);
            return report.ToJson();
          },
          nb::arg("sql"), nb::arg("location"), nb::arg("write"), nb::arg("options"),
          nb::arg("stop"))
      .def(
          "run_batches",
          [](Session& self, const std::string& sql, const nb::callable& load, const nb::dict& given,
             const Stop& stop) {
            const QueryOptions options = ToOptions(given);
            const Report report = Value([&] {
              const nb::gil_scoped_release release;
              return self.RunBatches(sql, options, stop.token(),
                                     [&](ArrowSchema* schema, ArrowArray* array) {
                                       return CallLoad(load, schema, array);
                                     });
            }());
            Check(report.outcome);
            return report.ToJson();
          },
          nb::arg("sql"), nb::arg("load"), nb::arg("options"), nb::arg("stop"));

  m.def(
      "run_job",
      [](const std::string& path, const std::vector<std::string>& set, const nb::dict& given,
         const nb::callable& import_callable, const Stop& stop) {
        thalweg::Job job = Value(thalweg::Job::Load(path, set));
        if (!job.callable.empty()) {
          job.map = ImportMap(job.callable, nb::cast<nb::callable>(import_callable(job.callable)));
        }
        const QueryOptions options = ToOptions(given);
        job.options.on_progress = options.on_progress;
        job.options.force = options.force;
        const Report report = Value([&] {
          const nb::gil_scoped_release release;
          return job.Run(stop.token());
        }());
        Check(report.outcome);
        return report.ToJson();
      },
      nb::arg("path"), nb::arg("set"), nb::arg("options"), nb::arg("import_callable"),
      nb::arg("stop"));

  thalweg::python::BindMarc(m);
  thalweg::python::BindArchive(m);
}
