#include <arrow/scalar.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sql/binder.h"
#include "sql/lexer.h"

namespace thalweg::sql {
namespace {

/// Digits of a number without sign and point, and how many stand after the point.
struct Digits {
  std::string text;
  int scale = 0;
};

Digits DigitsOf(std::string_view number) {
  Digits digits;
  bool after_point = false;
  for (const char c : number) {
    if (c == '.') {
      after_point = true;
    } else if (c >= '0' && c <= '9') {
      digits.text.push_back(c);
      if (after_point) ++digits.scale;
    }
  }
  return digits;
}

ScalarPtr DoubleScalar(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  static_cast<void>(end);
  if (error == std::errc::result_out_of_range) {
    // `from_chars` leaves the value alone; a tiny number is zero, a huge one refused.
    const size_t exponent = text.find('e');
    const bool tiny = exponent != std::string_view::npos && text.substr(exponent + 1, 1) == "-";
    if (!tiny) return nullptr;
  }
  return std::make_shared<arrow::DoubleScalar>(value);
}

/// DECIMAL(38, scale) at most; null where the digits are too many.
ScalarPtr DecimalScalar(std::string_view text, int precision, int scale) {
  const Digits digits = DigitsOf(text);
  const size_t significant =
      digits.text.size() - std::min(digits.text.find_first_not_of('0'), digits.text.size());
  if (precision > 38 || significant > 38) return nullptr;
  arrow::Decimal128 value;
  const std::string plain = (text.front() == '-' ? "-" : "") + digits.text;
  if (!arrow::Decimal128::FromString(plain, &value, nullptr, nullptr).ok()) return nullptr;
  return std::make_shared<arrow::Decimal128Scalar>(value, arrow::decimal128(precision, scale));
}

}  // namespace

Status Binder::Located(const Status& status, Span span) const {
  return source_.Error(status.code(), span, status.message());
}

Result<BoundPtr> Binder::Make(Bound node) {
  const Span span = node.span;
  BoundPtr made = Finish(std::move(node));
  if (made->nodes > kBoundNodesMax || made->height > 2 * depth_.height_max()) {
    return source_.Invalid(span, "the expression is too large");
  }
  return made;
}

Result<BoundPtr> Binder::MakeFolded(Bound node) {
  const Span span = node.span;
  Result<BoundPtr> made = Fold(std::move(node));
  if (!made.ok()) return Located(made.status(), span);
  if ((*made)->nodes > kBoundNodesMax || (*made)->height > 2 * depth_.height_max()) {
    return source_.Invalid(span, "the expression is too large");
  }
  return made;
}

Result<BoundPtr> Binder::BindExpr(const Expr& expr, const ExprScope& scope) {
  const DepthScope depth(depth_);
  if (!depth.ok()) return source_.Invalid(expr.span, "the text is nested too deeply");
  return BindNode(expr, scope);
}

Result<std::vector<BoundPtr>> Binder::BindAll(const std::vector<Expr*>& exprs,
                                              const ExprScope& scope) {
  std::vector<BoundPtr> bound;
  bound.reserve(exprs.size());
  for (const Expr* expr : exprs) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr value, BindExpr(*expr, scope));
    bound.push_back(std::move(value));
  }
  return bound;
}

Result<BoundPtr> Binder::BindNode(const Expr& expr, const ExprScope& scope) {
  switch (expr.kind) {
    case ExprKind::kNull:
    case ExprKind::kBool:
    case ExprKind::kInteger:
    case ExprKind::kDecimal:
    case ExprKind::kDouble:
    case ExprKind::kString:
      return BindLiteral(expr);
    case ExprKind::kParameter:
      return BindParameter(expr);
    case ExprKind::kColumn:
      return BindColumn(expr, scope);
    case ExprKind::kUnary:
      return BindUnary(expr, scope);
    case ExprKind::kBinary:
      return BindBinary(expr, scope);
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return BindChain(expr, scope);
    case ExprKind::kNot:
      return BindNot(expr, scope);
    case ExprKind::kIsNull:
      return BindIsNull(expr, scope);
    case ExprKind::kLike:
      return BindLike(expr, scope);
    case ExprKind::kBetween:
      return BindBetween(expr, scope);
    case ExprKind::kIn:
      return BindIn(expr, scope);
    case ExprKind::kCase:
      return BindCase(expr, scope);
    case ExprKind::kCall:
      return BindCall(expr, scope);
    case ExprKind::kCast: {
      THALWEG_ASSIGN_OR_RETURN(BoundPtr value, BindExpr(*expr.children[0], scope));
      return Cast(std::move(value), expr.type, expr.span, expr.try_cast);
    }
    case ExprKind::kInterval:
      return BindInterval(expr, scope);
    case ExprKind::kList: {
      THALWEG_ASSIGN_OR_RETURN(std::vector<BoundPtr> items, BindAll(expr.children, scope));
      THALWEG_RETURN_IF_ERROR(Unify(&items, "a list").status());
      return CallFunction("list_value", std::move(items), expr.span);
    }
    case ExprKind::kStruct:
      return BindStruct(expr, scope);
    case ExprKind::kField: {
      THALWEG_ASSIGN_OR_RETURN(BoundPtr base, BindExpr(*expr.children[0], scope));
      return BindField(std::move(base), expr.text, expr.span);
    }
    case ExprKind::kIndex:
      return BindIndex(expr, scope);
    case ExprKind::kSlice:
      return BindSlice(expr, scope);
  }
  return Status::Internal("sql: an expression of no known kind");
}

Result<BoundPtr> Binder::BindLiteral(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNull:
      return BoundLiteral(std::make_shared<arrow::NullScalar>(), expr.span);
    case ExprKind::kBool:
      return BoundLiteral(std::make_shared<arrow::BooleanScalar>(expr.text == "true"), expr.span);
    case ExprKind::kString: {
      Bound node;
      node.type = arrow::utf8();
      node.value = std::make_shared<arrow::StringScalar>(expr.text);
      node.span = expr.span;
      node.is_text_literal = true;
      return Make(std::move(node));
    }
    default:
      return BindNumber(expr);
  }
}

// INTEGER, BIGINT, HUGEINT, whichever is the first to hold it; a point makes a DECIMAL of exactly
// the digits written; an exponent, or too many digits, a DOUBLE.
Result<BoundPtr> Binder::BindNumber(const Expr& expr) {
  Bound node;
  node.span = expr.span;
  const std::string& text = expr.text;
  if (expr.kind == ExprKind::kInteger) {
    node.is_integer_literal = true;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    static_cast<void>(end);
    if (error == std::errc()) {
      if (value >= INT32_MIN && value <= INT32_MAX) {
        node.value = std::make_shared<arrow::Int32Scalar>(static_cast<int32_t>(value));
      } else {
        node.value = std::make_shared<arrow::Int64Scalar>(value);
      }
    } else {
      node.value = DecimalScalar(text, 38, 0);
    }
  } else if (expr.kind == ExprKind::kDecimal) {
    const Digits digits = DigitsOf(text);
    node.value = DecimalScalar(
        text, std::max<int>(1, static_cast<int>(std::min<size_t>(digits.text.size(), 1000))),
        digits.scale);
  }
  if (node.value == nullptr) {
    node.is_integer_literal = false;
    node.value = DoubleScalar(text);
  }
  if (node.value == nullptr) {
    return source_.Invalid(expr.span, "the number is too large for a DOUBLE");
  }
  node.type = node.value->type;
  return Make(std::move(node));
}

Result<BoundPtr> Binder::BindParameter(const Expr& expr) {
  static const Parameters kNone;
  const Parameters& parameters = context_.parameters ? *context_.parameters : kNone;
  const auto found = parameters.find(expr.text);
  if (found == parameters.end()) {
    std::vector<std::string> known;
    for (const auto& [name, value] : parameters) known.push_back(name);
    return source_.Invalid(expr.span, "parameter $" + Shortened(expr.text) + " has no value" +
                                          DidYouMean(Shortened(expr.text), known));
  }
  const OptionValue& value = found->second;
  Bound node;
  node.span = expr.span;
  if (const bool* b = std::get_if<bool>(&value)) {
    node.value = std::make_shared<arrow::BooleanScalar>(*b);
  } else if (const int64_t* i = std::get_if<int64_t>(&value)) {
    node.is_integer_literal = true;
    if (*i >= INT32_MIN && *i <= INT32_MAX) {
      node.value = std::make_shared<arrow::Int32Scalar>(static_cast<int32_t>(*i));
    } else {
      node.value = std::make_shared<arrow::Int64Scalar>(*i);
    }
  } else if (const double* d = std::get_if<double>(&value)) {
    node.value = std::make_shared<arrow::DoubleScalar>(*d);
  } else if (const std::string* s = std::get_if<std::string>(&value)) {
    if (FindInvalidUtf8(*s) != std::string_view::npos) {
      return source_.Invalid(expr.span, "parameter $" + expr.text + " is not UTF-8");
    }
    node.is_text_literal = true;
    node.value = std::make_shared<arrow::StringScalar>(*s);
  } else if (std::holds_alternative<std::monostate>(value)) {
    node.value = std::make_shared<arrow::NullScalar>();
  } else if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::vector<BoundPtr> items;
    for (const std::string& item : *list) {
      items.push_back(BoundLiteral(std::make_shared<arrow::StringScalar>(item), expr.span));
    }
    return CallFunction("list_value", std::move(items), expr.span);
  } else {
    return source_.Unsupported(expr.span, "a map cannot be the value of a parameter here");
  }
  node.type = node.value->type;
  return Make(std::move(node));
}

Result<BoundPtr> Binder::BindColumn(const Expr& expr, const ExprScope& scope) {
  if (scope.items != nullptr && scope.alias_first && expr.names.size() == 1) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr alias, BindAlias(expr, scope));
    if (alias != nullptr) return alias;
  }
  THALWEG_ASSIGN_OR_RETURN(BoundPtr column, BindColumnParts(expr, scope));
  if (column != nullptr) return column;
  if (scope.items != nullptr && !scope.alias_first && expr.names.size() == 1) {
    THALWEG_ASSIGN_OR_RETURN(BoundPtr alias, BindAlias(expr, scope));
    if (alias != nullptr) return alias;
  }
  return UnknownColumn(expr, scope);
}

// `t.a.b`: the table's alias then a column, or a column, or one column with dots in its name; what
// is left are fields of structs. Null where nothing fits.
Result<BoundPtr> Binder::BindColumnParts(const Expr& expr, const ExprScope& scope) {
  if (scope.relation == nullptr) return BoundPtr();
  Relation& relation = *scope.relation;
  const std::vector<std::string>& names = expr.names;
  const auto bind = [&](const std::vector<int>& found, size_t used) -> Result<BoundPtr> {
    if (found.size() > 1) {
      std::string hint = "it can be";
      for (const int at : found) {
        hint += (at == found[0] ? " " : ", ") +
                QuoteName(relation.columns()[static_cast<size_t>(at)].name);
      }
      return source_.Invalid(expr.span, "column '" + Shortened(names[used - 1]) + "' is ambiguous",
                             hint);
    }
    const OutputColumn& column = relation.columns()[static_cast<size_t>(found[0])];
    BoundPtr value = BoundColumn(found[0], column.name, column.type, expr.span);
    for (size_t i = used; i < names.size(); ++i) {
      THALWEG_ASSIGN_OR_RETURN(value, BindField(std::move(value), names[i], expr.span));
    }
    return value;
  };
  if (names.size() > 1 && EqualsIgnoreCase(names[0], relation.alias())) {
    const std::vector<int> found = relation.Find(names[1]);
    if (!found.empty()) return bind(found, 2);
  }
  const std::vector<int> found = relation.Find(names[0]);
  if (!found.empty()) return bind(found, 1);
  if (names.size() > 1) {
    std::string joined = names[0];
    for (size_t i = 1; i < names.size(); ++i) joined += "." + names[i];
    const std::vector<int> dotted = relation.Find(joined);
    if (!dotted.empty()) return bind(dotted, names.size());
  }
  return BoundPtr();
}

Result<BoundPtr> Binder::BindAlias(const Expr& expr, const ExprScope& scope) {
  std::vector<OutputItem>& items = *scope.items;
  for (size_t i = 0; i < scope.items_visible; ++i) {
    OutputItem& item = items[i];
    const bool named = item.has_alias || scope.alias_first;
    if (!named || !EqualsIgnoreCase(item.name, expr.names[0])) continue;
    if (item.bound == nullptr) {
      // An alias may use the ones before it, never itself.
      ExprScope inner = scope;
      inner.items_visible = i;
      inner.alias_first = false;
      THALWEG_ASSIGN_OR_RETURN(item.bound, BindExpr(*item.expr, inner));
    }
    if (item.bound->has_aggregate && (scope.aggregates == nullptr || scope.inside_aggregate)) {
      return source_.Invalid(expr.span,
                             "'" + Shortened(item.name) + "' stands for an aggregate, " +
                                 "which is not allowed in " + std::string(scope.clause),
                             scope.clause == "WHERE" ? "use HAVING" : "");
    }
    return item.bound;
  }
  return BoundPtr();
}

Status Binder::UnknownColumn(const Expr& expr, const ExprScope& scope) const {
  std::string written;
  for (const std::string& name : expr.names) written += (written.empty() ? "" : ".") + name;
  if (scope.relation == nullptr) {
    return source_.Invalid(
        expr.span,
        "no column can stand in " + std::string(scope.clause) + ": '" + Shortened(written) + "'",
        scope.clause == "a query without FROM" ? "a string stands in single quotes"
                                               : std::string_view());
  }
  std::vector<std::string> known = scope.relation->Names();
  if (scope.items != nullptr) {
    for (size_t i = 0; i < scope.items_visible; ++i) known.push_back((*scope.items)[i].name);
  }
  const std::string wanted =
      expr.names.size() > 1 && EqualsIgnoreCase(expr.names[0], scope.relation->alias())
          ? expr.names[1]
          : expr.names[0];
  std::string hint;
  const std::string similar = DidYouMean(Shortened(wanted), known);
  if (similar.empty() && !known.empty() && known.size() <= 12) {
    hint = "known columns:";
    for (size_t i = 0; i < known.size(); ++i) hint += (i == 0 ? " " : ", ") + Shortened(known[i]);
  }
  return source_.Invalid(expr.span, "unknown column '" + Shortened(written) + "'" + similar, hint);
}

}  // namespace thalweg::sql
