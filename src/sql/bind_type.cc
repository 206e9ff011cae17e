#include <algorithm>
#include <utility>

#include "engine/cast.h"
#include "sql/binder.h"

namespace thalweg::sql {
namespace {

bool IsExactNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_decimal(type.id());
}

/// The same to SQL, whatever the layout.
bool SameSqlType(const arrow::DataType& a, const arrow::DataType& b) {
  return a.Equals(b) || (columnar::IsString(a) && columnar::IsString(b)) ||
         (columnar::IsBinary(a) && columnar::IsBinary(b));
}

}  // namespace

Result<BoundPtr> Binder::Cast(BoundPtr value, const TypePtr& to, Span span, bool try_cast) {
  if (SameSqlType(*value->type, *to)) return value;
  if (value->type->id() != arrow::Type::NA && !engine::CanCast(*value->type, *to)) {
    // TRY_CAST gives NULL for what cannot be cast, here for every value.
    if (try_cast) return Cast(NullLiteral(span), to, span);
    return source_.Invalid(span, "cannot cast " + columnar::SqlTypeName(*value->type) + " to " +
                                     columnar::SqlTypeName(*to));
  }
  Bound node;
  node.kind = BoundKind::kCast;
  node.type = to;
  node.span = span;
  node.try_cast = try_cast;
  node.args.push_back(std::move(value));
  return MakeFolded(std::move(node));
}

Result<BoundPtr> Binder::Coerce(BoundPtr value, const TypePtr& to) {
  if (SameSqlType(*value->type, *to)) return value;
  const BoundPtr before = value;
  THALWEG_ASSIGN_OR_RETURN(BoundPtr cast, Cast(std::move(value), to, before->span));
  // A literal that is no such value never will be: say it now, not for every row.
  if (before->is_text_literal && cast->kind != BoundKind::kLiteral) {
    return source_.Invalid(before->span, "cannot read " + Shortened(source_.At(before->span)) +
                                             " as " + columnar::SqlTypeName(*to));
  }
  return cast;
}

Result<BoundPtr> Binder::ToBoolean(BoundPtr value, std::string_view where) {
  const arrow::DataType& type = *value->type;
  if (type.id() == arrow::Type::BOOL) return value;
  const bool convertible = type.id() == arrow::Type::NA || arrow::is_integer(type.id()) ||
                           arrow::is_decimal(type.id()) || arrow::is_floating(type.id());
  if (value->is_text_literal || convertible) return Coerce(std::move(value), arrow::boolean());
  return source_.Invalid(value->span,
                         std::string(where) + " takes BOOLEAN: got " + columnar::SqlTypeName(type));
}

Result<BoundPtr> Binder::WithType(BoundPtr value) {
  if (value->type->id() != arrow::Type::NA) return value;
  const Span span = value->span;
  return Cast(std::move(value), arrow::int32(), span);
}

// The literal as a value of `to` where that is exactly the same number, else the literal.
Result<BoundPtr> Binder::AdaptNumber(BoundPtr literal, const TypePtr& to) {
  const ScalarPtr original = ConstantOf(*literal);
  if (original == nullptr || !original->is_valid || original->type->Equals(*to)) return literal;
  if (!IsExactNumber(*original->type) || !IsExactNumber(*to)) return literal;
  THALWEG_ASSIGN_OR_RETURN(BoundPtr there, Cast(literal, to, literal->span));
  if (there->kind != BoundKind::kLiteral) return literal;
  THALWEG_ASSIGN_OR_RETURN(BoundPtr back, Cast(there, original->type, literal->span));
  const ScalarPtr returned = ConstantOf(*back);
  const bool same = returned != nullptr && returned->Equals(*original);
  return same ? there : literal;
}

// `smallint + 1` is a SMALLINT: an integer literal takes the integer type that it meets.
Status Binder::AdaptIntegerLiterals(std::vector<BoundPtr>* values) {
  TypePtr meets;
  for (const BoundPtr& value : *values) {
    if (value->is_integer_literal || value->type->id() == arrow::Type::NA) continue;
    if (!arrow::is_integer(value->type->id())) return {};
    if (meets == nullptr) {
      meets = value->type;
    } else {
      const Result<TypePtr> common = engine::CommonType(meets, value->type);
      if (!common.ok()) return {};
      meets = *common;
    }
  }
  if (meets == nullptr) return {};
  for (BoundPtr& value : *values) {
    if (!value->is_integer_literal) continue;
    THALWEG_ASSIGN_OR_RETURN(value, AdaptNumber(std::move(value), meets));
  }
  return {};
}

Result<TypePtr> Binder::Unify(std::vector<BoundPtr>* values, std::string_view what) {
  THALWEG_RETURN_IF_ERROR(AdaptIntegerLiterals(values));
  TypePtr common;
  for (const bool literals : {false, true}) {
    for (const BoundPtr& value : *values) {
      if (value->is_text_literal != literals || value->type->id() == arrow::Type::NA) continue;
      if (common == nullptr) {
        common = value->type;
      } else if (!literals) {
        Result<TypePtr> next = engine::CommonType(common, value->type);
        if (!next.ok()) {
          return source_.Invalid(
              value->span,
              std::string(what) + " mixes " + columnar::SqlTypeName(*common) + " and " +
                  columnar::SqlTypeName(*value->type),
              "cast one of them: CAST(x AS " + columnar::SqlTypeName(*common) + ")");
        }
        common = *next;
      }
    }
  }
  // Of nothing but NULLs, as DuckDB has it.
  if (common == nullptr) common = arrow::int32();
  for (BoundPtr& value : *values) {
    THALWEG_ASSIGN_OR_RETURN(value, Coerce(std::move(value), common));
  }
  return common;
}

}  // namespace thalweg::sql
