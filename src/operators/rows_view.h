#pragma once

#include <cstdint>
#include <vector>

#include "engine/codec.h"
#include "engine/expression.h"
#include "engine/operator.h"
#include "thalweg/status.h"

namespace thalweg::operators {

using columnar::ArrayPtr;
using columnar::Batch;
using columnar::RecordBatchPtr;

/// Column numbers that the expressions read, each once.
void CollectColumns(const engine::ExpressionPtr& expression, std::vector<int>* columns);

/// The selected rows of `columns` alone: the others are null columns of the same length, so that
/// column numbers still hold. Nothing is copied where nothing is deselected.
Result<Batch> CompactColumns(const Batch& batch, const std::vector<int>& columns);

}  // namespace thalweg::operators
