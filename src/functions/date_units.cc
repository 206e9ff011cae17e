#include <cmath>

#include "base/civil_time.h"
#include "engine/cast_zone.h"
#include "engine/registry.h"
#include "functions/date_part.h"

namespace thalweg::functions {
namespace {

struct PartName {
  std::string_view name;
  DatePart part;
};
constexpr PartName kNames[] = {
    {"year", DatePart::kYear},
    {"years", DatePart::kYear},
    {"y", DatePart::kYear},
    {"yr", DatePart::kYear},
    {"yrs", DatePart::kYear},
    {"month", DatePart::kMonth},
    {"months", DatePart::kMonth},
    {"mon", DatePart::kMonth},
    {"mons", DatePart::kMonth},
    {"day", DatePart::kDay},
    {"days", DatePart::kDay},
    {"d", DatePart::kDay},
    {"dayofmonth", DatePart::kDay},
    {"hour", DatePart::kHour},
    {"hours", DatePart::kHour},
    {"h", DatePart::kHour},
    {"hr", DatePart::kHour},
    {"hrs", DatePart::kHour},
    {"minute", DatePart::kMinute},
    {"minutes", DatePart::kMinute},
    {"m", DatePart::kMinute},
    {"min", DatePart::kMinute},
    {"mins", DatePart::kMinute},
    {"second", DatePart::kSecond},
    {"seconds", DatePart::kSecond},
    {"s", DatePart::kSecond},
    {"sec", DatePart::kSecond},
    {"secs", DatePart::kSecond},
    {"millisecond", DatePart::kMillisecond},
    {"milliseconds", DatePart::kMillisecond},
    {"ms", DatePart::kMillisecond},
    {"msec", DatePart::kMillisecond},
    {"msecs", DatePart::kMillisecond},
    {"milli", DatePart::kMillisecond},
    {"microsecond", DatePart::kMicrosecond},
    {"microseconds", DatePart::kMicrosecond},
    {"us", DatePart::kMicrosecond},
    {"usec", DatePart::kMicrosecond},
    {"usecs", DatePart::kMicrosecond},
    {"micro", DatePart::kMicrosecond},
    {"nanosecond", DatePart::kNanosecond},
    {"nanoseconds", DatePart::kNanosecond},
    {"ns", DatePart::kNanosecond},
    {"nano", DatePart::kNanosecond},
    {"epoch", DatePart::kEpoch},
    {"dow", DatePart::kDayOfWeek},
    {"dayofweek", DatePart::kDayOfWeek},
    {"weekday", DatePart::kDayOfWeek},
    {"isodow", DatePart::kIsoDayOfWeek},
    {"doy", DatePart::kDayOfYear},
    {"dayofyear", DatePart::kDayOfYear},
    {"week", DatePart::kWeek},
    {"weeks", DatePart::kWeek},
    {"w", DatePart::kWeek},
    {"weekofyear", DatePart::kWeek},
    {"isoyear", DatePart::kIsoYear},
    {"yearweek", DatePart::kYearWeek},
    {"quarter", DatePart::kQuarter},
    {"quarters", DatePart::kQuarter},
    {"decade", DatePart::kDecade},
    {"decades", DatePart::kDecade},
    {"century", DatePart::kCentury},
    {"centuries", DatePart::kCentury},
    {"millennium", DatePart::kMillennium},
    {"millennia", DatePart::kMillennium},
    {"millenium", DatePart::kMillennium},
    {"era", DatePart::kEra},
    {"julian", DatePart::kJulian},
    {"timezone", DatePart::kTimezone},
    {"timezone_hour", DatePart::kTimezoneHour},
    {"timezone_minute", DatePart::kTimezoneMinute},
};

int32_t DayNumber(const CivilTime& civil) {
  return DaysFromCivil(civil.year, civil.month, civil.day);
}

/// 0: Sunday.
int64_t WeekdayOf(int64_t days) { return days + 4 - FloorDivide(days + 4, 7) * 7; }

/// Periods of `years`: 1 … years is number 1, 0 … 1-years is number -1; there is none numbered 0.
int64_t PeriodNumber(int64_t year, int64_t years) {
  return year > 0 ? (year - 1) / years + 1 : -((-year) / years + 1);
}

int64_t FirstYear(int64_t year, int64_t years) { return FloorDivide(year, years) * years; }

}  // namespace

std::optional<DatePart> FindDatePart(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  for (const PartName& entry : kNames) {
    if (entry.name == lower) return entry.part;
  }
  return {};
}

Result<DatePart> ConstantDatePart(std::string_view function, const BindArgument& argument) {
  const std::optional<std::string> name = ConstantText(argument);
  if (!name) {
    return Status::InvalidArgument(std::string(function) +
                                   ": the first argument is the constant name of a date part, "
                                   "such as 'month'");
  }
  if (const auto part = FindDatePart(*name)) return *part;
  std::vector<std::string> known;
  for (const PartName& entry : kNames) known.emplace_back(entry.name);
  return Status::InvalidArgument(std::string(function) + ": no such date part: '" + *name + "'" +
                                 DidYouMean(*name, known));
}

void IsoWeekOf(const CivilTime& civil, int64_t* iso_year, int* week) {
  const int64_t days = DayNumber(civil);
  // The Thursday of a week tells its year.
  const int64_t weekday = (WeekdayOf(days) + 6) % 7;
  const int64_t thursday = days - weekday + 3;
  int64_t year = 0;
  int month = 0;
  int day = 0;
  CivilFromDays(static_cast<int32_t>(thursday), &year, &month, &day);
  *iso_year = year;
  *week = static_cast<int>((thursday - DaysFromCivil(year, 1, 1)) / 7) + 1;
}

int64_t PartOf(DatePart part, const CivilTime& civil) {
  const int64_t seconds = civil.micros_of_day / kMicrosPerSecond;
  const int64_t in_minute = civil.micros_of_day % (60 * kMicrosPerSecond);
  int64_t iso_year = 0;
  int week = 0;
  switch (part) {
    case DatePart::kYear:
      return civil.year;
    case DatePart::kMonth:
      return civil.month;
    case DatePart::kDay:
      return civil.day;
    case DatePart::kHour:
      return seconds / 3600;
    case DatePart::kMinute:
      return seconds / 60 % 60;
    case DatePart::kSecond:
      return seconds % 60;
    case DatePart::kMillisecond:
      return in_minute / 1000;
    case DatePart::kMicrosecond:
      return in_minute;
    case DatePart::kNanosecond:
      return in_minute * 1000;
    case DatePart::kDayOfWeek:
      return WeekdayOf(DayNumber(civil));
    case DatePart::kIsoDayOfWeek:
      return (WeekdayOf(DayNumber(civil)) + 6) % 7 + 1;
    case DatePart::kDayOfYear:
      return DayNumber(civil) - DaysFromCivil(civil.year, 1, 1) + 1;
    case DatePart::kWeek:
    case DatePart::kIsoYear:
    case DatePart::kYearWeek:
      IsoWeekOf(civil, &iso_year, &week);
      if (part == DatePart::kWeek) return week;
      if (part == DatePart::kIsoYear) return iso_year;
      return iso_year * 100 + (iso_year > 0 ? week : -week);
    case DatePart::kQuarter:
      return (civil.month - 1) / 3 + 1;
    case DatePart::kDecade:
      return civil.year / 10;
    case DatePart::kCentury:
      return PeriodNumber(civil.year, 100);
    case DatePart::kMillennium:
      return PeriodNumber(civil.year, 1000);
    case DatePart::kEra:
      return civil.year > 0 ? 1 : 0;
    case DatePart::kEpoch:
    case DatePart::kJulian:
    case DatePart::kTimezone:
    case DatePart::kTimezoneHour:
    case DatePart::kTimezoneMinute:
      return 0;
  }
  return 0;
}

bool TruncateTo(DatePart part, int64_t micros, int64_t* out) {
  CivilTime civil = CivilOf(micros);
  const auto floor_time = [&](int64_t unit) {
    civil.micros_of_day -= civil.micros_of_day % unit;
    return MicrosOf(civil, out);
  };
  switch (part) {
    case DatePart::kNanosecond:
    case DatePart::kMicrosecond:
      *out = micros;
      return true;
    case DatePart::kMillisecond:
      return floor_time(1000);
    case DatePart::kSecond:
    case DatePart::kEpoch:
      return floor_time(kMicrosPerSecond);
    case DatePart::kMinute:
    case DatePart::kTimezoneMinute:
      return floor_time(60 * kMicrosPerSecond);
    case DatePart::kHour:
    case DatePart::kTimezoneHour:
      return floor_time(3600 * kMicrosPerSecond);
    default:
      break;
  }
  civil.micros_of_day = 0;
  int64_t iso_year = 0;
  int week = 0;
  switch (part) {
    case DatePart::kWeek:
    case DatePart::kYearWeek:
      civil.day -= static_cast<int>(PartOf(DatePart::kIsoDayOfWeek, civil)) - 1;
      return MicrosOf(civil, out);
    case DatePart::kIsoYear:
      IsoWeekOf(civil, &iso_year, &week);
      civil.day -= static_cast<int>(PartOf(DatePart::kIsoDayOfWeek, civil)) - 1 + 7 * (week - 1);
      return MicrosOf(civil, out);
    case DatePart::kMonth:
      break;
    case DatePart::kQuarter:
      civil.month = (civil.month - 1) / 3 * 3 + 1;
      break;
    case DatePart::kYear:
      civil.month = 1;
      break;
    case DatePart::kDecade:
      civil.month = 1;
      civil.year = FirstYear(civil.year, 10);
      break;
    case DatePart::kCentury:
      civil.month = 1;
      civil.year = FirstYear(civil.year, 100);
      break;
    case DatePart::kMillennium:
      civil.month = 1;
      civil.year = FirstYear(civil.year, 1000);
      break;
    default:
      return MicrosOf(civil, out);  // Parts of a day's name cut to the day.
  }
  civil.day = 1;
  return MicrosOf(civil, out);
}

ScalarKernel InSessionZone(ScalarKernel kernel) {
  return [kernel = std::move(kernel)](std::span<const arrow::Datum> datums, int64_t rows,
                                      const EvalContext& context) -> Result<arrow::Datum> {
    std::vector<arrow::Datum> local;
    for (const arrow::Datum& datum : datums) {
      if (!datum.type()->Equals(*Instant())) {
        local.push_back(datum);
        continue;
      }
      THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, engine::ToArray(datum, rows));
      THALWEG_ASSIGN_OR_RETURN(ArrayPtr shown,
                               engine::CastArray(array, Timestamp(), false, context));
      local.emplace_back(std::move(shown));
    }
    THALWEG_ASSIGN_OR_RETURN(const arrow::Datum answer, kernel(local, rows, context));
    if (!answer.type()->Equals(*Timestamp())) return answer;
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, engine::ToArray(answer, rows));
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr out, engine::CastArray(array, Instant(), false, context));
    return arrow::Datum(std::move(out));
  };
}

}  // namespace thalweg::functions
