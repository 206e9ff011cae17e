#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace thalweg::marc {

/// Writes elements of one XML namespace. The caller keeps the nesting right. Text may be any bytes.
class XmlText {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// `prefix` stands before each name: `dc:`.
  XmlText(std::string_view prefix, std::string* out) : prefix_(prefix), out_(out) {}

  /// Attributes without a value are left out.
  void Open(std::string_view name, Attributes attributes = {});
  void Close(std::string_view name);
  /// Nothing when `text` is empty.
  void Element(std::string_view name, std::string_view text, Attributes attributes = {});

 private:
  std::string prefix_;
  std::string* out_;
  std::string scratch_;
};

}  // namespace thalweg::marc
