#include <arrow/array.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "engine/registry.h"
#include "engine/rejected_rows.h"
#include "operators/rows_view.h"

namespace thalweg::operators::project {
namespace {

class Project final : public engine::Operator {
 public:
  Project(std::vector<engine::NamedExpression> columns, engine::EvalContext context)
      : columns_(std::move(columns)), context_(std::move(context)) {
    for (const auto& column : columns_) {
      CollectColumns(column.expression, &inputs_);
      bare_ = bare_ && column.expression->column().has_value();
    }
  }

  Status Push(int, Batch batch, engine::Emitter& out) override {
    const int weight = batch.weight_column();
    // Bare columns pass with the selection as it is.
    Batch view = batch;
    if (!bare_) {
      std::vector<int> inputs = inputs_;
      if (weight >= 0 && std::ranges::find(inputs, weight) == inputs.end()) {
        inputs.insert(std::ranges::upper_bound(inputs, weight), weight);
      }
      THALWEG_ASSIGN_OR_RETURN(view, CompactColumns(batch, inputs));
    }
    arrow::ArrayVector arrays;
    std::vector<engine::RowError> errors;
    for (const auto& column : columns_) {
      THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, Evaluate(column, view, &errors, out));
      arrays.push_back(std::move(array));
    }
    if (weight >= 0) arrays.push_back(view.data()->column(weight));
    const int64_t rows = view.data()->num_rows();
    SettleSchema(arrays, weight >= 0 ? view.schema()->field(weight) : nullptr);
    Batch made(arrow::RecordBatch::Make(schema_, rows, std::move(arrays)),
               errors.empty() ? view.selection() : engine::RowsWithout(errors, rows));
    if (made.num_rows() == 0 && batch.num_rows() > 0) return {};
    made = made.WithOrigin(view.origin());
    if (weight >= 0) made = made.WithWeightColumn(made.num_columns() - 1);
    return out.Emit(std::move(made));
  }

 private:
  Result<ArrayPtr> Evaluate(const engine::NamedExpression& column, const Batch& view,
                            std::vector<engine::RowError>* errors, engine::Emitter& out) const {
    if (const auto index = column.expression->column()) return view.data()->column(*index);
    std::vector<engine::RowError> found;
    THALWEG_ASSIGN_OR_RETURN(
        ArrayPtr array, engine::EvaluateRows(*column.expression, *view.data(), context_, &found));
    if (!found.empty()) {
      // A row is rejected once, for the first column that it has no answer for.
      std::erase_if(found, [&](const engine::RowError& error) {
        return std::ranges::binary_search(*errors, error.row, {}, &engine::RowError::row);
      });
      THALWEG_RETURN_IF_ERROR(engine::RejectRows(view, column.name, found, out));
      engine::MergeRowErrors(std::move(found), errors);
    }
    return array;
  }

  /// The schema of the arrays as they are; the one made last is used again while it fits.
  void SettleSchema(const arrow::ArrayVector& arrays, const std::shared_ptr<arrow::Field>& weight) {
    if (schema_ != nullptr && schema_->num_fields() == static_cast<int>(arrays.size())) {
      bool fits = true;
      for (size_t i = 0; i < arrays.size() && fits; ++i) {
        fits = schema_->field(static_cast<int>(i))->type()->Equals(*arrays[i]->type());
      }
      if (fits) return;
    }
    arrow::FieldVector fields;
    for (size_t i = 0; i < columns_.size(); ++i) {
      fields.push_back(arrow::field(columns_[i].name, arrays[i]->type()));
    }
    if (weight != nullptr) fields.push_back(weight);
    schema_ = arrow::schema(std::move(fields));
  }

  std::vector<engine::NamedExpression> columns_;
  engine::EvalContext context_;
  std::vector<int> inputs_;
  bool bare_ = true;
  engine::SchemaPtr schema_;
};

Result<std::unique_ptr<engine::Operator>> Make(std::vector<engine::SchemaPtr>,
                                               const std::any& parameters,
                                               const engine::EvalContext& context) {
  const auto* given = std::any_cast<engine::ProjectParameters>(&parameters);
  if (given == nullptr) return Status::Internal("project: wants ProjectParameters");
  return std::unique_ptr<engine::Operator>(std::make_unique<Project>(given->columns, context));
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::OperatorFactory factory;
  factory.spec.name = "project";
  factory.spec.summary = "One output column per expression.";
  factory.spec.details = "ProjectParameters in engine/operator.h.";
  factory.parallelism = engine::Parallelism::kStateless;
  factory.make = Make;
  registry.Add(std::move(factory));
}

}  // namespace thalweg::operators::project
