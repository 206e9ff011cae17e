#include "codecs/parquet_text.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "columnar/arrow_status.h"

namespace thalweg::codecs::parquet {

namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

struct Interval {
  int64_t months = 0;
  int64_t days = 0;
  int64_t nanos = 0;
};

Interval IntervalAt(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::INTERVAL_MONTHS:
      return {static_cast<const arrow::MonthIntervalArray&>(array).Value(row), 0, 0};
    case arrow::Type::INTERVAL_DAY_TIME: {
      const auto value = static_cast<const arrow::DayTimeIntervalArray&>(array).GetValue(row);
      return {0, value.days, int64_t{value.milliseconds} * 1'000'000};
    }
    default: {
      const auto value = static_cast<const arrow::MonthDayNanoIntervalArray&>(array).GetValue(row);
      return {value.months, value.days, value.nanoseconds};
    }
  }
}

void AppendUnit(int64_t count, const char* unit, std::string* out) {
  if (count == 0) return;
  if (!out->empty()) out->push_back(' ');
  out->append(std::to_string(count)).append(" ").append(unit);
  if (count != 1 && count != -1) out->push_back('s');
}

void AppendTwoDigits(int64_t value, std::string* out) {
  if (value < 10) out->push_back('0');
  out->append(std::to_string(value));
}

std::string ToText(const Interval& interval) {
  std::string out;
  AppendUnit(interval.months / 12, "year", &out);
  AppendUnit(interval.months % 12, "month", &out);
  AppendUnit(interval.days, "day", &out);
  const int64_t micros = interval.nanos / 1000;
  if (micros == 0 && !out.empty()) return out;
  if (!out.empty()) out.push_back(' ');
  if (micros < 0) out.push_back('-');
  const int64_t whole = std::abs(micros);
  const int64_t seconds = whole / kMicrosPerSecond;
  AppendTwoDigits(seconds / 3600, &out);
  out.push_back(':');
  AppendTwoDigits(seconds / 60 % 60, &out);
  out.push_back(':');
  AppendTwoDigits(seconds % 60, &out);
  if (const int64_t fraction = whole % kMicrosPerSecond; fraction != 0) {
    std::string digits = std::to_string(fraction + kMicrosPerSecond).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    out.append(".").append(digits);
  }
  return out;
}

}  // namespace

Result<columnar::ArrayPtr> IntervalsToText(const arrow::Array& array) {
  arrow::StringBuilder builder;
  THALWEG_RETURN_IF_ARROW_ERROR(builder.Reserve(array.length()));
  for (int64_t row = 0; row < array.length(); ++row) {
    THALWEG_RETURN_IF_ARROW_ERROR(
        array.IsNull(row) ? builder.AppendNull() : builder.Append(ToText(IntervalAt(array, row))));
  }
  THALWEG_ASSIGN_OR_RETURN_ARROW(columnar::ArrayPtr out, builder.Finish());
  return out;
}

}  // namespace thalweg::codecs::parquet
