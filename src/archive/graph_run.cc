#include "archive/graph_run.h"

#include <utility>

#include "thalweg/runtime/run.h"

namespace thalweg::archive {

Report RunGraph(runtime::Graph graph, const char* name, const RunSettings& settings) {
  runtime::RunOptions run;
  run.name = name;
  run.workers = settings.workers;
  run.tuning = settings.tuning;
  run.memory_bytes_max = settings.memory_bytes_max;
  run.cancel = runtime::CancelPolicy::kDrop;
  run.governor = settings.governor;
  run.metrics = settings.metrics;
  run.logger = settings.logger;
  return runtime::Run(std::move(graph), run).Execute(settings.stop);
}

Report CancelledIfStopped(Report report, const RunSettings& settings) {
  if (report.outcome.ok() && settings.stop.stop_requested()) {
    report.outcome = Status::Cancelled("stopped");
  }
  return report;
}

}  // namespace thalweg::archive
