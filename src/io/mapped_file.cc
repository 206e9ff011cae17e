#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/errno_status.h"

namespace thalweg::io {
namespace {

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22  // Linux 5.14; older headers lack it.
#endif

size_t PageBytes() {
  static const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

struct Pages {
  void* begin;
  size_t length;
};

// The whole pages that hold the part of the range that lies in the file.
Pages PagesOf(std::string_view bytes, int64_t offset, int64_t length) {
  const auto size = static_cast<int64_t>(bytes.size());
  const int64_t first = std::clamp<int64_t>(offset, 0, size);
  const int64_t last = first + std::clamp<int64_t>(length, 0, size - first);
  if (first == last) return {nullptr, 0};
  const size_t begin = static_cast<size_t>(first) / PageBytes() * PageBytes();
  const size_t end = (static_cast<size_t>(last) + PageBytes() - 1) / PageBytes() * PageBytes();
  return {const_cast<char*>(bytes.data() + begin), end - begin};
}

}  // namespace

MappedFile::MappedFile(std::string_view bytes, Descriptor fd, std::string name)
    : bytes_(bytes), fd_(std::move(fd)), name_(std::move(name)) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

Result<std::shared_ptr<MappedFile>> MappedFile::Map(const RandomAccessFile& file,
                                                    std::string name) {
  const std::optional<int> given = file.Descriptor();
  if (!given) return Status::Unsupported("map: '" + name + "': not a file of the local disk");
  THALWEG_ASSIGN_OR_RETURN(const int64_t size, file.Size());
  Descriptor fd(fcntl(*given, F_DUPFD_CLOEXEC, 0));
  if (!fd.valid()) return StatusOfErrno(errno, "map", name);
  std::string_view bytes;
  if (size > 0) {
    void* address = mmap(nullptr, static_cast<size_t>(size), PROT_READ, MAP_SHARED, fd.get(), 0);
    if (address == MAP_FAILED) {
      // Devices and some file systems of the kernel cannot be mapped.
      const int error = errno == ENODEV || errno == EACCES ? EOPNOTSUPP : errno;
      return StatusOfErrno(error, "map", name);
    }
    bytes = {static_cast<const char*>(address), static_cast<size_t>(size)};
  }
  return std::shared_ptr<MappedFile>(new MappedFile(bytes, std::move(fd), std::move(name)));
}

void MappedFile::WillNeed(int64_t offset, int64_t length) const {
  const Pages pages = PagesOf(bytes_, offset, length);
  if (pages.length != 0) madvise(pages.begin, pages.length, MADV_WILLNEED);
}

Status MappedFile::CheckSize() const {
  struct stat info{};
  if (fstat(fd_.get(), &info) != 0) return StatusOfErrno(errno, "read", name_);
  if (info.st_size >= static_cast<off_t>(bytes_.size())) return {};
  return Status::IoError("read: '" + name_ + "': the file became shorter while it was read");
}

Status MappedFile::Populate(int64_t offset, int64_t length) const {
  const Pages pages = PagesOf(bytes_, offset, length);
  if (pages.length == 0) return {};
  for (;;) {
    if (madvise(pages.begin, pages.length, MADV_POPULATE_READ) == 0) return {};
    if (errno == EINVAL) return CheckSize();  // A kernel without it: pages come one by one.
    if (errno != EINTR && errno != EAGAIN) break;
  }
  const int error = errno;
  THALWEG_RETURN_IF_ERROR(CheckSize());
  return StatusOfErrno(error == EFAULT ? EIO : error, "read", name_);
}

void MappedFile::Release(int64_t offset, int64_t length) const {
  const Pages pages = PagesOf(bytes_, offset, length);
  // Pages shared with a neighbouring range go too: they come back from the page cache.
  if (pages.length != 0) madvise(pages.begin, pages.length, MADV_DONTNEED);
}

}  // namespace thalweg::io
