#include "runtime/stage.h"

#include <algorithm>
#include <utility>

#include "runtime/executor.h"

namespace thalweg::runtime {

void NodeCounts::Add(const NodeCounts& other) {
  chunks_in += other.chunks_in;
  records_in += other.records_in;
  records_out += other.records_out;
  bytes_out += other.bytes_out;
  rejected += other.rejected;
  filtered += other.filtered;
  busy_ns += other.busy_ns;
}

/// Collects what one node makes: for the next node of the lane, or for the stage's edges.
class Lane::StepOutput final : public Output {
 public:
  StepOutput(Lane& lane, size_t index, const Environment& environment)
      : lane_(lane), index_(index), environment_(environment) {}

  void Emit(Chunk chunk, int port) override {
    if (chunk.sequence == 0) chunk.sequence = lane_.inherit_sequence_;
    if (chunk.position.token.empty()) chunk.position = lane_.inherit_position_;
    if (chunk.read_at == Clock::Instant{}) chunk.read_at = lane_.inherit_read_at_;
    Lease(chunk);
    NodeCounts& counts = lane_.counts[index_];
    counts.records_out += chunk.records;
    counts.bytes_out += chunk.bytes;
    Send(port, std::move(chunk));
  }
  void EmitWatermark(int64_t time_micros) override { Send(0, Watermark{time_micros}); }
  void Reject(Rejection rejection) override {
    rejection.node = (*environment_.names)[index_];
    ++lane_.counts[index_].rejected;
    lane_.rejections.push_back({lane_.inherit_sequence_, std::move(rejection)});
  }
  void CountFiltered(int64_t records) override { lane_.counts[index_].filtered += records; }
  bool has_room() const override {
    if (IsLast()) {
      return !lane_.over_budget && lane_.outs.size() < static_cast<size_t>(environment_.outs_max);
    }
    return lane_.pending_[index_ + 1].empty();
  }
  const std::stop_token& stop() const override { return *environment_.stop; }

  void Send(int port, Event event) {
    if (IsLast()) {
      lane_.outs.push_back({port, std::move(event)});
    } else if (port == 0 || !std::holds_alternative<Chunk>(event)) {
      lane_.pending_[index_ + 1].push_back(std::move(event));
    }
  }

 private:
  bool IsLast() const { return index_ + 1 >= lane_.steps.size(); }

  void Lease(Chunk& chunk) {
    const int64_t more = chunk.bytes - chunk.lease.bytes();
    if (!chunk.lease.held()) {
      if (chunk.bytes == 0) return;
      // What is made cannot be unmade: it is always admitted, and the lane stops after it.
      if (!environment_.memory->TryReserve(chunk.bytes)) {
        environment_.memory->Reserve(chunk.bytes);
        lane_.over_budget = true;
      }
      chunk.lease = MemoryLease(environment_.memory, chunk.bytes);
    } else if (more < 0) {
      chunk.lease.Shrink(-more);
    } else if (more > 0 && !chunk.lease.TryGrow(more)) {
      environment_.memory->Reserve(more);
      chunk.lease = MemoryLease(environment_.memory, TakeOver(chunk.lease) + more);
      lane_.over_budget = true;
    }
  }
  static int64_t TakeOver(MemoryLease& lease) {
    const int64_t bytes = lease.bytes();
    lease.Forget();
    return bytes;
  }

  Lane& lane_;
  size_t index_;
  const Environment& environment_;
};

void Lane::Prepare() {
  const size_t nodes = steps.empty() ? 1 : steps.size();
  if (counts.size() != nodes) counts.resize(nodes);
  if (pending_.size() != nodes) pending_.resize(nodes);
  if (entered_.size() != nodes) entered_.resize(nodes, -1);
}

void Lane::Accept(Event event) {
  Prepare();
  if (auto* chunk = std::get_if<Chunk>(&event)) {
    inherit_sequence_ = chunk->sequence;
    inherit_position_ = chunk->position;
    inherit_read_at_ = chunk->read_at;
  }
  pending_[0].push_back(std::move(event));
}

bool Lane::has_pending() const {
  for (const auto& queue : pending_) {
    if (!queue.empty()) return true;
  }
  return false;
}

int64_t Lane::Clear(std::deque<Event>& queue) {
  int64_t dropped = 0;
  for (const auto& event : queue) {
    if (const auto* chunk = std::get_if<Chunk>(&event)) dropped += chunk->records;
  }
  queue.clear();
  return dropped;
}

int64_t Lane::Discard() {
  int64_t dropped = std::exchange(discarded_, 0);
  for (auto& queue : pending_) dropped += Clear(queue);
  for (const auto& step : steps) dropped += step->held_records();
  return dropped;
}

Result<Progress> Lane::CallChunk(size_t index, Chunk& chunk, const Environment& environment) {
  StepOutput out(*this, index, environment);
  inherit_sequence_ = chunk.sequence;
  inherit_position_ = chunk.position;
  inherit_read_at_ = chunk.read_at;
  if (entered_[index] < 0) entered_[index] = chunk.records;
  const Clock::Instant begin = environment.clock->Now();
  Result<Progress> progress = steps[index]->OnChunk(chunk, out);
  counts[index].busy_ns += (environment.clock->Now() - begin).count();
  if (progress.ok() && *progress != Progress::kNeedRoom) {
    ++counts[index].chunks_in;
    counts[index].records_in += std::exchange(entered_[index], -1);
  }
  return progress;
}

// Handles the first waiting event of one step.
Status Lane::StepOnce(size_t index, const Environment& environment) {
  auto& queue = pending_[index];
  if (auto* chunk = std::get_if<Chunk>(&queue.front())) {
    THALWEG_ASSIGN_OR_RETURN(const Progress progress, CallChunk(index, *chunk, environment));
    switch (progress) {
      case Progress::kNeedInput:
        queue.pop_front();
        return {};
      case Progress::kNeedRoom:
        return {};
      case Progress::kBlocked:
        return Status::Internal("a step with inputs answered 'blocked'");
      case Progress::kDone:
        queue.pop_front();
        for (size_t i = 0; i <= index; ++i) discarded_ += Clear(pending_[i]);
        ending_ = std::max(ending_, static_cast<int>(index) + 1);
        cut_short_ = true;
        return {};
    }
  }
  Event event = std::move(queue.front());
  queue.pop_front();
  StepOutput out(*this, index, environment);
  if (const auto* watermark = std::get_if<Watermark>(&event)) {
    return steps[index]->OnWatermark(watermark->time_micros, out);
  }
  if (const auto* barrier = std::get_if<Barrier>(&event)) {
    THALWEG_RETURN_IF_ERROR(steps[index]->OnBarrier(barrier->epoch, out));
    out.Send(0, *barrier);
  }
  return {};
}

Result<Progress> Lane::Drive(const Environment& environment) {
  Prepare();
  for (;;) {
    if (over_budget || outs.size() >= static_cast<size_t>(environment.outs_max)) {
      return Progress::kNeedRoom;
    }
    // Most downstream first: what is already made goes on before more is made.
    size_t index = steps.size();
    while (index > 0 && pending_[index - 1].empty()) --index;
    if (index > 0) {
      THALWEG_RETURN_IF_ERROR(StepOnce(index - 1, environment));
      continue;
    }
    if (ending_ < 0) return Progress::kNeedInput;
    const auto ending = static_cast<size_t>(ending_);
    if (ending >= steps.size()) return Progress::kDone;
    StepOutput out(*this, ending, environment);
    const Clock::Instant begin = environment.clock->Now();
    THALWEG_ASSIGN_OR_RETURN(const Progress progress, steps[ending]->OnEnd(out));
    counts[ending].busy_ns += (environment.clock->Now() - begin).count();
    if (progress != Progress::kNeedRoom) ++ending_;
  }
}

Result<Progress> Lane::DriveSource(const Environment& environment) {
  Prepare();
  inherit_read_at_ = environment.clock->Now();
  StepOutput out(*this, 0, environment);
  Result<Progress> progress = source->Produce(out);
  counts[0].busy_ns += (environment.clock->Now() - inherit_read_at_).count();
  return progress;
}

Result<Progress> Lane::DriveTimers(Clock::Instant now, const Environment& environment) {
  Prepare();
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto due = steps[i]->deadline();
    if (!due || *due > now) continue;
    StepOutput out(*this, i, environment);
    const Clock::Instant begin = environment.clock->Now();
    THALWEG_RETURN_IF_ERROR(steps[i]->OnTimer(now, out));
    counts[i].busy_ns += (environment.clock->Now() - begin).count();
  }
  return Drive(environment);
}

std::optional<Clock::Instant> Lane::deadline() const {
  std::optional<Clock::Instant> earliest;
  for (const auto& step : steps) {
    const auto due = step->deadline();
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

}  // namespace thalweg::runtime
