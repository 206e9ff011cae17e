#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include <utility>

#include "columnar/arrow_status.h"
#include "sql/bind_select.h"
#include "sql/binder.h"
#include "sql/lexer.h"
#include "sql/parser.h"
#include "sql/physical.h"
#include "sql/summarize.h"

namespace thalweg::sql {
namespace {

PlanPtr TextTable(columnar::RecordBatchPtr rows, std::string label) {
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanNode::Kind::kValues;
  node->schema = rows->schema();
  node->values = columnar::Batch(std::move(rows));
  node->label = std::move(label);
  return node;
}

/// A table of strings; an empty pointer is NULL.
Result<columnar::RecordBatchPtr> StringRows(const std::vector<std::string>& names,
                                            const std::vector<std::vector<const char*>>& rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t column = 0; column < names.size(); ++column) {
    arrow::StringBuilder builder;
    for (const auto& row : rows) {
      THALWEG_RETURN_IF_ARROW_ERROR(row[column] == nullptr ? builder.AppendNull()
                                                           : builder.Append(row[column]));
    }
    fields.push_back(arrow::field(names[column], arrow::utf8()));
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto array, builder.Finish());
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                  static_cast<int64_t>(rows.size()), std::move(arrays));
}

bool IsNumeric(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         arrow::is_decimal(type.id());
}

bool IsOrdered(const arrow::DataType& type) {
  return IsNumeric(type) || columnar::IsString(type) || arrow::is_temporal(type.id()) ||
         type.id() == arrow::Type::BOOL;
}

/// The measures of SUMMARIZE for one column, as a select list.
std::string SummaryItems(const OutputColumn& column, const engine::Registry& registry) {
  const std::string name = QuoteName(column.name);
  const bool numeric = IsNumeric(*column.type);
  const auto text = [&](bool wanted, std::string_view function, std::string_view argument = "") {
    if (!wanted || registry.FindAggregate(function) == nullptr)
      return std::string("NULL::VARCHAR, ");
    return "CAST(" + std::string(function) + "(" + name + std::string(argument) + ") AS VARCHAR), ";
  };
  const bool ordered = IsOrdered(*column.type);
  const bool sketch = ordered && registry.FindAggregate("approx_count_distinct") != nullptr;
  // Between two dates there need not be one.
  const bool time = arrow::is_temporal(column.type->id());
  const auto quantile = [&](std::string_view fraction) {
    return text(numeric || time, time ? "quantile_disc" : "quantile_cont", fraction);
  };
  return text(ordered, "min") + text(ordered, "max") +
         (sketch ? "approx_count_distinct(" + name + ")::BIGINT, " : "NULL::BIGINT, ") +
         text(numeric, "avg") + text(numeric, "stddev") + quantile(", 0.25") + quantile(", 0.5") +
         quantile(", 0.75") +
         "count(*), CASE WHEN count(*) = 0 THEN NULL ELSE CAST(100e0 * (count(*) - count(" + name +
         ")) / count(*) AS DECIMAL(9, 2)) END";
}

}  // namespace

Result<LogicalPtr> Binder::BindTop(const Query& query) {
  THALWEG_ASSIGN_OR_RETURN(LogicalPtr plan, BindQuery(query, nullptr));
  return Optimize(std::move(plan));
}

Result<PlanPtr> Binder::PlanQuery(const Query& query) {
  THALWEG_ASSIGN_OR_RETURN(const LogicalPtr plan, BindTop(query));
  return MakePhysical(*plan, *context_.registry);
}

Result<PlanPtr> Binder::PlanCopy(const Statement& statement) {
  auto node = std::make_shared<PlanNode>();
  node->kind = PlanNode::Kind::kSink;
  THALWEG_ASSIGN_OR_RETURN(OptionValue target, BindOption(*statement.target));
  const std::string* location = std::get_if<std::string>(&target);
  if (location == nullptr || location->empty()) {
    return source_.Invalid(statement.target->span, "COPY needs a path to write to");
  }
  node->sink.location = *location;
  for (const OptionItem& item : statement.options) {
    for (const auto& [name, value] : node->sink.options) {
      if (name == item.name.text) {
        return source_.Invalid(item.name.span, "option given twice: '" + Shortened(name) + "'");
      }
    }
    THALWEG_ASSIGN_OR_RETURN(OptionValue value, BindOptionItem(item));
    node->sink.options.emplace_back(item.name.text, std::move(value));
  }
  THALWEG_ASSIGN_OR_RETURN(LogicalPtr plan, BindQuery(*statement.query, nullptr));
  // A file cannot hold two columns of one name.
  std::vector<OutputColumn> unique = plan->columns;
  MakeNamesUnique(&unique);
  std::vector<BoundPtr> exprs;
  std::vector<std::string> names;
  for (size_t i = 0; i < unique.size(); ++i) {
    exprs.push_back(BoundColumn(static_cast<int>(i), plan->columns[i].name, unique[i].type, {}));
    names.push_back(unique[i].name);
  }
  plan = MakeProject(std::move(plan), std::move(exprs), std::move(names));
  THALWEG_ASSIGN_OR_RETURN(plan, Optimize(std::move(plan)));
  THALWEG_ASSIGN_OR_RETURN(PlanPtr input, MakePhysical(*plan, *context_.registry));
  node->schema = input->schema;
  node->label = "copy to " + QuoteString(Shortened(*location, 200));
  node->inputs.push_back(std::move(input));
  return PlanPtr(std::move(node));
}

Result<PlanPtr> Binder::PlanDescribe(const Query& query) {
  THALWEG_ASSIGN_OR_RETURN(const LogicalPtr plan, BindQuery(query, nullptr));
  std::vector<std::string> types;
  types.reserve(plan->columns.size());
  for (const OutputColumn& column : plan->columns) {
    types.push_back(columnar::SqlTypeName(*column.type));
  }
  std::vector<std::vector<const char*>> rows;
  for (size_t i = 0; i < types.size(); ++i) {
    rows.push_back(
        {plan->columns[i].name.c_str(), types[i].c_str(), "YES", nullptr, nullptr, nullptr});
  }
  THALWEG_ASSIGN_OR_RETURN(
      columnar::RecordBatchPtr table,
      StringRows({"column_name", "column_type", "null", "key", "default", "extra"}, rows));
  return TextTable(std::move(table), "description");
}

Result<PlanPtr> Binder::PlanSummarize(const Query& query) {
  THALWEG_ASSIGN_OR_RETURN(LogicalPtr input, BindQuery(query, nullptr));
  MakeNamesUnique(&input->columns);
  const std::vector<OutputColumn> columns = input->columns;
  std::string text = "SELECT ";
  for (size_t i = 0; i < columns.size(); ++i) {
    text += (i > 0 ? ", " : "") + SummaryItems(columns[i], *context_.registry);
  }
  text += " FROM summarized";
  const SourceText source(text);
  THALWEG_ASSIGN_OR_RETURN(const auto script, Parse(source));
  Binder inner(source, context_);
  SelectBinder select(inner, *script->statements[0]->query, nullptr);
  THALWEG_ASSIGN_OR_RETURN(LogicalPtr measures, select.BindFromPlan(std::move(input)));
  auto summary = std::make_unique<Logical>(Logical::Kind::kSummary);
  summary->columns = SummaryColumns();
  summary->summarized = columns;
  summary->input = std::move(measures);
  THALWEG_ASSIGN_OR_RETURN(const LogicalPtr plan, Optimize(std::move(summary)));
  return MakePhysical(*plan, *context_.registry);
}

Result<PlanPtr> Binder::PlanExplain(const Statement& statement) {
  THALWEG_ASSIGN_OR_RETURN(const PlanPtr plan, PlanStatement(*statement.explained));
  const std::string text = ExplainText(*plan);
  THALWEG_ASSIGN_OR_RETURN(columnar::RecordBatchPtr table,
                           StringRows({"explain_key", "explain_value"}, {{"plan", text.c_str()}}));
  return TextTable(std::move(table), "explanation");
}

Result<PlanPtr> Binder::PlanStatement(const Statement& statement) {
  switch (statement.kind) {
    case Statement::Kind::kQuery:
      return PlanQuery(*statement.query);
    case Statement::Kind::kCopy:
      return PlanCopy(statement);
    case Statement::Kind::kDescribe:
      return PlanDescribe(*statement.query);
    case Statement::Kind::kSummarize:
      return PlanSummarize(*statement.query);
    case Statement::Kind::kExplain:
      return PlanExplain(statement);
  }
  return Status::Internal("sql: a statement of no known kind");
}

Result<BoundStatement> Binder::Bind(const Statement& statement) {
  BoundStatement bound;
  THALWEG_ASSIGN_OR_RETURN(bound.plan, PlanStatement(statement));
  bound.kind = statement.kind == Statement::Kind::kCopy ? BoundStatement::Kind::kCopy
                                                        : BoundStatement::Kind::kQuery;
  bound.text = std::string(source_.At(statement.span));
  bound.line = source_.Locate(statement.span.begin).line;
  bound.ordered = statement.kind != Statement::Kind::kCopy &&
                  (statement.kind != Statement::Kind::kQuery || !statement.query->order_by.empty());
  return bound;
}

}  // namespace thalweg::sql
