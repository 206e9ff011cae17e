// What comes in from outside: chunks pushed into ports, what is still being gathered for them, and
// barriers.

#include <algorithm>
#include <utility>

#include "runtime/run_impl.h"

namespace thalweg::runtime {

void Run::Impl::CountArrival(Stage& stage, const Chunk& chunk) {
  records_in_ += chunk.records;
  bytes_in_ += chunk.bytes;
  ++chunks_in_;
  if (measured_.records_in != nullptr) {
    measured_.records_in->Add(chunk.records);
    measured_.bytes_in->Add(chunk.bytes);
  }
  if (!chunk.position.token.empty()) stage.position = chunk.position;
}

void Run::Impl::PutFromPort(Stage& stage, Chunk chunk) {
  chunk.sequence = ++source_sequence_;
  chunk.queued_at = clock_->Now();
  if (chunk.read_at == Clock::Instant{}) chunk.read_at = chunk.queued_at;
  if (!chunk.lease.held() && chunk.bytes > 0) {
    memory_.Reserve(chunk.bytes);
    chunk.lease = MemoryLease(&memory_, chunk.bytes);
  }
  CountArrival(stage, chunk);
  NodeCounts& counts = stage.totals[0];
  counts.records_out += chunk.records;
  counts.bytes_out += chunk.bytes;
  for (const auto& [port, edge] : stage.outputs) {
    if (port != 0) continue;
    edge->Put(0, std::move(chunk));
    return;
  }
}

Result<Progress> Run::Impl::Push(NodeId port, Chunk chunk) {
  Lock lock(mutex_);
  Stage& stage = StageOf(port);
  const bool measured = !measured_.node_seconds.empty();
  if (std::exchange(stage.outside, false)) {
    stage.on_core.Learn(ThreadUse::Now().OnCoreSince(stage.pushed_use));
  }
  if (measured && stage.pushed_at != Clock::Instant{}) {
    measured_.node_seconds[static_cast<size_t>(port.index)]->Record(
        (clock_->Now() - stage.pushed_at).count());
  }
  if (!HasRoom(stage, 0) || !MemoryAdmits(stage, 0)) {
    const Clock::Instant begin = clock_->Now();
    WaitForRoom(lock, stage);
    stage.wait_ns[static_cast<size_t>(Stage::Wait::kRoom)] += (clock_->Now() - begin).count();
  }
  if (Stopped() || stage.done) {
    records_in_ += chunk.records;
    stage.discarded += chunk.records;
    if (failed_) return errors_.begin()->second;
    if (cancelled_) return Status::Cancelled("pipeline '" + options_.name + "' was cancelled");
    return Progress::kDone;
  }
  PutFromPort(stage, std::move(chunk));
  if (threads_started_) {
    stage.outside = true;
    stage.pushed_at = clock_->Now();
    stage.pushed_use = ThreadUse::Now();
    WakeOthers();
  } else if (options_.seed) {
    for (uint64_t steps = random_() % 4; steps > 0 && DriveOne(lock); --steps) {
    }
  } else {
    while (!threads_started_ && DriveOne(lock)) MaybeEscalate();
    ArmTimer();
  }
  if (measured) stage.pushed_at = clock_->Now();
  return Progress::kNeedInput;
}

void Run::Impl::SetPartial(NodeId port, std::function<Partial(Clock::Instant)> take) {
  std::scoped_lock lock(mutex_);
  StageOf(port).partial = std::move(take);
}

void Run::Impl::PartialDue(NodeId port, Clock::Instant when) {
  std::scoped_lock lock(mutex_);
  StageOf(port).partial_due = when;
  if (clock_ != &Clock::System()) StartThreads();  // Nobody else would see that time passes.
  ArmTimer();
  // A thread that sleeps without a deadline, or until a later one, has to look again.
  if (idle_ > 0) work_.notify_one();
}

void Run::Impl::FlushDuePartials() {
  for (const auto& stage : plan_.stages) {
    if (!stage->partial_due || stage->done) continue;
    const Clock::Instant now = clock_->Now();
    if (now < *stage->partial_due) continue;
    stage->partial_due.reset();
    if (!stage->partial) continue;
    Partial partial = stage->partial(now);
    stage->partial_due = partial.due;
    if (partial.chunk) PutFromPort(*stage, *std::move(partial.chunk));
  }
}

void Run::Impl::TakeAllPartial(Stage& stage) {
  stage.partial_due.reset();
  if (!stage.partial) return;
  Partial partial = stage.partial(Clock::Instant::max());
  if (!partial.chunk) return;
  if (stage.done || Stopped()) {
    records_in_ += partial.chunk->records;
    stage.discarded += partial.chunk->records;
  } else {
    PutFromPort(stage, *std::move(partial.chunk));
  }
}

void Run::Impl::Close(NodeId port) {
  {
    std::scoped_lock lock(mutex_);
    Stage& stage = StageOf(port);
    TakeAllPartial(stage);
    FinishStage(stage);
    Settle();
  }
  work_.notify_all();
}

Result<uint64_t> Run::Impl::InjectBarrier() {
  {
    std::scoped_lock lock(mutex_);
    if (!started_ || Finished() || cancelled_) {
      return Status::Cancelled("pipeline '" + options_.name + "' takes no more barriers");
    }
    ++epoch_;
    checkpoints_[epoch_].epoch = epoch_;
    for (const auto& stage : plan_.stages) {
      if (stage->kind != NodeKind::kSource && stage->kind != NodeKind::kPort) continue;
      stage->barriers.push_back(epoch_);
      if (stage->kind == NodeKind::kPort && !stage->done) TakeAllPartial(*stage);
      if (stage->active == 0) SendBarriers(*stage);
    }
    CompleteEpochs();
    WakeOthers();
    return epoch_;
  }
}

void Run::Impl::SendBarriers(Stage& stage) {
  for (const uint64_t epoch : stage.barriers) {
    checkpoints_[epoch].positions[stage.names.front()] = stage.position;
    if (stage.done) continue;
    for (const auto& [port, edge] : stage.outputs) edge->Put(0, Barrier{epoch});
  }
  stage.barriers.clear();
}

// An epoch is through when every sink that still works has seen it.
void Run::Impl::CompleteEpochs() {
  if (checkpoints_.empty() || Stopped()) return;
  uint64_t through = epoch_;
  for (const auto& stage : plan_.stages) {
    if (stage->outputs.empty() && !stage->done) through = std::min(through, stage->epoch);
    if (!stage->barriers.empty()) through = std::min(through, stage->barriers.front() - 1);
  }
  while (!checkpoints_.empty() && checkpoints_.begin()->first <= through) {
    finished_epochs_.push_back(std::move(checkpoints_.begin()->second));
    checkpoints_.erase(checkpoints_.begin());
  }
}

void Run::Impl::SaveCheckpoints(Lock& lock) {
  if (options_.checkpoints == nullptr) finished_epochs_.clear();
  if (finished_epochs_.empty() || saving_) return;
  saving_ = true;
  while (!finished_epochs_.empty() && !failed_) {
    const Checkpoint checkpoint = std::move(finished_epochs_.front());
    finished_epochs_.erase(finished_epochs_.begin());
    lock.unlock();
    Status status = CatchAll("checkpoint", [&] { return options_.checkpoints->Save(checkpoint); });
    lock.lock();
    if (!status.ok()) RecordError(UINT64_MAX, status.WithContext("checkpoint"));
  }
  saving_ = false;
}

}  // namespace thalweg::runtime
