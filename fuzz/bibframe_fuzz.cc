#include <array>

#include "marc_text_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// The first byte chooses the way of writing.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using thalweg::marc::Format;
  constexpr std::array kForms = {Format::kBibframe, Format::kBibframeTurtle,
                                 Format::kBibframeNTriples, Format::kBibframeJsonLd};
  if (size == 0) return 0;
  thalweg::marc::fuzz::Check(kForms[data[0] % kForms.size()],
                             {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
