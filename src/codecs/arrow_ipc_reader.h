#pragma once

#include <memory>

#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs::arrow_ipc {

/// Opens an Arrow IPC file (also called Feather 2) whose units are its record batches.
/// `corruption` where it is not one.
Result<std::shared_ptr<const engine::UnitReader>> OpenFile(
    std::shared_ptr<engine::RandomAccess> file);

}  // namespace thalweg::codecs::arrow_ipc
