#include "io/local_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/descriptor.h"
#include "io/errno_status.h"
#include "io/updatable_file.h"

namespace thalweg::io {
namespace {

FileType TypeOfMode(mode_t mode) {
  if (S_ISREG(mode)) return FileType::kFile;
  if (S_ISDIR(mode)) return FileType::kDirectory;
  if (S_ISLNK(mode)) return FileType::kLink;
  return FileType::kOther;
}

FileInfo InfoOfStat(const struct stat& info) {
  FileInfo out;
  out.type = TypeOfMode(info.st_mode);
  out.size = info.st_size;
  out.modified_unix_micros = info.st_mtim.tv_sec * 1'000'000 + info.st_mtim.tv_nsec / 1000;
  out.permissions = info.st_mode & 07777;
  out.device = info.st_dev;
  out.inode = info.st_ino;
  return out;
}

Status RefuseDirectory(int fd, const std::string& path, const char* operation) {
  struct stat info{};
  if (fstat(fd, &info) != 0) return StatusOfErrno(errno, operation, path);
  return S_ISDIR(info.st_mode) ? StatusOfErrno(EISDIR, operation, path) : Status();
}

class LocalRandomFile final : public RandomAccessFile {
 public:
  LocalRandomFile(io::Descriptor fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadAt(int64_t offset, std::span<char> out) const override {
    if (offset < 0) return Status::InvalidArgument("read: '" + path_ + "': negative offset");
    size_t done = 0;
    while (done < out.size()) {
      const size_t piece = std::min<size_t>(out.size() - done, 1U << 30);
      const ssize_t n =
          pread(fd_.get(), out.data() + done, piece, offset + static_cast<off_t>(done));
      if (n == 0) break;
      if (n > 0) {
        done += static_cast<size_t>(n);
      } else if (errno != EINTR) {
        return StatusOfErrno(errno, "read", path_);
      }
    }
    return done;
  }
  Result<int64_t> Size() const override {
    struct stat info{};
    if (fstat(fd_.get(), &info) != 0) return StatusOfErrno(errno, "size", path_);
    return int64_t{info.st_size};
  }
  void WillNeed(int64_t offset, int64_t length) const override {
    posix_fadvise(fd_.get(), offset, length, POSIX_FADV_WILLNEED);
  }
  std::optional<int> Descriptor() const override { return fd_.get(); }

 private:
  io::Descriptor fd_;
  std::string path_;
};

class LocalUpdatableFile final : public UpdatableFile {
 public:
  LocalUpdatableFile(io::Descriptor fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  Status WriteAt(int64_t offset, std::string_view data) override {
    THALWEG_RETURN_IF_ERROR(failure_);
    if (const int error = WriteAllAt(fd_.get(), offset, data)) return Fail(error, "write");
    writeback_.Wrote(fd_.get(), offset, static_cast<int64_t>(data.size()));
    return {};
  }
  Status Truncate(int64_t size) override {
    THALWEG_RETURN_IF_ERROR(failure_);
    return ftruncate(fd_.get(), size) == 0 ? Status() : Fail(errno, "truncate");
  }
  Status Sync() override {
    THALWEG_RETURN_IF_ERROR(failure_);
    int result = 0;
    do {
      result = fsync(fd_.get());
    } while (result != 0 && errno == EINTR);
    return result == 0 ? Status() : Fail(errno, "sync");
  }
  Status Close() override {
    THALWEG_RETURN_IF_ERROR(failure_);
    failure_ = Status::InvalidArgument("write: '" + path_ + "': the file is closed");
    // Linux has freed the descriptor even when close is interrupted.
    if (close(fd_.Release()) != 0 && errno != EINTR) return StatusOfErrno(errno, "close", path_);
    return {};
  }

 private:
  Status Fail(int error, const char* operation) {
    failure_ = StatusOfErrno(error, operation, path_);
    return failure_;
  }

  io::Descriptor fd_;
  std::string path_;
  EarlyWriteback writeback_;
  Status failure_;
};

class LocalLock final : public FileLock {
 public:
  explicit LocalLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

// The entries of an open directory. Takes the descriptor.
Result<std::vector<DirEntry>> ListDescriptor(Descriptor fd, const std::string& path) {
  const int raw = fd.get();
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(fdopendir(raw), &closedir);
  if (dir == nullptr) return StatusOfErrno(errno, "list", path);
  fd.Release();
  std::vector<DirEntry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(dir.get());  // NOLINT(concurrency-mt-unsafe): own DIR.
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    FileType type = FileType::kOther;
    if (entry->d_type == DT_UNKNOWN) {
      struct stat info{};
      if (fstatat(raw, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;  // Removed since it was listed.
        return StatusOfErrno(errno, "list", JoinPath(path, name));
      }
      type = TypeOfMode(info.st_mode);
    } else {
      type = TypeOfMode(DTTOIF(entry->d_type));
    }
    entries.push_back({std::string(name), type});
  }
  if (errno != 0) return StatusOfErrno(errno, "list", path);
  std::ranges::sort(entries, {}, &DirEntry::name);
  return entries;
}

// Removes what `name` in the open directory `parent` is. Every step is relative to an open
// directory and refuses links, so that a directory swapped for a link meanwhile leads nowhere.
Status RemoveAt(int parent, const std::string& name, const std::string& path) {
  if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  // Linux says EISDIR for a directory, POSIX EPERM.
  if (errno != EISDIR && errno != EPERM) return StatusOfErrno(errno, "remove", path);
  const int unlink_error = errno;
  Descriptor dir(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir.valid()) {
    if (errno == ENOENT) return {};
    return StatusOfErrno(errno == ENOTDIR ? unlink_error : errno, "remove", path);
  }
  Descriptor listed(fcntl(dir.get(), F_DUPFD_CLOEXEC, 0));
  if (!listed.valid()) return StatusOfErrno(errno, "remove", path);
  THALWEG_ASSIGN_OR_RETURN(const auto entries, ListDescriptor(std::move(listed), path));
  for (const DirEntry& entry : entries) {
    THALWEG_RETURN_IF_ERROR(RemoveAt(dir.get(), entry.name, JoinPath(path, entry.name)));
  }
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return StatusOfErrno(errno, "remove", path);
  }
  return {};
}

Status RenameNoReplace(const std::string& from, const std::string& to) {
  const std::string_view operation = "rename without replacing";
  if (syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return {};
  }
  if (errno != ENOSYS && errno != EINVAL) return StatusOfErrno(errno, operation, to);
  // Not every file system has the flag. A second name, then the first one removed, is as atomic
  // for whoever looks at `to`.
  if (link(from.c_str(), to.c_str()) != 0) {
    if (errno == EPERM) errno = EOPNOTSUPP;
    return StatusOfErrno(errno, operation, to);
  }
  return unlink(from.c_str()) == 0 ? Status() : StatusOfErrno(errno, "unlink", from);
}

class Local final : public FileSystem, public UpdatingFileSystem {
 public:
  Result<std::unique_ptr<RandomAccessFile>> OpenRandom(const std::string& path) override {
    THALWEG_ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_RDONLY, 0, "open"));
    THALWEG_RETURN_IF_ERROR(RefuseDirectory(fd.get(), path, "open"));
    return std::make_unique<LocalRandomFile>(std::move(fd), path);
  }

  Result<std::unique_ptr<SequentialFile>> OpenSequential(const std::string& path,
                                                         std::stop_token stop) override {
    THALWEG_ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_RDONLY, 0, "open"));
    THALWEG_RETURN_IF_ERROR(RefuseDirectory(fd.get(), path, "open"));
    posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return MakeDescriptorReader(fd.Release(), true, path, std::move(stop));
  }

  Result<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path,
                                                       const WriteOptions& options) override {
    int flags = O_WRONLY | O_CREAT;
    if (options.mode == WriteMode::kCreate) flags |= O_EXCL;
    if (options.mode == WriteMode::kTruncate) flags |= O_TRUNC;
    if (options.mode == WriteMode::kAppend) flags |= O_APPEND;
    THALWEG_ASSIGN_OR_RETURN(
        Descriptor fd, OpenDescriptor(path, flags, options.permissions & 07777, "open to write"));
    if (options.exact_permissions && fchmod(fd.get(), options.permissions & 07777) != 0) {
      return StatusOfErrno(errno, "set permissions", path);
    }
    // What is appended lies behind what is there: its place in the file is not known here.
    const bool early = options.will_sync && options.mode != WriteMode::kAppend;
    return MakeDescriptorWriter(fd.Release(), true, path, early);
  }

  Result<std::unique_ptr<UpdatableFile>> OpenForUpdate(const std::string& path) override {
    THALWEG_ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_WRONLY, 0, "open to update"));
    return std::make_unique<LocalUpdatableFile>(std::move(fd), path);
  }

  Result<FileInfo> Stat(const std::string& path) override {
    THALWEG_RETURN_IF_ERROR(CheckPath(path));
    struct stat info{};
    if (stat(path.c_str(), &info) != 0) return StatusOfErrno(errno, "stat", path);
    return InfoOfStat(info);
  }

  Result<std::vector<DirEntry>> List(const std::string& path) override {
    THALWEG_ASSIGN_OR_RETURN(Descriptor fd,
                             OpenDescriptor(path, O_RDONLY | O_DIRECTORY, 0, "list"));
    return ListDescriptor(std::move(fd), path);
  }

  Status MakeDirs(const std::string& path) override {
    THALWEG_RETURN_IF_ERROR(CheckPath(path));
    if (mkdir(path.c_str(), 0777) == 0) return {};
    if (errno == ENOENT) {
      const std::string parent = ParentPath(path);
      if (parent == path) return StatusOfErrno(ENOENT, "make directory", path);
      THALWEG_RETURN_IF_ERROR(MakeDirs(parent));
      if (mkdir(path.c_str(), 0777) == 0) return {};
    }
    const int error = errno;
    struct stat info{};
    const bool is_dir = stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    return is_dir ? Status() : StatusOfErrno(error, "make directory", path);
  }

  Status Rename(const std::string& from, const std::string& to, RenameMode mode) override {
    THALWEG_RETURN_IF_ERROR(CheckPath(from));
    THALWEG_RETURN_IF_ERROR(CheckPath(to));
    if (mode == RenameMode::kNoReplace) return RenameNoReplace(from, to);
    return rename(from.c_str(), to.c_str()) == 0 ? Status() : StatusOfErrno(errno, "rename to", to);
  }

  Status Unlink(const std::string& path) override {
    THALWEG_RETURN_IF_ERROR(CheckPath(path));
    return unlink(path.c_str()) == 0 ? Status() : StatusOfErrno(errno, "unlink", path);
  }

  Status RemoveTree(const std::string& path) override {
    THALWEG_RETURN_IF_ERROR(CheckPath(path));
    const std::string name = BaseName(path);
    if (name == "/" || name == "." || name == "..") {
      return Status::InvalidArgument("remove: not a name in a directory: '" + path + "'");
    }
    auto parent = OpenDescriptor(ParentPath(path), O_RDONLY | O_DIRECTORY, 0, "remove");
    if (!parent.ok()) {
      return parent.status().code() == StatusCode::kNotFound ? Status() : parent.status();
    }
    return RemoveAt(parent->get(), name, path);
  }

  Status SyncDir(const std::string& path) override {
    THALWEG_ASSIGN_OR_RETURN(Descriptor fd,
                             OpenDescriptor(path, O_RDONLY | O_DIRECTORY, 0, "sync directory"));
    int result = 0;
    do {
      result = fsync(fd.get());
    } while (result != 0 && errno == EINTR);
    // Some network file systems cannot sync a directory, and say so in this way.
    if (result != 0 && errno != EINVAL && errno != EBADF) {
      return StatusOfErrno(errno, "sync directory", path);
    }
    return {};
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    THALWEG_ASSIGN_OR_RETURN(Descriptor fd, OpenDescriptor(path, O_RDWR | O_CREAT, 0666, "lock"));
    while (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        return Status::Unavailable("lock: '" + path + "': held by another user");
      }
      if (errno != EINTR) return StatusOfErrno(errno, "lock", path);
    }
    return std::make_unique<LocalLock>(std::move(fd));
  }
};

}  // namespace

FileSystem& LocalFileSystem() {
  static Local local;
  return local;
}

}  // namespace thalweg::io
