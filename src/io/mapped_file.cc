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

MappedFile::MappedFile(std::string_view bytes, size_t reserved, Descriptor fd, std::string name)
    : bytes_(bytes), reserved_(reserved), fd_(std::move(fd)), name_(std::move(name)) {}

MappedFile::~MappedFile() {
  if (reserved_ != 0) munmap(const_cast<char*>(bytes_.data()), reserved_);
}

Result<std::shared_ptr<MappedFile>> MappedFile::Map(const RandomAccessFile& file,
                                                    std::string name) {
  const std::optional<int> given = file.Descriptor();
  if (!given) return Status::Unsupported("map: '" + name + "': not a file of the local disk");
  THALWEG_ASSIGN_OR_RETURN(const int64_t size, file.Size());
  Descriptor fd(fcntl(*given, F_DUPFD_CLOEXEC, 0));
  if (!fd.valid()) return StatusOfErrno(errno, "map", name);
  if (size <= 0) return std::shared_ptr<MappedFile>(new MappedFile({}, 0, std::move(fd), name));
  // A page of zeros is reserved behind the file, whose last page may be full to its last byte.
  const auto length = static_cast<size_t>(size);
  const size_t reserved = (length + PageBytes() - 1) / PageBytes() * PageBytes() + PageBytes();
  void* address = mmap(nullptr, reserved, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) return StatusOfErrno(errno, "map", name);
  std::shared_ptr<MappedFile> mapped(
      new MappedFile({static_cast<const char*>(address), length}, reserved, std::move(fd), name));
  if (mmap(address, length, PROT_READ, MAP_SHARED | MAP_FIXED, mapped->fd_.get(), 0) ==
      MAP_FAILED) {
    // Devices and some file systems of the kernel cannot be mapped.
    const int error = errno == ENODEV || errno == EACCES ? EOPNOTSUPP : errno;
    return StatusOfErrno(error, "map", name);
  }
  return mapped;
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
  // One fault maps more than its page, up to a folio of 2 MiB, so that filling this range has
  // mapped some of what lies before it again. Where that is still in use, it comes back from the
  // page cache; what was mapped behind the range goes with the ranges there.
  constexpr int64_t kFolioBytesMax = 2 << 20;
  const int64_t begin = std::max<int64_t>(offset, 0);
  const int64_t before = std::min(begin, kFolioBytesMax);
  if (length <= 0 || begin >= static_cast<int64_t>(bytes_.size())) return;
  const int64_t rest = static_cast<int64_t>(bytes_.size()) - begin;
  const Pages pages = PagesOf(bytes_, begin - before, before + std::min(length, rest));
  if (pages.length != 0) madvise(pages.begin, pages.length, MADV_DONTNEED);
}

}  // namespace thalweg::io
