// What BIBFRAME says of a record's Instance, and of the record itself.

#include "marc/bibframe_instance.h"

#include "marc/bibframe_terms.h"
#include "marc/mapping.h"

namespace thalweg::marc {
namespace {

constexpr std::string_view kNoteCodes = "abcdefghijklmnopqrstvyz";
constexpr std::string_view kNoteTypes = "http://id.loc.gov/vocabulary/mnotetype/";

// A part of 300 without the mark of the one that follows.
std::string_view ExtentPart(std::string_view text) {
  text = WithoutIsbdMark(text);
  if (text.ends_with('+')) text = WithoutIsbdMark(text.substr(0, text.size() - 1));
  return text;
}

std::string_view IdentifierType(const FieldView& field) {
  const Tag tag = field.tag();
  if (tag == Tag("010")) return "bf:Lccn";
  if (tag == Tag("020")) return "bf:Isbn";
  if (tag == Tag("022")) return "bf:Issn";
  if (tag == Tag("030")) return "bf:Coden";
  if (tag == Tag("035")) return "bf:Local";
  if (tag != Tag("024")) return {};
  const std::string_view type = TermOf(kOtherIdentifiers, field.indicator1());
  return type.empty() ? "bf:Identifier" : type;
}

}  // namespace

std::string BibframeNames::Of(std::string_view kind, Tag tag) const {
  return base + std::string(kind) + IriPart(tag.ToString()) + "-" + std::to_string(number);
}

RdfNode& AddBibframeTitle(RdfNode* of, const FieldView& field, std::string_view type,
                          std::string_view main_codes, const BibframeNames& names) {
  RdfNode& title = of->Node("bf:title", type,
                            names.Of("Title", field.tag()) + of->iri.substr(names.base.size()));
  title.Text("bf:mainTitle", Joined(field, main_codes));
  title.Text("bf:subtitle", Joined(field, "b"));
  title.Text("bf:partNumber", Joined(field, "n"));
  title.Text("bf:partName", Joined(field, "p"));
  const bool first = field.tag() == Tag("130");
  const bool skips = field.tag() == Tag("240") || field.tag() == Tag("245");
  const char skip = first ? field.indicator1() : skips ? field.indicator2() : '0';
  if (skip > '0' && skip <= '9') title.Text("bflc:nonSortNum", std::string_view(&skip, 1));
  return title;
}

RdfNode* AddBibframeLabel(RdfNode* of, const FieldView& field, std::string_view property,
                          std::string_view type, std::string_view codes, std::string name) {
  const std::string label = JoinedValues(field, codes);
  if (label.empty()) return nullptr;
  RdfNode& node = of->Node(property, type, std::move(name));
  node.Text("rdfs:label", label);
  return &node;
}

void BibframeInstance::Add(const FieldView& field, const BibframeNames& names) {
  const Tag tag = field.tag();
  if (tag == Tag("245")) {
    AddBibframeTitle(&node_, field, "bf:Title", "afgks", names);
    node_.Text("bf:responsibilityStatement", Joined(field, "c"));
  } else if (tag == Tag("246")) {
    Variant(field, names);
  } else if (tag == Tag("250")) {
    node_.Text("bf:editionStatement", WithoutIsbdMark(JoinedValues(field, "ab")));
  } else if (tag == Tag("260") || tag == Tag("264")) {
    Provision(field, names);
  } else if (tag == Tag("300")) {
    Extent(field, names);
  } else if (tag == Tag("337") || tag == Tag("338")) {
    Described(field, names);
  } else if (tag == Tag("856")) {
    Locator(field, names);
  } else if (tag[0] == '5' && tag != Tag("505") && tag != Tag("520") && tag != Tag("521")) {
    AddBibframeLabel(&node_, field, "bf:note", "bf:Note", kNoteCodes, names.Of("Note", tag));
  } else if (tag[0] == '0') {
    Identifiers(field, names);
  }
}

void BibframeInstance::Described(const FieldView& field, const BibframeNames& names) {
  const bool media = field.tag() == Tag("337");
  const std::string_view kind = media ? "Media" : "Carrier";
  RdfNode* node =
      AddBibframeLabel(&node_, field, media ? "bf:media" : "bf:carrier",
                       media ? "bf:Media" : "bf:Carrier", "a", names.Of(kind, field.tag()));
  if (node == nullptr) return;
  node->Text("bf:code", field.Find('b').value_or(""));
  node->Text("bf:source", field.Find('2').value_or(""));
}

void BibframeInstance::Variant(const FieldView& field, const BibframeNames& names) {
  const bool parallel = field.indicator2() == '1';
  RdfNode& title = AddBibframeTitle(&node_, field,
                                    parallel ? "bf:ParallelTitle" : "bf:VariantTitle", "a", names);
  title.Text("bf:variantType", TermOf(kVariantTitles, field.indicator2()));
}

void BibframeInstance::Provision(const FieldView& field, const BibframeNames& names) {
  const char function = field.tag() == Tag("264") ? field.indicator2() : '1';
  if (function == '4') return node_.Text("bf:copyrightDate", Joined(field, "c"));
  const std::string_view known = TermOf(kProvisions, function);
  const std::string_view kind = known.empty() ? "bf:Publication" : known;
  const auto add = [&](std::string_view type, std::string_view codes, std::string name) {
    if (JoinedValues(field, codes).empty()) return;
    RdfNode& node = node_.Node("bf:provisionActivity", type, std::move(name));
    int count = 0;
    const auto named = [&](std::string_view simple, std::string_view property,
                           std::string_view of_type, std::string_view value) {
      if (value.empty()) return;
      if (names.bflc) return node.Text(simple, value);
      node.Node(property, of_type, node.iri + "-" + std::to_string(++count))
          .Text("rdfs:label", value);
    };
    for (const Subfield& subfield : field.subfields()) {
      const std::string_view value = WithoutEndPunctuation(subfield.value);
      if (subfield.code == codes[0]) named("bflc:simplePlace", "bf:place", "bf:Place", value);
      if (subfield.code == codes[1]) named("bflc:simpleAgent", "bf:agent", "bf:Agent", value);
      if (subfield.code == codes[2]) node.Text(names.bflc ? "bflc:simpleDate" : "bf:date", value);
    }
  };
  const std::string name = names.Of("Provision", field.tag());
  add(kind, "abc", name);
  if (field.tag() == Tag("260")) add("bf:Manufacture", "efg", name + "-2");
}

void BibframeInstance::Extent(const FieldView& field, const BibframeNames& names) {
  const std::string extent(ExtentPart(JoinedValues(field, "a")));
  const auto note = [&](std::string_view code, std::string_view type) {
    const std::string joined = JoinedValues(field, code);
    const std::string_view label = ExtentPart(joined);
    if (label.empty()) return;
    const std::string name = names.Of("Note", field.tag()) + "-" + std::string(code);
    RdfNode& node = node_.Node("bf:note", "bf:Note", name);
    node.Link("rdf:type", std::string(kNoteTypes).append(type));
    node.Text("rdfs:label", label);
  };
  if (!extent.empty()) {
    node_.Node("bf:extent", "bf:Extent", names.Of("Extent", field.tag()))
        .Text("rdfs:label", extent);
  }
  node_.Text("bf:dimensions", ExtentPart(JoinedValues(field, "c")));
  note("b", "physical");
  note("e", "accmat");
}

void BibframeInstance::Locator(const FieldView& field, const BibframeNames& names) {
  const auto link = field.Find('u');
  if (!link) return;
  const std::string note = JoinedValues(field, "z");
  const std::string label = JoinedValues(field, "y");
  const std::string part = JoinedValues(field, "3");
  if (note.empty() && label.empty() && part.empty()) {
    return node_.Text("bf:electronicLocator", *link);
  }
  RdfNode& node = node_.Node("bf:electronicLocator", "rdfs:Resource", names.Of("Locator", "856"));
  node.Text(names.bflc ? "bflc:locator" : "rdf:value", *link);
  node.Text("rdfs:label", label);
  node.Text("bflc:appliesTo", part);
  node.Text("bf:note", note);
}

void BibframeInstance::Identifiers(const FieldView& field, const BibframeNames& names) {
  const Tag tag = field.tag();
  const std::string_view type = IdentifierType(field);
  if (type.empty()) return;
  int count = 0;
  const bool as_it_is = tag == Tag("010") || tag == Tag("035");
  for (const Subfield& subfield : field.subfields()) {
    if (subfield.code != 'a' && subfield.code != 'z') continue;
    const std::string name = names.Of("Identifier", tag) + "-" + std::to_string(++count);
    RdfNode& node = node_.Node("bf:identifiedBy", type, name);
    node.Text("rdf:value", as_it_is ? subfield.value : WithoutIsbdMark(subfield.value));
    if (subfield.code == 'z') node.Link("bf:status", Vocabulary("mstatus", "cancinv"));
    if (tag == Tag("020")) {
      node.Text("bf:qualifier", WithoutIsbdMark(JoinedValues(field, "q")));
      node.Text("bf:acquisitionTerms", JoinedValues(field, "c"));
    }
    if (tag == Tag("024")) node.Text("bf:source", field.Find('2').value_or(""));
  }
}

void BibframeInstance::Fixed(std::string_view fixed, const BibframeNames& names) {
  if (fixed.empty()) return;
  const std::string_view country = PlainCode(fixed.substr(15, 3));
  const std::string_view date = PlainCode(fixed.substr(7, 4));
  if (country.empty() && date.empty()) return;
  RdfNode& node = node_.Node("bf:provisionActivity", "bf:Publication", names.base + "Provision008");
  if (!country.empty()) node.Link("bf:place", Vocabulary("countries", country));
  const std::string_view last = PlainCode(fixed.substr(11, 4));
  const bool range = std::string_view("cdikmu").find(fixed[6]) != std::string_view::npos;
  std::string dates(date);
  if (range && !last.empty()) dates += "/" + (last == "9999" ? ".." : std::string(last));
  node.Text("bf:date", dates);
}

void BibframeInstance::Finish(const BibframeNames& names) {
  const std::string_view fixed = FixedData(record_);
  const std::string_view issuance = TermOf(kIssuances, record_.leader_text()[7]);
  node_.Link("bf:issuance", Vocabulary("issuance", issuance.empty() ? "mono" : issuance));
  Fixed(fixed, names);
  Administration(fixed, names);
}

void BibframeInstance::Administration(std::string_view fixed, const BibframeNames& names) {
  RdfNode& node = node_.Node("bf:adminMetadata", "bf:AdminMetadata", names.base + "AdminMetadata");
  RdfNode& number = node.Node("bf:identifiedBy", "bf:Local", names.base + "Local001");
  number.Text("rdf:value", record_.control_number());
  if (const FieldView* organization = record_.Find("003")) {
    number.Text("bf:assigner", organization->data());
  }
  if (!fixed.empty()) node.Text("bf:creationDate", PlainCode(fixed.substr(0, 6)));
  if (const FieldView* changed = record_.Find("005")) {
    node.Text("bf:changeDate", changed->data());
  }
  const char status = record_.leader_text()[5];
  if (status >= 'a' && status <= 'z') {
    node.Link("bf:status", Vocabulary("mstatus", std::string_view(&status, 1)));
  }
  const char level = record_.leader_text()[17];
  const std::string_view code = level == ' ' ? "f" : std::string_view(&level, 1);
  node.Link("bflc:encodingLevel", Vocabulary("menclvl", code));
  Conventions(&node);
}

void BibframeInstance::Conventions(RdfNode* of) {
  const auto convention = [of](std::string_view code) {
    of->Link("bf:descriptionConventions", Vocabulary("descriptionConventions", code));
  };
  const char form = record_.leader_text()[18];
  if (form == 'a') convention("aacr");
  if (form == 'i') convention("isbd");
  const FieldView* source = record_.Find("040");
  if (source == nullptr) return;
  of->Text("bf:assigner", JoinedValues(*source, "a"));
  if (source->Has('b')) {
    of->Link("bf:descriptionLanguage", Vocabulary("languages", *source->Find('b')));
  }
  for (const Subfield& subfield : source->subfields()) {
    if (subfield.code == 'e') convention(subfield.value);
    if (subfield.code == 'd') of->Text("bf:descriptionModifier", subfield.value);
  }
}

}  // namespace thalweg::marc
