#include <lz4frame.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "io/byte_codec_formats.h"

namespace thalweg::io {
namespace {

struct FreeContext {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
  void operator()(LZ4F_cctx* context) const { LZ4F_freeCompressionContext(context); }
};

class Lz4Decoder final : public ByteCodec {
 public:
  explicit Lz4Decoder(std::unique_ptr<LZ4F_dctx, FreeContext> context)
      : context_(std::move(context)) {}

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    Progress progress;
    while (progress.consumed < in.size() || frame_open_) {
      size_t taken = in.size() - progress.consumed;
      size_t made = out.size() - progress.produced;
      const size_t wanted = LZ4F_decompress(context_.get(), out.data() + progress.produced, &made,
                                            in.data() + progress.consumed, &taken, nullptr);
      if (LZ4F_isError(wanted) != 0) {
        return Status::Corruption(std::string("lz4: damaged stream: ") + LZ4F_getErrorName(wanted));
      }
      progress.consumed += taken;
      progress.produced += made;
      frame_open_ = wanted != 0;
      started_ = true;
      if (progress.produced == out.size() && (frame_open_ || progress.consumed < in.size())) {
        progress.state = StepState::kNeedRoom;
        return progress;
      }
      if (taken + made == 0) break;
    }
    return EndOfInput("lz4", progress, frame_open_, started_, end);
  }

 private:
  std::unique_ptr<LZ4F_dctx, FreeContext> context_;
  bool started_ = false;
  bool frame_open_ = false;
};

// The library wants room for the worst case at once, so that output goes through a stage of its
// own and from there to the caller, as room allows.
class Lz4Encoder final : public ByteCodec {
 public:
  Lz4Encoder(std::unique_ptr<LZ4F_cctx, FreeContext> context, int level)
      : context_(std::move(context)) {
    preferences_.frameInfo.blockSizeID = LZ4F_max256KB;
    preferences_.frameInfo.blockMode = LZ4F_blockLinked;
    preferences_.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    preferences_.compressionLevel = level;
    stage_.resize(
        std::max<size_t>(LZ4F_compressBound(kPieceBytes, &preferences_), LZ4F_HEADER_SIZE_MAX));
  }

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    Progress progress;
    for (;;) {
      const size_t n = std::min(staged_ - given_, out.size() - progress.produced);
      std::memcpy(out.data() + progress.produced, stage_.data() + given_, n);
      progress.produced += n;
      given_ += n;
      if (given_ < staged_) {
        progress.state = StepState::kNeedRoom;
        return progress;
      }
      given_ = staged_ = 0;
      const size_t left = in.size() - progress.consumed;
      size_t result = 0;
      if (!begun_) {
        begun_ = true;
        result = LZ4F_compressBegin(context_.get(), stage_.data(), stage_.size(), &preferences_);
      } else if (left != 0) {
        const size_t piece = std::min(left, kPieceBytes);
        result = LZ4F_compressUpdate(context_.get(), stage_.data(), stage_.size(),
                                     in.data() + progress.consumed, piece, nullptr);
        progress.consumed += piece;
        flushed_ = false;
      } else if (end == InputEnd::kMore) {
        progress.state = StepState::kNeedInput;
        return progress;
      } else if (ended_ || (flushed_ && end == InputEnd::kFlush)) {
        progress.state = StepState::kDone;
        return progress;
      } else if (end == InputEnd::kFlush) {
        flushed_ = true;
        result = LZ4F_flush(context_.get(), stage_.data(), stage_.size(), nullptr);
      } else {
        ended_ = true;
        result = LZ4F_compressEnd(context_.get(), stage_.data(), stage_.size(), nullptr);
      }
      if (LZ4F_isError(result) != 0) {
        return Status::Internal(std::string("lz4: encoder failed: ") + LZ4F_getErrorName(result));
      }
      staged_ = result;
    }
  }

 private:
  static constexpr size_t kPieceBytes = 256 * 1024;

  std::unique_ptr<LZ4F_cctx, FreeContext> context_;
  LZ4F_preferences_t preferences_{};
  std::vector<char> stage_;
  size_t staged_ = 0;  // Bytes in the stage,
  size_t given_ = 0;   // of which the caller has these.
  bool begun_ = false;
  bool flushed_ = false;
  bool ended_ = false;
};

}  // namespace

Result<ByteCodecPtr> MakeLz4Decoder() {
  LZ4F_dctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) != 0) {
    return Status::ResourceExhausted("lz4: out of memory");
  }
  return std::make_unique<Lz4Decoder>(std::unique_ptr<LZ4F_dctx, FreeContext>(context));
}

Result<ByteCodecPtr> MakeLz4Encoder(int level) {
  LZ4F_cctx* context = nullptr;
  if (LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)) != 0) {
    return Status::ResourceExhausted("lz4: out of memory");
  }
  return std::make_unique<Lz4Encoder>(std::unique_ptr<LZ4F_cctx, FreeContext>(context), level);
}

}  // namespace thalweg::io
