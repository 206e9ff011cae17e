#pragma once

#include <vector>

#include "sql/logical.h"

namespace thalweg::sql {

/// What SUMMARIZE gives, a row for each column of its query. From the third on, the columns are the
/// measures of one column in the order of the aggregation's row.
const std::vector<OutputColumn>& SummaryColumns();

}  // namespace thalweg::sql
