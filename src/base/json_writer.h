#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg {

/// Writes one JSON text (RFC 8259), compact. The caller keeps the nesting right. Bytes that are not
/// UTF-8 become U+FFFD. Not thread-safe.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view name);
  JsonWriter& String(std::string_view value);
  JsonWriter& Int(int64_t value);
  JsonWriter& Double(double value);  ///< Not finite: null.
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  std::string Take() && { return std::move(text_); }

  /// Appends `value` in quotes, escaped.
  static void AppendQuoted(std::string_view value, std::string* out);

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Separate();

  std::string text_;
  bool comma_ = false;
};

}  // namespace thalweg
