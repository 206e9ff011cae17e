#include <arrow/type.h>

#include <cmath>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "engine/registry.h"
#include "functions/aggregate_state.h"

// COUNT, SUM, AVG and what counts truths.
namespace thalweg::functions::aggregates_basic {
namespace {

using engine::AggregateFunction;
using engine::BindArgument;
using engine::BoundAggregate;
using Arguments = std::span<const BindArgument>;

/// COUNT(*) without argument, COUNT(x) with one.
class CountAggregate final : public engine::Aggregate {
 public:
  Status Resize(int64_t count) override {
    counts_.resize(static_cast<size_t>(count));
    return {};
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    if (arguments.empty() || IsAllValid(arguments[0])) {
      if (groups == nullptr) {
        counts_[0] += rows;
        return {};
      }
      int64_t* const counts = counts_.data();
      for (int64_t row = 0; row < rows; ++row) ++counts[groups[row]];
      return {};
    }
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, RowsOf(arguments[0], rows));
    if (groups == nullptr) {
      counts_[0] += rows - array->null_count();
      return {};
    }
    ForEachValid(*array, [&](int64_t row) { ++counts_[groups[row]]; });
    return {};
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t count) override {
    const auto& from = static_cast<const CountAggregate&>(other);
    for (int64_t i = 0; i < count; ++i) {
      counts_[GroupOf(groups, i)] += from.counts_[static_cast<size_t>(i)];
    }
    return {};
  }
  Result<ArrayPtr> Finish() override {
    return BuildFixed<int64_t>(arrow::int64(), static_cast<int64_t>(counts_.size()),
                               [&](int64_t i, int64_t* out) {
                                 *out = counts_[static_cast<size_t>(i)];
                                 return true;
                               });
  }
  int64_t ByteSize() const override {
    return static_cast<int64_t>(counts_.capacity() * sizeof(int64_t));
  }

 private:
  static bool IsAllValid(const arrow::Datum& datum) {
    return datum.is_scalar() ? datum.scalar()->is_valid : datum.array()->GetNullCount() == 0;
  }
  std::vector<int64_t> counts_;
};

/// SUM and AVG keep the same: a total and how many values it has.
template <typename Total>
struct TotalState {
  Total total{};
  int64_t count = 0;

  void Add(Total value) {
    total += value;
    ++count;
  }
  void Merge(const TotalState& other) {
    total += other.total;
    count += other.count;
  }
};

/// For decimals of more than 18 digits, whose total may pass 128 bits on the way.
struct CheckedTotalState {
  Int128 total = 0;
  int64_t count = 0;
  bool overflow = false;

  void Add(Int128 value) {
    overflow |= __builtin_add_overflow(total, value, &total);
    ++count;
  }
  void Merge(const CheckedTotalState& other) {
    overflow |= other.overflow | __builtin_add_overflow(total, other.total, &total);
    count += other.count;
  }
};

/// SUM of integers and decimals: exact, in 38 digits.
template <typename State, typename T>
class ExactSum final : public UnaryAggregate<State, T> {
 public:
  explicit ExactSum(TypePtr type) : type_(std::move(type)) {}
  Result<ArrayPtr> Finish() override {
    bool overflow = false;
    THALWEG_ASSIGN_OR_RETURN(
        ArrayPtr out, BuildFixed<Int128>(type_, this->count(), [&](int64_t i, Int128* value) {
          const State& state = this->state(i);
          *value = state.total;
          overflow |= *value > kMax || *value < -kMax;
          if constexpr (std::is_same_v<State, CheckedTotalState>) overflow |= state.overflow;
          return state.count > 0;
        }));
    if (overflow) {
      return Status::InvalidArgument("sum: the total does not fit " +
                                     columnar::SqlTypeName(*type_) +
                                     ": cast the argument to DOUBLE for an approximate total");
    }
    return out;
  }

 private:
  static inline const Int128 kMax = PowerOfTen(kDecimalDigitsMax) - 1;
  TypePtr type_;
};

class DoubleSum final : public UnaryAggregate<TotalState<double>, double> {
 public:
  Result<ArrayPtr> Finish() override {
    return BuildFixed<double>(arrow::float64(), count(), [&](int64_t i, double* value) {
      *value = state(i).total;
      return state(i).count > 0;
    });
  }
};

/// AVG: the exact total of integers and decimals is divided once, at the end.
template <typename State, typename T>
class Average final : public UnaryAggregate<State, T> {
 public:
  explicit Average(int scale) : divisor_(static_cast<long double>(PowerOfTen(scale))) {}
  Result<ArrayPtr> Finish() override {
    bool overflow = false;
    THALWEG_ASSIGN_OR_RETURN(
        ArrayPtr out,
        BuildFixed<double>(arrow::float64(), this->count(), [&](int64_t i, double* value) {
          const State& state = this->state(i);
          if constexpr (std::is_same_v<State, CheckedTotalState>) overflow |= state.overflow;
          if (state.count == 0) return false;
          if constexpr (std::is_same_v<State, TotalState<double>>) {
            *value = state.total / static_cast<double>(state.count);
          } else {
            *value = static_cast<double>(static_cast<long double>(state.total) /
                                         (static_cast<long double>(state.count) * divisor_));
          }
          return true;
        }));
    if (overflow) {
      return Status::InvalidArgument("avg: the total passes 128 bits: cast the argument to DOUBLE");
    }
    return out;
  }

 private:
  long double divisor_;
};

/// What SUM and AVG are computed from, after the binder's casts.
Result<TypePtr> TotalInput(const std::string& name, Arguments arguments) {
  if (arguments.size() != 1) return BadArguments(name, "numeric", arguments);
  const TypePtr& type = arguments[0].type;
  switch (type->id()) {
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
      return type;
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
      return arrow::int32();
    case arrow::Type::UINT32:
      return arrow::int64();
    case arrow::Type::UINT64:
      return arrow::decimal128(20, 0);
    case arrow::Type::NA:
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
      return arrow::float64();
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      return arrow::decimal128(decimal.precision(), decimal.scale());
    }
    default:
      return BadArguments(name, "numeric", arguments);
  }
}

int ScaleOf(const arrow::DataType& type) {
  return arrow::is_decimal(type.id()) ? static_cast<const arrow::DecimalType&>(type).scale() : 0;
}

bool IsNarrow(const arrow::DataType& type) {
  return static_cast<const arrow::DecimalType&>(type).precision() <= 18;
}

std::unique_ptr<engine::Aggregate> MakeSum(const arrow::DataType& input, const TypePtr& result) {
  using Exact = TotalState<Int128>;
  switch (input.id()) {
    case arrow::Type::INT32:
      return std::make_unique<ExactSum<Exact, int32_t>>(result);
    case arrow::Type::INT64:
      return std::make_unique<ExactSum<Exact, int64_t>>(result);
    case arrow::Type::DECIMAL128:
      if (IsNarrow(input)) return std::make_unique<ExactSum<Exact, NarrowDecimal>>(result);
      return std::make_unique<ExactSum<CheckedTotalState, Int128>>(result);
    default:
      return std::make_unique<DoubleSum>();
  }
}

Result<BoundAggregate> BindSum(Arguments arguments, bool distinct) {
  THALWEG_ASSIGN_OR_RETURN(const TypePtr input, TotalInput("sum", arguments));
  const TypePtr result = input->id() == arrow::Type::DOUBLE
                             ? arrow::float64()
                             : arrow::decimal128(kDecimalDigitsMax, ScaleOf(*input));
  BoundAggregate bound{{input}, result, [input, result] { return MakeSum(*input, result); }};
  return distinct ? Distinct(std::move(bound)) : bound;
}

std::unique_ptr<engine::Aggregate> MakeAverage(const arrow::DataType& input) {
  using Exact = TotalState<Int128>;
  const int scale = ScaleOf(input);
  switch (input.id()) {
    case arrow::Type::INT32:
      return std::make_unique<Average<Exact, int32_t>>(scale);
    case arrow::Type::INT64:
      return std::make_unique<Average<Exact, int64_t>>(scale);
    case arrow::Type::DECIMAL128:
      if (IsNarrow(input)) return std::make_unique<Average<Exact, NarrowDecimal>>(scale);
      return std::make_unique<Average<CheckedTotalState, Int128>>(scale);
    default:
      return std::make_unique<Average<TotalState<double>, double>>(0);
  }
}

Result<BoundAggregate> BindAverage(Arguments arguments, bool distinct) {
  THALWEG_ASSIGN_OR_RETURN(const TypePtr input, TotalInput("avg", arguments));
  BoundAggregate bound{{input}, arrow::float64(), [input] { return MakeAverage(*input); }};
  return distinct ? Distinct(std::move(bound)) : bound;
}

Result<BoundAggregate> BindCount(Arguments arguments, bool distinct) {
  if (arguments.size() > 1) return BadArguments("count", "* or one value", arguments);
  BoundAggregate bound{{}, arrow::int64(), [] { return std::make_unique<CountAggregate>(); }};
  if (!arguments.empty()) bound.parameters = {arguments[0].type};
  if (distinct && arguments.empty()) {
    return Status::InvalidArgument("count: DISTINCT needs a value: COUNT(DISTINCT x)");
  }
  return distinct ? Distinct(std::move(bound)) : bound;
}

Result<BoundAggregate> BindCountDistinct(Arguments arguments, bool) {
  if (arguments.size() != 1) return BadArguments("count_distinct", "one value", arguments);
  return BindCount(arguments, true);
}

/// COUNT_IF, BOOL_AND, BOOL_OR: how many values are true, of how many.
struct TruthState {
  int64_t truths = 0;
  int64_t count = 0;
  void Add(bool value) {
    truths += value ? 1 : 0;
    ++count;
  }
  void Merge(const TruthState& other) {
    truths += other.truths;
    count += other.count;
  }
};

enum class Truth : uint8_t { kAnd, kOr, kCount };

template <Truth kind>
class TruthAggregate final : public UnaryAggregate<TruthState, bool> {
 public:
  Result<ArrayPtr> Finish() override {
    if constexpr (kind == Truth::kCount) {
      return BuildFixed<int64_t>(arrow::int64(), count(), [&](int64_t i, int64_t* value) {
        *value = state(i).truths;
        return true;
      });
    } else {
      return BuildBool(count(), [&](int64_t i, bool* value) {
        *value = kind == Truth::kAnd ? state(i).truths == state(i).count : state(i).truths > 0;
        return state(i).count > 0;
      });
    }
  }
};

template <Truth kind>
AggregateFunction TruthFunction(std::string name, std::vector<std::string> aliases,
                                std::string summary, std::string example) {
  AggregateFunction out;
  out.spec.name = name;
  out.spec.aliases = std::move(aliases);
  out.spec.summary = std::move(summary);
  out.spec.examples = {std::move(example)};
  out.bind = [name](Arguments arguments, bool distinct) -> Result<BoundAggregate> {
    if (arguments.size() != 1 || (arguments[0].type->id() != arrow::Type::BOOL &&
                                  arguments[0].type->id() != arrow::Type::NA)) {
      return BadArguments(name, "BOOLEAN", arguments);
    }
    BoundAggregate bound{{arrow::boolean()},
                         kind == Truth::kCount ? arrow::int64() : arrow::boolean(),
                         [] { return std::make_unique<TruthAggregate<kind>>(); }};
    return distinct && kind == Truth::kCount ? Distinct(std::move(bound)) : bound;
  };
  return out;
}

template <typename Bind>
AggregateFunction Function(std::string name, std::vector<std::string> aliases, std::string summary,
                           std::string example, Bind bind) {
  AggregateFunction out;
  out.spec.name = std::move(name);
  out.spec.aliases = std::move(aliases);
  out.spec.summary = std::move(summary);
  out.spec.examples = {std::move(example)};
  out.bind = bind;
  return out;
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  registry.Add(Function("count", {}, "Counts rows, or values that are not null.",
                        "SELECT COUNT(*), COUNT(dep_delay) FROM flights", BindCount));
  registry.Add(Function("count_distinct", {}, "Counts different values that are not null.",
                        "SELECT COUNT_DISTINCT(origin) FROM flights", BindCountDistinct));
  registry.Add(Function("sum", {},
                        "Adds up. Exact for integers (HUGEINT) and decimals (38 digits).",
                        "SELECT SUM(distance) FROM flights", BindSum));
  registry.Add(Function("avg", {"mean"}, "The mean, as DOUBLE.",
                        "SELECT AVG(dep_delay) FROM flights", BindAverage));
  registry.Add(TruthFunction<Truth::kAnd>("bool_and", {"every"}, "True when all values are true.",
                                          "SELECT BOOL_AND(distance > 0) FROM flights"));
  registry.Add(TruthFunction<Truth::kOr>("bool_or", {}, "True when any value is true.",
                                         "SELECT BOOL_OR(distance > 1000) FROM flights"));
  registry.Add(TruthFunction<Truth::kCount>("count_if", {"countif"}, "Counts values that are true.",
                                            "SELECT COUNT_IF(dep_delay > 15) FROM flights"));
}

}  // namespace thalweg::functions::aggregates_basic
