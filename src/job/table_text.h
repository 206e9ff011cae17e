#pragma once

#include <string>
#include <vector>

#include "job/query_result.h"

namespace thalweg::job {

/// The rows drawn as a table for a terminal, a mail or a page.
std::string TableText(const QueryResult::State& result, const std::vector<ColumnInfo>& columns,
                      const TextOptions& options);

}  // namespace thalweg::job
