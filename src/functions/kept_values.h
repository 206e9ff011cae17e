#pragma once

#include <cstdint>
#include <vector>

#include "columnar/batch.h"
#include "columnar/gather.h"
#include "thalweg/status.h"

namespace thalweg::functions {

/// Values of any type that groups point at: kept in chunks, gathered at the end.
class KeptValues {
 public:
  explicit KeptValues(columnar::TypePtr type) : type_(columnar::WithoutViews(type)) {}

  const columnar::TypePtr& type() const { return type_; }
  /// Keeps rows `rows` of `array` as a new chunk; returns its number.
  Result<uint32_t> Append(const columnar::ArrayPtr& array, std::span<const int32_t> rows);
  /// Keeps all of `array`.
  Result<uint32_t> Append(const columnar::ArrayPtr& array);
  int64_t rows() const { return rows_; }
  int64_t num_chunks() const { return static_cast<int64_t>(chunks_.size()); }
  const columnar::ArrayPtr& chunk(size_t i) const { return chunks_[i]; }
  Result<columnar::ArrayPtr> Gather(std::span<const columnar::RowRef> rows) const;
  /// Forgets all but `rows`, which become the one chunk, in that order.
  Status KeepOnly(std::span<const columnar::RowRef> rows);
  int64_t ByteSize() const { return bytes_; }

 private:
  columnar::TypePtr type_;
  std::vector<columnar::ArrayPtr> chunks_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace thalweg::functions
