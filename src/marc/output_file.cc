#include "marc/output_file.h"

#include <utility>

#include "io/atomic_file.h"
#include "io/compressed_file.h"
#include "io/local_file_system.h"
#include "io/standard_streams.h"

namespace thalweg::marc {
namespace {

class StandardOutput final : public OutputFile {
 public:
  Status Append(std::string_view data) override { return file_->Append(data); }
  Status Commit() override { return {}; }
  std::string path() const override { return "-"; }

 private:
  std::unique_ptr<io::WritableFile> file_ = io::OpenStandardOutput();
};

class NewFile final : public OutputFile {
 public:
  explicit NewFile(std::unique_ptr<io::AtomicFile> file) : file_(std::move(file)) {}
  Status StartEncoding(io::Compression compression) {
    if (compression == io::Compression::kNone) return {};
    const auto append = [file = file_.get()](std::string_view data) { return file->Append(data); };
    THALWEG_ASSIGN_OR_RETURN(encoder_, io::EncodingWriter::Make(compression, {}, append));
    return {};
  }
  Status Append(std::string_view data) override {
    return encoder_ ? encoder_->Append(data) : file_->Append(data);
  }
  Status Commit() override {
    if (encoder_) THALWEG_RETURN_IF_ERROR(encoder_->Finish());
    return file_->Commit();
  }
  std::string path() const override { return file_->path(); }

 private:
  std::unique_ptr<io::AtomicFile> file_;
  std::unique_ptr<io::EncodingWriter> encoder_;
};

Result<std::unique_ptr<OutputFile>> Open(const std::string& path,
                                         const io::AtomicFile::Options& options) {
  if (path == "-") return std::unique_ptr<OutputFile>(std::make_unique<StandardOutput>());
  THALWEG_ASSIGN_OR_RETURN(auto file, io::AtomicFile::Create(io::LocalFileSystem(), path, options));
  auto output = std::make_unique<NewFile>(std::move(file));
  THALWEG_RETURN_IF_ERROR(output->StartEncoding(io::CompressionOfPath(path)));
  return std::unique_ptr<OutputFile>(std::move(output));
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path, bool force) {
  return Open(path, {.replace = force});
}

Result<std::unique_ptr<OutputFile>> OutputFile::CreateNumbered(const std::string& path) {
  return Open(path, {.numbered = true});
}

}  // namespace thalweg::marc
