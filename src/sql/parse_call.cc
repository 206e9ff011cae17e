#include <algorithm>
#include <utility>

#include "sql/lexer.h"
#include "sql/parser_state.h"

namespace thalweg::sql {

Result<Expr*> Parser::ParseCall() {
  bool handled = false;
  if (Peek().kind == TokenKind::kName) {
    THALWEG_ASSIGN_OR_RETURN(Expr * special, ParseSpecialCall(&handled));
    if (handled) return special;
  }
  Expr* call = ast_.NewExpr(ExprKind::kCall, Peek().span);
  if (IsReserved(Peek().text) && !Peek().IsWord("LEFT") && !Peek().IsWord("RIGHT") &&
      Peek().kind == TokenKind::kName) {
    return Expected("an expression");
  }
  call->text = LowerAscii(Take().text);
  Take();
  THALWEG_RETURN_IF_ERROR(ParseArguments(call));
  THALWEG_RETURN_IF_ERROR(ParseCallSuffix(call));
  return call;
}

Status Parser::ParseArguments(Expr* call) {
  if (TakeSymbol(")")) return {};
  if (Peek().Is("*")) {
    Take();
    call->star = true;
    return ExpectSymbol(")", "after *");
  }
  if (TakeWord("DISTINCT")) {
    call->distinct = true;
  } else {
    TakeWord("ALL");
  }
  return ParseArgumentList(call);
}

Status Parser::ParseArgumentList(Expr* call) {
  do {
    std::string name;
    if (AtName() && (Peek(1).Is(":=") || Peek(1).Is("=>"))) {
      name = Take().text;
      Take();
    }
    THALWEG_ASSIGN_OR_RETURN(Expr * argument, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(call, argument));
    call->names.push_back(std::move(name));
  } while (TakeSymbol(","));
  return EndArguments(call);
}

// The first argument has been read to see which form the call has.
Result<Expr*> Parser::ParseMoreArguments(Expr* call, Expr* first) {
  THALWEG_RETURN_IF_ERROR(Adopt(call, first));
  call->names.emplace_back();
  if (TakeSymbol(",")) {
    THALWEG_RETURN_IF_ERROR(ParseArgumentList(call));
  } else {
    THALWEG_RETURN_IF_ERROR(EndArguments(call));
  }
  return call;
}

Status Parser::EndArguments(Expr* call) {
  if (Peek().IsWord("ORDER")) {
    return source_.Unsupported(Peek().span, "ORDER BY inside a function is not supported yet");
  }
  return ExpectSymbol(")", "after the arguments of " + Shortened(call->text));
}

Status Parser::ParseCallSuffix(Expr* call) {
  if (AtWords("WITHIN", "GROUP")) {
    return source_.Unsupported(Peek().span, "WITHIN GROUP is not supported yet");
  }
  if (Peek().IsWord("FILTER") && Peek(1).Is("(")) {
    Take();
    Take();
    THALWEG_RETURN_IF_ERROR(ExpectWord("WHERE", "in FILTER"));
    THALWEG_ASSIGN_OR_RETURN(call->filter, ParseExpression());
    THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after FILTER"));
    call->height = std::max(call->height, call->filter->height + 1);
    if (call->height > depth_.height_max()) return TooDeep(call->span);
  }
  if (AtWords("IGNORE", "NULLS") || AtWords("RESPECT", "NULLS")) {
    return source_.Unsupported(Peek().span, "IGNORE NULLS and RESPECT NULLS are not supported yet");
  }
  if (Peek().IsWord("OVER") && (Peek(1).Is("(") || AtName(1))) {
    return source_.Unsupported(Peek().span, "window functions are not supported yet: OVER");
  }
  return {};
}

Result<Expr*> Parser::ParseSpecialCall(bool* handled) {
  *handled = true;
  const Token& token = Peek();
  if (token.IsWord("EXTRACT")) return ParseExtract();
  if (token.IsWord("POSITION")) return ParsePosition();
  if (token.IsWord("SUBSTRING")) return ParseSubstring();
  if (token.IsWord("TRIM")) return ParseTrim();
  if (token.IsWord("COLUMNS")) {
    return source_.Unsupported(token.span, "COLUMNS(…) is not supported yet",
                               "use * EXCLUDE (…) or name the columns");
  }
  *handled = false;
  return nullptr;
}

// EXTRACT(year FROM x), and the plain call EXTRACT('year', x).
Result<Expr*> Parser::ParseExtract() {
  Expr* call = ast_.NewExpr(ExprKind::kCall, Take().span);
  call->text = "date_part";
  Take();
  const bool word = Peek().kind == TokenKind::kName || Peek().kind == TokenKind::kString;
  if (word && Peek(1).IsWord("FROM")) {
    const Token field = Take();
    Take();
    THALWEG_ASSIGN_OR_RETURN(Expr * value, ParseExpression());
    THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after EXTRACT"));
    call->names.resize(2);
    return Grow(call, {StringLiteral(LowerAscii(field.text), field.span), value});
  }
  THALWEG_RETURN_IF_ERROR(ParseArguments(call));
  return call;
}

// POSITION(needle IN text): the function takes the text first.
Result<Expr*> Parser::ParsePosition() {
  Expr* call = ast_.NewExpr(ExprKind::kCall, Take().span);
  call->text = "position";
  Take();
  // IN binds as strongly as LIKE, so the needle must be tighter than that.
  THALWEG_ASSIGN_OR_RETURN(Expr * needle, ParseExpression(/*power_min=*/61));
  if (!TakeWord("IN")) return ParseMoreArguments(call, needle);
  THALWEG_ASSIGN_OR_RETURN(Expr * text, ParseExpression());
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after POSITION"));
  call->names.resize(2);
  return Grow(call, {text, needle});
}

// SUBSTRING(text FROM first FOR count), and the plain call.
Result<Expr*> Parser::ParseSubstring() {
  Expr* call = ast_.NewExpr(ExprKind::kCall, Take().span);
  call->text = "substring";
  Take();
  THALWEG_ASSIGN_OR_RETURN(Expr * text, ParseExpression());
  if (!Peek().IsWord("FROM") && !Peek().IsWord("FOR")) return ParseMoreArguments(call, text);
  THALWEG_RETURN_IF_ERROR(Adopt(call, text));
  Expr* first = ast_.NewExpr(ExprKind::kInteger, Peek().span);
  first->text = "1";
  if (TakeWord("FROM")) {
    THALWEG_ASSIGN_OR_RETURN(first, ParseExpression());
  }
  THALWEG_RETURN_IF_ERROR(Adopt(call, first));
  if (TakeWord("FOR")) {
    THALWEG_ASSIGN_OR_RETURN(Expr * count, ParseExpression());
    THALWEG_RETURN_IF_ERROR(Adopt(call, count));
  }
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after SUBSTRING"));
  call->names.resize(call->children.size());
  return call;
}

// TRIM([LEADING | TRAILING | BOTH] [characters] FROM text), and the plain call.
Result<Expr*> Parser::ParseTrim() {
  Expr* call = ast_.NewExpr(ExprKind::kCall, Take().span);
  call->text = "trim";
  Take();
  const bool both = TakeWord("BOTH");
  if (TakeWord("LEADING")) {
    call->text = "ltrim";
  } else if (TakeWord("TRAILING")) {
    call->text = "rtrim";
  }
  const bool standard = both || call->text != "trim";
  Expr* characters = nullptr;
  if (!Peek().IsWord("FROM")) {
    THALWEG_ASSIGN_OR_RETURN(characters, ParseExpression());
    if (!Peek().IsWord("FROM")) {
      if (standard && Peek().Is(",")) return Expected("FROM in TRIM");
      return ParseMoreArguments(call, characters);
    }
  }
  Take();
  THALWEG_ASSIGN_OR_RETURN(Expr * text, ParseExpression());
  THALWEG_RETURN_IF_ERROR(Adopt(call, text));
  if (characters != nullptr) THALWEG_RETURN_IF_ERROR(Adopt(call, characters));
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after TRIM"));
  call->names.resize(call->children.size());
  return call;
}

}  // namespace thalweg::sql
