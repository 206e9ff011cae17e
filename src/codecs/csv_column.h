#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "codecs/csv_format.h"
#include "thalweg/status.h"

namespace thalweg::codecs {

/// The fields of one column in a row of records. Field `r` is the bytes from `bounds[r * stride] +
/// 1` to `bounds[r * stride + 1]` of `data`; the sum wraps around at the start of the text.
struct FieldBlock {
  const char* data = nullptr;
  const uint32_t* bounds = nullptr;
  size_t stride = 0;
  size_t records = 0;
  size_t record_end = 0;     ///< `bounds[r * stride + record_end]` is where record r ends.
  bool trim_return = false;  ///< A `\r` at the end belongs to the line end.
  size_t fast_end = 0;       ///< Fields that begin before it may be read 16 bytes wide.
};

/// A field that its column has no value for.
struct BadField {
  uint32_t record;  ///< In the block.
  uint32_t begin;
  uint32_t end;
  bool quoting;  ///< Text behind the closing quote; otherwise the value does not fit the type.
};

/// Builds one column of a batch from fields. Not thread-safe.
class CsvColumnReader {
 public:
  virtual ~CsvColumnReader() = default;
  /// Makes room for a new array of up to `rows_max` values.
  virtual Status Begin(int64_t rows_max) = 0;
  /// One value per record; NULL for those added to `bad`.
  virtual void Append(const FieldBlock& block, std::vector<BadField>* bad) = 0;
  /// The values since `Begin`. `text` starts at the `data` of the blocks; strings are views into
  /// it.
  virtual Result<std::shared_ptr<arrow::Array>> Finish(
      const std::shared_ptr<arrow::Buffer>& text) = 0;
  /// The physical type of the arrays: strings are views.
  virtual std::shared_ptr<arrow::DataType> type() const = 0;
};

/// The reader of a column. `format` outlives it. The type has been checked when the format was
/// made.
Result<std::unique_ptr<CsvColumnReader>> MakeCsvColumnReader(const CsvFormat& format,
                                                             const CsvColumn& column);

}  // namespace thalweg::codecs
