#include "io/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
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
    for (size_t i = 0; i < BufferPool::kReadableBehind; ++i) EXPECT_EQ(buffer.get()[length + i], 0);
  }
}

TEST(BufferPoolTest, ASpareOfAnotherSizeIsNotTaken) {
  const auto pool = BufferPool::Make(2);
  auto small = pool->Take(1000);
  auto large = pool->Take(100000);
  const char* const places[] = {small.get(), large.get()};
  small.reset();
  large.reset();
  const auto middle = pool->Take(10000);
  EXPECT_NE(middle.get(), places[0]);
  EXPECT_NE(middle.get(), places[1]);
  EXPECT_EQ(pool->Take(1000).get(), places[0]);
  EXPECT_EQ(pool->Take(60000).get(), places[1]);
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
