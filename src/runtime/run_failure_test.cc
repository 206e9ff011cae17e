// What a run answers when a step, a factory or the graph itself fails.

#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "testing/status_matchers.h"
#include "testing/step_nodes.h"
#include "thalweg/runtime/run.h"

namespace thalweg::runtime {
namespace {

using GraphRun = Run;  // Inside a test `Run` is a function of the test's class.

using testing::FunctionStep;
using ::testing::HasSubstr;
using testing::LanesOf;
using testing::Numbers;
using testing::RangeSource;
using testing::SourceOf;
using testing::StatusIs;
using testing::StepOf;
using testing::Threads;

Report RunOneStep(std::unique_ptr<FunctionStep> step) {
  Graph graph;
  const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, 100, 10));
  graph.AddSerial({.name = "step"}, std::move(step), {source});
  return GraphRun(std::move(graph), Threads(2)).Execute({});
}

TEST(RunFailureTest, AFailureAnywhereIsTheOutcome) {
  EXPECT_THAT(RunOneStep(StepOf([](Chunk&, Output&) { return Progress::kBlocked; })).outcome,
              StatusIs(StatusCode::kInternal));
  EXPECT_THAT(RunOneStep(StepOf([](Chunk&, Output&) -> Result<Progress> {
                throw std::runtime_error("kaboom");
              })).outcome,
              StatusIs(StatusCode::kInternal));
  auto ends_badly = std::make_unique<FunctionStep>();
  ends_badly->on_end = [](Output&) { return Status::IoError("cannot close"); };
  EXPECT_THAT(RunOneStep(std::move(ends_badly)).outcome, StatusIs(StatusCode::kIoError));

  Graph graph;
  const NodeId source = graph.AddSource(
      {.name = "source"}, SourceOf([](Output&) { return Status::NotFound("no such file"); }));
  graph.AddSerial({.name = "sink"}, std::make_unique<FunctionStep>(), {source});
  EXPECT_THAT(GraphRun(std::move(graph), {}).Execute({}).outcome, StatusIs(StatusCode::kNotFound));
}

TEST(RunFailureTest, AFactoryThatFailsLaterFailsTheRun) {
  Graph graph;
  const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, 1000, 1));
  std::mutex mutex;
  std::condition_variable second;
  int made = 0;
  const NodeId mapped = graph.AddParallel(
      {.name = "map", .concurrency = 3},
      [&]() -> Result<std::unique_ptr<Step>> {
        std::scoped_lock lock(mutex);
        second.notify_all();
        if (++made == 2) return Status::NotFound("no library");
        // However busy the machine is, the first lane is not done before there is a second one.
        return std::unique_ptr<Step>(StepOf([&](Chunk&, Output&) {
          std::unique_lock wait(mutex);
          second.wait(wait, [&] { return made >= 2; });
          return Progress::kNeedInput;
        }));
      },
      source);
  graph.AddSerial({.name = "sink"}, std::make_unique<FunctionStep>(), {mapped});
  EXPECT_THAT(GraphRun(std::move(graph), Threads(2)).Execute({}).outcome,
              StatusIs(StatusCode::kNotFound));
}

TEST(RunFailureTest, AFactoryThatThrowsOrMakesNothingFailsTheRun) {
  for (const bool throws : {true, false}) {
    Graph graph;
    const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, 10, 1));
    const NodeId mapped = graph.AddParallel(
        {.name = "map"},
        [throws]() -> Result<std::unique_ptr<Step>> {
          if (throws) throw std::runtime_error("kaboom");
          return std::unique_ptr<Step>();
        },
        source);
    graph.AddSerial({.name = "sink"}, std::make_unique<FunctionStep>(), {mapped});
    EXPECT_THAT(GraphRun(std::move(graph), {}).Execute({}).outcome,
                StatusIs(StatusCode::kInternal));
  }
}

TEST(RunFailureTest, TheFirstErrorBySequenceStandsFirst) {
  Graph graph;
  const NodeId source = graph.AddSource({.name = "source"}, RangeSource(1, 100, 1));
  std::mutex mutex;
  std::condition_variable both;
  int inside = 0;
  const NodeId mapped = graph.AddParallel(
      {.name = "map", .concurrency = 2}, LanesOf([&](Chunk& chunk, Output&) -> Result<Progress> {
        const int64_t number = chunk.As<Numbers>().values.front();
        std::unique_lock lock(mutex);
        ++inside;
        both.notify_all();
        both.wait(lock, [&] { return inside >= 2; });
        // The later one fails first.
        if (number == 1) both.wait(lock, [&] { return inside >= 3; });
        ++inside;
        both.notify_all();
        return Status::IoError("chunk " + std::to_string(number));
      }),
      source);
  graph.AddSerial({.name = "sink"}, std::make_unique<FunctionStep>(), {mapped});
  const Report report = GraphRun(std::move(graph), Threads(2)).Execute({});
  EXPECT_EQ(report.outcome.message(), "chunk 1");
  ASSERT_EQ(report.errors.size(), 2U);
  EXPECT_EQ(report.errors[1].message(), "chunk 2");
}

TEST(RunFailureTest, AGraphThatMakesNoSenseIsRefused) {
  const auto refused = [](auto build, const char* why) {
    Graph graph;
    build(graph);
    const Report report = GraphRun(std::move(graph), {}).Execute({});
    EXPECT_FALSE(report.outcome.ok());
    EXPECT_THAT(report.outcome.message(), HasSubstr(why));
  };
  refused([](Graph&) {}, "no nodes");
  refused([](Graph& g) { g.AddSerial({.name = "x"}, std::make_unique<FunctionStep>(), {}); },
          "'x' has no input");
  refused(
      [](Graph& g) {
        const NodeId s = g.AddSource({.name = "s"}, RangeSource(0, 1, 1));
        g.AddSerial({.name = "x"}, std::make_unique<FunctionStep>(), {s});
        g.AddSerial({.name = "y"}, std::make_unique<FunctionStep>(), {s});
      },
      "two receivers");
  refused(
      [](Graph& g) { g.AddSerial({.name = "x"}, std::make_unique<FunctionStep>(), {NodeId{5}}); },
      "must come after its inputs");
  refused(
      [](Graph& g) {
        const NodeId s = g.AddSource({.name = "s"}, RangeSource(0, 1, 1));
        g.AddParallel({.name = "x", .concurrency = -2}, LanesOf({}), s);
      },
      "concurrency");
  RunOptions options;
  options.workers = -1;
  Graph graph;
  graph.AddSource({.name = "s"}, RangeSource(0, 1, 1));
  EXPECT_THAT(GraphRun(std::move(graph), options).Execute({}).outcome.message(),
              HasSubstr("workers"));
}

}  // namespace
}  // namespace thalweg::runtime
