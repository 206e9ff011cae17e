#pragma once

#include <memory>

#include "thalweg/command.h"
#include "thalweg/metrics.h"
#include "thalweg/status.h"

namespace thalweg::cli {

/// Answers `GET /metrics` (Prometheus text) and `/health` on 127.0.0.1 until it is destroyed.
class MetricsServer {
 public:
  /// Port 0: any free one, and a line that says which. Below 0: null, no server.
  static Result<std::unique_ptr<MetricsServer>> Start(const Context& context, int port);
  virtual ~MetricsServer() = default;
  virtual MetricsRegistry& registry() = 0;
};

}  // namespace thalweg::cli
