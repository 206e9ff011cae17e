#include "thalweg/marc/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "marc/books_test_support.h"

namespace thalweg::marc {
namespace {

TEST(AccessTest, FollowsPymarcsDefinitions) {
  Record record = SmallRecord("1");
  record.Add(Field("022", ' ', ' ', {{'a', "0378-5955"}, {'l', "1234-1231"}}))
      .Add(Field("086", ' ', ' ', {{'a', "GA 1.13"}}))
      .Add(Field("222", ' ', '0', {{'a', "Key"}, {'b', "title"}}))
      .Add(Field("240", '1', '0', {{'a', "Uniform"}}))
      .Add(Field("260", ' ', ' ', {{'a', "Boston :"}, {'b', "Addison,"}, {'c', "2000."}}))
      .Add(Field("490", '0', ' ', {{'a', "Series"}}))
      .Add(Field("852", ' ', ' ', {{'a', "Here"}}));
  EXPECT_EQ(Title(record), "The pragmatic programmer : from journeyman");
  EXPECT_EQ(Author(record), "Hunt, Andrew, 1964-");
  EXPECT_EQ(Isbn(record), "0198526636");
  EXPECT_EQ(Issn(record), "0378-5955");
  EXPECT_EQ(IssnL(record), "1234-1231");
  EXPECT_EQ(IssnTitle(record), "Key title");
  EXPECT_EQ(Sudoc(record), "GA 1.13");
  EXPECT_EQ(UniformTitle(record), "Uniform");
  EXPECT_EQ(Publisher(record), "Addison,");
  EXPECT_EQ(PublicationYear(record), "2000.");
  EXPECT_EQ(Series(record).size(), 1U);
  EXPECT_EQ(Subjects(record).size(), 1U);
  EXPECT_EQ(Locations(record).size(), 1U);
  EXPECT_TRUE(Notes(record).empty());
  EXPECT_TRUE(AddedEntries(record).empty());
  EXPECT_TRUE(PhysicalDescription(record).empty());
  EXPECT_TRUE(IsBook(record));
  EXPECT_FALSE(IsSerial(record));
  EXPECT_FALSE(IsMusic(record));
  EXPECT_FALSE(IsAudiovisual(record));
}

TEST(AccessTest, WhatIsNotThereIsNothing) {
  const Record record;
  EXPECT_EQ(Title(record), std::nullopt);
  EXPECT_EQ(Author(record), std::nullopt);
  EXPECT_EQ(Isbn(record), std::nullopt);
  EXPECT_EQ(Publisher(record), std::nullopt);
  Record odd;
  odd.Add(Field("020", ' ', ' ', {{'a', "none"}}))
      .Add(Field("264", ' ', '4', {{'b', "Copyright"}, {'c', "1999"}}))
      .Add(Field("264", ' ', '1', {{'b', "Publisher"}}))
      .Add(Field("245", '1', '0', {{'b', "only"}}));
  EXPECT_EQ(Isbn(odd), std::nullopt);
  EXPECT_EQ(Publisher(odd), "Publisher");
  EXPECT_EQ(PublicationYear(odd), std::nullopt);
  EXPECT_EQ(Title(odd), std::nullopt);
}

TEST(AccessTest, ReadsLinksLoosely) {
  const struct {
    const char* text;
    const char* occurrence;
    const char* script;
    bool right_to_left;
  } cases[] = {
      {"880-01", "01", "", false},          {"880-01/$1", "01", "$1", false},
      {"245-02/(2/r", "02", "(2", true},    {"245-03//r", "03", "", true},
      {"245-04/Hebr", "04", "Hebr", false}, {"245-05/)S", "05", ")S", false},
      {"245-123/(3/r", "123", "(3", true},
  };
  for (const auto& c : cases) {
    const Field field("880", ' ', ' ', {{'6', c.text}});
    const auto linkage = LinkageOf(field);
    ASSERT_TRUE(linkage) << c.text;
    EXPECT_EQ(linkage->occurrence, c.occurrence) << c.text;
    EXPECT_EQ(linkage->script, c.script) << c.text;
    EXPECT_EQ(linkage->right_to_left, c.right_to_left) << c.text;
  }
  for (const char* text : {"", "880", "880-", "880-x", "88-01", "880/01"}) {
    EXPECT_EQ(LinkageOf(Field("245", ' ', ' ', {{'6', text}})), std::nullopt) << text;
  }
}

TEST(AccessTest, PairsFieldsWithTheirOtherScript) {
  Record record;
  record.Add(Field("100", '1', ' ', {{'6', "880-01"}, {'a', "Lao"}}))
      .Add(Field("245", '1', '0', {{'6', "880-2"}, {'a', "Title"}}))
      .Add(Field("250", ' ', ' ', {{'6', "880-09"}, {'a', "Alone"}}))
      .Add(Field("880", '1', '0', {{'6', "245-02/$1"}, {'a', "T"}}))
      .Add(Field("880", '1', ' ', {{'6', "100-01/$1"}, {'a', "A"}}))
      .Add(Field("880", ' ', ' ', {{'6', "500-00/$1"}, {'a', "Unlinked"}}));
  const auto pairs = Pairs(record);
  ASSERT_EQ(pairs.size(), 3U);
  EXPECT_EQ(pairs[0].vernacular->Find('a'), "A");
  EXPECT_EQ(pairs[1].vernacular->Find('a'), "T");
  EXPECT_FALSE(pairs[2].vernacular);
  EXPECT_EQ(OriginalField(record, record.fields()[3])->Find('a'), "Title");
  EXPECT_EQ(OriginalField(record, record.fields()[5]), std::nullopt);
  EXPECT_EQ(LinkedFields(record, record.fields()[0]).size(), 1U);
}

}  // namespace
}  // namespace thalweg::marc
