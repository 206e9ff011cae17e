#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "testing/status_matchers.h"
#include "thalweg/tuning.h"

namespace thalweg {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

TuningSample Sample(double records_per_s, const Knobs& knobs) {
  TuningSample sample;
  sample.seconds = 0.02;
  sample.records = static_cast<int64_t>(records_per_s * sample.seconds);
  sample.bytes = sample.records * 100;
  sample.chunks = std::max<int64_t>(1, sample.records / knobs.batch_rows);
  sample.worker_busy = 0.9;
  sample.chunk_latency_s = static_cast<double>(knobs.batch_rows) / records_per_s;
  return sample;
}

// A sink whose cost is a + c·rows a batch, and which suffers from batches far beyond its cache.
double Rate(int64_t rows, double fixed_us, double optimum) {
  const double x = static_cast<double>(rows);
  const double per_record_us = fixed_us / x + 0.5 * (1 + std::max(0.0, x / optimum - 1));
  return 1e6 / per_record_us;
}

double BestRate(double fixed_us, double optimum) {
  double best = 0;
  for (int64_t rows = 1; rows <= 20000; rows += 1 + rows / 50) {
    best = std::max(best, Rate(rows, fixed_us, optimum));
  }
  return best;
}

TEST(TunerTest, FixedMovesNothing) {
  Tuning tuning;
  tuning.policy = TuningPolicy::kFixed;
  Tuner tuner(tuning);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(tuner.Update(Sample(1000 * (i + 1), tuner.knobs())));
  EXPECT_EQ(tuner.knobs().batch_rows, 1000);
  EXPECT_TRUE(tuner.decisions().empty());
}

TEST(TunerTest, TargetGrowsByAFifthBelowAndShrinksByAFifthFarAbove) {
  Tuning tuning;
  tuning.policy = TuningPolicy::kTarget;
  tuning.target_records_per_s = 10'000;
  Tuner tuner(tuning);
  EXPECT_TRUE(tuner.Update(Sample(5000, tuner.knobs())));
  EXPECT_EQ(tuner.knobs().batch_rows, 1200);
  EXPECT_FALSE(tuner.Update(Sample(12'000, tuner.knobs())));
  EXPECT_EQ(tuner.knobs().batch_rows, 1200);
  EXPECT_TRUE(tuner.Update(Sample(16'000, tuner.knobs())));
  EXPECT_EQ(tuner.knobs().batch_rows, 960);
  EXPECT_EQ(tuner.decisions().size(), 2U);
  EXPECT_THAT(tuner.decisions()[0].reason, HasSubstr("below the target"));
  EXPECT_NEAR(tuner.decisions()[0].records_per_s, 5000, 1);
  EXPECT_NEAR(tuner.decisions()[1].at_s, 0.06, 1e-9);
}

TEST(TunerTest, TargetStaysWithinItsBounds) {
  Tuning tuning;
  tuning.policy = TuningPolicy::kTarget;
  tuning.target_records_per_s = 1e9;
  Tuner tuner(tuning);
  for (int i = 0; i < 100; ++i) tuner.Update(Sample(5000, tuner.knobs()));
  EXPECT_EQ(tuner.knobs().batch_rows, tuning.max.batch_rows);
  for (int i = 0; i < 200; ++i) tuner.Update(Sample(1e10, tuner.knobs()));
  EXPECT_EQ(tuner.knobs().batch_rows, tuning.min.batch_rows);
}

// Runs `tuner` in virtual time; returns the mean rate of the last ten samples.
double Drive(Tuner* tuner, int samples, const std::function<double(int64_t)>& rate,
             std::mt19937_64* noise) {
  std::normal_distribution<double> jitter(1.0, 0.01);
  double sum = 0;
  for (int i = 0; i < samples; ++i) {
    const double real = rate(tuner->knobs().batch_rows);
    if (i >= samples - 10) sum += real / 10;
    tuner->Update(Sample(real * (noise != nullptr ? jitter(*noise) : 1), tuner->knobs()));
  }
  return sum;
}

TEST(TunerTest, ClimbFindsTheBestSettingFromEitherSide) {
  for (const int64_t start : {1, 100, 5000, 20000}) {
    for (const double optimum : {200.0, 2000.0}) {
      SCOPED_TRACE(std::to_string(start) + " towards " + std::to_string(optimum));
      Tuning tuning;
      tuning.start.batch_rows = start;
      Tuner tuner(tuning);
      const auto rate = [&](int64_t rows) { return Rate(rows, 100, optimum); };
      EXPECT_GE(Drive(&tuner, 400, rate, nullptr), 0.9 * BestRate(100, optimum));
    }
  }
}

TEST(TunerTest, ClimbFollowsAnOptimumThatMovesFourfold) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 noise(seed);
    Tuning tuning;
    tuning.start.batch_rows = 100;
    Tuner tuner(tuning);
    for (const double scale : {1.0, 4.0, 0.25, 1.0}) {
      const auto rate = [&](int64_t rows) { return Rate(rows, 100 * scale, 1000 * scale); };
      EXPECT_GE(Drive(&tuner, 400, rate, &noise), 0.9 * BestRate(100 * scale, 1000 * scale))
          << scale;
    }
  }
}

TEST(TunerTest, SlowStartDoubles) {
  Tuning tuning;
  tuning.start.batch_rows = 10;
  Tuner tuner(tuning);
  for (const int64_t expected : {20, 40, 80}) {
    EXPECT_TRUE(tuner.Update(Sample(1000.0 * static_cast<double>(expected), tuner.knobs())));
    EXPECT_EQ(tuner.knobs().batch_rows, expected);
  }
  EXPECT_TRUE(tuner.Update(Sample(81'000, tuner.knobs())));
  EXPECT_EQ(tuner.knobs().batch_rows, 40);  // The last gain was at 40.
}

TEST(TunerTest, ASmallGainIsNoReasonToMove) {
  Tuning tuning;
  Tuner tuner(tuning);
  tuner.Update(Sample(1e6, tuner.knobs()));
  tuner.Update(Sample(1e6, tuner.knobs()));
  const size_t decisions = tuner.decisions().size();
  for (int i = 0; i < 6; ++i)
    EXPECT_FALSE(tuner.Update(Sample(1e6 * (1 + 0.005 * i), tuner.knobs())));
  EXPECT_EQ(tuner.decisions().size(), decisions);
}

TEST(TunerTest, MemoryPressureHalvesTheWork) {
  for (const auto policy : {TuningPolicy::kClimb, TuningPolicy::kTarget}) {
    Tuning tuning;
    tuning.policy = policy;
    tuning.target_records_per_s = 1e9;
    Tuner tuner(tuning);
    TuningSample sample = Sample(1e6, tuner.knobs());
    sample.memory_pressure = 0.85;
    EXPECT_TRUE(tuner.Update(sample));
    EXPECT_EQ(tuner.knobs().batch_rows, 500);
    EXPECT_EQ(tuner.knobs().queue_depth, 2);
    EXPECT_THAT(tuner.decisions().back().reason, HasSubstr("memory"));
  }
}

TEST(TunerTest, AChunkThatTakesTooLongIsHalved) {
  Tuner tuner{Tuning()};
  TuningSample sample = Sample(1000, tuner.knobs());
  sample.chunk_latency_s = 1.0;
  EXPECT_TRUE(tuner.Update(sample));
  EXPECT_EQ(tuner.knobs().batch_rows, 500);
}

TEST(TunerTest, AnEmptySampleIsIgnored) {
  Tuner tuner{Tuning()};
  EXPECT_FALSE(tuner.Update({}));
  TuningSample sample;
  sample.seconds = 1;
  EXPECT_FALSE(tuner.Update(sample));
}

TEST(TunerTest, ATableGoesByTheSizeOfTheInput) {
  const Tuning bounds;
  const auto knobs = [&](int64_t mib) { return TableKnobs(mib << 20, 8, bounds.min, bounds.max); };
  EXPECT_EQ(knobs(0).workers, 1);
  EXPECT_EQ(knobs(0).slab_bytes, 64 << 10);
  EXPECT_EQ(knobs(5).workers, 4);
  EXPECT_EQ(knobs(50).workers, 8);
  int64_t last = 0;
  for (const int64_t mib : {0, 1, 10, 100, 1024, 100'000}) {
    EXPECT_GE(knobs(mib).slab_bytes, last);
    last = knobs(mib).slab_bytes;
  }
  EXPECT_EQ(TableKnobs(INT64_MAX, 8, bounds.min, bounds.max).slab_bytes, 8 << 20);
}

TEST(TunerTest, Presets) {
  for (const char* name : {"memory", "cpu", "io", "latency"}) {
    for (const int cores : {1, 2, 64}) {
      ASSERT_OK_AND_ASSIGN(const Tuning tuning, Tuning::Preset(name, cores));
      EXPECT_OK(tuning.Validate()) << name << " on " << cores;
    }
  }
  ASSERT_OK_AND_ASSIGN(const Tuning memory, Tuning::Preset("memory", 8));
  EXPECT_EQ(memory.start.batch_rows, 64);
  EXPECT_EQ(memory.start.workers, 3);
  EXPECT_EQ(memory.flush_delay_ms, 50);
  ASSERT_OK_AND_ASSIGN(const Tuning cpu, Tuning::Preset("cpu", 8));
  EXPECT_EQ(cpu.start.batch_rows, 128);
  EXPECT_EQ(cpu.start.workers, 7);
  EXPECT_THAT(Tuning::Preset("fast", 8), StatusIs(StatusCode::kInvalidArgument));
}

TEST(TunerTest, BoundsThatMakeNoSenseAreErrorsThatNameTheField) {
  const auto message = [](auto change) {
    Tuning tuning;
    change(tuning);
    return tuning.Validate().message();
  };
  EXPECT_THAT(message([](Tuning& t) { t.min.batch_rows = 0; }), HasSubstr("batch_rows"));
  EXPECT_THAT(message([](Tuning& t) { t.start.batch_rows = 30'000; }), HasSubstr("batch_rows"));
  EXPECT_THAT(message([](Tuning& t) { t.max.slab_bytes = 1; }), HasSubstr("slab_bytes"));
  EXPECT_THAT(message([](Tuning& t) { t.start.workers = 0; }), HasSubstr("workers"));
  EXPECT_THAT(message([](Tuning& t) { t.start.queue_depth = 100; }), HasSubstr("queue_depth"));
  EXPECT_THAT(message([](Tuning& t) { t.flush_delay_ms = -1; }), HasSubstr("flush_delay_ms"));
  EXPECT_THAT(message([](Tuning& t) { t.policy = TuningPolicy::kTarget; }),
              HasSubstr("target_records_per_s"));
}

}  // namespace
}  // namespace thalweg
