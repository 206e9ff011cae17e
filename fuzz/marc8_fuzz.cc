#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "thalweg/marc/encoding.h"

// Any bytes as MARC-8, and any text into it: what comes out is UTF-8, and text that all has codes
// comes back.
namespace thalweg::marc {
namespace {

void Decode(std::string_view bytes) {
  for (const Marc8Profile profile : {Marc8Profile::kLoc, Marc8Profile::kPymarc}) {
    std::string text;
    AppendUnicodeOfMarc8(bytes, {.profile = profile, .decode_references = true}, &text);
    if (!IsUtf8(text)) std::abort();
  }
}

void Encode(std::string_view bytes) {
  std::string text;
  AppendRepairedUtf8(bytes, InvalidText::kReplace, &text);
  std::string encoded;
  const size_t lost = AppendMarc8OfUtf8(text, Unmappable::kReference, nullptr, &encoded);
  std::string back;
  const size_t bad = AppendUnicodeOfMarc8(encoded, {}, &back);
  // Control characters are no text, and references in the text are read as such.
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F' || c == '&') return;
  }
  if (lost == 0 && bad != 0) std::abort();
}

}  // namespace
}  // namespace thalweg::marc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  thalweg::marc::Decode(bytes);
  thalweg::marc::Encode(bytes);
  return 0;
}
