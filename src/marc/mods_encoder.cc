// MODS 3.7, after the Library of Congress's mapping from MARC 21.

#include <cstdint>
#include <initializer_list>

#include "marc/encoders.h"
#include "marc/mapping.h"
#include "marc/xml_text.h"

namespace thalweg::marc {
namespace {

std::string_view TypeOfResource(char type) {
  switch (type) {
    case 'a':
    case 't':
      return "text";
    case 'c':
    case 'd':
      return "notated music";
    case 'e':
    case 'f':
      return "cartographic";
    case 'g':
      return "moving image";
    case 'i':
      return "sound recording-nonmusical";
    case 'j':
      return "sound recording-musical";
    case 'k':
      return "still image";
    case 'm':
      return "software, multimedia";
    case 'r':
      return "three dimensional object";
    case 'o':
    case 'p':
      return "mixed material";
    default:
      return {};
  }
}

std::string_view Thesaurus(const FieldView& field) {
  switch (field.indicator2()) {
    case '0':
      return "lcsh";
    case '1':
      return "lcshac";
    case '2':
      return "mesh";
    case '3':
      return "nal";
    case '5':
      return "csh";
    case '6':
      return "rvm";
    case '7':
      return field.Find('2').value_or(std::string_view());
    default:
      return {};
  }
}

bool IsOneOf(Tag tag, std::initializer_list<Tag> tags) {
  for (const Tag candidate : tags) {
    if (tag == candidate) return true;
  }
  return false;
}

enum class NameKind : uint8_t { kPerson, kBody, kMeeting };

class Mods {
 public:
  Mods(const RecordView& record, std::string* out)
      : record_(record), xml_("", out), fixed_(FixedData(record)) {}

  void Write() {
    for (const FieldView& field : record_.fields()) WriteTitle(field);
    for (const FieldView& field : record_.fields()) WriteName(field);
    WriteType();
    WriteOrigin();
    WriteLanguages();
    for (const FieldView& field : record_.fields()) WriteDescription(field);
    for (const FieldView& field : record_.fields()) WriteSubject(field);
    for (const FieldView& field : record_.fields()) WriteClassification(field);
    for (const FieldView& field : record_.fields()) WriteRelated(field);
    for (const FieldView& field : record_.fields()) WriteIdentifier(field);
    for (const FieldView& field : record_.fields()) WriteLocation(field);
    WriteRecordInfo();
  }

 private:
  void Titles(std::string_view title, std::string_view rest, const FieldView& field, char nonfiling,
              std::string_view type) {
    xml_.Open("titleInfo", {{"type", type}});
    const auto skip =
        nonfiling >= '1' && nonfiling <= '9' ? static_cast<size_t>(nonfiling - '0') : 0;
    const bool cut =
        skip > 0 && skip < title.size() && (static_cast<unsigned char>(title[skip]) & 0xC0) != 0x80;
    if (cut) {
      xml_.Element("nonSort", title.substr(0, skip));
      title.remove_prefix(skip);
    }
    xml_.Element("title", title);
    xml_.Element("subTitle", rest);
    xml_.Element("partNumber", Joined(field, "n"));
    xml_.Element("partName", Joined(field, "p"));
    xml_.Close("titleInfo");
  }

  void WriteTitle(const FieldView& field) {
    const Tag tag = field.tag();
    if (tag == Tag("245")) {
      Titles(Joined(field, "afgks"), Joined(field, "b"), field, field.indicator2(), {});
    } else if (tag == Tag("246")) {
      Titles(Joined(field, "a"), Joined(field, "b"), field, '0', "alternative");
    } else if (tag == Tag("242")) {
      Titles(Joined(field, "a"), Joined(field, "b"), field, field.indicator2(), "translated");
    } else if (tag == Tag("210")) {
      Titles(Joined(field, "a"), {}, field, '0', "abbreviated");
    } else if (tag == Tag("130")) {
      Titles(Joined(field, "adfgklmorst"), {}, field, field.indicator1(), "uniform");
    } else if (tag == Tag("240")) {
      Titles(Joined(field, "adfgklmors"), {}, field, field.indicator2(), "uniform");
    }
  }

  void NameParts(const FieldView& field, NameKind kind) {
    if (kind == NameKind::kPerson) {
      xml_.Element("namePart", Joined(field, "aq"));
      xml_.Element("namePart", Joined(field, "bc"), {{"type", "termsOfAddress"}});
      xml_.Element("namePart", Joined(field, "d"), {{"type", "date"}});
    } else if (kind == NameKind::kBody) {
      for (const Subfield& subfield : field.subfields()) {
        if (subfield.code != 'a' && subfield.code != 'b') continue;
        xml_.Element("namePart", WithoutEndPunctuation(subfield.value));
      }
    } else {
      xml_.Element("namePart", Joined(field, "acdenq"));
    }
  }

  void Name(const FieldView& field, NameKind kind, bool primary, bool roles) {
    const char* type = kind == NameKind::kPerson ? "personal"
                       : kind == NameKind::kBody ? "corporate"
                                                 : "conference";
    xml_.Open("name", {{"type", type}, {"usage", primary ? "primary" : ""}});
    NameParts(field, kind);
    const char role_code = kind == NameKind::kMeeting ? 'j' : 'e';
    for (const Subfield& subfield : field.subfields()) {
      if (!roles) break;
      const bool term = subfield.code == role_code;
      if (!term && subfield.code != '4') continue;
      xml_.Open("role");
      xml_.Element("roleTerm", WithoutEndPunctuation(subfield.value),
                   {{"type", term ? "text" : "code"}, {"authority", term ? "" : "marcrelator"}});
      xml_.Close("role");
    }
    xml_.Close("name");
  }

  void WriteName(const FieldView& field) {
    const Tag tag = field.tag();
    if (tag[0] != '1' && tag[0] != '7') return;
    const bool primary = tag[0] == '1';
    if (field.Has('t')) return;
    if (IsOneOf(tag, {"100", "700"})) Name(field, NameKind::kPerson, primary, true);
    if (IsOneOf(tag, {"110", "710"})) Name(field, NameKind::kBody, primary, true);
    if (IsOneOf(tag, {"111", "711"})) Name(field, NameKind::kMeeting, primary, true);
    if (tag == Tag("720")) {
      xml_.Open("name");
      xml_.Element("namePart", Joined(field, "a"));
      xml_.Close("name");
    }
  }

  void WriteType() {
    const char type = record_.leader_text()[6];
    const bool manuscript = std::string_view("dfpt").find(type) != std::string_view::npos;
    xml_.Element("typeOfResource", TypeOfResource(type),
                 {{"collection", record_.leader_text()[7] == 'c' ? "yes" : ""},
                  {"manuscript", manuscript ? "yes" : ""}});
    for (const FieldView& field : record_.fields()) {
      if (field.tag() != Tag("655")) continue;
      xml_.Element("genre", Joined(field, "abvxyz"), {{"authority", Thesaurus(field)}});
    }
  }

  void WriteOrigin() {
    xml_.Open("originInfo");
    if (!fixed_.empty() && !PlainCode(fixed_.substr(15, 3)).empty()) {
      xml_.Open("place");
      xml_.Element("placeTerm", PlainCode(fixed_.substr(15, 3)),
                   {{"type", "code"}, {"authority", "marccountry"}});
      xml_.Close("place");
    }
    for (const FieldView& field : record_.fields()) {
      const bool published =
          field.tag() == Tag("260") ||
          (field.tag() == Tag("264") && (field.indicator2() == '1' || field.indicator2() == ' '));
      if (!published) continue;
      for (const Subfield& subfield : field.subfields()) {
        const std::string_view value = WithoutEndPunctuation(subfield.value);
        if (subfield.code == 'a') {
          xml_.Open("place");
          xml_.Element("placeTerm", value, {{"type", "text"}});
          xml_.Close("place");
        } else if (subfield.code == 'b') {
          xml_.Element("publisher", value);
        } else if (subfield.code == 'c') {
          xml_.Element("dateIssued", value);
        }
      }
    }
    WriteFixedDates();
    for (const FieldView& field : record_.fields()) {
      if (field.tag() == Tag("250")) xml_.Element("edition", Joined(field, "ab"));
      if (IsOneOf(field.tag(), {"310", "321"})) xml_.Element("frequency", Joined(field, "ab"));
    }
    const char level = record_.leader_text()[7];
    xml_.Element("issuance", level == 's' || level == 'b'   ? "serial"
                             : level == 'i'                 ? "integrating resource"
                             : level == 'm' || level == 'a' ? "monographic"
                                                            : "");
    xml_.Close("originInfo");
  }

  void WriteFixedDates() {
    if (fixed_.empty()) return;
    const char type = fixed_[6];
    const std::string_view first = PlainCode(fixed_.substr(7, 4));
    const std::string_view second = PlainCode(fixed_.substr(11, 4));
    const bool range = std::string_view("cdikmu").find(type) != std::string_view::npos;
    xml_.Element("dateIssued", first, {{"encoding", "marc"}, {"point", range ? "start" : ""}});
    if (range) xml_.Element("dateIssued", second, {{"encoding", "marc"}, {"point", "end"}});
    if (type == 't') xml_.Element("copyrightDate", second, {{"encoding", "marc"}});
  }

  void Language(std::string_view code) {
    if (code.empty()) return;
    xml_.Open("language");
    xml_.Element("languageTerm", code, {{"type", "code"}, {"authority", "iso639-2b"}});
    xml_.Close("language");
  }

  // Codes ran together in 041 until 2001: `engfre`.
  void LanguagesIn(std::string_view codes, std::string_view main) {
    const bool several = codes.size() > 3 && codes.size() % 3 == 0;
    const size_t size = several ? 3 : codes.size();
    for (; !codes.empty(); codes.remove_prefix(size)) {
      if (codes.substr(0, size) != main) Language(codes.substr(0, size));
    }
  }

  void WriteLanguages() {
    const std::string_view main = fixed_.empty() ? fixed_ : PlainCode(fixed_.substr(35, 3));
    Language(main);
    for (const FieldView& field : record_.fields()) {
      if (field.tag() != Tag("041") || field.indicator2() == '7') continue;
      for (const Subfield& subfield : field.subfields()) {
        if (subfield.code == 'a') LanguagesIn(subfield.value, main);
      }
    }
  }

  void WriteDescription(const FieldView& field) {
    const Tag tag = field.tag();
    if (tag == Tag("300")) {
      xml_.Open("physicalDescription");
      xml_.Element("extent", Joined(field, "abce"));
      xml_.Close("physicalDescription");
    } else if (tag == Tag("520")) {
      xml_.Element("abstract", Joined(field, "ab"));
    } else if (tag == Tag("505")) {
      xml_.Element("tableOfContents", Joined(field, "agrt"));
    } else if (tag == Tag("521")) {
      xml_.Element("targetAudience", Joined(field, "ab"));
    } else if (IsOneOf(tag, {"506", "540"})) {
      xml_.Element(
          "accessCondition", Joined(field, "abcd"),
          {{"type", tag == Tag("506") ? "restriction on access" : "use and reproduction"}});
    } else if (tag == Tag("245")) {
      xml_.Element("note", Joined(field, "c"), {{"type", "statement of responsibility"}});
    } else if (tag[0] == '5' && !field.is_control()) {
      xml_.Element("note", Joined(field, "ab"), {{"type", NoteType(tag)}});
    }
  }

  static std::string_view NoteType(Tag tag) {
    if (tag == Tag("502")) return "thesis";
    if (tag == Tag("504")) return "bibliography";
    if (tag == Tag("508")) return "creation/production credits";
    if (tag == Tag("511")) return "performers";
    if (tag == Tag("518")) return "venue";
    if (tag == Tag("530")) return "additional physical form";
    if (tag == Tag("533")) return "reproduction";
    if (tag == Tag("534")) return "original version";
    if (tag == Tag("538")) return "system details";
    if (tag == Tag("546")) return "language";
    if (tag == Tag("561")) return "ownership";
    return {};
  }

  void WriteSubject(const FieldView& field) {
    const Tag tag = field.tag();
    if (tag[0] != '6' || !IsOneOf(tag, {"600", "610", "611", "630", "648", "650", "651", "653"})) {
      return;
    }
    if (tag == Tag("653")) {
      for (const Subfield& subfield : field.subfields()) {
        if (subfield.code != 'a') continue;
        xml_.Open("subject");
        xml_.Element("topic", WithoutEndPunctuation(subfield.value));
        xml_.Close("subject");
      }
      return;
    }
    xml_.Open("subject", {{"authority", Thesaurus(field)}});
    if (tag == Tag("600")) Name(field, NameKind::kPerson, false, false);
    if (tag == Tag("610")) Name(field, NameKind::kBody, false, false);
    if (tag == Tag("611")) Name(field, NameKind::kMeeting, false, false);
    if (tag == Tag("630")) Titles(Joined(field, "adfgklmorst"), {}, field, '0', {});
    for (const Subfield& subfield : field.subfields()) {
      const std::string_view value = WithoutEndPunctuation(subfield.value);
      if (subfield.code == 'a' && tag == Tag("650")) xml_.Element("topic", value);
      if (subfield.code == 'a' && tag == Tag("651")) xml_.Element("geographic", value);
      if (subfield.code == 'a' && tag == Tag("648")) xml_.Element("temporal", value);
      if (subfield.code == 'b' && tag == Tag("650")) xml_.Element("topic", value);
      if (subfield.code == 'v') xml_.Element("genre", value);
      if (subfield.code == 'x') xml_.Element("topic", value);
      if (subfield.code == 'y') xml_.Element("temporal", value);
      if (subfield.code == 'z') xml_.Element("geographic", value);
    }
    xml_.Close("subject");
  }

  void WriteClassification(const FieldView& field) {
    const Tag tag = field.tag();
    const std::string_view authority = tag == Tag("050")   ? "lcc"
                                       : tag == Tag("060") ? "nlm"
                                       : tag == Tag("080") ? "udc"
                                       : tag == Tag("082") ? "ddc"
                                       : tag == Tag("086") ? "sudocs"
                                                           : "";
    if (authority.empty()) {
      if (tag != Tag("084")) return;
      return xml_.Element("classification", Joined(field, "ab"),
                          {{"authority", field.Find('2').value_or("")}});
    }
    xml_.Element("classification", Joined(field, "ab"),
                 {{"authority", authority},
                  {"edition", tag == Tag("082") ? field.Find('2').value_or("") : ""}});
  }

  void WriteRelated(const FieldView& field) {
    const Tag tag = field.tag();
    if (tag == Tag("490") || tag == Tag("830") || tag == Tag("440")) {
      xml_.Open("relatedItem", {{"type", "series"}});
      Titles(Joined(field, "av"), {}, field, '0', {});
      xml_.Element("identifier", Joined(field, "x"), {{"type", "issn"}});
      xml_.Close("relatedItem");
      return;
    }
    const std::string_view type = tag == Tag("773")   ? "host"
                                  : tag == Tag("774") ? "constituent"
                                  : tag == Tag("775") ? "otherVersion"
                                  : tag == Tag("776") ? "otherFormat"
                                  : tag == Tag("780") ? "preceding"
                                  : tag == Tag("785") ? "succeeding"
                                                      : "";
    if (type.empty()) return;
    xml_.Open("relatedItem", {{"type", type}});
    if (!Joined(field, "t").empty()) Titles(Joined(field, "t"), {}, field, '0', {});
    if (!Joined(field, "a").empty()) {
      xml_.Open("name");
      xml_.Element("namePart", Joined(field, "a"));
      xml_.Close("name");
    }
    xml_.Element("identifier", Joined(field, "x"), {{"type", "issn"}});
    xml_.Element("identifier", Joined(field, "z"), {{"type", "isbn"}});
    xml_.Close("relatedItem");
  }

  void WriteIdentifier(const FieldView& field) {
    const Tag tag = field.tag();
    const std::string_view type = tag == Tag("020")   ? "isbn"
                                  : tag == Tag("022") ? "issn"
                                  : tag == Tag("010") ? "lccn"
                                  : tag == Tag("030") ? "coden"
                                                      : "";
    if (tag == Tag("024")) {
      const std::string_view scheme = field.indicator1() == '1'   ? "upc"
                                      : field.indicator1() == '2' ? "ismn"
                                      : field.indicator1() == '3' ? "ean"
                                                                  : field.Find('2').value_or("");
      return xml_.Element("identifier", Joined(field, "a"), {{"type", scheme}});
    }
    if (type.empty()) return;
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code != 'a' && subfield.code != 'z') continue;
      xml_.Element("identifier", WithoutEndPunctuation(subfield.value),
                   {{"type", type}, {"invalid", subfield.code == 'z' ? "yes" : ""}});
    }
  }

  void WriteLocation(const FieldView& field) {
    if (field.tag() == Tag("852")) {
      xml_.Open("location");
      xml_.Element("physicalLocation", Joined(field, "ab"));
      xml_.Element("shelfLocator", Joined(field, "hi"));
      xml_.Close("location");
    } else if (field.tag() == Tag("856") && field.Has('u')) {
      xml_.Open("location");
      xml_.Element("url", *field.Find('u'), {{"displayLabel", Joined(field, "3y")}});
      xml_.Close("location");
    }
  }

  void WriteRecordInfo() {
    xml_.Open("recordInfo");
    const FieldView* source = record_.Find("040");
    if (source != nullptr) {
      xml_.Element("descriptionStandard", Joined(*source, "e"));
      xml_.Element("recordContentSource", Joined(*source, "a"), {{"authority", "marcorg"}});
    }
    if (!fixed_.empty()) {
      xml_.Element("recordCreationDate", fixed_.substr(0, 6), {{"encoding", "marc"}});
    }
    if (const FieldView* changed = record_.Find("005")) {
      xml_.Element("recordChangeDate", changed->data(), {{"encoding", "iso8601"}});
    }
    const FieldView* organization = record_.Find("003");
    xml_.Element("recordIdentifier", record_.control_number(),
                 {{"source", organization == nullptr ? "" : organization->data()}});
    if (source != nullptr && source->Has('b')) {
      xml_.Open("languageOfCataloging");
      xml_.Element("languageTerm", *source->Find('b'),
                   {{"type", "code"}, {"authority", "iso639-2b"}});
      xml_.Close("languageOfCataloging");
    }
    xml_.Close("recordInfo");
  }

  const RecordView& record_;
  XmlText xml_;
  const std::string_view fixed_;  // 008, when it has its length.
};

class ModsEncoder final : public RecordEncoder {
 public:
  std::string_view head() const override {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<modsCollection xmlns=\"http://www.loc.gov/mods/v3\">\n";
  }
  std::string_view tail() const override { return "</modsCollection>\n"; }
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    AppendMods(record, false, out);
    out->push_back('\n');
    return {};
  }
};

}  // namespace

void AppendMods(const RecordView& record, bool with_namespace, std::string* out) {
  out->append(with_namespace ? "<mods xmlns=\"http://www.loc.gov/mods/v3\" version=\"3.7\">"
                             : "<mods version=\"3.7\">");
  Mods(record, out).Write();
  out->append("</mods>");
}

std::unique_ptr<RecordEncoder> MakeModsEncoder(const EncoderOptions& /*options*/) {
  return std::make_unique<ModsEncoder>();
}

}  // namespace thalweg::marc
