// Identifiers and classification, from BIBFRAME 2 to MARC 21.

#include <map>
#include <string>
#include <vector>

#include "marc/bibframe_draft.h"
#include "marc/rdf.h"

namespace thalweg::marc {
namespace {

using NodeId = RdfGraph::NodeId;
constexpr NodeId kNone = RdfGraph::kNone;

struct Identifier {
  std::string_view type;
  Tag tag;
  char indicator1;
  std::string_view source;  // For $2.
};
constexpr Identifier kIdentifiers[] = {
    {"bf:Lccn", "010", ' ', ""},
    {"bf:Nbn", "015", ' ', ""},
    {"bf:CopyrightNumber", "017", ' ', ""},
    {"bf:Isbn", "020", ' ', ""},
    {"bf:Issn", "022", ' ', ""},
    {"bf:IssnL", "022", ' ', ""},
    {"bf:Isrc", "024", '0', ""},
    {"bf:Upc", "024", '1', ""},
    {"bf:Ismn", "024", '2', ""},
    {"bf:Ean", "024", '3', ""},
    {"bf:Sici", "024", '4', ""},
    {"bf:Doi", "024", '7', "doi"},
    {"bf:Hdl", "024", '7', "hdl"},
    {"bf:Urn", "024", '7', "urn"},
    {"bf:Isni", "024", '7', "isni"},
    {"bf:Istc", "024", '7', "istc"},
    {"bf:Eidr", "024", '7', "eidr"},
    {"bf:Gtin14Number", "024", '7', "gtin-14"},
    {"bf:LcOverseasAcq", "025", ' ', ""},
    {"bf:Fingerprint", "026", ' ', ""},
    {"bf:Strn", "027", ' ', ""},
    {"bf:AudioIssueNumber", "028", '0', ""},
    {"bf:MatrixNumber", "028", '1', ""},
    {"bf:MusicPlate", "028", '2', ""},
    {"bf:MusicPublisherNumber", "028", '3', ""},
    {"bf:VideoRecordingNumber", "028", '4', ""},
    {"bf:PublisherNumber", "028", '5', ""},
    {"bf:MusicDistributorNumber", "028", '6', ""},
    {"bf:Coden", "030", ' ', ""},
    {"bf:Local", "035", ' ', ""},
    {"bf:StockNumber", "037", ' ', ""},
    {"bf:ReportNumber", "088", ' ', ""},
};

const Identifier* KnownIdentifier(const BibframeDraft& draft, NodeId node) {
  for (const Identifier& known : kIdentifiers) {
    if (draft.Is(node, known.type)) return &known;
  }
  return nullptr;
}

char CodeOfNumber(const BibframeDraft& draft, NodeId node, Tag tag) {
  if (draft.Is(node, "bf:IssnL")) return 'l';
  const std::string status = draft.CodeAt(node, "bf:status");
  if (status == "incorrect" && tag == Tag("022")) return 'y';
  return status == "cancinv" || status == "incorrect" ? 'z' : 'a';
}

std::string ValueOfNumber(const BibframeDraft& draft, NodeId node, Tag tag) {
  std::string value = draft.LabelOf({.node = node, .text = {}, .language = {}});
  if (tag != Tag("035") || value.empty() || value[0] == '(') return value;
  const std::string assigner = draft.CodeAt(node, "bf:assigner");
  if (assigner.empty()) return value;
  return "(" + (assigner == "dlc" ? "DLC" : assigner) + ")" + value;
}

// What stands behind the numbers of a field.
void AddQualifiers(const BibframeDraft& draft, NodeId node, std::string_view source, Field* field) {
  for (const auto* qualifier : draft.Of(node, "bf:qualifier")) {
    BibframeDraft::AddTo(field, 'q', draft.LabelOf(*qualifier));
  }
  const std::string_view terms = draft.graph.Text(node, "bf:acquisitionTerms");
  if (!terms.empty()) {
    const size_t last = field->view().CountSubfields() - 1;
    if (draft.punctuated()) {
      std::string value;
      for (const Subfield& subfield : field->view().subfields()) value = subfield.value;
      field->SetAt(last, value + " :");
    }
    field->Add('c', terms);
  }
  BibframeDraft::AddTo(field, '2', source);
}

void Identifiers(BibframeDraft* draft) {
  // Numbers of one field stand together again.
  struct Group {
    NodeId first;
    std::string source;
    Field field;
    int number;
  };
  std::vector<Group> groups;
  std::map<int, size_t> of_number;
  for (const auto* object : draft->Both("bf:identifiedBy")) {
    const NodeId node = object->node;
    if (node == kNone) continue;
    const Identifier* known = KnownIdentifier(*draft, node);
    std::string source = draft->CodeAt(node, "bf:source");
    if (known != nullptr && source.empty()) source = known->source;
    const Tag tag = known == nullptr ? Tag("024") : known->tag;
    const std::string value = ValueOfNumber(*draft, node, tag);
    if (value.empty()) continue;
    const int number = draft->OriginOf(node).number;
    if (number == 0 || !of_number.contains(number)) {
      const char other = source.empty() ? '8' : '7';
      Field field(tag, known == nullptr ? other : known->indicator1, ' ');
      if (number != 0) of_number[number] = groups.size();
      groups.push_back({node, tag == Tag("024") ? source : "", std::move(field), number});
    }
    Group& group = number == 0 ? groups.back() : groups[of_number[number]];
    group.field.Add(CodeOfNumber(*draft, node, tag), value);
  }
  for (Group& group : groups) {
    AddQualifiers(*draft, group.first, group.source, &group.field);
    draft->Keep(std::move(group.field), group.number);
  }
}

void Classification(BibframeDraft* draft, NodeId node) {
  const auto is = [&](std::string_view type) { return draft->Is(node, type); };
  const Tag tag = is("bf:ClassificationLcc")   ? Tag("050")
                  : is("bf:ClassificationNlm") ? Tag("060")
                  : is("bf:ClassificationNal") ? Tag("070")
                  : is("bf:ClassificationUdc") ? Tag("080")
                  : is("bf:ClassificationDdc") ? Tag("082")
                                               : Tag("084");
  Field field(tag, ' ', ' ');
  const std::string assigner = draft->CodeAt(node, "bf:assigner");
  const bool own = tag == Tag("060") ? assigner == "dnlm" : assigner == "dlc" || assigner == "DLC";
  if (tag == Tag("050") || tag == Tag("060")) field.SetIndicators(' ', own ? '0' : '4');
  for (const auto* portion : draft->Of(node, "bf:classificationPortion")) {
    BibframeDraft::AddTo(&field, 'a', draft->LabelOf(*portion));
  }
  if (field.view().subfields().empty()) {
    BibframeDraft::AddTo(&field, 'a', draft->LabelOf({.node = node, .text = {}, .language = {}}));
  }
  if (field.view().subfields().empty()) return;
  BibframeDraft::AddTo(&field, 'b', draft->graph.Text(node, "bf:itemPortion"));
  const std::string source = draft->CodeAt(node, "bf:source");
  const std::string edition = draft->CodeAt(node, "bf:edition");
  if (tag == Tag("082")) {
    const bool named = edition == "full" || edition == "abridged";
    field.SetIndicators(edition == "abridged" ? '1' : '0', own ? '0' : ' ');
    BibframeDraft::AddTo(&field, '2', named ? source : edition);
  } else if (tag == Tag("080") || tag == Tag("084")) {
    BibframeDraft::AddTo(&field, '2', source);
  }
  draft->Keep(std::move(field), draft->OriginOf(node).number);
}

}  // namespace

void DraftNumbers(BibframeDraft* draft) {
  Identifiers(draft);
  for (const auto* node : draft->Both("bf:classification")) {
    if (node->node != kNone) Classification(draft, node->node);
  }
}

}  // namespace thalweg::marc
