// Titles, publication, extent, notes and locations, from BIBFRAME 2 to MARC 21.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "marc/bibframe_draft.h"

namespace thalweg::marc {
namespace {

using NodeId = RdfGraph::NodeId;
constexpr NodeId kNone = RdfGraph::kNone;

// --- titles --------------------------------------------------------------------------------------

void AddTitle(const BibframeDraft& draft, NodeId title, Field* field) {
  const RdfGraph& graph = draft.graph;
  const std::string_view main = graph.Text(title, "bf:mainTitle");
  BibframeDraft::AddTo(
      field, 'a', main.empty() ? draft.LabelOf({.node = title, .text = {}, .language = {}}) : main);
  const std::string_view part = graph.Text(title, "bf:partNumber");
  AddMarked(draft, ".", 'n', part, field);
  AddMarked(draft, part.empty() ? "." : ",", 'p', graph.Text(title, "bf:partName"), field);
  AddMarked(draft, " :", 'b', graph.Text(title, "bf:subtitle"), field);
}

char SkippedOf(const BibframeDraft& draft, NodeId title) {
  const std::string_view skip = draft.graph.Text(title, "bflc:nonSortNum");
  return skip.size() == 1 && skip[0] >= '0' && skip[0] <= '9' ? skip[0] : '0';
}

// Other titles of the Instance: 210, 222, 246.
void OtherTitle(BibframeDraft* draft, NodeId title) {
  const int number = draft->OriginOf(title).number;
  Field field("246", '3', ' ');
  if (draft->Is(title, "bf:AbbreviatedTitle")) {
    field.SetTag("210").SetIndicators('0', ' ');
  } else if (draft->Is(title, "bf:KeyTitle")) {
    field.SetTag("222").SetIndicators(' ', SkippedOf(*draft, title));
  } else if (draft->Is(title, "bf:ParallelTitle")) {
    field.SetIndicators('3', '1');
  } else {
    const char kind = ValueOf(kVariantTitles, draft->graph.Text(title, "bf:variantType"));
    if (kind != 0) field.SetIndicators('3', kind);
  }
  AddTitle(*draft, title, &field);
  draft->Keep(std::move(field), number);
}

void Titles(BibframeDraft* draft) {
  const NodeId root = draft->instance == kNone ? draft->work : draft->instance;
  NodeId main = kNone;
  std::vector<NodeId> others;
  for (const NodeId node : {draft->instance, draft->work}) {
    for (const auto* title : draft->Of(node, "bf:title")) {
      if (title->node == kNone) continue;
      const auto is = [&](std::string_view type) { return draft->Is(title->node, type); };
      const bool other = is("bf:VariantTitle") || is("bf:ParallelTitle") ||
                         is("bf:AbbreviatedTitle") || is("bf:KeyTitle") ||
                         is("bf:TransliteratedTitle");
      if (other) {
        others.push_back(title->node);
      } else if (main == kNone) {
        main = title->node;
      } else if (node == draft->instance) {
        others.push_back(title->node);
      }
    }
  }
  Field field("245", draft->has_main_entry ? '1' : '0', '0');
  int number = 0;
  if (main != kNone) {
    field.SetIndicators(draft->has_main_entry ? '1' : '0', SkippedOf(*draft, main));
    AddTitle(*draft, main, &field);
    number = draft->OriginOf(main).number;
  } else {
    BibframeDraft::AddTo(&field, 'a', draft->LabelAt(root, "bf:title"));
  }
  if (field.view().subfields().empty()) {
    BibframeDraft::AddTo(&field, 'a', draft->LabelOf({.node = root, .text = {}, .language = {}}));
  }
  AddMarked(*draft, " /", 'c', draft->LabelAt(draft->instance, "bf:responsibilityStatement"),
            &field);
  Mark(*draft, ".", &field);
  draft->Keep(std::move(field), number);
  for (const NodeId title : others) OtherTitle(draft, title);
}

// --- publication ---------------------------------------------------------------------------------

void Dates(BibframeDraft* draft, std::string_view date) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || c == 'u' || c == 'X'; };
  const auto year = [&](std::string_view text) {
    std::string four;
    for (const char c : text.substr(0, 4)) four.push_back(c == 'X' ? 'u' : c);
    return four;
  };
  if (date.size() < 4 || !std::all_of(date.begin(), date.begin() + 4, digit)) {
    // The dates of 008 may be odd, and stay so.
    if (date.empty() || date.size() > 4) return;
    draft->SetFixed(6, 9, std::string("s").append(date));
    return;
  }
  const size_t slash = date.find('/');
  if (slash == std::string_view::npos) {
    const bool detailed = date.size() >= 7 && date[4] == '-';
    std::string text(detailed ? "e" : "s");
    text.append(year(date));
    if (detailed) {
      text.append(date.substr(5, 2));
      if (date.size() >= 10) text.append(date.substr(8, 2));
    }
    return draft->SetFixed(6, 9, text);
  }
  const std::string_view last = date.substr(slash + 1);
  const bool open = last.empty() || last == "..";
  const char level = draft->leader[7];
  const bool serial = level == 's' || level == 'i' || level == 'b';
  const char type = serial ? (open ? 'c' : 'd') : 'm';
  draft->SetFixed(6, 9, type + year(date) + (open ? "9999" : year(last)));
}

// Literals of a property, or labels of its nodes; countries of the vocabulary belong into 008.
std::vector<std::string> Names(BibframeDraft* draft, NodeId node, std::string_view simple,
                               std::string_view property) {
  std::vector<std::string> names;
  for (const auto* object : draft->Of(node, simple)) names.push_back(draft->LabelOf(*object));
  const bool plain = names.empty();
  for (const auto* object : draft->Of(node, property)) {
    const std::string_view iri =
        object->node == kNone ? std::string_view() : draft->graph.NameOf(object->node);
    if (iri.find("/countries/") != std::string_view::npos) {
      if (draft->fixed.compare(15, 3, "xx ") == 0) draft->SetFixed(15, 3, CodeOfIri(iri));
    } else if (plain && !draft->LabelOf(*object).empty()) {
      names.push_back(draft->LabelOf(*object));
    }
  }
  return names;
}

void AddProvision(const BibframeDraft& draft, const std::vector<std::string>& places,
                  const std::vector<std::string>& agents, const std::vector<std::string>& dates,
                  std::string_view codes, Field* field) {
  // Places and agents stand in pairs where there are as many.
  const bool pairs = places.size() == agents.size();
  const auto place = [&](size_t i) { AddMarked(draft, " ;", codes[0], places[i], field); };
  const auto agent = [&](size_t i) { AddMarked(draft, " :", codes[1], agents[i], field); };
  for (size_t i = 0; i < places.size(); ++i) {
    place(i);
    if (pairs) agent(i);
  }
  for (size_t i = 0; i < agents.size() && !pairs; ++i) agent(i);
  for (const std::string& date : dates) AddMarked(draft, ",", codes[2], date, field);
}

void Provisions(BibframeDraft* draft) {
  bool dated = false;
  bool dated_alone = false;
  std::map<int, Field> imprints;  // Both halves of a 260.
  for (const auto* object : draft->Both("bf:provisionActivity")) {
    const NodeId node = object->node;
    if (node == kNone) continue;
    const auto places = Names(draft, node, "bflc:simplePlace", "bf:place");
    const auto agents = Names(draft, node, "bflc:simpleAgent", "bf:agent");
    const std::string date(draft->graph.Text(node, "bf:date"));
    auto dates = Names(draft, node, "bflc:simpleDate", "");
    const auto origin = draft->OriginOf(node);
    const bool imprint = origin.tag == Tag("260") || origin.tag == Tag("264");
    // One that says no more than a date and a country is what 008 says.
    const bool alone = places.empty() && agents.empty() && !imprint;
    if (!date.empty() && (!dated || (alone && !dated_alone))) {
      Dates(draft, date);
      dated = true;
      dated_alone = alone;
    }
    if (dates.empty() && !date.empty() && !alone) {
      dates.push_back(date);
    }
    char function = '1';
    for (const BibframeTerm& kind : kProvisions) {
      if (draft->Is(node, kind.term)) function = kind.values[0];
    }
    if (origin.tag == Tag("260") && origin.number > 0) {
      Field& field = imprints.try_emplace(origin.number, Field("260", ' ', ' ')).first->second;
      AddProvision(*draft, places, agents, dates, function == '3' ? "efg" : "abc", &field);
      continue;
    }
    Field field("264", ' ', function);
    AddProvision(*draft, places, agents, dates, "abc", &field);
    Mark(*draft, ".", &field);
    draft->Keep(std::move(field), origin.number);
  }
  for (auto& [number, field] : imprints) {
    Mark(*draft, ".", &field);
    draft->Keep(std::move(field), number);
  }
  for (const auto* date : draft->Both("bf:copyrightDate")) {
    Field field("264", ' ', '4');
    BibframeDraft::AddTo(&field, 'c', draft->LabelOf(*date));
    draft->Keep(std::move(field));
  }
}

// --- extent and notes ----------------------------------------------------------------------------

struct Extent {
  std::string pages;
  std::string details;
  std::string size;
  std::string with;
};

bool IsNoteType(const BibframeDraft& draft, NodeId note, std::string_view type) {
  return draft.Is(note, "http://id.loc.gov/vocabulary/mnotetype/" + std::string(type)) ||
         draft.graph.Text(note, "bf:noteType") == type;
}

// `of_number` by the field that they come from; what has none belongs to the first.
void Extents(BibframeDraft* draft) {
  std::map<int, Extent> of_number;
  int unknown = 1 << 20;
  for (const auto* extent : draft->Both("bf:extent")) {
    const int number = extent->node == kNone ? 0 : draft->OriginOf(extent->node).number;
    of_number[number == 0 ? unknown++ : number].pages = draft->LabelOf(*extent);
  }
  for (const auto* note : draft->Both("bf:note")) {
    if (note->node == kNone) continue;
    const bool details = IsNoteType(*draft, note->node, "physical") ||
                         IsNoteType(*draft, note->node, "Physical details");
    const bool with = IsNoteType(*draft, note->node, "accmat");
    if (!details && !with) continue;
    const int number = draft->OriginOf(note->node).number;
    if (number == 0 && of_number.empty()) of_number[unknown];
    Extent& extent = number == 0 ? of_number.begin()->second : of_number[number];
    (details ? extent.details : extent.with) = draft->LabelOf(*note);
  }
  const auto sizes = draft->Both("bf:dimensions");
  if (of_number.empty() && !sizes.empty()) of_number[unknown];
  auto at = of_number.begin();
  for (const auto* size : sizes) {
    if (at == of_number.end()) break;
    at->second.size = draft->LabelOf(*size);
    ++at;
  }
  for (const auto& [number, extent] : of_number) {
    Field field("300", ' ', ' ');
    BibframeDraft::AddTo(&field, 'a', extent.pages);
    AddMarked(*draft, " :", 'b', extent.details, &field);
    AddMarked(*draft, " ;", 'c', extent.size, &field);
    AddMarked(*draft, extent.with.starts_with('+') ? "" : " +", 'e', extent.with, &field);
    draft->Keep(std::move(field), number < 1 << 20 ? number : 0);
  }
}

// What a note is about, and where it stands.
struct NoteKind {
  std::string_view type;
  Tag tag;
};
constexpr NoteKind kNoteTypes[] = {
    {"with", "501"},       {"biblio", "504"},   {"bibliography", "504"}, {"credits", "508"},
    {"performers", "511"}, {"coverage", "513"}, {"event", "518"},        {"addphys", "530"},
    {"repro", "533"},      {"orig", "534"},     {"biogdata", "545"},     {"lang", "546"},
    {"issuance", "550"},   {"exhibit", "585"},  {"award", "586"}};
struct NoteProperty {
  std::string_view property;
  Tag tag;
  char indicator1;
};
constexpr NoteProperty kNoteProperties[] = {
    {"bf:summary", "520", ' '},
    {"bf:tableOfContents", "505", '0'},
    {"bf:intendedAudience", "521", ' '},
    {"bf:dissertation", "502", ' '},
    {"bf:supplementaryContent", "504", ' '},
    {"bf:usageAndAccessPolicy", "506", ' '},
    {"bf:credits", "508", ' '},
    {"bf:geographicCoverage", "522", ' '},
    {"bf:preferredCitation", "524", ' '},
    {"bf:systemRequirement", "538", ' '},
    {"bf:acquisitionSource", "541", ' '},
    {"bf:immediateAcquisition", "541", ' '},
    {"bf:custodialHistory", "561", ' '},
    {"bf:awards", "586", ' '},
    {"bf:frequency", "310", ' '},
    {"bf:editionStatement", "250", ' '},
};

Tag NoteTag(const BibframeDraft& draft, NodeId note) {
  const auto origin = draft.OriginOf(note);
  if (origin.number > 0 && origin.tag[0] == '5') return origin.tag;
  for (const NoteKind& kind : kNoteTypes) {
    if (IsNoteType(draft, note, kind.type)) return kind.tag;
  }
  return "500";
}

void Notes(BibframeDraft* draft) {
  for (const NoteProperty& kind : kNoteProperties) {
    for (const auto* object : draft->Both(kind.property)) {
      Field field(kind.tag, kind.indicator1, ' ');
      BibframeDraft::AddTo(&field, 'a', draft->LabelOf(*object));
      draft->Keep(std::move(field),
                  object->node == kNone ? 0 : draft->OriginOf(object->node).number);
    }
  }
  for (const auto* note : draft->Both("bf:note")) {
    const bool node = note->node != kNone;
    if (node && (IsNoteType(*draft, note->node, "physical") ||
                 IsNoteType(*draft, note->node, "Physical details") ||
                 IsNoteType(*draft, note->node, "accmat"))) {
      continue;
    }
    Field field(node ? NoteTag(*draft, note->node) : Tag("500"), ' ', ' ');
    BibframeDraft::AddTo(&field, 'a', draft->LabelOf(*note));
    draft->Keep(std::move(field), node ? draft->OriginOf(note->node).number : 0);
  }
}

// 336 to 338: a label and its code, or a code of the vocabulary by itself.
void Carriers(BibframeDraft* draft, std::string_view property, Tag tag, std::string_view list,
              std::string_view source) {
  for (const auto* object : draft->Both(property)) {
    Field field(tag, ' ', ' ');
    BibframeDraft::AddTo(&field, 'a', draft->LabelOf(*object));
    std::string from(source);
    if (object->node != kNone) {
      const std::string_view iri = draft->graph.NameOf(object->node);
      const bool known = iri.find(list) != std::string_view::npos;
      const std::string_view code = draft->graph.Text(object->node, "bf:code");
      BibframeDraft::AddTo(&field, 'b', known ? CodeOfIri(iri) : std::string(code));
      if (!known) from = draft->CodeAt(object->node, "bf:source");
    }
    if (field.view().subfields().empty()) continue;
    BibframeDraft::AddTo(&field, '2', from);
    draft->Keep(std::move(field), object->node == kNone ? 0 : draft->OriginOf(object->node).number);
  }
}

void Locators(BibframeDraft* draft) {
  const RdfGraph& graph = draft->graph;
  for (const auto* object : draft->Both("bf:electronicLocator")) {
    Field field("856", '4', '0');
    const NodeId node = object->node;
    if (node == kNone) {
      BibframeDraft::AddTo(&field, 'u', object->text);
      draft->Keep(std::move(field));
      continue;
    }
    const auto* locator = graph.First(node, "bflc:locator");
    if (locator == nullptr) locator = graph.First(node, "rdf:value");
    const std::string_view link = locator == nullptr       ? graph.NameOf(node)
                                  : locator->node == kNone ? std::string_view(locator->text)
                                                           : graph.NameOf(locator->node);
    if (link.starts_with("_:")) continue;
    BibframeDraft::AddTo(&field, '3', graph.Text(node, "bflc:appliesTo"));
    BibframeDraft::AddTo(&field, 'u', link);
    BibframeDraft::AddTo(&field, 'y', graph.Text(node, "rdfs:label"));
    for (const auto* note : draft->Of(node, "bf:note")) {
      BibframeDraft::AddTo(&field, 'z', draft->LabelOf(*note));
    }
    draft->Keep(std::move(field), draft->OriginOf(node).number);
  }
}

}  // namespace

void DraftDescription(BibframeDraft* draft) {
  Titles(draft);
  Provisions(draft);
  Extents(draft);
  Carriers(draft, "bf:content", "336", "/contentTypes/", "rdacontent");
  Carriers(draft, "bf:media", "337", "/mediaTypes/", "rdamedia");
  Carriers(draft, "bf:carrier", "338", "/carriers/", "rdacarrier");
  Notes(draft);
  Locators(draft);
}

}  // namespace thalweg::marc
