#include "engine/codec.h"

#include <arrow/array/concatenate.h>

#include "columnar/arrow_status.h"

namespace thalweg::engine {

Result<EncodedChunk> Encoder::EncodeAll(std::span<const Batch> batches) const {
  if (batches.size() == 1) return Encode(batches.front());
  std::vector<columnar::RecordBatchPtr> parts;
  int64_t rows = 0;
  for (const Batch& batch : batches) {
    THALWEG_ASSIGN_OR_RETURN(Batch compact, batch.Compact());
    rows += compact.num_rows();
    parts.push_back(compact.data());
  }
  if (parts.empty()) return Status::Internal("no batch to encode");
  std::vector<columnar::ArrayPtr> columns;
  for (int i = 0; i < parts.front()->num_columns(); ++i) {
    arrow::ArrayVector pieces;
    for (const auto& part : parts) pieces.push_back(part->column(i));
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto column, arrow::Concatenate(pieces));
    columns.push_back(std::move(column));
  }
  return Encode(Batch(arrow::RecordBatch::Make(parts.front()->schema(), rows, std::move(columns))));
}

}  // namespace thalweg::engine
