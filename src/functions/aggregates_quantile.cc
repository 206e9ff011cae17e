#include <arrow/compute/api.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/ordered_value.h"
#include "engine/registry.h"
#include "functions/aggregate_state.h"

// MEDIAN and quantiles: exact, over values that are kept.
namespace thalweg::functions::aggregates_quantile {
namespace {

using engine::BindArgument;
using engine::BoundAggregate;
using Arguments = std::span<const BindArgument>;

template <typename T>
bool Before(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    return engine::Ordered(a) < engine::Ordered(b);
  } else {
    return a < b;
  }
}

/// Interpolates, or picks the value at the place.
enum class Kind : uint8_t { kContinuous, kDiscrete };

/// `Kept` is what is kept and given; `Read` is how a column is read.
template <typename Kept, typename Read>
class Quantile final : public engine::Aggregate {
 public:
  Quantile(TypePtr type, Kind kind, double fraction)
      : type_(std::move(type)), kind_(kind), fraction_(fraction) {}

  Status Resize(int64_t count) override {
    groups_.resize(static_cast<size_t>(count));
    return {};
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, RowsOf(arguments[0], rows));
    if constexpr (std::is_same_v<Kept, std::string>) {
      const columnar::StringColumn values(array);
      ForEachValid(*array, [&](int64_t row) {
        bytes_ += static_cast<int64_t>(values[row].size());
        groups_[GroupOf(groups, row)].emplace_back(values[row]);
      });
    } else {
      const Values<Read> values(*array);
      ForEachValid(*array, [&](int64_t row) {
        groups_[GroupOf(groups, row)].push_back(static_cast<Kept>(values[row]));
      });
    }
    kept_ += rows - array->null_count();
    return {};
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t count) override {
    const auto& from = static_cast<const Quantile&>(other);
    for (int64_t i = 0; i < count; ++i) {
      const std::vector<Kept>& values = from.groups_[static_cast<size_t>(i)];
      std::vector<Kept>& here = groups_[GroupOf(groups, i)];
      here.insert(here.end(), values.begin(), values.end());
    }
    kept_ += from.kept_;
    bytes_ += from.bytes_;
    return {};
  }
  Result<ArrayPtr> Finish() override {
    const auto count = static_cast<int64_t>(groups_.size());
    if constexpr (std::is_same_v<Kept, std::string>) {
      engine::TextWriter out(count, bytes_);
      for (std::vector<Kept>& values : groups_) {
        if (values.empty()) {
          out.EndNull();
        } else {
          out.Append(Discrete(values));
          out.EndRow();
        }
      }
      return out.Finish(type_);
    } else {
      return BuildFixed<Kept>(type_, count, [&](int64_t i, Kept* out) {
        std::vector<Kept>& values = groups_[static_cast<size_t>(i)];
        if (values.empty()) return false;
        *out = kind_ == Kind::kDiscrete ? Discrete(values) : Continuous(values);
        return true;
      });
    }
  }
  int64_t ByteSize() const override {
    // Vectors grow by doubling: half as much again as is in use.
    return static_cast<int64_t>(groups_.capacity() * sizeof(std::vector<Kept>)) +
           kept_ * static_cast<int64_t>(sizeof(Kept)) * 3 / 2 + bytes_;
  }

 private:
  Kept Nth(std::vector<Kept>& values, size_t place) const {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(values.begin(), at, values.end(), Before<Kept>);
    return *at;
  }
  Kept Discrete(std::vector<Kept>& values) const {
    const auto count = static_cast<double>(values.size());
    const double behind = std::floor(count - fraction_ * count);
    return Nth(values, static_cast<size_t>(std::max(1.0, count - behind)) - 1);
  }
  Kept Continuous(std::vector<Kept>& values) const {
    if constexpr (std::is_same_v<Kept, std::string>) {
      return Discrete(values);
    } else {
      const double place = static_cast<double>(values.size() - 1) * fraction_;
      const auto lower = static_cast<size_t>(std::floor(place));
      const double part = place - std::floor(place);
      const Kept low = Nth(values, lower);
      if (part == 0) return low;
      const auto above = values.begin() + static_cast<std::ptrdiff_t>(lower) + 1;
      const Kept high = *std::min_element(above, values.end(), Before<Kept>);
      if constexpr (std::is_floating_point_v<Kept>) {
        return static_cast<Kept>(low + (high - low) * part);
      } else {
        // Toward the lower one, in the type's own unit.
        return low + static_cast<Kept>(static_cast<long double>(high - low) * part);
      }
    }
  }

  TypePtr type_;
  Kind kind_;
  double fraction_;
  std::vector<std::vector<Kept>> groups_;
  int64_t kept_ = 0;
  int64_t bytes_ = 0;
};

template <typename Kept, typename Read = Kept>
BoundAggregate Bound(const TypePtr& input, const TypePtr& result, Kind kind, double fraction) {
  return {{input}, result, [result, kind, fraction] {
            return std::make_unique<Quantile<Kept, Read>>(result, kind, fraction);
          }};
}

/// Times are interpolated as timestamps, decimals as decimals, other numbers as DOUBLE.
Result<BoundAggregate> BindContinuous(const std::string& name, const TypePtr& type, double fraction,
                                      Arguments arguments) {
  const Kind kind = Kind::kContinuous;
  switch (type->id()) {
    case arrow::Type::DATE32: {
      const TypePtr micros = arrow::timestamp(arrow::TimeUnit::MICRO);
      return Bound<int64_t>(micros, micros, kind, fraction);
    }
    case arrow::Type::TIMESTAMP:
    case arrow::Type::TIME64:
      return Bound<int64_t>(type, type, kind, fraction);
    case arrow::Type::FLOAT:
      return Bound<float>(type, type, kind, fraction);
    case arrow::Type::DECIMAL128:
      if (static_cast<const arrow::DecimalType&>(*type).scale() > 0) {
        return Bound<Int128>(type, type, kind, fraction);
      }
      return Bound<double>(arrow::float64(), arrow::float64(), kind, fraction);
    default:
      break;
  }
  if (!IsNumeric(*type) && type->id() != arrow::Type::NA) {
    return BadArguments(name, "numeric or time", arguments);
  }
  return Bound<double>(arrow::float64(), arrow::float64(), kind, fraction);
}

Result<BoundAggregate> BindDiscrete(const std::string& name, const TypePtr& type, double fraction,
                                    Arguments arguments) {
  const Kind kind = Kind::kDiscrete;
  if (columnar::IsString(*type)) {
    return Bound<std::string>(type, columnar::WithoutViews(type), kind, fraction);
  }
  switch (type->id()) {
    case arrow::Type::INT8:
      return Bound<int8_t>(type, type, kind, fraction);
    case arrow::Type::INT16:
      return Bound<int16_t>(type, type, kind, fraction);
    case arrow::Type::UINT8:
      return Bound<uint8_t>(type, type, kind, fraction);
    case arrow::Type::UINT16:
      return Bound<uint16_t>(type, type, kind, fraction);
    case arrow::Type::UINT32:
      return Bound<uint32_t>(type, type, kind, fraction);
    case arrow::Type::UINT64:
      return Bound<uint64_t>(type, type, kind, fraction);
    case arrow::Type::FLOAT:
      return Bound<float>(type, type, kind, fraction);
    case arrow::Type::DOUBLE:
      return Bound<double>(type, type, kind, fraction);
    case arrow::Type::DECIMAL128:
      return Bound<Int128>(type, type, kind, fraction);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
      return Bound<int32_t>(type, type, kind, fraction);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::TIME64:
      return Bound<int64_t>(type, type, kind, fraction);
    default:
      return BadArguments(name, "ordered value", arguments);
  }
}

Result<double> FractionOf(const std::string& name, const BindArgument& argument) {
  if (argument.constant != nullptr && argument.constant->is_valid) {
    const auto number = arrow::compute::Cast(arrow::Datum(argument.constant), arrow::float64());
    if (number.ok()) {
      const double value = static_cast<const arrow::DoubleScalar&>(*number->scalar()).value;
      if (value >= 0 && value <= 1) return value;
    }
  }
  return Status::InvalidArgument(name + ": the fraction must be a constant from 0 to 1");
}

Result<BoundAggregate> Bind(const std::string& name, Kind kind, double fraction,
                            Arguments arguments, bool distinct) {
  const TypePtr& type = arguments[0].type;
  THALWEG_ASSIGN_OR_RETURN(BoundAggregate bound,
                           kind == Kind::kContinuous
                               ? BindContinuous(name, type, fraction, arguments)
                               : BindDiscrete(name, type, fraction, arguments));
  if (arguments.size() == 2) bound.parameters.push_back(arguments[1].type);
  return distinct ? Distinct(std::move(bound)) : bound;
}

engine::AggregateFunction QuantileFunction(std::string name, std::vector<std::string> aliases,
                                           std::string summary, Kind kind) {
  engine::AggregateFunction out;
  out.spec.name = name;
  out.spec.aliases = std::move(aliases);
  out.spec.summary = std::move(summary);
  out.spec.examples = {"SELECT " + name + "(dep_delay, 0.9) FROM flights"};
  out.bind = [name, kind](Arguments arguments, bool distinct) -> Result<BoundAggregate> {
    if (arguments.size() != 2) return BadArguments(name, "value, fraction", arguments);
    THALWEG_ASSIGN_OR_RETURN(const double fraction, FractionOf(name, arguments[1]));
    return Bind(name, kind, fraction, arguments, distinct);
  };
  return out;
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::AggregateFunction median;
  median.spec.name = "median";
  median.spec.summary = "The middle value, interpolated between two; of texts the lower one.";
  median.spec.examples = {"SELECT MEDIAN(dep_delay) FROM flights"};
  median.bind = [](Arguments arguments, bool distinct) -> Result<BoundAggregate> {
    if (arguments.size() != 1) return BadArguments("median", "one ordered value", arguments);
    const Kind kind = columnar::IsString(*arguments[0].type) ? Kind::kDiscrete : Kind::kContinuous;
    return Bind("median", kind, 0.5, arguments, distinct);
  };
  registry.Add(std::move(median));
  registry.Add(QuantileFunction("quantile_cont", {"percentile_cont"},
                                "The value at a fraction of the order, interpolated.",
                                Kind::kContinuous));
  registry.Add(QuantileFunction("quantile_disc", {"percentile_disc", "quantile"},
                                "The value at a fraction of the order, one of those given.",
                                Kind::kDiscrete));
}

}  // namespace thalweg::functions::aggregates_quantile
