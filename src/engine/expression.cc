#include "engine/expression.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "columnar/arrow_status.h"
#include "engine/expression_rows.h"

namespace thalweg::engine {
namespace {

class ColumnExpression final : public Expression {
 public:
  ColumnExpression(int index, std::string name, TypePtr type)
      : index_(index), name_(std::move(name)), type_(std::move(type)) {}
  const TypePtr& type() const override { return type_; }
  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const EvalContext&) const override {
    return arrow::Datum(batch.column(index_));
  }
  void CollectColumns(std::vector<int>* columns) const override {
    if (std::ranges::find(*columns, index_) == columns->end()) columns->push_back(index_);
  }
  std::string ToString() const override { return name_; }
  std::optional<int> column() const override { return index_; }

 private:
  int index_;
  std::string name_;
  TypePtr type_;
};

std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + '\'';
}

std::string LiteralText(const arrow::Scalar& value) {
  if (!value.is_valid) return "NULL";
  const arrow::DataType& type = *value.type;
  if (columnar::IsString(type) || columnar::IsBinary(type)) {
    const auto& text = static_cast<const arrow::BaseBinaryScalar&>(value);
    return Quoted(text.view());
  }
  switch (type.id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanScalar&>(value).value ? "true" : "false";
    case arrow::Type::DATE32:
      return "DATE " + Quoted(value.ToString());
    case arrow::Type::TIMESTAMP:
      return "TIMESTAMP " + Quoted(value.ToString());
    case arrow::Type::TIME64:
      return "TIME " + Quoted(value.ToString());
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return "INTERVAL " + Quoted(value.ToString());
    default:
      return value.ToString();
  }
}

class LiteralExpression final : public Expression {
 public:
  explicit LiteralExpression(std::shared_ptr<arrow::Scalar> value) : value_(std::move(value)) {}
  const TypePtr& type() const override { return value_->type; }
  Result<arrow::Datum> Evaluate(const arrow::RecordBatch&, const EvalContext&) const override {
    return arrow::Datum(value_);
  }
  void CollectColumns(std::vector<int>*) const override {}
  std::string ToString() const override { return LiteralText(*value_); }
  std::shared_ptr<arrow::Scalar> constant() const override { return value_; }

 private:
  std::shared_ptr<arrow::Scalar> value_;
};

struct OperatorName {
  std::string_view function;
  std::string_view symbol;
};
constexpr OperatorName kInfix[] = {
    {"add", "+"},
    {"subtract", "-"},
    {"multiply", "*"},
    {"divide", "/"},
    {"modulo", "%"},
    {"integer_divide", "//"},
    {"power", "^"},
    {"eq", "="},
    {"ne", "<>"},
    {"lt", "<"},
    {"le", "<="},
    {"gt", ">"},
    {"ge", ">="},
    {"concat_op", "||"},
    {"like", "LIKE"},
    {"not_like", "NOT LIKE"},
    {"ilike", "ILIKE"},
    {"not_ilike", "NOT ILIKE"},
    {"is_distinct_from", "IS DISTINCT FROM"},
    {"is_not_distinct_from", "IS NOT DISTINCT FROM"},
};

std::string CallText(std::string_view name, const std::vector<ExpressionPtr>& arguments) {
  if (arguments.size() == 2) {
    for (const auto& [function, symbol] : kInfix) {
      if (function != name) continue;
      return '(' + arguments[0]->ToString() + ' ' + std::string(symbol) + ' ' +
             arguments[1]->ToString() + ')';
    }
  }
  if (arguments.size() == 1) {
    const std::string text = arguments[0]->ToString();
    if (name == "negate") return "(-" + text + ')';
    if (name == "is_null") return '(' + text + " IS NULL)";
    if (name == "is_not_null") return '(' + text + " IS NOT NULL)";
  }
  std::string out(name);
  out += '(';
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) out += ", ";
    out += arguments[i]->ToString();
  }
  return out + ')';
}

class CallExpression final : public Expression {
 public:
  CallExpression(std::string name, BoundScalar function, std::vector<ExpressionPtr> arguments)
      : name_(std::move(name)), function_(std::move(function)), arguments_(std::move(arguments)) {}
  const TypePtr& type() const override { return function_.result; }
  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const EvalContext& context) const override {
    if (batch.num_rows() == 0) {
      THALWEG_ASSIGN_OR_RETURN_ARROW(auto empty, arrow::MakeEmptyArray(function_.result));
      return arrow::Datum(std::move(empty));
    }
    std::vector<arrow::Datum> values;
    values.reserve(arguments_.size());
    bool constant = function_.constant_foldable;
    for (const ExpressionPtr& argument : arguments_) {
      THALWEG_ASSIGN_OR_RETURN(arrow::Datum value, argument->Evaluate(batch, context));
      constant = constant && value.is_scalar();
      values.push_back(std::move(value));
    }
    if (!constant) return function_.kernel(values, batch.num_rows(), context);
    THALWEG_ASSIGN_OR_RETURN(arrow::Datum answer, function_.kernel(values, 1, context));
    if (answer.is_scalar()) return answer;
    return OnlyRow(answer);
  }
  void CollectColumns(std::vector<int>* columns) const override {
    for (const ExpressionPtr& argument : arguments_) argument->CollectColumns(columns);
  }
  std::string ToString() const override { return CallText(name_, arguments_); }

 private:
  static Result<arrow::Datum> OnlyRow(const arrow::Datum& answer) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto scalar, answer.make_array()->GetScalar(0));
    return arrow::Datum(std::move(scalar));
  }

  std::string name_;
  BoundScalar function_;
  std::vector<ExpressionPtr> arguments_;
};

/// The value of a call that depends on nothing; null where it depends or fails.
std::shared_ptr<arrow::Scalar> Fold(const BoundScalar& function,
                                    const std::vector<ExpressionPtr>& arguments) {
  if (!function.constant_foldable) return nullptr;
  std::vector<arrow::Datum> values;
  for (const ExpressionPtr& argument : arguments) {
    const auto constant = argument->constant();
    if (constant == nullptr) return nullptr;
    values.emplace_back(constant);
  }
  const Result<arrow::Datum> answer = function.kernel(values, 1, EvalContext{});
  // A failure belongs to the rows that reach the call, if any do.
  if (!answer.ok()) return nullptr;
  if (answer->is_scalar()) return answer->scalar();
  auto scalar = answer->make_array()->GetScalar(0);
  return scalar.ok() ? *scalar : nullptr;
}

/// Evaluates `batch[offset, offset + length)`; adds to `parts` in row order.
Status Bisect(const Expression& expression, const arrow::RecordBatch& batch,
              const EvalContext& context, int64_t offset, int64_t length, arrow::ArrayVector* parts,
              std::vector<RowError>* errors) {
  const std::shared_ptr<arrow::RecordBatch> slice =
      length == batch.num_rows() ? nullptr : batch.Slice(offset, length);
  Result<arrow::Datum> answer = expression.Evaluate(slice ? *slice : batch, context);
  if (answer.ok()) {
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr part, ToArray(*answer, length));
    parts->push_back(std::move(part));
    return {};
  }
  if (!IsRowFailure(answer.status())) return answer.status();
  if (length == 1) {
    errors->push_back({offset, answer.status().message()});
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto null, arrow::MakeArrayOfNull(expression.type(), 1));
    parts->push_back(std::move(null));
    return {};
  }
  const int64_t half = length / 2;
  THALWEG_RETURN_IF_ERROR(Bisect(expression, batch, context, offset, half, parts, errors));
  return Bisect(expression, batch, context, offset + half, length - half, parts, errors);
}

}  // namespace

ExpressionPtr MakeColumn(int index, std::string name, TypePtr type) {
  return std::make_shared<ColumnExpression>(index, std::move(name), std::move(type));
}

ExpressionPtr MakeLiteral(std::shared_ptr<arrow::Scalar> value) {
  return std::make_shared<LiteralExpression>(std::move(value));
}

ExpressionPtr MakeCall(std::string name, BoundScalar function,
                       std::vector<ExpressionPtr> arguments) {
  if (auto value = Fold(function, arguments)) return MakeLiteral(std::move(value));
  return std::make_shared<CallExpression>(std::move(name), std::move(function),
                                          std::move(arguments));
}

Result<ArrayPtr> EvaluateRows(const Expression& expression, const arrow::RecordBatch& batch,
                              const EvalContext& context, std::vector<RowError>* errors) {
  if (batch.num_rows() == 0) return columnar::FromArrow(arrow::MakeEmptyArray(expression.type()));
  arrow::ArrayVector parts;
  THALWEG_RETURN_IF_ERROR(Bisect(expression, batch, context, 0, batch.num_rows(), &parts, errors));
  if (parts.size() == 1) return parts[0];
  return columnar::FromArrow(arrow::Concatenate(parts));
}

}  // namespace thalweg::engine
