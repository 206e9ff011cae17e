#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/record.h"
#include "thalweg/status.h"

// Changes to records, described by paths:
//
//   add 650 _0 $aBotany$xHistory      a field, behind those of its block; `_` is a blank
//   add 003 DLC                       a control field
//   delete 650[ind2=7]                fields
//   delete 020$c                      subfields
//   set LDR/05 = c                    places of the leader or of a control field
//   set 245$a = A new title           the subfields there are; one is added where there is none
//   set 650[$2=fast] ind2 = 7         an indicator
//   replace 300$a /pages?/p./         a regular expression (RE2); /g at the end: each match
namespace thalweg::marc {

/// One thing that an edit did.
struct EditChange {
  std::string before;  ///< The field as a line of MARCMaker's text; empty: there was none.
  std::string after;   ///< Empty: it is gone.
};

/// A list of changes, compiled. Immutable, thread-safe, cheap to copy.
class THALWEG_EXPORT EditScript {
 public:
  /// `invalid_argument` names the command that is wrong.
  static Result<EditScript> Compile(std::span<const std::string> commands);

  /// Applies the commands in their order. Gives how many fields were changed, added or taken away;
  /// `changes` (may be null) gets each. Text has to be UTF-8.
  size_t Apply(Record* record, std::vector<EditChange>* changes) const;

  struct Program;

 private:
  explicit EditScript(std::shared_ptr<const Program> program);
  std::shared_ptr<const Program> program_;
};

/// What `fix` does to records beyond what reading in `lenient` mends already: the constants of the
/// leader, values that no record may have, fields and subfields without anything in them.
struct FixOptions {
  bool leader = true;       ///< 10, 11 and 20-23 as MARC 21 has them.
  bool empty_parts = true;  ///< Subfields without a value and fields without subfields go.
  bool fixed_field = true;  ///< 008 of more or fewer than 40 characters is filled up or cut, where
                            ///< only blanks are lost.
};
/// Gives how many changes were made; `changes` (may be null) gets each.
THALWEG_EXPORT size_t FixRecord(Record* record, const FixOptions& options,
                                std::vector<EditChange>* changes);

}  // namespace thalweg::marc
