#include "thalweg/marc/edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::marc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Edited(const std::vector<std::string>& commands, size_t* count = nullptr) {
  const auto script = EditScript::Compile(commands);
  EXPECT_TRUE(script.ok()) << script.status().message();
  if (!script.ok()) return {};
  Record record = SmallRecord("7");
  std::vector<EditChange> changes;
  const size_t changed = script->Apply(&record, &changes);
  EXPECT_EQ(changed, changes.size());
  if (count != nullptr) *count = changed;
  return Dump(record);
}

TEST(EditTest, AddsFieldsInTheirBlock) {
  EXPECT_THAT(Edited({"add 651 _0 $aOslo$xHistory", "add 003 DLC"}),
              HasSubstr("=650  \\0$aComputer programming.\n=651  \\0$aOslo$xHistory\n"));
  EXPECT_THAT(Edited({"add =500  \\\\$aNote"}), HasSubstr("=500  \\\\$aNote\n"));
}

TEST(EditTest, DeletesFieldsAndSubfields) {
  EXPECT_THAT(Edited({"delete 650"}), Not(HasSubstr("=650")));
  EXPECT_THAT(Edited({"delete 245$b"}), HasSubstr("=245  14$aThe pragmatic programmer :\n"));
  EXPECT_THAT(Edited({"delete 650$a"}), Not(HasSubstr("=650")));
  size_t count = 9;
  Edited({"delete 777"}, &count);
  EXPECT_EQ(count, 0U);
}

TEST(EditTest, SetsPlacesValuesAndIndicators) {
  EXPECT_THAT(Edited({"set LDR/05 = c"}), HasSubstr("=LDR  00000cam"));
  EXPECT_THAT(Edited({"set 008/35-37 = fre"}), HasSubstr("\\fre\\d\n"));
  EXPECT_THAT(Edited({"set 245$a = New = better"}), HasSubstr("$aNew = better$b"));
  EXPECT_THAT(Edited({"set 245$c = by me"}), HasSubstr("journeyman$cby me\n"));
  EXPECT_THAT(Edited({"set 245 ind2 = 0"}), HasSubstr("=245  10$a"));
  EXPECT_THAT(Edited({"set 650[ind2=0] ind1 = _"}), HasSubstr("=650  \\0$a"));
  EXPECT_THAT(Edited({"set 001 = 8"}), HasSubstr("=001  8\n"));
  EXPECT_THAT(Edited({"set 003 = DLC"}), HasSubstr("=003  DLC\n"));
}

TEST(EditTest, ReplacesByExpression) {
  EXPECT_THAT(Edited({"replace 245$a /The (\\w+)/\\1 it is/"}), HasSubstr("$apragmatic it is"));
  EXPECT_THAT(Edited({"replace 245$a /r/R/g"}), HasSubstr("$aThe pRagmatic pRogRammeR"));
  EXPECT_THAT(Edited({"replace 020$a |-||g"}), HasSubstr("$a0198526636 (pbk.)"));
}

TEST(EditTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* command : {"", "drop 245", "add", "add 24", "add 245 10 no mark", "add 003",
                              "set 245$a", "set 245 ind1 = 12", "replace 245$a /x/",
                              "replace 245$a /(/x/", "delete", "delete LDR", "delete 24"}) {
    EXPECT_EQ(EditScript::Compile(std::vector<std::string>{command}).status().code(),
              StatusCode::kInvalidArgument)
        << command;
  }
}

TEST(EditTest, FixesWhatNoRecordMayHave) {
  Record record(Leader("00000nam a  00000   xxxx"));
  record.Add(Field::Control("008", "850101s1984    nyu           000 0 eng"));
  record.Add(Field("245", '1', '0', {{'a', "T"}, {'b', ""}}));
  record.Add(Field("500", ' ', ' '));
  std::vector<EditChange> changes;
  EXPECT_EQ(FixRecord(&record, {}, &changes), 4U);
  EXPECT_EQ(Dump(record),
            "=LDR  00000nam a2200000   4500\n"
            "=008  850101s1984\\\\\\\\nyu\\\\\\\\\\\\\\\\\\\\\\000\\0\\eng\\\\\n=245  10$aT\n");
  EXPECT_EQ(FixRecord(&record, {}, nullptr), 0U);
}

}  // namespace
}  // namespace thalweg::marc
