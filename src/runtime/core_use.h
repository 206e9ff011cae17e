#pragma once

#include <chrono>
#include <cstdint>

namespace thalweg::runtime {

/// What the calling thread has done so far, to tell later whether it has worked or waited.
class ThreadUse {
 public:
  static ThreadUse Now();

  /// Whether the calling thread, which `before` is of, was mostly on a core since then. One that is
  /// ready, but kept from a core by others, counts as being on it.
  bool OnCoreSince(const ThreadUse& before) const;

 private:
  int64_t wall_us_ = 0;
  int64_t core_us_ = 0;
  int64_t waits_ = 0;  ///< How often it gave its core away by itself.
};

/// How long what was learned is believed of a call that has not come back.
constexpr std::chrono::milliseconds kLearnedHolds{20};

/// Whether calls of one kind are work or waiting, learned from how the last ones went.
class CoreShare {
 public:
  void Learn(bool on_core) { share_ += ((on_core ? 1.0 : 0.0) - share_) / 4; }
  bool mostly() const { return share_ > 0.5; }

 private:
  double share_ = 0;
};

}  // namespace thalweg::runtime
