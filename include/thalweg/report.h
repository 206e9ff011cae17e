#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/status.h"
#include "thalweg/tuning.h"

namespace thalweg {

struct NodeReport {
  std::string name;
  int lanes = 0;
  int64_t chunks_in = 0;
  int64_t records_in = 0;
  int64_t records_out = 0;
  int64_t records_rejected = 0;
  int64_t records_filtered = 0;
  int64_t records_discarded = 0;  ///< Left in front of the node when the run ended early.
  double busy_s = 0;              ///< Summed over lanes.
  double input_wait_s = 0;        ///< Ready to work, nothing to do.
  double room_wait_s = 0;         ///< Had input, no room behind it.
  double memory_wait_s = 0;       ///< Held back by the memory budget.
  double queue_wait_p50_s = 0;    ///< How long chunks lay in front of it, 0 for a fused node.
  double queue_wait_p95_s = 0;
  double queue_wait_p99_s = 0;
  bool conserves = false;
};

enum class Bottleneck : uint8_t { kCpu, kMemory, kIo, kCoordination, kSource, kSink };
THALWEG_EXPORT const char* NameOf(Bottleneck bottleneck);

/// What a run did. Complete also when it failed.
struct THALWEG_EXPORT Report {
  std::string pipeline;
  Status outcome;
  std::vector<Status> errors;  ///< Every error, the first by sequence number first.
  double seconds = 0;
  int64_t records_in = 0;   ///< Delivered by sources.
  int64_t records_out = 0;  ///< Taken by sinks.
  int64_t records_rejected = 0;
  int64_t records_filtered = 0;
  int64_t records_discarded = 0;
  int64_t bytes_in = 0;
  int64_t memory_peak_bytes = 0;  ///< Of the budget.
  int workers = 0;
  bool sequential = false;      ///< No thread was started.
  bool conserved = true;        ///< Every node that must conserve records did.
  double batch_wait_p50_s = 0;  ///< Time of a record's batch in the bucket.
  double batch_wait_p99_s = 0;
  std::string reject_file;  ///< Where rejected records went, if anywhere.
  std::vector<NodeReport> nodes;
  std::vector<TuningDecision> decisions;
  Bottleneck bottleneck = Bottleneck::kCpu;
  std::string bottleneck_evidence;
  std::string remedy;

  double records_per_s() const {
    return seconds > 0 ? static_cast<double>(records_in) / seconds : 0;
  }
  /// One JSON object, keys in the order above.
  std::string ToJson() const;
};

}  // namespace thalweg
