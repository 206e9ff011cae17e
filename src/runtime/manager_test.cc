#include "thalweg/manager.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "testing/function_pipeline.h"
#include "testing/status_matchers.h"

namespace thalweg {
namespace {

using testing::Count;
using testing::FunctionPipeline;
using ::testing::HasSubstr;
using testing::Iota;
using testing::StatusIs;

std::shared_ptr<FunctionPipeline<int>> Counting(int n) {
  auto pipeline = std::make_shared<FunctionPipeline<int>>();
  pipeline->extract = Count(n);
  return pipeline;
}

PipelineOptions Named(const char* name) {
  PipelineOptions options;
  options.name = name;
  options.batch.rows = 10;
  return options;
}

template <typename T>
std::shared_ptr<Pipeline<T, T>> Base(std::shared_ptr<FunctionPipeline<T>> pipeline) {
  return pipeline;
}

TEST(ManagerTest, WithoutPipelinesAllIsWell) {
  const ManagerReport report = Manager().Run();
  EXPECT_OK(report.outcome);
  EXPECT_TRUE(report.pipelines.empty());
}

TEST(ManagerTest, ZeroPipelinesAtOnceIsAnErrorThatNamesTheField) {
  Manager manager({.pipelines_max = 0});
  manager.Add("a", [](Governor&, std::stop_token) { return Report(); });
  const ManagerReport report = manager.Run();
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(report.outcome.message(), HasSubstr("pipelines_max"));
}

TEST(ManagerTest, RunsAllWithinTheBoundUnderOneGovernor) {
  Governor governor({.cpu_tokens = 2});
  Manager manager({.pipelines_max = 3, .governor = &governor});
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::vector<std::shared_ptr<FunctionPipeline<int>>> pipelines;
  for (int i = 0; i < 10; ++i) {
    pipelines.push_back(Counting(1000));
    pipelines.back()->before = [&] {
      const int now = ++running;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      return Status();
    };
    pipelines.back()->after = [&](const Report&) {
      --running;
      return Status();
    };
    manager.Add(Base(pipelines.back()), Named(("p" + std::to_string(i)).c_str()));
  }
  const ManagerReport report = manager.Run();
  ASSERT_OK(report.outcome);
  EXPECT_LE(most, 3);
  ASSERT_EQ(report.pipelines.size(), 10U);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(report.pipelines[i].pipeline, "p" + std::to_string(i));
    EXPECT_EQ(report.pipelines[i].records_out, 1000);
    EXPECT_EQ(pipelines[i]->loaded, Iota(1000));
  }
  EXPECT_GT(governor.cpu_statistics().acquired, 0);
  EXPECT_EQ(governor.cpu_statistics().in_use, 0);
}

TEST(ManagerTest, AnExceptionInAHookIsAnErrorWithThePipelinesName) {
  Manager manager;
  auto pipeline = Counting(10);
  pipeline->before = []() -> Status { throw std::runtime_error("kaboom"); };
  manager.Add(Base(pipeline), Named("orders"));
  manager.Add("raw",
              [](Governor&, std::stop_token) -> Report { throw std::runtime_error("bang"); });
  const ManagerReport report = manager.Run();
  EXPECT_FALSE(report.outcome.ok());
  ASSERT_GE(report.errors.size(), 2U);
  EXPECT_THAT(report.pipelines[0].outcome.message(), HasSubstr("pipeline 'orders'"));
  EXPECT_THAT(report.pipelines[0].outcome.message(), HasSubstr("kaboom"));
}

// One pipeline fails while the other is loading: its rows must stop coming, or all come.
ManagerReport RunWithFailure(FailurePolicy policy, std::atomic<int64_t>* loaded) {
  Manager manager({.pipelines_max = 2, .failure = policy});
  std::mutex mutex;
  std::condition_variable_any started;
  bool loading = false;
  auto sibling = std::make_shared<FunctionPipeline<int>>();
  const bool endless = policy == FailurePolicy::kFailFast;
  sibling->extract = [endless](Emitter<int>& out, const runtime::Position&) -> Status {
    for (int i = 0; endless || i < 5000; ++i) {
      if (!out.Emit(int{i})) break;
    }
    return {};
  };
  sibling->load = [&](std::span<int> batch) {
    *loaded += static_cast<int64_t>(batch.size());
    std::scoped_lock lock(mutex);
    loading = true;
    started.notify_all();
    return LoadOutcome();
  };
  auto failing = std::make_shared<FunctionPipeline<int>>();
  failing->extract = [&](Emitter<int>&, const runtime::Position&) -> Status {
    std::unique_lock lock(mutex);
    started.wait(lock, [&] { return loading; });
    return Status::IoError("disk full");
  };
  manager.Add(Base(sibling), Named("sibling"));
  manager.Add(Base(failing), Named("failing"));
  return manager.Run();
}

TEST(ManagerTest, FailFastCancelsAndJoinsTheOthers) {
  std::atomic<int64_t> loaded = 0;
  const ManagerReport report = RunWithFailure(FailurePolicy::kFailFast, &loaded);
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kIoError));
  EXPECT_THAT(report.outcome.message(), HasSubstr("pipeline 'failing'"));
  EXPECT_THAT(report.pipelines[0].outcome, StatusIs(StatusCode::kCancelled));
  EXPECT_EQ(report.pipelines[0].records_out, loaded);
  EXPECT_EQ(report.errors.size(), 2U);
}

TEST(ManagerTest, KeepGoingFinishesTheOthers) {
  std::atomic<int64_t> loaded = 0;
  const ManagerReport report = RunWithFailure(FailurePolicy::kKeepGoing, &loaded);
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kIoError));
  EXPECT_OK(report.pipelines[0].outcome);
  EXPECT_EQ(loaded, 5000);
  EXPECT_EQ(report.errors.size(), 1U);
}

TEST(ManagerTest, PipelinesThatWereNotStartedSaySo) {
  Manager manager({.pipelines_max = 1});
  auto failing = Counting(0);
  failing->before = [] { return Status::NotFound("no table"); };
  auto never = Counting(10);
  manager.Add(Base(failing), Named("failing"));
  manager.Add(Base(never), Named("never"));
  const ManagerReport report = manager.Run();
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(report.pipelines[1].outcome, StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(report.pipelines[1].outcome.message(), HasSubstr("not started"));
  EXPECT_TRUE(never->loaded.empty());
}

TEST(ManagerTest, StopReachesEveryPipeline) {
  std::stop_source stop;
  Manager manager;
  for (const char* name : {"a", "b", "c"}) {
    auto pipeline = std::make_shared<FunctionPipeline<int>>();
    pipeline->extract = [&stop](Emitter<int>& out, const runtime::Position&) -> Status {
      for (int i = 0; out.Emit(int{i}); ++i) {
        if (i == 1000) stop.request_stop();
      }
      return {};
    };
    manager.Add(Base(pipeline), Named(name));
  }
  const ManagerReport report = manager.Run(stop.get_token());
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kCancelled));
  for (const Report& each : report.pipelines) {
    EXPECT_THAT(each.outcome, StatusIs(StatusCode::kCancelled));
  }
}

}  // namespace
}  // namespace thalweg
