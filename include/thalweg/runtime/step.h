#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "thalweg/runtime/chunk.h"
#include "thalweg/status.h"

namespace thalweg::runtime {

/// What a node says at the end of a call.
enum class Progress : uint8_t {
  kNeedInput,  ///< The input is used up; go on with the next.
  kNeedRoom,   ///< More output is to come from the same input: call again once there is room.
  kBlocked,    ///< Nothing to do until woken from outside.
  kDone,       ///< Nothing more is wanted or will come (`Enough` upstream): success, not cancel.
};

/// Where a node puts what it makes. Valid during the call it is passed to.
class Output {
 public:
  virtual ~Output() = default;
  /// Sends `chunk` to an output port. Unset sequence, position and read time are inherited.
  virtual void Emit(Chunk chunk, int port = 0) = 0;
  virtual void EmitWatermark(int64_t time_micros) = 0;
  virtual void Reject(Rejection rejection) = 0;
  /// Records dropped on purpose: they count as accounted for.
  virtual void CountFiltered(int64_t records) = 0;
  /// False: return `kNeedRoom` soon. A node with few outputs per input may ignore it.
  virtual bool has_room() const = 0;
  /// Long calls look at it: the run failed or drops what is in flight. For a source also: nothing
  /// more is to be read.
  virtual const std::stop_token& stop() const = 0;
};

/// A node that has inputs. One call at a time per instance. Parallel nodes have one instance a
/// lane.
class Step {
 public:
  virtual ~Step() = default;
  /// Uses up `chunk` (kNeedInput), or as much as has room (kNeedRoom: called again with it).
  virtual Result<Progress> OnChunk(Chunk& chunk, Output& out) = 0;
  virtual Status OnWatermark(int64_t time_micros, Output& out) {
    out.EmitWatermark(time_micros);
    return {};
  }
  /// All inputs have reached `epoch`: state is to be snapshot here. The machine forwards barriers.
  /// A parallel node is called on one lane, while no other lane works.
  virtual Status OnBarrier(uint64_t /*epoch*/, Output& /*out*/) { return {}; }
  /// All inputs ended. kDone, or kNeedRoom to be called again.
  virtual Result<Progress> OnEnd(Output& /*out*/) { return Progress::kDone; }
  /// When OnTimer wants to be called; asked after each call. Serial nodes only.
  virtual std::optional<Clock::Instant> deadline() const { return {}; }
  virtual Status OnTimer(Clock::Instant /*now*/, Output& /*out*/) { return {}; }
  /// Records taken in and not yet given out, which are lost if the run ends here.
  virtual int64_t held_records() const { return 0; }
};

/// A node without inputs, called while there is room: emits one or a few chunks a call.
class Source {
 public:
  virtual ~Source() = default;
  /// kNeedRoom: more is to come. kDone: that was all. kBlocked: not now (see Run::Wake).
  virtual Result<Progress> Produce(Output& out) = 0;
};

using StepFactory = std::function<Result<std::unique_ptr<Step>>()>;

}  // namespace thalweg::runtime
