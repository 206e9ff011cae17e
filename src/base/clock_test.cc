#include "thalweg/clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "testing/manual_clock.h"

namespace thalweg {
namespace {

using namespace std::chrono_literals;

TEST(SystemClockTest, GoesForward) {
  Clock& clock = Clock::System();
  const Clock::Instant before = clock.Now();
  EXPECT_TRUE(clock.SleepFor(1ms, {}));
  EXPECT_GE(clock.Now() - before, 1ms);
  EXPECT_GT(clock.UnixMicros(), int64_t{1'700'000'000} * 1'000'000);
}

TEST(SystemClockTest, NoSleepIsNoWait) {
  EXPECT_TRUE(Clock::System().SleepFor(0s, {}));
  EXPECT_TRUE(Clock::System().SleepFor(-1s, {}));
}

TEST(SystemClockTest, AStopEndsASleep) {
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(Clock::System().SleepFor(24h, stop.get_token()));
  EXPECT_FALSE(Clock::System().SleepFor(24h, stop.get_token()));
}

TEST(SystemClockTest, ANotificationEndsAWait) {
  Clock& clock = Clock::System();
  std::mutex mutex;
  std::condition_variable_any wake;
  bool ready = false;
  std::jthread notifier([&] {
    {
      std::scoped_lock lock(mutex);
      ready = true;
    }
    wake.notify_all();
  });
  std::unique_lock lock(mutex);
  while (!ready) clock.WaitUntil(wake, lock, {}, clock.Now() + 24h);
  EXPECT_TRUE(lock.owns_lock());
}

TEST(ManualClockTest, MovesOnlyWhenTold) {
  testing::ManualClock clock;
  const Clock::Instant start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(5s);
  EXPECT_EQ(clock.Now() - start, 5s);
}

TEST(ManualClockTest, WaitersWakeWhenTimePasses) {
  testing::ManualClock clock;
  const Clock::Instant start = clock.Now();
  std::jthread mover([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      clock.Advance(1h);
      std::this_thread::yield();
    }
  });
  EXPECT_TRUE(clock.SleepFor(24h, {}));
  EXPECT_GE(clock.Now() - start, 24h);
}

TEST(ManualClockTest, AStopEndsASleep) {
  testing::ManualClock clock;
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE(clock.SleepFor(24h, stop.get_token()));
}

}  // namespace
}  // namespace thalweg
