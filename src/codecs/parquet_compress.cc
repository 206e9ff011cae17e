#include "codecs/parquet_compress.h"

#include <arrow/util/compression.h>
#include <zstd.h>

#include <string>
#include <utility>

#include "columnar/arrow_status.h"

namespace thalweg::codecs::parquet {

namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class ZstdCompressor : public Compressor {
 public:
  ZstdCompressor(std::unique_ptr<ZSTD_CCtx, FreeContext> context, int level)
      : context_(std::move(context)), level_(level) {}

  Status Compress(const uint8_t* data, size_t size, GrowArray<uint8_t>* out) override {
    out->clear();
    const size_t bound = ZSTD_compressBound(size);
    uint8_t* to = out->Extend(bound);
    const size_t written = ZSTD_compressCCtx(context_.get(), to, bound, data, size, level_);
    if (ZSTD_isError(written)) {
      return Status::ResourceExhausted(std::string("parquet: zstd: ") + ZSTD_getErrorName(written));
    }
    out->Truncate(written);
    return {};
  }

 private:
  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
  int level_;
};

class ArrowCompressor : public Compressor {
 public:
  explicit ArrowCompressor(std::unique_ptr<arrow::util::Codec> codec) : codec_(std::move(codec)) {}

  Status Compress(const uint8_t* data, size_t size, GrowArray<uint8_t>* out) override {
    out->clear();
    const auto length = static_cast<int64_t>(size);
    const int64_t bound = codec_->MaxCompressedLen(length, data);
    uint8_t* to = out->Extend(static_cast<size_t>(bound));
    THALWEG_ASSIGN_OR_RETURN_ARROW(const int64_t written,
                                   codec_->Compress(length, data, bound, to));
    out->Truncate(static_cast<size_t>(written));
    return {};
  }

 private:
  std::unique_ptr<arrow::util::Codec> codec_;
};

Result<std::unique_ptr<Compressor>> MakeZstd(std::optional<int> level) {
  const int chosen = level.value_or(ZSTD_CLEVEL_DEFAULT);
  if (chosen < ZSTD_minCLevel() || chosen > ZSTD_maxCLevel()) {
    return Status::InvalidArgument(
        "parquet: zstd: compression_level must be from " + std::to_string(ZSTD_minCLevel()) +
        " to " + std::to_string(ZSTD_maxCLevel()) + ": " + std::to_string(chosen));
  }
  std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (!context) return Status::ResourceExhausted("parquet: zstd: out of memory");
  return std::make_unique<ZstdCompressor>(std::move(context), chosen);
}

arrow::Compression::type ArrowCodec(Compression compression) {
  switch (compression) {
    case Compression::kSnappy:
      return arrow::Compression::SNAPPY;
    case Compression::kGzip:
      return arrow::Compression::GZIP;
    case Compression::kBrotli:
      return arrow::Compression::BROTLI;
    case Compression::kLz4Raw:
      return arrow::Compression::LZ4;
    case Compression::kZstd:
      return arrow::Compression::ZSTD;
    case Compression::kNone:
      break;
  }
  return arrow::Compression::UNCOMPRESSED;
}

}  // namespace

Result<std::unique_ptr<Compressor>> MakeCompressor(Compression compression,
                                                   std::optional<int> level) {
  if (compression == Compression::kNone) return std::unique_ptr<Compressor>();
  if (compression == Compression::kZstd) return MakeZstd(level);
  const arrow::Compression::type codec = ArrowCodec(compression);
  if (!level) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(auto made, arrow::util::Codec::Create(codec));
    return std::make_unique<ArrowCompressor>(std::move(made));
  }
  if (!arrow::util::Codec::SupportsCompressionLevel(codec)) {
    return Status::InvalidArgument("parquet: this compression takes no compression_level");
  }
  THALWEG_ASSIGN_OR_RETURN_ARROW(auto made, arrow::util::Codec::Create(codec, *level));
  return std::make_unique<ArrowCompressor>(std::move(made));
}

}  // namespace thalweg::codecs::parquet
