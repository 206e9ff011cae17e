#include <arrow/c/bridge.h>

#include <mutex>
#include <utility>

#include "columnar/arrow_status.h"
#include "engine/batch_source.h"
#include "job/catalog.h"
#include "thalweg/runtime/graph.h"

namespace thalweg::job {
namespace {

/// Rows of a stream, kept where they must be read again.
struct StreamRows {
  std::shared_ptr<arrow::RecordBatchReader> reader;
  bool replay = false;
  std::mutex mutex;
  bool ended = false;
  std::vector<columnar::RecordBatchPtr> kept;

  // Batch number `index`, or null behind the last.
  Result<columnar::RecordBatchPtr> At(size_t index) {
    std::scoped_lock lock(mutex);
    if (index < kept.size()) return kept[index];
    if (ended) return columnar::RecordBatchPtr();
    columnar::RecordBatchPtr batch;
    THALWEG_RETURN_IF_ARROW_ERROR(reader->ReadNext(&batch));
    ended = batch == nullptr;
    if (replay && !ended) kept.push_back(batch);
    return batch;
  }
};

class StreamTable final : public engine::Table {
 public:
  StreamTable(std::string name, std::shared_ptr<StreamRows> rows)
      : name_(std::move(name)), rows_(std::move(rows)), schema_(rows_->reader->schema()) {}
  const columnar::SchemaPtr& schema() const override { return schema_; }
  std::string Describe() const override { return "table '" + name_ + "'"; }
  Result<runtime::NodeId> Plan(runtime::Graph& graph,
                               const engine::ScanRequest& request) const override {
    if (!rows_->replay && std::exchange(read_, true)) {
      return Status::InvalidArgument("the stream behind table '" + name_ +
                                     "' can be read only once");
    }
    std::vector<int> columns;
    if (request.projection.all) {
      for (int i = 0; i < schema_->num_fields(); ++i) columns.push_back(i);
    }
    for (const auto& column : request.projection.columns) {
      columns.push_back(schema_->GetFieldIndex(column));
    }
    auto next = [rows = rows_, columns = std::move(columns), index = size_t{0}](
                    const std::stop_token&) mutable -> Result<columnar::RecordBatchPtr> {
      THALWEG_ASSIGN_OR_RETURN(auto batch, rows->At(index++));
      if (batch == nullptr) return batch;
      return columnar::FromArrow(batch->SelectColumns(columns));
    };
    return graph.AddSource({.name = "scan", .token = runtime::TokenKind::kNone},
                           engine::MakeBatchSource(std::move(next), request.batch_rows_max));
  }

 private:
  std::string name_;
  std::shared_ptr<StreamRows> rows_;
  columnar::SchemaPtr schema_;
  mutable bool read_ = false;
};

}  // namespace

Result<std::shared_ptr<const engine::Table>> MakeStreamTable(std::string name,
                                                             ArrowArrayStream* stream,
                                                             bool replay) {
  auto rows = std::make_shared<StreamRows>();
  THALWEG_ASSIGN_OR_RETURN_ARROW(rows->reader, arrow::ImportRecordBatchReader(stream));
  rows->replay = replay;
  return std::shared_ptr<const engine::Table>(
      std::make_shared<StreamTable>(std::move(name), std::move(rows)));
}

}  // namespace thalweg::job
