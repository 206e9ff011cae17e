#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "thalweg/export.h"

namespace thalweg::archive {

/// Bytes that are kept out of swap and core files where the system allows it, and wiped before
/// their memory is given back. Move-only. Not thread-safe.
class THALWEG_EXPORT Secret {
 public:
  Secret() = default;
  /// `size` zero bytes.
  explicit Secret(size_t size);
  /// A copy of `bytes`; wiping the original is the caller's business.
  static Secret CopyOf(std::string_view bytes);
  Secret(Secret&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Wipe();
      data_ = std::exchange(other.data_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Wipe(); }

  Secret Clone() const { return CopyOf(view()); }
  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }
  std::span<char> span() { return {data_, size_}; }
  /// Wipes and empties it.
  void Wipe();

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace thalweg::archive
