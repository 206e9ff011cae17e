#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "io/file_system.h"
#include "thalweg/status.h"

// Steps over the content of one entry, between reading and compressing.
namespace thalweg::archive {

/// One step over the bytes of one entry, in order. One thread at a time.
///
/// What comes out does not depend on how the content is cut into pieces. After a failure the stage
/// is not called again.
class ContentStage {
 public:
  virtual ~ContentStage() = default;
  ContentStage() = default;
  ContentStage(const ContentStage&) = delete;
  ContentStage& operator=(const ContentStage&) = delete;

  /// Takes the next bytes and appends to `*out` what is settled by them; holds back a bounded rest.
  virtual Status Push(std::string_view in, std::string* out) = 0;
  /// The content ends: appends what was held back.
  virtual Status Finish(std::string* out) = 0;
};

/// What a masking stage looks for.
struct PiiPatterns {
  bool email = true;
  bool ssn = true;
  bool phone = true;
  bool card = true;
  char mask = '*';
  bool binary = false;  ///< Masks content that is not text too, instead of refusing it.
};

/// Reads `email+card`, `all`, with `mask=#` and `binary` among them; empty is `all`.
Result<PiiPatterns> ParsePiiPatterns(std::string_view parameter);

/// Replaces the letters and digits of personal data by the mask; separators stay, and so does the
/// length. What it looks for:
///
/// - e-mail addresses: up to 64 characters, `@`, a domain with a dot in it;
/// - United States social security numbers, `123-45-6789` or with spaces;
/// - telephone numbers: ten digits grouped 3-3-4 with optional country code and brackets, or `+`
///   and 8 to 15 digits;
/// - payment cards: 13 to 19 digits, grouped by single blanks or dashes, with a right check digit
///   (ISO/IEC 7812).
///
/// A pattern touching a further letter or digit is none. Content with a control character that no
/// text has is `invalid_argument` unless `binary` is set: a mask there would be luck.
///
/// `masked` is borrowed and counts what was masked; the caller sees to it that stages sharing it
/// run one after the other.
std::unique_ptr<ContentStage> MakePiiMask(const PiiPatterns& patterns, int64_t* masked = nullptr);

enum class Base64Alphabet : uint8_t { kStandard, kUrlSafe };

/// RFC 4648, padded, without line breaks. Three bytes become four, so that a place in the content
/// is known in the text too.
std::unique_ptr<ContentStage> MakeBase64Encoder(Base64Alphabet alphabet);
/// Undoes it. `corruption` for anything that the encoder does not write.
std::unique_ptr<ContentStage> MakeBase64Decoder(Base64Alphabet alphabet);
/// Length of the text of `length` bytes.
constexpr uint64_t Base64Length(uint64_t length) { return (length + 2) / 3 * 4; }

/// What passed a debug stage, over all entries.
struct DebugCounts {
  std::string label;
  int64_t entries = 0;
  int64_t pieces = 0;
  int64_t bytes = 0;
};

/// Passes everything on and counts it in `*counts`, which outlives the stage. The caller sees to it
/// that stages sharing counts run one after the other.
std::unique_ptr<ContentStage> MakeDebug(DebugCounts* counts);

/// Passes everything on and writes it to `*file` as well, which outlives the stage and stays open.
/// Contents of several entries follow one another.
std::unique_ptr<ContentStage> MakeTee(io::WritableFile* file);

}  // namespace thalweg::archive
