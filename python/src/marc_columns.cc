#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <vector>

#include "binding.h"
#include "marc_batch.h"
#include "marc_reader.h"
#include "marc_table.h"

// Columns of values as Python sees them.
namespace thalweg::python {
namespace {

namespace nb = nanobind;

void ReleaseStream(PyObject* capsule) {
  auto* stream =
      static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, "arrow_array_stream"));
  if (stream->release != nullptr) stream->release(stream);
  delete stream;
}

nb::object StreamOf(const MarcTable& table) {
  auto stream = std::make_unique<ArrowArrayStream>();
  table.Export(stream.get());
  return nb::steal(PyCapsule_New(stream.release(), "arrow_array_stream", ReleaseStream));
}

std::string_view ValueAt(const TableChunk::Column& column, size_t place) {
  const auto start = static_cast<size_t>(column.ends[place]);
  return std::string_view(column.text)
      .substr(start, static_cast<size_t>(column.ends[place + 1]) - start);
}

void AppendText(nb::list* list, std::string_view text) {
  list->append(nb::steal(NewText(text, TextKind::kUtf8)));
}

nb::list ValuesOf(const MarcTable& table, size_t place) {
  if (place >= table.columns().size()) throw nb::index_error("no such column");
  nb::list list;
  for (const auto& chunk : table.chunks()) {
    const TableChunk::Column& column = chunk->columns[place];
    for (size_t row = 0; row < static_cast<size_t>(chunk->rows); ++row) {
      if (column.is_list) {
        nb::list values;
        const auto end = static_cast<size_t>(column.list_ends[row + 1]);
        for (auto i = static_cast<size_t>(column.list_ends[row]); i < end; ++i) {
          AppendText(&values, ValueAt(column, i));
        }
        list.append(values);
      } else if ((column.valid[row / 8] >> (row % 8) & 1) != 0) {
        AppendText(&list, ValueAt(column, row));
      } else {
        list.append(nb::none());
      }
    }
  }
  return list;
}

// Plain records straight from the bytes, odd ones by way of Python.
void AddReader(MarcTable& table, nb::handle object) {
  if (PyObject_TypeCheck(object.ptr(), ReaderBaseType()) == 0) throw nb::type_error("not a reader");
  auto* reader = reinterpret_cast<ReaderObject*>(object.ptr());
  if (reader->busy) Raise(Status::InvalidArgument("another thread reads from it"));
  if (reader->source == nullptr || !reader->source->profile.to_unicode) {
    Raise(Status::InvalidArgument("columns are text: read with to_unicode"));
  }
  for (;;) {
    const std::shared_ptr<Block> block = reader->source->block;
    size_t& index = reader->source->index;
    bool odd = false;
    if (block != nullptr && index < block->frames.size()) {
      reader->busy = true;
      {
        const nb::gil_scoped_release release;
        while (index < block->frames.size() && block->frames[index].plain) {
          table.Append(block->views[index++]);
        }
      }
      reader->busy = false;
      odd = index < block->frames.size();
    }
    if (reader->exception != nullptr) {
      if (PyObject_IsInstance(reader->exception, Classes().fatal) == 1) return;
      Py_CLEAR(reader->exception);
    }
    // One record the long way, or the next block: what iterating does.
    const bool more = odd || NextBlock(reader);
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
    if (more && !odd) continue;
    if (!odd && reader->exception != nullptr) return;
    const nb::object record = nb::steal(odd ? TakeOdd(reader) : TakeLeftover(reader));
    if (!record.is_valid()) {
      if (PyErr_Occurred() != nullptr) throw nb::python_error();
      return;
    }
    Snapshot snapshot;
    if (IsRecord(record.ptr()) && snapshot.Take(reinterpret_cast<RecordObject*>(record.ptr()))) {
      table.Append(snapshot.view());
    }
    if (!odd && !IsRecord(record.ptr())) return;
  }
}

void AddBatch(MarcTable& table, const MarcBatch& batch) {
  const nb::gil_scoped_release release;
  for (const marc::RecordView& record : batch.batch.records) table.Append(record);
}

void AddRecords(MarcTable& table, const nb::iterable& records) {
  for (const nb::handle record : records) {
    Snapshot snapshot;
    if (!IsRecord(record.ptr()) || !snapshot.Take(reinterpret_cast<RecordObject*>(record.ptr()))) {
      throw nb::type_error("not a record of text");
    }
    table.Append(snapshot.view());
  }
}

void AddParallel(MarcTable& table, const nb::object& source, const nb::dict& given, int workers,
                 nb::list defects) {
  std::vector<marc::Defect> found;
  const Status status = ReadInParallel(
      source, ToReaderOptions(given), workers,
      [&table](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        std::shared_ptr<TableChunk> chunk = table.NewChunk();
        for (const marc::RecordView& record : batch.records) table.AppendTo(record, chunk.get());
        return std::shared_ptr<void>(chunk);
      },
      [&](const marc::RecordBatch& batch, std::shared_ptr<void> chunk) -> Result<bool> {
        table.Add(std::static_pointer_cast<TableChunk>(std::move(chunk)));
        found.insert(found.end(), batch.defects.begin(), batch.defects.end());
        return true;
      });
  for (const marc::Defect& defect : found) defects.append(ToDict(defect));
  Check(status);
}

}  // namespace

void BindMarcColumns(nb::module_& module) {
  nb::class_<MarcTable>(module, "MarcColumns")
      .def(
          "__init__",
          [](MarcTable* self, const std::string& columns) {
            new (self) MarcTable(Value(MarcTable::Compile(columns)));
          },
          nb::arg("columns"))
      .def("add_reader", &AddReader, nb::arg("reader"))
      .def("add_batch", &AddBatch, nb::arg("batch"))
      .def("add_records", &AddRecords, nb::arg("records"))
      .def("add_parallel", &AddParallel, nb::arg("source"), nb::arg("options"), nb::arg("workers"),
           nb::arg("defects"))
      .def_prop_ro("num_rows", &MarcTable::num_rows)
      .def_prop_ro("names",
                   [](const MarcTable& self) {
                     nb::list names;
                     for (const auto& column : self.columns()) names.append(column.name);
                     return names;
                   })
      .def("values", &ValuesOf, nb::arg("place"))
      .def("stream", &StreamOf);
}

}  // namespace thalweg::python
