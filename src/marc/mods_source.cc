// MODS 3, read: the Library of Congress's mapping to MARC 21, and the inverse of what we write.

#include <algorithm>
#include <string>
#include <vector>

#include "marc/text_trim.h"
#include "marc/xml_tree.h"

namespace thalweg::marc {
namespace {

constexpr std::string_view kSpace = "http://www.loc.gov/mods/v3";
constexpr size_t kFixedSize = 40;

struct Pair {
  std::string_view mods;
  std::string_view marc;
};

// The first `mods` that is `name`, as what MARC has for it.
template <size_t kCount>
std::string_view Lookup(const Pair (&table)[kCount], std::string_view name) {
  for (const Pair& pair : table) {
    if (pair.mods == name) return pair.marc;
  }
  return {};
}

constexpr Pair kTypes[] = {{"text", "at"},
                           {"notated music", "cd"},
                           {"cartographic", "ef"},
                           {"moving image", "gg"},
                           {"sound recording-nonmusical", "ii"},
                           {"sound recording-musical", "jj"},
                           {"sound recording", "ii"},
                           {"still image", "kk"},
                           {"software, multimedia", "mm"},
                           {"three dimensional object", "rr"},
                           {"mixed material", "op"}};
constexpr Pair kThesauri[] = {{"lcsh", "0"}, {"lcshac", "1"}, {"mesh", "2"}, {"nal", "3"},
                              {"csh", "5"},  {"rvm", "6"},    {"", "4"}};
constexpr Pair kNotes[] = {{"thesis", "502"},
                           {"bibliography", "504"},
                           {"creation/production credits", "508"},
                           {"performers", "511"},
                           {"venue", "518"},
                           {"additional physical form", "530"},
                           {"reproduction", "533"},
                           {"original version", "534"},
                           {"system details", "538"},
                           {"language", "546"},
                           {"ownership", "561"}};
constexpr Pair kClasses[] = {
    {"lcc", "050"}, {"nlm", "060"}, {"udc", "080"}, {"ddc", "082"}, {"sudocs", "086"}};
constexpr Pair kRelations[] = {{"host", "773"},         {"constituent", "774"},
                               {"otherVersion", "775"}, {"otherFormat", "776"},
                               {"preceding", "780"},    {"succeeding", "785"}};
constexpr Pair kIdentifiers[] = {
    {"isbn", "020"}, {"issn", "022"}, {"lccn", "010"}, {"coden", "030"}};
constexpr Pair kSchemes[] = {{"upc", "1"}, {"ismn", "2"}, {"ean", "3"}, {"", "8"}};
constexpr Pair kSubdivisions[] = {
    {"topic", "x"}, {"geographic", "z"}, {"temporal", "y"}, {"genre", "v"}};
constexpr Pair kHeadings[] = {
    {"topic", "650"}, {"geographic", "651"}, {"temporal", "648"}, {"genre", "655"}};

Tag TagOf(std::string_view text) { return Tag::Of(text).value_or(Tag("500")); }

// `MODS` elements become fields in their order; the record gets them by the first digit of their
// tags, as MARC has them.
class ModsReader {
 public:
  explicit ModsReader(const XmlNode& mods) : mods_(mods), fixed_(kFixedSize, ' ') {
    fixed_[6] = '|';
    std::fill_n(fixed_.begin() + 7, 8, '|');
    fixed_.replace(15, 3, "xx ");
    fixed_.replace(35, 3, "und");
    fixed_[39] = '|';
  }

  void Read() {
    for (const XmlNode& node : mods_.children) {
      if (node.name == "name" && node.Attribute("usage") == "primary") has_primary_ = true;
    }
    for (const XmlNode& node : mods_.children) ReadElement(node);
    Languages();
    std::stable_sort(fields_.begin(), fields_.end(),
                     [](const Field& a, const Field& b) { return a.tag()[0] < b.tag()[0]; });
  }

  void Give(BatchBuilder* builder) const {
    builder->SetLeader(leader_);
    if (!number_.empty()) builder->AddControl("001", number_);
    if (!organization_.empty()) builder->AddControl("003", organization_);
    if (!changed_.empty()) builder->AddControl("005", changed_);
    builder->AddControl("008", fixed_);
    for (const Field& field : fields_) {
      const FieldView view = field.view();
      builder->BeginField(view.tag(), view.indicator1(), view.indicator2());
      for (const Subfield& subfield : view.subfields()) {
        builder->AddSubfield(subfield.code, subfield.value);
      }
      builder->EndField();
    }
  }

 private:
  void ReadElement(const XmlNode& node) {
    const std::string_view text = node.Text();
    if (node.name == "titleInfo") return Title(node);
    if (node.name == "name") return Name(node);
    if (node.name == "typeOfResource") return Type(node);
    if (node.name == "genre") return Heading("655", node.Attribute("authority"), 'a', text);
    if (node.name == "originInfo") return Origin(node);
    if (node.name == "language") return Language(node);
    if (node.name == "physicalDescription") return Physical(node);
    if (node.name == "abstract") return Add("520", ' ', ' ', 'a', text);
    if (node.name == "tableOfContents") return Add("505", '0', ' ', 'a', text);
    if (node.name == "targetAudience") return Add("521", ' ', ' ', 'a', text);
    if (node.name == "note") return Note(node);
    if (node.name == "accessCondition") {
      const bool use = node.Attribute("type") == "use and reproduction";
      return Add(use ? Tag("540") : Tag("506"), ' ', ' ', 'a', text);
    }
    if (node.name == "subject") return Subject(node);
    if (node.name == "classification") return Classification(node);
    if (node.name == "relatedItem") return Related(node);
    if (node.name == "identifier") return Identifier(node);
    if (node.name == "location") return Location(node);
    if (node.name == "recordInfo") return RecordInfo(node);
  }

  // Nothing when `value` is empty.
  void Add(Tag tag, char indicator1, char indicator2, char code, std::string_view value) {
    if (value.empty()) return;
    fields_.emplace_back(tag, indicator1, indicator2);
    fields_.back().Add(code, value);
  }
  static void AddTo(Field* field, char code, std::string_view value) {
    if (!value.empty()) field->Add(code, value);
  }
  void Keep(Field field) {
    if (!field.view().subfields().empty()) fields_.push_back(std::move(field));
  }

  // Title, subtitle and parts into a, b, n and p (or `title_code`); gives the nonfiling characters.
  static char TitleParts(const XmlNode& node, char title_code, Field* field) {
    std::string title;
    size_t nonfiling = 0;
    if (const XmlNode* skip = node.Find("nonSort")) {
      title = Trimmed(skip->text);
      const bool joined = title.ends_with('\'') || title.ends_with('-');
      if (!title.empty() && !joined) title += ' ';
      nonfiling = title.size();
    }
    title += node.TextOf("title");
    AddTo(field, title_code, title);
    AddTo(field, 'b', node.TextOf("subTitle"));
    AddTo(field, 'n', node.TextOf("partNumber"));
    AddTo(field, 'p', node.TextOf("partName"));
    return nonfiling <= 9 ? static_cast<char>('0' + nonfiling) : '0';
  }

  void Title(const XmlNode& node) {
    const std::string_view type = node.Attribute("type");
    const bool main = type.empty() && !has_title_;
    has_title_ = has_title_ || main;
    const Tag tag = main                    ? Tag("245")
                    : type == "translated"  ? Tag("242")
                    : type == "abbreviated" ? Tag("210")
                    : type == "uniform"     ? (has_primary_ ? Tag("240") : Tag("130"))
                                            : Tag("246");
    Field field(tag, ' ', ' ');
    const char skip = TitleParts(node, 'a', &field);
    if (tag == Tag("245")) field.SetIndicators(has_primary_ ? '1' : '0', skip);
    if (tag == Tag("242") || tag == Tag("240")) field.SetIndicators('1', skip);
    if (tag == Tag("130")) field.SetIndicators(skip, ' ');
    if (tag == Tag("246")) field.SetIndicators('3', ' ');
    if (tag == Tag("210")) field.SetIndicators('0', ' ');
    Keep(std::move(field));
  }

  static void PersonParts(const XmlNode& node, Field* field) {
    std::string name;
    std::string given;
    std::string terms;
    std::string dates;
    for (const XmlNode& part : node.children) {
      if (part.name != "namePart") continue;
      const std::string_view type = part.Attribute("type");
      std::string& into = type == "given"            ? given
                          : type == "termsOfAddress" ? terms
                          : type == "date"           ? dates
                                                     : name;
      if (!into.empty()) into += ' ';
      into += part.Text();
    }
    if (!given.empty()) name += (name.empty() ? "" : ", ") + given;
    AddTo(field, 'a', name);
    AddTo(field, 'c', terms);
    AddTo(field, 'd', dates);
    field->SetIndicators(name.find(',') == std::string::npos ? '0' : '1', ' ');
  }

  // The parts of a name into `field`, whose tag is made to begin with `hundreds`.
  static void NameParts(const XmlNode& node, char hundreds, Field* field) {
    const std::string_view type = node.Attribute("type");
    if (type == "personal" || type == "family") {
      field->SetTag(Tag(hundreds, '0', '0'));
      PersonParts(node, field);
    } else if (type == "corporate" || type == "conference") {
      const bool body = type == "corporate";
      field->SetTag(Tag(hundreds, '1', body ? '0' : '1'));
      field->SetIndicators('2', ' ');
      char code = 'a';
      for (const XmlNode& part : node.children) {
        if (part.name != "namePart") continue;
        AddTo(field, code, part.Text());
        if (body) code = 'b';
      }
    } else if (hundreds == '6') {
      field->SetTag("653");
      AddTo(field, 'a', node.TextOf("namePart"));
    } else {
      field->SetTag("720");
      AddTo(field, 'a', node.TextOf("namePart"));
    }
  }

  void Name(const XmlNode& node) {
    const bool primary = node.Attribute("usage") == "primary" && !primary_seen_;
    primary_seen_ = primary_seen_ || primary;
    Field field("700", ' ', ' ');
    NameParts(node, primary ? '1' : '7', &field);
    const bool meeting = node.Attribute("type") == "conference";
    for (const XmlNode& role : node.children) {
      if (role.name != "role") continue;
      for (const XmlNode& term : role.children) {
        const bool code = term.Attribute("type") == "code";
        AddTo(&field, code ? '4' : meeting ? 'j' : 'e', term.Text());
      }
    }
    Keep(std::move(field));
  }

  void Type(const XmlNode& node) {
    const std::string_view types = Lookup(kTypes, node.Text());
    if (!types.empty()) leader_[6] = types[node.Attribute("manuscript") == "yes" ? 1 : 0];
    if (node.Attribute("collection") == "yes") leader_[7] = 'c';
  }

  void Origin(const XmlNode& node) {
    Field field("264", ' ', '1');
    std::vector<Field> behind;
    for (const XmlNode& child : node.children) {
      const std::string_view text = child.Text();
      if (child.name == "place") {
        for (const XmlNode& term : child.children) {
          if (term.Attribute("type") != "code") {
            AddTo(&field, 'a', term.Text());
          } else if (term.Attribute("authority") == "marccountry") {
            SetFixed(15, 3, term.Text());
          }
        }
      } else if (child.name == "publisher") {
        AddTo(&field, 'b', text);
      } else if (child.name == "dateIssued" || child.name == "copyrightDate") {
        Date(child, &field);
      } else if (child.name == "edition") {
        behind.emplace_back("250", ' ', ' ').Add('a', text);
      } else if (child.name == "frequency") {
        behind.emplace_back("310", ' ', ' ').Add('a', text);
      } else if (child.name == "issuance" && leader_[7] != 'c') {
        leader_[7] = text == "serial" ? 's' : text == "integrating resource" ? 'i' : 'm';
      }
    }
    Keep(std::move(field));
    for (Field& other : behind) Keep(std::move(other));
  }

  void Date(const XmlNode& node, Field* field) {
    const std::string_view text = node.Text();
    const bool copyright = node.name == "copyrightDate";
    if (node.Attribute("encoding") != "marc") {
      if (copyright) return Add("264", ' ', '4', 'c', text);
      return AddTo(field, 'c', text);
    }
    if (copyright) {
      fixed_[6] = 't';
      return SetFixed(11, 4, text);
    }
    const std::string_view point = node.Attribute("point");
    if (fixed_[6] == '|') {
      fixed_[6] = point.empty() ? 's' : 'm';
      std::fill_n(fixed_.begin() + 7, 8, ' ');
    }
    SetFixed(point == "end" ? 11 : 7, 4, text);
  }

  void SetFixed(size_t place, size_t size, std::string_view text) {
    std::fill_n(fixed_.begin() + static_cast<std::ptrdiff_t>(place), size, ' ');
    fixed_.replace(place, std::min(size, text.size()), text.substr(0, size));
  }

  void Language(const XmlNode& node) {
    for (const XmlNode& term : node.children) {
      if (term.name != "languageTerm") continue;
      const bool code = term.Attribute("type") == "code" || term.Text().size() == 3;
      if (code && term.Text().size() == 3) languages_.emplace_back(term.Text());
    }
  }

  void Languages() {
    if (languages_.empty()) return;
    SetFixed(35, 3, languages_[0]);
    if (languages_.size() == 1) return;
    Field field("041", ' ', ' ');
    for (const std::string& language : languages_) field.Add('a', language);
    fields_.insert(fields_.begin(), std::move(field));
  }

  void Physical(const XmlNode& node) {
    for (const XmlNode& child : node.children) {
      if (child.name == "extent") Add("300", ' ', ' ', 'a', child.Text());
      if (child.name == "note") Add("500", ' ', ' ', 'a', child.Text());
    }
  }

  void Note(const XmlNode& node) {
    const std::string_view type = node.Attribute("type");
    if (type == "statement of responsibility") {
      for (Field& field : fields_) {
        if (field.tag() != Tag("245") || field.view().Has('c')) continue;
        return AddTo(&field, 'c', node.Text());
      }
    }
    const std::string_view tag = Lookup(kNotes, type);
    Add(tag.empty() ? Tag("500") : TagOf(tag), ' ', ' ', 'a', node.Text());
  }

  // The second indicator that names a thesaurus, with $2 where there is none for it.
  static char Thesaurus(std::string_view authority) {
    const std::string_view indicator = Lookup(kThesauri, authority);
    return indicator.empty() ? '7' : indicator[0];
  }
  void Heading(Tag tag, std::string_view authority, char code, std::string_view text) {
    if (text.empty()) return;
    Field field(tag, ' ', Thesaurus(authority));
    field.Add(code, text);
    if (Thesaurus(authority) == '7') field.Add('2', authority);
    Keep(std::move(field));
  }

  void Subject(const XmlNode& node) {
    Field field("650", ' ', ' ');
    bool heading = true;
    for (const XmlNode& child : node.children) {
      const std::string_view subdivision = Lookup(kSubdivisions, child.name);
      if (heading && child.name == "name") {
        NameParts(child, '6', &field);
      } else if (heading && child.name == "titleInfo") {
        field.SetTag("630");
        TitleParts(child, 'a', &field);
      } else if (!subdivision.empty()) {
        if (heading) field.SetTag(TagOf(Lookup(kHeadings, child.name)));
        AddTo(&field, heading ? 'a' : subdivision[0], child.Text());
      } else {
        continue;
      }
      heading = false;
    }
    const std::string_view authority = node.Attribute("authority");
    field.SetIndicators(field.view().indicator1(), Thesaurus(authority));
    if (heading) return;
    if (Thesaurus(authority) == '7') AddTo(&field, '2', authority);
    Keep(std::move(field));
  }

  void Classification(const XmlNode& node) {
    const std::string_view authority = node.Attribute("authority");
    const std::string_view tag = Lookup(kClasses, authority);
    Field field(tag.empty() ? Tag("084") : TagOf(tag), ' ', ' ');
    if (tag == "050" || tag == "060") field.SetIndicators(' ', '4');
    if (tag == "082" || tag == "086") field.SetIndicators('0', ' ');
    AddTo(&field, 'a', node.Text());
    if (tag.empty()) AddTo(&field, '2', authority);
    if (tag == "082") AddTo(&field, '2', node.Attribute("edition"));
    Keep(std::move(field));
  }

  void Related(const XmlNode& node) {
    const std::string_view type = node.Attribute("type");
    const XmlNode* title = node.Find("titleInfo");
    if (type == "series") {
      Field field("490", '0', ' ');
      if (title != nullptr) TitleParts(*title, 'a', &field);
      if (field.view().Has('n') || field.view().Has('p'))
        field.SetTag("830").SetIndicators(' ', '0');
      for (const XmlNode& child : node.children) {
        if (child.name == "identifier") AddTo(&field, 'x', child.Text());
      }
      return Keep(std::move(field));
    }
    const std::string_view tag = Lookup(kRelations, type);
    Field field(tag.empty() ? Tag("787") : TagOf(tag), '0',
                tag == "776" || tag.empty() ? '8' : ' ');
    if (tag == "780" || tag == "785") field.SetIndicators('0', '0');
    if (const XmlNode* name = node.Find("name")) AddTo(&field, 'a', name->TextOf("namePart"));
    if (title != nullptr) TitleParts(*title, 't', &field);
    for (const XmlNode& child : node.children) {
      if (child.name != "identifier") continue;
      AddTo(&field, child.Attribute("type") == "isbn" ? 'z' : 'x', child.Text());
    }
    Keep(std::move(field));
  }

  void Identifier(const XmlNode& node) {
    const std::string_view type = node.Attribute("type");
    const std::string_view tag = Lookup(kIdentifiers, type);
    const bool invalid = node.Attribute("invalid") == "yes";
    if (!tag.empty()) return Add(TagOf(tag), ' ', ' ', invalid ? 'z' : 'a', node.Text());
    const std::string_view scheme = Lookup(kSchemes, type);
    Field field("024", scheme.empty() ? '7' : scheme[0], ' ');
    AddTo(&field, invalid ? 'z' : 'a', node.Text());
    if (scheme.empty()) AddTo(&field, '2', type);
    Keep(std::move(field));
  }

  void Location(const XmlNode& node) {
    Field held("852", ' ', ' ');
    AddTo(&held, 'a', node.TextOf("physicalLocation"));
    AddTo(&held, 'h', node.TextOf("shelfLocator"));
    Keep(std::move(held));
    for (const XmlNode& child : node.children) {
      if (child.name != "url" || child.Text().empty()) continue;
      Field link("856", '4', '0');
      AddTo(&link, '3', child.Attribute("displayLabel"));
      link.Add('u', child.Text());
      Keep(std::move(link));
    }
  }

  void RecordInfo(const XmlNode& node) {
    Field source("040", ' ', ' ');
    AddTo(&source, 'a', node.TextOf("recordContentSource"));
    if (const XmlNode* language = node.Find("languageOfCataloging")) {
      AddTo(&source, 'b', language->TextOf("languageTerm"));
    }
    AddTo(&source, 'e', node.TextOf("descriptionStandard"));
    Keep(std::move(source));
    if (const XmlNode* created = node.Find("recordCreationDate")) {
      if (created->Attribute("encoding") == "marc") SetFixed(0, 6, created->Text());
    }
    changed_ = node.TextOf("recordChangeDate");
    if (const XmlNode* number = node.Find("recordIdentifier")) {
      number_ = number->text;
      organization_ = number->Attribute("source");
    }
  }

  const XmlNode& mods_;
  std::string leader_ = "00000nam a2200000   4500";
  std::string fixed_;
  std::string number_;
  std::string organization_;
  std::string changed_;
  std::vector<std::string> languages_;
  std::vector<Field> fields_;
  bool has_primary_ = false;
  bool primary_seen_ = false;
  bool has_title_ = false;
};

class ModsSource final : public XmlTreeSource {
 public:
  ModsSource(Reader::ReadBytes read, ReaderOptions options)
      : XmlTreeSource(Format::kMods, std::move(read), std::move(options), std::string(kSpace),
                      "mods", DefectCode::kTextFormatInvalid) {}

 protected:
  void Build(const XmlNode& record) override {
    ModsReader reader(record);
    reader.Read();
    reader.Give(&builder_);
  }
};

}  // namespace

std::unique_ptr<RecordSource> MakeModsSource(Reader::ReadBytes read, ReaderOptions options) {
  return std::make_unique<ModsSource>(std::move(read), std::move(options));
}

}  // namespace thalweg::marc
