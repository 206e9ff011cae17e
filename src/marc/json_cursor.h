#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::marc {

/// Walks over one JSON text (RFC 8259) from front to back, without a tree. Every function that
/// gives false has left a reason in `error`, and nothing more is to be asked.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  /// The first character of the value that stands here; 0 at the end.
  char Peek() {
    SkipBlank();
    return at_ == end_ ? '\0' : *at_;
  }

  /// Calls `take(key)` for each member, which has to walk over its value. The key is valid until
  /// the next string is read.
  template <typename Take>
  bool Members(Take&& take) {
    if (!Expect('{', "an object")) return false;
    if (Skip('}')) return true;
    do {
      std::string_view key;
      SkipBlank();
      if (!String(&key)) return false;
      if (!Expect(':', "a colon")) return false;
      if (!take(key)) return false;
    } while (Skip(','));
    return Expect('}', "a comma or the object's end");
  }

  /// Calls `take()` for each element, which has to walk over it.
  template <typename Take>
  bool Elements(Take&& take) {
    if (!Expect('[', "an array")) return false;
    if (Skip(']')) return true;
    do {
      if (!take()) return false;
    } while (Skip(','));
    return Expect(']', "a comma or the array's end");
  }

  /// A string; `value` is valid until the next one is read.
  bool String(std::string_view* value);
  /// A string, a number or a word; the last two as they stand.
  bool Scalar(std::string_view* value);
  /// Whatever stands here.
  bool SkipValue();
  /// Nothing but blanks follows.
  bool AtEnd() { return Peek() == '\0' && at_ == end_; }

  const std::string& error() const { return error_; }
  /// Where it stands; behind a failure, near its place.
  const char* at() const { return at_; }
  bool Fail(std::string_view expected);

 private:
  void SkipBlank() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool Skip(char c) {
    SkipBlank();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool Expect(char c, const char* what) { return Skip(c) || Fail(what); }
  bool Unescape(std::string_view* value);
  bool TakeUnit(unsigned* unit);
  bool TakeCodePoint();

  const char* at_;
  const char* end_;
  std::string text_;  // A string that had escapes.
  std::string error_;
};

}  // namespace thalweg::marc
