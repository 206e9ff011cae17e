#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "thalweg/status.h"

// Little-endian numbers in byte strings.
namespace thalweg::archive {

static_assert(std::endian::native == std::endian::little);

template <typename T>
void PutNumber(std::string& out, T value) {
  static_assert(std::is_integral_v<T>);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

template <typename T>
void StoreNumber(char* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

template <typename T>
T LoadNumber(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

inline void PutText(std::string& out, std::string_view text) {
  PutNumber(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

/// Takes fields from the front of untrusted bytes. Once something was missing, everything is zero
/// or empty and `ok()` is false.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T Number() {
    if (left_.size() < sizeof(T)) {
      Fail();
      return 0;
    }
    const T value = LoadNumber<T>(left_.data());
    left_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view Bytes(uint64_t size) {
    if (left_.size() < size) {
      Fail();
      return {};
    }
    const std::string_view bytes = left_.substr(0, size);
    left_.remove_prefix(size);
    return bytes;
  }
  std::string_view Text() { return Bytes(Number<uint32_t>()); }
  /// A count of records of at least `record_bytes` each: never more than the bytes left can hold.
  template <typename T>
  uint64_t Count(uint64_t record_bytes) {
    const uint64_t count = Number<T>();
    if (count > left_.size() / record_bytes) {
      Fail();
      return 0;
    }
    return count;
  }
  void Fail() {
    ok_ = false;
    left_ = {};
  }
  bool ok() const { return ok_; }
  std::string_view left() const { return left_; }

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace thalweg::archive
