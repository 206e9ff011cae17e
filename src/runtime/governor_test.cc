#include "thalweg/governor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg {
namespace {

TEST(GovernorTest, TokensAreNeverMoreThanThereAre) {
  Governor governor({.cpu_tokens = 3, .io_tokens = 2});
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const Governor::Token token = governor.AcquireCpu({});
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::yield();
        --inside;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_EQ(governor.cpu_statistics().tokens, 3);
  EXPECT_EQ(governor.cpu_statistics().acquired, 1600);
  EXPECT_EQ(governor.cpu_statistics().in_use, 0);
  EXPECT_EQ(governor.io_statistics().acquired, 0);
}

TEST(GovernorTest, AStopEndsTheWaitForAToken) {
  Governor governor({.io_tokens = 1});
  const Governor::Token held = governor.AcquireIo({});
  EXPECT_EQ(governor.io_statistics().in_use, 1);
  EXPECT_DOUBLE_EQ(governor.io_statistics().saturation, 1.0);
  std::stop_source stop;
  std::jthread waiter([&] {
    const Governor::Token none = governor.AcquireIo(stop.get_token());
    EXPECT_EQ(governor.io_statistics().in_use, 1);
  });
  stop.request_stop();
}

TEST(GovernorTest, TryingDoesNotWait) {
  Governor governor({.cpu_tokens = 1});
  {
    const Governor::Token token = governor.TryAcquireCpu();
    EXPECT_TRUE(static_cast<bool>(token));
    EXPECT_FALSE(static_cast<bool>(governor.TryAcquireCpu()));
  }
  EXPECT_TRUE(static_cast<bool>(governor.TryAcquireCpu()));
}

TEST(GovernorTest, AMovedTokenIsGivenBackOnce) {
  Governor governor({.cpu_tokens = 1});
  {
    Governor::Token first = governor.AcquireCpu({});
    Governor::Token second = std::move(first);
    first = std::move(second);
    EXPECT_EQ(governor.cpu_statistics().in_use, 1);
  }
  EXPECT_EQ(governor.cpu_statistics().in_use, 0);
}

TEST(GovernorTest, IoTokensGoByTheKindOfStorage) {
  const auto tokens = [](StorageKind kind) { return Governor({.storage = kind}).io_tokens(); };
  EXPECT_EQ(tokens(StorageKind::kHdd), 4);
  EXPECT_EQ(tokens(StorageKind::kSsd), 12);
  EXPECT_EQ(tokens(StorageKind::kNvme), 24);
  EXPECT_EQ(tokens(StorageKind::kUnknown), 12);
  EXPECT_GE(Governor().cpu_tokens(), 1);
}

TEST(GovernorTest, CallsAtTheGivenTimeUnlessCancelled) {
  Governor governor;
  std::mutex mutex;
  std::condition_variable called;
  std::vector<int> order;
  const auto call = [&](int number) {
    return [&, number] {
      std::scoped_lock lock(mutex);
      order.push_back(number);
      called.notify_all();
    };
  };
  const Clock::Instant now = Clock::System().Now();
  governor.CallAt(now + std::chrono::milliseconds(20), call(2));
  const uint64_t cancelled = governor.CallAt(now + std::chrono::milliseconds(10), call(9));
  governor.CallAt(now + std::chrono::milliseconds(5), call(1));
  governor.CancelCall(cancelled);
  std::unique_lock lock(mutex);
  called.wait(lock, [&] { return order.size() == 2; });
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(MemoryBudgetTest, AChildIsBoundedByItsParentToo) {
  runtime::MemoryBudget parent(100);
  runtime::MemoryBudget child(80, &parent);
  EXPECT_TRUE(child.TryReserve(50));
  EXPECT_FALSE(child.TryReserve(31));
  EXPECT_TRUE(parent.TryReserve(40));
  EXPECT_FALSE(child.TryReserve(11));
  EXPECT_EQ(child.used(), 50);
  EXPECT_DOUBLE_EQ(child.Pressure(), 0.9);
  child.Reserve(1000);  // Always admitted.
  EXPECT_FALSE(child.HasRoom());
  child.Release(1050);
  EXPECT_TRUE(child.HasRoom());
  EXPECT_EQ(parent.used(), 40);
  EXPECT_EQ(child.peak(), 1050);
}

TEST(MemoryBudgetTest, LeasesShrinkFreelyGrowWithinTheBoundAndSplit) {
  runtime::MemoryBudget budget(100);
  {
    ASSERT_TRUE(budget.TryReserve(60));
    runtime::MemoryLease lease(&budget, 60);
    EXPECT_TRUE(lease.TryGrow(40));
    EXPECT_FALSE(lease.TryGrow(1));
    lease.Shrink(50);
    EXPECT_EQ(budget.used(), 50);
    runtime::MemoryLease part = lease.Split(20);
    EXPECT_EQ(lease.bytes(), 30);
    EXPECT_EQ(part.bytes(), 20);
    EXPECT_EQ(budget.used(), 50);
    runtime::MemoryLease all;
    all.Merge(std::move(lease));
    all.Merge(std::move(part));
    all.Merge(runtime::MemoryLease());
    EXPECT_EQ(all.bytes(), 50);
    EXPECT_EQ(budget.used(), 50);
    EXPECT_EQ(all.Split(500).bytes(), 50);
    EXPECT_EQ(budget.used(), 0);
  }
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace thalweg
