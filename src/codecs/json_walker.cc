#include "codecs/json_walker.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"
#include "codecs/text_value.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace thalweg::codecs {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The first byte from `p` on that ends plain text inside a string: a quote, a backslash or a
/// control character; `end` where there is none.
const char* FindSpecial(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i slash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i hit =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, slash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hit));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#endif
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x8080808080808080;
  for (; end - p >= 8; p += 8) {
    const uint64_t word = text::Load8(p);
    const uint64_t quotes = word ^ (kOnes * '"');
    const uint64_t slashes = word ^ (kOnes * '\\');
    // The lowest set bit is exact; false ones stand only above it.
    const uint64_t hit = (((word - kOnes * 0x20) & ~word) | ((quotes - kOnes) & ~quotes) |
                          ((slashes - kOnes) & ~slashes)) &
                         kHigh;
    if (hit != 0) return p + std::countr_zero(hit) / 8;
  }
  while (p != end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
  return p;
}

/// Four hexadecimal digits at `raw[at]`.
bool ReadHex4(std::string_view raw, size_t at, uint32_t* code) {
  if (at + 4 > raw.size()) return false;
  *code = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const char c = raw[i];
    uint32_t digit = 0;
    if (IsDigit(c)) {
      digit = static_cast<uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      return false;
    }
    *code = *code * 16 + digit;
  }
  return true;
}

/// A `\u` escape whose `u` is `raw[*at]`; moves `*at` to its last byte.
bool UnescapeUnicode(std::string_view raw, size_t* at, std::string* out) {
  uint32_t code = 0;
  if (!ReadHex4(raw, *at + 1, &code)) return false;
  *at += 4;
  if (code >= 0xdc00 && code < 0xe000) return false;
  if (code >= 0xd800 && code < 0xdc00) {
    uint32_t low = 0;
    if (raw.substr(*at + 1, 2) != "\\u" || !ReadHex4(raw, *at + 3, &low)) return false;
    if (low < 0xdc00 || low >= 0xe000) return false;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    *at += 6;
  }
  AppendUtf8(code, out);
  return true;
}

}  // namespace

char JsonWalker::PeekSlow() {
  for (; p_ != end_; ++p_) {
    const char c = *p_;
    if (c == ' ' || c == '\t' || c == '\r') continue;
    if (c == '\n' && lines_ == Lines::kSpace) continue;
    return c;
  }
  return '\0';
}

bool JsonWalker::ReadString(std::string_view* raw, bool* escaped) {
  if (Peek() != '"') return Fail("expected a string");
  const char* const begin = p_ + 1;
  const char* q = begin;
  *escaped = false;
  for (;;) {
    q = FindSpecial(q, end_);
    if (q == end_) return Fail("a string is not closed");
    if (*q == '"') break;
    if (*q != '\\') {
      return Fail(*q == '\n' && lines_ == Lines::kRecords ? "a string is not closed on its line"
                                                          : "a control character in a string");
    }
    *escaped = true;
    if (end_ - q < 2) return Fail("a string is not closed");
    q += 2;
  }
  *raw = std::string_view(begin, static_cast<size_t>(q - begin));
  p_ = q + 1;
  return true;
}

bool JsonWalker::ReadNumber(std::string_view* token) {
  Peek();
  const char* q = p_;
  if (q != end_ && *q == '-') ++q;
  if (q == end_ || !IsDigit(*q)) return Fail("expected a value");
  if (*q == '0') {
    ++q;
    if (q != end_ && IsDigit(*q)) return Fail("a number with a leading zero");
  } else {
    while (q != end_ && IsDigit(*q)) ++q;
  }
  if (q != end_ && *q == '.') {
    ++q;
    if (q == end_ || !IsDigit(*q)) return Fail("a number that ends with its point");
    while (q != end_ && IsDigit(*q)) ++q;
  }
  if (q != end_ && (*q == 'e' || *q == 'E')) {
    ++q;
    if (q != end_ && (*q == '+' || *q == '-')) ++q;
    if (q == end_ || !IsDigit(*q)) return Fail("a number without the digits of its exponent");
    while (q != end_ && IsDigit(*q)) ++q;
  }
  if (q != end_ && !EndsValue(*q)) return Fail("text follows a number");
  *token = std::string_view(p_, static_cast<size_t>(q - p_));
  p_ = q;
  return true;
}

bool JsonWalker::ReadWord(std::string_view word) {
  Peek();
  const char* const begin = p_;
  if (!TakeExactly(word) || (p_ != end_ && !EndsValue(*p_))) {
    p_ = begin;
    return Fail("expected a value");
  }
  return true;
}

bool JsonWalker::SkipNested() {
  // Iterative, so that depth costs no stack. One bit a level: whether it is an object.
  uint64_t levels[kJsonDepthMax / 64 + 1];
  int depth = 0;
  for (;;) {
    // A value, or the end of an empty array or object, stands next.
    const char c = Peek();
    if (c == '{' || c == '[') {
      if (depth == kJsonDepthMax) return Fail("nested deeper than 1,024");
      ++p_;
      uint64_t& word = levels[depth / 64];
      const uint64_t bit = uint64_t{1} << (depth % 64);
      word = c == '{' ? word | bit : word & ~bit;
      ++depth;
      if (Peek() != (c == '{' ? '}' : ']')) {
        std::string_view key;
        bool escaped = false;
        if (c == '{' && !(ReadString(&key, &escaped) && (Take(':') || Fail("expected ':'")))) {
          return false;
        }
        continue;
      }
    } else {
      std::string_view raw;
      bool escaped = false;
      const bool good = c == '"'   ? ReadString(&raw, &escaped)
                        : c == 't' ? ReadWord("true")
                        : c == 'f' ? ReadWord("false")
                        : c == 'n' ? ReadWord("null")
                                   : ReadNumber(&raw);
      if (!good) return false;
    }
    // What follows a value.
    for (;;) {
      const bool object = depth > 0 && ((levels[(depth - 1) / 64] >> ((depth - 1) % 64)) & 1) != 0;
      if (depth == 0) return true;
      if (Take(object ? '}' : ']')) {
        if (--depth == 0) return true;
        continue;
      }
      if (!Take(',')) return Fail(object ? "expected ',' or '}'" : "expected ',' or ']'");
      std::string_view key;
      bool escaped = false;
      if (object && !(ReadString(&key, &escaped) && (Take(':') || Fail("expected ':'")))) {
        return false;
      }
      break;
    }
  }
}

bool JsonWalker::SkipValue() {
  std::string_view raw;
  bool escaped = false;
  switch (Peek()) {
    case '"':
      return ReadString(&raw, &escaped);
    case '{':
    case '[':
      return SkipNested();
    case 't':
      return ReadWord("true");
    case 'f':
      return ReadWord("false");
    case 'n':
      return ReadWord("null");
    default: {
      int64_t value = 0;
      return TakeShortInteger(&value) || ReadNumber(&raw);
    }
  }
}

bool JsonWalker::ReadRaw(std::string_view* raw) {
  Peek();
  const char* const begin = p_;
  if (!SkipValue()) return false;
  *raw = std::string_view(begin, static_cast<size_t>(p_ - begin));
  return true;
}

bool UnescapeJson(std::string_view raw, std::string* out) {
  out->clear();
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      const size_t next = std::min(raw.find('\\', i), raw.size());
      out->append(raw.substr(i, next - i));
      i = next - 1;
      continue;
    }
    if (++i == raw.size()) return false;
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
    if (const size_t which = kNames.find(raw[i]); which != std::string_view::npos) {
      out->push_back(kBytes[which]);
    } else if (raw[i] != 'u' || !UnescapeUnicode(raw, &i, out)) {
      return false;
    }
  }
  return true;
}

}  // namespace thalweg::codecs
