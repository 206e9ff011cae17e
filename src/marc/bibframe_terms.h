#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "thalweg/marc/field.h"

// The terms that both ways between MARC 21 and BIBFRAME 2 share.
namespace thalweg::marc {

/// `http://id.loc.gov/vocabulary/LIST/CODE`.
std::string Vocabulary(std::string_view list, std::string_view code);
/// The last part of an IRI, behind `/` or `#`, with what was escaped in it: a code of such a list.
std::string CodeOfIri(std::string_view iri);

/// A field as the conversion keeps headings, so that nothing of them is lost: `1001 $aHunt, Ann`.
/// A dollar sign in a value is `{dollar}`.
std::string MarcKeyOf(const FieldView& field);
/// The field that a key stands for; nothing when it is none of a data field.
std::optional<Field> FieldOfMarcKey(std::string_view key);

/// A term of BIBFRAME and the values of MARC that it stands for, each a character.
struct BibframeTerm {
  std::string_view term;
  std::string_view values;
};

/// The Work's class, of leader/06; the first character is that which the class by itself means,
/// the second one is a manuscript.
inline constexpr BibframeTerm kWorkTypes[] = {
    {"bf:Text", "at"},         {"bf:NotatedMusic", "cd"}, {"bf:Cartography", "ef"},
    {"bf:MovingImage", "g"},   {"bf:NonMusicAudio", "i"}, {"bf:MusicAudio", "j"},
    {"bf:StillImage", "k"},    {"bf:Multimedia", "m"},    {"bf:Kit", "o"},
    {"bf:MixedMaterial", "p"}, {"bf:Object", "r"},        {"bf:Audio", "i"},
    {"bf:Dataset", "m"},       {"bf:Tactile", "a"},
};
/// `issuance`, of leader/07.
inline constexpr BibframeTerm kIssuances[] = {
    {"mono", "macd"}, {"serl", "sb"}, {"intg", "i"}, {"mulm", "m"}};
/// The class of a provision activity, of the second indicator of 264.
inline constexpr BibframeTerm kProvisions[] = {{"bf:Production", "0"},
                                               {"bf:Publication", "1"},
                                               {"bf:Distribution", "2"},
                                               {"bf:Manufacture", "3"}};
/// The class of an identifier in 024, of its first indicator.
inline constexpr BibframeTerm kOtherIdentifiers[] = {{"bf:Isrc", "0"}, {"bf:Upc", "1"},
                                                     {"bf:Ismn", "2"}, {"bf:Ean", "3"},
                                                     {"bf:Sici", "4"}, {"bf:Identifier", "8"}};
/// `variantType` of a title, of the second indicator of 246.
inline constexpr BibframeTerm kVariantTitles[] = {
    {"portion", "0"}, {"distinctive", "2"},      {"other", "3"},   {"cover", "4"},
    {"caption", "6"}, {"added title page", "5"}, {"running", "7"}, {"spine", "8"}};
/// `part` of a language, of the subfield of 041.
inline constexpr BibframeTerm kLanguageParts[] = {{"summary", "b"},
                                                  {"sung or spoken text", "d"},
                                                  {"libretto", "e"},
                                                  {"original", "h"},
                                                  {"table of contents", "f"},
                                                  {"accompanying material", "g"},
                                                  {"subtitles", "j"},
                                                  {"intermediate translation", "k"},
                                                  {"original accompanying materials", "m"},
                                                  {"original libretto", "n"}};
/// The thesaurus of a heading, of its second indicator.
inline constexpr BibframeTerm kThesauri[] = {{"lcsh", "0"}, {"lcshac", "1"}, {"mesh", "2"},
                                             {"nal", "3"},  {"cash", "5"},   {"rvm", "6"}};

/// The term whose values have `value`; empty when none has.
template <size_t kCount>
std::string_view TermOf(const BibframeTerm (&table)[kCount], char value) {
  for (const BibframeTerm& entry : table) {
    if (entry.values.find(value) != std::string_view::npos) return entry.term;
  }
  return {};
}
/// The first value of a term; 0 when the table does not have it.
template <size_t kCount>
char ValueOf(const BibframeTerm (&table)[kCount], std::string_view term) {
  for (const BibframeTerm& entry : table) {
    if (entry.term == term) return entry.values[0];
  }
  return 0;
}

}  // namespace thalweg::marc
