#include "base/number.h"

#include <fast_float/fast_float.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

namespace thalweg {
namespace {

constexpr std::array<Int128, kDecimalDigitsMax + 1> MakePowersOfTen() {
  std::array<Int128, kDecimalDigitsMax + 1> powers{};
  Int128 power = 1;
  for (size_t i = 0; i < powers.size(); ++i) {
    powers[i] = power;
    if (i + 1 < powers.size()) power *= 10;
  }
  return powers;
}
constexpr auto kPowersOfTen = MakePowersOfTen();

constexpr std::array<char, 200> MakeDigitPairs() {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr auto kDigitPairs = MakeDigitPairs();

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr unsigned DigitOf(char c) { return static_cast<unsigned>(c - '0'); }

// Digits only, at most `max`. U is unsigned and wide enough for `max`.
template <typename U>
bool ParseDigits(std::string_view text, U max, U* out) {
  if (text.empty()) return false;
  U value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    const U digit = DigitOf(c);
    if (value > (max - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *out = value;
  return true;
}

template <typename I, typename U>
bool ParseSigned(std::string_view text, I* out) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  constexpr U kMax = static_cast<U>(~U{0} >> 1);
  U magnitude = 0;
  if (!ParseDigits<U>(text, kMax + (negative ? 1 : 0), &magnitude)) return false;
  *out = static_cast<I>(negative ? U{0} - magnitude : magnitude);
  return true;
}

constexpr std::array<uint64_t, 20> MakeUint64Powers() {
  std::array<uint64_t, 20> powers{};
  uint64_t power = 1;
  for (uint64_t& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}
constexpr auto kUint64Powers = MakeUint64Powers();

unsigned CountDigits(uint64_t value) {
  // 1233 / 4096 is log10(2), close enough for 64 bits; the table mends what it rounds up.
  const auto guess = static_cast<unsigned>(std::bit_width(value | 1)) * 1233 >> 12;
  return guess + (value >= kUint64Powers[guess] ? 1 : 0);
}

// The number's parts, as the text gives them.
struct DecimalText {
  bool negative = false;
  std::string_view digits;  // With at most one point, without leading zeros and their point.
  int64_t significant = 0;  // Digits in `digits`.
  int64_t exponent = 0;     // Value is the digits as an integer, times 10^exponent.
};

bool ParseExponent(std::string_view text, int64_t* exponent) {
  constexpr int64_t kClamp = 1'000'000'000;
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.empty()) return false;
  int64_t value = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    if (value < kClamp) value = value * 10 + static_cast<int64_t>(DigitOf(c));
  }
  *exponent = negative ? -value : value;
  return true;
}

bool SplitDecimal(std::string_view text, DecimalText* parts) {
  if (!text.empty() && text.front() == '-') {
    parts->negative = true;
    text.remove_prefix(1);
  }
  if (const size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    if (!ParseExponent(text.substr(e + 1), &parts->exponent)) return false;
    text = text.substr(0, e);
  }
  size_t first = std::string_view::npos;  // The first digit that is not a leading zero.
  int64_t digits = 0;
  bool point = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      if (point) return false;
      point = true;
      continue;
    }
    if (!IsDigit(text[i])) return false;
    ++digits;
    if (point) --parts->exponent;
    if (first == std::string_view::npos && text[i] != '0') first = i;
    if (first != std::string_view::npos) ++parts->significant;
  }
  if (digits == 0) return false;
  parts->digits = first == std::string_view::npos ? std::string_view() : text.substr(first);
  return true;
}

// Lays out `digits` × 10^(point - count) as Python and DuckDB print doubles.
size_t LayOut(const char* digits, int count, int point, char* out) {
  char* p = out;
  if (point > 16 || point < -3) {
    *p++ = digits[0];
    if (count > 1) {
      *p++ = '.';
      std::memcpy(p, digits + 1, static_cast<size_t>(count - 1));
      p += count - 1;
    }
    *p++ = 'e';
    int exponent = point - 1;
    *p++ = exponent < 0 ? '-' : '+';
    if (exponent < 0) exponent = -exponent;
    if (exponent < 10) *p++ = '0';
    p += FormatUint64(static_cast<uint64_t>(exponent), p);
    return static_cast<size_t>(p - out);
  }
  if (point <= 0) {
    *p++ = '0';
    *p++ = '.';
    for (int i = point; i < 0; ++i) *p++ = '0';
    std::memcpy(p, digits, static_cast<size_t>(count));
    return static_cast<size_t>(p + count - out);
  }
  for (int i = 0; i < point; ++i) *p++ = i < count ? digits[i] : '0';
  *p++ = '.';
  if (point >= count) {
    *p++ = '0';
  } else {
    std::memcpy(p, digits + point, static_cast<size_t>(count - point));
    p += count - point;
  }
  return static_cast<size_t>(p - out);
}

// Values with at most 15 significant digits and few fraction digits: a decimal that short is
// the only one for its double, so the first that reads back exactly is the shortest text.
size_t FormatShortFixed(double value, char* out) {
  const bool negative = std::signbit(value);
  const double magnitude = negative ? -value : value;
  if (!(magnitude < 1e11) || magnitude < 1e-3) return 0;
  constexpr double kScales[] = {1.0, 10.0, 100.0, 1000.0};
  for (int places = 0; places < 4; ++places) {
    const double scaled = magnitude * kScales[places];
    const double nearest = std::nearbyint(scaled);
    if (nearest / kScales[places] != magnitude) continue;
    char* p = out;
    if (negative) *p++ = '-';
    const size_t head = static_cast<size_t>(p - out);
    if (places == 0) {
      p += FormatUint64(static_cast<uint64_t>(nearest), p);
      *p++ = '.';
      *p++ = '0';
      return static_cast<size_t>(p - out);
    }
    return head + FormatDecimal(static_cast<Int128>(nearest), places, p);
  }
  return 0;
}

template <typename F>
size_t FormatFloating(F value, char* out) {
  if (std::isnan(value)) {
    std::memcpy(out, "nan", 3);
    return 3;
  }
  char* p = out;
  if (std::signbit(value)) {
    *p++ = '-';
    value = -value;
  }
  if (std::isinf(value)) {
    std::memcpy(p, "inf", 3);
    return static_cast<size_t>(p + 3 - out);
  }
  if (value == 0) {
    std::memcpy(p, "0.0", 3);
    return static_cast<size_t>(p + 3 - out);
  }
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
  // `d[.ddd]e±dd`: gather the digits, read the exponent.
  char digits[24];
  int count = 0;
  const char* q = text;
  for (; *q != 'e'; ++q) {
    if (*q != '.') digits[count++] = *q;
  }
  int exponent = 0;
  for (const char* e = q + 2; e < end.ptr; ++e) exponent = exponent * 10 + (*e - '0');
  if (q[1] == '-') exponent = -exponent;
  return static_cast<size_t>(p - out) + LayOut(digits, count, exponent + 1, p);
}

}  // namespace

bool ParseInt64(std::string_view text, int64_t* out) {
  return ParseSigned<int64_t, uint64_t>(text, out);
}

bool ParseUint64(std::string_view text, uint64_t* out) {
  return ParseDigits<uint64_t>(text, std::numeric_limits<uint64_t>::max(), out);
}

bool ParseInt128(std::string_view text, Int128* out) {
  return ParseSigned<Int128, UInt128>(text, out);
}

bool ParseDouble(std::string_view text, double* out) {
  if (text.empty()) return false;
  double value = 0;
  const auto result = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return false;
  if (!std::isfinite(value)) {
    // A spelled infinity is meant, a number that became one is not; `nan(…)` is not a spelling.
    const char c = text.front() == '-' ? text[1] : text.front();
    if (IsDigit(c) || c == '.' || text.back() == ')') return false;
  }
  *out = value;
  return true;
}

bool ParseDecimal(std::string_view text, int precision, int scale, Int128* out, bool round) {
  DecimalText parts;
  if (!SplitDecimal(text, &parts)) return false;
  const int64_t shift = parts.exponent + scale;
  const int64_t kept = parts.significant + shift;  // Digits of the unscaled value.
  if (parts.significant > 0 && kept > precision) return false;
  Int128 value = 0;
  int64_t seen = 0;
  bool carry = false;
  for (const char c : parts.digits) {
    if (c == '.') continue;
    if (seen < kept) {
      value = value * 10 + static_cast<Int128>(DigitOf(c));
    } else if (c != '0' && !round) {
      return false;
    } else if (seen == kept) {
      carry = c >= '5';
    }
    ++seen;
  }
  if (parts.significant > 0 && shift > 0) value *= PowerOfTen(static_cast<int>(shift));
  if (carry) ++value;
  if (value >= PowerOfTen(precision)) return false;
  *out = parts.negative ? -value : value;
  return true;
}

Int128 PowerOfTen(int exponent) { return kPowersOfTen[static_cast<size_t>(exponent)]; }

size_t FormatUint64(uint64_t value, char* out) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return 1;
  }
  const unsigned length = CountDigits(value);
  char* p = out + length;
  while (value >= 100) {
    p -= 2;
    std::memcpy(p, &kDigitPairs[2 * (value % 100)], 2);
    value /= 100;
  }
  if (value >= 10) {
    std::memcpy(p - 2, &kDigitPairs[2 * value], 2);
  } else {
    p[-1] = static_cast<char>('0' + value);
  }
  return length;
}

size_t FormatInt64(int64_t value, char* out) {
  if (value >= 0) return FormatUint64(static_cast<uint64_t>(value), out);
  *out = '-';
  return 1 + FormatUint64(uint64_t{0} - static_cast<uint64_t>(value), out + 1);
}

size_t FormatDouble(double value, char* out) {
  if (const size_t length = FormatShortFixed(value, out); length != 0) return length;
  return FormatFloating(value, out);
}

size_t FormatFloat(float value, char* out) { return FormatFloating(value, out); }

size_t FormatDecimal(Int128 unscaled, int scale, char* out) {
  char* p = out;
  if (unscaled < 0) *p++ = '-';
  UInt128 magnitude =
      unscaled < 0 ? UInt128{0} - static_cast<UInt128>(unscaled) : static_cast<UInt128>(unscaled);
  // At most 39 digits and the zeros up to the scale, written from the end.
  char text[kDecimalTextMax];
  char* const end = text + sizeof(text);
  char* q = end;
  constexpr uint64_t kChunk = 1'000'000'000'000'000'000;  // 10^18
  while (magnitude >= kChunk) {
    uint64_t chunk = static_cast<uint64_t>(magnitude % kChunk);
    magnitude /= kChunk;
    for (int i = 0; i < 18; ++i, chunk /= 10) *--q = static_cast<char>('0' + chunk % 10);
  }
  for (uint64_t rest = static_cast<uint64_t>(magnitude); rest != 0; rest /= 10) {
    *--q = static_cast<char>('0' + rest % 10);
  }
  while (end - q <= scale) *--q = '0';
  const size_t whole = static_cast<size_t>(end - q - scale);
  std::memcpy(p, q, whole);
  p += whole;
  if (scale > 0) {
    *p++ = '.';
    std::memcpy(p, q + whole, static_cast<size_t>(scale));
    p += scale;
  }
  return static_cast<size_t>(p - out);
}

}  // namespace thalweg
