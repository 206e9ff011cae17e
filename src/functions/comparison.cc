#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/util/bitmap_ops.h>

#include "columnar/arrow_status.h"
#include "engine/registry.h"
#include "functions/compare_kernels.h"
#include "functions/signature.h"

namespace thalweg::functions::comparison {
namespace {

constexpr char kFamily[] = "comparison";

/// Boolean rows: bits in, nulls as given.
arrow::Datum Answer(std::shared_ptr<arrow::Buffer> bits, Validity validity, int64_t rows) {
  return arrow::Datum(
      engine::MakeFlatArray(arrow::boolean(), rows, std::move(bits), std::move(validity)));
}

ScalarKernel CompareKernel(Comparison comparison, bool swapped) {
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    const Argument& left = arguments[swapped ? 1 : 0];
    const Argument& right = arguments[swapped ? 0 : 1];
    if (left.always_null() || right.always_null()) return engine::NullDatum(arrow::boolean());
    // Kernels know a constant on the right; a constant on the left turns the comparison round.
    THALWEG_ASSIGN_OR_RETURN(Validity validity, engine::Intersect(arguments, rows));
    THALWEG_ASSIGN_OR_RETURN(auto bits, CompareRows(comparison, left, right, rows));
    return Answer(std::move(bits), std::move(validity), rows);
  };
}

/// IS [NOT] DISTINCT FROM: nulls are equal to each other and to nothing else.
ScalarKernel DistinctKernel(bool distinct) {
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    const Argument& left = arguments[0];
    const Argument& right = arguments[1];
    THALWEG_ASSIGN_OR_RETURN(auto bits, CompareRows(Comparison::kNe, left, right, rows));
    for (int64_t row = 0; row < rows; ++row) {
      const bool a = left.always_null() || left.IsNull(row);
      const bool b = right.always_null() || right.IsNull(row);
      if (a || b) {
        arrow::bit_util::SetBitTo(bits->mutable_data(), row, (a != b) == distinct);
      } else if (!distinct) {
        arrow::bit_util::SetBitTo(bits->mutable_data(), row, !engine::GetBit(bits->data(), row));
      }
    }
    return Answer(std::move(bits), {}, rows);
  };
}

ScalarKernel NullKernel(bool is_null) {
  return [=](std::span<const arrow::Datum> datums, int64_t rows,
             const EvalContext&) -> Result<arrow::Datum> {
    THALWEG_ASSIGN_OR_RETURN(const auto arguments, engine::ArgumentsOf(datums));
    THALWEG_ASSIGN_OR_RETURN(auto bits, engine::AllocateBitmap(rows));
    THALWEG_ASSIGN_OR_RETURN(const Validity validity, engine::Intersect(arguments, rows));
    if (arguments[0].always_null()) {
      arrow::bit_util::SetBitsTo(bits->mutable_data(), 0, rows, is_null);
    } else if (validity.bitmap == nullptr) {
      arrow::bit_util::SetBitsTo(bits->mutable_data(), 0, rows, !is_null);
    } else if (is_null) {
      arrow::internal::InvertBitmap(validity.bitmap->data(), 0, rows, bits->mutable_data(), 0);
    } else {
      bits = validity.bitmap;
    }
    return Answer(std::move(bits), {}, rows);
  };
}

Bind BindPair(std::string name, ScalarKernel kernel) {
  return [name = std::move(name), kernel = std::move(kernel)](
             std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() != 2) return WrongArguments(name, "two values of one type", arguments);
    THALWEG_ASSIGN_OR_RETURN(const TypePtr type, MeetingType(name, arguments));
    return BoundScalar{{type, type}, arrow::boolean(), kernel};
  };
}

void AddPair(engine::Registry& registry, About about, ScalarKernel kernel) {
  Bind bind = BindPair(about.name, std::move(kernel));
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(bind)));
}

void AddNullTest(engine::Registry& registry, About about, bool is_null) {
  Bind bind = [name = about.name,
               is_null](std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    if (arguments.size() != 1) return WrongArguments(name, "one value", arguments);
    return BoundScalar{{arguments[0].type}, arrow::boolean(), NullKernel(is_null)};
  };
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(bind)));
}

constexpr char kDetails[] =
    "Both sides are cast to their common type; a constant string takes the type of the other side. "
    "Text compares by code point. NaN equals NaN and is above every number. Null when a side is "
    "null.";

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  AddPair(registry,
          {"eq",
           {},
           "True where both values are equal; the operator `=`.",
           kDetails,
           {"1 = 1.0  -- true"}},
          CompareKernel(Comparison::kEq, false));
  AddPair(registry,
          {"ne",
           {},
           "True where the values differ; the operators `<>` and `!=`.",
           kDetails,
           {"'a' <> 'b'  -- true"}},
          CompareKernel(Comparison::kNe, false));
  AddPair(registry,
          {"lt",
           {},
           "True where the first value is less; the operator `<`.",
           kDetails,
           {"DATE '2020-01-01' < '2020-02-01'  -- true"}},
          CompareKernel(Comparison::kLt, false));
  AddPair(registry,
          {"le",
           {},
           "True where the first value is less or equal; the operator `<=`.",
           kDetails,
           {"1 <= 1  -- true"}},
          CompareKernel(Comparison::kLe, false));
  AddPair(registry,
          {"gt",
           {},
           "True where the first value is greater; the operator `>`.",
           kDetails,
           {"'b' > 'a'  -- true"}},
          CompareKernel(Comparison::kLt, true));
  AddPair(registry,
          {"ge",
           {},
           "True where the first value is greater or equal; the operator `>=`.",
           kDetails,
           {"2 >= 1.5  -- true"}},
          CompareKernel(Comparison::kLe, true));
  AddPair(registry,
          {"is_distinct_from",
           {},
           "True where the values differ, with null as a value; "
           "`IS DISTINCT FROM`.",
           "Never null.",
           {"NULL IS DISTINCT FROM 1  -- true"}},
          DistinctKernel(true));
  AddPair(registry,
          {"is_not_distinct_from",
           {},
           "True where the values are equal or both null; "
           "`IS NOT DISTINCT FROM`.",
           "Never null.",
           {"NULL IS NOT DISTINCT FROM NULL  -- true"}},
          DistinctKernel(false));
  AddNullTest(registry,
              {"is_null",
               {},
               "True where the value is null; `IS NULL`.",
               "Never null.",
               {"NULL IS NULL  -- true"}},
              true);
  AddNullTest(registry,
              {"is_not_null",
               {},
               "True where the value is not null; `IS NOT NULL`.",
               "Never null.",
               {"1 IS NOT NULL  -- true"}},
              false);
}

}  // namespace thalweg::functions::comparison
