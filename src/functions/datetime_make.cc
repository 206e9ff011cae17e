#include <arrow/scalar.h>

#include <cmath>

#include "base/civil_time.h"
#include "engine/cast_zone.h"
#include "engine/registry.h"
#include "functions/calendar.h"
#include "functions/date_part.h"
#include "functions/signature.h"

namespace thalweg::functions::datetime_make {
namespace {

using engine::Interval;
using engine::RowKernel;

constexpr char kFamily[] = "datetime";

// The query's start.

Result<arrow::Datum> Now(std::span<const arrow::Datum>, int64_t, const EvalContext& context) {
  return arrow::Datum(std::make_shared<arrow::TimestampScalar>(context.now_micros, Instant()));
}

Result<int64_t> LocalNow(const EvalContext& context) {
  THALWEG_ASSIGN_OR_RETURN(engine::Zone zone, engine::Zone::Find(context.time_zone));
  int64_t out = 0;
  if (!zone.ToLocal(context.now_micros, &out)) {
    return Status::InvalidArgument("now: beyond the range of TIMESTAMP");
  }
  return out;
}

Result<arrow::Datum> Today(std::span<const arrow::Datum>, int64_t, const EvalContext& context) {
  THALWEG_ASSIGN_OR_RETURN(const int64_t now, LocalNow(context));
  const auto days = static_cast<int32_t>(FloorDivide(now, kMicrosPerDay));
  return arrow::Datum(std::make_shared<arrow::Date32Scalar>(days));
}

Result<arrow::Datum> LocalTimestamp(std::span<const arrow::Datum>, int64_t,
                                    const EvalContext& context) {
  THALWEG_ASSIGN_OR_RETURN(const int64_t now, LocalNow(context));
  return arrow::Datum(std::make_shared<arrow::TimestampScalar>(now, Timestamp()));
}

Result<arrow::Datum> LocalTime(std::span<const arrow::Datum>, int64_t, const EvalContext& context) {
  THALWEG_ASSIGN_OR_RETURN(const int64_t now, LocalNow(context));
  const int64_t time = now - FloorDivide(now, kMicrosPerDay) * kMicrosPerDay;
  return arrow::Datum(std::make_shared<arrow::Time64Scalar>(time, TimeOfDay()));
}

Result<arrow::Datum> UnixNow(std::span<const arrow::Datum>, int64_t, const EvalContext& context) {
  const int64_t seconds = FloorDivide(context.now_micros, kMicrosPerSecond);
  return arrow::Datum(std::make_shared<arrow::Int64Scalar>(seconds));
}

// From numbers.

Result<int32_t> MakeDate(int64_t year, int64_t month, int64_t day) {
  const bool good = year >= -5'000'000 && year <= 5'000'000 && month >= 1 && month <= 12 &&
                    day >= 1 && day <= DaysInMonth(year, static_cast<int>(month));
  if (!good) {
    return Status::InvalidArgument("make_date: no such day: " + std::to_string(year) + '-' +
                                   std::to_string(month) + '-' + std::to_string(day));
  }
  return DaysFromCivil(year, static_cast<int>(month), static_cast<int>(day));
}

Result<int64_t> MakeTime(int64_t hour, int64_t minute, double second) {
  const bool good =
      hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second < 60;
  const double micros = good ? std::round(second * 1e6) : 0;
  if (!good || micros >= 60e6) {
    return Status::InvalidArgument("make_time: no such time of day: " + std::to_string(hour) + ':' +
                                   std::to_string(minute) + ':' + std::to_string(second));
  }
  return (hour * 60 + minute) * 60 * kMicrosPerSecond + static_cast<int64_t>(micros);
}

Result<int64_t> MakeTimestamp(int64_t year, int64_t month, int64_t day, int64_t hour,
                              int64_t minute, double second) {
  THALWEG_ASSIGN_OR_RETURN(const int32_t days, MakeDate(year, month, day));
  THALWEG_ASSIGN_OR_RETURN(const int64_t time, MakeTime(hour, minute, second));
  int64_t out = 0;
  if (!AddInterval(0, Interval{0, days, time * 1000}, 1, &out)) {
    return Status::InvalidArgument("make_timestamp: beyond the range of TIMESTAMP");
  }
  return out;
}

Result<int64_t> FromSeconds(double seconds) {
  const double micros = std::round(seconds * 1e6);
  if (!(std::fabs(micros) < 9.2e18)) {
    return Status::InvalidArgument("to_timestamp: beyond the range of TIMESTAMP");
  }
  return static_cast<int64_t>(micros);
}

Result<int64_t> FromUnits(int64_t count, int64_t micros_per_unit) {
  int64_t out = 0;
  if (__builtin_mul_overflow(count, micros_per_unit, &out)) {
    return Status::InvalidArgument("epoch: beyond the range of TIMESTAMP: " +
                                   std::to_string(count));
  }
  return out;
}

/// Counts of a unit since 1970, or back from a count where `back` allows it.
std::vector<Overload> EpochOverloads(int64_t numerator, int64_t denominator, bool back) {
  const auto count = [=](int64_t micros) -> Result<int64_t> {
    if (denominator > 1) return micros / denominator;
    int64_t out = 0;
    if (__builtin_mul_overflow(micros, numerator, &out)) {
      return Status::InvalidArgument("epoch: overflow of BIGINT");
    }
    return out;
  };
  const ScalarKernel kernel = RowKernel<int64_t, int64_t>(arrow::int64(), count);
  std::vector<Overload> out = {{{Timestamp()}, arrow::int64(), kernel},
                               {{Instant()}, arrow::int64(), kernel}};
  if (back) {
    out.push_back({{arrow::int64()},
                   Timestamp(),
                   RowKernel<int64_t, int64_t>(
                       Timestamp(), [=](int64_t value) { return FromUnits(value, denominator); })});
  }
  return out;
}

Overload Duration(int64_t months, int64_t days, int64_t micros) {
  return {{arrow::int64()},
          IntervalOf(),
          RowKernel<Interval, int64_t>(IntervalOf(), [=](int64_t count) -> Result<Interval> {
            int64_t all_months = 0;
            int64_t all_days = 0;
            int64_t nanos = 0;
            if (__builtin_mul_overflow(count, months, &all_months) ||
                __builtin_mul_overflow(count, days, &all_days) ||
                __builtin_mul_overflow(count, micros * 1000, &nanos) ||
                !std::in_range<int32_t>(all_months) || !std::in_range<int32_t>(all_days)) {
              return Status::InvalidArgument("overflow of INTERVAL: " + std::to_string(count));
            }
            return Interval{static_cast<int32_t>(all_months), static_cast<int32_t>(all_days),
                            nanos};
          })};
}

// AT TIME ZONE.

/// (zone, time): a TIMESTAMP is what a clock there shows, and becomes an instant; an instant
/// becomes what a clock there shows.
ScalarKernel ZoneKernel(bool to_instant) {
  return [to_instant](std::span<const arrow::Datum> datums, int64_t rows,
                      const EvalContext& context) -> Result<arrow::Datum> {
    engine::Zone zone;
    std::string name;
    const TypePtr type = to_instant ? Instant() : Timestamp();
    const auto convert = [&](std::string_view wanted, int64_t micros) -> Result<int64_t> {
      if (wanted != name) {
        THALWEG_ASSIGN_OR_RETURN(zone, engine::Zone::Find(wanted));
        name = wanted;
      }
      int64_t out = 0;
      if (!(to_instant ? zone.ToUtc(micros, &out) : zone.ToLocal(micros, &out))) {
        return Status::InvalidArgument("timezone: beyond the range of TIMESTAMP");
      }
      return out;
    };
    return RowKernel<int64_t, std::string_view, int64_t>(type, convert)(datums, rows, context);
  };
}

void RegisterNow(engine::Registry& registry) {
  constexpr char kOnce[] = "Fixed for the whole query.";
  const auto add = [&](About about, TypePtr type, ScalarKernel kernel) {
    registry.Add(MakeFunction(kFamily, std::move(about),
                              {{{}, std::move(type), std::move(kernel), false, false}}));
  };
  add({"now",
       {"current_timestamp", "transaction_timestamp", "get_current_timestamp"},
       "The query's start as TIMESTAMP WITH TIME ZONE.",
       kOnce,
       {"now()"}},
      Instant(), Now);
  add({"current_date",
       {"today"},
       "The day of the query's start in the session's zone.",
       kOnce,
       {"current_date"}},
      arrow::date32(), Today);
  add({"localtimestamp",
       {"current_localtimestamp"},
       "The query's start as a clock in the session's zone shows it.",
       kOnce,
       {"localtimestamp"}},
      Timestamp(), LocalTimestamp);
  add({"current_time",
       {"localtime", "get_current_time", "current_localtime"},
       "The time of day of the query's start in the session's zone.",
       kOnce,
       {"current_time"}},
      TimeOfDay(), LocalTime);
}

void RegisterMakers(engine::Registry& registry) {
  const TypePtr big = arrow::int64();
  const TypePtr real = arrow::float64();
  registry.Add(
      MakeFunction(kFamily,
                   {"make_date",
                    {},
                    "The date of a year, month and day.",
                    "A day that is not is an error of the row.",
                    {"make_date(2020, 2, 29)  -- 2020-02-29"}},
                   {{{big, big, big},
                     arrow::date32(),
                     RowKernel<int32_t, int64_t, int64_t, int64_t>(arrow::date32(), MakeDate)}}));
  registry.Add(
      MakeFunction(kFamily,
                   {"make_time",
                    {},
                    "The time of day of an hour, minute and second.",
                    "",
                    {"make_time(1, 2, 3.5)  -- 01:02:03.5"}},
                   {{{big, big, real},
                     TimeOfDay(),
                     RowKernel<int64_t, int64_t, int64_t, double>(TimeOfDay(), MakeTime)}}));
  registry.Add(MakeFunction(
      kFamily,
      {"make_timestamp",
       {},
       "The timestamp of a year, month, day, hour, minute and second.",
       "With one argument: of microseconds since 1970.",
       {"make_timestamp(2020, 2, 29, 1, 2, 3.5)  -- 2020-02-29 01:02:03.5"}},
      {{{big, big, big, big, big, real},
        Timestamp(),
        RowKernel<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, double>(Timestamp(),
                                                                                MakeTimestamp)},
       {{big}, Timestamp(), RowKernel<int64_t, int64_t>(Timestamp(), [](int64_t micros) {
          return micros;
        })}}));
  registry.Add(MakeFunction(
      kFamily,
      {"timestamp",
       {},
       "The value as TIMESTAMP.",
       "The same as a cast.",
       {"timestamp('2020-01-01 10:00')  -- 2020-01-01 10:00:00"}},
      Bind([](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
        if (arguments.size() != 1 || !engine::CanCast(*arguments[0].type, *Timestamp())) {
          return WrongArguments("timestamp", "a text, date or timestamp", arguments);
        }
        ScalarKernel same = [](std::span<const arrow::Datum> datums, int64_t, const EvalContext&) {
          return Result<arrow::Datum>(datums[0]);
        };
        return BoundScalar{{Timestamp()}, Timestamp(), std::move(same)};
      })));
}

void RegisterEpochs(engine::Registry& registry) {
  const ScalarKernel from_seconds = RowKernel<int64_t, double>(Instant(), FromSeconds);
  registry.Add(MakeFunction(kFamily,
                            {"to_timestamp",
                             {},
                             "The instant of seconds since 1970, as TIMESTAMP WITH TIME ZONE.",
                             "",
                             {"to_timestamp(1.5)  -- 1970-01-01 00:00:01.5+00"}},
                            {{{arrow::float64()}, Instant(), from_seconds}}));
  registry.Add(MakeFunction(
      kFamily,
      {"from_unixtime",
       {},
       "The timestamp of seconds since 1970, as TIMESTAMP in UTC.",
       "",
       {"from_unixtime(60)  -- 1970-01-01 00:01:00"}},
      {{{arrow::float64()}, Timestamp(), RowKernel<int64_t, double>(Timestamp(), FromSeconds)}}));
  const ScalarKernel seconds = RowKernel<int64_t, int64_t>(
      arrow::int64(), [](int64_t micros) { return FloorDivide(micros, kMicrosPerSecond); });
  registry.Add(MakeFunction(kFamily,
                            {"unix_timestamp",
                             {},
                             "Whole seconds since 1970.",
                             "Without an argument: of the query's start.",
                             {"unix_timestamp(TIMESTAMP '1970-01-01 00:01:00')  -- 60"}},
                            {{{}, arrow::int64(), UnixNow, false, false},
                             {{Timestamp()}, arrow::int64(), seconds},
                             {{Instant()}, arrow::int64(), seconds}}));
  registry.Add(MakeFunction(kFamily,
                            {"epoch_ms",
                             {},
                             "Milliseconds since 1970, or the timestamp of so many.",
                             "",
                             {"epoch_ms(TIMESTAMP '1970-01-01 00:00:01')  -- 1000",
                              "epoch_ms(1000)  -- 1970-01-01 00:00:01"}},
                            EpochOverloads(1, 1000, true)));
  registry.Add(MakeFunction(kFamily,
                            {"epoch_us",
                             {},
                             "Microseconds since 1970.",
                             "",
                             {"epoch_us(TIMESTAMP '1970-01-01 00:00:01')  -- 1000000"}},
                            EpochOverloads(1, 1, false)));
  registry.Add(MakeFunction(kFamily,
                            {"epoch_ns",
                             {},
                             "Nanoseconds since 1970.",
                             "",
                             {"epoch_ns(TIMESTAMP '1970-01-01 00:00:01')  -- 1000000000"}},
                            EpochOverloads(1000, 1, false)));
}

void RegisterDurations(engine::Registry& registry) {
  const auto add = [&](std::string name, std::string unit, Overload overload) {
    About about{name, {}, "An interval of so many " + unit + '.', "", {name + "(2)"}};
    registry.Add(MakeFunction(kFamily, std::move(about), {std::move(overload)}));
  };
  add("to_years", "years", Duration(12, 0, 0));
  add("to_quarters", "quarters", Duration(3, 0, 0));
  add("to_months", "months", Duration(1, 0, 0));
  add("to_weeks", "weeks", Duration(0, 7, 0));
  add("to_days", "days", Duration(0, 1, 0));
  add("to_hours", "hours", Duration(0, 0, 3600 * kMicrosPerSecond));
  add("to_minutes", "minutes", Duration(0, 0, 60 * kMicrosPerSecond));
  add("to_microseconds", "microseconds", Duration(0, 0, 1));
  const auto parts = [](double micros_per_unit) -> Overload {
    return {{arrow::float64()},
            IntervalOf(),
            RowKernel<Interval, double>(IntervalOf(), [=](double count) -> Result<Interval> {
              const double micros = std::round(count * micros_per_unit);
              if (!(std::fabs(micros) < 9.2e15)) {
                return Status::InvalidArgument("overflow of INTERVAL: " + std::to_string(count));
              }
              return Interval{0, 0, static_cast<int64_t>(micros) * 1000};
            })};
  };
  add("to_seconds", "seconds", parts(1e6));
  add("to_milliseconds", "milliseconds", parts(1e3));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  RegisterNow(registry);
  RegisterMakers(registry);
  RegisterEpochs(registry);
  RegisterDurations(registry);
  registry.Add(MakeFunction(
      kFamily,
      {"timezone",
       {},
       "A time in another zone; `time AT TIME ZONE zone`.",
       "A TIMESTAMP is what a clock in the zone shows and becomes an instant (TIMESTAMP WITH TIME "
       "ZONE); an instant becomes what a clock there shows. A local time that a change skips moves "
       "forward; of one that comes twice the later is meant. Zones are IANA names or offsets.",
       {"timezone('America/New_York', TIMESTAMP '2020-01-01 10:00:00')  -- 2020-01-01 "
        "15:00:00+00"}},
      {{{Varchar(), Timestamp()}, Instant(), ZoneKernel(true)},
       {{Varchar(), Instant()}, Timestamp(), ZoneKernel(false)}}));
}

}  // namespace thalweg::functions::datetime_make
