#include "marc/json_cursor.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace thalweg::marc {
namespace {

// Where the first quote, backslash or control character stands; `end` when there is none.
const char* FindSpecial(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101U;
  constexpr uint64_t kHighs = 0x8080808080808080U;
  const auto equal = [](uint64_t word, unsigned char c) {
    const uint64_t x = word ^ (kOnes * c);
    return (x - kOnes) & ~x & kHighs;
  };
  while (end - at >= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    const uint64_t low = (word - kOnes * 0x20) & ~word & kHighs;
    const uint64_t found = equal(word, '"') | equal(word, '\\') | low;
    if constexpr (std::endian::native == std::endian::little) {
      // Only bits above a true match can be false ones.
      if (found != 0) return at + std::countr_zero(found) / 8;
    } else if (found != 0) {
      break;
    }
    at += 8;
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

}  // namespace

bool JsonCursor::Fail(std::string_view expected) {
  error_ = "expected " + std::string(expected);
  if (at_ == end_) {
    error_ += ", found the end";
  } else {
    error_.append(", found '").append(at_, std::min<size_t>(16, static_cast<size_t>(end_ - at_)));
    error_ += "'";
  }
  return false;
}

bool JsonCursor::String(std::string_view* value) {
  SkipBlank();
  if (at_ == end_ || *at_ != '"') return Fail("a string");
  const char* first = at_ + 1;
  const char* stop = FindSpecial(first, end_);
  if (stop != end_ && *stop == '"') [[likely]] {
    *value = std::string_view(first, static_cast<size_t>(stop - first));
    at_ = stop + 1;
    return true;
  }
  ++at_;
  return Unescape(value);
}

bool JsonCursor::Unescape(std::string_view* value) {
  text_.clear();
  while (true) {
    const char* stop = FindSpecial(at_, end_);
    text_.append(at_, static_cast<size_t>(stop - at_));
    at_ = stop;
    if (at_ == end_) return Fail("the end of a string");
    if (*at_ == '"') {
      ++at_;
      *value = text_;
      return true;
    }
    if (*at_ != '\\') return Fail("no control character in a string");
    if (++at_ == end_) return Fail("an escape");
    const char c = *at_++;
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (c == 'u') {
      if (!TakeCodePoint()) return false;
    } else if (const size_t place = kEscapes.find(c); place != std::string_view::npos) {
      text_.push_back(kMeant[place]);
    } else {
      return Fail("an escape");
    }
  }
}

bool JsonCursor::TakeUnit(unsigned* unit) {
  if (end_ - at_ < 4) return Fail("four hexadecimal digits");
  *unit = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = *at_;
    const char lower = static_cast<char>(c | 0x20);
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      digit = static_cast<unsigned>(lower - 'a') + 10;
    } else {
      return Fail("four hexadecimal digits");
    }
    *unit = *unit << 4 | digit;
  }
  return true;
}

bool JsonCursor::TakeCodePoint() {
  constexpr unsigned kReplacement = 0xFFFD;
  unsigned unit = 0;
  if (!TakeUnit(&unit)) return false;
  if (unit >= 0xD800 && unit < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
    const char* second = at_;
    at_ += 2;
    unsigned low = 0;
    if (!TakeUnit(&low)) return false;
    if (low >= 0xDC00 && low < 0xE000) {
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    } else {
      at_ = second;
    }
  }
  // A half of a pair by itself has no UTF-8.
  AppendUtf8(unit >= 0xD800 && unit < 0xE000 ? kReplacement : unit, &text_);
  return true;
}

bool JsonCursor::Scalar(std::string_view* value) {
  const char c = Peek();
  if (c == '"') return String(value);
  const char* first = at_;
  while (at_ != end_ && std::string_view(",]}[{:\" \t\r\n").find(*at_) == std::string_view::npos) {
    ++at_;
  }
  *value = std::string_view(first, static_cast<size_t>(at_ - first));
  return !value->empty() || Fail("a string or a number");
}

bool JsonCursor::SkipValue() {
  int depth = 0;
  do {
    const char c = Peek();
    std::string_view ignored;
    if (c == '{' || c == '[') {
      ++at_;
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth-- == 0) return Fail("a value");
      ++at_;
    } else if (depth > 0 && (c == ',' || c == ':')) {
      ++at_;
    } else if (!Scalar(&ignored)) {
      return false;
    }
  } while (depth > 0);
  return true;
}

}  // namespace thalweg::marc
