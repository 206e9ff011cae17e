#include "io/byte_codec.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "io/byte_codec_formats.h"

namespace thalweg::io {
namespace {

constexpr int64_t kRatioFreeBytes = 1 << 20;

struct Format {
  Compression compression;
  std::string_view name;
  std::array<std::string_view, 2> suffixes;  // Without the dot; also short forms of the name.
  int level_min;
  int level_max;
  int level_default;
};

constexpr Format kFormats[] = {
    {Compression::kGzip, "gzip", {"gz", "gzip"}, 0, 9, 6},
    {Compression::kZstd, "zstd", {"zst", "zstd"}, -7, 22, 3},
    {Compression::kLz4, "lz4", {"lz4", "lz4"}, 0, 12, 0},
    {Compression::kBrotli, "brotli", {"br", "brotli"}, 0, 11, 5},
};

const Format* FindFormat(Compression compression) {
  const auto* found = std::ranges::find(kFormats, compression, &Format::compression);
  return found == std::end(kFormats) ? nullptr : found;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view lower) {
  return std::ranges::equal(a, lower, {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

const Format* FormatOfName(std::string_view name) {
  for (const Format& format : kFormats) {
    for (const std::string_view suffix : format.suffixes) {
      if (EqualsIgnoringCase(name, suffix)) return &format;
    }
  }
  return nullptr;
}

// Empty when the file name has no suffix.
std::string_view SuffixOf(std::string_view path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string_view::npos || path[dot] == '/') return {};
  return path.substr(dot + 1);
}

class Copier final : public ByteCodec {
 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    const size_t n = std::min(in.size(), out.size());
    if (n != 0) std::memcpy(out.data(), in.data(), n);
    const StepState at_end = end == InputEnd::kMore ? StepState::kNeedInput : StepState::kDone;
    return Progress{n < in.size() ? StepState::kNeedRoom : at_end, n, n};
  }
};

class LimitedDecoder final : public ByteCodec {
 public:
  LimitedDecoder(ByteCodecPtr inner, std::string_view name, const DecodeLimits& limits)
      : inner_(std::move(inner)), name_(name), limits_(limits) {}

 protected:
  Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) override {
    THALWEG_ASSIGN_OR_RETURN(const Progress progress, inner_->Step(in, out, end));
    in_bytes_ += static_cast<int64_t>(progress.consumed);
    out_bytes_ += static_cast<int64_t>(progress.produced);
    if (limits_.output_bytes_max && out_bytes_ > *limits_.output_bytes_max) {
      return Status::ResourceExhausted(std::string(name_) + ": the output is longer than " +
                                       std::to_string(*limits_.output_bytes_max) +
                                       " bytes (output_bytes_max)");
    }
    if (limits_.ratio_max > 0 && out_bytes_ > kRatioFreeBytes &&
        out_bytes_ / limits_.ratio_max > in_bytes_) {
      return Status::ResourceExhausted(std::string(name_) + ": the output is more than " +
                                       std::to_string(limits_.ratio_max) +
                                       " times as long as the input (decompression_ratio_max)");
    }
    return progress;
  }

 private:
  ByteCodecPtr inner_;
  std::string_view name_;
  DecodeLimits limits_;
  int64_t in_bytes_ = 0;
  int64_t out_bytes_ = 0;
};

Result<std::string> RunWhole(ByteCodec& codec, std::string_view data) {
  std::string out;
  size_t used = 0;
  for (;;) {
    if (out.size() - used < 4096) out.resize(std::max<size_t>(out.size() * 2, 16 * 1024));
    THALWEG_ASSIGN_OR_RETURN(
        const Progress progress,
        codec.Step(data, {out.data() + used, out.size() - used}, InputEnd::kLast));
    data.remove_prefix(progress.consumed);
    used += progress.produced;
    if (progress.state == StepState::kDone) break;
  }
  out.resize(used);
  return out;
}

}  // namespace

std::string_view NameOf(Compression compression) {
  const Format* format = FindFormat(compression);
  return format == nullptr ? "none" : format->name;
}

Result<Compression> ParseCompression(std::string_view name) {
  if (EqualsIgnoringCase(name, "none")) return Compression::kNone;
  if (const Format* format = FormatOfName(name)) return format->compression;
  return Status::InvalidArgument("unknown compression '" + std::string(name) +
                                 "': must be one of none, gzip, zstd, lz4, brotli");
}

Compression CompressionOfPath(std::string_view path) {
  const Format* format = FormatOfName(SuffixOf(path));
  return format == nullptr ? Compression::kNone : format->compression;
}

std::string_view WithoutCompressionSuffix(std::string_view path) {
  if (CompressionOfPath(path) == Compression::kNone) return path;
  return path.substr(0, path.size() - SuffixOf(path).size() - 1);
}

Compression CompressionOfBytes(std::string_view start) {
  using namespace std::string_view_literals;
  if (start.starts_with("\x1f\x8b\x08"sv)) return Compression::kGzip;
  if (start.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::kZstd;
  if (start.starts_with("\x04\x22\x4d\x18"sv)) return Compression::kLz4;
  return Compression::kNone;
}

Result<Progress> ByteCodec::Step(std::string_view in, std::span<char> out, InputEnd end) {
  THALWEG_RETURN_IF_ERROR(failure_);
  if (out.empty()) return Status::InvalidArgument("byte codec: no room for output");
  if (finished_) {
    if (in.empty()) return Progress{StepState::kDone, 0, 0};
    return Status::InvalidArgument("byte codec: input after the end");
  }
  Result<Progress> progress = DoStep(in, out, end);
  if (!progress.ok()) {
    failure_ = progress.status();
  } else if (progress->state == StepState::kDone && end == InputEnd::kLast) {
    finished_ = true;
  }
  return progress;
}

Result<ByteCodecPtr> MakeDecoder(Compression compression, const DecodeLimits& limits) {
  ByteCodecPtr inner;
  switch (compression) {
    case Compression::kNone: {
      inner = std::make_unique<Copier>();
      break;
    }
    case Compression::kGzip: {
      THALWEG_ASSIGN_OR_RETURN(inner, MakeGzipDecoder());
      break;
    }
    case Compression::kZstd: {
      THALWEG_ASSIGN_OR_RETURN(inner, MakeZstdDecoder(limits.zstd_window_log_max));
      break;
    }
    case Compression::kLz4: {
      THALWEG_ASSIGN_OR_RETURN(inner, MakeLz4Decoder());
      break;
    }
    case Compression::kBrotli: {
      THALWEG_ASSIGN_OR_RETURN(inner, MakeBrotliDecoder());
      break;
    }
  }
  return std::make_unique<LimitedDecoder>(std::move(inner), NameOf(compression), limits);
}

Result<ByteCodecPtr> MakeEncoder(Compression compression, const EncodeOptions& options) {
  const Format* format = FindFormat(compression);
  if (format == nullptr) {
    if (options.level) return Status::InvalidArgument("compression none takes no level");
    return std::make_unique<Copier>();
  }
  const int level = options.level.value_or(format->level_default);
  if (level < format->level_min || level > format->level_max) {
    return Status::InvalidArgument(std::string(format->name) + ": the level must be between " +
                                   std::to_string(format->level_min) + " and " +
                                   std::to_string(format->level_max) + ": " +
                                   std::to_string(level));
  }
  switch (compression) {
    case Compression::kGzip:
      return MakeGzipEncoder(level);
    case Compression::kZstd:
      return MakeZstdEncoder(level);
    case Compression::kLz4:
      return MakeLz4Encoder(level);
    case Compression::kBrotli:
      return MakeBrotliEncoder(level);
    case Compression::kNone:
      break;
  }
  return Status::Internal("unknown compression");
}

Result<std::string> Decode(Compression compression, std::string_view data,
                           const DecodeLimits& limits) {
  THALWEG_ASSIGN_OR_RETURN(const ByteCodecPtr codec, MakeDecoder(compression, limits));
  return RunWhole(*codec, data);
}

Result<std::string> Encode(Compression compression, std::string_view data,
                           const EncodeOptions& options) {
  THALWEG_ASSIGN_OR_RETURN(const ByteCodecPtr codec, MakeEncoder(compression, options));
  return RunWhole(*codec, data);
}

}  // namespace thalweg::io
