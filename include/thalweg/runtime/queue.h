#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "thalweg/clock.h"
#include "thalweg/runtime/byte_size.h"
#include "thalweg/status.h"

namespace thalweg::runtime {

struct QueueOptions {
  int64_t items_max = 16;
  int64_t bytes_max = int64_t{64} << 20;  ///< By the size hook, see `ByteSizeOf`.
};

/// How long both sides have waited so far.
struct QueueStatistics {
  int64_t items = 0;
  int64_t bytes = 0;
  double push_wait_s = 0;  ///< For room: the reader is the slower side.
  double pop_wait_s = 0;   ///< For items: the writer is the slower side.
};

/// A bounded first-in-first-out queue between threads: for chunks, not for single records. An item
/// that alone exceeds the bytes is taken once the queue is empty. Thread-safe; any number of either
/// side.
template <typename T>
class Queue {
 public:
  explicit Queue(const QueueOptions& options, Clock& clock = Clock::System())
      : options_(options), clock_(&clock) {}
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  /// Waits for room. True: taken. False: the queue is closed, `item` is dropped. `cancelled`:
  /// stopped while waiting.
  Result<bool> Push(T item, std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    const int64_t bytes = ByteSizeOf(item);
    if (!closed_ && !Fits(bytes)) {
      const Clock::Instant begin = clock_->Now();
      const bool ready = room_.wait(lock, stop, [&] { return closed_ || Fits(bytes); });
      push_wait_ += clock_->Now() - begin;
      if (!ready) return Status::Cancelled("queue: stopped while waiting for room");
    }
    if (closed_) return false;
    items_.emplace_back(std::move(item), bytes);
    bytes_ += bytes;
    lock.unlock();
    filled_.notify_one();
    return true;
  }
  /// Takes `item` only when there is room now; it is untouched otherwise.
  bool TryPush(T& item) {
    {
      std::scoped_lock lock(mutex_);
      const int64_t bytes = ByteSizeOf(item);
      if (closed_ || !Fits(bytes)) return false;
      items_.emplace_back(std::move(item), bytes);
      bytes_ += bytes;
    }
    filled_.notify_one();
    return true;
  }
  /// Waits for an item. Nothing: closed and drained. `cancelled`: stopped while waiting.
  Result<std::optional<T>> Pop(std::stop_token stop = {}) {
    std::unique_lock lock(mutex_);
    if (items_.empty() && !closed_) {
      const Clock::Instant begin = clock_->Now();
      const bool ready = filled_.wait(lock, stop, [&] { return closed_ || !items_.empty(); });
      pop_wait_ += clock_->Now() - begin;
      if (!ready) return Status::Cancelled("queue: stopped while waiting for an item");
    }
    if (items_.empty()) return std::optional<T>();
    std::optional<T> item(std::move(items_.front().first));
    bytes_ -= items_.front().second;
    items_.pop_front();
    lock.unlock();
    // Room by bytes may be enough for several writers, or for another one than the first.
    room_.notify_all();
    return item;
  }

  /// Nothing more can be pushed; what is held can still be popped.
  void Close() {
    {
      std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    room_.notify_all();
    filled_.notify_all();
  }
  /// Closes and drops what is held. Returns the number of items dropped.
  int64_t Abort() {
    std::deque<std::pair<T, int64_t>> dropped;
    {
      std::scoped_lock lock(mutex_);
      closed_ = true;
      dropped.swap(items_);
      bytes_ = 0;
    }
    room_.notify_all();
    filled_.notify_all();
    return static_cast<int64_t>(dropped.size());
  }

  QueueStatistics statistics() const {
    std::scoped_lock lock(mutex_);
    const auto seconds = [](Clock::Duration d) { return static_cast<double>(d.count()) * 1e-9; };
    return {.items = static_cast<int64_t>(items_.size()),
            .bytes = bytes_,
            .push_wait_s = seconds(push_wait_),
            .pop_wait_s = seconds(pop_wait_)};
  }

 private:
  bool Fits(int64_t bytes) const {
    if (items_.empty()) return true;
    return static_cast<int64_t>(items_.size()) < options_.items_max &&
           bytes_ + bytes <= options_.bytes_max;
  }

  const QueueOptions options_;
  Clock* clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any room_;
  std::condition_variable_any filled_;
  std::deque<std::pair<T, int64_t>> items_;
  int64_t bytes_ = 0;
  bool closed_ = false;
  Clock::Duration push_wait_{};
  Clock::Duration pop_wait_{};
};

}  // namespace thalweg::runtime
