#pragma once

#include <cstdint>
#include <span>

#include "columnar/batch.h"
#include "thalweg/status.h"

namespace thalweg::columnar {

/// The rows `rows` of `array`, in that order; a row may be asked for twice. Every number must be
/// within the array: that is not checked. Views stay views and share their buffers.
/// `resource_exhausted` where a string column would pass 2 GiB.
Result<ArrayPtr> Gather(const ArrayPtr& array, std::span<const int32_t> rows);

/// `Gather` over all columns.
Result<RecordBatchPtr> Gather(const RecordBatchPtr& batch, std::span<const int32_t> rows);

/// A row of one of several chunks.
struct RowRef {
  uint32_t chunk;
  uint32_t row;
};

/// As `Gather`, from several arrays of one type without views. A chunk that no row names may be
/// null.
Result<ArrayPtr> GatherFrom(std::span<const ArrayPtr> chunks, std::span<const RowRef> rows);

}  // namespace thalweg::columnar
