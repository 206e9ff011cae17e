#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sql/binder.h"

namespace thalweg::sql {

/// Binds the clauses of one SELECT, in the order in which they see each other's names.
class SelectBinder {
 public:
  SelectBinder(Binder& binder, const Query& query, const CteScope* ctes)
      : binder_(binder), query_(query), ctes_(ctes) {}

  Result<LogicalPtr> Bind();
  /// As `Bind`, with `plan` for what FROM names.
  Result<LogicalPtr> BindFromPlan(LogicalPtr plan);
  /// The query is VALUES, bound as `values`: only its ORDER BY, LIMIT and OFFSET are left.
  Result<LogicalPtr> BindOver(LogicalPtr values);

 private:
  /// What ORDER BY asks for: a column of the output, or an expression that is not in it.
  struct OrderKey {
    BoundPtr expr;
    int output = -1;
    const OrderItem* item = nullptr;
  };

  Status BindFrom();
  Status ExpandItems();
  Status ExpandStar(const SelectItem& item);
  Status CheckStar(const SelectItem& item, const std::vector<bool>& excluded,
                   const std::vector<bool>& replaced) const;
  Status BindGroupBy();
  Result<BoundPtr> BindGroupKey(const Expr& expr);
  Status BindItems();
  Status BindOrderBy();
  Result<OrderKey> BindOrderKey(const OrderItem& item);
  Result<int> Ordinal(const Expr& expr, std::string_view clause) const;
  /// Replaces group keys and aggregates by the columns of the aggregation.
  Result<BoundPtr> OverAggregation(const BoundPtr& expr) const;
  Status CountAtLeast();
  Status Aggregate(LogicalPtr* plan);
  Result<LogicalPtr> ProjectAndSort(LogicalPtr plan);
  Status Distinct(LogicalPtr* plan);
  void Sort(std::vector<SortItem> sort, LogicalPtr* plan);

  ExprScope InputScope(std::string_view clause);
  ExprScope AggregateScope(std::string_view clause, size_t items_visible);

  Binder& binder_;
  const Query& query_;
  const CteScope* ctes_;
  std::unique_ptr<Relation> relation_;
  std::vector<OutputItem> items_;
  std::vector<AggregateItem> aggregates_;
  std::vector<BoundPtr> keys_;
  BoundPtr where_;
  BoundPtr having_;
  std::vector<OrderKey> order_;
};

}  // namespace thalweg::sql
