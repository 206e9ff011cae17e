#pragma once

#include <arrow/type.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>

#include "base/civil_time.h"
#include "base/number.h"
#include "codecs/infer.h"

// The values of text fields. Each reader has two ways to the same answer: `Fast` takes the common
// shapes and may read 16 bytes at `p` whatever `n` is; `Exact` takes everything that the type
// takes. What `Fast` declines goes to `Exact`; both leave `*out` alone when they decline.
namespace thalweg::codecs {

/// How strictly a column reads its text.
struct TextRules {
  bool inferred = false;  ///< Nobody asked for the type: a text that it would change does not fit.
  ZoneRule zone = ZoneRule::kAny;
  char point = '.';
};

namespace text {

inline constexpr size_t kFastBytes = 16;  ///< What `Fast` may read.

inline uint64_t Load8(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}
inline uint32_t Load4(const char* p) {
  uint32_t word;
  std::memcpy(&word, p, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap32(word);
  return word;
}

inline constexpr uint64_t kZeros = 0x3030303030303030;  // "00000000"

/// True where each byte of `word` is a digit.
inline bool AllDigits(uint64_t word) {
  return ((word & 0xf0f0f0f0f0f0f0f0) |
          (((word + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) == 0x3333333333333333;
}

/// The number of eight digits, the first in the lowest byte.
inline uint32_t EightDigits(uint64_t word) {
  word = ((word & 0x0f0f0f0f0f0f0f0f) * 2561) >> 8;
  word = ((word & 0x00ff00ff00ff00ff) * 6553601) >> 16;
  return static_cast<uint32_t>(((word & 0x0000ffff0000ffff) * 42949672960001) >> 32);
}

/// The first `n` (1…8) bytes of `word` moved to its end, after zeros as digits.
inline uint64_t RightAlign(uint64_t word, size_t n) {
  const unsigned unused = 64 - 8 * static_cast<unsigned>(n);
  return (word << unused) | (kZeros & ((uint64_t{1} << unused) - 1));
}

/// Up to 16 digits; declines a leading zero.
inline bool FastDigits(const char* p, size_t n, uint64_t* out) {
  if (((n - 1 > 15) | ((*p == '0') & (n > 1))) != 0) return false;
  const size_t head = n > 8 ? n - 8 : n;
  const uint64_t first = RightAlign(Load8(p), head);
  if (!AllDigits(first)) return false;
  uint64_t value = EightDigits(first);
  if (n > 8) {
    const uint64_t second = Load8(p + head);
    if (!AllDigits(second)) return false;
    value = value * 100'000'000 + EightDigits(second);
  }
  *out = value;
  return true;
}

inline bool FastInt64(const char* p, size_t n, int64_t* out) {
  const bool negative = *p == '-';
  uint64_t magnitude = 0;
  if (!FastDigits(p + negative, n - negative, &magnitude)) return false;
  // Signs follow no pattern, so that nothing here may branch on them.
  if ((negative & (magnitude == 0)) != 0) return false;
  const auto sign = -static_cast<int64_t>(negative);
  *out = (static_cast<int64_t>(magnitude) ^ sign) - sign;
  return true;
}

/// A short number: `digits` without its point, `places` digits behind it.
struct ShortDecimal {
  bool negative = false;
  uint32_t digits = 0;
  unsigned places = 0;
};

/// Up to eight bytes behind the sign, with or without a point; declines leading zeros.
inline bool FastShortDecimal(const char* p, size_t n, char point, ShortDecimal* out) {
  const bool negative = *p == '-';
  p += negative;
  n -= negative;
  if (n - 1 > 7) return false;
  const uint64_t word = Load8(p);
  const unsigned shift = 64 - 8 * static_cast<unsigned>(n);
  const uint64_t used = ~uint64_t{0} >> shift;
  const uint64_t differs = word ^ (0x0101010101010101 * static_cast<unsigned char>(point));
  const uint64_t points = (differs - 0x0101010101010101) & ~differs & 0x8080808080808080 & used;
  if (((*p == '0') & (n > 1) & (p[1] != point)) != 0) return false;
  if (points == 0) {
    const uint64_t aligned = RightAlign(word, n);
    if (!AllDigits(aligned)) return false;
    *out = {negative, EightDigits(aligned), 0};
    return true;
  }
  if (n == 1) return false;
  const unsigned bit = static_cast<unsigned>(std::countr_zero(points)) & ~7U;
  const uint64_t before = (uint64_t{1} << bit) - 1;
  const uint64_t aligned = RightAlign((word & before) | ((word >> 8) & ~before), n - 1);
  if (!AllDigits(aligned)) return false;
  *out = {negative, EightDigits(aligned), static_cast<unsigned>(n) - 1 - bit / 8};
  return true;
}

inline constexpr std::array<double, 9> kPowers = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

inline constexpr std::array<uint64_t, 10> kIntegerPowers = {
    1, 10, 100, 1000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

/// Integers of every width. `Exact` of an asked-for column takes `+5`, `007` and spaces, as CAST.
template <typename T>
struct IntegerReader {
  using Value = T;
  bool inferred = false;

  bool Fast(const char* p, size_t n, T* out) const {
    int64_t value = 0;
    if (!FastInt64(p, n, &value)) return false;
    if constexpr (!std::is_same_v<T, int64_t>) {
      if constexpr (std::is_unsigned_v<T>) {
        if (value < 0) return false;
      }
      if (static_cast<int64_t>(static_cast<T>(value)) != value) return false;
    }
    *out = static_cast<T>(value);
    return true;
  }
  bool Exact(std::string_view text, T* out) const;
};

/// FLOAT and DOUBLE.
template <typename T>
struct FloatReader {
  using Value = T;
  TextRules rules;

  bool Fast(const char* p, size_t n, T* out) const {
    // A double rounded to a float would be rounded twice.
    if constexpr (!std::is_same_v<T, double>) return false;
    ShortDecimal number;
    if (!FastShortDecimal(p, n, rules.point, &number)) return false;
    // Both are exact, so that the quotient is the nearest double.
    const double value = static_cast<double>(number.digits) / kPowers[number.places];
    const uint64_t sign = static_cast<uint64_t>(number.negative) << 63;
    *out = static_cast<T>(std::bit_cast<double>(std::bit_cast<uint64_t>(value) | sign));
    return true;
  }
  bool Exact(std::string_view text, T* out) const;
};

/// DECIMAL(precision, scale), exactly: digits that the scale would drop do not fit.
struct DecimalReader {
  using Value = Int128;
  int precision = 38;
  int scale = 0;
  char point = '.';

  bool Fast(const char* p, size_t n, Int128* out) const {
    ShortDecimal number;
    if (!FastShortDecimal(p, n, point, &number)) return false;
    const int zeros = scale - static_cast<int>(number.places);
    if (zeros < 0 || zeros > 9) return false;
    const Int128 value = static_cast<Int128>(static_cast<uint64_t>(number.digits) *
                                             kIntegerPowers[static_cast<size_t>(zeros)]);
    if (value >= limit) return false;
    *out = number.negative ? -value : value;
    return true;
  }
  bool Exact(std::string_view text, Int128* out) const;
  Int128 limit = PowerOfTen(precision);  ///< Follows `precision` where that is set by name.
};

/// DATE. Remembers the last text: neighbours are often equal.
struct DateReader {
  using Value = int32_t;
  char last_text[10] = {'1', '9', '7', '0', '-', '0', '1', '-', '0', '1'};
  int32_t last = 0;

  bool Fast(const char* p, size_t n, int32_t* out) {
    if (n != 10) return false;
    return FastDate(p, out);
  }
  /// `YYYY-MM-DD` at `p`.
  bool FastDate(const char* p, int32_t* out) {
    if (std::memcmp(p, last_text, sizeof(last_text)) != 0) {
      if (!ParseDate(std::string_view(p, sizeof(last_text)), &last)) {
        *this = DateReader();
        return false;
      }
      std::memcpy(last_text, p, sizeof(last_text));
    }
    *out = last;
    return true;
  }
  bool Exact(std::string_view text, int32_t* out) const;
};

/// TIME, in microseconds.
struct TimeReader {
  using Value = int64_t;
  bool Fast(const char* /*p*/, size_t /*n*/, int64_t* /*out*/) const { return false; }
  bool Exact(std::string_view text, int64_t* out) const;
};

/// Seconds of `HH:MM:SS` at `p`, of which 8 bytes are read.
inline bool FastClock(const char* p, int64_t* seconds) {
  const uint64_t word = Load8(p);
  constexpr uint64_t kColons = 0x00003a00003a0000;
  constexpr uint64_t kColonBytes = 0x0000ff0000ff0000;
  if ((word & kColonBytes) != kColons) return false;
  if (!AllDigits((word & ~kColonBytes) | (kZeros & kColonBytes))) return false;
  const auto two = [&](unsigned shift) {
    const uint64_t pair = word >> shift;
    return static_cast<int64_t>((pair & 0xf) * 10 + ((pair >> 8) & 0xf));
  };
  const int64_t h = two(0);
  const int64_t m = two(24);
  const int64_t s = two(48);
  if (h > 23 || m > 59 || s > 59) return false;
  *seconds = h * 3600 + m * 60 + s;
  return true;
}

/// TIMESTAMP and TIMESTAMP WITH TIME ZONE in any unit.
struct TimestampReader {
  using Value = int64_t;
  bool inferred = false;
  ZoneRule zone = ZoneRule::kAny;
  arrow::TimeUnit::type unit = arrow::TimeUnit::MICRO;
  DateReader date;

  bool Fast(const char* p, size_t n, int64_t* out) {
    // `Fast` may read 16 bytes, and 19 or 20 are there.
    if (unit != arrow::TimeUnit::MICRO || n - 19 > 1) return false;
    const bool zulu = n == 20;
    if (zulu && p[19] != 'Z') return false;
    if (zone != ZoneRule::kAny && zulu != (zone == ZoneRule::kPresent)) return false;
    if (p[10] != ' ' && p[10] != 'T') return false;
    int32_t days = 0;
    int64_t seconds = 0;
    if (!date.FastDate(p, &days) || !FastClock(p + 11, &seconds)) return false;
    *out = days * kMicrosPerDay + seconds * kMicrosPerSecond;
    return true;
  }
  bool Exact(std::string_view text, int64_t* out) const;
};

/// BOOLEAN.
struct BooleanReader {
  using Value = bool;
  bool inferred = false;

  bool Fast(const char* p, size_t n, bool* out) const {
    const uint32_t word = Load4(p) | 0x20202020;
    if (n == 4 && word == 0x65757274) {  // "true"
      *out = true;
      return true;
    }
    if (n == 5 && word == 0x736c6166 && (p[4] | 0x20) == 'e') {  // "fals"
      *out = false;
      return true;
    }
    return false;
  }
  bool Exact(std::string_view text, bool* out) const;
};

}  // namespace text
}  // namespace thalweg::codecs
