#include "thalweg/clock.h"

#include <utility>

namespace thalweg {
namespace {

class SystemClock final : public Clock {
 public:
  Instant Now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }
  int64_t UnixMicros() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  void WaitUntil(std::condition_variable_any& wake, std::unique_lock<std::mutex>& lock,
                 std::stop_token stop, Instant deadline) override {
    // The predicate is false on purpose: one wake-up returns to the caller's own loop.
    bool woken = false;
    wake.wait_until(lock, stop, deadline, [&] { return std::exchange(woken, true); });
  }
};

}  // namespace

bool Clock::SleepFor(Duration duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  const Instant deadline = Now() + duration;
  while (!stop.stop_requested() && Now() < deadline) WaitUntil(wake, lock, stop, deadline);
  return !stop.stop_requested();
}

Clock& Clock::System() {
  static SystemClock clock;
  return clock;
}

}  // namespace thalweg
