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

/// The library's root may be off in the last bit, which one step of Newton's method mends.
double CubeRoot(double value) {
  const double root = std::cbrt(value);
  if (root == 0 || !std::isfinite(root)) return root;
  const double square = root * root;
  return std::isnormal(square) ? root - (square * root - value) / (3 * square) : root;
}

void RegisterSigns(engine::Registry& registry) {
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
  AddReal(registry, {"cbrt", {}, "The cube root.", "", {"cbrt(27)  -- 3.0"}}, CubeRoot);
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
  RegisterSigns(registry);
  RegisterReals(registry);
  RegisterTests(registry);
  RegisterWhole(registry);
}

}  // namespace thalweg::functions::math
