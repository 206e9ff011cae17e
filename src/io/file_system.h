#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/status.h"

// Files as the engine sees them, and the seam at which tests put faults and crashes.
//
// Paths are bytes with `/` between names; an empty path or one with a NUL byte is
// `invalid_argument`. File systems are thread-safe, and may be used from several threads at once;
// which file may be is said with each. Every failure names the path.
namespace thalweg::io {

enum class FileType : uint8_t { kFile, kDirectory, kLink, kOther };

struct FileInfo {
  FileType type = FileType::kFile;
  int64_t size = 0;
  int64_t modified_unix_micros = 0;
  uint32_t permissions = 0;  ///< The low 12 bits of a mode.
  uint64_t device = 0;       ///< `device` and `inode` together name the file itself.
  uint64_t inode = 0;
};

struct DirEntry {
  std::string name;
  FileType type = FileType::kFile;  ///< Of the entry itself: a link is `kLink`.
};

/// Reads at any place. Thread-safe.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;
  /// Fills `out` from `offset`; returns fewer bytes only where the file ends.
  virtual Result<size_t> ReadAt(int64_t offset, std::span<char> out) const = 0;
  virtual Result<int64_t> Size() const = 0;
  /// The range will be read soon. A hint.
  virtual void WillNeed(int64_t offset, int64_t length) const;
  /// An open descriptor of the file's bytes, valid as long as this object, for mapping.
  virtual std::optional<int> Descriptor() const;
};

/// Reads from front to back. One thread at a time.
class SequentialFile {
 public:
  virtual ~SequentialFile() = default;
  /// At least one byte, or 0 where the file ends (or `out` is empty). May return fewer than fit.
  virtual Result<size_t> Read(std::span<char> out) = 0;
};

/// Writes at the end. One thread at a time. The destructor closes and drops the outcome.
///
/// After a failure the file stays failed: every further call returns the same failure. An fsync
/// that failed is never repeated, because the kernel may have dropped the pages and would report
/// success.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  /// All of `data`, or a failure; then any prefix may have been written.
  virtual Status Append(std::string_view data) = 0;
  /// Returns once the bytes are on the device. The name needs `FileSystem::SyncDir` as well.
  virtual Status Sync() = 0;
  virtual Status Close() = 0;
};

/// Held until destroyed, also when the process is killed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class WriteMode : uint8_t {
  kCreate,    ///< A new file; `already_exists` when the name is taken, even by a dangling link.
  kTruncate,  ///< Made or emptied.
  kAppend,    ///< Made, or written behind its end.
};

struct WriteOptions {
  WriteMode mode = WriteMode::kCreate;
  uint32_t permissions = 0666;     ///< Of a new file, before the umask.
  bool exact_permissions = false;  ///< The umask does not count.
  bool will_sync = false;          ///< The disk may begin before `Sync` is called.
};

enum class RenameMode : uint8_t { kNoReplace, kReplace };

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// A directory is `invalid_argument`, for reading and for writing.
  virtual Result<std::unique_ptr<RandomAccessFile>> OpenRandom(const std::string& path) = 0;
  /// Also pipes and devices; a wait for their bytes ends with `cancelled` when `stop` is set.
  virtual Result<std::unique_ptr<SequentialFile>> OpenSequential(const std::string& path,
                                                                 std::stop_token stop) = 0;
  virtual Result<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path,
                                                               const WriteOptions& options) = 0;

  /// Follows links.
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
  /// The names in a directory, sorted by bytes, without `.` and `..`.
  virtual Result<std::vector<DirEntry>> List(const std::string& path) = 0;
  /// With parents; one that exists is fine.
  virtual Status MakeDirs(const std::string& path) = 0;
  /// Atomic. `kNoReplace`: `already_exists` when `to` is taken.
  virtual Status Rename(const std::string& from, const std::string& to, RenameMode mode) = 0;
  /// A file or link, not a directory.
  virtual Status Unlink(const std::string& path) = 0;
  /// A directory with all that is in it, or a file. Links are removed, never followed. One that
  /// does not exist is fine. On failure a part may be gone.
  virtual Status RemoveTree(const std::string& path) = 0;
  /// Returns once the names in the directory are on the device.
  virtual Status SyncDir(const std::string& path) = 0;
  /// Locks the file at `path` (made if missing, never removed) against other holders in this and
  /// other processes; `unavailable` when it is held.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

/// False for `not_found`; other failures are failures.
Result<bool> Exists(FileSystem& fs, const std::string& path);

/// The whole file; `resource_exhausted` when it is longer than `bytes_max`.
Result<std::string> ReadFile(FileSystem& fs, const std::string& path, int64_t bytes_max);

/// `invalid_argument` for a path that no file system takes.
Status CheckPath(std::string_view path);

/// `a/b/c` -> `a/b`; `c` -> `.`; `/c` -> `/`. Slashes at the end do not count.
std::string ParentPath(std::string_view path);
/// `a/b/c` -> `c`.
std::string BaseName(std::string_view path);
/// `dir` and `name` with one slash between; `name` alone when `dir` is empty or `.`.
std::string JoinPath(std::string_view dir, std::string_view name);

}  // namespace thalweg::io
