// BIBFRAME 2, after the Library of Congress's conversion specification: a Work and its Instance.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "marc/bibframe_instance.h"
#include "marc/bibframe_terms.h"
#include "marc/encoders.h"
#include "marc/escape.h"
#include "marc/mapping.h"
#include "marc/rdf.h"
#include "marc/rdf_iri.h"
#include "marc/text_trim.h"

namespace thalweg::marc {
namespace {

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
  if (field.indicator2() == '7') return field.Find('2').value_or(std::string_view());
  return TermOf(kThesauri, field.indicator2());
}

class Bibframe {
 public:
  Bibframe(const RecordView& record, std::string_view base_uri, bool bflc)
      : record_(record), fixed_(FixedData(record)), instance_(record) {
    names_.base = BaseOf(record, base_uri);
    names_.bflc = bflc;
    work_.iri = names_.base + "Work";
    work_.types.emplace_back("bf:Work");
    const char type = record.leader_text()[6];
    if (const auto term = TermOf(kWorkTypes, type); !term.empty()) work_.types.emplace_back(term);
    if (record.leader_text()[7] == 'c') work_.types.emplace_back("bf:Collection");
    instance_.node().iri = names_.base + "Instance";
    instance_.node().types.emplace_back("bf:Instance");
    const bool manuscript = type == 'd' || type == 'f' || type == 't';
    if (manuscript) instance_.node().types.emplace_back("bf:Manuscript");
  }

  void Write(RdfForm form, std::string* out) {
    if (!fixed_.empty()) {
      const std::string_view language = PlainCode(fixed_.substr(35, 3));
      if (language.size() == 3) work_.Link("bf:language", Vocabulary("languages", language));
    }
    for (const FieldView& field : record_.fields()) {
      ++names_.number;
      if (field.is_control()) continue;
      WorkField(field);
      instance_.Add(field, names_);
    }
    instance_.Finish(names_);
    work_.Link("bf:hasInstance", instance_.node().iri);
    instance_.node().Link("bf:instanceOf", work_.iri);
    if (!names_.bflc) {
      work_.Drop("bflc:");
      instance_.node().Drop("bflc:");
    }
    AppendRdf({&work_, &instance_.node()}, form, out);
  }

 private:
  static std::string BaseOf(const RecordView& record, std::string_view base_uri) {
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
    return std::string(base_uri).append(IriPart(number)).append("#");
  }
  std::string Name(std::string_view kind, Tag tag) const { return names_.Of(kind, tag); }

  void WorkField(const FieldView& field) {
    const Tag tag = field.tag();
    const bool uniform = tag == Tag("130") || tag == Tag("240");
    if (uniform) {
      AddBibframeTitle(&work_, field, "bf:Title", "adfgklmorst", names_)
          .Text("bflc:marcKey", MarcKeyOf(field));
      LinkAuthorities(&work_, field);
    }
    const bool has_uniform = record_.Has("130") || record_.Has("240");
    if (tag == Tag("245") && !has_uniform) {
      AddBibframeTitle(&work_, field, "bf:Title", "afgks", names_);
    }
    if (IsRelation(field)) {
      Relation(field);
    } else if (tag[0] == '1' || tag[0] == '7') {
      Contribution(field);
    }
    if (tag[0] == '6') Subject(field);
    if (tag == Tag("041")) Languages(field);
    if (tag == Tag("336")) Content(field);
    if (tag[0] == '0') Classification(field);
    Described(field, "520", "bf:summary", "bf:Summary", "abc");
    Described(field, "505", "bf:tableOfContents", "bf:TableOfContents", "agrt");
    Described(field, "521", "bf:intendedAudience", "bf:IntendedAudience", "ab");
  }

  void Described(const FieldView& field, Tag tag, std::string_view property, std::string_view type,
                 std::string_view codes) {
    if (field.tag() != tag) return;
    AddBibframeLabel(&work_, field, property, type, codes, Name(type.substr(3), tag));
  }

  void Content(const FieldView& field) {
    RdfNode* node = AddBibframeLabel(&work_, field, "bf:content", "bf:Content", "a",
                                     Name("Content", field.tag()));
    if (node == nullptr) return;
    node->Text("bf:code", field.Find('b').value_or(""));
    node->Text("bf:source", field.Find('2').value_or(""));
  }

  // Titles of works and series that this one has to do with.
  static bool IsRelation(const FieldView& field) {
    const Tag tag = field.tag();
    if (tag == Tag("490") || tag == Tag("730") || tag == Tag("830")) return true;
    if (HeadingType(tag) == "bf:Topic") return false;
    return tag[0] == '8' || (tag[0] == '7' && field.Has('t'));
  }

  void Relation(const FieldView& field) {
    const Tag tag = field.tag();
    if (tag == Tag("490")) return Series(field);
    const bool series = tag[0] == '8';
    const bool part = tag[0] == '7' && field.indicator2() == '2';
    RdfNode& relation = work_.Node("bf:relation", "bf:Relation", Name("Relation", tag));
    relation.Link("bf:relationship", Vocabulary("relationship", series ? "series"
                                                                : part ? "part"
                                                                       : "relatedwork"));
    RdfNode& work =
        relation.Node("bf:associatedResource", series ? "bf:Series" : "bf:Work", Name("Work", tag));
    work.Text("rdfs:label", JoinedHeading(field));
    work.Text("bflc:marcKey", MarcKeyOf(field));
    LinkAuthorities(&work, field);
  }

  // A series for each of its titles: a statement may have it in several languages.
  void Series(const FieldView& field) {
    const Tag tag = field.tag();
    RdfNode* relation = nullptr;
    RdfNode* series = nullptr;
    int count = 0;
    for (const Subfield& subfield : field.subfields()) {
      const std::string_view value = WithoutIsbdMark(subfield.value);
      if (subfield.code == 'a' || (relation == nullptr && subfield.code == 'v')) {
        const std::string end = ++count == 1 ? "" : "-" + std::to_string(count);
        relation = &work_.Node("bf:relation", "bf:Relation", Name("Relation", tag) + end);
        relation->Link("bf:relationship", Vocabulary("relationship", "series"));
        series = &relation->Node("bf:associatedResource", "bf:Series", Name("Work", tag) + end);
        series->types.emplace_back("bflc:Uncontrolled");
      }
      if (subfield.code == 'a') {
        series->Node("bf:title", "bf:Title", series->iri + "-Title").Text("bf:mainTitle", value);
      } else if (subfield.code == 'v') {
        relation->Text("bf:seriesEnumeration", value);
      } else if (subfield.code == 'x' && series != nullptr) {
        series->Node("bf:identifiedBy", "bf:Issn", series->iri + "-Issn").Text("rdf:value", value);
      }
    }
  }

  // The authority record of a heading ($0), and the thing itself ($1), where these are IRIs.
  static void LinkAuthorities(RdfNode* node, const FieldView& field) {
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code != '0' && subfield.code != '1') continue;
      const std::string_view iri = Trimmed(subfield.value);
      if (!iri.starts_with("http://") && !iri.starts_with("https://")) continue;
      if (!IsIri(iri)) continue;
      node->Link(subfield.code == '0' ? "madsrdf:isIdentifiedByAuthority" : "owl:sameAs",
                 std::string(iri));
    }
  }

  void Contribution(const FieldView& field) {
    const Tag tag = field.tag();
    const std::string_view type = HeadingType(tag);
    if (type == "bf:Topic") return;
    RdfNode& contribution =
        work_.Node("bf:contribution", "bf:Contribution", Name("Contribution", tag));
    if (tag[0] == '1') contribution.types.emplace_back("bf:PrimaryContribution");
    RdfNode& agent = contribution.Node("bf:agent", "bf:Agent", Name("Agent", tag));
    agent.types.emplace_back(type);
    agent.Text("rdfs:label", Joined(field, type == "bf:Person" ? "abcdq" : "abcdn"));
    agent.Text("bflc:marcKey", MarcKeyOf(field));
    LinkAuthorities(&agent, field);
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
    node.Text("bflc:marcKey", MarcKeyOf(field));
    LinkAuthorities(&node, field);
    const std::string_view source = Thesaurus(field);
    if (!source.empty()) node.Link("bf:source", Vocabulary("subjectSchemes", source));
  }

  void Languages(const FieldView& field) {
    if (field.indicator2() == '7') return;
    const std::string_view main = fixed_.empty() ? fixed_ : fixed_.substr(35, 3);
    int parts = 0;
    for (const Subfield& subfield : field.subfields()) {
      const std::string_view part = TermOf(kLanguageParts, subfield.code);
      const std::string language = Vocabulary("languages", subfield.value);
      if (!part.empty()) {
        const std::string name = Name("Language", field.tag()) + "-" + std::to_string(++parts);
        RdfNode& node = work_.Node("bf:language", "bf:Language", name);
        node.Text("bf:part", part);
        node.Link("rdf:value", language);
      } else if (subfield.code == 'a' && subfield.value != main) {
        work_.Link("bf:language", language);
      }
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
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code == 'a') node.Text("bf:classificationPortion", subfield.value);
    }
    node.Text("bf:itemPortion", JoinedValues(field, "b"));
    const bool own = field.indicator2() == '0';
    if (own && tag == Tag("050")) node.Link("bf:assigner", Vocabulary("organizations", "dlc"));
    if (own && tag == Tag("060")) node.Link("bf:assigner", Vocabulary("organizations", "dnlm"));
    if (tag == Tag("082")) node.Text("bf:edition", field.Find('2').value_or(""));
    if (tag == Tag("084") && field.Has('2')) {
      node.Link("bf:source", Vocabulary("classSchemes", *field.Find('2')));
    }
  }

  const RecordView& record_;
  const std::string_view fixed_;  // 008, when it has its length.
  BibframeNames names_;
  RdfNode work_;
  BibframeInstance instance_;
};

class BibframeEncoder final : public RecordEncoder {
 public:
  BibframeEncoder(RdfForm form, EncoderOptions options)
      : form_(form), options_(std::move(options)) {}
  std::string_view head() const override { return RdfHead(form_); }
  std::string_view between() const override { return RdfBetween(form_); }
  std::string_view tail() const override { return RdfTail(form_); }
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    const size_t start = out->size();
    Bibframe(record, options_.base_uri, options_.include_bflc).Write(form_, out);
    CleanFrom(start, out);
    return {};
  }

 private:
  RdfForm form_;
  EncoderOptions options_;
};

RdfForm FormOf(Format format) {
  switch (format) {
    case Format::kBibframeTurtle:
      return RdfForm::kTurtle;
    case Format::kBibframeNTriples:
      return RdfForm::kNTriples;
    case Format::kBibframeJsonLd:
      return RdfForm::kJsonLd;
    default:
      return RdfForm::kXml;
  }
}

}  // namespace

Result<std::unique_ptr<RecordEncoder>> MakeBibframeEncoder(Format format, EncoderOptions options) {
  const std::string& base = options.base_uri;
  if (!IsIri(base)) {
    return Status::InvalidArgument(
        "base_uri: not an absolute IRI, such as 'https://example.org/': '" + base + "'");
  }
  return std::unique_ptr<RecordEncoder>(
      std::make_unique<BibframeEncoder>(FormOf(format), std::move(options)));
}

}  // namespace thalweg::marc
