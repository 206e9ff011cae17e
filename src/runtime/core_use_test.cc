#include "runtime/core_use.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <numeric>
#include <thread>
#include <vector>

#include "testing/manual_clock.h"
#include "testing/status_matchers.h"
#include "testing/step_nodes.h"
#include "thalweg/runtime/run.h"

namespace thalweg::runtime {
namespace {

using namespace std::chrono_literals;
using testing::LanesOf;
using testing::ManualClock;
using testing::NumbersChunk;
using testing::StepOf;

using GraphRun = Run;  // Inside a test `Run` is a function of the test's class.

// So much time on a core, however long that takes.
void Spin(std::chrono::nanoseconds time) {
  const auto used = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  const auto end = used() + time;
  while (used() < end) {
  }
}

TEST(ThreadUseTest, TellsWorkFromWaiting) {
  ThreadUse before = ThreadUse::Now();
  Spin(5ms);
  EXPECT_TRUE(ThreadUse::Now().OnCoreSince(before));
  before = ThreadUse::Now();
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(ThreadUse::Now().OnCoreSince(before));
}

TEST(CoreShareTest, OneCallThatIsOtherwiseChangesNothing) {
  CoreShare share;
  EXPECT_FALSE(share.mostly());
  for (int i = 0; i < 8; ++i) share.Learn(true);
  EXPECT_TRUE(share.mostly());
  share.Learn(false);
  EXPECT_TRUE(share.mostly());
  for (int i = 0; i < 8; ++i) share.Learn(false);
  EXPECT_FALSE(share.mostly());
}

TEST(CrowdTest, APusherThatWorksIsLeftItsCoreUntilItIsAwayForLong) {
  ManualClock clock;
  Governor governor({.cpu_tokens = 2});
  std::atomic<bool> open = true;
  std::atomic<int> entered = 0;
  Graph graph;
  const NodeId port = graph.AddPort({.name = "port"});
  graph.AddParallel({.name = "map"}, LanesOf([&](Chunk&, Output&) {
                      if (++entered > 8) open.wait(false);
                      return Progress::kNeedInput;
                    }),
                    port);
  RunOptions options = testing::Threads(2);
  options.governor = &governor;
  options.clock = &clock;
  GraphRun run(std::move(graph), options);
  ASSERT_OK(run.Start({}));
  const auto push = [&] {
    Spin(2ms);
    EXPECT_TRUE(run.Push(port, NumbersChunk({1})).ok());
  };
  const auto wait_for = [&](int calls) {
    while (entered < calls) std::this_thread::yield();  // On its core.
  };
  for (int i = 1; i <= 8; ++i) {
    push();
    wait_for(i);
  }
  open = false;
  push();
  wait_for(9);
  push();  // One lane and the pusher work: the second core is not free.
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(entered, 9);
  clock.Advance(kLearnedHolds);  // The pusher has not come back for long: it may well be waiting.
  wait_for(10);
  open = true;
  open.notify_all();
  run.Close(port);
  EXPECT_OK(run.Join().outcome);
}

TEST(CrowdTest, ALoadThatHasWorkedMayWaitForTheNextTransform) {
  Governor governor({.cpu_tokens = 1});
  std::atomic<int> transformed = 0;
  std::atomic<int> loaded = 0;
  Graph graph;
  const NodeId port = graph.AddPort({.name = "port"});
  const NodeId mapped = graph.AddParallel({.name = "map"}, LanesOf([&](Chunk& chunk, Output& out) {
                                            ++transformed;
                                            transformed.notify_all();
                                            out.Emit(std::move(chunk));
                                            return Progress::kNeedInput;
                                          }),
                                          port);
  graph.AddSerial({.name = "load", .token = TokenKind::kNone}, StepOf([&](Chunk&, Output&) {
                    if (++loaded <= 8) {
                      Spin(2ms);
                    } else if (loaded == 9) {
                      transformed.wait(9);
                    }
                    return Progress::kNeedInput;
                  }),
                  {mapped});
  RunOptions options = testing::Threads(1);
  options.governor = &governor;
  GraphRun run(std::move(graph), options);
  ASSERT_OK(run.Start({}));
  for (int i = 1; i <= 10; ++i) {
    ASSERT_OK(run.Push(port, NumbersChunk({i})).status());
    while (i <= 8 && loaded < i) std::this_thread::sleep_for(1ms);
  }
  run.Close(port);
  EXPECT_OK(run.Join().outcome);
  EXPECT_EQ(loaded, 10);
}

class StockTest : public ::testing::TestWithParam<TokenKind> {};
INSTANTIATE_TEST_SUITE_P(Tokens, StockTest,
                         ::testing::Values(TokenKind::kCpu, TokenKind::kIo, TokenKind::kNone));

TEST_P(StockTest, TheSourceGoesOnBeforeTheLastChunkIsTaken) {
  constexpr int kChunks = 60;
  constexpr int kKnown = 10;  // By then both threads run and it is known that the source works.
  Governor governor({.cpu_tokens = 2});
  std::atomic<int> asked = 0;
  std::atomic<int> starved = 0;
  std::vector<int64_t> seen;
  Graph graph;
  const NodeId source = graph.AddSource({.name = "numbers", .token = GetParam()},
                                        testing::SourceOf([&](Output& out) -> Result<Progress> {
                                          const int number = asked++;
                                          if (number == kChunks) return Progress::kDone;
                                          out.Emit(NumbersChunk({number}));
                                          return Progress::kNeedRoom;
                                        }));
  const NodeId mapped = graph.AddParallel(
      {.name = "map"}, LanesOf([&](Chunk& chunk, Output& out) {
        // Each lane waits until the chunk behind the next one is made. That is so as long as
        // nobody takes the last one there is while the source could be called.
        const int64_t number = chunk.As<testing::Numbers>().values.front();
        const bool waits = number >= kKnown && number < kChunks - 3;
        for (int tries = 0; waits && starved == 0 && asked < number + 3; ++tries) {
          if (tries == 5000) {
            ++starved;
            break;
          }
          std::this_thread::sleep_for(1ms);
        }
        out.Emit(std::move(chunk));
        return Progress::kNeedInput;
      }),
      source);
  graph.AddSerial({.name = "take"}, testing::CollectInto(&seen), {mapped});
  RunOptions options = testing::Threads(2);
  options.governor = &governor;
  GraphRun run(std::move(graph), options);
  EXPECT_OK(run.Execute({}).outcome);
  EXPECT_EQ(starved, 0);
  std::vector<int64_t> expected(kChunks);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace thalweg::runtime
