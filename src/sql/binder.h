#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/ast.h"
#include "sql/bound.h"
#include "sql/depth.h"
#include "sql/logical.h"
#include "sql/session.h"
#include "sql/source_text.h"

namespace thalweg::sql {

/// What FROM gives: columns by name, and the plan that makes them.
class Relation {
 public:
  Relation(LogicalPtr plan, std::string alias);

  const std::string& alias() const { return alias_; }
  /// Columns that `*` stands for.
  size_t width() const { return width_; }
  const std::vector<OutputColumn>& columns() const { return plan_->columns; }
  LogicalPtr TakePlan() { return std::move(plan_); }

  /// Positions that `name` can mean: by exact case if there is one, else ignoring it. A column that
  /// the table makes on demand is added.
  std::vector<int> Find(std::string_view name);
  /// Names that hints may offer.
  std::vector<std::string> Names() const;

 private:
  LogicalPtr plan_;
  std::string alias_;
  size_t width_;
  std::unordered_map<std::string, std::vector<int>> by_name_;
};

/// One column of the select list, stars expanded.
struct OutputItem {
  const Expr* expr = nullptr;  ///< Null: `bound` is a column of a star.
  std::string name;
  Span span;
  bool has_alias = false;
  BoundPtr bound;  ///< Set once it has been bound.
};

/// A common table in force, and those it may itself refer to.
struct CteScope {
  const CommonTable* table;
  const CteScope* outer;
};

/// What names mean where an expression stands.
struct ExprScope {
  std::string_view clause;                   ///< For messages: `WHERE`.
  Relation* relation = nullptr;              ///< Null: no columns here.
  std::vector<OutputItem>* items = nullptr;  ///< Aliases in force; null: none.
  size_t items_visible = 0;
  bool alias_first = false;                          ///< ORDER BY: an alias hides a column.
  std::vector<AggregateItem>* aggregates = nullptr;  ///< Null: none allowed.
  bool inside_aggregate = false;
};

/// Gives names and types to one statement. Holds what binding an expression or a query needs.
class Binder {
 public:
  Binder(const SourceText& source, const PrepareContext& context)
      : source_(source), context_(context) {}

  // bind_statement.cc
  Result<BoundStatement> Bind(const Statement& statement);

  // What the clauses of a SELECT are bound with.
  const SourceText& source() const { return source_; }
  Result<BoundPtr> BindExpr(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> ToBoolean(BoundPtr value, std::string_view where);
  /// `value`, as an INTEGER where it is a NULL of no type.
  Result<BoundPtr> WithType(BoundPtr value);
  Result<Relation> BindSource(const TableRef& ref, const CteScope* scope);
  Result<LogicalPtr> AddLimit(const Query& query, LogicalPtr plan);

 private:
  // bind_statement.cc
  Result<LogicalPtr> BindTop(const Query& query);
  Result<PlanPtr> PlanQuery(const Query& query);
  Result<PlanPtr> PlanCopy(const Statement& statement);
  Result<PlanPtr> PlanDescribe(const Query& query);
  Result<PlanPtr> PlanSummarize(const Query& query);
  Result<PlanPtr> PlanExplain(const Statement& statement);
  Result<PlanPtr> PlanStatement(const Statement& statement);

  // bind_option.cc
  Result<OptionValue> BindOption(const Expr& expr);
  Result<OptionValue> BindOptionItem(const OptionItem& item);
  Result<std::string> OptionText(const Expr& expr);
  Result<OptionValue> ParameterOption(const Expr& expr);

  // bind_query.cc
  Result<LogicalPtr> BindQuery(const Query& query, const CteScope* scope);
  Result<LogicalPtr> BindValues(const Query& query);
  Result<columnar::ArrayPtr> EvaluateCells(const std::vector<BoundPtr>& cells, const TypePtr& type);
  Result<int64_t> BindCount(const Expr* expr, std::string_view clause);

  // bind_source.cc
  Result<Relation> BindNamed(const TableRef& ref, const CteScope* scope);
  Result<Relation> BindTable(const TableRef& ref, TableReference reference, std::string alias);
  Result<Relation> BindDerived(const TableRef& ref, LogicalPtr plan, std::string alias,
                               const std::vector<Name>& columns);
  Status RenameColumns(const TableRef& ref, const std::vector<Name>& names, LogicalPtr* plan);

  // bind_expression.cc
  Result<BoundPtr> BindNode(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindColumn(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindColumnParts(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindAlias(const Expr& expr, const ExprScope& scope);
  Status UnknownColumn(const Expr& expr, const ExprScope& scope) const;
  Result<BoundPtr> BindLiteral(const Expr& expr);
  Result<BoundPtr> BindNumber(const Expr& expr);
  Result<BoundPtr> BindParameter(const Expr& expr);
  Result<std::vector<BoundPtr>> BindAll(const std::vector<Expr*>& exprs, const ExprScope& scope);
  Result<BoundPtr> Make(Bound node);
  Result<BoundPtr> MakeFolded(Bound node);
  Status Located(const Status& status, Span span) const;

  // bind_operator.cc
  Result<BoundPtr> BindUnary(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindBinary(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindChain(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindNot(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindIsNull(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindLike(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindBetween(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindIn(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindInAny(const Expr& expr, std::vector<BoundPtr> terms);
  Result<BoundPtr> BindCase(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> Compare(std::string_view symbol, BoundPtr left, BoundPtr right, Span span);
  Result<BoundPtr> Negate(BoundPtr value, Span span);

  // bind_type.cc
  Result<BoundPtr> Cast(BoundPtr value, const TypePtr& to, Span span, bool try_cast = false);
  /// Casts without being asked; a text literal must then be a value of the type.
  Result<BoundPtr> Coerce(BoundPtr value, const TypePtr& to);
  /// Brings all to one type. Untyped literals take the type of the others.
  Result<TypePtr> Unify(std::vector<BoundPtr>* values, std::string_view what);
  Status AdaptIntegerLiterals(std::vector<BoundPtr>* values);
  Result<BoundPtr> AdaptNumber(BoundPtr literal, const TypePtr& to);

  // bind_call.cc
  Result<BoundPtr> BindCall(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindSpecialForm(const Expr& expr, const ExprScope& scope, bool* handled);
  Result<BoundPtr> BindAggregate(const Expr& expr, const engine::AggregateFunction& function,
                                 const ExprScope& scope);
  Status CheckAggregate(const Expr& expr, const ExprScope& scope) const;
  Result<BoundPtr> BindStruct(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindInterval(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindField(BoundPtr base, const std::string& field, Span span);
  Result<BoundPtr> BindIndex(const Expr& expr, const ExprScope& scope);
  Result<BoundPtr> BindSlice(const Expr& expr, const ExprScope& scope);
  Status UnknownFunction(const Expr& expr) const;
  /// Calls a function by its name in the registry.
  Result<BoundPtr> CallFunction(std::string_view name, std::vector<BoundPtr> args, Span span);

  const SourceText& source_;
  const PrepareContext& context_;
  DepthBudget depth_;
  std::deque<CteScope> cte_scopes_;
};

/// Names of `columns`, duplicates told apart by `_1`, `_2`.
void MakeNamesUnique(std::vector<OutputColumn>* columns);

/// The name of a column that was given none.
std::string DefaultName(const Expr& expr);

}  // namespace thalweg::sql
