#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "codecs/parquet_format.h"
#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs::parquet {

struct EncoderOptions {
  Compression compression = Compression::kZstd;
  std::optional<int> compression_level;
  int64_t row_group_rows = 122'880;
  int64_t row_group_bytes = int64_t{64} << 20;
  bool dictionary = true;
};

/// An encoder whose chunks are row groups. `unsupported` where a column's type has no Parquet form,
/// `invalid_argument` where the compression has no such level.
Result<std::shared_ptr<const engine::Encoder>> MakeEncoder(const engine::SchemaPtr& schema,
                                                           const EncoderOptions& options);

}  // namespace thalweg::codecs::parquet
