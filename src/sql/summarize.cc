#include "sql/summarize.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include <any>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "columnar/arrow_status.h"
#include "sql/physical.h"

namespace thalweg::sql {
namespace {

using Columns = std::vector<std::pair<std::string, std::string>>;

/// Copies one cell of the row of aggregates, or null.
Status AppendCell(const arrow::RecordBatch& row, int column, arrow::ArrayBuilder* builder) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(const auto value, row.column(column)->GetScalar(0));
  THALWEG_RETURN_IF_ARROW_ERROR(value->is_valid ? builder->AppendScalar(*value)
                                                : builder->AppendNull());
  return {};
}

class SummaryRows final : public engine::Operator {
 public:
  explicit SummaryRows(Columns columns) : columns_(std::move(columns)) {}

  Status Push(int /*input*/, engine::Batch batch, engine::Emitter& out) override {
    if (batch.num_rows() == 0) return {};
    THALWEG_ASSIGN_OR_RETURN(const engine::Batch compact, batch.Compact());
    THALWEG_ASSIGN_OR_RETURN(const columnar::RecordBatchPtr row,
                             columnar::WithoutViews(compact.data()));
    const columnar::SchemaPtr schema = SchemaOf(SummaryColumns());
    THALWEG_ASSIGN_OR_RETURN_ARROW(
        const auto builder, arrow::RecordBatchBuilder::Make(schema, arrow::default_memory_pool()));
    const int measures = schema->num_fields() - 2;
    for (size_t i = 0; i < columns_.size(); ++i) {
      auto* name = builder->GetFieldAs<arrow::StringBuilder>(0);
      auto* type = builder->GetFieldAs<arrow::StringBuilder>(1);
      THALWEG_RETURN_IF_ARROW_ERROR(name->Append(columns_[i].first));
      THALWEG_RETURN_IF_ARROW_ERROR(type->Append(columns_[i].second));
      for (int measure = 0; measure < measures; ++measure) {
        const int cell = static_cast<int>(i) * measures + measure;
        THALWEG_RETURN_IF_ERROR(AppendCell(*row, cell, builder->GetField(measure + 2)));
      }
    }
    THALWEG_ASSIGN_OR_RETURN_ARROW(columnar::RecordBatchPtr rows, builder->Flush());
    return out.Emit(engine::Batch(std::move(rows)));
  }

 private:
  Columns columns_;
};

}  // namespace

const std::vector<OutputColumn>& SummaryColumns() {
  static const std::vector<OutputColumn> columns = {
      {"column_name", arrow::utf8()},
      {"column_type", arrow::utf8()},
      {"min", arrow::utf8()},
      {"max", arrow::utf8()},
      {"approx_unique", arrow::int64()},
      {"avg", arrow::utf8()},
      {"std", arrow::utf8()},
      {"q25", arrow::utf8()},
      {"q50", arrow::utf8()},
      {"q75", arrow::utf8()},
      {"count", arrow::int64()},
      {"null_percentage", arrow::decimal128(9, 2)},
  };
  return columns;
}

const engine::OperatorFactory& SummaryOperator() {
  static const engine::OperatorFactory factory = [] {
    engine::OperatorFactory made;
    made.spec.name = "summary_rows";
    made.spec.summary = "Turns the one row of a SUMMARIZE aggregation into one row a column.";
    made.parallelism = engine::Parallelism::kSerial;
    made.make =
        [](std::vector<columnar::SchemaPtr> /*inputs*/, const std::any& parameters,
           const engine::EvalContext& /*context*/) -> Result<std::unique_ptr<engine::Operator>> {
      const auto* columns = std::any_cast<Columns>(&parameters);
      if (columns == nullptr) return Status::Internal("summary_rows: wrong parameters");
      return std::unique_ptr<engine::Operator>(std::make_unique<SummaryRows>(*columns));
    };
    return made;
  }();
  return factory;
}

}  // namespace thalweg::sql
