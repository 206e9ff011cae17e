// Rounding to digits and to whole numbers.
#include <arrow/scalar.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/number.h"
#include "engine/registry.h"
#include "functions/signature.h"

namespace thalweg::functions::rounding {
namespace {

using engine::RowKernel;
constexpr char kFamily[] = "math";

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

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
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
}

}  // namespace thalweg::functions::rounding
