#include "marc/utf8_text.h"

#include <simdjson.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "thalweg/marc/encoding.h"

namespace thalweg::marc {
namespace {

// The lengths and first continuation bytes of RFC 3629.
struct Lead {
  size_t length;
  unsigned char second_min;
  unsigned char second_max;
};
Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// How many bytes at the front belong together, up to the length that the first one says.
size_t MatchingBytes(std::string_view text, const Lead& lead) {
  size_t count = 1;
  while (count < lead.length && count < text.size()) {
    const auto byte = static_cast<unsigned char>(text[count]);
    const unsigned char low = count == 1 ? lead.second_min : 0x80;
    const unsigned char high = count == 1 ? lead.second_max : 0xBF;
    if (byte < low || byte > high) break;
    ++count;
  }
  return count;
}

}  // namespace

void AppendCharacter(uint32_t character, std::string* out) {
  if (character < 0x80) {
    *out += static_cast<char>(character);
    return;
  }
  const auto tail = [&](unsigned shift) {
    *out += static_cast<char>(0x80 | (character >> shift & 0x3F));
  };
  if (character < 0x800) {
    *out += static_cast<char>(0xC0 | character >> 6);
  } else if (character < 0x10000) {
    *out += static_cast<char>(0xE0 | character >> 12);
    tail(6);
  } else {
    *out += static_cast<char>(0xF0 | character >> 18);
    tail(12);
    tail(6);
  }
  tail(0);
}

Utf8Character FirstCharacter(std::string_view text) {
  if (text.empty()) return {};
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  const Lead lead = LeadOf(first);
  if (lead.length == 0 || MatchingBytes(text, lead) != lead.length) return {};
  uint32_t character = first & (0x7FU >> lead.length);
  for (size_t i = 1; i < lead.length; ++i) {
    character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  return {character, lead.length};
}

size_t InvalidPrefix(std::string_view text) {
  const Lead lead = LeadOf(static_cast<unsigned char>(text[0]));
  return lead.length == 0 ? 1 : MatchingBytes(text, lead);
}

bool IsUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

size_t AppendRepairedUtf8(std::string_view text, InvalidText how, std::string* out) {
  size_t repaired = 0;
  while (!text.empty()) {
    const Utf8Character next = FirstCharacter(text);
    if (next.length != 0) {
      out->append(text.substr(0, next.length));
      text.remove_prefix(next.length);
      continue;
    }
    ++repaired;
    if (how != InvalidText::kIgnore) *out += "\xEF\xBF\xBD";
    text.remove_prefix(InvalidPrefix(text));
  }
  return repaired;
}

bool AppendNormalized(std::string_view text, Normalization form, std::string* out) {
  if (!IsUtf8(text)) return false;
  if (form == Normalization::kNone) {
    out->append(text);
    return true;
  }
  const auto options = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | (form == Normalization::kNfc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE));
  utf8proc_uint8_t* made = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &made, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
  if (size < 0) return false;
  out->append(reinterpret_cast<const char*>(made), static_cast<size_t>(size));
  return true;
}

}  // namespace thalweg::marc
