#include <arrow/scalar.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/registry.h"
#include "functions/aggregate_state.h"

// STRING_AGG.
namespace thalweg::functions::aggregates_text {
namespace {

using engine::BindArgument;
using engine::BoundAggregate;
using Arguments = std::span<const BindArgument>;

class StringAggregate final : public engine::Aggregate {
 public:
  explicit StringAggregate(std::string separator) : separator_(std::move(separator)) {}

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
    const auto& from = static_cast<const StringAggregate&>(other);
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
    return out.Finish(arrow::utf8());
  }
  int64_t ByteSize() const override {
    return static_cast<int64_t>(texts_.capacity() * (sizeof(std::string) + 1)) + heap_bytes_;
  }

 private:
  void Add(uint32_t group, std::string_view text) {
    std::string& kept = texts_[group];
    const size_t before = kept.capacity();
    if (seen_[group]) kept += separator_;
    kept += text;
    seen_[group] = 1;
    heap_bytes_ += static_cast<int64_t>(kept.capacity() - before);
  }

  std::string separator_;
  std::vector<std::string> texts_;
  std::vector<uint8_t> seen_;
  int64_t heap_bytes_ = 0;
};

Result<BoundAggregate> BindStringAgg(Arguments arguments, bool distinct) {
  if (arguments.empty() || arguments.size() > 2) {
    return BadArguments("string_agg", "VARCHAR [, VARCHAR separator]", arguments);
  }
  const auto textual = [](const BindArgument& argument) {
    return columnar::IsString(*argument.type) || argument.type->id() == arrow::Type::NA;
  };
  std::string separator = ",";
  if (arguments.size() == 2) {
    const auto& constant = arguments[1].constant;
    if (constant == nullptr || !constant->is_valid || !textual(arguments[1])) {
      return Status::InvalidArgument("string_agg: the separator must be a constant text");
    }
    separator = static_cast<const arrow::BaseBinaryScalar&>(*constant).view();
  }
  BoundAggregate bound{{arrow::utf8()}, arrow::utf8(), [separator] {
                         return std::make_unique<StringAggregate>(separator);
                       }};
  if (arguments.size() == 2) bound.parameters.push_back(arrow::utf8());
  return distinct ? Distinct(std::move(bound)) : bound;
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::AggregateFunction function;
  function.spec.name = "string_agg";
  function.spec.aliases = {"group_concat", "listagg", "collect"};
  function.spec.summary = "Joins texts that are not null with a separator (',').";
  function.spec.details =
      "Texts stand in the order of the input; with several lanes, lane after lane.";
  function.spec.examples = {"SELECT STRING_AGG(carrier, '|') FROM flights"};
  function.bind = BindStringAgg;
  registry.Add(std::move(function));
}

}  // namespace thalweg::functions::aggregates_text
