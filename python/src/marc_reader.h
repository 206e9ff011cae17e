#pragma once

#include <functional>
#include <memory>
#include <string>

#include "marc_block.h"
#include "marc_types.h"
#include "thalweg/marc/reader.h"

// The C++ half of pymarc's reader.
namespace thalweg::python {

/// Bytes of an input, cut into blocks of records.
struct BlockSource {
  TextProfile profile;
  size_t batch_records = 0;
  size_t batch_bytes = 0;  ///< Of the next block.
  size_t batch_bytes_max = 0;

  std::string_view rest;              ///< What was read and not cut yet, in `slab`.
  std::shared_ptr<const void> slab;   ///< Null over a Python object's memory.
  marc::Reader::ReadBytes read_file;  ///< Of a path.
  bool ended = false;                 ///< Nothing can be read behind `rest`.

  std::shared_ptr<Block> block;
  size_t index = 0;  ///< Of the frame that comes next.
};

struct ReaderObject {
  PyObject_HEAD BlockSource*
      source;           ///< Null before `_start`, and for readers that follow `iterator`.
  PyObject* iterator;   ///< Gives the records, when it is not null.
  PyObject* handle;     ///< Has `read`; null over memory and paths.
  PyObject* read;       ///< Its method that reads what there is.
  PyObject* memory;     ///< A Python object that the records look into.
  PyObject* chunk;      ///< Null: the frame before `index`.
  PyObject* exception;  ///< Of the last record; may be null.
  BatchObject* batch;
  bool force_utf8;
  bool busy;  ///< A thread works on it without the GIL.
};

/// Makes `source->block` hold records. False with an exception, or, without one, when what comes
/// next is no plain record or the end.
bool NextBlock(ReaderObject* reader);
/// What the frame at `index`, which is not plain, gives: a record or None. Moves behind it.
PyObject* TakeOdd(ReaderObject* reader);
/// What stands where no block can be cut: a record, None, or null at the end or with an exception.
PyObject* TakeLeftover(ReaderObject* reader);

}  // namespace thalweg::python
