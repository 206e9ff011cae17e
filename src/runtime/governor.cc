#include "thalweg/governor.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "runtime/executor.h"
#include "thalweg/runtime/histogram.h"

namespace thalweg {

class Governor::TokenPool {
 public:
  explicit TokenPool(int tokens) : tokens_(tokens) {}

  bool Acquire(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    ++acquired_;
    if (in_use_ < tokens_) {
      ++in_use_;
      waits_.Record(0);
      return true;
    }
    const Clock::Instant begin = Clock::System().Now();
    const bool got = freed_.wait(lock, std::move(stop), [&] { return in_use_ < tokens_; });
    waits_.Record((Clock::System().Now() - begin).count());
    if (got) ++in_use_;
    return got;
  }
  bool TryAcquire() {
    std::scoped_lock lock(mutex_);
    if (in_use_ >= tokens_) return false;
    ++acquired_;
    ++in_use_;
    waits_.Record(0);
    return true;
  }
  void Release() {
    {
      std::scoped_lock lock(mutex_);
      --in_use_;
    }
    freed_.notify_one();
  }
  int tokens() const { return tokens_; }
  TokenStatistics statistics() const {
    std::scoped_lock lock(mutex_);
    return {.tokens = tokens_,
            .in_use = in_use_,
            .acquired = acquired_,
            .wait_p50_s = waits_.Quantile(0.50),
            .wait_p95_s = waits_.Quantile(0.95),
            .wait_p99_s = waits_.Quantile(0.99),
            .saturation = static_cast<double>(in_use_) / tokens_};
  }

 private:
  const int tokens_;
  mutable std::mutex mutex_;
  std::condition_variable_any freed_;
  int in_use_ = 0;
  int64_t acquired_ = 0;
  runtime::Histogram waits_;
};

class Governor::Timers {
 public:
  runtime::TimerThread thread;
};

namespace {

int IoTokens(const GovernorOptions& options) {
  if (options.io_tokens > 0) return options.io_tokens;
  switch (options.storage) {
    case StorageKind::kHdd:
      return 4;
    case StorageKind::kNvme:
      return 24;
    default:
      return 12;
  }
}

int CpuTokens(const GovernorOptions& options) {
  if (options.cpu_tokens > 0) return options.cpu_tokens;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int64_t MemoryBytes(const GovernorOptions& options) {
  if (options.memory_bytes_max > 0) return options.memory_bytes_max;
  return static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE) / 2;
}

}  // namespace

Governor::Governor(const GovernorOptions& options)
    : cpu_(std::make_unique<TokenPool>(CpuTokens(options))),
      io_(std::make_unique<TokenPool>(IoTokens(options))),
      memory_(MemoryBytes(options)),
      timers_(std::make_unique<Timers>()) {}

Governor::~Governor() = default;

Governor& Governor::Process() {
  static Governor governor;
  return governor;
}

int Governor::cpu_tokens() const { return cpu_->tokens(); }
int Governor::io_tokens() const { return io_->tokens(); }
TokenStatistics Governor::cpu_statistics() const { return cpu_->statistics(); }
TokenStatistics Governor::io_statistics() const { return io_->statistics(); }

Governor::Token Governor::AcquireCpu(std::stop_token stop) {
  return cpu_->Acquire(std::move(stop)) ? Token(cpu_.get()) : Token();
}
Governor::Token Governor::AcquireIo(std::stop_token stop) {
  return io_->Acquire(std::move(stop)) ? Token(io_.get()) : Token();
}

Governor::Token Governor::TryAcquireCpu() {
  return cpu_->TryAcquire() ? Token(cpu_.get()) : Token();
}

Governor::Token& Governor::Token::operator=(Token&& other) noexcept {
  std::swap(pool_, other.pool_);
  return *this;
}
Governor::Token::~Token() {
  if (pool_ != nullptr) pool_->Release();
}

uint64_t Governor::CallAt(Clock::Instant when, std::function<void()> wake) {
  return timers_->thread.CallAt(when, std::move(wake));
}
void Governor::CancelCall(uint64_t id) { timers_->thread.Cancel(id); }

}  // namespace thalweg
