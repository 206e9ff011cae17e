#include "thalweg/marc/defect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace thalweg::marc {
namespace {

using ::testing::HasSubstr;

TEST(DefectTest, EveryCodeHasItsRow) {
  std::set<std::string> ids;
  std::set<std::string> slugs;
  for (const DefectInfo& info : AllDefects()) {
    EXPECT_EQ(&InfoOf(info.code), &info);
    EXPECT_TRUE(ids.insert(info.id).second) << info.id;
    EXPECT_TRUE(slugs.insert(info.slug).second) << info.slug;
    EXPECT_EQ(info.id[0] == 'W', info.severity == Severity::kWarning) << info.id;
  }
}

TEST(DefectTest, SaysWhereAndWhat) {
  Defect defect;
  defect.code = DefectCode::kInvalidIndicator;
  defect.record_index = 7;
  defect.byte_offset = 4711;
  defect.record_offset = 100;
  defect.control_number = "ocm1";
  defect.tag = "245";
  defect.indicator = 2;
  defect.subfield_code = 'a';
  defect.found = "'X'";
  defect.expected = "a digit";
  defect.source = "books.mrc";
  defect.bytes_near =
      "1X\x1F"
      "a";
  EXPECT_EQ(defect.ToString(),
            "E201 invalid_indicator: 'books.mrc' record 7 (001 'ocm1') field 245 indicator 2 "
            "subfield $a at byte 4711: found 'X', expected a digit");
  const std::string json = defect.ToJson();
  for (const char* part : {"\"code\":\"E201\"", "\"slug\":\"invalid_indicator\"",
                           "\"record_index\":7", "\"byte_offset\":4711", "\"field_tag\":\"245\"",
                           "\"severity\":\"error\"", "\"001\":\"ocm1\""}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
  EXPECT_THAT(defect.HelpUrl(), HasSubstr("#e201"));
  EXPECT_EQ(defect.ToStatus().code(), StatusCode::kCorruption);
  EXPECT_EQ(HexDump("1X\x1F").substr(0, 8), "31 58 1F");
  EXPECT_THAT(Defect().ToJson(), HasSubstr("\"record_index\":null"));
}

}  // namespace
}  // namespace thalweg::marc
