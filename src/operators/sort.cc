#include <arrow/array.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "columnar/gather.h"
#include "engine/registry.h"
#include "engine/rejected_rows.h"
#include "engine/row_key.h"
#include "operators/rows_view.h"
#include "operators/sort_key.h"

namespace thalweg::operators::sort {
namespace {

constexpr int64_t kOutputRows = 16384;
/// Rows beyond the wanted ones that are kept before the rest is thrown out.
constexpr int64_t kSlackRowsMin = 16384;

/// Stable sort of the whole input, or of its first rows.
///
/// The input is held in memory; `held_bytes` is what a budget is checked against. To spill, write
/// the held rows out sorted whenever the budget ends, and merge those runs in `Finish`.
class Sort final : public engine::Operator {
 public:
  Sort(const engine::SortParameters& parameters, engine::EvalContext context)
      : keys_(parameters.keys), context_(std::move(context)), comparator_(Orders(parameters)) {
    if (parameters.limit >= 0) {
      const int64_t offset = std::max<int64_t>(parameters.offset, 0);
      wanted_ = parameters.limit > kAll - offset ? kAll : parameters.limit + offset;
    }
  }

  Status Push(int, Batch batch, engine::Emitter& out) override {
    if (wanted_ == 0) {
      out.CountFiltered(batch.num_rows());
      return {};
    }
    THALWEG_ASSIGN_OR_RETURN(batch, batch.Compact());
    std::vector<engine::RowError> errors;
    THALWEG_ASSIGN_OR_RETURN(std::vector<ArrayPtr> keys, Keys(batch, &errors, out));
    if (!errors.empty()) {
      const auto good = engine::RowsWithout(errors, batch.num_rows());
      const int weight = batch.weight_column();
      THALWEG_ASSIGN_OR_RETURN(batch, Batch(batch.data(), good).WithWeightColumn(weight).Compact());
      for (ArrayPtr& key : keys) {
        THALWEG_ASSIGN_OR_RETURN(key, columnar::Gather(key, *good));
      }
    }
    if (batch.num_rows() == 0) return {};
    weight_column_ = batch.weight_column();
    if (settled_) {
      THALWEG_RETURN_IF_ERROR(DropBeyondLast(&batch, &keys, out));
      if (batch.num_rows() == 0) return {};
    }
    THALWEG_RETURN_IF_ERROR(Hold(batch.data(), std::move(keys)));
    if (wanted_ < kAll / 4 && held_rows_ > 2 * wanted_ + kSlackRowsMin) return Prune(out);
    return {};
  }

  Status Finish(engine::Emitter& out) override {
    if (chunks_.empty()) return {};
    comparator_.Settle();
    std::vector<SortEntry> entries = comparator_.EncodeAll();
    comparator_.Sort(&entries);
    const auto wanted = static_cast<size_t>(std::min(wanted_, held_rows_));
    if (entries.size() > wanted) {
      out.CountFiltered(static_cast<int64_t>(entries.size() - wanted));
      entries.resize(wanted);
    }
    std::vector<columnar::RowRef> rows;
    rows.reserve(entries.size());
    for (const SortEntry& entry : entries) rows.push_back(entry.row);
    entries = {};
    comparator_.Clear();
    for (size_t at = 0; at < rows.size(); at += kOutputRows) {
      const auto count = std::min<size_t>(kOutputRows, rows.size() - at);
      THALWEG_ASSIGN_OR_RETURN(columnar::RecordBatchPtr made,
                               Rows(std::span(rows).subspan(at, count)));
      THALWEG_RETURN_IF_ERROR(out.Emit(Batch(std::move(made)).WithWeightColumn(weight_column_)));
    }
    chunks_.clear();
    held_bytes_ = 0;
    return {};
  }

  int64_t held_bytes() const override {
    return held_bytes_ + held_rows_ * static_cast<int64_t>(sizeof(SortEntry));
  }

 private:
  static constexpr int64_t kAll = std::numeric_limits<int64_t>::max();

  static std::vector<SortOrder> Orders(const engine::SortParameters& parameters) {
    std::vector<SortOrder> orders;
    for (const engine::SortKey& key : parameters.keys) {
      orders.push_back({key.descending, key.nulls_first});
    }
    return orders;
  }

  Result<std::vector<ArrayPtr>> Keys(const Batch& batch, std::vector<engine::RowError>* errors,
                                     engine::Emitter& out) const {
    std::vector<ArrayPtr> keys;
    for (const engine::SortKey& key : keys_) {
      std::vector<engine::RowError> found;
      THALWEG_ASSIGN_OR_RETURN(
          ArrayPtr array, engine::EvaluateRows(*key.expression, *batch.data(), context_, &found));
      std::erase_if(found, [&](const engine::RowError& error) {
        return std::ranges::binary_search(*errors, error.row, {}, &engine::RowError::row);
      });
      THALWEG_RETURN_IF_ERROR(engine::RejectRows(batch, key.expression->ToString(), found, out));
      engine::MergeRowErrors(std::move(found), errors);
      THALWEG_ASSIGN_OR_RETURN(array, engine::PlainKey(array));
      THALWEG_ASSIGN_OR_RETURN(array, columnar::WithoutViews(array));
      keys.push_back(std::move(array));
    }
    return keys;
  }

  /// Throws out rows that stand after the last of those wanted so far.
  Status DropBeyondLast(Batch* batch, std::vector<ArrayPtr>* keys, engine::Emitter& out) {
    if (!comparator_.Fits(*keys)) return {};
    std::vector<SortEntry> entries(static_cast<size_t>(batch->num_rows()));
    comparator_.Encode(*keys, 0, entries.data());
    std::vector<int32_t> rows;
    for (const SortEntry& entry : entries) {
      const bool beyond = entry.hi != last_.hi ? entry.hi > last_.hi : entry.lo > last_.lo;
      if (!beyond) rows.push_back(static_cast<int32_t>(entry.row.row));
    }
    if (rows.size() == entries.size()) return {};
    out.CountFiltered(static_cast<int64_t>(entries.size() - rows.size()));
    for (ArrayPtr& key : *keys) {
      THALWEG_ASSIGN_OR_RETURN(key, columnar::Gather(key, rows));
    }
    auto kept = std::make_shared<const std::vector<int32_t>>(std::move(rows));
    THALWEG_ASSIGN_OR_RETURN(*batch, Batch(batch->data(), std::move(kept)).Compact());
    return {};
  }

  /// Plain strings, so that a held row keeps no slab of its file alive.
  Status Hold(const columnar::RecordBatchPtr& data, std::vector<ArrayPtr> keys) {
    THALWEG_ASSIGN_OR_RETURN(columnar::RecordBatchPtr plain, columnar::WithoutViews(data));
    held_rows_ += plain->num_rows();
    held_bytes_ += Batch(plain).ByteSize();
    for (size_t i = 0; i < keys.size(); ++i) {
      if (keys_[i].expression->column()) continue;
      held_bytes_ +=
          Batch(arrow::RecordBatch::Make(arrow::schema({arrow::field("", keys[i]->type())}),
                                         keys[i]->length(), {keys[i]}))
              .ByteSize();
    }
    // A key that is a bare column is the held column itself.
    for (size_t i = 0; i < keys.size(); ++i) {
      if (const auto column = keys_[i].expression->column()) {
        if (plain->column(*column)->type()->Equals(*keys[i]->type())) {
          keys[i] = plain->column(*column);
        }
      }
    }
    chunks_.push_back(std::move(plain));
    comparator_.AddChunk(std::move(keys));
    return {};
  }

  Result<columnar::RecordBatchPtr> Rows(std::span<const columnar::RowRef> rows) const {
    arrow::ArrayVector columns;
    std::vector<ArrayPtr> parts(chunks_.size());
    for (int i = 0; i < chunks_[0]->num_columns(); ++i) {
      for (size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
        parts[chunk] = chunks_[chunk]->column(i);
      }
      THALWEG_ASSIGN_OR_RETURN(ArrayPtr column, columnar::GatherFrom(parts, rows));
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(chunks_[0]->schema(), static_cast<int64_t>(rows.size()),
                                    std::move(columns));
  }

  /// Keeps the wanted rows alone, as one chunk, in the order in which they came.
  Status Prune(engine::Emitter& out) {
    comparator_.Settle();
    std::vector<SortEntry> entries = comparator_.EncodeAll();
    const auto wanted = entries.begin() + wanted_;
    std::nth_element(
        entries.begin(), wanted - 1, entries.end(),
        [this](const SortEntry& a, const SortEntry& b) { return comparator_.Less(a, b); });
    last_ = *(wanted - 1);
    settled_ = true;
    out.CountFiltered(entries.end() - wanted);
    entries.erase(wanted, entries.end());
    std::ranges::sort(entries, [](const SortEntry& a, const SortEntry& b) {
      return std::pair(a.row.chunk, a.row.row) < std::pair(b.row.chunk, b.row.row);
    });
    std::vector<columnar::RowRef> rows;
    for (const SortEntry& entry : entries) rows.push_back(entry.row);
    THALWEG_ASSIGN_OR_RETURN(columnar::RecordBatchPtr kept, Rows(rows));
    // Keys are evaluated again: they had an answer before.
    std::vector<engine::RowError> errors;
    THALWEG_ASSIGN_OR_RETURN(std::vector<ArrayPtr> keys, Keys(Batch(kept), &errors, out));
    if (!errors.empty()) return Status::Internal("sort: a row failed only when asked again");
    chunks_.clear();
    comparator_.Clear();
    held_rows_ = 0;
    held_bytes_ = 0;
    return Hold(kept, std::move(keys));
  }

  const std::vector<engine::SortKey> keys_;
  const engine::EvalContext context_;
  SortComparator comparator_;
  int64_t wanted_ = kAll;
  std::vector<columnar::RecordBatchPtr> chunks_;
  int64_t held_rows_ = 0;
  int64_t held_bytes_ = 0;
  int weight_column_ = -1;
  bool settled_ = false;  ///< `last_` is the last row wanted so far, in the comparator's layout.
  SortEntry last_{};
};

Result<std::unique_ptr<engine::Operator>> Make(std::vector<engine::SchemaPtr>,
                                               const std::any& parameters,
                                               const engine::EvalContext& context) {
  const auto* given = std::any_cast<engine::SortParameters>(&parameters);
  if (given == nullptr || given->keys.empty()) {
    return Status::Internal("sort: wants SortParameters with a key");
  }
  return std::unique_ptr<engine::Operator>(std::make_unique<Sort>(*given, context));
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::OperatorFactory factory;
  factory.spec.name = "sort";
  factory.spec.summary = "Orders rows; equal rows stand as they came.";
  factory.spec.details =
      "SortParameters in engine/operator.h. With a limit it emits the first offset + limit rows.";
  factory.parallelism = engine::Parallelism::kSerial;
  factory.make = Make;
  registry.Add(std::move(factory));
}

}  // namespace thalweg::operators::sort
