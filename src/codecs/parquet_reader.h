#pragma once

#include <memory>

#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs::parquet {

struct ReaderOptions {
  bool binary_as_string = false;  ///< Byte arrays without an annotation are text.
};

/// Opens a Parquet file whose units are its row groups. `corruption` where it is not one.
Result<std::shared_ptr<const engine::UnitReader>> OpenReader(
    std::shared_ptr<engine::RandomAccess> file, const ReaderOptions& options);

}  // namespace thalweg::codecs::parquet
