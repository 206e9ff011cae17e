// The memory of a pipeline: bounded, and given back to the thread that asked for it.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "testing/function_pipeline.h"
#include "testing/status_matchers.h"
#include "thalweg/pipeline.h"

namespace thalweg {
namespace {

using testing::FunctionPipeline;

// What was moved from is told by its empty memory.
struct Block {
  std::unique_ptr<int> memory;
  static constexpr int64_t ByteSize() { return 8192; }
};
struct Loaded {
  std::unique_ptr<int> memory;
  static constexpr int64_t ByteSize() { return 8192; }
};

constexpr int kRecords = 5000;

template <typename Out>
class Reclaiming : public Pipeline<Block, Out> {
 public:
  Status Extract(Emitter<Block>& out, const runtime::Position&) override {
    extracting_ = std::this_thread::get_id();
    for (int i = 0; i < kRecords; ++i) {
      if (spent_.empty()) {
        ++made;
        spent_.push_back(std::make_unique<int>());
      }
      Block block{std::move(spent_.back())};
      spent_.pop_back();
      *block.memory = i;
      out.Emit(std::move(block));
    }
    return {};
  }
  LoadOutcome Load(std::span<Out> batch) override {
    for (const Out& record : batch) sum += *record.memory;
    return {};
  }
  void Reclaim(Out&& record) override {
    EXPECT_EQ(std::this_thread::get_id(), extracting_);
    ++reclaimed;
    if (record.memory != nullptr) spent_.push_back(std::move(record.memory));
  }

  int made = 0;
  int reclaimed = 0;
  int64_t sum = 0;

 private:
  std::thread::id extracting_;
  std::vector<std::unique_ptr<int>> spent_;
};

class Mapping final : public Reclaiming<Loaded> {
 public:
  Result<Loaded> Transform(Block&& block) override { return Loaded{std::move(block.memory)}; }
};

template <typename P>
void ExpectReclaimed(int64_t batch_rows, int64_t memory_bytes_max, bool some) {
  PipelineOptions options;
  options.batch.rows = batch_rows;
  options.memory_bytes_max = memory_bytes_max;
  P pipeline;
  ASSERT_OK(pipeline.Run(options).outcome);
  EXPECT_EQ(pipeline.sum, int64_t{kRecords} * (kRecords - 1) / 2);
  EXPECT_EQ(pipeline.reclaimed > 0, some);
  EXPECT_EQ(pipeline.made < kRecords, some) << pipeline.reclaimed;
}

TEST(PipelineReclaimTest, MappedRecordsComeBack) {
  ExpectReclaimed<Mapping>(100, 0, true);
  ExpectReclaimed<Mapping>(7, 0, true);  // Batches that are views of a chunk.
}

TEST(PipelineReclaimTest, RecordsChangedInPlaceComeBack) {
  ExpectReclaimed<Reclaiming<Block>>(100, 0, true);
  ExpectReclaimed<Reclaiming<Block>>(7, 0, true);
}

TEST(PipelineReclaimTest, NothingIsKeptWhereMemoryIsBounded) {
  ExpectReclaimed<Mapping>(100, int64_t{16} << 20, false);
}

// Tells which thread destroyed it.
struct Traced {
  std::vector<std::thread::id>* destroyed_by;
  explicit Traced(std::vector<std::thread::id>* by) : destroyed_by(by) {}
  Traced(const Traced&) = default;
  ~Traced() { destroyed_by->push_back(std::this_thread::get_id()); }
};

void OnAnotherThread(const std::function<void()>& body) { std::thread(body).join(); }

TEST(VectorPoolTest, SmallRecordsAreDestroyedByTheThreadThatMadeThem) {
  std::vector<std::thread::id> by;
  pipeline::VectorPool<Traced> pool;
  auto held = pool.Take();
  held->reserve(2);
  held->emplace_back(&by);
  held->emplace_back(&by);
  OnAnotherThread([&] { held.reset(); });
  OnAnotherThread([&] { EXPECT_TRUE(pool.Take()->empty()); });
  EXPECT_TRUE(by.empty());
  EXPECT_EQ(pool.Take()->capacity(), 2U);
  EXPECT_EQ(by, std::vector<std::thread::id>(2, std::this_thread::get_id()));
}

TEST(VectorPoolTest, RecordsAreDestroyedAtOnceWhereMemoryIsScarceOrManyWait) {
  std::vector<std::thread::id> by;
  pipeline::VectorPool<Traced> pool;
  std::vector<std::shared_ptr<std::vector<Traced>>> held;
  for (int i = 0; i < 20; ++i) {
    held.push_back(pool.Take());
    held.back()->emplace_back(&by);
  }
  held.clear();
  EXPECT_EQ(by.size(), 12U);  // Eight wait.
  pool.DestroyAtOnce();
  pool.Take()->emplace_back(&by);
  EXPECT_EQ(by.size(), 14U);  // Also the one that waited in the vector taken.
}

struct Heavy {
  int64_t id = 0;
  int64_t ByteSize() const { return 100'000; }
};

TEST(PipelineMemoryTest, AStalledSinkHoldsTheSourceWithinTheBudget) {
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

TEST(PipelineMemoryTest, ABudgetSmallerThanOneRecordIsSlowNotStuck) {
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
