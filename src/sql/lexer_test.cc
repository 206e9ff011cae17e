#include "sql/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

std::vector<std::string> Texts(std::string_view text) {
  const SourceText source(text);
  const auto tokens = Tokenize(source);
  if (!tokens.ok()) return {tokens.status().ToString()};
  std::vector<std::string> out;
  for (const Token& token : *tokens) {
    if (token.kind != TokenKind::kEnd) out.push_back(token.text);
  }
  return out;
}

TokenKind KindOf(std::string_view text) {
  const SourceText source(text);
  const auto tokens = Tokenize(source);
  return tokens.ok() && tokens->size() == 2 ? (*tokens)[0].kind : TokenKind::kEnd;
}

std::string ErrorOf(std::string_view text) {
  const SourceText source(text);
  return Tokenize(source).status().message();
}

TEST(LexerTest, CutsWordsSymbolsAndStrings) {
  EXPECT_THAT(Texts("SELECT a.b,'it''s'||\"x\"\"y\" FROM t -- end"),
              ElementsAre("SELECT", "a", ".", "b", ",", "it's", "||", "x\"y", "FROM", "t"));
  EXPECT_THAT(
      Texts("a::INT[]>=1<>2!=3 ->>4 ->5 :=6 =>7 //8 **9 !~~*1 ~~2"),
      ElementsAre("a", "::", "INT", "[", "]", ">=", "1", "<>", "2", "!=", "3", "->>", "4", "->",
                  "5", ":=", "6", "=>", "7", "//", "8", "**", "9", "!~~*", "1", "~~", "2"));
}

TEST(LexerTest, ReadsNumbersByTheirForm) {
  EXPECT_EQ(KindOf("1"), TokenKind::kInteger);
  EXPECT_EQ(KindOf("1.5"), TokenKind::kDecimal);
  EXPECT_EQ(KindOf(".5"), TokenKind::kDecimal);
  EXPECT_EQ(KindOf("1."), TokenKind::kDecimal);
  EXPECT_EQ(KindOf("1e3"), TokenKind::kDouble);
  EXPECT_EQ(KindOf("1.5E-3"), TokenKind::kDouble);
  EXPECT_THAT(Texts("1_000 0x2a 1e+3 2.5E-07"), ElementsAre("1000", "42", "1e3", "2.5e-07"));
  EXPECT_THAT(Texts("a.1"), ElementsAre("a", ".", "1"));
}

TEST(LexerTest, ReadsEscapesParametersAndDollarQuotes) {
  EXPECT_THAT(Texts(R"(E'a\n\t\\\'\x41\u00e9\U0001F600' $name $1 $$it's$$ $q$a $$ b$q$)"),
              ElementsAre("a\n\t\\'A\xC3\xA9\xF0\x9F\x98\x80", "name", "1", "it's", "a $$ b"));
}

TEST(LexerTest, SkipsCommentsAlsoNestedOnes) {
  EXPECT_THAT(Texts("a /* b /* c */ d */ e -- f\n g"), ElementsAre("a", "e", "g"));
}

TEST(LexerTest, KeepsExactPositions) {
  const std::string text = "é\n  'x' b";
  const SourceText source(text);
  const auto tokens = Tokenize(source);
  ASSERT_OK(tokens);
  ASSERT_EQ(tokens->size(), 4U);
  EXPECT_EQ((*tokens)[1].span.begin, 5U);
  EXPECT_EQ((*tokens)[1].span.end, 8U);
  EXPECT_EQ(source.Locate((*tokens)[2].span.begin).line, 2);
  EXPECT_EQ(source.Locate((*tokens)[2].span.begin).column, 7);
}

TEST(LexerTest, PointsAtWhatItCannotRead) {
  EXPECT_EQ(ErrorOf("SELECT 'abc"),
            "string is not closed at line 1, column 8\n"
            "  SELECT 'abc\n"
            "         ^\n"
            "  hint: end it with '; inside it, write ' twice");
  EXPECT_EQ(ErrorOf("a\nb /* c"),
            "comment is not closed at line 2, column 3\n"
            "  b /* c\n"
            "    ^~\n"
            "  hint: end it with */");
  EXPECT_EQ(ErrorOf("1abc"),
            "a number is followed by letters: '1abc' at line 1, column 1\n"
            "  1abc\n"
            "  ^~~~\n"
            "  hint: put a space after 1, or double quotes around a name that starts with a digit");
  EXPECT_THAT(ErrorOf("a `b`"), HasSubstr("quote names with double quotes"));
  EXPECT_THAT(ErrorOf(R"(E'\q')"), HasSubstr("unknown escape"));
  EXPECT_THAT(ErrorOf(R"(E'\ud800')"), HasSubstr("not a Unicode character"));
  EXPECT_THAT(ErrorOf(R"(E'\xff')"), HasSubstr("not UTF-8"));
  EXPECT_THAT(ErrorOf("\"\""), HasSubstr("a quoted name is empty"));
  EXPECT_THAT(ErrorOf("$"), HasSubstr("a parameter needs a name"));
  EXPECT_THAT(ErrorOf("0xfffffffffffffffff"), HasSubstr("64 bits"));
  EXPECT_THAT(ErrorOf(std::string_view("a\0b", 3)), HasSubstr("control character"));
}

TEST(LexerTest, RefusesWhatIsNotUtf8) {
  for (const std::string_view bad :
       {"\xff", "a\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc0\xaf"}) {
    const SourceText source(bad);
    EXPECT_THAT(Tokenize(source), StatusIs(StatusCode::kInvalidArgument, HasSubstr("not UTF-8")));
  }
  EXPECT_EQ(FindInvalidUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), std::string_view::npos);
}

TEST(LexerTest, CutsLongLinesAroundThePlace) {
  const std::string text = std::string(500, 'x').append(" 'open ").append(500, 'y');
  EXPECT_THAT(ErrorOf(text), HasSubstr("column 502\n  ..."));
  EXPECT_LT(ErrorOf(text).size(), 500U);
}

TEST(LexerTest, QuotesWhatNeedsIt) {
  EXPECT_EQ(QuoteName("abc"), "abc");
  EXPECT_EQ(QuoteName("select"), "\"select\"");
  EXPECT_EQ(QuoteName("a b\""), "\"a b\"\"\"");
  EXPECT_EQ(QuoteName("1a"), "\"1a\"");
  EXPECT_EQ(QuoteString("it's"), "'it''s'");
}

}  // namespace
}  // namespace thalweg::sql
