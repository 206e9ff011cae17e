#include "sql/bind_select.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sql/lexer.h"

namespace thalweg::sql {
namespace {

constexpr size_t kNameBytesMax = 256;

/// A SELECT without FROM stands over one row without columns.
LogicalPtr OneRow() {
  auto node = std::make_unique<Logical>(Logical::Kind::kValues);
  node->values = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector());
  return node;
}

}  // namespace

std::string DefaultName(const Expr& expr) {
  if (expr.kind == ExprKind::kColumn) return expr.names.back();
  if (expr.kind == ExprKind::kField) return expr.text;
  return Shortened(ToSql(expr), kNameBytesMax);
}

ExprScope SelectBinder::InputScope(std::string_view clause) {
  ExprScope scope;
  scope.clause = query_.from.kind == TableRef::Kind::kNone ? "a query without FROM" : clause;
  scope.relation = query_.from.kind == TableRef::Kind::kNone ? nullptr : relation_.get();
  scope.items = &items_;
  scope.items_visible = items_.size();
  return scope;
}

ExprScope SelectBinder::AggregateScope(std::string_view clause, size_t items_visible) {
  ExprScope scope = InputScope(clause);
  scope.items_visible = items_visible;
  scope.aggregates = &aggregates_;
  return scope;
}

Result<LogicalPtr> SelectBinder::BindFromPlan(LogicalPtr plan) {
  relation_ = std::make_unique<Relation>(std::move(plan), "");
  return Bind();
}

Result<LogicalPtr> SelectBinder::Bind() {
  if (relation_ == nullptr) THALWEG_RETURN_IF_ERROR(BindFrom());
  THALWEG_RETURN_IF_ERROR(ExpandItems());
  if (query_.where != nullptr) {
    ExprScope scope = InputScope("WHERE");
    scope.clause = "WHERE";
    THALWEG_ASSIGN_OR_RETURN(where_, binder_.BindExpr(*query_.where, scope));
    THALWEG_ASSIGN_OR_RETURN(where_, binder_.ToBoolean(std::move(where_), "WHERE"));
  }
  THALWEG_RETURN_IF_ERROR(BindGroupBy());
  THALWEG_RETURN_IF_ERROR(BindItems());
  if (query_.having != nullptr) {
    const ExprScope scope = AggregateScope("HAVING", items_.size());
    THALWEG_ASSIGN_OR_RETURN(having_, binder_.BindExpr(*query_.having, scope));
    THALWEG_ASSIGN_OR_RETURN(having_, binder_.ToBoolean(std::move(having_), "HAVING"));
  }
  THALWEG_RETURN_IF_ERROR(BindOrderBy());
  LogicalPtr plan = relation_->TakePlan();
  if (where_ != nullptr) plan = MakeFilter(std::move(plan), std::move(where_));
  const bool grouped =
      query_.group_all || !keys_.empty() || !aggregates_.empty() || query_.having != nullptr;
  if (grouped) {
    THALWEG_RETURN_IF_ERROR(CountAtLeast());
    THALWEG_RETURN_IF_ERROR(Aggregate(&plan));
  }
  THALWEG_ASSIGN_OR_RETURN(plan, ProjectAndSort(std::move(plan)));
  return binder_.AddLimit(query_, std::move(plan));
}

Result<LogicalPtr> SelectBinder::BindOver(LogicalPtr values) {
  relation_ = std::make_unique<Relation>(std::move(values), "");
  SelectItem star;
  star.span = query_.span;
  THALWEG_RETURN_IF_ERROR(ExpandStar(star));
  THALWEG_RETURN_IF_ERROR(BindOrderBy());
  THALWEG_ASSIGN_OR_RETURN(LogicalPtr plan, ProjectAndSort(relation_->TakePlan()));
  return binder_.AddLimit(query_, std::move(plan));
}

Status SelectBinder::BindFrom() {
  if (query_.from.kind == TableRef::Kind::kNone) {
    relation_ = std::make_unique<Relation>(OneRow(), "");
    return {};
  }
  THALWEG_ASSIGN_OR_RETURN(Relation relation, binder_.BindSource(query_.from, ctes_));
  relation_ = std::make_unique<Relation>(std::move(relation));
  return {};
}

Status SelectBinder::ExpandItems() {
  for (const SelectItem& item : query_.items) {
    if (item.expr == nullptr) {
      THALWEG_RETURN_IF_ERROR(ExpandStar(item));
      continue;
    }
    OutputItem output;
    output.expr = item.expr;
    output.span = item.span;
    output.has_alias = !item.alias.text.empty();
    output.name = output.has_alias ? item.alias.text : DefaultName(*item.expr);
    items_.push_back(std::move(output));
  }
  return {};
}

Status SelectBinder::ExpandStar(const SelectItem& item) {
  const SourceText& source = binder_.source();
  if (query_.from.kind == TableRef::Kind::kNone && !query_.is_values) {
    return source.Invalid(item.span, "* needs a FROM");
  }
  if (!item.star_table.empty() && !EqualsIgnoreCase(item.star_table, relation_->alias())) {
    return source.Invalid(item.span, "no table is called '" + Shortened(item.star_table) + "' here",
                          relation_->alias().empty()
                              ? ""
                              : "the table in FROM is called " + QuoteName(relation_->alias()));
  }
  std::vector<bool> excluded(item.exclude.size(), false);
  std::vector<bool> replaced(item.replace.size(), false);
  for (size_t i = 0; i < relation_->width(); ++i) {
    const OutputColumn& column = relation_->columns()[i];
    OutputItem output;
    output.name = column.name;
    output.span = item.span;
    bool skip = false;
    for (size_t j = 0; j < item.exclude.size(); ++j) {
      if (EqualsIgnoreCase(item.exclude[j].text, column.name)) skip = excluded[j] = true;
    }
    for (size_t j = 0; j < item.replace.size(); ++j) {
      if (!EqualsIgnoreCase(item.replace[j].first.text, column.name)) continue;
      replaced[j] = true;
      output.expr = item.replace[j].second;
      output.span = item.replace[j].first.span;
    }
    if (skip) continue;
    if (output.expr == nullptr) {
      output.bound = BoundColumn(static_cast<int>(i), column.name, column.type, item.span);
    }
    items_.push_back(std::move(output));
  }
  THALWEG_RETURN_IF_ERROR(CheckStar(item, excluded, replaced));
  if (items_.empty()) return source.Invalid(item.span, "* stands for no column at all");
  return {};
}

Status SelectBinder::CheckStar(const SelectItem& item, const std::vector<bool>& excluded,
                               const std::vector<bool>& replaced) const {
  const auto missing = [&](const Name& name, std::string_view clause) {
    return binder_.source().Invalid(
        name.span, std::string(clause) + " names an unknown column '" + Shortened(name.text) + "'" +
                       DidYouMean(Shortened(name.text), relation_->Names()));
  };
  for (size_t i = 0; i < excluded.size(); ++i) {
    if (!excluded[i]) return missing(item.exclude[i], "EXCLUDE");
  }
  for (size_t i = 0; i < replaced.size(); ++i) {
    if (replaced[i]) continue;
    for (const Name& name : item.exclude) {
      if (EqualsIgnoreCase(name.text, item.replace[i].first.text)) {
        return binder_.source().Invalid(
            item.replace[i].first.span,
            "a column is both excluded and replaced: '" + Shortened(name.text) + "'");
      }
    }
    return missing(item.replace[i].first, "REPLACE");
  }
  return {};
}

// The position that a bare number names in GROUP BY and ORDER BY, from 0; -1: not a number.
Result<int> SelectBinder::Ordinal(const Expr& expr, std::string_view clause) const {
  if (expr.kind != ExprKind::kInteger) return -1;
  int64_t value = 0;
  const char* end = expr.text.data() + expr.text.size();
  const bool parsed = std::from_chars(expr.text.data(), end, value).ec == std::errc();
  if (!parsed || value < 1 || value > static_cast<int64_t>(items_.size())) {
    return binder_.source().Invalid(expr.span, std::string(clause) + " " + Shortened(expr.text) +
                                                   ": the select list has " +
                                                   std::to_string(items_.size()) + " columns");
  }
  return static_cast<int>(value - 1);
}

Result<BoundPtr> SelectBinder::BindGroupKey(const Expr& expr) {
  THALWEG_ASSIGN_OR_RETURN(const int ordinal, Ordinal(expr, "GROUP BY"));
  const ExprScope scope = InputScope("GROUP BY");
  if (ordinal < 0) return binder_.BindExpr(expr, scope);
  OutputItem& item = items_[static_cast<size_t>(ordinal)];
  if (item.bound == nullptr) {
    ExprScope earlier = scope;
    earlier.items_visible = static_cast<size_t>(ordinal);
    THALWEG_ASSIGN_OR_RETURN(item.bound, binder_.BindExpr(*item.expr, earlier));
  }
  return item.bound;
}

Status SelectBinder::BindGroupBy() {
  for (const Expr* expr : query_.group_by) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr key, BindGroupKey(*expr));
    const bool repeated = std::any_of(
        keys_.begin(), keys_.end(), [&](const BoundPtr& other) { return SameValue(*other, *key); });
    if (!repeated) keys_.push_back(std::move(key));
  }
  return {};
}

Status SelectBinder::BindItems() {
  for (size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].bound == nullptr) {
      const ExprScope scope = AggregateScope("the select list", i);
      THALWEG_ASSIGN_OR_RETURN(BoundPtr bound, binder_.BindExpr(*items_[i].expr, scope));
      items_[i].bound = std::move(bound);
    }
    // A column needs a type, also where it is never anything but NULL.
    THALWEG_ASSIGN_OR_RETURN(items_[i].bound, binder_.WithType(std::move(items_[i].bound)));
  }
  if (!query_.group_all) return {};
  for (const OutputItem& item : items_) {
    if (!item.bound->has_aggregate) keys_.push_back(item.bound);
  }
  return {};
}

Status SelectBinder::BindOrderBy() {
  if (query_.order_all) {
    for (size_t i = 0; i < items_.size(); ++i) {
      order_.push_back({items_[i].bound, static_cast<int>(i), &query_.order_by[0]});
    }
    return {};
  }
  for (const OrderItem& item : query_.order_by) {
    THALWEG_ASSIGN_OR_RETURN(OrderKey key, BindOrderKey(item));
    // The order by a constant is any order.
    if (key.expr->kind != BoundKind::kLiteral) order_.push_back(std::move(key));
  }
  return {};
}

Result<SelectBinder::OrderKey> SelectBinder::BindOrderKey(const OrderItem& item) {
  OrderKey key;
  key.item = &item;
  THALWEG_ASSIGN_OR_RETURN(key.output, Ordinal(*item.expr, "ORDER BY"));
  if (key.output >= 0) {
    key.expr = items_[static_cast<size_t>(key.output)].bound;
    return key;
  }
  ExprScope scope = AggregateScope("ORDER BY", items_.size());
  if (query_.is_values) scope.relation = relation_.get();
  scope.alias_first = true;
  THALWEG_ASSIGN_OR_RETURN(key.expr, binder_.BindExpr(*item.expr, scope));
  for (size_t i = 0; i < items_.size() && key.output < 0; ++i) {
    if (SameValue(*items_[i].bound, *key.expr) || items_[i].bound == key.expr) {
      key.output = static_cast<int>(i);
    }
  }
  if (key.output < 0 && query_.distinct) {
    return binder_.source().Invalid(
        item.expr->span, "with DISTINCT, ORDER BY takes columns of the select list only");
  }
  return key;
}

Result<BoundPtr> SelectBinder::OverAggregation(const BoundPtr& expr) const {
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i] == expr || SameValue(*keys_[i], *expr)) {
      return BoundColumn(static_cast<int>(i),
                         expr->kind == BoundKind::kColumn ? expr->name : "key" + std::to_string(i),
                         expr->type, expr->span);
    }
  }
  if (expr->kind == BoundKind::kAggregate) {
    return BoundColumn(static_cast<int>(keys_.size()) + expr->index, expr->name, expr->type,
                       expr->span);
  }
  if (expr->kind == BoundKind::kColumn) {
    return binder_.source().Invalid(
        expr->span, "column '" + Shortened(expr->name) + "' is neither grouped nor aggregated",
        "add it to GROUP BY, or take one value of each group: any_value(" + QuoteName(expr->name) +
            ")");
  }
  if (expr->args.empty()) return expr;
  Bound copy = *expr;
  for (BoundPtr& arg : copy.args) {
    THALWEG_ASSIGN_OR_RETURN(arg, OverAggregation(arg));
  }
  return Finish(std::move(copy));
}

// An aggregation has a column, also where nothing is asked of it: SELECT 1 FROM t HAVING true.
Status SelectBinder::CountAtLeast() {
  if (!keys_.empty() || !aggregates_.empty()) return {};
  Expr count;
  count.kind = ExprKind::kCall;
  count.text = "count";
  count.star = true;
  count.span = query_.having != nullptr ? query_.having->span : query_.span;
  return binder_.BindExpr(count, AggregateScope("HAVING", 0)).status();
}

Status SelectBinder::Aggregate(LogicalPtr* plan) {
  auto node = std::make_unique<Logical>(Logical::Kind::kAggregate);
  for (OutputItem& item : items_) {
    THALWEG_ASSIGN_OR_RETURN(item.bound, OverAggregation(item.bound));
  }
  for (OrderKey& key : order_) {
    if (key.output >= 0) continue;
    THALWEG_ASSIGN_OR_RETURN(key.expr, OverAggregation(key.expr));
  }
  for (size_t i = 0; i < keys_.size(); ++i) {
    const std::string name =
        keys_[i]->kind == BoundKind::kColumn ? keys_[i]->name : "key" + std::to_string(i);
    node->columns.push_back({name, keys_[i]->type});
  }
  for (const AggregateItem& call : aggregates_) {
    node->columns.push_back({call.name, call.function.result});
  }
  if (having_ != nullptr) {
    THALWEG_ASSIGN_OR_RETURN(having_, OverAggregation(having_));
  }
  node->exprs = std::move(keys_);
  node->calls = std::move(aggregates_);
  node->input = std::move(*plan);
  *plan = std::move(node);
  if (having_ != nullptr) *plan = MakeFilter(std::move(*plan), std::move(having_));
  return {};
}

Result<LogicalPtr> SelectBinder::ProjectAndSort(LogicalPtr plan) {
  std::vector<BoundPtr> exprs;
  std::vector<std::string> names;
  for (OutputItem& item : items_) {
    exprs.push_back(item.bound);
    names.push_back(item.name);
  }
  const size_t width = exprs.size();
  std::vector<SortItem> sort;
  for (const OrderKey& key : order_) {
    size_t at = static_cast<size_t>(key.output);
    if (key.output < 0) {
      at = exprs.size();
      exprs.push_back(key.expr);
      names.push_back("order" + std::to_string(at));
    }
    SortItem item;
    item.expr = BoundColumn(static_cast<int>(at), names[at], exprs[at]->type, {});
    item.descending = key.item->descending;
    item.nulls_first = key.item->nulls_first.value_or(false);
    sort.push_back(std::move(item));
  }
  plan = MakeProject(std::move(plan), std::move(exprs), names);
  if (query_.distinct) THALWEG_RETURN_IF_ERROR(Distinct(&plan));
  if (!sort.empty()) Sort(std::move(sort), &plan);
  if (names.size() == width) return plan;
  std::vector<BoundPtr> visible;
  for (size_t i = 0; i < width; ++i) {
    visible.push_back(BoundColumn(static_cast<int>(i), names[i], plan->columns[i].type, {}));
  }
  names.resize(width);
  return MakeProject(std::move(plan), std::move(visible), std::move(names));
}

// DISTINCT groups by every column.
Status SelectBinder::Distinct(LogicalPtr* plan) {
  auto node = std::make_unique<Logical>(Logical::Kind::kAggregate);
  node->columns = (*plan)->columns;
  for (size_t i = 0; i < node->columns.size(); ++i) {
    node->exprs.push_back(
        BoundColumn(static_cast<int>(i), node->columns[i].name, node->columns[i].type, {}));
  }
  node->input = std::move(*plan);
  *plan = std::move(node);
  return {};
}

void SelectBinder::Sort(std::vector<SortItem> sort, LogicalPtr* plan) {
  auto node = std::make_unique<Logical>(Logical::Kind::kSort);
  node->columns = (*plan)->columns;
  node->sort = std::move(sort);
  node->input = std::move(*plan);
  *plan = std::move(node);
}

}  // namespace thalweg::sql
