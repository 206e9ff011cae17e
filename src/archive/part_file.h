#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/file_system.h"
#include "io/updatable_file.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// The path of what an unfinished `path` is called: `.NAME.part` beside it.
std::string PartPath(const std::string& path);

/// A file that appears under its name complete and durable, or not at all, and that can be gone on
/// with: unlike `io::AtomicFile`, whose temporary names are random. One thread at a time; a lock
/// keeps other processes away.
class PartFile {
 public:
  struct Options {
    bool replace = false;  ///< A file of that name.
    bool resume = false;   ///< Keep what an earlier one has left; `not_found` when there is none.
    bool sync = true;
  };
  static Result<std::unique_ptr<PartFile>> Open(io::FileSystem& fs, const std::string& path,
                                                const Options& options);
  /// Removes the part, unless it was committed or is to be kept.
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  Status Append(std::string_view data);
  /// Cuts it to `size`; the next `Append` goes there.
  Status TruncateTo(int64_t size);
  int64_t size() const { return size_; }
  const std::string& part_path() const { return part_path_; }
  /// From now on a failure leaves the part where it is.
  void Keep() { keep_ = true; }
  Status Commit();

 private:
  PartFile(io::FileSystem& fs, std::string path, const Options& options);
  Status CommitSteps();

  io::FileSystem& fs_;
  std::string path_;
  std::string part_path_;
  Options options_;
  std::unique_ptr<io::FileLock> lock_;
  std::unique_ptr<io::UpdatableFile> file_;
  int64_t size_ = 0;
  bool keep_ = false;
  bool committed_ = false;
};

}  // namespace thalweg::archive
