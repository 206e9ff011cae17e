#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg {

/// Length of the UTF-8 sequence at the front of `text`, which is not empty; 0: there is none
/// (Unicode 15, table 3-7).
size_t Utf8Length(std::string_view text);

/// Offset of the first byte that is not part of valid UTF-8, or `npos`.
size_t FindInvalidUtf8(std::string_view text);

/// Appends a Unicode scalar value as UTF-8.
void AppendUtf8(uint32_t code, std::string* out);

/// Value of a hexadecimal digit of either case; -1: it is none.
int HexDigit(char c);

/// ASCII letters in lower case; other bytes as they are.
std::string LowerAscii(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

}  // namespace thalweg
