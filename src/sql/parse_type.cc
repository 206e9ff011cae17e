#include <arrow/type.h>

#include <string>
#include <utility>

#include "sql/lexer.h"
#include "sql/parser_state.h"

namespace thalweg::sql {
namespace {

// Nested types are walked by recursion, outside this library too.
constexpr int kTypeDepthMax = 32;
constexpr size_t kTypeNameBytesMax = 128;

}  // namespace

// name [(n [, m])] [WITH | WITHOUT TIME ZONE] then any number of [] or [n].
Result<columnar::TypePtr> Parser::ParseType() {
  const DepthScope scope(depth_);
  if (!scope.ok() || ++type_depth_ > kTypeDepthMax) return TooDeep(Peek().span);
  const Span begin = Peek().span;
  THALWEG_ASSIGN_OR_RETURN(columnar::TypePtr type, ParseBaseType());
  int lists = 0;
  while (Peek().Is("[")) {
    Take();
    if (Peek().kind == TokenKind::kInteger) {
      return source_.Unsupported(Peek().span, "arrays of a fixed length are not supported yet",
                                 "a list of any length is written TYPE[]");
    }
    THALWEG_RETURN_IF_ERROR(ExpectSymbol("]", "in a list type"));
    if (++lists > kTypeDepthMax) return TooDeep(begin);
    type = arrow::list(std::move(type));
  }
  --type_depth_;
  return type;
}

Result<columnar::TypePtr> Parser::ParseBaseType() {
  const Token& first = Peek();
  if (first.kind != TokenKind::kName && first.kind != TokenKind::kQuotedName) {
    return Expected("a type", "such as INTEGER, DOUBLE, VARCHAR, DECIMAL(10, 2) or TIMESTAMP");
  }
  if ((first.IsWord("STRUCT") || first.IsWord("ROW")) && Peek(1).Is("(")) return ParseStructType();
  if (first.IsWord("MAP") && Peek(1).Is("(")) return ParseMapType();
  Span span = Take().span;
  std::string name = first.text;
  const auto append = [&] {
    span.end = Peek().span.end;
    name += " " + Take().text;
  };
  if (first.IsWord("DOUBLE") && Peek().IsWord("PRECISION")) append();
  if (first.IsWord("CHARACTER") && Peek().IsWord("VARYING")) append();
  if (TakeSymbol("(")) {
    name += "(";
    do {
      if (name.back() != '(') name += ",";
      if (Peek().kind != TokenKind::kInteger) return Expected("a number in a type");
      name += Take().text;
    } while (TakeSymbol(","));
    span.end = Peek().span.end;
    THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "in a type"));
    name += ")";
  }
  const bool zoned = Peek().IsWord("WITH") || Peek().IsWord("WITHOUT");
  if (zoned && Peek(1).IsWord("TIME") && Peek(2).IsWord("ZONE")) {
    const bool without = Peek().IsWord("WITHOUT");
    const std::string bare = name;
    for (int i = 0; i < 3; ++i) append();
    if (without) name = bare;
  }
  if (name.size() > kTypeNameBytesMax) return source_.Invalid(span, "no type has such a long name");
  Result<columnar::TypePtr> type = columnar::TypeFromSqlName(name);
  if (!type.ok()) return source_.Error(type.status().code(), span, type.status().message());
  return type;
}

Result<columnar::TypePtr> Parser::ParseStructType() {
  Take();
  Take();
  arrow::FieldVector fields;
  do {
    THALWEG_ASSIGN_OR_RETURN(Name name, ExpectName("a field name in STRUCT(…)"));
    THALWEG_ASSIGN_OR_RETURN(columnar::TypePtr type, ParseType());
    fields.push_back(arrow::field(std::move(name.text), std::move(type)));
  } while (TakeSymbol(","));
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after the fields of STRUCT"));
  return arrow::struct_(std::move(fields));
}

Result<columnar::TypePtr> Parser::ParseMapType() {
  Take();
  Take();
  THALWEG_ASSIGN_OR_RETURN(columnar::TypePtr key, ParseType());
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(",", "between the types of MAP"));
  THALWEG_ASSIGN_OR_RETURN(columnar::TypePtr value, ParseType());
  THALWEG_RETURN_IF_ERROR(ExpectSymbol(")", "after the types of MAP"));
  return arrow::map(std::move(key), std::move(value));
}

}  // namespace thalweg::sql
