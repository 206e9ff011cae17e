#include <string>
#include <string_view>

#include "sql/ast.h"
#include "sql/lexer.h"

namespace thalweg::sql {
namespace {

void Print(const Expr& expr, std::string* out);
void Print(const Query& query, std::string* out);

void PrintList(const std::vector<Expr*>& items, size_t first, std::string* out) {
  for (size_t i = first; i < items.size(); ++i) {
    if (i > first) *out += ", ";
    Print(*items[i], out);
  }
}

void PrintChain(const Expr& expr, std::string_view word, std::string* out) {
  *out += '(';
  for (size_t i = 0; i < expr.children.size(); ++i) {
    if (i > 0) *out += word;
    Print(*expr.children[i], out);
  }
  *out += ')';
}

void PrintLike(const Expr& expr, std::string* out) {
  *out += '(';
  Print(*expr.children[0], out);
  const bool ignore_case = expr.text == "ILIKE";
  if (expr.children.size() == 2) {
    *out += expr.negated ? " !~~" : " ~~";
    *out += ignore_case ? "* " : " ";
    Print(*expr.children[1], out);
  } else {
    *out += expr.negated ? " NOT " : " ";
    *out += expr.text + " ";
    Print(*expr.children[1], out);
    *out += " ESCAPE ";
    Print(*expr.children[2], out);
  }
  *out += ')';
}

void PrintCase(const Expr& expr, std::string* out) {
  *out += "CASE ";
  size_t at = 0;
  if (expr.has_operand) Print(*expr.children[at++], out);
  const size_t pairs_end = expr.children.size() - (expr.has_else ? 1 : 0);
  for (; at + 2 <= pairs_end; at += 2) {
    *out += " WHEN (";
    Print(*expr.children[at], out);
    *out += ") THEN (";
    Print(*expr.children[at + 1], out);
    *out += ")";
  }
  if (expr.has_else) {
    *out += " ELSE ";
    Print(*expr.children.back(), out);
  }
  *out += " END";
}

void PrintCall(const Expr& expr, std::string* out) {
  if (expr.star && expr.text == "count") {
    *out += "count_star()";
  } else {
    *out += QuoteName(expr.text) + "(";
    if (expr.star) *out += "*";
    if (expr.distinct) *out += "DISTINCT ";
    for (size_t i = 0; i < expr.children.size(); ++i) {
      if (i > 0) *out += ", ";
      if (i < expr.names.size() && !expr.names[i].empty())
        *out += QuoteName(expr.names[i]) + " := ";
      Print(*expr.children[i], out);
    }
    *out += ')';
  }
  if (expr.filter != nullptr) {
    *out += " FILTER (WHERE ";
    Print(*expr.filter, out);
    *out += ')';
  }
}

void PrintStruct(const Expr& expr, std::string* out) {
  *out += '{';
  for (size_t i = 0; i < expr.children.size(); ++i) {
    if (i > 0) *out += ", ";
    *out += QuoteString(expr.names[i]) + ": ";
    Print(*expr.children[i], out);
  }
  *out += '}';
}

void PrintPostfixBase(const Expr& base, std::string* out) {
  // Where a column, a call or another postfix stands, no parenthesis is needed.
  const bool plain = base.kind == ExprKind::kColumn || base.kind == ExprKind::kCall ||
                     base.kind == ExprKind::kIndex || base.kind == ExprKind::kSlice ||
                     base.kind == ExprKind::kField || base.kind == ExprKind::kList ||
                     base.kind == ExprKind::kStruct;
  if (!plain || base.filter != nullptr) *out += '(';
  Print(base, out);
  if (!plain || base.filter != nullptr) *out += ')';
}

void PrintPostfix(const Expr& expr, std::string* out) {
  const Expr& base = *expr.children[0];
  if (expr.kind == ExprKind::kField) {
    // A column's own dots would make the field part of its name.
    const bool column = base.kind == ExprKind::kColumn;
    if (column) *out += '(';
    PrintPostfixBase(base, out);
    *out += column ? ")." : ".";
    *out += QuoteName(expr.text);
    return;
  }
  PrintPostfixBase(base, out);
  *out += '[';
  if (expr.kind == ExprKind::kIndex) {
    Print(*expr.children[1], out);
  } else {
    if (!IsMissingBound(*expr.children[1])) Print(*expr.children[1], out);
    *out += ':';
    if (!IsMissingBound(*expr.children[2])) Print(*expr.children[2], out);
  }
  *out += ']';
}

void PrintInterval(const Expr& expr, std::string* out) {
  const Expr& value = *expr.children[0];
  *out += "INTERVAL ";
  const bool plain = value.kind == ExprKind::kString && !expr.text.empty();
  if (!plain && !expr.text.empty()) *out += '(';
  Print(value, out);
  if (!plain && !expr.text.empty()) *out += ')';
  if (!expr.text.empty()) *out += ' ' + expr.text;
}

void PrintLiteral(const Expr& expr, std::string* out) {
  switch (expr.kind) {
    case ExprKind::kNull:
      *out += "NULL";
      break;
    case ExprKind::kString:
      *out += QuoteString(expr.text);
      break;
    case ExprKind::kParameter:
      *out += "$" + expr.text;
      break;
    default:
      *out += expr.text;
      break;
  }
}

void PrintOperator(const Expr& expr, std::string* out) {
  switch (expr.kind) {
    case ExprKind::kUnary:
      *out += "(" + expr.text + "(";
      Print(*expr.children[0], out);
      *out += "))";
      break;
    case ExprKind::kBinary:
      PrintChain(expr, " " + expr.text + " ", out);
      break;
    case ExprKind::kAnd:
      PrintChain(expr, " AND ", out);
      break;
    case ExprKind::kOr:
      PrintChain(expr, " OR ", out);
      break;
    case ExprKind::kNot:
      *out += "(NOT ";
      Print(*expr.children[0], out);
      *out += ')';
      break;
    case ExprKind::kIsNull:
      *out += '(';
      Print(*expr.children[0], out);
      *out += expr.negated ? " IS NOT NULL)" : " IS NULL)";
      break;
    case ExprKind::kBetween:
      *out += '(';
      Print(*expr.children[0], out);
      *out += expr.negated ? " NOT BETWEEN " : " BETWEEN ";
      Print(*expr.children[1], out);
      *out += " AND ";
      Print(*expr.children[2], out);
      *out += ')';
      break;
    case ExprKind::kIn:
      *out += '(';
      Print(*expr.children[0], out);
      *out += expr.negated ? " NOT IN (" : " IN (";
      PrintList(expr.children, 1, out);
      *out += "))";
      break;
    default:
      break;
  }
}

void PrintColumn(const Expr& expr, std::string* out) {
  for (size_t i = 0; i < expr.names.size(); ++i) {
    if (i > 0) *out += '.';
    *out += QuoteName(expr.names[i]);
  }
}

void Print(const Expr& expr, std::string* out) {
  switch (expr.kind) {
    case ExprKind::kNull:
    case ExprKind::kBool:
    case ExprKind::kInteger:
    case ExprKind::kDecimal:
    case ExprKind::kDouble:
    case ExprKind::kString:
    case ExprKind::kParameter:
      return PrintLiteral(expr, out);
    case ExprKind::kColumn:
      return PrintColumn(expr, out);
    case ExprKind::kUnary:
    case ExprKind::kBinary:
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot:
    case ExprKind::kIsNull:
    case ExprKind::kBetween:
    case ExprKind::kIn:
      return PrintOperator(expr, out);
    case ExprKind::kLike:
      return PrintLike(expr, out);
    case ExprKind::kCase:
      return PrintCase(expr, out);
    case ExprKind::kCall:
      return PrintCall(expr, out);
    case ExprKind::kCast:
      *out += expr.try_cast ? "TRY_CAST(" : "CAST(";
      Print(*expr.children[0], out);
      *out += " AS " + columnar::SqlTypeName(*expr.type) + ")";
      return;
    case ExprKind::kInterval:
      return PrintInterval(expr, out);
    case ExprKind::kList:
      *out += '[';
      PrintList(expr.children, 0, out);
      *out += ']';
      return;
    case ExprKind::kStruct:
      return PrintStruct(expr, out);
    case ExprKind::kField:
    case ExprKind::kIndex:
    case ExprKind::kSlice:
      return PrintPostfix(expr, out);
  }
}

void PrintNames(const std::vector<Name>& names, std::string* out) {
  *out += '(';
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) *out += ", ";
    *out += QuoteName(names[i].text);
  }
  *out += ')';
}

void PrintItem(const SelectItem& item, std::string* out) {
  if (item.expr != nullptr) {
    Print(*item.expr, out);
    if (!item.alias.text.empty()) *out += " AS " + QuoteName(item.alias.text);
    return;
  }
  if (!item.star_table.empty()) *out += QuoteName(item.star_table) + ".";
  *out += '*';
  if (!item.exclude.empty()) {
    *out += " EXCLUDE ";
    PrintNames(item.exclude, out);
  }
  if (!item.replace.empty()) {
    *out += " REPLACE (";
    for (size_t i = 0; i < item.replace.size(); ++i) {
      if (i > 0) *out += ", ";
      Print(*item.replace[i].second, out);
      *out += " AS " + QuoteName(item.replace[i].first.text);
    }
    *out += ')';
  }
}

void PrintTable(const TableRef& ref, std::string* out) {
  switch (ref.kind) {
    case TableRef::Kind::kNone:
      return;
    case TableRef::Kind::kName:
      for (size_t i = 0; i < ref.names.size(); ++i) {
        if (i > 0) *out += '.';
        *out += QuoteName(ref.names[i]);
      }
      break;
    case TableRef::Kind::kPath:
      *out += QuoteString(ref.text);
      break;
    case TableRef::Kind::kFunction:
      *out += QuoteName(ref.text) + "(";
      for (size_t i = 0; i < ref.arguments.size(); ++i) {
        if (i > 0) *out += ", ";
        const OptionItem& argument = ref.arguments[i];
        if (!argument.name.text.empty()) *out += QuoteName(argument.name.text) + " := ";
        Print(*argument.value, out);
      }
      *out += ')';
      break;
    case TableRef::Kind::kQuery:
      *out += '(';
      Print(*ref.query, out);
      *out += ')';
      break;
  }
  if (!ref.alias.text.empty()) *out += " AS " + QuoteName(ref.alias.text);
  if (!ref.column_aliases.empty()) PrintNames(ref.column_aliases, out);
}

void PrintSelect(const Query& query, std::string* out) {
  *out += query.distinct ? "SELECT DISTINCT " : "SELECT ";
  for (size_t i = 0; i < query.items.size(); ++i) {
    if (i > 0) *out += ", ";
    PrintItem(query.items[i], out);
  }
  if (query.from.kind != TableRef::Kind::kNone) {
    *out += " FROM ";
    PrintTable(query.from, out);
  }
  if (query.where != nullptr) {
    *out += " WHERE ";
    Print(*query.where, out);
  }
  if (query.group_all || !query.group_by.empty()) {
    *out += " GROUP BY ";
    if (query.group_all) *out += "ALL";
    PrintList(query.group_by, 0, out);
  }
  if (query.having != nullptr) {
    *out += " HAVING ";
    Print(*query.having, out);
  }
}

void PrintOrder(const Query& query, std::string* out) {
  *out += " ORDER BY ";
  for (size_t i = 0; i < query.order_by.size(); ++i) {
    const OrderItem& item = query.order_by[i];
    if (i > 0) *out += ", ";
    if (item.expr != nullptr) {
      Print(*item.expr, out);
    } else {
      *out += "ALL";
    }
    *out += item.descending ? " DESC" : " ASC";
    if (item.nulls_first) *out += *item.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  }
}

void Print(const Query& query, std::string* out) {
  for (size_t i = 0; i < query.with.size(); ++i) {
    const CommonTable& table = query.with[i];
    *out += (i == 0 ? "WITH " : ", ") + QuoteName(table.name.text);
    if (!table.columns.empty()) PrintNames(table.columns, out);
    *out += " AS (";
    Print(*table.query, out);
    *out += ')';
  }
  if (!query.with.empty()) *out += ' ';
  if (query.is_values) {
    *out += "VALUES ";
    for (size_t i = 0; i < query.rows.size(); ++i) {
      *out += i == 0 ? "(" : ", (";
      PrintList(query.rows[i], 0, out);
      *out += ')';
    }
  } else {
    PrintSelect(query, out);
  }
  if (!query.order_by.empty()) PrintOrder(query, out);
  if (query.limit != nullptr) {
    *out += " LIMIT ";
    Print(*query.limit, out);
  }
  if (query.offset != nullptr) {
    *out += " OFFSET ";
    Print(*query.offset, out);
  }
}

void PrintCopyOptions(const Statement& copy, std::string* out) {
  if (copy.options.empty()) return;
  *out += " (";
  for (size_t i = 0; i < copy.options.size(); ++i) {
    const OptionItem& option = copy.options[i];
    if (i > 0) *out += ", ";
    *out += QuoteName(option.name.text);
    if (option.is_list) {
      *out += " (";
      PrintList(option.list, 0, out);
      *out += ')';
    } else if (option.value != nullptr) {
      *out += " := ";
      Print(*option.value, out);
    }
  }
  *out += ')';
}

}  // namespace

std::string ToSql(const Expr& expr) {
  std::string out;
  Print(expr, &out);
  return out;
}

std::string ToSql(const Query& query) {
  std::string out;
  Print(query, &out);
  return out;
}

std::string ToSql(const Statement& statement) {
  std::string out;
  switch (statement.kind) {
    case Statement::Kind::kQuery:
      break;
    case Statement::Kind::kExplain:
      return "EXPLAIN " + ToSql(*statement.explained);
    case Statement::Kind::kDescribe:
      out = "DESCRIBE ";
      break;
    case Statement::Kind::kSummarize:
      out = "SUMMARIZE ";
      break;
    case Statement::Kind::kCopy:
      out = "COPY (" + ToSql(*statement.query) + ") TO ";
      Print(*statement.target, &out);
      PrintCopyOptions(statement, &out);
      return out;
  }
  Print(*statement.query, &out);
  return out;
}

}  // namespace thalweg::sql
