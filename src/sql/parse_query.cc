#include <array>
#include <utility>

#include "sql/lexer.h"
#include "sql/parser_state.h"

namespace thalweg::sql {

bool Parser::AtQuery() const {
  size_t ahead = 0;
  while (Peek(ahead).Is("(") && ahead <= static_cast<size_t>(kDepthMax)) ++ahead;
  const Token& token = Peek(ahead);
  if (token.IsWord("SELECT") || (token.IsWord("WITH") && AtName(ahead + 1))) return true;
  if (token.IsWord("VALUES")) return Peek(ahead + 1).Is("(");
  return token.IsWord("FROM");
}

Query* Parser::SelectStarFrom(TableRef from) {
  Query* query = ast_.NewQuery();
  query->span = from.span;
  SelectItem star;
  star.span = from.span;
  query->items.push_back(std::move(star));
  query->from = std::move(from);
  return query;
}

Result<Query*> Parser::ParseParenthesisedQuery() {
  THALWEG_RETURN_IF_ERROR(ExpectSymbol("(", "before a subquery"));
  if (!AtQuery()) {
    if (Peek().kind == TokenKind::kName || Peek().kind == TokenKind::kQuotedName ||
        Peek().kind == TokenKind::kString) {
      THALWEG_ASSIGN_OR_RETURN(TableRef inner, ParseTableRef());
      THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after a table in parentheses"));
      return SelectStarFrom(std::move(inner));
    }
    return Expected("SELECT, FROM, VALUES or WITH in a subquery");
  }
  THALWEG_ASSIGN_OR_RETURN(Query * query, ParseQuery());
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after a subquery"));
  return query;
}

// [WITH …] (SELECT … | FROM … | VALUES … | (query)) [ORDER BY …] [LIMIT …]
Result<Query*> Parser::ParseQuery() {
  const DepthScope scope(depth_);
  if (!scope.ok()) return TooDeep(Peek().span);
  const Span begin = Peek().span;
  Query with;
  if (Peek().IsWord("WITH")) THALWEG_RETURN_IF_ERROR(ParseWith(&with));
  Query* query = nullptr;
  if (Peek().Is("(")) {
    THALWEG_ASSIGN_OR_RETURN(query, ParseParenthesisedQuery());
    const bool more = Peek().IsWord("ORDER") || Peek().IsWord("LIMIT") || Peek().IsWord("OFFSET");
    if (more || !with.with.empty()) {
      TableRef inner;
      inner.kind = TableRef::Kind::kQuery;
      inner.span = begin;
      inner.query = query;
      query = SelectStarFrom(std::move(inner));
    }
  } else if (Peek().IsWord("VALUES")) {
    query = ast_.NewQuery();
    THALWEG_RETURN_IF_ERROR(ParseValues(query));
  } else {
    THALWEG_ASSIGN_OR_RETURN(query, ParseSelectCore());
  }
  query->span = begin;
  query->with = std::move(with.with);
  THALWEG_RETURN_IF_ERROR(RefuseSetOperation());
  if (Peek().IsWord("ORDER")) THALWEG_RETURN_IF_ERROR(ParseOrderBy(query));
  THALWEG_RETURN_IF_ERROR(ParseLimit(query));
  THALWEG_RETURN_IF_ERROR(RefuseSetOperation());
  THALWEG_RETURN_IF_ERROR(RefuseClause());
  return query;
}

Status Parser::ParseWith(Query* query) {
  Take();
  if (Peek().IsWord("RECURSIVE")) {
    return source_.Unsupported(Peek().span, "WITH RECURSIVE is not supported yet");
  }
  do {
    CommonTable table;
    THALWEG_ASSIGN_OR_RETURN(table.name, ExpectName("a name after WITH"));
    if (Peek().Is("(")) {
      THALWEG_ASSIGN_OR_RETURN(table.columns, ParseNameList());
    }
    THALWEG_RETURN_IF_ERROR(ExpectWord("AS", "after the name in WITH"));
    TakeWord("NOT");
    TakeWord("MATERIALIZED");
    THALWEG_ASSIGN_OR_RETURN(table.query, ParseParenthesisedQuery());
    query->with.push_back(std::move(table));
  } while (TakeSymbol(","));
  if (!AtQuery()) return Expected("SELECT after WITH");
  return {};
}

Status Parser::ParseValues(Query* query) {
  query->is_values = true;
  query->span = Take().span;
  do {
    const Span row_span = Peek().span;
    THALWEG_RETURN_IF_ERROR(ExpectSymbol("(", "before a row of VALUES"));
    std::vector<Expr*> row;
    do {
      THALWEG_ASSIGN_OR_RETURN(Expr * value, ParseExpression());
      row.push_back(value);
    } while (TakeSymbol(","));
    THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after a row of VALUES"));
    if (!query->rows.empty() && row.size() != query->rows[0].size()) {
      return source_.Invalid(
          row_span, "rows of VALUES differ in length: " + std::to_string(query->rows[0].size()) +
                        " and " + std::to_string(row.size()));
    }
    query->rows.push_back(std::move(row));
  } while (TakeSymbol(","));
  return {};
}

Result<Query*> Parser::ParseSelectCore() {
  Query* query = ast_.NewQuery();
  if (TakeWord("FROM")) {
    THALWEG_ASSIGN_OR_RETURN(query->from, ParseTableRef());
    if (Peek().IsWord("SELECT")) {
      Take();
      THALWEG_RETURN_IF_ERROR(ParseSelectList(query));
    } else {
      SelectItem star;
      star.span = query->from.span;
      query->items.push_back(std::move(star));
    }
  } else {
    THALWEG_RETURN_IF_ERROR(ExpectWord("SELECT", "at the start of a query"));
    THALWEG_RETURN_IF_ERROR(ParseSelectList(query));
    if (Peek().IsWord("INTO")) THALWEG_RETURN_IF_ERROR(RefuseClause());
    if (TakeWord("FROM")) {
      THALWEG_ASSIGN_OR_RETURN(query->from, ParseTableRef());
    }
  }
  THALWEG_RETURN_IF_ERROR(ParseSelectClauses(query));
  return query;
}

Status Parser::ParseSelectClauses(Query* query) {
  if (TakeWord("WHERE")) {
    THALWEG_ASSIGN_OR_RETURN(query->where, ParseExpression());
  }
  if (Peek().IsWord("GROUP")) THALWEG_RETURN_IF_ERROR(ParseGroupBy(query));
  THALWEG_RETURN_IF_ERROR(RefuseClause());
  if (TakeWord("HAVING")) {
    THALWEG_ASSIGN_OR_RETURN(query->having, ParseExpression());
  }
  return RefuseClause();
}

Status Parser::ParseSelectList(Query* query) {
  if (TakeWord("DISTINCT")) {
    if (Peek().IsWord("ON") && Peek(1).Is("(")) {
      return source_.Unsupported(Peek().span, "DISTINCT ON is not supported yet");
    }
    query->distinct = true;
  } else {
    TakeWord("ALL");
  }
  do {
    // A comma may end the list.
    const bool ended =
        Peek().IsWord("FROM") || Peek().kind == TokenKind::kEnd || Peek().Is(")") || Peek().Is(";");
    if (ended && !query->items.empty()) return {};
    THALWEG_ASSIGN_OR_RETURN(SelectItem item, ParseSelectItem());
    query->items.push_back(std::move(item));
  } while (TakeSymbol(","));
  return {};
}

Result<SelectItem> Parser::ParseSelectItem() {
  SelectItem item;
  item.span = Peek().span;
  if (TakeSymbol("*")) {
    THALWEG_RETURN_IF_ERROR(ParseStarSuffix(&item));
    return item;
  }
  if (AtName() && Peek(1).Is(".") && Peek(2).Is("*")) {
    item.star_table = Take().text;
    Take();
    item.span.end = Take().span.end;
    THALWEG_RETURN_IF_ERROR(ParseStarSuffix(&item));
    return item;
  }
  THALWEG_ASSIGN_OR_RETURN(item.expr, ParseExpression());
  item.span.end = tokens_[at_ - 1].span.end;
  if (AtWords("PRIMARY", "KEY")) {
    return source_.Unsupported(Peek().span, "PRIMARY KEY is not supported yet");
  }
  THALWEG_RETURN_IF_ERROR(ParseAlias(&item.alias));
  return item;
}

Status Parser::ParseStarSuffix(SelectItem* item) {
  if (TakeWord("EXCLUDE") ||
      (Peek().IsWord("EXCEPT") && Peek(1).Is("(") && !AtSubqueryAfter(1) && TakeWord("EXCEPT"))) {
    if (Peek().Is("(")) {
      THALWEG_ASSIGN_OR_RETURN(item->exclude, ParseNameList());
    } else {
      THALWEG_ASSIGN_OR_RETURN(Name name, ExpectName("a column after EXCLUDE"));
      item->exclude.push_back(std::move(name));
    }
  }
  if (TakeWord("REPLACE")) THALWEG_RETURN_IF_ERROR(ParseReplaceList(item));
  if (Peek().IsWord("RENAME") && Peek(1).Is("(")) {
    return source_.Unsupported(Peek().span, "* RENAME is not supported yet",
                               "use EXCLUDE and name the column: x AS y");
  }
  return {};
}

bool Parser::AtSubqueryAfter(size_t ahead) const {
  return Peek(ahead + 1).IsWord("SELECT") || Peek(ahead + 1).IsWord("FROM") ||
         Peek(ahead + 1).IsWord("VALUES") || Peek(ahead + 1).Is("(");
}

Status Parser::ParseReplaceList(SelectItem* item) {
  THALWEG_RETURN_IF_ERROR(ExpectSymbol("(", "after REPLACE"));
  do {
    THALWEG_ASSIGN_OR_RETURN(Expr * expr, ParseExpression());
    THALWEG_RETURN_IF_ERROR(ExpectWord("AS", "in REPLACE (expression AS column)"));
    THALWEG_ASSIGN_OR_RETURN(Name name, ExpectName("a column after AS"));
    item->replace.emplace_back(std::move(name), expr);
  } while (TakeSymbol(","));
  return ExpectSymbol(")", "after REPLACE");
}

Status Parser::ParseGroupBy(Query* query) {
  Take();
  THALWEG_RETURN_IF_ERROR(ExpectWord("BY", "after GROUP"));
  if (TakeWord("ALL")) {
    query->group_all = true;
    return {};
  }
  do {
    const bool sets = (AtWords("GROUPING", "SETS") && Peek(2).Is("(")) ||
                      ((Peek().IsWord("ROLLUP") || Peek().IsWord("CUBE")) && Peek(1).Is("("));
    if (sets) {
      return source_.Unsupported(Peek().span,
                                 "GROUPING SETS, ROLLUP and CUBE are not supported yet");
    }
    THALWEG_ASSIGN_OR_RETURN(Expr * key, ParseExpression());
    query->group_by.push_back(key);
  } while (TakeSymbol(","));
  return {};
}

Status Parser::ParseOrderBy(Query* query) {
  Take();
  THALWEG_RETURN_IF_ERROR(ExpectWord("BY", "after ORDER"));
  if (Peek().IsWord("ALL")) {
    Take();
    query->order_all = true;
    THALWEG_ASSIGN_OR_RETURN(OrderItem item, ParseOrderItem(/*all=*/true));
    query->order_by.push_back(item);
    return {};
  }
  do {
    THALWEG_ASSIGN_OR_RETURN(OrderItem item, ParseOrderItem(/*all=*/false));
    query->order_by.push_back(item);
  } while (TakeSymbol(","));
  return {};
}

Result<OrderItem> Parser::ParseOrderItem(bool all) {
  OrderItem item;
  if (!all) {
    THALWEG_ASSIGN_OR_RETURN(item.expr, ParseExpression());
  }
  if (TakeWord("DESC") || TakeWord("DESCENDING")) {
    item.descending = true;
  } else if (!TakeWord("ASC")) {
    TakeWord("ASCENDING");
  }
  if (TakeWord("NULLS")) {
    if (TakeWord("FIRST")) {
      item.nulls_first = true;
    } else if (TakeWord("LAST")) {
      item.nulls_first = false;
    } else {
      return Expected("FIRST or LAST after NULLS");
    }
  }
  return item;
}

// LIMIT and OFFSET come in either order.
Status Parser::ParseLimit(Query* query) {
  while (true) {
    const Span span = Peek().span;
    if (Peek().IsWord("LIMIT") && query->limit == nullptr) {
      Take();
      if (TakeWord("ALL")) {
        query->limit = ast_.NewExpr(ExprKind::kNull, span);
        continue;
      }
      THALWEG_ASSIGN_OR_RETURN(query->limit, ParseExpression());
      if (Peek().Is("%") || Peek().IsWord("PERCENT")) {
        return source_.Unsupported(Peek().span, "LIMIT in percent is not supported yet");
      }
    } else if (Peek().IsWord("OFFSET") && query->offset == nullptr) {
      Take();
      THALWEG_ASSIGN_OR_RETURN(query->offset, ParseExpression());
      if (!TakeWord("ROWS")) TakeWord("ROW");
    } else if (AtWords("FETCH", "FIRST") || AtWords("FETCH", "NEXT")) {
      return source_.Unsupported(span, "FETCH FIRST is not supported yet", "use LIMIT");
    } else {
      return {};
    }
  }
}

Status Parser::RefuseSetOperation() {
  for (const std::string_view word : {"UNION", "INTERSECT", "EXCEPT"}) {
    if (Peek().IsWord(word)) {
      return source_.Unsupported(Peek().span,
                                 "set operations are not supported yet: " + std::string(word));
    }
  }
  return {};
}

Status Parser::RefuseClause() {
  const Token& token = Peek();
  struct Refused {
    std::string_view word;
    std::string_view message;
  };
  static constexpr std::array<Refused, 6> kRefused = {{
      {"WINDOW", "windows are not supported yet: WINDOW"},
      {"QUALIFY", "window functions are not supported yet: QUALIFY"},
      {"EMIT", "streaming emission is not supported yet: EMIT"},
      {"INTO", "SELECT … INTO is not supported yet: INTO"},
      {"WITHIN", "interval joins are not supported yet: WITHIN"},
      {"ON", "joins are not supported yet: ON"},
  }};
  for (const Refused& refused : kRefused) {
    if (token.IsWord(refused.word)) {
      return source_.Unsupported(
          token.span, refused.message,
          refused.word == "INTO" ? "use COPY (query) TO 'file'" : std::string_view());
    }
  }
  return {};
}

}  // namespace thalweg::sql
