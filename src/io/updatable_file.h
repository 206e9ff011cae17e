#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/file_system.h"
#include "thalweg/status.h"

// Files that are changed in place: what local disks can do and object stores cannot.
namespace thalweg::io {

/// Writes at any place. One thread at a time. The rules of `WritableFile` for failures hold.
class UpdatableFile {
 public:
  virtual ~UpdatableFile() = default;
  /// All of `data`, or a failure; then any part of the range may have been written. A gap behind
  /// the old end reads as zeros.
  virtual Status WriteAt(int64_t offset, std::string_view data) = 0;
  virtual Status Truncate(int64_t size) = 0;
  virtual Status Sync() = 0;
  virtual Status Close() = 0;
};

/// What a file system that can do it has as a second base.
class UpdatingFileSystem {
 public:
  virtual ~UpdatingFileSystem() = default;
  /// A file that is there: `not_found` else.
  virtual Result<std::unique_ptr<UpdatableFile>> OpenForUpdate(const std::string& path) = 0;
};

/// `unsupported` where `fs` cannot.
Result<std::unique_ptr<UpdatableFile>> OpenForUpdate(FileSystem& fs, const std::string& path);

}  // namespace thalweg::io
