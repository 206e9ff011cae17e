#pragma once

#include <cstdint>
#include <cstring>

#include "base/number.h"

// Hashing for tables that live in memory. Results depend on a seed; nothing may store them.
// Method: wide multiplication folded to 64 bits, as in wyhash (public domain).
namespace thalweg::engine {

inline constexpr uint64_t kHashSecret0 = 0xa0761d6478bd642fULL;
inline constexpr uint64_t kHashSecret1 = 0xe7037ed1a0b428dbULL;

inline uint64_t LoadU64(const void* from) {
  uint64_t value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

inline uint64_t MulMix(uint64_t a, uint64_t b) {
  const UInt128 product = static_cast<UInt128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t HashU64(uint64_t value, uint64_t seed) {
  return MulMix(value ^ seed ^ kHashSecret0, kHashSecret1);
}

inline uint64_t HashPair(uint64_t lo, uint64_t hi, uint64_t seed) {
  return MulMix(lo ^ seed ^ kHashSecret0, hi ^ kHashSecret1);
}

/// Reads within `bytes … bytes + length`.
inline uint64_t HashBytes(const void* bytes, size_t length, uint64_t seed) {
  const auto* at = static_cast<const uint8_t*>(bytes);
  uint64_t hash = seed ^ kHashSecret0 ^ length;
  if (length >= 16) {
    const uint8_t* last = at + (length - 16);
    for (; at < last; at += 16) hash = MulMix(LoadU64(at) ^ kHashSecret1, LoadU64(at + 8) ^ hash);
    return MulMix(MulMix(LoadU64(last) ^ kHashSecret1, LoadU64(last + 8) ^ hash), kHashSecret0);
  }
  uint64_t lo = 0;
  uint64_t hi = 0;
  if (length >= 8) {
    lo = LoadU64(at);
    hi = LoadU64(at + (length - 8));
  } else {
    std::memcpy(&lo, at, length);
  }
  return MulMix(MulMix(lo ^ kHashSecret1, hi ^ hash), kHashSecret0);
}

/// Differs between processes, so that no input can be made to collide.
uint64_t ProcessHashSeed();

}  // namespace thalweg::engine
