#include <arrow/array/builder_base.h>
#include <arrow/record_batch.h>

#include <utility>

#include "columnar/arrow_status.h"
#include "sql/bind_select.h"
#include "sql/binder.h"

namespace thalweg::sql {

Result<LogicalPtr> Binder::BindQuery(const Query& query, const CteScope* scope) {
  const DepthScope depth(depth_);
  if (!depth.ok()) return source_.Invalid(query.span, "queries are nested too deeply");
  for (const CommonTable& table : query.with) {
    for (const CommonTable& other : query.with) {
      if (&other == &table) break;
      if (EqualsIgnoreCase(other.name.text, table.name.text)) {
        return source_.Invalid(table.name.span,
                               "WITH names a table twice: '" + Shortened(table.name.text) + "'");
      }
    }
    cte_scopes_.push_back({&table, scope});
    scope = &cte_scopes_.back();
  }
  if (!query.is_values) return SelectBinder(*this, query, scope).Bind();
  // ORDER BY and LIMIT see VALUES as a table with the columns col0, col1, …
  THALWEG_ASSIGN_OR_RETURN(LogicalPtr values, BindValues(query));
  if (query.order_by.empty()) return AddLimit(query, std::move(values));
  return SelectBinder(*this, query, scope).BindOver(std::move(values));
}

Result<LogicalPtr> Binder::BindValues(const Query& query) {
  const size_t width = query.rows[0].size();
  ExprScope scope;
  scope.clause = "VALUES";
  auto node = std::make_unique<Logical>(Logical::Kind::kValues);
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t column = 0; column < width; ++column) {
    std::vector<BoundPtr> cells;
    for (const std::vector<Expr*>& row : query.rows) {
      THALWEG_ASSIGN_OR_RETURN(BoundPtr cell, BindExpr(*row[column], scope));
      cells.push_back(std::move(cell));
    }
    THALWEG_ASSIGN_OR_RETURN(const TypePtr type, Unify(&cells, "a column of VALUES"));
    THALWEG_ASSIGN_OR_RETURN(auto array, EvaluateCells(cells, type));
    const std::string name = "col" + std::to_string(column);
    fields.push_back(arrow::field(name, array->type()));
    node->columns.push_back({name, array->type()});
    arrays.push_back(std::move(array));
  }
  node->values = arrow::RecordBatch::Make(
      arrow::schema(std::move(fields)), static_cast<int64_t>(query.rows.size()), std::move(arrays));
  return node;
}

Result<columnar::ArrayPtr> Binder::EvaluateCells(const std::vector<BoundPtr>& cells,
                                                 const TypePtr& type) {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  THALWEG_RETURN_IF_ARROW_ERROR(arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder));
  const auto no_columns = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector());
  for (const BoundPtr& cell : cells) {
    ScalarPtr value = ConstantOf(*cell);
    if (value == nullptr) {
      THALWEG_ASSIGN_OR_RETURN(const engine::ExpressionPtr expression, Lower(*cell));
      Result<arrow::Datum> datum = expression->Evaluate(*no_columns, context_.evaluation);
      if (!datum.ok()) return Located(datum.status(), cell->span);
      if (datum->is_scalar()) {
        value = datum->scalar();
      } else {
        THALWEG_ASSIGN_OR_RETURN_ARROW(value, datum->make_array()->GetScalar(0));
      }
    }
    if (!value->is_valid) {
      THALWEG_RETURN_IF_ARROW_ERROR(builder->AppendNull());
      continue;
    }
    if (!value->type->Equals(*type)) {
      THALWEG_ASSIGN_OR_RETURN_ARROW(value, value->CastTo(type));
    }
    THALWEG_RETURN_IF_ARROW_ERROR(builder->AppendScalar(*value));
  }
  columnar::ArrayPtr array;
  THALWEG_RETURN_IF_ARROW_ERROR(builder->Finish(&array));
  return array;
}

// LIMIT and OFFSET: -1 where there is none.
Result<int64_t> Binder::BindCount(const Expr* expr, std::string_view clause) {
  if (expr == nullptr) return -1;
  ExprScope scope;
  scope.clause = clause;
  THALWEG_ASSIGN_OR_RETURN(BoundPtr bound, BindExpr(*expr, scope));
  if (bound->type->id() == arrow::Type::NA) return -1;
  THALWEG_ASSIGN_OR_RETURN(bound, Cast(std::move(bound), arrow::int64(), expr->span));
  const ScalarPtr value = ConstantOf(*bound);
  if (value == nullptr) {
    return source_.Invalid(expr->span, std::string(clause) + " takes a constant whole number");
  }
  if (!value->is_valid) return -1;
  const int64_t count = static_cast<const arrow::Int64Scalar&>(*value).value;
  if (count < 0) {
    return source_.Invalid(expr->span,
                           std::string(clause) + " cannot be negative: " + std::to_string(count));
  }
  return count;
}

Result<LogicalPtr> Binder::AddLimit(const Query& query, LogicalPtr plan) {
  THALWEG_ASSIGN_OR_RETURN(const int64_t limit, BindCount(query.limit, "LIMIT"));
  THALWEG_ASSIGN_OR_RETURN(const int64_t offset, BindCount(query.offset, "OFFSET"));
  if (limit < 0 && offset <= 0) return plan;
  return MakeLimit(std::move(plan), limit, std::max<int64_t>(offset, 0));
}

}  // namespace thalweg::sql
