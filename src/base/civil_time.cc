#include "base/civil_time.h"

#include <cstring>
#include <limits>

#include "base/check.h"

namespace thalweg {
namespace {

constexpr int64_t kDaysPerEra = 146'097;   // 400 years.
constexpr int64_t kDaysToEpoch = 719'468;  // From 0000-03-01 to 1970-01-01.
constexpr int kYearDigitsMax = 7;

// Years are counted from March, so that the leap day comes last.
int64_t DayCount(int64_t y, int m, int d) {
  y -= m <= 2 ? 1 : 0;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t month_from_march = m > 2 ? m - 3 : m + 9;
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + d - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysToEpoch;
}

// Reads two digits at `p`; `*bad` collects what is not a digit, so that callers test once.
unsigned TwoDigits(const char* p, unsigned* bad) {
  const unsigned tens = static_cast<unsigned char>(p[0]) - unsigned{'0'};
  const unsigned ones = static_cast<unsigned char>(p[1]) - unsigned{'0'};
  *bad |= static_cast<unsigned>(tens > 9) | static_cast<unsigned>(ones > 9);
  return tens * 10 + ones;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A date at the start of `*text`, which is moved behind it.
bool TakeDate(std::string_view* text, int64_t* days) {
  const bool negative = !text->empty() && text->front() == '-';
  std::string_view rest = text->substr(negative ? 1 : 0);
  int64_t year = 0;
  size_t digits = 0;
  while (digits < rest.size() && IsDigit(rest[digits])) {
    if (digits == kYearDigitsMax) return false;
    year = year * 10 + (rest[digits++] - '0');
  }
  if (digits < 4 || rest.size() < digits + 6) return false;
  const char* p = rest.data() + digits;
  unsigned bad = 0;
  const unsigned month = TwoDigits(p + 1, &bad);
  const unsigned day = TwoDigits(p + 4, &bad);
  if (bad != 0 || p[0] != '-' || p[3] != '-' || month < 1 || month > 12 || day < 1) return false;
  rest.remove_prefix(digits + 6);
  if (negative) year = -year;
  constexpr std::string_view kBeforeChrist = " (BC)";
  if (!negative && year > 0 && rest.starts_with(kBeforeChrist)) {
    year = 1 - year;
    rest.remove_prefix(kBeforeChrist.size());
  }
  if (day > 28 && static_cast<int>(day) > DaysInMonth(year, static_cast<int>(month))) return false;
  *days = DayCount(year, static_cast<int>(month), static_cast<int>(day));
  *text = rest;
  return true;
}

// A time of day at the start of `*text`, which is moved behind it.
bool TakeTimeOfDay(std::string_view* text, int64_t* micros) {
  if (text->size() < 5) return false;
  const char* p = text->data();
  unsigned bad = 0;
  const unsigned hour = TwoDigits(p, &bad);
  const unsigned minute = TwoDigits(p + 3, &bad);
  if (bad != 0 || p[2] != ':' || hour > 23 || minute > 59) return false;
  int64_t value = (int64_t{hour} * 3600 + int64_t{minute} * 60) * kMicrosPerSecond;
  size_t used = 5;
  if (text->size() > 5 && p[5] == ':') {
    if (text->size() < 8) return false;
    const unsigned second = TwoDigits(p + 6, &bad);
    if (bad != 0 || second > 59) return false;
    value += int64_t{second} * kMicrosPerSecond;
    used = 8;
    if (text->size() > 8 && p[8] == '.') {
      int64_t unit = kMicrosPerSecond;
      for (used = 9; used < text->size() && IsDigit(p[used]); ++used) {
        unit /= 10;
        value += unit * (p[used] - '0');
      }
      if (used == 9 || used > 18) return false;
    }
  }
  text->remove_prefix(used);
  *micros = value;
  return true;
}

// The zone that is the whole of `text`, as microseconds east of UTC.
bool ParseZone(std::string_view text, int64_t* offset) {
  if (text == "Z" || text == "z") {
    *offset = 0;
    return true;
  }
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return false;
  const bool west = text[0] == '-';
  unsigned parts[3] = {0, 0, 0};
  unsigned bad = 0;
  parts[0] = TwoDigits(text.data() + 1, &bad);
  if (text.size() == 5) {
    parts[1] = TwoDigits(text.data() + 3, &bad);
  } else if (text.size() == 6 || text.size() == 9) {
    if (text[3] != ':') return false;
    parts[1] = TwoDigits(text.data() + 4, &bad);
    if (text.size() == 9) {
      if (text[6] != ':') return false;
      parts[2] = TwoDigits(text.data() + 7, &bad);
    }
  } else if (text.size() != 3) {
    return false;
  }
  if (bad != 0 || parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return false;
  const int64_t seconds = int64_t{parts[0]} * 3600 + int64_t{parts[1]} * 60 + int64_t{parts[2]};
  *offset = (west ? -seconds : seconds) * kMicrosPerSecond;
  return true;
}

char* PutTwoDigits(unsigned value, char* out) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

char* PutYear(uint64_t year, char* out) {
  if (year < 10000) {
    out = PutTwoDigits(static_cast<unsigned>(year / 100), out);
    return PutTwoDigits(static_cast<unsigned>(year % 100), out);
  }
  char reversed[20];
  size_t n = 0;
  for (; year != 0; year /= 10) reversed[n++] = static_cast<char>('0' + year % 10);
  while (n != 0) *out++ = reversed[--n];
  return out;
}

}  // namespace

bool IsLeapYear(int64_t y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); }

int DaysInMonth(int64_t y, int m) {
  THALWEG_DCHECK(m >= 1 && m <= 12);
  if (m == 2) return IsLeapYear(y) ? 29 : 28;
  return 30 + ((m + (m >> 3)) & 1);
}

int32_t DaysFromCivil(int64_t y, int m, int d) {
  THALWEG_DCHECK(m >= 1 && m <= 12);
  const int64_t days = DayCount(y, m, d);
  THALWEG_DCHECK(days >= std::numeric_limits<int32_t>::min() &&
                 days <= std::numeric_limits<int32_t>::max());
  return static_cast<int32_t>(days);
}

// Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms",
// Software: Practice and Experience 53 (2023): divisions become multiplications and shifts.
void CivilFromDays(int32_t days, int64_t* y, int* m, int* d) {
  constexpr int64_t kEras = 14'704;  // Enough 400-year eras to make every count positive.
  const uint64_t quarters =
      4 * static_cast<uint64_t>(days + kDaysToEpoch + kEras * kDaysPerEra) + 3;
  const uint64_t century = quarters / kDaysPerEra;
  const uint64_t day_of_century = (quarters % kDaysPerEra) / 4;
  const uint64_t scaled = 2'939'745 * (4 * day_of_century + 3);
  const uint64_t year_of_century = scaled >> 32;
  const auto day_of_year = static_cast<uint32_t>((scaled & 0xffff'ffffU) / 2'939'745 / 4);
  const uint32_t month_and_day = 2'141 * day_of_year + 197'913;
  const bool next_year = day_of_year >= 306;  // January and February end the year from March.
  *y = static_cast<int64_t>(100 * century + year_of_century) - kEras * 400 + (next_year ? 1 : 0);
  *m = static_cast<int>((month_and_day >> 16) - (next_year ? 12 : 0));
  *d = static_cast<int>((month_and_day & 0xffffU) / 2'141) + 1;
}

bool ParseDate(std::string_view text, int32_t* days) {
  int64_t count = 0;
  if (!TakeDate(&text, &count) || !text.empty()) return false;
  if (count < std::numeric_limits<int32_t>::min() || count > std::numeric_limits<int32_t>::max()) {
    return false;
  }
  *days = static_cast<int32_t>(count);
  return true;
}

bool ParseTimeOfDay(std::string_view text, int64_t* micros) {
  int64_t value = 0;
  if (!TakeTimeOfDay(&text, &value) || !text.empty()) return false;
  *micros = value;
  return true;
}

bool ParseTimestamp(std::string_view text, int64_t* micros, bool* has_zone) {
  int64_t days = 0;
  int64_t time = 0;
  int64_t offset = 0;
  bool zone = false;
  if (!TakeDate(&text, &days)) return false;
  if (!text.empty()) {
    if (text[0] != ' ' && text[0] != 'T' && text[0] != 't') return false;
    text.remove_prefix(1);
    if (!TakeTimeOfDay(&text, &time)) return false;
    zone = !text.empty();
    if (zone && !ParseZone(text, &offset)) return false;
  }
  // The first representable instant lies within a day whose midnight is not representable, so
  // that a day counted up keeps both factors in range.
  int64_t value = 0;
  const int64_t within = time - offset;
  if (days < 0) {
    if (__builtin_mul_overflow(days + 1, kMicrosPerDay, &value) ||
        __builtin_add_overflow(value, within - kMicrosPerDay, &value)) {
      return false;
    }
  } else if (__builtin_mul_overflow(days, kMicrosPerDay, &value) ||
             __builtin_add_overflow(value, within, &value)) {
    return false;
  }
  *micros = value;
  *has_zone = zone;
  return true;
}

size_t FormatDate(int32_t days, char* out) {
  int64_t year = 0;
  int month = 0;
  int day = 0;
  CivilFromDays(days, &year, &month, &day);
  const bool before_christ = year <= 0;
  char* p = PutYear(static_cast<uint64_t>(before_christ ? 1 - year : year), out);
  *p++ = '-';
  p = PutTwoDigits(static_cast<unsigned>(month), p);
  *p++ = '-';
  p = PutTwoDigits(static_cast<unsigned>(day), p);
  if (before_christ) {
    std::memcpy(p, " (BC)", 5);
    p += 5;
  }
  return static_cast<size_t>(p - out);
}

size_t FormatTimeOfDay(int64_t micros, char* out) {
  THALWEG_DCHECK(micros >= 0 && micros <= kMicrosPerDay);
  auto seconds = static_cast<unsigned>(micros / kMicrosPerSecond);
  auto fraction = static_cast<unsigned>(micros % kMicrosPerSecond);
  char* p = PutTwoDigits(seconds / 3600, out);
  *p++ = ':';
  p = PutTwoDigits(seconds / 60 % 60, p);
  *p++ = ':';
  p = PutTwoDigits(seconds % 60, p);
  if (fraction != 0) {
    *p++ = '.';
    size_t digits = 6;
    for (; fraction % 10 == 0; fraction /= 10) --digits;
    for (size_t i = digits; i != 0; fraction /= 10) {
      p[--i] = static_cast<char>('0' + fraction % 10);
    }
    p += digits;
  }
  return static_cast<size_t>(p - out);
}

size_t FormatTimestamp(int64_t micros, char* out) {
  int64_t days = micros / kMicrosPerDay;
  int64_t time = micros % kMicrosPerDay;
  if (time < 0) {
    time += kMicrosPerDay;
    --days;
  }
  size_t length = FormatDate(static_cast<int32_t>(days), out);
  out[length++] = ' ';
  return length + FormatTimeOfDay(time, out + length);
}

}  // namespace thalweg
