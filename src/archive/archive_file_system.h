#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// The files of an archive, for reading: whatever reads files can read inside one. Paths are those
/// of the entries, with or without a slash before them. Writing is `unsupported`. Thread-safe.
class ArchiveFileSystem final : public io::FileSystem {
 public:
  explicit ArchiveFileSystem(std::shared_ptr<const Archive> archive);

  Result<std::unique_ptr<io::RandomAccessFile>> OpenRandom(const std::string& path) override;
  Result<std::unique_ptr<io::SequentialFile>> OpenSequential(const std::string& path,
                                                             std::stop_token stop) override;
  Result<std::unique_ptr<io::WritableFile>> OpenForWriting(
      const std::string& path, const io::WriteOptions& options) override;
  Result<io::FileInfo> Stat(const std::string& path) override;
  Result<std::vector<io::DirEntry>> List(const std::string& path) override;
  Status MakeDirs(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to, io::RenameMode mode) override;
  Status Unlink(const std::string& path) override;
  Status RemoveTree(const std::string& path) override;
  Status SyncDir(const std::string& path) override;
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override;

 private:
  Result<size_t> FindFile(const std::string& path) const;

  std::shared_ptr<const Archive> archive_;
  // What is in each directory, those that no entry stands for included; the top is "".
  std::map<std::string, std::map<std::string, io::FileType>> directories_;
};

/// A place inside an archive, `ARCHIVE.twa!/PATH`.
struct ArchivePlace {
  std::string archive;
  std::string path;
};
/// Splits at the last `!/`; `invalid_argument` without one.
Result<ArchivePlace> SplitArchivePlace(std::string_view place);

/// Identities from references: `env:NAME` (the text of a key file, an identity, or 64 hexadecimal
/// digits in an environment variable), `file:PATH` (a key file or a raw key),
/// `passphrase-env:NAME`, `passphrase-file:PATH`. Never the secret itself.
Result<std::vector<Identity>> ReadIdentities(std::string_view reference);

}  // namespace thalweg::archive
