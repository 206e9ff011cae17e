#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "io/updatable_file.h"

namespace thalweg::testing {

/// What is left of work that was not synced when the power fails.
enum class Crash : uint8_t {
  kDropUnsynced,       ///< Nothing: neither bytes nor names.
  kDropUnsyncedNames,  ///< The bytes, but no new, changed or removed name.
  kDropUnsyncedBytes,  ///< The names, with what their files held at the last sync.
  kDropRandom,         ///< Any subset of names; of bytes any prefix, torn at 512, with holes.
};

/// Wraps a file system; makes operations fail, reads come short, and power fail.
///
/// The model is strict: `Sync` makes a file's bytes durable but not its name, `SyncDir` the names
/// in that directory but not the directory's own; after a `Sync` that failed, the bytes written
/// before it are never durable, though the next `Sync` succeeds. Files that were there before
/// count as durable. Of what is written in place each sector is durable for itself. Paths are
/// compared after lexical normalisation. Thread-safe.
class FaultyFileSystem final : public io::FileSystem, public io::UpdatingFileSystem {
 public:
  enum class Kind : uint8_t {
    kOpen,
    kRead,
    kSize,
    kWrite,
    kSync,
    kClose,
    kStat,
    kList,
    kMakeDirs,
    kRename,
    kUnlink,
    kRemoveTree,
    kSyncDir,
    kLock,
  };
  struct Operation {
    int64_t index;  ///< From 1, since the wrapper was made or the count was reset.
    Kind kind;
    const std::string& path;
  };
  /// An errno to fail with, or 0. Called with a lock held: must not call the file system.
  using Fault = std::function<int(const Operation&)>;

  explicit FaultyFileSystem(io::FileSystem& base);
  ~FaultyFileSystem() override;

  void SetFault(Fault fault);
  /// Restarts the count; the `k`-th operation from now fails, and all after it when `stays`.
  void FailOperation(int64_t k, int error, bool stays);
  /// No more faults; restarts the count.
  void Heal();
  int64_t operations() const;
  /// Sequential reads return a random part, at least one byte.
  void ShortReads(uint64_t seed);
  /// Files open for reading or writing.
  int64_t open_files() const;

  /// Puts the base into the state after a power failure and a restart. Open files fail from then
  /// on with `io_error`.
  Status PowerFails(Crash crash, uint64_t seed);

  Result<std::unique_ptr<io::RandomAccessFile>> OpenRandom(const std::string& path) override;
  Result<std::unique_ptr<io::SequentialFile>> OpenSequential(const std::string& path,
                                                             std::stop_token stop) override;
  Result<std::unique_ptr<io::WritableFile>> OpenForWriting(
      const std::string& path, const io::WriteOptions& options) override;
  Result<std::unique_ptr<io::UpdatableFile>> OpenForUpdate(const std::string& path) override;
  Result<io::FileInfo> Stat(const std::string& path) override;
  Result<std::vector<io::DirEntry>> List(const std::string& path) override;
  Status MakeDirs(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to, io::RenameMode mode) override;
  Status Unlink(const std::string& path) override;
  Status RemoveTree(const std::string& path) override;
  Status SyncDir(const std::string& path) override;
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override;

 private:
  class RandomFile;
  class Reader;
  class Writer;
  class Updater;

  // One file or directory, whatever its names are.
  struct Inode {
    bool is_dir = false;
    bool lost = false;     // A sync failed: what was written is never durable.
    bool updated = false;  // Written in place: of each sector the old or the new bytes survive.
    std::string live;
    std::string durable;
  };
  using InodePtr = std::shared_ptr<Inode>;
  using Names = std::map<std::string, InodePtr>;
  // A change of names that no `SyncDir` has made durable yet.
  struct Change {
    std::string removed;  // Empty: nothing.
    std::string set;      // Empty: nothing.
    InodePtr inode;       // That `set` names.
  };

  Status Begin(Kind kind, const std::string& path);
  size_t ShortenRead(size_t wanted);
  void Opened(int64_t by);
  // All of these want `mutex_` held.
  Status Adopt(const std::string& name);
  void Apply(const Change& change, Names* names) const;
  void Record(Change change);
  Names NamesAfter(Crash crash, std::mt19937_64* random) const;
  std::string BytesAfter(const Inode& inode, Crash crash, std::mt19937_64* random) const;
  Status Materialise(const Names& names, const std::map<std::string, std::string>& bytes);

  io::FileSystem& base_;
  mutable std::mutex mutex_;
  Fault fault_;
  int64_t operations_ = 0;
  int64_t open_files_ = 0;
  int64_t generation_ = 0;  // Counts power failures.
  bool short_reads_ = false;
  std::mt19937_64 random_;
  Names live_;
  Names durable_;
  std::vector<Change> pending_;
  std::map<std::string, bool> touched_;
};

}  // namespace thalweg::testing
