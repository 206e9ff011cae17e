#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "io/file_system.h"
#include "io/updatable_file.h"

namespace thalweg::io {

/// Files in memory, for tests and for what must not touch a disk. Relative paths start at `/`,
/// `.`, `..` and repeated slashes are resolved, there are no links. Rules are those of POSIX: a
/// removed file lives on for those who have it open, and a file's directory must exist.
class MemoryFileSystem final : public FileSystem, public UpdatingFileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  Result<std::unique_ptr<RandomAccessFile>> OpenRandom(const std::string& path) override;
  Result<std::unique_ptr<SequentialFile>> OpenSequential(const std::string& path,
                                                         std::stop_token stop) override;
  Result<std::unique_ptr<WritableFile>> OpenForWriting(const std::string& path,
                                                       const WriteOptions& options) override;
  Result<std::unique_ptr<UpdatableFile>> OpenForUpdate(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::vector<DirEntry>> List(const std::string& path) override;
  Status MakeDirs(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to, RenameMode mode) override;
  Status Unlink(const std::string& path) override;
  Status RemoveTree(const std::string& path) override;
  Status SyncDir(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  struct Node;
  class RandomFile;
  class Reader;
  class Writer;
  class Updater;
  class Held;
  using NodePtr = std::shared_ptr<Node>;
  using Tree = std::map<std::string, NodePtr, std::less<>>;

  // All of these want `mutex_` held; paths are resolved ones.
  NodePtr Find(const std::string& path) const;
  Status CheckParent(const std::string& path, const char* operation) const;
  Result<NodePtr> FindFile(const std::string& path, const char* operation) const;
  std::pair<Tree::iterator, Tree::iterator> Below(const std::string& path);
  NodePtr NewNode(FileType type, uint32_t permissions);

  mutable std::mutex mutex_;
  Tree tree_;  // By resolved path; the root is `/`.
  uint64_t next_inode_ = 1;
};

}  // namespace thalweg::io
