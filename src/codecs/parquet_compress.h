#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "codecs/parquet_buffer.h"
#include "codecs/parquet_format.h"
#include "thalweg/status.h"

namespace thalweg::codecs::parquet {

/// Compresses pages. Keeps its context between pages; one per lane.
class Compressor {
 public:
  virtual ~Compressor() = default;
  /// Replaces `out`. The result can be larger than the input.
  virtual Status Compress(const uint8_t* data, size_t size, GrowArray<uint8_t>* out) = 0;
};

/// Null for `kNone`. `level` empty: the library's default. `invalid_argument` where the codec has
/// no such level.
Result<std::unique_ptr<Compressor>> MakeCompressor(Compression compression,
                                                   std::optional<int> level);

}  // namespace thalweg::codecs::parquet
