// BIBFRAME 2, read: the Library of Congress's conversion from right to left.

#include "marc/bibframe_decoder.h"

#include <algorithm>
#include <string>

#include "marc/bibframe_draft.h"
#include "marc/rdf.h"

namespace thalweg::marc {
namespace {

using NodeId = RdfGraph::NodeId;
constexpr NodeId kNone = RdfGraph::kNone;

// How nodes of a graph are mentioned by others.
struct Mention {
  bool own = false;    // As what belongs to the description itself.
  bool other = false;  // As what it has to do with.
};

std::vector<Mention> Mentions(const RdfGraph& graph) {
  std::vector<NodeId> own;
  for (const std::string_view property :
       {"bf:hasInstance", "bf:instanceOf", "bf:itemOf", "bf:adminMetadataFor", "bf:hasItem"}) {
    own.push_back(graph.Find(property));
  }
  std::vector<Mention> mentions(graph.size());
  for (NodeId node = 0; node < graph.size(); ++node) {
    for (const RdfGraph::Property& property : graph.PropertiesOf(node)) {
      if (property.object.node == kNone) continue;
      Mention& mention = mentions[property.object.node];
      const bool is_own = std::find(own.begin(), own.end(), property.predicate) != own.end();
      (is_own ? mention.own : mention.other) = true;
    }
  }
  return mentions;
}

void Administration(BibframeDraft* draft, NodeId admin) {
  const RdfGraph& graph = draft->graph;
  const auto one = [&](std::string_view property, size_t place, char otherwise) {
    const std::string code = draft->CodeAt(admin, property);
    if (code.size() == 1 && code[0] > ' ' && code[0] < 0x7F) {
      draft->leader[place] = code[0] == otherwise ? ' ' : code[0];
    }
  };
  one("bf:status", 5, 0);
  one("bflc:encodingLevel", 17, 'f');
  Field source("040", ' ', ' ');
  const std::string assigner = draft->CodeAt(admin, "bf:assigner");
  BibframeDraft::AddTo(&source, 'a', assigner == "dlc" ? "DLC" : assigner);
  BibframeDraft::AddTo(&source, 'b', draft->CodeAt(admin, "bf:descriptionLanguage"));
  for (const auto* convention : draft->Of(admin, "bf:descriptionConventions")) {
    const std::string code = draft->CodeOf(*convention);
    if (code == "aacr") {
      draft->leader[18] = 'a';
    } else if (code == "isbd") {
      draft->leader[18] = 'i';
    } else {
      BibframeDraft::AddTo(&source, 'e', code);
    }
  }
  for (const auto* modifier : draft->Of(admin, "bf:descriptionModifier")) {
    const std::string code = draft->CodeOf(*modifier);
    BibframeDraft::AddTo(&source, 'd', code == "dlc" ? "DLC" : code);
  }
  draft->Keep(std::move(source));
  // `19990102…` or `1999-01-02…`, or as 008 has it.
  std::string created;
  for (const char c : graph.Text(admin, "bf:creationDate")) {
    if (c >= '0' && c <= '9') created.push_back(c);
  }
  if (created.size() >= 8) created = created.substr(2, 6);
  if (!created.empty()) draft->SetFixed(0, 6, created);
  std::string changed(graph.Text(admin, "bf:changeDate"));
  if (changed.find('T') != std::string::npos && changed.find('-') != std::string::npos) {
    std::string digits;
    for (const char c : changed) {
      if (c >= '0' && c <= '9' && digits.size() < 14) digits.push_back(c);
    }
    changed = digits + ".0";
  }
  draft->KeepControl("005", changed);
}

// 001 and 003. Without a number of its own, a record has that of the description's name.
void Number(BibframeDraft* draft, NodeId admin) {
  const RdfGraph& graph = draft->graph;
  const NodeId number = admin == kNone ? kNone : graph.Node(admin, "bf:identifiedBy");
  if (number != kNone) {
    draft->KeepControl("001", graph.Text(number, "rdf:value"));
    const std::string assigner = draft->CodeAt(number, "bf:assigner");
    draft->KeepControl("003", assigner == "dlc" ? "DLC" : assigner);
    return;
  }
  const NodeId root = draft->instance == kNone ? draft->work : draft->instance;
  if (graph.IsBlank(root)) return;
  const std::string_view name = graph.NameOf(root);
  draft->KeepControl("001", CodeOfIri(name.substr(0, name.find('#'))));
}

void Kind(BibframeDraft* draft) {
  const auto is = [draft](std::string_view type) {
    return (draft->work != kNone && draft->Is(draft->work, type)) ||
           (draft->instance != kNone && draft->Is(draft->instance, type));
  };
  const bool manuscript = is("bf:Manuscript");
  for (const BibframeTerm& type : kWorkTypes) {
    if (!is(type.term)) continue;
    draft->leader[6] = type.values[manuscript && type.values.size() > 1 ? 1 : 0];
    break;
  }
  const char level = ValueOf(kIssuances, draft->CodeAt(draft->instance, "bf:issuance"));
  if (level != 0) draft->leader[7] = level;
  if (is("bf:Serial")) draft->leader[7] = 's';
  if (is("bf:Integrating")) draft->leader[7] = 'i';
  if (is("bf:Collection")) draft->leader[7] = 'c';
}

void Languages(BibframeDraft* draft) {
  Field field("041", ' ', ' ');
  std::vector<std::string> codes;
  int number = 0;
  Field parts("041", ' ', ' ');
  for (const auto* language : draft->Both("bf:language")) {
    const std::string code = draft->CodeOf(*language);
    const std::string part =
        language->node == kNone ? std::string() : draft->LabelAt(language->node, "bf:part");
    if (code.empty()) continue;
    if (part.empty()) {
      codes.push_back(code);
      continue;
    }
    const char subfield = ValueOf(kLanguageParts, part);
    number = draft->OriginOf(language->node).number;
    parts.Add(subfield == 0 ? 'a' : subfield, code);
  }
  const bool has_parts = !parts.view().subfields().empty();
  if (!codes.empty()) draft->SetFixed(35, 3, codes[0]);
  // What stands for several languages, or none, is no language by itself.
  const bool plain = !codes.empty() && codes[0] != "mul" && codes[0] != "und" && codes[0] != "zxx";
  for (size_t i = 0; i < codes.size(); ++i) {
    if (i == 0 && (!plain || (codes.size() == 1 && !has_parts))) continue;
    field.Add('a', codes[i]);
  }
  for (const Subfield& subfield : parts.view().subfields()) {
    field.Add(subfield.code, subfield.value);
  }
  const bool translated = parts.view().Has('h');
  field.SetIndicators(translated ? '1' : '0', ' ');
  draft->Keep(std::move(field), number);
}

}  // namespace

void DraftAdministration(BibframeDraft* draft) {
  NodeId admin = kNone;
  for (const auto* object : draft->Both("bf:adminMetadata")) {
    if (object->node == kNone) continue;
    const bool numbered = draft->graph.Node(object->node, "bf:identifiedBy") != kNone;
    if (admin == kNone || numbered) admin = object->node;
    if (numbered) break;
  }
  Kind(draft);
  Number(draft, admin);
  if (admin != kNone) Administration(draft, admin);
  Languages(draft);
}

std::vector<BibframeRoot> BibframeRoots(const RdfGraph& graph) {
  const std::vector<Mention> mentions = Mentions(graph);
  std::vector<BibframeRoot> roots;
  const std::vector<NodeId> works = graph.OfType("bf:Work");
  std::vector<bool> has_instance(graph.size(), false);
  std::vector<NodeId> work_of(graph.size(), kNone);
  for (const NodeId node : works) {
    for (const RdfGraph::Object* to : graph.All(node, "bf:hasInstance")) {
      if (to->node != kNone) work_of[to->node] = node;
    }
  }
  for (const NodeId node : graph.OfType("bf:Instance")) {
    if (mentions[node].other && !mentions[node].own) continue;
    NodeId work = graph.Node(node, "bf:instanceOf");
    if (work == kNone) work = work_of[node];
    if (work != kNone) has_instance[work] = true;
    roots.push_back({work, node});
  }
  for (const NodeId work : works) {
    const bool mentioned = mentions[work].other || mentions[work].own;
    const bool owned = graph.First(work, "bf:adminMetadata") != nullptr;
    if (!has_instance[work] && (!mentioned || owned)) roots.push_back({work, kNone});
  }
  // Where all mention each other, each one counts.
  for (size_t i = 0; roots.empty() && i < works.size(); ++i) {
    if (i == 0) roots.reserve(works.size());
    std::transform(works.begin(), works.end(), std::back_inserter(roots),
                   [](NodeId work) { return BibframeRoot{work, kNone}; });
  }
  const auto place = [](const BibframeRoot& root) { return std::min(root.work, root.instance); };
  std::stable_sort(roots.begin(), roots.end(), [&](const BibframeRoot& a, const BibframeRoot& b) {
    return place(a) < place(b);
  });
  return roots;
}

void BuildBibframeRecord(const RdfGraph& graph, const BibframeRoot& root, BatchBuilder* builder) {
  BibframeDraft draft(graph, root);
  DraftAdministration(&draft);
  DraftHeadings(&draft);
  DraftNumbers(&draft);
  DraftDescription(&draft);
  draft.Give(builder);
}

}  // namespace thalweg::marc
