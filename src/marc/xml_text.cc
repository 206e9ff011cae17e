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

}  // namespace thalweg::marc
