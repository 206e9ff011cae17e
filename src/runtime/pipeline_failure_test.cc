// What a pipeline does when hooks fail, throw, reject, or when it is cancelled.

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <stdexcept>
#include <thread>
#include <vector>

#include "testing/function_pipeline.h"
#include "testing/status_matchers.h"
#include "thalweg/pipeline.h"

namespace thalweg {
namespace {

using testing::Count;
using testing::FunctionPipeline;
using ::testing::HasSubstr;
using testing::Iota;
using testing::StatusIs;

Status Endless(Emitter<int>& out, const runtime::Position&) {
  for (int i = 0; out.Emit(int{i}); ++i) {
  }
  return {};
}

int64_t AccountedFor(const Report& report) {
  return report.records_out + report.records_rejected + report.records_filtered +
         report.records_discarded;
}

TEST(PipelineFailureTest, ALoadThatAlwaysFailsEndsTheRunAndTheProducer) {
  for (const int workers : {1, 2, 4}) {
    FunctionPipeline<int> pipeline;
    pipeline.extract = Endless;  // Ends only when the emitter says so.
    pipeline.load = [](std::span<int>) { return LoadOutcome(Status::IoError("disk full")); };
    PipelineOptions options;
    options.name = "orders";
    options.workers = workers;
    const Report report = pipeline.Run(options);
    EXPECT_THAT(report.outcome, StatusIs(StatusCode::kIoError));
    EXPECT_EQ(report.outcome.message(), "pipeline 'orders': load: disk full");
    EXPECT_EQ(report.records_out, 0);
    EXPECT_EQ(AccountedFor(report), report.records_in);
  }
}

TEST(PipelineFailureTest, EveryLoaderErrorIsKept) {
  FunctionPipeline<int> pipeline;
  std::mutex mutex;
  std::condition_variable all_inside;
  int inside = 0;
  pipeline.extract = Endless;
  pipeline.load = [&](std::span<int>) {
    std::unique_lock lock(mutex);
    const int number = ++inside;
    all_inside.notify_all();
    all_inside.wait(lock, [&] { return inside >= 3; });
    return LoadOutcome(Status::IoError("loader " + std::to_string(number)));
  };
  PipelineOptions options;
  options.batch.rows = 10;
  options.load_concurrency = 3;
  const Report report = pipeline.Run(options);
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kIoError));
  EXPECT_EQ(report.errors.size(), 3U);
}

TEST(PipelineFailureTest, AnExtractThatFailsJoinsEverything) {
  FunctionPipeline<int> pipeline;
  int after = 0;
  pipeline.extract = [](Emitter<int>& out, const runtime::Position&) -> Status {
    for (int i = 0; i < 5000; ++i) out.Emit(int{i});
    return Status::Unavailable("connection lost");
  };
  pipeline.after = [&](const Report& report) {
    ++after;
    EXPECT_FALSE(report.outcome.ok());
    return Status();
  };
  PipelineOptions options;
  options.transform_concurrency = 4;
  const Report report = pipeline.Run(options);
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(report.outcome.message(), HasSubstr("connection lost"));
  EXPECT_EQ(after, 1);
  EXPECT_EQ(AccountedFor(report), report.records_in);
}

TEST(PipelineFailureTest, AnExceptionInAnyHookIsAnErrorWithThePipelinesName) {
  const auto run = [](auto set) {
    FunctionPipeline<int> pipeline;
    pipeline.extract = Count(1000);
    set(pipeline);
    PipelineOptions options;
    options.name = "orders";
    options.batch.rows = 10;
    const Report report = pipeline.Run(options);
    EXPECT_THAT(report.outcome, StatusIs(StatusCode::kInternal));
    EXPECT_THAT(report.outcome.message(), HasSubstr("pipeline 'orders'"));
    EXPECT_THAT(report.outcome.message(), HasSubstr("kaboom"));
    EXPECT_FALSE(report.errors.empty());
    return report.outcome.message();
  };
  const auto boom = [](auto&&...) -> Status { throw std::runtime_error("kaboom"); };
  using P = FunctionPipeline<int>;
  EXPECT_THAT(run([&](P& p) { p.before = boom; }), HasSubstr("before"));
  EXPECT_THAT(run([&](P& p) { p.extract = boom; }), HasSubstr("extract"));
  EXPECT_THAT(run([&](P& p) { p.transform = boom; }), HasSubstr("transform"));
  EXPECT_THAT(run([&](P& p) { p.load = boom; }), HasSubstr("load"));
  EXPECT_THAT(run([&](P& p) { p.after = boom; }), HasSubstr("after"));
  run([&](P& p) { p.keep = [](const int&) -> bool { throw std::runtime_error("kaboom"); }; });
}

TEST(PipelineFailureTest, BeforeThatFailsKeepsTheOthersFromBeingCalled) {
  FunctionPipeline<int> pipeline;
  pipeline.before = [] { return Status::NotFound("no table"); };
  pipeline.extract = [](Emitter<int>&, const runtime::Position&) -> Status {
    ADD_FAILURE() << "extract";
    return {};
  };
  pipeline.after = [](const Report&) -> Status {
    ADD_FAILURE() << "after";
    return {};
  };
  EXPECT_THAT(pipeline.Run({}).outcome, StatusIs(StatusCode::kNotFound));
}

TEST(PipelineFailureTest, CancelIsOneOutcomeAndNothingRunsAfterwards) {
  for (const auto policy : {runtime::CancelPolicy::kDrain, runtime::CancelPolicy::kDrop}) {
    for (int round = 0; round < 20; ++round) {
      FunctionPipeline<int> pipeline;
      std::stop_source stop;
      std::atomic<bool> returned = false;
      std::atomic<int> after = 0;
      std::atomic<int> loads = 0;
      pipeline.extract = Endless;
      pipeline.load = [&](std::span<int>) {
        EXPECT_FALSE(returned);
        if (++loads == 1 + round) stop.request_stop();
        return LoadOutcome();
      };
      pipeline.after = [&](const Report& report) {
        ++after;
        EXPECT_THAT(report.outcome, StatusIs(StatusCode::kCancelled));
        return Status();
      };
      PipelineOptions options;
      options.batch.rows = 20;
      options.cancel = policy;
      if (round % 2 == 1) options.transform_concurrency = 3;
      const Report report = pipeline.Run(options, stop.get_token());
      returned = true;
      EXPECT_THAT(report.outcome, StatusIs(StatusCode::kCancelled));
      EXPECT_EQ(report.errors.size(), 1U);
      EXPECT_EQ(after, 1);
      EXPECT_EQ(AccountedFor(report), report.records_in);
    }
  }
}

TEST(PipelineFailureTest, DrainFinishesEverythingThatWasEmitted) {
  FunctionPipeline<int> pipeline;
  std::stop_source stop;
  int emitted = 0;
  pipeline.extract = [&](Emitter<int>& out, const runtime::Position&) -> Status {
    for (emitted = 0; emitted < 7777; ++emitted) {
      if (!out.Emit(int{emitted})) break;
    }
    stop.request_stop();
    EXPECT_TRUE(out.stop().stop_requested());
    EXPECT_FALSE(pipeline.stop().stop_requested());
    return {};
  };
  PipelineOptions options;
  options.batch.rows = 100;
  const Report report = pipeline.Run(options, stop.get_token());
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kCancelled));
  EXPECT_EQ(pipeline.loaded, Iota(7777));
  EXPECT_EQ(report.records_discarded, 0);
}

TEST(PipelineFailureTest, ADrainThatTakesTooLongBecomesADrop) {
  FunctionPipeline<int> pipeline;
  std::stop_source stop;
  pipeline.extract = Endless;
  pipeline.load = [&](std::span<int>) {
    stop.request_stop();
    // A load that hangs, but looks at the run's stop token.
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, pipeline.stop(), [] { return false; });
    return LoadOutcome();
  };
  for (const bool threads : {true, false}) {
    stop = std::stop_source();
    PipelineOptions options;
    options.batch.rows = 10;
    options.drain_ms_max = 20;
    if (threads) options.transform_concurrency = 2;
    EXPECT_THAT(pipeline.Run(options, stop.get_token()).outcome, StatusIs(StatusCode::kCancelled));
  }
}

TEST(PipelineFailureTest, StoppedBeforeTheStart) {
  FunctionPipeline<int> pipeline;
  std::stop_source stop;
  stop.request_stop();
  pipeline.extract = Endless;
  EXPECT_THAT(pipeline.Run({}, stop.get_token()).outcome, StatusIs(StatusCode::kCancelled));
}

TEST(PipelineFailureTest, AnExtractThatWaitsIsToldWhenLoadFails) {
  FunctionPipeline<int> pipeline;
  pipeline.extract = [](Emitter<int>& out, const runtime::Position&) -> Status {
    for (int i = 0; i < 100; ++i) out.Emit(int{i});
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, out.stop(), [] { return false; });
    return {};
  };
  pipeline.load = [](std::span<int>) { return LoadOutcome(Status::IoError("disk full")); };
  PipelineOptions options;
  options.batch.rows = 10;
  EXPECT_THAT(pipeline.Run(options).outcome, StatusIs(StatusCode::kIoError));
}

}  // namespace
}  // namespace thalweg
