#include <algorithm>
#include <array>
#include <utility>

#include "engine/cast.h"
#include "sql/binder.h"

namespace thalweg::sql {
namespace {

struct OperatorFunction {
  std::string_view symbol;
  std::string_view function;
};

constexpr std::array<OperatorFunction, 8> kComparisons = {{
    {"=", "eq"},
    {"!=", "ne"},
    {"<", "lt"},
    {"<=", "le"},
    {">", "gt"},
    {">=", "ge"},
    {"IS DISTINCT FROM", "is_distinct_from"},
    {"IS NOT DISTINCT FROM", "is_not_distinct_from"},
}};

constexpr std::array<OperatorFunction, 17> kOperators = {{
    {"+", "add"},
    {"-", "subtract"},
    {"*", "multiply"},
    {"/", "divide"},
    {"//", "integer_divide"},
    {"%", "modulo"},
    {"^", "power"},
    {"**", "power"},
    {"||", "concat_op"},
    {"~", "regexp_full_match"},
    {"->", "json_extract"},
    {"->>", "json_extract_string"},
    {"&", "bit_and_op"},
    {"|", "bit_or_op"},
    {"<<", "shift_left"},
    {">>", "shift_right"},
    {"^@", "starts_with"},
}};

template <size_t n>
std::string_view FunctionOf(const std::array<OperatorFunction, n>& table, std::string_view symbol) {
  for (const OperatorFunction& row : table) {
    if (row.symbol == symbol) return row.function;
  }
  return {};
}

bool IsArithmetic(std::string_view symbol) {
  return symbol == "+" || symbol == "-" || symbol == "*" || symbol == "/" || symbol == "//" ||
         symbol == "%";
}

}  // namespace

Result<BoundPtr> Binder::BindUnary(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(BoundPtr value, BindExpr(*expr.children[0], scope));
  std::vector<BoundPtr> args;
  args.push_back(std::move(value));
  return CallFunction(expr.text == "-" ? "negate" : "bit_not", std::move(args), expr.span);
}

Result<BoundPtr> Binder::BindBinary(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> args, BindAll(expr.children, scope));
  if (!FunctionOf(kComparisons, expr.text).empty()) {
    return Compare(expr.text, std::move(args[0]), std::move(args[1]), expr.span);
  }
  if (expr.text == "!~") {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr match,
                             CallFunction("regexp_full_match", std::move(args), expr.span));
    return Negate(std::move(match), expr.span);
  }
  if (IsArithmetic(expr.text)) {
    THALWEG_RETURN_IF_ERROR(AdaptIntegerLiterals(&args));
    // `day - '2020-01-01'`, `price * '1.5'`: a text literal takes the type of what it meets.
    for (size_t i = 0; i < 2; ++i) {
      const arrow::DataType& other = *args[1 - i]->type;
      const bool typed = arrow::is_date(other.id()) || other.id() == arrow::Type::TIMESTAMP ||
                         engine::IsNumber(other);
      if (args[i]->is_text_literal && typed) {
        THALWEG_ASSIGN_OR_RETURN(args[i], Coerce(std::move(args[i]), args[1 - i]->type));
      }
    }
  }
  return CallFunction(FunctionOf(kOperators, expr.text), std::move(args), expr.span);
}

Result<BoundPtr> Binder::Compare(std::string_view symbol, BoundPtr left, BoundPtr right,
                                 Span span) {
  std::vector<BoundPtr> args;
  args.push_back(std::move(left));
  args.push_back(std::move(right));
  for (size_t i = 0; i < 2; ++i) {
    // A number that fits into the column's type is compared there, so that no row needs a cast.
    if (args[i]->kind != BoundKind::kLiteral || args[1 - i]->kind == BoundKind::kLiteral) continue;
    THALWEG_ASSIGN_OR_RETURN(args[i], AdaptNumber(std::move(args[i]), args[1 - i]->type));
  }
  THALWEG_RETURN_IF_ERROR(Unify(&args, "a comparison").status());
  return CallFunction(FunctionOf(kComparisons, symbol), std::move(args), span);
}

Result<BoundPtr> Binder::BindChain(const Expr& expr, const ExprScope& scope) {
  const bool is_and = expr.kind == ExprKind::kAnd;
  Bound node;
  node.kind = is_and ? BoundKind::kAnd : BoundKind::kOr;
  node.type = arrow::boolean();
  node.span = expr.span;
  for (const Expr* child : expr.children) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr term, BindExpr(*child, scope));
    THALWEG_ASSIGN_OR_RETURN(term, ToBoolean(std::move(term), is_and ? "AND" : "OR"));
    node.args.push_back(std::move(term));
  }
  return MakeFolded(std::move(node));
}

Result<BoundPtr> Binder::Negate(BoundPtr value, Span span) {
  Bound node;
  node.kind = BoundKind::kNot;
  node.type = arrow::boolean();
  node.span = span;
  node.args.push_back(std::move(value));
  return MakeFolded(std::move(node));
}

Result<BoundPtr> Binder::BindNot(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(BoundPtr value, BindExpr(*expr.children[0], scope));
  THALWEG_ASSIGN_OR_RETURN(value, ToBoolean(std::move(value), "NOT"));
  return Negate(std::move(value), expr.span);
}

Result<BoundPtr> Binder::BindIsNull(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> args, BindAll(expr.children, scope));
  return CallFunction(expr.negated ? "is_not_null" : "is_null", std::move(args), expr.span);
}

Result<BoundPtr> Binder::BindLike(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> args, BindAll(expr.children, scope));
  THALWEG_ASSIGN_OR_RETURN(BoundPtr match, CallFunction(expr.text == "ILIKE" ? "ilike" : "like",
                                                        std::move(args), expr.span));
  return expr.negated ? Negate(std::move(match), expr.span) : match;
}

Result<BoundPtr> Binder::BindBetween(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> args, BindAll(expr.children, scope));
  Bound both;
  both.kind = BoundKind::kAnd;
  both.type = arrow::boolean();
  both.span = expr.span;
  const BoundPtr value = args[0];
  THALWEG_ASSIGN_OR_RETURN(BoundPtr low, Compare(">=", value, std::move(args[1]), expr.span));
  THALWEG_ASSIGN_OR_RETURN(BoundPtr high, Compare("<=", value, std::move(args[2]), expr.span));
  both.args.push_back(std::move(low));
  both.args.push_back(std::move(high));
  THALWEG_ASSIGN_OR_RETURN(BoundPtr between, MakeFolded(std::move(both)));
  return expr.negated ? Negate(std::move(between), expr.span) : between;
}

Result<BoundPtr> Binder::BindIn(const Expr& expr, const ExprScope& scope) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> terms, BindAll(expr.children, scope));
  for (size_t i = 1; i < terms.size(); ++i) {
    if (terms[0]->kind == BoundKind::kLiteral) break;
    THALWEG_ASSIGN_OR_RETURN(terms[i], AdaptNumber(std::move(terms[i]), terms[0]->type));
  }
  THALWEG_RETURN_IF_ERROR(Unify(&terms, "IN").status());
  const bool constant = std::all_of(terms.begin() + 1, terms.end(), [](const BoundPtr& term) {
    return term->kind == BoundKind::kLiteral;
  });
  BoundPtr in;
  if (constant) {
    Bound node;
    node.kind = BoundKind::kInList;
    node.type = arrow::boolean();
    node.span = expr.span;
    for (size_t i = 1; i < terms.size(); ++i) {
      if (terms[i]->value->is_valid) {
        node.list.push_back(terms[i]->value);
      } else {
        node.list_has_null = true;
      }
    }
    node.args.push_back(std::move(terms[0]));
    THALWEG_ASSIGN_OR_RETURN(in, MakeFolded(std::move(node)));
  } else {
    THALWEG_ASSIGN_OR_RETURN(in, BindInAny(expr, std::move(terms)));
  }
  return expr.negated ? Negate(std::move(in), expr.span) : in;
}

// A list with computed terms is the OR of equalities.
Result<BoundPtr> Binder::BindInAny(const Expr& expr, std::vector<BoundPtr> terms) {
  if (terms.size() == 2) {
    return Compare("=", std::move(terms[0]), std::move(terms[1]), expr.span);
  }
  Bound any;
  any.kind = BoundKind::kOr;
  any.type = arrow::boolean();
  any.span = expr.span;
  for (size_t i = 1; i < terms.size(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr equal,
                             Compare("=", terms[0], std::move(terms[i]), expr.span));
    any.args.push_back(std::move(equal));
  }
  return MakeFolded(std::move(any));
}

Result<BoundPtr> Binder::BindCase(const Expr& expr, const ExprScope& scope) {
  BoundPtr operand;
  size_t at = 0;
  if (expr.has_operand) {
    THALWEG_ASSIGN_OR_RETURN(operand, BindExpr(*expr.children[at++], scope));
  }
  std::vector<BoundPtr> conditions;
  std::vector<BoundPtr> values;
  const size_t pairs_end = expr.children.size() - (expr.has_else ? 1 : 0);
  for (; at + 2 <= pairs_end; at += 2) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr condition, BindExpr(*expr.children[at], scope));
    if (operand != nullptr) {
      const Span span = condition->span;
      THALWEG_ASSIGN_OR_RETURN(condition, Compare("=", operand, std::move(condition), span));
    }
    THALWEG_ASSIGN_OR_RETURN(condition, ToBoolean(std::move(condition), "WHEN"));
    conditions.push_back(std::move(condition));
    THALWEG_ASSIGN_OR_RETURN(BoundPtr value, BindExpr(*expr.children[at + 1], scope));
    values.push_back(std::move(value));
  }
  if (expr.has_else) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr otherwise, BindExpr(*expr.children.back(), scope));
    values.push_back(std::move(otherwise));
  } else {
    values.push_back(NullLiteral(expr.span));
  }
  if (AllNull(values)) return NullLiteral(expr.span);
  THALWEG_ASSIGN_OR_RETURN(TypePtr type, Unify(&values, "CASE"));
  Bound node;
  node.kind = BoundKind::kCase;
  node.type = std::move(type);
  node.span = expr.span;
  for (size_t i = 0; i < conditions.size(); ++i) {
    node.args.push_back(std::move(conditions[i]));
    node.args.push_back(std::move(values[i]));
  }
  node.args.push_back(std::move(values.back()));
  return MakeFolded(std::move(node));
}

}  // namespace thalweg::sql
