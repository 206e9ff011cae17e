#include "codecs/parquet_schema.h"

#include <arrow/extension_type.h>
#include <arrow/type.h>

#include <utility>

#include "columnar/arrow_status.h"

namespace thalweg::codecs::parquet {

namespace {

using arrow::Type;

// Levels are bytes, and a way this deep is a mistake rather than data.
constexpr int kLevelsMax = 64;

int32_t DecimalBytes(int32_t precision) {
  // The smallest n with 2^(8n-1) > 10^precision - 1; 3.3219… bits a digit, and one for the sign.
  const double bits = static_cast<double>(precision) * 3.321928094887362 + 1.0;
  return static_cast<int32_t>((bits + 7.999999) / 8.0);
}

TimeUnit UnitOf(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:  // Parquet has none; values are multiplied.
    case arrow::TimeUnit::MILLI:
      return TimeUnit::kMillis;
    case arrow::TimeUnit::MICRO:
      return TimeUnit::kMicros;
    case arrow::TimeUnit::NANO:
      return TimeUnit::kNanos;
  }
  return TimeUnit::kMicros;
}

struct Physical {
  PhysicalType type;
  ValueKind kind;
  Logical logical = {};
  int32_t length = 0;
};

Physical Integer(int8_t bits, bool is_signed) {
  const bool wide = bits == 64;
  return {wide ? PhysicalType::kInt64 : PhysicalType::kInt32,
          wide ? ValueKind::kInt64 : ValueKind::kInt32,
          {.kind = LogicalKind::kInteger, .bits = bits, .is_signed = is_signed}};
}

Result<Physical> DecimalLayout(const arrow::DecimalType& type) {
  if (type.scale() < 0 || type.scale() > type.precision()) {
    return Status::Unsupported("parquet: a decimal's scale must be from 0 to its precision: " +
                               type.ToString());
  }
  const Logical logical{
      .kind = LogicalKind::kDecimal, .precision = type.precision(), .scale = type.scale()};
  if (type.precision() <= 9) return Physical{PhysicalType::kInt32, ValueKind::kInt32, logical};
  if (type.precision() <= 18) return Physical{PhysicalType::kInt64, ValueKind::kInt64, logical};
  const bool wide = type.id() != Type::DECIMAL256;
  return Physical{PhysicalType::kFixedLenByteArray, wide ? ValueKind::kWide : ValueKind::kFixed,
                  logical, DecimalBytes(type.precision())};
}

Physical Temporal(const arrow::DataType& type) {
  const auto i64 = PhysicalType::kInt64;
  switch (type.id()) {
    case Type::DATE32:
    case Type::DATE64:
      return {PhysicalType::kInt32, ValueKind::kInt32, {.kind = LogicalKind::kDate}};
    case Type::TIME32:
      return {PhysicalType::kInt32,
              ValueKind::kInt32,
              {.kind = LogicalKind::kTime, .unit = TimeUnit::kMillis}};
    case Type::TIME64: {
      const auto& time = static_cast<const arrow::Time64Type&>(type);
      return {i64, ValueKind::kInt64, {.kind = LogicalKind::kTime, .unit = UnitOf(time.unit())}};
    }
    default: {
      const auto& stamp = static_cast<const arrow::TimestampType&>(type);
      return {i64,
              ValueKind::kInt64,
              {.kind = LogicalKind::kTimestamp,
               .unit = UnitOf(stamp.unit()),
               .utc = !stamp.timezone().empty()}};
    }
  }
}

Result<Physical> LayoutOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::NA:
      return Physical{PhysicalType::kInt32, ValueKind::kInt32, {.kind = LogicalKind::kUnknown}};
    case Type::BOOL:
      return Physical{PhysicalType::kBoolean, ValueKind::kBool};
    case Type::INT8:
      return Integer(8, true);
    case Type::INT16:
      return Integer(16, true);
    case Type::UINT8:
      return Integer(8, false);
    case Type::UINT16:
      return Integer(16, false);
    case Type::UINT32:
      return Integer(32, false);
    case Type::UINT64:
      return Integer(64, false);
    case Type::INT32:
      return Physical{PhysicalType::kInt32, ValueKind::kInt32};
    case Type::INT64:
    case Type::DURATION:
      return Physical{PhysicalType::kInt64, ValueKind::kInt64};
    case Type::FLOAT:
      return Physical{PhysicalType::kFloat, ValueKind::kFloat};
    case Type::DOUBLE:
      return Physical{PhysicalType::kDouble, ValueKind::kDouble};
    case Type::HALF_FLOAT:
      return Physical{
          PhysicalType::kFixedLenByteArray, ValueKind::kFixed, {.kind = LogicalKind::kFloat16}, 2};
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
      return Temporal(type);
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return DecimalLayout(static_cast<const arrow::DecimalType&>(type));
    case Type::FIXED_SIZE_BINARY: {
      const int32_t width = static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width();
      if (width <= 0) break;
      return Physical{PhysicalType::kFixedLenByteArray, ValueKind::kFixed, {}, width};
    }
    default:
      if (columnar::IsString(type)) {
        return Physical{
            PhysicalType::kByteArray, ValueKind::kBytes, {.kind = LogicalKind::kString}};
      }
      if (columnar::IsBinary(type)) return Physical{PhysicalType::kByteArray, ValueKind::kBytes};
      break;
  }
  return Status::Unsupported("parquet: no column type for " + type.ToString());
}

// Walks the Arrow fields depth first. What leads to the present field is kept by value, because
// each branch extends its own.
class SchemaBuilder {
 public:
  explicit SchemaBuilder(WriteSchema* out) : out_(out) {}

  struct Way {
    std::vector<std::string> names;
    std::vector<Step> steps;
    int definition = 0;
    int repetition = 0;
    int column = 0;
  };

  Status Add(const arrow::Field& field, const std::string& name, Way way) {
    const arrow::DataType& type = *field.type();
    way.names.push_back(name);
    const bool nullable = field.nullable() || type.id() == Type::NA;
    way.steps.push_back({nullable ? Step::Kind::kOptional : Step::Kind::kRequired});
    if (nullable) ++way.definition;
    if (way.definition + way.repetition > kLevelsMax) {
      return Status::Unsupported("parquet: nested too deeply: " + name);
    }
    SchemaElement element;
    element.name = name;
    element.repetition = nullable ? Repetition::kOptional : Repetition::kRequired;
    switch (type.id()) {
      case Type::STRUCT:
        return AddStruct(type, std::move(element), way);
      case Type::LIST:
      case Type::LARGE_LIST:
      case Type::FIXED_SIZE_LIST:
      case Type::LIST_VIEW:
      case Type::LARGE_LIST_VIEW:
        return AddList(type, std::move(element), way);
      case Type::MAP:
        return AddMap(static_cast<const arrow::MapType&>(type), std::move(element), way);
      default:
        return AddLeaf(field, std::move(element), std::move(way));
    }
  }

 private:
  Status AddStruct(const arrow::DataType& type, SchemaElement element, const Way& way) {
    if (type.num_fields() == 0) {
      return Status::Unsupported("parquet: a struct without fields has no column: " + element.name);
    }
    element.num_children = type.num_fields();
    out_->elements.push_back(std::move(element));
    for (int i = 0; i < type.num_fields(); ++i) {
      Way child = way;
      child.steps.push_back({Step::Kind::kChild, i});
      THALWEG_RETURN_IF_ERROR(Add(*type.field(i), type.field(i)->name(), std::move(child)));
    }
    return {};
  }

  Status AddList(const arrow::DataType& type, SchemaElement element, Way way) {
    element.num_children = 1;
    element.logical.kind = LogicalKind::kList;
    out_->elements.push_back(std::move(element));
    AddRepeated("list", 1, &way);
    way.steps.push_back({Step::Kind::kItems});
    return Add(*type.field(0), "element", std::move(way));
  }

  Status AddMap(const arrow::MapType& type, SchemaElement element, Way way) {
    element.num_children = 1;
    element.logical.kind = LogicalKind::kMap;
    out_->elements.push_back(std::move(element));
    AddRepeated("key_value", 2, &way);
    Way value = way;
    way.steps.push_back({Step::Kind::kKey});
    value.steps.push_back({Step::Kind::kValue});
    // Parquet's keys are never null.
    THALWEG_RETURN_IF_ERROR(Add(*type.key_field()->WithNullable(false), "key", std::move(way)));
    return Add(*type.item_field(), "value", std::move(value));
  }

  void AddRepeated(const std::string& name, int32_t children, Way* way) {
    SchemaElement group;
    group.name = name;
    group.repetition = Repetition::kRepeated;
    group.num_children = children;
    out_->elements.push_back(std::move(group));
    way->names.push_back(name);
    ++way->definition;
    ++way->repetition;
  }

  Status AddLeaf(const arrow::Field& field, SchemaElement element, Way way) {
    THALWEG_ASSIGN_OR_RETURN(const Physical physical, LayoutOf(*field.type()));
    element.type = physical.type;
    element.type_length = physical.length;
    element.logical = physical.logical;
    if (field.metadata() && physical.type == PhysicalType::kFixedLenByteArray &&
        field.metadata()->Contains("ARROW:extension:name") &&
        field.metadata()->Get("ARROW:extension:name").ValueOr("") == "arrow.uuid") {
      element.logical.kind = LogicalKind::kUuid;
    }
    Leaf leaf;
    leaf.path = {std::move(way.names), physical.type};
    leaf.column = way.column;
    leaf.steps = std::move(way.steps);
    leaf.max_definition = way.definition;
    leaf.max_repetition = way.repetition;
    leaf.kind = physical.kind;
    leaf.logical = element.logical;
    leaf.type_length = physical.length;
    out_->elements.push_back(std::move(element));
    out_->leaves.push_back(std::move(leaf));
    return {};
  }

  WriteSchema* out_;
};

std::shared_ptr<arrow::Field> StorageField(const std::shared_ptr<arrow::Field>& field) {
  auto out = field->WithType(StorageType(field->type()));
  if (field->type()->id() != Type::EXTENSION) return out;
  const auto& extension = static_cast<const arrow::ExtensionType&>(*field->type());
  return out->WithMergedMetadata(
      arrow::key_value_metadata({"ARROW:extension:name", "ARROW:extension:metadata"},
                                {extension.extension_name(), extension.Serialize()}));
}

}  // namespace

columnar::TypePtr StorageType(const columnar::TypePtr& type) {
  switch (type->id()) {
    case Type::EXTENSION:
      return StorageType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    case Type::DICTIONARY:
      return StorageType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::RUN_END_ENCODED:
      return StorageType(static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
    case Type::INTERVAL_MONTH_DAY_NANO:
    case Type::STRING_VIEW:
      return arrow::utf8();
    case Type::BINARY_VIEW:
      return arrow::binary();
    case Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(StorageField(field));
      return arrow::struct_(std::move(fields));
    }
    case Type::LIST:
    case Type::LIST_VIEW:
      return arrow::list(StorageField(type->field(0)));
    case Type::LARGE_LIST:
    case Type::LARGE_LIST_VIEW:
      return arrow::large_list(StorageField(type->field(0)));
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          StorageField(type->field(0)),
          static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(StorageField(map.key_field())->WithNullable(false),
                                              StorageField(map.item_field()), map.keys_sorted());
    }
    default:
      return type;
  }
}

Result<WriteSchema> MakeWriteSchema(const arrow::Schema& schema) {
  if (schema.num_fields() == 0) {
    return Status::InvalidArgument("parquet: a file needs at least one column");
  }
  WriteSchema out;
  SchemaElement root;
  root.name = "schema";
  root.num_children = schema.num_fields();
  out.elements.push_back(std::move(root));
  SchemaBuilder builder(&out);
  arrow::FieldVector fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    fields.push_back(StorageField(schema.field(i)));
    SchemaBuilder::Way way;
    way.column = i;
    const Status status = builder.Add(*fields.back(), fields.back()->name(), std::move(way));
    if (!status.ok()) return status.WithContext("column '" + schema.field(i)->name() + "'");
  }
  out.arrow = arrow::schema(std::move(fields));
  return out;
}

}  // namespace thalweg::codecs::parquet
