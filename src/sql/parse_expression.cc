#include <algorithm>
#include <array>
#include <utility>

#include "sql/parser_state.h"

namespace thalweg::sql {
namespace {

// Binding powers, weakest first, as in PostgreSQL and DuckDB.
constexpr int kOrPower = 10;
constexpr int kAndPower = 20;
constexpr int kNotPower = 30;
constexpr int kIsPower = 40;
constexpr int kComparisonPower = 50;
constexpr int kMatchPower = 60;  // LIKE, BETWEEN, IN
constexpr int kOtherPower = 70;
constexpr int kAddPower = 80;
constexpr int kMultiplyPower = 90;
constexpr int kPowerPower = 100;
constexpr int kAtPower = 105;
constexpr int kSignPower = 110;

struct SymbolOperator {
  std::string_view written;
  std::string_view symbol;  ///< The one spelling in the tree.
  int power;
};

constexpr std::array<SymbolOperator, 30> kSymbolOperators = {{
    {"=", "=", kComparisonPower},   {"==", "=", kComparisonPower},  {"<>", "!=", kComparisonPower},
    {"!=", "!=", kComparisonPower}, {"<", "<", kComparisonPower},   {">", ">", kComparisonPower},
    {"<=", "<=", kComparisonPower}, {">=", ">=", kComparisonPower}, {"||", "||", kOtherPower},
    {"->", "->", kOtherPower},      {"->>", "->>", kOtherPower},    {"~", "~", kOtherPower},
    {"!~", "!~", kOtherPower},      {"~~", "~~", kOtherPower},      {"!~~", "!~~", kOtherPower},
    {"~~*", "~~*", kOtherPower},    {"!~~*", "!~~*", kOtherPower},  {"&", "&", kOtherPower},
    {"|", "|", kOtherPower},        {"<<", "<<", kOtherPower},      {">>", ">>", kOtherPower},
    {"^@", "^@", kOtherPower},      {"+", "+", kAddPower},          {"-", "-", kAddPower},
    {"*", "*", kMultiplyPower},     {"/", "/", kMultiplyPower},     {"//", "//", kMultiplyPower},
    {"%", "%", kMultiplyPower},     {"^", "^", kPowerPower},        {"**", "**", kPowerPower},
}};

bool IsNumber(const Expr& expr) {
  return expr.kind == ExprKind::kInteger || expr.kind == ExprKind::kDecimal ||
         expr.kind == ExprKind::kDouble;
}

}  // namespace

Parser::Infix Parser::PeekWordInfix() const {
  const Token& token = Peek();
  if (token.IsWord("AND")) return {kAndPower, "AND"};
  if (token.IsWord("OR")) return {kOrPower, "OR"};
  if (token.IsWord("IS") || token.IsWord("ISNULL") || token.IsWord("NOTNULL")) {
    return {kIsPower, "IS"};
  }
  const bool negated = token.IsWord("NOT");
  const Token& word = Peek(negated ? 1 : 0);
  for (const std::string_view match : {"LIKE", "ILIKE", "BETWEEN", "IN", "SIMILAR", "GLOB"}) {
    if (word.IsWord(match)) return {kMatchPower, match};
  }
  if (token.IsWord("AT") && Peek(1).IsWord("TIME")) return {kAtPower, "AT"};
  if (token.IsWord("COLLATE")) return {kAtPower, "COLLATE"};
  return {};
}

Parser::Infix Parser::PeekInfix() const {
  const Token& token = Peek();
  if (token.kind == TokenKind::kName) return PeekWordInfix();
  if (token.kind != TokenKind::kSymbol) return {};
  for (const SymbolOperator& known : kSymbolOperators) {
    if (token.text == known.written) return {known.power, known.symbol};
  }
  return {};
}

Result<Expr*> Parser::ParseExpression(int power_min) {
  const DepthScope scope(depth_);
  if (!scope.ok()) return TooDeep(Peek().span);
  THALWEG_ASSIGN_OR_RETURN(Expr * left, ParsePrefix());
  bool compared = false;
  while (true) {
    const Infix infix = PeekInfix();
    if (infix.power < power_min || infix.power < 0) return left;
    if (infix.power == kComparisonPower) {
      if (compared) {
        return source_.Invalid(Peek().span, "comparisons cannot be chained",
                               "join two comparisons with AND, or put parentheses");
      }
      compared = true;
    }
    THALWEG_ASSIGN_OR_RETURN(left, ParseInfix(left, infix));
  }
}

Result<Expr*> Parser::ParseInfix(Expr* left, const Infix& infix) {
  if (Peek().kind == TokenKind::kName) return ParseWordInfix(left, infix);
  const Span span = Take().span;
  THALWEG_ASSIGN_OR_RETURN(Expr * right, ParseExpression(infix.power + 1));
  if (infix.symbol.size() >= 2 && infix.symbol.find("~~") != std::string_view::npos) {
    Expr* like = ast_.NewExpr(ExprKind::kLike, span);
    like->text = infix.symbol.back() == '*' ? "ILIKE" : "LIKE";
    like->negated = infix.symbol.front() == '!';
    return Grow(like, {left, right});
  }
  return MakeBinary(std::string(infix.symbol), span, left, right);
}

Result<Expr*> Parser::MakeBinary(std::string symbol, Span span, Expr* left, Expr* right) {
  Expr* binary = ast_.NewExpr(ExprKind::kBinary, span);
  binary->text = std::move(symbol);
  return Grow(binary, {left, right});
}

Result<Expr*> Parser::ParseWordInfix(Expr* left, const Infix& infix) {
  if (infix.symbol == "AND") return ParseChain(left, ExprKind::kAnd, kAndPower);
  if (infix.symbol == "OR") return ParseChain(left, ExprKind::kOr, kOrPower);
  if (infix.symbol == "IS") return ParseIs(left);
  const bool negated = TakeWord("NOT");
  if (infix.symbol == "LIKE" || infix.symbol == "ILIKE") return ParseLike(left, negated);
  if (infix.symbol == "BETWEEN") return ParseBetween(left, negated);
  if (infix.symbol == "IN") return ParseIn(left, negated);
  const Span span = Peek().span;
  if (infix.symbol == "AT") {
    Take();
    THALWEG_RETURN_IF_ERROR(ExpectWord("TIME", "after AT"));
    THALWEG_RETURN_IF_ERROR(ExpectWord("ZONE", "after AT TIME"));
    THALWEG_ASSIGN_OR_RETURN(Expr * zone, ParseExpression(kAtPower + 1));
    Expr* call = ast_.NewExpr(ExprKind::kCall, span);
    call->text = "timezone";
    call->names.resize(2);
    return Grow(call, {zone, left});
  }
  if (infix.symbol == "COLLATE") {
    return source_.Unsupported(span, "collations are not supported yet: COLLATE",
                               "compare lower(x), or use ILIKE");
  }
  if (infix.symbol == "GLOB") {
    return source_.Unsupported(span, "GLOB is not supported yet", "use LIKE or regexp_matches");
  }
  return source_.Unsupported(span, "SIMILAR TO is not supported yet",
                             "use regexp_full_match(text, pattern)");
}

// Long chains of AND or OR stay flat: one node, whatever their length.
Result<Expr*> Parser::ParseChain(Expr* left, ExprKind kind, int power) {
  const Span span = Peek().span;
  Expr* chain = left;
  if (left->kind != kind || left->in_parentheses) {
    chain = ast_.NewExpr(kind, span);
    THALWEG_RETURN_IF_ERROR(Adopt(chain, left));
  }
  const std::string_view word = kind == ExprKind::kAnd ? "AND" : "OR";
  while (TakeWord(word)) {
    THALWEG_ASSIGN_OR_RETURN(Expr * term, ParseExpression(power + 1));
    THALWEG_RETURN_IF_ERROR(Adopt(chain, term));
  }
  return chain;
}

Result<Expr*> Parser::ParseIs(Expr* left) {
  const Span span = Peek().span;
  Expr* is_null = ast_.NewExpr(ExprKind::kIsNull, span);
  if (TakeWord("ISNULL")) return Grow(is_null, {left});
  if (TakeWord("NOTNULL")) {
    is_null->negated = true;
    return Grow(is_null, {left});
  }
  Take();
  const bool negated = TakeWord("NOT");
  if (TakeWord("NULL") || TakeWord("UNKNOWN")) {
    is_null->negated = negated;
    return Grow(is_null, {left});
  }
  const std::string symbol = negated ? "IS DISTINCT FROM" : "IS NOT DISTINCT FROM";
  if (Peek().IsWord("TRUE") || Peek().IsWord("FALSE")) {
    Expr* value = ast_.NewExpr(ExprKind::kBool, Peek().span);
    value->text = Take().IsWord("TRUE") ? "true" : "false";
    return MakeBinary(symbol, span, left, value);
  }
  if (TakeWord("DISTINCT")) {
    THALWEG_RETURN_IF_ERROR(ExpectWord("FROM", "after IS DISTINCT"));
    THALWEG_ASSIGN_OR_RETURN(Expr * right, ParseExpression(kIsPower + 1));
    return MakeBinary(negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM", span, left, right);
  }
  return Expected("NULL, TRUE, FALSE or DISTINCT FROM after IS", "equality is written with =");
}

Result<Expr*> Parser::ParseLike(Expr* left, bool negated) {
  Expr* like = ast_.NewExpr(ExprKind::kLike, Peek().span);
  like->negated = negated;
  like->text = Take().IsWord("ILIKE") ? "ILIKE" : "LIKE";
  THALWEG_ASSIGN_OR_RETURN(Expr * pattern, ParseExpression(kMatchPower + 1));
  THALWEG_ASSIGN_OR_RETURN(like, Grow(like, {left, pattern}));
  if (TakeWord("ESCAPE")) {
    THALWEG_ASSIGN_OR_RETURN(Expr * escape, ParseExpression(kMatchPower + 1));
    return Grow(like, {escape});
  }
  return like;
}

Result<Expr*> Parser::ParseBetween(Expr* left, bool negated) {
  Expr* between = ast_.NewExpr(ExprKind::kBetween, Peek().span);
  between->negated = negated;
  Take();
  if (Peek().IsWord("SYMMETRIC")) {
    return source_.Unsupported(Peek().span, "BETWEEN SYMMETRIC is not supported yet");
  }
  THALWEG_ASSIGN_OR_RETURN(Expr * low, ParseExpression(kMatchPower + 1));
  THALWEG_RETURN_IF_ERROR(ExpectWord("AND", "between the bounds of BETWEEN"));
  THALWEG_ASSIGN_OR_RETURN(Expr * high, ParseExpression(kMatchPower + 1));
  return Grow(between, {left, low, high});
}

Result<Expr*> Parser::ParseIn(Expr* left, bool negated) {
  Expr* in = ast_.NewExpr(ExprKind::kIn, Peek().span);
  in->negated = negated;
  Take();
  THALWEG_RETURN_IF_ERROR(Adopt(in, left));
  if (!Peek().Is("(")) {
    // x IN list: a value of a list type.
    Expr* call = ast_.NewExpr(ExprKind::kCall, in->span);
    call->text = "list_contains";
    call->names.resize(2);
    THALWEG_ASSIGN_OR_RETURN(Expr * list, ParseExpression(kMatchPower + 1));
    THALWEG_ASSIGN_OR_RETURN(call, Grow(call, {list, left}));
    if (!negated) return call;
    return Grow(ast_.NewExpr(ExprKind::kNot, in->span), {call});
  }
  Take();
  if (AtQuery()) {
    return source_.Unsupported(Peek().span, "subqueries in expressions are not supported yet: IN");
  }
  do {
    THALWEG_ASSIGN_OR_RETURN(Expr * item, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(in, item));
  } while (TakeSymbol(","));
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after the list of IN"));
  return in;
}

Result<Expr*> Parser::ParsePrefix() {
  const Token& token = Peek();
  if (token.IsWord("NOT")) {
    const Span span = Take().span;
    THALWEG_ASSIGN_OR_RETURN(Expr * operand, ParseExpression(kNotPower));
    return Grow(ast_.NewExpr(ExprKind::kNot, span), {operand});
  }
  if (token.Is("+")) {
    Take();
    return ParseExpression(kSignPower);
  }
  if (token.Is("-") || token.Is("~")) return ParseNegation();
  THALWEG_ASSIGN_OR_RETURN(Expr * primary, ParsePrimary());
  return ParsePostfix(primary);
}

Result<Expr*> Parser::ParseNegation() {
  const Token token = Take();
  THALWEG_ASSIGN_OR_RETURN(Expr * operand, ParseExpression(kSignPower));
  // A sign belongs to its number, so that the least BIGINT is a BIGINT.
  if (token.Is("-") && IsNumber(*operand) && operand->text.front() != '-') {
    operand->text.insert(0, 1, '-');
    operand->span.begin = token.span.begin;
    return operand;
  }
  Expr* unary = ast_.NewExpr(ExprKind::kUnary, token.span);
  unary->text = token.text;
  return Grow(unary, {operand});
}

Result<Expr*> Parser::ParsePostfix(Expr* left) {
  while (true) {
    const Span span = Peek().span;
    if (TakeSymbol("::")) {
      Expr* cast = ast_.NewExpr(ExprKind::kCast, span);
      THALWEG_ASSIGN_OR_RETURN(cast->type, ParseType());
      THALWEG_ASSIGN_OR_RETURN(left, Grow(cast, {left}));
    } else if (Peek().Is("[")) {
      THALWEG_ASSIGN_OR_RETURN(left, ParseIndex(left));
    } else if (Peek().Is(".") && left->kind != ExprKind::kInteger) {
      Take();
      THALWEG_ASSIGN_OR_RETURN(Name name, ExpectName("a field name after '.'"));
      Expr* field = ast_.NewExpr(ExprKind::kField, name.span);
      field->text = std::move(name.text);
      THALWEG_ASSIGN_OR_RETURN(left, Grow(field, {left}));
    } else {
      return left;
    }
  }
}

Result<Expr*> Parser::ParseIndex(Expr* left) {
  const Span span = Take().span;
  Expr* low = nullptr;
  Expr* high = nullptr;
  if (!Peek().Is(":")) {
    THALWEG_ASSIGN_OR_RETURN(low, ParseExpression());
    if (TakeSymbol("]")) return Grow(ast_.NewExpr(ExprKind::kIndex, span), {left, low});
  }
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(":", "or ']' in an index"));
  if (!Peek().Is("]")) {
    THALWEG_ASSIGN_OR_RETURN(high, ParseExpression());
  }
  THALWEG_RETURN_IF_ERROR(ExpectSymbol("]", "after an index"));
  for (Expr** bound : {&low, &high}) {
    if (*bound != nullptr) continue;
    *bound = ast_.NewExpr(ExprKind::kNull, span);
    (*bound)->text.assign(1, ':');
  }
  return Grow(ast_.NewExpr(ExprKind::kSlice, span), {left, low, high});
}

}  // namespace thalweg::sql
