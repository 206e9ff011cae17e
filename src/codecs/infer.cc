#include "codecs/infer.h"

#include <cmath>

#include "base/civil_time.h"
#include "base/number.h"

namespace thalweg::codecs {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool HasLeadingZero(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && IsDigit(text[1]);
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

bool FinerThanMicros(std::string_view text) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos) return false;
  for (size_t i = point + 1; i < text.size() && IsDigit(text[i]); ++i) {
    if (i > point + 6 && text[i] != '0') return true;
  }
  return false;
}

bool ParseZoned(std::string_view text, int64_t* micros, bool* has_zone) {
  return ParseTimestamp(text, micros, has_zone) && !FinerThanMicros(text);
}

}  // namespace

std::string_view TrimSpaces(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool InferredInteger(std::string_view text, int64_t* out) {
  return !HasLeadingZero(text) && text != "-0" && ParseInt64(text, out);
}

bool InferredDouble(std::string_view text, double* out) {
  double value = 0;
  if (HasLeadingZero(text) || !ParseDouble(text, &value)) return false;
  // An integer that doubles cannot tell from its neighbours would be changed.
  if (std::abs(value) >= 9007199254740992.0 && std::isfinite(value) &&
      text.find_first_not_of("-0123456789") == std::string_view::npos) {
    int64_t integer = 0;
    if (!ParseInt64(text, &integer) || std::abs(value) >= 9223372036854775808.0 ||
        static_cast<int64_t>(value) != integer) {
      return false;
    }
  }
  *out = value;
  return true;
}

bool InferredBoolean(std::string_view text, bool* out) {
  const bool yes = EqualsIgnoringCase(text, "true");
  if (!yes && !EqualsIgnoringCase(text, "false")) return false;
  *out = yes;
  return true;
}

bool InferredTimestamp(std::string_view text, ZoneRule rule, int64_t* micros) {
  int64_t value = 0;
  bool has_zone = false;
  if (!ParseZoned(text, &value, &has_zone)) return false;
  if (rule != ZoneRule::kAny && has_zone != (rule == ZoneRule::kPresent)) return false;
  *micros = value;
  return true;
}

void TypeGuess::Add(std::string_view text) {
  text = TrimSpaces(text);
  any_ = true;
  if (boolean_) {
    bool value = false;
    boolean_ = InferredBoolean(text, &value);
  }
  if (integer_) {
    int64_t value = 0;
    integer_ = InferredInteger(text, &value);
  }
  if (double_) {
    double value = 0;
    double_ = InferredDouble(text, &value);
    number_ = number_ || (double_ && text.find_first_of("0123456789") != std::string_view::npos);
  }
  if (date_) {
    int32_t value = 0;
    date_ = ParseDate(text, &value);
  }
  if (timestamp_) {
    int64_t value = 0;
    bool has_zone = false;
    timestamp_ = ParseZoned(text, &value, &has_zone);
    const ZoneRule zone = has_zone ? ZoneRule::kPresent : ZoneRule::kAbsent;
    if (timestamp_ && zone_ == ZoneRule::kAny) zone_ = zone;
    timestamp_ = timestamp_ && zone_ == zone;
  }
}

std::shared_ptr<arrow::DataType> TypeGuess::type() const {
  if (!any_) return nullptr;
  if (boolean_) return arrow::boolean();
  if (integer_) return arrow::int64();
  if (double_ && number_) return arrow::float64();
  if (date_) return arrow::date32();
  if (timestamp_) return arrow::timestamp(arrow::TimeUnit::MICRO);
  return arrow::utf8();
}

bool TypeGuess::Fits(std::string_view text) const {
  TypeGuess with = *this;
  with.Add(text);
  const auto before = type();
  return before != nullptr && before->Equals(*with.type());
}

}  // namespace thalweg::codecs
