#pragma once

#include <arrow/util/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/codec.h"
#include "thalweg/status.h"

namespace thalweg::codecs::arrow_ipc {

struct EncoderOptions {
  bool stream = false;  ///< The stream format; otherwise the file format, with a footer.
  arrow::Compression::type compression = arrow::Compression::UNCOMPRESSED;  ///< Or zstd, lz4 frame.
  std::optional<int> compression_level;
  int64_t batch_rows = 65'536;
};

/// An encoder whose chunks are record batches. Text views become plain text, which every reader
/// knows. `invalid_argument` where the compression has no such level.
Result<std::shared_ptr<const engine::Encoder>> MakeEncoder(const engine::SchemaPtr& schema,
                                                           const EncoderOptions& options);

}  // namespace thalweg::codecs::arrow_ipc
