#include "marc_reader.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "binding.h"

namespace thalweg::python {
namespace {

constexpr size_t kBatchBytesFirst = size_t{32} << 10;
constexpr size_t kLengthDigits = 5;

ReaderObject* AsReader(PyObject* object) { return reinterpret_cast<ReaderObject*>(object); }

// --- life
// -----------------------------------------------------------------------------------------

int TraverseReader(PyObject* self, visitproc visit, void* arg) {
  ReaderObject* reader = AsReader(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(reader->iterator);
  Py_VISIT(reader->handle);
  Py_VISIT(reader->read);
  Py_VISIT(reader->chunk);
  Py_VISIT(reader->exception);
  return 0;
}

int ClearReader(PyObject* self) {
  ReaderObject* reader = AsReader(self);
  Py_CLEAR(reader->iterator);
  Py_CLEAR(reader->handle);
  Py_CLEAR(reader->read);
  Py_CLEAR(reader->chunk);
  Py_CLEAR(reader->exception);
  return 0;
}

void DeallocateReader(PyObject* self) {
  PyObject_GC_UnTrack(self);
  ClearReader(self);
  ReaderObject* reader = AsReader(self);
  delete reader->source;
  reader->source = nullptr;
  Py_CLEAR(reader->batch);
  Py_CLEAR(reader->memory);
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

// --- reading
// --------------------------------------------------------------------------------------

// Released while a block is read or cut; `busy` keeps other threads out.
class Unlocked {
 public:
  explicit Unlocked(ReaderObject* reader) : reader_(reader), state_(PyEval_SaveThread()) {}
  ~Unlocked() {
    PyEval_RestoreThread(state_);
    reader_->busy = false;
  }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  ReaderObject* reader_;
  PyThreadState* state_;
};

size_t NumberOf(std::string_view digits) {
  size_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::string_view::npos;
    number = number * 10 + static_cast<size_t>(c - '0');
  }
  return number;
}

// How many bytes `rest` has to have before anything can be said of it; 0: no more than it has.
size_t Wanted(std::string_view rest) {
  if (rest.size() < kLengthDigits) return kLengthDigits;
  const size_t size = NumberOf(rest.substr(0, kLengthDigits));
  if (size == std::string_view::npos || size < kLengthDigits || size <= rest.size()) return 0;
  return size;
}

// Room for more behind what is left, in a slab of its own: records look into the one before.
char* NewSlab(BlockSource* source, size_t capacity) {
  std::shared_ptr<char[]> slab(new char[capacity]);
  if (!source->rest.empty()) std::memcpy(slab.get(), source->rest.data(), source->rest.size());
  source->rest = {slab.get(), source->rest.size()};
  char* start = slab.get();
  source->slab = std::move(slab);
  return start;
}

// Without the GIL.
Status ReadFile(BlockSource* source, size_t wanted) {
  const size_t capacity = std::max(wanted, source->rest.size() + source->batch_bytes);
  char* start = NewSlab(source, capacity);
  size_t size = source->rest.size();
  while (size < capacity) {
    THALWEG_ASSIGN_OR_RETURN(const size_t count,
                             source->read_file(std::span(start + size, capacity - size)));
    if (count == 0) {
      source->ended = true;
      break;
    }
    size += count;
  }
  source->rest = {start, size};
  return {};
}

// Appends what `data`, the answer of a file's `read`, holds. False with an exception.
bool AppendRead(ReaderObject* reader, PyObject* data) {
  BlockSource* source = reader->source;
  if (data == Py_None) {
    source->ended = true;
    return true;
  }
  Py_buffer buffer;
  if (PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE) != 0) return false;
  const auto size = static_cast<size_t>(buffer.len);
  if (size == 0) {
    source->ended = true;
  } else {
    const size_t before = source->rest.size();
    char* start = NewSlab(source, before + size);
    std::memcpy(start + before, buffer.buf, size);
    source->rest = {start, before + size};
  }
  PyBuffer_Release(&buffer);
  return true;
}

// A file that gives text has no records. False: `exception` says so.
bool RefuseText(ReaderObject* reader, PyObject* text) {
  reader->source->ended = true;
  if (PyUnicode_GET_LENGTH(text) == 0) return true;
  PyObject* verdict =
      PyObject_CallMethod(reinterpret_cast<PyObject*>(reader), "_refuse_text", "O", text);
  if (verdict == nullptr) return false;
  PyObject* chunk = nullptr;
  PyObject* exception = nullptr;
  const bool ok = PyArg_ParseTuple(verdict, "OO", &chunk, &exception) != 0;
  if (ok) {
    Py_INCREF(chunk);
    Py_XSETREF(reader->chunk, chunk);
    Py_INCREF(exception);
    Py_XSETREF(reader->exception, exception);
  }
  Py_DECREF(verdict);
  return ok;
}

bool ReadHandle(ReaderObject* reader, size_t wanted) {
  BlockSource* source = reader->source;
  const size_t missing = wanted > source->rest.size() ? wanted - source->rest.size() : 0;
  const size_t size = std::max(missing, source->batch_bytes);
  PyObject* data = PyObject_CallFunction(reader->read, "n", static_cast<Py_ssize_t>(size));
  if (data == nullptr) return false;
  const bool ok = PyUnicode_Check(data) ? RefuseText(reader, data) : AppendRead(reader, data);
  Py_DECREF(data);
  return ok;
}

bool ReadMore(ReaderObject* reader, size_t wanted) {
  BlockSource* source = reader->source;
  if (reader->handle != nullptr) return ReadHandle(reader, wanted);
  Status status;
  reader->busy = true;
  {
    const Unlocked unlocked(reader);
    status = ReadFile(source, wanted);
  }
  if (status.ok()) return true;
  try {
    Raise(status);
  } catch (nanobind::python_error& error) {
    error.restore();
  }
  return false;
}

// Cuts what is at hand.
bool Cut(ReaderObject* reader) {
  BlockSource* source = reader->source;
  auto block = std::make_shared<Block>();
  block->owner = source->slab;
  if (source->block != nullptr) {
    block->frames.reserve(source->block->frames.size());
    block->fields.reserve(source->block->fields.size() + source->block->fields.size() / 8);
  }
  const auto cut = [&] {
    // Memory is cut in pieces of the size that reading would have.
    source->rest.remove_prefix(
        CutRecords(source->rest, source->batch_records, source->profile, block.get()));
  };
  if (source->rest.size() > size_t{16} << 10) {
    reader->busy = true;
    const Unlocked unlocked(reader);
    cut();
  } else {
    cut();
  }
  source->index = 0;
  source->block = std::move(block);
  Py_CLEAR(reader->batch);
  if (source->block->frames.empty()) return true;
  reader->batch = NewBatch(source->block, reader->memory);
  return reader->batch != nullptr;
}

bool IsFatal(ReaderObject* reader) {
  return reader->exception != nullptr &&
         PyObject_IsInstance(reader->exception, Classes().fatal) == 1;
}

void SetChunk(ReaderObject* reader, std::string_view bytes) {
  Py_XSETREF(reader->chunk,
             PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size())));
}

PyObject* Refuse(ReaderObject* reader, PyObject* exception_class) {
  Py_XSETREF(reader->exception, PyObject_CallNoArgs(exception_class));
  if (reader->exception == nullptr) return nullptr;
  Py_RETURN_NONE;
}

// The record of `chunk`, by Python's half. What goes wrong there is what is wrong with the record.
PyObject* Decode(ReaderObject* reader) {
  PyObject* record =
      PyObject_CallMethod(reinterpret_cast<PyObject*>(reader), "_decode", "O", reader->chunk);
  if (record != nullptr || PyErr_ExceptionMatches(PyExc_Exception) == 0) return record;
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  if (trace != nullptr) PyException_SetTraceback(value, trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  Py_XSETREF(reader->exception, value);
  Py_RETURN_NONE;
}

// A length that is no five digits, but something that int() reads; or one that is below five.
// False: `*answer` is the result.
bool OddLength(ReaderObject* reader, Py_ssize_t* length, PyObject** answer) {
  const std::string_view digits = reader->source->rest.substr(0, kLengthDigits);
  *answer = nullptr;
  PyObject* text = PyBytes_FromStringAndSize(digits.data(), kLengthDigits);
  PyObject* number = text == nullptr ? nullptr : PyNumber_Long(text);
  Py_XDECREF(text);
  if (number == nullptr) {
    if (PyErr_ExceptionMatches(PyExc_ValueError) == 0) return false;
    PyErr_Clear();
    SetChunk(reader, digits);
    *answer = Refuse(reader, Classes().length_invalid);
    return false;
  }
  *length = PyLong_AsSsize_t(number);
  Py_DECREF(number);
  return true;
}

// Everything behind what was read; a negative count means that to most files.
bool ReadAll(ReaderObject* reader, Py_ssize_t count) {
  BlockSource* source = reader->source;
  if (reader->handle != nullptr && !source->ended) {
    PyObject* data = PyObject_CallMethod(reader->handle, "read", "n", count);
    const bool ok = data != nullptr && AppendRead(reader, data);
    Py_XDECREF(data);
    return ok;
  }
  while (!source->ended) {
    if (!ReadMore(reader, source->rest.size() * 2)) return false;
  }
  return true;
}

PyObject* Next(PyObject* self) {
  ReaderObject* reader = AsReader(self);
  if (reader->iterator != nullptr) return PyIter_Next(reader->iterator);
  BlockSource* source = reader->source;
  if (source == nullptr || reader->busy) {
    PyErr_SetString(PyExc_ValueError, source == nullptr ? "the reader was not started"
                                                        : "another thread reads from it");
    return nullptr;
  }
  if (reader->exception != nullptr) {
    if (IsFatal(reader)) return nullptr;
    Py_CLEAR(reader->exception);
  }
  Py_CLEAR(reader->chunk);
  for (;;) {
    if (source->block != nullptr && source->index < source->block->frames.size()) {
      const Block& block = *source->block;
      if (!block.frames[source->index].plain) return TakeOdd(reader);
      return reinterpret_cast<PyObject*>(NewRecord(reader->batch, &block.views[source->index++],
                                                   block.utf8 ? TextKind::kUtf8 : TextKind::kBytes,
                                                   block.utf8, reader->force_utf8));
    }
    if (!NextBlock(reader)) break;
  }
  if (PyErr_Occurred() != nullptr) return nullptr;
  if (reader->exception != nullptr) Py_RETURN_NONE;
  return TakeLeftover(reader);
}

// --- attributes
// -----------------------------------------------------------------------------------

PyObject* GetChunk(PyObject* self, void* /*unused*/) {
  ReaderObject* reader = AsReader(self);
  const BlockSource* source = reader->source;
  if (reader->chunk == nullptr && source != nullptr && source->block != nullptr &&
      source->index > 0) {
    const Block::Frame& frame = source->block->frames[source->index - 1];
    SetChunk(reader, {frame.data, frame.size});
  }
  PyObject* chunk = reader->chunk == nullptr ? Py_None : reader->chunk;
  Py_INCREF(chunk);
  return chunk;
}

PyObject* GetException(PyObject* self, void* /*unused*/) {
  PyObject* exception = AsReader(self)->exception;
  if (exception == nullptr) Py_RETURN_NONE;
  Py_INCREF(exception);
  return exception;
}

// _start(memory, handle, path, to_unicode, force_utf8, marc8, ascii_set, batch_records)
PyObject* Start(PyObject* self, PyObject* args) {
  PyObject* memory = nullptr;
  PyObject* handle = nullptr;
  const char* path = nullptr;
  int to_unicode = 0;
  int force_utf8 = 0;
  int marc8 = 0;
  int ascii_set = 0;
  Py_ssize_t batch_records = 0;
  if (PyArg_ParseTuple(args, "OOzppppn", &memory, &handle, &path, &to_unicode, &force_utf8, &marc8,
                       &ascii_set, &batch_records) == 0) {
    return nullptr;
  }
  auto source = std::make_unique<BlockSource>();
  source->profile = {to_unicode != 0, force_utf8 != 0, marc8 != 0, ascii_set != 0};
  constexpr size_t kTuned = 1024;
  source->batch_records = batch_records > 0 ? static_cast<size_t>(batch_records) : kTuned;
  source->batch_bytes = kBatchBytesFirst;
  source->batch_bytes_max = size_t{512} << 10;
  ReaderObject* reader = AsReader(self);
  if (memory != Py_None) {
    source->rest = {PyBytes_AS_STRING(memory), static_cast<size_t>(PyBytes_GET_SIZE(memory))};
    source->ended = true;
    Py_INCREF(memory);
    Py_XSETREF(reader->memory, memory);
  } else if (path != nullptr) {
    Result<marc::Reader::ReadBytes> file = marc::OpenBytes(path);
    if (!file.ok()) {
      try {
        Raise(file.status());
      } catch (nanobind::python_error& error) {
        error.restore();
      }
      return nullptr;
    }
    source->read_file = *std::move(file);
  } else {
    // What is there already, rather than waiting for as much as was asked for.
    PyObject* read = PyObject_GetAttrString(handle, "read1");
    if (read == nullptr) {
      PyErr_Clear();
      read = PyObject_GetAttrString(handle, "read");
    }
    if (read == nullptr) return nullptr;
    Py_XSETREF(reader->read, read);
    Py_INCREF(handle);
    Py_XSETREF(reader->handle, handle);
  }
  reader->force_utf8 = force_utf8 != 0;
  delete reader->source;
  reader->source = source.release();
  Py_RETURN_NONE;
}

PyObject* Follow(PyObject* self, PyObject* iterator) {
  Py_INCREF(iterator);
  Py_XSETREF(AsReader(self)->iterator, iterator);
  Py_RETURN_NONE;
}

PyGetSetDef reader_attributes[] = {
    {"current_chunk", GetChunk, nullptr, "The bytes of the record that was read last.", nullptr},
    {"current_exception", GetException, nullptr, "What was wrong with it; None when nothing was.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMethodDef reader_methods[] = {{"_start", Start, METH_VARARGS, nullptr},
                                {"_follow", Follow, METH_O, nullptr},
                                {nullptr, nullptr, 0, nullptr}};

}  // namespace

bool NextBlock(ReaderObject* reader) {
  BlockSource* source = reader->source;
  for (;;) {
    if (!source->rest.empty()) {
      if (!Cut(reader)) return false;
      if (!source->block->frames.empty()) return true;
    }
    const size_t wanted = Wanted(source->rest);
    if (source->ended || wanted == 0) return false;
    if (!ReadMore(reader, wanted) || reader->exception != nullptr) return false;
    source->batch_bytes = std::min(source->batch_bytes * 2, source->batch_bytes_max);
  }
}

PyObject* TakeOdd(ReaderObject* reader) {
  const Block::Frame& frame = reader->source->block->frames[reader->source->index++];
  SetChunk(reader, {frame.data, frame.size});
  return reader->chunk == nullptr ? nullptr : Decode(reader);
}

PyObject* TakeLeftover(ReaderObject* reader) {
  BlockSource* source = reader->source;
  if (source->rest.size() < kLengthDigits) {
    SetChunk(reader, source->rest);
    if (source->rest.empty()) return nullptr;
    source->rest = {};
    return Refuse(reader, Classes().truncated);
  }
  auto length = static_cast<Py_ssize_t>(NumberOf(source->rest.substr(0, kLengthDigits)));
  PyObject* answer = nullptr;
  if (length < 0 && !OddLength(reader, &length, &answer)) return answer;
  constexpr auto kDigits = static_cast<Py_ssize_t>(kLengthDigits);
  if (length < kDigits) {
    if (!ReadAll(reader, length - kDigits)) return nullptr;
  } else {
    while (!source->ended && source->rest.size() < static_cast<size_t>(length)) {
      if (!ReadMore(reader, static_cast<size_t>(length))) return nullptr;
    }
  }
  const std::string_view chunk =
      length < kDigits ? source->rest : source->rest.substr(0, static_cast<size_t>(length));
  SetChunk(reader, chunk);
  if (reader->chunk == nullptr) return nullptr;
  source->rest.remove_prefix(chunk.size());
  // The frames before are not the last record any more.
  source->block.reset();
  if (static_cast<Py_ssize_t>(PyBytes_GET_SIZE(reader->chunk)) < length) {
    return Refuse(reader, Classes().truncated);
  }
  const char last = PyBytes_AS_STRING(reader->chunk)[PyBytes_GET_SIZE(reader->chunk) - 1];
  return last == marc::kRecordEnd ? Decode(reader) : Refuse(reader, Classes().end_not_found);
}

PyTypeObject* ReaderBaseType() {
  static PyTypeObject* type = [] {
    PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(DeallocateReader)},
                           {Py_tp_traverse, reinterpret_cast<void*>(TraverseReader)},
                           {Py_tp_clear, reinterpret_cast<void*>(ClearReader)},
                           {Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew)},
                           {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
                           {Py_tp_iternext, reinterpret_cast<void*>(Next)},
                           {Py_tp_getset, reader_attributes},
                           {Py_tp_methods, reader_methods},
                           {Py_tp_doc, const_cast<char*>("The part of a reader that reads bytes.")},
                           {0, nullptr}};
    PyType_Spec spec = {"thalweg._core.ReaderBase", sizeof(ReaderObject), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
    return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  }();
  return type;
}

}  // namespace thalweg::python
