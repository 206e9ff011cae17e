#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::marc {

void AppendCharacter(uint32_t character, std::string* out);

/// The character at the front of UTF-8, and its length; length 0 when the bytes are none.
struct Utf8Character {
  uint32_t character = 0;
  size_t length = 0;
};
Utf8Character FirstCharacter(std::string_view text);
/// How many bytes at the front form a maximal part that is not UTF-8; at least one.
size_t InvalidPrefix(std::string_view text);

}  // namespace thalweg::marc
