#include "functions/nested_rows.h"

#include <arrow/array/array_nested.h>

#include "columnar/arrow_status.h"

namespace thalweg::functions {

Result<std::vector<Argument>> PlainArguments(std::span<const arrow::Datum> datums) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<Argument> out, engine::ArgumentsOf(datums));
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i].array()->type_id() != Type::STRING_VIEW &&
        out[i].array()->type_id() != Type::BINARY_VIEW) {
      continue;
    }
    // A constant stays one: its scalar is plain already, or is one row here.
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr plain, columnar::WithoutViews(out[i].array()));
    arrow::Datum datum(plain);
    if (out[i].constant()) {
      THALWEG_ASSIGN_OR_RETURN_ARROW(auto scalar, plain->GetScalar(0));
      datum = arrow::Datum(std::move(scalar));
    }
    THALWEG_ASSIGN_OR_RETURN(out[i], Argument::Of(datum));
  }
  return out;
}

Result<RowBuilder> RowBuilder::Make(const TypePtr& type) {
  RowBuilder out;
  THALWEG_RETURN_IF_ARROW_ERROR(
      arrow::MakeBuilder(arrow::default_memory_pool(), type, &out.builder_));
  return out;
}

Status RowBuilder::Null() { return columnar::FromArrow(builder_->AppendNull()); }

Status RowBuilder::Rows(const arrow::Array& array, int64_t row, int64_t count) {
  if (array.type_id() == Type::NA) return columnar::FromArrow(builder_->AppendNulls(count));
  return columnar::FromArrow(
      builder_->AppendArraySlice(arrow::ArraySpan(*array.data()), row, count));
}

Status RowBuilder::Row(const arrow::Array& array, int64_t row) { return Rows(array, row, 1); }

Status RowBuilder::List() {
  return columnar::FromArrow(static_cast<arrow::ListBuilder&>(*builder_).Append());
}

arrow::ArrayBuilder& RowBuilder::items() {
  return *static_cast<arrow::ListBuilder&>(*builder_).value_builder();
}

Status RowBuilder::Items(const arrow::Array& array, int64_t row, int64_t count) {
  if (array.type_id() == Type::NA) return columnar::FromArrow(items().AppendNulls(count));
  return columnar::FromArrow(items().AppendArraySlice(arrow::ArraySpan(*array.data()), row, count));
}

Status RowBuilder::Item(const arrow::Array& array, int64_t row) { return Items(array, row, 1); }

Result<arrow::Datum> RowBuilder::Finish() {
  THALWEG_ASSIGN_OR_RETURN_ARROW(auto array, builder_->Finish());
  return arrow::Datum(std::move(array));
}

ItemRange ItemsOf(const Argument& list, int64_t row) {
  // A MAP is a list of its entries.
  const auto& array = static_cast<const arrow::ListArray&>(*list.array());
  const int64_t at = list.At(row);
  return {array.value_offset(at), array.value_offset(at + 1)};
}

ArrayPtr ItemArray(const Argument& list) {
  return static_cast<const arrow::ListArray&>(*list.array()).values();
}

TypePtr ListTypeOf(const BindArgument& argument) {
  TypePtr type = engine::CanonicalType(argument.type);
  return type->id() == Type::LIST ? type : nullptr;
}

TypePtr MapTypeOf(const BindArgument& argument) {
  TypePtr type = engine::CanonicalType(argument.type);
  return type->id() == Type::MAP ? type : nullptr;
}

}  // namespace thalweg::functions
