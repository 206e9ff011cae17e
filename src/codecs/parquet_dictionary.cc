#include "codecs/parquet_dictionary.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codecs/parquet_rle.h"

namespace thalweg::codecs::parquet {

namespace {

constexpr size_t kEntriesMax = size_t{1} << 20;
constexpr size_t kEntryBytesMax = size_t{4} << 20;
// Values that are looked at before a column can be given up.
constexpr size_t kTrial = 4096;
constexpr int kFirstTableBits = 10;

// A dictionary has to save a quarter: compression finds repetition in plain values too, and readers
// decode those faster.
bool Worthwhile(size_t entries, size_t entry_bytes, size_t count, size_t plain_bytes) {
  if (entries > kEntriesMax || entry_bytes > kEntryBytesMax) return false;
  const auto width = static_cast<size_t>(BitWidth(static_cast<uint32_t>(entries)));
  return entry_bytes + count * width / 8 <= plain_bytes / 4 * 3;
}

constexpr uint64_t kMultiplier1 = 0x9E3779B97F4A7C15;
constexpr uint64_t kMultiplier2 = 0xD6E8FEB86659FD93;

uint64_t Mix(uint64_t a, uint64_t b) {
  const uint64_t x = a * kMultiplier1 ^ std::rotl(b * kMultiplier2, 32);
  return (x ^ (x >> 32)) * kMultiplier1;
}

uint64_t HashOf(uint32_t value) {
  return (value ^ (static_cast<uint64_t>(value) << 32)) * kMultiplier1;
}
uint64_t HashOf(uint64_t value) { return (value ^ (value >> 32)) * kMultiplier1; }
uint64_t HashOf(Int128 value) {
  return Mix(static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64));
}
uint64_t HashOf(const BytesRef& value) {
  if (value.is_inline()) return Mix(value.head, value.tail);
  const char* p = value.pointer();
  const uint32_t length = value.length();
  uint64_t hash = value.head;
  for (uint32_t i = 0; i + 8 <= length; i += 8) {
    uint64_t word;
    std::memcpy(&word, p + i, 8);
    hash = Mix(hash, word);
  }
  uint64_t last;
  std::memcpy(&last, p + length - 8, 8);
  return Mix(hash, last);
}

size_t SizeOf(uint32_t) { return 4; }
size_t SizeOf(uint64_t) { return 8; }
size_t SizeOf(const BytesRef& value) { return 4 + size_t{value.length()}; }

// Open addressing over entry numbers plus one; zero is empty.
template <typename Value>
class Builder {
 public:
  Builder(DictionaryScratch* scratch, GrowArray<Value>* entries)
      : table_(scratch->table), entries_(*entries) {
    entries_.clear();
    Resize(kFirstTableBits);
  }

  /// Fills `indices`, or returns false when the dictionary grows too large. `plain_bytes` is the
  /// size of all values.
  template <typename Size>
  bool Run(const Value* values, size_t count, size_t plain_bytes, Size size_of,
           GrowArray<uint32_t>* indices) {
    indices->clear();
    uint32_t* out = indices->Extend(count);
    for (size_t i = 0; i < count; ++i) {
      if (i > 0 && values[i] == values[i - 1]) {
        out[i] = out[i - 1];
        continue;
      }
      const uint32_t index = Find(values[i]);
      out[i] = index;
      if (index < entries_.size()) continue;
      entries_.Push(values[i]);
      entry_bytes_ += size_of(values[i]);
      if (entries_.size() * 2 > table_.size()) {
        if (Hopeless(i + 1, count, plain_bytes)) return false;
        Resize(bits_ + 1);
      }
    }
    return Worthwhile(entries_.size(), entry_bytes_, count, plain_bytes);
  }

  size_t entry_bytes() const { return entry_bytes_; }

 private:
  // The entry's number, or the next free one, which the caller then adds.
  uint32_t Find(const Value& value) {
    const size_t mask = table_.size() - 1;
    size_t slot = static_cast<size_t>(HashOf(value) >> (64 - bits_));
    for (;; slot = (slot + 1) & mask) {
      const uint32_t entry = table_[slot];
      if (entry == 0) {
        const auto added = static_cast<uint32_t>(entries_.size());
        table_[slot] = added + 1;
        return added;
      }
      if (entries_[entry - 1] == value) return entry - 1;
      ++collisions_;
    }
  }

  // What came so far is taken as a sample of the rest. Crafted collisions also end here, long
  // before they cost quadratic time.
  bool Hopeless(size_t seen, size_t count, size_t plain_bytes) const {
    if (entries_.size() > kEntriesMax || entry_bytes_ > kEntryBytesMax) return true;
    if (collisions_ > 16 * seen + (size_t{1} << 16)) return true;
    if (seen < kTrial) return false;
    if (entries_.size() * 4 > seen * 3) return true;
    return !Worthwhile(entries_.size(), entry_bytes_, count, plain_bytes);
  }

  void Resize(int bits) {
    bits_ = bits;
    const size_t size = size_t{1} << bits;
    table_.clear();
    std::memset(table_.Extend(size), 0, size * sizeof(uint32_t));
    const size_t mask = size - 1;
    for (size_t i = 0; i < entries_.size(); ++i) {
      size_t slot = static_cast<size_t>(HashOf(entries_[i]) >> (64 - bits_));
      while (table_[slot] != 0) slot = (slot + 1) & mask;
      table_[slot] = static_cast<uint32_t>(i) + 1;
    }
  }

  GrowArray<uint32_t>& table_;
  GrowArray<Value>& entries_;
  int bits_ = 0;
  size_t entry_bytes_ = 0;
  size_t collisions_ = 0;
};

// Values in a narrow range: a table by value in place of a hash. Entries come out in ascending
// order of their distance from `least`.
template <typename Value>
bool BuildByRange(const Value* values, size_t count, Value least, size_t range,
                  DictionaryScratch* scratch, GrowArray<Value>* entries) {
  GrowArray<uint32_t>& table = scratch->table;
  table.clear();
  uint32_t* const seen = table.Extend(range);
  std::memset(seen, 0, range * sizeof(uint32_t));
  for (size_t i = 0; i < count; ++i) seen[static_cast<size_t>(values[i] - least)] = 1;
  entries->clear();
  Value* const out = entries->Extend(range);
  uint32_t distinct = 0;
  for (size_t k = 0; k < range; ++k) {
    const uint32_t mark = seen[k];
    out[distinct] = static_cast<Value>(least + static_cast<Value>(k));
    seen[k] = distinct;
    distinct += mark;
  }
  entries->Truncate(distinct);
  scratch->entry_bytes = distinct * sizeof(Value);
  if (!Worthwhile(distinct, scratch->entry_bytes, count, count * sizeof(Value))) return false;
  scratch->indices.clear();
  uint32_t* const indices = scratch->indices.Extend(count);
  for (size_t i = 0; i < count; ++i) indices[i] = seen[static_cast<size_t>(values[i] - least)];
  return true;
}

template <typename Value>
bool BuildNumbers(const Value* values, size_t count, Value least, Value greatest,
                  DictionaryScratch* scratch, GrowArray<Value>* entries) {
  if (count == 0) return false;
  const auto distance = static_cast<Value>(greatest - least);
  const size_t range_max = std::clamp<size_t>(count, 1024, size_t{1} << 18);
  if (distance < range_max) {
    return BuildByRange(values, count, least, static_cast<size_t>(distance) + 1, scratch, entries);
  }
  Builder<Value> builder(scratch, entries);
  const bool built = builder.Run(
      values, count, count * sizeof(Value), [](Value v) { return SizeOf(v); }, &scratch->indices);
  scratch->entry_bytes = builder.entry_bytes();
  return built;
}

}  // namespace

bool BuildDictionary(const uint32_t* values, size_t count, uint32_t least, uint32_t greatest,
                     DictionaryScratch* scratch) {
  return BuildNumbers(values, count, least, greatest, scratch, &scratch->words);
}

bool BuildDictionary(const uint64_t* values, size_t count, uint64_t least, uint64_t greatest,
                     DictionaryScratch* scratch) {
  return BuildNumbers(values, count, least, greatest, scratch, &scratch->longs);
}

bool BuildDictionary(const Int128* values, size_t count, int32_t width,
                     DictionaryScratch* scratch) {
  if (count == 0) return false;
  const auto bytes = static_cast<size_t>(width);
  Builder<Int128> builder(scratch, &scratch->wides);
  const bool built = builder.Run(
      values, count, count * bytes, [bytes](Int128) { return bytes; }, &scratch->indices);
  scratch->entry_bytes = builder.entry_bytes();
  return built;
}

bool BuildDictionary(const BytesRef* values, size_t count, DictionaryScratch* scratch) {
  if (count == 0) return false;
  size_t plain_bytes = 0;
  for (size_t i = 0; i < count; ++i) plain_bytes += SizeOf(values[i]);
  Builder<BytesRef> builder(scratch, &scratch->refs);
  const bool built = builder.Run(
      values, count, plain_bytes, [](const BytesRef& v) { return SizeOf(v); }, &scratch->indices);
  scratch->entry_bytes = builder.entry_bytes();
  return built;
}

}  // namespace thalweg::codecs::parquet
