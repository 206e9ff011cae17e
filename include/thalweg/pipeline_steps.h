#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/governor.h"
#include "thalweg/retry.h"
#include "thalweg/runtime/bucket.h"
#include "thalweg/runtime/byte_size.h"
#include "thalweg/runtime/histogram.h"
#include "thalweg/runtime/run.h"
#include "thalweg/status.h"

// The steps that `Pipeline<In, Out>` is made of. Start at thalweg/pipeline.h.
namespace thalweg {

struct PipelineOptions;

/// What became of a batch: taken, failed as a whole, or taken but for some records.
class LoadOutcome {
 public:
  LoadOutcome() = default;
  LoadOutcome(Status status) : status_(std::move(status)) {}  // NOLINT(google-explicit-constructor)

  /// The record at `index` of the batch was not taken. One that `IsRetryable` is tried again.
  LoadOutcome& Reject(size_t index, Status why) {
    rejected_.emplace_back(index, std::move(why));
    return *this;
  }
  const Status& status() const { return status_; }
  std::vector<std::pair<size_t, Status>>& rejected() { return rejected_; }

 private:
  Status status_;
  std::vector<std::pair<size_t, Status>> rejected_;
};

namespace pipeline {

/// Records on their way between two steps: some of those that `owner` holds.
template <typename T>
struct Records final : runtime::Payload {
  std::shared_ptr<std::vector<T>> owner;
  std::span<T> items;
};

/// Vectors that are used again, so that their memory stays warm. Thread-safe; outlives what it gives.
template <typename T>
class VectorPool {
 public:
  /// An empty vector, which comes back when the last reference goes.
  std::shared_ptr<std::vector<T>> Take() {
    return std::shared_ptr<std::vector<T>>(Pop(free_).release(),
                                           [this](std::vector<T>* used) { Give(used); });
  }
  /// Destroys the large records that came back. Allocators are slow, and so are caches, when memory is
  /// given back by a thread that did not ask for it; so the extracting thread calls this.
  void DestroySpent() {
    if (spent_count_.load(std::memory_order_relaxed) == 0) return;
    while (auto vector = Pop(spent_)) {
      spent_count_.fetch_sub(1, std::memory_order_relaxed);
      vector->clear();
      Keep(std::move(vector));
    }
  }
  /// Large records are destroyed at once: nobody will call `DestroySpent`, or memory is scarce.
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
    in_vectors.DestroyAtOnce();
    if (options.memory_bytes_max > 0) {
      batch.bytes_max =
          std::clamp<int64_t>(options.memory_bytes_max / 4, 1, options.batch.bytes_max);
      out_vectors.DestroyAtOnce();
    }
  }

  BatchOptions batch;
  RetryPolicy retry;
  bool isolate;     ///< A batch that fails on a record is split until the record is known.
  bool one_by_one;  ///< Until it is known how long a record takes, each is a chunk of its own.
  Governor* governor;
  Clock* clock;
  std::atomic<int64_t> ns_per_record{0};  ///< Of the transform, smoothed; 0: not known yet.
  runtime::Histogram batch_wait;
  VectorPool<In> in_vectors;
  VectorPool<Out> out_vectors;
};

template <typename P, typename In, typename Out>
class TransformStep final : public runtime::Step {
 public:
  TransformStep(P* pipeline, Shared<In, Out>* shared) : pipeline_(pipeline), shared_(shared) {}

  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    const Clock::Instant begin = shared_->clock->Now();
    const int64_t records = chunk.records;
    THALWEG_RETURN_IF_ERROR(Guard("transform", [&] {
      if constexpr (P::kInPlace) {
        InPlace(chunk, out);
      } else {
        Mapped(chunk, out);
      }
      return Status();
    }));
    const int64_t spent = (shared_->clock->Now() - begin).count();
    const int64_t each = std::max<int64_t>(1, spent / std::max<int64_t>(1, records));
    const int64_t before = shared_->ns_per_record.load(std::memory_order_relaxed);
    shared_->ns_per_record.store(before == 0 ? each : (3 * before + each) / 4,
                                 std::memory_order_relaxed);
    return runtime::Progress::kNeedInput;
  }

 private:
  void InPlace(runtime::Chunk& chunk, runtime::Output& out) {
    auto& records = chunk.As<Records<In>>();
    const std::span<In> items = records.items;
    size_t kept = 0;
    int64_t filtered = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      if (!pipeline_->Keep(items[i])) {
        ++filtered;
        continue;
      }
      if (Status status = pipeline_->Transform(items[i]); !status.ok()) [[unlikely]] {
        out.Reject(runtime::Rejection::Because(status.message()));
        continue;
      }
      if (kept != i) items[kept] = std::move(items[i]);
      ++kept;
    }
    records.items = items.first(kept);
    if (filtered > 0) out.CountFiltered(filtered);
    chunk.records = static_cast<int64_t>(kept);
    if (kept > 0) out.Emit(std::move(chunk));
  }

  void Mapped(runtime::Chunk& chunk, runtime::Output& out) {
    const std::span<In> items = chunk.As<Records<In>>().items;
    auto made = std::make_unique<Records<Out>>();
    made->owner = shared_->out_vectors.Take();
    std::vector<Out>& outs = *made->owner;
    outs.reserve(items.size());
    int64_t filtered = 0;
    int64_t bytes = 0;
    for (In& item : items) {
      if (!pipeline_->Keep(item)) {
        ++filtered;
        continue;
      }
      Result<Out> result = pipeline_->Transform(std::move(item));
      if (!result.ok()) [[unlikely]] {
        out.Reject(runtime::Rejection::Because(result.status().message()));
        continue;
      }
      outs.push_back(*std::move(result));
      bytes += ByteSizeOf(outs.back());
    }
    if (filtered > 0) out.CountFiltered(filtered);
    if (outs.empty()) return;
    made->items = outs;
    runtime::Chunk next;
    next.records = static_cast<int64_t>(outs.size());
    next.bytes = bytes;
    next.payload = std::move(made);
    out.Emit(std::move(next));
  }

  P* pipeline_;
  Shared<In, Out>* shared_;
};

/// Cuts the stream of chunks into batches: by rows, by bytes, or by age of the first record held. A
/// batch that lies within one chunk is a view of it.
template <typename In, typename T>
class BatchStep final : public runtime::Step {
 public:
  explicit BatchStep(Shared<In, T>* shared) : shared_(shared) {}

  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    auto& records = chunk.As<Records<T>>();
    const size_t rows = static_cast<size_t>(shared_->batch.rows);
    const bool by_rows_only = chunk.bytes <= shared_->batch.bytes_max;
    std::span<T> rest = records.items;
    if (held_ != nullptr) rest = Hold(rest, chunk, out);
    while (!rest.empty()) {
      const size_t take = by_rows_only ? std::min(rows, rest.size()) : Prefix(rest, rows);
      if (take == rest.size() && take < rows) {
        rest = Hold(rest, chunk, out);
        continue;
      }
      Send(records.owner, rest.first(take), BytesOf(rest.first(take)), chunk.read_at,
           chunk.position, {}, out);
      rest = rest.subspan(take);
    }
    return runtime::Progress::kNeedInput;
  }
  Result<runtime::Progress> OnEnd(runtime::Output& out) override {
    Flush(out);
    return runtime::Progress::kDone;
  }
  Status OnBarrier(uint64_t /*epoch*/, runtime::Output& out) override {
    Flush(out);
    return {};
  }
  std::optional<Clock::Instant> deadline() const override {
    if (held_ == nullptr) return {};
    return held_since_ + std::chrono::milliseconds(shared_->batch.flush_delay_ms);
  }
  Status OnTimer(Clock::Instant /*now*/, runtime::Output& out) override {
    Flush(out);
    return {};
  }
  int64_t held_records() const override {
    return held_ == nullptr ? 0 : static_cast<int64_t>(held_->size());
  }

 private:
  static int64_t BytesOf(std::span<const T> items) {
    int64_t bytes = 0;
    for (const T& item : items) bytes += ByteSizeOf(item);
    return bytes;
  }

  // The longest prefix within both bounds; at least one record.
  size_t Prefix(std::span<const T> items, size_t rows) const {
    int64_t bytes = 0;
    size_t count = 0;
    while (count < std::min(rows, items.size())) {
      bytes += ByteSizeOf(items[count]);
      if (count > 0 && bytes > shared_->batch.bytes_max) break;
      ++count;
    }
    return count;
  }

  // Moves records into the batch that is being held until it is full, and then sends it. Returns the
  // rest.
  std::span<T> Hold(std::span<T> items, runtime::Chunk& chunk, runtime::Output& out) {
    const size_t rows = static_cast<size_t>(shared_->batch.rows);
    if (held_ == nullptr) {
      held_ = shared_->out_vectors.Take();
      held_->reserve(std::min<size_t>(rows, 65536));
      held_since_ = chunk.read_at;
    }
    const int64_t before = held_bytes_;
    size_t used = 0;
    bool full = false;
    while (used < items.size() && !full) {
      const int64_t bytes = ByteSizeOf(items[used]);
      full = !held_->empty() && held_bytes_ + bytes > shared_->batch.bytes_max;
      if (full) break;
      held_->push_back(std::move(items[used]));
      held_bytes_ += bytes;
      ++used;
      full = held_->size() >= rows;
    }
    held_lease_.Merge(chunk.lease.Split(held_bytes_ - before));
    if (used > 0) position_ = chunk.position;
    if (full) Flush(out);
    return items.subspan(used);
  }

  void Flush(runtime::Output& out) {
    if (held_ == nullptr) return;
    const auto held = std::exchange(held_, nullptr);
    Send(held, *held, std::exchange(held_bytes_, 0), held_since_, position_,
         std::exchange(held_lease_, {}), out);
  }

  void Send(const std::shared_ptr<std::vector<T>>& owner, std::span<T> items, int64_t bytes,
            Clock::Instant since, const runtime::Position& position, runtime::MemoryLease lease,
            runtime::Output& out) {
    shared_->batch_wait.Record((shared_->clock->Now() - since).count());
    auto batch = std::make_unique<Records<T>>();
    batch->owner = owner;
    batch->items = items;
    runtime::Chunk chunk;
    chunk.records = static_cast<int64_t>(items.size());
    chunk.bytes = bytes;
    chunk.position = position;
    chunk.read_at = since;
    chunk.lease = std::move(lease);
    chunk.payload = std::move(batch);
    out.Emit(std::move(chunk));
  }

  Shared<In, T>* shared_;
  std::shared_ptr<std::vector<T>> held_;
  int64_t held_bytes_ = 0;
  runtime::MemoryLease held_lease_;
  Clock::Instant held_since_{};
  runtime::Position position_;
};

template <typename P, typename In, typename T>
class LoadStep final : public runtime::Step {
 public:
  LoadStep(P* pipeline, Shared<In, T>* shared) : pipeline_(pipeline), shared_(shared) {}

  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    THALWEG_RETURN_IF_ERROR(LoadAll(chunk.As<Records<T>>().items, chunk.sequence, out));
    return runtime::Progress::kNeedInput;
  }

 private:
  Status LoadWithRetry(std::span<T> batch, uint64_t seed, runtime::Output& out,
                       LoadOutcome* outcome) {
    return Retry(shared_->retry, *shared_->clock, out.stop(), seed, [&] {
      *outcome = LoadOutcome();
      return Guard("load", [&] {
        *outcome = pipeline_->Load(batch);
        return outcome->status();
      });
    });
  }

  Status LoadAll(std::span<T> batch, uint64_t seed, runtime::Output& out) {
    LoadOutcome outcome;
    Status status = LoadWithRetry(batch, seed, out, &outcome);
    if (!status.ok()) {
      if (!shared_->isolate || status.code() != StatusCode::kInvalidArgument) {
        return status.WithContext("load");
      }
      if (batch.size() == 1) {
        Reject(batch.front(), status, out);
        return {};
      }
      const size_t half = batch.size() / 2;
      THALWEG_RETURN_IF_ERROR(LoadAll(batch.first(half), seed, out));
      return LoadAll(batch.subspan(half), seed, out);
    }
    for (auto& [index, why] : outcome.rejected()) {
      if (index >= batch.size()) return Status::Internal("load: rejected a record outside the batch");
      if (IsRetryable(why.code()) && shared_->retry.attempts_max > 1) {
        LoadOutcome again;
        why = LoadWithRetry(batch.subspan(index, 1), seed, out, &again);
        if (why.ok() && !again.rejected().empty()) why = again.rejected().front().second;
      }
      if (!why.ok()) Reject(batch[index], why, out);
    }
    return {};
  }

  void Reject(const T& record, const Status& why, runtime::Output& out) {
    out.Reject(runtime::Rejection::Because(why.message(), pipeline_->Describe(record)));
  }

  P* pipeline_;
  Shared<In, T>* shared_;
};

}  // namespace pipeline

/// Takes the records of `Pipeline::Extract`. For the extracting thread only.
template <typename T>
class Emitter {
 public:
  template <typename Out>
  Emitter(runtime::Run* run, runtime::NodeId port, pipeline::Shared<T, Out>* shared,
          int64_t memory_bytes_max)
      : run_(run),
        port_(port),
        clock_(shared->clock),
        stop_(run->sources_stop()),
        vectors_(&shared->in_vectors),
        destroy_spent_([shared] { shared->out_vectors.DestroySpent(); }),
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
    if (count_ == rows_) [[unlikely]] Begin();
    bytes_ += ByteSizeOf(items_->emplace_back(std::forward<Arguments>(arguments)...));
    // What lies below the published count may be taken by another thread at any time.
    published_.store(++count_, std::memory_order_release);
    if (count_ < rows_ && bytes_ < bytes_max_) [[likely]] return true;
    return Send(Finish());
  }

  /// Takes many records at once, without moving them one by one.
  bool EmitBatch(std::vector<T>&& records) {
    if (count_ < rows_ && count_ > 0 && !Send(Finish())) return false;
    const auto owner = std::make_shared<std::vector<T>>(std::move(records));
    std::span<T> rest(*owner);
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

  /// Where the source stands after the records emitted so far. A run that starts there again repeats
  /// at most the records emitted between two calls.
  void SetPosition(runtime::Position position) {
    std::scoped_lock lock(mutex_);
    position_ = std::move(position);
  }
  /// Requested when nothing more is wanted: look at it where `Extract` waits.
  const std::stop_token& stop() const { return stop_; }

 private:
  static constexpr size_t kRowsStart = 16;
  static constexpr size_t kRowsMax = 4096;
  static constexpr int64_t kBytesMax = 256 << 10;
  static constexpr int64_t kChunkNsMax = 1'000'000;  // A chunk is about a millisecond of work.

  static int64_t ChunkBytes(int64_t budget) {
    return budget > 0 ? std::clamp<int64_t>(budget / 16, 1, kBytesMax) : kBytesMax;
  }

  void Begin() {
    destroy_spent_();
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

  // Doubles from a small start, up to about a millisecond of transform work, ending on a multiple of
  // the batch so that batches can be cut without moving records.
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
    if (published == taken_) return {{}, now + delay_};
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
  std::function<void()> destroy_spent_;
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
