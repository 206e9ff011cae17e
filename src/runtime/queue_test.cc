#include "thalweg/runtime/queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg::runtime {
namespace {

using testing::StatusIs;

struct Weighed {
  int64_t bytes = 0;
  int64_t ByteSize() const { return bytes; }
};

std::stop_token Stopped() {
  std::stop_source stop;
  stop.request_stop();
  return stop.get_token();
}

TEST(QueueTest, IsBoundedInItemsAndInBytes) {
  Queue<Weighed> queue({.items_max = 3, .bytes_max = 100});
  Weighed item{10};
  EXPECT_TRUE(queue.TryPush(item));
  EXPECT_TRUE(queue.TryPush(item));
  item.bytes = 81;
  EXPECT_FALSE(queue.TryPush(item));
  item.bytes = 80;
  EXPECT_TRUE(queue.TryPush(item));
  item.bytes = 0;
  EXPECT_FALSE(queue.TryPush(item));
  EXPECT_THAT(queue.Push(item, Stopped()), StatusIs(StatusCode::kCancelled));
  EXPECT_EQ(queue.statistics().items, 3);
  EXPECT_EQ(queue.statistics().bytes, 100);
}

TEST(QueueTest, WhatExceedsTheBytesAloneIsTakenWhenItIsEmpty) {
  Queue<Weighed> queue({.items_max = 3, .bytes_max = 100});
  Weighed huge{1'000'000};
  EXPECT_TRUE(queue.TryPush(huge));
  Weighed small{1};
  EXPECT_FALSE(queue.TryPush(small));
  ASSERT_OK_AND_ASSIGN(const auto out, queue.Pop());
  EXPECT_EQ(out->bytes, 1'000'000);
  EXPECT_TRUE(queue.TryPush(small));
}

TEST(QueueTest, CloseDrains) {
  Queue<std::unique_ptr<int>> queue({});
  ASSERT_OK_AND_ASSIGN(const bool taken, queue.Push(std::make_unique<int>(7)));
  EXPECT_TRUE(taken);
  queue.Close();
  ASSERT_OK_AND_ASSIGN(const bool late, queue.Push(std::make_unique<int>(8)));
  EXPECT_FALSE(late);
  ASSERT_OK_AND_ASSIGN(const auto first, queue.Pop());
  EXPECT_EQ(**first, 7);
  ASSERT_OK_AND_ASSIGN(const auto end, queue.Pop());
  EXPECT_FALSE(end.has_value());
}

TEST(QueueTest, AbortDiscards) {
  Queue<int> queue({});
  ASSERT_OK(queue.Push(1));
  ASSERT_OK(queue.Push(2));
  EXPECT_EQ(queue.Abort(), 2);
  ASSERT_OK_AND_ASSIGN(const auto end, queue.Pop());
  EXPECT_FALSE(end.has_value());
  EXPECT_EQ(queue.statistics().bytes, 0);
}

TEST(QueueTest, AStopEndsTheWaitOnEitherSide) {
  Queue<int> queue({.items_max = 1});
  std::stop_source stop;
  std::jthread reader(
      [&] { EXPECT_THAT(queue.Pop(stop.get_token()), StatusIs(StatusCode::kCancelled)); });
  stop.request_stop();
  reader.join();
  ASSERT_OK(queue.Push(1));
  std::stop_source other;
  std::jthread writer(
      [&] { EXPECT_THAT(queue.Push(2, other.get_token()), StatusIs(StatusCode::kCancelled)); });
  other.request_stop();
}

TEST(QueueTest, CloseEndsEveryWait) {
  Queue<int> empty({});
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto end = empty.Pop();
      EXPECT_TRUE(end.ok() && !(*end).has_value());
    });
  }
  Queue<int> full({.items_max = 1});
  ASSERT_OK(full.Push(0));
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto taken = full.Push(1);
      EXPECT_TRUE(taken.ok() && !*taken);
    });
  }
  empty.Close();
  full.Close();
  for (auto& thread : threads) thread.join();
}

TEST(QueueTest, BehavesAsABoundedListUnderRandomCalls) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const int64_t items_max = 1 + static_cast<int64_t>(random() % 5);
    const int64_t bytes_max = 1 + static_cast<int64_t>(random() % 50);
    Queue<Weighed> queue({.items_max = items_max, .bytes_max = bytes_max});
    std::deque<int64_t> model;
    bool closed = false;
    for (int call = 0; call < 200; ++call) {
      int64_t held = 0;
      for (const int64_t bytes : model) held += bytes;
      ASSERT_EQ(queue.statistics().bytes, held);
      const uint64_t what = random() % 100;
      if (what < 50) {
        Weighed item{static_cast<int64_t>(random() % 60)};
        const bool fits = model.empty() || (static_cast<int64_t>(model.size()) < items_max &&
                                            held + item.bytes <= bytes_max);
        ASSERT_EQ(queue.TryPush(item), fits && !closed);
        if (fits && !closed) model.push_back(item.bytes);
      } else if (what < 95) {
        const auto item = queue.Pop(Stopped());
        if (!model.empty()) {
          ASSERT_TRUE(item.ok() && (*item).has_value());
          ASSERT_EQ((*item)->bytes, model.front());
          model.pop_front();
        } else {
          ASSERT_EQ(item.ok(), closed);
        }
      } else if (what < 99) {
        if (random() % 8 == 0) {
          queue.Close();
          closed = true;
        }
      } else {
        ASSERT_EQ(queue.Abort(), static_cast<int64_t>(model.size()));
        model.clear();
        closed = true;
      }
    }
  }
}

TEST(QueueTest, ManyWritersAndReadersLoseNothing) {
  Queue<int> queue({.items_max = 3});
  std::atomic<int64_t> sum = 0;
  std::atomic<int> popped = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (;;) {
        const auto item = queue.Pop();
        if (!(*item).has_value()) return;
        sum += **item;
        ++popped;
      }
    });
  }
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&] {
      for (int i = 1; i <= 2000; ++i) EXPECT_OK(queue.Push(int{i}));
    });
  }
  for (auto& thread : writers) thread.join();
  queue.Close();
  for (auto& thread : readers) thread.join();
  EXPECT_EQ(popped, 6000);
  EXPECT_EQ(sum, 3 * 2000 * 2001 / 2);
}

}  // namespace
}  // namespace thalweg::runtime
