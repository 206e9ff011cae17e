#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::archive {

/// Memory of a fixed capacity whose first `size` bytes mean something. Not initialised. Move-only.
///
/// It begins on a page: the kernel copies into memory that lies 1 to 31 bytes further into its page
/// than the file's bytes do, as large blocks of many allocators are, at a fifth of the speed.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  explicit ByteBuffer(size_t capacity) : data_(Allocate(capacity)), capacity_(capacity) {}
  ByteBuffer(ByteBuffer&& other) noexcept
      : data_(std::move(other.data_)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    capacity_ = std::exchange(other.capacity_, 0);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  char* data() { return data_.get(); }
  size_t capacity() const { return capacity_; }
  size_t size() const { return size_; }
  /// At most the capacity.
  void SetSize(size_t size) { size_ = size; }
  std::string_view view() const { return {data_.get(), size_}; }
  /// Drops what it holds when it has to grow.
  void Reserve(size_t capacity) {
    if (capacity > capacity_) *this = ByteBuffer(capacity);
  }

 private:
  static constexpr std::align_val_t kPage{4096};
  struct Free {
    void operator()(char* memory) const { ::operator delete[](memory, kPage); }
  };
  static char* Allocate(size_t capacity) {
    return static_cast<char*>(::operator new[](capacity, kPage));
  }

  std::unique_ptr<char[], Free> data_;
  size_t capacity_ = 0;
  size_t size_ = 0;
};

/// Buffers that are used again, so that their pages are faulted in once. Thread-safe.
class BufferPool {
 public:
  ByteBuffer Take(size_t capacity) {
    {
      std::scoped_lock lock(mutex_);
      // The last one given is the likeliest to be in a cache.
      for (size_t i = free_.size(); i-- > 0;) {
        if (free_[i].capacity() < capacity) continue;
        ByteBuffer buffer = std::move(free_[i]);
        if (i + 1 != free_.size()) free_[i] = std::move(free_.back());
        free_.pop_back();
        buffer.SetSize(0);
        return buffer;
      }
    }
    return ByteBuffer(capacity);
  }
  void Give(ByteBuffer buffer) {
    std::scoped_lock lock(mutex_);
    if (buffer.capacity() > 0 && free_.size() < kFreeMax) free_.push_back(std::move(buffer));
  }

 private:
  static constexpr size_t kFreeMax = 8;
  std::mutex mutex_;
  std::vector<ByteBuffer> free_;
};

}  // namespace thalweg::archive
