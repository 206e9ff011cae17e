#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "thalweg/status.h"

namespace thalweg::sql {

/// Bytes `begin … end` of a SQL text.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;
};

/// A place as people count: lines and columns from 1, columns in characters.
struct LineColumn {
  int64_t line = 1;
  int64_t column = 1;
};

/// A SQL text with the means to point into it. Does not own the text. Thread-safe.
class SourceText {
 public:
  explicit SourceText(std::string_view text) : text_(text) {}

  std::string_view text() const { return text_; }
  std::string_view At(Span span) const { return text_.substr(span.begin, span.end - span.begin); }
  LineColumn Locate(uint32_t offset) const;

  /// `message at line 1, column 8`, the line, a caret under the place, and the hint if there is
  /// one. A long line is cut to the surroundings of the place.
  Status Error(StatusCode code, Span span, std::string_view message,
               std::string_view hint = {}) const;
  Status Invalid(Span span, std::string_view message, std::string_view hint = {}) const {
    return Error(StatusCode::kInvalidArgument, span, message, hint);
  }
  Status Unsupported(Span span, std::string_view message, std::string_view hint = {}) const {
    return Error(StatusCode::kUnsupported, span, message, hint);
  }

 private:
  std::string_view text_;
};

/// `text` fit to stand in a message: at most `bytes_max` bytes, whole characters, no control
/// characters.
std::string Shortened(std::string_view text, size_t bytes_max = 64);

}  // namespace thalweg::sql
