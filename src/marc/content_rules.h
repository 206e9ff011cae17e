#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "marc/text_pattern.h"
#include "thalweg/marc/leader.h"
#include "thalweg/marc/validation.h"

// What may stand in records, as tables that are quick to ask.
namespace thalweg::marc {

using ByteSet = std::bitset<256>;

/// One or more positions of a fixed-length field.
struct PositionRule {
  int first = 0;
  int last = 0;
  bool each = true;  ///< `chars` are for each character; otherwise `codes` are for the whole.
  bool fill = true;  ///< `|` may stand there as well.
  ByteSet chars;
  ByteSet deprecated;
  std::map<std::string, bool, std::less<>> codes;  ///< Code -> is deprecated.
  std::shared_ptr<const TextPattern> pattern;
  std::string name;
};

struct IndicatorRule {
  bool any = true;
  ByteSet values;
  ByteSet deprecated;
};

struct SubfieldRule {
  bool repeatable = false;
  bool required = false;
  bool deprecated = false;
  std::map<std::string, bool, std::less<>> codes;  ///< Empty: any value.
  std::shared_ptr<const TextPattern> pattern;
  std::string name;
};

struct FieldRule {
  std::string name;
  bool repeatable = false;
  bool required = false;
  bool deprecated = false;
  bool any_subfield = false;
  std::array<IndicatorRule, 2> indicators;
  /// By code, for codes below 128: bit 0 defined, bit 1 repeatable, bit 2 deprecated, bit 3 has
  /// more to it, which `details` says.
  std::array<uint8_t, 128> codes{};
  std::map<char, SubfieldRule> details;
  bool any_required = false;  ///< Of `details`.
  std::vector<PositionRule> positions;
  std::vector<int> lengths;
  std::shared_ptr<const TextPattern> pattern;
};
inline constexpr uint8_t kDefined = 1;
inline constexpr uint8_t kRepeatable = 2;
inline constexpr uint8_t kDeprecatedCode = 4;
inline constexpr uint8_t kDetailed = 8;

/// The rules for one kind of record. Copying is cheap enough to change a copy.
class RuleTable {
 public:
  /// Adds the fields of a text in the form of src/marc/rules.
  void AddFields(std::string_view text);
  /// Adds a field or replaces it.
  void Set(Tag tag, FieldRule rule);
  const FieldRule* Find(Tag tag) const;
  const std::map<Tag, FieldRule>& all() const { return fields_; }
  bool empty() const { return fields_.empty(); }
  void Clear() { fields_.clear(); }

  std::vector<PositionRule> leader;
  bool open = false;  ///< Tags that are not in the table are no finding.

 private:
  std::map<Tag, FieldRule> fields_;
};

/// Positions of 006, 007 and 008 by material: `books`, `serials`, …, `auth`; `a`, `c`, … of 007.
struct FixedFieldRules {
  struct Material {
    std::vector<PositionRule> positions;
    std::vector<int> lengths;
  };
  std::map<std::string, Material, std::less<>> of_008;
  std::map<std::string, Material, std::less<>> of_007;
  Material of_006;

  static const FixedFieldRules& Get();
};

/// MARC 21's own rules.
const RuleTable& Marc21Rules(RecordKind kind);
/// `books`, `serials`, `music`, `maps`, `visual`, `computer`, `mixed`, by leader/06 and /07, or by
/// 006/00 where `s` is serials; empty when the type is not defined.
std::string_view MaterialOf(char type, char level);

}  // namespace thalweg::marc
