#include "sql/parser.h"

#include <algorithm>
#include <utility>

#include "base/spec.h"
#include "sql/lexer.h"
#include "sql/parser_state.h"

namespace thalweg::sql {

const Token& Parser::Peek(size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& Parser::Take() {
  const Token& token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::TakeSymbol(std::string_view symbol) {
  if (!Peek().Is(symbol)) return false;
  Take();
  return true;
}

bool Parser::TakeWord(std::string_view upper) {
  if (!Peek().IsWord(upper)) return false;
  Take();
  return true;
}

bool Parser::AtWords(std::string_view first, std::string_view second) const {
  return Peek().IsWord(first) && Peek(1).IsWord(second);
}

bool Parser::AtName(size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kQuotedName ||
         (token.kind == TokenKind::kName && !IsReserved(token.text));
}

Status Parser::Expected(std::string_view what, std::string_view hint) const {
  const Token& token = Peek();
  std::string message = "expected " + std::string(what) + ", found ";
  if (token.kind == TokenKind::kEnd) {
    message += "the end of the text";
  } else {
    message.append(1, '\'').append(Shortened(source_.At(token.span))).append(1, '\'');
  }
  return source_.Invalid(token.span, message, hint);
}

Status Parser::ExpectSymbol(std::string_view symbol, std::string_view after) {
  if (TakeSymbol(symbol)) return {};
  return Expected(std::string(1, '\'').append(symbol).append("' ").append(after));
}

Status Parser::ExpectWord(std::string_view upper, std::string_view after) {
  if (TakeWord(upper)) return {};
  return Expected(std::string(upper) + " " + std::string(after));
}

Result<Name> Parser::ExpectName(std::string_view what) {
  if (!AtName()) {
    if (Peek().kind == TokenKind::kString) {
      return Expected(what, "single quotes make a string; a name stands in double quotes");
    }
    if (Peek().kind == TokenKind::kName) {
      return Expected(what, "a keyword can be a name when it stands in double quotes");
    }
    return Expected(what);
  }
  const Token& token = Take();
  return Name{token.text, token.span};
}

Status Parser::TooDeep(Span span) const {
  return source_.Invalid(span, "the text is nested too deeply",
                         "at most " + std::to_string(depth_.height_max()) +
                             " levels of parentheses, operators and subqueries");
}

Status Parser::Adopt(Expr* node, Expr* child) {
  node->height = std::max(node->height, child->height + 1);
  if (node->height > depth_.height_max()) return TooDeep(node->span);
  node->children.push_back(child);
  return {};
}

Result<Expr*> Parser::Grow(Expr* node, std::vector<Expr*> children) {
  for (Expr* child : children) THALWEG_RETURN_IF_ERROR(Adopt(node, child));
  return node;
}

Expr* Parser::StringLiteral(std::string text, Span span) {
  Expr* literal = ast_.NewExpr(ExprKind::kString, span);
  literal->text = std::move(text);
  return literal;
}

Result<std::vector<const Statement*>> Parser::ParseScript() {
  std::vector<const Statement*> statements;
  while (true) {
    while (TakeSymbol(";")) {
    }
    if (Peek().kind == TokenKind::kEnd) return statements;
    const uint32_t begin = Peek().span.begin;
    THALWEG_ASSIGN_OR_RETURN(Statement * statement, ParseStatement());
    if (!Peek().Is(";") && Peek().kind != TokenKind::kEnd) {
      static const std::vector<std::string> kClauses = {
          "FROM",   "WHERE", "GROUP",  "HAVING", "ORDER", "LIMIT", "OFFSET",
          "FORMAT", "UNION", "SELECT", "AS",     "AND",   "OR"};
      // A misspelt clause was perhaps taken for an alias just before.
      std::string hint;
      for (const size_t place : {at_, at_ - 1}) {
        const Token* token = &tokens_[place];
        if (!hint.empty() || token->kind != TokenKind::kName || token->text.size() < 3) continue;
        const std::string nearest = NearestName(Shortened(token->text, 16), kClauses);
        if (nearest.empty() || EqualsIgnoreCase(nearest, token->text)) continue;
        hint = "did you mean " + nearest + " instead of '" + token->text + "'?";
      }
      return source_.Invalid(Peek().span, "unexpected '" + Shortened(source_.At(Peek().span)) + "'",
                             hint);
    }
    statement->span = {begin, tokens_[at_ - 1].span.end};
    statements.push_back(statement);
  }
}

Result<std::unique_ptr<const ParsedScript>> Parse(const SourceText& source) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(source));
  auto script = std::make_unique<ParsedScript>();
  Parser parser(source, std::move(tokens), script->ast);
  THALWEG_ASSIGN_OR_RETURN(script->statements, parser.ParseScript());
  return std::unique_ptr<const ParsedScript>(std::move(script));
}

}  // namespace thalweg::sql
