#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/core_use.h"
#include "runtime/edge.h"
#include "thalweg/report.h"
#include "thalweg/runtime/graph.h"
#include "thalweg/runtime/histogram.h"
#include "thalweg/runtime/run.h"

namespace thalweg::runtime {

/// What a lane has counted in one slice, per node of its stage.
struct NodeCounts {
  int64_t chunks_in = 0;
  int64_t records_in = 0;
  int64_t records_out = 0;
  int64_t bytes_out = 0;
  int64_t rejected = 0;
  int64_t filtered = 0;
  int64_t busy_ns = 0;

  void Add(const NodeCounts& other);
};

/// One worker's place in a stage: the fused nodes, and what waits between them. Used by one thread
/// at a time; the run's mutex hands it over.
class Lane {
 public:
  enum class State : uint8_t { kIdle, kRunning, kParked, kEnded };

  struct Out {
    int port;
    Event event;
  };

  /// What a slice left behind, to be put under the run's mutex.
  std::vector<Out> outs;
  std::vector<Edge::Rejected> rejections;
  std::vector<NodeCounts> counts;

  std::vector<std::unique_ptr<Step>> steps;
  std::unique_ptr<Source> source;
  State state = State::kIdle;
  Clock::Instant started{};  ///< Of the slice that it is running.
  bool learns = false;       ///< Whether that slice finds out `was_on_core`.
  std::thread::id worker;    ///< Who ran its last slice, and has its memory in the cache.
  bool was_on_core = false;
  uint64_t sequence = 0;  ///< Number under which its output goes.
  bool over_budget = false;
  uint64_t barrier_epoch = 0;  ///< Epoch of the barrier that it works on; 0: none.

  struct Environment {
    MemoryBudget* memory;
    Clock* clock;
    const std::stop_token* stop;
    const std::vector<std::string>* names;
    int outs_max;
  };

  void Accept(Event event);
  void BeginEnd() { ending_ = 0; }
  bool ending() const { return ending_ >= 0; }
  bool has_pending() const;
  /// Works until the input is used up (kNeedInput), room runs out (kNeedRoom) or all is over
  /// (kDone).
  Result<Progress> Drive(const Environment& environment);
  Result<Progress> DriveSource(const Environment& environment);
  Result<Progress> DriveTimers(Clock::Instant now, const Environment& environment);
  std::optional<Clock::Instant> deadline() const;
  uint64_t source_sequence() const { return inherit_sequence_; }
  /// Drops what waits between its nodes and forgets what they hold. Returns the records lost.
  int64_t Discard();
  /// A step wanted nothing more before its input ended, so that records were dropped.
  bool cut_short() const { return cut_short_; }

 private:
  class StepOutput;

  static int64_t Clear(std::deque<Event>& queue);
  void Prepare();
  Status StepOnce(size_t index, const Environment& environment);
  Result<Progress> CallChunk(size_t index, Chunk& chunk, const Environment& environment);

  std::vector<std::deque<Event>> pending_;  ///< pending_[i] waits for steps[i].
  std::vector<int64_t> entered_;  ///< Records of the chunk that a step works on; -1: none.
  int ending_ = -1;               ///< Step that is being ended; -1: none.
  bool cut_short_ = false;
  int64_t discarded_ = 0;
  uint64_t inherit_sequence_ = 0;
  Position inherit_position_;
  Clock::Instant inherit_read_at_{};
};

/// Fused nodes with their lanes and edges.
struct Stage {
  NodeKind kind = NodeKind::kSerial;
  TokenKind token = TokenKind::kCpu;
  std::vector<int> nodes;
  std::vector<std::string> names;
  std::vector<Edge*> inputs;
  std::vector<std::pair<int, Edge*>> outputs;  ///< (port of the last node, edge)
  std::vector<std::unique_ptr<Lane>> lanes;
  Stage* feeder = nullptr;  ///< Of a parallel stage: what makes its chunks, if one at a time.
  int lanes_max = 1;
  bool fixed_lanes = false;  ///< Asked for by the user: the tuner does not touch it.
  int active = 0;            ///< Lanes running or parked.
  uint64_t next_sequence = 0;
  size_t next_input = 0;
  bool ending = false;  ///< Lanes are being flushed.
  bool done = false;
  bool cut_short = false;  ///< It ended before its input did.
  bool blocked = false;    ///< The source answered kBlocked.
  uint64_t wakes = 0;      ///< Calls of Wake, so that one during a call is not lost.
  uint64_t wakes_seen = 0;
  bool exclusive = false;  ///< A barrier is in one of the lanes: the others wait.
  CoreShare on_core;       ///< Of what needs no token: the pusher's own code, or the lanes.

  // Fan-in of watermarks and barriers, by input.
  std::vector<int64_t> watermarks;
  int64_t watermark = INT64_MIN;
  std::vector<bool> at_barrier;
  uint64_t barrier_epoch = 0;
  std::deque<Event> control;  ///< Aligned events that go before the inputs.
  std::vector<bool> input_ended;

  // Sources and ports.
  std::function<Run::Partial(Clock::Instant)> partial;
  std::optional<Clock::Instant> partial_due;
  bool pusher_waits = false;
  bool outside = false;  ///< The pusher is in its own code, since `pushed_use`.
  ThreadUse pushed_use;
  Clock::Instant pushed_at{};      ///< End of the last push.
  Position position;               ///< After the last chunk sent.
  std::vector<uint64_t> barriers;  ///< To be sent once the source is not being called.
  // Sinks.
  uint64_t epoch = 0;  ///< The last one that has passed.

  // Statistics, by node.
  std::vector<NodeCounts> totals;
  int64_t discarded = 0;
  enum class Wait : uint8_t { kNone, kInput, kRoom, kMemory };
  Wait wait = Wait::kNone;
  int64_t wait_ns[4] = {0, 0, 0, 0};
  Histogram queue_waits;  ///< Of chunks, from being put in front of it until a lane took them.
};

}  // namespace thalweg::runtime
