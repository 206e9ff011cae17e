#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/formats.h"

namespace thalweg::marc {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

std::string Mods(const Record& record) {
  std::string text;
  AppendMods(record, true, &text);
  return text;
}

// Without blanks, tabs and no-break spaces at the ends of texts.
std::string Squeezed(const std::string& text) {
  std::string out;
  const auto trim = [&out] {
    while (out.ends_with(' ') || out.ends_with('\t') || out.ends_with("\xC2\xA0")) {
      out.resize(out.size() - (out.ends_with("\xC2\xA0") ? 2 : 1));
    }
  };
  for (const char c : text) {
    if (c == '<') trim();
    out.push_back(c);
  }
  return out;
}

// What MODS can say of a record survives the way there and back: the description is the same.
TEST(ModsTest, DescriptionsOfBooksComeBack) {
  ASSERT_OK_AND_ASSIGN(const auto books, ParseRecords(Format::kIso2709, Books(), {}, nullptr));
  std::string different;
  size_t count = 0;
  for (const Record& book : books) {
    std::string text = Mods(book);
    ASSERT_OK_AND_ASSIGN(const auto back, ParseRecords(Format::kMods, text, {}, nullptr));
    ASSERT_THAT(back, SizeIs(1));
    EXPECT_EQ(back[0].control_number(), book.control_number());
    text = Squeezed(text);
    const std::string again = Squeezed(Mods(back[0]));
    if (again == text) continue;
    size_t at = 0;
    while (at < text.size() && text[at] == again[at]) ++at;
    const size_t from = at < 60 ? 0 : at - 60;
    different.append(text, from, 160).append("\n").append(again, from, 160).append("\n\n");
    ++count;
  }
  // One record has the code of a place, `a-le---`, among its languages.
  EXPECT_EQ(count, 1U) << different;
}

TEST(ModsTest, ReadsMods) {
  const std::string text =
      "<?xml version='1.0'?><m:modsCollection xmlns:m='http://www.loc.gov/mods/v3'><m:mods>"
      "<m:titleInfo><m:nonSort>The</m:nonSort><m:title>rivers</m:title></m:titleInfo>"
      "<m:name type='personal' usage='primary'><m:namePart type='family'>Hunt</m:namePart>"
      "<m:namePart type='given'>Ann</m:namePart><m:role><m:roleTerm type='text'>author"
      "</m:roleTerm></m:role></m:name><m:typeOfResource>still image</m:typeOfResource>"
      "<m:language><m:languageTerm type='code' authority='iso639-2b'>fre</m:languageTerm>"
      "</m:language><m:subject authority='fast'><m:topic>War</m:topic><m:geographic>France"
      "</m:geographic></m:subject><m:identifier type='doi'>10.1/x</m:identifier></m:mods>"
      "</m:modsCollection>";
  EXPECT_THAT(DetectFormat(text), Optional(Format::kMods));
  ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(Format::kMods, text, {}, nullptr));
  ASSERT_THAT(records, SizeIs(1));
  const std::string dump = Dump(records[0]);
  EXPECT_THAT(dump, HasSubstr("=245  14$aThe rivers\n"));
  EXPECT_THAT(dump, HasSubstr("=100  1\\$aHunt, Ann$eauthor\n"));
  EXPECT_THAT(dump, HasSubstr("=650  \\7$aWar$zFrance$2fast\n"));
  EXPECT_THAT(dump, HasSubstr("=024  7\\$a10.1/x$2doi\n"));
  EXPECT_EQ(records[0].leader().type_of_record(), 'k');
  EXPECT_EQ(records[0].Find("008")->data().substr(35, 3), "fre");
}

TEST(ModsTest, OneBadRecordCostsOneRecord) {
  const auto record = [](const std::string& title) {
    return "<mods><titleInfo><title>" + title + "</title></titleInfo></mods>";
  };
  const std::string text = "<modsCollection xmlns='http://www.loc.gov/mods/v3'>" + record("one") +
                           record("two</x>") + record("three") + "</modsCollection>";
  for (const Recovery recovery : {Recovery::kLenient, Recovery::kSkip}) {
    ReaderOptions options;
    options.recovery = recovery;
    std::vector<Defect> defects;
    ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(Format::kMods, text, options, &defects));
    ASSERT_THAT(records, SizeIs(2));
    EXPECT_EQ(records[1].Find("245")->Find('a'), "three");
    EXPECT_FALSE(defects.empty());
  }
  EXPECT_FALSE(ParseRecords(Format::kMods, text, {}, nullptr).ok());
}

TEST(ModsTest, EveryTruncationEnds) {
  ReaderOptions options;
  options.recovery = Recovery::kLenient;
  const std::string text = "<modsCollection xmlns='http://www.loc.gov/mods/v3'>" +
                           Mods(SmallRecord("1")) + Mods(SmallRecord("2")) + "</modsCollection>";
  for (size_t size = 1; size < text.size(); ++size) {
    std::vector<Defect> defects;
    ASSERT_OK_AND_ASSIGN(const auto records,
                         ParseRecords(Format::kMods, text.substr(0, size), options, &defects));
    EXPECT_FALSE(defects.empty());
    EXPECT_LE(records.size(), 2U);
  }
}

TEST(ModsTest, EntitiesAreRefused) {
  ReaderOptions options;
  options.recovery = Recovery::kLenient;
  std::vector<Defect> defects;
  const std::string bomb =
      "<!DOCTYPE m [<!ENTITY a \"aaaa\">]><mods xmlns='http://www.loc.gov/mods/v3'><note>&a;"
      "</note></mods>";
  ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(Format::kMods, bomb, options, &defects));
  EXPECT_FALSE(defects.empty());
  for (const Record& record : records) EXPECT_EQ(record.Find("500"), nullptr);
}

}  // namespace
}  // namespace thalweg::marc
