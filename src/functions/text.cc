#include "functions/text.h"

#include <string.h>  // memmem
#include <utf8proc.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

namespace thalweg::functions {
namespace {

size_t EncodeCharacter(int32_t code_point, char* out) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t size = utf8proc_encode_char(code_point, bytes);
  std::memcpy(out, bytes, static_cast<size_t>(size));
  return static_cast<size_t>(size);
}

template <char kFirst, char kLast>
void MapAscii(std::string_view text, char* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    out[i] = static_cast<char>(c ^ ((c >= kFirst && c <= kLast) ? 0x20 : 0));
  }
}

template <char kFirst, char kLast, typename Map>
void AppendMapped(std::string_view text, engine::TextWriter& out, Map map) {
  if (IsAscii(text)) return MapAscii<kFirst, kLast>(text, out.Extend(text.size()));
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterBytes(text, at);
    const int32_t code_point = DecodeCharacter(text, at);
    if (code_point < 0) {
      out.Append(text.substr(at, size));
    } else {
      AppendCharacter(map(code_point), out);
    }
    at += size;
  }
}

}  // namespace

bool IsAscii(std::string_view text) {
  size_t i = 0;
  uint64_t high = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    high |= word;
  }
  for (; i < text.size(); ++i) high |= static_cast<unsigned char>(text[i]);
  return (high & 0x8080808080808080) == 0;
}

int64_t CountCharacters(std::string_view text) {
  int64_t count = 0;
  for (const char c : text) count += static_cast<signed char>(c) >= -0x40;
  return count;
}

size_t SkipCharacters(std::string_view text, int64_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at += CharacterBytes(text, at);
  return at;
}

int32_t DecodeCharacter(std::string_view text, size_t at) {
  utf8proc_int32_t code_point = -1;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                   static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
  return code_point;
}

void AppendCharacter(int32_t code_point, engine::TextWriter& out) {
  char bytes[4];
  out.Append(std::string_view(bytes, EncodeCharacter(code_point, bytes)));
}

std::string_view Substring(std::string_view text, int64_t offset, int64_t length) {
  constexpr int64_t kAll = std::numeric_limits<int64_t>::max() / 4;
  offset = std::clamp(offset, -kAll, kAll);
  length = std::clamp(length, -kAll, kAll);
  const bool ascii = IsAscii(text);
  const int64_t size = offset >= 0 && length >= 0 && !ascii
                           ? kAll  // Not needed: the walk ends at the end of the text.
                           : (ascii ? static_cast<int64_t>(text.size()) : CountCharacters(text));
  int64_t start = 0;
  if (offset > 0) {
    start = offset - 1;
  } else if (offset < 0) {
    start = size + offset;
  } else if (--length <= 0) {
    return {};
  }
  int64_t end = start + length;
  if (length < 0) std::swap(start, end);
  start = std::max<int64_t>(start, 0);
  end = std::min(end, size);
  if (end <= start) return {};
  if (ascii) return text.substr(static_cast<size_t>(start), static_cast<size_t>(end - start));
  text.remove_prefix(SkipCharacters(text, start));
  return text.substr(0, SkipCharacters(text, end - start));
}

size_t FindText(std::string_view text, std::string_view needle, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

void AppendLower(std::string_view text, engine::TextWriter& out) {
  AppendMapped<'A', 'Z'>(text, out, [](int32_t c) { return utf8proc_tolower(c); });
}

void AppendUpper(std::string_view text, engine::TextWriter& out) {
  AppendMapped<'a', 'z'>(text, out, [](int32_t c) { return utf8proc_toupper(c); });
}

std::string LowerText(std::string_view text) {
  std::string out(text.size(), '\0');
  if (IsAscii(text)) {
    MapAscii<'A', 'Z'>(text, out.data());
    return out;
  }
  out.clear();
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterBytes(text, at);
    const int32_t code_point = DecodeCharacter(text, at);
    if (code_point < 0) {
      out.append(text.substr(at, size));
    } else {
      char bytes[4];
      out.append(bytes, EncodeCharacter(utf8proc_tolower(code_point), bytes));
    }
    at += size;
  }
  return out;
}

}  // namespace thalweg::functions
