// Who does the work, and when: the caller's thread, worker threads, a seeded single thread, timers.

#include "thalweg/runtime/run.h"

#include <algorithm>
#include <utility>

#include "runtime/run_impl.h"

namespace thalweg::runtime {
namespace {

constexpr int kOutsMax = 4;              // Chunks a lane makes before they are put on the edges.
constexpr int kThreadsMax = 512;
constexpr auto kMemoryRecheck = std::chrono::milliseconds(10);
constexpr int64_t kEdgeBytesMax = int64_t{64} << 20;

int64_t EdgeBytes(const RunOptions& options) {
  if (options.memory_bytes_max <= 0) return kEdgeBytesMax;
  return std::min(kEdgeBytesMax, std::max<int64_t>(1, options.memory_bytes_max / 4));
}

}  // namespace

Run::Impl::Impl(Graph graph, RunOptions options)
    : graph_(std::move(graph)),
      options_(std::move(options)),
      governor_(options_.governor != nullptr ? options_.governor : &Governor::Process()),
      clock_(options_.clock != nullptr ? options_.clock : &Clock::System()),
      memory_(options_.memory_bytes_max, &governor_->memory()),
      random_(options_.seed.value_or(0)),
      tuner_(options_.tuning),
      bytes_max_edge_(EdgeBytes(options_)) {}

Run::Impl::~Impl() {
  if (started_ && !joined_) {
    Fail(Status::Cancelled("the run was destroyed before its end"));
    (void)Join();
  }
}

Status Run::Impl::Start(std::stop_token stop) {
  if (options_.workers < 0) {
    return Status::InvalidArgument("pipeline: workers must not be negative: " +
                                   std::to_string(options_.workers));
  }
  workers_ = options_.workers > 0 ? options_.workers : governor_->cpu_tokens();
  options_.tuning.start.workers = workers_;
  options_.tuning.max.workers = std::max(options_.tuning.max.workers, workers_);
  THALWEG_RETURN_IF_ERROR(options_.tuning.Validate());
  tuner_ = Tuner(options_.tuning);
  THALWEG_ASSIGN_OR_RETURN(plan_, MakePlan(graph_, options_, workers_));
  bool ports = false;
  int blocking = 0;
  for (const auto& stage : plan_.stages) {
    ports = ports || stage->kind == NodeKind::kPort;
    if (stage->token != TokenKind::kCpu && stage->kind != NodeKind::kPort) {
      blocking += stage->lanes_max;
    }
  }
  // Without a port the caller's thread is one of the workers.
  threads_wanted_ = std::min(kThreadsMax, workers_ + blocking - (ports ? 0 : 1));
  start_ = observed_ = tuned_ = clock_->Now();
  stop_token_ = stop_.get_token();
  started_ = true;
  on_stop_.emplace(std::move(stop), [this] { OnStop(); });
  std::scoped_lock lock(mutex_);
  Settle();
  return {};
}

void Run::Impl::OnStop() {
  {
    std::scoped_lock lock(mutex_);
    if (Finished() || cancelled_) return;
    cancelled_ = true;
    if (options_.cancel == CancelPolicy::kDrop) {
      dropping_ = true;
      stop_.request_stop();
    } else {
      draining_ = true;
      drain_deadline_ = clock_->Now() + std::chrono::milliseconds(options_.drain_ms_max);
      EndSources();
    }
  }
  work_.notify_all();
  room_.notify_all();
}

void Run::Impl::EndSources() {
  for (const auto& stage : plan_.stages) {
    if (stage->kind != NodeKind::kSource && stage->kind != NodeKind::kPort) continue;
    if (stage->active == 0) FinishStage(*stage);
  }
  Settle();
}

void Run::Impl::CheckDrainDeadline() {
  if (!drain_deadline_ || clock_->Now() < *drain_deadline_) return;
  drain_deadline_.reset();
  dropping_ = true;
  stop_.request_stop();
}

void Run::Impl::RecordError(uint64_t sequence, Status error) {
  errors_.emplace(sequence, std::move(error));
  failed_ = true;
  stop_.request_stop();
}

void Run::Impl::HandleRejections(std::vector<Rejection> rejections) {
  for (auto& rejection : rejections) {
    ++rejected_;
    if (failed_) continue;
    const RejectPolicy& policy = options_.rejects;
    if (policy.errors == ErrorPolicy::kFail) {
      std::string place;
      if (!rejection.file.empty()) place += rejection.file + ": ";
      if (rejection.line > 0) place += "line " + std::to_string(rejection.line) + ": ";
      if (!rejection.column.empty()) place += "column '" + rejection.column + "': ";
      RecordError(0, Status::InvalidArgument("rejected record: " + place + rejection.reason));
      continue;
    }
    if (policy.errors_max >= 0 && rejected_ > policy.errors_max) {
      RecordError(0, Status::InvalidArgument("more than " + std::to_string(policy.errors_max) +
                                             " records rejected; the last: " + rejection.reason));
      continue;
    }
    if (policy.errors == ErrorPolicy::kDeadLetter && options_.reject_sink != nullptr) {
      if (Status status = options_.reject_sink->Write(rejection); !status.ok()) {
        RecordError(0, status.WithContext("reject sink"));
      }
    }
  }
}

Result<Progress> Run::Impl::RunTask(Task& task) {
  const std::stop_token& stop = stop_token_;
  const Lane::Environment environment{.memory = &memory_,
                                      .clock = clock_,
                                      .stop = &stop,
                                      .names = &task.stage->names,
                                      .outs_max = kOutsMax};
  Governor::Token token;
  if (task.stage->token == TokenKind::kCpu) token = governor_->AcquireCpu({});
  if (task.stage->token == TokenKind::kIo) token = governor_->AcquireIo(stop);
  Result<Progress> progress = Progress::kNeedInput;
  Status caught = CatchAll(task.stage->names.front(), [&]() -> Status {
    if (task.kind == TaskKind::kSource) {
      progress = task.lane->DriveSource(environment);
    } else if (task.kind == TaskKind::kTimer) {
      progress = task.lane->DriveTimers(clock_->Now(), environment);
    } else {
      progress = task.lane->Drive(environment);
    }
    return {};
  });
  if (!caught.ok()) return caught;
  return progress;
}

bool Run::Impl::DriveOne(Lock& lock) {
  CheckDrainDeadline();
  FlushDuePartials({});
  auto task = Pick();
  if (!task) return false;
  if (!Prepare(*task)) {
    Settle();
    return true;
  }
  lock.unlock();
  Result<Progress> progress = RunTask(*task);
  lock.lock();
  Commit(*task, std::move(progress));
  if (draining_) EndSources();
  const Clock::Instant now = clock_->Now();
  Observe(now);
  Tune(now);
  WakeOthers();
  return true;
}

void Run::Impl::WakeOthers() {
  if (Finished()) {
    work_.notify_all();
    room_.notify_all();
    return;
  }
  if (pushers_waiting_ > 0) room_.notify_all();
  if (idle_ == 0) return;
  // One task is for the thread that asks; wake a sleeper only for what is beyond it.
  std::vector<Task>& tasks = picked_;
  tasks.clear();
  for (auto stage = plan_.stages.rbegin(); stage != plan_.stages.rend() && tasks.size() < 2;
       ++stage) {
    Runnable(**stage, &tasks, 2);
  }
  if (tasks.size() >= 2) work_.notify_one();
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
  if (clock_->Now() - start_ < std::chrono::microseconds(options_.sequential_us)) return;
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
  // Memory that other runs give back does not wake us.
  if (memory_waiting_) consider(clock_->Now() + kMemoryRecheck);
  return next;
}

void Run::Impl::Work(Lock& lock, bool caller) {
  while (!Finished()) {
    if (DriveOne(lock)) {
      if (caller) MaybeEscalate();
      continue;
    }
    if (Finished()) break;
    ++idle_;
    if (const auto deadline = NextDeadline()) {
      clock_->WaitUntil(work_, lock, {}, *deadline);
    } else {
      work_.wait(lock);
    }
    --idle_;
  }
  work_.notify_all();
  room_.notify_all();
}

void Run::Impl::PutFromPort(Stage& stage, Chunk chunk) {
  chunk.sequence = ++source_sequence_;
  if (chunk.read_at == Clock::Instant{}) chunk.read_at = clock_->Now();
  if (!chunk.lease.held() && chunk.bytes > 0) {
    memory_.Reserve(chunk.bytes);
    chunk.lease = MemoryLease(&memory_, chunk.bytes);
  }
  records_in_ += chunk.records;
  bytes_in_ += chunk.bytes;
  ++chunks_in_;
  NodeCounts& counts = stage.totals[0];
  counts.records_out += chunk.records;
  counts.bytes_out += chunk.bytes;
  for (const auto& [port, edge] : stage.outputs) {
    if (port == 0) edge->Put(0, std::move(chunk));
  }
}

Result<Progress> Run::Impl::Push(NodeId port, Chunk chunk) {
  Lock lock(mutex_);
  Stage& stage = *plan_.stages[static_cast<size_t>(plan_.stage_of_node[static_cast<size_t>(port.index)])];
  const Clock::Instant begin = clock_->Now();
  while (!Stopped() && !stage.done && (!HasRoom(stage, 0) || !MemoryAdmits(stage, 0))) {
    if (!threads_started_) {
      if (DriveOne(lock)) continue;
      StartThreads();
      if (!threads_started_) break;  // Nothing runs and nothing can: what is in flight is ours alone.
    }
    ++pushers_waiting_;
    clock_->WaitUntil(room_, lock, {}, clock_->Now() + kMemoryRecheck);
    --pushers_waiting_;
  }
  stage.wait_ns[static_cast<size_t>(Stage::Wait::kRoom)] += (clock_->Now() - begin).count();
  if (Stopped() || stage.done) {
    stage.discarded += chunk.records;
    if (failed_) return errors_.begin()->second;
    if (cancelled_) return Status::Cancelled("pipeline '" + options_.name + "' was cancelled");
    return Progress::kDone;
  }
  PutFromPort(stage, std::move(chunk));
  if (threads_started_) {
    if (idle_ > 0) work_.notify_one();
    return Progress::kNeedInput;
  }
  if (options_.seed) {
    for (uint64_t steps = random_() % 4; steps > 0 && DriveOne(lock); --steps) {
    }
    return Progress::kNeedInput;
  }
  while (!threads_started_ && DriveOne(lock)) MaybeEscalate();
  if (!threads_started_) ArmTimer();
  return Progress::kNeedInput;
}

void Run::Impl::SetPartial(NodeId port, std::function<std::optional<Chunk>()> take) {
  std::scoped_lock lock(mutex_);
  plan_.stages[static_cast<size_t>(plan_.stage_of_node[static_cast<size_t>(port.index)])]->partial =
      std::move(take);
}

void Run::Impl::PartialDue(NodeId port, Clock::Instant when) {
  std::scoped_lock lock(mutex_);
  plan_.stages[static_cast<size_t>(plan_.stage_of_node[static_cast<size_t>(port.index)])]
      ->partial_due = when;
  if (!threads_started_) ArmTimer();
}

void Run::Impl::FlushDuePartials(Clock::Instant now) {
  for (const auto& stage : plan_.stages) {
    if (stage->kind != NodeKind::kPort || !stage->partial_due || stage->done) continue;
    if (now == Clock::Instant{}) now = clock_->Now();
    if (now < *stage->partial_due) continue;
    stage->partial_due.reset();
    if (auto chunk = stage->partial()) PutFromPort(*stage, std::move(*chunk));
  }
}

// While the pushing thread is in the user's code and no worker exists, a timer keeps deadlines.
void Run::Impl::ArmTimer() {
  if (options_.seed || clock_ != &Clock::System()) return;
  const auto due = NextDeadline();
  if (!due || (timer_at_ && *timer_at_ <= *due)) return;
  timer_at_ = due;
  timer_ = governor_->CallAt(*due, [this] { OnTimer(); });
}

void Run::Impl::OnTimer() {
  {
    std::scoped_lock lock(mutex_);
    timer_at_.reset();
    timer_ = 0;
    if (joined_ || Finished()) return;
    const auto due = NextDeadline();
    if (due && *due <= clock_->Now()) {
      StartThreads();
    } else if (!threads_started_) {
      ArmTimer();
    }
  }
  work_.notify_all();
}

void Run::Impl::Close(NodeId port) {
  Lock lock(mutex_);
  Stage& stage = *plan_.stages[static_cast<size_t>(plan_.stage_of_node[static_cast<size_t>(port.index)])];
  if (stage.partial && !stage.done) {
    if (auto chunk = stage.partial()) PutFromPort(stage, std::move(*chunk));
  }
  stage.partial_due.reset();
  FinishStage(stage);
  Settle();
  work_.notify_all();
}

void Run::Impl::Fail(Status error) {
  {
    std::scoped_lock lock(mutex_);
    RecordError(UINT64_MAX, std::move(error));
  }
  work_.notify_all();
  room_.notify_all();
}

void Run::Impl::Wake() {
  {
    std::scoped_lock lock(mutex_);
    for (const auto& stage : plan_.stages) stage->blocked = false;
  }
  work_.notify_all();
}

Report Run::Impl::Join() {
  uint64_t timer = 0;
  {
    Lock lock(mutex_);
    for (const auto& stage : plan_.stages) {
      if (stage->kind == NodeKind::kPort) FinishStage(*stage);
    }
    Settle();
    Work(lock, /*caller=*/true);
    timer = std::exchange(timer_, 0);
    joined_ = true;
  }
  if (timer != 0) governor_->CancelCall(timer);
  for (Status& status : nursery_.Join()) {
    std::scoped_lock lock(mutex_);
    RecordError(UINT64_MAX, std::move(status));
  }
  on_stop_.reset();
  std::scoped_lock lock(mutex_);
  return MakeReport();
}

RunProgress Run::Impl::progress() const {
  std::scoped_lock lock(mutex_);
  return {.records_in = records_in_,
          .records_out = records_out_,
          .records_rejected = rejected_,
          .bytes_in = bytes_in_,
          .memory_bytes = memory_.used()};
}

Knobs Run::Impl::knobs() const {
  std::scoped_lock lock(mutex_);
  return tuner_.knobs();
}

Run::Run(Graph graph, RunOptions options)
    : impl_(std::make_unique<Impl>(std::move(graph), std::move(options))) {}
Run::~Run() = default;
Status Run::Start(std::stop_token stop) { return impl_->Start(std::move(stop)); }
Result<Progress> Run::Push(NodeId port, Chunk chunk) { return impl_->Push(port, std::move(chunk)); }
void Run::Close(NodeId port) { impl_->Close(port); }
void Run::Fail(Status error) { impl_->Fail(std::move(error)); }
Report Run::Join() { return impl_->Join(); }
RunProgress Run::progress() const { return impl_->progress(); }
void Run::Wake() { impl_->Wake(); }
Knobs Run::knobs() const { return impl_->knobs(); }
MemoryBudget& Run::memory() { return impl_->memory(); }
void Run::SetPartial(NodeId port, std::function<std::optional<Chunk>()> take) {
  impl_->SetPartial(port, std::move(take));
}
void Run::PartialDue(NodeId port, Clock::Instant when) { impl_->PartialDue(port, when); }

Report Run::Execute(std::stop_token stop) {
  if (Status status = Start(std::move(stop)); !status.ok()) {
    Report report;
    report.outcome = std::move(status);
    report.errors.push_back(report.outcome);
    return report;
  }
  return Join();
}

}  // namespace thalweg::runtime
