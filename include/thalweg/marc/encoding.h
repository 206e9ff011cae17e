#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/defect.h"
#include "thalweg/marc/record.h"
#include "thalweg/status.h"

// Character sets of MARC records: MARC-8, UTF-8, and what else files hold.
namespace thalweg::marc {

/// Which of Unicode's normal forms text should have.
enum class Normalization : uint8_t { kNone, kNfc, kNfd };

/// What to do with text that does not decode.
enum class InvalidText : uint8_t {
  kStrict,   ///< A defect: the record is dropped in `strict` and `skip`, repaired in `lenient`.
  kReplace,  ///< U+FFFD for each maximal part that does not decode.
  kIgnore,   ///< Left out.
};

/// Appends `text` in normal form. False, and nothing appended, when it is not UTF-8.
THALWEG_EXPORT bool AppendNormalized(std::string_view text, Normalization form, std::string* out);
THALWEG_EXPORT bool IsUtf8(std::string_view text);
/// Appends `text` as UTF-8 with what does not decode replaced or left out; gives how often.
THALWEG_EXPORT size_t AppendRepairedUtf8(std::string_view text, InvalidText how, std::string* out);

/// Whose reading of MARC-8 to follow where they differ.
enum class Marc8Profile : uint8_t {
  kLoc,     ///< The Library of Congress's tables; decomposed text.
  kPymarc,  ///< As pymarc 5.4: its tables, its treatment of bad bytes, its output before NFC.
};

struct Marc8DecodeOptions {
  Marc8Profile profile = Marc8Profile::kLoc;
  bool decode_references = true;  ///< `&#x4E00;` becomes the character.
};

/// Appends the Unicode of a field's MARC-8 text. Gives how many bytes or codes had no mapping; each
/// became U+FFFD (a blank in pymarc's profile). Always starts with the default sets.
THALWEG_EXPORT size_t AppendUnicodeOfMarc8(std::string_view text, const Marc8DecodeOptions& options,
                                           std::string* out);

struct Marc8Character {
  uint32_t character;
  bool combining;  ///< Stands before its base in MARC-8.
};
/// What pymarc's tables have for a code, which keeps its high bit, of the set with this final
/// byte.
THALWEG_EXPORT std::optional<Marc8Character> FindAsPymarc(char final_byte, uint32_t code);
/// Codes that pymarc knows in every set.
THALWEG_EXPORT std::optional<uint32_t> FindOddAsPymarc(uint32_t code);

enum class Unmappable : uint8_t {
  kReference,    ///< `&#x1F600;`: nothing is lost.
  kPlaceholder,  ///< `|`.
};

/// The sets beyond ASCII and ANSEL that MARC-8 text made use of, as a set of their final bytes.
class THALWEG_EXPORT Marc8Sets {
 public:
  void Add(char final_byte);
  bool empty() const { return bits_ == 0; }
  /// The values of field 066's $c: `(N`, `$1`, ….
  std::vector<std::string> Designations() const;

 private:
  uint32_t bits_ = 0;
};

/// Appends the MARC-8 of UTF-8 text and adds the sets it needs to `sets` (may be null). Gives how
/// many characters had no code. Ends in the default sets.
THALWEG_EXPORT size_t AppendMarc8OfUtf8(std::string_view text, Unmappable unmappable,
                                        Marc8Sets* sets, std::string* out);

/// How a record's text is written, by its leader and by its bytes.
enum class TextEncoding : uint8_t { kAscii, kMarc8, kUtf8, kUnimarc, kOther };
THALWEG_EXPORT const char* NameOf(TextEncoding encoding);

struct EncodingReport {
  TextEncoding declared = TextEncoding::kMarc8;  ///< kMarc8 or kUtf8, by leader/09; kUnimarc.
  TextEncoding found = TextEncoding::kAscii;     ///< What the bytes can only be; kAscii fits all.
  bool lying = false;  ///< `declared` contradicts `found`: UTF-8 under a blank, or the reverse.
};
THALWEG_EXPORT EncodingReport ExamineEncoding(const RecordView& record);
/// A record that follows UNIMARC: its character sets stand in 100$a/26-29, not in leader/09.
THALWEG_EXPORT bool LooksLikeUnimarc(const RecordView& record);

struct DecodeOptions {
  bool force_utf8 = false;           ///< Whatever leader/09 says.
  bool detect_lying_leaders = true;  ///< UTF-8 under a MARC-8 leader is read as UTF-8, and counted.
  std::string file_encoding;         ///< Of records whose leader does not say UTF-8; empty: MARC-8.
  InvalidText invalid = InvalidText::kStrict;
  Normalization normalize = Normalization::kNone;
  Marc8DecodeOptions marc8;
};

/// A record whose text is UTF-8 and whose leader/09 says so. One that is so already is shared,
/// not copied. Field 066 goes with the escapes. `defects` gets what was found on the way; a failure
/// means that the record cannot be decoded.
THALWEG_EXPORT Result<Record> ToUnicode(const Record& record, const DecodeOptions& options,
                                        std::vector<Defect>* defects);

struct EncodeMarc8Options {
  Unmappable unmappable = Unmappable::kReference;
};
/// A record whose text is MARC-8, with leader/09 blank and field 066 when it needs one. `lost` gets
/// the number of characters that had no code.
THALWEG_EXPORT Result<Record> ToMarc8(const Record& record, const EncodeMarc8Options& options,
                                      size_t* lost);
/// A UTF-8 record whose text has the normal form.
THALWEG_EXPORT Result<Record> Normalized(const Record& record, Normalization form);

}  // namespace thalweg::marc
