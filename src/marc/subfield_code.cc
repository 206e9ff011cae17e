#include "marc/subfield_code.h"

#include <utf8proc.h>

#include <array>
#include <cstdint>

#include "marc/utf8_text.h"
#include "thalweg/marc/encoding.h"

namespace thalweg::marc {

NearestCode NearestSubfieldCode(std::string_view subfield) {
  // The whole subfield tells whether it is UTF-8; otherwise the byte is one of Latin-1.
  const bool utf8 = IsUtf8(subfield);
  const Utf8Character first = FirstCharacter(subfield);
  const size_t length = utf8 ? first.length : 1;
  const uint32_t character = utf8 ? first.character : static_cast<unsigned char>(subfield[0]);
  std::array<utf8proc_int32_t, 32> parts;
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(character), parts.data(),
      static_cast<utf8proc_ssize_t>(parts.size()),
      static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT), nullptr);
  for (utf8proc_ssize_t i = 0; i < count && i < static_cast<utf8proc_ssize_t>(parts.size()); ++i) {
    const utf8proc_int32_t part = parts[static_cast<size_t>(i)];
    if (part > ' ' && part < 0x7F) return {static_cast<char>(part), length};
  }
  return {'?', length};
}

}  // namespace thalweg::marc
