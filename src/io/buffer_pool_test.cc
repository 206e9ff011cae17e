#include "io/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace thalweg::io {
namespace {

TEST(BufferPoolTest, TheOneGivenBackLastIsTakenFirst) {
  const auto pool = BufferPool::Make(2);
  auto first = pool->Take(10000);
  auto second = pool->Take(10000);
  const char* const last = second.get();
  EXPECT_NE(first, second);
  first.reset();
  second.reset();
  EXPECT_EQ(pool->Take(9000).get(), last);
}

TEST(BufferPoolTest, BuffersBeginOnAPageAndCanBeReadBehindTheirEnd) {
  const auto pool = BufferPool::Make(2);
  for (const size_t length :
       {size_t{1}, size_t{4032}, size_t{4033}, size_t{4096}, size_t{100000}}) {
    SCOPED_TRACE(length);
    const auto buffer = pool->Take(length);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.get()) % BufferPool::kPage, 0U);
    std::memset(buffer.get(), 'x', length);
    const std::string_view behind(buffer.get() + length, BufferPool::kReadableBehind);
    EXPECT_EQ(std::string(behind).size(), behind.size());  // ASan and valgrind look on.
  }
}

TEST(BufferPoolTest, SparesOfAnotherSizeThanAskedForLatelyAreNotKept) {
  const auto pool = BufferPool::Make(8);
  for (size_t length = 1000; length <= 1024000; length *= 2) pool->Take(length).reset();
  EXPECT_LE(pool->spare_bytes(), 1024000U + 512000U);
  pool->Take(8000).reset();
  EXPECT_GE(pool->spare_bytes(), 1024000U);  // What was asked for once changes nothing yet.
  for (int i = 0; i < 40; ++i) pool->Take(8000).reset();
  EXPECT_EQ(pool->spare_bytes(), 8000U);
}

TEST(BufferPoolTest, TheOldestSpareMakesRoom) {
  const auto pool = BufferPool::Make(2);
  std::vector<std::shared_ptr<char>> taken;
  std::vector<const char*> places;
  for (int i = 0; i < 3; ++i) {
    taken.push_back(pool->Take(10000));
    places.push_back(taken.back().get());
  }
  for (auto& buffer : taken) buffer.reset();
  taken[0] = pool->Take(10000);
  taken[1] = pool->Take(10000);
  EXPECT_EQ(taken[0].get(), places[2]);
  EXPECT_EQ(taken[1].get(), places[1]);
}

TEST(BufferPoolTest, BuffersOutliveThePoolAndComeBackFromAnyThread) {
  auto pool = BufferPool::Make(1);
  std::vector<std::shared_ptr<char>> taken;
  for (int i = 0; i < 4; ++i) taken.push_back(pool->Take(5000));
  pool.reset();
  std::thread other([&taken] {
    for (auto& buffer : taken) {
      std::memset(buffer.get(), 'x', 5000);
      buffer.reset();
    }
  });
  other.join();
}

}  // namespace
}  // namespace thalweg::io
