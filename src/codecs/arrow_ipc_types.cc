#include "codecs/arrow_ipc_types.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <utility>

#include "columnar/arrow_status.h"

namespace thalweg::codecs::arrow_ipc {

namespace {

using arrow::Type;
using columnar::TypePtr;

std::shared_ptr<arrow::Field> EngineField(const std::shared_ptr<arrow::Field>& field) {
  return arrow::field(field->name(), EngineType(field->type()), field->nullable());
}

TypePtr EngineMap(const arrow::MapType& map) {
  return std::make_shared<arrow::MapType>(EngineField(map.key_field()),
                                          EngineField(map.item_field()), map.keys_sorted());
}

TypePtr EngineDecimal(const TypePtr& type) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
  if (decimal.precision() > arrow::Decimal128Type::kMaxPrecision) return type;
  return arrow::decimal128(decimal.precision(), decimal.scale());
}

}  // namespace

TypePtr EngineType(const TypePtr& type) {
  switch (type->id()) {
    case Type::EXTENSION:
      return EngineType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    case Type::DICTIONARY:
      return EngineType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::RUN_END_ENCODED:
      return EngineType(static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::TIME32:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case Type::DATE64:
      return arrow::date32();
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL256:
      return EngineDecimal(type);
    case Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(EngineField(field));
      return arrow::struct_(std::move(fields));
    }
    case Type::LIST:
    case Type::LIST_VIEW:
      return arrow::list(EngineField(type->field(0)));
    case Type::LARGE_LIST:
    case Type::LARGE_LIST_VIEW:
      return arrow::large_list(EngineField(type->field(0)));
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          EngineField(type->field(0)),
          static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case Type::MAP:
      return EngineMap(static_cast<const arrow::MapType&>(*type));
    default:
      return type;
  }
}

columnar::SchemaPtr EngineSchema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) fields.push_back(EngineField(field));
  return arrow::schema(std::move(fields));
}

Result<columnar::ArrayPtr> ToType(const columnar::ArrayPtr& array, const TypePtr& type) {
  if (type->Equals(*array->type())) return array;
  if (array->type_id() == Type::EXTENSION) {
    return ToType(static_cast<const arrow::ExtensionArray&>(*array).storage(), type);
  }
  THALWEG_ASSIGN_OR_RETURN_ARROW(const arrow::Datum cast,
                                 arrow::compute::Cast(arrow::Datum(array), type));
  return cast.make_array();
}

}  // namespace thalweg::codecs::arrow_ipc
