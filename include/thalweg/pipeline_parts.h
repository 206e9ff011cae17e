#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
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

/// Vectors that are used again, so that their memory stays warm. Thread-safe; outlives what it
/// gives.
template <typename T>
class VectorPool {
 public:
  /// An empty vector, which comes back when the last reference goes.
  std::shared_ptr<std::vector<T>> Take() {
    return std::shared_ptr<std::vector<T>>(Pop(free_).release(),
                                           [this](std::vector<T>* used) { Give(used); });
  }
  /// Gives each of the large records that came back to `reclaim`, and destroys it then. Allocators
  /// are slow, and so are caches, when memory is given back by a thread that did not ask for it; so
  /// the extracting thread calls this.
  template <typename Function>
  void ReclaimSpent(Function&& reclaim) {
    if (spent_count_.load(std::memory_order_relaxed) == 0) return;
    while (auto vector = Pop(spent_)) {
      spent_count_.fetch_sub(1, std::memory_order_relaxed);
      for (T& record : *vector) reclaim(std::move(record));
      vector->clear();
      Keep(std::move(vector));
    }
  }
  /// Large records are destroyed at once: nobody will call `ReclaimSpent`, or memory is scarce.
  void DestroyAtOnce() { spent_max_ = 0; }

 private:
  using Vector = std::unique_ptr<std::vector<T>>;
  static constexpr size_t kKept = 32;
  static constexpr size_t kBytesKept = size_t{1} << 20;  // Of one vector.
  static constexpr int64_t kRecordLarge = 4096;
  static constexpr int64_t kSpentBytesMax = int64_t{8} << 20;  // Of one vector, estimated.
  static constexpr int kSpentMax = 4;

  Vector Pop(std::vector<Vector>& from) {
    std::scoped_lock lock(mutex_);
    if (from.empty()) return &from == &free_ ? std::make_unique<std::vector<T>>() : nullptr;
    Vector vector = std::move(from.back());
    from.pop_back();
    return vector;
  }
  void Keep(Vector vector) {
    if (vector->capacity() * sizeof(T) > kBytesKept) return;
    std::scoped_lock lock(mutex_);
    if (free_.size() < kKept) free_.push_back(std::move(vector));
  }
  void Give(std::vector<T>* used) {
    Vector vector(used);
    const int64_t each = vector->empty() ? 0 : ByteSizeOf(vector->front());
    if (each >= kRecordLarge && each * static_cast<int64_t>(vector->size()) <= kSpentBytesMax &&
        spent_count_.load(std::memory_order_relaxed) < spent_max_) {
      std::scoped_lock lock(mutex_);
      spent_.push_back(std::move(vector));
      spent_count_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    vector->clear();
    Keep(std::move(vector));
  }

  std::mutex mutex_;
  std::vector<Vector> free_;
  std::vector<Vector> spent_;
  std::atomic<int> spent_count_{0};
  int spent_max_ = kSpentMax;
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
