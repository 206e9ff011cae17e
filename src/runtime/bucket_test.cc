#include "thalweg/runtime/bucket.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <random>

#include "testing/manual_clock.h"
#include "testing/status_matchers.h"

namespace thalweg::runtime {
namespace {

using testing::ManualClock;
using testing::StatusIs;

struct Weighed {
  int64_t id = 0;
  int64_t bytes = 1;
  int64_t ByteSize() const { return bytes; }
};

TEST(BucketTest, AThousandItemsByAHundredAreTenBatches) {
  Bucket<std::unique_ptr<int>> bucket({.rows = 100});
  int batches = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_OK_AND_ASSIGN(auto batch, bucket.Add(std::make_unique<int>(i)));
    if (!batch) continue;
    ++batches;
    EXPECT_EQ(batch->size(), 100U);
    EXPECT_EQ(*batch->front(), i - 99);
  }
  EXPECT_EQ(batches, 10);
  ASSERT_OK_AND_ASSIGN(const auto rest, bucket.Close());
  EXPECT_FALSE(rest.has_value());
}

TEST(BucketTest, AgeCountsFromTheFirstItemHeld) {
  ManualClock clock;
  Bucket<int> bucket({.rows = 100, .flush_delay_ms = 1000}, clock);
  clock.Advance(std::chrono::hours(1));  // An empty bucket does not age.
  EXPECT_FALSE(bucket.deadline().has_value());
  ASSERT_OK(bucket.Add(1));
  clock.Advance(std::chrono::milliseconds(600));
  ASSERT_OK(bucket.Add(2));
  clock.Advance(std::chrono::milliseconds(399));
  ASSERT_OK_AND_ASSIGN(const auto early, bucket.Poll());
  EXPECT_FALSE(early.has_value());
  clock.Advance(std::chrono::milliseconds(1));
  ASSERT_OK_AND_ASSIGN(const auto due, bucket.Poll());
  EXPECT_EQ(*due, (std::vector<int>{1, 2}));
  ASSERT_OK_AND_ASSIGN(const auto none, bucket.Poll());
  EXPECT_FALSE(none.has_value());
}

TEST(BucketTest, BytesBoundABatchAndALargeItemStandsAlone) {
  Bucket<Weighed> bucket({.rows = 100, .bytes_max = 10});
  ASSERT_OK(bucket.Add({1, 6}));
  ASSERT_OK_AND_ASSIGN(const auto first, bucket.Add({2, 5}));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->size(), 1U);
  ASSERT_OK_AND_ASSIGN(const auto second, bucket.Add({3, 1000}));
  EXPECT_EQ(second->front().id, 2);
  ASSERT_OK_AND_ASSIGN(const auto third, bucket.Add({4, 1}));
  EXPECT_EQ(third->front().id, 3);
  ASSERT_OK_AND_ASSIGN(const auto last, bucket.Close());
  EXPECT_EQ(last->front().id, 4);
}

TEST(BucketTest, MisuseIsAFailure) {
  Bucket<int> zero({.rows = 0});
  EXPECT_THAT(zero.Add(1), StatusIs(StatusCode::kInvalidArgument));
  Bucket<int> bytes({.bytes_max = 0});
  EXPECT_THAT(bytes.Add(1), StatusIs(StatusCode::kInvalidArgument));
  Bucket<int> closed({});
  ASSERT_OK(closed.Close());
  EXPECT_THAT(closed.Add(1), StatusIs(StatusCode::kInvalidArgument));
}

TEST(BucketTest, EveryItemIsInExactlyOneBatchInOrder) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    ManualClock clock;
    const BatchOptions options{.rows = 1 + static_cast<int64_t>(random() % 9),
                               .bytes_max = 1 + static_cast<int64_t>(random() % 40),
                               .flush_delay_ms = static_cast<int64_t>(random() % 20)};
    Bucket<Weighed> bucket(options, clock);
    int64_t next = 0;
    int64_t taken = 0;
    const auto check = [&](Bucket<Weighed>::Outcome outcome) {
      ASSERT_OK(outcome);
      if (!(*outcome).has_value()) return;
      int64_t bytes = 0;
      for (const Weighed& item : **outcome) {
        ASSERT_EQ(item.id, taken++);
        bytes += item.bytes;
      }
      ASSERT_FALSE((*outcome)->empty());
      ASSERT_LE(static_cast<int64_t>((*outcome)->size()), options.rows);
      ASSERT_TRUE(bytes <= options.bytes_max || (*outcome)->size() == 1);
    };
    for (int call = 0; call < 200; ++call) {
      if (random() % 4 != 0) {
        check(bucket.Add({next++, static_cast<int64_t>(random() % 15)}));
      } else {
        clock.Advance(std::chrono::milliseconds(random() % 10));
        check(bucket.Poll());
      }
    }
    check(bucket.Close());
    ASSERT_EQ(taken, next);
  }
}

}  // namespace
}  // namespace thalweg::runtime
