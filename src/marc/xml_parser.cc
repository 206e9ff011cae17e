#include "marc/xml_parser.h"

namespace thalweg::marc {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

size_t NameEnd(std::string_view text, size_t from) {
  while (from < text.size() && IsNameByte(text[from])) ++from;
  return from;
}

}  // namespace

XmlParser::Handle XmlParser::Make() { return Handle(XML_ParserCreateNS(nullptr, kNamespaceEnd)); }

const char* XmlParser::ErrorOf(XML_Parser parser, const char* refusal) {
  if (refusal != nullptr) return refusal;
  const char* error = XML_ErrorString(XML_GetErrorCode(parser));
  return error != nullptr ? error : "";
}

size_t XmlParser::FindStart(std::string_view text, size_t from, std::string_view name) {
  for (size_t at = text.find('<', from); at != std::string_view::npos;
       at = text.find('<', at + 1)) {
    size_t first = at + 1;
    size_t end = NameEnd(text, first);
    if (end < text.size() && text[end] == ':' && end > first) {
      first = end + 1;
      end = NameEnd(text, first);
    }
    if (end < text.size() && text.substr(first, end - first) == name &&
        (text[end] == '>' || text[end] == '/' || static_cast<unsigned char>(text[end]) <= ' ')) {
      return at;
    }
  }
  return std::string_view::npos;
}

std::string_view XmlParser::PrefixAt(std::string_view text) {
  const size_t end = NameEnd(text, 1);
  if (end >= text.size() || text[end] != ':') return {};
  // These two belong to XML, and may not be given another namespace.
  const std::string_view prefix = text.substr(1, end - 1);
  return prefix == "xml" || prefix == "xmlns" ? std::string_view() : prefix;
}

}  // namespace thalweg::marc
