#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/pipeline_parts.h"
#include "thalweg/retry.h"
#include "thalweg/runtime/step.h"
#include "thalweg/status.h"

// The steps that `Pipeline<In, Out>` is made of. Start at thalweg/pipeline.h.
namespace thalweg {

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
    bool viewed = false;
    if (held_ != nullptr) rest = Hold(rest, chunk, out);
    while (!rest.empty()) {
      const size_t take = by_rows_only ? std::min(rows, rest.size()) : Prefix(rest, rows);
      if (take == rest.size() && take < rows) {
        rest = Hold(rest, chunk, out);
        continue;
      }
      Send(records.owner, rest.first(take), BytesOf(rest.first(take)), chunk.read_at,
           chunk.position, {}, out);
      viewed = true;
      rest = rest.subspan(take);
    }
    // What all was moved from is not worth being taken back.
    if (!viewed && records.owner.use_count() == 1) records.owner->clear();
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

  // Moves records into the batch that is being held until it is full, and then sends it. Returns
  // the rest.
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
    const int64_t waited = (shared_->clock->Now() - since).count();
    shared_->batch_wait.Record(waited);
    if (shared_->batch_wait_metric != nullptr) shared_->batch_wait_metric->Record(waited);
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
      if (index >= batch.size())
        return Status::Internal("load: rejected a record outside the batch");
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
}  // namespace thalweg
