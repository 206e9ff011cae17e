#include "codecs/text_value.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <system_error>

namespace thalweg::codecs::text {
namespace {

/// Texts of asked-for numbers may start with a plus sign, as CAST takes them.
std::string_view WithoutPlus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  return text;
}

/// Room for a number whose point is another byte.
constexpr size_t kPointTextMax = 128;

/// `text` with `point` as `.`; empty where it already holds one or is too long.
std::string_view WithPoint(std::string_view text, char point, char* room) {
  if (point == '.') return text;
  if (text.size() > kPointTextMax || text.find('.') != std::string_view::npos) return {};
  std::replace_copy(text.begin(), text.end(), room, point, '.');
  return {room, text.size()};
}

bool ParseFloat(std::string_view text, float* out) {
  double wide = 0;
  if (!ParseDouble(text, &wide)) return false;
  float value = 0;
  const auto result = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || std::isinf(value) != std::isinf(wide)) return false;
  *out = value;
  return true;
}

}  // namespace

template <typename T>
bool IntegerReader<T>::Exact(std::string_view text, T* out) const {
  text = TrimSpaces(text);
  if (inferred) {
    int64_t value = 0;
    if (!InferredInteger(text, &value)) return false;
    *out = static_cast<T>(value);
    return static_cast<int64_t>(*out) == value;
  }
  text = WithoutPlus(text);
  if constexpr (std::is_same_v<T, uint64_t>) {
    return ParseUint64(text == "-0" ? "0" : text, out);
  } else {
    int64_t value = 0;
    if (!ParseInt64(text, &value)) return false;
    if (value < static_cast<int64_t>(std::numeric_limits<T>::min()) ||
        value > static_cast<int64_t>(std::numeric_limits<T>::max())) {
      return false;
    }
    *out = static_cast<T>(value);
    return true;
  }
}

template struct IntegerReader<int8_t>;
template struct IntegerReader<int16_t>;
template struct IntegerReader<int32_t>;
template struct IntegerReader<int64_t>;
template struct IntegerReader<uint8_t>;
template struct IntegerReader<uint16_t>;
template struct IntegerReader<uint32_t>;
template struct IntegerReader<uint64_t>;

template <typename T>
bool FloatReader<T>::Exact(std::string_view text, T* out) const {
  char room[kPointTextMax];
  text = WithPoint(TrimSpaces(text), rules.point, room);
  if (!rules.inferred) text = WithoutPlus(text);
  if constexpr (std::is_same_v<T, float>) {
    return ParseFloat(text, out);
  } else {
    return rules.inferred ? InferredDouble(text, out) : ParseDouble(text, out);
  }
}

template struct FloatReader<float>;
template struct FloatReader<double>;

bool DecimalReader::Exact(std::string_view text, Int128* out) const {
  char room[kPointTextMax];
  text = WithoutPlus(WithPoint(TrimSpaces(text), point, room));
  return ParseDecimal(text, precision, scale, out);
}

bool DateReader::Exact(std::string_view text, int32_t* out) const {
  return ParseDate(TrimSpaces(text), out);
}

bool TimeReader::Exact(std::string_view text, int64_t* out) const {
  return ParseTimeOfDay(TrimSpaces(text), out);
}

bool TimestampReader::Exact(std::string_view text, int64_t* out) const {
  int64_t micros = 0;
  text = TrimSpaces(text);
  if (inferred) return InferredTimestamp(text, zone, out);
  bool has_zone = false;
  if (!ParseTimestamp(text, &micros, &has_zone)) return false;
  switch (unit) {
    case arrow::TimeUnit::MICRO:
      *out = micros;
      return true;
    case arrow::TimeUnit::NANO:
      return !__builtin_mul_overflow(micros, int64_t{1000}, out);
    case arrow::TimeUnit::MILLI:
    case arrow::TimeUnit::SECOND: {
      const int64_t divisor = unit == arrow::TimeUnit::MILLI ? 1000 : kMicrosPerSecond;
      if (micros % divisor != 0) return false;
      *out = micros / divisor;
      return true;
    }
  }
  return false;
}

bool BooleanReader::Exact(std::string_view text, bool* out) const {
  text = TrimSpaces(text);
  if (InferredBoolean(text, out)) return true;
  if (inferred || text.size() > 3) return false;
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  for (const std::string_view yes : {"t", "1", "y", "yes"}) {
    if (lower == yes) {
      *out = true;
      return true;
    }
  }
  for (const std::string_view no : {"f", "0", "n", "no"}) {
    if (lower == no) {
      *out = false;
      return true;
    }
  }
  return false;
}

}  // namespace thalweg::codecs::text
