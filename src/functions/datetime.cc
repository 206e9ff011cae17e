#include <arrow/scalar.h>

#include <algorithm>
#include <cmath>

#include "base/civil_time.h"
#include "engine/cast_zone.h"
#include "engine/registry.h"
#include "functions/calendar.h"
#include "functions/date_part.h"
#include "functions/signature.h"

namespace thalweg::functions::datetime {
namespace {

using engine::Interval;
using engine::RowKernel;

constexpr char kFamily[] = "datetime";

Status OutOfRange(std::string_view name) {
  return Status::InvalidArgument(std::string(name) + ": beyond the range of TIMESTAMP");
}

/// Drops the first argument, a constant that the bind has read.
ScalarKernel WithoutFirst(ScalarKernel kernel) {
  return [kernel = std::move(kernel)](std::span<const arrow::Datum> datums, int64_t rows,
                                      const EvalContext& context) {
    return kernel(datums.subspan(1), rows, context);
  };
}

bool IsPoint(const TypePtr& type) {
  return type->id() == Type::DATE32 || type->id() == Type::TIMESTAMP;
}

/// TIMESTAMP for dates and text, TIMESTAMP WITH TIME ZONE where an argument is one.
Result<TypePtr> PointType(std::string_view name, std::span<const BindArgument> subjects,
                          std::span<const BindArgument> all) {
  TypePtr out = Timestamp();
  for (const BindArgument& subject : subjects) {
    const TypePtr type = engine::CanonicalType(subject.type);
    if (type->id() == Type::NA || IsTextConstant(subject)) continue;
    if (!IsPoint(type)) return WrongArguments(name, "a part's name and dates or timestamps", all);
    if (type->Equals(*Instant())) out = type;
  }
  return out;
}

Interval TruncateInterval(DatePart part, const Interval& value) {
  const auto months = [&](int32_t unit) {
    return Interval{value.months - value.months % unit, 0, 0};
  };
  const auto time = [&](int64_t unit_micros) {
    return Interval{value.months, value.days, value.nanos - value.nanos % (unit_micros * 1000)};
  };
  switch (part) {
    case DatePart::kMillennium:
      return months(12000);
    case DatePart::kCentury:
      return months(1200);
    case DatePart::kDecade:
      return months(120);
    case DatePart::kYear:
    case DatePart::kIsoYear:
      return months(12);
    case DatePart::kQuarter:
      return months(3);
    case DatePart::kMonth:
      return months(1);
    case DatePart::kWeek:
    case DatePart::kYearWeek:
      return {value.months, value.days - value.days % 7, 0};
    case DatePart::kHour:
      return time(3600 * kMicrosPerSecond);
    case DatePart::kMinute:
      return time(60 * kMicrosPerSecond);
    case DatePart::kSecond:
    case DatePart::kEpoch:
      return time(kMicrosPerSecond);
    case DatePart::kMillisecond:
      return time(1000);
    case DatePart::kMicrosecond:
    case DatePart::kNanosecond:
      return time(1);
    default:
      return {value.months, value.days, 0};
  }
}

Result<BoundScalar> BindTrunc(std::span<const BindArgument> arguments) {
  if (arguments.size() != 2) {
    return WrongArguments("date_trunc", "a part's name and a time", arguments);
  }
  THALWEG_ASSIGN_OR_RETURN(const DatePart part, ConstantDatePart("date_trunc", arguments[0]));
  const TypePtr given = engine::CanonicalType(arguments[1].type);
  if (given->id() == Type::INTERVAL_MONTH_DAY_NANO) {
    const auto truncate = [part](Interval value) { return TruncateInterval(part, value); };
    return BoundScalar{
        {Varchar(), given}, given, WithoutFirst(RowKernel<Interval, Interval>(given, truncate))};
  }
  THALWEG_ASSIGN_OR_RETURN(const TypePtr type,
                           PointType("date_trunc", arguments.subspan(1), arguments));
  ScalarKernel kernel =
      RowKernel<int64_t, int64_t>(Timestamp(), [part](int64_t micros) -> Result<int64_t> {
        int64_t out = 0;
        if (!TruncateTo(part, micros, &out)) return OutOfRange("date_trunc");
        return out;
      });
  const bool zoned = type->Equals(*Instant());
  if (zoned) kernel = InSessionZone(std::move(kernel));
  return BoundScalar{{Varchar(), type}, type, WithoutFirst(std::move(kernel)), !zoned};
}

/// Months from one point to another by the calendar's numbers.
int64_t MonthsBetween(const CivilTime& a, const CivilTime& b) {
  return (b.year - a.year) * 12 + (b.month - a.month);
}

constexpr int64_t kNoUnit = 0;
/// Microseconds of the parts that have a fixed length.
int64_t UnitMicros(DatePart part) {
  switch (part) {
    case DatePart::kMicrosecond:
    case DatePart::kNanosecond:
      return 1;
    case DatePart::kMillisecond:
      return 1000;
    case DatePart::kSecond:
    case DatePart::kEpoch:
      return kMicrosPerSecond;
    case DatePart::kMinute:
      return 60 * kMicrosPerSecond;
    case DatePart::kHour:
      return 3600 * kMicrosPerSecond;
    default:
      return kNoUnit;
  }
}

/// Whole months (or fewer) in a part that counts them.
int64_t UnitMonths(DatePart part) {
  switch (part) {
    case DatePart::kMonth:
      return 1;
    case DatePart::kQuarter:
      return 3;
    case DatePart::kYear:
      return 12;
    case DatePart::kDecade:
      return 120;
    case DatePart::kCentury:
      return 1200;
    case DatePart::kMillennium:
      return 12000;
    default:
      return kNoUnit;
  }
}

/// How many starts of `part` lie between the two points.
int64_t Boundaries(DatePart part, int64_t a, int64_t b) {
  if (const int64_t unit = UnitMicros(part)) return FloorDivide(b, unit) - FloorDivide(a, unit);
  const CivilTime from = CivilOf(a);
  const CivilTime to = CivilOf(b);
  const int64_t days = FloorDivide(b, kMicrosPerDay) - FloorDivide(a, kMicrosPerDay);
  switch (part) {
    case DatePart::kMonth:
      return MonthsBetween(from, to);
    case DatePart::kQuarter:
      return (to.year - from.year) * 4 + (to.month - 1) / 3 - (from.month - 1) / 3;
    case DatePart::kYear:
      return to.year - from.year;
    case DatePart::kIsoYear:
      return PartOf(DatePart::kIsoYear, to) - PartOf(DatePart::kIsoYear, from);
    case DatePart::kDecade:
      return FloorDivide(to.year, 10) - FloorDivide(from.year, 10);
    case DatePart::kCentury:
      return FloorDivide(to.year, 100) - FloorDivide(from.year, 100);
    case DatePart::kMillennium:
      return FloorDivide(to.year, 1000) - FloorDivide(from.year, 1000);
    case DatePart::kWeek:
    case DatePart::kYearWeek:
      return days / 7;
    default:
      return days;
  }
}

/// Whole months from `a` to `b`, b ≥ a: the most that can be added to `a` without passing `b`.
int64_t WholeMonths(int64_t a, int64_t b) {
  int64_t months = MonthsBetween(CivilOf(a), CivilOf(b));
  int64_t moved = 0;
  while (months > 0 && AddInterval(a, Interval{static_cast<int32_t>(months), 0, 0}, 1, &moved) &&
         moved > b) {
    --months;
  }
  return months;
}

/// How many whole parts lie between the two points.
int64_t WholeParts(DatePart part, int64_t a, int64_t b) {
  if (a > b) return -WholeParts(part, b, a);
  if (const int64_t months = UnitMonths(part)) return WholeMonths(a, b) / months;
  if (part == DatePart::kIsoYear) return WholeMonths(a, b) / 12;
  const Int128 micros = static_cast<Int128>(b) - a;
  if (const int64_t unit = UnitMicros(part)) return static_cast<int64_t>(micros / unit);
  const bool week = part == DatePart::kWeek || part == DatePart::kYearWeek;
  return static_cast<int64_t>(micros / kMicrosPerDay) / (week ? 7 : 1);
}

Bind BindDifference(std::string name, int64_t (*count)(DatePart, int64_t, int64_t)) {
  return [name, count](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() != 3) {
      return WrongArguments(name, "a part's name and two times", arguments);
    }
    THALWEG_ASSIGN_OR_RETURN(const DatePart part, ConstantDatePart(name, arguments[0]));
    const auto is_time = [](const BindArgument& argument) {
      return engine::CanonicalType(argument.type)->id() == Type::TIME64;
    };
    TypePtr type = TimeOfDay();
    if (!is_time(arguments[1]) && !is_time(arguments[2])) {
      THALWEG_ASSIGN_OR_RETURN(type, PointType(name, arguments.subspan(1), arguments));
    }
    ScalarKernel kernel = RowKernel<int64_t, int64_t, int64_t>(
        arrow::int64(), [=](int64_t a, int64_t b) { return count(part, a, b); });
    const bool zoned = type->Equals(*Instant());
    if (zoned) kernel = InSessionZone(std::move(kernel));
    return BoundScalar{
        {Varchar(), type, type}, arrow::int64(), WithoutFirst(std::move(kernel)), !zoned};
  };
}

/// Months, days and time between two points, field by field; a borrowed month has the days of the
/// earlier point's month.
Interval AgeOf(int64_t later, int64_t earlier) {
  if (later < earlier) {
    const Interval out = AgeOf(earlier, later);
    return {-out.months, -out.days, -out.nanos};
  }
  const CivilTime to = CivilOf(later);
  const CivilTime from = CivilOf(earlier);
  int64_t months = MonthsBetween(from, to);
  int days = to.day - from.day;
  int64_t micros = to.micros_of_day - from.micros_of_day;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --days;
  }
  if (days < 0) {
    days += DaysInMonth(from.year, from.month);
    --months;
  }
  return {static_cast<int32_t>(months), days, micros * 1000};
}

Result<int64_t> BucketOf(const Interval& width, int64_t micros, int64_t origin) {
  const bool by_month = width.months > 0 && width.days == 0 && width.nanos == 0;
  int64_t out = 0;
  if (by_month) {
    const CivilTime start = CivilOf(origin);
    const int64_t months = MonthsBetween(start, CivilOf(micros));
    int64_t moved = 0;
    // The bucket's number may be one too high where the origin lies inside a month.
    int64_t number = FloorDivide(months, width.months);
    for (int step = 0; step < 2; ++step, --number) {
      const int64_t shift = number * width.months;
      if (!std::in_range<int32_t>(shift) ||
          !AddInterval(origin, Interval{static_cast<int32_t>(shift), 0, 0}, 1, &moved)) {
        return OutOfRange("time_bucket");
      }
      if (moved <= micros) return moved;
    }
    return moved;
  }
  const Int128 size = static_cast<Int128>(width.days) * kMicrosPerDay + width.nanos / 1000;
  if (width.months != 0 || size <= 0) {
    return Status::InvalidArgument(
        "time_bucket: the width is either months or days and time, and above zero: " +
        engine::FormatInterval(width));
  }
  const Int128 distance = static_cast<Int128>(micros) - origin;
  Int128 rest = distance % size;
  if (rest < 0) rest += size;
  if (__builtin_sub_overflow(micros, static_cast<int64_t>(rest), &out)) {
    return OutOfRange("time_bucket");
  }
  return out;
}

/// Months count from 2000-01-01, other widths from Monday, 2000-01-03.
int64_t DefaultOrigin(const Interval& width) {
  return DaysFromCivil(2000, 1, width.months > 0 ? 1 : 3) * kMicrosPerDay;
}

std::vector<Overload> BucketOverloads() {
  const auto bucket = [](Interval width, int64_t micros) {
    return BucketOf(width, micros, DefaultOrigin(width));
  };
  const auto bucket_from = [](Interval width, int64_t micros, int64_t origin) {
    return BucketOf(width, micros, origin);
  };
  const auto bucket_day = [](Interval width, int32_t days) -> Result<int32_t> {
    THALWEG_ASSIGN_OR_RETURN(const int64_t start,
                             BucketOf(width, int64_t{days} * kMicrosPerDay, DefaultOrigin(width)));
    return static_cast<int32_t>(FloorDivide(start, kMicrosPerDay));
  };
  const auto two = RowKernel<int64_t, Interval, int64_t>(Timestamp(), bucket);
  const auto three = RowKernel<int64_t, Interval, int64_t, int64_t>(Timestamp(), bucket_from);
  return {
      {{IntervalOf(), arrow::date32()},
       arrow::date32(),
       RowKernel<int32_t, Interval, int32_t>(arrow::date32(), bucket_day)},
      {{IntervalOf(), Timestamp()}, Timestamp(), two},
      {{IntervalOf(), Timestamp(), Timestamp()}, Timestamp(), three},
      {{IntervalOf(), Instant()}, Instant(), InSessionZone(two), false, false},
      {{IntervalOf(), Instant(), Instant()}, Instant(), InSessionZone(three), false, false},
  };
}

int32_t LastDay(int32_t days) {
  int64_t year = 0;
  int month = 0;
  int day = 0;
  CivilFromDays(days, &year, &month, &day);
  return days + DaysInMonth(year, month) - day;
}

void RegisterArithmetic(engine::Registry& registry) {
  registry.Add(MakeFunction(
      kFamily,
      {"date_trunc",
       {"datetrunc"},
       "The start of the period that holds a time.",
       "Takes the parts of date_part. A DATE gives a TIMESTAMP.",
       {"date_trunc('month', TIMESTAMP '2020-05-17 10:11:12')  -- 2020-05-01 00:00:00"}},
      Bind(BindTrunc)));
  registry.Add(MakeFunction(kFamily,
                            {"date_diff",
                             {"datediff"},
                             "How many starts of a part lie between two times.",
                             "From the second argument to the third. A week is seven days.",
                             {"date_diff('month', DATE '2020-01-31', DATE '2020-02-01')  -- 1"}},
                            BindDifference("date_diff", Boundaries)));
  registry.Add(MakeFunction(kFamily,
                            {"date_sub",
                             {"datesub"},
                             "How many whole parts lie between two times.",
                             "",
                             {"date_sub('month', DATE '2020-01-15', DATE '2020-02-14')  -- 0"}},
                            BindDifference("date_sub", WholeParts)));
  const auto add = [](int64_t micros, Interval interval) -> Result<int64_t> {
    int64_t out = 0;
    if (!AddInterval(micros, interval, 1, &out)) return OutOfRange("date_add");
    return out;
  };
  const auto add_kernel = RowKernel<int64_t, int64_t, Interval>(Timestamp(), add);
  registry.Add(MakeFunction(
      kFamily,
      {"date_add",
       {},
       "A time moved by an interval.",
       "The same as `time + interval`.",
       {"date_add(DATE '2020-01-31', INTERVAL 1 MONTH)  -- 2020-02-29 00:00:00"}},
      {{{Timestamp(), IntervalOf()}, Timestamp(), add_kernel},
       {{Instant(), IntervalOf()}, Instant(), InSessionZone(add_kernel), false, false}}));
  const auto age = RowKernel<Interval, int64_t, int64_t>(IntervalOf(), AgeOf);
  const ScalarKernel age_today = [age](std::span<const arrow::Datum> datums, int64_t rows,
                                       const EvalContext& context) {
    const int64_t today = FloorDivide(context.now_micros, kMicrosPerDay) * kMicrosPerDay;
    const arrow::Datum both[] = {
        arrow::Datum(std::make_shared<arrow::TimestampScalar>(today, Timestamp())), datums[0]};
    return age(both, rows, context);
  };
  registry.Add(
      MakeFunction(kFamily,
                   {"age",
                    {},
                    "The first time less the second, in years, months and days.",
                    "With one argument: from it to today.",
                    {"age(DATE '2020-03-01', DATE '2020-01-31')  -- 1 month 1 day"}},
                   {{{Timestamp(), Timestamp()}, IntervalOf(), age},
                    {{Instant(), Instant()}, IntervalOf(), InSessionZone(age), false, false},
                    {{Timestamp()}, IntervalOf(), age_today, false, false}}));
  registry.Add(MakeFunction(
      kFamily,
      {"time_bucket",
       {},
       "The start of the interval of a fixed width that holds a time.",
       "Widths of months count from 2000-01-01, others from Monday, 2000-01-03, or from a third "
       "argument.",
       {"time_bucket(INTERVAL 15 MINUTE, TIMESTAMP '2020-01-01 10:22:00')  -- 2020-01-01 "
        "10:15:00"}},
      BucketOverloads()));
}

void RegisterNames(engine::Registry& registry) {
  const auto name_of_day = [](int64_t micros) {
    return kDayNames[PartOf(DatePart::kDayOfWeek, CivilOf(micros))];
  };
  const auto day_kernel = engine::TextKernel<int64_t>(
      Varchar(), [=](TextWriter& out, int64_t micros) { out.Append(name_of_day(micros)); });
  const auto month_kernel = engine::TextKernel<int64_t>(
      Varchar(),
      [](TextWriter& out, int64_t micros) { out.Append(kMonthNames[CivilOf(micros).month - 1]); });
  registry.Add(MakeFunction(kFamily,
                            {"dayname",
                             {},
                             "The English name of the day of the week.",
                             "",
                             {"dayname(DATE '2020-02-01')  -- 'Saturday'"}},
                            {{{Timestamp()}, Varchar(), day_kernel},
                             {{Instant()}, Varchar(), InSessionZone(day_kernel), false, false}}));
  registry.Add(MakeFunction(kFamily,
                            {"monthname",
                             {},
                             "The English name of the month.",
                             "",
                             {"monthname(DATE '2020-02-01')  -- 'February'"}},
                            {{{Timestamp()}, Varchar(), month_kernel},
                             {{Instant()}, Varchar(), InSessionZone(month_kernel), false, false}}));
  const auto last_kernel = RowKernel<int32_t, int64_t>(arrow::date32(), [](int64_t micros) {
    return LastDay(static_cast<int32_t>(FloorDivide(micros, kMicrosPerDay)));
  });
  registry.Add(MakeFunction(
      kFamily,
      {"last_day",
       {},
       "The last day of the month.",
       "",
       {"last_day(DATE '2020-02-01')  -- 2020-02-29"}},
      {{{arrow::date32()}, arrow::date32(), RowKernel<int32_t, int32_t>(arrow::date32(), LastDay)},
       {{Timestamp()}, arrow::date32(), last_kernel},
       {{Instant()}, arrow::date32(), InSessionZone(last_kernel), false, false}}));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  RegisterArithmetic(registry);
  RegisterNames(registry);
}

}  // namespace thalweg::functions::datetime
