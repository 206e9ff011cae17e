#pragma once

#include <memory>
#include <string>

#include "io/byte_codec.h"

// The formats behind `byte_codec.h`, each in its own file. Levels have been checked by then.
namespace thalweg::io {

using ByteCodecPtr = std::unique_ptr<ByteCodec>;

Result<ByteCodecPtr> MakeGzipDecoder();
Result<ByteCodecPtr> MakeGzipEncoder(int level);
Result<ByteCodecPtr> MakeZstdDecoder(int window_log_max);
Result<ByteCodecPtr> MakeZstdEncoder(int level);
Result<ByteCodecPtr> MakeLz4Decoder();
Result<ByteCodecPtr> MakeLz4Encoder(int level);
Result<ByteCodecPtr> MakeBrotliDecoder();
Result<ByteCodecPtr> MakeBrotliEncoder(int level);

inline Status TruncatedInput(const char* format) {
  return Status::Corruption(std::string(format) + ": the stream ends too early");
}

/// What a decoder answers that has consumed its input and produced what it can: `open` tells
/// whether a frame is begun and not complete, `started` whether there was any.
inline Result<Progress> EndOfInput(const char* format, Progress progress, bool open, bool started,
                                   InputEnd end) {
  progress.state = StepState::kNeedInput;
  if (end != InputEnd::kLast) return progress;
  if (open || !started) return TruncatedInput(format);
  progress.state = StepState::kDone;
  return progress;
}

}  // namespace thalweg::io
