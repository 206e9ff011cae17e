#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace thalweg::io {

/// Buffers that are used again: a page fault costs more than the copy into a warm page.
/// Thread-safe.
///
/// They begin on a page: the kernel copies into memory that lies 1 to 31 bytes further into its
/// page than the file's bytes do, as large blocks of malloc are, at a fifth of the speed on some
/// processors.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  static constexpr size_t kPage = 4096;
  static constexpr size_t kReadableBehind =
      64;  ///< Bytes behind a buffer; what they hold is not said.

  /// Keeps `spare_max` buffers that nobody has.
  static std::shared_ptr<BufferPool> Make(size_t spare_max);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// At least `length` bytes, not initialised, or null when memory is out. Goes back with its last
  /// owner, which may outlive everybody else's hold on the pool.
  std::shared_ptr<char> Take(size_t length);

 private:
  struct Buffer {
    char* data = nullptr;
    size_t capacity = 0;
  };

  explicit BufferPool(size_t spare_max) : spare_max_(spare_max) {}
  Buffer TakeSpare(size_t length);
  void Give(Buffer buffer);

  const size_t spare_max_;
  std::mutex mutex_;
  std::vector<Buffer> spare_;  // Guarded by `mutex_`.
};

}  // namespace thalweg::io
