#pragma once

#include <arrow/array.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include "base/number.h"
#include "columnar/batch.h"

// Values as unsigned numbers that compare as the values do: for ORDER BY and ARG_MIN. Arrays come
// without views and dictionaries.
namespace thalweg::engine {

inline constexpr int kOrderedBitsMax = 128;

template <typename T>
T ValueAt(const arrow::Array& array, int64_t row) {
  T value;
  std::memcpy(
      &value,
      array.data()->buffers[1]->data() + (array.offset() + row) * static_cast<int64_t>(sizeof(T)),
      sizeof(T));
  return value;
}

inline std::string_view TextAt(const arrow::Array& array, int64_t row) {
  const arrow::ArrayData& data = *array.data();
  if (array.type_id() == arrow::Type::LARGE_STRING ||
      array.type_id() == arrow::Type::LARGE_BINARY) {
    const int64_t* offsets = data.GetValues<int64_t>(1) + row;
    return {reinterpret_cast<const char*>(data.buffers[2]->data()) + offsets[0],
            static_cast<size_t>(offsets[1] - offsets[0])};
  }
  const int32_t* offsets = data.GetValues<int32_t>(1) + row;
  if (offsets[0] == offsets[1]) return {};
  return {reinterpret_cast<const char*>(data.buffers[2]->data()) + offsets[0],
          static_cast<size_t>(offsets[1] - offsets[0])};
}

/// Unsigned integers in the order of the values; NaN above all numbers, -0.0 equal to 0.0.
template <typename T>
auto Ordered(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    constexpr Bits kSign = Bits{1} << (sizeof(T) * 8 - 1);
    if (std::isnan(value)) return std::numeric_limits<Bits>::max();
    if (value == 0) value = 0;
    Bits bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return static_cast<Bits>((bits & kSign) != 0 ? ~bits : bits | kSign);
  } else if constexpr (std::is_same_v<T, Int128>) {
    return static_cast<UInt128>(value) ^ (UInt128{1} << 127);
  } else if constexpr (std::is_signed_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    return static_cast<Bits>(static_cast<Bits>(value) ^ (Bits{1} << (sizeof(T) * 8 - 1)));
  } else {
    return value;
  }
}

/// The first 16 bytes as a big-endian number.
inline UInt128 TextPrefix(std::string_view text) {
  unsigned char bytes[16] = {};
  if (!text.empty()) std::memcpy(bytes, text.data(), std::min<size_t>(text.size(), 16));
  uint64_t hi;
  uint64_t lo;
  std::memcpy(&hi, bytes, 8);
  std::memcpy(&lo, bytes + 8, 8);
  return (static_cast<UInt128>(__builtin_bswap64(hi)) << 64) | __builtin_bswap64(lo);
}

/// DuckDB compares intervals with months of 30 days and days of 24 hours.
inline Int128 IntervalNanos(const arrow::Array& array, int64_t row) {
  const auto value = ValueAt<arrow::MonthDayNanoIntervalType::MonthDayNanos>(array, row);
  const Int128 days = Int128{value.months} * 30 + value.days;
  return days * 86'400'000'000'000 + value.nanoseconds;
}

inline bool IsNarrowDecimal(const arrow::DataType& type) {
  return type.id() == arrow::Type::DECIMAL128 &&
         static_cast<const arrow::DecimalType&>(type).precision() <= 18;
}

/// Bits that hold all of a value, or that a text or a nested value gets.
struct OrderedWidth {
  int bits;
  bool whole;
};

inline OrderedWidth OrderedWidthOf(const arrow::DataType& type) {
  if (columnar::IsString(type) || columnar::IsBinary(type)) return {kOrderedBitsMax, false};
  if (IsNarrowDecimal(type)) return {64, true};
  if (type.id() == arrow::Type::BOOL) return {1, true};
  if (type.id() == arrow::Type::INTERVAL_MONTH_DAY_NANO) return {kOrderedBitsMax, true};
  const bool plain = arrow::is_primitive(type.id()) || type.id() == arrow::Type::DECIMAL32 ||
                     type.id() == arrow::Type::DECIMAL64 || type.id() == arrow::Type::DECIMAL128;
  if (plain && type.id() != arrow::Type::HALF_FLOAT) {
    return {static_cast<const arrow::FixedWidthType&>(type).bit_width(), true};
  }
  return {0, type.id() == arrow::Type::NA};
}

/// Calls `f(row, UInt128)` for each row that is not null.
template <typename T, typename F>
void EachValue(const arrow::Array& array, F&& f) {
  const bool has_nulls = array.null_count() > 0;
  for (int64_t row = 0; row < array.length(); ++row) {
    if (has_nulls && array.IsNull(row)) continue;
    f(row, static_cast<UInt128>(Ordered(ValueAt<T>(array, row))));
  }
}

/// Calls `f(row, UInt128)` with the ordered value of each row that is not null: all of it, or of a
/// text the first 16 bytes. Not for nested types.
template <typename F>
void EachOrdered(const arrow::Array& array, F&& f) {
  const arrow::DataType& type = *array.type();
  const auto each = [&](auto value_of) {
    for (int64_t row = 0; row < array.length(); ++row) {
      if (array.IsValid(row)) f(row, static_cast<UInt128>(value_of(row)));
    }
  };
  if (columnar::IsString(type) || columnar::IsBinary(type)) {
    return each([&](int64_t row) { return TextPrefix(TextAt(array, row)); });
  }
  if (IsNarrowDecimal(type)) {
    return each(
        [&](int64_t row) { return Ordered(static_cast<int64_t>(ValueAt<Int128>(array, row))); });
  }
  switch (type.id()) {
    case arrow::Type::BOOL:
      return each([&](int64_t row) {
        return static_cast<const arrow::BooleanArray&>(array).Value(row) ? 1U : 0U;
      });
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return each([&](int64_t row) { return Ordered(IntervalNanos(array, row)); });
    case arrow::Type::INT8:
      return EachValue<int8_t>(array, f);
    case arrow::Type::INT16:
      return EachValue<int16_t>(array, f);
    case arrow::Type::UINT8:
      return EachValue<uint8_t>(array, f);
    case arrow::Type::UINT16:
      return EachValue<uint16_t>(array, f);
    case arrow::Type::UINT32:
      return EachValue<uint32_t>(array, f);
    case arrow::Type::UINT64:
      return EachValue<uint64_t>(array, f);
    case arrow::Type::FLOAT:
      return EachValue<float>(array, f);
    case arrow::Type::DOUBLE:
      return EachValue<double>(array, f);
    case arrow::Type::DECIMAL128:
      return EachValue<Int128>(array, f);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
    case arrow::Type::DECIMAL32:
    case arrow::Type::INTERVAL_MONTHS:
      return EachValue<int32_t>(array, f);
    default:
      return EachValue<int64_t>(array, f);
  }
}

}  // namespace thalweg::engine
