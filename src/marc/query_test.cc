#include "thalweg/marc/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::marc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

Record Subjects() {
  Record record = SmallRecord("1");
  record.Add(Field("650", ' ', '7', {{'a', "Botany"}, {'x', "History"}, {'2', "fast"}}))
      .Add(Field("651", ' ', '0', {{'a', "Norway"}, {'x', "History"}}))
      .Add(Field("700", '1', ' ', {{'a', "Thomas, David,"}, {'d', "1956-"}}));
  return record;
}

TEST(QueryTest, EveryConditionHasToHold) {
  const Record record = Subjects();
  EXPECT_THAT(FieldQuery().WithTag("650").Find(record), SizeIs(2));
  EXPECT_THAT(FieldQuery().WithTagRange("600", "699").Find(record), SizeIs(3));
  EXPECT_THAT(FieldQuery().WithTag("650").WithIndicator(2, '7').Find(record), SizeIs(1));
  EXPECT_THAT(FieldQuery().WithSubfields("ax").Find(record), SizeIs(2));
  EXPECT_THAT(FieldQuery().WithSubfield('x').WithSubfield('2').Find(record), SizeIs(1));
  EXPECT_THAT(FieldQuery().WithValue('x', "History").Find(record), SizeIs(2));
  EXPECT_THAT(FieldQuery().WithValue('a', "ota").Find(record), IsEmpty());
  EXPECT_THAT(FieldQuery().WithValue('a', "ota", true).Find(record), SizeIs(1));
  EXPECT_THAT(FieldQuery().WithTag("650").WithValue('2', "fast", false, true).Find(record),
              SizeIs(1));
  EXPECT_THAT(FieldQuery().WithPattern('a', "^(Bot|Nor)").Find(record), SizeIs(2));
  EXPECT_THAT(FieldQuery().WithTag("651").WithPattern('a', "^Bot", true).Find(record), SizeIs(1));
  EXPECT_FALSE(FieldQuery().WithTag("999").First(record).has_value());
}

TEST(QueryTest, AWrongExpressionMatchesNothing) {
  FieldQuery query;
  query.WithPattern('a', "(");
  EXPECT_EQ(query.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(query.Find(Subjects()), IsEmpty());
  EXPECT_FALSE(FieldQuery().WithIndicator(3, ' ').status().ok());
}

TEST(QueryTest, AnswersWhatCataloguersAsk) {
  const Record record = Subjects();
  EXPECT_THAT(SubjectsWithSubdivision(record, "History"), SizeIs(2));
  EXPECT_THAT(NamesInRange(record, "H", "I"), SizeIs(1));
  EXPECT_THAT(AuthorsWithDates(record),
              ElementsAre(Pair("Hunt, Andrew,", "1964-"), Pair("Thomas, David,", "1956-")));
  ASSERT_OK_AND_ASSIGN(const auto isbns, IsbnsMatching(record, "^0-19"));
  EXPECT_THAT(isbns, ElementsAre("0-19-852663-6 (pbk.)"));
  EXPECT_FALSE(IsbnsMatching(record, "(").ok());
}

TEST(QueryTest, KnowsAuthoritiesAndHoldings) {
  Record authority(Leader("00000nz  a2200000n  4500"));
  authority.Add(Field("100", '1', ' ', {{'a', "Twain"}}))
      .Add(Field("400", '1', ' ', {{'a', "Clemens"}}))
      .Add(Field("500", '1', ' ', {{'a', "Snodgrass"}}));
  EXPECT_EQ(AuthorityHeading(authority)->Value(), "Twain");
  EXPECT_THAT(SeeFromTracings(authority), SizeIs(1));
  EXPECT_THAT(SeeAlsoTracings(authority), SizeIs(1));
  EXPECT_THAT(RelatedHeadings(authority, "Snod"), SizeIs(1));
  EXPECT_THAT(RelatedHeadings(authority, "Other"), IsEmpty());
  Record holdings(Leader("00000nx  a2200000n  4500"));
  holdings.Add(Field("852", ' ', ' ', {{'b', "Main"}}))
      .Add(Field("866", ' ', '0', {{'a', "v.1-"}}));
  EXPECT_THAT(HoldingsLocations(holdings), SizeIs(1));
  EXPECT_THAT(TextualHoldings(holdings), SizeIs(1));
}

}  // namespace
}  // namespace thalweg::marc
