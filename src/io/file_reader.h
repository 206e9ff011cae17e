#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/file_system.h"
#include "thalweg/status.h"

namespace thalweg::io {

/// A range of a file. `bytes` stay valid as long as `owner` lives, and 64 bytes behind them can be
/// read too (what they hold is not said).
struct FileSlab {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
  int64_t offset = 0;
};

/// Gives ranges of one file to several threads, in memory that is used again and given back.
/// Thread-safe. Slabs may outlive the reader.
class FileReader {
 public:
  enum class Method : uint8_t {
    kRead,  ///< Copies into buffers of its own: safe whatever happens to the file.
    kMap,   ///< Maps; see `MappedFile` for the risk. Falls back to `kRead` where it cannot.
  };
  struct Options {
    Method method = Method::kRead;
    /// Buffers that are kept for the next range when their slab is dropped.
    size_t spare_buffers_max = 8;
  };

  static Result<std::unique_ptr<FileReader>> Open(FileSystem& fs, const std::string& path,
                                                  const Options& options);
  virtual ~FileReader() = default;
  /// Reads the same open file into buffers of its own. For each of several threads: what the kernel
  /// copies into memory that lies in another core's cache takes twice as long.
  virtual std::unique_ptr<FileReader> Sibling() const = 0;

  /// When it was opened.
  int64_t size() const { return size_; }
  Method method() const { return method_; }

  /// The bytes from `offset`, `length` of them or as many as there were when the file was opened.
  /// `io_error` when the file has become shorter since.
  Result<FileSlab> Read(int64_t offset, size_t length);
  /// The range will be read soon. A hint.
  virtual void WillNeed(int64_t offset, int64_t length) = 0;

 protected:
  FileReader(int64_t size, Method method) : size_(size), method_(method) {}
  /// The range is not empty and lies in the file.
  virtual Result<FileSlab> DoRead(int64_t offset, size_t length) = 0;

 private:
  int64_t size_;
  Method method_;
};

}  // namespace thalweg::io
