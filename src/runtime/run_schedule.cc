// Which work can be done now, and what follows from work that was done. Everything here runs with
// the run's mutex held and does nothing that takes long.

#include <algorithm>
#include <utility>

#include "runtime/run_impl.h"

namespace thalweg::runtime {

bool Run::Impl::CanTake(const Stage& stage) const {
  if (!stage.control.empty()) return true;
  for (size_t i = 0; i < stage.inputs.size(); ++i) {
    if (stage.inputs[i]->Ready() && !stage.at_barrier[i]) return true;
  }
  return false;
}

bool Run::Impl::InputsEnded(const Stage& stage) const {
  return stage.control.empty() &&
         std::ranges::all_of(stage.inputs, [](const Edge* edge) { return edge->AtEnd(); });
}

bool Run::Impl::HasRoom(const Stage& stage, uint64_t sequence) const {
  const int depth = std::max(1, tuner_.knobs().queue_depth);
  return std::ranges::all_of(stage.outputs, [&](const auto& output) {
    return output.second->HasRoom(sequence, depth, bytes_max_edge_);
  });
}

bool Run::Impl::IsLowest(const Stage& stage, uint64_t sequence) const {
  return std::ranges::all_of(
      stage.outputs, [sequence](const auto& output) { return output.second->IsLowest(sequence); });
}

bool Run::Impl::NothingInFlight() const {
  for (const auto& edge : plan_.edges) {
    if (!edge->Empty()) return false;
  }
  return std::ranges::all_of(plan_.stages, [](const auto& stage) {
    return stage->active == 0 || stage->done || stage->kind == NodeKind::kSource;
  });
}

// A source that is being called may be waiting for the outside, so it does not count.
bool Run::Impl::AnyRunning() const {
  return std::ranges::any_of(plan_.stages, [](const auto& stage) {
    return stage->kind != NodeKind::kSource &&
           std::ranges::any_of(
               stage->lanes, [](const auto& lane) { return lane->state == Lane::State::kRunning; });
  });
}

bool Run::Impl::NeedsCore(const Stage& stage) {
  if (stage.fixed_lanes) return false;  // They may wait for each other.
  return stage.token == TokenKind::kCpu || stage.on_core.mostly();
}

// Whether one more task would only share a core with those that are running and with pushers that
// make their next chunk. Somebody is running then, and takes what is left. What was learned of a
// call does not hold for one that takes long.
bool Run::Impl::Crowded() const {
  const Clock::Instant now = clock_->Now();
  int used = 0;
  int running = 0;
  for (const auto& stage : plan_.stages) {
    if (stage->kind == NodeKind::kPort) {
      const bool working = !stage->done && stage->outside && stage->on_core.mostly();
      if (working && now - stage->pushed_at < kLearnedHolds) ++used;
      continue;
    }
    if (!NeedsCore(*stage)) continue;
    for (const auto& lane : stage->lanes) {
      if (lane->state != Lane::State::kRunning) continue;
      if (stage->token == TokenKind::kCpu || now - lane->started < kLearnedHolds) ++running;
    }
  }
  return running > 0 && used + running >= governor_->cpu_tokens();
}

// The lowest open sequence number is always admitted, so that memory held by later ones can never
// keep it, and so everything, from going on.
bool Run::Impl::MemoryAdmits(const Stage& stage, uint64_t sequence) const {
  if (memory_ignored_ || memory_.HasRoom()) return true;
  if (stage.kind == NodeKind::kSource || stage.kind == NodeKind::kPort) return NothingInFlight();
  return stage.kind == NodeKind::kSerial || IsLowest(stage, sequence);
}

int Run::Impl::LanesLimit(const Stage& stage) const {
  if (stage.fixed_lanes) return stage.lanes_max;
  return std::clamp(tuner_.knobs().workers, 1, stage.lanes_max);
}

Status Run::Impl::AddLane(Stage& stage) {
  auto lane = std::make_unique<Lane>();
  for (const int index : stage.nodes) {
    const Graph::Node& node = graph_.nodes()[static_cast<size_t>(index)];
    THALWEG_ASSIGN_OR_RETURN(auto step, CallFactory(node));
    lane->steps.push_back(std::move(step));
  }
  stage.lanes.push_back(std::move(lane));
  return {};
}

Lane* Run::Impl::IdleLane(Stage& stage) {
  Lane* idle = nullptr;
  // What a lane keeps from chunk to chunk is in the cache of whoever had it last.
  for (const auto& lane : stage.lanes) {
    if (lane->state != Lane::State::kIdle) continue;
    if (lane->worker == std::this_thread::get_id()) return lane.get();
    if (idle == nullptr) idle = lane.get();
  }
  if (idle != nullptr) return idle;
  if (static_cast<int>(stage.lanes.size()) >= stage.lanes_max) return nullptr;
  if (Status status = AddLane(stage); !status.ok()) {
    RecordError(0, std::move(status));
    return nullptr;
  }
  return stage.lanes.back().get();
}

void Run::Impl::Runnable(Stage& stage, std::vector<Task>* tasks, size_t wanted) {
  if (stage.done || stage.kind == NodeKind::kPort) return;
  if (stage.kind == NodeKind::kSource) {
    Lane& lane = *stage.lanes[0];
    if (lane.state == Lane::State::kIdle && !stage.blocked && HasRoom(stage, 0)) {
      if (MemoryAdmits(stage, 0)) {
        tasks->push_back({&stage, &lane, TaskKind::kSource});
      } else {
        memory_waiting_ = true;
      }
    }
    return;
  }
  for (const auto& lane : stage.lanes) {
    if (lane->state != Lane::State::kParked || !HasRoom(stage, lane->sequence)) continue;
    if (lane->over_budget && !MemoryAdmits(stage, lane->sequence)) {
      memory_waiting_ = true;
      continue;
    }
    tasks->push_back({&stage, lane.get(), TaskKind::kResume});
  }
  if (stage.ending) {
    for (const auto& lane : stage.lanes) {
      if (lane->state == Lane::State::kIdle) {
        tasks->push_back({&stage, lane.get(), TaskKind::kEnd});
      }
    }
    return;
  }
  if (stage.kind == NodeKind::kSerial && stage.lanes[0]->state == Lane::State::kIdle) {
    const auto due = stage.lanes[0]->deadline();
    if (due && *due <= clock_->Now() && HasRoom(stage, 0)) {
      tasks->push_back({&stage, stage.lanes[0].get(), TaskKind::kTimer});
      return;
    }
  }
  RunnableChunks(stage, tasks, wanted);
}

void Run::Impl::RunnableChunks(Stage& stage, std::vector<Task>* tasks, size_t wanted) {
  if (stage.exclusive || stage.active >= LanesLimit(stage) || !CanTake(stage)) return;
  // What stands in `control` divides what comes before it from what comes behind.
  if (stage.kind == NodeKind::kParallel && !stage.control.empty() && stage.active > 0) return;
  if (!HasRoom(stage, stage.next_sequence)) return;
  if (!MemoryAdmits(stage, stage.next_sequence)) {
    memory_waiting_ = true;
    return;
  }
  if (tasks->size() < wanted) {
    if (Lane* lane = IdleLane(stage); lane != nullptr) {
      tasks->push_back({&stage, lane, TaskKind::kChunk});
    }
  }
}

// What stands last in front of a stage is left there for whoever comes while the one stage that
// makes its chunks is busy: what makes the next one goes first.
void Run::Impl::KeepStock(std::vector<Task>* tasks) {
  const Task task = tasks->front();
  const Stage& stage = *task.stage;
  if (!threads_started_ || memory_ignored_ || task.kind != TaskKind::kChunk ||
      stage.feeder == nullptr || !NeedsCore(*stage.feeder) || !NeedsCore(stage) ||
      LanesLimit(stage) == 1 || !stage.control.empty() || stage.inputs.front()->items() != 1) {
    return;
  }
  tasks->clear();
  Runnable(*stage.feeder, tasks, 1);
  if (tasks->empty()) tasks->push_back(task);
}

std::optional<Run::Impl::Task> Run::Impl::Pick(Scope scope) {
  if (Stopped()) return {};
  auto task = PickAny(scope);
  if (task || !memory_waiting_ || scope == Scope::kHelper || AnyRunning()) return task;
  memory_ignored_ = true;
  task = PickAny(scope);
  memory_ignored_ = false;
  return task;
}

std::optional<Run::Impl::Task> Run::Impl::PickAny(Scope scope) {
  memory_waiting_ = false;
  crowded_ = scope == Scope::kAll && Crowded();
  std::vector<Task>& tasks = picked_;
  tasks.clear();
  const size_t wanted = options_.seed ? SIZE_MAX : 1;
  // Most downstream first: a worker follows its chunk while it is hot, and queues drain. Only what
  // stands last before a parallel stage waits; see `KeepStock`.
  for (auto stage = plan_.stages.rbegin(); stage != plan_.stages.rend(); ++stage) {
    const bool quick = (*stage)->token == TokenKind::kCpu && !(*stage)->fixed_lanes;
    if (scope == Scope::kHelper && (!quick || (*stage)->kind == NodeKind::kSource)) continue;
    if (crowded_ && NeedsCore(**stage)) continue;
    Runnable(**stage, &tasks, wanted);
    if (tasks.size() >= wanted) break;
  }
  if (tasks.empty()) return {};
  if (!options_.seed && scope == Scope::kAll) KeepStock(&tasks);
  return options_.seed ? tasks[random_() % tasks.size()] : tasks.front();
}

// Watermarks of several inputs are the minimum; barriers wait for all inputs.
std::optional<Event> Run::Impl::FanIn(Stage& stage, size_t input, Event event) {
  if (auto* chunk = std::get_if<Chunk>(&event)) {
    chunk->input = static_cast<int>(input);
    return event;
  }
  if (const auto* watermark = std::get_if<Watermark>(&event)) {
    stage.watermarks[input] = std::max(stage.watermarks[input], watermark->time_micros);
    AdvanceWatermark(stage);
    return {};
  }
  if (const auto* barrier = std::get_if<Barrier>(&event)) {
    stage.at_barrier[input] = true;
    stage.barrier_epoch = barrier->epoch;
    AlignBarrier(stage);
  }
  return {};
}

void Run::Impl::AdvanceWatermark(Stage& stage) {
  int64_t lowest = INT64_MAX;
  bool any = false;
  for (size_t i = 0; i < stage.inputs.size(); ++i) {
    if (stage.input_ended[i]) continue;
    any = true;
    lowest = std::min(lowest, stage.watermarks[i]);
  }
  if (!any || lowest <= stage.watermark) return;
  stage.watermark = lowest;
  stage.control.push_back(Watermark{lowest});
}

void Run::Impl::AlignBarrier(Stage& stage) {
  bool any = false;
  for (size_t i = 0; i < stage.inputs.size(); ++i) {
    any = any || stage.at_barrier[i];
    if (!stage.at_barrier[i] && !stage.input_ended[i]) return;
  }
  if (!any) return;
  stage.control.push_back(Barrier{stage.barrier_epoch});
  stage.at_barrier.assign(stage.inputs.size(), false);
}

bool Run::Impl::TakeInput(Stage& stage, Lane& lane) {
  if (!stage.control.empty()) {
    if (const auto* barrier = std::get_if<Barrier>(&stage.control.front())) {
      lane.barrier_epoch = barrier->epoch;
      stage.exclusive = true;
    }
    lane.Accept(std::move(stage.control.front()));
    stage.control.pop_front();
    return true;
  }
  const size_t inputs = stage.inputs.size();
  for (size_t tried = 0; tried < inputs; ++tried) {
    const size_t input = stage.next_input++ % inputs;
    if (!stage.inputs[input]->Ready() || stage.at_barrier[input]) continue;
    Event event = stage.inputs[input]->Take();
    if (const auto* chunk = std::get_if<Chunk>(&event)) {
      stage.queue_waits.Record((clock_->Now() - chunk->queued_at).count());
    }
    auto taken = FanIn(stage, input, std::move(event));
    if (!taken) return false;
    lane.Accept(std::move(*taken));
    return true;
  }
  return false;
}

bool Run::Impl::Prepare(Task& task) {
  Stage& stage = *task.stage;
  Lane& lane = *task.lane;
  if (task.kind == TaskKind::kChunk) {
    if (!TakeInput(stage, lane)) return false;
    if (stage.kind == NodeKind::kParallel) lane.sequence = stage.next_sequence++;
  }
  if (task.kind == TaskKind::kSource) stage.wakes_seen = stage.wakes;
  if (task.kind == TaskKind::kEnd) lane.BeginEnd();
  if (lane.state != Lane::State::kParked) ++stage.active;
  lane.over_budget = false;
  lane.state = Lane::State::kRunning;
  lane.started = clock_->Now();
  lane.worker = std::this_thread::get_id();
  lane.learns = threads_started_ && stage.token != TokenKind::kCpu && !stage.fixed_lanes;
  return true;
}

void Run::Impl::CommitOutputs(Stage& stage, Lane& lane) {
  const Clock::Instant now = lane.outs.empty() ? Clock::Instant{} : clock_->Now();
  for (auto& out : lane.outs) {
    if (auto* chunk = std::get_if<Chunk>(&out.event)) {
      chunk->queued_at = now;
      if (stage.kind == NodeKind::kSource) {
        chunk->sequence = ++source_sequence_;
        CountArrival(stage, *chunk);
      }
    }
    // Watermarks and barriers go to every port; chunks to their own. A port nobody reads is a
    // drain.
    const bool chunk = std::holds_alternative<Chunk>(out.event);
    for (const auto& [port, edge] : stage.outputs) {
      if (chunk && port == out.port) {
        edge->Put(lane.sequence, std::move(out.event));
        break;
      }
      if (const auto* watermark = std::get_if<Watermark>(&out.event)) {
        edge->Put(lane.sequence, *watermark);
      }
      if (const auto* barrier = std::get_if<Barrier>(&out.event)) {
        edge->Put(lane.sequence, *barrier);
      }
    }
  }
  lane.outs.clear();
  auto rejections = std::exchange(lane.rejections, {});
  if (rejections.empty()) return;
  if (stage.outputs.empty()) {
    HandleRejections(std::move(rejections));
  } else {
    stage.outputs.front().second->Reject(lane.sequence, std::move(rejections));
  }
}

void Run::Impl::CommitCounts(Stage& stage, Lane& lane) {
  for (size_t i = 0; i < lane.counts.size(); ++i) {
    const NodeCounts counts = std::exchange(lane.counts[i], {});
    stage.totals[i].Add(counts);
    if (graph_.nodes()[static_cast<size_t>(stage.nodes[i])].options.counts_input) {
      records_in_ += counts.records_out + counts.rejected;
    }
    if (stage.outputs.empty() && i + 1 == lane.counts.size()) {
      const int64_t out = counts.records_in - counts.rejected - counts.filtered;
      records_out_ += out;
      if (measured_.records_out != nullptr) measured_.records_out->Add(out);
    }
    if (measured_.node_seconds.empty() || counts.chunks_in == 0) continue;
    measured_.node_seconds[static_cast<size_t>(stage.nodes[i])]->Record(counts.busy_ns /
                                                                        counts.chunks_in);
  }
}

void Run::Impl::Commit(Task& task, Result<Progress> progress) {
  Stage& stage = *task.stage;
  if (task.lane->learns) stage.on_core.Learn(task.lane->was_on_core);
  CommitOutputs(stage, *task.lane);
  CommitCounts(stage, *task.lane);
  CommitProgress(stage, *task.lane, progress);
  for (const auto& [port, edge] : stage.outputs) {
    if (edge->has_rejections()) HandleRejections(edge->TakeRejections());
  }
  Settle();
}

void Run::Impl::CommitProgress(Stage& stage, Lane& lane, const Result<Progress>& progress) {
  if (progress.ok() && *progress == Progress::kNeedRoom && stage.kind != NodeKind::kSource) {
    lane.state = Lane::State::kParked;
    return;
  }
  --stage.active;
  lane.state = Lane::State::kIdle;
  if (lane.barrier_epoch != 0) {
    stage.exclusive = false;
    stage.epoch = std::exchange(lane.barrier_epoch, 0);
    if (stage.outputs.empty()) CompleteEpochs();
  }
  if (!progress.ok()) {
    lane.state = Lane::State::kEnded;
    RecordError(lane.source_sequence(), progress.status());
    return;
  }
  if (stage.kind == NodeKind::kSource) {
    stage.blocked = *progress == Progress::kBlocked && stage.wakes == stage.wakes_seen;
    SendBarriers(stage);
    if (*progress == Progress::kDone || *progress == Progress::kNeedInput) FinishStage(stage);
    return;
  }
  if (stage.kind == NodeKind::kParallel) {
    for (const auto& [port, edge] : stage.outputs) edge->Close(lane.sequence);
  }
  if (*progress != Progress::kDone) return;
  lane.state = Lane::State::kEnded;
  stage.cut_short = stage.cut_short || lane.cut_short();
  if (stage.kind == NodeKind::kSerial) {
    FinishStage(stage);
  } else if (!stage.ending) {
    Enough(stage);
  }
}

// One lane wants nothing more: the others finish what they have.
void Run::Impl::Enough(Stage& stage) {
  stage.cut_short = true;
  stage.control.clear();
  for (Edge* edge : stage.inputs) stage.discarded += edge->Abandon();
}

// Nothing more comes from `stage`, and it wants nothing more.
void Run::Impl::FinishStage(Stage& stage) {
  if (stage.done) return;
  SendBarriers(stage);
  stage.done = true;
  for (const auto& [port, edge] : stage.outputs) {
    edge->End();
    if (edge->has_rejections()) HandleRejections(edge->TakeRejections());
  }
  for (Edge* edge : stage.inputs) stage.discarded += edge->Abandon();
  if (stage.outputs.empty()) CompleteEpochs();
  const bool reading = std::ranges::any_of(plan_.stages, [](const auto& each) {
    return !each->done && (each->kind == NodeKind::kSource || each->kind == NodeKind::kPort);
  });
  if (!reading) sources_stop_.request_stop();
  NotifyPushers();
}

void Run::Impl::SettleStage(Stage& stage) {
  if (stage.done) return;
  const auto in_state = [&](Lane::State state) {
    return [state](const auto& lane) { return lane->state == state; };
  };
  if (!stage.outputs.empty() &&
      std::ranges::none_of(stage.lanes, in_state(Lane::State::kRunning)) &&
      std::ranges::all_of(stage.outputs, [](const auto& o) { return o.second->abandoned(); })) {
    stage.cut_short = true;
    FinishStage(stage);
    return;
  }
  if (stage.kind == NodeKind::kSource || stage.kind == NodeKind::kPort) return;
  for (size_t i = 0; i < stage.inputs.size(); ++i) {
    if (stage.input_ended[i] || !stage.inputs[i]->AtEnd()) continue;
    stage.input_ended[i] = true;
    if (stage.cut_short) continue;
    AlignBarrier(stage);
    AdvanceWatermark(stage);
  }
  if (!stage.ending && stage.active == 0 && InputsEnded(stage)) {
    stage.ending = true;
    if (stage.kind == NodeKind::kParallel) {
      for (const auto& lane : stage.lanes) {
        if (lane->state == Lane::State::kIdle) lane->sequence = stage.next_sequence++;
      }
    }
  }
  if (stage.ending && std::ranges::all_of(stage.lanes, in_state(Lane::State::kEnded))) {
    FinishStage(stage);
  }
}

void Run::Impl::Settle() {
  // Downstream to upstream spreads "enough"; upstream to downstream spreads the end.
  for (auto stage = plan_.stages.rbegin(); stage != plan_.stages.rend(); ++stage) {
    SettleStage(**stage);
  }
  for (const auto& stage : plan_.stages) SettleStage(*stage);
}

bool Run::Impl::AllDone() const {
  return std::ranges::all_of(plan_.stages, [](const auto& stage) { return stage->done; });
}

}  // namespace thalweg::runtime
