#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "thalweg/export.h"

namespace thalweg {

/// Time as the library sees it. Everything that waits or measures takes a `Clock&`, so that tests
/// can move time by hand. Implementations are thread-safe.
class THALWEG_EXPORT Clock {
 public:
  using Duration = std::chrono::nanoseconds;
  /// A point on the steady time line; only differences mean something.
  using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;

  virtual ~Clock() = default;
  virtual Instant Now() const = 0;
  /// Microseconds since 1970-01-01T00:00:00Z, for what people read. May jump.
  virtual int64_t UnixMicros() const = 0;
  /// Waits on `wake` with `lock` held, until notified, `deadline`, or a stop request.
  /// May return early; callers loop on their own condition.
  virtual void WaitUntil(std::condition_variable_any& wake, std::unique_lock<std::mutex>& lock,
                         std::stop_token stop, Instant deadline) = 0;

  /// Sleeps for `duration`; returns false when stopped before its end.
  bool SleepFor(Duration duration, std::stop_token stop);

  /// The machine's clock. Lives as long as the process.
  static Clock& System();
};

}  // namespace thalweg
