#include <brotli/decode.h>
#include <brotli/encode.h>

#include "io/byte_codec_formats.h"

namespace thalweg::io {
namespace {

struct FreeState {
  void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
  void operator()(BrotliEncoderState* state) const { BrotliEncoderDestroyInstance(state); }
};

class BrotliDecoder final : public ByteCodec {
 public:
  explicit BrotliDecoder(std::unique_ptr<BrotliDecoderState, FreeState> state)
      : state_(std::move(state)) {}

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    if (complete_) {
      if (!in.empty()) return Status::Corruption("brotli: bytes behind the end of the stream");
      return EndOfInput("brotli", {}, false, true, end);
    }
    size_t in_left = in.size();
    size_t out_left = out.size();
    const auto* next_in = reinterpret_cast<const uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<uint8_t*>(out.data());
    const BrotliDecoderResult result = BrotliDecoderDecompressStream(
        state_.get(), &in_left, &next_in, &out_left, &next_out, nullptr);
    Progress progress{StepState::kNeedRoom, in.size() - in_left, out.size() - out_left};
    switch (result) {
      case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return progress;
      case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        // Said also while output waits for room.
        if (out_left == 0 && BrotliDecoderHasMoreOutput(state_.get())) return progress;
        return EndOfInput("brotli", progress, true, true, end);
      case BROTLI_DECODER_RESULT_SUCCESS:
        complete_ = true;
        if (in_left != 0) return Status::Corruption("brotli: bytes behind the end of the stream");
        return EndOfInput("brotli", progress, false, true, end);
      case BROTLI_DECODER_RESULT_ERROR:
        break;
    }
    const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state_.get());
    if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
        code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES) {
      return Status::ResourceExhausted("brotli: out of memory");
    }
    return Status::Corruption(std::string("brotli: damaged stream: ") +
                              BrotliDecoderErrorString(code));
  }

 private:
  std::unique_ptr<BrotliDecoderState, FreeState> state_;
  bool complete_ = false;
};

class BrotliEncoder final : public ByteCodec {
 public:
  explicit BrotliEncoder(std::unique_ptr<BrotliEncoderState, FreeState> state)
      : state_(std::move(state)) {}

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    const BrotliEncoderOperation operation = end == InputEnd::kMore    ? BROTLI_OPERATION_PROCESS
                                             : end == InputEnd::kFlush ? BROTLI_OPERATION_FLUSH
                                                                       : BROTLI_OPERATION_FINISH;
    size_t in_left = in.size();
    size_t out_left = out.size();
    const auto* next_in = reinterpret_cast<const uint8_t*>(in.data());
    auto* next_out = reinterpret_cast<uint8_t*>(out.data());
    do {
      if (BrotliEncoderCompressStream(state_.get(), operation, &in_left, &next_in, &out_left,
                                      &next_out, nullptr) == BROTLI_FALSE) {
        return Status::Internal("brotli: encoder failed");
      }
    } while (out_left != 0 && (in_left != 0 || BrotliEncoderHasMoreOutput(state_.get())));
    Progress progress{StepState::kNeedRoom, in.size() - in_left, out.size() - out_left};
    if (in_left != 0 || BrotliEncoderHasMoreOutput(state_.get())) return progress;
    if (end == InputEnd::kMore) {
      progress.state = StepState::kNeedInput;
    } else if (end == InputEnd::kFlush) {
      // With the room used up to the last byte, padding to a byte boundary may still be to come.
      if (out_left != 0) progress.state = StepState::kDone;
    } else if (BrotliEncoderIsFinished(state_.get())) {
      progress.state = StepState::kDone;
    }
    return progress;
  }

 private:
  std::unique_ptr<BrotliEncoderState, FreeState> state_;
};

}  // namespace

Result<ByteCodecPtr> MakeBrotliDecoder() {
  std::unique_ptr<BrotliDecoderState, FreeState> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
  if (state == nullptr) return Status::ResourceExhausted("brotli: out of memory");
  return std::make_unique<BrotliDecoder>(std::move(state));
}

Result<ByteCodecPtr> MakeBrotliEncoder(int level) {
  std::unique_ptr<BrotliEncoderState, FreeState> state(
      BrotliEncoderCreateInstance(nullptr, nullptr, nullptr));
  if (state == nullptr) return Status::ResourceExhausted("brotli: out of memory");
  if (!BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_QUALITY, static_cast<uint32_t>(level)) ||
      !BrotliEncoderSetParameter(state.get(), BROTLI_PARAM_LGWIN, BROTLI_DEFAULT_WINDOW)) {
    return Status::Internal("brotli: encoder refused its parameters");
  }
  return std::make_unique<BrotliEncoder>(std::move(state));
}

}  // namespace thalweg::io
