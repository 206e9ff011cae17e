#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/record.h"

// What people ask a bibliographic record, defined as pymarc defines it, and the links between
// fields and their other-script forms.
namespace thalweg::marc {

/// 245 $a and $b.
THALWEG_EXPORT std::optional<std::string> Title(const RecordView& record);
/// 100, 110 or 111.
THALWEG_EXPORT std::optional<std::string> Author(const RecordView& record);
/// 130 or 240.
THALWEG_EXPORT std::optional<std::string> UniformTitle(const RecordView& record);
/// The first run of digits, `x` and hyphens of 020 $a, without hyphens.
THALWEG_EXPORT std::optional<std::string> Isbn(const RecordView& record);
/// 022 $a.
THALWEG_EXPORT std::optional<std::string> Issn(const RecordView& record);
/// 022 $l.
THALWEG_EXPORT std::optional<std::string> IssnL(const RecordView& record);
/// 222 $a and $b.
THALWEG_EXPORT std::optional<std::string> IssnTitle(const RecordView& record);
/// 086.
THALWEG_EXPORT std::optional<std::string> Sudoc(const RecordView& record);
/// 260 $b, or 264 $b with second indicator 1, whichever field comes first.
THALWEG_EXPORT std::optional<std::string> Publisher(const RecordView& record);
/// 260 $c, or 264 $c with second indicator 1, whichever field comes first.
THALWEG_EXPORT std::optional<std::string> PublicationYear(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> Series(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> Subjects(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> AddedEntries(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> Locations(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> Notes(const RecordView& record);
THALWEG_EXPORT std::vector<FieldView> PhysicalDescription(const RecordView& record);

/// leader/06 and /07 as a cataloguer reads them.
THALWEG_EXPORT bool IsBook(const RecordView& record);
THALWEG_EXPORT bool IsSerial(const RecordView& record);
THALWEG_EXPORT bool IsMusic(const RecordView& record);
THALWEG_EXPORT bool IsAudiovisual(const RecordView& record);

/// Subfield 6, taken apart loosely: a tag, a hyphen and digits; the rest may be missing.
struct Linkage {
  Tag tag;
  std::string_view occurrence;  ///< `01`; `00` says that there is no partner.
  std::string_view script;      ///< As it stands: `(N`, `$1`, `Hebr`, ….
  bool right_to_left = false;
  bool linked() const { return occurrence != "00"; }
};
THALWEG_EXPORT std::optional<Linkage> LinkageOf(const FieldView& field);

struct FieldPair {
  FieldView field;
  std::optional<FieldView> vernacular;  ///< The 880 linked with it.
};
/// The 880 fields linked with `field`.
THALWEG_EXPORT std::vector<FieldView> LinkedFields(const RecordView& record,
                                                   const FieldView& field);
/// The field that an 880 belongs to.
THALWEG_EXPORT std::optional<FieldView> OriginalField(const RecordView& record,
                                                      const FieldView& vernacular);
/// Every field that says it is linked, with its 880 where there is one.
THALWEG_EXPORT std::vector<FieldPair> Pairs(const RecordView& record);

}  // namespace thalweg::marc
