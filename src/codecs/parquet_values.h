#pragma once

#include <cstdint>

#include "base/number.h"
#include "codecs/parquet_buffer.h"
#include "codecs/parquet_levels.h"
#include "codecs/parquet_schema.h"
#include "columnar/batch.h"
#include "thalweg/status.h"

namespace thalweg::codecs::parquet {

/// The values of one leaf without its nulls, in the layout of its `ValueKind`. Only the array of
/// that kind is used; floating-point values are held by their bits.
struct DenseValues {
  GrowArray<uint8_t> bytes;   ///< kBool: one each. kFixed: `type_length` each.
  GrowArray<uint32_t> words;  ///< kInt32, kFloat.
  GrowArray<uint64_t> longs;  ///< kInt64, kDouble.
  GrowArray<Int128> wides;    ///< kWide.
  GrowArray<BytesRef> refs;   ///< kBytes; they point into the arrays.

  void Clear();
};

/// Appends the rows of `array` that `present` names. `invalid_argument` where the array is not of
/// the leaf's type, or a value cannot be held (a time in seconds that overflows as milliseconds).
Status AppendValues(const Leaf& leaf, const arrow::Array& array, const Present& present,
                    DenseValues* out);

}  // namespace thalweg::codecs::parquet
