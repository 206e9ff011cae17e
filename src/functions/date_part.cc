#include "functions/date_part.h"

#include <cmath>

#include "base/civil_time.h"
#include "engine/cast_zone.h"
#include "engine/registry.h"

namespace thalweg::functions {
namespace date_part {
namespace {

using engine::Interval;
using engine::RowKernel;

constexpr char kFamily[] = "datetime";

double SecondsOf(const Interval& value) {
  // A year is 365.25 days, a month beyond whole years 30 days.
  const double days =
      value.months / 12 * 365.25 + value.months % 12 * 30 + static_cast<double>(value.days);
  return days * 86400 + static_cast<double>(value.nanos / 1000) / 1e6;
}

std::optional<int64_t> IntervalPart(DatePart part, const Interval& value) {
  const int64_t micros = value.nanos / 1000;
  switch (part) {
    case DatePart::kYear:
      return value.months / 12;
    case DatePart::kMonth:
      return value.months % 12;
    case DatePart::kDay:
      return value.days;
    case DatePart::kQuarter:
      return value.months % 12 / 3 + 1;
    case DatePart::kDecade:
      return value.months / 120;
    case DatePart::kCentury:
      return value.months / 1200;
    case DatePart::kMillennium:
      return value.months / 12000;
    case DatePart::kHour:
      return micros / (3600 * kMicrosPerSecond);
    case DatePart::kMinute:
      return micros / (60 * kMicrosPerSecond) % 60;
    case DatePart::kSecond:
      return micros / kMicrosPerSecond % 60;
    case DatePart::kMillisecond:
      return micros % (60 * kMicrosPerSecond) / 1000;
    case DatePart::kMicrosecond:
      return micros % (60 * kMicrosPerSecond);
    case DatePart::kNanosecond:
      return micros % (60 * kMicrosPerSecond) * 1000;
    default:
      return {};
  }
}

constexpr double kJulianOfEpoch = 2440588;  // Of midnight, 1970-01-01, as SQL counts it.

ScalarKernel RealPart(DatePart part, const arrow::DataType& type) {
  const bool epoch = part == DatePart::kEpoch;
  if (type.id() == Type::DATE32) {
    return RowKernel<double, int32_t>(arrow::float64(), [epoch](int32_t days) {
      return epoch ? days * 86400.0 : days + kJulianOfEpoch;
    });
  }
  if (type.id() == Type::INTERVAL_MONTH_DAY_NANO) {
    return RowKernel<double, Interval>(arrow::float64(), SecondsOf);
  }
  return RowKernel<double, int64_t>(arrow::float64(), [epoch](int64_t micros) {
    if (epoch) return static_cast<double>(micros) / 1e6;
    return static_cast<double>(micros) / static_cast<double>(kMicrosPerDay) + kJulianOfEpoch;
  });
}

/// Time-zone parts: of the session's zone at that instant.
ScalarKernel OffsetKernel(DatePart part) {
  return [part](std::span<const arrow::Datum> datums, int64_t rows,
                const EvalContext& context) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(engine::Zone zone, engine::Zone::Find(context.time_zone));
    const auto offset = [&zone, part](int64_t micros) {
      const int64_t seconds = zone.OffsetSeconds(micros);
      if (part == DatePart::kTimezone) return seconds;
      return part == DatePart::kTimezoneHour ? seconds / 3600 : seconds / 60 % 60;
    };
    return RowKernel<int64_t, int64_t>(arrow::int64(), offset)(datums, rows, context);
  };
}

bool IsOffset(DatePart part) {
  return part == DatePart::kTimezone || part == DatePart::kTimezoneHour ||
         part == DatePart::kTimezoneMinute;
}

ScalarKernel WholePart(DatePart part, const arrow::DataType& type) {
  const TypePtr out = arrow::int64();
  switch (type.id()) {
    case Type::DATE32:
      return RowKernel<int64_t, int32_t>(out, [part](int32_t days) {
        CivilTime civil;
        CivilFromDays(days, &civil.year, &civil.month, &civil.day);
        return PartOf(part, civil);
      });
    case Type::TIME64:
      return RowKernel<int64_t, int64_t>(
          out, [part](int64_t micros) { return PartOf(part, CivilTime{1970, 1, 1, micros}); });
    case Type::INTERVAL_MONTH_DAY_NANO:
      return RowKernel<int64_t, Interval>(
          out, [part](Interval value) { return IntervalPart(part, value); });
    default:
      return RowKernel<int64_t, int64_t>(
          out, [part](int64_t micros) { return PartOf(part, CivilOf(micros)); });
  }
}

/// What a part is taken from: DATE, TIMESTAMP, TIMESTAMP WITH TIME ZONE, TIME or INTERVAL.
Result<TypePtr> SubjectType(std::string_view name, const BindArgument& argument,
                            std::span<const BindArgument> all) {
  TypePtr type = engine::CanonicalType(argument.type);
  if (type->id() == Type::NA || IsTextConstant(argument)) return Timestamp();
  const bool known = type->id() == Type::DATE32 || type->id() == Type::TIMESTAMP ||
                     type->id() == Type::TIME64 || type->id() == Type::INTERVAL_MONTH_DAY_NANO;
  if (!known) return WrongArguments(name, "a date, time, timestamp or interval", all);
  return type;
}

bool IsTimePart(DatePart part) {
  return (part >= DatePart::kHour && part <= DatePart::kEpoch) || IsOffset(part);
}

/// A kernel over one argument of `type`.
Result<BoundScalar> BindPart(std::string_view name, DatePart part, const TypePtr& type) {
  const bool real = part == DatePart::kEpoch || part == DatePart::kJulian;
  const bool interval = type->id() == Type::INTERVAL_MONTH_DAY_NANO;
  const bool wrong_for_time = type->id() == Type::TIME64 && !IsTimePart(part);
  if (wrong_for_time ||
      (interval && part != DatePart::kEpoch && !IntervalPart(part, Interval{}).has_value())) {
    return Status::InvalidArgument(std::string(name) + ": a " + columnar::SqlTypeName(*type) +
                                   " has no such part");
  }
  BoundScalar out;
  out.parameters = {type};
  out.result = real ? arrow::float64() : arrow::int64();
  out.kernel = real ? RealPart(part, *type) : WholePart(part, *type);
  if (type->Equals(*Instant())) {
    // Seconds since 1970 are the same in every zone.
    if (IsOffset(part)) {
      out.kernel = OffsetKernel(part);
    } else if (part != DatePart::kEpoch) {
      out.kernel = InSessionZone(out.kernel);
    }
    out.constant_foldable = false;
  }
  return out;
}

/// (part, subject): the part is a constant that the kernel does not see.
Result<BoundScalar> BindDatePart(std::span<const BindArgument> arguments) {
  if (arguments.size() != 2) {
    return WrongArguments("date_part", "a part's name and a time", arguments);
  }
  THALWEG_ASSIGN_OR_RETURN(const DatePart part, ConstantDatePart("date_part", arguments[0]));
  THALWEG_ASSIGN_OR_RETURN(const TypePtr type, SubjectType("date_part", arguments[1], arguments));
  THALWEG_ASSIGN_OR_RETURN(BoundScalar out, BindPart("date_part", part, type));
  out.parameters.insert(out.parameters.begin(), Varchar());
  out.kernel = [kernel = out.kernel](std::span<const arrow::Datum> datums, int64_t rows,
                                     const EvalContext& context) {
    return kernel(datums.subspan(1), rows, context);
  };
  return out;
}

void AddNamed(engine::Registry& registry, std::string name, std::vector<std::string> aliases,
              DatePart part, std::string summary, std::string example) {
  Bind bind = [name, part](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() != 1) return WrongArguments(name, "one time", arguments);
    THALWEG_ASSIGN_OR_RETURN(const TypePtr type, SubjectType(name, arguments[0], arguments));
    return BindPart(name, part, type);
  };
  About about{name,
              std::move(aliases),
              std::move(summary),
              "The same as date_part with that part's name.",
              {std::move(example)}};
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(bind)));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  registry.Add(MakeFunction(
      kFamily,
      {"date_part",
       {"datepart", "extract"},
       "One part of a date, time, timestamp or interval.",
       "Parts: year, month, day, hour, minute, second, millisecond, microsecond, nanosecond (the "
       "last three with the seconds), epoch (seconds since 1970, as DOUBLE), dow (Sunday 0), "
       "isodow "
       "(Monday 1), doy, week (ISO), isoyear, yearweek, quarter, decade, century, millennium, era, "
       "julian, timezone, timezone_hour, timezone_minute. `EXTRACT(part FROM time)` is the same.",
       {"date_part('year', DATE '2020-05-17')  -- 2020",
        "extract(dow FROM DATE '2020-05-17')  -- 0"}},
      Bind(BindDatePart)));
  AddNamed(registry, "year", {}, DatePart::kYear, "The year.", "year(DATE '2020-05-17')  -- 2020");
  AddNamed(registry, "month", {}, DatePart::kMonth, "The month, 1 to 12.",
           "month(DATE '2020-05-17')  -- 5");
  AddNamed(registry, "day", {"dayofmonth"}, DatePart::kDay, "The day of the month.",
           "day(DATE '2020-05-17')  -- 17");
  AddNamed(registry, "hour", {}, DatePart::kHour, "The hour, 0 to 23.",
           "hour(TIMESTAMP '2020-05-17 10:11:12')  -- 10");
  AddNamed(registry, "minute", {}, DatePart::kMinute, "The minute.",
           "minute(TIMESTAMP '2020-05-17 10:11:12')  -- 11");
  AddNamed(registry, "second", {}, DatePart::kSecond, "The whole seconds.",
           "second(TIMESTAMP '2020-05-17 10:11:12')  -- 12");
  AddNamed(registry, "millisecond", {}, DatePart::kMillisecond,
           "The milliseconds, seconds included.",
           "millisecond(TIMESTAMP '2020-05-17 10:11:12.5')  -- 12500");
  AddNamed(registry, "microsecond", {}, DatePart::kMicrosecond,
           "The microseconds, seconds included.",
           "microsecond(TIMESTAMP '2020-05-17 10:11:12.5')  -- 12500000");
  AddNamed(registry, "nanosecond", {}, DatePart::kNanosecond, "The nanoseconds, seconds included.",
           "nanosecond(TIMESTAMP '2020-05-17 00:00:00.5')  -- 500000000");
  AddNamed(registry, "dayofweek", {"weekday"}, DatePart::kDayOfWeek,
           "The day of the week, Sunday 0.", "dayofweek(DATE '2020-05-17')  -- 0");
  AddNamed(registry, "isodow", {}, DatePart::kIsoDayOfWeek,
           "The day of the week, Monday 1, Sunday 7.", "isodow(DATE '2020-05-17')  -- 7");
  AddNamed(registry, "dayofyear", {}, DatePart::kDayOfYear, "The day of the year, from 1.",
           "dayofyear(DATE '2020-05-17')  -- 138");
  AddNamed(registry, "week", {"weekofyear"}, DatePart::kWeek, "The ISO 8601 week.",
           "week(DATE '2021-01-01')  -- 53");
  AddNamed(registry, "isoyear", {}, DatePart::kIsoYear, "The year of the ISO 8601 week.",
           "isoyear(DATE '2021-01-01')  -- 2020");
  AddNamed(registry, "yearweek", {}, DatePart::kYearWeek, "ISO year and week as one number.",
           "yearweek(DATE '2021-01-01')  -- 202053");
  AddNamed(registry, "quarter", {}, DatePart::kQuarter, "The quarter, 1 to 4.",
           "quarter(DATE '2020-05-17')  -- 2");
  AddNamed(registry, "decade", {}, DatePart::kDecade, "The year divided by ten.",
           "decade(DATE '2020-05-17')  -- 202");
  AddNamed(registry, "century", {}, DatePart::kCentury,
           "The century, of which 1901 starts the 20th.", "century(DATE '2020-05-17')  -- 21");
  AddNamed(registry, "millennium", {}, DatePart::kMillennium, "The millennium.",
           "millennium(DATE '2020-05-17')  -- 3");
  AddNamed(registry, "era", {}, DatePart::kEra, "1 for years AD, 0 for years BC.",
           "era(DATE '2020-05-17')  -- 1");
  AddNamed(registry, "julian", {}, DatePart::kJulian,
           "The Julian day as DOUBLE, starting at midnight.",
           "julian(DATE '2020-05-17')  -- 2458987.0");
  AddNamed(registry, "epoch", {}, DatePart::kEpoch, "Seconds since 1970-01-01 UTC, as DOUBLE.",
           "epoch(TIMESTAMP '1970-01-01 00:01:00')  -- 60.0");
}

}  // namespace date_part
}  // namespace thalweg::functions
