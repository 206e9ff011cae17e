#pragma once

#include <cstdint>

#include "engine/cast.h"

// Calendar arithmetic that arithmetic and the date functions share.
namespace thalweg::functions {

/// Quotient towards minus infinity; `divisor` is positive.
inline int64_t FloorDivide(int64_t value, int64_t divisor) {
  return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/// A date and a time of day.
struct CivilTime {
  int64_t year = 1970;
  int month = 1;
  int day = 1;
  int64_t micros_of_day = 0;
};
CivilTime CivilOf(int64_t micros);
/// False where it leaves the range of TIMESTAMP. The month may lie outside 1…12 and the day outside
/// its month.
bool MicrosOf(const CivilTime& civil, int64_t* micros);

/// The same day `months` later, or the last day of that month.
bool AddMonths(int32_t days, int64_t months, int32_t* out);

/// Months, then days, then time. `sign` is 1 or -1. False where it leaves the range.
bool AddInterval(int64_t micros, const engine::Interval& interval, int sign, int64_t* out);

/// Whole days and the rest, both of the sign of the difference.
engine::Interval IntervalBetween(int64_t micros, int64_t earlier_micros);

/// False where a part leaves its range. A month's fraction becomes days (30 to the month), a day's
/// fraction time.
bool ScaleInterval(const engine::Interval& value, double factor, engine::Interval* out);

}  // namespace thalweg::functions
