#include <arrow/type.h>

#include <algorithm>
#include <string>
#include <utility>

#include "engine/cast.h"

namespace thalweg::engine {
namespace {

using arrow::Type;

struct DecimalShape {
  int precision;
  int scale;
};

/// Precision and scale that hold every value of an integer or decimal type.
std::optional<DecimalShape> ShapeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::INT8:
    case Type::UINT8:
      return DecimalShape{3, 0};
    case Type::INT16:
    case Type::UINT16:
      return DecimalShape{5, 0};
    case Type::INT32:
    case Type::UINT32:
      return DecimalShape{10, 0};
    case Type::INT64:
      return DecimalShape{19, 0};
    case Type::UINT64:
      return DecimalShape{20, 0};
    default:
      break;
  }
  if (!arrow::is_decimal(type.id())) return {};
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  return DecimalShape{decimal.precision(), decimal.scale()};
}

int IntegerBits(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) ? 8 * type.byte_width() : 0;
}

bool IsReal(const arrow::DataType& type) {
  return type.id() == Type::FLOAT || type.id() == Type::DOUBLE || type.id() == Type::HALF_FLOAT;
}

TypePtr CommonInteger(const arrow::DataType& a, const arrow::DataType& b) {
  const bool a_signed = arrow::is_signed_integer(a.id());
  const bool b_signed = arrow::is_signed_integer(b.id());
  const auto of_bits = [](int bits, bool is_signed) -> TypePtr {
    switch (bits) {
      case 8:
        return is_signed ? arrow::int8() : arrow::uint8();
      case 16:
        return is_signed ? arrow::int16() : arrow::uint16();
      case 32:
        return is_signed ? arrow::int32() : arrow::uint32();
      case 64:
        return is_signed ? arrow::int64() : arrow::uint64();
      default:
        return arrow::decimal128(38, 0);
    }
  };
  if (a_signed == b_signed) return of_bits(std::max(IntegerBits(a), IntegerBits(b)), a_signed);
  const int signed_bits = IntegerBits(a_signed ? a : b);
  const int unsigned_bits = IntegerBits(a_signed ? b : a);
  return of_bits(std::max(signed_bits, 2 * unsigned_bits), true);
}

Result<TypePtr> CommonNumber(const TypePtr& a, const TypePtr& b) {
  if (IsReal(*a) || IsReal(*b)) {
    const bool is_double = a->id() == Type::DOUBLE || b->id() == Type::DOUBLE;
    return is_double ? arrow::float64() : arrow::float32();
  }
  if (arrow::is_integer(a->id()) && arrow::is_integer(b->id())) return CommonInteger(*a, *b);
  // HUGEINT with an integer stays HUGEINT.
  const DecimalShape x = *ShapeOf(*a);
  const DecimalShape y = *ShapeOf(*b);
  const int scale = std::max(x.scale, y.scale);
  const int digits = std::max(x.precision - x.scale, y.precision - y.scale);
  return arrow::decimal128(std::min(38, digits + scale), std::min(scale, 38));
}

/// DATE < TIMESTAMP < TIMESTAMP WITH TIME ZONE; 0: not a point in time.
int TimeRank(const arrow::DataType& type) {
  if (type.id() == Type::DATE32) return 1;
  if (type.id() != Type::TIMESTAMP) return 0;
  return static_cast<const arrow::TimestampType&>(type).timezone().empty() ? 2 : 3;
}

Status NoCommonType(const TypePtr& a, const TypePtr& b) {
  return Status::InvalidArgument("types: no common type, an explicit cast is required: " +
                                 columnar::SqlTypeName(*a) + " and " + columnar::SqlTypeName(*b));
}

Result<TypePtr> CommonStruct(const TypePtr& a, const TypePtr& b) {
  if (a->num_fields() != b->num_fields()) return NoCommonType(a, b);
  arrow::FieldVector fields;
  for (int i = 0; i < a->num_fields(); ++i) {
    if (a->field(i)->name() != b->field(i)->name()) return NoCommonType(a, b);
    THALWEG_ASSIGN_OR_RETURN(TypePtr type, CommonType(a->field(i)->type(), b->field(i)->type()));
    fields.push_back(arrow::field(a->field(i)->name(), std::move(type)));
  }
  return arrow::struct_(std::move(fields));
}

Result<TypePtr> CommonNested(const TypePtr& a, const TypePtr& b) {
  if (a->id() != b->id()) return NoCommonType(a, b);
  switch (a->id()) {
    case Type::LIST: {
      THALWEG_ASSIGN_OR_RETURN(TypePtr item, CommonType(a->field(0)->type(), b->field(0)->type()));
      return arrow::list(std::move(item));
    }
    case Type::STRUCT:
      return CommonStruct(a, b);
    case Type::MAP: {
      const auto& x = static_cast<const arrow::MapType&>(*a);
      const auto& y = static_cast<const arrow::MapType&>(*b);
      THALWEG_ASSIGN_OR_RETURN(TypePtr key, CommonType(x.key_type(), y.key_type()));
      THALWEG_ASSIGN_OR_RETURN(TypePtr item, CommonType(x.item_type(), y.item_type()));
      return arrow::map(std::move(key), std::move(item));
    }
    default:
      return NoCommonType(a, b);
  }
}

}  // namespace

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || IsReal(type) || arrow::is_decimal(type.id());
}

bool IsHugeint(const arrow::DataType& type) {
  if (type.id() != Type::DECIMAL128) return false;
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
  return decimal.precision() == 38 && decimal.scale() == 0;
}

TypePtr CanonicalType(const TypePtr& type) {
  if (columnar::IsString(*type)) return arrow::utf8();
  if (columnar::IsBinary(*type)) return arrow::binary();
  switch (type->id()) {
    case Type::FIXED_SIZE_BINARY:
      return arrow::binary();
    case Type::DICTIONARY:
      return CanonicalType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::EXTENSION:
      return CanonicalType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    case Type::RUN_END_ENCODED:
      return CanonicalType(static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::HALF_FLOAT:
      return arrow::float32();
    case Type::DATE64:
      return arrow::date32();
    case Type::TIME32:
    case Type::TIME64:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case Type::DURATION:
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
      return arrow::month_day_nano_interval();
    case Type::TIMESTAMP: {
      const bool zoned = !static_cast<const arrow::TimestampType&>(*type).timezone().empty();
      return zoned ? arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")
                   : arrow::timestamp(arrow::TimeUnit::MICRO);
    }
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      return arrow::decimal128(std::min(decimal.precision(), 38), std::min(decimal.scale(), 38));
    }
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::FIXED_SIZE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
      return arrow::list(CanonicalType(type->field(0)->type()));
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return arrow::map(CanonicalType(map.key_type()), CanonicalType(map.item_type()));
    }
    case Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) {
        fields.push_back(arrow::field(field->name(), CanonicalType(field->type())));
      }
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

bool CanCastImplicitly(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.Equals(to) || from.id() == Type::NA) return true;
  if (columnar::IsString(from) || columnar::IsString(to)) {
    return columnar::IsString(from) && columnar::IsString(to);
  }
  if (columnar::IsBinary(from) || columnar::IsBinary(to)) {
    return (columnar::IsBinary(from) || from.id() == Type::FIXED_SIZE_BINARY) &&
           columnar::IsBinary(to);
  }
  if (IsNumber(from) && IsNumber(to)) {
    if (IsReal(to)) return !(from.id() == Type::DOUBLE && to.id() == Type::FLOAT);
    if (IsReal(from)) return false;
    const DecimalShape a = *ShapeOf(from);
    if (arrow::is_decimal(to.id())) {
      const DecimalShape b = *ShapeOf(to);
      return a.scale <= b.scale && a.precision - a.scale <= b.precision - b.scale;
    }
    if (!arrow::is_integer(from.id())) return false;
    const TypePtr common = CommonInteger(from, to);
    return common->Equals(to);
  }
  if (TimeRank(from) > 0 && TimeRank(to) > 0) return TimeRank(from) <= TimeRank(to);
  const TypePtr canonical = CanonicalType(from.GetSharedPtr());
  if (!canonical->Equals(from)) return CanCastImplicitly(*canonical, to);
  if (from.id() != to.id() || from.num_fields() != to.num_fields()) return false;
  if (!arrow::is_nested(from.id())) return false;
  for (int i = 0; i < from.num_fields(); ++i) {
    if (from.id() == Type::STRUCT && from.field(i)->name() != to.field(i)->name()) return false;
    if (!CanCastImplicitly(*from.field(i)->type(), *to.field(i)->type())) return false;
  }
  return true;
}

Result<TypePtr> CommonType(const TypePtr& first, const TypePtr& second) {
  const TypePtr a = CanonicalType(first);
  const TypePtr b = CanonicalType(second);
  if (a->Equals(b) || b->id() == Type::NA) return a;
  if (a->id() == Type::NA) return b;
  if (IsNumber(*a) && IsNumber(*b)) return CommonNumber(a, b);
  if (a->id() == Type::BOOL && IsNumber(*b)) return b;
  if (b->id() == Type::BOOL && IsNumber(*a)) return a;
  if (TimeRank(*a) > 0 && TimeRank(*b) > 0) return TimeRank(*a) < TimeRank(*b) ? b : a;
  if (columnar::IsBinary(*a) && columnar::IsString(*b)) return a;
  if (columnar::IsString(*a) && columnar::IsBinary(*b)) return b;
  return CommonNested(a, b);
}

}  // namespace thalweg::engine
