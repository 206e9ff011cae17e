#include "io/file_reader.h"

#include <algorithm>
#include <utility>

#include "io/buffer_pool.h"
#include "io/mapped_file.h"

namespace thalweg::io {
namespace {

static_assert(BufferPool::kReadableBehind == MappedFile::kReadableBehind);  // A slab has either.

class CopyingReader final : public FileReader {
 public:
  CopyingReader(std::shared_ptr<const RandomAccessFile> file, std::string path, int64_t size,
                size_t spare_max)
      : FileReader(size, Method::kRead),
        file_(std::move(file)),
        path_(std::move(path)),
        spare_max_(spare_max),
        pool_(BufferPool::Make(spare_max)) {}

  std::unique_ptr<FileReader> Sibling() const override {
    return std::make_unique<CopyingReader>(file_, path_, size(), spare_max_);
  }

  void WillNeed(int64_t offset, int64_t length) override { file_->WillNeed(offset, length); }

 protected:
  Result<FileSlab> DoRead(int64_t offset, size_t length) override {
    // As far behind a page as in the file, which the kernel copies fastest.
    const auto front = static_cast<size_t>(offset) % BufferPool::kPage;
    std::shared_ptr<char> buffer = pool_->Take(front + length);
    if (buffer == nullptr) {
      return Status::ResourceExhausted("read: '" + path_ + "': out of memory for " +
                                       std::to_string(length) + " bytes");
    }
    THALWEG_ASSIGN_OR_RETURN(const size_t n, file_->ReadAt(offset, {buffer.get() + front, length}));
    if (n < length) {
      return Status::IoError("read: '" + path_ + "': the file became shorter while it was read");
    }
    const std::string_view bytes(buffer.get() + front, length);
    return FileSlab{std::move(buffer), bytes, offset};
  }

 private:
  std::shared_ptr<const RandomAccessFile> file_;
  std::string path_;
  size_t spare_max_;
  std::shared_ptr<BufferPool> pool_;
};

class MappingReader final : public FileReader {
 public:
  explicit MappingReader(std::shared_ptr<MappedFile> file)
      : FileReader(static_cast<int64_t>(file->bytes().size()), Method::kMap),
        file_(std::move(file)) {}

  std::unique_ptr<FileReader> Sibling() const override {
    return std::make_unique<MappingReader>(file_);
  }

  void WillNeed(int64_t offset, int64_t length) override { file_->WillNeed(offset, length); }

 protected:
  Result<FileSlab> DoRead(int64_t offset, size_t length) override {
    THALWEG_RETURN_IF_ERROR(file_->Populate(offset, static_cast<int64_t>(length)));
    const std::string_view bytes = file_->bytes().substr(static_cast<size_t>(offset), length);
    std::shared_ptr<const void> owner(bytes.data(), [file = file_, offset, length](const void*) {
      file->Release(offset, static_cast<int64_t>(length));
    });
    return FileSlab{std::move(owner), bytes, offset};
  }

 private:
  std::shared_ptr<MappedFile> file_;
};

}  // namespace

Result<std::unique_ptr<FileReader>> FileReader::Open(FileSystem& fs, const std::string& path,
                                                     const Options& options) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path));
  if (options.method == Method::kMap) {
    auto mapped = MappedFile::Map(*file, path);
    if (mapped.ok()) return std::make_unique<MappingReader>(*std::move(mapped));
    if (mapped.status().code() != StatusCode::kUnsupported) return mapped.status();
  }
  THALWEG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  return std::make_unique<CopyingReader>(std::move(file), path, size, options.spare_buffers_max);
}

Result<FileSlab> FileReader::Read(int64_t offset, size_t length) {
  if (offset < 0) return Status::InvalidArgument("read: negative offset");
  const auto left = static_cast<uint64_t>(std::max<int64_t>(size_ - offset, 0));
  length = static_cast<size_t>(std::min<uint64_t>(length, left));
  if (length == 0) return FileSlab{nullptr, {}, offset};
  return DoRead(offset, length);
}

}  // namespace thalweg::io
