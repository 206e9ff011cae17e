#include "thalweg/pipeline.h"

#include "runtime/executor.h"

namespace thalweg {
namespace {

Status AtLeastOne(const char* field, std::optional<int> value) {
  if (!value || *value >= 1) return {};
  return Status::InvalidArgument(std::string(field) +
                                 " must be at least 1: " + std::to_string(*value));
}

}  // namespace

namespace pipeline {

Status GuardCall(const char* hook, Status (*body)(void*), void* context) {
  return runtime::CatchAll(hook, [body, context] { return body(context); });
}

}  // namespace pipeline

Status PipelineOptions::Validate() const {
  THALWEG_RETURN_IF_ERROR(AtLeastOne("workers", workers));
  THALWEG_RETURN_IF_ERROR(AtLeastOne("transform_concurrency", transform_concurrency));
  THALWEG_RETURN_IF_ERROR(AtLeastOne("load_concurrency", load_concurrency));
  THALWEG_RETURN_IF_ERROR(AtLeastOne("retry.attempts_max", retry.attempts_max));
  if (batch.rows < 1) {
    return Status::InvalidArgument("batch.rows must be at least 1: " + std::to_string(batch.rows));
  }
  if (batch.bytes_max < 1) {
    return Status::InvalidArgument("batch.bytes_max must be at least 1: " +
                                   std::to_string(batch.bytes_max));
  }
  if (batch.flush_delay_ms < 0) {
    return Status::InvalidArgument("batch.flush_delay_ms must not be negative: " +
                                   std::to_string(batch.flush_delay_ms));
  }
  if (memory_bytes_max < 0) {
    return Status::InvalidArgument("memory_bytes_max must not be negative: " +
                                   std::to_string(memory_bytes_max));
  }
  if (!(rejects.error_rate_max >= 0 && rejects.error_rate_max <= 1)) {
    return Status::InvalidArgument("error_rate_max must be between 0 and 1");
  }
  return {};
}

runtime::RunOptions PipelineOptions::ToRunOptions() const {
  runtime::RunOptions run;
  run.name = name;
  run.workers = workers.value_or(0);
  run.ordered = ordered;
  run.tuning = tuning;
  run.memory_bytes_max = memory_bytes_max;
  run.rejects = rejects;
  run.reject_sink = reject_sink;
  run.cancel = cancel;
  run.drain_ms_max = drain_ms_max;
  run.seed = seed;
  run.metrics = metrics;
  run.governor = governor;
  run.clock = clock;
  run.logger = logger;
  return run;
}

}  // namespace thalweg
