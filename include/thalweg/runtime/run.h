#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "thalweg/checkpoint.h"
#include "thalweg/clock.h"
#include "thalweg/export.h"
#include "thalweg/governor.h"
#include "thalweg/logger.h"
#include "thalweg/metrics.h"
#include "thalweg/rejects.h"
#include "thalweg/report.h"
#include "thalweg/runtime/graph.h"
#include "thalweg/tuning.h"

namespace thalweg::runtime {

enum class CancelPolicy : uint8_t {
  kDrop,   ///< What is in flight is discarded and counted.
  kDrain,  ///< Sources stop; what is in flight is finished first.
};

struct RunOptions {
  std::string name = "pipeline";
  int workers = 0;      ///< Threads for CPU work; 0: the governor's CPU tokens.
  bool ordered = true;  ///< Restore order behind parallel nodes.
  Tuning tuning;
  int64_t memory_bytes_max = 0;  ///< 0: the governor's bound only.
  RejectPolicy rejects;
  RejectSink* reject_sink = nullptr;  ///< Borrowed; null: rejected records are only counted.
  CancelPolicy cancel = CancelPolicy::kDrain;
  int64_t drain_ms_max = 10000;  ///< After it a drain becomes a drop.
  int64_t sequential_us = 1000;  ///< Work shorter than this runs on the caller's thread alone.
  std::optional<uint64_t> seed;  ///< Drive by one thread in an order drawn from it: for tests.
  Governor* governor = nullptr;  ///< Null: the process's.
  CheckpointStore* checkpoints = nullptr;  ///< Borrowed. Where finished epochs go; null: nowhere.
  MetricsRegistry* metrics = nullptr;      ///< Borrowed. Null: none are kept.
  Clock* clock = nullptr;                  ///< Null: the system's.
  Logger* logger = nullptr;                ///< Null: none.
};

/// Numbers that may be read while it runs.
struct RunProgress {
  int64_t records_in = 0;
  int64_t records_out = 0;
  int64_t records_rejected = 0;
  int64_t bytes_in = 0;
  int64_t memory_bytes = 0;
};

/// One execution of a graph. `Start`, any number of `Push`, then `Join`; or `Execute`.
///
/// `Start`, `Join` and `Execute` belong to one thread; each port has one pushing thread, which may
/// be the same. `progress` may be called by any thread.
class THALWEG_EXPORT Run {
 public:
  Run(Graph graph, RunOptions options);
  ~Run();  ///< Stops and joins what is still running.
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Checks the graph and the options. `stop` cancels the run.
  Status Start(std::stop_token stop);
  /// Hands `chunk` to a port; waits while there is no room, or works meanwhile.
  /// kDone: nothing more is wanted. Failure: the run has failed or was stopped.
  Result<Progress> Push(NodeId port, Chunk chunk);
  /// What the pushing side has gathered but not pushed.
  struct Partial {
    std::optional<Chunk> chunk;
    std::optional<Clock::Instant> due;  ///< When to ask again.
  };
  /// `take` gives what was gathered and is due at its argument; at `Instant::max()` all of it. It
  /// is called by any thread with the run's lock held: it must be quick and call nothing of the
  /// run.
  void SetPartial(NodeId port, std::function<Partial(Clock::Instant)> take);
  /// What is being gathered for `port` is due at `when`; `take` is asked then, once.
  void PartialDue(NodeId port, Clock::Instant when);
  /// The port ends; what is still gathered is taken first.
  void Close(NodeId port);
  /// Ends the run with `error`: the pushing code failed.
  void Fail(Status error);
  /// Sends a barrier behind everything that the sources have delivered so far. Returns its epoch,
  /// counted from 1. Once every sink has seen it, the checkpoint goes to `RunOptions::checkpoints`.
  Result<uint64_t> InjectBarrier();
  /// Waits for the end and returns the whole story. Every thread is joined.
  Report Join();

  Report Execute(std::stop_token stop);

  RunProgress progress() const;
  /// Requested when nothing more is to be read: cancelled, failed, or nothing more is wanted.
  std::stop_token sources_stop() const;
  /// Requested when work in flight is to be given up: failed, or cancelled without draining.
  std::stop_token stop() const;
  /// A blocked source may go on. Any thread.
  void Wake();
  /// What sources should aim at now.
  Knobs knobs() const;
  MemoryBudget& memory();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::runtime
