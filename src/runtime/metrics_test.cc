#include "thalweg/metrics.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, WritesTheTextFormat) {
  MetricsRegistry metrics;
  metrics.AddCounter({"rows_in", "Rows read."}, {{"file", "a\"b\\c\nd"}}).Add(41);
  metrics.AddCounter({"rows_in", "Rows read."}, {{"file", "a\"b\\c\nd"}}).Add(1);
  metrics.AddGauge({"memory_bytes", "Memory\nheld."}).Set(1.5);
  EXPECT_EQ(metrics.ToPrometheus(),
            "# HELP memory_bytes Memory\\nheld.\n"
            "# TYPE memory_bytes gauge\n"
            "memory_bytes 1.5\n"
            "# HELP rows_in_total Rows read.\n"
            "# TYPE rows_in_total counter\n"
            "rows_in_total{file=\"a\\\"b\\\\c\\nd\"} 42\n");
  EXPECT_EQ(metrics.List(), "memory_bytes gauge Memory\nheld.\nrows_in_total counter Rows read.\n");
}

TEST(MetricsTest, HistogramsAreCumulative) {
  MetricsRegistry metrics;
  DurationHistogram& histogram = metrics.AddHistogram({"load_seconds", "Time of a load."});
  for (const int64_t ns :
       {int64_t{1}, int64_t{1023}, int64_t{1024}, int64_t{5000}, int64_t{1} << 40}) {
    histogram.Record(ns);
  }
  const std::string text = metrics.ToPrometheus();
  EXPECT_THAT(text, HasSubstr("load_seconds_bucket{le=\"1.024e-06\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("load_seconds_bucket{le=\"4.096e-06\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("load_seconds_bucket{le=\"1.6384e-05\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("load_seconds_bucket{le=\"+Inf\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("load_seconds_count 5\n"));
  EXPECT_NEAR(histogram.sum_s(), 1099.5, 0.1);
}

TEST(MetricsTest, ANameOfAnotherKindIsNotExposed) {
  MetricsRegistry metrics;
  metrics.AddCounter({"x", "X."}).Add(1);
  metrics.AddGauge({"x", "X."}).Set(99);
  EXPECT_THAT(metrics.ToPrometheus(), Not(HasSubstr("99")));
}

TEST(MetricsTest, ManyThreadsMayBumpAndRead) {
  MetricsRegistry metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 500; ++i) {
        metrics.AddCounter({"n", "N."}).Add(1);
        metrics.AddHistogram({"h", "H."}).Record(i);
        if (i % 100 == 0) {
          EXPECT_FALSE(metrics.ToPrometheus().empty());
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(metrics.AddCounter({"n", "N."}).value(), 2000);
}

TEST(HistogramTest, QuantilesAreWithinAFifth) {
  runtime::Histogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  for (int64_t ns = 1; ns <= 100'000; ++ns) histogram.Record(ns);
  for (const double q : {0.01, 0.5, 0.9, 0.99}) {
    EXPECT_NEAR(histogram.Quantile(q) / (q * 1e-4), 1.0, 0.2);
  }
  histogram.Record(-5);
  histogram.Record(INT64_MAX);
  EXPECT_EQ(histogram.count(), 100'002);
}

}  // namespace
}  // namespace thalweg
