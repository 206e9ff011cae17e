#pragma once

#include <any>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/spec.h"
#include "engine/codec.h"
#include "engine/expression.h"

namespace thalweg::engine {

/// A step of a plan: a bounded state machine over batches. The driver calls it, one call at a time;
/// an operator never calls another and starts no thread.
class Operator {
 public:
  virtual ~Operator() = default;
  /// `input` counts from 0. The batch may carry a selection.
  virtual Status Push(int input, Batch batch, Emitter& out) = 0;
  /// The batches that follow come from the input chunk of this number. Lets lanes that see only
  /// some of the chunks agree on what came first; an operator works without it.
  virtual void OnChunk(int64_t /*sequence*/) {}
  /// Bytes of state. The driver asks after each call, reserves them, and ends the job with
  /// `resource_exhausted` where the budget does not allow them.
  virtual int64_t held_bytes() const { return 0; }
  /// Event time (microseconds) below which no more rows come.
  virtual Status OnWatermark(int64_t /*time_micros*/, Emitter& /*out*/) { return {}; }
  /// All inputs have ended. Emits what is held.
  virtual Status Finish(Emitter& /*out*/) { return {}; }
  /// True once no further input can change the output (LIMIT reached): the driver stops upstream.
  virtual bool satisfied() const { return false; }
  /// State as bytes, and back. Stateless operators keep the default.
  virtual Result<std::string> Snapshot() const { return std::string(); }
  virtual Status Restore(std::string_view /*state*/) { return {}; }
};

/// How the driver may run an operator.
enum class Parallelism : uint8_t {
  kStateless,  ///< Any lane, any order: fused with its neighbours.
  kPartial,  ///< One instance a lane, each with its own state; all flush at the end, in lane order.
  kSerial,   ///< One instance; rows in order.
};

/// What the planner hands to an operator: its inputs' schemas and its parameters.
struct OperatorFactory {
  Spec spec;
  Parallelism parallelism = Parallelism::kStateless;
  /// `parameters` is the operator's own struct (see the header named in its spec's details).
  std::function<Result<std::unique_ptr<Operator>>(
      std::vector<SchemaPtr> inputs, const std::any& parameters, const EvalContext& context)>
      make;
};

// Parameters of the operators that the SQL planner uses, by operator name.

struct NamedExpression {
  std::string name;
  ExpressionPtr expression;
};
/// "filter": keeps rows whose predicate is true.
struct FilterParameters {
  ExpressionPtr predicate;
};
/// "project": one output column per expression.
struct ProjectParameters {
  std::vector<NamedExpression> columns;
};
struct AggregateCall {
  std::string name;
  BoundAggregate function;
  std::vector<ExpressionPtr> arguments;
  ExpressionPtr filter;  ///< FILTER (WHERE …); may be null.
};
/// "aggregate_partial" (kPartial) and "aggregate_final" (kSerial). The partial one sends its state
/// to the final one inside the process, in a batch of one opaque column; both get the same struct.
/// Output: the keys, then the calls. Without keys: exactly one row.
struct AggregateParameters {
  std::vector<NamedExpression> keys;
  std::vector<AggregateCall> calls;
};
struct SortKey {
  ExpressionPtr expression;
  bool descending = false;
  bool nulls_first = false;
};
/// "sort": stable; with `limit` ≥ 0 keeps only the first `offset + limit` rows while it runs.
struct SortParameters {
  std::vector<SortKey> keys;
  int64_t limit = -1;
  int64_t offset = 0;
};
/// "limit".
struct LimitParameters {
  int64_t limit = -1;  ///< -1: all.
  int64_t offset = 0;
};

}  // namespace thalweg::engine
