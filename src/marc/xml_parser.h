#pragma once

#include <expat.h>

#include <cstddef>
#include <cstdint>
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
  /// A tag, comment or the like that is longer is refused: expat looks at all of it again with
  /// every piece that comes.
  static constexpr int64_t kMarkupBytesMax = int64_t{16} << 20;
  /// Elements that are open at a time; more are refused.
  static constexpr int kDepthMax = 1024;
  static constexpr const char* kTooMuchMarkup = "a tag or comment of more than 16 MiB";
  static constexpr const char* kTooDeep = "more than 1,024 elements within each other";
  static constexpr const char* kEntity = "an entity declaration, which is refused";

  using Handle = std::unique_ptr<XML_ParserStruct, Free>;

  /// Names come as namespace, `kNamespaceEnd`, local name. External entities are never read.
  static Handle Make();
  static constexpr char kNamespaceEnd = '\x01';

  /// What is wrong: `refusal`, or the parser's error where that is null.
  static const char* ErrorOf(XML_Parser parser, const char* refusal);

  /// Where the next start tag `<name` or `<prefix:name` stands in `text` from `from` on.
  static size_t FindStart(std::string_view text, size_t from, std::string_view name);
  /// The prefix of the tag at the start of `text`; empty when it has none.
  static std::string_view PrefixAt(std::string_view text);
};

}  // namespace thalweg::marc
