#include "marc/xml_text.h"

#include "marc/escape.h"

namespace thalweg::marc {

void XmlText::Open(std::string_view name, Attributes attributes) {
  out_->append("<").append(prefix_).append(name);
  for (const auto& [key, value] : attributes) {
    if (value.empty()) continue;
    out_->append(" ").append(key).append("=\"");
    AppendXmlAttribute(CleanText(value, &scratch_), out_);
    out_->append("\"");
  }
  out_->append(">");
}

void XmlText::Close(std::string_view name) {
  out_->append("</").append(prefix_).append(name).append(">");
}

void XmlText::Element(std::string_view name, std::string_view text, Attributes attributes) {
  if (text.empty()) return;
  Open(name, attributes);
  AppendXmlEscaped(CleanText(text, &scratch_), out_);
  Close(name);
}

std::string_view WithoutEndPunctuation(std::string_view text) {
  const auto trim = [&text] {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  };
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  trim();
  while (!text.empty() && std::string_view("/:;,=").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
    trim();
  }
  // `Smith, J.` keeps its stop, `History.` does not.
  if (text.size() > 3 && text.back() == '.' && text[text.size() - 3] != ' ' &&
      text[text.size() - 3] != '.' && text[text.size() - 2] != '.') {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace thalweg::marc
