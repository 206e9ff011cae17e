#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/header.h"
#include "archive/trailer.h"

// What stands before and behind the body: whatever is taken is written in the same way again.
namespace thalweg::archive {
namespace {

void Check(std::string_view bytes) {
  const auto header = FixedHeader::Decode(bytes);
  FixedHeader known;
  known.cipher = Cipher::kAes256Gcm;
  known.slot_bytes = 1024;
  if (header.ok()) {
    if (header->Encode() != bytes.substr(0, 64)) std::abort();
    known = *header;
  }
  const Digest hash = known.Hash();
  if (bytes.size() >= static_cast<size_t>(kStateBytes)) {
    const auto state = bytes.substr(0, static_cast<size_t>(kStateBytes));
    const auto committed = DecodeState(state, AsView(hash));
    if (committed.ok() && EncodeState(*committed, AsView(hash)) != state) std::abort();
  }
  if (known.slot_bytes > 0 && bytes.size() >= 2 * size_t{known.slot_bytes}) {
    static_cast<void>(DecodeSlots(known, bytes));
  }
  static_cast<void>(Trailer::Decode(bytes, known));
  static_cast<void>(
      Footer::Decode(bytes.substr(0, std::min<size_t>(bytes.size(), 128)), known, 1 << 20));
}

}  // namespace
}  // namespace thalweg::archive

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thalweg::archive::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
