#pragma once

#include <string_view>

namespace thalweg::marc {

/// Without the white space (Unicode's, in UTF-8, and the information separators) at both ends.
std::string_view Trimmed(std::string_view text);

}  // namespace thalweg::marc
