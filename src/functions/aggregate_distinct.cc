#include <arrow/array.h>
#include <arrow/buffer.h>

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "columnar/gather.h"
#include "engine/group_index.h"
#include "functions/aggregate_state.h"

namespace thalweg::functions {
namespace {

class DistinctAggregate final : public engine::Aggregate {
 public:
  DistinctAggregate(std::vector<TypePtr> types, std::unique_ptr<engine::Aggregate> inner)
      : inner_(std::move(inner)) {
    types.insert(types.begin(), arrow::uint32());
    seen_ = engine::MakeGroupIndex(types);
  }

  Status Resize(int64_t count) override { return inner_->Resize(count); }

  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    std::vector<ArrayPtr> arrays;
    for (const arrow::Datum& argument : arguments) {
      THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, RowsOf(argument, rows));
      arrays.push_back(std::move(array));
    }
    return Add(arrays, groups, rows);
  }

  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t) override {
    const auto& from = static_cast<const DistinctAggregate&>(other);
    THALWEG_ASSIGN_OR_RETURN(std::vector<ArrayPtr> keys, from.seen_->Keys());
    const int64_t rows = keys[0]->length();
    const Values<uint32_t> numbers(*keys[0]);
    std::vector<uint32_t> here(static_cast<size_t>(rows));
    for (int64_t i = 0; i < rows; ++i) {
      here[static_cast<size_t>(i)] = GroupOf(groups, numbers[i]);
    }
    keys.erase(keys.begin());
    return Add(keys, here.data(), rows);
  }

  Result<ArrayPtr> Finish() override { return inner_->Finish(); }
  int64_t ByteSize() const override { return inner_->ByteSize() + seen_->ByteSize(); }

 private:
  Status Add(const std::vector<ArrayPtr>& arrays, const uint32_t* groups, int64_t rows) {
    zeros_.resize(groups == nullptr ? static_cast<size_t>(rows) : 0);
    const uint32_t* numbers = groups == nullptr ? zeros_.data() : groups;
    std::vector<ArrayPtr> keys = {std::make_shared<arrow::UInt32Array>(
        rows, std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(numbers),
                                              rows * static_cast<int64_t>(sizeof(uint32_t))))};
    keys.insert(keys.end(), arrays.begin(), arrays.end());
    pairs_.resize(static_cast<size_t>(rows));
    int64_t next = seen_->count();
    THALWEG_RETURN_IF_ERROR(seen_->Map(keys, rows, pairs_.data()));
    // Numbers are given in order: a row brought a new pair when it has the next one.
    std::vector<int32_t> fresh;
    std::vector<uint32_t> fresh_groups;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      if (pairs_[i] != next) continue;
      ++next;
      fresh.push_back(static_cast<int32_t>(i));
      fresh_groups.push_back(numbers[i]);
    }
    if (fresh.empty()) return {};
    std::vector<arrow::Datum> passed;
    for (const ArrayPtr& array : arrays) {
      THALWEG_ASSIGN_OR_RETURN(ArrayPtr rows_of, columnar::Gather(array, fresh));
      passed.emplace_back(std::move(rows_of));
    }
    return inner_->Update(passed, fresh_groups.data(), static_cast<int64_t>(fresh.size()));
  }

  std::unique_ptr<engine::Aggregate> inner_;
  std::unique_ptr<engine::GroupIndex> seen_;
  std::vector<uint32_t> pairs_;
  std::vector<uint32_t> zeros_;
};

}  // namespace

engine::BoundAggregate Distinct(engine::BoundAggregate bound) {
  engine::BoundAggregate out = bound;
  out.make = [bound = std::move(bound)] {
    return std::make_unique<DistinctAggregate>(bound.parameters, bound.make());
  };
  return out;
}

}  // namespace thalweg::functions
