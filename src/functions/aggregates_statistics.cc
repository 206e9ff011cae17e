#include <arrow/type.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/registry.h"
#include "functions/aggregate_state.h"

// Variance, correlation and regression, by one-pass updates of means and central moments (Welford
// 1962), merged as Chan, Golub and LeVeque (1979) do. Arguments are DOUBLE.
namespace thalweg::functions::aggregates_statistics {
namespace {

using engine::BindArgument;
using engine::BoundAggregate;
using Arguments = std::span<const BindArgument>;

/// Nothing: null.
using Answer = std::optional<double>;

struct Moments {
  int64_t count = 0;
  double mean = 0;
  double m2 = 0;  ///< Sum of squared distances from the mean.

  void Add(double value) {
    ++count;
    const double distance = value - mean;
    mean += distance / static_cast<double>(count);
    m2 += distance * (value - mean);
  }
  void Merge(const Moments& other) {
    if (other.count == 0) return;
    const auto mine = static_cast<double>(count);
    const auto theirs = static_cast<double>(other.count);
    const double distance = other.mean - mean;
    count += other.count;
    mean += distance * theirs / (mine + theirs);
    m2 += other.m2 + distance * distance * mine * theirs / (mine + theirs);
  }
};

Answer VarPop(const Moments& of) {
  if (of.count == 0) return {};
  return of.count == 1 ? 0.0 : of.m2 / static_cast<double>(of.count);
}
Answer VarSamp(const Moments& of) {
  if (of.count < 2) return {};
  return of.m2 / static_cast<double>(of.count - 1);
}
Answer Root(Answer variance) { return variance ? Answer(std::sqrt(*variance)) : Answer(); }
Answer StddevPop(const Moments& of) { return Root(VarPop(of)); }
Answer StddevSamp(const Moments& of) { return Root(VarSamp(of)); }
Answer StandardError(const Moments& of) {
  const Answer deviation = StddevPop(of);
  if (!deviation) return {};
  return *deviation / std::sqrt(static_cast<double>(of.count));
}

/// Moments of pairs (y, x).
struct PairMoments {
  Moments x;
  Moments y;
  double co = 0;  ///< Sum of products of the distances from the means.

  void Add(double y_value, double x_value) {
    const double x_distance = x_value - x.mean;
    x.Add(x_value);
    y.Add(y_value);
    co += x_distance * (y_value - y.mean);
  }
  void Merge(const PairMoments& other) {
    if (other.x.count == 0) return;
    const auto mine = static_cast<double>(x.count);
    const auto theirs = static_cast<double>(other.x.count);
    co += other.co +
          (other.x.mean - x.mean) * (other.y.mean - y.mean) * mine * theirs / (mine + theirs);
    x.Merge(other.x);
    y.Merge(other.y);
  }
  int64_t count() const { return x.count; }
};

Answer CovarPop(const PairMoments& of) {
  if (of.count() == 0) return {};
  return of.co / static_cast<double>(of.count());
}
Answer CovarSamp(const PairMoments& of) {
  if (of.count() < 2) return {};
  return of.co / static_cast<double>(of.count() - 1);
}
/// A constant side has no correlation: NaN.
Answer Corr(const PairMoments& of) {
  if (of.count() == 0) return {};
  const double deviations = *StddevPop(of.x) * *StddevPop(of.y);
  return deviations == 0 ? std::nan("") : *CovarPop(of) / deviations;
}
Answer RegrSlope(const PairMoments& of) {
  if (of.count() == 0) return {};
  const double variance = *VarPop(of.x);
  return variance == 0 ? std::nan("") : *CovarPop(of) / variance;
}
Answer RegrIntercept(const PairMoments& of) {
  if (of.count() == 0) return {};
  return of.y.mean - *RegrSlope(of) * of.x.mean;
}
Answer RegrR2(const PairMoments& of) {
  if (of.count() == 0 || *VarPop(of.x) == 0) return {};
  if (*VarPop(of.y) == 0) return 1.0;
  const double corr = *Corr(of);
  return corr * corr;
}
Answer RegrAvgX(const PairMoments& of) { return of.count() == 0 ? Answer() : Answer(of.x.mean); }
Answer RegrAvgY(const PairMoments& of) { return of.count() == 0 ? Answer() : Answer(of.y.mean); }
Answer RegrSxx(const PairMoments& of) { return of.count() == 0 ? Answer() : Answer(of.x.m2); }
Answer RegrSyy(const PairMoments& of) { return of.count() == 0 ? Answer() : Answer(of.y.m2); }
Answer RegrSxy(const PairMoments& of) { return of.count() == 0 ? Answer() : Answer(of.co); }

class OneAggregate final : public UnaryAggregate<Moments, double> {
 public:
  using Formula = Answer (*)(const Moments&);
  explicit OneAggregate(Formula formula) : formula_(formula) {}
  Result<ArrayPtr> Finish() override {
    return BuildFixed<double>(arrow::float64(), count(), [&](int64_t i, double* out) {
      const Answer answer = formula_(state(i));
      *out = answer.value_or(0);
      return answer.has_value();
    });
  }

 private:
  Formula formula_;
};

class PairAggregate final : public engine::Aggregate {
 public:
  using Formula = Answer (*)(const PairMoments&);
  /// Null: the number of pairs.
  explicit PairAggregate(Formula formula) : formula_(formula) {}

  Status Resize(int64_t count) override {
    states_.resize(static_cast<size_t>(count));
    return {};
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr y, RowsOf(arguments[0], rows));
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr x, RowsOf(arguments[1], rows));
    const Values<double> y_values(*y);
    const Values<double> x_values(*x);
    const bool x_has_nulls = x->null_count() > 0;
    ForEachValid(*y, [&](int64_t row) {
      if (x_has_nulls && x->IsNull(row)) return;
      states_[GroupOf(groups, row)].Add(y_values[row], x_values[row]);
    });
    return {};
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t count) override {
    const auto& from = static_cast<const PairAggregate&>(other);
    for (int64_t i = 0; i < count; ++i) {
      states_[GroupOf(groups, i)].Merge(from.states_[static_cast<size_t>(i)]);
    }
    return {};
  }
  Result<ArrayPtr> Finish() override {
    const auto groups = static_cast<int64_t>(states_.size());
    if (formula_ == nullptr) {
      return BuildFixed<int64_t>(arrow::int64(), groups, [&](int64_t i, int64_t* out) {
        *out = states_[static_cast<size_t>(i)].count();
        return true;
      });
    }
    return BuildFixed<double>(arrow::float64(), groups, [&](int64_t i, double* out) {
      const Answer answer = formula_(states_[static_cast<size_t>(i)]);
      *out = answer.value_or(0);
      return answer.has_value();
    });
  }
  int64_t ByteSize() const override {
    return static_cast<int64_t>(states_.capacity() * sizeof(PairMoments));
  }

 private:
  Formula formula_;
  std::vector<PairMoments> states_;
};

bool TakesDouble(const arrow::DataType& type) {
  return IsNumeric(type) || type.id() == arrow::Type::NA;
}

engine::AggregateFunction One(std::string name, std::vector<std::string> aliases,
                              std::string summary, OneAggregate::Formula formula) {
  engine::AggregateFunction out;
  out.spec.name = name;
  out.spec.aliases = std::move(aliases);
  out.spec.summary = std::move(summary);
  out.spec.examples = {"SELECT " + name + "(dep_delay) FROM flights"};
  out.bind = [name, formula](Arguments arguments, bool distinct) -> Result<BoundAggregate> {
    if (arguments.size() != 1 || !TakesDouble(*arguments[0].type)) {
      return BadArguments(name, "numeric", arguments);
    }
    BoundAggregate bound{{arrow::float64()}, arrow::float64(), [formula] {
                           return std::make_unique<OneAggregate>(formula);
                         }};
    return distinct ? Distinct(std::move(bound)) : bound;
  };
  return out;
}

engine::AggregateFunction Two(std::string name, std::string summary,
                              PairAggregate::Formula formula) {
  engine::AggregateFunction out;
  out.spec.name = name;
  out.spec.summary = std::move(summary);
  out.spec.examples = {"SELECT " + name + "(arr_delay, dep_delay) FROM flights"};
  out.bind = [name, formula](Arguments arguments, bool distinct) -> Result<BoundAggregate> {
    if (arguments.size() != 2 || !TakesDouble(*arguments[0].type) ||
        !TakesDouble(*arguments[1].type)) {
      return BadArguments(name, "numeric y, numeric x", arguments);
    }
    BoundAggregate bound{{arrow::float64(), arrow::float64()},
                         formula == nullptr ? arrow::int64() : arrow::float64(),
                         [formula] { return std::make_unique<PairAggregate>(formula); }};
    return distinct ? Distinct(std::move(bound)) : bound;
  };
  return out;
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  registry.Add(One("stddev_samp", {"stddev"},
                   "Standard deviation of a sample; null below 2 values.", StddevSamp));
  registry.Add(One("stddev_pop", {}, "Standard deviation of all values.", StddevPop));
  registry.Add(
      One("var_samp", {"variance"}, "Variance of a sample; null below 2 values.", VarSamp));
  registry.Add(One("var_pop", {}, "Variance of all values.", VarPop));
  registry.Add(One("sem", {}, "Standard error of the mean.", StandardError));
  registry.Add(Two("corr", "Correlation of pairs without nulls.", Corr));
  registry.Add(Two("covar_pop", "Covariance of all pairs.", CovarPop));
  registry.Add(Two("covar_samp", "Covariance of a sample of pairs; null below 2.", CovarSamp));
  registry.Add(Two("regr_count", "Number of pairs without nulls.", nullptr));
  registry.Add(Two("regr_avgx", "Mean of x over the pairs.", RegrAvgX));
  registry.Add(Two("regr_avgy", "Mean of y over the pairs.", RegrAvgY));
  registry.Add(Two("regr_sxx", "Sum of squares of x around its mean.", RegrSxx));
  registry.Add(Two("regr_syy", "Sum of squares of y around its mean.", RegrSyy));
  registry.Add(Two("regr_sxy", "Sum of products around the means.", RegrSxy));
  registry.Add(Two("regr_slope", "Slope of the line of least squares.", RegrSlope));
  registry.Add(
      Two("regr_intercept", "Value of the line of least squares at x = 0.", RegrIntercept));
  registry.Add(Two("regr_r2", "Square of the correlation; 1 where y is constant.", RegrR2));
}

}  // namespace thalweg::functions::aggregates_statistics
