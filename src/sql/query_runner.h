#pragma once

#include <arrow/api.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "columnar/arrow_status.h"
#include "engine/builtins.h"
#include "engine/cast.h"
#include "sql/fake_engine.h"
#include "sql/session.h"

// For tests: runs plans over VALUES with the operators and functions of this build, in one thread.
namespace thalweg::sql {

class Collector final : public engine::Emitter {
 public:
  Status Emit(engine::Batch batch) override {
    batches.push_back(std::move(batch));
    return {};
  }
  Status Reject(engine::RejectedRow row) override {
    rejected.push_back(row.reason);
    return {};
  }
  void CountFiltered(int64_t) override {}

  std::vector<engine::Batch> batches;
  std::vector<std::string> rejected;
};

/// Feeds `batch_rows` rows at a time.
inline Status RunPlan(const PlanNode& plan, int64_t batch_rows, Collector* out) {
  if (plan.kind == PlanNode::Kind::kValues) {
    for (int64_t at = 0; at < plan.values.num_rows(); at += batch_rows) {
      const int64_t rows = std::min(batch_rows, plan.values.num_rows() - at);
      THALWEG_RETURN_IF_ERROR(out->Emit(plan.values.Slice(at, rows)));
    }
    return {};
  }
  if (plan.kind != PlanNode::Kind::kOperator) return Status::Unsupported("not a plan over VALUES");
  Collector input;
  THALWEG_RETURN_IF_ERROR(RunPlan(*plan.inputs[0], batch_rows, &input));
  THALWEG_ASSIGN_OR_RETURN(auto step,
                           plan.factory->make({plan.inputs[0]->schema}, plan.parameters, {}));
  for (engine::Batch& batch : input.batches) {
    if (!step->satisfied()) THALWEG_RETURN_IF_ERROR(step->Push(0, std::move(batch), *out));
  }
  out->rejected.insert(out->rejected.end(), input.rejected.begin(), input.rejected.end());
  return step->Finish(*out);
}

/// `a|b` for each row, then `rejected: …` for each row without an answer.
inline Result<std::string> RowsText(const Collector& rows) {
  std::string out;
  for (const engine::Batch& batch : rows.batches) {
    THALWEG_ASSIGN_OR_RETURN(const engine::Batch compact, batch.Compact());
    std::vector<std::shared_ptr<arrow::StringArray>> columns;
    for (const auto& column : compact.data()->columns()) {
      THALWEG_ASSIGN_OR_RETURN(const auto text,
                               engine::CastArray(column, arrow::utf8(), false, {}));
      columns.push_back(std::static_pointer_cast<arrow::StringArray>(text));
    }
    for (int64_t row = 0; row < compact.num_rows(); ++row) {
      for (size_t column = 0; column < columns.size(); ++column) {
        if (column > 0) out += '|';
        out += columns[column]->IsNull(row) ? "NULL" : columns[column]->GetString(row);
      }
      out += '\n';
    }
  }
  for (const std::string& reason : rows.rejected) out += "rejected: " + reason + "\n";
  return out;
}

/// The answer of one statement, or the message of its failure.
inline std::string RunSql(std::string_view text, int64_t batch_rows = 1024) {
  static const engine::Registry registry = [] {
    engine::Registry made;
    engine::RegisterBuiltins(made);
    return made;
  }();
  static const fake::Catalog catalog;
  PrepareContext context;
  context.catalog = &catalog;
  context.registry = &registry;
  const auto statements = Prepare(text, context);
  if (!statements.ok()) return statements.status().message();
  Collector rows;
  const Status status = RunPlan(*statements->back().plan, batch_rows, &rows);
  if (!status.ok()) return status.message();
  const Result<std::string> printed = RowsText(rows);
  return printed.ok() ? *printed : printed.status().message();
}

}  // namespace thalweg::sql
