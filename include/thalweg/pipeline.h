#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "thalweg/emitter.h"
#include "thalweg/pipeline_steps.h"
#include "thalweg/report.h"
#include "thalweg/retry.h"
#include "thalweg/runtime/run.h"

namespace thalweg {

/// How a pipeline runs. Every field has a sensible default; `Validate` names the first bad one.
struct THALWEG_EXPORT PipelineOptions {
  std::string name = "pipeline";
  BatchOptions batch;                        ///< What `Load` is given.
  std::optional<int> workers;                ///< Unset: all cores; never more.
  std::optional<int> transform_concurrency;  ///< Unset: as many lanes as workers.
  std::optional<int> load_concurrency;       ///< Unset: 1, which also keeps order.
  bool ordered = true;                       ///< Output in input order.
  Tuning tuning;
  int64_t memory_bytes_max = 0;  ///< 0: the governor's bound only.
  RetryPolicy retry;
  RejectPolicy rejects;
  RejectSink* reject_sink = nullptr;  ///< Borrowed.
  runtime::CancelPolicy cancel = runtime::CancelPolicy::kDrain;
  int64_t drain_ms_max = 10000;
  runtime::Position resume_from;       ///< Handed to `Extract`.
  std::optional<uint64_t> seed;        ///< One thread, order drawn from it: for tests.
  MetricsRegistry* metrics = nullptr;  ///< Borrowed. Null: none are kept.
  Governor* governor = nullptr;
  Clock* clock = nullptr;
  Logger* logger = nullptr;

  Status Validate() const;
  runtime::RunOptions ToRunOptions() const;
};

namespace pipeline {

/// The transform hook: from one type to another.
template <typename In, typename Out>
class TransformHook {
 public:
  virtual ~TransformHook() = default;
  /// A failure rejects this record; the run goes on as its `RejectPolicy` says.
  virtual Result<Out> Transform(In&& record) = 0;
};
/// In place, where the types are the same. Nothing is allocated per record.
template <typename T>
class TransformHook<T, T> {
 public:
  virtual ~TransformHook() = default;
  virtual Status Transform(T& /*record*/) { return {}; }
};

}  // namespace pipeline

/// Extract, transform, load of records of one type into another, over the machine of
/// `thalweg/runtime/run.h`. Derive, override, call `Run` once.
///
/// Records are moved from `Extract` to `Load`, never copied; move-only types are fine. `Transform`
/// is called by several threads at once on different records; the other hooks by one thread at a
/// time, `Load` by `load_concurrency` threads. A hook may block. An exception out of a hook is an
/// error of the run. `Before` and `After` are called once each: `After` whenever `Before`
/// succeeded, also after a failure or a cancel, which the report then tells.
///
/// For `In == Out`, `Transform` takes the record in place.
template <typename In, typename Out = In>
class Pipeline : public pipeline::TransformHook<In, Out> {
 public:
  static constexpr bool kInPlace = std::is_same_v<In, Out>;

  virtual Status Before() { return {}; }
  /// Gives every record from `from` on (empty: from the beginning) to `out`, in order. Returns when
  /// done, or when `out` answers false.
  virtual Status Extract(Emitter<In>& out, const runtime::Position& from) = 0;
  /// False: the record is dropped on purpose and counted as filtered.
  virtual bool Keep(const In& /*record*/) { return true; }
  /// Takes a batch: at most `batch.rows` records, which it may move from. All or nothing, unless it
  /// names the records that it did not take. A failure that `IsRetryable` is tried again.
  virtual LoadOutcome Load(std::span<Out> batch) = 0;
  /// Takes back a record that is through, loaded or not, so that `Extract` may use its memory for
  /// those to come; what is left of it is destroyed. Called inside `Emit`, so on the extracting
  /// thread, for records of 4 KiB and more (`ByteSize`) unless `memory_bytes_max` is set; how many
  /// come back is not promised.
  virtual void Reclaim(Out&& /*record*/) {}
  virtual Status After(const Report& /*report*/) { return {}; }
  /// What the reject sink is to keep of a record that `Load` rejected.
  virtual std::string Describe(const Out& /*record*/) const { return {}; }

  /// Runs to the end. Blocks; the caller's thread runs `Extract`.
  Report Run(PipelineOptions options, std::stop_token stop = {});

 protected:
  /// For `Transform` and `Load` where they wait: requested when what is in flight is to be given
  /// up.
  const std::stop_token& stop() const { return stop_; }

 private:
  using Shared = pipeline::Shared<In, Out>;

  runtime::Graph MakeGraph(const PipelineOptions& options, runtime::NodeId* port, Shared* shared);

  std::stop_token stop_;
};

template <typename In, typename Out>
runtime::Graph Pipeline<In, Out>::MakeGraph(const PipelineOptions& options, runtime::NodeId* port,
                                            Shared* shared) {
  using runtime::TokenKind;
  runtime::Graph graph;
  *port = graph.AddPort({.name = "extract"});
  const int lanes = options.transform_concurrency.value_or(0);
  const bool more_than_cores = lanes > shared->governor->cpu_tokens();
  // Lanes beyond the cores are asked for because the transform waits for something.
  const runtime::NodeId transformed = graph.AddParallel(
      {.name = "transform",
       .token = more_than_cores ? TokenKind::kNone : TokenKind::kCpu,
       .concurrency = lanes,
       .conserves = true},
      [this, shared]() -> Result<std::unique_ptr<runtime::Step>> {
        return std::unique_ptr<runtime::Step>(
            std::make_unique<pipeline::TransformStep<Pipeline, In, Out>>(this, shared));
      },
      *port);
  const runtime::NodeId batched =
      graph.AddSerial({.name = "batch", .token = TokenKind::kNone, .conserves = true},
                      std::make_unique<pipeline::BatchStep<In, Out>>(shared), {transformed});
  const auto make_load = [this, shared] {
    return std::make_unique<pipeline::LoadStep<Pipeline, In, Out>>(this, shared);
  };
  const int loaders = options.load_concurrency.value_or(1);
  if (loaders == 1) {
    graph.AddSerial({.name = "load", .token = TokenKind::kNone}, make_load(), {batched});
  } else {
    graph.AddParallel(
        {.name = "load", .token = TokenKind::kNone, .concurrency = loaders},
        [make_load]() -> Result<std::unique_ptr<runtime::Step>> {
          return std::unique_ptr<runtime::Step>(make_load());
        },
        batched);
  }
  return graph;
}

template <typename In, typename Out>
Report Pipeline<In, Out>::Run(PipelineOptions options, std::stop_token stop) {
  Report report;
  report.pipeline = options.name;
  const auto fail = [&](Status status) {
    report.outcome = status.WithContext("pipeline '" + options.name + "'");
    report.errors.push_back(report.outcome);
    return report;
  };
  if (Status status = options.Validate(); !status.ok()) return fail(std::move(status));
  if (Status status = pipeline::Guard("before", [&] { return Before(); }); !status.ok()) {
    return fail(std::move(status));
  }
  Shared shared(options);
  runtime::NodeId port;
  runtime::Graph graph = MakeGraph(options, &port, &shared);
  {
    runtime::Run run(std::move(graph), options.ToRunOptions());
    stop_ = run.stop();
    if (Status status = run.Start(stop); status.ok()) {
      const auto reclaim = [this](Out&& record) { Reclaim(std::move(record)); };
      Emitter<In> emitter(
          &run, port, &shared, [&] { shared.ReclaimSpent(reclaim); }, options.memory_bytes_max);
      Status extracted =
          pipeline::Guard("extract", [&] { return Extract(emitter, options.resume_from); });
      if (!extracted.ok() && !stop.stop_requested()) run.Fail(std::move(extracted));
      run.Close(port);
      report = run.Join();
    } else {
      fail(std::move(status));
    }
  }
  report.pipeline = options.name;
  report.batch_wait_p50_s = shared.batch_wait.Quantile(0.50);
  report.batch_wait_p99_s = shared.batch_wait.Quantile(0.99);
  if (!report.outcome.ok()) {
    report.outcome = report.outcome.WithContext("pipeline '" + options.name + "'");
  }
  Status after = pipeline::Guard("after", [&] { return After(report); });
  if (!after.ok()) {
    report.errors.push_back(after);
    if (report.outcome.ok()) report.outcome = after.WithContext("pipeline '" + options.name + "'");
  }
  return report;
}

}  // namespace thalweg
