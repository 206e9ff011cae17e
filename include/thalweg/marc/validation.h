#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/defect.h"
#include "thalweg/marc/record.h"
#include "thalweg/status.h"

// What records say, checked against MARC 21 and against rules of one's own. (Whether they can be
// read at all is the reader's concern: see `Defect`.)
namespace thalweg::marc {

/// Named as Avram 0.9 names them where it does.
enum class Rule : uint8_t {
  kUndefinedField,
  kDeprecatedField,
  kNonrepeatableField,
  kMissingField,
  kInvalidIndicator,
  kDeprecatedIndicator,
  kUndefinedSubfield,
  kDeprecatedSubfield,
  kNonrepeatableSubfield,
  kMissingSubfield,
  kInvalidLength,  ///< Of 006, 007 or 008.
  kUndefinedCode,  ///< At a position of the leader, 006, 007 or 008, or in a subfield.
  kDeprecatedCode,
  kPatternMismatch,
  kInvalidIsbn,
  kInvalidIssn,
  kInvalidLccn,
};
inline constexpr size_t kRuleCount = 17;

struct RuleInfo {
  Rule rule;
  Severity severity;
  const char* id;       ///< `undefinedField`: stable.
  const char* summary;  ///< One sentence.
};
THALWEG_EXPORT std::span<const RuleInfo> AllRules();
THALWEG_EXPORT const RuleInfo& InfoOf(Rule rule);

/// One thing that is wrong with what a record says. What does not apply is 0 or -1.
struct THALWEG_EXPORT Finding {
  Rule rule = Rule::kUndefinedField;
  Severity severity = Severity::kError;
  Tag tag;               ///< `LDR` for the leader.
  int occurrence = 0;    ///< From 1, among the fields with this tag.
  int indicator = 0;     ///< 1 or 2.
  char code = 0;         ///< Of the subfield.
  int first = -1;        ///< First position, and
  int last = -1;         ///< last, counted from 0.
  std::string value;     ///< What was found.
  std::string expected;  ///< What may stand there, or what the place is called.

  /// What counts as the same finding in another record: `invalidIndicator 245 ind1`.
  std::string Kind() const;
  /// `error invalidIndicator: 245 ind1: '5', expected one of 0 1`.
  std::string ToString() const;
  std::string ToJson() const;
};

struct ValidationOptions {
  bool marc21 = true;                ///< The rules of MARC 21 for the record's kind.
  bool identifiers = true;           ///< ISBN, ISSN and LCCN.
  std::vector<std::string> schemas;  ///< Avram schemas, as JSON. A field that one defines replaces
                                     ///< the field of that tag before it.
};

/// Checks records. Immutable, thread-safe, cheap to copy.
class THALWEG_EXPORT Validator {
 public:
  /// `invalid_argument` names what is wrong with a schema.
  static Result<Validator> Make(const ValidationOptions& options);

  /// Appends what is found, in the order of the record.
  void Check(const RecordView& record, std::vector<Finding>* findings) const;

  struct Rules;

 private:
  explicit Validator(std::shared_ptr<const Rules> rules);
  std::shared_ptr<const Rules> rules_;
};

/// The rules for records of a kind, as an Avram schema in JSON.
THALWEG_EXPORT std::string AvramSchema(RecordKind kind);

// --- identifiers --------------------------------------------------------------------------------

/// The digits (and `X`) of the ISBN that `text` begins with, 10 or 13 of them, whether or not the
/// check digit is right; nothing when it begins with none.
THALWEG_EXPORT std::optional<std::string> NormalizeIsbn(std::string_view text);
/// `text` begins with an ISBN whose check digit is right. What follows behind a blank or bracket,
/// such as `(pbk.)`, does not matter.
THALWEG_EXPORT bool IsValidIsbn(std::string_view text);
/// The 13 digits of an ISBN of 10 or 13; nothing when it is not valid.
THALWEG_EXPORT std::optional<std::string> Isbn13(std::string_view text);
/// Every valid ISBN in 020 $a, normalised.
THALWEG_EXPORT std::vector<std::string> ExtractIsbns(const RecordView& record);
/// `1234-5679`; the hyphen may be missing.
THALWEG_EXPORT bool IsValidIssn(std::string_view text);
/// A Library of Congress control number in the form that URIs have: `   85000002 ` -> `85000002`,
/// `n 78-890351` -> `n78890351`. Nothing when it is none.
THALWEG_EXPORT std::optional<std::string> NormalizeLccn(std::string_view text);

}  // namespace thalweg::marc
