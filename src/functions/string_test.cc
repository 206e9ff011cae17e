#include "functions/call_for_test.h"

namespace thalweg::functions {
namespace {

struct Row {
  std::string name;
  std::vector<TestValue> arguments;
  std::string answer;
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    std::string shown = row.name + '(';
    for (const TestValue& value : row.arguments) shown += value.text.value_or("NULL") + ", ";
    EXPECT_EQ(Call(row.name, row.arguments), row.answer) << shown << ')';
  }
}

TEST(StringFunctionsTest, MapsCase) {
  Check({{"lower", {Str("ÀB")}, "àb"},
         {"upper", {Str("éa")}, "ÉA"},
         {"lcase", {Str("")}, ""},
         {"upper",
          {Str("0123456789abcdefghijklmnopqrstuvwxyz")},
          "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
         {"initcap", {Str("two WORDS")}, "Two Words"},
         {"lower", {Null("VARCHAR")}, "NULL"}});
}

TEST(StringFunctionsTest, Measures) {
  Check({{"length", {Str("héllo")}, "5"},
         {"strlen", {Str("héllo")}, "6"},
         {"bit_length", {Str("é")}, "16"},
         {"strpos", {Str("hello"), Str("l")}, "3"},
         {"instr", {Str("hello"), Str("x")}, "0"},
         {"position", {Str("abc"), Str("")}, "1"},
         {"strpos", {Str("éa"), Str("a")}, "2"},
         {"contains", {Str("abc"), Str("b")}, "true"},
         {"starts_with", {Str("abc"), Str("a")}, "true"},
         {"suffix", {Str("abc"), Str("bc")}, "true"},
         {"ends_with", {Str("abc"), Str("abcd")}, "false"}});
}

TEST(StringFunctionsTest, TakesParts) {
  Check({{"substring", {Str("hello"), Int(2), Int(3)}, "ell"},
         {"substring", {Str("hello"), Int(0), Int(3)}, "he"},
         {"substring", {Str("hello"), Int(-3), Int(2)}, "ll"},
         {"substring", {Str("hello"), Int(2)}, "ello"},
         {"substring", {Str("hello"), Int(-10), Int(8)}, "hel"},
         {"substring", {Str("hello"), Int(2), Int(-1)}, "h"},
         {"substring", {Str("hello"), Int(10), Int(2)}, ""},
         {"substring", {Str("hello"), Int(0)}, "hello"},
         {"substring", {Str("hello"), Int(3), Int(-2)}, "he"},
         {"substr", {Str("héllo"), Int(2), Int(2)}, "él"},
         {"substr", {Str("héllo"), Int(-4), Int(2)}, "él"},
         {"left", {Str("hello"), Int(2)}, "he"},
         {"left", {Str("hello"), Int(-2)}, "hel"},
         {"left", {Str("hello"), Int(-10)}, ""},
         {"right", {Str("hello"), Int(2)}, "lo"},
         {"right", {Str("hello"), Int(-2)}, "llo"},
         {"right", {Str("hé"), Int(1)}, "é"},
         {"trim", {Str("  a ")}, "a"},
         {"ltrim", {Str("xxaxx"), Str("x")}, "axx"},
         {"rtrim", {Str("xxaxx"), Str("x")}, "xxa"},
         {"trim", {Str("éaé"), Str("é")}, "a"},
         {"trim", {Str("xyaxy"), Str("xy")}, "a"},
         {"substring",
          {Str("a"), Of("BIGINT", "9223372036854775807"), Of("BIGINT", "9223372036854775807")},
          ""},
         {"substring",
          {Str("a"), Of("BIGINT", "-9223372036854775808"), Of("BIGINT", "-9223372036854775808")},
          ""}});
}

TEST(StringFunctionsTest, MakesText) {
  Check({{"concat", {Str("a"), Null("VARCHAR"), Int(1)}, "a1"},
         {"concat_ws", {Str(","), Str("a"), Null("VARCHAR"), Str("b")}, "a,b"},
         {"concat_op", {Str("a"), Null("VARCHAR")}, "NULL"},
         {"concat_op", {Str("a"), Of("DATE", "2020-01-01")}, "a2020-01-01"},
         {"replace", {Str("aaa"), Str("a"), Str("bb")}, "bbbbbb"},
         {"replace", {Str("abc"), Str(""), Str("x")}, "abc"},
         {"translate", {Str("abc"), Str("ab"), Str("xy")}, "xyc"},
         {"translate", {Str("abc"), Str("ab"), Str("x")}, "xc"},
         {"reverse", {Str("héllo")}, "olléh"},
         {"repeat", {Str("ab"), Int(3)}, "ababab"},
         {"repeat", {Str("ab"), Int(-1)}, ""},
         {"lpad", {Str("hi"), Int(5), Str("xy")}, "xyxhi"},
         {"rpad", {Str("hi"), Int(5), Str("xy")}, "hixyx"},
         {"lpad", {Str("hello"), Int(2), Str("x")}, "he"},
         {"lpad", {Str("hi"), Int(-1), Str("x")}, ""},
         {"lpad", {Str("hi"), Int(5), Str("")}, "error: lpad: there is nothing to fill with"}});
}

TEST(StringFunctionsTest, Splits) {
  Check({{"string_split", {Str("a,b"), Str(",")}, "[a, b]"},
         {"split", {Str("a,é"), Str("")}, "[a, ',', é]"},
         {"string_split", {Str(""), Str(",")}, "['']"},
         {"split_part", {Str("a,b,c"), Str(","), Int(2)}, "b"},
         {"split_part", {Str("a,b,c"), Str(","), Int(-1)}, "c"},
         {"split_part", {Str("a,b,c"), Str(","), Int(5)}, ""},
         {"split_part", {Str("a,b,c"), Str(","), Int(0)}, ""},
         {"split_part", {Str("abc"), Str(""), Int(1)}, "a"},
         {"split_index", {Str("a,b,c"), Str(","), Int(1)}, "b"},
         {"split_index", {Str("a,b,c"), Str(","), Int(7)}, "NULL"}});
}

TEST(StringFunctionsTest, Encodes) {
  Check({{"ascii", {Str("é")}, "233"},
         {"ascii", {Str("")}, "0"},
         {"chr", {Int(233)}, "é"},
         {"chr", {Int(-1)}, "error: chr: no code point: -1"},
         {"hex", {Str("a")}, "61"},
         {"hex", {Int(255)}, "FF"},
         {"bin", {Int(5)}, "101"},
         {"unhex", {Str("61")}, "a"},
         {"to_base64", {Of("BLOB", "a")}, "YQ=="},
         {"from_base64", {Str("YQ==")}, "a"},
         {"url_encode", {Str("a b")}, "a%20b"},
         {"url_decode", {Str("a%20b")}, "a b"},
         {"levenshtein", {Str("abc"), Str("abd")}, "1"},
         {"strip_accents", {Str("é")}, "e"}});
}

TEST(LikeTest, MatchesPatterns) {
  Check({{"like", {Str("abc"), Str("a%")}, "true"},
         {"like", {Str("abc"), Str("%c")}, "true"},
         {"like", {Str("abc"), Str("a_c")}, "true"},
         {"like", {Str("aéc"), Str("a_c")}, "true"},
         {"like", {Str("abc"), Str("abc")}, "true"},
         {"like", {Str("abc"), Str("ab")}, "false"},
         {"like", {Str(""), Str("%")}, "true"},
         {"like", {Str(""), Str("")}, "true"},
         {"like", {Str("a"), Str("")}, "false"},
         {"like", {Str("abcbc"), Str("%bc")}, "true"},
         {"like", {Str("abab"), Str("ab%ab")}, "true"},
         {"like", {Str("aba"), Str("ab%ba")}, "false"},
         {"like", {Str("xayazb"), Str("%a%a%b")}, "true"},
         {"like", {Str("abc"), Str("%_%_%_%")}, "true"},
         {"like", {Str("ab"), Str("%_%_%_%")}, "false"},
         {"like", {Str("abc"), Str("%%b%%")}, "true"},
         {"like", {Str("aé"), Str("%_")}, "true"},
         {"like", {Str("a%c"), Str("a!%c"), Str("!")}, "true"},
         {"like", {Str("abc"), Str("a!%c"), Str("!")}, "false"},
         {"like",
          {Str("a"), Str("a!"), Str("!")},
          "error: like: the pattern ends in its escape character: 'a!'"},
         {"not_like", {Str("abc"), Str("b")}, "true"},
         {"ilike", {Str("ÉA"), Str("é_")}, "true"},
         {"not_ilike", {Str("abc"), Str("A%")}, "false"},
         {"like", {Str("abc"), Null("VARCHAR")}, "NULL"}});
}

TEST(RegexTest, MatchesReplacesAndExtracts) {
  Check({{"regexp_matches", {Str("abc"), Str("b")}, "true"},
         {"regexp_matches", {Str("ABC"), Str("b"), Str("i")}, "true"},
         {"regexp_full_match", {Str("abc"), Str("a.c")}, "true"},
         {"regexp_full_match", {Str("abc"), Str("b")}, "false"},
         {"regexp_replace", {Str("abcabc"), Str("b"), Str("x")}, "axcabc"},
         {"regexp_replace", {Str("abcabc"), Str("b"), Str("x"), Str("g")}, "axcaxc"},
         {"regexp_replace", {Str("abc"), Str("(b)"), Str("[\\1]")}, "a[b]c"},
         {"regexp_extract", {Str("abc123"), Str("([a-z]+)(\\d+)"), Int(2)}, "123"},
         {"regexp_extract", {Str("abc"), Str("x")}, ""},
         {"regexp_extract_all", {Str("a1b2"), Str("[a-z]")}, "[a, b]"},
         {"regexp_split_to_array", {Str("a1b2"), Str("\\d")}, "[a, b, '']"},
         {"regexp_matches", {Str("abc"), Null("VARCHAR")}, "NULL"}});
  EXPECT_THAT(Call("regexp_matches", {Str("a"), Str("(")}),
              ::testing::HasSubstr("regex: not a pattern: '('"));
  EXPECT_THAT(Call("regexp_matches", {Str("a"), Str("a"), Str("q")}),
              ::testing::HasSubstr("unknown option: 'q'"));
}

TEST(StringFunctionsTest, SaysWhatItTakes) {
  EXPECT_EQ(CallType("lower", {Int(1)}), "error: lower: takes (VARCHAR): got (INTEGER)");
  EXPECT_EQ(CallType("length", {Int(1)}),
            "error: length: takes (VARCHAR) or a list: got (INTEGER)");
}

}  // namespace
}  // namespace thalweg::functions
