#include "thalweg/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <new>
#include <numeric>
#include <span>
#include <thread>
#include <vector>

#include "testing/function_pipeline.h"
#include "testing/manual_clock.h"
#include "testing/status_matchers.h"

namespace {

std::atomic<int64_t> allocations{0};

}  // namespace

void* operator new(size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t /*bytes*/) noexcept { std::free(memory); }

namespace thalweg {
namespace {

using testing::Count;
using testing::FunctionPipeline;
using testing::Iota;
using testing::ManualClock;
using testing::StatusIs;

/// Counts copies; moves are free.
struct Counted {
  static inline std::atomic<int> copies = 0;
  int value = 0;
  Counted() = default;
  explicit Counted(int v) : value(v) {}
  Counted(const Counted& other) : value(other.value) { ++copies; }
  Counted& operator=(const Counted& other) {
    value = other.value;
    ++copies;
    return *this;
  }
  Counted(Counted&&) = default;
  Counted& operator=(Counted&&) = default;
};

PipelineOptions Batches(int64_t rows) {
  PipelineOptions options;
  options.batch.rows = rows;
  return options;
}

TEST(PipelineTest, MovesRecordsWithoutACopyAndKeepsOrder) {
  for (const bool whole_batches : {false, true}) {
    Counted::copies = 0;
    FunctionPipeline<Counted> pipeline;
    pipeline.extract = [&](Emitter<Counted>& out, const runtime::Position&) -> Status {
      std::vector<Counted> all;
      for (int i = 0; i < 1000; ++i) {
        if (whole_batches) {
          all.emplace_back(i);
        } else {
          out.Emit(Counted(i));
        }
      }
      out.EmitBatch(std::move(all));
      return {};
    };
    const Report report = pipeline.Run(Batches(100));
    ASSERT_OK(report.outcome);
    EXPECT_EQ(Counted::copies, 0);
    ASSERT_EQ(pipeline.loaded.size(), 1000U);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(pipeline.loaded[static_cast<size_t>(i)].value, i);
    EXPECT_EQ(pipeline.batches, std::vector<size_t>(10, 100));  // Not eleven.
    EXPECT_EQ(report.records_in, 1000);
    EXPECT_EQ(report.records_out, 1000);
    EXPECT_TRUE(report.conserved);
  }
}

TEST(PipelineTest, BorrowedRecordsAreMovedFromWhereTheyAre) {
  std::vector<std::unique_ptr<int>> records;
  for (int i = 0; i < 2000; ++i) records.push_back(std::make_unique<int>(i));
  FunctionPipeline<std::unique_ptr<int>, std::unique_ptr<std::string>> pipeline;
  pipeline.extract = [&](Emitter<std::unique_ptr<int>>& out, const runtime::Position&) -> Status {
    const std::span<std::unique_ptr<int>> all(records);
    EXPECT_TRUE(out.Emit(std::make_unique<int>(-1)));
    EXPECT_TRUE(out.EmitBorrowed(all.first(1500)));
    EXPECT_TRUE(out.EmitBorrowed({}));
    EXPECT_TRUE(out.EmitBorrowed(all.subspan(1500)));
    return {};
  };
  pipeline.transform = [](std::unique_ptr<int>&& in) -> Result<std::unique_ptr<std::string>> {
    const std::unique_ptr<int> taken = std::move(in);
    return std::make_unique<std::string>(std::to_string(*taken));
  };
  ASSERT_OK(pipeline.Run(Batches(64)).outcome);
  ASSERT_EQ(pipeline.loaded.size(), 2001U);
  for (size_t i = 0; i < 2001; ++i) {
    ASSERT_EQ(*pipeline.loaded[i], std::to_string(static_cast<int>(i) - 1));
  }
  EXPECT_EQ(pipeline.batches.size(), 32U);
  EXPECT_TRUE(std::all_of(records.begin(), records.end(), [](const auto& r) { return !r; }));
}

TEST(PipelineTest, TakesMoveOnlyRecordsFromOneTypeToAnother) {
  FunctionPipeline<std::unique_ptr<int>, std::unique_ptr<std::string>> pipeline;
  pipeline.extract = [](Emitter<std::unique_ptr<int>>& out, const runtime::Position&) -> Status {
    for (int i = 0; i < 2000; ++i) out.Emplace(std::make_unique<int>(i));
    return {};
  };
  pipeline.transform = [](std::unique_ptr<int>&& in) -> Result<std::unique_ptr<std::string>> {
    return std::make_unique<std::string>(std::to_string(*in));
  };
  ASSERT_OK(pipeline.Run(Batches(64)).outcome);
  ASSERT_EQ(pipeline.loaded.size(), 2000U);
  for (size_t i = 0; i < 2000; ++i) ASSERT_EQ(*pipeline.loaded[i], std::to_string(i));
}

TEST(PipelineTest, TransformInPlaceAllocatesNothingPerRecord) {
  const auto allocations_of = [](int records) {
    FunctionPipeline<int> pipeline;
    pipeline.extract = Count(records);
    pipeline.transform = [](int& value) {
      value *= 2;
      return Status();
    };
    int64_t sum = 0;
    pipeline.load = [&](std::span<int> batch) {
      sum = std::accumulate(batch.begin(), batch.end(), sum);
      return LoadOutcome();
    };
    PipelineOptions options = Batches(1000);
    const int64_t before = allocations.load();
    EXPECT_OK(pipeline.Run(options).outcome);
    EXPECT_EQ(sum, int64_t{records} * (records - 1));
    return allocations.load() - before;
  };
  allocations_of(1000);
  const int64_t few = allocations_of(10'000);
  const int64_t many = allocations_of(210'000);
  EXPECT_LT(many - few, 200'000 / 50);  // Some for each chunk; a chunk has hundreds of records.
}

TEST(PipelineTest, EveryNumberOfRecordsGivesTheExactNumberOfBatches) {
  for (const int records : {0, 1, 2, 15, 16, 17, 99, 100, 101, 499, 500, 1000, 4096, 5000}) {
    for (const int64_t rows : {1, 7, 100, 5000}) {
      for (const int workers : {1, 2, 4}) {
        SCOPED_TRACE(std::to_string(records) + " records by " + std::to_string(rows));
        FunctionPipeline<int> pipeline;
        pipeline.extract = Count(records);
        PipelineOptions options = Batches(rows);
        options.workers = workers;
        ASSERT_OK(pipeline.Run(options).outcome);
        EXPECT_EQ(pipeline.loaded, Iota(records));
        EXPECT_EQ(static_cast<int64_t>(pipeline.batches.size()), (records + rows - 1) / rows);
      }
    }
  }
}

TEST(PipelineTest, OrderedOutputEqualsThatOfOneWorker) {
  const auto run = [](int workers, bool ordered) {
    FunctionPipeline<int, std::string> pipeline;
    pipeline.extract = Count(20'000);
    pipeline.transform = [](int&& value) -> Result<std::string> {
      if (value % 97 == 0) std::this_thread::yield();
      return "row " + std::to_string(value);
    };
    PipelineOptions options = Batches(64);
    options.workers = workers;
    options.transform_concurrency = workers;  // Threads from the start, also for little work.
    options.ordered = ordered;
    EXPECT_OK(pipeline.Run(options).outcome);
    return std::move(pipeline.loaded);
  };
  const auto reference = run(1, true);
  EXPECT_EQ(run(4, true), reference);
  auto unordered = run(4, false);
  std::ranges::sort(unordered);
  auto sorted = reference;
  std::ranges::sort(sorted);
  EXPECT_EQ(unordered, sorted);
}

TEST(PipelineTest, TransformRunsAsManyTimesAtOnceAsAskedFor) {
  for (const int lanes : {2, 5, 8}) {
    FunctionPipeline<int, int> pipeline;
    std::mutex mutex;
    std::condition_variable all_inside;
    int inside = 0;
    bool met = false;
    pipeline.extract = Count(100);
    pipeline.transform = [&](int&) {
      std::unique_lock lock(mutex);
      ++inside;
      met = met || inside == lanes;
      all_inside.notify_all();
      all_inside.wait(lock, [&] { return met; });
      --inside;
      return Status();
    };
    PipelineOptions options;
    options.workers = 1;
    options.transform_concurrency = lanes;
    ASSERT_OK(pipeline.Run(options).outcome);
    EXPECT_EQ(pipeline.loaded, Iota(100));
  }
}

TEST(PipelineTest, LoadRunsAsManyTimesAtOnceAsAskedFor) {
  FunctionPipeline<int> pipeline;
  std::mutex mutex;
  std::condition_variable all_inside;
  int inside = 0;
  bool met = false;
  std::atomic<int> loaded = 0;
  pipeline.extract = Count(60);
  pipeline.load = [&](std::span<int> batch) {
    std::unique_lock lock(mutex);
    met = met || ++inside == 3;
    all_inside.notify_all();
    all_inside.wait(lock, [&] { return met; });
    --inside;
    loaded += static_cast<int>(batch.size());
    return LoadOutcome();
  };
  PipelineOptions options = Batches(10);
  options.load_concurrency = 3;
  ASSERT_OK(pipeline.Run(options).outcome);
  EXPECT_EQ(loaded, 60);
}

TEST(PipelineTest, OptionsOutOfRangeAreErrorsThatNameTheField) {
  const auto outcome = [](auto change) {
    FunctionPipeline<int> pipeline;
    pipeline.extract = Count(10);
    PipelineOptions options;
    options.name = "orders";
    change(options);
    const Report report = pipeline.Run(options);
    EXPECT_TRUE(pipeline.loaded.empty());
    EXPECT_THAT(report.outcome, StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(report.outcome.message(), ::testing::HasSubstr("pipeline 'orders'"));
    return report.outcome.message();
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(outcome([](auto& o) { o.workers = 0; }), HasSubstr("workers"));
  EXPECT_THAT(outcome([](auto& o) { o.workers = -1; }), HasSubstr("workers"));
  EXPECT_THAT(outcome([](auto& o) { o.transform_concurrency = 0; }),
              HasSubstr("transform_concurrency"));
  EXPECT_THAT(outcome([](auto& o) { o.load_concurrency = 0; }), HasSubstr("load_concurrency"));
  EXPECT_THAT(outcome([](auto& o) { o.batch.rows = 0; }), HasSubstr("batch.rows"));
  EXPECT_THAT(outcome([](auto& o) { o.batch.bytes_max = 0; }), HasSubstr("batch.bytes_max"));
  EXPECT_THAT(outcome([](auto& o) { o.batch.flush_delay_ms = -1; }), HasSubstr("flush_delay_ms"));
  EXPECT_THAT(outcome([](auto& o) { o.retry.attempts_max = 0; }), HasSubstr("attempts_max"));
  EXPECT_THAT(outcome([](auto& o) { o.memory_bytes_max = -1; }), HasSubstr("memory_bytes_max"));
  EXPECT_THAT(outcome([](auto& o) { o.rejects.error_rate_max = 1.5; }),
              HasSubstr("error_rate_max"));
  EXPECT_THAT(outcome([](auto& o) { o.tuning.min.batch_rows = 0; }), HasSubstr("batch_rows"));
}

TEST(PipelineTest, ASlowSourceStillDelivers) {
  for (const bool manual : {true, false}) {
    ManualClock clock;
    FunctionPipeline<int> pipeline;
    std::mutex mutex;
    std::condition_variable arrived;
    std::vector<int> seen;
    pipeline.load = [&](std::span<int> batch) {
      std::scoped_lock lock(mutex);
      seen.insert(seen.end(), batch.begin(), batch.end());
      arrived.notify_all();
      return LoadOutcome();
    };
    // Emits three records, and goes on only when they have been loaded: with a batch of a thousand,
    // only their age can bring that about.
    pipeline.extract = [&](Emitter<int>& out, const runtime::Position&) -> Status {
      for (int round = 1; round <= 3; ++round) {
        for (int i = 0; i < 3; ++i) out.Emit(3 * (round - 1) + i);
        std::unique_lock lock(mutex);
        const auto there = [&] { return seen.size() == static_cast<size_t>(3 * round); };
        while (!there()) {
          if (manual) clock.Advance(std::chrono::milliseconds(100));
          arrived.wait_for(lock, std::chrono::milliseconds(2), there);
        }
      }
      return {};
    };
    PipelineOptions options = Batches(1000);
    options.batch.flush_delay_ms = manual ? 60'000 : 20;
    if (manual) options.clock = &clock;
    const Report report = pipeline.Run(options);
    ASSERT_OK(report.outcome);
    EXPECT_EQ(seen, Iota(9));
    EXPECT_TRUE(report.conserved);
    EXPECT_EQ(report.records_in, 9);
  }
}

TEST(PipelineTest, BatchesAreBoundedByBytes) {
  struct Large {
    int64_t bytes = 0;
    int64_t ByteSize() const { return bytes; }
  };
  FunctionPipeline<Large> pipeline;
  pipeline.extract = [](Emitter<Large>& out, const runtime::Position&) -> Status {
    for (int i = 0; i < 1000; ++i) out.Emit(Large{100 + i % 7});
    out.Emit(Large{100'000});  // Beyond the bound: a batch of its own.
    for (int i = 0; i < 10; ++i) out.Emit(Large{10});
    return {};
  };
  std::vector<int64_t> sizes;
  pipeline.load = [&](std::span<Large> batch) {
    int64_t bytes = 0;
    for (const Large& large : batch) bytes += large.bytes;
    EXPECT_TRUE(bytes <= 1000 || batch.size() == 1) << bytes;
    sizes.push_back(static_cast<int64_t>(batch.size()));
    return LoadOutcome();
  };
  PipelineOptions options;
  options.batch.bytes_max = 1000;
  ASSERT_OK(pipeline.Run(options).outcome);
  EXPECT_EQ(std::accumulate(sizes.begin(), sizes.end(), int64_t{0}), 1011);
}

TEST(PipelineTest, DroppedRecordsAreCountedAsFiltered) {
  FunctionPipeline<int> pipeline;
  pipeline.extract = Count(1000);
  pipeline.keep = [](const int& value) { return value % 10 != 0; };
  const Report report = pipeline.Run(Batches(100));
  ASSERT_OK(report.outcome);
  EXPECT_EQ(report.records_in, 1000);
  EXPECT_EQ(report.records_filtered, 100);
  EXPECT_EQ(report.records_out, 900);
  EXPECT_TRUE(report.conserved);
  EXPECT_EQ(pipeline.batches, std::vector<size_t>(9, 100));
}

TEST(PipelineTest, BeforeAndAfterAreCalledOnceAndAfterSeesTheReport) {
  FunctionPipeline<int> pipeline;
  int before = 0;
  int after = 0;
  pipeline.extract = Count(10);
  pipeline.before = [&] {
    ++before;
    return Status();
  };
  pipeline.after = [&](const Report& report) {
    ++after;
    EXPECT_EQ(report.records_out, 10);
    return Status();
  };
  ASSERT_OK(pipeline.Run({}).outcome);
  EXPECT_EQ(before, 1);
  EXPECT_EQ(after, 1);
}

TEST(PipelineTest, ExtractIsToldWhereToResume) {
  FunctionPipeline<int> pipeline;
  pipeline.extract = [](Emitter<int>& out, const runtime::Position& from) -> Status {
    for (int i = std::stoi(from.token); i < 10; ++i) {
      out.Emit(int{i});
      out.SetPosition({std::to_string(i + 1)});
    }
    return {};
  };
  PipelineOptions options;
  options.resume_from = {"7"};
  ASSERT_OK(pipeline.Run(options).outcome);
  EXPECT_EQ(pipeline.loaded, (std::vector<int>{7, 8, 9}));
}

TEST(PipelineTest, SmallWorkStartsNoThread) {
  ManualClock clock;  // In which no work takes long.
  FunctionPipeline<int> pipeline;
  pipeline.extract = Count(5000);
  pipeline.load = [caller = std::this_thread::get_id()](std::span<int>) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    return LoadOutcome();
  };
  PipelineOptions options;
  options.seed = 1;
  options.clock = &clock;
  const Report report = pipeline.Run(options);
  ASSERT_OK(report.outcome);
  EXPECT_TRUE(report.sequential);
}

TEST(PipelineTest, KeepsMetricsOfItsHooks) {
  MetricsRegistry metrics;
  FunctionPipeline<int> pipeline;
  pipeline.extract = Count(5000);
  PipelineOptions options = Batches(100);
  options.name = "orders";
  options.metrics = &metrics;
  ASSERT_OK(pipeline.Run(options).outcome);
  const std::string text = metrics.ToPrometheus();
  for (const char* node : {"extract", "transform", "load"}) {
    EXPECT_THAT(text, ::testing::HasSubstr("thalweg_chunk_seconds_count{node=\"" +
                                           std::string(node) + "\",pipeline=\"orders\"} "));
  }
  EXPECT_THAT(text,
              ::testing::HasSubstr("thalweg_batch_wait_seconds_count{pipeline=\"orders\"} 50\n"));
}

TEST(PipelineTest, ASeedGivesTheSameAnswer) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    FunctionPipeline<int> pipeline;
    pipeline.extract = Count(500);
    pipeline.keep = [](const int& value) { return value % 3 != 0; };
    PipelineOptions options = Batches(17);
    options.seed = seed;
    options.transform_concurrency = 1 + static_cast<int>(seed % 4);
    ASSERT_OK(pipeline.Run(options).outcome);
    std::vector<int> expected = Iota(500);
    std::erase_if(expected, [](int value) { return value % 3 == 0; });
    EXPECT_EQ(pipeline.loaded, expected);
  }
}

TEST(PipelineTest, ManyRunsOneAfterTheOtherAndAtOnce) {
  std::atomic<int> total = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        FunctionPipeline<int> pipeline;
        pipeline.extract = Count(2000);
        PipelineOptions options = Batches(50);
        options.transform_concurrency = 2;
        EXPECT_OK(pipeline.Run(options).outcome);
        EXPECT_EQ(pipeline.loaded, Iota(2000));
        total += static_cast<int>(pipeline.loaded.size());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, 40'000);
}

}  // namespace
}  // namespace thalweg
