#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/frame.h"
#include "archive/message.h"

// Frames and segment headers: expanding stays within what was said, whatever the bytes are.
namespace thalweg::archive {
namespace {

constexpr int64_t kContentMax = 1 << 20;

void Check(std::string_view bytes) {
  for (const bool encrypted : {false, true}) {
    const auto header = SegmentHeader::Decode(bytes, encrypted);
    if (header.ok() && header->Encode(encrypted) != bytes.substr(0, kSegmentHeaderBytes)) {
      std::abort();
    }
  }
  const auto found = FindFrame(bytes, kContentMax);
  if (!found.ok()) return;
  // A guard behind the content shows a write beyond it.
  std::string content(found->content_bytes + 16, '\x5a');
  FrameDecoder decoder;
  const Status decoded =
      decoder.Decode(found->codec, found->bytes, found->content_bytes, content.data());
  for (size_t i = found->content_bytes; i < content.size(); ++i) {
    if (content[i] != '\x5a') std::abort();
  }
  if (!decoded.ok() || found->content_bytes == 0) return;
  content.resize(found->content_bytes);
  const auto encoder = FrameEncoder::Make({});
  ByteBuffer frame;
  const auto codec = (*encoder)->Encode(content, frame);
  std::string again(content.size(), '\0');
  if (!codec.ok() || !decoder.Decode(*codec, frame.view(), again.size(), again.data()).ok() ||
      again != content) {
    std::abort();
  }
}

}  // namespace
}  // namespace thalweg::archive

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thalweg::archive::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
