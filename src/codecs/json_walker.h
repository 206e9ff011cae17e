#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "codecs/text_value.h"

namespace thalweg::codecs {

/// Arrays and objects within each other.
inline constexpr int kJsonDepthMax = 1024;

/// Walks over JSON text in one pass, value by value. Takes RFC 8259 and nothing else in the values
/// that are read; values that are skipped are only followed as far as their end needs.
///
/// Each function returns false and keeps a reason where the text is not what was asked for.
class JsonWalker {
 public:
  /// How values follow each other at the top.
  enum class Lines : uint8_t {
    kRecords,  ///< A newline ends a record: none may stand inside one.
    kSpace,    ///< Newlines are space.
  };

  JsonWalker(std::string_view text, Lines lines)
      : p_(text.data()), end_(text.data() + text.size()), lines_(lines) {}

  const char* position() const { return p_; }
  void set_position(const char* p) { p_ = p; }
  bool at_end() const { return p_ == end_; }
  const char* end() const { return end_; }

  /// Skips space; the next byte, or NUL at the end.
  char Peek() {
    if (p_ != end_ && static_cast<unsigned char>(*p_) > ' ') [[likely]]
      return *p_;
    return PeekSlow();
  }
  /// Takes `c` where it stands next, behind space.
  bool Take(char c) {
    if (Peek() != c) return false;
    ++p_;
    return true;
  }

  /// A string: `*raw` is what stands between the quotes, `*escaped` whether a backslash does.
  bool ReadString(std::string_view* raw, bool* escaped);
  /// A number, exactly as it stands.
  bool ReadNumber(std::string_view* token);
  /// `true`, `false` or `null`.
  bool ReadWord(std::string_view word);
  /// Any value; `*raw` is its text.
  bool ReadRaw(std::string_view* raw);
  bool SkipValue();

  /// True with `*value` where a plain integer of up to 16 digits stands next, followed by what ends
  /// a value; otherwise nothing is taken and no reason kept.
  bool TakeShortInteger(int64_t* value) {
    const char* const end = EndOfDigits();
    if (end == nullptr || !text::FastInt64(p_, static_cast<size_t>(end - p_), value)) return false;
    p_ = end;
    return true;
  }
  /// True where `text` stands next, byte by byte.
  bool TakeExactly(std::string_view text) {
    if (static_cast<size_t>(end_ - p_) < text.size() || std::string_view(p_, text.size()) != text) {
      return false;
    }
    p_ += text.size();
    return true;
  }

  bool Fail(const char* reason) {
    if (reason_ == nullptr) reason_ = reason;
    return false;
  }
  /// Null where nothing failed.
  const char* reason() const { return reason_; }
  void Clear() { reason_ = nullptr; }

 private:
  /// The end of up to 17 digits with an optional minus sign, where a value may end there; otherwise
  /// null, also near the end of the text.
  const char* EndOfDigits() {
    Peek();
    if (end_ - p_ < 26) return nullptr;
    const char* q = p_ + (*p_ == '-');
    const char* const last = q + 17;
    const uint64_t word = text::Load8(q);
    // The high bit of each byte that is no digit.
    constexpr uint64_t kOnes = 0x0101010101010101;
    constexpr uint64_t kHigh = 0x8080808080808080;
    const uint64_t low = word & ~kHigh;
    const uint64_t not_digit =
        (~(low + kOnes * (0x80 - '0')) | (low + kOnes * (0x80 - '9' - 1)) | word) & kHigh;
    if (not_digit != 0) {
      q += std::countr_zero(not_digit) / 8;
    } else {
      q += 8;
      while (q != last && *q >= '0' && *q <= '9') ++q;
    }
    return EndsValue(*q) ? q : nullptr;
  }
  char PeekSlow();
  static bool SameBytes(const char* p, std::string_view text) {
    // Short texts: a call would cost more than the words.
    const char* q = text.data();
    const size_t n = text.size();
    if (n < 8) return std::memcmp(p, q, n) == 0;
    const char* const last = q + n - 8;
    uint64_t differs = text::Load8(p + n - 8) ^ text::Load8(last);
    for (; q < last; q += 8, p += 8) differs |= text::Load8(p) ^ text::Load8(q);
    return differs == 0;
  }
  /// True where a value may end before `c`.
  static bool EndsValue(char c) {
    return c == ',' || c == '}' || c == ']' || static_cast<unsigned char>(c) <= ' ';
  }
  bool SkipNested();

  const char* p_;
  const char* end_;
  const char* reason_ = nullptr;
  Lines lines_;
};

/// The text of a string with escapes. False for a bad escape or half a surrogate pair.
bool UnescapeJson(std::string_view raw, std::string* out);

}  // namespace thalweg::codecs
