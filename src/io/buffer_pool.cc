#include "io/buffer_pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace thalweg::io {

std::shared_ptr<BufferPool> BufferPool::Make(size_t spare_max) {
  return std::shared_ptr<BufferPool>(new BufferPool(spare_max));
}

BufferPool::~BufferPool() {
  for (const Buffer& buffer : spare_) std::free(buffer.data);
}

std::shared_ptr<char> BufferPool::Take(size_t length) {
  Buffer buffer = TakeSpare(length);
  if (buffer.data == nullptr) {
    const size_t size = (length + kReadableBehind + kPage - 1) / kPage * kPage;
    buffer = {static_cast<char*>(std::aligned_alloc(kPage, size)), length};
    if (buffer.data == nullptr) return nullptr;
    std::memset(buffer.data + length, 0, kReadableBehind);
  }
  return {buffer.data, [weak = weak_from_this(), buffer](char*) {
            if (const auto pool = weak.lock()) {
              pool->Give(buffer);
            } else {
              std::free(buffer.data);
            }
          }};
}

size_t BufferPool::spare_bytes() const {
  std::scoped_lock lock(mutex_);
  size_t sum = 0;
  for (const Buffer& buffer : spare_) sum += buffer.capacity;
  return sum;
}

BufferPool::Buffer BufferPool::TakeSpare(size_t length) {
  std::scoped_lock lock(mutex_);
  wish_ = std::max(length, wish_ - wish_ / 8);
  std::erase_if(spare_, [this](const Buffer& buffer) {
    if (IsWanted(buffer)) return false;
    std::free(buffer.data);
    return true;
  });
  // The one given back last is the one most likely still in a cache.
  for (size_t i = spare_.size(); i-- != 0;) {
    if (spare_[i].capacity < length) continue;
    const Buffer found = spare_[i];
    spare_.erase(spare_.begin() + static_cast<ptrdiff_t>(i));
    return found;
  }
  return {};
}

void BufferPool::Give(Buffer buffer) {
  {
    std::scoped_lock lock(mutex_);
    if (IsWanted(buffer) && spare_max_ != 0) {
      spare_.push_back(buffer);
      if (spare_.size() <= spare_max_) return;
      buffer = spare_.front();
      spare_.erase(spare_.begin());
    }
  }
  std::free(buffer.data);
}

}  // namespace thalweg::io
