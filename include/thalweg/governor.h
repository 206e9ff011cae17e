#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "thalweg/clock.h"
#include "thalweg/export.h"
#include "thalweg/runtime/memory.h"

namespace thalweg {

enum class StorageKind : uint8_t { kUnknown, kHdd, kSsd, kNvme, kNetwork };

struct GovernorOptions {
  int cpu_tokens = 0;  ///< 0: all cores.
  int io_tokens = 0;   ///< 0: by `storage`: HDD 4, SSD 12, NVMe 24, others 12.
  StorageKind storage = StorageKind::kUnknown;
  int64_t memory_bytes_max = 0;  ///< Over all runs; 0: half of the machine's memory.
};

/// What waiting for a kind of token has cost so far.
struct TokenStatistics {
  int tokens = 0;
  int in_use = 0;
  int64_t acquired = 0;
  double wait_p50_s = 0;
  double wait_p95_s = 0;
  double wait_p99_s = 0;
  double saturation = 0;  ///< in_use / tokens.
};

/// CPU tokens, I/O tokens and memory, shared by every run that is given it. Thread-safe; outlives
/// its runs.
class THALWEG_EXPORT Governor {
 public:
  class TokenPool;

  explicit Governor(const GovernorOptions& options = {});
  ~Governor();
  Governor(const Governor&) = delete;
  Governor& operator=(const Governor&) = delete;

  /// The process's own, made on first use with all cores. Lives as long as the process.
  static Governor& Process();

  int cpu_tokens() const;
  int io_tokens() const;
  TokenStatistics cpu_statistics() const;
  TokenStatistics io_statistics() const;
  runtime::MemoryBudget& memory() { return memory_; }

  /// A token for as long as it lives. Empty when stopped while waiting.
  class THALWEG_EXPORT Token {
   public:
    Token() = default;
    explicit Token(TokenPool* pool) : pool_(pool) {}
    Token(Token&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
    Token& operator=(Token&& other) noexcept;
    ~Token();
    explicit operator bool() const { return pool_ != nullptr; }

   private:
    TokenPool* pool_ = nullptr;
  };
  Token AcquireCpu(std::stop_token stop);
  Token AcquireIo(std::stop_token stop);
  /// Empty when there is none free now.
  Token TryAcquireCpu();

  /// Calls `wake` once at or after `when` (real time) from a thread of the governor's, unless
  /// cancelled. `wake` must be quick and must not block.
  uint64_t CallAt(Clock::Instant when, std::function<void()> wake);
  /// After it returns, `wake` is not running and will not run.
  void CancelCall(uint64_t id);

 private:
  class Timers;
  std::unique_ptr<TokenPool> cpu_;
  std::unique_ptr<TokenPool> io_;
  runtime::MemoryBudget memory_;
  std::unique_ptr<Timers> timers_;
};

}  // namespace thalweg
