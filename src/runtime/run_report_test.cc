// Constructed cases in which it is known what a run waits for. Time is moved by the nodes
// themselves.

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "testing/manual_clock.h"
#include "testing/status_matchers.h"
#include "testing/step_nodes.h"
#include "thalweg/runtime/run.h"

namespace thalweg::runtime {
namespace {

using GraphRun = Run;  // Inside a test `Run` is a function of the test's class.

using testing::FunctionStep;
using ::testing::HasSubstr;
using testing::LanesOf;
using testing::ManualClock;
using testing::NumbersChunk;
using testing::SourceOf;
using testing::StepOf;

constexpr auto kWork = std::chrono::milliseconds(10);

struct Times {
  TokenKind source_token = TokenKind::kCpu;
  bool source = false;
  bool parallel = false;
  TokenKind middle_token = TokenKind::kCpu;
  bool middle = false;
  bool sink = false;
  int64_t memory_bytes_max = 0;
};

Report RunWith(const Times& times) {
  ManualClock clock;
  Governor governor({.cpu_tokens = 1});
  Graph graph;
  const auto spend = [&clock](bool busy) {
    if (busy) clock.Advance(kWork);
  };
  int left = 100;
  const NodeId source =
      graph.AddSource({.name = "source", .token = times.source_token}, SourceOf([&](Output& out) {
                        spend(times.source);
                        Chunk chunk = NumbersChunk({1});
                        chunk.bytes = 1000;
                        out.Emit(std::move(chunk));
                        return --left > 0 ? Progress::kNeedRoom : Progress::kDone;
                      }));
  const NodeId mapped = graph.AddParallel({.name = "map"}, LanesOf([&](Chunk& chunk, Output& out) {
                                            spend(times.parallel);
                                            out.Emit(std::move(chunk));
                                            return Progress::kNeedInput;
                                          }),
                                          source);
  const NodeId middle = graph.AddSerial({.name = "middle", .token = times.middle_token},
                                        StepOf([&](Chunk& chunk, Output& out) {
                                          spend(times.middle);
                                          out.Emit(std::move(chunk));
                                          return Progress::kNeedInput;
                                        }),
                                        {mapped});
  graph.AddSerial({.name = "sink", .token = TokenKind::kNone}, StepOf([&](Chunk&, Output&) {
                    spend(times.sink);
                    return Progress::kNeedInput;
                  }),
                  {middle});
  RunOptions options;
  options.seed = 3;
  options.workers = 1;
  options.clock = &clock;
  options.governor = &governor;
  options.memory_bytes_max = times.memory_bytes_max;
  return GraphRun(std::move(graph), options).Execute({});
}

TEST(RunReportTest, NamesWhatTheRunWaitedFor) {
  const auto verdict = [](const Times& times) {
    const Report report = RunWith(times);
    EXPECT_OK(report.outcome);
    EXPECT_FALSE(report.bottleneck_evidence.empty());
    EXPECT_FALSE(report.remedy.empty());
    return std::string(NameOf(report.bottleneck));
  };
  EXPECT_EQ(verdict({.parallel = true}), "cpu");
  EXPECT_EQ(verdict({.source_token = TokenKind::kNone, .source = true}), "source");
  EXPECT_EQ(verdict({.sink = true}), "sink");
  EXPECT_EQ(verdict({.middle_token = TokenKind::kIo, .middle = true}), "io");
  EXPECT_EQ(verdict({.sink = true, .memory_bytes_max = 500}), "memory");
}

TEST(RunReportTest, NothingBusyIsCoordination) {
  ManualClock clock;
  Graph graph;
  int left = 10;
  const NodeId source = graph.AddSource({.name = "source"}, SourceOf([&](Output& out) {
                                          out.Emit(NumbersChunk({1}));
                                          return --left > 0 ? Progress::kBlocked : Progress::kDone;
                                        }));
  graph.AddSerial({.name = "sink"}, std::make_unique<FunctionStep>(), {source});
  RunOptions options;
  options.clock = &clock;
  GraphRun run(std::move(graph), options);
  std::jthread waker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      clock.Advance(kWork);
      run.Wake();
    }
  });
  const Report report = run.Execute({});
  EXPECT_STREQ(NameOf(report.bottleneck), "coordination");
}

TEST(RunReportTest, TellsTimesAndCounts) {
  const Report report = RunWith({.parallel = true});
  ASSERT_EQ(report.nodes.size(), 4U);
  EXPECT_EQ(report.nodes[0].name, "source");
  EXPECT_EQ(report.nodes[0].records_out, 100);
  EXPECT_EQ(report.nodes[1].records_in, 100);
  EXPECT_EQ(report.nodes[1].chunks_in, 100);
  EXPECT_DOUBLE_EQ(report.nodes[1].busy_s, 1.0);
  EXPECT_DOUBLE_EQ(report.nodes[3].busy_s, 0.0);
  EXPECT_DOUBLE_EQ(report.seconds, 1.0);
  EXPECT_DOUBLE_EQ(report.records_per_s(), 100);
  EXPECT_EQ(report.bytes_in, 100'000);
  EXPECT_GE(report.memory_peak_bytes, 1000);
  const std::string json = report.ToJson();
  EXPECT_THAT(json, HasSubstr("\"outcome\":\"ok\""));
  EXPECT_THAT(json, HasSubstr("\"records_in\":100"));
  EXPECT_THAT(json, HasSubstr("\"bottleneck\":\"cpu\""));
}

// The time that a chunk lay in front of a node, not the time that the node had nothing to do.
TEST(RunReportTest, ChunksThatWaitAreCounted) {
  const auto sink_of = [](const Report& report) { return report.nodes.back(); };
  const NodeReport idle = sink_of(RunWith({}));
  EXPECT_EQ(idle.name, "sink");
  EXPECT_EQ(idle.queue_wait_p99_s, 0);
  const NodeReport slow = sink_of(RunWith({.sink = true}));
  EXPECT_GE(slow.queue_wait_p99_s, std::chrono::duration<double>(kWork).count());
  EXPECT_LE(slow.queue_wait_p50_s, slow.queue_wait_p95_s);
  EXPECT_LE(slow.queue_wait_p95_s, slow.queue_wait_p99_s);
  EXPECT_THAT(RunWith({.sink = true}).ToJson(), HasSubstr("\"queue_wait_p95_s\":"));
}

}  // namespace
}  // namespace thalweg::runtime
