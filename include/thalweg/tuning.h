#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/status.h"

namespace thalweg {

/// What the tuner may set, and its bounds.
struct Knobs {
  int64_t batch_rows = 1000;
  int64_t slab_bytes = int64_t{1} << 20;
  int workers = 1;
  int queue_depth = 4;
};

enum class TuningPolicy : uint8_t {
  kFixed,   ///< Nothing moves.
  kTarget,  ///< Batch ×1.2 below the wanted throughput, ×0.8 when 1.5 times above it.
  kClimb,   ///< Follows measured throughput uphill, with slow start and hysteresis. The default.
  kTable,   ///< By the size of the input: `TableKnobs`.
};

/// How a run adapts. Value type.
struct THALWEG_EXPORT Tuning {
  TuningPolicy policy = TuningPolicy::kClimb;
  Knobs start;
  Knobs min{.batch_rows = 1, .slab_bytes = 64 << 10, .workers = 1, .queue_depth = 1};
  Knobs max{.batch_rows = 20000, .slab_bytes = 16 << 20, .workers = 64, .queue_depth = 64};
  double target_records_per_s = 0;  ///< For kTarget.
  int64_t flush_delay_ms = 1000;    ///< Age at which a partial batch is delivered.

  /// `memory`: 64 rows, 3 workers, 50 ms. `cpu`: 128 rows, cores − 1, 100 ms. `io`: 500 rows,
  /// workers for waiting, 5 s. `latency`: 1 row to start, 5 ms. Others: `invalid_argument`.
  static Result<Tuning> Preset(std::string_view name, int cores);
  /// Checks that every bound is positive and min ≤ start ≤ max; the message names the field.
  Status Validate() const;
};

/// What was measured since the last decision.
struct TuningSample {
  double seconds = 0;
  int64_t records = 0;
  int64_t bytes = 0;
  int64_t chunks = 0;
  double memory_pressure = 0;  ///< 0…1 of the budget.
  double worker_busy = 0;      ///< Share of worker time spent working, 0…1.
  double chunk_latency_s = 0;  ///< Mean time of one chunk through the parallel stages.
};

/// One change, with its numbers and its reason.
struct TuningDecision {
  double at_s = 0;  ///< Since the start of the run.
  Knobs knobs;
  double records_per_s = 0;
  std::string reason;
};

/// Sample in, decision out. Pure arithmetic: no clock, lock or thread. Not thread-safe.
class THALWEG_EXPORT Tuner {
 public:
  explicit Tuner(const Tuning& tuning);
  const Knobs& knobs() const { return knobs_; }
  /// True when the knobs changed; the change is then the last of `decisions`.
  bool Update(const TuningSample& sample);
  const std::vector<TuningDecision>& decisions() const { return decisions_; }

 private:
  bool Apply(Knobs next, double rate, const char* reason);
  bool Climb(const TuningSample& sample, double rate);

  Tuning tuning_;
  Knobs knobs_;
  double elapsed_s_ = 0;
  double best_rate_ = 0;
  Knobs best_;
  bool slow_start_ = true;
  int direction_ = 1;
  int settled_ = 0;
  std::vector<TuningDecision> decisions_;
};

/// Chunk size and workers by the size of the input, clamped to `max`.
THALWEG_EXPORT Knobs TableKnobs(int64_t input_bytes, int cores, const Knobs& min, const Knobs& max);

}  // namespace thalweg
