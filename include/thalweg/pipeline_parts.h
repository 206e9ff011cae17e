#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "thalweg/clock.h"
#include "thalweg/export.h"
#include "thalweg/governor.h"
#include "thalweg/metrics.h"
#include "thalweg/rejects.h"
#include "thalweg/retry.h"
#include "thalweg/runtime/bucket.h"
#include "thalweg/runtime/byte_size.h"
#include "thalweg/runtime/chunk.h"
#include "thalweg/runtime/histogram.h"
#include "thalweg/status.h"

// What the emitter and the steps of `Pipeline<In, Out>` share. Start at thalweg/pipeline.h.
namespace thalweg::pipeline {

/// Records on their way between two steps: some of those that `owner` holds.
template <typename T>
struct Records final : runtime::Payload {
  std::shared_ptr<std::vector<T>> owner;
  std::span<T> items;
};

/// Vectors that are used again, so that their memory stays warm. Allocators are slow, and so are
/// caches, when memory is given back by a thread that did not ask for it. So records that are
/// through wait for the thread that will make the next ones: the extracting thread where they are
/// large, otherwise the one that took their vector. Thread-safe; outlives what it gives.
template <typename T>
class VectorPool {
 public:
  /// An empty vector, which comes back when the last reference goes.
  std::shared_ptr<std::vector<T>> Take() {
    const std::thread::id taker = std::this_thread::get_id();
    Vector vector = TakeSpent(taker);
    if (vector != nullptr) {
      vector->clear();
    } else {
      vector = TakeFree();
    }
    return std::shared_ptr<std::vector<T>>(
        vector.release(), [this, taker](std::vector<T>* used) { Give(used, taker); });
  }
  /// Gives each of the large records that came back to `reclaim`, and destroys it then. For the
  /// extracting thread.
  template <typename Function>
  void ReclaimSpent(Function&& reclaim) {
    while (auto vector = TakeSpent(kExtracting)) {
      for (T& record : *vector) reclaim(std::move(record));
      vector->clear();
      Keep(std::move(vector));
    }
  }
  /// Records are destroyed where they come back: nobody will ask for them, or memory is scarce.
  void DestroyAtOnce() { spent_bytes_max_ = 0; }

 private:
  using Vector = std::unique_ptr<std::vector<T>>;
  struct Spent {
    Vector vector;
    std::thread::id destroyer;
    int64_t bytes = 0;  ///< Of its records, estimated.
  };
  static inline const std::thread::id kExtracting;  // No thread has this one.
  static constexpr size_t kKept = 32;
  static constexpr size_t kBytesKept = size_t{1} << 20;  // Of one vector.
  static constexpr int64_t kRecordLarge = 4096;
  static constexpr int64_t kSpentBytesMax = int64_t{32} << 20;
  static constexpr size_t kSpentMax = 8;

  Vector TakeSpent(std::thread::id destroyer) {
    std::scoped_lock lock(mutex_);
    for (auto spent = spent_.begin(); spent != spent_.end(); ++spent) {
      if (spent->destroyer != destroyer) continue;
      Vector vector = std::move(spent->vector);
      spent_bytes_ -= spent->bytes;
      spent_.erase(spent);
      return vector;
    }
    return nullptr;
  }
  Vector TakeFree() {
    std::scoped_lock lock(mutex_);
    if (free_.empty()) return std::make_unique<std::vector<T>>();
    Vector vector = std::move(free_.back());
    free_.pop_back();
    return vector;
  }
  void Keep(Vector vector) {
    if (vector->capacity() * sizeof(T) > kBytesKept) return;
    std::scoped_lock lock(mutex_);
    if (free_.size() < kKept) free_.push_back(std::move(vector));
  }
  // Whether the records of `vector`, which `taker` made, wait for the thread that destroys them.
  bool Wait(Vector& vector, std::thread::id taker) {
    if (std::is_trivially_destructible_v<T> || vector->empty()) return false;
    const int64_t each = ByteSizeOf(vector->front());
    const int64_t bytes = each * static_cast<int64_t>(vector->size());
    std::scoped_lock lock(mutex_);
    if (spent_.size() >= kSpentMax || spent_bytes_ + bytes > spent_bytes_max_) return false;
    spent_bytes_ += bytes;
    spent_.push_back({std::move(vector), each >= kRecordLarge ? kExtracting : taker, bytes});
    return true;
  }
  void Give(std::vector<T>* used, std::thread::id taker) {
    Vector vector(used);
    if (Wait(vector, taker)) return;
    vector->clear();
    Keep(std::move(vector));
  }

  std::mutex mutex_;
  std::vector<Vector> free_;
  std::vector<Spent> spent_;
  int64_t spent_bytes_ = 0;
  int64_t spent_bytes_max_ = kSpentBytesMax;
};

/// Calls `body(context)`; an exception becomes an error that names the hook.
THALWEG_EXPORT Status GuardCall(const char* hook, Status (*body)(void*), void* context);

/// Calls a hook of the user; an exception becomes an error that names the hook.
template <typename Body>
Status Guard(const char* hook, Body&& body) {
  return GuardCall(
      hook, [](void* context) -> Status { return (*static_cast<Body*>(context))(); }, &body);
}

/// What the steps of one run share.
template <typename In, typename Out>
struct Shared {
  template <typename Options>
  explicit Shared(const Options& options)
      : batch(options.batch),
        retry(options.retry),
        isolate(options.rejects.errors != ErrorPolicy::kFail),
        one_by_one(options.transform_concurrency.value_or(1) > 1),
        governor(options.governor != nullptr ? options.governor : &Governor::Process()),
        clock(options.clock != nullptr ? options.clock : &Clock::System()) {
    if (options.metrics != nullptr) {
      batch_wait_metric = &options.metrics->AddHistogram(
          {"thalweg_batch_wait_seconds",
           "Time from the reading of a batch's first record until it is full, in seconds."},
          {{"pipeline", options.name}});
    }
    if (!std::is_same_v<In, Out>) in_vectors.DestroyAtOnce();
    if (options.memory_bytes_max > 0) {
      batch.bytes_max =
          std::clamp<int64_t>(options.memory_bytes_max / 4, 1, options.batch.bytes_max);
      in_vectors.DestroyAtOnce();
      out_vectors.DestroyAtOnce();
    }
  }

  /// Gives the large records that are through to `reclaim`. On the extracting thread.
  template <typename Function>
  void ReclaimSpent(Function&& reclaim) {
    out_vectors.ReclaimSpent(reclaim);
    if constexpr (std::is_same_v<In, Out>) in_vectors.ReclaimSpent(reclaim);
  }

  BatchOptions batch;
  RetryPolicy retry;
  bool isolate;     ///< A batch that fails on a record is split until the record is known.
  bool one_by_one;  ///< Until it is known how long a record takes, each is a chunk of its own.
  Governor* governor;
  Clock* clock;
  std::atomic<int64_t> ns_per_record{0};  ///< Of the transform, smoothed; 0: not known yet.
  runtime::Histogram batch_wait;
  DurationHistogram* batch_wait_metric = nullptr;
  VectorPool<In> in_vectors;
  VectorPool<Out> out_vectors;
};

}  // namespace thalweg::pipeline
