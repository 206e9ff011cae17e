#include "sql/physical.h"

#include <algorithm>
#include <utility>

#include "sql/lexer.h"

namespace thalweg::sql {
namespace {

constexpr size_t kLabelItemsMax = 16;
constexpr size_t kLabelBytesMax = 400;

std::string JoinLabels(const std::vector<std::string>& items) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i == kLabelItemsMax || out.size() > kLabelBytesMax) {
      return out + ", ... (" + std::to_string(items.size() - i) + " more)";
    }
    out += (i > 0 ? ", " : "") + Shortened(items[i], 120);
  }
  return out;
}

class Planner {
 public:
  explicit Planner(const engine::Registry& registry) : registry_(registry) {}

  Result<PlanPtr> Plan(const Logical& plan) {
    switch (plan.kind) {
      case Logical::Kind::kScan:
        return Scan(plan, -1);
      case Logical::Kind::kValues:
        return Values(plan);
      case Logical::Kind::kFilter:
        return Filter(plan);
      case Logical::Kind::kProject:
        return Project(plan);
      case Logical::Kind::kAggregate:
        return Aggregate(plan);
      case Logical::Kind::kSort:
        return Sort(plan, -1);
      case Logical::Kind::kLimit:
        return Limit(plan);
      case Logical::Kind::kSummary:
        return Summary(plan);
    }
    return Status::Internal("sql: a step of no known kind");
  }

 private:
  Result<std::shared_ptr<PlanNode>> Operator(std::string_view name, const Logical& plan) {
    auto node = std::make_shared<PlanNode>();
    node->kind = PlanNode::Kind::kOperator;
    node->schema = SchemaOf(plan.columns);
    node->factory = registry_.FindOperator(name);
    if (node->factory == nullptr) {
      return Status::Unsupported("this build has no operator '" + std::string(name) + "'");
    }
    return node;
  }

  /// Plans the input, telling a scan right below how many rows are enough.
  Result<PlanPtr> Input(const Logical& plan, int64_t rows_enough) {
    const Logical& input = *plan.input;
    if (rows_enough >= 0) {
      if (input.kind == Logical::Kind::kScan) return Scan(input, rows_enough);
      if (input.kind == Logical::Kind::kProject) return Project(input, rows_enough);
    }
    return Plan(input);
  }

  static Result<PlanPtr> Scan(const Logical& plan, int64_t limit) {
    auto node = std::make_shared<PlanNode>();
    node->kind = PlanNode::Kind::kScan;
    node->schema = SchemaOf(plan.columns);
    node->table = plan.table;
    node->scan.limit = limit;
    const columnar::SchemaPtr& schema = plan.table->schema();
    node->scan.projection.all =
        schema->num_fields() == static_cast<int>(plan.columns.size()) &&
        std::equal(plan.columns.begin(), plan.columns.end(), schema->fields().begin(),
                   [](const OutputColumn& a, const auto& b) { return a.name == b->name(); });
    std::vector<std::string> names;
    for (const OutputColumn& column : plan.columns) names.push_back(QuoteName(column.name));
    node->label = "scan " + plan.table->Describe();
    if (!node->scan.projection.all) {
      for (const OutputColumn& column : plan.columns) {
        node->scan.projection.columns.push_back(column.name);
      }
      node->label += " columns " + std::to_string(names.size()) + " of " +
                     std::to_string(schema->num_fields()) + ": " +
                     (names.empty() ? "none" : JoinLabels(names));
    }
    if (limit >= 0) node->label += " limit " + std::to_string(limit);
    return PlanPtr(std::move(node));
  }

  static Result<PlanPtr> Values(const Logical& plan) {
    auto node = std::make_shared<PlanNode>();
    node->kind = PlanNode::Kind::kValues;
    node->schema = SchemaOf(plan.columns);
    node->values = columnar::Batch(
        arrow::RecordBatch::Make(node->schema, plan.values->num_rows(), plan.values->columns()));
    node->label = "values " + std::to_string(plan.values->num_rows()) + " rows";
    return PlanPtr(std::move(node));
  }

  Result<PlanPtr> Filter(const Logical& plan) {
    THALWEG_ASSIGN_OR_RETURN(auto node, Operator("filter", plan));
    THALWEG_ASSIGN_OR_RETURN(PlanPtr input, Plan(*plan.input));
    engine::FilterParameters parameters;
    THALWEG_ASSIGN_OR_RETURN(parameters.predicate, Lower(*plan.predicate));
    node->label = "filter " + Shortened(parameters.predicate->ToString(), kLabelBytesMax);
    node->parameters = std::move(parameters);
    node->inputs.push_back(std::move(input));
    return PlanPtr(std::move(node));
  }

  /// True where the step changes nothing but, perhaps, its columns' names.
  static bool IsIdentity(const Logical& plan) {
    if (plan.exprs.size() != plan.input->columns.size()) return false;
    for (size_t i = 0; i < plan.exprs.size(); ++i) {
      const Bound& expr = *plan.exprs[i];
      if (expr.kind != BoundKind::kColumn || expr.index != static_cast<int>(i)) return false;
      if (plan.columns[i].name != plan.input->columns[i].name) return false;
    }
    return true;
  }

  Result<PlanPtr> Project(const Logical& plan, int64_t rows_enough = -1) {
    THALWEG_ASSIGN_OR_RETURN(PlanPtr input, Input(plan, rows_enough));
    if (IsIdentity(plan)) return input;
    return ProjectOver(plan, std::move(input));
  }

  Result<engine::AggregateCall> Call(const AggregateItem& item, std::string* label) {
    engine::AggregateCall call;
    call.name = item.name;
    call.function = item.function;
    *label = item.name + (item.distinct ? "(DISTINCT " : "(");
    for (const BoundPtr& arg : item.args) {
      THALWEG_ASSIGN_OR_RETURN(engine::ExpressionPtr expression, Lower(*arg));
      *label += (call.arguments.empty() ? "" : ", ") + expression->ToString();
      call.arguments.push_back(std::move(expression));
    }
    *label += ")";
    if (item.filter != nullptr) {
      THALWEG_ASSIGN_OR_RETURN(call.filter, Lower(*item.filter));
      *label += " FILTER (WHERE " + call.filter->ToString() + ")";
    }
    return call;
  }

  // Two steps: one state a lane, then one that merges them.
  Result<PlanPtr> Aggregate(const Logical& plan) {
    THALWEG_ASSIGN_OR_RETURN(auto partial, Operator("aggregate_partial", plan));
    THALWEG_ASSIGN_OR_RETURN(auto final, Operator("aggregate_final", plan));
    THALWEG_ASSIGN_OR_RETURN(PlanPtr input, Plan(*plan.input));
    engine::AggregateParameters parameters;
    std::vector<std::string> keys;
    for (size_t i = 0; i < plan.exprs.size(); ++i) {
      THALWEG_ASSIGN_OR_RETURN(engine::ExpressionPtr key, Lower(*plan.exprs[i]));
      keys.push_back(key->ToString());
      parameters.keys.push_back({plan.columns[i].name, std::move(key)});
    }
    std::vector<std::string> calls;
    for (const AggregateItem& item : plan.calls) {
      std::string label;
      THALWEG_ASSIGN_OR_RETURN(engine::AggregateCall call, Call(item, &label));
      calls.push_back(std::move(label));
      parameters.calls.push_back(std::move(call));
    }
    std::string what;
    if (!calls.empty()) what += " " + JoinLabels(calls);
    if (!keys.empty()) what += " by " + JoinLabels(keys);
    partial->label = "aggregate (each lane)" + what;
    final->label = "aggregate (merge)";
    partial->parameters = parameters;
    final->parameters = std::move(parameters);
    partial->inputs.push_back(std::move(input));
    final->inputs.push_back(std::move(partial));
    return PlanPtr(std::move(final));
  }

  /// `rows_enough` ≥ 0: only so many rows from the front are wanted.
  Result<PlanPtr> Sort(const Logical& plan, int64_t rows_enough) {
    THALWEG_ASSIGN_OR_RETURN(auto node, Operator("sort", plan));
    THALWEG_ASSIGN_OR_RETURN(PlanPtr input, Plan(*plan.input));
    engine::SortParameters parameters;
    parameters.limit = rows_enough;
    std::vector<std::string> labels;
    for (const SortItem& item : plan.sort) {
      THALWEG_ASSIGN_OR_RETURN(engine::ExpressionPtr key, Lower(*item.expr));
      labels.push_back(key->ToString() + (item.descending ? " DESC" : "") +
                       (item.nulls_first ? " NULLS FIRST" : ""));
      parameters.keys.push_back({std::move(key), item.descending, item.nulls_first});
    }
    node->label = "sort by " + JoinLabels(labels);
    if (rows_enough >= 0) node->label += " limit " + std::to_string(rows_enough);
    node->parameters = std::move(parameters);
    node->inputs.push_back(std::move(input));
    return PlanPtr(std::move(node));
  }

  Result<PlanPtr> Limit(const Logical& plan) {
    const bool bounded = plan.limit >= 0 && plan.offset <= INT64_MAX - plan.limit;
    const int64_t rows_enough = bounded ? plan.limit + plan.offset : -1;
    PlanPtr input;
    const Logical* below = plan.input.get();
    if (below->kind == Logical::Kind::kSort) {
      THALWEG_ASSIGN_OR_RETURN(input, Sort(*below, rows_enough));
      if (plan.offset == 0) return input;
    } else if (below->kind == Logical::Kind::kProject &&
               below->input->kind == Logical::Kind::kSort) {
      return LimitUnderProject(plan, *below, rows_enough);
    } else {
      THALWEG_ASSIGN_OR_RETURN(input, Input(plan, rows_enough));
    }
    return LimitOver(plan, std::move(input));
  }

  Result<PlanPtr> LimitOver(const Logical& plan, PlanPtr input) {
    THALWEG_ASSIGN_OR_RETURN(auto node, Operator("limit", plan));
    node->schema = input->schema;
    node->label = plan.limit >= 0 ? "limit " + std::to_string(plan.limit) : "limit all";
    if (plan.offset > 0) node->label += " offset " + std::to_string(plan.offset);
    node->parameters = engine::LimitParameters{plan.limit, plan.offset};
    node->inputs.push_back(std::move(input));
    return PlanPtr(std::move(node));
  }

  /// LIMIT(project(sort)): the projection only needs the rows that are left.
  Result<PlanPtr> LimitUnderProject(const Logical& plan, const Logical& project,
                                    int64_t rows_enough) {
    THALWEG_ASSIGN_OR_RETURN(PlanPtr limited, Sort(*project.input, rows_enough));
    // A sort gives exactly the rows that were asked for, so only an offset is left to take off.
    if (plan.offset > 0) {
      THALWEG_ASSIGN_OR_RETURN(limited, LimitOver(plan, std::move(limited)));
    }
    if (IsIdentity(project)) return limited;
    return ProjectOver(project, std::move(limited));
  }

  Result<PlanPtr> ProjectOver(const Logical& plan, PlanPtr input) {
    THALWEG_ASSIGN_OR_RETURN(auto node, Operator("project", plan));
    engine::ProjectParameters parameters;
    std::vector<std::string> labels;
    for (size_t i = 0; i < plan.exprs.size(); ++i) {
      THALWEG_ASSIGN_OR_RETURN(engine::ExpressionPtr expression, Lower(*plan.exprs[i]));
      const std::string text = expression->ToString();
      const std::string& name = plan.columns[i].name;
      labels.push_back(text == name ? QuoteName(name) : text + " AS " + QuoteName(name));
      parameters.columns.push_back({name, std::move(expression)});
    }
    node->label = "project " + JoinLabels(labels);
    node->parameters = std::move(parameters);
    node->inputs.push_back(std::move(input));
    return PlanPtr(std::move(node));
  }

  Result<PlanPtr> Summary(const Logical& plan) {
    THALWEG_ASSIGN_OR_RETURN(PlanPtr input, Plan(*plan.input));
    auto node = std::make_shared<PlanNode>();
    node->kind = PlanNode::Kind::kOperator;
    node->schema = SchemaOf(plan.columns);
    node->factory = &SummaryOperator();
    std::vector<std::string> names;
    std::vector<std::pair<std::string, std::string>> columns;
    for (const OutputColumn& column : plan.summarized) {
      names.push_back(column.name);
      columns.emplace_back(column.name, columnar::SqlTypeName(*column.type));
    }
    node->label = "summary of " + JoinLabels(names);
    node->parameters = std::move(columns);
    node->inputs.push_back(std::move(input));
    return PlanPtr(std::move(node));
  }

  const engine::Registry& registry_;
};

}  // namespace

columnar::SchemaPtr SchemaOf(const std::vector<OutputColumn>& columns) {
  arrow::FieldVector fields;
  fields.reserve(columns.size());
  for (const OutputColumn& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
  }
  return arrow::schema(std::move(fields));
}

Result<PlanPtr> MakePhysical(const Logical& plan, const engine::Registry& registry) {
  return Planner(registry).Plan(plan);
}

namespace {

void Explain(const PlanNode& plan, const std::string& indent, std::string* out) {
  *out += plan.label + "\n";
  for (size_t i = 0; i < plan.inputs.size(); ++i) {
    const bool last = i + 1 == plan.inputs.size();
    *out += indent + (last ? "└─ " : "├─ ");
    Explain(*plan.inputs[i], indent + (last ? "   " : "│  "), out);
  }
}

}  // namespace

std::string ExplainText(const PlanNode& plan) {
  std::string out;
  Explain(plan, "", &out);
  return out;
}

}  // namespace thalweg::sql
