// The life of a run: start, stop, errors and rejects, join. The other parts of it stand in the
// files named run_….

#include "thalweg/runtime/run.h"

#include <algorithm>
#include <utility>

#include "runtime/run_impl.h"

namespace thalweg::runtime {
namespace {

constexpr int kThreadsMax = 512;
constexpr size_t kRejectionsWaiting = 1000;
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
      stop_token_(stop_.get_token()),
      sources_stop_token_(sources_stop_.get_token()),
      random_(options_.seed.value_or(0)),
      tuner_(Tuning()),
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
  THALWEG_ASSIGN_OR_RETURN(Plan plan, MakePlan(graph_, options_, workers_));
  {
    // Wake, progress and knobs may already be called by other threads.
    std::scoped_lock lock(mutex_);
    tuner_ = Tuner(options_.tuning);
    plan_ = std::move(plan);
    PrepareThreads();
    RegisterMetrics();
    start_ = observed_ = tuned_ = clock_->Now();
    started_ = true;
  }
  on_stop_.emplace(std::move(stop), [this] { OnStop(); });
  std::scoped_lock lock(mutex_);
  Settle();
  if (eager_threads_) StartThreads();
  return {};
}

// How many threads the stages need, once there is more to do than the caller's thread should do
// alone.
void Run::Impl::PrepareThreads() {
  bool ports = false;
  int blocking = 0;
  int working = workers_;
  for (const auto& stage : plan_.stages) {
    ports = ports || stage->kind == NodeKind::kPort;
    if (stage->token != TokenKind::kCpu && stage->kind != NodeKind::kPort) {
      blocking += stage->lanes_max;
    } else if (stage->fixed_lanes) {
      working = std::max(working, stage->lanes_max);
    }
    eager_threads_ = eager_threads_ || (stage->fixed_lanes && stage->lanes_max > 1);
  }
  // More would only wait for a core, with work in their hands.
  working = std::min(working, governor_->cpu_tokens());
  // Without a port the caller's thread is one of the workers.
  threads_wanted_ = std::min(kThreadsMax, working + blocking - (ports ? 0 : 1));
}

void Run::Impl::OnStop() {
  {
    std::scoped_lock lock(mutex_);
    if (Finished() || cancelled_) return;
    cancelled_ = true;
    sources_stop_.request_stop();
    if (options_.cancel == CancelPolicy::kDrop) {
      dropping_ = true;
      stop_.request_stop();
    } else {
      draining_ = true;
      drain_deadline_ = clock_->Now() + std::chrono::milliseconds(options_.drain_ms_max);
      CallAt(*drain_deadline_);
      EndSources();
    }
  }
  work_.notify_all();
  room_.notify_all();
}

void Run::Impl::EndSources() {
  for (const auto& stage : plan_.stages) {
    if (stage->done) continue;
    if (stage->kind == NodeKind::kPort) {
      TakeAllPartial(*stage);
      FinishStage(*stage);
    } else if (stage->kind == NodeKind::kSource && stage->active == 0) {
      FinishStage(*stage);
    }
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
  sources_stop_.request_stop();
}

void Run::Impl::HandleRejections(std::vector<Edge::Rejected> rejections) {
  if (measured_.records_rejected != nullptr) {
    measured_.records_rejected->Add(static_cast<int64_t>(rejections.size()));
  }
  for (auto& [sequence, rejection] : rejections) {
    ++rejected_;
    if (failed_) continue;
    const RejectPolicy& policy = options_.rejects;
    if (policy.errors == ErrorPolicy::kFail) {
      std::string place;
      if (!rejection.file.empty()) place += rejection.file + ": ";
      if (rejection.line > 0) place += "line " + std::to_string(rejection.line) + ": ";
      if (!rejection.column.empty()) place += "column '" + rejection.column + "': ";
      RecordError(sequence,
                  Status::InvalidArgument("rejected record: " + place + rejection.reason));
      continue;
    }
    if (policy.errors_max >= 0 && rejected_ > policy.errors_max) {
      RecordError(sequence,
                  Status::InvalidArgument("more than " + std::to_string(policy.errors_max) +
                                          " records rejected; the last: " + rejection.reason));
      continue;
    }
    if (policy.errors == ErrorPolicy::kDeadLetter && options_.reject_sink != nullptr) {
      rejections_.push_back({sequence, std::move(rejection)});
    }
  }
}

// One thread at a time writes, without the lock; others wait only when it falls far behind.
void Run::Impl::WriteRejections(Lock& lock) {
  while (writing_ && rejections_.size() > kRejectionsWaiting) rejections_written_.wait(lock);
  if (writing_ || rejections_.empty()) return;
  writing_ = true;
  while (!rejections_.empty()) {
    const auto batch = std::exchange(rejections_, {});
    if (reject_sink_failed_) continue;
    rejections_written_.notify_all();
    lock.unlock();
    uint64_t sequence = 0;
    Status status = CatchAll("write", [&]() -> Status {
      for (const auto& rejected : batch) {
        sequence = rejected.source_sequence;
        THALWEG_RETURN_IF_ERROR(options_.reject_sink->Write(rejected.rejection));
      }
      return {};
    });
    lock.lock();
    if (status.ok()) continue;
    reject_sink_failed_ = true;
    RecordError(sequence, status.WithContext("reject sink"));
  }
  writing_ = false;
  rejections_written_.notify_all();
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
    for (const auto& stage : plan_.stages) {
      stage->blocked = false;
      ++stage->wakes;
    }
  }
  work_.notify_all();
}

Report Run::Impl::Join() {
  std::vector<uint64_t> timers;
  {
    Lock lock(mutex_);
    for (const auto& stage : plan_.stages) {
      if (stage->kind == NodeKind::kPort) FinishStage(*stage);
    }
    Settle();
    Work(lock, /*caller=*/true);
    joined_ = true;
    timers.swap(timers_);
  }
  on_stop_.reset();
  for (const uint64_t timer : timers) governor_->CancelCall(timer);
  for (Status& status : nursery_.Join()) {
    std::scoped_lock lock(mutex_);
    RecordError(UINT64_MAX, std::move(status));
  }
  Lock lock(mutex_);
  SaveCheckpoints(lock);
  WriteRejections(lock);
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
Result<uint64_t> Run::InjectBarrier() { return impl_->InjectBarrier(); }
Report Run::Join() { return impl_->Join(); }
RunProgress Run::progress() const { return impl_->progress(); }
void Run::Wake() { impl_->Wake(); }
Knobs Run::knobs() const { return impl_->knobs(); }
MemoryBudget& Run::memory() { return impl_->memory(); }
std::stop_token Run::sources_stop() const { return impl_->sources_stop(); }
std::stop_token Run::stop() const { return impl_->stop(); }
void Run::SetPartial(NodeId port, std::function<Partial(Clock::Instant)> take) {
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
