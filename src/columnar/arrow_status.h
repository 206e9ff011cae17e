#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include "thalweg/status.h"

// The one place that translates Arrow's errors into ours and back.
namespace thalweg::columnar {

Status FromArrow(const arrow::Status& status);

template <typename T>
Result<T> FromArrow(arrow::Result<T> result) {
  if (!result.ok()) return FromArrow(result.status());
  return std::move(result).ValueUnsafe();
}

arrow::Status ToArrow(const Status& status);

}  // namespace thalweg::columnar

/// Returns from the enclosing function when `expr` (an `arrow::Status`) failed.
#define THALWEG_RETURN_IF_ARROW_ERROR(expr)                         \
  do {                                                              \
    ::arrow::Status thalweg_arrow_status_ = (expr);                 \
    if (!thalweg_arrow_status_.ok()) [[unlikely]] {                 \
      return ::thalweg::columnar::FromArrow(thalweg_arrow_status_); \
    }                                                               \
  } while (false)

/// As `THALWEG_ASSIGN_OR_RETURN`, for an `arrow::Result`.
#define THALWEG_ASSIGN_OR_RETURN_ARROW(lhs, expr) \
  THALWEG_ASSIGN_OR_RETURN(lhs, ::thalweg::columnar::FromArrow(expr))
