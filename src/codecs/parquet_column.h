#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "codecs/parquet_compress.h"
#include "codecs/parquet_dictionary.h"
#include "codecs/parquet_format.h"
#include "codecs/parquet_levels.h"
#include "codecs/parquet_schema.h"
#include "codecs/parquet_values.h"
#include "columnar/batch.h"
#include "thalweg/status.h"

namespace thalweg::codecs::parquet {

/// What encoding a column needs besides its values. One per lane; kept between columns.
struct ColumnScratch {
  Levels levels;
  Present present;
  DenseValues values;
  DictionaryScratch dictionary;
  GrowArray<uint8_t> body;
  GrowArray<uint8_t> compressed;
  std::unique_ptr<Compressor> compressor;  ///< Null: pages stay as they are.
};

/// Appends the column chunk of `leaf` for the rows of `chunks` (the leaf's column, batch after
/// batch) to `out`. Offsets in the result count from the start of `out`.
Result<ColumnChunkMeta> EncodeColumn(const Leaf& leaf, std::span<const columnar::ArrayPtr> chunks,
                                     bool dictionary, ColumnScratch* scratch, std::string* out);

}  // namespace thalweg::codecs::parquet
