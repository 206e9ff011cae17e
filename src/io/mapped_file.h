#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/descriptor.h"
#include "io/file_system.h"
#include "thalweg/status.h"

namespace thalweg::io {

/// A file's bytes in the address space, for reading. Thread-safe.
///
/// Touching a page behind the end of a file that was made shorter meanwhile kills the process
/// (SIGBUS), and a write by others shows through at any moment. So map only files that nobody
/// changes in place, and call `Populate` on each range before touching it: that reports such a
/// range as a failure and leaves only the time until the range is used. `FileReader` with
/// `Method::kRead` has neither risk.
class MappedFile {
 public:
  static constexpr size_t kReadableBehind = 64;

  /// `unsupported` when the file has no descriptor or cannot be mapped.
  static Result<std::shared_ptr<MappedFile>> Map(const RandomAccessFile& file, std::string name);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// `kReadableBehind` bytes behind them can be read too (what they hold is not said), so that
  /// vector code need not stop short of the end.
  std::string_view bytes() const { return bytes_; }

  /// Reads the range in the background. A hint.
  void WillNeed(int64_t offset, int64_t length) const;
  /// Makes the range present, with one call for all its pages. `io_error` when the device fails
  /// or the file has become shorter.
  Status Populate(int64_t offset, int64_t length) const;
  /// Gives the pages of the range and some around it back: they no longer count as memory of the
  /// process. They may still be read, at the price of a page fault.
  void Release(int64_t offset, int64_t length) const;

 private:
  MappedFile(std::string_view bytes, size_t reserved, Descriptor fd, std::string name);
  Status CheckSize() const;

  std::string_view bytes_;
  size_t reserved_;  // Bytes of address space from the start of `bytes_`.
  Descriptor fd_;
  std::string name_;
};

}  // namespace thalweg::io
