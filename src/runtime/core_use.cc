#include "runtime/core_use.h"

#include <sys/resource.h>

#include <chrono>

namespace thalweg::runtime {
namespace {

int64_t Micros(const timeval& time) {
  return int64_t{time.tv_sec} * 1'000'000 + int64_t{time.tv_usec};
}

}  // namespace

ThreadUse ThreadUse::Now() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  ThreadUse now;
  now.wall_us_ = std::chrono::duration_cast<std::chrono::microseconds>(
                     std::chrono::steady_clock::now().time_since_epoch())
                     .count();
  now.core_us_ = Micros(usage.ru_utime) + Micros(usage.ru_stime);
  now.waits_ = usage.ru_nvcsw;
  return now;
}

bool ThreadUse::OnCoreSince(const ThreadUse& before) const {
  return waits_ == before.waits_ || 2 * (core_us_ - before.core_us_) >= wall_us_ - before.wall_us_;
}

}  // namespace thalweg::runtime
