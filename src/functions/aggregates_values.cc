#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/group_index.h"
#include "engine/ordered_value.h"
#include "engine/registry.h"
#include "engine/row_key.h"
#include "functions/aggregate_state.h"
#include "functions/kept_values.h"

// Aggregates that hand on values of any type: FIRST, LAST, ANY_VALUE, ARG_MIN, ARG_MAX, MODE, LIST.
namespace thalweg::functions::aggregates_values {
namespace {

using columnar::RowRef;
using engine::BindArgument;
using engine::BoundAggregate;
using Arguments = std::span<const BindArgument>;

constexpr RowRef kNone{std::numeric_limits<uint32_t>::max(), 0};
bool IsNone(RowRef ref) { return ref.chunk == kNone.chunk; }

/// One kept value for each group. A derived class decides which rows of a batch win.
class PickAggregate : public engine::Aggregate {
 public:
  explicit PickAggregate(const TypePtr& type) : values_(type) {}

  Status Resize(int64_t count) override {
    picked_.resize(static_cast<size_t>(count), kNone);
    winner_.resize(static_cast<size_t>(count), -1);
    return {};
  }
  Result<ArrayPtr> Finish() override {
    std::vector<RowRef> rows;
    std::vector<uint8_t> none(picked_.size(), 0);
    for (size_t i = 0; i < picked_.size(); ++i) {
      none[i] = IsNone(picked_[i]);
      rows.push_back(none[i] ? RowRef{0, 0} : picked_[i]);
    }
    if (values_.rows() == 0) return values_.Gather(rows).value();
    // Groups without a value point at a null that is put behind the others.
    if (std::ranges::find(none, uint8_t{1}) != none.end()) {
      THALWEG_ASSIGN_OR_RETURN_ARROW(ArrayPtr null, arrow::MakeArrayOfNull(values_.type(), 1));
      THALWEG_ASSIGN_OR_RETURN(const uint32_t chunk, values_.Append(null));
      for (size_t i = 0; i < rows.size(); ++i) {
        if (none[i]) rows[i] = {chunk, 0};
      }
    }
    return values_.Gather(rows);
  }
  int64_t ByteSize() const override {
    return values_.ByteSize() + static_cast<int64_t>(picked_.capacity() * sizeof(RowRef) +
                                                     winner_.capacity() * sizeof(int32_t));
  }

 protected:
  /// Row `row` of this batch is the best of its group so far.
  void Win(uint32_t group, int64_t row) {
    if (winner_[group] < 0) touched_.push_back(group);
    winner_[group] = static_cast<int32_t>(row);
  }
  bool has_value(uint32_t group) const { return winner_[group] >= 0 || !IsNone(picked_[group]); }
  /// Keeps the winners of the batch out of `array`.
  Status KeepWinners(const ArrayPtr& array) {
    if (touched_.empty()) return {};
    std::vector<int32_t> rows;
    rows.reserve(touched_.size());
    for (const uint32_t group : touched_) rows.push_back(winner_[group]);
    THALWEG_ASSIGN_OR_RETURN(const uint32_t chunk, values_.Append(array, rows));
    for (size_t i = 0; i < touched_.size(); ++i) {
      picked_[touched_[i]] = {chunk, static_cast<uint32_t>(i)};
      winner_[touched_[i]] = -1;
    }
    touched_.clear();
    return values_.rows() > 2 * static_cast<int64_t>(picked_.size()) + 65536 ? Tidy() : Status();
  }
  /// The values that other groups picked, as an array; those without are null.
  static Result<ArrayPtr> PickedOf(const PickAggregate& other) {
    std::vector<RowRef> rows;
    for (const RowRef& ref : other.picked_) rows.push_back(IsNone(ref) ? RowRef{0, 0} : ref);
    return other.values_.Gather(rows);
  }
  bool Picked(int64_t group) const { return !IsNone(picked_[static_cast<size_t>(group)]); }

 private:
  /// Throws out values that lost.
  Status Tidy() {
    std::vector<RowRef> rows;
    for (RowRef& ref : picked_) {
      if (IsNone(ref)) continue;
      rows.push_back(ref);
      ref = {0, static_cast<uint32_t>(rows.size() - 1)};
    }
    return values_.KeepOnly(rows);
  }

  KeptValues values_;
  std::vector<RowRef> picked_;
  std::vector<int32_t> winner_;    ///< By group: a row of this batch, or -1.
  std::vector<uint32_t> touched_;  ///< Groups with a winner in this batch.
};

enum class Which : uint8_t { kFirst, kLast, kAny };

/// FIRST and LAST take nulls as they come; ANY_VALUE takes the first value that is not null.
template <Which which>
class EdgeAggregate final : public PickAggregate {
 public:
  using PickAggregate::PickAggregate;

  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, RowsOf(arguments[0], rows));
    const bool skip_nulls = which == Which::kAny && array->null_count() > 0;
    for (int64_t row = 0; row < rows; ++row) {
      if (skip_nulls && array->IsNull(row)) continue;
      const uint32_t group = GroupOf(groups, row);
      if (which == Which::kLast || !has_value(group)) Win(group, row);
    }
    return KeepWinners(array);
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t count) override {
    const auto& from = static_cast<const EdgeAggregate&>(other);
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr theirs, PickedOf(from));
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t group = GroupOf(groups, i);
      if (from.Picked(i) && (which == Which::kLast || !has_value(group))) Win(group, i);
    }
    return KeepWinners(theirs);
  }
};

/// What ARG_MIN compares by: a number in the order of the values, or text.
struct Best {
  UInt128 number = 0;
  std::string text;
};

template <bool kMax>
class ArgAggregate final : public PickAggregate {
 public:
  ArgAggregate(const TypePtr& type, bool by_text) : PickAggregate(type), by_text_(by_text) {}

  Status Resize(int64_t count) override {
    best_.resize(static_cast<size_t>(count));
    return PickAggregate::Resize(count);
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, RowsOf(arguments[0], rows));
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr by, RowsOf(arguments[1], rows));
    const bool has_nulls = array->null_count() > 0;
    if (by_text_) {
      const columnar::StringColumn text(by);
      ForEachValid(*by, [&](int64_t row) {
        if (!has_nulls || array->IsValid(row)) OfferText(GroupOf(groups, row), row, text[row]);
      });
    } else {
      engine::EachOrdered(*by, [&](int64_t row, UInt128 value) {
        if (!has_nulls || array->IsValid(row)) OfferNumber(GroupOf(groups, row), row, value);
      });
    }
    return KeepWinners(array);
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t count) override {
    const auto& from = static_cast<const ArgAggregate&>(other);
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr theirs, PickedOf(from));
    for (int64_t i = 0; i < count; ++i) {
      if (!from.Picked(i)) continue;
      const Best& best = from.best_[static_cast<size_t>(i)];
      if (by_text_) {
        OfferText(GroupOf(groups, i), i, best.text);
      } else {
        OfferNumber(GroupOf(groups, i), i, best.number);
      }
    }
    return KeepWinners(theirs);
  }
  int64_t ByteSize() const override {
    return PickAggregate::ByteSize() + static_cast<int64_t>(best_.capacity() * sizeof(Best));
  }

 private:
  void OfferNumber(uint32_t group, int64_t row, UInt128 value) {
    UInt128& best = best_[group].number;
    if (has_value(group) && (kMax ? value <= best : value >= best)) return;
    best = value;
    Win(group, row);
  }
  void OfferText(uint32_t group, int64_t row, std::string_view value) {
    std::string& best = best_[group].text;
    if (has_value(group) && (kMax ? value <= best : value >= best)) return;
    best = value;
    Win(group, row);
  }

  bool by_text_;
  std::vector<Best> best_;
};

/// LIST: every value, nulls too, in the order of the input.
class ListAggregate final : public engine::Aggregate {
 public:
  explicit ListAggregate(const TypePtr& type) : values_(type) {}

  Status Resize(int64_t count) override {
    count_ = count;
    return {};
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, RowsOf(arguments[0], rows));
    return Add(array, groups);
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t) override {
    const auto& from = static_cast<const ListAggregate&>(other);
    std::vector<uint32_t> here;
    for (size_t chunk = 0; chunk < from.groups_.size(); ++chunk) {
      here.clear();
      for (const uint32_t group : from.groups_[chunk]) here.push_back(GroupOf(groups, group));
      THALWEG_RETURN_IF_ERROR(Add(from.values_.chunk(chunk), here.data()));
    }
    return {};
  }
  Result<ArrayPtr> Finish() override {
    // Values by group: a counting sort keeps their order.
    std::vector<int64_t> ends(static_cast<size_t>(count_) + 1, 0);
    for (const auto& chunk : groups_) {
      for (const uint32_t group : chunk) ++ends[group + 1];
    }
    for (size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
    if (ends.back() > std::numeric_limits<int32_t>::max()) {
      return Status::ResourceExhausted("list: more than 2147483647 values");
    }
    std::vector<RowRef> rows(static_cast<size_t>(ends.back()));
    std::vector<int64_t> next(ends.begin(), ends.end());
    for (uint32_t chunk = 0; chunk < groups_.size(); ++chunk) {
      for (uint32_t row = 0; row < groups_[chunk].size(); ++row) {
        rows[static_cast<size_t>(next[groups_[chunk][row]]++)] = {chunk, row};
      }
    }
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr values, values_.Gather(rows));
    THALWEG_ASSIGN_OR_RETURN(
        const ArrayPtr offsets,
        BuildFixed<int32_t>(arrow::int32(), count_ + 1, [&](int64_t i, int32_t* out) {
          *out = static_cast<int32_t>(ends[static_cast<size_t>(i)]);
          return true;
        }));
    // A group without a row (FILTER) has no list.
    THALWEG_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Buffer> valid,
                                   arrow::AllocateEmptyBitmap(count_));
    for (int64_t i = 0; i < count_; ++i) {
      const auto at = static_cast<size_t>(i);
      arrow::bit_util::SetBitTo(valid->mutable_data(), i, ends[at + 1] > ends[at]);
    }
    return ArrayPtr(std::make_shared<arrow::ListArray>(arrow::list(values_.type()), count_,
                                                       offsets->data()->buffers[1], values,
                                                       std::move(valid)));
  }
  int64_t ByteSize() const override {
    return values_.ByteSize() + values_.rows() * static_cast<int64_t>(sizeof(uint32_t));
  }

 private:
  Status Add(const ArrayPtr& array, const uint32_t* groups) {
    std::vector<uint32_t>& kept = groups_.emplace_back();
    for (int64_t row = 0; row < array->length(); ++row) kept.push_back(GroupOf(groups, row));
    return values_.Append(array).status();
  }

  KeptValues values_;
  std::vector<std::vector<uint32_t>> groups_;  ///< By chunk.
  int64_t count_ = 0;
};

/// MODE: counts each (group, value); the value that came first wins a tie.
class ModeAggregate final : public engine::Aggregate {
 public:
  explicit ModeAggregate(TypePtr type) : type_(columnar::WithoutViews(type)) {
    pairs_ = engine::MakeGroupIndex({arrow::uint32(), type_});
  }
  Status Resize(int64_t count) override {
    count_ = count;
    return {};
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, RowsOf(arguments[0], rows));
    std::vector<uint32_t> of(static_cast<size_t>(rows), 0);
    if (groups != nullptr) std::copy_n(groups, rows, of.begin());
    return Add(of, array, {});
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t) override {
    const auto& from = static_cast<const ModeAggregate&>(other);
    THALWEG_ASSIGN_OR_RETURN(const std::vector<ArrayPtr> keys, from.pairs_->Keys());
    const Values<uint32_t> numbers(*keys[0]);
    std::vector<uint32_t> of;
    for (int64_t i = 0; i < keys[0]->length(); ++i) of.push_back(GroupOf(groups, numbers[i]));
    return Add(of, keys[1], from.counts_);
  }
  Result<ArrayPtr> Finish() override {
    THALWEG_ASSIGN_OR_RETURN(const std::vector<ArrayPtr> keys, pairs_->Keys());
    const Values<uint32_t> numbers(*keys[0]);
    std::vector<int64_t> best(static_cast<size_t>(count_), -1);
    for (int64_t i = 0; i < keys[0]->length(); ++i) {
      if (keys[1]->IsNull(i)) continue;
      int64_t& of_group = best[numbers[i]];
      if (of_group < 0 ||
          counts_[static_cast<size_t>(i)] > counts_[static_cast<size_t>(of_group)]) {
        of_group = i;
      }
    }
    KeptValues values(type_);
    THALWEG_RETURN_IF_ERROR(values.Append(keys[1]).status());
    THALWEG_ASSIGN_OR_RETURN_ARROW(const ArrayPtr null, arrow::MakeArrayOfNull(type_, 1));
    THALWEG_RETURN_IF_ERROR(values.Append(null).status());
    std::vector<RowRef> rows;
    for (const int64_t at : best) {
      rows.push_back(at < 0 ? RowRef{1, 0} : RowRef{0, static_cast<uint32_t>(at)});
    }
    return values.Gather(rows);
  }
  int64_t ByteSize() const override {
    return pairs_->ByteSize() + static_cast<int64_t>(counts_.capacity() * sizeof(int64_t));
  }

 private:
  /// Without `times` each row counts once.
  Status Add(const std::vector<uint32_t>& groups, const ArrayPtr& array,
             const std::vector<int64_t>& times) {
    const auto rows = static_cast<int64_t>(groups.size());
    const ArrayPtr numbers = std::make_shared<arrow::UInt32Array>(
        rows, arrow::Buffer::Wrap(groups.data(), groups.size()));
    std::vector<uint32_t> pairs(groups.size());
    const std::vector<ArrayPtr> keys = {numbers, array};
    THALWEG_RETURN_IF_ERROR(pairs_->Map(keys, rows, pairs.data()));
    counts_.resize(static_cast<size_t>(pairs_->count()), 0);
    for (size_t i = 0; i < pairs.size(); ++i) counts_[pairs[i]] += times.empty() ? 1 : times[i];
    return {};
  }

  TypePtr type_;
  std::unique_ptr<engine::GroupIndex> pairs_;
  std::vector<int64_t> counts_;
  int64_t count_ = 0;
};

template <typename Make>
engine::AggregateFunction OneValue(std::string name, std::vector<std::string> aliases,
                                   std::string summary, bool distinct_matters, Make make) {
  engine::AggregateFunction out;
  out.spec.name = name;
  out.spec.aliases = std::move(aliases);
  out.spec.summary = std::move(summary);
  out.spec.examples = {"SELECT " + name + "(carrier) FROM flights"};
  out.bind = [=](Arguments arguments, bool distinct) -> Result<BoundAggregate> {
    if (arguments.size() != 1) return BadArguments(name, "one value", arguments);
    BoundAggregate bound = make(arguments[0].type);
    return distinct && distinct_matters ? Distinct(std::move(bound)) : bound;
  };
  return out;
}

template <Which which>
BoundAggregate MakeEdge(const TypePtr& type) {
  return {{type}, columnar::WithoutViews(type), [type] {
            return std::make_unique<EdgeAggregate<which>>(type);
          }};
}

template <bool kMax>
engine::AggregateFunction ArgFunction(std::string name, std::vector<std::string> aliases,
                                      std::string summary) {
  engine::AggregateFunction out;
  out.spec.name = name;
  out.spec.aliases = std::move(aliases);
  out.spec.summary = std::move(summary);
  out.spec.examples = {"SELECT " + name + "(carrier, dep_delay) FROM flights"};
  out.bind = [name](Arguments arguments, bool) -> Result<BoundAggregate> {
    if (arguments.size() != 2) return BadArguments(name, "value, ordered value", arguments);
    const TypePtr value = arguments[0].type;
    const TypePtr by = arguments[1].type->id() == arrow::Type::NA
                           ? arrow::int32()
                           : columnar::WithoutViews(arguments[1].type);
    const bool by_text = columnar::IsString(*by) || columnar::IsBinary(*by);
    if (!by_text && engine::OrderedWidthOf(*by).bits == 0) {
      return BadArguments(name, "value, ordered value", arguments);
    }
    return BoundAggregate{{value, by}, columnar::WithoutViews(value), [value, by_text] {
                            return std::make_unique<ArgAggregate<kMax>>(value, by_text);
                          }};
  };
  return out;
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  registry.Add(OneValue("first", {"first_value"}, "The value of the first row, null or not.", false,
                        MakeEdge<Which::kFirst>));
  registry.Add(OneValue("last", {"last_value"}, "The value of the last row, null or not.", false,
                        MakeEdge<Which::kLast>));
  registry.Add(OneValue("any_value", {"arbitrary"}, "The first value that is not null.", false,
                        MakeEdge<Which::kAny>));
  registry.Add(OneValue("mode", {}, "The most frequent value; the first of them.", false,
                        [](const TypePtr& type) {
                          return BoundAggregate{{type}, columnar::WithoutViews(type), [type] {
                                                  return std::make_unique<ModeAggregate>(type);
                                                }};
                        }));
  registry.Add(OneValue(
      "list", {"array_agg"}, "All values, nulls too, as a list.", true, [](const TypePtr& type) {
        return BoundAggregate{{type}, arrow::list(columnar::WithoutViews(type)), [type] {
                                return std::make_unique<ListAggregate>(type);
                              }};
      }));
  registry.Add(ArgFunction<false>("arg_min", {"min_by", "argmin"},
                                  "The value of the row in which the second one is least."));
  registry.Add(ArgFunction<true>("arg_max", {"max_by", "argmax"},
                                 "The value of the row in which the second one is greatest."));
}

}  // namespace thalweg::functions::aggregates_values
