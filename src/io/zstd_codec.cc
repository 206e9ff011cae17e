#include <zstd.h>
#include <zstd_errors.h>

#include "io/byte_codec_formats.h"

namespace thalweg::io {
namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class ZstdDecoder final : public ByteCodec {
 public:
  explicit ZstdDecoder(std::unique_ptr<ZSTD_DCtx, FreeContext> context)
      : context_(std::move(context)) {}

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    ZSTD_inBuffer input = {in.data(), in.size(), 0};
    ZSTD_outBuffer output = {out.data(), out.size(), 0};
    // With a frame begun, a call without input may still have output to give.
    while (input.pos < input.size || frame_open_) {
      const size_t before = input.pos + output.pos;
      const size_t wanted = ZSTD_decompressStream(context_.get(), &output, &input);
      if (ZSTD_isError(wanted) != 0) return Failure(wanted);
      frame_open_ = wanted != 0;
      started_ = true;
      if (output.pos == output.size && (frame_open_ || input.pos < input.size)) {
        return Progress{StepState::kNeedRoom, input.pos, output.pos};
      }
      if (input.pos + output.pos == before) break;
    }
    return EndOfInput("zstd", {StepState::kNeedInput, input.pos, output.pos}, frame_open_, started_,
                      end);
  }

 private:
  static Status Failure(size_t error) {
    const std::string why = ZSTD_getErrorName(error);
    switch (ZSTD_getErrorCode(error)) {
      case ZSTD_error_frameParameter_windowTooLarge:
        return Status::ResourceExhausted("zstd: the window is larger than allowed: " + why);
      case ZSTD_error_memory_allocation:
        return Status::ResourceExhausted("zstd: out of memory");
      case ZSTD_error_dictionary_wrong:
      case ZSTD_error_frameParameter_unsupported:
      case ZSTD_error_version_unsupported:
        return Status::Unsupported("zstd: " + why);
      default:
        return Status::Corruption("zstd: damaged stream: " + why);
    }
  }

  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  bool started_ = false;
  bool frame_open_ = false;
};

class ZstdEncoder final : public ByteCodec {
 public:
  explicit ZstdEncoder(std::unique_ptr<ZSTD_CCtx, FreeContext> context)
      : context_(std::move(context)) {}

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    const ZSTD_EndDirective directive = end == InputEnd::kMore    ? ZSTD_e_continue
                                        : end == InputEnd::kFlush ? ZSTD_e_flush
                                                                  : ZSTD_e_end;
    ZSTD_inBuffer input = {in.data(), in.size(), 0};
    ZSTD_outBuffer output = {out.data(), out.size(), 0};
    for (;;) {
      const size_t left = ZSTD_compressStream2(context_.get(), &output, &input, directive);
      if (ZSTD_isError(left) != 0) {
        return Status::Internal(std::string("zstd: encoder failed: ") + ZSTD_getErrorName(left));
      }
      Progress progress{StepState::kNeedRoom, input.pos, output.pos};
      if (input.pos == input.size && end == InputEnd::kMore) {
        progress.state = StepState::kNeedInput;
        return progress;
      }
      if (input.pos == input.size && left == 0) {
        progress.state = StepState::kDone;
        return progress;
      }
      if (output.pos == output.size) return progress;
    }
  }

 private:
  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
};

}  // namespace

Result<ByteCodecPtr> MakeZstdDecoder(int window_log_max) {
  std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) return Status::ResourceExhausted("zstd: out of memory");
  if (ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log_max))) {
    return Status::InvalidArgument("zstd: window_log_max is out of range: " +
                                   std::to_string(window_log_max));
  }
  return std::make_unique<ZstdDecoder>(std::move(context));
}

Result<ByteCodecPtr> MakeZstdEncoder(int level) {
  std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (context == nullptr) return Status::ResourceExhausted("zstd: out of memory");
  if (ZSTD_isError(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level)) ||
      ZSTD_isError(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1))) {
    return Status::Internal("zstd: encoder refused its parameters");
  }
  return std::make_unique<ZstdEncoder>(std::move(context));
}

}  // namespace thalweg::io
