#include "marc/bibframe_terms.h"

#include "base/text.h"
#include "marc/rdf.h"

namespace thalweg::marc {
namespace {

constexpr std::string_view kVocabulary = "http://id.loc.gov/vocabulary/";
constexpr std::string_view kDollar = "{dollar}";

bool IsGraphic(char c) { return c > ' ' && c < 0x7F; }
bool IsCode(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string Unescaped(std::string_view text) {
  std::string out;
  while (true) {
    const size_t dollar = text.find(kDollar);
    out.append(text.substr(0, dollar));
    if (dollar == std::string_view::npos) return out;
    out.push_back('$');
    text.remove_prefix(dollar + kDollar.size());
  }
}

}  // namespace

std::string Vocabulary(std::string_view list, std::string_view code) {
  return std::string(kVocabulary).append(list).append("/").append(IriPart(code));
}

std::string CodeOfIri(std::string_view iri) {
  const std::string_view part = iri.substr(iri.find_last_of("/#") + 1);
  std::string code;
  for (size_t i = 0; i < part.size(); ++i) {
    const int high = part[i] == '%' && i + 2 < part.size() ? HexDigit(part[i + 1]) : -1;
    const int low = high < 0 ? -1 : HexDigit(part[i + 2]);
    if (low < 0) {
      code.push_back(part[i]);
    } else {
      code.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return code;
}

std::string MarcKeyOf(const FieldView& field) {
  std::string key = field.tag().ToString();
  key.push_back(field.indicator1());
  key.push_back(field.indicator2());
  for (const Subfield& subfield : field.subfields()) {
    key.push_back('$');
    key.push_back(subfield.code);
    for (const char c : subfield.value) {
      if (c == '$') {
        key.append(kDollar);
      } else {
        key.push_back(c);
      }
    }
  }
  return key;
}

std::optional<Field> FieldOfMarcKey(std::string_view key) {
  if (key.size() < 7 || key[5] != '$' || !IsGraphic(key[6])) return {};
  const auto tag = Tag::Of(key.substr(0, 3));
  for (const char c : key.substr(0, 3)) {
    if (c < '0' || c > '9') return {};
  }
  if (!tag || tag->is_control()) return {};
  const auto indicator = [](char c) { return IsGraphic(c) ? c : ' '; };
  Field field(*tag, indicator(key[3]), indicator(key[4]));
  key.remove_prefix(5);
  while (!key.empty()) {
    // Here a subfield begins; the next one does where a dollar sign has a code behind it.
    size_t end = 2;
    while (end < key.size() &&
           (key[end] != '$' || end + 1 == key.size() || !IsCode(key[end + 1]))) {
      ++end;
    }
    field.Add(key[1], Unescaped(key.substr(2, end - 2)));
    key.remove_prefix(end);
  }
  return field;
}

}  // namespace thalweg::marc
