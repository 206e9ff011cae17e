#pragma once

#include <memory>
#include <string_view>

#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs::arrow_ipc {

/// Reads the schema at the start of an Arrow IPC stream. `corruption` where there is none.
///
/// A stream is cut between messages and its record batches are decoded in parallel. One with
/// dictionaries has state from message to message, so it is decoded as a whole.
Result<std::shared_ptr<const engine::StreamFormat>> OpenStream(std::string_view sample, bool whole,
                                                               std::string_view file);

}  // namespace thalweg::codecs::arrow_ipc
