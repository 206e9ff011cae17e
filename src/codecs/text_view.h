#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "codecs/text_value.h"

namespace thalweg::codecs {

/// The layout of one value of a `utf8_view` array, as two words.
struct View {
  uint64_t low;   ///< Length, then the first four bytes.
  uint64_t high;  ///< The next eight bytes; or the buffer's number and the offset in it.
};
inline constexpr size_t kInlineViewMax = 12;

namespace internal {
constexpr std::array<uint64_t, kInlineViewMax + 1> MakeHighMasks() {
  std::array<uint64_t, kInlineViewMax + 1> masks{};
  for (size_t n = 5; n <= kInlineViewMax; ++n) masks[n] = ~uint64_t{0} >> (64 - 8 * (n - 4));
  return masks;
}
inline constexpr auto kHighMasks = MakeHighMasks();
inline constexpr std::array<uint32_t, 5> kLowMasks = {0, 0xff, 0xffff, 0xffffff, 0xffffffff};
}  // namespace internal

/// The view of `n` bytes at `p`, of which 16 may be read, at `offset` of buffer 0.
inline View FastView(const char* p, uint32_t n, uint32_t offset) {
  const bool small = n <= kInlineViewMax;
  const uint64_t first = text::Load4(p) & internal::kLowMasks[std::min<uint32_t>(n, 4)];
  const uint64_t inside = text::Load8(p + 4) & internal::kHighMasks[small ? n : 0];
  const uint64_t outside = static_cast<uint64_t>(offset) << 32;
  return {n | (first << 32), small ? inside : outside};
}

/// The view of `content`, which stands at `offset` of buffer number `buffer` if it is long.
inline View MakeView(std::string_view content, uint32_t buffer, uint32_t offset) {
  char padded[text::kFastBytes] = {};
  if (!content.empty()) {
    std::memcpy(padded, content.data(), std::min(content.size(), sizeof(padded)));
  }
  View view = FastView(padded, static_cast<uint32_t>(content.size()), offset);
  if (content.size() > kInlineViewMax) view.high |= buffer;
  return view;
}

}  // namespace thalweg::codecs
