#include <zlib.h>

#include <algorithm>
#include <limits>

#include "io/byte_codec_formats.h"

namespace thalweg::io {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // 16 asks zlib for the gzip wrapper.

uInt Clamp(size_t size) {
  return static_cast<uInt>(std::min<size_t>(size, std::numeric_limits<uInt>::max()));
}

// zlib's interface predates const.
void Point(z_stream* z, std::string_view in, std::span<char> out) {
  z->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  z->avail_in = Clamp(in.size());
  z->next_out = reinterpret_cast<Bytef*>(out.data());
  z->avail_out = Clamp(out.size());
}

class GzipDecoder final : public ByteCodec {
 public:
  ~GzipDecoder() override { inflateEnd(&z_); }
  bool Init() { return inflateInit2(&z_, kGzipWindowBits) == Z_OK; }

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    Progress progress;
    for (;;) {
      std::string_view rest = in.substr(progress.consumed);
      if (between_) {
        if (rest.empty()) return EndOfInput("gzip", progress, false, true, end);
        // Tapes and block devices leave zeros behind the last member.
        if (padded_ || rest[0] == '\0') {
          padded_ = true;
          const size_t zeros = std::min(rest.find_first_not_of('\0'), rest.size());
          progress.consumed += zeros;
          if (zeros == rest.size()) continue;
          return Status::Corruption("gzip: bytes behind the end of the stream");
        }
        if (inflateReset(&z_) != Z_OK) return Status::Internal("gzip: reset failed");
        between_ = false;
      }
      const std::span<char> room = out.subspan(progress.produced);
      Point(&z_, rest, room);
      const int result = inflate(&z_, Z_NO_FLUSH);
      progress.consumed +=
          static_cast<size_t>(z_.next_in - reinterpret_cast<const Bytef*>(rest.data()));
      progress.produced += static_cast<size_t>(z_.next_out - reinterpret_cast<Bytef*>(room.data()));
      if (result == Z_STREAM_END) {
        between_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return Failure(result);
      } else if (z_.avail_out == 0 && progress.produced == out.size()) {
        progress.state = StepState::kNeedRoom;
        return progress;
      } else if (progress.consumed == in.size()) {
        return EndOfInput("gzip", progress, true, true, end);
      }
      if (between_ && progress.produced == out.size() && progress.consumed < in.size()) {
        progress.state = StepState::kNeedRoom;
        return progress;
      }
    }
  }

 private:
  Status Failure(int result) const {
    const std::string why = z_.msg == nullptr ? "" : std::string(": ") + z_.msg;
    if (result == Z_MEM_ERROR) return Status::ResourceExhausted("gzip: out of memory");
    if (result == Z_NEED_DICT) return Status::Unsupported("gzip: a preset dictionary is needed");
    if (result == Z_DATA_ERROR) return Status::Corruption("gzip: damaged stream" + why);
    return Status::Internal("gzip: decoder failed" + why);
  }

  z_stream z_{};
  bool between_ = false;  // The last member is complete.
  bool padded_ = false;   // Zeros stood behind it.
};

class GzipEncoder final : public ByteCodec {
 public:
  ~GzipEncoder() override { deflateEnd(&z_); }
  bool Init(int level) {
    constexpr int kMemoryLevel = 8;
    return deflateInit2(&z_, level, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                        Z_DEFAULT_STRATEGY) == Z_OK;
  }

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    Progress progress;
    for (;;) {
      const std::string_view rest = in.substr(progress.consumed);
      const std::span<char> room = out.subspan(progress.produced);
      Point(&z_, rest, room);
      int flush = Z_NO_FLUSH;
      if (z_.avail_in == rest.size()) {
        if (end == InputEnd::kFlush) flush = Z_SYNC_FLUSH;
        if (end == InputEnd::kLast) flush = Z_FINISH;
      }
      const int result = deflate(&z_, flush);
      progress.consumed +=
          static_cast<size_t>(z_.next_in - reinterpret_cast<const Bytef*>(rest.data()));
      progress.produced += static_cast<size_t>(z_.next_out - reinterpret_cast<Bytef*>(room.data()));
      if (result == Z_STREAM_END) {
        progress.state = StepState::kDone;
        return progress;
      }
      if (result != Z_OK && result != Z_BUF_ERROR) return Status::Internal("gzip: encoder failed");
      if (progress.produced == out.size()) {
        progress.state = StepState::kNeedRoom;
        return progress;
      }
      if (progress.consumed == in.size() && end != InputEnd::kLast) {
        progress.state = end == InputEnd::kFlush ? StepState::kDone : StepState::kNeedInput;
        return progress;
      }
    }
  }

 private:
  z_stream z_{};
};

}  // namespace

Result<ByteCodecPtr> MakeGzipDecoder() {
  auto codec = std::make_unique<GzipDecoder>();
  if (!codec->Init()) return Status::ResourceExhausted("gzip: out of memory");
  return codec;
}

Result<ByteCodecPtr> MakeGzipEncoder(int level) {
  auto codec = std::make_unique<GzipEncoder>();
  if (!codec->Init(level)) return Status::ResourceExhausted("gzip: out of memory");
  return codec;
}

}  // namespace thalweg::io
