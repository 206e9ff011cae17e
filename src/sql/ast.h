#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columnar/batch.h"
#include "sql/source_text.h"

// What a SQL text says, before names mean anything. Nodes live in an `Ast` and point at each other
// freely, so that even a hostile tree is freed without recursion.
namespace thalweg::sql {

struct Query;

enum class ExprKind : uint8_t {
  kNull,
  kBool,       ///< text: `true` or `false`.
  kInteger,    ///< text: digits, perhaps with a minus.
  kDecimal,    ///< text: digits with a point, perhaps with a minus.
  kDouble,     ///< text: digits with an exponent, perhaps with a minus.
  kString,     ///< text: the value.
  kParameter,  ///< text: the name without `$`.
  kColumn,     ///< names: `t.a.b` in parts.
  kUnary,      ///< text: `-` or `~`.
  kBinary,     ///< text: the operator, in the one spelling of `ast_print.cc`.
  kAnd,        ///< Two or more children.
  kOr,
  kNot,
  kIsNull,    ///< IS [NOT] NULL.
  kLike,      ///< text: `LIKE` or `ILIKE`; value, pattern and, if given, the escape.
  kBetween,   ///< value, low, high.
  kIn,        ///< value, then the list.
  kCase,      ///< [operand], then pairs of WHEN and THEN, then [ELSE].
  kCall,      ///< text: the function; names: of named arguments, else empty strings.
  kCast,      ///< one child, `type`.
  kInterval,  ///< one child; text: the unit in lower case, or empty.
  kList,      ///< [a, b]
  kStruct,    ///< {'a': 1}; names: the keys.
  kField,     ///< (expression).name
  kIndex,     ///< expression[i]
  kSlice,     ///< expression[i:j]; a missing bound is a kNull child.
};

struct Expr {
  ExprKind kind = ExprKind::kNull;
  Span span;  ///< The token that names it: a column, an operator, a function.
  int height = 1;
  bool negated = false;   ///< NOT LIKE, NOT IN, NOT BETWEEN, IS NOT NULL.
  bool distinct = false;  ///< f(DISTINCT x)
  bool star = false;      ///< f(*)
  bool try_cast = false;
  bool has_operand = false;  ///< CASE x WHEN …
  bool has_else = false;
  bool in_parentheses = false;
  std::string text;
  std::vector<std::string> names;
  std::vector<Expr*> children;
  columnar::TypePtr type;
  Expr* filter = nullptr;  ///< FILTER (WHERE …)
};

/// True for a bound of `a[:j]` or `a[i:]` that was left out: a kNull whose text is `:`.
inline bool IsMissingBound(const Expr& bound) {
  return bound.kind == ExprKind::kNull && bound.text == ":";
}

/// A name with its place.
struct Name {
  std::string text;
  Span span;
};

/// `expr [AS name]`, or `[t.]* [EXCLUDE (…)] [REPLACE (…)]`.
struct SelectItem {
  Expr* expr = nullptr;  ///< Null: a star.
  Name alias;            ///< Empty: none.
  Span span;
  std::string star_table;  ///< `t` of `t.*`.
  std::vector<Name> exclude;
  std::vector<std::pair<Name, Expr*>> replace;
};

struct OrderItem {
  Expr* expr = nullptr;
  bool descending = false;
  std::optional<bool> nulls_first;
};

/// `name := value`, or `NAME value` in COPY.
struct OptionItem {
  Name name;                ///< Empty: positional.
  Expr* value = nullptr;    ///< Null: given without a value, which means true.
  std::vector<Expr*> list;  ///< `(a, b)`, in COPY.
  bool is_list = false;
};

struct TableRef {
  enum class Kind : uint8_t { kNone, kName, kPath, kFunction, kQuery };
  Kind kind = Kind::kNone;
  Span span;
  std::vector<std::string> names;  ///< kName: in parts.
  std::string text;                ///< kPath: the path; kFunction: its name.
  std::vector<OptionItem> arguments;
  Query* query = nullptr;
  Name alias;
  std::vector<Name> column_aliases;
};

struct CommonTable {
  Name name;
  std::vector<Name> columns;
  Query* query = nullptr;
};

struct Query {
  Span span;
  std::vector<CommonTable> with;
  bool is_values = false;
  std::vector<std::vector<Expr*>> rows;  ///< VALUES.
  bool distinct = false;
  std::vector<SelectItem> items;
  TableRef from;
  Expr* where = nullptr;
  bool group_all = false;
  std::vector<Expr*> group_by;
  Expr* having = nullptr;
  bool order_all = false;
  std::vector<OrderItem> order_by;  ///< With `order_all` one item without an expression.
  Expr* limit = nullptr;
  Expr* offset = nullptr;
};

struct Statement {
  enum class Kind : uint8_t { kQuery, kCopy, kDescribe, kSummarize, kExplain };
  Kind kind = Kind::kQuery;
  Span span;
  Query* query = nullptr;
  Statement* explained = nullptr;   ///< kExplain.
  Expr* target = nullptr;           ///< kCopy: a string or a parameter.
  std::vector<OptionItem> options;  ///< kCopy.
};

/// Owns the nodes of one text.
class Ast {
 public:
  Expr* NewExpr(ExprKind kind, Span span) {
    Expr& node = exprs_.emplace_back();
    node.kind = kind;
    node.span = span;
    return &node;
  }
  Query* NewQuery() { return &queries_.emplace_back(); }
  Statement* NewStatement() { return &statements_.emplace_back(); }

 private:
  std::deque<Expr> exprs_;
  std::deque<Query> queries_;
  std::deque<Statement> statements_;
};

/// SQL text that parses to the same tree: fully parenthesised, keywords in upper case. Expressions
/// read as DuckDB names unnamed columns.
std::string ToSql(const Expr& expr);
std::string ToSql(const Query& query);
std::string ToSql(const Statement& statement);

}  // namespace thalweg::sql
