#include <arrow/array.h>
#include <arrow/type.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/registry.h"
#include "functions/aggregate_state.h"

// MIN, MAX and the distance between them.
namespace thalweg::functions::aggregates_extremes {
namespace {

using engine::BindArgument;
using engine::BoundAggregate;
using Arguments = std::span<const BindArgument>;

/// NaN is the greatest value, as in ORDER BY.
template <typename T>
struct MinState {
  T value = Greatest();
  bool seen = false;

  static constexpr T Greatest() {
    if constexpr (std::is_floating_point_v<T>) {
      return std::numeric_limits<T>::quiet_NaN();
    } else if constexpr (std::is_same_v<T, Int128>) {
      return static_cast<Int128>(~UInt128{0} >> 1);
    } else {
      return std::numeric_limits<T>::max();
    }
  }
  void Add(T next) {
    if constexpr (std::is_floating_point_v<T>) {
      value = (next < value) || (value != value) ? next : value;
    } else {
      value = next < value ? next : value;
    }
    seen = true;
  }
  void Merge(const MinState& other) {
    if (other.seen) Add(other.value);
  }
};

template <typename T>
struct MaxState {
  T value = Least();
  bool seen = false;

  static constexpr T Least() {
    if constexpr (std::is_floating_point_v<T>) {
      return -std::numeric_limits<T>::infinity();
    } else if constexpr (std::is_same_v<T, Int128>) {
      return -static_cast<Int128>(~UInt128{0} >> 1) - 1;
    } else {
      return std::numeric_limits<T>::min();
    }
  }
  void Add(T next) {
    if constexpr (std::is_floating_point_v<T>) {
      value = (next > value) || (next != next) ? next : value;
    } else {
      value = next > value ? next : value;
    }
    seen = true;
  }
  void Merge(const MaxState& other) {
    if (other.seen) Add(other.value);
  }
};

/// `T` is how values are read, `State::value` how they are kept, `Out` how they are written.
template <typename State, typename T, typename Out>
class FixedExtreme final : public UnaryAggregate<State, T> {
 public:
  explicit FixedExtreme(TypePtr type) : type_(std::move(type)) {}
  Result<ArrayPtr> Finish() override {
    if constexpr (std::is_same_v<Out, bool>) {
      return BuildBool(this->count(), [&](int64_t i, bool* value) {
        *value = this->state(i).value;
        return this->state(i).seen;
      });
    } else {
      return BuildFixed<Out>(type_, this->count(), [&](int64_t i, Out* value) {
        *value = static_cast<Out>(this->state(i).value);
        return this->state(i).seen;
      });
    }
  }

 private:
  TypePtr type_;
};

/// MIN and MAX of strings, by bytes. A group's text is kept in its own string.
template <bool kMax>
class TextExtreme final : public engine::Aggregate {
 public:
  explicit TextExtreme(TypePtr type) : type_(std::move(type)) {}

  Status Resize(int64_t count) override {
    texts_.resize(static_cast<size_t>(count));
    seen_.resize(static_cast<size_t>(count));
    return {};
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, RowsOf(arguments[0], rows));
    const columnar::StringColumn column(array);
    ForEachValid(*array, [&](int64_t row) { Add(GroupOf(groups, row), column[row]); });
    return {};
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t count) override {
    const auto& from = static_cast<const TextExtreme&>(other);
    for (int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<size_t>(i);
      if (from.seen_[at]) Add(GroupOf(groups, i), from.texts_[at]);
    }
    return {};
  }
  Result<ArrayPtr> Finish() override {
    engine::TextWriter out(static_cast<int64_t>(texts_.size()), heap_bytes_);
    for (size_t i = 0; i < texts_.size(); ++i) {
      if (seen_[i]) {
        out.Append(texts_[i]);
        out.EndRow();
      } else {
        out.EndNull();
      }
    }
    return out.Finish(type_);
  }
  int64_t ByteSize() const override {
    return static_cast<int64_t>(texts_.capacity() * (sizeof(std::string) + 1)) + heap_bytes_;
  }

 private:
  void Add(uint32_t group, std::string_view text) {
    std::string& kept = texts_[group];
    if (seen_[group]) {
      const int order = text.compare(kept);
      if (kMax ? order <= 0 : order >= 0) return;
    }
    const size_t before = kept.capacity();
    kept.assign(text);
    heap_bytes_ += static_cast<int64_t>(kept.capacity() - before);
    seen_[group] = 1;
  }

  TypePtr type_;
  std::vector<std::string> texts_;
  std::vector<uint8_t> seen_;
  int64_t heap_bytes_ = 0;
};

template <template <typename> typename State>
std::unique_ptr<engine::Aggregate> MakeExtreme(const TypePtr& type) {
  constexpr bool kMax = std::is_same_v<State<int>, MaxState<int>>;
  const auto fixed = [&]<typename T>(T) -> std::unique_ptr<engine::Aggregate> {
    return std::make_unique<FixedExtreme<State<T>, T, T>>(type);
  };
  if (columnar::IsString(*type) || columnar::IsBinary(*type)) {
    return std::make_unique<TextExtreme<kMax>>(type);
  }
  switch (type->id()) {
    case arrow::Type::BOOL:
      return std::make_unique<FixedExtreme<State<uint8_t>, bool, bool>>(type);
    case arrow::Type::INT8:
      return fixed(int8_t{});
    case arrow::Type::INT16:
      return fixed(int16_t{});
    case arrow::Type::UINT8:
      return fixed(uint8_t{});
    case arrow::Type::UINT16:
      return fixed(uint16_t{});
    case arrow::Type::UINT32:
      return fixed(uint32_t{});
    case arrow::Type::UINT64:
      return fixed(uint64_t{});
    case arrow::Type::FLOAT:
      return fixed(float{});
    case arrow::Type::DOUBLE:
      return fixed(double{});
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
      return fixed(int32_t{});
    case arrow::Type::DECIMAL128:
      if (static_cast<const arrow::DecimalType&>(*type).precision() <= 18) {
        return std::make_unique<FixedExtreme<State<int64_t>, NarrowDecimal, Int128>>(type);
      }
      return std::make_unique<FixedExtreme<State<Int128>, Int128, Int128>>(type);
    default:
      return fixed(int64_t{});
  }
}

bool IsOrdered(const arrow::DataType& type) {
  if (columnar::IsString(type) || columnar::IsBinary(type) || IsNumeric(type)) return true;
  return arrow::is_temporal(type.id()) || type.id() == arrow::Type::BOOL ||
         type.id() == arrow::Type::DURATION;
}

/// Layouts that have no loop of their own are cast to one that has.
TypePtr ExtremeInput(const TypePtr& type) {
  switch (type->id()) {
    case arrow::Type::NA:
      return arrow::int32();
    case arrow::Type::HALF_FLOAT:
      return arrow::float32();
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      return arrow::decimal128(decimal.precision(), decimal.scale());
    }
    case arrow::Type::DICTIONARY:
      return columnar::WithoutViews(static_cast<const arrow::DictionaryType&>(*type).value_type());
    default:
      return type;
  }
}

template <template <typename> typename State>
engine::AggregateFunction ExtremeFunction(std::string name, std::string summary,
                                          std::string example) {
  engine::AggregateFunction out;
  out.spec.name = name;
  out.spec.summary = std::move(summary);
  out.spec.examples = {std::move(example)};
  // DISTINCT changes nothing.
  out.bind = [name](Arguments arguments, bool) -> Result<BoundAggregate> {
    if (arguments.size() != 1) return BadArguments(name, "one ordered value", arguments);
    const TypePtr input = ExtremeInput(arguments[0].type);
    if (!IsOrdered(*input) || input->id() == arrow::Type::DECIMAL256 ||
        input->id() == arrow::Type::INTERVAL_MONTHS ||
        input->id() == arrow::Type::INTERVAL_DAY_TIME ||
        input->id() == arrow::Type::INTERVAL_MONTH_DAY_NANO) {
      return BadArguments(name, "one ordered value", arguments);
    }
    const TypePtr result = columnar::WithoutViews(input);
    return BoundAggregate{{input}, result, [result] { return MakeExtreme<State>(result); }};
  };
  return out;
}

/// MAX(x) - MIN(x), in the argument's own type; exact.
template <typename T>
struct RangeState {
  MinState<T> min;
  MaxState<T> max;
  void Add(T value) {
    min.Add(value);
    max.Add(value);
  }
  void Merge(const RangeState& other) {
    min.Merge(other.min);
    max.Merge(other.max);
  }
};

template <typename T>
class RangeAggregate final : public UnaryAggregate<RangeState<T>, T> {
 public:
  explicit RangeAggregate(TypePtr type) : type_(std::move(type)) {}
  Result<ArrayPtr> Finish() override {
    bool overflow = false;
    THALWEG_ASSIGN_OR_RETURN(
        ArrayPtr out, BuildFixed<T>(type_, this->count(), [&](int64_t i, T* value) {
          const RangeState<T>& state = this->state(i);
          if (!state.min.seen) return false;
          if constexpr (std::is_floating_point_v<T>) {
            *value = state.max.value - state.min.value;
          } else {
            overflow |= __builtin_sub_overflow(state.max.value, state.min.value, value);
          }
          return true;
        }));
    if (overflow) {
      return Status::InvalidArgument("delta: the difference does not fit " +
                                     columnar::SqlTypeName(*type_));
    }
    return out;
  }

 private:
  TypePtr type_;
};

Result<BoundAggregate> BindRange(Arguments arguments, bool) {
  if (arguments.size() != 1 || !IsNumeric(*arguments[0].type)) {
    return BadArguments("delta", "numeric", arguments);
  }
  const TypePtr input = ExtremeInput(arguments[0].type);
  if (input->id() == arrow::Type::DECIMAL128) {
    const int scale = static_cast<const arrow::DecimalType&>(*input).scale();
    const TypePtr wide = arrow::decimal128(kDecimalDigitsMax, scale);
    return BoundAggregate{
        {wide}, wide, [wide] { return std::make_unique<RangeAggregate<Int128>>(wide); }};
  }
  if (input->id() == arrow::Type::UINT64) {
    return BoundAggregate{
        {input}, input, [input] { return std::make_unique<RangeAggregate<uint64_t>>(input); }};
  }
  if (IsInteger(*input)) {
    return BoundAggregate{{arrow::int64()}, arrow::int64(), [] {
                            return std::make_unique<RangeAggregate<int64_t>>(arrow::int64());
                          }};
  }
  return BoundAggregate{{arrow::float64()}, arrow::float64(), [] {
                          return std::make_unique<RangeAggregate<double>>(arrow::float64());
                        }};
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  registry.Add(ExtremeFunction<MinState>("min", "The least value; strings by their bytes.",
                                         "SELECT MIN(dep_delay) FROM flights"));
  registry.Add(ExtremeFunction<MaxState>("max", "The greatest value; NaN is above all numbers.",
                                         "SELECT MAX(dep_delay) FROM flights"));
  engine::AggregateFunction delta;
  delta.spec.name = "delta";
  delta.spec.summary = "The greatest value minus the least.";
  delta.spec.examples = {"SELECT DELTA(distance) FROM flights"};
  delta.bind = BindRange;
  registry.Add(std::move(delta));
}

}  // namespace thalweg::functions::aggregates_extremes
