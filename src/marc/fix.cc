#include <utility>

#include "thalweg/marc/edit.h"

namespace thalweg::marc {
namespace {

constexpr size_t k008Size = 40;

class Fixing {
 public:
  Fixing(Record* record, std::vector<EditChange>* changes) : record_(record), changes_(changes) {}
  size_t count() const { return count_; }

  void FixLeader() {
    const Leader before = record_->leader();
    Leader after = before;
    after.set(10, '2');
    after.set(11, '2');
    after.Replace(20, "4500");
    if (after == before) return;
    Tell("=LDR  " + std::string(before.text()), "=LDR  " + std::string(after.text()));
    record_->SetLeader(after);
  }

  void RemoveEmptyParts() {
    for (size_t place = record_->fields().size(); place-- > 0;) {
      const FieldView& view = record_->fields()[place];
      if (view.is_control()) {
        if (view.data().empty()) Remove(place, view);
        continue;
      }
      Field field(view.tag(), view.indicator1(), view.indicator2());
      size_t kept = 0;
      size_t all = 0;
      for (const Subfield& subfield : view.subfields()) {
        ++all;
        if (subfield.value.find_first_not_of(' ') == std::string_view::npos) continue;
        ++kept;
        field.Add(subfield.code, subfield.value);
      }
      if (kept == 0) {
        Remove(place, view);
      } else if (kept != all) {
        Tell(view.ToString(), field.view().ToString());
        record_->Replace(place, field);
      }
    }
  }

  void Fix008() {
    if (record_->kind() != RecordKind::kBibliographic) return;
    for (size_t place = 0; place < record_->fields().size(); ++place) {
      const FieldView& view = record_->fields()[place];
      if (view.tag() != Tag("008") || view.data().size() == k008Size) continue;
      std::string data(view.data());
      if (data.size() > k008Size && data.find_first_not_of(' ', k008Size) != std::string::npos) {
        continue;
      }
      data.resize(k008Size, ' ');
      const Field field = Field::Control("008", data);
      Tell(view.ToString(), field.view().ToString());
      record_->Replace(place, field);
    }
  }

 private:
  void Tell(std::string before, std::string after) {
    ++count_;
    if (changes_ != nullptr) changes_->push_back({std::move(before), std::move(after)});
  }
  void Remove(size_t place, const FieldView& view) {
    Tell(view.ToString(), {});
    record_->RemoveAt(place);
  }

  Record* record_;
  std::vector<EditChange>* changes_;
  size_t count_ = 0;
};

}  // namespace

size_t FixRecord(Record* record, const FixOptions& options, std::vector<EditChange>* changes) {
  Fixing fixing(record, changes);
  if (options.leader) fixing.FixLeader();
  if (options.empty_parts) fixing.RemoveEmptyParts();
  if (options.fixed_field) fixing.Fix008();
  return fixing.count();
}

}  // namespace thalweg::marc
