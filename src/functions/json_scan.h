#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "functions/signature.h"

// JSON as text: checked, walked by path and written without spaces, in place.
namespace thalweg::functions {

enum class JsonKind : uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

/// True where the text is one JSON value (RFC 8259) of at most 1,024 levels.
bool IsValidJson(std::string_view text);

JsonKind JsonKindOf(std::string_view value);

/// Calls of `f` with each item or member of a valid array or object; `key` is raw (with escapes,
/// without quotes) and empty for arrays. Stops where `f` says false.
template <typename F>
void ForEachJson(std::string_view value, F f);

/// Appends a valid value without spaces between tokens; numbers keep their digits.
void AppendJson(std::string_view value, TextWriter& out);
/// Appends the text that a valid JSON string (with its quotes) says.
void AppendJsonString(std::string_view value, TextWriter& out);
/// Appends `text` as a JSON string.
void AppendJsonQuoted(std::string_view text, TextWriter& out);

/// Steps into a value: `$.a.b[0]`, `$[#-1]`, `$."a b"`, `/a/0`, or one bare key.
class JsonPath {
 public:
  static Result<JsonPath> Parse(std::string_view text);
  /// One array index, negative from the end.
  static JsonPath Index(int64_t index);

  /// The values that it leads to in a valid JSON text; without wildcards at most one.
  std::vector<std::string_view> Find(std::string_view json) const;
  bool has_wildcard() const;

 private:
  enum class StepKind : uint8_t { kKey, kIndex, kAnyItem, kAnyMember, kPointer };
  struct Step {
    StepKind kind = StepKind::kKey;
    std::string key;
    int64_t index = 0;
  };
  static void Take(const Step& step, std::string_view value, std::vector<std::string_view>& out);
  Status ParseDollar(std::string_view text);
  Status ParseBracket(std::string_view text, size_t* at);

  std::vector<Step> steps_;
};

namespace internal {

/// Place after a valid value that starts at `at`.
size_t EndOfJson(std::string_view text, size_t at);
size_t SkipJsonSpace(std::string_view text, size_t at);

}  // namespace internal

template <typename F>
void ForEachJson(std::string_view value, F f) {
  size_t at = internal::SkipJsonSpace(value, 0);
  const bool object = value[at] == '{';
  const char close = object ? '}' : ']';
  at = internal::SkipJsonSpace(value, at + 1);
  while (value[at] != close) {
    std::string_view key;
    if (object) {
      const size_t end = internal::EndOfJson(value, at);
      key = value.substr(at + 1, end - at - 2);
      at = internal::SkipJsonSpace(value, internal::SkipJsonSpace(value, end) + 1);
    }
    const size_t end = internal::EndOfJson(value, at);
    if (!f(key, value.substr(at, end - at))) return;
    at = internal::SkipJsonSpace(value, end);
    if (value[at] == ',') at = internal::SkipJsonSpace(value, at + 1);
  }
}

}  // namespace thalweg::functions
