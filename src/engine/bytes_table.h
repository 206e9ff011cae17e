#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/hash.h"
#include "thalweg/status.h"

namespace thalweg::engine {

/// A byte string in 16 bytes: the length and the first four bytes in `lo`, and in `hi` the next
/// eight, or the address of all of them where the length passes `kInlineMax`.
struct BytesKey {
  static constexpr uint32_t kInlineMax = 12;

  uint64_t lo = 0;
  uint64_t hi = 0;

  static BytesKey Null() { return {~uint64_t{0}, ~uint64_t{0}}; }
  static BytesKey Of(std::string_view bytes);

  uint32_t length() const { return static_cast<uint32_t>(lo); }
  bool is_null() const { return lo == ~uint64_t{0}; }
  bool is_long() const { return length() > kInlineMax && !is_null(); }
  const char* address() const { return reinterpret_cast<const char*>(hi); }  // Only when long.

  uint64_t Hash(uint64_t seed) const {
    return is_long() ? HashBytes(address(), length(), seed) : HashPair(lo, hi, seed);
  }
  friend bool operator==(const BytesKey& a, const BytesKey& b) {
    if (a.lo != b.lo) return false;
    return a.hi == b.hi || (a.is_long() && std::memcmp(a.address(), b.address(), a.length()) == 0);
  }
};

/// Numbers distinct byte strings from 0 in the order in which they first come. Open addressing with
/// linear probing over (tag, number) pairs, at most half full.
///
/// Does not own the bytes of long keys: whoever adds them keeps them, and moves them with `Rebase`.
class BytesTable {
 public:
  static constexpr int64_t kCountMax = (int64_t{1} << 32) - 2;

  BytesTable();
  /// `groups[i]` is the number of `keys[i]`, whose hash is `hashes[i]`. The rows that brought a new
  /// key are appended to `new_rows`, in order.
  Status Map(const BytesKey* keys, const uint64_t* hashes, int64_t rows, uint32_t* groups,
             std::vector<int32_t>* new_rows);
  int64_t count() const { return static_cast<int64_t>(keys_.size()); }
  const BytesKey& key(int64_t number) const { return keys_[static_cast<size_t>(number)]; }
  /// The bytes of long key `number` now live at `address`.
  void Rebase(int64_t number, const void* address) {
    keys_[static_cast<size_t>(number)].hi = reinterpret_cast<uint64_t>(address);
  }
  int64_t ByteSize() const;

 private:
  static constexpr uint32_t kEmpty = ~uint32_t{0};
  struct Slot {
    uint32_t tag;
    uint32_t number;
  };
  static uint32_t Tag(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

  template <bool kPrefetch>
  int64_t MapRun(const BytesKey* keys, const uint64_t* hashes, int64_t row, int64_t rows,
                 uint32_t* groups, std::vector<int32_t>* new_rows);
  void Grow();

  std::vector<Slot> slots_;
  uint64_t mask_;
  std::vector<BytesKey> keys_;
  std::vector<uint64_t> hashes_;
};

}  // namespace thalweg::engine
