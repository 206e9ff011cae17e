// Agents, subjects, uniform titles and series, from BIBFRAME 2 to MARC 21.

#include <algorithm>
#include <string>
#include <vector>

#include "marc/bibframe_draft.h"
#include "marc/mapping.h"

namespace thalweg::marc {
namespace {

using NodeId = RdfGraph::NodeId;
constexpr NodeId kNone = RdfGraph::kNone;
constexpr std::string_view kMads = "http://www.loc.gov/mads/rdf/v1#";

// The field that a node's key keeps, with a tag of another block where that is meant: a name's
// `100` is a `700` where it is no main entry.
std::optional<Field> KeyField(const BibframeDraft& draft, NodeId node, char block) {
  if (node == kNone) return {};
  auto field = FieldOfMarcKey(draft.graph.Text(node, "bflc:marcKey"));
  if (!field) return {};
  const Tag tag = field->tag();
  const bool name = tag[0] == '1' || tag[0] == '6' || tag[0] == '7' || tag[0] == '8';
  if (name && tag[0] != block && tag != Tag("653") && tag != Tag("655")) {
    field->SetTag(Tag(block, tag[1], tag[2]));
    // What an indicator says of a name in one block, it does not say in another.
    if (block == '6' || tag[0] == '6') field->SetIndicators(field->view().indicator1(), ' ');
  }
  return field;
}

bool IsYears(std::string_view text) {
  const bool digit =
      std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digit && text.find_first_not_of("0123456789-?. bdca,.fl") == std::string_view::npos;
}

// `Hunt, Ann, 1950-` in its parts.
void AddName(Field* field, std::string_view label, bool person) {
  const size_t comma = label.rfind(", ");
  if (person && comma != std::string_view::npos && IsYears(label.substr(comma + 2))) {
    field->Add('a', label.substr(0, comma + 1)).Add('d', label.substr(comma + 2));
  } else if (!label.empty()) {
    field->Add('a', label);
  }
}

// A name without a key, by the class of its node.
Field NameField(const BibframeDraft& draft, NodeId node, const std::string& label, char block) {
  const auto is = [&](std::string_view type) { return node != kNone && draft.Is(node, type); };
  if (is("bf:Meeting")) return Field(Tag(block, '1', '1'), '2', ' ', {{'a', label}});
  if (is("bf:Organization") || is("bf:Jurisdiction")) {
    return Field(Tag(block, '1', '0'), is("bf:Jurisdiction") ? '1' : '2', ' ', {{'a', label}});
  }
  const bool person = is("bf:Person") || is("bf:Family");
  if (!person && block == '7') return Field("720", ' ', ' ', {{'a', label}});
  const bool inverted = label.find(',') != std::string::npos;
  Field field(Tag(block, '0', '0'), is("bf:Family") ? '3' : inverted ? '1' : '0', ' ');
  AddName(&field, label, person);
  return field;
}

// Where a heading's record stands, and the thing itself: $0 and $1. At id.loc.gov the node's own
// name says it.
void AddAuthorities(const BibframeDraft& draft, NodeId node, Field* field) {
  const auto add = [&](char code, std::string_view iri) {
    if (iri.starts_with("http")) BibframeDraft::AddTo(field, code, iri);
  };
  const auto add_all = [&](char code, std::string_view property) {
    for (const auto* object : draft.Of(node, property)) {
      if (object->node != kNone) add(code, draft.graph.NameOf(object->node));
    }
  };
  if (node == kNone) return;
  const std::string_view name = draft.graph.NameOf(node);
  if (name.starts_with("http://id.loc.gov/authorities/")) add('0', name);
  add_all('0', "madsrdf:isIdentifiedByAuthority");
  if (name.starts_with("http://id.loc.gov/rwo/agents/")) add('1', name);
  add_all('1', "owl:sameAs");
}

void Roles(const BibframeDraft& draft, NodeId contribution, Field* field) {
  const char term = field->tag()[1] == '1' && field->tag()[2] == '1' ? 'j' : 'e';
  if (field->view().Has(term) || field->view().Has('4')) return;
  for (const auto* role : draft.Of(contribution, "bf:role")) {
    const bool labelled = role->node == kNone || !draft.LabelOf(*role).empty();
    const std::string_view iri = role->node == kNone ? "" : draft.graph.NameOf(role->node);
    const bool relator = iri.find("/relators/") != std::string_view::npos;
    if (labelled) BibframeDraft::AddTo(field, term, draft.LabelOf(*role));
    if (relator) BibframeDraft::AddTo(field, '4', CodeOfIri(iri));
  }
}

void Contribution(BibframeDraft* draft, NodeId node) {
  const RdfGraph& graph = draft->graph;
  const auto* agent = graph.First(node, "bf:agent");
  if (agent == nullptr) return;
  bool main =
      draft->Is(node, "bf:PrimaryContribution") || draft->Is(node, "bflc:PrimaryContribution");
  const int number = std::max(draft->OriginOf(node).number,
                              agent->node == kNone ? 0 : draft->OriginOf(agent->node).number);
  // Main entries do not repeat, but for a record that had several itself.
  if (main && draft->has_main_entry && number == 0) main = false;
  auto field = KeyField(*draft, agent->node, main ? '1' : '7');
  if (!field) {
    const std::string label = draft->LabelOf(*agent);
    if (label.empty()) return;
    field = NameField(*draft, agent->node, label, main ? '1' : '7');
    Roles(*draft, node, &*field);
    AddAuthorities(*draft, agent->node, &*field);
  } else {
    Roles(*draft, node, &*field);
  }
  draft->has_main_entry = draft->has_main_entry || main;
  draft->Keep(*std::move(field), number);
}

// The second indicator that names a thesaurus, with $2 where there is none for it.
void SetThesaurus(const std::string& source, Field* field) {
  const char known = ValueOf(kThesauri, source);
  const char indicator = known != 0 ? known : source.empty() ? '4' : '7';
  field->SetIndicators(field->view().indicator1(), indicator);
  if (indicator == '7') field->Add('2', source);
}

Tag SubjectTag(const BibframeDraft& draft, NodeId node) {
  const auto is = [&](std::string_view name) {
    return draft.Is(node, "bf:" + std::string(name)) ||
           draft.Is(node, std::string(kMads) + std::string(name));
  };
  if (is("Place") || is("Geographic")) return "651";
  if (is("Temporal")) return "648";
  if (is("GenreForm")) return "655";
  if (is("Work") || is("Hub") || is("Title")) return "630";
  return "650";
}

// The parts of a heading: components in a list, or what `--` parts.
void AddSubjectParts(const BibframeDraft& draft, NodeId node, std::string_view label,
                     Field* field) {
  const NodeId list = draft.graph.Node(node, std::string(kMads) + "componentList");
  bool first = true;
  for (const auto* item : draft.graph.Items(list)) {
    const std::string text = draft.LabelOf(*item);
    if (text.empty() || item->node == kNone) continue;
    const Tag tag = SubjectTag(draft, item->node);
    const char division = tag == Tag("651")   ? 'z'
                          : tag == Tag("648") ? 'y'
                          : tag == Tag("655") ? 'v'
                                              : 'x';
    if (first && field->tag() == Tag("650")) field->SetTag(tag == Tag("655") ? Tag("650") : tag);
    field->Add(first ? 'a' : division, text);
    first = false;
  }
  while (first || !label.empty()) {
    if (!first && list != kNone) return;
    const size_t end = std::min(label.find("--"), label.size());
    BibframeDraft::AddTo(field, first ? 'a' : 'x', label.substr(0, end));
    label.remove_prefix(std::min(end + 2, label.size()));
    first = false;
  }
}

void Subject(BibframeDraft* draft, const RdfGraph::Object& object, bool genre) {
  const NodeId node = object.node;
  const std::string label = draft->LabelOf(object);
  if (node == kNone) {
    Field field(genre ? Tag("655") : Tag("653"), ' ', genre ? '4' : ' ');
    BibframeDraft::AddTo(&field, 'a', label);
    return draft->Keep(std::move(field));
  }
  const int number = draft->OriginOf(node).number;
  const std::string source = draft->CodeAt(node, "bf:source");
  if (auto field = KeyField(*draft, node, '6')) {
    const bool restored = FieldOfMarcKey(draft->graph.Text(node, "bflc:marcKey"))->tag()[0] == '6';
    if (!restored) SetThesaurus(source, &*field);
    return draft->Keep(*std::move(field), number);
  }
  const auto is = [&](std::string_view type) { return draft->Is(node, type); };
  const bool name = is("bf:Person") || is("bf:Organization") || is("bf:Meeting") ||
                    is("bf:Family") || is("bf:Jurisdiction");
  if (label.empty() && draft->graph.Node(node, std::string(kMads) + "componentList") == kNone) {
    return;
  }
  Field field(genre ? Tag("655") : SubjectTag(*draft, node), ' ', ' ');
  if (name) {
    field = NameField(*draft, node, label, '6');
  } else {
    AddSubjectParts(*draft, node, label, &field);
    if (field.tag() == Tag("630")) field.SetIndicators('0', ' ');
  }
  SetThesaurus(source, &field);
  AddAuthorities(*draft, node, &field);
  draft->Keep(std::move(field), number);
}

// --- uniform titles ------------------------------------------------------------------------------

void AddTitleParts(const BibframeDraft& draft, NodeId title, Field* field) {
  BibframeDraft::AddTo(field, 'a', draft.LabelOf({.node = title, .text = {}, .language = {}}));
  BibframeDraft::AddTo(field, 'n', draft.graph.Text(title, "bf:partNumber"));
  BibframeDraft::AddTo(field, 'p', draft.graph.Text(title, "bf:partName"));
}

NodeId PlainTitle(const BibframeDraft& draft, NodeId node) {
  for (const auto* title : draft.Of(node, "bf:title")) {
    if (title->node == kNone) continue;
    if (draft.Is(title->node, "bf:VariantTitle") || draft.Is(title->node, "bf:ParallelTitle") ||
        draft.Is(title->node, "bf:AbbreviatedTitle") || draft.Is(title->node, "bf:KeyTitle")) {
      continue;
    }
    return title->node;
  }
  return kNone;
}

// Of a title or a Hub; what stands in $t of a name belongs to the title.
bool UniformOfKey(BibframeDraft* draft, NodeId node) {
  const auto key = FieldOfMarcKey(draft->graph.Text(node, "bflc:marcKey"));
  if (!key) return false;
  const FieldView view = key->view();
  const int number = draft->OriginOf(node).number;
  if (view.tag() == Tag("130") || view.tag() == Tag("240")) {
    draft->Keep(*key, number);
    return true;
  }
  Field field(draft->has_main_entry ? Tag("240") : Tag("130"), draft->has_main_entry ? '1' : '0',
              draft->has_main_entry ? '0' : ' ');
  bool title = false;
  for (const Subfield& subfield : view.subfields()) {
    if (subfield.code == 't') title = true;
    if (title) field.Add(subfield.code == 't' ? 'a' : subfield.code, subfield.value);
  }
  draft->Keep(std::move(field), number);
  return title;
}

void Uniform(BibframeDraft* draft) {
  bool any = false;
  for (const auto* title : draft->Of(draft->work, "bf:title")) {
    if (title->node != kNone) any = UniformOfKey(draft, title->node) || any;
  }
  for (const auto* hub : draft->Of(draft->work, "bf:expressionOf")) {
    if (hub->node != kNone && !any) any = UniformOfKey(draft, hub->node);
  }
  if (any || draft->work == kNone || draft->instance == kNone) return;
  const NodeId of_work = PlainTitle(*draft, draft->work);
  const NodeId of_instance = PlainTitle(*draft, draft->instance);
  if (of_work == kNone || of_instance == kNone) return;
  Field field(draft->has_main_entry ? Tag("240") : Tag("130"), draft->has_main_entry ? '1' : '0',
              draft->has_main_entry ? '0' : ' ');
  AddTitleParts(*draft, of_work, &field);
  const auto main = field.view().Find('a');
  if (!main || *main == draft->graph.Text(of_instance, "bf:mainTitle")) return;
  draft->Keep(std::move(field), draft->OriginOf(of_work).number);
}

// --- series and related works --------------------------------------------------------------------

constexpr BibframeTerm kLinks[] = {
    {"translationof", "765"}, {"partof", "773"},       {"haspart", "774"},
    {"part", "774"},          {"otheredition", "775"}, {"otherphysicalformat", "776"},
    {"precededby", "780"},    {"continues", "780"},    {"replacementof", "780"},
    {"succeededby", "785"},   {"continuedby", "785"},  {"series", "490"},
    {"hasseries", "490"},     {"datasource", "786"},   {"relatedwork", "787"},
    {"relatedto", "787"},     {"references", "787"},   {"issuedwith", "777"},
    {"supplement", "770"},    {"supplementto", "772"}, {"translation", "767"},
    {"translatedas", "767"}};
constexpr std::string_view kLinkProperties[] = {
    "bf:translationOf", "bf:partOf",      "bf:hasPart",    "bf:otherPhysicalFormat",
    "bf:otherEdition",  "bf:precededBy",  "bf:continues",  "bf:replacementOf",
    "bf:succeededBy",   "bf:continuedBy", "bf:hasSeries",  "bf:dataSource",
    "bf:relatedTo",     "bf:references",  "bf:issuedWith", "bf:supplement",
    "bf:supplementTo",  "bf:translation"};

std::string_view LinkTag(std::string_view relation) {
  std::string name(relation);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const BibframeTerm& link : kLinks) {
    if (link.term == name) return link.values;
  }
  return "787";
}

// $x and $z of a linking entry or a series.
void AddNumbers(const BibframeDraft& draft, NodeId node, bool books, Field* field) {
  // A node that very many mention may have very many numbers.
  for (const auto* number : draft.graph.All(node, "bf:identifiedBy", RdfGraph::kLookMax)) {
    if (number->node == kNone) continue;
    const std::string_view value = draft.graph.Text(number->node, "rdf:value");
    if (draft.Is(number->node, "bf:Issn")) BibframeDraft::AddTo(field, 'x', value);
    if (books && draft.Is(number->node, "bf:Isbn")) BibframeDraft::AddTo(field, 'z', value);
  }
}

void Series(BibframeDraft* draft, const RdfGraph::Object& object,
            const std::vector<std::string>& volumes, int number) {
  const auto add = [draft](std::string_view mark, char code, std::string_view value, Field* field) {
    if (!value.empty()) AddMarked(*draft, mark, code, value, field);
  };
  const bool known = object.node != kNone;
  const std::string title = draft->LabelOf(object);
  Field made("490", draft->traces_series ? '1' : '0', ' ');
  // Another title of the same statement goes on in its field.
  Field* kept = number > 0 ? draft->Last("490", number) : nullptr;
  Field* field = kept == nullptr ? &made : kept;
  add(" =", 'a', title, field);
  Field numbers("490", ' ', ' ');
  if (known) AddNumbers(*draft, object.node, false, &numbers);
  for (const Subfield& subfield : numbers.view().subfields()) {
    add(",", subfield.code, subfield.value, field);
  }
  for (const std::string& volume : volumes) add(" ;", 'v', volume, field);
  if (kept == nullptr) draft->Keep(std::move(made), number);
}

void Link(BibframeDraft* draft, std::string_view relation, const RdfGraph::Object& object,
          NodeId description) {
  const std::string_view tag = LinkTag(relation);
  const bool series = tag == "490";
  const NodeId named = description == kNone ? object.node : description;
  const int number = named == kNone ? 0 : draft->OriginOf(named).number;
  if (auto field = KeyField(*draft, object.node, series ? '8' : '7')) {
    return draft->Keep(*std::move(field), number);
  }
  if (series) {
    std::vector<std::string> volumes;
    for (const auto* volume : draft->Of(description, "bf:seriesEnumeration")) {
      volumes.push_back(draft->LabelOf(*volume));
    }
    return Series(draft, object, volumes, number);
  }
  Field field(*Tag::Of(tag), '0', tag == "780" || tag == "785" ? '0' : tag == "787" ? '8' : ' ');
  if (object.node != kNone) {
    const NodeId contribution = draft->graph.Node(object.node, "bf:contribution");
    if (contribution != kNone) {
      BibframeDraft::AddTo(&field, 'a', draft->LabelAt(contribution, "bf:agent"));
    }
  }
  BibframeDraft::AddTo(&field, 't', draft->LabelOf(object));
  if (object.node != kNone) AddNumbers(*draft, object.node, true, &field);
  draft->Keep(std::move(field), number);
}

void Relations(BibframeDraft* draft) {
  for (const auto* relation : draft->Both("bf:relation")) {
    if (relation->node == kNone) continue;
    for (const auto* object : draft->Of(relation->node, "bf:associatedResource")) {
      const auto field = KeyField(*draft, object->node, '8');
      const std::string kind = draft->CodeAt(relation->node, "bf:relationship");
      if (field && LinkTag(kind) == "490") draft->traces_series = true;
    }
  }
  for (const auto* relation : draft->Both("bf:relation")) {
    if (relation->node == kNone) continue;
    const std::string kind = draft->CodeAt(relation->node, "bf:relationship");
    for (const auto* object : draft->Of(relation->node, "bf:associatedResource")) {
      Link(draft, kind, *object, relation->node);
    }
  }
  for (const std::string_view property : kLinkProperties) {
    for (const auto* object : draft->Both(property))
      Link(draft, property.substr(3), *object, kNone);
  }
  const auto volumes = draft->Of(draft->instance, "bf:seriesEnumeration");
  size_t place = 0;
  for (const auto* statement : draft->Of(draft->instance, "bf:seriesStatement")) {
    std::vector<std::string> own;
    if (place < volumes.size()) own.push_back(draft->LabelOf(*volumes[place]));
    ++place;
    Series(draft, *statement, own, 0);
  }
}

}  // namespace

void DraftHeadings(BibframeDraft* draft) {
  for (const auto* contribution : draft->Both("bf:contribution")) {
    if (contribution->node != kNone) Contribution(draft, contribution->node);
  }
  Uniform(draft);
  for (const auto* subject : draft->Both("bf:subject")) Subject(draft, *subject, false);
  for (const auto* genre : draft->Both("bf:genreForm")) Subject(draft, *genre, true);
  Relations(draft);
}

}  // namespace thalweg::marc
