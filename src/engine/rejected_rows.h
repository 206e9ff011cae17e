#pragma once

#include <string_view>
#include <vector>

#include "engine/codec.h"
#include "engine/expression.h"
#include "thalweg/status.h"

namespace thalweg::engine {

/// Sends rows of a compact batch to `out.Reject`. Place and raw bytes come from the batch's origin,
/// as far as it knows them. `errors` ascend by row; `column` may be empty.
Status RejectRows(const Batch& batch, std::string_view column, const std::vector<RowError>& errors,
                  Emitter& out);

/// The rows of a compact batch of `num_rows` that are not among the errors, as a selection.
columnar::Selection RowsWithout(const std::vector<RowError>& errors, int64_t num_rows);

/// Adds `more` to `errors`; the first reason of a row stays. Both ascend by row.
void MergeRowErrors(std::vector<RowError> more, std::vector<RowError>* errors);

}  // namespace thalweg::engine
