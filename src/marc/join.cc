#include "thalweg/marc/join.h"

#include <algorithm>
#include <utility>

namespace thalweg::marc {
namespace {

// Without the length of the record and the address of its data.
bool SameLeader(std::string_view a, std::string_view b) {
  return a.substr(5, 7) == b.substr(5, 7) && a.substr(17) == b.substr(17);
}

bool SameControlFields(const RecordView& a, const RecordView& b) {
  const auto next = [](const FieldView*& field, const FieldView* end) {
    field = std::find_if(field, end, [](const FieldView& one) { return one.is_control(); });
    return field != end;
  };
  const FieldView* left = a.fields().data();
  const FieldView* right = b.fields().data();
  const FieldView* const left_end = left + a.fields().size();
  const FieldView* const right_end = right + b.fields().size();
  for (;; ++left, ++right) {
    const bool more = next(left, left_end);
    if (more != next(right, right_end)) return false;
    if (!more) return true;
    if (left->tag() != right->tag() || left->bytes() != right->bytes()) return false;
  }
}

bool IsPartOf(const RecordView& record, const RecordView& before) {
  return !record.control_number().empty() && record.control_number() == before.control_number() &&
         SameLeader(record.leader_text(), before.leader_text()) &&
         SameControlFields(record, before);
}

int64_t BytesOf(const RecordView& record) {
  int64_t bytes = 0;
  for (const FieldView& field : record.fields()) {
    bytes += static_cast<int64_t>(field.bytes().size());
  }
  return bytes;
}

}  // namespace

std::optional<Record> RecordJoiner::Push(Record record) {
  if (!held_ || !IsPartOf(record, *held_)) {
    bytes_ = 0;
    return std::exchange(held_, std::move(record));
  }
  if (bytes_ == 0) bytes_ = BytesOf(*held_);
  bytes_ += BytesOf(record);
  if (bytes_ > bytes_max_) {
    bytes_ = 0;
    return std::exchange(held_, std::move(record));
  }
  for (const FieldView& field : record.fields()) {
    if (!field.is_control()) held_->Add(field);
  }
  ++joined_;
  return std::nullopt;
}

std::optional<Record> RecordJoiner::Finish() { return std::exchange(held_, std::nullopt); }

}  // namespace thalweg::marc
