#include <arrow/array.h>
#include <arrow/scalar.h>

#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "engine/registry.h"
#include "engine/rejected_rows.h"
#include "operators/rows_view.h"

namespace thalweg::operators::filter {
namespace {

/// A selection of at most one row in this many is compacted, so that what was filtered out does not
/// stay in memory behind a few survivors.
constexpr int64_t kCompactBelowOneIn = 4;

uint64_t LoadBits(const uint8_t* bits, int64_t at, int64_t count) {
  uint64_t word = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t bit = at + i;
    word |= static_cast<uint64_t>((bits[bit >> 3] >> (bit & 7)) & 1) << i;
  }
  return word;
}

/// 64 bits from any bit position, where nine bytes can be read.
uint64_t LoadWord(const uint8_t* bits, int64_t at) {
  uint64_t word;
  std::memcpy(&word, bits + (at >> 3), sizeof(word));
  const int shift = static_cast<int>(at & 7);
  if (shift == 0) return word;
  return (word >> shift) | (static_cast<uint64_t>(bits[(at >> 3) + 8]) << (64 - shift));
}

/// Rows that are true; false and null are not.
std::vector<int32_t> TrueRows(const arrow::Array& predicate) {
  const arrow::ArrayData& data = *predicate.data();
  const uint8_t* values = data.buffers[1]->data();
  const uint8_t* valid = predicate.null_count() > 0 ? data.buffers[0]->data() : nullptr;
  std::vector<int32_t> rows(static_cast<size_t>(data.length) + 1);
  size_t count = 0;
  for (int64_t base = 0; base < data.length; base += 64) {
    const int64_t at = data.offset + base;
    const int64_t left = data.length - base;
    // The last word is read bit by bit: the buffer may end with it.
    const bool whole = left >= 72;
    const int64_t width = std::min<int64_t>(left, 64);
    uint64_t word = whole ? LoadWord(values, at) : LoadBits(values, at, width);
    if (valid != nullptr) word &= whole ? LoadWord(valid, at) : LoadBits(valid, at, width);
    for (; word != 0; word &= word - 1) {
      rows[count++] = static_cast<int32_t>(base + std::countr_zero(word));
    }
  }
  rows.resize(count);
  return rows;
}

class Filter final : public engine::Operator {
 public:
  Filter(engine::ExpressionPtr predicate, engine::EvalContext context)
      : predicate_(std::move(predicate)), context_(std::move(context)) {
    CollectColumns(predicate_, &columns_);
  }

  Status Push(int, Batch batch, engine::Emitter& out) override {
    if (const auto constant = predicate_->constant()) {
      if (constant->is_valid && static_cast<const arrow::BooleanScalar&>(*constant).value) {
        return out.Emit(std::move(batch));
      }
      out.CountFiltered(batch.num_rows());
      return {};
    }
    THALWEG_ASSIGN_OR_RETURN(const Batch view, CompactColumns(batch, columns_));
    std::vector<engine::RowError> errors;
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr kept,
                             engine::EvaluateRows(*predicate_, *view.data(), context_, &errors));
    if (!errors.empty()) {
      THALWEG_RETURN_IF_ERROR(engine::RejectRows(view, "", errors, out));
    }
    std::vector<int32_t> rows =
        kept->type_id() == arrow::Type::NA ? std::vector<int32_t>() : TrueRows(*kept);
    const int64_t before = batch.num_rows();
    const auto after = static_cast<int64_t>(rows.size());
    const int64_t dropped = before - after - static_cast<int64_t>(errors.size());
    if (dropped > 0) out.CountFiltered(dropped);
    if (after == 0) return {};
    if (after == before) return out.Emit(std::move(batch));
    return EmitRows(batch, std::move(rows), out);
  }

 private:
  Status EmitRows(const Batch& batch, std::vector<int32_t> rows, engine::Emitter& out) const {
    if (batch.selection() != nullptr) {
      for (int32_t& row : rows) row = (*batch.selection())[static_cast<size_t>(row)];
    }
    const auto after = static_cast<int64_t>(rows.size());
    Batch selected =
        Batch(batch.data(), std::make_shared<const std::vector<int32_t>>(std::move(rows)))
            .WithOrigin(batch.origin())
            .WithWeightColumn(batch.weight_column());
    if (after * kCompactBelowOneIn <= batch.data()->num_rows()) {
      THALWEG_ASSIGN_OR_RETURN(selected, selected.Compact());
    }
    return out.Emit(std::move(selected));
  }

  engine::ExpressionPtr predicate_;
  engine::EvalContext context_;
  std::vector<int> columns_;
};

Result<std::unique_ptr<engine::Operator>> Make(std::vector<engine::SchemaPtr>,
                                               const std::any& parameters,
                                               const engine::EvalContext& context) {
  const auto* given = std::any_cast<engine::FilterParameters>(&parameters);
  if (given == nullptr) return Status::Internal("filter: wants FilterParameters");
  return std::unique_ptr<engine::Operator>(std::make_unique<Filter>(given->predicate, context));
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::OperatorFactory factory;
  factory.spec.name = "filter";
  factory.spec.summary = "Keeps rows whose predicate is true.";
  factory.spec.details = "FilterParameters in engine/operator.h.";
  factory.parallelism = engine::Parallelism::kStateless;
  factory.make = Make;
  registry.Add(std::move(factory));
}

}  // namespace thalweg::operators::filter
