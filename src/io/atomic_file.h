#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/file_system.h"
#include "thalweg/status.h"

namespace thalweg::io {

/// A file that appears under its name complete and durable, or not at all.
///
/// It is written under a temporary name (`.NAME.xxxxxxxx.part`) in the same directory; `Commit`
/// syncs it, renames it and syncs the directory. Anything else — `Discard`, the destructor, a
/// failure — removes it; after a crash only the temporary name can be left. One thread at a time.
class AtomicFile {
 public:
  struct Options {
    /// Replace a file of that name. The new one takes its permissions.
    bool replace = false;
    uint32_t permissions = 0666;  ///< Before the umask.
    /// A name that is taken when the file is finished gets a number: `rejects-2.mrc`. Several
    /// writers of one name then never meet.
    bool numbered = false;
  };

  /// `already_exists` when the name is taken and may not be replaced; `invalid_argument` when it
  /// is not that of a regular file. A link is replaced by the file. The directory must exist.
  static Result<std::unique_ptr<AtomicFile>> Create(FileSystem& fs, std::string path,
                                                    const Options& options);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// After a failure every further call, `Commit` too, returns the same failure.
  Status Append(std::string_view data);

  /// Without `replace`, `already_exists` when the name was taken meanwhile. When only the last
  /// step fails, the sync of the directory, the complete file stands under its name and may be
  /// lost in a power failure; the caller is told so by the failure.
  Status Commit();

  void Discard();

  int64_t bytes_written() const { return bytes_written_; }
  /// With `numbered`, the name that was asked for until `Commit` has found a free one.
  const std::string& path() const { return path_; }
  const std::string& temporary_path() const { return temporary_path_; }

 private:
  AtomicFile(FileSystem& fs, std::string path, std::string temporary_path, const Options& options,
             std::unique_ptr<WritableFile> file);
  Status CommitSteps();
  Status Name();

  FileSystem& fs_;
  std::string path_;
  std::string temporary_path_;
  Options options_;
  std::unique_ptr<WritableFile> file_;
  int64_t bytes_written_ = 0;
  Status failure_;
  bool finished_ = false;
};

}  // namespace thalweg::io
