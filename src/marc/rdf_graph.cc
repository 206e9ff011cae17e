#include "marc/rdf_graph.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "marc/rdf.h"

namespace thalweg::marc {
namespace {

constexpr std::string_view kRdfFirst = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
constexpr std::string_view kRdfRest = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
constexpr std::string_view kRdfNil = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";

// `zh-Hani`: a tag that names a script.
bool NamesScript(std::string_view language) {
  size_t at = language.find('-');
  while (at != std::string_view::npos) {
    const size_t end = std::min(language.find('-', at + 1), language.size());
    if (end - at - 1 == 4) return language.substr(at + 1, 4) != "Latn";
    at = end == language.size() ? std::string_view::npos : end;
  }
  return false;
}

}  // namespace

void RdfUnit::Clear() {
  text_.clear();
  triples_.clear();
}

// Labels of a document begin with `n`, made ones with `b`, so that they never meet.
RdfTerm RdfUnit::Blank(std::string_view label) {
  const RdfTerm start = Take(RdfTerm::Kind::kBlank, "_:n", {});
  text_.append(label);
  return {.kind = RdfTerm::Kind::kBlank, .begin = start.begin, .size = start.size + label.size()};
}

RdfTerm RdfUnit::NewBlank() {
  return Take(RdfTerm::Kind::kBlank, "_:b" + std::to_string(++blanks_), {});
}

RdfTerm RdfUnit::Take(RdfTerm::Kind kind, std::string_view text, std::string_view language) {
  RdfTerm term;
  term.kind = kind;
  term.begin = text_.size();
  term.size = text.size();
  term.language_size = static_cast<uint32_t>(language.size());
  text_.append(text).append(language);
  return term;
}

RdfTerm RdfUnit::List(std::span<const RdfTerm> items) {
  const RdfTerm nil = Iri(kRdfNil);
  if (items.empty()) return nil;
  const RdfTerm first = Iri(kRdfFirst);
  const RdfTerm rest = Iri(kRdfRest);
  const RdfTerm head = NewBlank();
  RdfTerm at = head;
  for (size_t i = 0; i < items.size(); ++i) {
    const RdfTerm next = i + 1 == items.size() ? nil : NewBlank();
    Add(at, first, items[i]);
    Add(at, rest, next);
    at = next;
  }
  return head;
}

void RdfGraph::Clear() {
  nodes_.clear();
  ids_.clear();
  bytes_ = 0;
}

RdfGraph::NodeId RdfGraph::Intern(const RdfUnit& unit, const RdfTerm& term) {
  std::string name(unit.TextOf(term));
  const auto found = ids_.find(name);
  if (found != ids_.end()) return found->second;
  const auto id = static_cast<NodeId>(nodes_.size());
  bytes_ += 2 * name.size() + sizeof(Entry) + 64;
  nodes_.push_back({name, {}});
  ids_.emplace(std::move(name), id);
  return id;
}

void RdfGraph::Add(const RdfUnit& unit) {
  for (const RdfUnit::Triple& triple : unit.triples()) {
    const NodeId subject = Intern(unit, triple.subject);
    Property property{Intern(unit, triple.predicate), {}};
    if (triple.object.kind == RdfTerm::Kind::kLiteral) {
      property.object.text = unit.TextOf(triple.object);
      property.object.language = unit.LanguageOf(triple.object);
      bytes_ += property.object.text.size();
    } else {
      property.object.node = Intern(unit, triple.object);
    }
    bytes_ += sizeof(Property);
    nodes_[subject].properties.push_back(std::move(property));
  }
}

void RdfGraph::Settle() {
  const auto hash = [](const Property* p) {
    const size_t text = std::hash<std::string_view>()(p->object.text);
    return (text ^ p->object.node) * 31 + p->predicate;
  };
  const auto equal = [](const Property* a, const Property* b) {
    return a->predicate == b->predicate && a->object == b->object;
  };
  for (Entry& node : nodes_) {
    if (node.properties.size() < 2) continue;
    std::unordered_set<const Property*, decltype(hash), decltype(equal)> seen(
        2 * node.properties.size(), hash, equal);
    std::vector<bool> again;
    for (const Property& property : node.properties) {
      again.push_back(!seen.insert(&property).second);
    }
    seen.clear();
    size_t kept = 0;
    for (size_t i = 0; i < again.size(); ++i) {
      if (again[i]) continue;
      if (kept != i) node.properties[kept] = std::move(node.properties[i]);
      ++kept;
    }
    node.properties.resize(kept);
    std::stable_sort(
        node.properties.begin(), node.properties.end(),
        [](const Property& a, const Property& b) { return a.predicate < b.predicate; });
  }
}

RdfGraph::NodeId RdfGraph::Find(std::string_view name) const {
  const auto found = ids_.find(RdfExpanded(name));
  return found == ids_.end() ? kNone : found->second;
}

std::span<const RdfGraph::Property> RdfGraph::Range(NodeId node, std::string_view property) const {
  const NodeId predicate = Find(property);
  if (predicate == kNone) return {};
  const auto& all = nodes_[node].properties;
  const auto first =
      std::lower_bound(all.begin(), all.end(), predicate,
                       [](const Property& each, NodeId wanted) { return each.predicate < wanted; });
  const auto last =
      std::upper_bound(first, all.end(), predicate,
                       [](NodeId wanted, const Property& each) { return wanted < each.predicate; });
  return {first, last};
}

bool RdfGraph::HasType(NodeId node, std::string_view type) const {
  const NodeId wanted = Find(type);
  if (wanted == kNone) return false;
  const auto types = Range(node, "rdf:type");
  const size_t size = std::min(types.size(), kLookMax);
  return std::any_of(types.begin(), types.begin() + static_cast<std::ptrdiff_t>(size),
                     [wanted](const Property& each) { return each.object.node == wanted; });
}

std::vector<RdfGraph::NodeId> RdfGraph::OfType(std::string_view type) const {
  std::vector<NodeId> found;
  if (Find(type) == kNone) return found;
  for (NodeId node = 0; node < nodes_.size(); ++node) {
    if (!nodes_[node].properties.empty() && HasType(node, type)) found.push_back(node);
  }
  return found;
}

std::vector<const RdfGraph::Object*> RdfGraph::All(NodeId node, std::string_view property,
                                                   size_t count) const {
  std::vector<const Object*> found;
  const auto range = Range(node, property);
  for (const Property& each : range.subspan(0, std::min(range.size(), count))) {
    found.push_back(&each.object);
  }
  return found;
}

const RdfGraph::Object* RdfGraph::First(NodeId node, std::string_view property) const {
  const auto range = Range(node, property);
  return range.empty() ? nullptr : &range.front().object;
}

std::string_view RdfGraph::Text(NodeId node, std::string_view property) const {
  const Object* other = nullptr;
  const auto range = Range(node, property);
  for (const Property& each : range.subspan(0, std::min(range.size(), kLookMax))) {
    if (each.object.node != kNone) continue;
    if (!NamesScript(each.object.language)) return each.object.text;
    if (other == nullptr) other = &each.object;
  }
  return other == nullptr ? std::string_view() : other->text;
}

RdfGraph::NodeId RdfGraph::Node(NodeId node, std::string_view property) const {
  const auto range = Range(node, property);
  for (const Property& each : range.subspan(0, std::min(range.size(), kLookMax))) {
    if (each.object.node != kNone) return each.object.node;
  }
  return kNone;
}

std::vector<const RdfGraph::Object*> RdfGraph::Items(NodeId list) const {
  std::vector<const Object*> items;
  while (list != kNone && items.size() < kLookMax) {
    const Object* item = First(list, kRdfFirst);
    if (item == nullptr) break;
    items.push_back(item);
    list = Node(list, kRdfRest);
  }
  return items;
}

}  // namespace thalweg::marc
