#include "codecs/parquet_rle.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace thalweg::codecs::parquet {

namespace {

// Values that are packed at a time: `bit_width` bytes.
constexpr size_t kGroup = 8;

void AppendVarint(uint64_t value, GrowArray<uint8_t>* out) {
  while (value >= 0x80) {
    out->Push(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out->Push(static_cast<uint8_t>(value));
}

// Eight values into `kWidth` bytes. Every shift is a constant once this is unrolled.
template <int kWidth, typename Value>
inline void PackGroup(const Value* in, uint8_t* out) {
  constexpr size_t kWords = (kWidth * 8 + 63) / 64;
  uint64_t words[kWords + 1] = {};
#pragma GCC unroll 8
  for (size_t i = 0; i < kGroup; ++i) {
    const size_t bit = i * kWidth;
    const auto value = static_cast<uint64_t>(in[i]);
    words[bit / 64] |= value << (bit % 64);
    if (bit % 64 + kWidth > 64) words[bit / 64 + 1] |= value >> (64 - bit % 64);
  }
  std::memcpy(out, words, kWidth);
}

template <int kWidth, typename Value>
void PackGroups(const Value* in, size_t groups, uint8_t* out) {
  for (size_t g = 0; g < groups; ++g) PackGroup<kWidth>(in + g * kGroup, out + g * kWidth);
}

template <typename Value, int... kWidths>
constexpr auto PackTable(std::integer_sequence<int, kWidths...>) {
  return std::array<void (*)(const Value*, size_t, uint8_t*), sizeof...(kWidths)>{
      &PackGroups<kWidths + 1, Value>...};
}

template <typename Value>
void Pack(const Value* in, size_t groups, int bit_width, uint8_t* out) {
  static constexpr auto kTable = PackTable<Value>(std::make_integer_sequence<int, 32>());
  kTable[static_cast<size_t>(bit_width) - 1](in, groups, out);
}

template <typename Value>
void AppendPacked(const Value* values, size_t count, int bit_width, GrowArray<uint8_t>* out) {
  if (count == 0) return;
  const size_t groups = (count + kGroup - 1) / kGroup;
  const auto width = static_cast<size_t>(bit_width);
  AppendVarint((groups << 1) | 1, out);
  uint8_t* to = out->Extend(groups * width);
  const size_t whole = count / kGroup;
  Pack(values, whole, bit_width, to);
  if (whole < groups) {
    Value last[kGroup] = {};
    std::copy(values + whole * kGroup, values + count, last);
    Pack(last, 1, bit_width, to + whole * width);
  }
}

template <typename Value>
size_t RunLength(const Value* values, size_t count) {
  size_t i = 1;
  while (i < count && values[i] == values[0]) ++i;
  return i;
}

// True when the group's values are equal; without a branch a value.
template <typename Value>
bool Uniform(const Value* values) {
  Value differences = 0;
  for (size_t i = 1; i < kGroup; ++i) {
    differences = static_cast<Value>(differences | (values[i] ^ values[0]));
  }
  return differences == 0;
}

template <typename Value>
void Hybrid(const Value* values, size_t count, int bit_width, GrowArray<uint8_t>* out) {
  // A run interrupts the packed groups, whose header has to be repeated, so it has to save a few
  // bytes. Long packed stretches are also what readers decode fastest.
  const size_t run_min = std::max<size_t>(kGroup, 128 / static_cast<size_t>(bit_width));
  size_t literals = 0;  // Start of what is not written yet; whole groups from here to `i`.
  size_t i = 0;
  while (i + kGroup <= count) {
    if (!Uniform(values + i)) {
      i += kGroup;
      continue;
    }
    const size_t run = RunLength(values + i, count - i);
    if (run < run_min) {
      i += kGroup;
      continue;
    }
    AppendPacked(values + literals, i - literals, bit_width, out);
    AppendRun(static_cast<uint32_t>(values[i]), run, bit_width, out);
    i += run;
    literals = i;
  }
  AppendPacked(values + literals, count - literals, bit_width, out);
}

}  // namespace

void AppendRun(uint32_t value, size_t count, int bit_width, GrowArray<uint8_t>* out) {
  AppendVarint(static_cast<uint64_t>(count) << 1, out);
  for (int bit = 0; bit < bit_width; bit += 8) out->Push(static_cast<uint8_t>(value >> bit));
}

void AppendHybrid(const uint32_t* values, size_t count, int bit_width, GrowArray<uint8_t>* out) {
  THALWEG_DCHECK(bit_width >= 0 && bit_width <= 32);
  if (bit_width == 0) return AppendRun(0, count, 0, out);
  Hybrid(values, count, bit_width, out);
}

void AppendHybrid(const uint8_t* values, size_t count, int bit_width, GrowArray<uint8_t>* out) {
  THALWEG_DCHECK(bit_width >= 0 && bit_width <= 8);
  if (bit_width == 0) return AppendRun(0, count, 0, out);
  Hybrid(values, count, bit_width, out);
}

void AppendHybridBits(const uint8_t* bits, size_t count, GrowArray<uint8_t>* out) {
  const size_t bytes = (count + 7) / 8;
  AppendVarint((bytes << 1) | 1, out);
  std::memcpy(out->Extend(bytes), bits, bytes);
  // What follows the last value is not ours to leak, and must not make two files differ.
  if (count % 8 != 0) {
    uint8_t& last = (*out)[out->size() - 1];
    last = static_cast<uint8_t>(last & ((1U << (count % 8)) - 1));
  }
}

int BitWidth(uint32_t largest) { return largest == 0 ? 0 : 32 - __builtin_clz(largest); }

}  // namespace thalweg::codecs::parquet
