#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg {

/// Length of the UTF-8 sequence at the front of `text`, which is not empty; 0: there is none
/// (Unicode 15, table 3-7).
size_t Utf8Length(std::string_view text);

/// Offset of the first byte that is not part of valid UTF-8, or `npos`.
size_t FindInvalidUtf8(std::string_view text);

/// ASCII letters in lower case; other bytes as they are.
std::string LowerAscii(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

}  // namespace thalweg
