#include <algorithm>
#include <array>
#include <iterator>

#include "thalweg/marc/leader.h"

// The values of the leader's places, after the MARC 21 formats for bibliographic, authority,
// holdings, classification and community information data.
namespace thalweg::marc {
namespace {

using Values = std::span<const LeaderValue>;

constexpr LeaderValue kStatusBibliographic[] = {
    {'a', "Increase in encoding level"},
    {'c', "Corrected or revised"},
    {'d', "Deleted"},
    {'n', "New"},
    {'p', "Increase in encoding level from prepublication"},
};
constexpr LeaderValue kStatusAuthority[] = {
    {'a', "Increase in encoding level"},
    {'c', "Corrected or revised"},
    {'d', "Deleted"},
    {'n', "New"},
    {'o', "Obsolete"},
    {'s', "Deleted; heading split into two or more headings"},
    {'x', "Deleted; heading replaced by another heading"},
};
constexpr LeaderValue kStatusPlain[] = {
    {'c', "Corrected or revised"},
    {'d', "Deleted"},
    {'n', "New"},
};
constexpr LeaderValue kStatusClassification[] = {
    {'a', "Increase in encoding level"},
    {'c', "Corrected or revised"},
    {'d', "Deleted"},
    {'n', "New"},
};
constexpr LeaderValue kTypeBibliographic[] = {
    {'a', "Language material"},
    {'c', "Notated music"},
    {'d', "Manuscript notated music"},
    {'e', "Cartographic material"},
    {'f', "Manuscript cartographic material"},
    {'g', "Projected medium"},
    {'i', "Nonmusical sound recording"},
    {'j', "Musical sound recording"},
    {'k', "Two-dimensional nonprojectable graphic"},
    {'m', "Computer file"},
    {'o', "Kit"},
    {'p', "Mixed materials"},
    {'r', "Three-dimensional artifact or naturally occurring object"},
    {'t', "Manuscript language material"},
};
constexpr LeaderValue kTypeAuthority[] = {{'z', "Authority data"}};
constexpr LeaderValue kTypeHoldings[] = {
    {'u', "Unknown"},
    {'v', "Multipart item holdings"},
    {'x', "Single-part item holdings"},
    {'y', "Serial item holdings"},
};
constexpr LeaderValue kTypeClassification[] = {{'w', "Classification data"}};
constexpr LeaderValue kTypeCommunity[] = {{'q', "Community information"}};
constexpr LeaderValue kLevelBibliographic[] = {
    {'a', "Monographic component part"},
    {'b', "Serial component part"},
    {'c', "Collection"},
    {'d', "Subunit"},
    {'i', "Integrating resource"},
    {'m', "Monograph/item"},
    {'s', "Serial"},
};
constexpr LeaderValue kKindCommunity[] = {
    {'n', "Individual"}, {'o', "Organization"}, {'p', "Program or service"},
    {'q', "Event"},      {'z', "Other"},
};
constexpr LeaderValue kControlBibliographic[] = {
    {' ', "No specified type"},
    {'a', "Archival"},
};
constexpr LeaderValue kCoding[] = {
    {' ', "MARC-8"},
    {'a', "UCS/Unicode"},
};
constexpr LeaderValue kTwo[] = {{'2', "Always two"}};
constexpr LeaderValue kEncodingBibliographic[] = {
    {' ', "Full level"},
    {'1', "Full level, material not examined"},
    {'2', "Less-than-full level, material not examined"},
    {'3', "Abbreviated level"},
    {'4', "Core level"},
    {'5', "Partial (preliminary) level"},
    {'7', "Minimal level"},
    {'8', "Prepublication level"},
    {'u', "Unknown"},
    {'z', "Not applicable"},
};
constexpr LeaderValue kEncodingAuthority[] = {
    {'n', "Complete authority record"},
    {'o', "Incomplete authority record"},
};
constexpr LeaderValue kEncodingHoldings[] = {
    {'1', "Holdings level 1"},
    {'2', "Holdings level 2"},
    {'3', "Holdings level 3"},
    {'4', "Holdings level 4"},
    {'5', "Holdings level 4 with piece designation"},
    {'m', "Mixed level"},
    {'u', "Unknown"},
    {'z', "Other level"},
};
constexpr LeaderValue kEncodingClassification[] = {
    {'n', "Complete classification record"},
    {'o', "Incomplete classification record"},
};
constexpr LeaderValue kForm[] = {
    {' ', "Non-ISBD"},
    {'a', "AACR 2"},
    {'c', "ISBD punctuation omitted"},
    {'i', "ISBD punctuation included"},
    {'n', "Non-ISBD punctuation omitted"},
    {'u', "Unknown"},
};
constexpr LeaderValue kPunctuationAuthority[] = {
    {' ', "No information provided"},
    {'c', "Punctuation omitted"},
    {'i', "Punctuation included"},
    {'u', "Unknown"},
};
constexpr LeaderValue kItemsHoldings[] = {
    {'i', "Item information in record"},
    {'n', "No item information in record"},
};
constexpr LeaderValue kMultipart[] = {
    {' ', "Not specified or not applicable"},
    {'a', "Set"},
    {'b', "Part with independent title"},
    {'c', "Part with dependent title"},
};
constexpr LeaderValue kFour[] = {{'4', "Length of the length of a field, always four"}};
constexpr LeaderValue kFive[] = {{'5', "Length of the starting place, always five"}};
constexpr LeaderValue kZeroPortion[] = {{'0', "Length of the implementation-defined part"}};
constexpr LeaderValue kUndefined[] = {{'0', "Undefined"}};

// By kind, in the order of RecordKind.
struct Place {
  size_t place;
  const char* name;
  std::array<Values, 5> values;
};
constexpr std::array<Values, 5> All(Values values) {
  return {values, values, values, values, values};
}
constexpr Place kPlaces[] = {
    {5,
     "record_status",
     {kStatusBibliographic, kStatusAuthority, kStatusPlain, kStatusClassification, kStatusPlain}},
    {6,
     "type_of_record",
     {kTypeBibliographic, kTypeAuthority, kTypeHoldings, kTypeClassification, kTypeCommunity}},
    {7, "bibliographic_level", {kLevelBibliographic, Values(), Values(), Values(), kKindCommunity}},
    {8, "type_of_control", {kControlBibliographic, Values(), Values(), Values(), Values()}},
    {9, "coding_scheme", All(kCoding)},
    {10, "indicator_count", All(kTwo)},
    {11, "subfield_code_count", All(kTwo)},
    {17,
     "encoding_level",
     {kEncodingBibliographic, kEncodingAuthority, kEncodingHoldings, kEncodingClassification,
      Values()}},
    {18,
     "cataloging_form",
     {kForm, kPunctuationAuthority, kItemsHoldings, kPunctuationAuthority, Values()}},
    {19, "multipart_level", {kMultipart, Values(), Values(), Values(), Values()}},
    {20, "length_of_field_length", All(kFour)},
    {21, "length_of_start", All(kFive)},
    {22, "length_of_implementation_defined", All(kZeroPortion)},
    {23, "undefined", All(kUndefined)},
};

const Place* Find(size_t place) {
  const auto* found = std::find_if(std::begin(kPlaces), std::end(kPlaces),
                                   [place](const Place& p) { return p.place == place; });
  return found == std::end(kPlaces) ? nullptr : found;
}

}  // namespace

std::span<const LeaderValue> LeaderValues(size_t place, RecordKind kind) {
  const Place* found = Find(place);
  return found == nullptr ? Values() : found->values[static_cast<size_t>(kind)];
}

std::optional<std::string_view> LeaderMeaning(size_t place, char value, RecordKind kind) {
  for (const LeaderValue& known : LeaderValues(place, kind)) {
    if (known.value == value) return known.meaning;
  }
  return {};
}

std::string_view LeaderPlaceName(size_t place) {
  const Place* found = Find(place);
  return found == nullptr ? std::string_view() : found->name;
}

bool IsLeaderValue(size_t place, char value, RecordKind kind) {
  return LeaderValues(place, kind).empty() || LeaderMeaning(place, value, kind).has_value();
}

}  // namespace thalweg::marc
