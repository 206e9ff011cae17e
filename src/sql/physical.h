#pragma once

#include "engine/registry.h"
#include "sql/logical.h"
#include "sql/plan.h"

namespace thalweg::sql {

/// Chooses the operators for an optimised plan. `unsupported` where the registry lacks one.
Result<PlanPtr> MakePhysical(const Logical& plan, const engine::Registry& registry);

columnar::SchemaPtr SchemaOf(const std::vector<OutputColumn>& columns);

/// The operator that turns the one row of a SUMMARIZE aggregation into a row a column.
const engine::OperatorFactory& SummaryOperator();

}  // namespace thalweg::sql
