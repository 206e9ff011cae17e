#include "thalweg/retry.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg {
namespace {

using testing::StatusIs;

/// A clock on which waiting is instant, and which remembers how long was waited.
class Waiting final : public Clock {
 public:
  Instant Now() const override { return now_; }
  int64_t UnixMicros() const override { return 0; }
  void WaitUntil(std::condition_variable_any&, std::unique_lock<std::mutex>&, std::stop_token,
                 Instant deadline) override {
    waits_ms.push_back(std::chrono::duration<double, std::milli>(deadline - now_).count());
    now_ = deadline;
  }
  std::vector<double> waits_ms;

 private:
  Instant now_{};
};

TEST(RetryTest, WaitsLongerEachTimeByAPartOfTheDelay) {
  Waiting clock;
  int attempts = 0;
  const RetryPolicy policy{
      .attempts_max = 6, .delay_ms = 100, .multiplier = 3, .delay_ms_max = 1000};
  const Status status = Retry(policy, clock, {}, 1, [&] {
    ++attempts;
    return Status::Unavailable("busy");
  });
  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(status.message(), "after 6 attempts: busy");
  EXPECT_EQ(attempts, 6);
  ASSERT_EQ(clock.waits_ms.size(), 5U);
  const double full[] = {100, 300, 900, 1000, 1000};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_GE(clock.waits_ms[i], full[i] / 2);
    EXPECT_LE(clock.waits_ms[i], full[i]);
  }
}

TEST(RetryTest, SeedsWaitDifferently) {
  Waiting a;
  Waiting b;
  const RetryPolicy policy{.attempts_max = 2};
  for (auto* clock : {&a, &b}) {
    (void)Retry(policy, *clock, {}, clock == &a ? 1 : 2, [] { return Status::Unavailable(""); });
  }
  EXPECT_NE(a.waits_ms, b.waits_ms);
}

TEST(RetryTest, WhatCannotSucceedIsNotTriedAgain) {
  Waiting clock;
  for (const auto& status :
       {Status::InvalidArgument("x"), Status::IoError("x"), Status::Cancelled("x"),
        Status::Corruption("x"), Status::Unauthenticated("x"), Status::Internal("x")}) {
    int attempts = 0;
    EXPECT_EQ(Retry({.attempts_max = 5}, clock, {}, 1,
                    [&] {
                      ++attempts;
                      return status;
                    }),
              status);
    EXPECT_EQ(attempts, 1);
  }
  EXPECT_TRUE(IsRetryable(StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(IsRetryable(StatusCode::kResourceExhausted));
  EXPECT_FALSE(IsRetryable(StatusCode::kOk));
}

TEST(RetryTest, StopEndsTheWait) {
  std::stop_source stop;
  int attempts = 0;
  std::jthread stopper([&] { stop.request_stop(); });
  const Status status =
      Retry({.attempts_max = 1000, .delay_ms = 3'600'000, .delay_ms_max = 3'600'000},
            Clock::System(), stop.get_token(), 1, [&] {
              ++attempts;
              return Status::Unavailable("busy");
            });
  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(attempts, 1);
}

}  // namespace
}  // namespace thalweg
