#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "thalweg/status.h"

namespace thalweg::columnar {

using SchemaPtr = std::shared_ptr<arrow::Schema>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using RecordBatchPtr = std::shared_ptr<arrow::RecordBatch>;

/// Ascending physical row numbers that are in force.
using Selection = std::shared_ptr<const std::vector<int32_t>>;

/// Where a batch came from, so that a row that turns out bad later can still name its place.
struct Origin {
  std::shared_ptr<const std::string> file;  ///< Null: not from a file.
  int64_t byte_offset = -1;                 ///< Of the first physical row; -1: not known.
  int64_t first_line = 0;  ///< Line of the first physical row, from 1; 0: not known.
  int64_t first_row = -1;  ///< Row of the first physical row, from 0; -1: not known.
  /// Byte offset of each physical row relative to `byte_offset`, where the format knows it.
  std::shared_ptr<const std::vector<uint32_t>> row_offsets;
  /// The bytes that the rows were decoded from (starting at `byte_offset`), while they live.
  std::shared_ptr<arrow::Buffer> bytes;
  /// Set once rows were taken out: everything above counts the rows before that, and physical row i
  /// was row `rows[i]` then. Null: no row is missing.
  Selection rows;
};

/// Rows as columns: an Arrow record batch, with an optional selection, an optional weight column
/// and event-time bounds. A value type: copies share the columns. Immutable and thread-safe.
///
/// Strings are `utf8` or `utf8_view`. A view may point into `origin.bytes` or another shared
/// buffer that the array itself keeps alive.
class Batch {
 public:
  Batch() = default;
  explicit Batch(RecordBatchPtr data) : data_(std::move(data)) {}
  Batch(RecordBatchPtr data, Selection selection)
      : data_(std::move(data)), selection_(std::move(selection)) {}

  /// The physical columns: all rows, also those not selected.
  const RecordBatchPtr& data() const { return data_; }
  const SchemaPtr& schema() const { return data_->schema(); }
  const Selection& selection() const { return selection_; }
  int64_t num_rows() const {
    return selection_ ? static_cast<int64_t>(selection_->size()) : data_->num_rows();
  }
  int num_columns() const { return data_->num_columns(); }

  /// The selected rows without a selection. Shares the columns where nothing is deselected.
  Result<Batch> Compact() const;
  /// Rows `offset … offset + length` of the selected ones; shares memory.
  Batch Slice(int64_t offset, int64_t length) const;
  /// Bytes of the buffers that the selected rows keep alive, as far as cheaply known.
  int64_t ByteSize() const;

  const std::shared_ptr<const Origin>& origin() const { return origin_; }
  Batch WithOrigin(std::shared_ptr<const Origin> origin) const;

  /// Index of the int32 weight column, or -1: all rows count +1.
  int weight_column() const { return weight_column_; }
  Batch WithWeightColumn(int index) const;

 private:
  RecordBatchPtr data_;
  Selection selection_;
  std::shared_ptr<const Origin> origin_;
  int weight_column_ = -1;
};

/// True for utf8, large_utf8 and utf8_view: all are VARCHAR.
bool IsString(const arrow::DataType& type);
/// True for binary, large_binary and binary_view: all are BLOB.
bool IsBinary(const arrow::DataType& type);

/// The array with every `utf8_view`/`binary_view` (also nested) turned into `utf8`/`binary`, which
/// all Arrow kernels take. Returns the same array where there is none.
Result<ArrayPtr> WithoutViews(const ArrayPtr& array);
Result<RecordBatchPtr> WithoutViews(const RecordBatchPtr& batch);
TypePtr WithoutViews(const TypePtr& type);

/// A string or binary column read row by row, whatever its layout: utf8, large_utf8, utf8_view,
/// binary, large_binary, binary_view, or a dictionary of these. Keeps the array alive.
class StringColumn {
 public:
  explicit StringColumn(ArrayPtr array);
  int64_t length() const { return length_; }
  bool IsNull(int64_t row) const;
  std::string_view operator[](int64_t row) const;

 private:
  enum class Layout : uint8_t { kSmall, kLarge, kView, kDictionary };
  ArrayPtr array_;
  int64_t length_;
  Layout layout_;
  const void* offsets_or_views_ = nullptr;
  const uint8_t* bytes_ = nullptr;
  std::vector<const uint8_t*> view_buffers_;
  std::shared_ptr<StringColumn> dictionary_;
};

/// The SQL name of a type: `BIGINT`, `DECIMAL(10,2)`, `TIMESTAMP WITH TIME ZONE`, `VARCHAR[]`.
std::string SqlTypeName(const arrow::DataType& type);
/// The type of a SQL name (any case, with the usual aliases), or `invalid_argument` with the
/// nearest known name. HUGEINT is decimal128(38, 0).
Result<TypePtr> TypeFromSqlName(std::string_view name);

}  // namespace thalweg::columnar
