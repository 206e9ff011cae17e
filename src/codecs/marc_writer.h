#pragma once

#include <memory>
#include <vector>

#include "base/spec.h"
#include "columnar/batch.h"
#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs {

std::vector<Field> MarcWriteFields();

/// Writes the records of the column `record`, or of the only column.
Result<std::shared_ptr<const engine::Encoder>> MakeMarcEncoder(columnar::SchemaPtr schema,
                                                               const Options& options);

}  // namespace thalweg::codecs
