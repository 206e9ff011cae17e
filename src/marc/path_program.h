#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/path.h"
#include "thalweg/marc/record.h"

namespace re2 {
class RE2;
}

namespace thalweg::marc {

/// How a value is compared.
enum class Comparison : uint8_t {
  kExists,
  kEqual,
  kStartsWith,
  kContains,
  kMatches,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
};

/// A comparison with a constant. `negated` asks that no value fulfil it.
struct Test {
  Comparison comparison = Comparison::kExists;
  bool negated = false;
  std::string value;
  std::shared_ptr<const re2::RE2> pattern;

  /// Of one value, without `negated`.
  bool Holds(std::string_view text) const;
};

/// What stands in brackets.
struct FieldFilter {
  int indicator = 0;         ///< 1 or 2; 0: a subfield.
  std::bitset<256> allowed;  ///< Of the indicator.
  char code = 0;             ///< Of the subfield.
  Test test;

  bool Keeps(const FieldView& field) const;
};

/// Characters of a value, counted from 0.
struct CharacterRange {
  size_t first = 0;
  size_t last = 0;  ///< npos: to the end.

  std::string_view Of(std::string_view text) const;
};

struct Path::Program {
  std::string text;
  bool leader = false;
  bool exact = true;  ///< One tag only.
  Tag tag;
  std::array<std::bitset<256>, 3> tag_bytes;  ///< When not exact.
  std::vector<FieldFilter> filters;
  int nth = 0;        ///< From 1; from the end when negative; 0: all.
  std::string codes;  ///< `*`: each subfield.
  std::optional<CharacterRange> range;
  bool list = false;

  bool all_codes() const { return codes == "*"; }
  bool TagMatches(Tag candidate) const {
    if (exact) return candidate == tag;
    return tag_bytes[0][Byte(candidate[0])] && tag_bytes[1][Byte(candidate[1])] &&
           tag_bytes[2][Byte(candidate[2])];
  }
  bool Chooses(const FieldView& field) const {
    if (!TagMatches(field.tag())) return false;
    for (const FieldFilter& filter : filters) {
      if (!filter.Keeps(field)) return false;
    }
    return true;
  }

  /// `take(value)` for each value of a field; false from it ends, and is given back.
  template <typename Take>
  bool FieldValues(const FieldView& field, std::string* scratch, Take&& take) const;
  /// The same for a record.
  template <typename Take>
  void Values(const RecordView& record, std::string* scratch, Take&& take) const;

 private:
  static size_t Byte(char c) { return static_cast<unsigned char>(c); }
  std::string_view Cut(std::string_view value) const { return range ? range->Of(value) : value; }
  std::string_view Joined(const FieldView& field, std::string* scratch) const;
  const FieldView* Nth(const RecordView& record) const;
};

template <typename Take>
bool Path::Program::FieldValues(const FieldView& field, std::string* scratch, Take&& take) const {
  if (field.is_control()) return !codes.empty() || take(Cut(field.data()));
  if (codes.size() != 1) {
    const std::string_view value = Joined(field, scratch);
    // A field without the codes has no value, not an empty one.
    return value.data() == nullptr || take(Cut(value));
  }
  for (const Subfield& subfield : field.subfields()) {
    if (subfield.code != codes[0] && !all_codes()) continue;
    if (!take(Cut(subfield.value))) return false;
  }
  return true;
}

template <typename Take>
void Path::Program::Values(const RecordView& record, std::string* scratch, Take&& take) const {
  if (leader) {
    take(Cut(record.leader_text()));
    return;
  }
  if (nth != 0) {
    if (const FieldView* field = Nth(record)) FieldValues(*field, scratch, take);
    return;
  }
  for (const FieldView& field : record.fields()) {
    if (Chooses(field) && !FieldValues(field, scratch, take)) return;
  }
}

/// Reads the path at the front of `text` from `*at` on, and moves `*at` behind it.
Result<std::shared_ptr<const Path::Program>> ParsePath(std::string_view text, size_t* at);
/// Reads `= value`, `~ 'x'` and so on; nothing where there is no comparison. A bare value ends
/// before a blank or one of `ends`.
Result<std::optional<Test>> ParseTest(std::string_view text, size_t* at, std::string_view ends);
/// `invalid_argument`, with the place.
Status PathError(std::string_view text, size_t at, std::string_view expected);
void SkipBlanks(std::string_view text, size_t* at);

}  // namespace thalweg::marc
