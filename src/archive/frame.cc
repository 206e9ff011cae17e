#include "archive/frame.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "archive/bytes.h"
#include "io/byte_codec.h"

namespace thalweg::archive {
namespace {

constexpr uint32_t kZstdMagic = 0xFD2FB528;
constexpr uint32_t kPrefixFrame = 0x184D2A5A;
// One segment, content size in four bytes, no checksum, no dictionary.
constexpr uint8_t kRawDescriptor = 0xA0;
constexpr size_t kRawHeaderBytes = 9;
constexpr size_t kRawBlockBytes = 128 << 10;
constexpr size_t kSampleBytes = 16 << 10;

size_t RawFrameBytes(size_t content) {
  return kRawHeaderBytes + content + (content + kRawBlockBytes - 1) / kRawBlockBytes * 3;
}

void EncodeRaw(std::string_view content, ByteBuffer& out) {
  out.Reserve(RawFrameBytes(content.size()));
  char* to = out.data();
  StoreNumber(to, kZstdMagic);
  to[4] = static_cast<char>(kRawDescriptor);
  StoreNumber(to + 5, static_cast<uint32_t>(content.size()));
  to += kRawHeaderBytes;
  while (!content.empty()) {
    const std::string_view block = content.substr(0, kRawBlockBytes);
    content.remove_prefix(block.size());
    const uint32_t head = (content.empty() ? 1U : 0U) | static_cast<uint32_t>(block.size()) << 3;
    std::memcpy(to, &head, 3);
    std::memcpy(to + 3, block.data(), block.size());
    to += 3 + block.size();
  }
  out.SetSize(static_cast<size_t>(to - out.data()));
}

io::Compression StreamFormat(Codec codec) {
  switch (codec) {
    case Codec::kLz4:
      return io::Compression::kLz4;
    case Codec::kBrotli:
      return io::Compression::kBrotli;
    default:
      return io::Compression::kGzip;
  }
}

}  // namespace

size_t FrameBound(Codec codec, size_t content) {
  const bool zstd = codec == Codec::kZstd || codec == Codec::kAuto;
  return std::max(RawFrameBytes(content), zstd ? ZSTD_compressBound(content) : 0);
}

struct FrameEncoder::State {
  Stages stages;
  ZSTD_CCtx* context = nullptr;
  int level = 0;
  ~State() { ZSTD_freeCCtx(context); }

  Status SetLevel(int wanted) {
    if (context == nullptr) context = ZSTD_createCCtx();
    if (context == nullptr) return Status::ResourceExhausted("zstd: no memory for a context");
    level = wanted;
    size_t code = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, wanted);
    if (stages.long_log > 0 && ZSTD_isError(code) == 0) {
      code = ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1);
      if (ZSTD_isError(code) == 0) {
        code = ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, stages.long_log);
      }
    }
    if (ZSTD_isError(code) == 0) return {};
    return Status::InvalidArgument(std::string("zstd: ") + ZSTD_getErrorName(code));
  }

  // What three samples shrink to, as a share of what they were.
  double SampleRatio(std::string_view content) {
    if (content.size() < 2 * kSampleBytes) return 0;
    char out[kSampleBytes + 1024];
    size_t shrunk = 0;
    for (const size_t at :
         {size_t{0}, content.size() / 2 - kSampleBytes / 2, content.size() - kSampleBytes}) {
      const size_t size = ZSTD_compress(out, sizeof(out), content.data() + at, kSampleBytes, 1);
      shrunk += ZSTD_isError(size) != 0 ? kSampleBytes : size;
    }
    return static_cast<double>(shrunk) / static_cast<double>(3 * kSampleBytes);
  }

  Result<Codec> Zstd(std::string_view content, ByteBuffer& out) {
    out.Reserve(FrameBound(Codec::kZstd, content.size()));
    const size_t size =
        ZSTD_compress2(context, out.data(), out.capacity(), content.data(), content.size());
    if (ZSTD_isError(size) != 0) {
      return Status::ResourceExhausted(std::string("zstd: ") + ZSTD_getErrorName(size));
    }
    out.SetSize(size);
    return Codec::kZstd;
  }

  Result<Codec> Auto(std::string_view content, ByteBuffer& out) {
    const double ratio = SampleRatio(content);
    const bool speed = stages.priority == Priority::kSpeed;
    if (ratio > (speed ? 0.92 : 0.98)) {
      EncodeRaw(content, out);
      return Codec::kStore;
    }
    int wanted = 3;
    if (speed) wanted = 1;
    if (stages.priority == Priority::kRatio) wanted = ratio > 0.9 ? 6 : 15;
    if (wanted != level) THALWEG_RETURN_IF_ERROR(SetLevel(wanted));
    return Zstd(content, out);
  }

  Result<Codec> Stream(std::string_view content, ByteBuffer& out) const {
    THALWEG_ASSIGN_OR_RETURN(const std::string frame, io::Encode(StreamFormat(stages.codec),
                                                                 content, {.level = stages.level}));
    out.Reserve(frame.size());
    std::memcpy(out.data(), frame.data(), frame.size());
    out.SetSize(frame.size());
    return stages.codec;
  }
};

FrameEncoder::FrameEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
FrameEncoder::~FrameEncoder() = default;

Result<std::unique_ptr<FrameEncoder>> FrameEncoder::Make(const Stages& stages) {
  auto state = std::make_unique<State>();
  state->stages = stages;
  if (stages.codec == Codec::kZstd) THALWEG_RETURN_IF_ERROR(state->SetLevel(stages.level));
  return std::unique_ptr<FrameEncoder>(new FrameEncoder(std::move(state)));
}

Result<Codec> FrameEncoder::Encode(std::string_view content, ByteBuffer& out) {
  Result<Codec> used = Codec::kStore;
  switch (state_->stages.codec) {
    case Codec::kStore:
      EncodeRaw(content, out);
      return used;
    case Codec::kZstd:
      used = state_->Zstd(content, out);
      break;
    case Codec::kAuto:
      used = state_->Auto(content, out);
      break;
    case Codec::kLz4:
    case Codec::kBrotli:
    case Codec::kGzip:
      used = state_->Stream(content, out);
      break;
  }
  if (!used.ok()) return used;
  if (*used != Codec::kStore && out.size() >= RawFrameBytes(content.size())) {
    EncodeRaw(content, out);
    return Codec::kStore;
  }
  return used;
}

struct FrameDecoder::State {
  ZSTD_DCtx* context = nullptr;
  ~State() { ZSTD_freeDCtx(context); }
};

FrameDecoder::FrameDecoder() : state_(std::make_unique<State>()) {}
FrameDecoder::~FrameDecoder() = default;

namespace {

Status DamagedFrame() { return Status::Corruption("a frame does not expand to what it should"); }

}  // namespace

Status FrameDecoder::Decode(Codec codec, std::string_view frame, size_t content_bytes, char* out) {
  if (codec == Codec::kZstd || codec == Codec::kStore) {
    // One frame of the declared size, and nothing behind it.
    if (frame.size() < 5 || LoadNumber<uint32_t>(frame.data()) != kZstdMagic ||
        ZSTD_getFrameContentSize(frame.data(), frame.size()) != content_bytes ||
        ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
      return DamagedFrame();
    }
    if (state_->context == nullptr) state_->context = ZSTD_createDCtx();
    if (state_->context == nullptr) return Status::ResourceExhausted("zstd: no memory");
    const size_t size =
        ZSTD_decompressDCtx(state_->context, out, content_bytes, frame.data(), frame.size());
    return size == content_bytes ? Status() : DamagedFrame();
  }
  if (codec > Codec::kGzip) return DamagedFrame();
  io::DecodeLimits limits;
  limits.output_bytes_max = static_cast<int64_t>(content_bytes);
  limits.ratio_max = 0;
  const auto content = io::Decode(StreamFormat(codec), frame, limits);
  if (!content.ok() || content->size() != content_bytes) return DamagedFrame();
  std::memcpy(out, content->data(), content_bytes);
  return {};
}

std::string FramePrefix(Codec codec, uint32_t content_bytes, uint32_t frame_bytes) {
  std::string inside(4, '\0');
  inside[0] = static_cast<char>(codec);
  PutNumber(inside, content_bytes);
  PutNumber(inside, frame_bytes);
  return SkippableFrame(kPrefixFrame, inside);
}

Result<FoundFrame> FindFrame(std::string_view payload, int64_t content_bytes_max) {
  FoundFrame found;
  if (payload.size() < kRawHeaderBytes) return DamagedFrame();
  uint64_t content = 0;
  size_t length = 0;
  if (LoadNumber<uint32_t>(payload.data()) == kPrefixFrame) {
    FieldReader reader(payload.substr(8));
    const auto codec = reader.Number<uint32_t>();
    content = reader.Number<uint32_t>();
    length = reader.Number<uint32_t>();
    if (!reader.ok() || codec < 2 || codec > 4) return DamagedFrame();
    found.codec = static_cast<Codec>(codec);
    payload.remove_prefix(kFramePrefixBytes);
  } else {
    content = ZSTD_getFrameContentSize(payload.data(), payload.size());
    length = ZSTD_findFrameCompressedSize(payload.data(), payload.size());
    const bool zstd = LoadNumber<uint32_t>(payload.data()) == kZstdMagic;
    if (!zstd || content >= ZSTD_CONTENTSIZE_ERROR) return DamagedFrame();
  }
  if (length > payload.size() || content == 0) return DamagedFrame();
  if (content > static_cast<uint64_t>(content_bytes_max)) {
    return Status::ResourceExhausted("a frame is larger than frame_bytes_max");
  }
  found.bytes = payload.substr(0, length);
  found.rest = payload.substr(length);
  found.content_bytes = content;
  return found;
}

std::string SkippableFrame(uint32_t magic, std::string_view bytes) {
  std::string frame;
  frame.reserve(8 + bytes.size());
  PutNumber(frame, magic);
  PutText(frame, bytes);
  return frame;
}

int64_t PadmeLength(int64_t length) {
  if (length < 2) return length;
  const auto value = static_cast<uint64_t>(length);
  const auto exponent = static_cast<uint64_t>(std::bit_width(value)) - 1;
  const auto digits = static_cast<uint64_t>(std::bit_width(exponent));
  const uint64_t mask = (uint64_t{1} << (exponent - digits)) - 1;
  return static_cast<int64_t>((value + mask) & ~mask);
}

}  // namespace thalweg::archive
