#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "thalweg/status.h"

// Compressed byte streams: gzip (RFC 1952), zstd (RFC 8878), lz4 frames, brotli (RFC 7932).
namespace thalweg::io {

enum class Compression : uint8_t { kNone, kGzip, kZstd, kLz4, kBrotli };

/// `none`, `gzip`, `zstd`, `lz4`, `brotli`.
std::string_view NameOf(Compression compression);
/// From a name or its usual short form (`gz`, `zst`, `br`), ignoring case.
Result<Compression> ParseCompression(std::string_view name);
/// From the suffix: `.gz`, `.gzip`, `.zst`, `.zstd`, `.lz4`, `.br`, `.brotli`; else `kNone`.
Compression CompressionOfPath(std::string_view path);
/// `a.csv.gz` -> `a.csv`; a path without such a suffix comes back as it is.
std::string_view WithoutCompressionSuffix(std::string_view path);
/// From the first bytes (four are enough); `kNone` when nothing known starts so. Brotli has no
/// mark and is never found in this way.
Compression CompressionOfBytes(std::string_view start);

/// What untrusted input may do. A limit passed is `resource_exhausted`, and the message names it.
struct DecodeLimits {
  std::optional<int64_t> output_bytes_max;
  /// Output for each byte of input, looked at once there is more than 1 MiB of output. Gzip can
  /// reach 1032, the others millions. 0: no limit.
  int64_t ratio_max = 500;
  /// Of a zstd window, as a power of two: at most 128 MiB of memory.
  int zstd_window_log_max = 27;
};

struct EncodeOptions {
  /// gzip 0–9 (6), zstd −7–22 (3), lz4 0–12 (0), brotli 0–11 (5). Unset: the default in brackets.
  std::optional<int> level;
};

/// What stands behind the input of a step.
enum class InputEnd : uint8_t {
  kMore,   ///< More may come.
  kFlush,  ///< More may come, but all that was given must become readable now. (Encoders.)
  kLast,   ///< Nothing: the stream ends here.
};

enum class StepState : uint8_t {
  kNeedInput,  ///< All input is consumed; give more.
  kNeedRoom,   ///< The output is full; call again with the rest of the input.
  kDone,       ///< After `kLast` or `kFlush`: all input is consumed and all output given.
};

struct Progress {
  StepState state = StepState::kNeedInput;
  size_t consumed = 0;  ///< Bytes taken from the front of the input.
  size_t produced = 0;  ///< Bytes put at the front of the output.
};

/// One direction of one stream. Never blocks, holds bounded memory. One thread at a time.
class ByteCodec {
 public:
  virtual ~ByteCodec() = default;
  ByteCodec() = default;
  ByteCodec(const ByteCodec&) = delete;
  ByteCodec& operator=(const ByteCodec&) = delete;

  /// Moves as much as input and room allow; `out` must not be empty. Callers repeat `end` until
  /// the state is `kDone`. After a failure every further call returns the same failure.
  ///
  /// Decoders: several frames or members one after the other are one stream. `corruption` for
  /// bytes that do not follow the format or its checksums, for a stream that ends too early (an
  /// empty one too), and for bytes behind the end that are neither a further frame nor, for gzip,
  /// zeros. What was produced before a failure is lost for the caller.
  Result<Progress> Step(std::string_view in, std::span<char> out, InputEnd end);

 protected:
  virtual Result<Progress> DoStep(std::string_view in, std::span<char> out, InputEnd end) = 0;

 private:
  Status failure_;
  bool finished_ = false;
};

/// `kNone` copies.
Result<std::unique_ptr<ByteCodec>> MakeDecoder(Compression compression, const DecodeLimits& limits);

/// `invalid_argument` for a level outside the range. `kNone` copies and takes no level.
Result<std::unique_ptr<ByteCodec>> MakeEncoder(Compression compression,
                                               const EncodeOptions& options);

/// The whole of `data` at once, for small things.
Result<std::string> Decode(Compression compression, std::string_view data,
                           const DecodeLimits& limits);
Result<std::string> Encode(Compression compression, std::string_view data,
                           const EncodeOptions& options);

}  // namespace thalweg::io
