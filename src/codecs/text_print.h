#pragma once

#include <arrow/array.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"
#include "thalweg/status.h"

// The text of values, as the writers of delimited text and JSON print them.
namespace thalweg::codecs {

/// Room that `PrintedColumn::PrintFixed` needs at most.
inline constexpr size_t kFixedTextMax = 96;

/// A column that is read row by row to be printed. Keeps the array alive.
class PrintedColumn {
 public:
  enum class Kind : uint8_t { kFixed, kText, kBlob, kNested };

  /// `unsupported` for a type that has no text.
  static Result<PrintedColumn> Make(const columnar::ArrayPtr& array);
  /// As `Make`, without an array.
  static Status Check(const arrow::DataType& type);

  Kind kind() const { return kind_; }
  /// Numbers and booleans: JSON prints them without quotes.
  bool is_bare() const { return bare_; }
  bool IsNull(int64_t row) const {
    return validity_ != nullptr ? !BitOf(validity_, row) : all_null_;
  }
  /// Writes the value of a `kFixed` column that is not null; returns its end.
  char* PrintFixed(int64_t row, char* out) const;
  /// The value of a `kText` or `kBlob` column that is not null.
  std::string_view Text(int64_t row) const { return (*text_)[row]; }
  /// Appends the value as JSON, `null` included.
  void AppendJson(int64_t row, std::string* out) const;

 private:
  PrintedColumn() = default;
  Status SetKind(const arrow::DataType& type);
  Status SetChildren(const columnar::ArrayPtr& array);
  template <typename T>
  T At(int64_t row) const {
    return reinterpret_cast<const T*>(values_)[row + offset_];
  }
  bool BitOf(const uint8_t* bits, int64_t row) const {
    const int64_t bit = row + offset_;
    return ((bits[bit >> 3] >> (bit & 7)) & 1) != 0;
  }
  bool BitAt(int64_t row) const { return BitOf(values_, row); }
  void AppendNested(int64_t row, std::string* out) const;
  void AppendElements(int64_t row, std::string* out) const;
  char* PrintNumber(int64_t row, char* out) const;
  char* PrintTime(int64_t row, char* out) const;

  columnar::ArrayPtr array_;
  arrow::Type::type type_ = arrow::Type::NA;
  Kind kind_ = Kind::kFixed;
  bool bare_ = false;
  bool all_null_ = false;
  bool zoned_ = false;
  const uint8_t* validity_ = nullptr;
  const uint8_t* values_ = nullptr;
  int64_t offset_ = 0;
  int scale_ = 0;  // Of a decimal.
  arrow::TimeUnit::type unit_ = arrow::TimeUnit::MICRO;
  std::shared_ptr<columnar::StringColumn> text_;
  std::vector<PrintedColumn> children_;  // Fields, elements, or key and value.
  std::vector<std::string> keys_;        // `"name":` of each field.
};

/// Appends `text` as a JSON string with its quotes.
void AppendJsonString(std::string_view text, std::string* out);

/// The bytes as text: printable ASCII as it is, everything else and the backslash as `\xHH`.
void AppendBlobText(std::string_view bytes, std::string* out);
/// The inverse. False where a backslash starts anything but `\xHH`.
bool ParseBlobText(std::string_view text, std::string* out);

}  // namespace thalweg::codecs
