#include "functions/calendar.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/civil_time.h"

namespace thalweg::functions {

CivilTime CivilOf(int64_t micros) {
  CivilTime out;
  const int64_t days = FloorDivide(micros, kMicrosPerDay);
  out.micros_of_day = micros - days * kMicrosPerDay;
  CivilFromDays(static_cast<int32_t>(days), &out.year, &out.month, &out.day);
  return out;
}

bool MicrosOf(const CivilTime& civil, int64_t* micros) {
  const int64_t month_index = int64_t{civil.month} - 1;
  const int64_t year = civil.year + FloorDivide(month_index, 12);
  const int month = static_cast<int>(month_index - FloorDivide(month_index, 12) * 12) + 1;
  // The years in which 64 bits of microseconds lie, with room.
  if (year < -300'000 || year > 300'000) return false;
  const int64_t days = DaysFromCivil(year, month, civil.day);
  int64_t out = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &out)) return false;
  return !__builtin_add_overflow(out, civil.micros_of_day, micros);
}

bool AddMonths(int32_t days, int64_t months, int32_t* out) {
  int64_t year = 0;
  int month = 0;
  int day = 0;
  CivilFromDays(days, &year, &month, &day);
  const int64_t index = month - 1 + months;
  const int64_t to_year = year + FloorDivide(index, 12);
  const int to_month = static_cast<int>(index - FloorDivide(index, 12) * 12) + 1;
  if (to_year < -5'800'000 || to_year > 5'800'000) return false;
  *out = DaysFromCivil(to_year, to_month, std::min(day, DaysInMonth(to_year, to_month)));
  return true;
}

bool AddInterval(int64_t micros, const engine::Interval& interval, int sign, int64_t* out) {
  int64_t days = FloorDivide(micros, kMicrosPerDay);
  const int64_t time = micros - days * kMicrosPerDay;
  if (interval.months != 0) {
    int32_t moved = 0;
    if (!AddMonths(static_cast<int32_t>(days), int64_t{interval.months} * sign, &moved)) {
      return false;
    }
    days = moved;
  }
  days += int64_t{interval.days} * sign;
  int64_t sum = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &sum)) return false;
  if (__builtin_add_overflow(sum, time, &sum)) return false;
  return !__builtin_add_overflow(sum, interval.nanos / 1000 * sign, out);
}

engine::Interval IntervalBetween(int64_t micros, int64_t earlier_micros) {
  const Int128 difference = static_cast<Int128>(micros) - earlier_micros;
  engine::Interval out;
  out.days = static_cast<int32_t>(difference / kMicrosPerDay);
  out.nanos = static_cast<int64_t>(difference % kMicrosPerDay) * 1000;
  return out;
}

bool ScaleInterval(const engine::Interval& value, double factor, engine::Interval* out) {
  const double months = value.months * factor;
  const double whole_months = std::trunc(months);
  const double month_days = (months - whole_months) * 30;
  const double days = value.days * factor;
  const double whole_days = std::trunc(month_days) + std::trunc(days);
  const double part_days = (month_days - std::trunc(month_days)) + (days - std::trunc(days));
  const double nanos = std::round(static_cast<double>(value.nanos) * factor / 1000) * 1000 +
                       std::round(part_days * static_cast<double>(kMicrosPerDay)) * 1000;
  constexpr double kDaysMax = 2147483647.0;
  constexpr double kNanosMax = 9.2e18;
  if (!(std::fabs(whole_months) <= kDaysMax && std::fabs(whole_days) <= kDaysMax &&
        std::fabs(nanos) <= kNanosMax)) {
    return false;
  }
  *out = {static_cast<int32_t>(whole_months), static_cast<int32_t>(whole_days),
          static_cast<int64_t>(nanos)};
  return true;
}

}  // namespace thalweg::functions
