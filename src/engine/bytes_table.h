#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/hash.h"
#include "thalweg/status.h"

namespace thalweg::engine {

/// Equality of two strings of one length, more than `kInlineMax`; inline, as most are short.
inline bool EqualLongBytes(const char* a, const char* b, size_t length) {
  if (length > 32) return std::memcmp(a, b, length) == 0;
  const char* a_end = a + length;
  const char* b_end = b + length;
  uint64_t difference = (LoadU64(a) ^ LoadU64(b)) | (LoadU64(a_end - 8) ^ LoadU64(b_end - 8));
  if (length > 16) {
    difference |= (LoadU64(a + 8) ^ LoadU64(b + 8)) | (LoadU64(a_end - 16) ^ LoadU64(b_end - 16));
  }
  return difference == 0;
}

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
    return a.hi == b.hi || (a.is_long() && EqualLongBytes(a.address(), b.address(), a.length()));
  }
};

/// Numbers distinct byte strings from 0 in the order in which they first come. Open addressing with
/// linear probing over (tag, number) pairs, at most half full; a small table is kept emptier, since
/// a second probe is a branch that cannot be foreseen.
///
/// Does not own the bytes of long keys: whoever adds them keeps them, and moves them with `Rebase`.
class BytesTable {
 public:
  static constexpr int64_t kCountMax = (int64_t{1} << 32) - 2;

  BytesTable();
  /// `groups[i]` is the number of `keys[i]`, whose hash is `hashes[i]`. The rows that brought a new
  /// key are appended to `new_rows`, in order, counted from `first_row`.
  Status Map(const BytesKey* keys, const uint64_t* hashes, int64_t rows, uint32_t* groups,
             std::vector<int32_t>* new_rows, int64_t first_row = 0);
  int64_t count() const { return static_cast<int64_t>(keys_.size()); }
  const BytesKey& key(int64_t number) const { return keys_[static_cast<size_t>(number)]; }
  /// The bytes of long key `number` now live at `address`.
  void Rebase(int64_t number, const void* address) {
    keys_[static_cast<size_t>(number)].hi = reinterpret_cast<uint64_t>(address);
  }
  int64_t ByteSize() const;

 private:
  static constexpr uint32_t kEmpty = ~uint32_t{0};
  static constexpr size_t kSparseUntilSlots = 4096;
  struct Slot {
    uint32_t tag;
    uint32_t number;
  };
  bool IsFull() const {
    const size_t room = slots_.size() <= kSparseUntilSlots ? 8 : 2;
    return room * (keys_.size() + 1) > slots_.size();
  }
  static uint32_t Tag(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

  template <bool kPrefetch>
  int64_t MapRun(const BytesKey* keys, const uint64_t* hashes, int64_t row, int64_t rows,
                 uint32_t* groups, std::vector<int32_t>* new_rows, int64_t first_row);
  void Grow();

  std::vector<Slot> slots_;
  uint64_t mask_;
  std::vector<BytesKey> keys_;
  std::vector<uint64_t> hashes_;
};

}  // namespace thalweg::engine
