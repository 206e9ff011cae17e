#pragma once

#include "functions/signature.h"

namespace thalweg::functions {

enum class Comparison : uint8_t { kEq, kNe, kLt, kLe };

/// Compares two arguments of one canonical type, row by row, into bits. What stands in the bits of
/// rows with a null is not said. NaN equals itself and is above all; a null inside a nested value
/// is above all; intervals compare by length, a month as 30 days.
Result<std::shared_ptr<arrow::Buffer>> CompareRows(Comparison comparison, const Argument& left,
                                                   const Argument& right, int64_t rows);

/// Compares two rows of arrays of one canonical type, neither of which is null: negative, zero or
/// positive.
class RowOrder {
 public:
  RowOrder(ArrayPtr left, ArrayPtr right);
  ~RowOrder();
  RowOrder(RowOrder&&) noexcept;
  int Compare(int64_t left, int64_t right) const;
  /// As `Compare`, with nulls equal to each other and above all.
  int CompareNulls(int64_t left, int64_t right) const;

 private:
  struct Sides;
  std::unique_ptr<Sides> sides_;
};

}  // namespace thalweg::functions
