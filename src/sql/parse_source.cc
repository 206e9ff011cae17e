#include <utility>

#include "sql/lexer.h"
#include "sql/parser_state.h"

namespace thalweg::sql {

Result<TableRef> Parser::ParseTableRef() {
  TableRef ref;
  const Token& token = Peek();
  ref.span = token.span;
  if (token.Is("(")) {
    ref.kind = TableRef::Kind::kQuery;
    THALWEG_ASSIGN_OR_RETURN(ref.query, ParseParenthesisedQuery());
  } else if (token.kind == TokenKind::kString) {
    ref.kind = TableRef::Kind::kPath;
    ref.text = Take().text;
    if (ref.text.empty()) return source_.Invalid(ref.span, "a path is empty");
  } else if (token.IsWord("LATERAL")) {
    return source_.Unsupported(token.span, "LATERAL is not supported yet");
  } else if (token.IsWord("VALUES") && Peek(1).Is("(")) {
    ref.kind = TableRef::Kind::kQuery;
    ref.query = ast_.NewQuery();
    THALWEG_RETURN_IF_ERROR(ParseValues(ref.query));
  } else if (AtName() && Peek(1).Is("(")) {
    THALWEG_RETURN_IF_ERROR(ParseTableFunction(&ref));
  } else {
    if (!AtName()) {
      return Expected("a table",
                      "a name, a path in single quotes, a function such as read_csv('f.csv'), or a "
                      "subquery in parentheses");
    }
    ref.kind = TableRef::Kind::kName;
    ref.names.push_back(Take().text);
    while (TakeSymbol(".")) {
      THALWEG_ASSIGN_OR_RETURN(Name part, ExpectName("a table name after '.'"));
      ref.names.push_back(std::move(part.text));
      ref.span.end = part.span.end;
    }
  }
  THALWEG_RETURN_IF_ERROR(ParseTableAlias(&ref));
  THALWEG_RETURN_IF_ERROR(RefuseJoin());
  return ref;
}

Status Parser::ParseTableFunction(TableRef* ref) {
  ref->kind = TableRef::Kind::kFunction;
  ref->text = LowerAscii(Take().text);
  for (const std::string_view window : {"tumble", "hop", "session"}) {
    if (ref->text == window) {
      return source_.Unsupported(
          ref->span, "streaming windows are not supported yet: " + std::string(window) + "(…)");
    }
  }
  Take();
  if (TakeSymbol(")")) return {};
  do {
    OptionItem argument;
    argument.name.span = Peek().span;
    if ((Peek().kind == TokenKind::kName || Peek().kind == TokenKind::kQuotedName) &&
        (Peek(1).Is(":=") || Peek(1).Is("=>") || Peek(1).Is("="))) {
      argument.name.text = LowerAscii(Take().text);
      Take();
    }
    THALWEG_ASSIGN_OR_RETURN(argument.value, ParseExpression());
    ref->arguments.push_back(std::move(argument));
  } while (TakeSymbol(","));
  return ExpectSymbol(")", "after the arguments of " + Shortened(ref->text));
}

Status Parser::ParseAlias(Name* alias) {
  if (TakeWord("AS")) {
    if (Peek().kind == TokenKind::kString) {
      const Token& token = Take();
      *alias = {token.text, token.span};
      return {};
    }
    // After AS a keyword can only be a name.
    if (Peek().kind == TokenKind::kName) {
      const Token& token = Take();
      *alias = {token.text, token.span};
      return {};
    }
    THALWEG_ASSIGN_OR_RETURN(*alias, ExpectName("a name after AS"));
    return {};
  }
  if (AtName()) {
    const Token& token = Take();
    *alias = {token.text, token.span};
  }
  return {};
}

Status Parser::ParseTableAlias(TableRef* ref) {
  if (AtWords("FOR", "SYSTEM_TIME")) {
    return source_.Unsupported(Peek().span, "FOR SYSTEM_TIME AS OF is not supported yet");
  }
  for (const std::string_view word : {"TABLESAMPLE", "PIVOT", "UNPIVOT", "MATCH_RECOGNIZE"}) {
    if (Peek().IsWord(word)) {
      return source_.Unsupported(Peek().span, std::string(word) + " is not supported yet");
    }
  }
  if (AtWords("POSITIONAL", "JOIN") || AtWords("SEMI", "JOIN") || AtWords("ANTI", "JOIN")) {
    return RefuseJoin();
  }
  if (Peek().IsWord("AS") || AtName()) {
    THALWEG_RETURN_IF_ERROR(ParseAlias(&ref->alias));
    if (Peek().Is("(")) {
      THALWEG_ASSIGN_OR_RETURN(ref->column_aliases, ParseNameList());
    }
  }
  return {};
}

Status Parser::RefuseJoin() {
  const Token& token = Peek();
  if (token.Is(",")) {
    return source_.Unsupported(token.span, "joins are not supported yet: several tables in FROM");
  }
  for (const std::string_view word : {"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL",
                                      "ASOF", "POSITIONAL", "SEMI", "ANTI"}) {
    if (token.IsWord(word)) {
      return source_.Unsupported(
          token.span, "joins are not supported yet: " + std::string(word == "JOIN" ? "" : word) +
                          (word == "JOIN" ? "" : " ") + "JOIN");
    }
  }
  return {};
}

Result<std::vector<Name>> Parser::ParseNameList() {
  THALWEG_RETURN_IF_ERROR(ExpectSymbol("(", "before a list of names"));
  std::vector<Name> names;
  do {
    THALWEG_ASSIGN_OR_RETURN(Name name, ExpectName("a name"));
    names.push_back(std::move(name));
  } while (TakeSymbol(","));
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after a list of names"));
  return names;
}

}  // namespace thalweg::sql
