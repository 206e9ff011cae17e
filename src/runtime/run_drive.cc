// Who does the work: the caller's thread, worker threads, a seeded single thread, timers.

#include <algorithm>
#include <utility>

#include "runtime/run_impl.h"

namespace thalweg::runtime {
namespace {

constexpr int kOutsMax = 4;  // Chunks a lane makes before they are put on the edges.
constexpr auto kMemoryRecheck = std::chrono::milliseconds(10);
constexpr int64_t kSequentialBytes = int64_t{1} << 20;  // So much at once is not short work.

}  // namespace

Result<Progress> Run::Impl::RunTask(Task& task, Governor::Token token) {
  const bool source = task.kind == TaskKind::kSource;
  const Lane::Environment environment{.memory = &memory_,
                                      .clock = clock_,
                                      .stop = source ? &sources_stop_token_ : &stop_token_,
                                      .names = &task.stage->names,
                                      .outs_max = kOutsMax};
  if (task.stage->token == TokenKind::kCpu && !token) token = governor_->AcquireCpu({});
  if (task.stage->token == TokenKind::kIo) {
    token = governor_->AcquireIo(stop_token_);
    if (stop_token_.stop_requested()) return Progress::kNeedRoom;
  }
  Result<Progress> progress = Progress::kNeedInput;
  const auto drive = [&] {
    if (source) {
      progress = task.lane->DriveSource(environment);
    } else if (task.kind == TaskKind::kTimer) {
      progress = task.lane->DriveTimers(clock_->Now(), environment);
    } else {
      progress = task.lane->Drive(environment);
    }
    return Status();
  };
  const bool learns = task.lane->learns;
  const ThreadUse before = learns ? ThreadUse::Now() : ThreadUse();
  Status caught = CatchAll(task.stage->names.front(), drive);
  if (learns) task.lane->was_on_core = ThreadUse::Now().OnCoreSince(before);
  if (!caught.ok()) return caught;
  return progress;
}

bool Run::Impl::DriveOne(Lock& lock, Scope scope) {
  // A helper has better things to do than to wait for a core.
  Governor::Token token;
  if (scope == Scope::kHelper && !(token = governor_->TryAcquireCpu())) return false;
  CheckDrainDeadline();
  FlushDuePartials();
  auto task = Pick(scope);
  if (!task) return false;
  const bool work = Prepare(*task);
  NotifyPushers();
  if (!work) {
    Settle();
    return true;
  }
  WakeOthers();
  lock.unlock();
  Result<Progress> progress = RunTask(*task, std::move(token));
  lock.lock();
  Commit(*task, std::move(progress));
  if (draining_) EndSources();
  const Clock::Instant now = clock_->Now();
  Observe(now);
  Tune(now);
  SaveCheckpoints(lock);
  WriteRejections(lock);
  NotifyPushers();
  if (Finished()) {
    work_.notify_all();
    room_.notify_all();
  }
  return true;
}

// Each thread wakes the next one while there is something left to do, so that a burst of work
// spreads without anybody counting it.
void Run::Impl::WakeOthers() {
  if (idle_ == 0 || Stopped()) return;
  // Where cores are short, one thread looks again now and then.
  if (PickAny(Scope::kAll) || (crowded_ && watching_ == 0)) work_.notify_one();
}

void Run::Impl::NotifyPushers() {
  if (pushers_waiting_ == 0) return;
  for (const auto& stage : plan_.stages) {
    if (stage->pusher_waits && (stage->done || (HasRoom(*stage, 0) && MemoryAdmits(*stage, 0)))) {
      room_.notify_all();
      return;
    }
  }
}

void Run::Impl::StartThreads() {
  if (threads_started_ || options_.seed || threads_wanted_ <= 0) return;
  threads_started_ = true;
  for (int i = 0; i < threads_wanted_; ++i) {
    Status status = nursery_.Spawn("thalweg-worker", [this](const std::stop_token&) -> Status {
      Lock lock(mutex_);
      Work(lock, /*caller=*/false);
      return {};
    });
    if (!status.ok()) {
      // Fewer threads are slower, not wrong; none at all with a port could stand still.
      if (i == 0) RecordError(0, std::move(status));
      break;
    }
  }
}

void Run::Impl::MaybeEscalate() {
  if (threads_started_ || options_.seed || threads_wanted_ <= 0) return;
  const bool small = memory_.used() < kSequentialBytes;
  if (small && clock_->Now() - start_ < std::chrono::microseconds(options_.sequential_us)) return;
  StartThreads();
}

std::optional<Clock::Instant> Run::Impl::NextDeadline() const {
  std::optional<Clock::Instant> next = drain_deadline_;
  const auto consider = [&](std::optional<Clock::Instant> when) {
    if (when && (!next || *when < *next)) next = when;
  };
  for (const auto& stage : plan_.stages) {
    if (stage->done) continue;
    consider(stage->partial_due);
    if (stage->kind == NodeKind::kSerial && stage->lanes[0]->state == Lane::State::kIdle) {
      consider(stage->lanes[0]->deadline());
    }
  }
  // Memory that other runs give back does not wake us, nor does a call that takes long.
  if (memory_waiting_) consider(clock_->Now() + kMemoryRecheck);
  if (crowded_) consider(clock_->Now() + kLearnedHolds);
  return next;
}

void Run::Impl::Work(Lock& lock, bool caller) {
  while (!Finished()) {
    if (DriveOne(lock)) {
      if (caller) MaybeEscalate();
      continue;
    }
    if (Finished()) break;
    const auto deadline = NextDeadline();
    const int watches = crowded_ ? 1 : 0;
    ++idle_;
    watching_ += watches;
    if (deadline) {
      clock_->WaitUntil(work_, lock, {}, *deadline);
    } else {
      work_.wait(lock);
    }
    watching_ -= watches;
    --idle_;
  }
  work_.notify_all();
  room_.notify_all();
}

// Waits until a port has room, and works meanwhile.
void Run::Impl::WaitForRoom(Lock& lock, Stage& stage) {
  while (!Stopped() && !stage.done) {
    const bool room = HasRoom(stage, 0);
    if (room && MemoryAdmits(stage, 0)) return;
    if (!threads_started_) {
      if (DriveOne(lock)) continue;
      // Nothing runs and nothing can: what is in flight waits for what is pushed now.
      if (room) return;
      StartThreads();
      if (!threads_started_) return;
      continue;
    }
    if (DriveOne(lock, Scope::kHelper)) continue;
    if (room && !AnyRunning() && !PickAny(Scope::kAll)) return;
    WakeOthers();
    ++pushers_waiting_;
    stage.pusher_waits = true;
    if (room) {
      clock_->WaitUntil(room_, lock, {}, clock_->Now() + kMemoryRecheck);
    } else {
      room_.wait(lock);
    }
    stage.pusher_waits = false;
    --pushers_waiting_;
  }
}

// While the pushing thread is in the user's code and no worker exists, a timer keeps deadlines.
void Run::Impl::ArmTimer() {
  if (threads_started_ || options_.seed) return;
  const auto due = NextDeadline();
  if (!due || (timer_at_ && *timer_at_ <= *due)) return;
  timer_at_ = due;
  CallAt(*due);
}

void Run::Impl::CallAt(Clock::Instant when) {
  if (options_.seed || clock_ != &Clock::System()) return;
  timers_.push_back(governor_->CallAt(when, [this] { OnTimer(); }));
}

void Run::Impl::OnTimer() {
  {
    std::scoped_lock lock(mutex_);
    timer_at_.reset();
    if (joined_ || Finished()) return;
    CheckDrainDeadline();
    const auto due = NextDeadline();
    if (due && *due <= clock_->Now()) {
      StartThreads();
    } else {
      ArmTimer();
    }
  }
  work_.notify_all();
  room_.notify_all();
}

}  // namespace thalweg::runtime
