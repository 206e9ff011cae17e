// BIBFRAME 2, after the Library of Congress's conversion specification: a Work and its Instance.

#include <array>
#include <cstdint>
#include <string>

#include "marc/encoders.h"
#include "marc/escape.h"
#include "marc/mapping.h"
#include "marc/rdf.h"

namespace thalweg::marc {
namespace {

constexpr std::string_view kBase = "http://example.org/";
constexpr std::string_view kVocabulary = "http://id.loc.gov/vocabulary/";

// The field as the conversion keeps it, so that nothing of a heading is lost: `1001 $aHunt, Ann`.
std::string MarcKey(const FieldView& field) {
  std::string key = field.tag().ToString();
  key.push_back(field.indicator1());
  key.push_back(field.indicator2());
  for (const Subfield& subfield : field.subfields()) {
    key.push_back('$');
    key.push_back(subfield.code);
    key.append(subfield.value);
  }
  return key;
}

std::string_view WorkType(char type) {
  switch (type) {
    case 'a':
    case 't':
      return "bf:Text";
    case 'c':
    case 'd':
      return "bf:NotatedMusic";
    case 'e':
    case 'f':
      return "bf:Cartography";
    case 'g':
      return "bf:MovingImage";
    case 'i':
      return "bf:NonMusicAudio";
    case 'j':
      return "bf:MusicAudio";
    case 'k':
      return "bf:StillImage";
    case 'm':
      return "bf:Multimedia";
    case 'o':
    case 'p':
      return "bf:MixedMaterial";
    case 'r':
      return "bf:Object";
    default:
      return {};
  }
}

std::string_view Issuance(char level) {
  return level == 's' || level == 'b' ? "serl" : level == 'i' ? "intg" : "mono";
}

// What a heading is, by the last two digits of its tag.
std::string_view HeadingType(Tag tag) {
  const std::string text = tag.ToString();
  const std::string_view kind = std::string_view(text).substr(1);
  if (kind == "00") return "bf:Person";
  if (kind == "10") return "bf:Organization";
  if (kind == "11") return "bf:Meeting";
  if (tag == Tag("630")) return "bf:Work";
  if (tag == Tag("648")) return "bf:Temporal";
  if (tag == Tag("651")) return "bf:Place";
  return "bf:Topic";
}

std::string_view Thesaurus(const FieldView& field) {
  constexpr std::array<std::string_view, 7> kNames = {"lcsh", "lcshac", "mesh", "nal",
                                                      "",     "cash",   "rvm"};
  const char indicator = field.indicator2();
  if (indicator == '7') return field.Find('2').value_or(std::string_view());
  const bool known = indicator >= '0' && indicator <= '6';
  return known ? kNames[static_cast<size_t>(indicator - '0')] : std::string_view();
}

std::string Vocabulary(std::string_view list, std::string_view code) {
  return std::string(kVocabulary).append(list).append("/").append(IriPart(code));
}

class Bibframe {
 public:
  explicit Bibframe(const RecordView& record)
      : record_(record), base_(BaseOf(record)), fixed_(FixedData(record)) {
    work_.iri = base_ + "Work";
    work_.types.emplace_back("bf:Work");
    if (const auto type = WorkType(record.leader_text()[6]); !type.empty()) {
      work_.types.emplace_back(type);
    }
    instance_.iri = base_ + "Instance";
    instance_.types.emplace_back("bf:Instance");
  }

  void Write(RdfForm form, std::string* out) {
    for (const FieldView& field : record_.fields()) {
      ++number_;
      if (field.is_control()) continue;
      WorkField(field);
      InstanceField(field);
    }
    Fixed();
    Administration();
    work_.Link("bf:hasInstance", instance_.iri);
    instance_.Link("bf:instanceOf", work_.iri);
    AppendRdf({&work_, &instance_}, form, out);
  }

 private:
  static std::string BaseOf(const RecordView& record) {
    std::string number(WithoutEndPunctuation(record.control_number()));
    if (number.empty()) {
      // Without a number, the same record still gets the same names.
      uint64_t hash = 0xcbf29ce484222325U;
      for (const FieldView& field : record.fields()) {
        for (const char c : field.bytes()) {
          hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        }
      }
      number = "x" + std::to_string(hash);
    }
    return std::string(kBase).append(IriPart(number)).append("#");
  }
  // `Agent700-12`: the tag and which field of the record it is, as the conversion names them.
  std::string Name(std::string_view kind, Tag tag) const {
    return base_ + std::string(kind) + IriPart(tag.ToString()) + "-" + std::to_string(number_);
  }

  void Title(RdfNode* of, const FieldView& field, std::string_view type, std::string_view main) {
    RdfNode& title = of->Node("bf:title", type, Name("Title", field.tag()) + of->iri.back());
    title.Text("bf:mainTitle", Joined(field, main));
    title.Text("bf:subtitle", Joined(field, "b"));
    title.Text("bf:partNumber", Joined(field, "n"));
    title.Text("bf:partName", Joined(field, "p"));
  }

  void WorkField(const FieldView& field) {
    const Tag tag = field.tag();
    const bool uniform = tag == Tag("130") || tag == Tag("240");
    if (uniform) Title(&work_, field, "bf:Title", "adfgklmorst");
    const bool has_uniform = record_.Has("130") || record_.Has("240");
    if (tag == Tag("245") && !has_uniform) Title(&work_, field, "bf:Title", "afgks");
    if (tag[0] == '1' || tag[0] == '7') Contribution(field);
    if (tag[0] == '6') Subject(field);
    if (tag == Tag("041")) Languages(field);
    if (tag[0] == '0') Classification(field);
    Described(&work_, field, "520", "bf:summary", "bf:Summary", "ab");
    Described(&work_, field, "505", "bf:tableOfContents", "bf:TableOfContents", "agrt");
    Described(&work_, field, "521", "bf:intendedAudience", "bf:IntendedAudience", "ab");
  }

  // A node with a label, of a field with this tag.
  void Described(RdfNode* of, const FieldView& field, Tag tag, std::string_view property,
                 std::string_view type, std::string_view codes) {
    if (field.tag() != tag) return;
    const std::string label = Joined(field, codes);
    if (label.empty()) return;
    of->Node(property, type, Name(type.substr(3), tag)).Text("rdfs:label", label);
  }

  void Contribution(const FieldView& field) {
    const Tag tag = field.tag();
    const std::string_view type = HeadingType(tag);
    if (type == "bf:Topic" || field.Has('t')) return;
    RdfNode& contribution =
        work_.Node("bf:contribution", "bf:Contribution", Name("Contribution", tag));
    if (tag[0] == '1') contribution.types.emplace_back("bf:PrimaryContribution");
    RdfNode& agent = contribution.Node("bf:agent", "bf:Agent", Name("Agent", tag));
    agent.types.emplace_back(type);
    agent.Text("rdfs:label", Joined(field, type == "bf:Person" ? "abcdq" : "abcdn"));
    agent.Text("bflc:marcKey", MarcKey(field));
    const char term = type == "bf:Meeting" ? 'j' : 'e';
    int roles = 0;
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code == '4') {
        contribution.Link("bf:role", Vocabulary("relators", subfield.value));
      } else if (subfield.code == term) {
        const std::string name = Name("Role", tag) + "-" + std::to_string(++roles);
        contribution.Node("bf:role", "bf:Role", name)
            .Text("rdfs:label", WithoutEndPunctuation(subfield.value));
      }
    }
  }

  void Subject(const FieldView& field) {
    const Tag tag = field.tag();
    const bool genre = tag == Tag("655");
    const bool heading = tag == Tag("600") || tag == Tag("610") || tag == Tag("611") ||
                         tag == Tag("630") || tag == Tag("648") || tag == Tag("650") ||
                         tag == Tag("651") || tag == Tag("653");
    if (!genre && !heading) return;
    const std::string label = JoinedHeading(field);
    if (label.empty()) return;
    RdfNode& node = genre ? work_.Node("bf:genreForm", "bf:GenreForm", Name("GenreForm", tag))
                          : work_.Node("bf:subject", HeadingType(tag), Name("Subject", tag));
    node.Text("rdfs:label", label);
    node.Text("bflc:marcKey", MarcKey(field));
    const std::string_view source = Thesaurus(field);
    if (!source.empty()) node.Link("bf:source", Vocabulary("subjectSchemes", source));
  }

  void Languages(const FieldView& field) {
    if (field.indicator2() == '7') return;
    const std::string_view main = fixed_.empty() ? fixed_ : fixed_.substr(35, 3);
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code != 'a' || subfield.value == main) continue;
      work_.Link("bf:language", Vocabulary("languages", subfield.value));
    }
  }

  void Classification(const FieldView& field) {
    const Tag tag = field.tag();
    const std::string_view type = tag == Tag("050")   ? "bf:ClassificationLcc"
                                  : tag == Tag("060") ? "bf:ClassificationNlm"
                                  : tag == Tag("080") ? "bf:ClassificationUdc"
                                  : tag == Tag("082") ? "bf:ClassificationDdc"
                                  : tag == Tag("084") ? "bf:Classification"
                                                      : "";
    if (type.empty()) return;
    RdfNode& node = work_.Node("bf:classification", type, Name("Classification", tag));
    node.Text("bf:classificationPortion", Joined(field, "a"));
    node.Text("bf:itemPortion", Joined(field, "b"));
    if (tag == Tag("082")) node.Text("bf:edition", field.Find('2').value_or(""));
    if (tag == Tag("084") && field.Has('2')) {
      node.Link("bf:source", Vocabulary("classSchemes", *field.Find('2')));
    }
  }

  void InstanceField(const FieldView& field) {
    const Tag tag = field.tag();
    if (tag == Tag("245")) {
      Title(&instance_, field, "bf:Title", "afgks");
      instance_.Text("bf:responsibilityStatement", Joined(field, "c"));
    } else if (tag == Tag("246")) {
      Title(&instance_, field, "bf:VariantTitle", "a");
    } else if (tag == Tag("250")) {
      instance_.Text("bf:editionStatement", Joined(field, "ab"));
    } else if (tag == Tag("260") || tag == Tag("264")) {
      Provision(field);
    } else if (tag == Tag("300")) {
      Described(&instance_, field, "300", "bf:extent", "bf:Extent", "a");
      instance_.Text("bf:dimensions", Joined(field, "c"));
      Described(&instance_, field, "300", "bf:note", "bf:Note", "b");
    } else if (tag == Tag("490")) {
      instance_.Text("bf:seriesStatement", Joined(field, "a"));
      instance_.Text("bf:seriesEnumeration", Joined(field, "v"));
    } else if (tag == Tag("856") && field.Has('u')) {
      instance_.Text("bf:electronicLocator", *field.Find('u'));
    } else if (tag[0] == '5' && tag != Tag("505") && tag != Tag("520") && tag != Tag("521")) {
      Described(&instance_, field, tag, "bf:note", "bf:Note", "ab");
    } else if (tag[0] == '0') {
      Identifiers(field);
    }
  }

  void Provision(const FieldView& field) {
    constexpr std::array<std::string_view, 4> kKinds = {"bf:Production", "bf:Publication",
                                                        "bf:Distribution", "bf:Manufacture"};
    const char function = field.tag() == Tag("264") ? field.indicator2() : '1';
    if (function == '4') return instance_.Text("bf:copyrightDate", Joined(field, "c"));
    const bool known = function >= '0' && function <= '3';
    const std::string_view kind = known ? kKinds[static_cast<size_t>(function - '0')] : kKinds[1];
    RdfNode& node = instance_.Node("bf:provisionActivity", kind, Name("Provision", field.tag()));
    for (const Subfield& subfield : field.subfields()) {
      const std::string_view value = WithoutEndPunctuation(subfield.value);
      if (subfield.code == 'a') node.Text("bflc:simplePlace", value);
      if (subfield.code == 'b') node.Text("bflc:simpleAgent", value);
      if (subfield.code == 'c') node.Text("bflc:simpleDate", value);
    }
  }

  void Identifiers(const FieldView& field) {
    const Tag tag = field.tag();
    const std::string_view type = tag == Tag("010")   ? "bf:Lccn"
                                  : tag == Tag("020") ? "bf:Isbn"
                                  : tag == Tag("022") ? "bf:Issn"
                                  : tag == Tag("024") ? "bf:Identifier"
                                  : tag == Tag("030") ? "bf:Coden"
                                  : tag == Tag("035") ? "bf:Local"
                                                      : "";
    if (type.empty()) return;
    int count = 0;
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code != 'a' && subfield.code != 'z') continue;
      const std::string name = Name("Identifier", tag) + "-" + std::to_string(++count);
      RdfNode& node = instance_.Node("bf:identifiedBy", type, name);
      node.Text("rdf:value", WithoutEndPunctuation(subfield.value));
      if (subfield.code == 'z') node.Link("bf:status", Vocabulary("mstatus", "cancinv"));
      if (tag == Tag("020")) node.Text("bf:qualifier", Joined(field, "q"));
      if (tag == Tag("024")) node.Text("bf:source", field.Find('2').value_or(""));
    }
  }

  void Fixed() {
    instance_.Link("bf:issuance", Vocabulary("issuance", Issuance(record_.leader_text()[7])));
    if (fixed_.empty()) return;
    if (const auto language = PlainCode(fixed_.substr(35, 3)); language.size() == 3) {
      work_.Link("bf:language", Vocabulary("languages", language));
    }
    const std::string_view country = PlainCode(fixed_.substr(15, 3));
    const std::string_view date = PlainCode(fixed_.substr(7, 4));
    if (country.empty() && date.empty()) return;
    RdfNode& node =
        instance_.Node("bf:provisionActivity", "bf:Publication", base_ + "Provision008");
    if (!country.empty()) node.Link("bf:place", Vocabulary("countries", country));
    const std::string_view last = PlainCode(fixed_.substr(11, 4));
    const bool range = std::string_view("cdikmu").find(fixed_[6]) != std::string_view::npos;
    std::string dates(date);
    if (range && !last.empty()) dates += "/" + (last == "9999" ? ".." : std::string(last));
    node.Text("bf:date", dates);
  }

  void Administration() {
    RdfNode& node = instance_.Node("bf:adminMetadata", "bf:AdminMetadata", base_ + "AdminMetadata");
    RdfNode& number = node.Node("bf:identifiedBy", "bf:Local", base_ + "Local001");
    number.Text("rdf:value", record_.control_number());
    if (const FieldView* organization = record_.Find("003")) {
      number.Text("bf:assigner", organization->data());
    }
    if (!fixed_.empty()) node.Text("bf:creationDate", PlainCode(fixed_.substr(0, 6)));
    if (const FieldView* changed = record_.Find("005")) {
      node.Text("bf:changeDate", changed->data());
    }
    const FieldView* source = record_.Find("040");
    if (source == nullptr) return;
    node.Text("bf:assigner", Joined(*source, "a"));
    if (source->Has('b')) {
      node.Link("bf:descriptionLanguage", Vocabulary("languages", *source->Find('b')));
    }
    for (const Subfield& subfield : source->subfields()) {
      if (subfield.code != 'e') continue;
      node.Link("bf:descriptionConventions", Vocabulary("descriptionConventions", subfield.value));
    }
  }

  const RecordView& record_;
  const std::string base_;
  const std::string_view fixed_;  // 008, when it has its length.
  RdfNode work_;
  RdfNode instance_;
  int number_ = 0;
};

class BibframeEncoder final : public RecordEncoder {
 public:
  explicit BibframeEncoder(RdfForm form) : form_(form) {}
  std::string_view head() const override { return RdfHead(form_); }
  std::string_view between() const override { return RdfBetween(form_); }
  std::string_view tail() const override { return RdfTail(form_); }
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    const size_t start = out->size();
    Bibframe(record).Write(form_, out);
    CleanFrom(start, out);
    return {};
  }

 private:
  RdfForm form_;
};

}  // namespace

std::unique_ptr<RecordEncoder> MakeBibframeEncoder(Format format) {
  return std::make_unique<BibframeEncoder>(format == Format::kBibframe         ? RdfForm::kXml
                                           : format == Format::kBibframeTurtle ? RdfForm::kTurtle
                                           : format == Format::kBibframeNTriples
                                               ? RdfForm::kNTriples
                                               : RdfForm::kJsonLd);
}

}  // namespace thalweg::marc
