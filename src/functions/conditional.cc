#include <arrow/scalar.h>

#include <algorithm>

#include "engine/logic.h"
#include "engine/registry.h"
#include "functions/compare_kernels.h"
#include "functions/signature.h"

namespace thalweg::functions::conditional {
namespace {

constexpr char kFamily[] = "conditional";

/// GREATEST and LEAST: nulls are passed over.
ScalarKernel ExtremeKernel(TypePtr type, bool greatest) {
  return [type = std::move(type), greatest](std::span<const arrow::Datum> datums, int64_t rows,
                                            const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    std::vector<size_t> best(static_cast<size_t>(rows), 0);
    for (size_t i = 1; i < arguments.size(); ++i) {
      // One order for each earlier candidate that is still the best somewhere.
      for (size_t j = 0; j < i; ++j) {
        std::optional<RowOrder> order;
        for (int64_t row = 0; row < rows; ++row) {
          size_t& holder = best[static_cast<size_t>(row)];
          if (holder != j || arguments[i].always_null() || arguments[i].IsNull(row)) continue;
          if (arguments[j].always_null() || arguments[j].IsNull(row)) {
            holder = i;
            continue;
          }
          if (!order) order.emplace(arguments[i].array(), arguments[j].array());
          const int difference = order->Compare(arguments[i].At(row), arguments[j].At(row));
          if (greatest ? difference > 0 : difference < 0) holder = i;
        }
      }
    }
    std::vector<engine::Branch> branches;
    for (size_t i = 0; i < arguments.size(); ++i) {
      engine::RowSet taken(rows);
      for (int64_t row = 0; row < rows; ++row) {
        if (best[static_cast<size_t>(row)] == i) taken.Add(row);
      }
      branches.push_back({{datums[i], false}, taken, taken});
    }
    return engine::MergeBranches(type, rows, branches);
  };
}

Bind BindExtreme(std::string name, bool greatest) {
  return [=](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.empty()) return WrongArguments(name, "one or more values", arguments);
    THALWEG_ASSIGN_OR_RETURN(const TypePtr type, MeetingType(name, arguments));
    return BoundScalar{std::vector<TypePtr>(arguments.size(), type), type,
                       ExtremeKernel(type, greatest)};
  };
}

/// NULLIF keeps the first argument's type and compares in the common one: the parameters are the
/// value, and both sides of the comparison are cast inside.
Result<BoundScalar> BindNullIf(std::span<const BindArgument> arguments) {
  if (arguments.size() != 2) return WrongArguments("nullif", "two values", arguments);
  THALWEG_ASSIGN_OR_RETURN(const TypePtr common, MeetingType("nullif", arguments));
  const TypePtr kept = engine::CanonicalType(arguments[0].type);
  ScalarKernel kernel = [common, kept](std::span<const arrow::Datum> datums, int64_t rows,
                                       const EvalContext& context) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr value, engine::ToArray(datums[0], rows));
    THALWEG_ASSIGN_OR_RETURN(const ArrayPtr left, engine::CastArray(value, common, false, context));
    THALWEG_ASSIGN_OR_RETURN(const Argument a, Argument::Of(arrow::Datum(left)));
    THALWEG_ASSIGN_OR_RETURN(const Argument b, Argument::Of(datums[1]));
    if (a.always_null()) return engine::NullDatum(kept);
    engine::RowSet all(rows, true);
    engine::RowSet different(rows, true);
    if (!b.always_null()) {
      THALWEG_ASSIGN_OR_RETURN(const auto equal, CompareRows(Comparison::kEq, a, b, rows));
      different = engine::RowSet(rows);
      for (int64_t row = 0; row < rows; ++row) {
        const bool known = !a.IsNull(row) && !b.IsNull(row);
        if (!(known && engine::GetBit(equal->data(), row))) different.Add(row);
      }
    }
    return engine::MergeBranches(kept, rows, {{{arrow::Datum(value), false}, all, different}});
  };
  return BoundScalar{{kept, common}, kept, std::move(kernel)};
}

/// IFNULL and IF as plain functions; the binder's lazy forms are COALESCE and CASE.
ScalarKernel CoalesceKernel(TypePtr type) {
  return [type = std::move(type)](std::span<const arrow::Datum> datums, int64_t rows,
                                  const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    engine::RowSet open(rows, true);
    std::vector<engine::Branch> branches;
    for (size_t i = 0; i < arguments.size(); ++i) {
      engine::RowSet taken(rows);
      for (const int32_t row : open.Rows()) {
        if (!arguments[i].always_null() && !arguments[i].IsNull(row)) taken.Add(row);
      }
      for (size_t w = 0; w < open.words().size(); ++w) open.words()[w] &= ~taken.words()[w];
      branches.push_back({{datums[i], false}, taken, taken});
    }
    return engine::MergeBranches(type, rows, branches);
  };
}

Result<BoundScalar> BindCoalesce(std::span<const BindArgument> arguments) {
  if (arguments.empty()) return WrongArguments("coalesce", "one or more values", arguments);
  THALWEG_ASSIGN_OR_RETURN(const TypePtr type, MeetingType("coalesce", arguments));
  return BoundScalar{std::vector<TypePtr>(arguments.size(), type), type, CoalesceKernel(type)};
}

Result<BoundScalar> BindIfNull(std::span<const BindArgument> arguments) {
  if (arguments.size() != 2) return WrongArguments("ifnull", "two values", arguments);
  return BindCoalesce(arguments);
}

Result<BoundScalar> BindIf(std::span<const BindArgument> arguments) {
  if (arguments.size() != 3) return WrongArguments("if", "a condition and two values", arguments);
  THALWEG_ASSIGN_OR_RETURN(const TypePtr type, MeetingType("if", arguments.subspan(1)));
  ScalarKernel kernel = [type](std::span<const arrow::Datum> datums, int64_t rows,
                               const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(engine::Truth truth, engine::TruthOf(datums[0], rows));
    engine::RowSet otherwise(rows, true);
    for (size_t w = 0; w < otherwise.words().size(); ++w) {
      otherwise.words()[w] &= ~truth.is_true.words()[w];
    }
    return engine::MergeBranches(type, rows,
                                 {{{datums[1], false}, truth.is_true, truth.is_true},
                                  {{datums[2], false}, otherwise, otherwise}});
  };
  return BoundScalar{{arrow::boolean(), type, type}, type, std::move(kernel)};
}

Result<BoundScalar> BindTypeOf(std::span<const BindArgument> arguments) {
  if (arguments.size() != 1) return WrongArguments("typeof", "one value", arguments);
  auto name = std::make_shared<arrow::StringScalar>(columnar::SqlTypeName(*arguments[0].type));
  ScalarKernel kernel = [name](std::span<const arrow::Datum>, int64_t, const EvalContext&) {
    return Result<arrow::Datum>(arrow::Datum(name));
  };
  return BoundScalar{{arguments[0].type}, Varchar(), std::move(kernel)};
}

/// ERROR(text): a failure of the row.
Result<arrow::Datum> Error(std::span<const arrow::Datum> datums, int64_t rows, const EvalContext&) {
  THALWEG_ASSIGN_OR_RETURN(const Argument argument, Argument::Of(datums[0]));
  if (argument.always_null()) return engine::NullDatum(arrow::null());
  const engine::RowReader<std::string_view> texts(argument);
  for (int64_t row = 0; row < rows; ++row) {
    if (!argument.IsNull(row)) return Status::InvalidArgument(std::string(texts[row]));
  }
  return engine::NullDatum(arrow::null());
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  constexpr char kNulls[] = "Nulls are passed over; null only where all are null.";
  registry.Add(MakeFunction(
      kFamily,
      {"greatest", {}, "The greatest of the values.", kNulls, {"greatest(1, 2.5, NULL)  -- 2.5"}},
      BindExtreme("greatest", true)));
  registry.Add(MakeFunction(
      kFamily, {"least", {}, "The least of the values.", kNulls, {"least(1, 2.5, NULL)  -- 1.0"}},
      BindExtreme("least", false)));
  registry.Add(MakeFunction(kFamily,
                            {"nullif",
                             {},
                             "The first value, or null where both are equal.",
                             "Keeps the first value's type.",
                             {"nullif(5, 5)  -- NULL"}},
                            Bind(BindNullIf)));
  registry.Add(MakeFunction(kFamily,
                            {"coalesce",
                             {},
                             "The first value that is not null.",
                             "In a query a later value is computed only for the rows that need it.",
                             {"coalesce(NULL, 'a')  -- 'a'"}},
                            Bind(BindCoalesce)));
  registry.Add(MakeFunction(kFamily,
                            {"ifnull",
                             {"nvl"},
                             "The first value, or the second where it is null.",
                             "In a query the second is computed only for the rows that need it.",
                             {"ifnull(NULL, 2)  -- 2"}},
                            Bind(BindIfNull)));
  registry.Add(MakeFunction(kFamily,
                            {"if",
                             {"iff"},
                             "The second value where the condition is true, else the third.",
                             "In a query each is computed only for the rows that need it.",
                             {"if(1 > 0, 'yes', 'no')  -- 'yes'"}},
                            Bind(BindIf)));
  registry.Add(MakeFunction(
      kFamily,
      {"typeof", {}, "The SQL name of the value's type.", "", {"typeof(1.50)  -- 'DECIMAL(3,2)'"}},
      Bind(BindTypeOf)));
  registry.Add(MakeFunction(kFamily,
                            {"error",
                             {},
                             "Fails for the row, with a text.",
                             "",
                             {"CASE WHEN x < 0 THEN error('negative') ELSE x END"}},
                            {{{Varchar()}, arrow::null(), Error}}));
}

}  // namespace thalweg::functions::conditional
