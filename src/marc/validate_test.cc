#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/formats.h"
#include "thalweg/marc/validation.h"

namespace thalweg::marc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

Record GoodRecord() {
  Record record(Leader("00000nam a2200000 a 4500"));
  record.Add(Field::Control("001", "1"))
      .Add(Field::Control("008", "850101s1984    nyu           000 0 eng d"))
      .Add(Field("020", ' ', ' ', {{'a', "0-19-852663-6 (pbk.)"}}))
      .Add(Field("245", '1', '4', {{'a', "The title :"}, {'b', "rest"}}))
      .Add(Field("650", ' ', '0', {{'a', "Topic."}, {'x', "One"}, {'x', "Two"}}))
      .Add(Field("999", '5', '5', {{'?', "local"}}));
  return record;
}

std::vector<std::string> KindsIn(const Record& record, const ValidationOptions& options = {}) {
  const auto validator = Validator::Make(options);
  EXPECT_TRUE(validator.ok()) << validator.status().message();
  std::vector<Finding> findings;
  if (validator.ok()) validator->Check(record, &findings);
  std::vector<std::string> kinds;
  for (const Finding& finding : findings) kinds.push_back(finding.Kind());
  return kinds;
}

TEST(ValidateTest, FindsNothingInAGoodRecord) { EXPECT_THAT(KindsIn(GoodRecord()), IsEmpty()); }

TEST(ValidateTest, FewBooksHaveAnError) {
  ASSERT_OK_AND_ASSIGN(const auto books, ParseRecords(Format::kIso2709, Books(), {}, nullptr));
  ASSERT_OK_AND_ASSIGN(const Validator validator, Validator::Make({}));
  size_t wrong = 0;
  std::vector<Finding> findings;
  for (const Record& book : books) {
    findings.clear();
    validator.Check(book, &findings);
    for (const Finding& finding : findings) {
      if (finding.severity != Severity::kError) continue;
      ++wrong;
      break;
    }
  }
  EXPECT_LT(wrong * 50, books.size());
}

TEST(ValidateTest, NamesEachThingThatIsWrong) {
  const std::vector<std::pair<Field, std::string>> cases = {
      {Field("245", '1', '0', {{'a', "Again"}}), "nonrepeatableField 245"},
      {Field("650", '9', '0', {{'a', "T"}}), "invalidIndicator 650 ind1"},
      {Field("650", ' ', '9', {{'a', "T"}}), "invalidIndicator 650 ind2"},
      {Field("650", ' ', '0', {{'?', "T"}}), "undefinedSubfield 650 $?"},
      {Field("650", ' ', '0', {{'a', "T"}, {'a', "U"}}), "nonrepeatableSubfield 650 $a"},
      {Field("123", ' ', ' ', {{'a', "T"}}), "undefinedField 123"},
      {Field("440", ' ', '0', {{'a', "T"}}), "deprecatedField 440"},
      {Field("100", '2', ' ', {{'a', "T"}}), "deprecatedIndicator 100 ind1"},
      {Field("260", ' ', ' ', {{'d', "T"}}), "deprecatedSubfield 260 $d"},
      {Field("020", ' ', ' ', {{'a', "0198526637"}}), "invalidIsbn 020 $a"},
      {Field("022", ' ', ' ', {{'a', "1234-5678"}}), "invalidIssn 022 $a"},
      {Field("010", ' ', ' ', {{'a', "12"}}), "invalidLccn 010 $a"},
      {Field::Control("006", "a"), "invalidLength 006"},
      {Field::Control("006", "?                 "), "undefinedCode 006/00"},
      {Field::Control("007", "tq"), "undefinedCode 007/01"},
      {Field::Control("007", "co"), "invalidLength 007"},
  };
  for (const auto& [field, expected] : cases) {
    Record record = GoodRecord();
    record.Add(field);
    EXPECT_THAT(KindsIn(record), ElementsAre(expected));
  }
}

TEST(ValidateTest, ChecksFixedFieldsByMaterial) {
  Record record = GoodRecord();
  const auto with_008 = [&](std::string_view data) {
    record.RemoveAll("008");
    record.Add(Field::Control("008", data));
    return KindsIn(record);
  };
  EXPECT_THAT(with_008("850101s1984    nyu      |    |00 0 eng d"), IsEmpty());
  EXPECT_THAT(with_008("850101s1984    nyu           500 0 eng d"),
              ElementsAre("undefinedCode 008/29"));
  EXPECT_THAT(with_008("85a101s1984    nyu           000 0 eng d"),
              ElementsAre("undefinedCode 008/00-05"));
  EXPECT_THAT(with_008("850101s1984    nyu           000 0 eng"), ElementsAre("invalidLength 008"));
  // In a serial, 008/18 is the frequency.
  record.SetLeader(Leader("00000nas a2200000 a 4500"));
  EXPECT_THAT(with_008("850101c19849999nyuqr p       0   a0eng d"), IsEmpty());
  EXPECT_THAT(with_008("850101c19849999nyu!r p       0   a0eng d"),
              ElementsAre("undefinedCode 008/18"));
}

TEST(ValidateTest, ASchemaReplacesFields) {
  ValidationOptions options;
  options.schemas = {R"({"fields":{
    "245":{"repeatable":false,"required":true,"indicator1":{"codes":{"1":{}}},
           "subfields":{"a":{"required":true,"pattern":"^X"},"b":{"codes":{"rest":"x"}},
                        "c":{"required":true,"label":"who"}}},
    "999":{"repeatable":true,"subfields":{"a":{}}},
    "LDR":{"positions":{"17":{"codes":{"1":{}},"label":"level"}}}}})"};
  EXPECT_THAT(KindsIn(GoodRecord(), options),
              ElementsAre("undefinedCode LDR/17", "patternMismatch 245 $a",
                          "missingSubfield 245 $c", "undefinedSubfield 999 $?"));
  options.marc21 = false;
  options.identifiers = false;
  EXPECT_THAT(KindsIn(GoodRecord(), options), Contains("undefinedField 650"));
}

TEST(ValidateTest, ABadSchemaIsRefused) {
  for (const char* schema : {"", "[]", "{\"fields\":3}", "{\"fields\":{\"24\":{}}}",
                             "{\"fields\":{\"245\":{\"subfields\":{\"ab\":{}}}}}",
                             "{\"fields\":{\"245\":{\"pattern\":\"(\"}}}", "{} x"}) {
    ValidationOptions options;
    options.schemas = {schema};
    EXPECT_EQ(Validator::Make(options).status().code(), StatusCode::kInvalidArgument) << schema;
  }
}

TEST(ValidateTest, OurOwnSchemaCanBeReadAgain) {
  ValidationOptions options;
  options.marc21 = false;
  options.schemas = {AvramSchema(RecordKind::kBibliographic)};
  EXPECT_THAT(options.schemas[0], HasSubstr("\"label\":\"Title statement\""));
  EXPECT_THAT(KindsIn(GoodRecord(), options), IsEmpty());
}

TEST(ValidateTest, FindingsAreLinesAndJson) {
  Record record = GoodRecord();
  record.Add(Field("650", '9', '0', {{'a', "T"}}));
  ASSERT_OK_AND_ASSIGN(const Validator validator, Validator::Make({}));
  std::vector<Finding> findings;
  validator.Check(record, &findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].ToString(), "error invalidIndicator: 650[2] ind1: '9' (one of # 0 1 2)");
  EXPECT_EQ(
      findings[0].ToJson(),
      "{\"rule\":\"invalidIndicator\",\"severity\":\"error\",\"tag\":\"650\",\"occurrence\":2,"
      "\"indicator\":1,\"value\":\"9\",\"expected\":\"one of # 0 1 2\"}");
}

TEST(IdentifierTest, KnowsIsbns) {
  EXPECT_TRUE(IsValidIsbn("0-19-852663-6"));
  EXPECT_TRUE(IsValidIsbn("080442957X (hbk.) :"));
  EXPECT_TRUE(IsValidIsbn("978-0-306-40615-7"));
  EXPECT_FALSE(IsValidIsbn("978-0-306-40615-8"));
  EXPECT_FALSE(IsValidIsbn("1230306406157"));
  EXPECT_FALSE(IsValidIsbn("12345"));
  EXPECT_FALSE(IsValidIsbn(""));
  EXPECT_THAT(Isbn13("0306406152"), Optional(std::string("9780306406157")));
  EXPECT_THAT(NormalizeIsbn("0-8044-2957-x pbk"), Optional(std::string("080442957X")));
  EXPECT_THAT(ExtractIsbns(GoodRecord()), ElementsAre("0198526636"));
}

TEST(IdentifierTest, KnowsIssnsAndLccns) {
  EXPECT_TRUE(IsValidIssn("0317-8471"));
  EXPECT_TRUE(IsValidIssn("1050124X"));
  EXPECT_FALSE(IsValidIssn("0317-8472"));
  EXPECT_FALSE(IsValidIssn("0317-847"));
  EXPECT_THAT(NormalizeLccn("   85000002 "), Optional(std::string("85000002")));
  EXPECT_THAT(NormalizeLccn("n 78-890351"), Optional(std::string("n78890351")));
  EXPECT_THAT(NormalizeLccn("85-2 "), Optional(std::string("85000002")));
  EXPECT_THAT(NormalizeLccn("75-425165//r75"), Optional(std::string("75425165")));
  EXPECT_THAT(NormalizeLccn(" 2001627090"), Optional(std::string("2001627090")));
  EXPECT_THAT(NormalizeLccn("abcdefgh"), Eq(std::nullopt));
  EXPECT_THAT(NormalizeLccn("85-1234567"), Eq(std::nullopt));
}

}  // namespace
}  // namespace thalweg::marc
