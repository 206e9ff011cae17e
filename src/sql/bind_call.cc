#include <algorithm>
#include <utility>

#include "engine/cast.h"
#include "sql/binder.h"
#include "sql/lexer.h"

namespace thalweg::sql {
namespace {

/// An engine's message without the function's name before it, which the place already shows.
std::string WithoutPrefix(const std::string& message, std::string_view name) {
  const std::string prefix = std::string(name) + ": ";
  return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

std::string TypeList(const std::vector<BoundPtr>& args) {
  std::string out = "(";
  for (size_t i = 0; i < args.size(); ++i) {
    out += (i > 0 ? ", " : "") + columnar::SqlTypeName(*args[i]->type);
  }
  return out + ")";
}

std::vector<engine::BindArgument> BindArguments(const std::vector<BoundPtr>& args) {
  std::vector<engine::BindArgument> out;
  for (const BoundPtr& arg : args) out.push_back({arg->type, ConstantOf(*arg)});
  return out;
}

}  // namespace

Result<BoundPtr> Binder::CallFunction(std::string_view name, std::vector<BoundPtr> args,
                                      Span span) {
  const engine::ScalarFunction* function = context_.registry->FindScalar(name);
  if (function == nullptr) {
    return source_.Unsupported(span, "this build has no function '" + Shortened(name) + "'");
  }
  const std::vector<engine::BindArgument> arguments = BindArguments(args);
  Result<engine::BoundScalar> bound = function->bind(arguments);
  if (!bound.ok()) {
    return source_.Error(bound.status().code(), span,
                         Shortened(name) + TypeList(args) + ": " +
                             WithoutPrefix(bound.status().message(), function->spec.name));
  }
  if (bound->parameters.size() != args.size()) {
    return Status::Internal("function " + function->spec.name + " was bound with " +
                            std::to_string(bound->parameters.size()) + " parameters for " +
                            std::to_string(args.size()) + " arguments");
  }
  Bound node;
  node.kind = BoundKind::kCall;
  node.name = function->spec.name;
  node.type = bound->result;
  node.span = span;
  for (size_t i = 0; i < args.size(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr arg, Coerce(std::move(args[i]), bound->parameters[i]));
    node.args.push_back(std::move(arg));
  }
  node.function = *std::move(bound);
  return MakeFolded(std::move(node));
}

Status Binder::UnknownFunction(const Expr& expr) const {
  return source_.Invalid(expr.span,
                         "unknown function '" + Shortened(expr.text) + "'" +
                             DidYouMean(Shortened(expr.text), context_.registry->FunctionNames()));
}

Result<BoundPtr> Binder::BindCall(const Expr& expr, const ExprScope& scope) {
  bool handled = false;
  THALWEG_ASSIGN_OR_RETURN(BoundPtr special, BindSpecialForm(expr, scope, &handled));
  if (handled) return special;
  const engine::Registry& registry = *context_.registry;
  const engine::AggregateFunction* aggregate = registry.FindAggregate(expr.text);
  const bool aggregate_form = expr.star || expr.distinct || expr.filter != nullptr;
  if (aggregate != nullptr && (aggregate_form || registry.FindScalar(expr.text) == nullptr)) {
    return BindAggregate(expr, *aggregate, scope);
  }
  if (registry.FindScalar(expr.text) == nullptr) return UnknownFunction(expr);
  if (aggregate_form) {
    return source_.Invalid(expr.span, "'" + Shortened(expr.text) + "' is not an aggregate function",
                           "only those take *, DISTINCT or FILTER");
  }
  for (const std::string& name : expr.names) {
    if (!name.empty()) {
      return source_.Invalid(
          expr.span, "'" + Shortened(expr.text) + "' takes no named arguments: " + Shortened(name));
    }
  }
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> args, BindAll(expr.children, scope));
  if (expr.text == "greatest" || expr.text == "least" || expr.text == "nullif") {
    THALWEG_RETURN_IF_ERROR(AdaptIntegerLiterals(&args));
  }
  return CallFunction(expr.text, std::move(args), expr.span);
}

// Functions that do not evaluate all their arguments, and struct_pack, whose names are not values.
Result<BoundPtr> Binder::BindSpecialForm(const Expr& expr, const ExprScope& scope, bool* handled) {
  *handled = true;
  const std::string& name = expr.text;
  const bool named = std::any_of(expr.names.begin(), expr.names.end(),
                                 [](const std::string& n) { return !n.empty(); });
  if (name == "struct_pack" && named) return BindStruct(expr, scope);
  const bool coalesce = name == "coalesce" || (name == "ifnull" && expr.children.size() == 2);
  const bool conditional = (name == "if" || name == "iif") && expr.children.size() == 3;
  if (named || (!coalesce && !conditional)) {
    *handled = false;
    return BoundPtr();
  }
  if (expr.children.empty() || expr.star || expr.distinct || expr.filter != nullptr) {
    return source_.Invalid(expr.span, name + " takes one or more values");
  }
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> args, BindAll(expr.children, scope));
  Bound node;
  node.span = expr.span;
  if (AllNull(args)) return NullLiteral(expr.span);
  if (coalesce) {
    THALWEG_ASSIGN_OR_RETURN(node.type, Unify(&args, name));
    if (args.size() == 1) return args[0];
    node.kind = BoundKind::kCoalesce;
    node.args = std::move(args);
    return MakeFolded(std::move(node));
  }
  THALWEG_ASSIGN_OR_RETURN(BoundPtr condition, ToBoolean(std::move(args[0]), "IF"));
  args.erase(args.begin());
  if (AllNull(args)) return NullLiteral(expr.span);
  THALWEG_ASSIGN_OR_RETURN(node.type, Unify(&args, name));
  node.kind = BoundKind::kCase;
  node.args = {std::move(condition), std::move(args[0]), std::move(args[1])};
  return MakeFolded(std::move(node));
}

Status Binder::CheckAggregate(const Expr& expr, const ExprScope& scope) const {
  const std::string name = Shortened(expr.text);
  if (scope.inside_aggregate) {
    return source_.Invalid(expr.span, "aggregates cannot be nested: " + name,
                           "compute the inner one in a subquery in FROM");
  }
  if (scope.aggregates == nullptr) {
    return source_.Invalid(expr.span,
                           "no aggregate can stand in " + std::string(scope.clause) + ": " + name,
                           scope.clause == "WHERE" ? "use HAVING" : std::string_view());
  }
  for (const std::string& argument : expr.names) {
    if (!argument.empty()) {
      return source_.Invalid(expr.span, "'" + name + "' takes no named arguments");
    }
  }
  if (expr.star && expr.text != "count") {
    return source_.Invalid(expr.span, "only COUNT takes a star: " + name);
  }
  return {};
}

Result<BoundPtr> Binder::BindAggregate(const Expr& expr, const engine::AggregateFunction& function,
                                       const ExprScope& scope) {
  THALWEG_RETURN_IF_ERROR(CheckAggregate(expr, scope));
  ExprScope inner = scope;
  inner.inside_aggregate = true;
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> args, BindAll(expr.children, inner));
  const std::vector<engine::BindArgument> arguments = BindArguments(args);
  Result<engine::BoundAggregate> bound = function.bind(arguments, expr.distinct);
  if (!bound.ok()) {
    return source_.Error(bound.status().code(), expr.span,
                         Shortened(expr.text) + TypeList(args) + ": " +
                             WithoutPrefix(bound.status().message(), function.spec.name));
  }
  if (bound->parameters.size() != args.size()) {
    return Status::Internal("aggregate " + function.spec.name + " was bound with " +
                            std::to_string(bound->parameters.size()) + " parameters for " +
                            std::to_string(args.size()) + " arguments");
  }
  AggregateItem item;
  item.name = function.spec.name;
  item.distinct = expr.distinct;
  for (size_t i = 0; i < args.size(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr arg, Coerce(std::move(args[i]), bound->parameters[i]));
    item.args.push_back(std::move(arg));
  }
  if (expr.filter != nullptr) {
    THALWEG_ASSIGN_OR_RETURN(item.filter, BindExpr(*expr.filter, inner));
    THALWEG_ASSIGN_OR_RETURN(item.filter, ToBoolean(std::move(item.filter), "FILTER"));
  }
  Bound node;
  node.kind = BoundKind::kAggregate;
  node.type = bound->result;
  node.name = item.name;
  node.span = expr.span;
  item.function = *std::move(bound);
  // The same call twice is computed once.
  const auto same = [&item](const AggregateItem& other) {
    const auto same_value = [](const BoundPtr& a, const BoundPtr& b) {
      return a == nullptr || b == nullptr ? a == b : SameValue(*a, *b);
    };
    return other.name == item.name && other.distinct == item.distinct &&
           same_value(other.filter, item.filter) &&
           std::equal(other.args.begin(), other.args.end(), item.args.begin(), item.args.end(),
                      same_value);
  };
  std::vector<AggregateItem>& items = *scope.aggregates;
  const auto found = std::find_if(items.begin(), items.end(), same);
  node.index = static_cast<int>(found - items.begin());
  if (found == items.end()) items.push_back(std::move(item));
  return Make(std::move(node));
}

// The function takes names and values in turn.
Result<BoundPtr> Binder::BindStruct(const Expr& expr, const ExprScope& scope) {
  if (expr.children.empty()) {
    return source_.Invalid(expr.span, "a struct needs at least one field");
  }
  std::vector<BoundPtr> args;
  for (size_t i = 0; i < expr.children.size(); ++i) {
    if (expr.names[i].empty()) {
      return source_.Invalid(expr.span, "every field of a struct needs a name");
    }
    for (size_t j = 0; j < i; ++j) {
      if (EqualsIgnoreCase(expr.names[i], expr.names[j])) {
        return source_.Invalid(expr.span,
                               "a struct has a field twice: " + Shortened(expr.names[i]));
      }
    }
    args.push_back(BoundLiteral(std::make_shared<arrow::StringScalar>(expr.names[i]), expr.span));
    THALWEG_ASSIGN_OR_RETURN(BoundPtr value, BindExpr(*expr.children[i], scope));
    args.push_back(std::move(value));
  }
  return CallFunction("struct_pack", std::move(args), expr.span);
}

Result<BoundPtr> Binder::BindInterval(const Expr& expr, const ExprScope& scope) {
  const Expr& inner = *expr.children[0];
  if (inner.kind == ExprKind::kString || inner.kind == ExprKind::kInteger ||
      inner.kind == ExprKind::kDecimal) {
    const std::string text = expr.text.empty() ? inner.text : inner.text + " " + expr.text;
    engine::Interval value;
    if (!engine::ParseInterval(text, &value)) {
      return source_.Invalid(inner.span, "not an INTERVAL: " + QuoteString(Shortened(text)),
                             "such as INTERVAL '1' DAY or INTERVAL '2 hours 30 minutes'");
    }
    return BoundLiteral(
        std::make_shared<arrow::MonthDayNanoIntervalScalar>(
            arrow::MonthDayNanoIntervalType::MonthDayNanos{value.months, value.days, value.nanos}),
        expr.span);
  }
  // A computed count: so many times one unit.
  engine::Interval one;
  if (!engine::ParseInterval("1 " + expr.text, &one)) {
    return source_.Unsupported(expr.span, "INTERVAL of " + expr.text + " is not supported yet");
  }
  THALWEG_ASSIGN_OR_RETURN(BoundPtr count, BindExpr(inner, scope));
  if (count->is_text_literal) {
    THALWEG_ASSIGN_OR_RETURN(count, Coerce(std::move(count), arrow::int64()));
  }
  std::vector<BoundPtr> args;
  args.push_back(BoundLiteral(
      std::make_shared<arrow::MonthDayNanoIntervalScalar>(
          arrow::MonthDayNanoIntervalType::MonthDayNanos{one.months, one.days, one.nanos}),
      expr.span));
  args.push_back(std::move(count));
  return CallFunction("multiply", std::move(args), expr.span);
}

Result<BoundPtr> Binder::BindField(BoundPtr base, const std::string& field, Span span) {
  if (base->type->id() != arrow::Type::STRUCT) {
    return source_.Invalid(span, "no field '" + Shortened(field) + "' in " +
                                     columnar::SqlTypeName(*base->type) +
                                     ": only a STRUCT has fields");
  }
  std::vector<std::string> known;
  std::string exact;
  for (const auto& child : base->type->fields()) {
    known.push_back(child->name());
    if (child->name() == field || (exact.empty() && EqualsIgnoreCase(child->name(), field))) {
      exact = child->name();
    }
  }
  if (exact.empty()) {
    return source_.Invalid(span, "the struct has no field '" + Shortened(field) + "'" +
                                     DidYouMean(Shortened(field), known));
  }
  std::vector<BoundPtr> args;
  args.push_back(std::move(base));
  args.push_back(BoundLiteral(std::make_shared<arrow::StringScalar>(exact), span));
  return CallFunction("struct_extract", std::move(args), span);
}

Result<BoundPtr> Binder::BindIndex(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> args, BindAll(expr.children, scope));
  switch (args[0]->type->id()) {
    case arrow::Type::NA:
      return NullLiteral(expr.span);
    case arrow::Type::STRUCT: {
      const ScalarPtr key = ConstantOf(*args[1]);
      if (key == nullptr || !key->is_valid || !columnar::IsString(*key->type)) {
        return source_.Invalid(args[1]->span, "a field of a STRUCT is named by a string literal");
      }
      const auto name = static_cast<const arrow::BaseBinaryScalar&>(*key).view();
      return BindField(std::move(args[0]), std::string(name), expr.span);
    }
    case arrow::Type::MAP:
      return CallFunction("map_extract_value", std::move(args), expr.span);
    default:
      return CallFunction("list_extract", std::move(args), expr.span);
  }
}

// A bound that is left out is the first or the last place.
Result<BoundPtr> Binder::BindSlice(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(BoundPtr base, BindExpr(*expr.children[0], scope));
  if (base->type->id() == arrow::Type::NA) return NullLiteral(expr.span);
  std::vector<BoundPtr> args = {std::move(base)};
  for (size_t i = 1; i < 3; ++i) {
    const Expr& bound = *expr.children[i];
    BoundPtr place = BoundLiteral(std::make_shared<arrow::Int64Scalar>(i == 1 ? 1 : -1), expr.span);
    if (!IsMissingBound(bound)) {
      THALWEG_ASSIGN_OR_RETURN(place, BindExpr(bound, scope));
    }
    args.push_back(std::move(place));
  }
  return CallFunction("list_slice", std::move(args), expr.span);
}

}  // namespace thalweg::sql
