#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "columnar/batch.h"
#include "thalweg/runtime/step.h"

namespace thalweg::engine {

/// Gives the next batch, or null behind the last. One call at a time; may block, and then ends soon
/// once a stop is requested.
using NextBatch = std::function<Result<columnar::RecordBatchPtr>(const std::stop_token& stop)>;

/// A source of whatever `next` gives, in batches of `batch_rows` rows at most.
std::unique_ptr<runtime::Source> MakeBatchSource(NextBatch next, int64_t batch_rows);

}  // namespace thalweg::engine
