#include "archive/target_tree.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/errno_status.h"
#include "io/file_system.h"
#include "io/local_file_system.h"

namespace thalweg::archive {
namespace {

constexpr uint32_t kSetIdBits = 07000;

int Openat2(int dir, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, dir, path, &how, sizeof(how)));
}

timespec TimeOf(int64_t nanos) {
  int64_t seconds = nanos / 1'000'000'000;
  int64_t rest = nanos % 1'000'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000'000;
  }
  timespec time{};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_nsec = static_cast<long>(rest);  // NOLINT(google-runtime-int): the field's type.
  return time;
}

std::string NameIn(const std::string& path) { return io::BaseName(path); }

std::string ParentIn(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

Result<std::unique_ptr<TargetTree>> TargetTree::Open(const std::string& path,
                                                     const ExtractOptions& options) {
  THALWEG_RETURN_IF_ERROR(io::LocalFileSystem().MakeDirs(path));
  std::unique_ptr<TargetTree> tree(new TargetTree(options));
  THALWEG_ASSIGN_OR_RETURN(tree->root_,
                           io::OpenDescriptor(path, O_RDONLY | O_DIRECTORY, 0, "extract to"));
  const int probe = Openat2(tree->root_.get(), ".", O_RDONLY | O_DIRECTORY);
  if (probe >= 0) close(probe);
  // Where a sandbox or an old kernel has no openat2, names are opened one by one.
  tree->has_openat2_ = probe >= 0;
  return tree;
}

Result<io::Descriptor> TargetTree::OpenBeneath(const std::string& path, int flags) const {
  if (has_openat2_) {
    while (true) {
      const int fd = Openat2(root_.get(), path.empty() ? "." : path.c_str(), flags);
      if (fd >= 0) return io::Descriptor(fd);
      if (errno != EINTR && errno != EAGAIN) break;
    }
    return io::StatusOfErrno(errno, "open beneath the target", path);
  }
  io::Descriptor here(fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
  for (size_t begin = 0; here.valid() && begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    here = io::Descriptor(openat(here.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
    begin = end + 1;
  }
  if (!here.valid()) return io::StatusOfErrno(errno, "open beneath the target", path);
  return here;
}

Result<TargetTree::Parent> TargetTree::ParentOf(const std::string& path) {
  const std::string parent = ParentIn(path);
  {
    std::scoped_lock lock(mutex_);
    if (last_ != nullptr && last_path_ == parent) return last_;
  }
  THALWEG_ASSIGN_OR_RETURN(io::Descriptor fd, OpenBeneath(parent, O_RDONLY | O_DIRECTORY));
  auto shared = std::make_shared<const io::Descriptor>(std::move(fd));
  std::scoped_lock lock(mutex_);
  last_path_ = parent;
  last_ = shared;
  return shared;
}

Status TargetTree::MakeDirectory(const std::string& path) {
  if (path.empty()) return {};
  auto there = OpenBeneath(path, O_RDONLY | O_DIRECTORY);
  if (there.ok()) return {};
  if (there.status().code() != StatusCode::kNotFound) return there.status();
  THALWEG_RETURN_IF_ERROR(MakeDirectory(ParentIn(path)));
  THALWEG_ASSIGN_OR_RETURN(const Parent parent, ParentOf(path));
  if (mkdirat(parent->get(), NameIn(path).c_str(), 0777) != 0) {
    if (errno != EEXIST) return io::StatusOfErrno(errno, "make directory", path);
    return OpenBeneath(path, O_RDONLY | O_DIRECTORY).status();
  }
  std::scoped_lock lock(mutex_);
  made_directories_.push_back(path);
  return {};
}

Result<std::unique_ptr<TargetTree::NewFile>> TargetTree::CreateFile(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(Parent parent, ParentOf(path));
  const std::string name = NameIn(path);
  if (!options_.force && faccessat(parent->get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    return io::StatusOfErrno(EEXIST, "extract", path);
  }
  for (int attempt = 0; attempt < 100; ++attempt) {
    uint64_t number = 0;
    {
      std::scoped_lock lock(mutex_);
      number = ++temporary_;
    }
    std::string temporary =
        ".thalweg-" + std::to_string(getpid()) + "-" + std::to_string(number) + ".part";
    const int fd = openat(parent->get(), temporary.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
      return std::make_unique<NewFile>(*this, std::move(parent), io::Descriptor(fd),
                                       std::move(temporary), path);
    }
    if (errno != EEXIST && errno != EINTR) return io::StatusOfErrno(errno, "extract", path);
  }
  return io::StatusOfErrno(EEXIST, "extract", path);
}

TargetTree::NewFile::~NewFile() {
  if (!finished_) unlinkat(parent_->get(), temporary_.c_str(), 0);
}

Status TargetTree::NewFile::WriteAt(int64_t offset, std::string_view data) {
  const int error = io::WriteAllAt(fd_.get(), offset, data);
  return error == 0 ? Status() : io::StatusOfErrno(error, "write", path_);
}

Status TargetTree::NewFile::SetSize(int64_t size) {
  return ftruncate(fd_.get(), size) == 0 ? Status() : io::StatusOfErrno(errno, "extract", path_);
}

Status TargetTree::NewFile::Reserve(int64_t size) {
  if (fallocate(fd_.get(), 0, 0, size) == 0) return {};
  const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return full ? io::StatusOfErrno(errno, "extract", path_) : Status();
}

Status TargetTree::NewFile::Finish(const Entry& entry) {
  tree_.SetAttributes(fd_.get(), entry);
  if (tree_.options_.sync && fsync(fd_.get()) != 0) {
    return io::StatusOfErrno(errno, "sync", path_);
  }
  // Some file systems tell of a full disk or quota only here.
  if (close(fd_.Release()) != 0 && errno != EINTR) return io::StatusOfErrno(errno, "close", path_);
  THALWEG_RETURN_IF_ERROR(tree_.Rename(parent_->get(), temporary_, path_));
  finished_ = true;
  return tree_.SyncParent(parent_->get(), path_);
}

Status TargetTree::SyncParent(int parent, const std::string& path) const {
  if (!options_.sync || fsync(parent) == 0 || errno == EINVAL) return {};
  return io::StatusOfErrno(errno, "sync directory", path);
}

bool TargetTree::MadeHere(int parent, const std::string& name) {
  struct stat info{};
  if (fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
  std::scoped_lock lock(mutex_);
  return made_inodes_.contains({info.st_dev, info.st_ino});
}

Status TargetTree::Remember(const std::string& path, int parent, const std::string& name,
                            bool was_free) {
  struct stat info{};
  if (fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return io::StatusOfErrno(errno, "stat", path);
  }
  std::scoped_lock lock(mutex_);
  if (was_free) made_files_.push_back(path);
  if (options_.force) made_inodes_.insert({info.st_dev, info.st_ino});
  return {};
}

Status TargetTree::Rename(int parent, const std::string& from, const std::string& path) {
  const std::string name = NameIn(path);
  long done = syscall(SYS_renameat2, parent, from.c_str(), parent, name.c_str(), RENAME_NOREPLACE);
  if (done != 0 && (errno == ENOSYS || errno == EINVAL)) {
    done = linkat(parent, from.c_str(), parent, name.c_str(), 0);
    if (done == 0) unlinkat(parent, from.c_str(), 0);
  }
  if (done == 0) return Remember(path, parent, name, true);
  if (errno != EEXIST || !options_.force) return io::StatusOfErrno(errno, "extract", path);
  // Names that the file system takes for one: the second must not replace the first.
  if (MadeHere(parent, name)) return io::StatusOfErrno(EEXIST, "two entries for one file", path);
  if (renameat(parent, from.c_str(), parent, name.c_str()) != 0) {
    return io::StatusOfErrno(errno, "extract", path);
  }
  return Remember(path, parent, name, false);
}

Status TargetTree::MakeSymlink(const Entry& entry) {
  THALWEG_ASSIGN_OR_RETURN(const Parent parent, ParentOf(entry.path));
  const std::string temporary = ".thalweg-" + std::to_string(getpid()) + "-link.part";
  unlinkat(parent->get(), temporary.c_str(), 0);
  if (symlinkat(entry.link_target.c_str(), parent->get(), temporary.c_str()) != 0) {
    return io::StatusOfErrno(errno, "make link", entry.path);
  }
  const Status renamed = Rename(parent->get(), temporary, entry.path);
  if (!renamed.ok()) {
    unlinkat(parent->get(), temporary.c_str(), 0);
    return renamed;
  }
  const std::string name = NameIn(entry.path);
  const timespec times[2] = {TimeOf(entry.modified_unix_nanos), TimeOf(entry.modified_unix_nanos)};
  if (options_.times) utimensat(parent->get(), name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  if (options_.owners && entry.has_owner &&
      fchownat(parent->get(), name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    Skip(entry.path, io::StatusOfErrno(errno, "set owner", entry.path));
  }
  return SyncParent(parent->get(), entry.path);
}

Status TargetTree::MakeHardLink(const std::string& existing, const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const Parent from, ParentOf(existing));
  THALWEG_ASSIGN_OR_RETURN(const Parent to, ParentOf(path));
  const std::string name = NameIn(path);
  if (linkat(from->get(), NameIn(existing).c_str(), to->get(), name.c_str(), 0) != 0) {
    const bool taken = errno == EEXIST && options_.force;
    if (!taken || MadeHere(to->get(), name)) return io::StatusOfErrno(errno, "make link", path);
    if (unlinkat(to->get(), name.c_str(), 0) != 0 ||
        linkat(from->get(), NameIn(existing).c_str(), to->get(), name.c_str(), 0) != 0) {
      return io::StatusOfErrno(errno, "make link", path);
    }
  }
  std::scoped_lock lock(mutex_);
  made_files_.push_back(path);
  return {};
}

void TargetTree::SetAttributes(int fd, const Entry& entry) {
  const std::string& path = entry.path;
  if (options_.owners && entry.has_owner && fchown(fd, entry.uid, entry.gid) != 0) {
    Skip(path, io::StatusOfErrno(errno, "set owner", path));
  }
  for (const auto& [name, value] : entry.xattrs) {
    const bool wanted = options_.xattrs && (name.starts_with("user.") || options_.owners);
    if (!wanted || name.find('\0') != std::string::npos) continue;
    if (fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0) {
      Skip(path, io::StatusOfErrno(errno, "set attribute", path));
    }
  }
  // After the owner, whose change takes the set-id bits away.
  const uint32_t mode = options_.set_id ? entry.mode : entry.mode & ~kSetIdBits;
  const bool changed = fchmod(fd, options_.permissions ? mode : 0666 & mode) == 0;
  if (!changed) Skip(path, io::StatusOfErrno(errno, "set permissions", path));
  const timespec times[2] = {TimeOf(entry.modified_unix_nanos), TimeOf(entry.modified_unix_nanos)};
  if (options_.times && futimens(fd, times) != 0) {
    Skip(path, io::StatusOfErrno(errno, "set time", path));
  }
}

Status TargetTree::FinishDirectory(const Entry& entry) {
  THALWEG_ASSIGN_OR_RETURN(const io::Descriptor fd,
                           OpenBeneath(entry.path, O_RDONLY | O_DIRECTORY));
  if (options_.permissions) SetAttributes(fd.get(), entry);
  return SyncParent(fd.get(), entry.path);
}

void TargetTree::Skip(const std::string& path, Status reason) {
  std::scoped_lock lock(mutex_);
  skipped_.push_back({path, std::move(reason)});
}

std::vector<SkippedEntry> TargetTree::TakeSkipped() {
  std::scoped_lock lock(mutex_);
  return std::exchange(skipped_, {});
}

void TargetTree::RollBack() {
  std::sort(made_directories_.begin(), made_directories_.end());
  for (const std::string& path : made_files_) {
    const auto parent = OpenBeneath(ParentIn(path), O_RDONLY | O_DIRECTORY);
    if (parent.ok()) unlinkat(parent->get(), NameIn(path).c_str(), 0);
  }
  for (auto it = made_directories_.rbegin(); it != made_directories_.rend(); ++it) {
    const auto parent = OpenBeneath(ParentIn(*it), O_RDONLY | O_DIRECTORY);
    if (parent.ok()) unlinkat(parent->get(), NameIn(*it).c_str(), AT_REMOVEDIR);
  }
  made_files_.clear();
  made_directories_.clear();
}

}  // namespace thalweg::archive
