#pragma once

#include <string>
#include <system_error>

namespace thalweg::cli {

/// The system's words for `error` (an errno).
inline std::string ErrnoText(int error) { return std::generic_category().message(error); }

}  // namespace thalweg::cli
