#pragma once

#include <optional>
#include <string_view>

#include "functions/calendar.h"
#include "functions/signature.h"

namespace thalweg::functions {

enum class DatePart : uint8_t {
  kYear,
  kMonth,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
  kEpoch,
  kDayOfWeek,
  kIsoDayOfWeek,
  kDayOfYear,
  kWeek,
  kIsoYear,
  kYearWeek,
  kQuarter,
  kDecade,
  kCentury,
  kMillennium,
  kEra,
  kJulian,
  kTimezone,
  kTimezoneHour,
  kTimezoneMinute,
};

/// By its name, in any case, with DuckDB's spellings.
std::optional<DatePart> FindDatePart(std::string_view name);
/// Of a constant argument, or `invalid_argument` naming the function.
Result<DatePart> ConstantDatePart(std::string_view function, const BindArgument& argument);

/// Of a calendar point; the time-zone parts are 0. Not for kEpoch and kJulian.
int64_t PartOf(DatePart part, const CivilTime& civil);

/// ISO 8601 week and its year.
void IsoWeekOf(const CivilTime& civil, int64_t* iso_year, int* week);

/// The start of the period that holds `micros`. False where it leaves the range.
bool TruncateTo(DatePart part, int64_t micros, int64_t* out);

/// Wraps a kernel over TIMESTAMP for TIMESTAMP WITH TIME ZONE: arguments are turned into what a
/// clock in the session's zone shows, and a TIMESTAMP answer back.
ScalarKernel InSessionZone(ScalarKernel kernel);

inline const char* kMonthNames[] = {"January",   "February", "March",    "April",
                                    "May",       "June",     "July",     "August",
                                    "September", "October",  "November", "December"};
inline const char* kDayNames[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                  "Thursday", "Friday", "Saturday"};

}  // namespace thalweg::functions
