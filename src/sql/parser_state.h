#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/ast.h"
#include "sql/depth.h"
#include "sql/source_text.h"
#include "sql/token.h"
#include "thalweg/status.h"

namespace thalweg::sql {

/// A recursive-descent parser over the tokens of one text; operators by precedence climbing.
class Parser {
 public:
  Parser(const SourceText& source, std::vector<Token> tokens, Ast& ast)
      : source_(source), tokens_(std::move(tokens)), ast_(ast) {}

  Result<std::vector<const Statement*>> ParseScript();

 private:
  // parse_statement.cc
  Result<Statement*> ParseStatement();
  Result<Statement*> ParseCopy();
  Status ParseCopyOptions(Statement* copy);
  Status ParseCopyOption(Statement* copy);
  Result<Statement*> ParseDescribe(Statement::Kind kind);
  Result<Statement*> ParseExplain();
  Status UnknownStatement();

  // parse_query.cc
  bool AtQuery() const;
  Result<Query*> ParseQuery();
  Result<Query*> ParseParenthesisedQuery();
  Status ParseWith(Query* query);
  Result<Query*> ParseSelectCore();
  Status ParseSelectClauses(Query* query);
  Status ParseValues(Query* query);
  Status ParseSelectList(Query* query);
  Result<SelectItem> ParseSelectItem();
  Status ParseStarSuffix(SelectItem* item);
  bool AtSubqueryAfter(size_t ahead) const;
  Status ParseReplaceList(SelectItem* item);
  Status ParseAlias(Name* alias);
  Status ParseGroupBy(Query* query);
  Status ParseOrderBy(Query* query);
  Result<OrderItem> ParseOrderItem(bool all);
  Status ParseLimit(Query* query);
  Status RefuseClause();
  Status RefuseSetOperation();
  Query* SelectStarFrom(TableRef from);

  // parse_source.cc
  Result<TableRef> ParseTableRef();
  Status ParseTableFunction(TableRef* ref);
  Status ParseTableAlias(TableRef* ref);
  Status RefuseJoin();
  Result<std::vector<Name>> ParseNameList();

  // parse_expression.cc
  struct Infix {
    int power = -1;  ///< -1: not an operator.
    std::string_view symbol;
  };
  Result<Expr*> ParseExpression(int power_min = 0);
  Infix PeekInfix() const;
  Infix PeekWordInfix() const;
  Result<Expr*> ParseInfix(Expr* left, const Infix& infix);
  Result<Expr*> ParseWordInfix(Expr* left, const Infix& infix);
  Result<Expr*> ParseChain(Expr* left, ExprKind kind, int power);
  Result<Expr*> ParseIs(Expr* left);
  Result<Expr*> ParseLike(Expr* left, bool negated);
  Result<Expr*> ParseBetween(Expr* left, bool negated);
  Result<Expr*> ParseIn(Expr* left, bool negated);
  Result<Expr*> ParsePostfix(Expr* left);
  Result<Expr*> ParseIndex(Expr* left);
  Result<Expr*> ParsePrefix();
  Result<Expr*> ParseNegation();
  Result<Expr*> MakeBinary(std::string symbol, Span span, Expr* left, Expr* right);

  // parse_primary.cc
  Result<Expr*> ParsePrimary();
  Result<Expr*> ParseLiteral();
  Result<Expr*> ParseParenthesised();
  Result<Expr*> ParseList();
  Result<Expr*> ParseStruct();
  Result<Expr*> ParseNameOrCall();
  Result<Expr*> ParseKeywordExpression(bool* handled);
  Result<Expr*> ParseCase();
  Result<Expr*> ParseCast(bool try_cast);
  bool PeekIntervalValue() const;
  Result<Expr*> ParseInterval();
  Result<Expr*> ParseTypedLiteral();
  Result<Expr*> ParseColumn();

  // parse_call.cc
  Result<Expr*> ParseCall();
  Result<Expr*> ParseSpecialCall(bool* handled);
  Result<Expr*> ParseExtract();
  Result<Expr*> ParsePosition();
  Result<Expr*> ParseSubstring();
  Result<Expr*> ParseTrim();
  Status ParseArguments(Expr* call);
  Status ParseArgumentList(Expr* call);
  Result<Expr*> ParseMoreArguments(Expr* call, Expr* first);
  Status EndArguments(Expr* call);
  Status ParseCallSuffix(Expr* call);

  // parse_type.cc
  Result<columnar::TypePtr> ParseType();
  Result<columnar::TypePtr> ParseBaseType();
  Result<columnar::TypePtr> ParseStructType();
  Result<columnar::TypePtr> ParseMapType();

  // parser.cc: tokens
  const Token& Peek(size_t ahead = 0) const;
  const Token& Take();
  bool TakeSymbol(std::string_view symbol);
  bool TakeWord(std::string_view upper);
  bool AtWords(std::string_view first, std::string_view second) const;
  Status ExpectSymbol(std::string_view symbol, std::string_view after);
  Status ExpectWord(std::string_view upper, std::string_view after);
  /// A name in `what` place: a word that is not reserved, or a quoted name.
  Result<Name> ExpectName(std::string_view what);
  bool AtName(size_t ahead = 0) const;
  /// `expected X, found Y` at the next token.
  Status Expected(std::string_view what, std::string_view hint = {}) const;
  Status TooDeep(Span span) const;
  /// Adds children and checks the height.
  Result<Expr*> Grow(Expr* node, std::vector<Expr*> children);
  Status Adopt(Expr* node, Expr* child);
  Expr* StringLiteral(std::string text, Span span);

  const SourceText& source_;
  std::vector<Token> tokens_;
  Ast& ast_;
  DepthBudget depth_;
  size_t at_ = 0;
  int type_depth_ = 0;
};

}  // namespace thalweg::sql
