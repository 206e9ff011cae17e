#include "job/query_result.h"

#include <arrow/c/bridge.h>

#include <utility>

#include "columnar/arrow_status.h"
#include "job/table_text.h"

namespace thalweg {

Status QueryResult::State::Take(columnar::Batch batch) {
  THALWEG_ASSIGN_OR_RETURN(const columnar::Batch compact, batch.Compact());
  THALWEG_ASSIGN_OR_RETURN(auto plain, columnar::WithoutViews(compact.data()));
  if (plain->num_rows() == 0) return {};
  rows += plain->num_rows();
  batches.push_back(std::move(plain));
  return {};
}

columnar::SchemaPtr QueryResult::State::plain_schema() const {
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    fields.push_back(field->WithType(columnar::WithoutViews(field->type())));
  }
  return arrow::schema(std::move(fields));
}

QueryResult::QueryResult(std::unique_ptr<State> state) : state_(std::move(state)) {}
QueryResult::QueryResult(QueryResult&&) noexcept = default;
QueryResult& QueryResult::operator=(QueryResult&&) noexcept = default;
QueryResult::~QueryResult() = default;

const Report& QueryResult::report() const { return state_->report; }
bool QueryResult::has_rows() const { return state_->schema != nullptr; }
int64_t QueryResult::num_rows() const { return has_rows() ? state_->rows : state_->rows_written; }
int64_t QueryResult::bytes_written() const { return state_->bytes_written; }

std::vector<ColumnInfo> QueryResult::columns() const {
  std::vector<ColumnInfo> columns;
  if (!has_rows()) return columns;
  for (const auto& field : state_->schema->fields()) {
    columns.push_back({field->name(), columnar::SqlTypeName(*field->type())});
  }
  return columns;
}

std::string QueryResult::ToText(const TextOptions& options) const {
  return has_rows() ? job::TableText(*state_, columns(), options) : std::string();
}

Status QueryResult::Export(ArrowArrayStream* stream) const {
  if (!has_rows()) return Status::InvalidArgument("the statement gave no rows");
  THALWEG_ASSIGN_OR_RETURN_ARROW(
      auto reader, arrow::RecordBatchReader::Make(state_->batches, state_->plain_schema()));
  THALWEG_RETURN_IF_ARROW_ERROR(arrow::ExportRecordBatchReader(std::move(reader), stream));
  return {};
}

}  // namespace thalweg
