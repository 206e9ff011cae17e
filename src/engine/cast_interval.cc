#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/civil_time.h"
#include "base/number.h"
#include "engine/cast.h"

namespace thalweg::engine {
namespace {

struct Unit {
  std::string_view name;  ///< Singular; a final `s` is taken off the text before the search.
  int64_t months = 0;
  int64_t days = 0;
  int64_t micros = 0;
};

constexpr int64_t kSecond = kMicrosPerSecond;
constexpr Unit kUnits[] = {
    {"year", 12, 0, 0},
    {"yr", 12, 0, 0},
    {"y", 12, 0, 0},
    {"quarter", 3, 0, 0},
    {"decade", 120, 0, 0},
    {"dec", 120, 0, 0},
    {"century", 1200, 0, 0},
    {"centurie", 1200, 0, 0},
    {"cent", 1200, 0, 0},
    {"c", 1200, 0, 0},
    {"millennium", 12000, 0, 0},
    {"millennia", 12000, 0, 0},
    {"mil", 12000, 0, 0},
    {"month", 1, 0, 0},
    {"mon", 1, 0, 0},
    {"week", 0, 7, 0},
    {"w", 0, 7, 0},
    {"day", 0, 1, 0},
    {"d", 0, 1, 0},
    {"dayofmonth", 0, 1, 0},
    {"hour", 0, 0, 3600 * kSecond},
    {"hr", 0, 0, 3600 * kSecond},
    {"h", 0, 0, 3600 * kSecond},
    {"minute", 0, 0, 60 * kSecond},
    {"min", 0, 0, 60 * kSecond},
    {"m", 0, 0, 60 * kSecond},
    {"second", 0, 0, kSecond},
    {"sec", 0, 0, kSecond},
    {"millisecond", 0, 0, 1000},
    {"msec", 0, 0, 1000},
    {"microsecond", 0, 0, 1},
    {"usec", 0, 0, 1},
};

const Unit* FindUnit(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  // Too short to lose its `s`.
  static constexpr Unit kShort[] = {{"s", 0, 0, kSecond}, {"ms", 0, 0, 1000}, {"us", 0, 0, 1}};
  for (const Unit& unit : kShort) {
    if (unit.name == lower) return &unit;
  }
  for (const Unit& unit : kUnits) {
    if (unit.name == lower) return &unit;
  }
  if (!lower.empty() && lower.back() == 's') lower.pop_back();
  for (const Unit& unit : kUnits) {
    if (unit.name == lower) return &unit;
  }
  return nullptr;
}

/// Adds `whole` and the fraction `millionths` of a unit. A month's fraction is days of thirty to
/// the month, a day's fraction is time.
bool AddUnits(const Unit& unit, int64_t whole, int64_t millionths, Interval* sum, int64_t* micros) {
  int64_t months = 0;
  int64_t days = 0;
  int64_t time = 0;
  if (__builtin_mul_overflow(whole, unit.months, &months)) return false;
  if (__builtin_mul_overflow(whole, unit.days, &days)) return false;
  if (__builtin_mul_overflow(whole, unit.micros, &time)) return false;
  if (millionths != 0) {
    const int64_t part_months = millionths * unit.months;
    months += part_months / 1'000'000;
    const int64_t part_days = part_months % 1'000'000 * 30 + millionths * unit.days;
    days += part_days / 1'000'000;
    time += part_days % 1'000'000 * (kMicrosPerDay / 1'000'000);
    time += static_cast<int64_t>(static_cast<Int128>(millionths) * unit.micros / 1'000'000);
  }
  if (__builtin_add_overflow(*micros, time, micros)) return false;
  const int64_t all_months = sum->months + months;
  const int64_t all_days = sum->days + days;
  if (!std::in_range<int32_t>(all_months) || !std::in_range<int32_t>(all_days)) return false;
  sum->months = static_cast<int32_t>(all_months);
  sum->days = static_cast<int32_t>(all_days);
  return true;
}

class IntervalParser {
 public:
  explicit IntervalParser(std::string_view text) : text_(text) {}

  bool Parse(Interval* out) {
    Interval sum;
    int64_t micros = 0;
    bool any = false;
    for (SkipSpaces(); !text_.empty(); SkipSpaces()) {
      if (Word("ago")) {
        if (!any || !(SkipSpaces(), text_.empty())) return false;
        sum.months = -sum.months;
        sum.days = -sum.days;
        micros = -micros;
        break;
      }
      if (!Term(&sum, &micros)) return false;
      any = true;
    }
    if (!any || __builtin_mul_overflow(micros, 1000, &sum.nanos)) return false;
    *out = sum;
    return true;
  }

 private:
  void SkipSpaces() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t' || text_[0] == '\n')) {
      text_.remove_prefix(1);
    }
  }
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  static bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  bool Word(std::string_view word) {
    if (text_.size() < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if ((text_[i] | 0x20) != word[i]) return false;
    }
    text_.remove_prefix(word.size());
    return true;
  }

  bool Term(Interval* sum, int64_t* micros) {
    bool negative = false;
    if (text_[0] == '-' || text_[0] == '+') {
      negative = text_[0] == '-';
      text_.remove_prefix(1);
    }
    size_t digits = 0;
    while (digits < text_.size() && IsDigit(text_[digits])) ++digits;
    if (digits < text_.size() && text_[digits] == ':') return Clock(negative, micros);
    int64_t whole = 0;
    if (digits > 0 && !ParseInt64(text_.substr(0, digits), &whole)) return false;
    text_.remove_prefix(digits);
    int64_t millionths = 0;
    if (!Fraction(digits == 0, &millionths)) return false;
    SkipSpaces();
    size_t letters = 0;
    while (letters < text_.size() && IsLetter(text_[letters])) ++letters;
    // A bare number counts seconds, and nothing stands after it.
    if (letters == 0 && !text_.empty()) return false;
    const Unit* unit = FindUnit(letters == 0 ? "s" : text_.substr(0, letters));
    if (unit == nullptr) return false;
    text_.remove_prefix(letters);
    return AddUnits(*unit, negative ? -whole : whole, negative ? -millionths : millionths, sum,
                    micros);
  }

  bool Fraction(bool required, int64_t* millionths) {
    if (text_.empty() || text_[0] != '.') return !required;
    text_.remove_prefix(1);
    size_t digits = 0;
    int64_t scale = 100'000;
    while (digits < text_.size() && IsDigit(text_[digits])) {
      *millionths += (text_[digits] - '0') * scale;
      scale /= 10;
      ++digits;
    }
    text_.remove_prefix(digits);
    return digits > 0 || !required;
  }

  /// `hours:minutes[:seconds[.fraction]]`; hours may pass 24.
  bool Clock(bool negative, int64_t* micros) {
    int64_t parts[3] = {0, 0, 0};
    for (int i = 0; i < 3; ++i) {
      size_t digits = 0;
      while (digits < text_.size() && IsDigit(text_[digits])) ++digits;
      if (!ParseInt64(text_.substr(0, digits), &parts[i])) return false;
      if (i > 0 && (parts[i] > 59 || digits > 2)) return false;
      text_.remove_prefix(digits);
      if (i == 2 || text_.empty() || text_[0] != ':') {
        if (i == 0) return false;
        break;
      }
      text_.remove_prefix(1);
    }
    int64_t millionths = 0;
    if (!Fraction(false, &millionths)) return false;
    int64_t time = 0;
    if (__builtin_mul_overflow(parts[0], 3600 * kSecond, &time)) return false;
    if (__builtin_add_overflow(time, (parts[1] * 60 + parts[2]) * kSecond + millionths, &time)) {
      return false;
    }
    return !__builtin_add_overflow(*micros, negative ? -time : time, micros);
  }

  std::string_view text_;
};

void AppendUnit(int64_t count, std::string_view name, std::string* out) {
  if (count == 0) return;
  if (!out->empty()) *out += ' ';
  *out += std::to_string(count);
  *out += ' ';
  out->append(name);
  if (count != 1 && count != -1) *out += 's';
}

}  // namespace

bool ParseInterval(std::string_view text, Interval* out) { return IntervalParser(text).Parse(out); }

std::string FormatInterval(const Interval& value) {
  std::string out;
  AppendUnit(value.months / 12, "year", &out);
  AppendUnit(value.months % 12, "month", &out);
  AppendUnit(value.days, "day", &out);
  const int64_t micros = value.nanos / 1000;
  if (micros == 0 && !out.empty()) return out;
  if (!out.empty()) out += ' ';
  if (micros < 0) out += '-';
  const uint64_t magnitude =
      micros < 0 ? 0 - static_cast<uint64_t>(micros) : static_cast<uint64_t>(micros);
  const uint64_t hours = magnitude / (3600 * kSecond);
  char text[kTimeOfDayTextMax];
  const size_t size = FormatTimeOfDay(static_cast<int64_t>(magnitude % (3600 * kSecond)), text);
  if (hours < 10) out += '0';
  out += std::to_string(hours);
  // What the clock text says after its hours.
  out.append(text + 2, size - 2);
  return out;
}

}  // namespace thalweg::engine
