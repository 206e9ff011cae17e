#include "thalweg/marc/record.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace thalweg::marc {

std::vector<FieldView> RecordView::All(Tag tag) const { return All(std::span(&tag, 1)); }

std::vector<FieldView> RecordView::All(std::span<const Tag> tags) const {
  std::vector<FieldView> found;
  for (const FieldView& field : fields()) {
    if (std::find(tags.begin(), tags.end(), field.tag()) != tags.end()) found.push_back(field);
  }
  return found;
}

// The bytes of a field never change once they stand here, so that copies of a record share them.
struct Record::Edits {
  Leader leader;
  std::vector<FieldView> fields;
  std::vector<std::shared_ptr<const char[]>> texts;

  FieldView Keep(const FieldView& field) {
    const std::string_view bytes = field.bytes();
    if (bytes.empty()) return {field.tag(), {}};
    std::shared_ptr<char[]> copy(new char[bytes.size()]);
    std::memcpy(copy.get(), bytes.data(), bytes.size());
    const FieldView kept(field.tag(), {copy.get(), bytes.size()});
    texts.push_back(std::move(copy));
    return kept;
  }
};

Record::Record() : Record(Leader()) {}

Record::Record(const Leader& leader) { SetLeader(leader); }

Record::Record(const RecordView& view, std::shared_ptr<const void> owner)
    : view_(view), owner_(std::move(owner)) {}

Record::Record(const Record& other) : view_(other.view_), owner_(other.owner_) {
  if (other.edits_ == nullptr) return;
  edits_ = std::make_unique<Edits>(*other.edits_);
  Show();
}

Record::Record(Record&&) noexcept = default;
Record& Record::operator=(Record&&) noexcept = default;
Record::~Record() = default;

Record& Record::operator=(const Record& other) {
  if (this != &other) *this = Record(other);
  return *this;
}

namespace {

// Fields and bytes of one record in one piece.
struct Copy {
  std::unique_ptr<char[]> bytes;
  std::vector<FieldView> fields;
};

}  // namespace

Record Record::CopyOf(const RecordView& view) {
  auto copy = std::make_shared<Copy>();
  size_t size = kLeaderSize + view.raw().size();
  if (!view.clean()) {
    for (const FieldView& field : view.fields()) size += field.bytes().size();
  }
  copy->bytes.reset(new char[size]);
  char* at = copy->bytes.get();
  const auto put = [&at](std::string_view text) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
    return std::string_view(at - text.size(), text.size());
  };
  const char* leader = put(view.leader_text()).data();
  const std::string_view raw = put(view.raw());
  copy->fields.reserve(view.fields().size());
  for (const FieldView& field : view.fields()) {
    const std::string_view bytes = field.bytes();
    const bool inside = view.clean() && !bytes.empty();
    copy->fields.emplace_back(
        field.tag(),
        inside ? raw.substr(static_cast<size_t>(bytes.data() - view.raw().data()), bytes.size())
               : put(bytes));
  }
  const RecordView made(leader, copy->fields, raw, view.clean());
  return {made, std::move(copy)};
}

Record::Edits& Record::Edit() {
  if (edits_ == nullptr) {
    edits_ = std::make_unique<Edits>();
    edits_->leader = view_.leader();
    edits_->fields.assign(view_.fields().begin(), view_.fields().end());
  }
  return *edits_;
}

void Record::Show() { view_ = RecordView(edits_->leader.text().data(), edits_->fields, {}, false); }

void Record::SetLeader(const Leader& leader) {
  Edit().leader = leader;
  Show();
}

Record& Record::Add(const FieldView& field) {
  Insert(fields().size(), field);
  return *this;
}

void Record::Insert(size_t place, const FieldView& field) {
  Edits& edits = Edit();
  const FieldView kept = edits.Keep(field);
  const size_t at = std::min(place, edits.fields.size());
  edits.fields.insert(edits.fields.begin() + static_cast<std::ptrdiff_t>(at), kept);
  Show();
}

void Record::AddOrdered(const FieldView& field) {
  const std::span<const FieldView> all = fields();
  size_t place = 0;
  if (!field.tag().is_number()) place = all.size();
  while (place < all.size() && all[place].tag().is_number() && all[place].tag() <= field.tag()) {
    ++place;
  }
  Insert(place, field);
}

void Record::AddGrouped(const FieldView& field) {
  const std::span<const FieldView> all = fields();
  size_t place = 0;
  if (!field.tag().is_number()) place = all.size();
  while (place < all.size() && all[place].tag().is_number() &&
         all[place].tag()[0] <= field.tag()[0]) {
    ++place;
  }
  Insert(place, field);
}

bool Record::Replace(size_t place, const FieldView& field) {
  if (place >= fields().size()) return false;
  Edits& edits = Edit();
  edits.fields[place] = edits.Keep(field);
  Show();
  return true;
}

bool Record::RemoveAt(size_t place) {
  if (place >= fields().size()) return false;
  Edits& edits = Edit();
  edits.fields.erase(edits.fields.begin() + static_cast<std::ptrdiff_t>(place));
  Show();
  return true;
}

size_t Record::RemoveAll(Tag tag) {
  if (!Has(tag)) return 0;
  Edits& edits = Edit();
  const size_t removed =
      std::erase_if(edits.fields, [tag](const FieldView& field) { return field.tag() == tag; });
  Show();
  return removed;
}

void Record::SetFields(std::span<const FieldView> fields) {
  std::vector<FieldView> kept;
  kept.reserve(fields.size());
  Edits& edits = Edit();
  for (const FieldView& field : fields) kept.push_back(edits.Keep(field));
  edits.fields = std::move(kept);
  Show();
}

}  // namespace thalweg::marc
