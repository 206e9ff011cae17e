#include "sql/bound.h"

#include <algorithm>

namespace thalweg::sql {
namespace {

bool SameScalar(const ScalarPtr& a, const ScalarPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->type->Equals(*b->type) && a->Equals(*b);
}

bool SameScalars(const std::vector<ScalarPtr>& a, const std::vector<ScalarPtr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), SameScalar);
}

Result<engine::ExpressionPtr> LowerCase(const Bound& expr,
                                        std::vector<engine::ExpressionPtr> args) {
  std::vector<std::pair<engine::ExpressionPtr, engine::ExpressionPtr>> whens;
  for (size_t i = 0; i + 1 < args.size(); i += 2) {
    whens.emplace_back(std::move(args[i]), std::move(args[i + 1]));
  }
  return engine::MakeCase(std::move(whens), std::move(args.back()), expr.type);
}

}  // namespace

BoundPtr BoundColumn(int index, std::string name, TypePtr type, Span span) {
  Bound node;
  node.kind = BoundKind::kColumn;
  node.index = index;
  node.name = std::move(name);
  node.type = std::move(type);
  node.span = span;
  return std::make_shared<const Bound>(std::move(node));
}

BoundPtr BoundLiteral(ScalarPtr value, Span span) {
  Bound node;
  node.kind = BoundKind::kLiteral;
  node.type = value->type;
  node.value = std::move(value);
  node.span = span;
  return std::make_shared<const Bound>(std::move(node));
}

BoundPtr NullLiteral(Span span) {
  return BoundLiteral(std::make_shared<arrow::NullScalar>(), span);
}

bool AllNull(const std::vector<BoundPtr>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](const BoundPtr& value) { return value->type->id() == arrow::Type::NA; });
}

BoundPtr Finish(Bound node) {
  node.has_aggregate = node.kind == BoundKind::kAggregate;
  node.is_volatile = node.kind == BoundKind::kCall && !node.function.constant_foldable;
  uint64_t nodes = 1 + node.list.size() / 8;
  node.height = 1;
  for (const BoundPtr& arg : node.args) {
    node.has_aggregate |= arg->has_aggregate;
    node.is_volatile |= arg->is_volatile;
    node.height = std::max(node.height, arg->height + 1);
    nodes += arg->nodes;
  }
  node.nodes = static_cast<uint32_t>(std::min<uint64_t>(nodes, kBoundNodesMax + 1));
  return std::make_shared<const Bound>(std::move(node));
}

bool SameValue(const Bound& a, const Bound& b) {
  if (&a == &b) return !a.is_volatile;
  if (a.kind != b.kind || a.index != b.index || a.nodes != b.nodes || a.is_volatile ||
      b.is_volatile || a.try_cast != b.try_cast || a.list_has_null != b.list_has_null ||
      a.args.size() != b.args.size() || !a.type->Equals(*b.type)) {
    return false;
  }
  // A column's name is only a label.
  if (a.kind == BoundKind::kColumn) return true;
  if (a.name != b.name || !SameScalar(a.value, b.value) || !SameScalars(a.list, b.list)) {
    return false;
  }
  for (size_t i = 0; i < a.args.size(); ++i) {
    if (!SameValue(*a.args[i], *b.args[i])) return false;
  }
  return true;
}

void MarkColumns(const Bound& expr, std::vector<bool>* used) {
  if (expr.kind == BoundKind::kColumn) (*used)[static_cast<size_t>(expr.index)] = true;
  for (const BoundPtr& arg : expr.args) MarkColumns(*arg, used);
}

void CountColumns(const Bound& expr, std::vector<uint32_t>* uses) {
  if (expr.kind == BoundKind::kColumn) ++(*uses)[static_cast<size_t>(expr.index)];
  for (const BoundPtr& arg : expr.args) CountColumns(*arg, uses);
}

BoundPtr Substitute(const BoundPtr& expr, const std::vector<BoundPtr>& columns) {
  if (expr->kind == BoundKind::kColumn) return columns[static_cast<size_t>(expr->index)];
  if (expr->args.empty()) return expr;
  Bound copy = *expr;
  bool changed = false;
  for (BoundPtr& arg : copy.args) {
    BoundPtr next = Substitute(arg, columns);
    changed |= next != arg;
    arg = std::move(next);
  }
  return changed ? Finish(std::move(copy)) : expr;
}

BoundPtr MoveColumns(const BoundPtr& expr, const std::vector<int>& positions) {
  if (expr->kind == BoundKind::kColumn) {
    const int position = positions[static_cast<size_t>(expr->index)];
    if (position == expr->index) return expr;
    Bound copy = *expr;
    copy.index = position;
    return std::make_shared<const Bound>(std::move(copy));
  }
  if (expr->args.empty()) return expr;
  Bound copy = *expr;
  bool changed = false;
  for (BoundPtr& arg : copy.args) {
    BoundPtr next = MoveColumns(arg, positions);
    changed |= next != arg;
    arg = std::move(next);
  }
  return changed ? std::make_shared<const Bound>(std::move(copy)) : expr;
}

Result<engine::ExpressionPtr> Lower(const Bound& expr) {
  std::vector<engine::ExpressionPtr> args;
  args.reserve(expr.args.size());
  for (const BoundPtr& arg : expr.args) {
    THALWEG_ASSIGN_OR_RETURN(engine::ExpressionPtr lowered, Lower(*arg));
    args.push_back(std::move(lowered));
  }
  switch (expr.kind) {
    case BoundKind::kColumn:
      return engine::MakeColumn(expr.index, expr.name, expr.type);
    case BoundKind::kLiteral:
      return engine::MakeLiteral(expr.value);
    case BoundKind::kCall:
      return engine::MakeCall(expr.name, expr.function, std::move(args));
    case BoundKind::kCast:
      return engine::MakeCast(std::move(args[0]), expr.type, expr.try_cast);
    case BoundKind::kAnd:
      return engine::MakeAnd(std::move(args));
    case BoundKind::kOr:
      return engine::MakeOr(std::move(args));
    case BoundKind::kNot:
      return engine::MakeNot(std::move(args[0]));
    case BoundKind::kCase:
      return LowerCase(expr, std::move(args));
    case BoundKind::kCoalesce:
      return engine::MakeCoalesce(std::move(args), expr.type);
    case BoundKind::kInList:
      return engine::MakeInList(std::move(args[0]), expr.list, expr.list_has_null);
    case BoundKind::kAggregate:
      break;
  }
  return Status::Internal("sql: an aggregate was not replaced by its column");
}

ScalarPtr ConstantOf(const Bound& expr) {
  return expr.kind == BoundKind::kLiteral ? expr.value : nullptr;
}

Result<BoundPtr> Fold(Bound node) {
  const Span span = node.span;
  BoundPtr made = Finish(std::move(node));
  const bool constant = !made->is_volatile &&
                        std::all_of(made->args.begin(), made->args.end(), [](const BoundPtr& arg) {
                          return arg->kind == BoundKind::kLiteral;
                        });
  if (!constant || made->kind == BoundKind::kAggregate || made->kind == BoundKind::kColumn) {
    return made;
  }
  THALWEG_ASSIGN_OR_RETURN(engine::ExpressionPtr lowered, Lower(*made));
  if (ScalarPtr value = lowered->constant()) {
    // A type that only differs in its layout would surprise the one who asked for the other.
    if (value->type->Equals(*made->type)) return BoundLiteral(std::move(value), span);
  }
  return made;
}

}  // namespace thalweg::sql
