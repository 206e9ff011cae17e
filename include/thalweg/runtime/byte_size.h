#pragma once

#include <concepts>
#include <cstdint>

namespace thalweg {

/// Bytes that a value holds, for memory bounds: its `ByteSize()` where it has one, else its own
/// size.
template <typename T>
int64_t ByteSizeOf(const T& value) {
  if constexpr (requires {
                  { value.ByteSize() } -> std::convertible_to<int64_t>;
                }) {
    return value.ByteSize();
  } else {
    return static_cast<int64_t>(sizeof(T));
  }
}

}  // namespace thalweg
