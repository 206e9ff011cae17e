#include "testing/manual_clock.h"

#include <utility>

namespace thalweg::testing {

Clock::Instant ManualClock::Now() const {
  std::scoped_lock lock(mutex_);
  return now_;
}

int64_t ManualClock::UnixMicros() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(Now().time_since_epoch()).count();
}

void ManualClock::WaitUntil(std::condition_variable_any& wake, std::unique_lock<std::mutex>& lock,
                            std::stop_token stop, Instant deadline) {
  if (Now() >= deadline) return;
  // Time moves on another thread that holds no lock of ours, so a short real wait stands in for
  // a notification; callers loop on their own condition.
  bool woken = false;
  wake.wait_for(lock, stop, std::chrono::milliseconds(1),
                [&] { return std::exchange(woken, true); });
}

void ManualClock::Advance(Duration by) {
  std::scoped_lock lock(mutex_);
  now_ += by;
}

}  // namespace thalweg::testing
