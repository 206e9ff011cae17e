#pragma once

#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "columnar/gather.h"
#include "engine/registry.h"
#include "testing/status_matchers.h"

// For the tests of operators: an emitter that keeps what it gets, and expressions by hand.
namespace thalweg::functions {
void RegisterAll(engine::Registry& registry);
}
namespace thalweg::operators {
void RegisterAll(engine::Registry& registry);

namespace harness {

using columnar::ArrayPtr;
using columnar::Batch;
using columnar::RecordBatchPtr;
using columnar::TypePtr;
using engine::ExpressionPtr;

class Collector final : public engine::Emitter {
 public:
  Status Emit(Batch batch) override {
    batches.push_back(std::move(batch));
    return {};
  }
  Status Reject(engine::RejectedRow row) override {
    rejected.push_back(std::move(row));
    return {};
  }
  void CountFiltered(int64_t rows) override { filtered += rows; }

  int64_t rows() const {
    int64_t sum = 0;
    for (const Batch& batch : batches) sum += batch.num_rows();
    return sum;
  }
  /// All rows as one batch; columns by JSON types of the first one.
  RecordBatchPtr All() const {
    std::vector<RecordBatchPtr> parts;
    for (const Batch& batch : batches) {
      const Batch compact = batch.Compact().value();
      parts.push_back(columnar::WithoutViews(compact.data()).value());
    }
    return arrow::ConcatenateRecordBatches(parts).ValueOrDie();
  }

  std::vector<Batch> batches;
  std::vector<engine::RejectedRow> rejected;
  int64_t filtered = 0;
};

inline const engine::Registry& Builtin() {
  static const engine::Registry* registry = [] {
    (void)arrow::compute::Initialize();
    auto* made = new engine::Registry();
    functions::RegisterAll(*made);
    operators::RegisterAll(*made);
    return made;
  }();
  return *registry;
}

inline ArrayPtr FromJson(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

inline RecordBatchPtr Table(std::vector<std::pair<std::string, ArrayPtr>> columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays[0]->length(), arrays);
}

/// Slices of `batch_rows` rows; every other one as a selection of a padded batch.
inline std::vector<Batch> Cut(const RecordBatchPtr& table, int64_t batch_rows) {
  std::vector<Batch> out;
  for (int64_t at = 0; at < table->num_rows(); at += batch_rows) {
    const int64_t rows = std::min(batch_rows, table->num_rows() - at);
    if (out.size() % 2 == 0) {
      out.emplace_back(table->Slice(at, rows));
      continue;
    }
    auto selection = std::make_shared<std::vector<int32_t>>();
    for (int64_t i = 0; i < rows; ++i) selection->push_back(static_cast<int32_t>(at + i));
    out.emplace_back(table, std::move(selection));
  }
  return out;
}

inline std::unique_ptr<engine::Operator> Make(const std::string& name, const std::any& parameters) {
  auto made = Builtin().FindOperator(name)->make({}, parameters, {});
  EXPECT_OK(made);
  return *std::move(made);
}

/// Pushes everything and finishes.
inline Status Drive(engine::Operator& op, const std::vector<Batch>& batches, Collector& out) {
  for (const Batch& batch : batches) THALWEG_RETURN_IF_ERROR(op.Push(0, batch, out));
  return op.Finish(out);
}

/// An expression made of a function over arrays of columns; a row whose first column is -99 fails.
class Computed final : public engine::Expression {
 public:
  using Body = std::function<arrow::Datum(const std::vector<arrow::Datum>&)>;
  Computed(TypePtr type, std::vector<int> columns, Body body)
      : type_(std::move(type)), columns_(std::move(columns)), body_(std::move(body)) {}

  const TypePtr& type() const override { return type_; }
  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const engine::EvalContext&) const override {
    std::vector<arrow::Datum> arguments;
    for (const int column : columns_) arguments.emplace_back(batch.column(column));
    const arrow::Array& first = *batch.column(columns_[0]);
    if (first.type_id() == arrow::Type::INT64) {
      const auto& values = static_cast<const arrow::Int64Array&>(first);
      for (int64_t i = 0; i < values.length(); ++i) {
        if (values.IsValid(i) && values.Value(i) == -99) {
          return Status::InvalidArgument("no answer for -99");
        }
      }
    }
    return body_(arguments);
  }
  void CollectColumns(std::vector<int>* columns) const override {
    columns->insert(columns->end(), columns_.begin(), columns_.end());
  }
  std::string ToString() const override { return "computed"; }

 private:
  TypePtr type_;
  std::vector<int> columns_;
  Body body_;
};

inline ExpressionPtr Call(const std::string& kernel, TypePtr type, std::vector<int> columns,
                          std::vector<arrow::Datum> more = {}) {
  return std::make_shared<Computed>(
      std::move(type), std::move(columns),
      [kernel, more = std::move(more)](std::vector<arrow::Datum> arguments) {
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arrow::compute::CallFunction(kernel, arguments).ValueOrDie();
      });
}

inline ExpressionPtr Column(int index, TypePtr type) {
  return engine::MakeColumn(index, std::string("c").append(std::to_string(index)), std::move(type));
}

inline engine::AggregateCall Aggregate(const std::string& name, ExpressionPtr argument,
                                       bool distinct = false, ExpressionPtr filter = nullptr) {
  std::vector<engine::BindArgument> types;
  std::vector<ExpressionPtr> arguments;
  if (argument != nullptr) {
    types.push_back({argument->type(), nullptr});
    arguments.push_back(std::move(argument));
  }
  auto bound = Builtin().FindAggregate(name)->bind(types, distinct);
  EXPECT_OK(bound);
  return {name, *std::move(bound), std::move(arguments), std::move(filter)};
}

}  // namespace harness
}  // namespace thalweg::operators
