#pragma once

#include <nanobind/nanobind.h>

#include <functional>
#include <memory>
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

/// `marc::ReadParallel` of a path, of bytes, or of the `read` of a binary file. Without the GIL,
/// and so are `work` and `take`.
Status ReadInParallel(
    const nanobind::object& source, const marc::ReaderOptions& options, int workers,
    const std::function<Result<std::shared_ptr<void>>(const marc::RecordBatch&)>& work,
    const std::function<Result<bool>(const marc::RecordBatch&, std::shared_ptr<void>)>& take);

}  // namespace thalweg::python
