#include "thalweg/marc/join.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/reader.h"
#include "thalweg/marc/writer.h"

namespace thalweg::marc {
namespace {

std::vector<Record> Parts(const Record& record, Oversize oversize) {
  std::string bytes;
  EXPECT_OK(AppendIso2709(record, oversize, &bytes));
  Reader reader = Reader::OverMemory(bytes, nullptr, {});
  std::vector<Record> parts;
  for (;;) {
    auto next = reader.Next();
    EXPECT_OK(next);
    if (!next.ok() || !*next) return parts;
    parts.push_back(Record::CopyOf(**next));
  }
}

std::vector<Record> Join(const std::vector<Record>& records, RecordJoiner joiner = RecordJoiner()) {
  std::vector<Record> joined;
  for (const Record& record : records) {
    if (auto whole = joiner.Push(record)) joined.push_back(*std::move(whole));
  }
  if (auto whole = joiner.Finish()) joined.push_back(*std::move(whole));
  EXPECT_FALSE(joiner.Finish());
  EXPECT_EQ(records.size(), joined.size() + static_cast<size_t>(joiner.joined()));
  return joined;
}

Record Large(const std::string& id, size_t fields) {
  Record record = SmallRecord(id);
  for (size_t i = 0; i < fields; ++i) {
    record.Add(Field("500", ' ', ' ', {{'a', std::string(9000, static_cast<char>('a' + i % 26))}}));
  }
  return record;
}

TEST(RecordJoinerTest, WhatWasSplitIsOneRecordAgain) {
  std::vector<Record> parts = {SmallRecord("before")};
  const Record large = Large("large", 40);
  for (Record& part : Parts(large, Oversize::kSplit)) parts.push_back(std::move(part));
  ASSERT_GT(parts.size(), 4U);
  parts.push_back(SmallRecord("behind"));
  const std::vector<Record> joined = Join(parts);
  ASSERT_EQ(joined.size(), 3U);
  EXPECT_EQ(joined[0].control_number(), "before");
  EXPECT_EQ(Dump(joined[1]).substr(30), Dump(large).substr(30));
  EXPECT_EQ(joined[2].control_number(), "behind");
}

TEST(RecordJoinerTest, RecordsThatOnlyLookAlikeStayApart) {
  const Record one = SmallRecord("1");
  Record other_control = one;
  other_control.Add(Field::Control("005", "20200101000000.0"));
  Record other_leader = one;
  Leader leader = one.leader();
  leader.set(5, 'd');
  other_leader.SetLeader(leader);
  Record nameless = one;
  nameless.RemoveAll("001");
  EXPECT_EQ(Join({one, other_control, one}).size(), 3U);
  EXPECT_EQ(Join({one, other_leader}).size(), 2U);
  EXPECT_EQ(Join({nameless, nameless}).size(), 2U);
  EXPECT_EQ(Join({one, SmallRecord("2"), one}).size(), 3U);
  EXPECT_TRUE(Join({}).empty());
}

TEST(RecordJoinerTest, ANumberThatIsRepeatedForEverDoesNotGrowForEver) {
  const std::vector<Record> parts(20, Large("same", 1));
  const std::vector<Record> joined = Join(parts, RecordJoiner(40'000));
  EXPECT_EQ(joined.size(), 5U);
}

}  // namespace
}  // namespace thalweg::marc
