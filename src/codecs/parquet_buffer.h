#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>

namespace thalweg::codecs::parquet {

/// A growing array of trivial values that is never zeroed and keeps its room when cleared.
template <typename T>
class GrowArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  void clear() { size_ = 0; }
  void Truncate(size_t size) { size_ = size; }

  /// Room for `count` more values, not set.
  T* Extend(size_t count) {
    Reserve(size_ + count);
    T* out = data_.get() + size_;
    size_ += count;
    return out;
  }
  void Append(const T* values, size_t count) {
    if (count == 0) return;  // An empty array may have no address.
    std::memcpy(static_cast<void*>(Extend(count)), values, count * sizeof(T));
  }
  void AppendZeros(size_t count) {
    if (count == 0) return;
    std::memset(static_cast<void*>(Extend(count)), 0, count * sizeof(T));
  }
  void Push(T value) {
    if (size_ == capacity_) Reserve(size_ + 1);
    data_[size_++] = value;
  }
  void Reserve(size_t size) {
    if (size <= capacity_) return;
    const size_t capacity = size < 2 * capacity_ ? 2 * capacity_ : size;
    std::unique_ptr<T[]> grown(new T[capacity]);
    if (size_ > 0) std::memcpy(static_cast<void*>(grown.get()), data_.get(), size_ * sizeof(T));
    data_ = std::move(grown);
    capacity_ = capacity;
  }

 private:
  std::unique_ptr<T[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

/// A string of bytes in sixteen bytes: its length, and either all of it (up to twelve bytes, padded
/// with zeros) or its first four bytes and a pointer. Short ones compare as two integers.
struct BytesRef {
  static constexpr uint32_t kInlineMax = 12;

  uint64_t head;  ///< The length below, the first four bytes above.
  uint64_t tail;  ///< The further eight bytes, or the pointer.

  uint32_t length() const { return static_cast<uint32_t>(head); }
  bool is_inline() const { return length() <= kInlineMax; }
  const char* pointer() const {
    const char* p;
    std::memcpy(&p, &tail, sizeof(p));
    return p;
  }
  /// Points into this object when the string is short.
  std::string_view view() const {
    if (!is_inline()) return {pointer(), length()};
    return {reinterpret_cast<const char*>(this) + sizeof(uint32_t), length()};
  }

  static BytesRef Make(const char* bytes, uint32_t length) {
    BytesRef out{length, 0};
    if (length > kInlineMax) {
      uint32_t prefix;
      std::memcpy(&prefix, bytes, sizeof(prefix));
      out.head |= static_cast<uint64_t>(prefix) << 32;
      std::memcpy(&out.tail, &bytes, sizeof(bytes));
    } else {
      SetShort(bytes, length, &out);
    }
    return out;
  }

 private:
  // Overlapping loads of fixed size in place of a copy of unknown length.
  static void SetShort(const char* bytes, uint32_t length, BytesRef* out) {
    if (length >= 8) {
      uint64_t first;
      std::memcpy(&first, bytes, 8);
      uint32_t last;
      std::memcpy(&last, bytes + length - 4, 4);
      out->head |= first << 32;
      out->tail = first >> 32;
      if (length > 8) {
        const uint32_t extra = length - 8;
        out->tail |= (static_cast<uint64_t>(last) >> (8 * (4 - extra))) << 32;
      }
    } else if (length >= 4) {
      uint32_t first;
      uint32_t last;
      std::memcpy(&first, bytes, 4);
      std::memcpy(&last, bytes + length - 4, 4);
      out->head |= static_cast<uint64_t>(first) << 32;
      if (length > 4) out->tail = last >> (8 * (8 - length));
    } else {
      uint64_t value = 0;
      for (uint32_t i = 0; i < length; ++i) {
        value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
      }
      out->head |= value << 32;
    }
  }
};
static_assert(sizeof(BytesRef) == 16);

inline bool operator==(const BytesRef& a, const BytesRef& b) {
  if (a.head != b.head) return false;
  if (a.tail == b.tail) return true;
  return !a.is_inline() && std::memcmp(a.pointer(), b.pointer(), a.length()) == 0;
}

}  // namespace thalweg::codecs::parquet
