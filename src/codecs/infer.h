#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string_view>

// The types that text gets without being asked: BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, VARCHAR.
namespace thalweg::codecs {

/// Whether the timestamps of a column carry a zone (`Z`, `+02:00`).
enum class ZoneRule : uint8_t { kAny, kAbsent, kPresent };

/// Collects the texts of one column and answers the narrowest type that holds every one of them
/// without changing what it says. A text with a leading zero or a plus sign is no number, nor is
/// one beyond its type; only ISO dates are dates.
class TypeGuess {
 public:
  /// `text` is not null; spaces around anything but text do not count.
  void Add(std::string_view text);

  /// The type, or null where no text was added.
  std::shared_ptr<arrow::DataType> type() const;
  /// For a timestamp column.
  ZoneRule zone() const { return zone_; }
  /// True where `text` would leave the type as it is.
  bool Fits(std::string_view text) const;

 private:
  bool any_ = false;
  bool number_ = false;  // A text with digits: `nan` and `inf` alone make no DOUBLE.
  bool boolean_ = true;
  bool integer_ = true;
  bool double_ = true;
  bool date_ = true;
  bool timestamp_ = true;
  ZoneRule zone_ = ZoneRule::kAny;
};

/// `text` without spaces and tabs around it.
std::string_view TrimSpaces(std::string_view text);

// What an inferred column takes: parsing gives the value, and the text stands for nothing else.
bool InferredInteger(std::string_view text, int64_t* out);
bool InferredDouble(std::string_view text, double* out);
bool InferredBoolean(std::string_view text, bool* out);
/// Fractions finer than a microsecond do not fit; dates alone do.
bool InferredTimestamp(std::string_view text, ZoneRule rule, int64_t* micros);

}  // namespace thalweg::codecs
