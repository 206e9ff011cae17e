#include "marc/rdf_source.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "marc/escape.h"
#include "thalweg/marc/encoding.h"

namespace thalweg::marc {
namespace {

// So many names are remembered, to tell a description that comes in pieces.
constexpr size_t kFinishedMax = size_t{1} << 16;
constexpr size_t kJunkShown = 64;

std::string_view DocumentOf(std::string_view name) {
  const size_t mark = name.find('#');
  return mark == std::string_view::npos ? std::string_view() : name.substr(0, mark);
}

}  // namespace

Result<bool> RdfSource::More() {
  if (input_.text().size() > TextBytesMax()) {
    refused_ = true;
    return false;
  }
  return input_.More();
}

std::string RdfSource::PlaceText(size_t place) const {
  const std::string_view before = input_.text().substr(0, place);
  const auto lines = lines_ + std::count(before.begin(), before.end(), '\n');
  const size_t start = before.rfind('\n');
  const size_t column = start == std::string_view::npos ? before.size() : before.size() - start - 1;
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(column + 1);
}

void RdfSource::Broken(size_t place, std::string reason) {
  broken_at_ = std::min(place, input_.text().size());
  broken_ = PlaceText(broken_at_) + ": " + std::move(reason);
}

Result<bool> RdfSource::ReadRecord() {
  if (giving_) {
    if (next_root_ < roots_.size()) {
      GiveOne();
    } else {
      EndGiving();
    }
    return true;
  }
  if (ended_) return false;
  unit_.Clear();
  const size_t unit_at = at_;
  THALWEG_ASSIGN_OR_RETURN(const Step step, Next());
  if (refused_ || unit_.bytes() > UnitBytesMax() || graph_.bytes() > GraphBytesMax()) {
    StopTooLarge();
    return true;
  }
  switch (step) {
    case Step::kUnit:
      TakeUnit(unit_at);
      break;
    case Step::kBroken:
      TakeBroken(unit_at);
      break;
    case Step::kDocumentEnd:
      BeginGiving(at_);
      break;
    case Step::kEnd:
      ended_ = true;
      BeginGiving(at_);
      break;
  }
  return true;
}

void RdfSource::TakeUnit(size_t unit_at) {
  if (unit_.triples().empty()) {
    if (graph_.empty()) Forget(at_);
  } else if (StartsNext() && IsWhole()) {
    unit_waits_ = true;
    BeginGiving(unit_at);
  } else {
    AddUnit();
  }
}

void RdfSource::AddUnit() {
  graph_.Add(unit_);
  for (const RdfUnit::Triple& triple : unit_.triples()) {
    if (mixed_) break;
    if (triple.subject.kind == RdfTerm::Kind::kBlank) continue;
    const std::string_view document = DocumentOf(unit_.TextOf(triple.subject));
    if (document_.empty()) document_ = document;
    mixed_ = document.empty() || document != document_;
  }
}

// A description without names of its own takes the damage of what follows it, too.
void RdfSource::TakeBroken(size_t unit_at) {
  if (mixed_) {
    builder_.DropJunk(DefectCode::kTextFormatInvalid,
                      input_.offset() + static_cast<int64_t>(broken_at_),
                      input_.text().substr(broken_at_, kJunkShown), broken_);
    return;
  }
  const bool next = unit_.triples().empty() || StartsNext();
  if (next && !graph_.empty() && IsWhole()) {
    next_damage_ = broken_;
    BeginGiving(unit_at);
  } else if (damage_.empty()) {
    damage_ = broken_;
  }
}

bool RdfSource::StartsNext() const {
  if (graph_.empty() || mixed_) return false;
  const RdfTerm& subject = unit_.triples().front().subject;
  if (subject.kind == RdfTerm::Kind::kBlank) return false;
  return DocumentOf(unit_.TextOf(subject)) != document_;
}

// Whether nothing of the description can be missing.
bool RdfSource::IsWhole() {
  if (mixed_ || document_.empty()) return false;
  graph_.Settle();
  if (!IsLinked()) return false;
  std::vector<bool> mentioned(graph_.size(), false);
  for (RdfGraph::NodeId node = 0; node < graph_.size(); ++node) {
    for (const RdfGraph::Property& property : graph_.PropertiesOf(node)) {
      if (property.object.node != RdfGraph::kNone) mentioned[property.object.node] = true;
    }
  }
  for (RdfGraph::NodeId node = 0; node < graph_.size(); ++node) {
    const bool described = !graph_.PropertiesOf(node).empty();
    if (graph_.IsBlank(node) && (!described || !mentioned[node])) return false;
    if (!described && DocumentOf(graph_.NameOf(node)) == document_) return false;
  }
  return true;
}

bool RdfSource::IsLinked() const {
  bool any = false;
  for (const RdfGraph::NodeId node : graph_.OfType("bf:Instance")) {
    const RdfGraph::NodeId work = graph_.Node(node, "bf:instanceOf");
    if (work == RdfGraph::kNone || !graph_.HasType(work, "bf:Work")) return false;
    any = any || graph_.First(work, "bf:hasInstance") != nullptr;
  }
  return any;
}

void RdfSource::BeginGiving(size_t end) {
  giving_ = true;
  group_end_ = end;
  next_root_ = 0;
  roots_.clear();
  const std::string_view raw = input_.text().substr(0, end);
  graph_.Settle();
  roots_ = BibframeRoots(graph_);
  const size_t name = std::hash<std::string_view>()(document_);
  const bool one = !mixed_ && !document_.empty();
  if (one && damage_.empty() && !IsWhole() &&
      std::find(finished_.begin(), finished_.end(), name) != finished_.end()) {
    damage_ = "<" + document_ + "#…> is described in pieces that stand apart; sort the triples";
  }
  if (one && !ended_) {
    finished_.push_back(name);
    if (finished_.size() > kFinishedMax) finished_.pop_front();
  }
  if (!roots_.empty()) {
    builder_.set_check_utf8(HasHighBit(raw) && !IsUtf8(raw));
    return;
  }
  if (damage_.empty() && !graph_.empty()) {
    damage_ = "neither a bf:Instance nor a bf:Work that is described for its own sake";
  }
  if (damage_.empty()) return;
  const size_t from = std::min(broken_at_, end);
  builder_.DropJunk(DefectCode::kTextFormatInvalid, input_.offset() + static_cast<int64_t>(from),
                    raw.substr(from, kJunkShown), damage_);
}

void RdfSource::GiveOne() {
  builder_.BeginRecord(input_.offset());
  if (!damage_.empty()) {
    builder_.Report(DefectCode::kTextFormatInvalid, damage_, "a description without errors");
  }
  BuildBibframeRecord(graph_, roots_[next_root_++], &builder_);
  // The text of several records is kept for none of them.
  builder_.EndRecord(roots_.size() == 1 ? input_.text().substr(0, group_end_) : std::string_view());
}

void RdfSource::EndGiving() {
  giving_ = false;
  graph_.Clear();
  document_.clear();
  mixed_ = false;
  damage_ = std::exchange(next_damage_, {});
  broken_at_ -= std::min(broken_at_, group_end_);
  Forget(group_end_);
  if (!std::exchange(unit_waits_, false)) return;
  AddUnit();
}

void RdfSource::Forget(size_t size) {
  const std::string_view text = input_.text().substr(0, size);
  lines_ += std::count(text.begin(), text.end(), '\n');
  input_.Skip(text.size());
  at_ -= text.size();
}

void RdfSource::StopTooLarge() {
  builder_.DropJunk(
      DefectCode::kRecordTooLong, input_.offset(), input_.text().substr(0, kJunkShown),
      "more than " + std::to_string(TextBytesMax()) +
          " bytes of text, or eight times as much of a graph, that has to be held at once: nothing "
          "from here on is read; write the input so that all statements about a description stand "
          "together, and share what their names have before '#', or split it");
  ended_ = true;
  graph_.Clear();
  input_.Skip(input_.text().size());
  at_ = 0;
}

}  // namespace thalweg::marc
