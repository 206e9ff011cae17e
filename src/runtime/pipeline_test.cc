#include "thalweg/pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg {
namespace {

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

class CountedPipeline : public Pipeline<Counted, Counted> {
 public:
  explicit CountedPipeline(int n) : n_(n) {}
  Status Extract(Emitter<Counted>& out, const runtime::Position&) override {
    for (int i = 0; i < n_; ++i) {
      if (!out.Emit(Counted(i))) break;
    }
    return {};
  }
  LoadOutcome Load(std::span<Counted> batch) override {
    batches.push_back(batch.size());
    for (const auto& c : batch) seen.push_back(c.value);
    return {};
  }
  std::vector<size_t> batches;
  std::vector<int> seen;

 private:
  int n_;
};

TEST(PipelineTest, MovesRecordsWithoutACopyAndKeepsOrder) {
  Counted::copies = 0;
  CountedPipeline pipeline(1000);
  PipelineOptions options;
  options.batch.rows = 100;
  const Report report = pipeline.Run(options);
  ASSERT_OK(report.outcome);
  EXPECT_EQ(Counted::copies, 0);
  ASSERT_EQ(pipeline.seen.size(), 1000U);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(pipeline.seen[static_cast<size_t>(i)], i);
  EXPECT_EQ(pipeline.batches, std::vector<size_t>(10, 100));  // Not eleven.
  EXPECT_EQ(report.records_in, 1000);
  EXPECT_EQ(report.records_out, 1000);
  EXPECT_TRUE(report.conserved);
}

}  // namespace
}  // namespace thalweg
