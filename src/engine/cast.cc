#include "engine/cast.h"

#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <utility>

#include "columnar/arrow_status.h"

namespace thalweg::engine {
namespace {

using arrow::Type;

/// What CastArray does with a pair of canonical types.
enum class Route : uint8_t { kNone, kSame, kNulls, kNumbers, kFromText, kToText, kTimes, kNested };

bool IsFlatNumber(const arrow::DataType& type) {
  return type.id() == Type::BOOL || (IsNumber(type) && type.id() != Type::HALF_FLOAT);
}

bool IsPoint(const arrow::DataType& type) {
  return type.id() == Type::DATE32 || type.id() == Type::TIMESTAMP;
}

bool TextReads(const arrow::DataType& to) {
  return IsFlatNumber(to) || IsPoint(to) || to.id() == Type::TIME64 ||
         to.id() == Type::INTERVAL_MONTH_DAY_NANO || to.id() == Type::BINARY;
}

Route RouteOf(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.Equals(to)) return Route::kSame;
  if (from.id() == Type::NA) return Route::kNulls;
  if (to.id() == Type::STRING) return Route::kToText;
  if (from.id() == Type::STRING) return TextReads(to) ? Route::kFromText : Route::kNone;
  if (IsFlatNumber(from) && IsFlatNumber(to)) return Route::kNumbers;
  if (IsPoint(from) && IsPoint(to)) return Route::kTimes;
  if (from.id() == Type::TIMESTAMP && to.id() == Type::TIME64) return Route::kTimes;
  if (from.id() != to.id()) return Route::kNone;
  if (from.id() == Type::LIST || from.id() == Type::MAP) {
    const auto child = [](const arrow::DataType& type) { return type.field(0)->type(); };
    if (from.id() == Type::LIST) {
      return CanCast(*child(from), *child(to)) ? Route::kNested : Route::kNone;
    }
    const auto& a = static_cast<const arrow::MapType&>(from);
    const auto& b = static_cast<const arrow::MapType&>(to);
    return CanCast(*a.key_type(), *b.key_type()) && CanCast(*a.item_type(), *b.item_type())
               ? Route::kNested
               : Route::kNone;
  }
  if (from.id() != Type::STRUCT) return Route::kNone;
  const auto& source = static_cast<const arrow::StructType&>(from);
  const bool all = std::ranges::all_of(to.fields(), [&](const auto& field) {
    const auto given = source.GetFieldByName(field->name());
    return given != nullptr && CanCast(*given->type(), *field->type());
  });
  return all ? Route::kNested : Route::kNone;
}

Status InitializeKernels() {
  static const arrow::Status status = arrow::compute::Initialize();
  return columnar::FromArrow(status);
}

/// Arrow's own cast, for layouts and units that our kernels do not know.
Result<ArrayPtr> ArrowCast(const ArrayPtr& input, const TypePtr& to) {
  THALWEG_RETURN_IF_ERROR(InitializeKernels());
  arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(to);
  options.allow_time_truncate = true;
  options.allow_decimal_truncate = true;
  THALWEG_ASSIGN_OR_RETURN(const ArrayPtr plain, columnar::WithoutViews(input));
  arrow::Result<arrow::Datum> cast = arrow::compute::Cast(arrow::Datum(plain), options);
  if (cast.ok()) return cast->make_array();
  // Arrow says of some bad values that they are not implemented: what is asked for is known here.
  return Status::InvalidArgument(cast.status().message());
}

Result<ArrayPtr> IntervalFromArrow(const ArrayPtr& input) {
  const TypePtr to = arrow::month_day_nano_interval();
  const int64_t rows = input->length();
  THALWEG_ASSIGN_OR_RETURN(const Argument argument, Argument::Of(arrow::Datum(input)));
  THALWEG_ASSIGN_OR_RETURN(Validity validity, Intersect(std::span(&argument, 1), rows));
  THALWEG_ASSIGN_OR_RETURN(auto values,
                           AllocateBytes(rows * static_cast<int64_t>(sizeof(Interval))));
  constexpr int64_t kNanos[] = {1'000'000'000, 1'000'000, 1'000, 1};
  for (int64_t row = 0; row < rows; ++row) {
    Interval value;
    if (input->type_id() == Type::INTERVAL_MONTHS) {
      value.months = RowReader<int32_t>(argument)[row];
    } else if (input->type_id() == Type::INTERVAL_DAY_TIME) {
      const auto parts = RowReader<arrow::DayTimeIntervalType::DayMilliseconds>(argument)[row];
      value.days = parts.days;
      value.nanos = int64_t{parts.milliseconds} * 1'000'000;
    } else {
      const auto unit = static_cast<const arrow::DurationType&>(*input->type()).unit();
      const int64_t count = RowReader<int64_t>(argument)[row];
      if (__builtin_mul_overflow(count, kNanos[static_cast<size_t>(unit)], &value.nanos) &&
          !validity.IsNull(row)) {
        return Status::InvalidArgument("cast: beyond INTERVAL: a duration of " +
                                       std::to_string(count));
      }
    }
    internal::StoreRow(values, row, value);
  }
  return MakeFlatArray(to, rows, std::move(values), std::move(validity));
}

/// The rows in the canonical type of what they are.
Result<ArrayPtr> Canonicalised(const ArrayPtr& input) {
  const arrow::DataType& type = *input->type();
  if (columnar::IsString(type) || columnar::IsBinary(type)) return columnar::WithoutViews(input);
  if (type.id() == Type::EXTENSION) {
    return Canonicalised(static_cast<const arrow::ExtensionArray&>(*input).storage());
  }
  const TypePtr canonical = CanonicalType(input->type());
  if (canonical->Equals(type)) return input;
  if (canonical->id() == Type::INTERVAL_MONTH_DAY_NANO) return IntervalFromArrow(input);
  if (canonical->id() == Type::LIST && type.id() == Type::LIST) {
    return CastNested(input, canonical, false, EvalContext{});
  }
  if (canonical->id() == Type::STRUCT || canonical->id() == Type::MAP) {
    return CastNested(input, canonical, false, EvalContext{});
  }
  if (canonical->id() == Type::LIST) {
    // To a plain list first; then its items.
    THALWEG_ASSIGN_OR_RETURN(
        const ArrayPtr plain,
        ArrowCast(input, arrow::list(columnar::WithoutViews(type.field(0)->type()))));
    return Canonicalised(plain);
  }
  return ArrowCast(input, canonical);
}

class CastExpression final : public Expression {
 public:
  CastExpression(ExpressionPtr value, TypePtr to, bool try_cast)
      : value_(std::move(value)), to_(std::move(to)), try_cast_(try_cast) {}
  const TypePtr& type() const override { return to_; }
  Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                const EvalContext& context) const override {
    THALWEG_ASSIGN_OR_RETURN(const arrow::Datum value, value_->Evaluate(batch, context));
    if (value.is_array()) {
      THALWEG_ASSIGN_OR_RETURN(ArrayPtr array,
                               CastArray(value.make_array(), to_, try_cast_, context));
      return arrow::Datum(std::move(array));
    }
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr one, ToArray(value, 1));
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr array, CastArray(one, to_, try_cast_, context));
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto scalar, array->GetScalar(0));
    return arrow::Datum(std::move(scalar));
  }
  void CollectColumns(std::vector<int>* columns) const override { value_->CollectColumns(columns); }
  std::string ToString() const override {
    return (try_cast_ ? "TRY_CAST(" : "CAST(") + value_->ToString() + " AS " +
           columnar::SqlTypeName(*to_) + ')';
  }

 private:
  ExpressionPtr value_;
  TypePtr to_;
  bool try_cast_;
};

bool DependsOnZone(const arrow::DataType& type) {
  if (type.id() == Type::TIMESTAMP) {
    return !static_cast<const arrow::TimestampType&>(type).timezone().empty();
  }
  return std::ranges::any_of(type.fields(),
                             [](const auto& field) { return DependsOnZone(*field->type()); });
}

bool SameSqlType(const arrow::DataType& from, const arrow::DataType& to) {
  return from.Equals(to) || (columnar::IsString(from) && columnar::IsString(to)) ||
         (columnar::IsBinary(from) && columnar::IsBinary(to));
}

}  // namespace

bool CanCast(const arrow::DataType& from, const arrow::DataType& to) {
  return RouteOf(*CanonicalType(from.GetSharedPtr()), *CanonicalType(to.GetSharedPtr())) !=
         Route::kNone;
}

Result<ArrayPtr> CastArray(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                           const EvalContext& context) {
  if (input->type()->Equals(*to)) return input;
  if (input->type_id() == Type::NA) {
    return columnar::FromArrow(arrow::MakeArrayOfNull(to, input->length()));
  }
  const TypePtr target = CanonicalType(to);
  THALWEG_ASSIGN_OR_RETURN(const ArrayPtr from, Canonicalised(input));
  Result<ArrayPtr> cast = from;
  switch (RouteOf(*from->type(), *target)) {
    case Route::kSame:
      break;
    case Route::kNulls:
      cast = columnar::FromArrow(arrow::MakeArrayOfNull(target, from->length()));
      break;
    case Route::kNumbers:
      cast = CastBetweenNumbers(from, target, try_cast);
      break;
    case Route::kFromText:
      cast = CastFromText(from, target, try_cast, context);
      break;
    case Route::kToText:
      cast = CastToText(from, context);
      break;
    case Route::kTimes:
      cast = CastBetweenTimes(from, target, try_cast, context);
      break;
    case Route::kNested:
      cast = CastNested(from, target, try_cast, context);
      break;
    case Route::kNone:
      return Status::InvalidArgument("cast: no conversion from " +
                                     columnar::SqlTypeName(*input->type()) + " to " +
                                     columnar::SqlTypeName(*to));
  }
  if (!cast.ok() || to->Equals(*(*cast)->type())) return cast;
  return ArrowCast(*cast, to);
}

Result<ExpressionPtr> MakeCast(ExpressionPtr value, TypePtr to, bool try_cast) {
  if (SameSqlType(*value->type(), *to)) return value;
  if (!CanCast(*value->type(), *to)) {
    return Status::InvalidArgument("cast: no conversion from " +
                                   columnar::SqlTypeName(*value->type()) + " to " +
                                   columnar::SqlTypeName(*to) + ": " + value->ToString());
  }
  if (const auto constant = value->constant()) {
    if (!constant->is_valid) return MakeLiteral(arrow::MakeNullScalar(to));
    if (!DependsOnZone(*value->type()) && !DependsOnZone(*to)) {
      THALWEG_ASSIGN_OR_RETURN(const ArrayPtr one, ToArray(arrow::Datum(constant), 1));
      const Result<ArrayPtr> cast = CastArray(one, to, try_cast, EvalContext{});
      if (cast.ok()) {
        THALWEG_ASSIGN_OR_RETURN_ARROW(auto scalar, (*cast)->GetScalar(0));
        return MakeLiteral(std::move(scalar));
      }
      // A failure belongs to the rows that reach the cast, if any do.
    }
  }
  return ExpressionPtr(std::make_shared<CastExpression>(std::move(value), std::move(to), try_cast));
}

}  // namespace thalweg::engine
