#include <arrow/scalar.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/number.h"
#include "engine/registry.h"
#include "functions/signature.h"

namespace thalweg::functions::math {
namespace {

using engine::RowKernel;

constexpr char kFamily[] = "math";

void AddReal(engine::Registry& registry, About about, double (*f)(double)) {
  if (about.details.empty()) about.details = "Computed as DOUBLE. Null when the argument is null.";
  registry.Add(MakeFunction(
      kFamily, std::move(about),
      {{{arrow::float64()}, arrow::float64(), RowKernel<double, double>(arrow::float64(), f)}}));
}

void AddReal2(engine::Registry& registry, About about, double (*f)(double, double)) {
  if (about.details.empty()) about.details = "Computed as DOUBLE. Null when an argument is null.";
  registry.Add(MakeFunction(kFamily, std::move(about),
                            {{{arrow::float64(), arrow::float64()},
                              arrow::float64(),
                              RowKernel<double, double, double>(arrow::float64(), f)}}));
}

int ScaleOf(const arrow::DataType& type) {
  return static_cast<const arrow::DecimalType&>(type).scale();
}
int PrecisionOf(const arrow::DataType& type) {
  return static_cast<const arrow::DecimalType&>(type).precision();
}

enum class Rounding : uint8_t { kNearest, kToZero, kUp, kDown };

/// `value / divisor`, rounded; halves of kNearest go away from zero.
Int128 DivideRounded(Int128 value, Int128 divisor, Rounding rounding) {
  const Int128 quotient = value / divisor;
  const Int128 rest = value % divisor;
  if (rest == 0) return quotient;
  switch (rounding) {
    case Rounding::kToZero:
      return quotient;
    case Rounding::kUp:
      return value > 0 ? quotient + 1 : quotient;
    case Rounding::kDown:
      return value < 0 ? quotient - 1 : quotient;
    case Rounding::kNearest:
      break;
  }
  const Int128 magnitude = rest < 0 ? -rest : rest;
  if (magnitude < divisor - magnitude) return quotient;
  return value < 0 ? quotient - 1 : quotient + 1;
}

/// A DECIMAL to `digits` after the point: the kernel divides, and multiplies back where digits
/// before the point are rounded.
Result<BoundScalar> RoundDecimal(const TypePtr& type, int64_t digits, Rounding rounding,
                                 bool two_arguments) {
  const int scale = ScaleOf(*type);
  const int out_scale = static_cast<int>(std::clamp<int64_t>(digits, 0, scale));
  const int64_t dropped = scale - std::min<int64_t>(digits, scale);
  const TypePtr result = arrow::decimal128(PrecisionOf(*type), out_scale);
  const Int128 limit = PowerOfTen(PrecisionOf(*type));
  const bool vanishes = dropped > kDecimalDigitsMax;
  const Int128 divisor = PowerOfTen(vanishes ? 0 : static_cast<int>(dropped));
  const int64_t back = digits < 0 ? -digits : 0;
  const Int128 factor = PowerOfTen(vanishes ? 0 : static_cast<int>(std::min<int64_t>(back, 38)));
  const auto round = [=](Int128 value) -> Result<Int128> {
    if (vanishes) return Int128{0};
    Int128 out = DivideRounded(value, divisor, rounding);
    if (__builtin_mul_overflow(out, factor, &out) || out >= limit || out <= -limit) {
      return Status::InvalidArgument("round: overflow of " + columnar::SqlTypeName(*result));
    }
    return out;
  };
  BoundScalar out;
  out.parameters = {type};
  if (two_arguments) out.parameters.push_back(arrow::int64());
  out.result = result;
  out.kernel = [result, round](std::span<const arrow::Datum> datums, int64_t rows,
                               const EvalContext& context) {
    return RowKernel<Int128, Int128>(result, round)(datums.subspan(0, 1), rows, context);
  };
  return out;
}

double ScaledReal(double value, int64_t digits, double (*f)(double)) {
  if (!std::isfinite(value) || digits > 350) return value;
  if (digits < -350) return 0.0;
  const double factor = std::pow(10.0, static_cast<double>(digits < 0 ? -digits : digits));
  const double scaled = digits < 0 ? value / factor : value * factor;
  if (!std::isfinite(scaled)) return value;
  const double rounded = digits < 0 ? f(scaled) * factor : f(scaled) / factor;
  return std::isfinite(rounded) ? rounded : value;
}

template <typename T>
ScalarKernel RoundInteger(const TypePtr& type, Rounding rounding) {
  return RowKernel<T, T, int64_t>(type, [=](T value, int64_t digits) -> Result<T> {
    if (digits >= 0) return value;
    if (digits < -20) return T{0};
    const Int128 factor = PowerOfTen(static_cast<int>(-digits));
    const Int128 out = DivideRounded(static_cast<Int128>(value), factor, rounding) * factor;
    const T narrow = static_cast<T>(out);
    if (static_cast<Int128>(narrow) != out) {
      return Status::InvalidArgument("round: overflow of " + columnar::SqlTypeName(*type) + ": " +
                                     std::to_string(value));
    }
    return narrow;
  });
}

ScalarKernel RoundIntegerOf(const TypePtr& type, Rounding rounding) {
  switch (type->id()) {
    case Type::INT8:
      return RoundInteger<int8_t>(type, rounding);
    case Type::INT16:
      return RoundInteger<int16_t>(type, rounding);
    case Type::INT32:
      return RoundInteger<int32_t>(type, rounding);
    case Type::INT64:
      return RoundInteger<int64_t>(type, rounding);
    case Type::UINT8:
      return RoundInteger<uint8_t>(type, rounding);
    case Type::UINT16:
      return RoundInteger<uint16_t>(type, rounding);
    case Type::UINT32:
      return RoundInteger<uint32_t>(type, rounding);
    default:
      return RoundInteger<uint64_t>(type, rounding);
  }
}

/// The answer is the argument.
ScalarKernel IdentityKernel() {
  return [](std::span<const arrow::Datum> datums, int64_t, const EvalContext&) {
    return Result<arrow::Datum>(datums[0]);
  };
}

/// A constant number of digits, or nothing.
std::optional<int64_t> ConstantDigits(const BindArgument& argument) {
  if (argument.constant == nullptr || !argument.constant->is_valid) return {};
  const Result<ArrayPtr> one = engine::ToArray(arrow::Datum(argument.constant), 1);
  if (!one.ok()) return {};
  const Result<ArrayPtr> cast = engine::CastArray(*one, arrow::int64(), false, EvalContext{});
  if (!cast.ok()) return {};
  return static_cast<const arrow::Int64Array&>(**cast).Value(0);
}

double RoundHalfAway(double value) { return std::round(value); }
double TruncReal(double value) { return std::trunc(value); }

Bind BindRound(std::string name, Rounding rounding, double (*f)(double)) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    const size_t count = arguments.size();
    TypePtr type = count > 0 ? engine::CanonicalType(arguments[0].type) : arrow::null();
    if (type->id() == Type::NA) type = arrow::float64();
    if (count < 1 || count > 2 || !engine::IsNumber(*type) ||
        (count == 2 && ConversionCost(arguments[1], *arrow::int64()) < 0)) {
      return WrongArguments(name, "a number and, where given, a whole number of digits", arguments);
    }
    if (type->id() == Type::DECIMAL128) {
      const std::optional<int64_t> digits = count == 1 ? 0 : ConstantDigits(arguments[1]);
      if (!digits) {
        return Status::InvalidArgument(
            name +
            ": of a DECIMAL the digits must be a constant, as they settle its scale: cast "
            "the number to DOUBLE for digits by row");
      }
      return RoundDecimal(type, *digits, rounding, count == 2);
    }
    if (arrow::is_integer(type->id())) {
      if (count == 1) return BoundScalar{{type}, type, IdentityKernel()};
      return BoundScalar{{type, arrow::int64()}, type, RoundIntegerOf(type, rounding)};
    }
    const TypePtr real = type->id() == Type::FLOAT ? arrow::float32() : arrow::float64();
    const auto digits_of = [f](double value, int64_t digits) {
      return ScaledReal(value, digits, f);
    };
    if (real->id() == Type::FLOAT) {
      if (count == 1) {
        return BoundScalar{{real}, real, RowKernel<float, float>(real, [f](float value) {
                             return static_cast<float>(f(static_cast<double>(value)));
                           })};
      }
      return BoundScalar{{real, arrow::int64()},
                         real,
                         RowKernel<float, float, int64_t>(real, [=](float v, int64_t digits) {
                           return static_cast<float>(digits_of(static_cast<double>(v), digits));
                         })};
    }
    if (count == 1) return BoundScalar{{real}, real, RowKernel<double, double>(real, f)};
    return BoundScalar{
        {real, arrow::int64()}, real, RowKernel<double, double, int64_t>(real, digits_of)};
  };
}

/// CEIL and FLOOR: a DECIMAL keeps its type at scale 0, every other number becomes DOUBLE.
Bind BindWhole(std::string name, Rounding rounding, double (*f)(double)) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    TypePtr type = arguments.size() == 1 ? engine::CanonicalType(arguments[0].type) : nullptr;
    if (type == nullptr || (type->id() != Type::NA && !engine::IsNumber(*type))) {
      return WrongArguments(name, "one number", arguments);
    }
    if (type->id() == Type::DECIMAL128) return RoundDecimal(type, 0, rounding, false);
    type = type->id() == Type::FLOAT ? arrow::float32() : arrow::float64();
    if (type->id() == Type::FLOAT) {
      return BoundScalar{{type}, type, RowKernel<float, float>(type, [f](float value) {
                           return static_cast<float>(f(static_cast<double>(value)));
                         })};
    }
    return BoundScalar{{type}, type, RowKernel<double, double>(type, f)};
  };
}

template <typename T>
BoundScalar AbsOf(const TypePtr& type) {
  return {{type}, type, RowKernel<T, T>(type, [type](T value) -> Result<T> {
            if constexpr (std::is_floating_point_v<T>) {
              return std::fabs(value);
            } else if constexpr (std::is_unsigned_v<T>) {
              return value;
            } else {
              T out = value;
              if (value < 0 && __builtin_sub_overflow(T{0}, value, &out)) {
                return Status::InvalidArgument("abs: overflow of " + columnar::SqlTypeName(*type) +
                                               ": " + std::to_string(value));
              }
              return out;
            }
          })};
}

Result<BoundScalar> BindAbs(std::span<const BindArgument> arguments) {
  TypePtr type = arguments.size() == 1 ? engine::CanonicalType(arguments[0].type) : nullptr;
  if (type == nullptr) return WrongArguments("abs", "one number", arguments);
  switch (type->id()) {
    case Type::INT8:
      return AbsOf<int8_t>(type);
    case Type::INT16:
      return AbsOf<int16_t>(type);
    case Type::INT32:
      return AbsOf<int32_t>(type);
    case Type::NA:
      return AbsOf<int64_t>(arrow::int64());
    case Type::INT64:
      return AbsOf<int64_t>(type);
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
      return BoundScalar{{type}, type, IdentityKernel()};
    case Type::FLOAT:
      return AbsOf<float>(type);
    case Type::DOUBLE:
      return AbsOf<double>(type);
    case Type::DECIMAL128:
      return BoundScalar{{type}, type, RowKernel<Int128, Int128>(type, [](Int128 value) {
                           return value < 0 ? -value : value;
                         })};
    default:
      return WrongArguments("abs", "one number", arguments);
  }
}

int8_t SignOf(double value) { return static_cast<int8_t>((value > 0) - (value < 0)); }

Result<BoundScalar> BindSign(std::span<const BindArgument> arguments) {
  TypePtr type = arguments.size() == 1 ? engine::CanonicalType(arguments[0].type) : nullptr;
  if (type == nullptr || (type->id() != Type::NA && !engine::IsNumber(*type))) {
    return WrongArguments("sign", "one number", arguments);
  }
  if (type->id() == Type::DECIMAL128) {
    return BoundScalar{
        {type}, arrow::int8(), RowKernel<int8_t, Int128>(arrow::int8(), [](Int128 value) {
          return static_cast<int8_t>((value > 0) - (value < 0));
        })};
  }
  return BoundScalar{
      {arrow::float64()}, arrow::int8(), RowKernel<int8_t, double>(arrow::int8(), SignOf)};
}

Result<int64_t> Gcd(int64_t a, int64_t b) {
  const auto magnitude = [](int64_t value) {
    return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  };
  const uint64_t out = std::gcd(magnitude(a), magnitude(b));
  if (!std::in_range<int64_t>(out)) return Status::InvalidArgument("gcd: overflow of BIGINT");
  return static_cast<int64_t>(out);
}

Result<int64_t> Lcm(int64_t a, int64_t b) {
  if (a == 0 || b == 0) return int64_t{0};
  THALWEG_ASSIGN_OR_RETURN(const int64_t divisor, Gcd(a, b));
  int64_t out = 0;
  if (__builtin_mul_overflow(a / divisor, b, &out) || __builtin_sub_overflow(0, out, &a)) {
    return Status::InvalidArgument("lcm: overflow of BIGINT");
  }
  return out < 0 ? -out : out;
}

Result<Int128> Factorial(int32_t value) {
  if (value < 0) {
    return Status::InvalidArgument("factorial: negative: " + std::to_string(value));
  }
  Int128 out = 1;
  for (int32_t i = 2; i <= value; ++i) {
    if (__builtin_mul_overflow(out, Int128{i}, &out) || out >= PowerOfTen(38)) {
      return Status::InvalidArgument("factorial: overflow of HUGEINT: " + std::to_string(value));
    }
  }
  return out;
}

void RegisterRounding(engine::Registry& registry) {
  constexpr char kDigits[] =
      "The second argument is the digits kept after the point; negative ones round before it. A "
      "DECIMAL stays exact, at the scale that is left; integers stay integers.";
  registry.Add(MakeFunction(
      kFamily,
      {"round",
       {},
       "The nearest number with fewer digits; halves go away from zero.",
       kDigits,
       {"round(2.5)  -- 3", "round(1.2345, 2)  -- 1.23", "round(12345, -2)  -- 12300"}},
      BindRound("round", Rounding::kNearest, RoundHalfAway)));
  registry.Add(MakeFunction(kFamily,
                            {"trunc",
                             {"truncate"},
                             "The number cut towards zero.",
                             kDigits,
                             {"trunc(-1.7)  -- -1", "trunc(1.789, 2)  -- 1.78"}},
                            BindRound("trunc", Rounding::kToZero, TruncReal)));
  constexpr char kWhole[] = "A DECIMAL stays DECIMAL at scale 0; other numbers become DOUBLE.";
  registry.Add(MakeFunction(
      kFamily,
      {"ceil", {"ceiling"}, "The least whole number not below.", kWhole, {"ceil(1.2)  -- 2"}},
      BindWhole("ceil", Rounding::kUp, [](double v) { return std::ceil(v); })));
  registry.Add(MakeFunction(
      kFamily,
      {"floor", {}, "The greatest whole number not above.", kWhole, {"floor(-1.2)  -- -2"}},
      BindWhole("floor", Rounding::kDown, [](double v) { return std::floor(v); })));
  registry.Add(MakeFunction(kFamily,
                            {"abs",
                             {},
                             "The number without its sign.",
                             "Keeps the type; the least integer of a type is an error of the row.",
                             {"abs(-5)  -- 5"}},
                            Bind(BindAbs)));
  registry.Add(MakeFunction(
      kFamily, {"sign", {}, "-1, 0 or 1 as TINYINT.", "", {"sign(-1.5)  -- -1"}}, Bind(BindSign)));
}

void RegisterReals(engine::Registry& registry) {
  AddReal(registry,
          {"sqrt", {}, "The square root.", "NaN below zero.", {"sqrt(2)  -- 1.4142135623730951"}},
          [](double v) { return std::sqrt(v); });
  AddReal(registry, {"cbrt", {}, "The cube root.", "", {"cbrt(27)  -- 3.0"}},
          [](double v) { return std::cbrt(v); });
  AddReal(registry, {"exp", {}, "e to the power of the number.", "", {"exp(0)  -- 1.0"}},
          [](double v) { return std::exp(v); });
  AddReal(registry,
          {"ln", {}, "The natural logarithm.", "-inf at zero, NaN below.", {"ln(1)  -- 0.0"}},
          [](double v) { return std::log(v); });
  AddReal(registry,
          {"log2", {}, "The logarithm to base 2.", "-inf at zero, NaN below.", {"log2(8)  -- 3.0"}},
          [](double v) { return std::log2(v); });
  AddReal(registry,
          {"log10",
           {},
           "The logarithm to base 10.",
           "-inf at zero, NaN below.",
           {"log10(1000)  -- 3.0"}},
          [](double v) { return std::log10(v); });
  AddReal(registry, {"sin", {}, "The sine of an angle in radians.", "", {"sin(0)  -- 0.0"}},
          [](double v) { return std::sin(v); });
  AddReal(registry, {"cos", {}, "The cosine of an angle in radians.", "", {"cos(0)  -- 1.0"}},
          [](double v) { return std::cos(v); });
  AddReal(registry, {"tan", {}, "The tangent of an angle in radians.", "", {"tan(0)  -- 0.0"}},
          [](double v) { return std::tan(v); });
  AddReal(
      registry,
      {"cot", {}, "The cotangent of an angle in radians.", "", {"cot(1)  -- 0.6420926159343306"}},
      [](double v) { return 1 / std::tan(v); });
  AddReal(registry,
          {"asin", {}, "The angle of a sine.", "NaN outside -1 … 1.", {"asin(0)  -- 0.0"}},
          [](double v) { return std::asin(v); });
  AddReal(registry,
          {"acos", {}, "The angle of a cosine.", "NaN outside -1 … 1.", {"acos(1)  -- 0.0"}},
          [](double v) { return std::acos(v); });
  AddReal(registry, {"atan", {}, "The angle of a tangent.", "", {"atan(0)  -- 0.0"}},
          [](double v) { return std::atan(v); });
  AddReal(registry, {"sinh", {}, "The hyperbolic sine.", "", {"sinh(0)  -- 0.0"}},
          [](double v) { return std::sinh(v); });
  AddReal(registry, {"cosh", {}, "The hyperbolic cosine.", "", {"cosh(0)  -- 1.0"}},
          [](double v) { return std::cosh(v); });
  AddReal(registry, {"tanh", {}, "The hyperbolic tangent.", "", {"tanh(0)  -- 0.0"}},
          [](double v) { return std::tanh(v); });
  AddReal(registry, {"degrees", {}, "Radians as degrees.", "", {"degrees(pi())  -- 180.0"}},
          [](double v) { return v * (180 / std::numbers::pi); });
  AddReal(registry,
          {"radians", {}, "Degrees as radians.", "", {"radians(180)  -- 3.141592653589793"}},
          [](double v) { return v * (std::numbers::pi / 180); });
  AddReal2(registry,
           {"power",
            {"pow"},
            "The first number to the power of the second; `^`.",
            "",
            {"power(2, 10)  -- 1024.0"}},
           [](double a, double b) { return std::pow(a, b); });
  AddReal2(registry,
           {"atan2",
            {},
            "The angle of the point (x, y), from y and x.",
            "",
            {"atan2(1, 1)  -- 0.7853981633974483"}},
           [](double a, double b) { return std::atan2(a, b); });
  AddReal2(registry, {"fmod", {}, "The remainder as DOUBLE.", "", {"fmod(7.5, 2)  -- 1.5"}},
           [](double a, double b) { return std::fmod(a, b); });
  registry.Add(MakeFunction(
      kFamily,
      {"log",
       {},
       "The logarithm to base 10, or to a base given first.",
       "Computed as DOUBLE; -inf at zero, NaN below.",
       {"log(100)  -- 2.0", "log(2, 8)  -- 3.0"}},
      {{{arrow::float64()},
        arrow::float64(),
        RowKernel<double, double>(arrow::float64(), [](double v) { return std::log10(v); })},
       {{arrow::float64(), arrow::float64()},
        arrow::float64(),
        RowKernel<double, double, double>(arrow::float64(), [](double base, double v) {
          return std::log10(v) / std::log10(base);
        })}}));
}

void RegisterTests(engine::Registry& registry) {
  const auto add = [&](About about, bool (*f)(double)) {
    registry.Add(MakeFunction(
        kFamily, std::move(about),
        {{{arrow::float64()}, arrow::boolean(), RowKernel<bool, double>(arrow::boolean(), f)}}));
  };
  add({"isnan", {}, "True where the number is NaN.", "", {"isnan('nan'::DOUBLE)  -- true"}},
      [](double v) { return std::isnan(v); });
  add({"isinf", {}, "True where the number is infinite.", "", {"isinf(1 / 0)  -- true"}},
      [](double v) { return std::isinf(v); });
  add({"isfinite",
       {},
       "True where the number is neither infinite nor NaN.",
       "",
       {"isfinite(1)  -- true"}},
      [](double v) { return std::isfinite(v); });
}

void RegisterWhole(engine::Registry& registry) {
  registry.Add(MakeFunction(kFamily,
                            {"gcd",
                             {"greatest_common_divisor"},
                             "The greatest common divisor.",
                             "",
                             {"gcd(12, 18)  -- 6"}},
                            {{{arrow::int64(), arrow::int64()},
                              arrow::int64(),
                              RowKernel<int64_t, int64_t, int64_t>(arrow::int64(), Gcd)}}));
  registry.Add(MakeFunction(
      kFamily,
      {"lcm", {"least_common_multiple"}, "The least common multiple.", "", {"lcm(4, 6)  -- 12"}},
      {{{arrow::int64(), arrow::int64()},
        arrow::int64(),
        RowKernel<int64_t, int64_t, int64_t>(arrow::int64(), Lcm)}}));
  registry.Add(MakeFunction(
      kFamily,
      {"factorial",
       {},
       "The product of the whole numbers up to it, as HUGEINT.",
       "Up to 33.",
       {"factorial(5)  -- 120"}},
      {{{arrow::int32()}, Hugeint(), RowKernel<Int128, int32_t>(Hugeint(), Factorial)}}));
  const ScalarKernel pi = [](std::span<const arrow::Datum>, int64_t, const EvalContext&) {
    return Result<arrow::Datum>(
        arrow::Datum(std::make_shared<arrow::DoubleScalar>(std::numbers::pi)));
  };
  registry.Add(MakeFunction(kFamily,
                            {"pi",
                             {},
                             "The ratio of a circle's circumference to its diameter.",
                             "",
                             {"pi()  -- 3.141592653589793"}},
                            {{{}, arrow::float64(), pi}}));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  RegisterRounding(registry);
  RegisterReals(registry);
  RegisterTests(registry);
  RegisterWhole(registry);
}

}  // namespace thalweg::functions::math
