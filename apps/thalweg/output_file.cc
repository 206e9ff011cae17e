#include "thalweg/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "thalweg/command.h"
#include "thalweg/errno_text.h"

namespace thalweg::cli {
Result<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path,
                                                       uint32_t permissions, bool force) {
  struct stat info{};
  if (lstat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return Status::InvalidArgument("a directory: '" + path + "'");
    if (!force) {
      return Status::AlreadyExists("'" + path + "' exists\nhint: --force replaces it");
    }
  }
  // A device or a pipe is written as it is.
  if (force && stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    const int device = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (device < 0) return Status::IoError("cannot write '" + path + "': " + ErrnoText(errno));
    return std::unique_ptr<OutputFile>(new OutputFile(path, "", device, force));
  }
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty()) return Status::InvalidArgument("not a file name: '" + path + "'");
  const std::string partial =
      folder + "." + name.substr(0, 200) + "." + std::to_string(getpid()) + ".part";
  const int descriptor = open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                              static_cast<mode_t>(permissions));
  if (descriptor < 0) {
    return Status(errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIoError,
                  "cannot write '" + path + "': " + ErrnoText(errno));
  }
  return std::unique_ptr<OutputFile>(new OutputFile(path, partial, descriptor, force));
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  if (!partial_.empty()) unlink(partial_.c_str());
}

Status OutputFile::Write(std::string_view data) { return WriteTo(descriptor_, data); }

Status OutputFile::Commit() {
  const int descriptor = std::exchange(descriptor_, -1);
  if (partial_.empty()) {
    return close(descriptor) == 0 ? Status() : Status::IoError(path_ + ": " + ErrnoText(errno));
  }
  const bool synced = fsync(descriptor) == 0;
  int error = errno;
  if (close(descriptor) != 0 || !synced) {
    unlink(partial_.c_str());
    return Status::IoError("cannot write '" + path_ + "': " + ErrnoText(error));
  }
  const int renamed =
      force_ ? rename(partial_.c_str(), path_.c_str())
             : renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
  error = errno;
  if (renamed != 0) {
    unlink(partial_.c_str());
    return error == EEXIST ? Status::AlreadyExists("'" + path_ + "' exists")
                           : Status::IoError("cannot write '" + path_ + "': " + ErrnoText(error));
  }
  const size_t slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return {};
}

}  // namespace thalweg::cli
