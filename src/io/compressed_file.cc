#include "io/compressed_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace thalweg::io {
namespace {

constexpr size_t kInputBytes = 256 * 1024;
constexpr size_t kOutputBytes = 256 * 1024;
constexpr size_t kMarkBytes = 4;

// Bytes taken from the front of a file for a look, then the rest of it.
class PrefixedFile final : public SequentialFile {
 public:
  PrefixedFile(std::string prefix, std::unique_ptr<SequentialFile> rest)
      : prefix_(std::move(prefix)), rest_(std::move(rest)) {}

  Result<size_t> Read(std::span<char> out) override {
    if (given_ == prefix_.size()) return rest_->Read(out);
    const size_t n = std::min(out.size(), prefix_.size() - given_);
    if (n != 0) std::memcpy(out.data(), prefix_.data() + given_, n);
    given_ += n;
    return n;
  }

 private:
  std::string prefix_;
  size_t given_ = 0;
  std::unique_ptr<SequentialFile> rest_;
};

class DecodingFile final : public SequentialFile {
 public:
  DecodingFile(std::unique_ptr<SequentialFile> file, std::unique_ptr<ByteCodec> codec,
               std::string name)
      : file_(std::move(file)), codec_(std::move(codec)), name_(std::move(name)) {
    buffer_.resize(kInputBytes);
  }

  Result<size_t> Read(std::span<char> out) override {
    THALWEG_RETURN_IF_ERROR(failure_);
    if (out.empty()) return size_t{0};
    Result<size_t> n = ReadSome(out);
    if (!n.ok()) failure_ = n.status();
    return n;
  }

 private:
  Result<size_t> ReadSome(std::span<char> out) {
    while (!done_) {
      Result<Progress> progress = codec_->Step(input_, out, end_);
      if (!progress.ok()) return progress.status().WithContext("read '" + name_ + "'");
      input_.remove_prefix(progress->consumed);
      done_ = progress->state == StepState::kDone;
      if (progress->produced != 0) return progress->produced;
      if (progress->state == StepState::kNeedInput) {
        THALWEG_ASSIGN_OR_RETURN(const size_t n, file_->Read(buffer_));
        input_ = std::string_view(buffer_).substr(0, n);
        if (n == 0) end_ = InputEnd::kLast;
      }
    }
    return size_t{0};
  }

  std::unique_ptr<SequentialFile> file_;
  std::unique_ptr<ByteCodec> codec_;
  std::string name_;
  std::string buffer_;
  std::string_view input_;  // What of `buffer_` the codec has not taken.
  InputEnd end_ = InputEnd::kMore;
  bool done_ = false;
  Status failure_;
};

}  // namespace

Result<std::unique_ptr<SequentialFile>> MakeDecodingFile(std::unique_ptr<SequentialFile> file,
                                                         std::optional<Compression> compression,
                                                         const DecodeLimits& limits,
                                                         std::string name) {
  if (!compression) {
    std::string start(kMarkBytes, '\0');
    size_t used = 0;
    while (used < start.size()) {
      THALWEG_ASSIGN_OR_RETURN(const size_t n,
                               file->Read({start.data() + used, start.size() - used}));
      if (n == 0) break;
      used += n;
    }
    start.resize(used);
    compression = CompressionOfBytes(start);
    file = std::make_unique<PrefixedFile>(std::move(start), std::move(file));
  }
  if (*compression == Compression::kNone) return file;
  THALWEG_ASSIGN_OR_RETURN(auto codec, MakeDecoder(*compression, limits));
  return std::make_unique<DecodingFile>(std::move(file), std::move(codec), std::move(name));
}

Result<std::unique_ptr<SequentialFile>> OpenDecoded(FileSystem& fs, const std::string& path,
                                                    std::optional<Compression> compression,
                                                    const DecodeLimits& limits,
                                                    std::stop_token stop) {
  if (!compression) {
    const Compression by_suffix = CompressionOfPath(path);
    if (by_suffix != Compression::kNone) compression = by_suffix;
  }
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenSequential(path, std::move(stop)));
  return MakeDecodingFile(std::move(file), compression, limits, path);
}

EncodingWriter::EncodingWriter(std::unique_ptr<ByteCodec> codec, Output output)
    : codec_(std::move(codec)), output_(std::move(output)) {
  if (codec_ != nullptr) buffer_.resize(kOutputBytes);
}

Result<std::unique_ptr<EncodingWriter>> EncodingWriter::Make(Compression compression,
                                                             const EncodeOptions& options,
                                                             Output output) {
  THALWEG_ASSIGN_OR_RETURN(auto codec, MakeEncoder(compression, options));
  if (compression == Compression::kNone) codec.reset();
  return std::unique_ptr<EncodingWriter>(new EncodingWriter(std::move(codec), std::move(output)));
}

Status EncodingWriter::Append(std::string_view data) { return Run(data, InputEnd::kMore); }
Status EncodingWriter::Flush() { return Run({}, InputEnd::kFlush); }
Status EncodingWriter::Finish() { return Run({}, InputEnd::kLast); }

Status EncodingWriter::Run(std::string_view data, InputEnd end) {
  THALWEG_RETURN_IF_ERROR(failure_);
  if (codec_ == nullptr) {
    if (!data.empty()) failure_ = output_(data);
    return failure_;
  }
  for (;;) {
    const Result<Progress> progress = codec_->Step(data, buffer_, end);
    failure_ = progress.status();
    if (progress.ok() && progress->produced != 0) {
      failure_ = output_(std::string_view(buffer_).substr(0, progress->produced));
    }
    THALWEG_RETURN_IF_ERROR(failure_);
    data.remove_prefix(progress->consumed);
    if (progress->state != StepState::kNeedRoom) return {};
  }
}

}  // namespace thalweg::io
