#include <array>
#include <utility>
#include <vector>

#include "base/spec.h"
#include "sql/lexer.h"
#include "sql/parser_state.h"

namespace thalweg::sql {
namespace {

struct KnownStatement {
  std::string_view word;
  std::string_view hint;
};

// Statements of the languages around us, so that a refusal can say more than "unexpected".
constexpr std::array<KnownStatement, 24> kRefused = {{
    {"CREATE", "give a query a name with WITH, or write it to a file with COPY"},
    {"INSERT", "use COPY (query) TO 'file'"},
    {"UPDATE", "files are not changed in place; use SELECT * REPLACE (…)"},
    {"DELETE", "files are not changed in place; use COPY (SELECT … WHERE …) TO 'file'"},
    {"MERGE", ""},
    {"DROP", ""},
    {"ALTER", ""},
    {"TRUNCATE", ""},
    {"ATTACH", ""},
    {"DETACH", ""},
    {"INSTALL", ""},
    {"LOAD", ""},
    {"SET", ""},
    {"RESET", ""},
    {"PRAGMA", ""},
    {"BEGIN", ""},
    {"COMMIT", ""},
    {"ROLLBACK", ""},
    {"CALL", ""},
    {"SHOW", "use DESCRIBE"},
    {"START", ""},
    {"STOP", ""},
    {"DEPLOY", ""},
    {"PIVOT", ""},
}};

}  // namespace

Result<Statement*> Parser::ParseStatement() {
  const Token& token = Peek();
  if (AtQuery()) {
    Statement* statement = ast_.NewStatement();
    THALWEG_ASSIGN_OR_RETURN(statement->query, ParseQuery());
    return statement;
  }
  if (token.IsWord("COPY")) return ParseCopy();
  if (token.IsWord("DESCRIBE") || token.IsWord("DESC")) {
    return ParseDescribe(Statement::Kind::kDescribe);
  }
  if (token.IsWord("SUMMARIZE")) return ParseDescribe(Statement::Kind::kSummarize);
  if (token.IsWord("EXPLAIN")) return ParseExplain();
  return UnknownStatement();
}

Status Parser::UnknownStatement() {
  const Token& token = Peek();
  for (const KnownStatement& known : kRefused) {
    if (token.IsWord(known.word)) {
      return source_.Unsupported(token.span, std::string(known.word) + " is not supported yet",
                                 known.hint);
    }
  }
  if (token.IsWord("WITH")) {
    Take();
    return Expected("a name after WITH");
  }
  static const std::vector<std::string> kStatements = {
      "SELECT", "FROM", "VALUES", "WITH", "COPY", "DESCRIBE", "SUMMARIZE", "EXPLAIN"};
  std::string hint;
  if (token.kind == TokenKind::kName) {
    const std::string nearest = NearestName(Shortened(token.text, 16), kStatements);
    if (!nearest.empty()) hint = "did you mean " + nearest + "?";
  }
  return Expected("a statement", hint);
}

// COPY (query) | table [(columns)] | 'file' TO target [[WITH] (options)]
Result<Statement*> Parser::ParseCopy() {
  Take();
  Statement* copy = ast_.NewStatement();
  copy->kind = Statement::Kind::kCopy;
  if (Peek().Is("(")) {
    THALWEG_ASSIGN_OR_RETURN(copy->query, ParseParenthesisedQuery());
  } else {
    TableRef from;
    from.span = Peek().span;
    if (Peek().kind == TokenKind::kString) {
      from.kind = TableRef::Kind::kPath;
      from.text = Take().text;
    } else {
      from.kind = TableRef::Kind::kName;
      do {
        THALWEG_ASSIGN_OR_RETURN(Name part, ExpectName("a table or a query after COPY"));
        from.names.push_back(std::move(part.text));
      } while (TakeSymbol("."));
    }
    copy->query = SelectStarFrom(std::move(from));
    if (Peek().Is("(")) {
      THALWEG_ASSIGN_OR_RETURN(std::vector<Name> columns, ParseNameList());
      copy->query->items.clear();
      for (Name& column : columns) {
        SelectItem item;
        item.span = column.span;
        item.expr = ast_.NewExpr(ExprKind::kColumn, column.span);
        item.expr->names.push_back(std::move(column.text));
        copy->query->items.push_back(std::move(item));
      }
    }
  }
  if (Peek().IsWord("FROM")) {
    return source_.Unsupported(Peek().span, "COPY … FROM is not supported yet",
                               "read a file with SELECT … FROM 'file'");
  }
  THALWEG_RETURN_IF_ERROR(ExpectWord("TO", "in COPY"));
  if (Peek().kind != TokenKind::kString && Peek().kind != TokenKind::kParameter) {
    if (Peek().IsWord("STDOUT")) {
      copy->target = StringLiteral("-", Take().span);
    } else {
      return Expected("the target of COPY", "a path in single quotes, '-' for standard output");
    }
  } else {
    THALWEG_ASSIGN_OR_RETURN(copy->target, ParseLiteral());
  }
  THALWEG_RETURN_IF_ERROR(ParseCopyOptions(copy));
  return copy;
}

Status Parser::ParseCopyOptions(Statement* copy) {
  const bool with = TakeWord("WITH");
  if (!Peek().Is("(")) {
    if (with) return Expected("'(' before the options of COPY");
    return {};
  }
  Take();
  if (TakeSymbol(")")) return {};
  do {
    THALWEG_RETURN_IF_ERROR(ParseCopyOption(copy));
  } while (TakeSymbol(","));
  return ExpectSymbol(")", "after the options of COPY");
}

// NAME | NAME value | NAME (a, b) | NAME := value | 'name' = value
Status Parser::ParseCopyOption(Statement* copy) {
  OptionItem option;
  const Token& name = Peek();
  if (name.kind != TokenKind::kName && name.kind != TokenKind::kQuotedName &&
      name.kind != TokenKind::kString) {
    return Expected("the name of an option of COPY");
  }
  option.name = {LowerAscii(name.text), name.span};
  Take();
  if (!TakeSymbol(":=") && !TakeSymbol("=>")) TakeSymbol("=");
  if (Peek().Is("(")) {
    Take();
    option.is_list = true;
    do {
      THALWEG_ASSIGN_OR_RETURN(Expr * item, ParseExpression());
      option.list.push_back(item);
    } while (TakeSymbol(","));
    THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after a list of COPY"));
  } else if (!Peek().Is(",") && !Peek().Is(")")) {
    THALWEG_ASSIGN_OR_RETURN(option.value, ParseExpression());
  }
  copy->options.push_back(std::move(option));
  return {};
}

Result<Statement*> Parser::ParseDescribe(Statement::Kind kind) {
  Take();
  Statement* statement = ast_.NewStatement();
  statement->kind = kind;
  if (AtQuery()) {
    THALWEG_ASSIGN_OR_RETURN(statement->query, ParseQuery());
    return statement;
  }
  if (Peek().IsWord("TABLE") && !Peek(1).Is(";") && Peek(1).kind != TokenKind::kEnd) Take();
  THALWEG_ASSIGN_OR_RETURN(TableRef from, ParseTableRef());
  statement->query = SelectStarFrom(std::move(from));
  return statement;
}

Result<Statement*> Parser::ParseExplain() {
  Statement* statement = ast_.NewStatement();
  statement->kind = Statement::Kind::kExplain;
  Take();
  if (Peek().IsWord("ANALYZE") || (Peek().Is("(") && Peek(1).IsWord("ANALYZE"))) {
    return source_.Unsupported(Peek().span, "EXPLAIN ANALYZE is not supported yet");
  }
  if (Peek().IsWord("EXPLAIN")) {
    return source_.Invalid(Peek().span, "EXPLAIN cannot explain itself");
  }
  THALWEG_ASSIGN_OR_RETURN(statement->explained, ParseStatement());
  return statement;
}

}  // namespace thalweg::sql
