#pragma once

#include <optional>
#include <string>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/record.h"

// What authority and holdings records say of themselves (MARC 21 Formats for Authority Data and for
// Holdings Data). Headings, tracings, locations and textual holdings: see thalweg/marc/query.h.
namespace thalweg::marc {

// --- authority ----------------------------------------------------------------------------------

/// The heading (1XX) as people write it: subdivisions behind `--`, the rest behind blanks, without
/// numbers and codes ($0 to $8, $i, $w).
THALWEG_EXPORT std::optional<std::string> HeadingText(const RecordView& record);
/// Notes: 663 to 688.
THALWEG_EXPORT std::vector<FieldView> AuthorityNotes(const RecordView& record);
/// Headings of other systems that are linked: 7XX.
THALWEG_EXPORT std::vector<FieldView> HeadingLinks(const RecordView& record);
/// 008/09: `a` established heading, `b` untraced reference, `c` traced reference, `d` subdivision,
/// `e` node label, `f` established heading and subdivision, `g` reference and subdivision.
THALWEG_EXPORT std::optional<char> AuthorityKind(const RecordView& record);
/// 008/33: `a` fully established, `b` memorandum, `c` provisional, `d` preliminary, `n` none.
THALWEG_EXPORT std::optional<char> EstablishmentLevel(const RecordView& record);
/// The heading is one that may be used in other records.
THALWEG_EXPORT bool IsEstablished(const RecordView& record);
/// The record leads from a form that is not used to one that is.
THALWEG_EXPORT bool IsReference(const RecordView& record);

// --- holdings -----------------------------------------------------------------------------------

/// Captions and patterns: 853 to 855.
THALWEG_EXPORT std::vector<FieldView> HoldingsCaptions(const RecordView& record);
/// Enumeration and chronology: 863 to 865.
THALWEG_EXPORT std::vector<FieldView> HoldingsEnumeration(const RecordView& record);
/// Item information: 876 to 878.
THALWEG_EXPORT std::vector<FieldView> HoldingsItems(const RecordView& record);
/// leader/06: `u` unknown, `v` multipart, `x` single-part, `y` serial; nothing in other records.
THALWEG_EXPORT std::optional<char> HoldingsType(const RecordView& record);
/// 008/06, such as `4` currently received.
THALWEG_EXPORT std::optional<char> AcquisitionStatus(const RecordView& record);
/// 008/07, such as `p` purchase.
THALWEG_EXPORT std::optional<char> AcquisitionMethod(const RecordView& record);
/// 008/16: `1` complete, `2` incomplete, `3` scattered, `4` not applicable, `0` other.
THALWEG_EXPORT std::optional<char> Completeness(const RecordView& record);
THALWEG_EXPORT bool IsSerialHoldings(const RecordView& record);
THALWEG_EXPORT bool IsMultipartHoldings(const RecordView& record);

}  // namespace thalweg::marc
