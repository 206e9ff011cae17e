#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/arrow_c.h"
#include "thalweg/marc/path.h"

// Values of many records as columns in Arrow's layout.
namespace thalweg::python {

/// Rows of all columns, in the buffers that Arrow's C data interface hands over.
struct TableChunk {
  struct Column {
    bool is_list = false;
    std::vector<int32_t> list_ends{0};  ///< Where each row's values end; of lists only.
    std::vector<int32_t> ends{0};       ///< Where each value ends in `text`.
    std::string text;
    std::vector<uint8_t> valid;  ///< A bit a row; unused for lists.
    int64_t nulls = 0;
  };
  std::vector<Column> columns;
  int64_t rows = 0;
  size_t bytes = 0;  ///< Of text.
};

/// Text columns that paths find in records. Built by one thread.
class MarcTable {
 public:
  /// `invalid_argument` for a path that is wrong.
  static Result<MarcTable> Compile(std::string_view columns);

  void Append(const marc::RecordView& record) { AppendTo(record, &Open()); }
  /// For several threads at once, each with a chunk of its own.
  void AppendTo(const marc::RecordView& record, TableChunk* chunk) const;
  std::shared_ptr<TableChunk> NewChunk() const;
  void Add(std::shared_ptr<TableChunk> chunk);

  const std::vector<marc::PathColumn>& columns() const { return *columns_; }
  const std::vector<std::shared_ptr<TableChunk>>& chunks() const { return chunks_; }
  int64_t num_rows() const;
  /// A stream of what there is now; it keeps the buffers.
  void Export(ArrowArrayStream* out) const;

 private:
  TableChunk& Open();

  std::shared_ptr<const std::vector<marc::PathColumn>> columns_;
  std::vector<std::shared_ptr<TableChunk>> chunks_;
};

}  // namespace thalweg::python
