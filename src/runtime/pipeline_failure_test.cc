// What a pipeline does when hooks fail, throw, reject, or when it is cancelled.

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <stdexcept>
#include <thread>
#include <vector>

#include "testing/function_pipeline.h"
#include "testing/manual_clock.h"
#include "testing/status_matchers.h"
#include "thalweg/pipeline.h"

namespace thalweg {
namespace {

using testing::CollectingRejectSink;
using testing::Count;
using testing::FunctionPipeline;
using ::testing::HasSubstr;
using testing::Iota;
using testing::ManualClock;
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

// ---- Records that cannot be used.

FunctionPipeline<int>* Rejecting(FunctionPipeline<int>* pipeline, int every) {
  pipeline->extract = Count(1000);
  pipeline->transform = [every](int& value) {
    if (value % every == 7) return Status::InvalidArgument("no: " + std::to_string(value));
    return Status();
  };
  return pipeline;
}

TEST(PipelineFailureTest, TheFirstRejectedRecordFailsTheRunByDefault) {
  for (const int lanes : {1, 4}) {
    FunctionPipeline<int> pipeline;
    PipelineOptions options;
    options.transform_concurrency = lanes;
    const Report report = Rejecting(&pipeline, 50)->Run(options);
    EXPECT_THAT(report.outcome, StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(report.outcome.message(), HasSubstr("rejected record: no: 7"));
  }
}

TEST(PipelineFailureTest, SkippedRecordsAreCounted) {
  FunctionPipeline<int> pipeline;
  PipelineOptions options;
  options.rejects.errors = ErrorPolicy::kSkip;
  const Report report = Rejecting(&pipeline, 50)->Run(options);
  ASSERT_OK(report.outcome);
  EXPECT_EQ(report.records_rejected, 20);
  EXPECT_EQ(report.records_out, 980);
  EXPECT_TRUE(report.conserved);
}

TEST(PipelineFailureTest, DeadLettersComeInOrderWithNodeAndReason) {
  FunctionPipeline<int> pipeline;
  CollectingRejectSink sink;
  PipelineOptions options;
  options.rejects.errors = ErrorPolicy::kDeadLetter;
  options.reject_sink = &sink;
  options.transform_concurrency = 4;
  const Report report = Rejecting(&pipeline, 50)->Run(options);
  ASSERT_OK(report.outcome);
  ASSERT_EQ(sink.rejections.size(), 20U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(sink.rejections[static_cast<size_t>(i)].reason, "no: " + std::to_string(50 * i + 7));
    EXPECT_EQ(sink.rejections[static_cast<size_t>(i)].node, "transform");
  }
  EXPECT_EQ(sink.closed, 1);
  EXPECT_EQ(report.reject_file, "memory");
}

TEST(PipelineFailureTest, TooLargeAShareOfRejectedRecordsFailsTheRun) {
  FunctionPipeline<int> pipeline;
  PipelineOptions options;
  options.rejects.errors = ErrorPolicy::kSkip;
  const Report report = Rejecting(&pipeline, 8)->Run(options);
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(report.outcome.message(), HasSubstr("125 of 1000 records rejected"));
  EXPECT_THAT(report.outcome.message(), HasSubstr("error_rate_max"));

  FunctionPipeline<int> allowed;
  options.rejects.error_rate_max = 0.2;
  EXPECT_OK(Rejecting(&allowed, 8)->Run(options).outcome);
}

TEST(PipelineFailureTest, TooManyRejectedRecordsFailTheRunAtOnce) {
  FunctionPipeline<int> pipeline;
  Rejecting(&pipeline, 10);
  pipeline.extract = Endless;
  PipelineOptions options;
  options.rejects.errors = ErrorPolicy::kSkip;
  options.rejects.errors_max = 3;
  const Report report = pipeline.Run(options);
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(report.outcome.message(), HasSubstr("more than 3 records rejected"));
}

TEST(PipelineFailureTest, ARejectSinkThatFailsFailsTheRun) {
  class Full final : public RejectSink {
   public:
    Status Write(const runtime::Rejection&) override { return Status::IoError("no space"); }
  } sink;
  FunctionPipeline<int> pipeline;
  PipelineOptions options;
  options.rejects.errors = ErrorPolicy::kDeadLetter;
  options.reject_sink = &sink;
  const Report report = Rejecting(&pipeline, 50)->Run(options);
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kIoError));
  EXPECT_THAT(report.outcome.message(), HasSubstr("reject sink"));
}

TEST(PipelineFailureTest, LoadNamesTheRecordsItDidNotTake) {
  FunctionPipeline<int> pipeline;
  CollectingRejectSink sink;
  pipeline.extract = Count(100);
  pipeline.load = [](std::span<int> batch) {
    LoadOutcome outcome;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (batch[i] % 25 == 0) outcome.Reject(i, Status::InvalidArgument("duplicate key"));
    }
    return outcome;
  };
  pipeline.describe = [](const int& value) { return std::to_string(value); };
  PipelineOptions options;
  options.batch.rows = 30;
  options.rejects.errors = ErrorPolicy::kDeadLetter;
  options.reject_sink = &sink;
  const Report report = pipeline.Run(options);
  ASSERT_OK(report.outcome);
  ASSERT_EQ(sink.rejections.size(), 4U);
  EXPECT_EQ(sink.rejections[1].raw, "25");
  EXPECT_EQ(sink.rejections[1].reason, "duplicate key");
  EXPECT_EQ(sink.rejections[1].node, "load");
  EXPECT_EQ(report.records_out, 96);
}

TEST(PipelineFailureTest, ABatchThatFailsOnARecordIsSplitUntilItIsFound) {
  FunctionPipeline<int> pipeline;
  std::vector<int> taken;
  pipeline.extract = Count(100);
  pipeline.load = [&](std::span<int> batch) -> LoadOutcome {
    for (const int value : batch) {
      if (value == 37 || value == 80) return Status::InvalidArgument("bad value");
    }
    taken.insert(taken.end(), batch.begin(), batch.end());
    return {};
  };
  PipelineOptions options;
  options.batch.rows = 50;
  options.rejects.errors = ErrorPolicy::kSkip;
  const Report report = pipeline.Run(options);
  ASSERT_OK(report.outcome);
  std::vector<int> expected = Iota(100);
  std::erase(expected, 37);
  std::erase(expected, 80);
  EXPECT_EQ(taken, expected);
  EXPECT_EQ(report.records_rejected, 2);
  EXPECT_EQ(report.records_out, 98);
}

TEST(PipelineFailureTest, WhatMaySucceedLaterIsTriedAgain) {
  ManualClock clock;
  FunctionPipeline<int> pipeline;
  int attempts = 0;
  pipeline.extract = Count(10);
  pipeline.load = [&](std::span<int>) -> LoadOutcome {
    if (++attempts <= 2) return Status::Unavailable("busy");
    return {};
  };
  PipelineOptions options;
  options.clock = &clock;
  options.seed = 1;
  options.retry = {.attempts_max = 3, .delay_ms = 1000};
  std::jthread time([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) clock.Advance(std::chrono::milliseconds(100));
  });
  ASSERT_OK(pipeline.Run(options).outcome);
  EXPECT_EQ(attempts, 3);

  attempts = -5;
  const Report report = pipeline.Run(options);
  EXPECT_THAT(report.outcome, StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(report.outcome.message(), HasSubstr("after 3 attempts: busy"));
}

TEST(PipelineFailureTest, ARecordThatIsNeverTakenIsRejectedAfterItsRetries) {
  FunctionPipeline<int> pipeline;
  CollectingRejectSink sink;
  int tried = 0;
  pipeline.extract = Count(10);
  pipeline.load = [&](std::span<int> batch) {
    LoadOutcome outcome;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (batch[i] == 5) {
        ++tried;
        if (batch.size() == 1) return LoadOutcome(Status::Unavailable("locked"));
        outcome.Reject(i, Status::Unavailable("locked"));
      }
    }
    return outcome;
  };
  PipelineOptions options;
  options.retry = {.attempts_max = 3, .delay_ms = 0};
  options.rejects.errors = ErrorPolicy::kDeadLetter;
  options.reject_sink = &sink;
  ASSERT_OK(pipeline.Run(options).outcome);
  ASSERT_EQ(sink.rejections.size(), 1U);
  EXPECT_THAT(sink.rejections[0].reason, HasSubstr("locked"));
  EXPECT_EQ(tried, 4);
}

TEST(PipelineFailureTest, CancelEndsTheWaitForARetry) {
  FunctionPipeline<int> pipeline;
  std::stop_source stop;
  pipeline.extract = Count(10);
  pipeline.load = [&](std::span<int>) -> LoadOutcome {
    stop.request_stop();
    return Status::Unavailable("busy");
  };
  PipelineOptions options;
  options.cancel = runtime::CancelPolicy::kDrop;
  options.retry = {.attempts_max = 100, .delay_ms = 3'600'000, .delay_ms_max = 3'600'000};
  EXPECT_FALSE(pipeline.Run(options, stop.get_token()).outcome.ok());
}

TEST(PipelineFailureTest, LoadThatRejectsARecordOutsideTheBatchIsOurCallersBug) {
  FunctionPipeline<int> pipeline;
  pipeline.extract = Count(10);
  pipeline.load = [](std::span<int> batch) {
    LoadOutcome outcome;
    outcome.Reject(batch.size(), Status::InvalidArgument("?"));
    return outcome;
  };
  EXPECT_THAT(pipeline.Run({}).outcome, StatusIs(StatusCode::kInternal));
}

// ---- Memory.

struct Heavy {
  int64_t id = 0;
  int64_t ByteSize() const { return 100'000; }
};

TEST(PipelineFailureTest, AStalledSinkHoldsTheSourceWithinTheBudget) {
  constexpr int64_t kBudget = 2'000'000;
  FunctionPipeline<Heavy> pipeline;
  std::atomic<int64_t> emitted = 0;
  std::atomic<int64_t> loaded = 0;
  int64_t most = 0;
  pipeline.extract = [&](Emitter<Heavy>& out, const runtime::Position&) -> Status {
    for (int64_t i = 0; i < 2000; ++i) {
      if (!out.Emit(Heavy{i})) break;
      ++emitted;
    }
    return {};
  };
  pipeline.load = [&](std::span<Heavy> batch) {
    most = std::max(most, emitted - loaded);
    for (int i = 0; i < 50; ++i) std::this_thread::yield();
    loaded += static_cast<int64_t>(batch.size());
    return LoadOutcome();
  };
  PipelineOptions options;
  options.batch.rows = 5;
  options.memory_bytes_max = kBudget;
  const Report report = pipeline.Run(options);
  ASSERT_OK(report.outcome);
  EXPECT_EQ(loaded, 2000);
  // Beyond the budget: what each thread has just made, which is always admitted.
  EXPECT_LE(report.memory_peak_bytes, kBudget + 20 * 5 * 100'000);
  EXPECT_LE(most, kBudget / 100'000 + 100);
}

TEST(PipelineFailureTest, ABudgetSmallerThanOneRecordIsSlowNotStuck) {
  for (const int lanes : {1, 3}) {
    FunctionPipeline<Heavy> pipeline;
    int64_t next = 0;
    pipeline.extract = [](Emitter<Heavy>& out, const runtime::Position&) -> Status {
      for (int64_t i = 0; i < 200; ++i) out.Emit(Heavy{i});
      return {};
    };
    pipeline.load = [&](std::span<Heavy> batch) {
      for (const Heavy& heavy : batch) EXPECT_EQ(heavy.id, next++);
      return LoadOutcome();
    };
    PipelineOptions options;
    options.batch.rows = 7;
    options.memory_bytes_max = 1000;
    options.transform_concurrency = lanes;
    ASSERT_OK(pipeline.Run(options).outcome);
    EXPECT_EQ(next, 200);
  }
}

}  // namespace
}  // namespace thalweg
