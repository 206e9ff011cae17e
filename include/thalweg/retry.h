#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "thalweg/clock.h"
#include "thalweg/export.h"
#include "thalweg/status.h"

namespace thalweg {

/// How often and how fast a failed operation is tried again. Value type.
struct RetryPolicy {
  int attempts_max = 1;    ///< In all; 1: no retry.
  int64_t delay_ms = 100;  ///< Before the second attempt.
  double multiplier = 2;
  int64_t delay_ms_max = 30000;
};

/// True for what may succeed when tried again: unavailable, resource_exhausted, deadline_exceeded.
THALWEG_EXPORT bool IsRetryable(StatusCode code);

/// Calls `attempt` until it succeeds, fails for good, attempts run out or stop is asked for. Waits
/// a uniformly drawn part (half to all) of the growing delay in between, so that many clients do
/// not come back at once. Returns the last failure, with the number of attempts where there was
/// more than one.
THALWEG_EXPORT Status Retry(const RetryPolicy& policy, Clock& clock, std::stop_token stop,
                            uint64_t seed, const std::function<Status()>& attempt);

}  // namespace thalweg
