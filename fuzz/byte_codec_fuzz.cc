#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "io/byte_codec.h"

// The first byte picks the format and how the rest is cut. The rest is decoded at once and in
// small steps, which must agree; then it is taken as plain bytes and must survive a round trip.
namespace {

using thalweg::Result;
using thalweg::Status;
using thalweg::StatusCode;
using thalweg::io::ByteCodec;
using thalweg::io::Compression;
using thalweg::io::DecodeLimits;
using thalweg::io::InputEnd;
using thalweg::io::Progress;
using thalweg::io::StepState;

constexpr DecodeLimits kLimits{int64_t{1} << 22, 500, 20};

void Require(bool condition) {
  if (!condition) std::abort();
}

Result<std::string> DecodeInSteps(Compression compression, std::string_view data, size_t in_max,
                                  size_t out_max) {
  THALWEG_ASSIGN_OR_RETURN(const auto codec, thalweg::io::MakeDecoder(compression, kLimits));
  std::string out;
  std::string room(out_max, '\0');
  for (int idle = 0; idle < 4;) {
    const std::string_view piece = data.substr(0, in_max);
    const InputEnd end = piece.size() == data.size() ? InputEnd::kLast : InputEnd::kMore;
    THALWEG_ASSIGN_OR_RETURN(const Progress progress, codec->Step(piece, room, end));
    Require(progress.consumed <= piece.size() && progress.produced <= room.size());
    out.append(room, 0, progress.produced);
    data.remove_prefix(progress.consumed);
    if (progress.state == StepState::kDone) return out;
    idle = progress.consumed + progress.produced == 0 ? idle + 1 : 0;
  }
  std::abort();  // Neither progress nor an end.
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  constexpr Compression kFormats[] = {Compression::kNone, Compression::kGzip, Compression::kZstd,
                                      Compression::kLz4, Compression::kBrotli};
  const Compression format = kFormats[bytes[0] % std::size(kFormats)];
  const size_t step = bytes[0] / std::size(kFormats) + 1;
  const std::string_view data(reinterpret_cast<const char*>(bytes) + 1, size - 1);

  const Result<std::string> whole = thalweg::io::Decode(format, data, kLimits);
  const Result<std::string> steps = DecodeInSteps(format, data, step, step * 7);
  // A limit may be met before or after the damage, by the cutting.
  const bool limited = whole.status().code() == StatusCode::kResourceExhausted ||
                       steps.status().code() == StatusCode::kResourceExhausted;
  Require(limited || whole.ok() == steps.ok());
  if (whole.ok() && steps.ok()) Require(*whole == *steps);
  Require(whole.status().code() != StatusCode::kInternal);

  const Result<std::string> packed = thalweg::io::Encode(format, data, {});
  Require(packed.ok());
  const Result<std::string> back = DecodeInSteps(format, *packed, step * 3, step * 5);
  Require(back.ok() ? *back == data : back.status().code() == StatusCode::kResourceExhausted);
  return 0;
}
