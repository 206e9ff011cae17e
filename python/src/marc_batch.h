#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "marc_types.h"
#include "thalweg/marc/reader.h"

// Batches of records of any format, with what was wrong with them.
namespace thalweg::python {

/// What `MarcSource.read` gives.
struct MarcBatch {
  marc::RecordBatch batch;
  TextKind kind = TextKind::kUtf8;
  nanobind::object known;     ///< For the use of Python's half,
  nanobind::object findings;  ///< and this too.

  nanobind::list Records() const;
};

/// The options that thalweg.marc's Python half passes.
marc::ReaderOptions ToReaderOptions(const nanobind::dict& given);
nanobind::dict ToDict(const marc::Defect& defect);

}  // namespace thalweg::python
