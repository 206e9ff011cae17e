#pragma once

#include <memory>

#include "codecs/csv_format.h"
#include "engine/codec.h"

namespace thalweg::codecs {

/// Cuts a delimited text between records. Each byte is scanned once. `format` outlives it.
class CsvSplitter final : public engine::Splitter {
 public:
  explicit CsvSplitter(const CsvFormat& format) : format_(format) {}

  /// A quote that is still open at the end of the input is `corruption`, with its line.
  Result<Cut> Next(std::string_view data, bool end_of_input) override;

 private:
  Status TooLong(std::string_view data) const;
  Status UnclosedQuote(std::string_view data) const;

  const CsvFormat& format_;
  ScanState state_;
  bool preamble_done_ = false;
  size_t scanned_ = 0;         // Bytes behind the last cut that have been scanned.
  int64_t scanned_lines_ = 0;  // Newlines in them.
  int64_t lines_cut_ = 0;      // Newlines before the last cut.
  int64_t bytes_cut_ = 0;
  size_t first_record_ = 0;  // Where records begin behind the last cut.
};

}  // namespace thalweg::codecs
