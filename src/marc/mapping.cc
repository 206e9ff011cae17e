#include "marc/mapping.h"

namespace thalweg::marc {

std::string_view WithoutIsbdMark(std::string_view text) {
  const auto trim = [&text] {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  };
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  trim();
  while (!text.empty() && std::string_view("/:;,=").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
    trim();
  }
  return text;
}

std::string_view WithoutEndPunctuation(std::string_view text) {
  text = WithoutIsbdMark(text);
  // `Smith, J.` keeps its stop, `History.` does not.
  if (text.size() > 3 && text.back() == '.' && text[text.size() - 3] != ' ' &&
      text[text.size() - 3] != '.' && text[text.size() - 2] != '.') {
    text.remove_suffix(1);
  }
  return text;
}

std::string JoinedValues(const FieldView& field, std::string_view codes) {
  std::string text;
  for (const Subfield& subfield : field.subfields()) {
    if (codes.find(subfield.code) == std::string_view::npos) continue;
    if (!text.empty()) text += ' ';
    text += subfield.value;
  }
  return text;
}

std::string Joined(const FieldView& field, std::string_view codes) {
  return std::string(WithoutEndPunctuation(JoinedValues(field, codes)));
}

std::string JoinedHeading(const FieldView& field) {
  std::string text;
  for (const Subfield& subfield : field.subfields()) {
    if (subfield.code < 'a' || subfield.code > 'z') continue;
    const bool division = std::string_view("vxyz").find(subfield.code) != std::string_view::npos;
    if (!text.empty()) text += division ? "--" : " ";
    text += WithoutEndPunctuation(subfield.value);
  }
  return text;
}

std::string_view FixedData(const RecordView& record) {
  const FieldView* fixed = record.Find("008");
  return fixed != nullptr && fixed->data().size() == 40 ? fixed->data() : std::string_view();
}

std::string_view PlainCode(std::string_view code) {
  while (!code.empty() && code.back() == ' ') code.remove_suffix(1);
  return code.find('|') != std::string_view::npos ? std::string_view() : code;
}

}  // namespace thalweg::marc
