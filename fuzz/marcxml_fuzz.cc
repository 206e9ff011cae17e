#include "marc_text_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using thalweg::marc::Format;
  thalweg::marc::fuzz::Check(Format::kMarcXml, {reinterpret_cast<const char*>(data), size});
  return 0;
}
