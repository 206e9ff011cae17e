#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

#include "runtime/executor.h"
#include "runtime/stage.h"
#include "thalweg/runtime/run.h"

namespace thalweg::runtime {

/// A graph cut into stages: fused nodes that share lanes, joined by edges.
struct Plan {
  std::vector<std::unique_ptr<Stage>> stages;  ///< Upstream before downstream.
  std::vector<std::unique_ptr<Edge>> edges;
  std::vector<int> stage_of_node;
};

/// One more instance of a parallel node; an exception of its factory is a failure.
Result<std::unique_ptr<Step>> CallFactory(const Graph::Node& node);

/// Checks the graph and cuts it. Adjacent parallel nodes fuse, as do adjacent serial nodes, where
/// one port joins them and they need the same token.
Result<Plan> MakePlan(Graph& graph, const RunOptions& options, int workers);

class Run::Impl {
 public:
  Impl(Graph graph, RunOptions options);
  ~Impl();

  Status Start(std::stop_token stop);
  Result<Progress> Push(NodeId port, Chunk chunk);
  void Close(NodeId port);
  void Fail(Status error);
  Report Join();
  RunProgress progress() const;
  void Wake();
  Knobs knobs() const;
  MemoryBudget& memory() { return memory_; }
  void SetPartial(NodeId port, std::function<Partial(Clock::Instant)> take);
  void PartialDue(NodeId port, Clock::Instant when);
  Result<uint64_t> InjectBarrier();
  std::stop_token sources_stop() const { return sources_stop_.get_token(); }
  std::stop_token stop() const { return stop_token_; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum class TaskKind : uint8_t { kChunk, kResume, kSource, kEnd, kTimer };
  struct Task {
    Stage* stage = nullptr;
    Lane* lane = nullptr;
    TaskKind kind = TaskKind::kChunk;
  };

  /// Which tasks a thread takes.
  enum class Scope : uint8_t {
    kAll,
    kHelper,  ///< Those that cannot block for long: for a thread that has other things to do.
  };

  // Scheduling; all with the mutex held.
  std::optional<Task> Pick(Scope scope);
  std::optional<Task> PickAny(Scope scope);
  void Runnable(Stage& stage, std::vector<Task>* tasks, size_t wanted);
  void RunnableChunks(Stage& stage, std::vector<Task>* tasks, size_t wanted);
  void KeepStock(std::vector<Task>* tasks);
  bool CanTake(const Stage& stage) const;
  bool InputsEnded(const Stage& stage) const;
  int LanesLimit(const Stage& stage) const;
  bool HasRoom(const Stage& stage, uint64_t sequence) const;
  bool IsLowest(const Stage& stage, uint64_t sequence) const;
  bool MemoryAdmits(const Stage& stage, uint64_t sequence) const;
  bool NothingInFlight() const;
  bool AnyRunning() const;
  static bool NeedsCore(const Stage& stage);
  bool Crowded() const;
  Lane* IdleLane(Stage& stage);
  Status AddLane(Stage& stage);
  bool Prepare(Task& task);
  bool TakeInput(Stage& stage, Lane& lane);
  std::optional<Event> FanIn(Stage& stage, size_t input, Event event);
  void AlignBarrier(Stage& stage);
  void AdvanceWatermark(Stage& stage);
  void CommitOutputs(Stage& stage, Lane& lane);
  void CommitCounts(Stage& stage, Lane& lane);
  void Commit(Task& task, Result<Progress> progress);
  void CommitProgress(Stage& stage, Lane& lane, const Result<Progress>& progress);
  void FinishStage(Stage& stage);
  void Enough(Stage& stage);
  void Settle();
  void SettleStage(Stage& stage);
  void FlushDuePartials();
  void CountArrival(Stage& stage, const Chunk& chunk);
  void PutFromPort(Stage& stage, Chunk chunk);
  void TakeAllPartial(Stage& stage);
  void EndSources();
  void SendBarriers(Stage& stage);
  void CompleteEpochs();
  void SaveCheckpoints(Lock& lock);
  bool AllDone() const;
  bool Stopped() const { return failed_ || dropping_; }
  bool Finished() const { return Stopped() || AllDone(); }

  // Driving.
  Result<Progress> RunTask(Task& task, Governor::Token token);
  /// Runs one task with the mutex released meanwhile. False: there is none.
  bool DriveOne(Lock& lock, Scope scope = Scope::kAll);
  void Work(Lock& lock, bool caller);
  void WaitForRoom(Lock& lock, Stage& stage);
  void NotifyPushers();
  Stage& StageOf(NodeId node) {
    return *plan_.stages[static_cast<size_t>(plan_.stage_of_node[static_cast<size_t>(node.index)])];
  }
  void PrepareThreads();
  void StartThreads();
  void MaybeEscalate();
  void WakeOthers();
  std::optional<Clock::Instant> NextDeadline() const;
  void ArmTimer();
  void CallAt(Clock::Instant when);
  void OnTimer();
  void OnStop();
  void CheckDrainDeadline();

  // Rejects, errors, measuring.
  void HandleRejections(std::vector<Edge::Rejected> rejections);
  void WriteRejections(Lock& lock);
  void RegisterMetrics();
  void RecordError(uint64_t sequence, Status error);
  void Observe(Clock::Instant now);
  void Tune(Clock::Instant now);
  Report MakeReport();
  void Diagnose(Report& report) const;
  void CheckRejectRate();

  Graph graph_;
  RunOptions options_;
  Governor* governor_;
  Clock* clock_;
  MemoryBudget memory_;
  int workers_ = 1;
  Plan plan_;
  int threads_wanted_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any work_;
  std::condition_variable_any room_;
  int idle_ = 0;
  int pushers_waiting_ = 0;
  bool memory_waiting_ = false;
  bool crowded_ = false;         ///< Every core is in use, as far as is known.
  int watching_ = 0;             ///< Idle threads that look again whether it still is.
  bool memory_ignored_ = false;  ///< Nothing else can go on: one task is admitted in any case.

  bool started_ = false;
  bool joined_ = false;
  bool threads_started_ = false;
  bool failed_ = false;
  bool cancelled_ = false;
  bool draining_ = false;
  bool dropping_ = false;
  std::optional<Clock::Instant> drain_deadline_;
  std::stop_source stop_;
  std::stop_token stop_token_;
  std::stop_source sources_stop_;
  std::stop_token sources_stop_token_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  std::multimap<uint64_t, Status> errors_;

  std::vector<Task> picked_;
  std::mt19937_64 random_;
  uint64_t source_sequence_ = 0;
  Tuner tuner_;
  int64_t bytes_max_edge_;
  std::vector<uint64_t> timers_;
  std::optional<Clock::Instant> timer_at_;
  bool eager_threads_ = false;  ///< Lanes that the user asked for may wait for each other.

  Clock::Instant start_{};
  Clock::Instant observed_{};
  Clock::Instant tuned_{};
  NodeCounts tuned_counts_;
  int64_t tuned_busy_ns_ = 0;
  int64_t records_in_ = 0;
  int64_t bytes_in_ = 0;
  int64_t chunks_in_ = 0;
  int64_t records_out_ = 0;
  int64_t rejected_ = 0;

  uint64_t epoch_ = 0;                          ///< The last one injected.
  std::map<uint64_t, Checkpoint> checkpoints_;  ///< Injected, not yet through.
  std::vector<Checkpoint> finished_epochs_;
  bool saving_ = false;

  std::vector<Edge::Rejected> rejections_;  ///< On their way to the reject sink.
  std::condition_variable_any rejections_written_;
  bool writing_ = false;
  bool reject_sink_failed_ = false;

  struct Measured {
    Counter* records_in = nullptr;
    Counter* records_out = nullptr;
    Counter* records_rejected = nullptr;
    Counter* bytes_in = nullptr;
    Gauge* records_per_s = nullptr;
    Gauge* memory_bytes = nullptr;
    std::vector<DurationHistogram*> node_seconds;  ///< By index of the node in the graph.
  } measured_;

  Nursery nursery_;
};

}  // namespace thalweg::runtime
