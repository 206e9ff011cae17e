#include "marc/bibframe_draft.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "marc/rdf.h"

namespace thalweg::marc {
namespace {

constexpr size_t kFixedSize = 40;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

BibframeDraft::BibframeDraft(const RdfGraph& of, const BibframeRoot& root)
    : graph(of), work(root.work), instance(root.instance), fixed(kFixedSize, ' ') {
  fixed[6] = '|';
  std::fill_n(fixed.begin() + 7, 8, '|');
  fixed.replace(15, 3, "xx ");
  fixed.replace(35, 3, "und");
  fixed[39] = '|';
}

std::vector<const RdfGraph::Object*> BibframeDraft::Of(NodeId node,
                                                       std::string_view property) const {
  return node == RdfGraph::kNone ? std::vector<const Object*>() : graph.All(node, property);
}

std::vector<const RdfGraph::Object*> BibframeDraft::Both(std::string_view property) const {
  auto all = Of(instance, property);
  const auto more = Of(work, property);
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string BibframeDraft::LabelOf(const Object& object) const {
  if (object.node == RdfGraph::kNone) return object.text;
  constexpr std::array<std::string_view, 6> kLabels = {
      "rdfs:label",
      "rdf:value",
      "bf:mainTitle",
      "http://www.loc.gov/mads/rdf/v1#authoritativeLabel",
      "http://www.w3.org/2004/02/skos/core#prefLabel",
      "bf:code"};
  for (const std::string_view label : kLabels) {
    const std::string_view text = graph.Text(object.node, label);
    if (!text.empty()) return std::string(text);
  }
  const NodeId title = graph.Node(object.node, "bf:title");
  return title == RdfGraph::kNone ? std::string() : std::string(graph.Text(title, "bf:mainTitle"));
}

std::string BibframeDraft::CodeOf(const Object& object) const {
  if (object.node == RdfGraph::kNone) return object.text;
  const std::string_view code = graph.Text(object.node, "bf:code");
  if (!code.empty()) return std::string(code);
  const NodeId value = graph.Node(object.node, "rdf:value");
  if (value != RdfGraph::kNone) return CodeOfIri(graph.NameOf(value));
  const std::string_view name = graph.NameOf(object.node);
  const bool local = graph.IsBlank(object.node) || OriginOf(object.node).number > 0;
  return local ? LabelOf(object) : CodeOfIri(name);
}

std::string BibframeDraft::CodeAt(NodeId node, std::string_view property) const {
  const Object* first = node == RdfGraph::kNone ? nullptr : graph.First(node, property);
  return first == nullptr ? std::string() : CodeOf(*first);
}

std::string BibframeDraft::LabelAt(NodeId node, std::string_view property) const {
  const Object* first = node == RdfGraph::kNone ? nullptr : graph.First(node, property);
  return first == nullptr ? std::string() : LabelOf(*first);
}

BibframeDraft::Origin BibframeDraft::OriginOf(NodeId node) const {
  constexpr int kNumberMax = 99999;
  std::string_view name = graph.NameOf(node);
  const size_t mark = name.rfind('#');
  if (mark == std::string_view::npos) return {};
  name.remove_prefix(mark + 1);
  const size_t dash = name.find('-');
  if (dash == std::string_view::npos || dash < 4) return {};
  const std::string_view tag = name.substr(dash - 3, 3);
  if (!std::all_of(tag.begin(), tag.end(), IsDigit)) return {};
  Origin origin{*Tag::Of(tag), 0};
  for (size_t i = dash + 1; i < name.size() && IsDigit(name[i]); ++i) {
    if (origin.number > kNumberMax) return {};
    origin.number = origin.number * 10 + (name[i] - '0');
  }
  return origin;
}

void BibframeDraft::SetFixed(size_t place, size_t size, std::string_view text) {
  for (size_t i = 0; i < size; ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    fixed[place + i] = c >= ' ' && c < 0x7F ? c : ' ';
  }
}

void BibframeDraft::Keep(Field field, int number) {
  if (field.view().subfields().empty()) return;
  const size_t order = fields_.size();
  fields_.push_back({std::move(field), number, order});
}

void BibframeDraft::KeepControl(Tag tag, std::string_view data) {
  if (!data.empty()) fields_.push_back({Field::Control(tag, data), 0, fields_.size()});
}

void BibframeDraft::AddTo(Field* field, char code, std::string_view value) {
  if (!value.empty()) field->Add(code, value);
}

Field* BibframeDraft::Last(Tag tag, int number) {
  if (fields_.empty()) return nullptr;
  Made& made = fields_.back();
  return made.number == number && made.field.tag() == tag ? &made.field : nullptr;
}

void Mark(const BibframeDraft& draft, std::string_view mark, Field* field) {
  if (!draft.punctuated()) return;
  std::string last;
  for (const Subfield& subfield : field->view().subfields()) last = subfield.value;
  if (last.empty()) return;
  const bool stopped =
      mark == "." && std::string_view(".?!)]>-").find(last.back()) != std::string_view::npos;
  if (stopped) return;
  field->SetAt(field->view().CountSubfields() - 1, last + std::string(mark));
}

void AddMarked(const BibframeDraft& draft, std::string_view mark, char code, std::string_view value,
               Field* field) {
  if (value.empty()) return;
  Mark(draft, mark, field);
  field->Add(code, value);
}

// By the first digit of the tags; then as the fields stood in the record that the description was
// made of, where that is known. A field of which it is not known stands behind those of its block
// whose tags are not greater.
void BibframeDraft::Sort() {
  std::map<Tag, int> last;
  for (const Made& made : fields_) {
    int& number = last[made.field.tag()];
    number = std::max(number, made.number);
  }
  int most = 0;
  char block = 0;
  for (auto& [tag, number] : last) {
    if (tag[0] != block) most = 0;
    block = tag[0];
    most = std::max(most, number);
    number = most;
  }
  const auto key = [&last](const Made& made) {
    const Tag tag = made.field.tag();
    const bool known = made.number > 0;
    const uint32_t minor = tag[0] < '6' ? tag.packed() : 0;
    return std::tuple(tag[0],
                      tag.is_control() ? 0
                      : known          ? made.number
                                       : last[tag],
                      !known, minor, made.order);
  };
  std::sort(fields_.begin(), fields_.end(),
            [&key](const Made& a, const Made& b) { return key(a) < key(b); });
}

void BibframeDraft::Give(BatchBuilder* builder) {
  KeepControl("008", fixed);
  Sort();
  builder->SetLeader(leader);
  for (const Made& made : fields_) {
    const FieldView view = made.field.view();
    if (view.is_control()) {
      builder->AddControl(view.tag(), view.data());
      continue;
    }
    builder->BeginField(view.tag(), view.indicator1(), view.indicator2());
    for (const Subfield& subfield : view.subfields()) {
      builder->AddSubfield(subfield.code, subfield.value);
    }
    builder->EndField();
  }
}

}  // namespace thalweg::marc
