// Records that a pipeline cannot use: counted, kept, tried again, or the end of the run.

#include <gtest/gtest.h>

#include <span>
#include <stop_token>
#include <string>
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

FunctionPipeline<int>* Rejecting(FunctionPipeline<int>* pipeline, int every) {
  pipeline->extract = Count(1000);
  pipeline->transform = [every](int& value) {
    if (value % every == 7) return Status::InvalidArgument("no: " + std::to_string(value));
    return Status();
  };
  return pipeline;
}

TEST(PipelineRejectTest, TheFirstRejectedRecordFailsTheRunByDefault) {
  for (const int lanes : {1, 4}) {
    FunctionPipeline<int> pipeline;
    PipelineOptions options;
    options.transform_concurrency = lanes;
    const Report report = Rejecting(&pipeline, 50)->Run(options);
    EXPECT_THAT(report.outcome, StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(report.outcome.message(), HasSubstr("rejected record: no: 7"));
  }
}

TEST(PipelineRejectTest, SkippedRecordsAreCounted) {
  FunctionPipeline<int> pipeline;
  PipelineOptions options;
  options.rejects.errors = ErrorPolicy::kSkip;
  const Report report = Rejecting(&pipeline, 50)->Run(options);
  ASSERT_OK(report.outcome);
  EXPECT_EQ(report.records_rejected, 20);
  EXPECT_EQ(report.records_out, 980);
  EXPECT_TRUE(report.conserved);
}

TEST(PipelineRejectTest, DeadLettersComeInOrderWithNodeAndReason) {
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

TEST(PipelineRejectTest, TooLargeAShareOfRejectedRecordsFailsTheRun) {
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

TEST(PipelineRejectTest, TooManyRejectedRecordsFailTheRunAtOnce) {
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

TEST(PipelineRejectTest, ARejectSinkThatFailsFailsTheRun) {
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

TEST(PipelineRejectTest, LoadNamesTheRecordsItDidNotTake) {
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

TEST(PipelineRejectTest, ABatchThatFailsOnARecordIsSplitUntilItIsFound) {
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

TEST(PipelineRejectTest, WhatMaySucceedLaterIsTriedAgain) {
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

TEST(PipelineRejectTest, ARecordThatIsNeverTakenIsRejectedAfterItsRetries) {
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

TEST(PipelineRejectTest, CancelEndsTheWaitForARetry) {
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

TEST(PipelineRejectTest, LoadThatRejectsARecordOutsideTheBatchIsOurCallersBug) {
  FunctionPipeline<int> pipeline;
  pipeline.extract = Count(10);
  pipeline.load = [](std::span<int> batch) {
    LoadOutcome outcome;
    outcome.Reject(batch.size(), Status::InvalidArgument("?"));
    return outcome;
  };
  EXPECT_THAT(pipeline.Run({}).outcome, StatusIs(StatusCode::kInternal));
}

}  // namespace
}  // namespace thalweg
