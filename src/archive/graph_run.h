#pragma once

#include "thalweg/archive/options.h"
#include "thalweg/report.h"
#include "thalweg/runtime/graph.h"

namespace thalweg::archive {

/// Runs a graph of this layer as `settings` say. What is in flight when it is stopped is dropped.
Report RunGraph(runtime::Graph graph, const char* name, const RunSettings& settings);

/// A graph that only reads has no error of its own when it is stopped: this makes it `cancelled`.
Report CancelledIfStopped(Report report, const RunSettings& settings);

}  // namespace thalweg::archive
