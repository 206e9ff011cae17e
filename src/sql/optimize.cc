#include <arrow/array/util.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "base/check.h"
#include "columnar/arrow_status.h"
#include "sql/logical.h"

namespace thalweg::sql {
namespace {

// Merging must not make a tree that is deeper than what the parser lets pass.
constexpr int kMergedHeightMax = 128;

bool IsTrivial(const Bound& expr) {
  return expr.kind == BoundKind::kColumn || expr.kind == BoundKind::kLiteral;
}

bool ReadsOnlyTrivial(const Bound& expr, const std::vector<BoundPtr>& columns) {
  if (expr.kind == BoundKind::kColumn) {
    return IsTrivial(*columns[static_cast<size_t>(expr.index)]);
  }
  return std::all_of(expr.args.begin(), expr.args.end(),
                     [&](const BoundPtr& arg) { return ReadsOnlyTrivial(*arg, columns); });
}

bool ReadsOnlyTrivialKeys(const Bound& expr, const std::vector<BoundPtr>& keys) {
  if (expr.kind == BoundKind::kColumn) {
    const auto index = static_cast<size_t>(expr.index);
    return index < keys.size() && IsTrivial(*keys[index]);
  }
  return std::all_of(expr.args.begin(), expr.args.end(),
                     [&](const BoundPtr& arg) { return ReadsOnlyTrivialKeys(*arg, keys); });
}

bool IsLiteralBool(const Bound& expr, bool wanted) {
  const ScalarPtr value = ConstantOf(expr);
  if (value == nullptr) return false;
  if (!value->is_valid) return !wanted;
  return value->type->id() == arrow::Type::BOOL &&
         static_cast<const arrow::BooleanScalar&>(*value).value == wanted;
}

Result<LogicalPtr> EmptyValues(std::vector<OutputColumn> columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const OutputColumn& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto array, arrow::MakeEmptyArray(column.type));
    arrays.push_back(std::move(array));
  }
  auto values = std::make_unique<Logical>(Logical::Kind::kValues);
  values->values = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 0, std::move(arrays));
  values->columns = std::move(columns);
  return values;
}

/// Puts `predicate` as low above `input` as it may go.
Result<LogicalPtr> Push(LogicalPtr input, BoundPtr predicate) {
  if (IsLiteralBool(*predicate, true)) return input;
  if (IsLiteralBool(*predicate, false)) return EmptyValues(std::move(input->columns));
  if (input->kind == Logical::Kind::kSort && !predicate->is_volatile) {
    THALWEG_ASSIGN_OR_RETURN(input->input, Push(std::move(input->input), std::move(predicate)));
    return input;
  }
  if (input->kind == Logical::Kind::kProject && !predicate->is_volatile &&
      ReadsOnlyTrivial(*predicate, input->exprs)) {
    BoundPtr below = Substitute(predicate, input->exprs);
    THALWEG_ASSIGN_OR_RETURN(input->input, Push(std::move(input->input), std::move(below)));
    return input;
  }
  if (input->kind == Logical::Kind::kAggregate && !input->exprs.empty() &&
      !predicate->is_volatile && ReadsOnlyTrivialKeys(*predicate, input->exprs)) {
    BoundPtr below = Substitute(predicate, input->exprs);
    THALWEG_ASSIGN_OR_RETURN(input->input, Push(std::move(input->input), std::move(below)));
    return input;
  }
  if (input->kind == Logical::Kind::kFilter && !predicate->is_volatile &&
      !input->predicate->is_volatile) {
    // The inner condition guards the outer one, so it stays first.
    Bound both;
    both.kind = BoundKind::kAnd;
    both.type = arrow::boolean();
    both.span = predicate->span;
    for (const BoundPtr& term : {input->predicate, predicate}) {
      if (term->kind == BoundKind::kAnd) {
        both.args.insert(both.args.end(), term->args.begin(), term->args.end());
      } else {
        both.args.push_back(term);
      }
    }
    input->predicate = Finish(std::move(both));
    return input;
  }
  return MakeFilter(std::move(input), std::move(predicate));
}

/// Merges a projection with the one below where nothing is computed twice.
LogicalPtr MergeProjects(LogicalPtr plan) {
  while (plan->input->kind == Logical::Kind::kProject) {
    Logical& below = *plan->input;
    std::vector<uint32_t> uses(below.columns.size(), 0);
    int height = 0;
    for (const BoundPtr& expr : plan->exprs) CountColumns(*expr, &uses);
    for (size_t i = 0; i < uses.size(); ++i) {
      if (uses[i] == 0) continue;
      if (below.exprs[i]->is_volatile || (uses[i] > 1 && !IsTrivial(*below.exprs[i]))) return plan;
      height = std::max(height, below.exprs[i]->height);
    }
    for (const BoundPtr& expr : plan->exprs) {
      if (expr->height + height > kMergedHeightMax) return plan;
    }
    for (BoundPtr& expr : plan->exprs) expr = Substitute(expr, below.exprs);
    plan->input = std::move(below.input);
  }
  return plan;
}

Result<LogicalPtr> Rewrite(LogicalPtr plan) {
  if (plan->input != nullptr) {
    THALWEG_ASSIGN_OR_RETURN(plan->input, Rewrite(std::move(plan->input)));
  }
  if (plan->kind == Logical::Kind::kFilter) {
    return Push(std::move(plan->input), std::move(plan->predicate));
  }
  if (plan->kind == Logical::Kind::kProject) return MergeProjects(std::move(plan));
  return plan;
}

/// Positions of the kept columns, -1 elsewhere; drops the others from `columns`.
std::vector<int> Keep(const std::vector<bool>& needed, std::vector<OutputColumn>* columns) {
  std::vector<int> positions(needed.size(), -1);
  int next = 0;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    positions[i] = next;
    if (static_cast<size_t>(next) != i) {
      (*columns)[static_cast<size_t>(next)] = std::move((*columns)[i]);
    }
    ++next;
  }
  columns->resize(static_cast<size_t>(next));
  return positions;
}

Result<std::vector<int>> Prune(Logical* plan, std::vector<bool> needed);

Result<std::vector<int>> PruneValues(Logical* plan, const std::vector<bool>& needed) {
  std::vector<int> columns;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) columns.push_back(static_cast<int>(i));
  }
  THALWEG_ASSIGN_OR_RETURN_ARROW(plan->values, plan->values->SelectColumns(columns));
  return Keep(needed, &plan->columns);
}

Result<std::vector<int>> PruneProject(Logical* plan, const std::vector<bool>& needed) {
  std::vector<bool> below(plan->input->columns.size(), false);
  std::vector<BoundPtr> kept;
  for (size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    MarkColumns(*plan->exprs[i], &below);
    kept.push_back(plan->exprs[i]);
  }
  THALWEG_ASSIGN_OR_RETURN(const std::vector<int> moved, Prune(plan->input.get(), below));
  for (BoundPtr& expr : kept) expr = MoveColumns(expr, moved);
  plan->exprs = std::move(kept);
  return Keep(needed, &plan->columns);
}

Result<std::vector<int>> PruneAggregate(Logical* plan, std::vector<bool> needed) {
  const size_t keys = plan->exprs.size();
  for (size_t i = 0; i < keys; ++i) needed[i] = true;
  // An aggregation of nothing over nothing would have no column to count its row by.
  if (keys == 0 && std::find(needed.begin(), needed.end(), true) == needed.end()) {
    needed[0] = true;
  }
  std::vector<bool> below(plan->input->columns.size(), false);
  for (const BoundPtr& key : plan->exprs) MarkColumns(*key, &below);
  std::vector<AggregateItem> kept;
  for (size_t i = 0; i < plan->calls.size(); ++i) {
    if (!needed[keys + i]) continue;
    AggregateItem& call = plan->calls[i];
    for (const BoundPtr& arg : call.args) MarkColumns(*arg, &below);
    if (call.filter != nullptr) MarkColumns(*call.filter, &below);
    kept.push_back(std::move(call));
  }
  THALWEG_ASSIGN_OR_RETURN(const std::vector<int> moved, Prune(plan->input.get(), below));
  for (BoundPtr& key : plan->exprs) key = MoveColumns(key, moved);
  for (AggregateItem& call : kept) {
    for (BoundPtr& arg : call.args) arg = MoveColumns(arg, moved);
    if (call.filter != nullptr) call.filter = MoveColumns(call.filter, moved);
  }
  plan->calls = std::move(kept);
  return Keep(needed, &plan->columns);
}

/// Steps that pass their input's columns on.
Result<std::vector<int>> PrunePassing(Logical* plan, std::vector<bool> needed) {
  if (plan->predicate != nullptr) MarkColumns(*plan->predicate, &needed);
  for (const SortItem& item : plan->sort) MarkColumns(*item.expr, &needed);
  THALWEG_ASSIGN_OR_RETURN(std::vector<int> moved, Prune(plan->input.get(), std::move(needed)));
  if (plan->predicate != nullptr) plan->predicate = MoveColumns(plan->predicate, moved);
  for (SortItem& item : plan->sort) item.expr = MoveColumns(item.expr, moved);
  plan->columns = plan->input->columns;
  return moved;
}

Result<std::vector<int>> Prune(Logical* plan, std::vector<bool> needed) {
  switch (plan->kind) {
    case Logical::Kind::kScan:
      return Keep(needed, &plan->columns);
    case Logical::Kind::kValues:
      return PruneValues(plan, needed);
    case Logical::Kind::kProject:
      return PruneProject(plan, needed);
    case Logical::Kind::kAggregate:
      return PruneAggregate(plan, std::move(needed));
    case Logical::Kind::kFilter:
    case Logical::Kind::kSort:
    case Logical::Kind::kLimit:
      return PrunePassing(plan, std::move(needed));
    case Logical::Kind::kSummary:
      break;
  }
  THALWEG_ASSIGN_OR_RETURN(
      std::vector<int> below,
      Prune(plan->input.get(), std::vector<bool>(plan->input->columns.size(), true)));
  static_cast<void>(below);
  std::vector<int> same(plan->columns.size());
  for (size_t i = 0; i < same.size(); ++i) same[i] = static_cast<int>(i);
  return same;
}

}  // namespace

LogicalPtr MakeFilter(LogicalPtr input, BoundPtr predicate) {
  auto filter = std::make_unique<Logical>(Logical::Kind::kFilter);
  filter->columns = input->columns;
  filter->predicate = std::move(predicate);
  filter->input = std::move(input);
  return filter;
}

LogicalPtr MakeProject(LogicalPtr input, std::vector<BoundPtr> exprs,
                       std::vector<std::string> names) {
  auto project = std::make_unique<Logical>(Logical::Kind::kProject);
  for (size_t i = 0; i < exprs.size(); ++i) {
    project->columns.push_back({std::move(names[i]), exprs[i]->type});
  }
  project->exprs = std::move(exprs);
  project->input = std::move(input);
  return project;
}

LogicalPtr MakeLimit(LogicalPtr input, int64_t limit, int64_t offset) {
  auto node = std::make_unique<Logical>(Logical::Kind::kLimit);
  node->columns = input->columns;
  node->limit = limit;
  node->offset = offset;
  node->input = std::move(input);
  return node;
}

Result<LogicalPtr> Optimize(LogicalPtr plan) {
  THALWEG_ASSIGN_OR_RETURN(plan, Rewrite(std::move(plan)));
  THALWEG_ASSIGN_OR_RETURN(const std::vector<int> moved,
                           Prune(plan.get(), std::vector<bool>(plan->columns.size(), true)));
  THALWEG_DCHECK(plan->columns.size() == moved.size());
  return plan;
}

}  // namespace thalweg::sql
