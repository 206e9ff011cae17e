#include "functions/arithmetic_kernels.h"

#include <arrow/scalar.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "base/number.h"

namespace thalweg::functions {
namespace {

using engine::RowReader;

template <typename T>
struct Column {
  const uint8_t* bytes;
  T operator[](int64_t row) const {
    T value;
    std::memcpy(&value, bytes + row * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return value;
  }
};
template <typename T>
struct Constant {
  T value;
  T operator[](int64_t) const { return value; }
};

/// Calls `f` with readers that the compiler can tell apart: a column or a constant on each side.
template <typename T, typename F>
void WithReaders(const Argument& left, const Argument& right, F f) {
  const auto column = [](const Argument& argument) {
    const arrow::ArrayData& data = *argument.array()->data();
    return Column<T>{data.buffers[1]->data() + data.offset * static_cast<int64_t>(sizeof(T))};
  };
  if (left.constant()) {
    if (right.constant()) return f(Constant<T>{column(left)[0]}, Constant<T>{column(right)[0]});
    return f(Constant<T>{column(left)[0]}, column(right));
  }
  if (right.constant()) return f(column(left), Constant<T>{column(right)[0]});
  return f(column(left), column(right));
}

/// Computes one value; false: there is none.
template <Arithmetic kOp, typename T>
bool Compute(T a, T b, T* out) {
  if constexpr (std::is_floating_point_v<T>) {
    if constexpr (kOp == Arithmetic::kAdd) *out = a + b;
    if constexpr (kOp == Arithmetic::kSubtract) *out = a - b;
    if constexpr (kOp == Arithmetic::kMultiply) *out = a * b;
    if constexpr (kOp == Arithmetic::kModulo) *out = std::fmod(a, b);
    if constexpr (kOp == Arithmetic::kIntegerDivide) {
      if (b == T{0}) return false;
      *out = a / b;
    }
    return true;
  } else {
    if constexpr (kOp == Arithmetic::kAdd) return !__builtin_add_overflow(a, b, out);
    if constexpr (kOp == Arithmetic::kSubtract) return !__builtin_sub_overflow(a, b, out);
    if constexpr (kOp == Arithmetic::kMultiply) return !__builtin_mul_overflow(a, b, out);
    if (b == T{0}) return false;
    if constexpr (std::is_signed_v<T>) {
      if (b == T{-1} && a == std::numeric_limits<T>::min()) return false;
    }
    if constexpr (kOp == Arithmetic::kModulo) *out = static_cast<T>(a % b);
    if constexpr (kOp == Arithmetic::kIntegerDivide) *out = static_cast<T>(a / b);
    return true;
  }
}

/// As `Compute`, without branches and without division: 0 in `bad` where there is a value.
template <Arithmetic kOp, typename T>
T ComputeFlat(T a, T b, uint64_t& bad) {
  if constexpr (std::is_floating_point_v<T>) {
    T out{};
    Compute<kOp>(a, b, &out);
    return out;
  } else if constexpr (sizeof(T) < 8) {
    // Wider arithmetic holds every answer.
    const int64_t x = static_cast<int64_t>(a);
    const int64_t y = static_cast<int64_t>(b);
    const int64_t wide =
        kOp == Arithmetic::kAdd ? x + y : (kOp == Arithmetic::kSubtract ? x - y : 0);
    const T out = static_cast<T>(wide);
    bad |= static_cast<uint64_t>(static_cast<int64_t>(out) ^ wide);
    return out;
  } else {
    const uint64_t x = static_cast<uint64_t>(a);
    const uint64_t y = static_cast<uint64_t>(b);
    const uint64_t sum = kOp == Arithmetic::kAdd ? x + y : x - y;
    if constexpr (std::is_signed_v<T>) {
      const uint64_t overflow =
          kOp == Arithmetic::kAdd ? (x ^ sum) & (y ^ sum) : (x ^ y) & (x ^ sum);
      bad |= overflow >> 63;
    } else {
      bad |=
          kOp == Arithmetic::kAdd ? static_cast<uint64_t>(sum < x) : static_cast<uint64_t>(x < y);
    }
    return static_cast<T>(sum);
  }
}

std::string TextOf(const Argument& argument, int64_t row) {
  TextWriter text(1, 32);
  Result<engine::ValueText> values = engine::ValueText::Of(argument.array(), EvalContext{});
  if (!values.ok()) return "?";
  values->Append(argument.At(row), text);
  return std::string(text.Row());
}

Status Failure(Arithmetic operation, const Argument& left, const Argument& right, int64_t row,
               const arrow::DataType& type) {
  const std::string text = TextOf(left, row) + ' ' + SymbolOf(operation) + ' ' + TextOf(right, row);
  const bool division = operation == Arithmetic::kModulo || operation == Arithmetic::kIntegerDivide;
  if (division) {
    // The one overflow of division is the least value by minus one.
    const std::string divisor = TextOf(right, row);
    if (divisor != "-1") return Status::InvalidArgument("division by zero: " + text);
  }
  return Status::InvalidArgument("overflow of " + columnar::SqlTypeName(type) + ": " + text);
}

template <typename T, Arithmetic kOp>
Result<arrow::Datum> RunNumbers(const TypePtr& type, const Argument& left, const Argument& right,
                                int64_t rows) {
  const Argument arguments[] = {left, right};
  THALWEG_ASSIGN_OR_RETURN(Validity validity, engine::Intersect(arguments, rows));
  THALWEG_ASSIGN_OR_RETURN(auto values,
                           engine::AllocateBytes(rows * static_cast<int64_t>(sizeof(T))));
  T* out = reinterpret_cast<T*>(values->mutable_data());
  uint64_t bad = 0;
  constexpr bool kFlat = std::is_floating_point_v<T>
                             ? kOp != Arithmetic::kModulo && kOp != Arithmetic::kIntegerDivide
                             : kOp == Arithmetic::kAdd || kOp == Arithmetic::kSubtract;
  WithReaders<T>(left, right, [&](auto a, auto b) {
    uint64_t failed = 0;
    for (int64_t row = 0; row < rows; ++row) {
      if constexpr (kFlat) {
        out[row] = ComputeFlat<kOp>(a[row], b[row], failed);
      } else {
        T value{};
        failed |= static_cast<uint64_t>(!Compute<kOp>(a[row], b[row], &value));
        out[row] = value;
      }
    }
    bad = failed;
  });
  if (bad != 0) {
    // Perhaps only garbage under a null overflowed.
    const RowReader<T> a(left);
    const RowReader<T> b(right);
    for (int64_t row = 0; row < rows; ++row) {
      T value{};
      if (!validity.IsNull(row) && !Compute<kOp>(a[row], b[row], &value)) {
        return Failure(kOp, left, right, row, *type);
      }
    }
  }
  return arrow::Datum(engine::MakeFlatArray(type, rows, std::move(values), std::move(validity)));
}

template <typename T>
ScalarKernel KernelFor(Arithmetic operation, const TypePtr& type) {
  return [operation, type](std::span<const arrow::Datum> datums, int64_t rows,
                           const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    const Argument& a = arguments[0];
    const Argument& b = arguments[1];
    if (a.always_null() || b.always_null()) return engine::NullDatum(type);
    switch (operation) {
      case Arithmetic::kAdd:
        return RunNumbers<T, Arithmetic::kAdd>(type, a, b, rows);
      case Arithmetic::kSubtract:
        return RunNumbers<T, Arithmetic::kSubtract>(type, a, b, rows);
      case Arithmetic::kMultiply:
        return RunNumbers<T, Arithmetic::kMultiply>(type, a, b, rows);
      case Arithmetic::kModulo:
        return RunNumbers<T, Arithmetic::kModulo>(type, a, b, rows);
      case Arithmetic::kIntegerDivide:
        return RunNumbers<T, Arithmetic::kIntegerDivide>(type, a, b, rows);
    }
    return Status::Internal("arithmetic: unknown operation");
  };
}

/// How a decimal operation brings its operands together.
struct DecimalPlan {
  Int128 left_factor = 1;
  Int128 right_factor = 1;
  Int128 limit = 0;     ///< 10^precision of the answer.
  bool narrow = false;  ///< Every intermediate value fits 64 bits.
  bool checked = true;  ///< The answer's precision may not hold every answer.
};

template <Arithmetic kOp>
bool ComputeDecimal(const DecimalPlan& plan, Int128 a, Int128 b, Int128* out) {
  Int128 x = 0;
  Int128 y = 0;
  if (__builtin_mul_overflow(a, plan.left_factor, &x)) return false;
  if (__builtin_mul_overflow(b, plan.right_factor, &y)) return false;
  if constexpr (kOp == Arithmetic::kAdd) {
    if (__builtin_add_overflow(x, y, out)) return false;
  } else if constexpr (kOp == Arithmetic::kSubtract) {
    if (__builtin_sub_overflow(x, y, out)) return false;
  } else if constexpr (kOp == Arithmetic::kMultiply) {
    if (__builtin_mul_overflow(x, y, out)) return false;
  } else if constexpr (kOp == Arithmetic::kModulo) {
    if (y == 0) return false;
    *out = x % y;
  } else {
    if (y == 0) return false;
    *out = x / y;
  }
  return *out < plan.limit && *out > -plan.limit;
}

template <Arithmetic kOp>
int64_t ComputeNarrow(const DecimalPlan& plan, int64_t a, int64_t b) {
  // What stands under a null may overflow: it is computed without sign.
  const uint64_t x = static_cast<uint64_t>(a) * static_cast<uint64_t>(plan.left_factor);
  const uint64_t y = static_cast<uint64_t>(b) * static_cast<uint64_t>(plan.right_factor);
  if constexpr (kOp == Arithmetic::kAdd) return static_cast<int64_t>(x + y);
  if constexpr (kOp == Arithmetic::kSubtract) return static_cast<int64_t>(x - y);
  return static_cast<int64_t>(x * y);
}

template <Arithmetic kOp>
Result<arrow::Datum> RunDecimals(const DecimalPlan& plan, const TypePtr& type, const Argument& left,
                                 const Argument& right, int64_t rows) {
  const Argument arguments[] = {left, right};
  THALWEG_ASSIGN_OR_RETURN(Validity validity, engine::Intersect(arguments, rows));
  THALWEG_ASSIGN_OR_RETURN(auto values,
                           engine::AllocateBytes(rows * static_cast<int64_t>(sizeof(Int128))));
  Int128* out = reinterpret_cast<Int128*>(values->mutable_data());
  constexpr bool kCanBeNarrow = kOp != Arithmetic::kModulo && kOp != Arithmetic::kIntegerDivide;
  bool all = true;
  WithReaders<Int128>(left, right, [&](auto a, auto b) {
    if (kCanBeNarrow && plan.narrow && !plan.checked) {
      for (int64_t row = 0; row < rows; ++row) {
        out[row] =
            ComputeNarrow<kOp>(plan, static_cast<int64_t>(a[row]), static_cast<int64_t>(b[row]));
      }
      return;
    }
    bool good = true;
    for (int64_t row = 0; row < rows; ++row) {
      Int128 value = 0;
      good &= ComputeDecimal<kOp>(plan, a[row], b[row], &value);
      out[row] = value;
    }
    all = good;
  });
  if (!all) {
    const RowReader<Int128> a(left);
    const RowReader<Int128> b(right);
    for (int64_t row = 0; row < rows; ++row) {
      Int128 value = 0;
      if (!validity.IsNull(row) && !ComputeDecimal<kOp>(plan, a[row], b[row], &value)) {
        return Failure(kOp, left, right, row, *type);
      }
    }
  }
  return arrow::Datum(engine::MakeFlatArray(type, rows, std::move(values), std::move(validity)));
}

ScalarKernel DecimalKernelFor(Arithmetic operation, DecimalPlan plan, TypePtr type) {
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    const Argument& a = arguments[0];
    const Argument& b = arguments[1];
    if (a.always_null() || b.always_null()) return engine::NullDatum(type);
    switch (operation) {
      case Arithmetic::kAdd:
        return RunDecimals<Arithmetic::kAdd>(plan, type, a, b, rows);
      case Arithmetic::kSubtract:
        return RunDecimals<Arithmetic::kSubtract>(plan, type, a, b, rows);
      case Arithmetic::kMultiply:
        return RunDecimals<Arithmetic::kMultiply>(plan, type, a, b, rows);
      case Arithmetic::kModulo:
        return RunDecimals<Arithmetic::kModulo>(plan, type, a, b, rows);
      case Arithmetic::kIntegerDivide:
        return RunDecimals<Arithmetic::kIntegerDivide>(plan, type, a, b, rows);
    }
    return Status::Internal("arithmetic: unknown operation");
  };
}

struct Shape {
  int precision;
  int scale;
};
Shape ShapeOf(const arrow::DataType& type) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  return {decimal.precision(), decimal.scale()};
}

template <typename T>
ScalarKernel NegateKernelFor(const TypePtr& type) {
  return engine::RowKernel<T, T>(type, [type](T value) -> Result<T> {
    if constexpr (std::is_floating_point_v<T>) {
      return -value;
    } else {
      T out{};
      if (__builtin_sub_overflow(T{0}, value, &out)) {
        return Status::InvalidArgument("overflow of " + columnar::SqlTypeName(*type) + ": -(" +
                                       std::to_string(value) + ')');
      }
      return out;
    }
  });
}

}  // namespace

const char* SymbolOf(Arithmetic operation) {
  switch (operation) {
    case Arithmetic::kAdd:
      return "+";
    case Arithmetic::kSubtract:
      return "-";
    case Arithmetic::kMultiply:
      return "*";
    case Arithmetic::kModulo:
      return "%";
    case Arithmetic::kIntegerDivide:
      return "//";
  }
  return "?";
}

ScalarKernel NumberKernel(Arithmetic operation, const TypePtr& type) {
  switch (type->id()) {
    case Type::INT8:
      return KernelFor<int8_t>(operation, type);
    case Type::INT16:
      return KernelFor<int16_t>(operation, type);
    case Type::INT32:
      return KernelFor<int32_t>(operation, type);
    case Type::INT64:
      return KernelFor<int64_t>(operation, type);
    case Type::UINT8:
      return KernelFor<uint8_t>(operation, type);
    case Type::UINT16:
      return KernelFor<uint16_t>(operation, type);
    case Type::UINT32:
      return KernelFor<uint32_t>(operation, type);
    case Type::UINT64:
      return KernelFor<uint64_t>(operation, type);
    case Type::FLOAT:
      return KernelFor<float>(operation, type);
    default:
      return KernelFor<double>(operation, type);
  }
}

ScalarKernel DecimalKernel(Arithmetic operation, const TypePtr& left, const TypePtr& right,
                           const TypePtr& result) {
  const Shape a = ShapeOf(*left);
  const Shape b = ShapeOf(*right);
  const Shape r = ShapeOf(*result);
  DecimalPlan plan;
  plan.limit = PowerOfTen(r.precision);
  if (operation == Arithmetic::kMultiply) {
    plan.checked = a.precision + b.precision > r.precision;
  } else {
    const int scale = std::max(a.scale, b.scale);
    plan.left_factor = PowerOfTen(scale - a.scale);
    plan.right_factor = PowerOfTen(scale - b.scale);
    plan.checked = std::max(a.precision - a.scale, b.precision - b.scale) + scale + 1 > r.precision;
  }
  plan.narrow = r.precision <= 18 && a.precision <= 18 && b.precision <= 18;
  return DecimalKernelFor(operation, plan, result);
}

ScalarKernel HugeintKernel(Arithmetic operation) {
  DecimalPlan plan;
  plan.limit = PowerOfTen(38);
  return DecimalKernelFor(operation, plan, Hugeint());
}

ScalarKernel NegateKernel(const TypePtr& type) {
  switch (type->id()) {
    case Type::INT8:
      return NegateKernelFor<int8_t>(type);
    case Type::INT16:
      return NegateKernelFor<int16_t>(type);
    case Type::INT32:
      return NegateKernelFor<int32_t>(type);
    case Type::INT64:
      return NegateKernelFor<int64_t>(type);
    case Type::UINT8:
      return NegateKernelFor<uint8_t>(type);
    case Type::UINT16:
      return NegateKernelFor<uint16_t>(type);
    case Type::UINT32:
      return NegateKernelFor<uint32_t>(type);
    case Type::UINT64:
      return NegateKernelFor<uint64_t>(type);
    case Type::FLOAT:
      return NegateKernelFor<float>(type);
    case Type::DOUBLE:
      return NegateKernelFor<double>(type);
    default:
      return engine::RowKernel<Int128, Int128>(type, [](Int128 value) { return -value; });
  }
}

}  // namespace thalweg::functions
