#pragma once

#include <expat.h>

#include <cstddef>
#include <memory>
#include <string_view>

// What readers of XML share: expat's parser as an owned thing, and finding elements in text that
// is not well-formed.
namespace thalweg::marc {

class XmlParser {
 public:
  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };
  using Handle = std::unique_ptr<XML_ParserStruct, Free>;

  /// Names come as namespace, `separator`, local name. External entities are never read.
  static Handle Make(char separator);

  /// Where the next start tag `<name` or `<prefix:name` stands in `text` from `from` on.
  static size_t FindStart(std::string_view text, size_t from, std::string_view name);
  /// The prefix of the tag at the start of `text`; empty when it has none.
  static std::string_view PrefixAt(std::string_view text);
};

}  // namespace thalweg::marc
