#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "io/file_system.h"
#include "thalweg/status.h"

// Files over POSIX descriptors: interrupted calls are repeated, short reads and writes continued.
namespace thalweg::io {

/// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Descriptor() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset();

 private:
  int fd_ = -1;
};

/// The most bytes that one system call is given to write. The kernel takes page-cache memory in
/// blocks as large as the write, and large blocks are the ones that it has to gather or, in a
/// virtual machine, ask of its host: writes of 4 MiB were seen at a tenth of the speed, and those
/// of 512 KiB at a third once other programs had used the memory up.
inline constexpr size_t kWriteBytesMax = size_t{128} << 10;

/// Writes all of `data` at `offset`, in pieces; continues what was cut short or interrupted. 0, or
/// the errno.
int WriteAllAt(int fd, int64_t offset, std::string_view data);

/// Lets the disk begin with what is written to a file that will be synced, so that less is left for
/// the end. One thread at a time.
class EarlyWriteback {
 public:
  /// `data` bytes were written at `offset`.
  void Wrote(int fd, int64_t offset, int64_t bytes);

 private:
  int64_t begin_ = 0;  ///< Of the range that the disk has not been told of.
  int64_t end_ = 0;
};

/// `open(2)` with close-on-exec, repeated when interrupted.
Result<Descriptor> OpenDescriptor(const std::string& path, int flags, unsigned permissions,
                                  const char* operation);

/// Reads at the descriptor's own place. A wait for a pipe or terminal ends when `stop` is set.
/// `owned` closes the descriptor in the end; `name` stands in messages.
std::unique_ptr<SequentialFile> MakeDescriptorReader(int fd, bool owned, std::string name,
                                                     std::stop_token stop);

/// Writes at the descriptor's own place. `Close` closes only what is `owned`. What cannot be
/// synced, such as a pipe, counts as synced. With `will_sync` the disk begins before.
std::unique_ptr<WritableFile> MakeDescriptorWriter(int fd, bool owned, std::string name,
                                                   bool will_sync = false);

}  // namespace thalweg::io
