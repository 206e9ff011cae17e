#pragma once

#include <cstdint>
#include <memory>

#include "codecs/parquet_buffer.h"
#include "codecs/parquet_schema.h"
#include "columnar/batch.h"
#include "thalweg/status.h"

namespace thalweg::codecs::parquet {

/// The levels of one leaf over all rows of a row group.
struct Levels {
  int64_t count = 0;       ///< Levels, so nulls and empty lists count.
  int64_t null_count = 0;  ///< Levels without a value.

  // A flat leaf. `bits` holds one bit a row once a null was seen; before that it is not used.
  bool has_bits = false;
  GrowArray<uint8_t> bits;

  // Any other leaf.
  GrowArray<uint8_t> definition;
  GrowArray<uint8_t> repetition;

  void Clear();
};

/// Which rows of a leaf's array have a value, in order.
struct Present {
  bool all = true;  ///< Rows `0 … count`; `rows` is not used.
  int64_t count = 0;
  GrowArray<uint32_t> rows;
};

/// Appends the levels of `column` (an array of the batch) for `leaf`. Returns the leaf's own array,
/// and which of its rows are values in `present`. Dictionaries and the like are decoded.
Result<columnar::ArrayPtr> AppendLevels(const Leaf& leaf, const columnar::ArrayPtr& column,
                                        Levels* levels, Present* present);

}  // namespace thalweg::codecs::parquet
