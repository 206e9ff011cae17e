#include "engine/bytes_table.h"

namespace thalweg::engine {
namespace {

constexpr size_t kSlotsMin = 256;
constexpr size_t kPrefetchFromSlots = 1 << 14;  // Beyond the first-level cache.
constexpr int64_t kPrefetchDistance = 16;

}  // namespace

BytesKey BytesKey::Of(std::string_view bytes) {
  BytesKey key;
  const auto length = static_cast<uint32_t>(bytes.size());
  char image[16] = {};
  std::memcpy(image, &length, sizeof(length));
  if (length <= kInlineMax) {
    if (length > 0) std::memcpy(image + 4, bytes.data(), length);
  } else {
    std::memcpy(image + 4, bytes.data(), 4);
    const char* address = bytes.data();
    std::memcpy(image + 8, &address, sizeof(address));
  }
  std::memcpy(&key.lo, image, 8);
  std::memcpy(&key.hi, image + 8, 8);
  return key;
}

BytesTable::BytesTable() : slots_(kSlotsMin, Slot{0, kEmpty}), mask_(kSlotsMin - 1) {}

/// Maps rows until the end or until the table wants to grow; returns the first row not mapped.
template <bool kPrefetch>
int64_t BytesTable::MapRun(const BytesKey* keys, const uint64_t* hashes, int64_t row, int64_t rows,
                           uint32_t* groups, std::vector<int32_t>* new_rows, int64_t first_row) {
  Slot* const slots = slots_.data();
  const uint64_t mask = mask_;
  const BytesKey* stored = keys_.data();
  for (; row < rows; ++row) {
    if constexpr (kPrefetch) {
      if (row + kPrefetchDistance < rows) {
        __builtin_prefetch(&slots[hashes[row + kPrefetchDistance] & mask]);
        // By now the slot of a nearer row is here: fetch the key that it names.
        const uint32_t number = slots[hashes[row + kPrefetchDistance / 2] & mask].number;
        if (number != kEmpty) __builtin_prefetch(&stored[number]);
      }
    }
    const uint64_t hash = hashes[row];
    const uint32_t tag = Tag(hash);
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
      const Slot slot = slots[at];
      if (slot.number == kEmpty) [[unlikely]] {
        if (IsFull()) return row;
        const auto number = static_cast<uint32_t>(keys_.size());
        slots[at] = {tag, number};
        keys_.push_back(keys[row]);
        hashes_.push_back(hash);
        stored = keys_.data();
        new_rows->push_back(static_cast<int32_t>(first_row + row));
        groups[row] = number;
        break;
      }
      if (slot.tag == tag && stored[slot.number] == keys[row]) [[likely]] {
        groups[row] = slot.number;
        break;
      }
    }
  }
  return row;
}

Status BytesTable::Map(const BytesKey* keys, const uint64_t* hashes, int64_t rows, uint32_t* groups,
                       std::vector<int32_t>* new_rows, int64_t first_row) {
  int64_t row = 0;
  for (;;) {
    row = slots_.size() < kPrefetchFromSlots
              ? MapRun<false>(keys, hashes, row, rows, groups, new_rows, first_row)
              : MapRun<true>(keys, hashes, row, rows, groups, new_rows, first_row);
    if (row == rows) return {};
    if (count() >= kCountMax) return Status::ResourceExhausted("more than 4294967294 groups");
    Grow();
  }
}

void BytesTable::Grow() {
  const size_t size = slots_.size() * (slots_.size() < (1U << 20) ? 4 : 2);
  slots_.assign(size, Slot{0, kEmpty});
  mask_ = size - 1;
  for (size_t number = 0; number < hashes_.size(); ++number) {
    uint64_t at = hashes_[number] & mask_;
    while (slots_[at].number != kEmpty) at = (at + 1) & mask_;
    slots_[at] = {Tag(hashes_[number]), static_cast<uint32_t>(number)};
  }
}

int64_t BytesTable::ByteSize() const {
  return static_cast<int64_t>(slots_.capacity() * sizeof(Slot) +
                              keys_.capacity() * sizeof(BytesKey) +
                              hashes_.capacity() * sizeof(uint64_t));
}

}  // namespace thalweg::engine
