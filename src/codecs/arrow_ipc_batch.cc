#include "codecs/arrow_ipc_batch.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "codecs/arrow_ipc_types.h"
#include "columnar/arrow_status.h"

namespace thalweg::codecs::arrow_ipc {

arrow::ipc::IpcReadOptions BatchReader::ReadOptions() const {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  for (const auto& [field, at] : place_) options.included_fields.push_back(field);
  // An empty list means every column; one is enough to count rows.
  if (options.included_fields.empty() && schema_->num_fields() > 0) {
    options.included_fields.push_back(0);
  }
  return options;
}

Status BatchReader::Emit(const columnar::RecordBatchPtr& read, int64_t batch_rows_max,
                         engine::Emitter& out, Status* consumer) const {
  THALWEG_RETURN_IF_ARROW_ERROR(read->ValidateFull());
  if (fields_.empty()) {
    *consumer = EmitCounts(read->num_rows(), -1, batch_rows_max, file_, out);
    return {};
  }
  arrow::ArrayVector columns;
  for (const int field : fields_) {
    const int at = place_.at(field);
    if (at >= read->num_columns()) return Status::Corruption("a column is missing");
    THALWEG_ASSIGN_OR_RETURN(columnar::ArrayPtr column,
                             ToType(read->column(at), schema_->field(field)->type()));
    columns.push_back(std::move(column));
  }
  const auto whole =
      arrow::RecordBatch::Make(SchemaOf(fields_, *schema_), read->num_rows(), std::move(columns));
  for (int64_t row = 0; row < whole->num_rows(); row += batch_rows_max) {
    const int64_t rows = std::min(batch_rows_max, whole->num_rows() - row);
    const engine::Batch batch(rows == whole->num_rows() ? whole : whole->Slice(row, rows));
    *consumer = out.Emit(batch.WithOrigin(OriginOf(file_, -1)));
    if (!consumer->ok()) return {};
  }
  return {};
}

}  // namespace thalweg::codecs::arrow_ipc
