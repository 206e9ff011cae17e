#include <arrow/c/bridge.h>

#include <utility>

#include "columnar/arrow_status.h"
#include "engine/flow.h"
#include "job/catalog.h"

namespace thalweg::job {
namespace {

/// What a C struct holds, until somebody takes it over.
struct Exported {
  ArrowSchema schema{};
  ArrowArray array{};
  ~Exported() {
    if (schema.release != nullptr) schema.release(&schema);
    if (array.release != nullptr) array.release(&array);
  }
};

Result<columnar::RecordBatchPtr> Call(const BatchMap& map, const columnar::RecordBatchPtr& batch) {
  Exported given;
  Exported made;
  THALWEG_RETURN_IF_ERROR(ExportPlain(batch, &given.schema, &given.array));
  THALWEG_RETURN_IF_ERROR(map(&given.schema, &given.array, &made.schema, &made.array));
  THALWEG_ASSIGN_OR_RETURN_ARROW(auto out, arrow::ImportRecordBatch(&made.array, &made.schema));
  // What comes from outside may be anything.
  THALWEG_RETURN_IF_ARROW_ERROR(out->ValidateFull());
  return out;
}

class MapStep final : public runtime::Step {
 public:
  MapStep(std::shared_ptr<const BatchMap> map, columnar::SchemaPtr schema, std::vector<int> columns)
      : map_(std::move(map)), schema_(std::move(schema)), columns_(std::move(columns)) {}

  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    THALWEG_ASSIGN_OR_RETURN(const engine::Batch given,
                             chunk.As<engine::BatchPayload>().batch.Compact());
    THALWEG_ASSIGN_OR_RETURN(columnar::RecordBatchPtr made, Call(*map_, given.data()));
    if (!made->schema()->Equals(*schema_, /*check_metadata=*/false)) {
      return Status::InvalidArgument(
          "the callable gave other columns than before: " + made->schema()->ToString() +
          "; before: " + schema_->ToString());
    }
    THALWEG_ASSIGN_OR_RETURN_ARROW(made, made->SelectColumns(columns_));
    if (made->num_rows() > 0) out.Emit(engine::MakeChunk(engine::Batch(std::move(made))));
    return runtime::Progress::kNeedInput;
  }

 private:
  const std::shared_ptr<const BatchMap> map_;
  const columnar::SchemaPtr schema_;
  const std::vector<int> columns_;
};

class MappedTable final : public engine::Table {
 public:
  MappedTable(std::shared_ptr<const engine::Table> from, BatchMap map, columnar::SchemaPtr schema)
      : from_(std::move(from)),
        map_(std::make_shared<const BatchMap>(std::move(map))),
        schema_(std::move(schema)) {}

  const columnar::SchemaPtr& schema() const override { return schema_; }
  std::string Describe() const override { return from_->Describe() + " through a callable"; }
  std::optional<int64_t> num_bytes() const override { return from_->num_bytes(); }
  Result<runtime::NodeId> Plan(runtime::Graph& graph,
                               const engine::ScanRequest& request) const override {
    engine::ScanRequest all;
    all.batch_rows_max = request.batch_rows_max;
    THALWEG_ASSIGN_OR_RETURN(const auto rows, from_->Plan(graph, all));
    std::vector<int> columns;
    if (request.projection.all) {
      for (int i = 0; i < schema_->num_fields(); ++i) columns.push_back(i);
    }
    for (const auto& column : request.projection.columns) {
      columns.push_back(schema_->GetFieldIndex(column));
    }
    // One batch at a time: the callable may keep state, and most hosts run one thread anyway.
    return graph.AddSerial({.name = "callable"},
                           std::make_unique<MapStep>(map_, schema_, std::move(columns)), {rows});
  }

 private:
  const std::shared_ptr<const engine::Table> from_;
  const std::shared_ptr<const BatchMap> map_;
  const columnar::SchemaPtr schema_;
};

}  // namespace

Status ExportPlain(const columnar::RecordBatchPtr& batch, ArrowSchema* schema, ArrowArray* array) {
  THALWEG_ASSIGN_OR_RETURN(const auto plain, columnar::WithoutViews(batch));
  THALWEG_RETURN_IF_ARROW_ERROR(arrow::ExportRecordBatch(*plain, array, schema));
  return {};
}

Result<std::shared_ptr<const engine::Table>> MakeMappedTable(
    std::shared_ptr<const engine::Table> from, BatchMap map) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(const auto empty, arrow::RecordBatch::MakeEmpty(from->schema()));
  THALWEG_ASSIGN_OR_RETURN(const auto answer, Call(map, empty));
  return std::shared_ptr<const engine::Table>(
      std::make_shared<MappedTable>(std::move(from), std::move(map), answer->schema()));
}

}  // namespace thalweg::job
