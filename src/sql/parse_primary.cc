#include <array>
#include <utility>

#include "sql/lexer.h"
#include "sql/parser_state.h"

namespace thalweg::sql {
namespace {

struct TypeWord {
  std::string_view word;
  std::string_view type;
};

// Words that make a typed literal when a string follows.
constexpr std::array<TypeWord, 6> kLiteralTypes = {{
    {"DATE", "DATE"},
    {"TIME", "TIME"},
    {"TIMESTAMP", "TIMESTAMP"},
    {"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"},
    {"DATETIME", "TIMESTAMP"},
    {"UUID", "VARCHAR"},
}};

// Standard functions that are called without parentheses.
constexpr std::array<std::string_view, 5> kBareFunctions = {
    "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"};

constexpr std::array<std::string_view, 16> kIntervalUnits = {
    "microsecond", "millisecond", "second", "minute",  "hour",       "day", "week", "month",
    "quarter",     "year",        "decade", "century", "millennium", "us",  "ms",   "s"};

bool IsIntervalUnit(std::string_view lower) {
  if (lower == "centuries" || lower == "millennia") return true;
  for (const std::string_view unit : kIntervalUnits) {
    if (lower == unit) return true;
    if (lower.size() == unit.size() + 1 && lower.starts_with(unit) && lower.back() == 's') {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<Expr*> Parser::ParsePrimary() {
  const Token& token = Peek();
  switch (token.kind) {
    case TokenKind::kString:
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kDouble:
    case TokenKind::kParameter:
      return ParseLiteral();
    case TokenKind::kName:
    case TokenKind::kQuotedName:
      return ParseNameOrCall();
    case TokenKind::kSymbol:
      if (token.text == "(") return ParseParenthesised();
      if (token.text == "[") return ParseList();
      if (token.text == "{") return ParseStruct();
      if (token.text == "?") {
        return source_.Unsupported(token.span, "parameters by position are not supported: ?",
                                   "name them: $name");
      }
      if (token.text == "*") {
        return source_.Invalid(token.span, "a star cannot stand inside an expression",
                               "it stands alone in the select list, or as COUNT(*)");
      }
      break;
    case TokenKind::kDuration:
      return source_.Invalid(token.span, "a duration cannot stand here: " + token.text,
                             "an interval is written INTERVAL '5' MINUTE");
    case TokenKind::kEnd:
      break;
  }
  return Expected("an expression");
}

Result<Expr*> Parser::ParseLiteral() {
  const Token& token = Take();
  ExprKind kind = ExprKind::kString;
  switch (token.kind) {
    case TokenKind::kInteger:
      kind = ExprKind::kInteger;
      break;
    case TokenKind::kDecimal:
      kind = ExprKind::kDecimal;
      break;
    case TokenKind::kDouble:
      kind = ExprKind::kDouble;
      break;
    case TokenKind::kParameter:
      kind = ExprKind::kParameter;
      break;
    default:
      break;
  }
  Expr* literal = ast_.NewExpr(kind, token.span);
  literal->text = token.text;
  return literal;
}

Result<Expr*> Parser::ParseParenthesised() {
  const Span span = Take().span;
  if (AtQuery()) {
    return source_.Unsupported(span, "subqueries in expressions are not supported yet",
                               "a subquery can stand in FROM");
  }
  THALWEG_ASSIGN_OR_RETURN(Expr * inner, ParseExpression());
  if (Peek().Is(",")) {
    return source_.Unsupported(span, "row values are not supported yet: (a, b)",
                               "a struct is written {'a': 1, 'b': 2}");
  }
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "to close the parenthesis"));
  inner->in_parentheses = true;
  return inner;
}

Result<Expr*> Parser::ParseList() {
  Expr* list = ast_.NewExpr(ExprKind::kList, Take().span);
  if (TakeSymbol("]")) return list;
  do {
    THALWEG_ASSIGN_OR_RETURN(Expr * item, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(list, item));
  } while (TakeSymbol(","));
  THALWEG_RETURN_IF_ERROR(ExpectSymbol("]", "after a list"));
  return list;
}

Result<Expr*> Parser::ParseStruct() {
  Expr* record = ast_.NewExpr(ExprKind::kStruct, Take().span);
  if (TakeSymbol("}")) return record;
  do {
    std::string key;
    if (Peek().kind == TokenKind::kString) {
      key = Take().text;
    } else {
      THALWEG_ASSIGN_OR_RETURN(Name name, ExpectName("a key in {…}"));
      key = std::move(name.text);
    }
    THALWEG_RETURN_IF_ERROR(ExpectSymbol(":", "after a key in {…}"));
    THALWEG_ASSIGN_OR_RETURN(Expr * value, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(record, value));
    record->names.push_back(std::move(key));
  } while (TakeSymbol(","));
  THALWEG_RETURN_IF_ERROR(ExpectSymbol("}", "after a struct"));
  return record;
}

Result<Expr*> Parser::ParseNameOrCall() {
  bool handled = false;
  if (Peek().kind == TokenKind::kName) {
    THALWEG_ASSIGN_OR_RETURN(Expr * special, ParseKeywordExpression(&handled));
    if (handled) return special;
  }
  if (Peek(1).Is("(")) return ParseCall();
  if (!AtName()) return Expected("an expression");
  return ParseColumn();
}

Result<Expr*> Parser::ParseKeywordExpression(bool* handled) {
  *handled = true;
  const Token& token = Peek();
  if (token.IsWord("NULL")) return ast_.NewExpr(ExprKind::kNull, Take().span);
  if (token.IsWord("TRUE") || token.IsWord("FALSE")) {
    Expr* literal = ast_.NewExpr(ExprKind::kBool, token.span);
    literal->text = Take().IsWord("TRUE") ? "true" : "false";
    return literal;
  }
  if (token.IsWord("CASE")) return ParseCase();
  if (token.IsWord("CAST") && Peek(1).Is("(")) return ParseCast(false);
  if (token.IsWord("TRY_CAST") && Peek(1).Is("(")) return ParseCast(true);
  if (token.IsWord("INTERVAL") && !Peek(1).Is(".") && !Peek(1).Is(",") && !Peek(1).Is(")") &&
      PeekIntervalValue()) {
    return ParseInterval();
  }
  if (token.IsWord("EXISTS") && Peek(1).Is("(")) {
    return source_.Unsupported(token.span,
                               "subqueries in expressions are not supported yet: EXISTS");
  }
  for (const std::string_view word : {"ANY", "ALL", "SOME"}) {
    if (token.IsWord(word) && Peek(1).Is("(")) {
      return source_.Unsupported(
          token.span, "quantified comparisons are not supported yet: " + std::string(word));
    }
  }
  if (Peek(1).kind == TokenKind::kString) {
    for (const TypeWord& known : kLiteralTypes) {
      if (token.IsWord(known.word)) return ParseTypedLiteral();
    }
  }
  if (token.IsWord("TIMESTAMP") && Peek(1).IsWord("WITH") && Peek(2).IsWord("TIME") &&
      Peek(3).IsWord("ZONE") && Peek(4).kind == TokenKind::kString) {
    return ParseTypedLiteral();
  }
  for (const std::string_view word : kBareFunctions) {
    if (token.IsWord(word) && !Peek(1).Is("(") && !Peek(1).Is(".")) {
      Expr* call = ast_.NewExpr(ExprKind::kCall, token.span);
      call->text = LowerAscii(Take().text);
      return call;
    }
  }
  *handled = false;
  return nullptr;
}

Result<Expr*> Parser::ParseTypedLiteral() {
  Expr* cast = ast_.NewExpr(ExprKind::kCast, Peek().span);
  THALWEG_ASSIGN_OR_RETURN(cast->type, ParseType());
  const Token& text = Take();
  return Grow(cast, {StringLiteral(text.text, text.span)});
}

Result<Expr*> Parser::ParseCase() {
  Expr* node = ast_.NewExpr(ExprKind::kCase, Take().span);
  if (!Peek().IsWord("WHEN")) {
    node->has_operand = true;
    THALWEG_ASSIGN_OR_RETURN(Expr * operand, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(node, operand));
  }
  if (!Peek().IsWord("WHEN")) return Expected("WHEN in CASE");
  while (TakeWord("WHEN")) {
    THALWEG_ASSIGN_OR_RETURN(Expr * condition, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(node, condition));
    THALWEG_RETURN_IF_ERROR(ExpectWord("THEN", "after the condition of WHEN"));
    THALWEG_ASSIGN_OR_RETURN(Expr * value, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(node, value));
  }
  if (TakeWord("ELSE")) {
    node->has_else = true;
    THALWEG_ASSIGN_OR_RETURN(Expr * otherwise, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(node, otherwise));
  }
  THALWEG_RETURN_IF_ERROR(ExpectWord("END", "to close CASE"));
  return node;
}

Result<Expr*> Parser::ParseCast(bool try_cast) {
  Expr* cast = ast_.NewExpr(ExprKind::kCast, Take().span);
  cast->try_cast = try_cast;
  Take();
  THALWEG_ASSIGN_OR_RETURN(Expr * value, ParseExpression());
  THALWEG_RETURN_IF_ERROR(ExpectWord("AS", "after the value of CAST"));
  THALWEG_ASSIGN_OR_RETURN(cast->type, ParseType());
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after the type of CAST"));
  return Grow(cast, {value});
}

bool Parser::PeekIntervalValue() const {
  const Token& next = Peek(1);
  return next.kind == TokenKind::kString || next.kind == TokenKind::kInteger ||
         next.kind == TokenKind::kDecimal || next.kind == TokenKind::kDouble ||
         next.kind == TokenKind::kParameter || next.Is("(") ||
         ((next.Is("-") || next.Is("+")) && Peek(2).kind == TokenKind::kInteger &&
          Peek(3).kind == TokenKind::kName && IsIntervalUnit(LowerAscii(Peek(3).text))) ||
         (AtName(1) && Peek(2).kind == TokenKind::kName &&
          IsIntervalUnit(LowerAscii(Peek(2).text)));
}

// INTERVAL '1' DAY, INTERVAL 5 MINUTE, INTERVAL (a + 1) DAY, INTERVAL '1 day 2 hours'.
Result<Expr*> Parser::ParseInterval() {
  Expr* interval = ast_.NewExpr(ExprKind::kInterval, Take().span);
  Expr* value = nullptr;
  const bool negative = Peek().Is("-");
  if (negative || Peek().Is("+")) Take();
  if (Peek().Is("(")) {
    THALWEG_ASSIGN_OR_RETURN(value, ParseParenthesised());
  } else if (AtName()) {
    THALWEG_ASSIGN_OR_RETURN(value, ParseColumn());
  } else {
    THALWEG_ASSIGN_OR_RETURN(value, ParseLiteral());
  }
  if (negative) value->text.insert(0, 1, '-');
  if (Peek().kind == TokenKind::kName && IsIntervalUnit(LowerAscii(Peek().text))) {
    interval->text = LowerAscii(Take().text);
    const bool plural = interval->text.size() > 2 && interval->text.back() == 's';
    if (interval->text == "centuries") {
      interval->text = "century";
    } else if (interval->text == "millennia") {
      interval->text = "millennium";
    } else if (plural) {
      interval->text.pop_back();
    }
    if (Peek().IsWord("TO")) {
      return source_.Unsupported(Peek().span, "intervals of several fields are not supported: TO",
                                 "write the fields as text: INTERVAL '1 day 2 hours'");
    }
  } else if (value->kind != ExprKind::kString) {
    return Expected("a unit after INTERVAL", "such as DAY, HOUR, MINUTE or SECOND");
  }
  return Grow(interval, {value});
}

Result<Expr*> Parser::ParseColumn() {
  THALWEG_ASSIGN_OR_RETURN(Name first, ExpectName("a column name"));
  Expr* column = ast_.NewExpr(ExprKind::kColumn, first.span);
  column->names.push_back(std::move(first.text));
  while (Peek().Is(".") && !Peek(1).Is("*")) {
    if (static_cast<int>(column->names.size()) >= depth_.height_max()) return TooDeep(column->span);
    Take();
    // After a dot even a keyword can only be a name.
    const Token& part = Peek();
    if (part.kind != TokenKind::kName && part.kind != TokenKind::kQuotedName) {
      return Expected("a name after '.'");
    }
    column->names.push_back(Take().text);
    column->span.end = part.span.end;
  }
  return column;
}

}  // namespace thalweg::sql
