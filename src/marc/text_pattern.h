#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "thalweg/status.h"

namespace thalweg::marc {

/// A regular expression (RE2). Immutable, thread-safe.
class TextPattern {
 public:
  static Result<std::shared_ptr<const TextPattern>> Compile(const std::string& expression);
  virtual ~TextPattern() = default;
  /// Whether any part of `text` matches.
  virtual bool Matches(std::string_view text) const = 0;
  /// Appends `text` with matches replaced (`\1` and so on are groups): all of them, or the first.
  /// Gives how many there were.
  virtual int Replace(std::string_view text, const std::string& replacement, bool all,
                      std::string* out) const = 0;
  virtual const std::string& text() const = 0;
};

}  // namespace thalweg::marc
