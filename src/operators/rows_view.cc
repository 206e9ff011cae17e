#include "operators/rows_view.h"

#include <arrow/array.h>

#include <algorithm>
#include <utility>

namespace thalweg::operators {

void CollectColumns(const engine::ExpressionPtr& expression, std::vector<int>* columns) {
  if (expression == nullptr) return;
  expression->CollectColumns(columns);
  std::ranges::sort(*columns);
  columns->erase(std::ranges::unique(*columns).begin(), columns->end());
}

Result<Batch> CompactColumns(const Batch& batch, const std::vector<int>& columns) {
  if (batch.selection() == nullptr || batch.num_rows() == batch.data()->num_rows() ||
      static_cast<int>(columns.size()) == batch.num_columns()) {
    return batch.Compact();
  }
  const int64_t rows = batch.data()->num_rows();
  arrow::ArrayVector arrays;
  arrow::FieldVector fields;
  arrays.reserve(static_cast<size_t>(batch.num_columns()));
  const ArrayPtr none = std::make_shared<arrow::NullArray>(rows);
  for (int i = 0; i < batch.num_columns(); ++i) {
    const bool wanted = std::ranges::binary_search(columns, i);
    const auto& field = batch.schema()->field(i);
    fields.push_back(wanted ? field : field->WithType(arrow::null()));
    arrays.push_back(wanted ? batch.data()->column(i) : none);
  }
  RecordBatchPtr narrowed =
      arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(arrays));
  return Batch(std::move(narrowed), batch.selection()).WithOrigin(batch.origin()).Compact();
}

}  // namespace thalweg::operators
