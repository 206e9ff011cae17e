#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "thalweg/export.h"
#include "thalweg/marc/field.h"
#include "thalweg/status.h"

// What can be wrong with a record, and where.
namespace thalweg::marc {

/// Stable: programs may compare them. `DefectInfo::id` is the name for people, such as `E101`.
enum class DefectCode : uint8_t {
  kRecordLengthInvalid,     // E001
  kLeaderInvalid,           // E002
  kBaseAddressInvalid,      // E003
  kBaseAddressNotFound,     // E004
  kTruncatedRecord,         // E005
  kEndOfRecordNotFound,     // E006
  kIoError,                 // E007
  kJunkBetweenRecords,      // E008
  kRecordTooLong,           // E009
  kFatalReaderError,        // E099
  kDirectoryInvalid,        // E101
  kFieldNotTerminated,      // E102
  kFieldOutOfBounds,        // E103
  kNoFields,                // E104
  kFieldNotFound,           // E105
  kInvalidField,            // E106
  kFieldLengthInvalid,      // E107
  kUnclaimedData,           // W006
  kTextBeforeSubfield,      // W007
  kInvalidIndicator,        // E201
  kBadSubfieldCode,         // E202
  kMissingSubfield,         // E203
  kUtf8Invalid,             // E301
  kMarc8Invalid,            // E302
  kEncodingUnsupported,     // E303
  kMarcxmlInvalid,          // E401
  kMarcjsonInvalid,         // E402
  kMrkInvalid,              // E403
  kRecordTooLarge,          // E404
  kTextFormatInvalid,       // E405
  kBadSubfieldCodeWarning,  // W001
  kBlankBetweenRecords,     // W002
  kOversizeRecord,          // W003
  kLyingLeader,             // W004
  kUnimarc,                 // W005
};

enum class Severity : uint8_t {
  kWarning,  ///< Nothing is lost: every mode goes on.
  kError,    ///< `strict` stops here, `lenient` repairs, `skip` drops the record.
};

struct DefectInfo {
  DefectCode code;
  Severity severity;
  const char* id;       ///< `E101`.
  const char* slug;     ///< `directory_invalid`.
  const char* summary;  ///< One sentence.
};

THALWEG_EXPORT std::span<const DefectInfo> AllDefects();
THALWEG_EXPORT const DefectInfo& InfoOf(DefectCode code);

/// One defect of one record. What is not known is empty or -1.
struct THALWEG_EXPORT Defect {
  DefectCode code = DefectCode::kFatalReaderError;
  bool repaired = false;       ///< The record is there, mended; otherwise it was dropped.
  int64_t record_index = -1;   ///< From 0, counting every record of the input.
  int64_t byte_offset = -1;    ///< In the (decompressed) input.
  int64_t record_offset = -1;  ///< `byte_offset` from the record's first byte.
  std::string source;          ///< Name of the input.
  std::string control_number;  ///< 001.
  Tag tag;                     ///< Packed 0: none.
  int indicator = 0;           ///< 1 or 2.
  char subfield_code = 0;
  std::string found;
  std::string expected;
  std::string bytes_near;  ///< Up to 32 bytes around the place.

  const DefectInfo& info() const { return InfoOf(code); }
  /// One line: `E101 directory_invalid: record 7 (001 'ocm123') at byte 4711: found …`.
  std::string ToString() const;
  /// One JSON object, one line.
  std::string ToJson() const;
  /// The page and anchor that explain the code.
  std::string HelpUrl() const;
  Status ToStatus() const;
};

/// Bytes as hexadecimal digits and text, 16 a line.
THALWEG_EXPORT std::string HexDump(std::string_view bytes);

}  // namespace thalweg::marc
