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

  /// Keeps `spare_max` buffers that nobody has, of about the size that was asked for lately. They
  /// go with the pool.
  static std::shared_ptr<BufferPool> Make(size_t spare_max);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// At least `length` bytes, not initialised, or null when memory is out. Goes back with its last
  /// owner, which may outlive the pool.
  std::shared_ptr<char> Take(size_t length);
  /// Of the buffers that nobody has.
  size_t spare_bytes() const;

 private:
  struct Buffer {
    char* data = nullptr;
    size_t capacity = 0;
  };

  explicit BufferPool(size_t spare_max) : spare_max_(spare_max) {}
  Buffer TakeSpare(size_t length);
  void Give(Buffer buffer);
  bool IsWanted(const Buffer& buffer) const {
    return buffer.capacity >= wish_ / 2 && buffer.capacity / 2 <= wish_;
  }

  const size_t spare_max_;
  mutable std::mutex mutex_;
  std::vector<Buffer> spare_;  // Guarded by `mutex_`, as is `wish_`; the oldest first.
  size_t wish_ = 0;            // The largest length asked for lately.
};

}  // namespace thalweg::io
