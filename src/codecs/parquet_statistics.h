#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/number.h"
#include "codecs/parquet_buffer.h"
#include "codecs/parquet_format.h"
#include "codecs/parquet_schema.h"

namespace thalweg::codecs::parquet {

/// The least and the greatest of some values, in the column's order; as held, so in bits.
template <typename Value>
struct Bounds {
  Value least;
  Value greatest;
};

// Of integers, signed or not. `count` is positive.
Bounds<uint32_t> BoundsOf(const uint32_t* values, size_t count, bool is_signed);
Bounds<uint64_t> BoundsOf(const uint64_t* values, size_t count, bool is_signed);
Bounds<Int128> BoundsOf(const Int128* values, size_t count);

// What stands in the footer. Floating point has no bounds when a value is NaN, text none when one
// of the two is longer than readers care for.
void SetIntegerStatistics(Bounds<uint32_t> bounds, ColumnStatistics* out);
void SetIntegerStatistics(Bounds<uint64_t> bounds, ColumnStatistics* out);
void SetWideStatistics(Bounds<Int128> bounds, int32_t width, ColumnStatistics* out);
void SetFloatStatistics(const uint32_t* bits, size_t count, ColumnStatistics* out);
void SetFloatStatistics(const uint64_t* bits, size_t count, ColumnStatistics* out);
void SetBytesStatistics(const BytesRef* values, size_t count, ColumnStatistics* out);
void SetBoolStatistics(const uint8_t* values, size_t count, ColumnStatistics* out);

/// The last `width` bytes of the big-endian form: how Parquet holds a wide decimal.
void StoreWide(Int128 value, int32_t width, uint8_t* out);

}  // namespace thalweg::codecs::parquet
