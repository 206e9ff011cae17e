#include <arrow/scalar.h>

#include <algorithm>
#include <cmath>

#include "base/civil_time.h"
#include "engine/cast_zone.h"
#include "engine/registry.h"
#include "functions/arithmetic_kernels.h"
#include "functions/calendar.h"
#include "functions/signature.h"

namespace thalweg::functions::arithmetic {
namespace {

using engine::Interval;
using engine::RowKernel;

constexpr char kFamily[] = "arithmetic";

bool IsInteger(const arrow::DataType& type) { return arrow::is_integer(type.id()); }
bool IsDecimal(const arrow::DataType& type) { return type.id() == Type::DECIMAL128; }
bool IsReal(const arrow::DataType& type) {
  return type.id() == Type::FLOAT || type.id() == Type::DOUBLE;
}

int DigitsOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::INT8:
    case Type::UINT8:
      return 3;
    case Type::INT16:
    case Type::UINT16:
      return 5;
    case Type::INT32:
    case Type::UINT32:
      return 10;
    case Type::INT64:
      return 19;
    default:
      return 20;
  }
}

TypePtr AsDecimal(const TypePtr& type) {
  return IsDecimal(*type) ? type : arrow::decimal128(DigitsOf(*type), 0);
}

/// An integer constant that the other side's integer type holds counts as of that type, as an
/// untyped number in the query's text does.
TypePtr Adapted(const BindArgument& argument, const BindArgument& other) {
  const TypePtr type = engine::CanonicalType(argument.type);
  const TypePtr to = engine::CanonicalType(other.type);
  if (argument.constant == nullptr || other.constant != nullptr || !argument.constant->is_valid ||
      !IsInteger(*type) || !IsInteger(*to)) {
    return type;
  }
  const Result<ArrayPtr> one = engine::ToArray(arrow::Datum(argument.constant), 1);
  const bool fits = one.ok() && engine::CastArray(*one, to, false, EvalContext{}).ok();
  return fits ? to : type;
}

TypePtr CommonInteger(const TypePtr& a, const TypePtr& b) {
  Result<TypePtr> common = engine::CommonType(a, b);
  return common.ok() ? *common : Hugeint();
}

BoundScalar Same(const TypePtr& type, ScalarKernel kernel) {
  return BoundScalar{{type, type}, type, std::move(kernel)};
}

Result<BoundScalar> BindDecimals(Arithmetic operation, const TypePtr& left, const TypePtr& right,
                                 std::string_view name) {
  const TypePtr a = AsDecimal(left);
  const TypePtr b = AsDecimal(right);
  const auto& x = static_cast<const arrow::DecimalType&>(*a);
  const auto& y = static_cast<const arrow::DecimalType&>(*b);
  int scale = std::max(x.scale(), y.scale());
  const int whole = std::max(x.precision() - x.scale(), y.precision() - y.scale());
  int precision = std::min(38, whole + scale);
  if (operation == Arithmetic::kMultiply) {
    scale = x.scale() + y.scale();
    precision = x.precision() + y.precision();
    if (scale > 38) {
      return Status::InvalidArgument(std::string(name) + ": the product needs a scale of " +
                                     std::to_string(scale) +
                                     ", at most 38: cast an operand to DOUBLE or a smaller scale");
    }
    // Two 64-bit decimals stay one, with a check, as long as a digit is left before the point.
    if (precision > 18 && x.precision() <= 18 && y.precision() <= 18 && scale < 18) precision = 18;
    precision = std::min(precision, 38);
  } else if (operation != Arithmetic::kModulo) {
    precision = std::min(38, whole + scale + 1);
  }
  const TypePtr result = arrow::decimal128(precision, scale);
  return BoundScalar{{a, b}, result, DecimalKernel(operation, a, b, result)};
}

Result<BoundScalar> BindNumbers(Arithmetic operation, const TypePtr& a, const TypePtr& b,
                                std::string_view name) {
  if (IsReal(*a) || IsReal(*b)) {
    const bool is_double = a->id() == Type::DOUBLE || b->id() == Type::DOUBLE;
    const TypePtr type = is_double ? arrow::float64() : arrow::float32();
    return Same(type, NumberKernel(operation, type));
  }
  if (IsInteger(*a) && IsInteger(*b)) {
    const TypePtr type = CommonInteger(a, b);
    if (IsDecimal(*type)) return Same(type, HugeintKernel(operation));
    return Same(type, NumberKernel(operation, type));
  }
  const auto whole = [](const arrow::DataType& type) {
    return IsInteger(type) || engine::IsHugeint(type);
  };
  if (whole(*a) && whole(*b)) return Same(Hugeint(), HugeintKernel(operation));
  if (operation == Arithmetic::kIntegerDivide) {
    return Same(arrow::float64(), NumberKernel(operation, arrow::float64()));
  }
  return BindDecimals(operation, a, b, name);
}

Status OutOfRange(const char* what) {
  return Status::InvalidArgument(std::string("overflow of ") + what);
}

/// A kernel over (time, interval) for a point in time with a zone: months and days are counted on
/// the zone's calendar.
ScalarKernel InstantKernel(int sign, bool interval_first) {
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext& context) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(engine::Zone zone, engine::Zone::Find(context.time_zone));
    const auto add = [zone, sign](int64_t micros, Interval interval) mutable -> Result<int64_t> {
      int64_t out = 0;
      const int64_t time = interval.nanos;
      interval.nanos = 0;
      const Interval rest{0, 0, time};
      bool good = true;
      if (interval.months != 0 || interval.days != 0) {
        int64_t local = 0;
        good = zone.ToLocal(micros, &local) && AddInterval(local, interval, sign, &local) &&
               zone.ToUtc(local, &micros);
      }
      good = good && AddInterval(micros, rest, sign, &out);
      if (!good) return OutOfRange("TIMESTAMP WITH TIME ZONE");
      return out;
    };
    std::vector<arrow::Datum> ordered(datums.begin(), datums.end());
    if (interval_first) std::swap(ordered[0], ordered[1]);
    // The zone's memory of its last rule is changed by use: the row function owns a copy.
    const auto row = [add](int64_t micros, Interval interval) {
      auto copy = add;
      return copy(micros, interval);
    };
    return RowKernel<int64_t, int64_t, Interval>(Instant(), row)(ordered, rows, context);
  };
}

Result<int64_t> Moved(int64_t micros, const Interval& interval, int sign) {
  int64_t out = 0;
  if (!AddInterval(micros, interval, sign, &out)) return OutOfRange("TIMESTAMP");
  return out;
}

Result<int32_t> MovedDays(int32_t days, int32_t count, int sign) {
  int32_t out = 0;
  const bool bad = sign > 0 ? __builtin_add_overflow(days, count, &out)
                            : __builtin_sub_overflow(days, count, &out);
  if (bad) return OutOfRange("DATE");
  return out;
}

int64_t MovedTime(int64_t micros, const Interval& interval, int sign) {
  const int64_t moved = micros + sign * (interval.nanos / 1000 % kMicrosPerDay);
  return moved - FloorDivide(moved, kMicrosPerDay) * kMicrosPerDay;
}

Result<Interval> Combined(const Interval& a, const Interval& b, int sign) {
  Interval out;
  const bool bad = sign > 0 ? __builtin_add_overflow(a.months, b.months, &out.months) ||
                                  __builtin_add_overflow(a.days, b.days, &out.days) ||
                                  __builtin_add_overflow(a.nanos, b.nanos, &out.nanos)
                            : __builtin_sub_overflow(a.months, b.months, &out.months) ||
                                  __builtin_sub_overflow(a.days, b.days, &out.days) ||
                                  __builtin_sub_overflow(a.nanos, b.nanos, &out.nanos);
  if (bad) return OutOfRange("INTERVAL");
  return out;
}

Result<Interval> Scaled(const Interval& value, double factor) {
  Interval out;
  if (!ScaleInterval(value, factor, &out)) return OutOfRange("INTERVAL");
  return out;
}

/// What `date + time` and `interval` sums of a given sign are made of.
std::vector<Overload> MovingOverloads(int sign) {
  const auto move = [sign](int64_t micros, Interval interval) {
    return Moved(micros, interval, sign);
  };
  return {
      {{arrow::date32(), arrow::int32()},
       arrow::date32(),
       RowKernel<int32_t, int32_t, int32_t>(
           arrow::date32(), [sign](int32_t d, int32_t n) { return MovedDays(d, n, sign); })},
      {{Timestamp(), IntervalOf()},
       Timestamp(),
       RowKernel<int64_t, int64_t, Interval>(Timestamp(), move)},
      {{Instant(), IntervalOf()}, Instant(), InstantKernel(sign, false)},
      {{TimeOfDay(), IntervalOf()},
       TimeOfDay(),
       RowKernel<int64_t, int64_t, Interval>(
           TimeOfDay(), [sign](int64_t t, Interval i) { return MovedTime(t, i, sign); })},
      {{IntervalOf(), IntervalOf()},
       IntervalOf(),
       RowKernel<Interval, Interval, Interval>(
           IntervalOf(), [sign](Interval a, Interval b) { return Combined(a, b, sign); })},
  };
}

std::vector<Overload> AddOverloads() {
  std::vector<Overload> out = MovingOverloads(1);
  const auto on_day = [](int32_t days, int64_t time) -> Result<int64_t> {
    return Moved(time, Interval{0, days, 0}, 1);
  };
  out.push_back({{arrow::int32(), arrow::date32()},
                 arrow::date32(),
                 RowKernel<int32_t, int32_t, int32_t>(
                     arrow::date32(), [](int32_t n, int32_t d) { return MovedDays(d, n, 1); })});
  out.push_back({{arrow::date32(), TimeOfDay()},
                 Timestamp(),
                 RowKernel<int64_t, int32_t, int64_t>(Timestamp(), on_day)});
  out.push_back({{TimeOfDay(), arrow::date32()},
                 Timestamp(),
                 RowKernel<int64_t, int64_t, int32_t>(
                     Timestamp(), [=](int64_t t, int32_t d) { return on_day(d, t); })});
  out.push_back({{IntervalOf(), Timestamp()},
                 Timestamp(),
                 RowKernel<int64_t, Interval, int64_t>(
                     Timestamp(), [](Interval i, int64_t t) { return Moved(t, i, 1); })});
  out.push_back({{IntervalOf(), Instant()}, Instant(), InstantKernel(1, true)});
  out.push_back({{IntervalOf(), TimeOfDay()},
                 TimeOfDay(),
                 RowKernel<int64_t, Interval, int64_t>(
                     TimeOfDay(), [](Interval i, int64_t t) { return MovedTime(t, i, 1); })});
  return out;
}

std::vector<Overload> SubtractOverloads() {
  std::vector<Overload> out = MovingOverloads(-1);
  out.push_back({{arrow::date32(), arrow::date32()},
                 arrow::int64(),
                 RowKernel<int64_t, int32_t, int32_t>(
                     arrow::int64(), [](int32_t a, int32_t b) { return int64_t{a} - b; })});
  const auto between = RowKernel<Interval, int64_t, int64_t>(
      IntervalOf(), [](int64_t a, int64_t b) { return IntervalBetween(a, b); });
  out.push_back({{Timestamp(), Timestamp()}, IntervalOf(), between});
  out.push_back({{Instant(), Instant()}, IntervalOf(), between});
  return out;
}

std::vector<Overload> MultiplyOverloads() {
  return {{{IntervalOf(), arrow::float64()},
           IntervalOf(),
           RowKernel<Interval, Interval, double>(IntervalOf(), Scaled)},
          {{arrow::float64(), IntervalOf()},
           IntervalOf(),
           RowKernel<Interval, double, Interval>(
               IntervalOf(), [](double f, Interval i) { return Scaled(i, f); })}};
}

bool IsTemporal(const arrow::DataType& type) {
  return type.id() == Type::DATE32 || type.id() == Type::TIMESTAMP || type.id() == Type::TIME64 ||
         type.id() == Type::INTERVAL_MONTH_DAY_NANO;
}

Result<BoundScalar> BindOverload(std::string_view name, const std::vector<Overload>& overloads,
                                 std::span<const BindArgument> arguments) {
  THALWEG_ASSIGN_OR_RETURN(const size_t chosen, ChooseOverload(name, overloads, arguments));
  const Overload& overload = overloads[chosen];
  BoundScalar out{overload.parameters, overload.result, overload.kernel};
  // An answer on the session's calendar is not known before the query runs.
  out.constant_foldable = !overload.result->Equals(Instant());
  return out;
}

Bind BindArithmetic(std::string name, Arithmetic operation, std::vector<Overload> overloads) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() != 2) return WrongArguments(name, "two numbers", arguments);
    const TypePtr first = engine::CanonicalType(arguments[0].type);
    const TypePtr second = engine::CanonicalType(arguments[1].type);
    if ((IsTemporal(*first) || IsTemporal(*second)) && !overloads.empty()) {
      return BindOverload(name, overloads, arguments);
    }
    TypePtr a = Adapted(arguments[0], arguments[1]);
    TypePtr b = Adapted(arguments[1], arguments[0]);
    if (a->id() == Type::NA) a = engine::IsNumber(*b) ? b : arrow::int64();
    if (b->id() == Type::NA) b = a;
    if (!engine::IsNumber(*a) || !engine::IsNumber(*b)) {
      const std::string takes =
          overloads.empty() ? "two numbers" : "two numbers, or times and intervals";
      return WrongArguments(name, takes, arguments);
    }
    return BindNumbers(operation, a, b, name);
  };
}

Result<Interval> DividedInterval(const Interval& value, double divisor) {
  if (divisor == 0) {
    return Status::InvalidArgument("division by zero: " + engine::FormatInterval(value) + " / 0");
  }
  return Scaled(value, 1 / divisor);
}

template <typename T>
ScalarKernel DivideKernel(const TypePtr& type) {
  return RowKernel<T, T, T>(type, [](T a, T b) { return a / b; });
}

Result<BoundScalar> BindDivide(std::span<const BindArgument> arguments) {
  if (arguments.size() != 2) return WrongArguments("divide", "two numbers", arguments);
  const TypePtr a = engine::CanonicalType(arguments[0].type);
  const TypePtr b = engine::CanonicalType(arguments[1].type);
  const auto number = [](const arrow::DataType& type) {
    return type.id() == Type::NA || engine::IsNumber(type);
  };
  if (a->id() == Type::INTERVAL_MONTH_DAY_NANO && number(*b)) {
    return BoundScalar{
        {a, arrow::float64()}, a, RowKernel<Interval, Interval, double>(a, DividedInterval)};
  }
  if (!number(*a) || !number(*b)) {
    return WrongArguments("divide", "two numbers, or an interval and a number", arguments);
  }
  if (a->id() == Type::FLOAT && (b->id() == Type::FLOAT || !IsReal(*b))) {
    return Same(arrow::float32(), DivideKernel<float>(arrow::float32()));
  }
  if (b->id() == Type::FLOAT && !IsReal(*a)) {
    return Same(arrow::float32(), DivideKernel<float>(arrow::float32()));
  }
  return Same(arrow::float64(), DivideKernel<double>(arrow::float64()));
}

Result<BoundScalar> BindNegate(std::span<const BindArgument> arguments) {
  if (arguments.size() != 1) return WrongArguments("negate", "one number or interval", arguments);
  TypePtr type = engine::CanonicalType(arguments[0].type);
  if (type->id() == Type::NA) type = arrow::int64();
  if (type->id() == Type::INTERVAL_MONTH_DAY_NANO) {
    const auto negate = [](Interval value) { return Combined(Interval{}, value, -1); };
    return BoundScalar{{type}, type, RowKernel<Interval, Interval>(type, negate)};
  }
  if (!engine::IsNumber(*type)) {
    return WrongArguments("negate", "one number or interval", arguments);
  }
  return BoundScalar{{type}, type, NegateKernel(type)};
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  constexpr char kExact[] =
      "Integers stay in their common type; DECIMAL is exact, with the precision and scale that "
      "hold "
      "the answer, up to 38 digits. An answer beyond its type is an error of the row. Null when an "
      "argument is null.";
  registry.Add(MakeFunction(
      kFamily,
      {"add",
       {},
       "The sum; the operator `+`.",
       kExact,
       {"1 + 2  -- 3", "DATE '2020-01-31' + INTERVAL 1 MONTH  -- 2020-02-29 00:00:00"}},
      BindArithmetic("add", Arithmetic::kAdd, AddOverloads())));
  registry.Add(
      MakeFunction(kFamily,
                   {"subtract",
                    {},
                    "The difference; the operator `-`.",
                    kExact,
                    {"5 - 2.5  -- 2.5", "DATE '2020-03-01' - DATE '2020-02-01'  -- 29"}},
                   BindArithmetic("subtract", Arithmetic::kSubtract, SubtractOverloads())));
  registry.Add(
      MakeFunction(kFamily,
                   {"multiply",
                    {},
                    "The product; the operator `*`.",
                    kExact,
                    {"1.5 * 2.25  -- 3.375", "INTERVAL 1 DAY * 2.5  -- 2 days 12:00:00"}},
                   BindArithmetic("multiply", Arithmetic::kMultiply, MultiplyOverloads())));
  registry.Add(MakeFunction(
      kFamily,
      {"divide",
       {"fdiv"},
       "The quotient as DOUBLE; the operator `/`.",
       "By IEEE 754: x / 0 is infinity of the sign of x, 0 / 0 is NaN. FLOAT by FLOAT stays FLOAT.",
       {"1 / 2  -- 0.5", "1 / 0  -- inf"}},
      Bind(BindDivide)));
  registry.Add(MakeFunction(
      kFamily,
      {"modulo",
       {"mod"},
       "The remainder, with the sign of the first argument; the operator `%`.",
       "By zero it is an error of the row for integers and DECIMAL, and NaN for DOUBLE.",
       {"-7 % 3  -- -1", "5.5 % 2  -- 1.5"}},
      BindArithmetic("modulo", Arithmetic::kModulo, {})));
  registry.Add(MakeFunction(
      kFamily,
      {"integer_divide",
       {"div"},
       "The quotient of integers cut towards zero; the operator `//`.",
       "By zero it is an error of the row. Other numbers are divided as DOUBLE and not cut.",
       {"7 // 2  -- 3", "-7 // 2  -- -3"}},
      BindArithmetic("integer_divide", Arithmetic::kIntegerDivide, {})));
  registry.Add(MakeFunction(kFamily,
                            {"negate",
                             {},
                             "The number with the opposite sign; the prefix `-`.",
                             "The least integer of a type has no opposite: an error of the row.",
                             {"-(5)  -- -5"}},
                            Bind(BindNegate)));
}

}  // namespace thalweg::functions::arithmetic
