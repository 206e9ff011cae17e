#include "functions/call_for_test.h"

#include <arrow/compute/api.h>

#include "columnar/arrow_status.h"

namespace thalweg::functions {
namespace {

using columnar::ArrayPtr;

const engine::Registry& Functions() {
  static const engine::Registry* const registry = [] {
    auto* out = new engine::Registry();
    RegisterAll(*out);
    return out;
  }();
  return *registry;
}

/// One row: a value, as an array of the type.
Result<ArrayPtr> OneRow(const TestValue& value) {
  THALWEG_ASSIGN_OR_RETURN(const columnar::TypePtr type, columnar::TypeFromSqlName(value.type));
  if (!value.text) return columnar::FromArrow(arrow::MakeArrayOfNull(type, 1));
  THALWEG_ASSIGN_OR_RETURN_ARROW(const auto text,
                                 arrow::MakeArrayFromScalar(arrow::StringScalar(*value.text), 1));
  return engine::CastArray(text, type, false, engine::EvalContext{});
}

enum class Form { kConstants, kColumns, kViews };

/// Rows null, value, null, value.
Result<ArrayPtr> Column(const ArrayPtr& one, Form form) {
  THALWEG_ASSIGN_OR_RETURN_ARROW(const auto null, arrow::MakeArrayOfNull(one->type(), 1));
  THALWEG_ASSIGN_OR_RETURN_ARROW(ArrayPtr out, arrow::Concatenate({null, one, null, one}));
  if (form == Form::kViews && out->type_id() == arrow::Type::STRING) {
    arrow::StringViewBuilder builder;
    const auto& strings = static_cast<const arrow::StringArray&>(*out);
    for (int64_t row = 0; row < out->length(); ++row) {
      THALWEG_RETURN_IF_ARROW_ERROR(strings.IsNull(row) ? builder.AppendNull()
                                                        : builder.Append(strings.GetView(row)));
    }
    THALWEG_ASSIGN_OR_RETURN_ARROW(out, builder.Finish());
  }
  return out;
}

struct Made {
  engine::ExpressionPtr expression;
  std::shared_ptr<arrow::RecordBatch> batch;
};

Result<Made> MakeCallOf(const std::string& name, const std::vector<TestValue>& values, Form form) {
  const engine::ScalarFunction* function = Functions().FindScalar(name);
  if (function == nullptr) return Status::NotFound("no function: " + name);
  std::vector<engine::BindArgument> arguments;
  std::vector<engine::ExpressionPtr> expressions;
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (const TestValue& value : values) {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr one, OneRow(value));
    if (value.constant || form == Form::kConstants) {
      THALWEG_ASSIGN_OR_RETURN_ARROW(auto scalar, one->GetScalar(0));
      arguments.push_back({one->type(), scalar});
      expressions.push_back(engine::MakeLiteral(scalar));
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr column, Column(one, form));
    expressions.push_back(
        engine::MakeColumn(static_cast<int>(columns.size()), "c", column->type()));
    arguments.push_back({column->type(), nullptr});
    columns.push_back(column);
    fields.push_back(arrow::field("c", column->type()));
  }
  THALWEG_ASSIGN_OR_RETURN(engine::BoundScalar bound, function->bind(arguments));
  for (size_t i = 0; i < expressions.size(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(expressions[i],
                             engine::MakeCast(expressions[i], bound.parameters[i], false));
  }
  return Made{engine::MakeCall(name, std::move(bound), std::move(expressions)),
              arrow::RecordBatch::Make(arrow::schema(fields), 4, columns)};
}

Result<std::string> TextOf(const arrow::Datum& datum, int64_t rows, int64_t row,
                           const engine::EvalContext& context) {
  const arrow::Datum all = datum;
  THALWEG_ASSIGN_OR_RETURN(
      const ArrayPtr array,
      all.is_array() ? Result<ArrayPtr>(all.make_array())
                     : columnar::FromArrow(arrow::MakeArrayFromScalar(*all.scalar(), rows)));
  THALWEG_RETURN_IF_ARROW_ERROR(array->ValidateFull());
  if (array->length() != rows) return Status::Internal("wrong number of rows");
  THALWEG_ASSIGN_OR_RETURN(const ArrayPtr text,
                           engine::CastArray(array, arrow::utf8(), false, context));
  if (text->IsNull(row)) return std::string("NULL");
  return static_cast<const arrow::StringArray&>(*text).GetString(row);
}

Result<std::string> Answer(const std::string& name, const std::vector<TestValue>& values, Form form,
                           const engine::EvalContext& context) {
  THALWEG_ASSIGN_OR_RETURN(const Made made, MakeCallOf(name, values, form));
  THALWEG_ASSIGN_OR_RETURN(const arrow::Datum whole,
                           made.expression->Evaluate(*made.batch, context));
  if (!whole.type()->Equals(*made.expression->type())) {
    return Status::Internal("the answer is not of the type that was bound");
  }
  THALWEG_ASSIGN_OR_RETURN(const std::string last, TextOf(whole, 4, 3, context));
  const auto slice = made.batch->Slice(1, 1);
  THALWEG_ASSIGN_OR_RETURN(const arrow::Datum part, made.expression->Evaluate(*slice, context));
  THALWEG_ASSIGN_OR_RETURN(const std::string sliced, TextOf(part, 1, 0, context));
  if (sliced != last) return Status::Internal("a slice says otherwise: " + sliced + ", " + last);
  return last;
}

std::string Shown(const Result<std::string>& answer) {
  return answer.ok() ? *answer : "error: " + answer.status().message();
}

}  // namespace

std::string Call(const std::string& name, const std::vector<TestValue>& arguments,
                 const engine::EvalContext& context) {
  const std::string columns = Shown(Answer(name, arguments, Form::kColumns, context));
  const std::string views = Shown(Answer(name, arguments, Form::kViews, context));
  EXPECT_EQ(columns, views) << name << " by string layout";
  const std::string constants = Shown(Answer(name, arguments, Form::kConstants, context));
  // A constant may be bound to another type (text literals): only agreeing answers must agree.
  EXPECT_EQ(columns, constants) << name << " by constants";
  return columns;
}

std::string CallType(const std::string& name, const std::vector<TestValue>& arguments) {
  const Result<Made> made = MakeCallOf(name, arguments, Form::kColumns);
  if (!made.ok()) return "error: " + made.status().message();
  return columnar::SqlTypeName(*made->expression->type());
}

}  // namespace thalweg::functions
