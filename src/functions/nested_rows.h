#pragma once

#include <arrow/builder.h>

#include "functions/signature.h"

// Row-wise work on lists, structs and maps by Arrow's builders.
namespace thalweg::functions {

/// As ArgumentsOf, with views turned into plain strings, which builders take.
Result<std::vector<Argument>> PlainArguments(std::span<const arrow::Datum> datums);

/// Collects rows of other arrays.
class RowBuilder {
 public:
  static Result<RowBuilder> Make(const TypePtr& type);
  arrow::ArrayBuilder& builder() { return *builder_; }
  Status Null();
  /// Row `row` of `array`, which has this type or is null there.
  Status Row(const arrow::Array& array, int64_t row);
  Status Rows(const arrow::Array& array, int64_t row, int64_t count);
  /// Starts the next row of a list; items go to `items()`.
  Status List();
  arrow::ArrayBuilder& items();
  Status Item(const arrow::Array& array, int64_t row);
  Status Items(const arrow::Array& array, int64_t row, int64_t count);
  Result<arrow::Datum> Finish();

 private:
  std::unique_ptr<arrow::ArrayBuilder> builder_;
};

/// The items of a LIST or MAP row: [begin, end) of `values`.
struct ItemRange {
  int64_t begin;
  int64_t end;
};
ItemRange ItemsOf(const Argument& list, int64_t row);
/// The items of all rows.
ArrayPtr ItemArray(const Argument& list);

inline bool IsNullRow(const Argument& argument, int64_t row) {
  return argument.always_null() || argument.IsNull(row);
}

/// LIST and MAP arguments as canonical types; null for others.
TypePtr ListTypeOf(const BindArgument& argument);
TypePtr MapTypeOf(const BindArgument& argument);

}  // namespace thalweg::functions
