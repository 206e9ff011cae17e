#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "thalweg/clock.h"
#include "thalweg/runtime/byte_size.h"
#include "thalweg/status.h"

namespace thalweg {

/// When a batch is full. The first bound that is reached counts.
struct BatchOptions {
  int64_t rows = 500;
  int64_t bytes_max = int64_t{64} << 20;  ///< By the size hook, see `ByteSizeOf`.
  int64_t flush_delay_ms = 1000;          ///< Counted from the first record held.
};

namespace runtime {

/// Gathers items into batches by count, bytes or age. Items move, keep their order, and are never
/// lost: each is in exactly one batch. Every call has three outcomes: a batch, nothing yet, or a
/// failure. Not thread-safe.
template <typename T>
class Bucket {
 public:
  using Batch = std::vector<T>;
  using Outcome = Result<std::optional<Batch>>;

  explicit Bucket(const BatchOptions& options, Clock& clock = Clock::System())
      : options_(options), clock_(&clock) {}

  /// Takes `item`. Gives a batch when this one is full, or when `item` would exceed its bytes and
  /// so begins the next. `invalid_argument` after `Close`, or when a bound is not positive.
  Outcome Add(T item) {
    if (closed_) return Status::InvalidArgument("bucket: an item was added after the end");
    if (options_.rows < 1) return Status::InvalidArgument("bucket: rows must be at least 1");
    if (options_.bytes_max < 1)
      return Status::InvalidArgument("bucket: bytes_max must be at least 1");
    const int64_t bytes = ByteSizeOf(item);
    std::optional<Batch> full;
    if (!held_.empty() && bytes_ + bytes > options_.bytes_max) full = Take();
    if (held_.empty()) since_ = clock_->Now();
    held_.push_back(std::move(item));
    bytes_ += bytes;
    if (!full && static_cast<int64_t>(held_.size()) >= options_.rows) full = Take();
    return full;
  }
  /// Gives what is held once its first item is `flush_delay_ms` old.
  Outcome Poll() {
    const auto due = deadline();
    if (!due || clock_->Now() < *due) return std::optional<Batch>();
    return std::optional<Batch>(Take());
  }
  /// Gives the rest. Nothing can be added afterwards.
  Outcome Close() {
    closed_ = true;
    if (held_.empty()) return std::optional<Batch>();
    return std::optional<Batch>(Take());
  }
  /// When `Poll` has something to give; none while nothing is held.
  std::optional<Clock::Instant> deadline() const {
    if (held_.empty()) return {};
    return since_ + std::chrono::milliseconds(options_.flush_delay_ms);
  }
  size_t size() const { return held_.size(); }
  int64_t bytes() const { return bytes_; }

 private:
  Batch Take() {
    bytes_ = 0;
    return std::exchange(held_, {});
  }

  BatchOptions options_;
  Clock* clock_;
  Batch held_;
  int64_t bytes_ = 0;
  Clock::Instant since_{};
  bool closed_ = false;
};

}  // namespace runtime
}  // namespace thalweg
