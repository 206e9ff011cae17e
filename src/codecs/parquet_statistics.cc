#include "codecs/parquet_statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace thalweg::codecs::parquet {

namespace {

constexpr size_t kBoundBytesMax = 256;

template <typename Ordered, typename Value>
Bounds<Value> IntegerBounds(const Value* values, size_t count) {
  auto least = static_cast<Ordered>(values[0]);
  auto greatest = least;
  for (size_t i = 1; i < count; ++i) {
    const auto value = static_cast<Ordered>(values[i]);
    least = value < least ? value : least;
    greatest = value > greatest ? value : greatest;
  }
  return {static_cast<Value>(least), static_cast<Value>(greatest)};
}

template <typename Value>
std::string Raw(Value value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

template <typename Float, typename Bits>
void FloatStatistics(const Bits* bits, size_t count, ColumnStatistics* out) {
  if (count == 0) return;
  auto least = std::bit_cast<Float>(bits[0]);
  auto greatest = least;
  bool ordered = true;
  for (size_t i = 0; i < count; ++i) {
    const auto value = std::bit_cast<Float>(bits[i]);
    ordered &= value == value;
    least = value < least ? value : least;
    greatest = value > greatest ? value : greatest;
  }
  if (!ordered) return;
  // Either zero may stand for both, so the bounds take the wider one.
  if (least == Float{0}) least = -Float{0};
  if (greatest == Float{0}) greatest = Float{0};
  out->min = Raw(least);
  out->max = Raw(greatest);
}

}  // namespace

Bounds<uint32_t> BoundsOf(const uint32_t* values, size_t count, bool is_signed) {
  return is_signed ? IntegerBounds<int32_t>(values, count) : IntegerBounds<uint32_t>(values, count);
}

Bounds<uint64_t> BoundsOf(const uint64_t* values, size_t count, bool is_signed) {
  return is_signed ? IntegerBounds<int64_t>(values, count) : IntegerBounds<uint64_t>(values, count);
}

Bounds<Int128> BoundsOf(const Int128* values, size_t count) {
  const auto [least, greatest] = std::minmax_element(values, values + count);
  return {*least, *greatest};
}

void SetIntegerStatistics(Bounds<uint32_t> bounds, ColumnStatistics* out) {
  out->min = Raw(bounds.least);
  out->max = Raw(bounds.greatest);
}

void SetIntegerStatistics(Bounds<uint64_t> bounds, ColumnStatistics* out) {
  out->min = Raw(bounds.least);
  out->max = Raw(bounds.greatest);
}

void SetWideStatistics(Bounds<Int128> bounds, int32_t width, ColumnStatistics* out) {
  std::string bytes(static_cast<size_t>(width), '\0');
  StoreWide(bounds.least, width, reinterpret_cast<uint8_t*>(bytes.data()));
  out->min = bytes;
  StoreWide(bounds.greatest, width, reinterpret_cast<uint8_t*>(bytes.data()));
  out->max = bytes;
}

void SetFloatStatistics(const uint32_t* bits, size_t count, ColumnStatistics* out) {
  FloatStatistics<float>(bits, count, out);
}

void SetFloatStatistics(const uint64_t* bits, size_t count, ColumnStatistics* out) {
  FloatStatistics<double>(bits, count, out);
}

void SetBytesStatistics(const BytesRef* values, size_t count, ColumnStatistics* out) {
  if (count == 0) return;
  // Bytes compare as unsigned, which is what char_traits does.
  const BytesRef* least = values;
  const BytesRef* greatest = values;
  for (size_t i = 1; i < count; ++i) {
    const std::string_view value = values[i].view();
    if (value < least->view()) {
      least = values + i;
    } else if (value > greatest->view()) {
      greatest = values + i;
    }
  }
  if (least->length() > kBoundBytesMax || greatest->length() > kBoundBytesMax) return;
  out->min = least->view();
  out->max = greatest->view();
}

void SetBoolStatistics(const uint8_t* values, size_t count, ColumnStatistics* out) {
  if (count == 0) return;
  const auto [least, greatest] = std::minmax_element(values, values + count);
  out->min = std::string(1, static_cast<char>(*least));
  out->max = std::string(1, static_cast<char>(*greatest));
}

void StoreWide(Int128 value, int32_t width, uint8_t* out) {
  auto bits = static_cast<UInt128>(value);
  for (int32_t i = width - 1; i >= 0; --i) {
    out[i] = static_cast<uint8_t>(bits);
    bits >>= 8;
  }
}

}  // namespace thalweg::codecs::parquet
