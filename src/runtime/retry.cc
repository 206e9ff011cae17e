#include "thalweg/retry.h"

#include <algorithm>
#include <random>
#include <string>

namespace thalweg {

bool IsRetryable(StatusCode code) {
  return code == StatusCode::kUnavailable || code == StatusCode::kResourceExhausted ||
         code == StatusCode::kDeadlineExceeded;
}

Status Retry(const RetryPolicy& policy, Clock& clock, std::stop_token stop, uint64_t seed,
             const std::function<Status()>& attempt) {
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(seed ^ (seed >> 32)));
  double delay_ms = static_cast<double>(policy.delay_ms);
  for (int tried = 1;; ++tried) {
    Status status = attempt();
    if (status.ok() || !IsRetryable(status.code())) return status;
    if (tried >= policy.attempts_max) {
      if (tried == 1) return status;
      return status.WithContext("after " + std::to_string(tried) + " attempts");
    }
    const double part = std::uniform_real_distribution<double>(0.5, 1.0)(random);
    const auto wait = std::chrono::nanoseconds(static_cast<int64_t>(delay_ms * part * 1e6));
    if (!clock.SleepFor(wait, stop)) return status.WithContext("stopped while waiting to retry");
    delay_ms = std::min(delay_ms * policy.multiplier, static_cast<double>(policy.delay_ms_max));
  }
}

}  // namespace thalweg
