#include <arrow/array/array_nested.h>
#include <arrow/type.h>

#include <utility>

#include "columnar/arrow_status.h"
#include "engine/cast.h"

namespace thalweg::engine {
namespace {

using arrow::Type;

/// Offsets of a list or map that start at zero, for children cut to what they refer to.
struct Span {
  std::shared_ptr<arrow::Buffer> offsets;
  int64_t first = 0;
  int64_t length = 0;
};

Result<Span> SpanOf(const arrow::Array& array) {
  Span out;
  const int64_t rows = array.length();
  THALWEG_ASSIGN_OR_RETURN(out.offsets,
                           AllocateBytes((rows + 1) * static_cast<int64_t>(sizeof(int32_t))));
  int32_t* to = reinterpret_cast<int32_t*>(out.offsets->mutable_data());
  to[0] = 0;
  if (rows == 0) return out;
  const int32_t* from = array.data()->GetValues<int32_t>(1);
  for (int64_t i = 0; i <= rows; ++i) to[i] = from[i] - from[0];
  out.first = from[0];
  out.length = to[rows];
  return out;
}

Result<Validity> ValidityOf(const ArrayPtr& array) {
  THALWEG_ASSIGN_OR_RETURN(const Argument argument, Argument::Of(arrow::Datum(array)));
  return Intersect(std::span(&argument, 1), array->length());
}

Result<ArrayPtr> CastList(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                          const EvalContext& context) {
  THALWEG_ASSIGN_OR_RETURN(Span span, SpanOf(*input));
  THALWEG_ASSIGN_OR_RETURN(Validity validity, ValidityOf(input));
  const auto& list = static_cast<const arrow::ListArray&>(*input);
  THALWEG_ASSIGN_OR_RETURN(const ArrayPtr items,
                           CastArray(list.values()->Slice(span.first, span.length),
                                     to->field(0)->type(), try_cast, context));
  return arrow::MakeArray(arrow::ArrayData::Make(
      arrow::list(items->type()), input->length(),
      {std::move(validity.bitmap), std::move(span.offsets)}, {items->data()}, validity.null_count));
}

Result<ArrayPtr> CastMap(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                         const EvalContext& context) {
  const auto& type = static_cast<const arrow::MapType&>(*to);
  THALWEG_ASSIGN_OR_RETURN(Span span, SpanOf(*input));
  THALWEG_ASSIGN_OR_RETURN(Validity validity, ValidityOf(input));
  const auto& map = static_cast<const arrow::MapArray&>(*input);
  THALWEG_ASSIGN_OR_RETURN(
      const ArrayPtr keys,
      CastArray(map.keys()->Slice(span.first, span.length), type.key_type(), false, context));
  THALWEG_ASSIGN_OR_RETURN(
      const ArrayPtr items,
      CastArray(map.items()->Slice(span.first, span.length), type.item_type(), try_cast, context));
  const auto out_type = std::make_shared<arrow::MapType>(keys->type(), items->type());
  auto entries = arrow::ArrayData::Make(out_type->value_type(), span.length, {nullptr},
                                        {keys->data(), items->data()}, 0);
  return arrow::MakeArray(arrow::ArrayData::Make(
      out_type, input->length(), {std::move(validity.bitmap), std::move(span.offsets)},
      {std::move(entries)}, validity.null_count));
}

Result<ArrayPtr> CastStruct(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                            const EvalContext& context) {
  THALWEG_ASSIGN_OR_RETURN(Validity validity, ValidityOf(input));
  const auto& from = static_cast<const arrow::StructArray&>(*input);
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  arrow::FieldVector fields;
  for (const auto& field : to->fields()) {
    const ArrayPtr child = from.GetFieldByName(field->name());
    if (child == nullptr) {
      return Status::InvalidArgument("cast: the STRUCT has no field: '" + field->name() + "'");
    }
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr cast,
                             CastArray(child, field->type(), try_cast, context));
    fields.push_back(arrow::field(field->name(), cast->type()));
    children.push_back(cast->data());
  }
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::struct_(std::move(fields)), input->length(),
                                                 {std::move(validity.bitmap)}, std::move(children),
                                                 validity.null_count));
}

}  // namespace

Result<ArrayPtr> CastNested(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                            const EvalContext& context) {
  switch (to->id()) {
    case Type::LIST:
      return CastList(input, to, try_cast, context);
    case Type::MAP:
      return CastMap(input, to, try_cast, context);
    default:
      return CastStruct(input, to, try_cast, context);
  }
}

}  // namespace thalweg::engine
