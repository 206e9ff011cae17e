#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"
#include "codecs/infer.h"
#include "codecs/text_scan.h"
#include "columnar/batch.h"
#include "thalweg/status.h"

namespace thalweg::codecs {

/// One column of a delimited text.
struct CsvColumn {
  std::string name;
  columnar::TypePtr type;
  bool inferred = true;  ///< Nobody asked for the type.
  ZoneRule zone = ZoneRule::kAny;
};

/// A delimited text with everything settled. Immutable once made.
struct CsvFormat {
  TextDialect dialect;
  bool header = false;
  /// The header's names as they stand in the file, so that another file's can be compared; empty
  /// where there is no header or its names are not used.
  std::vector<std::string> header_names;
  int64_t skip = 0;  ///< Lines before the header.
  bool null_padding = false;
  char point = '.';
  /// Texts other than the empty one that mean NULL when they are not quoted.
  std::vector<std::string> null_texts;
  bool empty_is_null = true;  ///< Of VARCHAR; an empty field of another type is always NULL.
  int64_t record_bytes_max = 0;
  int64_t sampled_rows = 0;
  std::vector<CsvColumn> columns;
  columnar::SchemaPtr schema;
};

/// The reading options.
std::vector<Field> CsvReadFields();

/// Settles the format from a prefix of the input (`whole`: all of it). `file` is for messages.
Result<CsvFormat> SniffCsv(std::string_view sample, bool whole, const Options& options,
                           std::string_view file);

/// Offset of the first byte behind the byte-order mark, the skipped lines and, where there is a
/// header, the blank lines and comments before it; nothing where `text` ends before that could be
/// known (never with `end_of_input`).
std::optional<size_t> CsvPreambleEnd(const CsvFormat& format, std::string_view text,
                                     bool end_of_input);

/// The value of a field as it stands in the text, without quotes and escapes. False where text
/// follows the closing quote or the quote is not closed. `room` holds the text where it had to be
/// changed; otherwise `*out` points into `field`.
bool UnquoteField(const TextDialect& dialect, std::string_view field, std::string* room,
                  std::string_view* out, bool* quoted);

/// The fields of the records in `text`, which starts at a record: up to `records_max` of them.
/// Blank lines and comments are left out. The last record counts only where a newline or, with
/// `whole`, the text ends it, unless it is the only one.
std::vector<std::vector<std::string_view>> SplitRecords(const TextDialect& dialect,
                                                        std::string_view text, bool whole,
                                                        int64_t records_max);

}  // namespace thalweg::codecs
