#include "codecs/arrow_ipc_types.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "base/spec.h"
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

// The same nesting with other types within: only the children change.
Result<columnar::ArrayPtr> WithChildren(const arrow::Array& array, const TypePtr& type) {
  if (type->num_fields() != array.num_fields()) {
    return Status::Corruption("a nested column has other fields than its schema");
  }
  const std::shared_ptr<arrow::ArrayData> data = array.data()->Copy();
  data->type = type;
  for (int i = 0; i < type->num_fields(); ++i) {
    auto& child = data->child_data[static_cast<size_t>(i)];
    THALWEG_ASSIGN_OR_RETURN(const columnar::ArrayPtr converted,
                             ToType(arrow::MakeArray(child), type->field(i)->type()));
    child = converted->data();
  }
  return arrow::MakeArray(data);
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
  const auto pool = arrow::default_memory_pool();
  switch (array->type_id()) {
    case Type::EXTENSION:
      return ToType(static_cast<const arrow::ExtensionArray&>(*array).storage(), type);
    // Not by a cast: Arrow 26 makes one offset too few.
    case Type::LIST_VIEW: {
      THALWEG_ASSIGN_OR_RETURN_ARROW(
          const auto list,
          arrow::ListArray::FromListView(static_cast<const arrow::ListViewArray&>(*array), pool));
      return ToType(list, type);
    }
    case Type::LARGE_LIST_VIEW: {
      THALWEG_ASSIGN_OR_RETURN_ARROW(
          const auto list, arrow::LargeListArray::FromListView(
                               static_cast<const arrow::LargeListViewArray&>(*array), pool));
      return ToType(list, type);
    }
    default:
      break;
  }
  if (type->num_fields() > 0 && type->id() == array->type_id()) return WithChildren(*array, type);
  THALWEG_ASSIGN_OR_RETURN_ARROW(const arrow::Datum cast,
                                 arrow::compute::Cast(arrow::Datum(array), type));
  return cast.make_array();
}

Result<std::vector<int>> FieldsOf(const engine::Projection& projection, const arrow::Schema& schema,
                                  const std::string& file) {
  std::vector<int> fields;
  if (projection.all) {
    for (int i = 0; i < schema.num_fields(); ++i) fields.push_back(i);
    return fields;
  }
  for (const std::string& column : projection.columns) {
    const std::vector<int> found = schema.GetAllFieldIndices(column);
    if (found.empty()) {
      return Status::InvalidArgument("'" + file + "': no column '" + column + "'" +
                                     DidYouMean(column, schema.field_names()));
    }
    fields.push_back(*std::min_element(found.begin(), found.end()));
  }
  return fields;
}

columnar::SchemaPtr SchemaOf(const std::vector<int>& fields, const arrow::Schema& schema) {
  arrow::FieldVector out;
  for (const int field : fields) out.push_back(schema.field(field));
  return arrow::schema(std::move(out));
}

std::shared_ptr<const engine::Origin> OriginOf(const std::shared_ptr<const std::string>& file,
                                               int64_t first_row) {
  auto origin = std::make_shared<engine::Origin>();
  origin->file = file;
  origin->first_row = first_row;
  return origin;
}

Status EmitCounts(int64_t rows, int64_t first_row, int64_t batch_rows_max,
                  const std::shared_ptr<const std::string>& file, engine::Emitter& out) {
  const auto empty = arrow::schema(arrow::FieldVector());
  for (int64_t row = 0; row < rows; row += batch_rows_max) {
    const int64_t count = std::min(batch_rows_max, rows - row);
    const engine::Batch batch(arrow::RecordBatch::Make(empty, count, arrow::ArrayVector()));
    const int64_t first = first_row < 0 ? -1 : first_row + row;
    THALWEG_RETURN_IF_ERROR(out.Emit(batch.WithOrigin(OriginOf(file, first))));
  }
  return {};
}

Status InputStatus(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kIoError:
    case StatusCode::kInternal:
      return Status::Corruption(status.message());
    default:
      return status;
  }
}

}  // namespace thalweg::codecs::arrow_ipc
