#include "thalweg/runtime/run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <numeric>
#include <set>
#include <thread>

#include "testing/manual_clock.h"
#include "testing/status_matchers.h"
#include "testing/step_nodes.h"

namespace thalweg::runtime {
namespace {

using GraphRun = Run;  // Inside a test `Run` is a function of the test's class.

using testing::CollectInto;
using ::testing::ElementsAre;
using testing::FunctionStep;
using ::testing::HasSubstr;
using testing::LanesOf;
using testing::ManualClock;
using testing::Numbers;
using testing::NumbersChunk;
using testing::RangeSource;
using testing::SourceOf;
using testing::StatusIs;
using testing::StepOf;
using testing::Threads;

std::vector<int64_t> Range(int64_t first, int64_t last) {
  std::vector<int64_t> values(static_cast<size_t>(last - first));
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST(RunTest, OneInputMayYieldMuchMoreThanThereIsRoomFor) {
  for (const int depth : {1, 2, 7}) {
    for (const int workers : {1, 3}) {
      Graph graph;
      const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, 50, 5));
      // Each chunk becomes 40 of its own, as far as there is room: `done` is where it stopped.
      const StepFactory expand = []() -> Result<std::unique_ptr<Step>> {
        return std::unique_ptr<Step>(
            StepOf([done = int64_t{0}](Chunk& chunk, Output& out) mutable -> Result<Progress> {
              const int64_t first = chunk.As<Numbers>().values.front();
              for (; done < 40; ++done) {
                if (!out.has_room()) return Progress::kNeedRoom;
                out.Emit(NumbersChunk({first * 1000 + done}));
              }
              done = 0;
              return Progress::kNeedInput;
            }));
      };
      const NodeId expanded = graph.AddParallel({.name = "expand"}, expand, source);
      std::vector<int64_t> seen;
      graph.AddSerial({.name = "sink"}, CollectInto(&seen), {expanded});
      RunOptions options = Threads(workers);
      options.tuning.start.queue_depth = depth;
      options.tuning.policy = TuningPolicy::kFixed;
      const Report report = GraphRun(std::move(graph), options).Execute({});
      ASSERT_OK(report.outcome);
      ASSERT_EQ(seen.size(), 400U);
      for (int64_t i = 0; i < 400; ++i) {
        ASSERT_EQ(seen[static_cast<size_t>(i)], i / 40 * 5 * 1000 + i % 40);
      }
      EXPECT_EQ(report.nodes[1].records_in, 50);
      EXPECT_EQ(report.nodes[1].records_out, 400);
    }
  }
}

TEST(RunTest, AdjacentParallelNodesRunFusedOnOneThread) {
  Graph graph;
  const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, 1000, 1));
  struct Tagged final : Payload {
    std::thread::id thread;
  };
  const NodeId a = graph.AddParallel({.name = "a"}, LanesOf([](Chunk& chunk, Output& out) {
                                       auto tagged = std::make_unique<Tagged>();
                                       tagged->thread = std::this_thread::get_id();
                                       chunk.payload = std::move(tagged);
                                       out.Emit(std::move(chunk));
                                       return Progress::kNeedInput;
                                     }),
                                     source);
  const NodeId b =
      graph.AddParallel({.name = "b"}, LanesOf([](Chunk& chunk, Output& out) {
                          EXPECT_EQ(chunk.As<Tagged>().thread, std::this_thread::get_id());
                          out.Emit(std::move(chunk));
                          return Progress::kNeedInput;
                        }),
                        a);
  int64_t records = 0;
  graph.AddSerial({.name = "sink"}, StepOf([&](Chunk& chunk, Output&) {
                    records += chunk.records;
                    return Progress::kNeedInput;
                  }),
                  {b});
  ASSERT_OK(GraphRun(std::move(graph), Threads(4)).Execute({}).outcome);
  EXPECT_EQ(records, 1000);
}

std::unique_ptr<FunctionStep> Limit(int64_t rows, std::vector<int64_t>* seen) {
  return StepOf([rows, seen](Chunk& chunk, Output&) -> Result<Progress> {
    for (const int64_t value : chunk.As<Numbers>().values) {
      if (static_cast<int64_t>(seen->size()) < rows) seen->push_back(value);
    }
    return static_cast<int64_t>(seen->size()) < rows ? Progress::kNeedInput : Progress::kDone;
  });
}

TEST(RunTest, EnoughTravelsUpToAnEndlessSourceAndIsSuccess) {
  for (const int workers : {1, 4}) {
    Graph graph;
    const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, int64_t{1} << 60, 10));
    const NodeId mapped =
        graph.AddParallel({.name = "map", .conserves = true}, LanesOf({}), source);
    const NodeId carried = graph.AddSerial({.name = "carry", .token = TokenKind::kNone},
                                           std::make_unique<FunctionStep>(), {mapped});
    std::vector<int64_t> seen;
    graph.AddSerial({.name = "limit"}, Limit(1234, &seen), {carried});
    const Report report = GraphRun(std::move(graph), Threads(workers)).Execute({});
    ASSERT_OK(report.outcome);
    EXPECT_EQ(seen, Range(0, 1234));
    EXPECT_LT(report.records_in, 3000);
    EXPECT_TRUE(report.conserved);
  }
}

TEST(RunTest, EnoughOfOneLaneLetsTheOthersFinish) {
  Graph graph;
  const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, int64_t{1} << 60, 1));
  const NodeId mapped =
      graph.AddParallel({.name = "map", .concurrency = 4}, LanesOf([](Chunk& chunk, Output& out) {
                          const int64_t value = chunk.As<Numbers>().values.front();
                          for (int64_t i = 0; i < 100 - value % 4 * 30; ++i)
                            std::this_thread::yield();
                          out.Emit(std::move(chunk));
                          return value == 500 ? Progress::kDone : Progress::kNeedInput;
                        }),
                        source);
  std::vector<int64_t> seen;
  graph.AddSerial({.name = "sink"}, CollectInto(&seen), {mapped});
  ASSERT_OK(GraphRun(std::move(graph), Threads(4)).Execute({}).outcome);
  ASSERT_GE(seen.size(), 501U);  // Everything before, and what the other lanes had begun.
  EXPECT_EQ(seen, Range(0, static_cast<int64_t>(seen.size())));
  EXPECT_LE(seen.size(), 510U);
}

TEST(RunTest, EnoughOnOnePortLeavesTheOthers) {
  Graph graph;
  const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, 1000, 10));
  const NodeId split = graph.AddSerial({.name = "split"}, StepOf([](Chunk& chunk, Output& out) {
                                         auto copy = chunk.As<Numbers>().values;
                                         out.Emit(NumbersChunk(std::move(copy)), 1);
                                         out.Emit(std::move(chunk), 0);
                                         return Progress::kNeedInput;
                                       }),
                                       {source});
  std::vector<int64_t> few;
  std::vector<int64_t> all;
  graph.AddSerial({.name = "few"}, Limit(15, &few), {PortId(split, 0)});
  graph.AddSerial({.name = "all"}, CollectInto(&all), {PortId(split, 1)});
  ASSERT_OK(GraphRun(std::move(graph), Threads(2)).Execute({}).outcome);
  EXPECT_EQ(few, Range(0, 15));
  EXPECT_EQ(all, Range(0, 1000));
}

// ---- Watermarks and barriers.

struct Join {
  Graph graph;
  NodeId left;
  NodeId right;
  std::vector<std::string> events;

  explicit Join(bool parallel)
      : left(graph.AddPort({.name = "left"})), right(graph.AddPort({.name = "right"})) {
    const auto through = [&](NodeId port) {
      if (!parallel) return port;
      const auto delay = [](Chunk& chunk, Output& out) {
        for (int64_t i = chunk.As<Numbers>().values.front() % 5; i > 0; --i) {
          std::this_thread::yield();
        }
        if (const int64_t time = chunk.As<Numbers>().values.front(); time < 0) {
          out.EmitWatermark(-time);
        } else {
          out.Emit(std::move(chunk));
        }
        return Progress::kNeedInput;
      };
      return graph.AddParallel({.name = "delay"}, LanesOf(delay), port);
    };
    auto step = std::make_unique<FunctionStep>();
    step->on_chunk = [this](Chunk& chunk, Output&) {
      events.push_back((chunk.input == 0 ? "l" : "r") +
                       std::to_string(chunk.As<Numbers>().values.front()));
      return Progress::kNeedInput;
    };
    step->on_barrier = [this](uint64_t epoch, Output&) {
      events.push_back("barrier " + std::to_string(epoch));
      return Status();
    };
    step->on_watermark = [this](int64_t time, Output&) {
      events.push_back("watermark " + std::to_string(time));
      return Status();
    };
    const NodeId l = through(left);
    const NodeId r = through(right);
    graph.AddSerial({.name = "join"}, std::move(step), {l, r});
  }
};

TEST(RunTest, BarriersAreAlignedAndNothingOvertakesThem) {
  for (const bool ordered : {true, false}) {
    for (int round = 0; round < 30; ++round) {
      Join join(/*parallel=*/true);
      auto store = CheckpointStore::InMemory();
      RunOptions options = Threads(1 + round % 4);
      options.ordered = ordered;
      options.checkpoints = store.get();
      auto* events = &join.events;
      const NodeId left = join.left;
      const NodeId right = join.right;
      GraphRun run(std::move(join.graph), options);
      ASSERT_OK(run.Start({}));
      for (int64_t epoch = 1; epoch <= 5; ++epoch) {
        for (int64_t i = 0; i < 4; ++i) {
          ASSERT_OK(run.Push(left, NumbersChunk({epoch * 10 + i}, "l" + std::to_string(epoch))));
        }
        ASSERT_OK(run.Push(right, NumbersChunk({epoch * 10}, "r" + std::to_string(epoch))));
        ASSERT_OK_AND_ASSIGN(const uint64_t injected, run.InjectBarrier());
        EXPECT_EQ(injected, static_cast<uint64_t>(epoch));
      }
      ASSERT_OK(run.Push(left, NumbersChunk({60})));
      run.Close(left);
      run.Close(right);
      ASSERT_OK(run.Join().outcome);
      int64_t epoch = 1;
      std::multiset<int64_t> seen;
      for (const std::string& event : *events) {
        if (event == "barrier " + std::to_string(epoch)) {
          EXPECT_EQ(seen.size(), 5U);
          seen.clear();
          ++epoch;
        } else {
          EXPECT_EQ(std::stoll(event.substr(1)) / 10, epoch) << event;
          seen.insert(std::stoll(event.substr(1)));
        }
      }
      EXPECT_EQ(epoch, 6);
      ASSERT_OK_AND_ASSIGN(const auto latest, store->Latest());
      ASSERT_TRUE(latest.has_value());
      EXPECT_EQ(latest->epoch, 5U);
      EXPECT_EQ(latest->positions.at("left").token, "l5");
      EXPECT_EQ(latest->positions.at("right").token, "r5");
    }
  }
}

TEST(RunTest, AStoreThatFailsFailsTheRun) {
  class Full final : public CheckpointStore {
   public:
    Status Save(const Checkpoint&) override { return Status::IoError("no space"); }
    Result<std::optional<Checkpoint>> Latest() const override {
      return std::optional<Checkpoint>();
    }
  } store;
  Join join(/*parallel=*/false);
  RunOptions options = Threads(1);
  options.checkpoints = &store;
  const NodeId left = join.left;
  GraphRun run(std::move(join.graph), options);
  ASSERT_OK(run.Start({}));
  ASSERT_OK(run.Push(left, NumbersChunk({1})));
  ASSERT_OK(run.InjectBarrier());
  const Report report = run.Join();
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kIoError));
  EXPECT_THAT(report.outcome.message(), HasSubstr("checkpoint"));
  EXPECT_THAT(run.InjectBarrier(), StatusIs(StatusCode::kCancelled));
}

TEST(RunTest, AWatermarkIsTheLowestOfTheInputsThatHaveNotEnded) {
  Join join(/*parallel=*/true);
  const NodeId left = join.left;
  const NodeId right = join.right;
  auto* events = &join.events;
  RunOptions options;
  options.seed = 7;
  GraphRun run(std::move(join.graph), options);
  ASSERT_OK(run.Start({}));
  // A negative number stands for a watermark.
  for (const int64_t time : {-10, -20}) ASSERT_OK(run.Push(left, NumbersChunk({time})));
  ASSERT_OK(run.Push(right, NumbersChunk({-15})));
  ASSERT_OK(run.Push(right, NumbersChunk({-12})));  // Never goes back.
  ASSERT_OK(run.Push(left, NumbersChunk({-30})));
  run.Close(right);
  ASSERT_OK(run.Push(left, NumbersChunk({-40})));
  run.Close(left);
  ASSERT_OK(run.Join().outcome);
  ASSERT_FALSE(events->empty());
  int64_t last = 0;
  for (const std::string& event : *events) {
    ASSERT_EQ(event.substr(0, 10), "watermark ");
    const int64_t time = std::stoll(event.substr(10));
    EXPECT_GT(time, last);
    last = time;
  }
  EXPECT_EQ(last, 40);
  EXPECT_THAT(*events, ::testing::Contains("watermark 15"));
}

// ---- Sources that wait, timers.

TEST(RunTest, ABlockedSourceGoesOnWhenWoken) {
  Graph graph;
  GraphRun* running = nullptr;
  int64_t produced = 0;
  const NodeId source =
      graph.AddSource({.name = "source"}, SourceOf([&](Output& out) {
                        // Woken while it is still being called: not lost.
                        if (produced % 3 == 1) running->Wake();
                        out.Emit(NumbersChunk({produced}));
                        return ++produced == 30 ? Progress::kDone : Progress::kBlocked;
                      }));
  std::atomic<int64_t> seen = 0;
  graph.AddSerial({.name = "sink"}, StepOf([&](Chunk&, Output&) {
                    ++seen;
                    return Progress::kNeedInput;
                  }),
                  {source});
  GraphRun run(std::move(graph), Threads(2));
  running = &run;
  std::jthread waker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      run.Wake();
      std::this_thread::yield();
    }
  });
  ASSERT_OK(run.Execute({}).outcome);
  EXPECT_EQ(seen, 30);
}

TEST(RunTest, CancelEndsASourceThatIsBlocked) {
  for (const auto policy : {CancelPolicy::kDrain, CancelPolicy::kDrop}) {
    Graph graph;
    std::stop_source stop;
    const NodeId source = graph.AddSource({.name = "source"}, SourceOf([&](Output& out) {
                                            out.Emit(NumbersChunk({1}));
                                            return Progress::kBlocked;
                                          }));
    graph.AddSerial({.name = "sink"}, StepOf([&](Chunk&, Output&) {
                      stop.request_stop();
                      return Progress::kNeedInput;
                    }),
                    {source});
    RunOptions options = Threads(1);
    options.cancel = policy;
    EXPECT_THAT(GraphRun(std::move(graph), options).Execute(stop.get_token()).outcome,
                StatusIs(StatusCode::kCancelled));
  }
}

TEST(RunTest, ASourceThatWaitsInsideItsCallSeesTheStop) {
  Graph graph;
  std::stop_source stop;
  const NodeId source =
      graph.AddSource({.name = "source", .token = TokenKind::kNone}, SourceOf([&](Output& out) {
                        stop.request_stop();
                        std::mutex mutex;
                        std::condition_variable_any never;
                        std::unique_lock lock(mutex);
                        never.wait(lock, out.stop(), [] { return false; });
                        return Progress::kNeedRoom;
                      }));
  graph.AddSerial({.name = "sink"}, std::make_unique<FunctionStep>(), {source});
  EXPECT_THAT(GraphRun(std::move(graph), Threads(1)).Execute(stop.get_token()).outcome,
              StatusIs(StatusCode::kCancelled));
}

TEST(RunTest, ATimerIsCalledWhenItsTimeHasCome) {
  ManualClock clock;
  Graph graph;
  const NodeId port = graph.AddPort({.name = "port"});
  std::optional<Clock::Instant> due;
  std::atomic<bool> called = false;
  auto step = StepOf([&](Chunk&, Output&) {
    due = clock.Now() + std::chrono::seconds(5);
    return Progress::kNeedInput;
  });
  step->next_deadline = [&] { return due; };
  step->on_timer = [&](Clock::Instant now, Output&) {
    EXPECT_GE(now, *due);
    due.reset();
    called = true;
    return Status();
  };
  graph.AddSerial({.name = "sink"}, std::move(step), {port});
  RunOptions options = Threads(1);
  options.clock = &clock;
  GraphRun run(std::move(graph), options);
  ASSERT_OK(run.Start({}));
  ASSERT_OK(run.Push(port, NumbersChunk({1})));
  while (!called) {
    clock.Advance(std::chrono::seconds(1));
    std::this_thread::yield();
  }
  run.Close(port);
  ASSERT_OK(run.Join().outcome);
}

// ---- Failures.

TEST(RunTest, DestroyedBeforeItsEndItStopsAndJoins) {
  Graph graph;
  const NodeId port = graph.AddPort({.name = "port"});
  graph.AddSerial({.name = "sink"}, std::make_unique<FunctionStep>(), {port});
  GraphRun run(std::move(graph), Threads(2));
  ASSERT_OK(run.Start({}));
  ASSERT_OK(run.Push(port, NumbersChunk({1})));
}

TEST(RunTest, APortWithoutAReaderIsADrain) {
  Graph graph;
  const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, 100, 10));
  const NodeId split = graph.AddSerial({.name = "split"}, StepOf([](Chunk& chunk, Output& out) {
                                         out.Emit(std::move(chunk), 3);
                                         return Progress::kNeedInput;
                                       }),
                                       {source});
  std::vector<int64_t> seen;
  graph.AddSerial({.name = "sink"}, CollectInto(&seen), {split});
  ASSERT_OK(GraphRun(std::move(graph), Threads(1)).Execute({}).outcome);
  EXPECT_TRUE(seen.empty());
}

TEST(RunTest, KeepsMetricsWhereARegistryIsGiven) {
  MetricsRegistry metrics;
  Graph graph;
  const NodeId source = graph.AddSource({.name = "source"}, RangeSource(0, 100, 10));
  std::vector<int64_t> seen;
  graph.AddSerial({.name = "sink"}, CollectInto(&seen), {source});
  RunOptions options = Threads(1);
  options.name = "orders";
  options.metrics = &metrics;
  ASSERT_OK(GraphRun(std::move(graph), options).Execute({}).outcome);
  const std::string text = metrics.ToPrometheus();
  EXPECT_THAT(text, HasSubstr("thalweg_records_in_total{pipeline=\"orders\"} 100\n"));
  EXPECT_THAT(text, HasSubstr("thalweg_records_out_total{pipeline=\"orders\"} 100\n"));
  EXPECT_THAT(text,
              HasSubstr("thalweg_chunk_seconds_count{node=\"sink\",pipeline=\"orders\"} 10\n"));
}

}  // namespace
}  // namespace thalweg::runtime
