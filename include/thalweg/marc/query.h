#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/record.h"
#include "thalweg/status.h"

// Questions about fields, put together by a program. (In text, see thalweg/marc/path.h.)
namespace thalweg::marc {

/// Which fields of a record: all conditions have to hold. A value type.
class THALWEG_EXPORT FieldQuery {
 public:
  FieldQuery();
  FieldQuery(const FieldQuery&);
  FieldQuery(FieldQuery&&) noexcept;
  FieldQuery& operator=(const FieldQuery&);
  FieldQuery& operator=(FieldQuery&&) noexcept;
  ~FieldQuery();

  FieldQuery& WithTag(Tag tag);
  /// Tags from `first` to `last`, both included, as text orders them.
  FieldQuery& WithTagRange(Tag first, Tag last);
  /// `place` is 1 or 2.
  FieldQuery& WithIndicator(int place, char value);
  FieldQuery& WithSubfield(char code);
  /// Each of `codes`.
  FieldQuery& WithSubfields(std::string_view codes);
  /// A subfield has the value, or a value that contains it. `negate`: none has.
  FieldQuery& WithValue(char code, std::string value, bool partial = false, bool negate = false);
  /// A subfield matches the regular expression (RE2). `negate`: none does. A wrong expression is
  /// told by `status`, and then nothing matches.
  FieldQuery& WithPattern(char code, const std::string& expression, bool negate = false);

  const Status& status() const;
  bool Matches(const FieldView& field) const;
  /// In the order of the record; views of it.
  std::vector<FieldView> Find(const RecordView& record) const;
  std::optional<FieldView> First(const RecordView& record) const;

 private:
  struct Conditions;
  std::unique_ptr<Conditions> conditions_;
};

/// Subject fields (600 to 655) with a subdivision that has this value, in $v, $x, $y or $z.
THALWEG_EXPORT std::vector<FieldView> SubjectsWithSubdivision(const RecordView& record,
                                                              std::string_view value);
/// Values of 020 $a that match the regular expression.
THALWEG_EXPORT Result<std::vector<std::string>> IsbnsMatching(const RecordView& record,
                                                              const std::string& expression);
/// Names (100, 110, 111, 700, 710, 711) whose $a lies between two texts, both included.
THALWEG_EXPORT std::vector<FieldView> NamesInRange(const RecordView& record, std::string_view first,
                                                   std::string_view last);
/// Persons (100, 700) with dates, as name and dates.
THALWEG_EXPORT std::vector<std::pair<std::string, std::string>> AuthorsWithDates(
    const RecordView& record);
/// Headings of an authority record: 1XX, the forms not used (4XX), related ones (5XX).
THALWEG_EXPORT std::optional<FieldView> AuthorityHeading(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> SeeFromTracings(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> SeeAlsoTracings(const RecordView& record);
/// Related headings (5XX) of an authority record whose text contains `text`.
THALWEG_EXPORT std::vector<FieldView> RelatedHeadings(const RecordView& record,
                                                      std::string_view text);
/// Locations (852) of a holdings record, and its holdings in words (866 to 868).
THALWEG_EXPORT std::vector<FieldView> HoldingsLocations(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> TextualHoldings(const RecordView& record);

}  // namespace thalweg::marc
