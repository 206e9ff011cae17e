#include "io/file_reader.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "io/mapped_file.h"

namespace thalweg::io {
namespace {

constexpr size_t kReadableBehind = MappedFile::kReadableBehind;

constexpr size_t kPage = 4096;

// Buffers that are used again. A page fault costs more than the copy into a warm page. They begin
// on a page: the kernel copies into memory that lies 1 to 31 bytes further into its page than the
// file's bytes do, as large blocks of malloc are, at a fifth of the speed on some processors.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  explicit BufferPool(size_t spare_max) : spare_max_(spare_max) {}
  ~BufferPool() {
    for (const Buffer& buffer : spare_) std::free(buffer.data);
  }
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // At least `length` bytes, or null when memory is out. Goes back with its last owner.
  std::shared_ptr<char> Take(size_t length) {
    Buffer buffer = TakeSpare(length);
    if (buffer.data == nullptr) {
      const size_t size = (length + kReadableBehind + kPage - 1) / kPage * kPage;
      buffer = {static_cast<char*>(std::aligned_alloc(kPage, size)), length};
      if (buffer.data == nullptr) return nullptr;
      std::memset(buffer.data + length, 0, kReadableBehind);
    }
    return {buffer.data, [pool = shared_from_this(), buffer](char*) { pool->Give(buffer); }};
  }

 private:
  struct Buffer {
    char* data = nullptr;
    size_t capacity = 0;
  };

  Buffer TakeSpare(size_t length) {
    std::scoped_lock lock(mutex_);
    // The one given back last is the one most likely still in a cache.
    for (size_t i = spare_.size(); i-- != 0;) {
      if (spare_[i].capacity < length || spare_[i].capacity / 2 > length) continue;
      const Buffer found = spare_[i];
      spare_.erase(spare_.begin() + static_cast<ptrdiff_t>(i));
      return found;
    }
    return {};
  }

  void Give(Buffer buffer) {
    {
      std::scoped_lock lock(mutex_);
      if (spare_.size() < spare_max_) {
        spare_.push_back(buffer);
        return;
      }
      if (!spare_.empty()) std::swap(spare_.front(), buffer);  // Sizes follow the latest wish.
    }
    std::free(buffer.data);
  }

  const size_t spare_max_;
  std::mutex mutex_;
  std::vector<Buffer> spare_;  // Guarded by `mutex_`.
};

class CopyingReader final : public FileReader {
 public:
  CopyingReader(std::unique_ptr<RandomAccessFile> file, std::string path, int64_t size,
                size_t spare_max)
      : FileReader(size, Method::kRead),
        file_(std::move(file)),
        path_(std::move(path)),
        pool_(std::make_shared<BufferPool>(spare_max)) {}

  void WillNeed(int64_t offset, int64_t length) override { file_->WillNeed(offset, length); }

 protected:
  Result<FileSlab> DoRead(int64_t offset, size_t length) override {
    std::shared_ptr<char> buffer = pool_->Take(length);
    if (buffer == nullptr) {
      return Status::ResourceExhausted("read: '" + path_ + "': out of memory for " +
                                       std::to_string(length) + " bytes");
    }
    THALWEG_ASSIGN_OR_RETURN(const size_t n, file_->ReadAt(offset, {buffer.get(), length}));
    if (n < length) {
      return Status::IoError("read: '" + path_ + "': the file became shorter while it was read");
    }
    const std::string_view bytes(buffer.get(), length);
    return FileSlab{std::move(buffer), bytes, offset};
  }

 private:
  std::unique_ptr<RandomAccessFile> file_;
  std::string path_;
  std::shared_ptr<BufferPool> pool_;
};

class MappingReader final : public FileReader {
 public:
  explicit MappingReader(std::shared_ptr<MappedFile> file)
      : FileReader(static_cast<int64_t>(file->bytes().size()), Method::kMap),
        file_(std::move(file)) {}

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
