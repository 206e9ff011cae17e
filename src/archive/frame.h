#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "archive/byte_buffer.h"
#include "thalweg/archive/options.h"
#include "thalweg/status.h"

// Frames: the unit of compression. Each is complete in itself.
namespace thalweg::archive {

inline constexpr int64_t kFrameContentMax = int64_t{128} << 20;

/// Bytes that a frame of `content` bytes may need.
size_t FrameBound(Codec codec, size_t content);

/// Compresses by the codec of `stages`. One thread at a time.
class FrameEncoder {
 public:
  static Result<std::unique_ptr<FrameEncoder>> Make(const Stages& stages);
  ~FrameEncoder();

  /// Replaces what `out` holds by the frame. Returns its codec: `kStore` where the content does not
  /// shrink. `content` is not empty.
  Result<Codec> Encode(std::string_view content, ByteBuffer& out);

 private:
  struct State;
  explicit FrameEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Expands frames. One thread at a time.
class FrameDecoder {
 public:
  FrameDecoder();
  ~FrameDecoder();

  /// Expands the one frame that `frame` is, whose content must have `content_bytes` bytes, into
  /// `out`. Never writes more than that. `corruption` when it is anything else.
  Status Decode(Codec codec, std::string_view frame, size_t content_bytes, char* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What stands before a frame of a codec that does not tell the length of its content.
inline constexpr size_t kFramePrefixBytes = 20;
constexpr bool HasPrefix(Codec codec) { return codec != Codec::kStore && codec != Codec::kZstd; }
std::string FramePrefix(Codec codec, uint32_t content_bytes, uint32_t frame_bytes);

/// A frame in an authentic payload, as its first bytes tell.
struct FoundFrame {
  Codec codec = Codec::kZstd;
  std::string_view bytes;
  std::string_view rest;
  size_t content_bytes = 0;
};
/// `corruption` when there is none, `resource_exhausted` when it says more than
/// `content_bytes_max`.
Result<FoundFrame> FindFrame(std::string_view payload, int64_t content_bytes_max);

/// A skippable frame around `bytes`.
std::string SkippableFrame(uint32_t magic, std::string_view bytes);
/// The length that Padmé (PURBs, PoPETs 2019/4) gives a text of `length` bytes.
int64_t PadmeLength(int64_t length);

}  // namespace thalweg::archive
