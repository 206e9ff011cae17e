#pragma once

#include <string>
#include <vector>

#include "connectors/file_input.h"

namespace thalweg::connectors {

/// Adds the columns that the directories of a Hive layout name (`origin=EWR/month=1`) to every
/// file. Nothing changes unless all files have the same keys. A key is BIGINT where every value is
/// an integer, else VARCHAR; a column that the files hold themselves is left as it is.
Status AddHiveColumns(std::vector<InputFile>* files);

/// `a%2Fb` -> `a/b`; what is no escape stays.
std::string DecodePathValue(std::string_view text);

}  // namespace thalweg::connectors
