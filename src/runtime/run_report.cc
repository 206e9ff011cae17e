// What a run measures, and the story it tells at its end.

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "runtime/run_impl.h"

namespace thalweg::runtime {
namespace {

constexpr auto kTunePeriod = std::chrono::milliseconds(20);
constexpr double kMostOfTheTime = 0.7;
constexpr double kMuchOfTheTime = 0.3;

double Seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; }
double Seconds(Clock::Duration duration) { return Seconds(duration.count()); }

std::string Percent(double share) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.0f %%", 100 * share);
  return text.data();
}

}  // namespace

// Charges the time since the last look to what each stage without a working lane waits for.
void Run::Impl::Observe(Clock::Instant now) {
  const int64_t elapsed = (now - observed_).count();
  observed_ = now;
  for (const auto& stage : plan_.stages) {
    stage->wait_ns[static_cast<size_t>(stage->wait)] += elapsed;
    stage->wait = Stage::Wait::kNone;
    if (stage->done || stage->active > 0 || stage->kind == NodeKind::kPort) continue;
    if (stage->kind != NodeKind::kSource && !CanTake(*stage)) {
      stage->wait = Stage::Wait::kInput;
    } else if (!HasRoom(*stage, stage->next_sequence)) {
      stage->wait = Stage::Wait::kRoom;
    } else if (!MemoryAdmits(*stage, stage->next_sequence)) {
      stage->wait = Stage::Wait::kMemory;
    }
  }
}

void Run::Impl::Tune(Clock::Instant now) {
  if (now - tuned_ < kTunePeriod) return;
  NodeCounts counts;
  int64_t busy = 0;
  int64_t parallel_busy = 0;
  int64_t parallel_chunks = 0;
  for (const auto& stage : plan_.stages) {
    for (const auto& node : stage->totals) busy += node.busy_ns;
    if (stage->kind != NodeKind::kParallel) continue;
    for (const auto& node : stage->totals) parallel_busy += node.busy_ns;
    parallel_chunks += stage->totals.front().chunks_in;
  }
  counts.records_in = records_in_;
  counts.bytes_out = bytes_in_;
  counts.chunks_in = parallel_chunks;
  counts.busy_ns = parallel_busy;
  const int64_t chunks = counts.chunks_in - tuned_counts_.chunks_in;
  TuningSample sample;
  sample.seconds = Seconds(now - tuned_);
  sample.records = counts.records_in - tuned_counts_.records_in;
  sample.bytes = counts.bytes_out - tuned_counts_.bytes_out;
  sample.chunks = chunks;
  sample.memory_pressure = memory_.Pressure();
  sample.worker_busy = Seconds(busy - tuned_busy_ns_) / (sample.seconds * workers_);
  if (chunks > 0) {
    sample.chunk_latency_s =
        Seconds(counts.busy_ns - tuned_counts_.busy_ns) / static_cast<double>(chunks);
  }
  tuner_.Update(sample);
  if (measured_.records_per_s != nullptr) {
    measured_.records_per_s->Set(static_cast<double>(sample.records) / sample.seconds);
    measured_.memory_bytes->Set(static_cast<double>(memory_.used()));
  }
  tuned_ = now;
  tuned_counts_ = counts;
  tuned_busy_ns_ = busy;
}

void Run::Impl::RegisterMetrics() {
  if (options_.metrics == nullptr) return;
  MetricsRegistry& metrics = *options_.metrics;
  const MetricLabels labels{{"pipeline", options_.name}};
  measured_.records_in =
      &metrics.AddCounter({"thalweg_records_in", "Records delivered by sources."}, labels);
  measured_.records_out =
      &metrics.AddCounter({"thalweg_records_out", "Records taken by sinks."}, labels);
  measured_.records_rejected =
      &metrics.AddCounter({"thalweg_records_rejected", "Records that could not be used."}, labels);
  measured_.bytes_in =
      &metrics.AddCounter({"thalweg_in_bytes", "Bytes delivered by sources."}, labels);
  measured_.records_per_s = &metrics.AddGauge(
      {"thalweg_records_per_second", "Records delivered by sources in a second, of late."}, labels);
  measured_.memory_bytes =
      &metrics.AddGauge({"thalweg_memory_bytes", "Memory held by records in flight."}, labels);
  for (const auto& node : graph_.nodes()) {
    MetricLabels of_node = labels;
    of_node["node"] = node.options.name;
    measured_.node_seconds.push_back(&metrics.AddHistogram(
        {"thalweg_chunk_seconds", "Time that a node works on one chunk, in seconds."}, of_node));
  }
}

void Run::Impl::CheckRejectRate() {
  const RejectPolicy& policy = options_.rejects;
  if (failed_ || rejected_ == 0 || policy.errors == ErrorPolicy::kFail) return;
  const double rate = static_cast<double>(rejected_) /
                      static_cast<double>(std::max<int64_t>(1, std::max(records_in_, rejected_)));
  if (rate <= policy.error_rate_max) return;
  RecordError(UINT64_MAX,
              Status::InvalidArgument(std::to_string(rejected_) + " of " +
                                      std::to_string(std::max(records_in_, rejected_)) +
                                      " records rejected (" + Percent(rate) + "), above " +
                                      "error_rate_max = " + Percent(policy.error_rate_max)));
}

Report Run::Impl::MakeReport() {
  Observe(clock_->Now());
  CheckRejectRate();
  if (options_.reject_sink != nullptr) {
    Status status = CatchAll("close", [&] { return options_.reject_sink->Close(); });
    if (!status.ok()) {
      RecordError(UINT64_MAX, status.WithContext("reject sink"));
    }
  }
  Report report;
  report.pipeline = options_.name;
  report.seconds = Seconds(clock_->Now() - start_);
  report.records_in = records_in_;
  report.records_out = records_out_;
  report.records_rejected = rejected_;
  report.bytes_in = bytes_in_;
  report.memory_peak_bytes = memory_.peak();
  report.workers = workers_;
  report.sequential = !threads_started_;
  report.decisions = tuner_.decisions();
  if (options_.reject_sink != nullptr) report.reject_file = options_.reject_sink->location();
  for (const auto& stage : plan_.stages) {
    for (Edge* edge : stage->inputs) stage->discarded += edge->Abandon();
    for (const auto& lane : stage->lanes) stage->discarded += lane->Discard();
    report.records_discarded += stage->discarded;
    for (size_t i = 0; i < stage->nodes.size(); ++i) {
      const NodeCounts& counts = stage->totals[i];
      NodeReport node;
      node.name = stage->names[i];
      node.lanes = static_cast<int>(std::max<size_t>(1, stage->lanes.size()));
      node.chunks_in = counts.chunks_in;
      node.records_in = counts.records_in;
      node.records_out = counts.records_out;
      node.records_rejected = counts.rejected;
      node.records_filtered = counts.filtered;
      node.busy_s = Seconds(counts.busy_ns);
      node.conserves = graph_.nodes()[static_cast<size_t>(stage->nodes[i])].options.conserves;
      report.records_filtered += counts.filtered;
      if (i == 0) {
        node.records_discarded = stage->discarded;
        node.input_wait_s = Seconds(stage->wait_ns[static_cast<size_t>(Stage::Wait::kInput)]);
        node.room_wait_s = Seconds(stage->wait_ns[static_cast<size_t>(Stage::Wait::kRoom)]);
        node.memory_wait_s = Seconds(stage->wait_ns[static_cast<size_t>(Stage::Wait::kMemory)]);
        node.queue_wait_p50_s = stage->queue_waits.Quantile(0.50);
        node.queue_wait_p95_s = stage->queue_waits.Quantile(0.95);
        node.queue_wait_p99_s = stage->queue_waits.Quantile(0.99);
      }
      if (node.conserves && !failed_ && !cancelled_ && !stage->cut_short &&
          node.records_in != node.records_out + counts.rejected + counts.filtered) {
        report.conserved = false;
      }
      report.nodes.push_back(std::move(node));
    }
  }
  for (auto& [sequence, error] : errors_) report.errors.push_back(error);
  if (failed_) {
    report.outcome = report.errors.front();
  } else if (cancelled_) {
    report.outcome = Status::Cancelled("pipeline '" + options_.name + "' was cancelled");
    report.errors.push_back(report.outcome);
  } else if (!report.conserved) {
    report.outcome = Status::Internal("records were lost or made up; see the report's nodes");
    report.errors.push_back(report.outcome);
  }
  Diagnose(report);
  return report;
}

// Which resource the run would need more of, from what its stages waited for.
void Run::Impl::Diagnose(Report& report) const {
  const double wall = std::max(report.seconds, 1e-9);
  double cpu_busy = 0;
  double io_busy = 0;
  double memory_wait = 0;
  double source_busy = 0;
  double sink_busy = 0;
  for (const auto& stage : plan_.stages) {
    double busy = 0;
    for (const auto& node : stage->totals) busy += Seconds(node.busy_ns);
    (stage->token == TokenKind::kCpu ? cpu_busy : io_busy) += busy;
    const double per_lane = busy / static_cast<double>(std::max<size_t>(1, stage->lanes.size()));
    if (stage->kind == NodeKind::kSource) source_busy = std::max(source_busy, per_lane);
    if (stage->kind == NodeKind::kPort) {
      source_busy = std::max(
          source_busy, wall - Seconds(stage->wait_ns[static_cast<size_t>(Stage::Wait::kRoom)]));
    }
    if (stage->outputs.empty()) sink_busy = std::max(sink_busy, per_lane);
    memory_wait += Seconds(stage->wait_ns[static_cast<size_t>(Stage::Wait::kMemory)]);
  }
  const double cores = std::min(workers_, governor_->cpu_tokens());
  const auto verdict = [&](Bottleneck what, const char* label, double share, const char* remedy) {
    report.bottleneck = what;
    report.bottleneck_evidence = std::string(label) + " " + Percent(std::min(1.0, share));
    report.remedy = remedy;
  };
  if (memory_wait / wall > kMuchOfTheTime) {
    verdict(Bottleneck::kMemory, "work was held back by memory_bytes_max for", memory_wait / wall,
            "raise memory_bytes_max, or make batches smaller");
  } else if (cpu_busy / (wall * cores) > kMostOfTheTime) {
    verdict(Bottleneck::kCpu, "workers were busy for", cpu_busy / (wall * cores),
            "give it more cores (workers), or do less per record");
  } else if (sink_busy / wall > kMostOfTheTime) {
    verdict(Bottleneck::kSink, "the sink was busy for", sink_busy / wall,
            "raise load_concurrency or the batch size, or use a faster target");
  } else if (source_busy / wall > kMostOfTheTime) {
    verdict(Bottleneck::kSource, "the source was busy for", source_busy / wall,
            "split the source, or read it with fewer conversions");
  } else if (io_busy / wall > kMuchOfTheTime) {
    verdict(Bottleneck::kIo, "I/O was under way for", io_busy / wall,
            "use faster storage, or raise io_tokens");
  } else {
    verdict(Bottleneck::kCoordination, "workers were busy only for", cpu_busy / (wall * cores),
            "make batches larger; the input may be too small to matter");
  }
}

}  // namespace thalweg::runtime
