#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "thalweg/export.h"
#include "thalweg/marc/field.h"

// The 24 bytes at the head of a record (MARC 21, Leader).
namespace thalweg::marc {

/// The five MARC 21 formats, by leader/06.
enum class RecordKind : uint8_t {
  kBibliographic,
  kAuthority,
  kHoldings,
  kClassification,
  kCommunity
};

/// `bibliographic`, `authority`, ….
THALWEG_EXPORT const char* NameOf(RecordKind kind);
THALWEG_EXPORT RecordKind KindOfType(char type_of_record);

/// A value type. Bytes are kept whatever they are.
class THALWEG_EXPORT Leader {
 public:
  /// Blank but for `22` and `4500`.
  Leader() = default;
  /// Shorter text is filled with blanks, longer text cut.
  explicit Leader(std::string_view text);

  std::string_view text() const { return {bytes_.data(), bytes_.size()}; }
  char at(size_t place) const { return bytes_[place]; }
  void set(size_t place, char value) { bytes_[place] = value; }
  /// Writes `text` at `place`; false, and nothing done, when it does not fit.
  bool Replace(size_t place, std::string_view text);

  std::optional<int> record_length() const { return Number(0, 5); }
  char status() const { return bytes_[5]; }
  char type_of_record() const { return bytes_[6]; }
  char bibliographic_level() const { return bytes_[7]; }
  char type_of_control() const { return bytes_[8]; }
  char coding_scheme() const { return bytes_[9]; }
  char indicator_count() const { return bytes_[10]; }
  char subfield_code_count() const { return bytes_[11]; }
  std::optional<int> base_address() const { return Number(12, 5); }
  char encoding_level() const { return bytes_[17]; }
  char cataloging_form() const { return bytes_[18]; }
  char multipart_level() const { return bytes_[19]; }
  std::string_view entry_map() const { return text().substr(20, 4); }

  void set_record_length(int length) { SetNumber(0, length); }
  void set_base_address(int address) { SetNumber(12, address); }
  /// `a`: UTF-8. Blank: MARC-8.
  void set_coding_scheme(char scheme) { bytes_[9] = scheme; }

  RecordKind kind() const { return KindOfType(type_of_record()); }
  bool is_utf8() const { return coding_scheme() == 'a'; }
  bool operator==(const Leader&) const = default;

 private:
  std::optional<int> Number(size_t place, size_t digits) const;
  void SetNumber(size_t place, int value);

  std::array<char, kLeaderSize> bytes_ = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
                                          ' ', ' ', '2', '2', ' ', ' ', ' ', ' ',
                                          ' ', ' ', ' ', ' ', '4', '5', '0', '0'};
};

struct LeaderValue {
  char value;
  const char* meaning;
};

/// The values that MARC 21 defines for a place of the leader in records of a kind; empty where
/// any value may stand.
THALWEG_EXPORT std::span<const LeaderValue> LeaderValues(size_t place, RecordKind kind);
/// What a value means; nothing when it is not defined.
THALWEG_EXPORT std::optional<std::string_view> LeaderMeaning(size_t place, char value,
                                                             RecordKind kind);
/// What a place is called: `record_status`; empty for places without a name of their own.
THALWEG_EXPORT std::string_view LeaderPlaceName(size_t place);
/// True where any value may stand, too.
THALWEG_EXPORT bool IsLeaderValue(size_t place, char value, RecordKind kind);

}  // namespace thalweg::marc
