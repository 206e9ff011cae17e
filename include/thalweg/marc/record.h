#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/field.h"
#include "thalweg/marc/leader.h"

namespace thalweg::marc {

/// What can be read of a record. Trivial to copy; valid as long as what it looks into: a `Record`,
/// or the owner of a `RecordBatch`.
///
/// Fields stand in the order of the directory.
class THALWEG_EXPORT RecordView {
 public:
  RecordView() = default;
  RecordView(const char* leader, std::span<const FieldView> fields, std::string_view raw,
             bool clean)
      : leader_(leader),
        fields_(fields.data()),
        raw_(raw.data()),
        field_count_(static_cast<uint32_t>(fields.size())),
        raw_size_(static_cast<uint32_t>(raw.size()) << 1 | static_cast<uint32_t>(clean)) {}

  Leader leader() const { return Leader(leader_text()); }
  std::string_view leader_text() const { return {leader_, kLeaderSize}; }
  RecordKind kind() const { return KindOfType(leader_[6]); }
  bool is_utf8() const { return leader_[9] == 'a'; }

  std::span<const FieldView> fields() const { return {fields_, field_count_}; }
  /// The first field with this tag, or null.
  const FieldView* Find(Tag tag) const {
    for (const FieldView& field : fields()) {
      if (field.tag() == tag) return &field;
    }
    return nullptr;
  }
  bool Has(Tag tag) const { return Find(tag) != nullptr; }
  std::vector<FieldView> All(Tag tag) const;
  /// The fields whose tag is one of `tags`, in their order.
  std::vector<FieldView> All(std::span<const Tag> tags) const;
  /// Data of 001; empty when there is none.
  std::string_view control_number() const {
    const FieldView* field = Find("001");
    return field == nullptr ? std::string_view() : field->data();
  }

  /// The bytes as they were read, from the leader to the terminator; empty for a record that was
  /// built, and of no use for one that was changed.
  std::string_view raw() const { return {raw_, raw_size_ >> 1}; }
  /// `raw` is well-formed and says exactly what the fields say: writing may copy it.
  bool clean() const { return (raw_size_ & 1) != 0; }

 private:
  const char* leader_ = "                        ";
  const FieldView* fields_ = nullptr;
  const char* raw_ = nullptr;
  uint32_t field_count_ = 0;
  uint32_t raw_size_ = 0;  // Shifted left by one; the lowest bit is `clean`.
};

/// A record that can be kept and changed. It shares the bytes it was read from with other records
/// of its batch; what is changed is kept beside them. Copies are independent of each other.
///
/// Not thread-safe where it is changed. Views and spans taken from it end with the next change.
class THALWEG_EXPORT Record {
 public:
  /// Without fields, with a blank leader.
  Record();
  explicit Record(const Leader& leader);
  /// `owner` keeps alive what `view` looks into.
  Record(const RecordView& view, std::shared_ptr<const void> owner);
  Record(const Record& other);
  Record(Record&&) noexcept;
  Record& operator=(const Record& other);
  Record& operator=(Record&&) noexcept;
  ~Record();

  /// Copies what `view` shows.
  static Record CopyOf(const RecordView& view);

  const RecordView& view() const { return view_; }
  operator const RecordView&() const { return view_; }  // NOLINT(google-explicit-constructor)
  Leader leader() const { return view_.leader(); }
  RecordKind kind() const { return view_.kind(); }
  std::span<const FieldView> fields() const { return view_.fields(); }
  const FieldView* Find(Tag tag) const { return view_.Find(tag); }
  bool Has(Tag tag) const { return view_.Has(tag); }
  std::vector<FieldView> All(Tag tag) const { return view_.All(tag); }
  std::string_view control_number() const { return view_.control_number(); }
  /// Something was changed since it was read.
  bool edited() const { return edits_ != nullptr; }

  // Changes. Fields are copied.
  void SetLeader(const Leader& leader);
  /// Behind the last field. Gives the record, so that calls can be chained.
  Record& Add(const FieldView& field);
  /// Before the field at `place`; behind the last one when there are fewer.
  void Insert(size_t place, const FieldView& field);
  /// Before the first field whose tag is greater, or is not a number.
  void AddOrdered(const FieldView& field);
  /// Before the first field whose tag begins with a greater digit, or is not a number.
  void AddGrouped(const FieldView& field);
  /// False when there is no field at `place`.
  bool Replace(size_t place, const FieldView& field);
  bool RemoveAt(size_t place);
  /// How many were removed.
  size_t RemoveAll(Tag tag);
  /// Replaces all fields.
  void SetFields(std::span<const FieldView> fields);

 private:
  struct Edits;
  Edits& Edit();
  void Show();

  RecordView view_;
  std::shared_ptr<const void> owner_;
  std::unique_ptr<Edits> edits_;
};

}  // namespace thalweg::marc
