// Large records that are through come back to the thread that made them.

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "testing/status_matchers.h"
#include "thalweg/pipeline.h"

namespace thalweg {
namespace {

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

}  // namespace
}  // namespace thalweg
