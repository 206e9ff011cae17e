#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <variant>
#include <vector>

#include "thalweg/runtime/chunk.h"

namespace thalweg::runtime {

/// A bounded queue between two stages, which also restores order behind a parallel stage.
///
/// A producer puts events under a sequence number and closes the number when the input that had it
/// is used up. What lies under the lowest open number can be taken at once; the rest waits. Not
/// thread-safe: the run's mutex guards it.
class Edge {
 public:
  enum class Order : uint8_t {
    kDirect,     ///< One producer at a time: events are in order as they come.
    kRestored,   ///< Events wait for the numbers below theirs.
    kUnordered,  ///< Chunks pass at once; watermarks and barriers wait.
  };
  explicit Edge(Order order) : order_(order) {}

  struct Rejected {
    uint64_t source_sequence;
    Rejection rejection;
  };

  void Put(uint64_t sequence, Event event);
  void Reject(uint64_t sequence, std::vector<Rejected> rejections);
  void Close(uint64_t sequence);
  /// Nothing follows: what still waits for lower numbers is delivered as it stands.
  void End();
  /// May a producer that works on `sequence` put more? The lowest open number is let through as
  /// long as the consumer is not behind, whatever waits above it.
  bool HasRoom(uint64_t sequence, int depth, int64_t bytes_max) const;
  bool IsLowest(uint64_t sequence) const { return order_ == Order::kDirect || sequence == base_; }

  bool Ready() const { return !ready_.empty(); }
  Event Take();
  std::vector<Rejected> TakeRejections() { return std::exchange(rejections_, {}); }
  bool has_rejections() const { return !rejections_.empty(); }
  bool AtEnd() const { return abandoned_ || (ended_ && ready_.empty()); }
  bool Empty() const { return ready_.empty() && waiting_ == 0; }
  int64_t items() const { return static_cast<int64_t>(ready_.size()) + waiting_; }

  /// The consumer wants nothing more. Returns the records dropped.
  int64_t Abandon();
  bool abandoned() const { return abandoned_; }

 private:
  struct Slot {
    std::vector<Event> events;
    std::vector<Rejected> rejections;
    bool closed = false;
  };
  Slot& SlotOf(uint64_t sequence);
  void Deliver(Slot& slot);
  static int64_t BytesOf(const Event& event);

  Order order_;
  bool ended_ = false;
  bool abandoned_ = false;
  uint64_t base_ = 0;  ///< The lowest open number.
  std::deque<Slot> slots_;
  std::deque<Event> ready_;
  std::vector<Rejected> rejections_;
  int64_t waiting_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace thalweg::runtime
