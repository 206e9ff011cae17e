#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "thalweg/clock.h"

namespace thalweg::testing {

/// A clock that moves only when told. Waiters wake when time passes their deadline.
class ManualClock final : public Clock {
 public:
  Instant Now() const override;
  int64_t UnixMicros() const override;
  void WaitUntil(std::condition_variable_any& wake, std::unique_lock<std::mutex>& lock,
                 std::stop_token stop, Instant deadline) override;
  void Advance(Duration by);

 private:
  mutable std::mutex mutex_;
  Instant now_{std::chrono::seconds(1000)};
};

}  // namespace thalweg::testing
