#include <arrow/type.h>

#include <cmath>
#include <limits>

#include "engine/cast.h"
#include "engine/cast_rows.h"

namespace thalweg::engine {
namespace {

using arrow::Type;

/// The C++ type of a flat number's buffer, as a value to dispatch on.
template <typename T>
struct Flat {
  using type = T;
};

template <typename F>
Result<ArrayPtr> WithFlat(Type::type id, F f) {
  switch (id) {
    case Type::BOOL:
      return f(Flat<bool>{});
    case Type::INT8:
      return f(Flat<int8_t>{});
    case Type::INT16:
      return f(Flat<int16_t>{});
    case Type::INT32:
      return f(Flat<int32_t>{});
    case Type::INT64:
      return f(Flat<int64_t>{});
    case Type::UINT8:
      return f(Flat<uint8_t>{});
    case Type::UINT16:
      return f(Flat<uint16_t>{});
    case Type::UINT32:
      return f(Flat<uint32_t>{});
    case Type::UINT64:
      return f(Flat<uint64_t>{});
    case Type::FLOAT:
      return f(Flat<float>{});
    case Type::DOUBLE:
      return f(Flat<double>{});
    default:
      return Status::Internal("cast: not a flat number");
  }
}

/// Nearest integer, halves to even. False for NaN and beyond the type.
template <typename Real, typename Int>
bool RealToInt(Real value, Int* out) {
  const Real rounded = std::nearbyint(value);
  // Powers of two are exact in every floating type, so the bounds are.
  const Real low = static_cast<Real>(std::numeric_limits<Int>::min());
  const Real high = std::ldexp(Real{1}, std::numeric_limits<Int>::digits);
  const bool fits = rounded >= low && rounded < high;
  *out = fits ? static_cast<Int>(rounded) : Int{};
  return fits;
}

template <typename In, typename Out>
bool ConvertFlat(In value, Out* out) {
  if constexpr (std::is_same_v<Out, bool>) {
    *out = value != In{};
    return true;
  } else if constexpr (std::is_same_v<In, bool>) {
    *out = value ? Out{1} : Out{0};
    return true;
  } else if constexpr (std::is_floating_point_v<In> && std::is_integral_v<Out>) {
    return RealToInt(value, out);
  } else if constexpr (std::is_same_v<In, double> && std::is_same_v<Out, float>) {
    *out = static_cast<float>(value);
    return !std::isinf(*out) || std::isinf(value);
  } else if constexpr (std::is_floating_point_v<Out>) {
    *out = static_cast<Out>(value);
    return true;
  } else {
    *out = static_cast<Out>(value);
    return std::in_range<Out>(value);
  }
}

struct Shape {
  int precision;
  int scale;
};
Shape ShapeOf(const arrow::DataType& type) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  return {decimal.precision(), decimal.scale()};
}

bool FitsPrecision(Int128 value, Int128 limit) { return value < limit && value > -limit; }

/// `value / divisor`, halves away from zero.
Int128 DivideRounded(Int128 value, Int128 divisor) {
  const Int128 quotient = value / divisor;
  const Int128 rest = value % divisor;
  const Int128 magnitude = rest < 0 ? -rest : rest;
  if (magnitude < divisor - magnitude) return quotient;
  return value < 0 ? quotient - 1 : quotient + 1;
}

template <typename In>
Result<ArrayPtr> FlatToDecimal(const ArrayPtr& input, const TypePtr& to, bool try_cast) {
  const Shape shape = ShapeOf(*to);
  const Int128 factor = PowerOfTen(shape.scale);
  const Int128 limit = PowerOfTen(shape.precision);
  if constexpr (std::is_floating_point_v<In>) {
    const double real_factor = std::pow(10.0, shape.scale);
    // HUGEINT rounds as the other integers do, DECIMAL as decimals do.
    const bool to_even = IsHugeint(*to);
    return CastRows<In, Int128>(input, to, try_cast, [=](In value, Int128* out) {
      const double product = static_cast<double>(value) * real_factor;
      const double scaled = to_even ? std::nearbyint(product) : std::round(product);
      // Below 2^127, so that the conversion is defined; the limit is checked after it.
      if (!(std::fabs(scaled) < 1.7e38)) return false;
      *out = static_cast<Int128>(scaled);
      return FitsPrecision(*out, limit);
    });
  } else {
    return CastRows<In, Int128>(input, to, try_cast, [=](In value, Int128* out) {
      Int128 scaled = 0;
      if (__builtin_mul_overflow(static_cast<Int128>(value), factor, &scaled)) return false;
      *out = scaled;
      return FitsPrecision(scaled, limit);
    });
  }
}

template <typename Out>
Result<ArrayPtr> DecimalToFlat(const ArrayPtr& input, const TypePtr& to, bool try_cast) {
  const Int128 factor = PowerOfTen(ShapeOf(*input->type()).scale);
  if constexpr (std::is_same_v<Out, bool>) {
    return CastRows<Int128, bool>(input, to, try_cast, [](Int128 value, bool* out) {
      *out = value != 0;
      return true;
    });
  } else if constexpr (std::is_floating_point_v<Out>) {
    const double divisor = static_cast<double>(factor);
    return CastRows<Int128, Out>(input, to, try_cast, [=](Int128 value, Out* out) {
      constexpr Int128 kExact = Int128{1} << 53;
      if (value < kExact && value > -kExact) {
        // Both are exact: one rounding.
        *out = static_cast<Out>(static_cast<double>(value) / divisor);
      } else {
        const double whole = static_cast<double>(value / factor);
        *out = static_cast<Out>(whole + static_cast<double>(value % factor) / divisor);
      }
      return true;
    });
  } else {
    return CastRows<Int128, Out>(input, to, try_cast, [=](Int128 value, Out* out) {
      const Int128 rounded = DivideRounded(value, factor);
      *out = static_cast<Out>(rounded);
      return rounded >= std::numeric_limits<Out>::min() &&
             rounded <= std::numeric_limits<Out>::max();
    });
  }
}

Result<ArrayPtr> DecimalToDecimal(const ArrayPtr& input, const TypePtr& to, bool try_cast) {
  const Shape from = ShapeOf(*input->type());
  const Shape shape = ShapeOf(*to);
  const Int128 limit = PowerOfTen(shape.precision);
  if (shape.scale >= from.scale) {
    const Int128 factor = PowerOfTen(shape.scale - from.scale);
    return CastRows<Int128, Int128>(input, to, try_cast, [=](Int128 value, Int128* out) {
      Int128 scaled = 0;
      if (__builtin_mul_overflow(value, factor, &scaled)) return false;
      *out = scaled;
      return FitsPrecision(scaled, limit);
    });
  }
  const Int128 divisor = PowerOfTen(from.scale - shape.scale);
  return CastRows<Int128, Int128>(input, to, try_cast, [=](Int128 value, Int128* out) {
    *out = DivideRounded(value, divisor);
    return FitsPrecision(*out, limit);
  });
}

}  // namespace

Result<ArrayPtr> CastBetweenNumbers(const ArrayPtr& input, const TypePtr& to, bool try_cast) {
  const bool from_decimal = input->type_id() == Type::DECIMAL128;
  const bool to_decimal = to->id() == Type::DECIMAL128;
  if (from_decimal && to_decimal) return DecimalToDecimal(input, to, try_cast);
  if (from_decimal) {
    return WithFlat(
        to->id(), [&]<typename Out>(Flat<Out>) { return DecimalToFlat<Out>(input, to, try_cast); });
  }
  return WithFlat(input->type_id(), [&]<typename In>(Flat<In>) {
    if (to_decimal) return FlatToDecimal<In>(input, to, try_cast);
    return WithFlat(to->id(), [&]<typename Out>(Flat<Out>) {
      return CastRows<In, Out>(input, to, try_cast, ConvertFlat<In, Out>);
    });
  });
}

}  // namespace thalweg::engine
