#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "base/number.h"
#include "engine/hash.h"
#include "thalweg/status.h"

namespace thalweg::engine {

/// Numbers distinct keys of 64 or 128 bits from 0 in the order in which they first come. Open
/// addressing with linear probing, keys in the slots, at most half full.
template <typename Key>
class FixedTable {
 public:
  static_assert(std::is_same_v<Key, uint64_t> || std::is_same_v<Key, UInt128>);
  static constexpr int64_t kCountMax = (int64_t{1} << 32) - 2;

  explicit FixedTable(uint64_t seed) : seed_(seed) { Clear(kSlotsMin); }

  /// `groups[i]` is the number of `keys[i]`. With `valid`, rows where it is 0 are skipped, their
  /// group is left alone. Rows that brought a new key are appended to `new_rows`.
  Status Map(const Key* keys, const uint8_t* valid, int64_t rows, uint32_t* groups,
             std::vector<int32_t>* new_rows) {
    int64_t row = 0;
    for (;;) {
      const bool prefetch = slots_.size() * sizeof(Slot) > kPrefetchFromBytes;
      if (valid != nullptr) {
        row = MapRun<false, true>(keys, valid, row, rows, groups, new_rows);
      } else if (prefetch) {
        row = MapRun<true, false>(keys, valid, row, rows, groups, new_rows);
      } else {
        row = MapRun<false, false>(keys, valid, row, rows, groups, new_rows);
      }
      if (row == rows) return {};
      if (next_ >= kCountMax) return Status::ResourceExhausted("more than 4294967294 groups");
      Grow();
    }
  }
  /// Takes the next number for what the caller keeps aside (the null key).
  uint32_t TakeNumber() { return static_cast<uint32_t>(next_++); }
  int64_t count() const { return next_; }
  int64_t ByteSize() const { return static_cast<int64_t>(slots_.capacity() * sizeof(Slot)); }

 private:
  static constexpr uint32_t kEmpty = ~uint32_t{0};
  static constexpr size_t kSlotsMin = 256;
  static constexpr size_t kPrefetchFromBytes = 1 << 18;
  static constexpr int64_t kPrefetchDistance = 12;
  struct Slot {
    Key key;
    uint32_t number;
  };

  uint64_t Hash(Key key) const {
    if constexpr (sizeof(Key) == 8) {
      return HashU64(key, seed_);
    } else {
      return HashPair(static_cast<uint64_t>(key), static_cast<uint64_t>(key >> 64), seed_);
    }
  }

  template <bool kPrefetch, bool kNulls>
  int64_t MapRun(const Key* keys, const uint8_t* valid, int64_t row, int64_t rows, uint32_t* groups,
                 std::vector<int32_t>* new_rows) {
    Slot* const slots = slots_.data();
    const uint64_t mask = slots_.size() - 1;
    for (; row < rows; ++row) {
      if constexpr (kNulls) {
        if (!valid[row]) continue;
      }
      if constexpr (kPrefetch) {
        if (row + kPrefetchDistance < rows) {
          __builtin_prefetch(&slots[Hash(keys[row + kPrefetchDistance]) & mask]);
        }
      }
      const Key key = keys[row];
      for (uint64_t at = Hash(key) & mask;; at = (at + 1) & mask) {
        const uint32_t number = slots[at].number;
        if (slots[at].key == key && number != kEmpty) [[likely]] {
          groups[row] = number;
          break;
        }
        if (number == kEmpty) [[unlikely]] {
          if (2 * (used_ + 1) > slots_.size()) return row;
          ++used_;
          slots[at] = {key, TakeNumber()};
          groups[row] = slots[at].number;
          new_rows->push_back(static_cast<int32_t>(row));
          break;
        }
      }
    }
    return row;
  }

  void Clear(size_t size) { slots_.assign(size, Slot{Key{}, kEmpty}); }

  void Grow() {
    std::vector<Slot> old = std::move(slots_);
    Clear(old.size() * (old.size() < (1U << 20) ? 4 : 2));
    const uint64_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.number == kEmpty) continue;
      uint64_t at = Hash(slot.key) & mask;
      while (slots_[at].number != kEmpty) at = (at + 1) & mask;
      slots_[at] = slot;
    }
  }

  uint64_t seed_;
  std::vector<Slot> slots_;
  size_t used_ = 0;
  int64_t next_ = 0;
};

}  // namespace thalweg::engine
