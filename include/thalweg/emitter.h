#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "thalweg/clock.h"
#include "thalweg/pipeline_parts.h"
#include "thalweg/runtime/run.h"

namespace thalweg {

/// Takes the records of `Pipeline::Extract`. For the extracting thread only.
template <typename T>
class Emitter {
 public:
  template <typename Out>
  Emitter(runtime::Run* run, runtime::NodeId port, pipeline::Shared<T, Out>* shared,
          std::function<void()> reclaim_spent, int64_t memory_bytes_max)
      : run_(run),
        port_(port),
        clock_(shared->clock),
        stop_(run->sources_stop()),
        vectors_(&shared->in_vectors),
        reclaim_spent_(std::move(reclaim_spent)),
        ns_per_record_(&shared->ns_per_record),
        one_by_one_(shared->one_by_one),
        batch_rows_(static_cast<size_t>(shared->batch.rows)),
        bytes_max_(ChunkBytes(memory_bytes_max)),
        delay_(std::chrono::milliseconds(shared->batch.flush_delay_ms) / 2) {
    run_->SetPartial(port_, [this](Clock::Instant now) { return TakePartial(now); });
  }
  ~Emitter() { run_->SetPartial(port_, nullptr); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  /// Takes the record. Waits while there is no room. False: nothing more is wanted; return.
  bool Emit(T&& record) { return Emplace(std::move(record)); }

  /// As `Emit`, for a record that is constructed in its place from `arguments`.
  template <typename... Arguments>
  bool Emplace(Arguments&&... arguments) {
    if (count_ == rows_) [[unlikely]]
      Begin();
    bytes_ += ByteSizeOf(items_->emplace_back(std::forward<Arguments>(arguments)...));
    // What lies below the published count may be taken by another thread at any time.
    published_.store(++count_, std::memory_order_release);
    if (count_ < rows_ && bytes_ < bytes_max_) [[likely]]
      return true;
    return Send(Finish());
  }

  /// Takes many records at once, without moving them one by one.
  bool EmitBatch(std::vector<T>&& records) {
    const auto owner = std::make_shared<std::vector<T>>(std::move(records));
    return EmitAll(*owner, owner);
  }
  /// As `EmitBatch`, for records that stay where they are: they are moved from in their place, and
  /// the caller keeps their memory until `Run` returns.
  bool EmitBorrowed(std::span<T> records) { return EmitAll(records, nullptr); }

  /// Where the source stands after the records emitted so far. A run that starts there again
  /// repeats at most the records emitted between two calls.
  void SetPosition(runtime::Position position) {
    std::scoped_lock lock(mutex_);
    position_ = std::move(position);
  }
  /// Requested when nothing more is wanted: look at it where `Extract` waits.
  const std::stop_token& stop() const { return stop_; }

 private:
  static constexpr size_t kRowsStart = 16;
  static constexpr size_t kRowsMax = 4096;
  static constexpr int64_t kBytesMax = 4096 << 10;
  static constexpr int64_t kChunkNsMax = 1'000'000;  // A chunk is about a millisecond of work.

  bool EmitAll(std::span<T> rest, const std::shared_ptr<std::vector<T>>& owner) {
    if (count_ < rows_ && count_ > 0 && !Send(Finish())) return false;
    while (!rest.empty()) {
      runtime::Chunk chunk;
      chunk.read_at = clock_->Now();
      const size_t rows = std::min(NextRows(), rest.size());
      size_t taken = 0;
      while (taken < rows && chunk.bytes < bytes_max_) chunk.bytes += ByteSizeOf(rest[taken++]);
      Fill(&chunk, owner, rest.first(taken));
      rest = rest.subspan(taken);
      if (rest.empty()) chunk.position = position_;
      if (!Send(std::move(chunk))) return false;
    }
    return true;
  }

  static int64_t ChunkBytes(int64_t budget) {
    return budget > 0 ? std::clamp<int64_t>(budget / 16, 1, kBytesMax) : kBytesMax;
  }

  void Begin() {
    reclaim_spent_();
    const Clock::Instant now = clock_->Now();
    bool arm = false;
    {
      std::scoped_lock lock(mutex_);
      held_ = vectors_->Take();
      items_ = held_.get();
      rows_ = NextRows();
      items_->reserve(rows_);  // Records do not move while another thread may look at them.
      data_ = items_->data();
      since_ = now;
      arm = !std::exchange(armed_, true);
    }
    count_ = 0;
    bytes_ = 0;
    // The run's lock is taken before ours elsewhere, so not under ours here.
    if (arm) run_->PartialDue(port_, now + delay_);
  }

  // Doubles from a small start, up to about a millisecond of transform work, ending on a multiple
  // of the batch so that batches can be cut without moving records.
  size_t NextRows() {
    const int64_t each = ns_per_record_->load(std::memory_order_relaxed);
    if (each == 0 && one_by_one_) return 1;
    grown_ = std::min(kRowsMax, grown_ * 2);
    size_t rows = grown_;
    if (each > 0) {
      rows = std::min(rows, static_cast<size_t>(std::max<int64_t>(1, kChunkNsMax / each)));
    }
    const size_t into = emitted_ % batch_rows_;
    if (into + rows >= batch_rows_) rows = (into + rows) / batch_rows_ * batch_rows_ - into;
    return std::max<size_t>(1, rows);
  }

  void Fill(runtime::Chunk* chunk, std::shared_ptr<std::vector<T>> owner, std::span<T> items) {
    emitted_ += items.size();
    chunk->records = static_cast<int64_t>(items.size());
    auto records = std::make_unique<pipeline::Records<T>>();
    records->owner = std::move(owner);
    records->items = items;
    chunk->payload = std::move(records);
  }

  runtime::Chunk Finish() {
    std::scoped_lock lock(mutex_);
    runtime::Chunk chunk;
    chunk.bytes = bytes_ - taken_bytes_;
    chunk.read_at = since_;
    chunk.position = position_;
    const std::span<T> items = std::span<T>(*items_).subspan(taken_);
    Fill(&chunk, std::move(held_), items);
    rows_ = count_;
    taken_ = 0;
    taken_bytes_ = 0;
    data_ = nullptr;
    published_.store(0, std::memory_order_relaxed);
    return chunk;
  }

  bool Send(runtime::Chunk chunk) {
    if (chunk.records == 0) return !stop_.stop_requested();
    Result<runtime::Progress> progress = run_->Push(port_, std::move(chunk));
    return progress.ok() && *progress != runtime::Progress::kDone;
  }

  // Called by any thread: takes what has been published so far, if it is due.
  runtime::Run::Partial TakePartial(Clock::Instant now) {
    std::scoped_lock lock(mutex_);
    const size_t published = published_.load(std::memory_order_acquire);
    armed_ = data_ != nullptr;
    if (!armed_) return {};
    const bool all = now == Clock::Instant::max();
    if (!all && since_ + delay_ > now) return {{}, since_ + delay_};
    if (published == taken_) {
      if (all) return {};
      return {{}, now + delay_};
    }
    runtime::Chunk chunk;
    auto owner = vectors_->Take();
    owner->reserve(published - taken_);
    for (size_t i = taken_; i < published; ++i) {
      chunk.bytes += ByteSizeOf(data_[i]);
      owner->push_back(std::move(data_[i]));
    }
    taken_ = published;
    taken_bytes_ += chunk.bytes;
    chunk.read_at = since_;
    chunk.position = position_;
    const std::span<T> items(*owner);
    Fill(&chunk, std::move(owner), items);
    if (all) return {std::move(chunk), {}};
    since_ = now;
    return {std::move(chunk), now + delay_};
  }

  runtime::Run* run_;
  runtime::NodeId port_;
  Clock* clock_;
  std::stop_token stop_;
  pipeline::VectorPool<T>* vectors_;
  std::function<void()> reclaim_spent_;
  const std::atomic<int64_t>* ns_per_record_;
  bool one_by_one_;
  size_t batch_rows_;
  int64_t bytes_max_;
  Clock::Duration delay_;

  // The extracting thread's own.
  std::vector<T>* items_ = nullptr;
  size_t count_ = 0;
  size_t rows_ = 0;
  int64_t bytes_ = 0;
  size_t grown_ = kRowsStart / 2;

  std::atomic<size_t> published_{0};

  std::mutex mutex_;
  std::shared_ptr<std::vector<T>> held_;
  T* data_ = nullptr;
  size_t taken_ = 0;
  int64_t taken_bytes_ = 0;
  size_t emitted_ = 0;
  Clock::Instant since_{};
  bool armed_ = false;  ///< The run will ask for what is held.
  runtime::Position position_;
};

}  // namespace thalweg
