#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace thalweg {
void JsonWriter::AppendQuoted(std::string_view value, std::string* out) {
  out->push_back('"');
  while (!value.empty()) {
    const auto c = static_cast<unsigned char>(value.front());
    const size_t length = Utf8Length(value);
    if (length == 0) {
      out->append("\xEF\xBF\xBD");
    } else if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(static_cast<char>(c));
    } else if (c == '\n') {
      out->append("\\n");
    } else if (c == '\r') {
      out->append("\\r");
    } else if (c == '\t') {
      out->append("\\t");
    } else if (c < 0x20 || c == 0x7F) {
      std::array<char, 8> text{};
      std::snprintf(text.data(), text.size(), "\\u%04x", c);
      out->append(text.data());
    } else {
      out->append(value.substr(0, length));
    }
    value.remove_prefix(length == 0 ? 1 : length);
  }
  out->push_back('"');
}

void JsonWriter::Separate() {
  if (comma_) text_.push_back(',');
  comma_ = true;
}
JsonWriter& JsonWriter::Open(char bracket) {
  Separate();
  text_.push_back(bracket);
  comma_ = false;
  return *this;
}
JsonWriter& JsonWriter::Close(char bracket) {
  text_.push_back(bracket);
  comma_ = true;
  return *this;
}
JsonWriter& JsonWriter::Key(std::string_view name) {
  Separate();
  AppendQuoted(name, &text_);
  text_.push_back(':');
  comma_ = false;
  return *this;
}
JsonWriter& JsonWriter::String(std::string_view value) {
  Separate();
  AppendQuoted(value, &text_);
  return *this;
}
JsonWriter& JsonWriter::Int(int64_t value) {
  Separate();
  text_.append(std::to_string(value));
  return *this;
}
JsonWriter& JsonWriter::Double(double value) {
  if (!std::isfinite(value)) return Null();
  Separate();
  std::array<char, 32> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text_.append(digits.data(), result.ptr);
  return *this;
}
JsonWriter& JsonWriter::Bool(bool value) {
  Separate();
  text_.append(value ? "true" : "false");
  return *this;
}
JsonWriter& JsonWriter::Null() {
  Separate();
  text_.append("null");
  return *this;
}

}  // namespace thalweg
