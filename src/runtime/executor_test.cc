#include "runtime/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "testing/status_matchers.h"

namespace thalweg::runtime {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

TEST(NurseryTest, JoinsAllAndKeepsEveryError) {
  Nursery nursery;
  std::atomic<int> ended = 0;
  ASSERT_OK(nursery.Spawn("waits", [&](std::stop_token stop) -> Status {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
    ++ended;
    return Status::Cancelled("stopped");
  }));
  ASSERT_OK(nursery.Spawn("throws", [&](const std::stop_token&) -> Status {
    ++ended;
    throw std::runtime_error("kaboom");
  }));
  const auto errors = nursery.Join();
  EXPECT_EQ(ended, 2);
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_THAT(errors[0], StatusIs(StatusCode::kInternal));  // It stopped the other.
  EXPECT_THAT(errors[0].message(), HasSubstr("kaboom"));
  EXPECT_THAT(errors[1], StatusIs(StatusCode::kCancelled));
}

TEST(NurseryTest, ATaskMaySpawn) {
  std::atomic<int> ran = 0;
  {
    Nursery nursery;
    ASSERT_OK(nursery.Spawn("outer", [&](const std::stop_token&) {
      ++ran;
      return nursery.Spawn("inner", [&](const std::stop_token&) {
        ++ran;
        return Status();
      });
    }));
    EXPECT_TRUE(nursery.Join().empty());
    EXPECT_EQ(nursery.spawned(), 2U);
  }
  EXPECT_EQ(ran, 2);
}

TEST(CatchAllTest, TurnsExceptionsIntoFailures) {
  EXPECT_OK(CatchAll("x", [] { return Status(); }));
  EXPECT_THAT(CatchAll("x", []() -> Status { throw std::bad_alloc(); }),
              StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(CatchAll("x", []() -> Status { throw 7; }), StatusIs(StatusCode::kInternal));
}

}  // namespace
}  // namespace thalweg::runtime
