#include "marc/text_trim.h"

#include <cstddef>

namespace thalweg::marc {
namespace {

bool IsAsciiSpace(char c) { return (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= ' '); }

// Length of the white space that `text` starts with beyond ASCII; 0 when it starts with none.
size_t WideSpace(std::string_view text) {
  if (text.size() < 2) return 0;
  const std::string_view two = text.substr(0, 2);
  if (two == "\xC2\x85" || two == "\xC2\xA0") return 2;
  if (text.size() < 3) return 0;
  const std::string_view three = text.substr(0, 3);
  if (three == "\xE1\x9A\x80" || three == "\xE3\x80\x80" || three == "\xE2\x81\x9F") return 3;
  if (two != "\xE2\x80") return 0;
  const auto last = static_cast<unsigned char>(text[2]);
  const bool space = (last >= 0x80 && last <= 0x8A) || last == 0xA8 || last == 0xA9 || last == 0xAF;
  return space ? 3 : 0;
}

size_t SpaceAtStart(std::string_view text) {
  if (text.empty()) return 0;
  if (static_cast<unsigned char>(text[0]) < 0x80) return IsAsciiSpace(text[0]) ? 1 : 0;
  return WideSpace(text);
}

size_t SpaceAtEnd(std::string_view text) {
  if (text.empty()) return 0;
  if (static_cast<unsigned char>(text.back()) < 0x80) return IsAsciiSpace(text.back()) ? 1 : 0;
  for (const size_t length : {size_t{2}, size_t{3}}) {
    if (text.size() < length) break;
    if (WideSpace(text.substr(text.size() - length)) == length) return length;
  }
  return 0;
}

}  // namespace

std::string_view Trimmed(std::string_view text) {
  while (const size_t space = SpaceAtStart(text)) text.remove_prefix(space);
  while (const size_t space = SpaceAtEnd(text)) text.remove_suffix(space);
  return text;
}

}  // namespace thalweg::marc
