#include "thalweg/marc/kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::marc {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(KindsTest, KnowsWhatAnAuthorityRecordIs) {
  Record record(Leader("00000nz  a2200000n  4500"));
  record.Add(Field::Control("008", "860211n| azannaabn          |a ana     c"))
      .Add(Field("150", ' ', ' ', {{'a', "Rivers"}, {'x', "History"}, {'0', "x"}}))
      .Add(Field("670", ' ', ' ', {{'a', "Found"}}))
      .Add(Field("680", ' ', ' ', {{'i', "Scope"}}))
      .Add(Field("750", ' ', '0', {{'a', "Streams"}}));
  EXPECT_EQ(HeadingText(record), "Rivers--History");
  EXPECT_THAT(AuthorityNotes(record), SizeIs(2));
  EXPECT_THAT(HeadingLinks(record), SizeIs(1));
  EXPECT_EQ(AuthorityKind(record), 'a');
  EXPECT_TRUE(IsEstablished(record));
  EXPECT_EQ(EstablishmentLevel(record), 'a');
  EXPECT_FALSE(IsReference(record));
  record.Replace(0, Field::Control("008", "860211n| c"));
  EXPECT_TRUE(IsReference(record));
  EXPECT_FALSE(EstablishmentLevel(record).has_value());
  EXPECT_FALSE(AcquisitionStatus(record).has_value());
}

TEST(KindsTest, KnowsWhatAHoldingsRecordIs) {
  Record record(Leader("00000ny  a22000003n 4500"));
  record.Add(Field::Control("008", "9301084p    8   1001uu   0901128"))
      .Add(Field("853", '2', '0', {{'8', "1"}, {'a', "v."}}))
      .Add(Field("863", '4', '1', {{'8', "1.1"}, {'a', "1-"}}))
      .Add(Field("876", ' ', ' ', {{'p', "39"}}));
  EXPECT_EQ(HoldingsType(record), 'y');
  EXPECT_TRUE(IsSerialHoldings(record));
  EXPECT_FALSE(IsMultipartHoldings(record));
  EXPECT_EQ(AcquisitionStatus(record), '4');
  EXPECT_EQ(AcquisitionMethod(record), 'p');
  EXPECT_EQ(Completeness(record), '1');
  EXPECT_THAT(HoldingsCaptions(record), SizeIs(1));
  EXPECT_THAT(HoldingsEnumeration(record), SizeIs(1));
  EXPECT_THAT(HoldingsItems(record), SizeIs(1));
  EXPECT_THAT(AuthorityNotes(record), IsEmpty());
  EXPECT_FALSE(AuthorityKind(record).has_value());
}

}  // namespace
}  // namespace thalweg::marc
