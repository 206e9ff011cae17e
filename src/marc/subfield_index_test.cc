#include "thalweg/marc/subfield_index.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::marc {
namespace {

void ExpectAllSubfields(const RecordView& record, SubfieldIndex* index) {
  const auto entries = index->Build(record);
  size_t at = 0;
  uint16_t place = 0;
  for (const FieldView& field : record.fields()) {
    for (const Subfield& subfield : field.subfields()) {
      ASSERT_LT(at, entries.size());
      EXPECT_EQ(entries[at].field, place);
      EXPECT_EQ(entries[at].code, subfield.code);
      EXPECT_EQ(entries[at].value(), subfield.value);
      ++at;
    }
    ++place;
  }
  EXPECT_EQ(at, entries.size());
}

TEST(SubfieldIndexTest, FindsWhatTheFieldsHave) {
  SubfieldIndex index;
  Reader reader = Reader::OverMemory(Books(), nullptr, {});
  while (true) {
    ASSERT_OK_AND_ASSIGN(const RecordBatch batch, reader.ReadBatch());
    if (batch.empty()) break;
    for (const RecordView& record : batch.records) ExpectAllSubfields(record, &index);
  }
  ExpectAllSubfields(Record(), &index);
  ExpectAllSubfields(SmallRecord("1"), &index);
}

TEST(SubfieldIndexTest, AgreesOnACopyThatEndsWithAnEmptyField) {
  const std::string text =
      "00053nam a2200049   4500001000200000245000100002\x1E"
      "1\x1E\x1E\x1D";
  Reader reader = Reader::OverMemory(text, nullptr, {});
  ASSERT_OK_AND_ASSIGN(const auto record, reader.Next());
  ASSERT_TRUE(record);
  const Record copy = Record::CopyOf(*record);
  ASSERT_EQ(copy.fields().size(), 2U);
  SubfieldIndex index;
  ExpectAllSubfields(copy.view(), &index);
}

TEST(SubfieldIndexTest, AgreesOnOddFields) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  SubfieldIndex index;
  for (int round = 0; round < 3000; ++round) {
    std::string directory;
    std::string data;
    const size_t count = 1 + random() % 6;
    for (size_t i = 0; i < count; ++i) {
      std::string text;
      for (size_t n = random() % 40; n != 0; --n) text += "ab \x1F"[random() % 4];
      const char* const tag = random() % 5 == 0 ? "003" : "500";
      char entry[16];
      std::snprintf(entry, sizeof entry, "%s%04zu%05zu", tag, text.size() + 1, data.size());
      directory += entry;
      data += text + '\x1E';
    }
    char leader[32];
    std::snprintf(leader, sizeof leader, "%05zunam a22%05zu   4500",
                  24 + directory.size() + 1 + data.size() + 1, 24 + directory.size() + 1);
    const std::string text = leader + directory + '\x1E' + data + '\x1D';
    Reader reader = Reader::OverMemory(text, nullptr, {});
    ASSERT_OK_AND_ASSIGN(const auto record, reader.Next());
    ASSERT_TRUE(record);
    ExpectAllSubfields(*record, &index);
  }
}

}  // namespace
}  // namespace thalweg::marc
