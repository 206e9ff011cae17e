#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
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
#include "thalweg/runtime/histogram.h"
#include "thalweg/runtime/run.h"
#include "thalweg/status.h"

// The steps that `Pipeline<In, Out>` is made of. Start at thalweg/pipeline.h.
namespace thalweg {

struct PipelineOptions;

/// When a batch is full. The first bound that is reached counts.
struct BatchOptions {
  int64_t rows = 500;
  int64_t bytes_max = int64_t{64} << 20;  ///< By the size hook, see `ByteSizeOf`.
  int64_t flush_delay_ms = 1000;  ///< Counted from the reading of the first record held.
};

/// Bytes that a record holds, for memory bounds: its `ByteSize()` where it has one, else its own size.
template <typename T>
int64_t ByteSizeOf(const T& record) {
  if constexpr (requires { { record.ByteSize() } -> std::convertible_to<int64_t>; }) {
    return record.ByteSize();
  } else {
    return static_cast<int64_t>(sizeof(T));
  }
}

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

/// Records on their way between two steps.
template <typename T>
struct Records final : runtime::Payload {
  std::vector<T> items;
};

/// Part of some records, or records of its own.
template <typename T>
struct RecordBatch final : runtime::Payload {
  std::shared_ptr<Records<T>> owner;
  std::span<T> items;
};

/// Calls a hook of the user; an exception becomes an error that names the hook.
THALWEG_EXPORT Status Guard(const char* hook, const std::function<Status()>& body);

/// What the steps of one run share.
template <typename Out>
struct Shared {
  template <typename Options>
  explicit Shared(const Options& options)
      : batch(options.batch),
        retry(options.retry),
        isolate(options.rejects.errors != ErrorPolicy::kFail),
        governor(options.governor != nullptr ? options.governor : &Governor::Process()),
        clock(options.clock != nullptr ? options.clock : &Clock::System()) {}

  BatchOptions batch;
  RetryPolicy retry;
  bool isolate;  ///< A batch that fails on a record is split until the record is known.
  Governor* governor;
  Clock* clock;
  std::atomic<int64_t> ns_per_record{0};  ///< Of the transform, smoothed; 0: not known yet.
  runtime::Histogram batch_wait;
};

template <typename P, typename In, typename Out>
class TransformStep final : public runtime::Step {
 public:
  TransformStep(P* pipeline, Shared<Out>* shared) : pipeline_(pipeline), shared_(shared) {}

  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    const Clock::Instant begin = shared_->clock->Now();
    const int64_t records = chunk.records;
    Status status = Guard("transform", [&] {
      if constexpr (P::kInPlace) {
        InPlace(chunk, out);
      } else {
        Mapped(chunk, out);
      }
      return Status();
    });
    THALWEG_RETURN_IF_ERROR(std::move(status));
    const int64_t each = (shared_->clock->Now() - begin).count() / std::max<int64_t>(1, records);
    const int64_t before = shared_->ns_per_record.load(std::memory_order_relaxed);
    shared_->ns_per_record.store(before == 0 ? each : (3 * before + each) / 4,
                                 std::memory_order_relaxed);
    return runtime::Progress::kNeedInput;
  }

 private:
  void InPlace(runtime::Chunk& chunk, runtime::Output& out) {
    auto& items = chunk.As<Records<In>>().items;
    size_t kept = 0;
    int64_t filtered = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      if (!pipeline_->Keep(items[i])) {
        ++filtered;
        continue;
      }
      if (Status status = pipeline_->Transform(items[i]); !status.ok()) {
        out.Reject(runtime::Rejection::Because(status.message()));
        continue;
      }
      if (kept != i) items[kept] = std::move(items[i]);
      ++kept;
    }
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(kept), items.end());
    if (filtered > 0) out.CountFiltered(filtered);
    chunk.records = static_cast<int64_t>(kept);
    if (kept > 0) out.Emit(std::move(chunk));
  }

  void Mapped(runtime::Chunk& chunk, runtime::Output& out) {
    auto& items = chunk.As<Records<In>>().items;
    auto made = std::make_unique<Records<Out>>();
    made->items.reserve(items.size());
    int64_t filtered = 0;
    int64_t bytes = 0;
    for (In& item : items) {
      if (!pipeline_->Keep(item)) {
        ++filtered;
        continue;
      }
      Result<Out> result = pipeline_->Transform(std::move(item));
      if (!result.ok()) {
        out.Reject(runtime::Rejection::Because(result.status().message()));
        continue;
      }
      made->items.push_back(*std::move(result));
      bytes += ByteSizeOf(made->items.back());
    }
    if (filtered > 0) out.CountFiltered(filtered);
    if (made->items.empty()) return;
    runtime::Chunk next;
    next.records = static_cast<int64_t>(made->items.size());
    next.bytes = bytes;
    next.payload = std::move(made);
    out.Emit(std::move(next));
  }

  P* pipeline_;
  Shared<Out>* shared_;
};

/// Cuts the stream of chunks into batches: by rows, by bytes, or by age of the first record held.
template <typename T>
class BatchStep final : public runtime::Step {
 public:
  explicit BatchStep(Shared<T>* shared) : shared_(shared) {}

  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    std::shared_ptr<Records<T>> records(static_cast<Records<T>*>(chunk.payload.release()));
    std::span<T> rest(records->items);
    const size_t rows = static_cast<size_t>(shared_->batch.rows);
    if (held_ != nullptr) rest = FillHeld(rest, chunk, out);
    const bool by_rows_only = chunk.bytes <= shared_->batch.bytes_max;
    while (!rest.empty()) {
      const size_t take = by_rows_only ? std::min(rows, rest.size()) : Prefix(rest, rows);
      if (take == rest.size() && take < rows) break;
      Send(records, rest.first(take), chunk.read_at, chunk.position, out);
      rest = rest.subspan(take);
    }
    if (!rest.empty()) FillHeld(rest, chunk, out);
    return runtime::Progress::kNeedInput;
  }
  Result<runtime::Progress> OnEnd(runtime::Output& out) override {
    Flush(out);
    return runtime::Progress::kDone;
  }
  std::optional<Clock::Instant> deadline() const override {
    if (held_ == nullptr) return {};
    return held_since_ + std::chrono::milliseconds(shared_->batch.flush_delay_ms);
  }
  Status OnTimer(Clock::Instant /*now*/, runtime::Output& out) override {
    Flush(out);
    return {};
  }

 private:
  // The longest prefix within both bounds; at least one record.
  size_t Prefix(std::span<T> items, size_t rows) const {
    int64_t bytes = 0;
    size_t count = 0;
    while (count < std::min(rows, items.size())) {
      bytes += ByteSizeOf(items[count]);
      if (count > 0 && bytes > shared_->batch.bytes_max) break;
      ++count;
    }
    return count;
  }

  // Moves records into the batch that is being held, and sends it each time it is full.
  std::span<T> FillHeld(std::span<T> items, const runtime::Chunk& chunk, runtime::Output& out) {
    if (held_ == nullptr) {
      held_ = std::make_shared<Records<T>>();
      held_->items.reserve(static_cast<size_t>(std::min<int64_t>(shared_->batch.rows, 65536)));
      held_since_ = chunk.read_at;
    }
    size_t used = 0;
    while (used < items.size()) {
      const int64_t bytes = ByteSizeOf(items[used]);
      if (!held_->items.empty() && held_bytes_ + bytes > shared_->batch.bytes_max) {
        Flush(out);
        return items.subspan(used);
      }
      held_->items.push_back(std::move(items[used]));
      held_bytes_ += bytes;
      ++used;
      if (static_cast<int64_t>(held_->items.size()) >= shared_->batch.rows) {
        position_ = chunk.position;
        Flush(out);
        return items.subspan(used);
      }
    }
    position_ = chunk.position;
    return {};
  }

  void Flush(runtime::Output& out) {
    if (held_ == nullptr) return;
    auto records = std::exchange(held_, nullptr);
    held_bytes_ = 0;
    Send(records, records->items, held_since_, position_, out);
  }

  void Send(const std::shared_ptr<Records<T>>& owner, std::span<T> items, Clock::Instant since,
            const runtime::Position& position, runtime::Output& out) {
    shared_->batch_wait.Record((shared_->clock->Now() - since).count());
    auto batch = std::make_unique<RecordBatch<T>>();
    batch->owner = owner;
    batch->items = items;
    runtime::Chunk chunk;
    chunk.records = static_cast<int64_t>(items.size());
    for (const T& item : items) chunk.bytes += ByteSizeOf(item);
    chunk.position = position;
    chunk.read_at = since;
    chunk.payload = std::move(batch);
    out.Emit(std::move(chunk));
  }

  Shared<T>* shared_;
  std::shared_ptr<Records<T>> held_;
  int64_t held_bytes_ = 0;
  Clock::Instant held_since_{};
  runtime::Position position_;
};

template <typename P, typename T>
class LoadStep final : public runtime::Step {
 public:
  LoadStep(P* pipeline, Shared<T>* shared, std::stop_token stop)
      : pipeline_(pipeline), shared_(shared), stop_(std::move(stop)) {}

  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    THALWEG_RETURN_IF_ERROR(LoadAll(chunk.As<RecordBatch<T>>().items, chunk.sequence, out));
    return runtime::Progress::kNeedInput;
  }

 private:
  Status LoadAll(std::span<T> batch, uint64_t seed, runtime::Output& out) {
    LoadOutcome outcome;
    Status status = Retry(shared_->retry, *shared_->clock, stop_, seed, [&] {
      outcome = LoadOutcome();
      return Guard("load", [&] {
        outcome = pipeline_->Load(batch);
        return outcome.status();
      });
    });
    if (!status.ok()) {
      if (!shared_->isolate || status.code() != StatusCode::kInvalidArgument) {
        return status.WithContext("load");
      }
      if (batch.size() == 1) {
        out.Reject(
            runtime::Rejection::Because(status.message(), pipeline_->Describe(batch.front())));
        return {};
      }
      const size_t half = batch.size() / 2;
      THALWEG_RETURN_IF_ERROR(LoadAll(batch.first(half), seed, out));
      return LoadAll(batch.subspan(half), seed, out);
    }
    for (auto& [index, why] : outcome.rejected()) {
      if (index >= batch.size()) return Status::Internal("load: rejected a record outside the batch");
      if (IsRetryable(why.code()) && shared_->retry.attempts_max > 1) {
        THALWEG_RETURN_IF_ERROR(LoadAll(batch.subspan(index, 1), seed, out));
      } else {
        out.Reject(
            runtime::Rejection::Because(why.message(), pipeline_->Describe(batch[index])));
      }
    }
    return {};
  }

  P* pipeline_;
  Shared<T>* shared_;
  std::stop_token stop_;
};

}  // namespace pipeline

/// Takes the records of `Pipeline::Extract`. For the extracting thread only.
template <typename T>
class Emitter {
 public:
  template <typename Options>
  Emitter(runtime::Run* run, runtime::NodeId port, const Options& options, std::stop_token stop,
          const std::atomic<int64_t>* ns_per_record)
      : run_(run),
        port_(port),
        clock_(options.clock != nullptr ? options.clock : &Clock::System()),
        stop_(std::move(stop)),
        batch_rows_(static_cast<size_t>(options.batch.rows)),
        bytes_max_(ChunkBytes(options.memory_bytes_max)),
        delay_(std::chrono::milliseconds(options.batch.flush_delay_ms) / 2),
        ns_per_record_(ns_per_record) {
    run_->SetPartial(port_, [this] { return TakePartial(); });
  }
  ~Emitter() { run_->SetPartial(port_, nullptr); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  /// Takes the record. Waits while there is no room. False: nothing more is wanted; return.
  bool Emit(T&& record) {
    std::unique_lock lock(mutex_);
    if (held_ == nullptr) Begin(lock);
    bytes_ += ByteSizeOf(record);
    held_->items.push_back(std::move(record));
    if (held_->items.size() < rows_ && bytes_ < bytes_max_) [[likely]] return true;
    return Send(Finish(), lock);
  }

  /// Takes many records at once, without moving them one by one.
  bool EmitBatch(std::vector<T>&& records) {
    std::unique_lock lock(mutex_);
    if (held_ != nullptr && !Send(Finish(), lock)) return false;
    if (records.empty()) return true;
    held_ = std::make_unique<pipeline::Records<T>>();
    held_->items = std::move(records);
    bytes_ = 0;
    for (const T& record : held_->items) bytes_ += ByteSizeOf(record);
    since_ = clock_->Now();
    return Send(Finish(), lock);
  }

  /// Where the source stands after the records emitted so far.
  void SetPosition(runtime::Position position) {
    std::scoped_lock lock(mutex_);
    position_ = std::move(position);
  }
  const std::stop_token& stop() const { return stop_; }

 private:
  static constexpr size_t kRowsStart = 16;
  static constexpr size_t kRowsMax = 4096;
  static constexpr int64_t kBytesMax = 256 << 10;
  static constexpr int64_t kChunkNsMax = 1'000'000;  // A chunk is about a millisecond of work.

  static int64_t ChunkBytes(int64_t budget) {
    return budget > 0 ? std::clamp<int64_t>(budget / 16, 1, kBytesMax) : kBytesMax;
  }

  void Begin(std::unique_lock<std::mutex>& lock) {
    held_ = std::make_unique<pipeline::Records<T>>();
    rows_ = NextRows();
    held_->items.reserve(rows_);
    bytes_ = 0;
    since_ = clock_->Now();
    // The run's lock is taken before ours elsewhere, so not under ours here.
    lock.unlock();
    run_->PartialDue(port_, since_ + delay_);
    lock.lock();
    if (held_ == nullptr) held_ = std::make_unique<pipeline::Records<T>>();
  }

  // Doubles from a small start, up to about a millisecond of transform work, ending on a multiple of
  // the batch so that batches can be cut without moving records.
  size_t NextRows() {
    grown_ = std::min(kRowsMax, grown_ * 2);
    size_t rows = grown_;
    if (const int64_t each = ns_per_record_->load(std::memory_order_relaxed); each > 0) {
      rows = std::min(rows, static_cast<size_t>(std::max<int64_t>(1, kChunkNsMax / each)));
    }
    const size_t into = emitted_ % batch_rows_;
    if (into + rows >= batch_rows_) rows = (into + rows) / batch_rows_ * batch_rows_ - into;
    return std::max<size_t>(1, rows);
  }

  runtime::Chunk Finish() {
    runtime::Chunk chunk;
    emitted_ += held_->items.size();
    chunk.records = static_cast<int64_t>(held_->items.size());
    chunk.bytes = bytes_;
    chunk.read_at = since_;
    chunk.position = position_;
    chunk.payload = std::move(held_);
    return chunk;
  }

  bool Send(runtime::Chunk chunk, std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    Result<runtime::Progress> progress = run_->Push(port_, std::move(chunk));
    return progress.ok() && *progress != runtime::Progress::kDone;
  }

  std::optional<runtime::Chunk> TakePartial() {
    std::scoped_lock lock(mutex_);
    if (held_ == nullptr || held_->items.empty()) return {};
    return Finish();
  }

  runtime::Run* run_;
  runtime::NodeId port_;
  Clock* clock_;
  std::stop_token stop_;
  size_t batch_rows_;
  int64_t bytes_max_;
  Clock::Duration delay_;
  const std::atomic<int64_t>* ns_per_record_;

  std::mutex mutex_;
  std::unique_ptr<pipeline::Records<T>> held_;
  int64_t bytes_ = 0;
  Clock::Instant since_{};
  runtime::Position position_;
  size_t rows_ = kRowsStart;
  size_t grown_ = kRowsStart / 2;
  size_t emitted_ = 0;
};

}  // namespace thalweg
