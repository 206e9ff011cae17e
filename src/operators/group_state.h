#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/codec.h"
#include "engine/group_index.h"
#include "engine/operator.h"
#include "thalweg/status.h"

namespace thalweg::operators {

using columnar::ArrayPtr;
using columnar::Batch;

/// The groups that one lane has seen and the states of their aggregates. Rows are added, states of
/// other lanes are merged in, and at the end the groups are emitted: those that came first in the
/// input stand first, where chunk numbers are known; otherwise first within the first lane.
///
/// Held in memory as a whole; `ByteSize` is what a budget is checked against. To spill, split the
/// groups by the hash of their keys, and merge a part at a time.
class GroupState {
 public:
  GroupState(const engine::AggregateParameters& parameters, const engine::EvalContext& context);

  void StartChunk(int64_t sequence) { sequence_ = sequence; }
  /// Rows without an answer are rejected and count nowhere.
  Status Add(const Batch& batch, engine::Emitter& out);
  /// `other` was made with the same parameters.
  Status Merge(const GroupState& other);
  Status Emit(engine::Emitter& out);
  int64_t ByteSize() const;

 private:
  /// Where a group came first: the chunk, and its number within the lane that saw that chunk.
  struct FirstSeen {
    int64_t sequence;
    int64_t number;
  };
  /// A batch with what the expressions give for it.
  struct Evaluated {
    int64_t rows = 0;
    std::vector<ArrayPtr> keys;
    std::vector<std::vector<arrow::Datum>> arguments;  ///< By call.
    std::vector<ArrayPtr> filters;                     ///< By call; null: none.
  };

  Result<Evaluated> Evaluate(const Batch& view, std::vector<engine::RowError>* errors,
                             engine::Emitter& out) const;
  Result<arrow::Datum> EvaluateOne(const engine::ExpressionPtr& expression, const Batch& view,
                                   bool may_be_scalar, std::vector<engine::RowError>* errors,
                                   engine::Emitter& out) const;
  Status Update(const Evaluated& evaluated, const uint32_t* groups);
  Status UpdateFiltered(size_t call, const Evaluated& evaluated, const uint32_t* groups);
  Status GrowTo(int64_t groups);
  /// One entry a group, from the runs.
  std::vector<FirstSeen> FirstSeenOfGroups() const;
  std::vector<int32_t> OutputOrder() const;

  const std::vector<engine::NamedExpression> keys_;
  const std::vector<engine::AggregateCall> calls_;
  const engine::EvalContext context_;
  std::vector<int> columns_;
  std::unique_ptr<engine::GroupIndex> index_;  ///< Null without keys.
  std::vector<std::unique_ptr<engine::Aggregate>> states_;
  int64_t sequence_ = -1;
  int64_t num_groups_ = 0;
  /// (first group, chunk): groups up to the next entry came first in that chunk.
  std::vector<std::pair<int64_t, int64_t>> runs_;
  std::vector<FirstSeen> first_seen_;  ///< Set once lanes were merged.
  std::vector<uint32_t> groups_;
};

/// The opaque column that carries a state from a lane to the final operator.
Batch WrapState(std::unique_ptr<GroupState> state);
/// Takes it out again; null where the batch holds none.
std::shared_ptr<GroupState> UnwrapState(const Batch& batch);

}  // namespace thalweg::operators
