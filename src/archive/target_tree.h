#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/descriptor.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// A directory on the local disk beneath which files are made, and nowhere else: every path is
/// resolved from its open descriptor without following a link (openat2 with RESOLVE_BENEATH and
/// RESOLVE_NO_SYMLINKS, or name by name), so that neither the archive nor somebody who swaps
/// directories meanwhile can lead a write elsewhere. Paths have passed `CheckEntryPath`.
/// Thread-safe.
class TargetTree {
 public:
  /// Makes `path` with parents where it is missing.
  static Result<std::unique_ptr<TargetTree>> Open(const std::string& path,
                                                  const ExtractOptions& options);

  /// A directory and those above it; they may exist.
  Status MakeDirectory(const std::string& path);

  /// A file under a temporary name. It disappears unless it is finished.
  class NewFile {
   public:
    NewFile(TargetTree& tree, std::shared_ptr<const io::Descriptor> parent, io::Descriptor fd,
            std::string temporary, std::string path)
        : tree_(tree),
          parent_(std::move(parent)),
          fd_(std::move(fd)),
          temporary_(std::move(temporary)),
          path_(std::move(path)) {}
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    /// Thread-safe.
    Status WriteAt(int64_t offset, std::string_view data);
    Status SetSize(int64_t size);
    /// Takes room for `size` bytes where the file system can: a full disk is told at once, and
    /// pieces that come in any order lie side by side.
    Status Reserve(int64_t size);
    /// Gives it what `entry` says and its name.
    Status Finish(const Entry& entry);

   private:
    TargetTree& tree_;
    std::shared_ptr<const io::Descriptor> parent_;
    io::Descriptor fd_;
    std::string temporary_;
    std::string path_;
    bool finished_ = false;
  };
  Result<std::unique_ptr<NewFile>> CreateFile(const std::string& path);
  Status MakeSymlink(const Entry& entry);
  /// A further name for the finished file at `existing`.
  Status MakeHardLink(const std::string& existing, const std::string& path);
  /// Modes and times of a directory, once everything in it is there.
  Status FinishDirectory(const Entry& entry);
  /// Removes what was made under names that were free before.
  void RollBack();
  /// What could not be restored in full.
  std::vector<SkippedEntry> TakeSkipped();

 private:
  using Parent = std::shared_ptr<const io::Descriptor>;
  explicit TargetTree(const ExtractOptions& options) : options_(options) {}
  Result<io::Descriptor> OpenBeneath(const std::string& path, int flags) const;
  Result<Parent> ParentOf(const std::string& path);
  void Skip(const std::string& path, Status reason);
  void SetAttributes(int fd, const Entry& entry);
  Status Rename(int parent, const std::string& from, const std::string& path);
  Status SyncParent(int parent, const std::string& path) const;
  Status Remember(const std::string& path, int parent, const std::string& name, bool was_free);
  bool MadeHere(int parent, const std::string& name);

  const ExtractOptions options_;
  io::Descriptor root_;
  bool has_openat2_ = true;
  std::mutex mutex_;
  std::string last_path_;  // Of the parent that was asked for last.
  Parent last_;
  std::vector<std::string> made_files_;
  std::vector<std::string> made_directories_;
  std::set<std::pair<uint64_t, uint64_t>> made_inodes_;
  std::vector<SkippedEntry> skipped_;
  uint64_t temporary_ = 0;
};

}  // namespace thalweg::archive
