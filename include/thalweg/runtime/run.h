#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "thalweg/clock.h"
#include "thalweg/export.h"
#include "thalweg/governor.h"
#include "thalweg/logger.h"
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
  int workers = 0;             ///< Threads for CPU work; 0: the governor's CPU tokens.
  bool ordered = true;         ///< Restore order behind parallel nodes.
  Tuning tuning;
  int64_t memory_bytes_max = 0;  ///< 0: the governor's bound only.
  RejectPolicy rejects;
  RejectSink* reject_sink = nullptr;  ///< Borrowed; null: rejected records are only counted.
  CancelPolicy cancel = CancelPolicy::kDrain;
  int64_t drain_ms_max = 10000;  ///< After it a drain becomes a drop.
  int64_t sequential_us = 1000;  ///< Work shorter than this runs on the caller's thread alone.
  std::optional<uint64_t> seed;  ///< Drive by one thread in an order drawn from it: for tests.
  Governor* governor = nullptr;  ///< Null: the process's.
  Clock* clock = nullptr;        ///< Null: the system's.
  Logger* logger = nullptr;      ///< Null: none.
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
/// `Start`, `Join` and `Execute` belong to one thread; each port has one pushing thread, which may be
/// the same. `progress` may be called by any thread.
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
  /// `take` gives what the pushing side has gathered so far, if anything; it is called when that is due,
  /// from any thread, with the run's lock held: it must be quick and call nothing of the run.
  void SetPartial(NodeId port, std::function<std::optional<Chunk>()> take);
  /// What is being gathered for `port` must be delivered by `when`.
  void PartialDue(NodeId port, Clock::Instant when);
  /// The port ends; what is still gathered is taken first.
  void Close(NodeId port);
  /// Ends the run with `error`: the pushing code failed.
  void Fail(Status error);
  /// Waits for the end and returns the whole story. Every thread is joined.
  Report Join();

  Report Execute(std::stop_token stop);

  RunProgress progress() const;
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
