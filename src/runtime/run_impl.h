#pragma once

#include <condition_variable>
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

/// Checks the graph and cuts it. Adjacent parallel nodes fuse, as do adjacent serial nodes, where one
/// port joins them and they need the same token.
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
  void SetPartial(NodeId port, std::function<std::optional<Chunk>()> take);
  void PartialDue(NodeId port, Clock::Instant when);

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum class TaskKind : uint8_t { kChunk, kResume, kSource, kEnd, kTimer };
  struct Task {
    Stage* stage = nullptr;
    Lane* lane = nullptr;
    TaskKind kind = TaskKind::kChunk;
  };

  // Scheduling; all with the mutex held.
  std::optional<Task> Pick();
  void Runnable(Stage& stage, std::vector<Task>* tasks, size_t wanted);
  bool CanTake(const Stage& stage) const;
  bool InputsEnded(const Stage& stage) const;
  int LanesLimit(const Stage& stage) const;
  bool HasRoom(const Stage& stage, uint64_t sequence) const;
  bool IsLowest(const Stage& stage, uint64_t sequence) const;
  bool MemoryAdmits(const Stage& stage, uint64_t sequence) const;
  bool NothingInFlight() const;
  Lane* IdleLane(Stage& stage);
  Status AddLane(Stage& stage);
  bool Prepare(Task& task);
  bool TakeInput(Stage& stage, Lane& lane);
  std::optional<Event> FanIn(Stage& stage, size_t input, Event event);
  void AlignBarrier(Stage& stage);
  void CommitOutputs(Stage& stage, Lane& lane);
  void Commit(Task& task, Result<Progress> progress);
  void FinishStage(Stage& stage);
  void Settle();
  void SettleStage(Stage& stage);
  void FlushDuePartials(Clock::Instant now);
  void PutFromPort(Stage& stage, Chunk chunk);
  void EndSources();
  bool AllDone() const;
  bool Stopped() const { return failed_ || dropping_; }
  bool Finished() const { return Stopped() || AllDone(); }

  // Driving.
  Result<Progress> RunTask(Task& task);
  /// Runs one task with the mutex released meanwhile. False: there is none.
  bool DriveOne(Lock& lock);
  void Work(Lock& lock, bool caller);
  void StartThreads();
  void MaybeEscalate();
  void WakeOthers();
  std::optional<Clock::Instant> NextDeadline() const;
  void ArmTimer();
  void OnTimer();
  void OnStop();
  void CheckDrainDeadline();

  // Rejects, errors, measuring.
  void HandleRejections(std::vector<Rejection> rejections);
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
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  std::multimap<uint64_t, Status> errors_;

  std::vector<Task> picked_;
  std::mt19937_64 random_;
  uint64_t source_sequence_ = 0;
  Tuner tuner_;
  int64_t bytes_max_edge_;
  uint64_t timer_ = 0;
  std::optional<Clock::Instant> timer_at_;

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

  Nursery nursery_;
};

}  // namespace thalweg::runtime
