#include <algorithm>
#include <cmath>
#include <string>

#include "thalweg/tuning.h"

namespace thalweg {
namespace {

constexpr double kGainWorthMoving = 0.05;  // Hysteresis: less than this is noise.
constexpr double kPressureHigh = 0.8;      // Of the memory budget: work shrinks above it.
constexpr double kLatencyHigh_s = 0.25;    // A chunk should not occupy a lane for longer.
constexpr int kSettledUpdates = 8;         // Updates without a move before probing again.

Knobs Clamp(Knobs knobs, const Tuning& tuning) {
  knobs.batch_rows = std::clamp(knobs.batch_rows, tuning.min.batch_rows, tuning.max.batch_rows);
  knobs.slab_bytes = std::clamp(knobs.slab_bytes, tuning.min.slab_bytes, tuning.max.slab_bytes);
  knobs.workers = std::clamp(knobs.workers, tuning.min.workers, tuning.max.workers);
  knobs.queue_depth = std::clamp(knobs.queue_depth, tuning.min.queue_depth, tuning.max.queue_depth);
  return knobs;
}

bool Same(const Knobs& a, const Knobs& b) {
  return a.batch_rows == b.batch_rows && a.slab_bytes == b.slab_bytes && a.workers == b.workers &&
         a.queue_depth == b.queue_depth;
}

// Scales the amount of work in one chunk; at least by one step.
Knobs Scaled(const Knobs& knobs, double factor) {
  Knobs out = knobs;
  const auto scale = [factor](int64_t value) {
    const auto scaled = static_cast<int64_t>(std::llround(static_cast<double>(value) * factor));
    if (scaled != value) return scaled;
    return value + (factor > 1 ? 1 : -1);
  };
  out.batch_rows = scale(knobs.batch_rows);
  out.slab_bytes = scale(knobs.slab_bytes);
  return out;
}

template <typename T>
Status CheckOrder(const char* name, T min, T start, T max) {
  if (min < 1)
    return Status::InvalidArgument(std::string("tuning: min.") + name + " must be at least 1");
  if (start < min || start > max) {
    return Status::InvalidArgument(std::string("tuning: ") + name + " must be between " +
                                   std::to_string(min) + " and " + std::to_string(max) + ": " +
                                   std::to_string(start));
  }
  return {};
}

}  // namespace

Result<Tuning> Tuning::Preset(std::string_view name, int cores) {
  Tuning tuning;
  if (name == "memory") {
    tuning.start = {.batch_rows = 64, .slab_bytes = 256 << 10, .workers = 3, .queue_depth = 2};
    tuning.max.batch_rows = 500;
    tuning.max.slab_bytes = 1 << 20;
    tuning.flush_delay_ms = 50;
  } else if (name == "cpu") {
    tuning.start = {.batch_rows = 128, .slab_bytes = 1 << 20, .workers = std::max(1, cores - 1)};
    tuning.max.workers = std::max(1, cores);
    tuning.flush_delay_ms = 100;
  } else if (name == "io") {
    tuning.start = {.batch_rows = 500,
                    .slab_bytes = 4 << 20,
                    .workers = std::max(4, 2 * cores),
                    .queue_depth = 8};
    tuning.flush_delay_ms = 5000;
  } else if (name == "latency") {
    tuning.start = {
        .batch_rows = 1, .slab_bytes = 64 << 10, .workers = std::max(1, cores), .queue_depth = 1};
    tuning.max.batch_rows = 256;
    tuning.max.slab_bytes = 256 << 10;
    tuning.flush_delay_ms = 5;
  } else {
    return Status::InvalidArgument("tuning: unknown preset: '" + std::string(name) +
                                   "' (known: memory, cpu, io, latency)");
  }
  tuning.max.workers = std::max(tuning.max.workers, tuning.start.workers);
  return tuning;
}

Status Tuning::Validate() const {
  THALWEG_RETURN_IF_ERROR(
      CheckOrder("batch_rows", min.batch_rows, start.batch_rows, max.batch_rows));
  THALWEG_RETURN_IF_ERROR(
      CheckOrder("slab_bytes", min.slab_bytes, start.slab_bytes, max.slab_bytes));
  THALWEG_RETURN_IF_ERROR(CheckOrder("workers", min.workers, start.workers, max.workers));
  THALWEG_RETURN_IF_ERROR(
      CheckOrder("queue_depth", min.queue_depth, start.queue_depth, max.queue_depth));
  if (flush_delay_ms < 0)
    return Status::InvalidArgument("tuning: flush_delay_ms must not be negative");
  if (policy == TuningPolicy::kTarget && !(target_records_per_s > 0)) {
    return Status::InvalidArgument(
        "tuning: target_records_per_s must be positive for policy 'target'");
  }
  return {};
}

Tuner::Tuner(const Tuning& tuning)
    : tuning_(tuning), knobs_(Clamp(tuning.start, tuning)), best_(knobs_) {}

bool Tuner::Apply(Knobs next, double rate, const char* reason) {
  next = Clamp(next, tuning_);
  if (Same(next, knobs_)) return false;
  knobs_ = next;
  settled_ = 0;
  decisions_.push_back({elapsed_s_, knobs_, rate, reason});
  return true;
}

bool Tuner::Update(const TuningSample& sample) {
  elapsed_s_ += sample.seconds;
  if (sample.seconds <= 0 || sample.chunks == 0) return false;
  const double work = static_cast<double>(sample.records > 0 ? sample.records : sample.bytes);
  const double rate = work / sample.seconds;
  if (tuning_.policy == TuningPolicy::kFixed || tuning_.policy == TuningPolicy::kTable)
    return false;
  if (sample.memory_pressure > kPressureHigh) {
    Knobs next = Scaled(knobs_, 0.5);
    next.queue_depth = std::max(1, knobs_.queue_depth / 2);
    slow_start_ = false;
    best_rate_ = 0;
    return Apply(next, rate, "memory above 80 % of the budget: half the work in flight");
  }
  if (tuning_.policy == TuningPolicy::kTarget) {
    if (rate < tuning_.target_records_per_s) {
      return Apply(Scaled(knobs_, 1.2), rate, "below the target throughput: larger batches");
    }
    if (rate > 1.5 * tuning_.target_records_per_s) {
      return Apply(Scaled(knobs_, 0.8), rate, "above 1.5 times the target: smaller batches");
    }
    return false;
  }
  return Climb(sample, rate);
}

bool Tuner::Climb(const TuningSample& sample, double rate) {
  if (sample.chunk_latency_s > kLatencyHigh_s) {
    slow_start_ = false;
    best_rate_ = rate;
    best_ = knobs_;
    return Apply(Scaled(knobs_, 0.5), rate,
                 "a chunk holds a worker for over 250 ms: half its size");
  }
  if (rate > best_rate_ * (1 + kGainWorthMoving)) {
    best_rate_ = rate;
    best_ = knobs_;
    if (slow_start_) return Apply(Scaled(knobs_, 2), rate, "slow start: still gaining, doubled");
    return Apply(Scaled(knobs_, direction_ > 0 ? 1.25 : 0.8), rate,
                 "gaining: same direction again");
  }
  if (slow_start_) {
    slow_start_ = false;
    return Apply(best_, rate, "slow start over: back to the best setting");
  }
  if (rate < best_rate_ * (1 - kGainWorthMoving) && !Same(knobs_, best_)) {
    direction_ = -direction_;
    return Apply(best_, rate, "lost throughput: back to the best setting");
  }
  if (++settled_ >= kSettledUpdates) {
    // The optimum may have moved: forget how good it was, and look again.
    best_rate_ = rate;
    best_ = knobs_;
    const auto probe = [&] {
      return Apply(Scaled(knobs_, direction_ > 0 ? 1.25 : 0.8), rate, "settled: probing");
    };
    if (probe()) return true;
    direction_ = -direction_;  // At a bound there is only one way to go.
    return probe();
  }
  return false;
}

Knobs TableKnobs(int64_t input_bytes, int cores, const Knobs& min, const Knobs& max) {
  constexpr int64_t kMiB = int64_t{1} << 20;
  struct Row {
    int64_t below;
    int64_t slab_bytes;
    int workers_percent;  // Of the cores.
  };
  static constexpr Row kRows[] = {
      {1 * kMiB, 64 << 10, 0},      {10 * kMiB, 256 << 10, 50}, {100 * kMiB, 1 * kMiB, 100},
      {1024 * kMiB, 4 * kMiB, 100}, {INT64_MAX, 8 * kMiB, 100},
  };
  const Row* row = kRows;
  while (input_bytes >= row->below && row->below != INT64_MAX) ++row;
  Tuning bounds;
  bounds.min = min;
  bounds.max = max;
  Knobs knobs;
  knobs.slab_bytes = row->slab_bytes;
  knobs.workers = std::max(1, cores * row->workers_percent / 100);
  return Clamp(knobs, bounds);
}

}  // namespace thalweg
