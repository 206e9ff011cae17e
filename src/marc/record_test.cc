#include "thalweg/marc/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::marc {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> TagsOf(const RecordView& record) {
  std::vector<std::string> tags;
  for (const FieldView& field : record.fields()) tags.push_back(field.tag().ToString());
  return tags;
}

TEST(TagTest, OrdersAsTextAndKnowsControlFields) {
  EXPECT_LT(Tag("100"), Tag("245"));
  EXPECT_TRUE(Tag("001").is_control());
  EXPECT_TRUE(Tag("009").is_control());
  EXPECT_FALSE(Tag("010").is_control());
  EXPECT_FALSE(Tag("00A").is_control());
  EXPECT_FALSE(Tag("LDR").is_number());
  EXPECT_EQ(Tag::Of("24"), std::nullopt);
  EXPECT_EQ(Tag::Of("245")->ToString(), "245");
}

TEST(FieldTest, ReadsIndicatorsAndSubfieldsWhateverTheirNumber) {
  const struct {
    std::string bytes;
    char first;
    char second;
    std::vector<Subfield> subfields;
  } cases[] = {
      {"10\x1F"
       "aTitle\x1F"
       "b",
       '1',
       '0',
       {{'a', "Title"}, {'b', ""}}},
      {"\x1F"
       "aTitle",
       ' ',
       ' ',
       {{'a', "Title"}}},
      {"1\x1F"
       "aTitle",
       '1',
       ' ',
       {{'a', "Title"}}},
      {"123\x1F"
       "aTitle",
       '1',
       '2',
       {{'a', "Title"}}},
      {"12", '1', '2', {}},
      {"", ' ', ' ', {}},
      {"1", '1', ' ', {}},
      {"12\x1F", '1', '2', {}},
      {"12\x1F\x1F\x1F"
       "ax\x1F",
       '1',
       '2',
       {{'a', "x"}}},
      {"\x1F"
       "a\x1F"
       "b1\x1F",
       ' ',
       ' ',
       {{'a', ""}, {'b', "1"}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.bytes);
    const FieldView field("245", c.bytes);
    EXPECT_EQ(field.indicator1(), c.first);
    EXPECT_EQ(field.indicator2(), c.second);
    std::vector<Subfield> found;
    for (const Subfield& subfield : field.subfields()) found.push_back(subfield);
    EXPECT_EQ(found, c.subfields);
    EXPECT_EQ(field.CountSubfields(), c.subfields.size());
  }
}

TEST(FieldTest, GivesTextAsPeopleReadIt) {
  const Field subject("650", ' ', '0',
                      {{'6', "880-01"}, {'a', " Dogs "}, {'x', "History"}, {'z', "Spain."}});
  EXPECT_EQ(subject.view().FormattedText(), "Dogs  -- History -- Spain.");
  EXPECT_EQ(subject.view().Value(), "880-01 Dogs History Spain.");
  EXPECT_EQ(subject.view().ToString(), "=650  \\0$6880-01$a Dogs $xHistory$zSpain.");
  EXPECT_EQ(Field::Control("008", "a b").view().ToString(), "=008  a\\b");
  // A no-break space and an ideographic space are white space as well.
  const Field wide("500", ' ', ' ', {{'a', "\xC2\xA0x\xE3\x80\x80"}});
  EXPECT_EQ(wide.view().Value(), "x");
}

TEST(FieldTest, ChangesSubfieldsInPlace) {
  Field field("245", '1', '0', {{'a', "Title"}, {'c', "Author"}});
  field.Insert(1, 'b', "rest").Set('c', "Writer").Set('n', "1");
  EXPECT_EQ(field.view().ToString(), "=245  10$aTitle$brest$cWriter$n1");
  field.Insert(99, 'z', "last");
  EXPECT_TRUE(field.Remove('b'));
  EXPECT_FALSE(field.Remove('b'));
  EXPECT_TRUE(field.SetAt(0, ""));
  EXPECT_FALSE(field.SetAt(9, "x"));
  EXPECT_TRUE(field.RemoveAt(2));
  field.SetIndicators(' ', '3').SetTag("246");
  EXPECT_EQ(field.view().ToString(), "=246  \\3$a$cWriter$zlast");
}

TEST(FieldTest, MarksInTextBecomeBlanks) {
  const Field field("500", ' ', ' ',
                    {{'a',
                      "a\x1E"
                      "b\x1F"
                      "c\x1D"}});
  EXPECT_EQ(field.view().Find('a'), "a b c ");
  EXPECT_EQ(Field::Control("001", "1\x1E").view().data(), "1 ");
}

TEST(RecordTest, KeepsTheOrderOfFields) {
  Record record;
  for (const char* tag : {"650", "651", "650"}) {
    record.Add(Field(*Tag::Of(tag), ' ', '0', {{'a', tag}}));
  }
  EXPECT_THAT(TagsOf(record), ElementsAre("650", "651", "650"));
  ASSERT_OK_AND_ASSIGN(const Record read, ParseRecord(Iso2709(record), {}, nullptr));
  EXPECT_THAT(TagsOf(read), ElementsAre("650", "651", "650"));
  EXPECT_EQ(read.All("650").size(), 2U);
  EXPECT_EQ(read.Find("999"), nullptr);
}

TEST(RecordTest, AddsWhereTheOrderAsksForIt) {
  const auto made = [](auto add) {
    Record record;
    for (const char* tag : {"001", "245", "300", "500", "650", "ABC"}) {
      record.Add(Field(*Tag::Of(tag), ' ', ' '));
    }
    add(record);
    return TagsOf(record);
  };
  const Field field("246", ' ', ' ');
  EXPECT_THAT(made([&](Record& r) { r.AddOrdered(field); }),
              ElementsAre("001", "245", "246", "300", "500", "650", "ABC"));
  EXPECT_THAT(made([&](Record& r) { r.AddGrouped(field); }),
              ElementsAre("001", "245", "246", "300", "500", "650", "ABC"));
  EXPECT_THAT(made([&](Record& r) { r.AddGrouped(Field("510", ' ', ' ')); }),
              ElementsAre("001", "245", "300", "500", "510", "650", "ABC"));
  EXPECT_THAT(made([&](Record& r) { r.AddOrdered(Field("999", ' ', ' ')); }),
              ElementsAre("001", "245", "300", "500", "650", "999", "ABC"));
  EXPECT_THAT(made([&](Record& r) { r.AddOrdered(Field("XYZ", ' ', ' ')); }),
              ElementsAre("001", "245", "300", "500", "650", "ABC", "XYZ"));
  EXPECT_THAT(made([&](Record& r) { r.Insert(0, field); }),
              ElementsAre("246", "001", "245", "300", "500", "650", "ABC"));
}

TEST(RecordTest, ChangesDoNotReachTheBatchNorCopies) {
  const std::string bytes = FirstBooks(1)[0];
  ASSERT_OK_AND_ASSIGN(const Record original, ParseRecord(bytes, {}, nullptr));
  Record changed = original;
  ASSERT_TRUE(changed.Replace(0, Field::Control("001", "new")));
  Record copy = changed;
  copy.RemoveAll("650");
  EXPECT_TRUE(changed.RemoveAt(1));
  EXPECT_FALSE(changed.RemoveAt(1000));
  EXPECT_FALSE(changed.Replace(1000, Field("500", ' ', ' ')));
  EXPECT_EQ(original.view().raw(), bytes);
  EXPECT_EQ(Iso2709(original), bytes);
  EXPECT_EQ(changed.control_number(), "new");
  EXPECT_EQ(copy.control_number(), "new");
  EXPECT_EQ(copy.fields().size() + original.All("650").size(), original.fields().size());
  Record moved = std::move(copy);
  EXPECT_EQ(moved.control_number(), "new");
  moved = changed;
  EXPECT_EQ(Dump(moved), Dump(changed));
}

TEST(RecordTest, ACopyStandsAlone) {
  Record copy;
  {
    const std::string bytes = FirstBooks(1)[0];
    Reader reader = Reader::OverMemory(bytes, nullptr, {});
    ASSERT_OK_AND_ASSIGN(const RecordBatch batch, reader.ReadBatch());
    copy = Record::CopyOf(batch.records[0]);
  }
  EXPECT_EQ(Iso2709(copy), FirstBooks(1)[0]);
  EXPECT_TRUE(copy.view().clean());
  const Record built = Record::CopyOf(SmallRecord("3"));
  EXPECT_EQ(Dump(built), Dump(SmallRecord("3")));
}

TEST(LeaderTest, NamesItsPlaces) {
  Leader leader("00475cas a2200169 i 4500");
  EXPECT_EQ(leader.record_length(), 475);
  EXPECT_EQ(leader.base_address(), 169);
  EXPECT_EQ(leader.status(), 'c');
  EXPECT_EQ(leader.type_of_record(), 'a');
  EXPECT_EQ(leader.bibliographic_level(), 's');
  EXPECT_TRUE(leader.is_utf8());
  EXPECT_EQ(leader.cataloging_form(), 'i');
  EXPECT_EQ(leader.entry_map(), "4500");
  leader.set_record_length(12);
  EXPECT_EQ(leader.text().substr(0, 5), "00012");
  EXPECT_FALSE(leader.Replace(22, "abc"));
  EXPECT_TRUE(leader.Replace(22, "ab"));
  EXPECT_EQ(Leader("x").text().size(), 24U);
  EXPECT_EQ(Leader("     nam").record_length(), std::nullopt);
}

TEST(LeaderTest, DescribesValuesByTheKindOfRecord) {
  EXPECT_EQ(LeaderMeaning(5, 'c', RecordKind::kBibliographic), "Corrected or revised");
  EXPECT_EQ(LeaderMeaning(5, 's', RecordKind::kBibliographic), std::nullopt);
  EXPECT_TRUE(LeaderMeaning(5, 's', RecordKind::kAuthority).has_value());
  EXPECT_EQ(LeaderMeaning(17, '1', RecordKind::kHoldings), "Holdings level 1");
  EXPECT_EQ(LeaderPlaceName(6), "type_of_record");
  EXPECT_TRUE(IsLeaderValue(7, '?', RecordKind::kAuthority));
  EXPECT_FALSE(IsLeaderValue(6, '?', RecordKind::kBibliographic));
  EXPECT_TRUE(LeaderValues(0, RecordKind::kBibliographic).empty());
  const struct {
    char type;
    RecordKind kind;
  } kinds[] = {{'a', RecordKind::kBibliographic}, {'z', RecordKind::kAuthority},
               {'y', RecordKind::kHoldings},      {'w', RecordKind::kClassification},
               {'q', RecordKind::kCommunity},     {'?', RecordKind::kBibliographic}};
  for (const auto& c : kinds) EXPECT_EQ(KindOfType(c.type), c.kind) << c.type;
}

}  // namespace
}  // namespace thalweg::marc
