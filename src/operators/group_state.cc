#include "operators/group_state.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <numeric>

#include "columnar/arrow_status.h"
#include "columnar/gather.h"
#include "engine/rejected_rows.h"
#include "operators/rows_view.h"

namespace thalweg::operators {
namespace {

constexpr int64_t kOutputRowsMax = 16384;

/// A buffer that owns a state; its bytes mean nothing.
class StateBuffer final : public arrow::Buffer {
 public:
  explicit StateBuffer(std::unique_ptr<GroupState> state)
      : arrow::Buffer(kByte, sizeof(kByte)), state_(std::move(state)) {}
  const std::shared_ptr<GroupState>& state() const { return state_; }

 private:
  static constexpr uint8_t kByte[1] = {0};
  std::shared_ptr<GroupState> state_;
};

}  // namespace

Batch WrapState(std::unique_ptr<GroupState> state) {
  static const auto schema = arrow::schema({arrow::field("state", arrow::uint8())});
  const auto buffer = std::make_shared<StateBuffer>(std::move(state));
  return Batch(arrow::RecordBatch::Make(
      schema, 1, {arrow::ArrayData::Make(arrow::uint8(), 1, {nullptr, buffer}, 0)}));
}

std::shared_ptr<GroupState> UnwrapState(const Batch& batch) {
  if (batch.data() == nullptr || batch.num_columns() != 1) return nullptr;
  const auto& buffers = batch.data()->column_data(0)->buffers;
  if (buffers.size() != 2) return nullptr;
  const auto* buffer = dynamic_cast<const StateBuffer*>(buffers[1].get());
  return buffer == nullptr ? nullptr : buffer->state();
}

GroupState::GroupState(const engine::AggregateParameters& parameters,
                       const engine::EvalContext& context)
    : keys_(parameters.keys), calls_(parameters.calls), context_(context) {
  std::vector<engine::TypePtr> types;
  for (const auto& key : keys_) {
    types.push_back(key.expression->type());
    CollectColumns(key.expression, &columns_);
  }
  for (const auto& call : calls_) {
    states_.push_back(call.function.make());
    for (const auto& argument : call.arguments) CollectColumns(argument, &columns_);
    CollectColumns(call.filter, &columns_);
  }
  if (!types.empty()) index_ = engine::MakeGroupIndex(types);
}

Status GroupState::GrowTo(int64_t groups) {
  if (groups == num_groups_) return {};
  for (const auto& state : states_) THALWEG_RETURN_IF_ERROR(state->Resize(groups));
  if (first_seen_.empty() && (runs_.empty() || runs_.back().second != sequence_)) {
    runs_.emplace_back(num_groups_, sequence_);
  }
  num_groups_ = groups;
  return {};
}

Result<arrow::Datum> GroupState::EvaluateOne(const engine::ExpressionPtr& expression,
                                             const Batch& view, bool may_be_scalar,
                                             std::vector<engine::RowError>* errors,
                                             engine::Emitter& out) const {
  if (const auto column = expression->column()) {
    return arrow::Datum(view.data()->column(*column));
  }
  if (may_be_scalar) {
    if (auto constant = expression->constant()) return arrow::Datum(std::move(constant));
  }
  std::vector<engine::RowError> found;
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr array,
                           engine::EvaluateRows(*expression, *view.data(), context_, &found));
  if (!found.empty()) {
    std::erase_if(found, [&](const engine::RowError& error) {
      return std::ranges::binary_search(*errors, error.row, {}, &engine::RowError::row);
    });
    THALWEG_RETURN_IF_ERROR(engine::RejectRows(view, expression->ToString(), found, out));
    engine::MergeRowErrors(std::move(found), errors);
  }
  return arrow::Datum(std::move(array));
}

Result<GroupState::Evaluated> GroupState::Evaluate(const Batch& view,
                                                   std::vector<engine::RowError>* errors,
                                                   engine::Emitter& out) const {
  Evaluated result;
  result.rows = view.data()->num_rows();
  for (const auto& key : keys_) {
    THALWEG_ASSIGN_OR_RETURN(const arrow::Datum datum,
                             EvaluateOne(key.expression, view, false, errors, out));
    result.keys.push_back(datum.make_array());
  }
  for (const auto& call : calls_) {
    std::vector<arrow::Datum>& arguments = result.arguments.emplace_back();
    for (const auto& argument : call.arguments) {
      THALWEG_ASSIGN_OR_RETURN(arrow::Datum datum, EvaluateOne(argument, view, true, errors, out));
      arguments.push_back(std::move(datum));
    }
    ArrayPtr& filter = result.filters.emplace_back();
    if (call.filter == nullptr) continue;
    THALWEG_ASSIGN_OR_RETURN(const arrow::Datum datum,
                             EvaluateOne(call.filter, view, false, errors, out));
    filter = datum.make_array();
  }
  return result;
}

Status GroupState::Add(const Batch& batch, engine::Emitter& out) {
  if (batch.weight_column() >= 0) {
    return Status::Unsupported("aggregate: a changelog cannot be aggregated yet");
  }
  if (batch.num_rows() == 0) return {};
  THALWEG_ASSIGN_OR_RETURN(Batch view, CompactColumns(batch, columns_));
  std::vector<engine::RowError> errors;
  THALWEG_ASSIGN_OR_RETURN(Evaluated evaluated, Evaluate(view, &errors, out));
  if (!errors.empty()) {
    const auto good = engine::RowsWithout(errors, view.data()->num_rows());
    THALWEG_ASSIGN_OR_RETURN(view, Batch(view.data(), good).Compact());
    if (view.num_rows() == 0) return {};
    std::vector<engine::RowError> again;
    THALWEG_ASSIGN_OR_RETURN(evaluated, Evaluate(view, &again, out));
    if (!again.empty()) return Status::Internal("aggregate: a row failed only when asked again");
  }
  if (index_ == nullptr) {
    THALWEG_RETURN_IF_ERROR(GrowTo(1));
    return Update(evaluated, nullptr);
  }
  groups_.resize(static_cast<size_t>(evaluated.rows));
  THALWEG_RETURN_IF_ERROR(index_->Map(evaluated.keys, evaluated.rows, groups_.data()));
  THALWEG_RETURN_IF_ERROR(GrowTo(index_->count()));
  return Update(evaluated, groups_.data());
}

Status GroupState::Update(const Evaluated& evaluated, const uint32_t* groups) {
  for (size_t call = 0; call < calls_.size(); ++call) {
    if (evaluated.filters[call] != nullptr) {
      THALWEG_RETURN_IF_ERROR(UpdateFiltered(call, evaluated, groups));
    } else {
      THALWEG_RETURN_IF_ERROR(
          states_[call]->Update(evaluated.arguments[call], groups, evaluated.rows));
    }
  }
  return {};
}

Status GroupState::UpdateFiltered(size_t call, const Evaluated& evaluated, const uint32_t* groups) {
  if (evaluated.filters[call]->type_id() != arrow::Type::BOOL) return {};
  const auto& filter = static_cast<const arrow::BooleanArray&>(*evaluated.filters[call]);
  std::vector<int32_t> rows;
  std::vector<uint32_t> kept;
  for (int64_t row = 0; row < evaluated.rows; ++row) {
    if (filter.IsNull(row) || !filter.Value(row)) continue;
    rows.push_back(static_cast<int32_t>(row));
    if (groups != nullptr) kept.push_back(groups[row]);
  }
  if (rows.empty()) return {};
  std::vector<arrow::Datum> arguments;
  for (const arrow::Datum& argument : evaluated.arguments[call]) {
    if (argument.is_scalar()) {
      arguments.push_back(argument);
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, columnar::Gather(argument.make_array(), rows));
    arguments.emplace_back(std::move(array));
  }
  return states_[call]->Update(arguments, groups == nullptr ? nullptr : kept.data(),
                               static_cast<int64_t>(rows.size()));
}

std::vector<GroupState::FirstSeen> GroupState::FirstSeenOfGroups() const {
  if (!first_seen_.empty()) return first_seen_;
  std::vector<FirstSeen> out(static_cast<size_t>(num_groups_));
  for (size_t run = 0; run < runs_.size(); ++run) {
    const int64_t end = run + 1 < runs_.size() ? runs_[run + 1].first : num_groups_;
    for (int64_t group = runs_[run].first; group < end; ++group) {
      out[static_cast<size_t>(group)] = {runs_[run].second, group};
    }
  }
  return out;
}

Status GroupState::Merge(const GroupState& other) {
  if (other.num_groups_ == 0) return {};
  const auto count = static_cast<size_t>(other.num_groups_);
  std::vector<FirstSeen> mine = FirstSeenOfGroups();
  const std::vector<FirstSeen> theirs = other.FirstSeenOfGroups();
  std::vector<uint32_t> groups(count, 0);
  if (index_ != nullptr) {
    THALWEG_ASSIGN_OR_RETURN(const std::vector<ArrayPtr> keys, other.index_->Keys());
    THALWEG_RETURN_IF_ERROR(index_->Map(keys, other.num_groups_, groups.data()));
  }
  const auto before = mine.size();
  first_seen_ = std::move(mine);
  THALWEG_RETURN_IF_ERROR(GrowTo(index_ == nullptr ? 1 : index_->count()));
  first_seen_.resize(static_cast<size_t>(num_groups_));
  for (size_t i = 0; i < count; ++i) {
    FirstSeen& here = first_seen_[groups[i]];
    if (groups[i] >= before || theirs[i].sequence < here.sequence) here = theirs[i];
  }
  for (size_t call = 0; call < calls_.size(); ++call) {
    THALWEG_RETURN_IF_ERROR(
        states_[call]->Merge(*other.states_[call], groups.data(), other.num_groups_));
  }
  return {};
}

/// Empty: as they are.
std::vector<int32_t> GroupState::OutputOrder() const {
  const bool known =
      std::ranges::any_of(first_seen_, [](const FirstSeen& seen) { return seen.sequence >= 0; });
  if (!known) return {};
  std::vector<int32_t> order(first_seen_.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
    const FirstSeen& left = first_seen_[static_cast<size_t>(a)];
    const FirstSeen& right = first_seen_[static_cast<size_t>(b)];
    return std::pair(left.sequence, left.number) < std::pair(right.sequence, right.number);
  });
  return order;
}

Status GroupState::Emit(engine::Emitter& out) {
  if (index_ == nullptr) THALWEG_RETURN_IF_ERROR(GrowTo(1));
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  if (index_ != nullptr) {
    THALWEG_ASSIGN_OR_RETURN(columns, index_->Keys());
    index_.reset();
  }
  for (size_t i = 0; i < keys_.size(); ++i) {
    fields.push_back(arrow::field(keys_[i].name, columns[i]->type()));
  }
  for (size_t call = 0; call < calls_.size(); ++call) {
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr column, states_[call]->Finish());
    states_[call].reset();
    fields.push_back(arrow::field(calls_[call].name, column->type()));
    columns.push_back(std::move(column));
  }
  auto all =
      arrow::RecordBatch::Make(arrow::schema(std::move(fields)), num_groups_, std::move(columns));
  if (const std::vector<int32_t> order = OutputOrder(); !order.empty()) {
    THALWEG_ASSIGN_OR_RETURN(all, columnar::Gather(all, order));
  }
  for (int64_t at = 0; at < num_groups_; at += kOutputRowsMax) {
    THALWEG_RETURN_IF_ERROR(out.Emit(Batch(all->Slice(at, kOutputRowsMax))));
  }
  return {};
}

int64_t GroupState::ByteSize() const {
  int64_t bytes = index_ ? index_->ByteSize() : 0;
  for (const auto& state : states_) bytes += state ? state->ByteSize() : 0;
  return bytes + static_cast<int64_t>(first_seen_.capacity() * sizeof(FirstSeen) +
                                      groups_.capacity() * sizeof(uint32_t));
}

}  // namespace thalweg::operators
