#pragma once

#include "engine/flow.h"
#include "sql/plan.h"
#include "thalweg/runtime/graph.h"

namespace thalweg::sql {

/// Adds the nodes of `plan` (not a kSink) to `graph`; returns the one that gives its rows.
Result<runtime::NodeId> Lower(const PlanNode& plan, const engine::EvalContext& context,
                              int64_t batch_rows, runtime::Graph& graph);

/// Every scan of the plan, in order.
void CollectScans(const PlanNode& plan, std::vector<const PlanNode*>* scans);

}  // namespace thalweg::sql
