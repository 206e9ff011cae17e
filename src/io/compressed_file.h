#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/byte_codec.h"
#include "io/file_system.h"
#include "thalweg/status.h"

// Files that are compressed on their way.
namespace thalweg::io {

/// Gives what `file` holds, decompressed. Without a `compression` the first bytes decide (see
/// `CompressionOfBytes`). `name` stands in messages.
Result<std::unique_ptr<SequentialFile>> MakeDecodingFile(std::unique_ptr<SequentialFile> file,
                                                         std::optional<Compression> compression,
                                                         const DecodeLimits& limits,
                                                         std::string name);

/// Opens `path` and decompresses it: by `compression`, else by its suffix, else by its first bytes.
Result<std::unique_ptr<SequentialFile>> OpenDecoded(FileSystem& fs, const std::string& path,
                                                    std::optional<Compression> compression,
                                                    const DecodeLimits& limits,
                                                    std::stop_token stop);

/// Compresses what is appended and hands it on. One thread at a time.
class EncodingWriter {
 public:
  using Output = std::function<Status(std::string_view)>;

  static Result<std::unique_ptr<EncodingWriter>> Make(Compression compression,
                                                      const EncodeOptions& options, Output output);

  /// After a failure every further call returns the same failure.
  Status Append(std::string_view data);
  /// Hands on everything so far in a form that a decoder can read now.
  Status Flush();
  /// Ends the stream, once. Without it the stream is truncated.
  Status Finish();

 private:
  EncodingWriter(std::unique_ptr<ByteCodec> codec, Output output);
  Status Run(std::string_view data, InputEnd end);

  std::unique_ptr<ByteCodec> codec_;  // Null: not compressed.
  Output output_;
  std::string buffer_;
  Status failure_;
};

}  // namespace thalweg::io
