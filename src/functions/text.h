#pragma once

#include <cstdint>
#include <string_view>

#include "engine/expression_rows.h"

// UTF-8 text by characters (code points). Bytes that are no UTF-8 count as characters of one byte.
namespace thalweg::functions {

/// Bytes of the character that starts at `text[at]`, within the text.
inline size_t CharacterBytes(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t size = lead < 0x80 ? 1 : (lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4));
  return size < text.size() - at ? size : text.size() - at;
}

int64_t CountCharacters(std::string_view text);
bool IsAscii(std::string_view text);

/// Byte place of character number `count` (from 0), or the text's size where it has fewer.
size_t SkipCharacters(std::string_view text, int64_t count);

/// The code point at `text[at]`.
int32_t DecodeCharacter(std::string_view text, size_t at);
/// Appends a code point; it must be one that UTF-8 can write.
void AppendCharacter(int32_t code_point, engine::TextWriter& out);

/// SQL's SUBSTRING from `offset` (from 1; negative counts from the end) over `length` characters
/// (negative: backwards).
std::string_view Substring(std::string_view text, int64_t offset, int64_t length);

/// Byte place of `needle` in `text` from `from` on, or npos.
size_t FindText(std::string_view text, std::string_view needle, size_t from = 0);

/// Simple case mapping, one character to one.
void AppendLower(std::string_view text, engine::TextWriter& out);
void AppendUpper(std::string_view text, engine::TextWriter& out);
std::string LowerText(std::string_view text);

}  // namespace thalweg::functions
