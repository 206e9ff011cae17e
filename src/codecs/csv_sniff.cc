#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/number.h"
#include "codecs/csv_format.h"

namespace thalweg::codecs {
namespace {

using Record = std::vector<std::string_view>;

Status Bad(std::string message) { return Status::InvalidArgument("csv: " + std::move(message)); }

/// An option that is one byte, or empty.
Result<std::optional<char>> OneByte(const Options& options, std::string_view name) {
  if (!options.Has(name)) return std::optional<char>();
  std::string text = options.String(name);
  if (text == "\\t" || text == "tab") text.assign(1, '\t');
  if (text.empty()) return std::optional<char>();
  if (text.size() != 1 || text[0] == '\0' || text[0] == '\n' || text[0] == '\r') {
    return Bad(std::string(name) + ": must be one byte and no line end: '" + text + "'");
  }
  return std::optional<char>(text[0]);
}

Status CheckEncoding(std::string_view sample, const Options& options) {
  std::string encoding;
  for (const char c : options.String("encoding")) {
    if (c != '-' && c != '_') encoding += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  if (encoding != "utf8" && encoding != "ascii" && encoding != "usascii") {
    return Status::Unsupported("csv: encoding '" + options.String("encoding") +
                               "' is not supported: convert to utf-8 first (iconv -t utf-8)");
  }
  if (sample.starts_with("\xff\xfe") || sample.starts_with("\xfe\xff")) {
    return Status::Unsupported(
        "csv: the file is UTF-16 (by its byte-order mark): convert to utf-8 first "
        "(iconv -f utf-16 -t utf-8)");
  }
  return {};
}

Status ReadDialect(std::string_view sample, const Options& options, CsvFormat* format) {
  TextDialect& dialect = format->dialect;
  THALWEG_ASSIGN_OR_RETURN(const auto quote, OneByte(options, "quote"));
  THALWEG_ASSIGN_OR_RETURN(const auto escape, OneByte(options, "escape"));
  THALWEG_ASSIGN_OR_RETURN(const auto comment, OneByte(options, "comment"));
  THALWEG_ASSIGN_OR_RETURN(const auto point, OneByte(options, "decimal_separator"));
  dialect.has_quote = quote.has_value();
  dialect.quote = quote.value_or('"');
  dialect.escape = escape.value_or(dialect.quote);
  dialect.has_comment = comment.has_value();
  dialect.comment = comment.value_or('#');
  if (dialect.has_comment && dialect.has_quote && dialect.comment == dialect.quote) {
    return Bad("comment and quote are the same byte");
  }
  format->point = point.value_or('.');
  if (format->point != '.' && format->point != ',') return Bad("decimal_separator: must be . or ,");
  // Old Macintosh files end lines with a carriage return alone.
  if (sample.find('\n') == std::string_view::npos && sample.find('\r') < sample.size() - 1) {
    dialect.newline = '\r';
  }
  return {};
}

/// The delimiter under which most records agree on the number of fields, and by that on many.
char FindDelimiter(TextDialect dialect, std::string_view text, bool whole) {
  constexpr std::string_view kCandidates = ",;\t|";
  constexpr int64_t kRecords = 200;
  char best = ',';
  double best_share = 0;
  size_t best_fields = 1;
  for (const char candidate : kCandidates) {
    if (dialect.has_quote && candidate == dialect.quote) continue;
    dialect.delimiter = candidate;
    const auto records = SplitRecords(dialect, text, whole, kRecords);
    std::map<size_t, size_t> counts;
    for (const Record& record : records) ++counts[record.size()];
    size_t fields = 1;
    size_t agreeing = 0;
    for (const auto& [size, count] : counts) {
      if (size > 1 && count >= agreeing) {
        fields = size;
        agreeing = count;
      }
    }
    if (fields == 1) continue;
    const double share = static_cast<double>(agreeing) / static_cast<double>(records.size());
    if (share > best_share + 0.05 || (share > best_share - 0.05 && fields > best_fields)) {
      best = candidate;
      best_share = share;
      best_fields = fields;
    }
  }
  return best;
}

Status ReadDelimiter(std::string_view text, bool whole, const Options& options, CsvFormat* format) {
  THALWEG_ASSIGN_OR_RETURN(const auto given, OneByte(options, "delim"));
  TextDialect& dialect = format->dialect;
  if (given.has_value()) {
    dialect.delimiter = *given;
  } else if (options.Bool("auto_detect")) {
    dialect.delimiter = FindDelimiter(dialect, text, whole);
  }
  if (dialect.has_quote && dialect.quote == dialect.delimiter) {
    return Bad("delim and quote are the same byte");
  }
  if (dialect.has_comment && dialect.comment == dialect.delimiter) {
    return Bad("delim and comment are the same byte");
  }
  return {};
}

/// Guesses and texts over the sample's records.
class Sampler {
 public:
  Sampler(const CsvFormat& format, std::vector<Record> records)
      : format_(format), records_(std::move(records)) {}

  const std::vector<Record>& records() const { return records_; }

  /// The field's text, or nothing where it means NULL.
  std::optional<std::string> Text(const Record& record, size_t column) const {
    if (column >= record.size()) return std::nullopt;
    std::string room;
    std::string_view text;
    bool quoted = false;
    if (!UnquoteField(format_.dialect, record[column], &room, &text, &quoted)) {
      text = record[column];  // Rejected later; as text it settles nothing but VARCHAR.
    }
    if (text.empty()) return std::nullopt;
    if (!quoted && std::find(format_.null_texts.begin(), format_.null_texts.end(), text) !=
                       format_.null_texts.end()) {
      return std::nullopt;
    }
    return std::string(text);
  }

  std::vector<TypeGuess> Guess(size_t first_record, size_t columns) const {
    std::vector<TypeGuess> guesses(columns);
    for (size_t r = first_record; r < records_.size(); ++r) {
      // A record of another length is rejected: what it says about types does not count.
      if (records_[r].size() != columns &&
          !(format_.null_padding && records_[r].size() < columns)) {
        continue;
      }
      for (size_t c = 0; c < columns; ++c) {
        if (const auto text = Text(records_[r], c)) guesses[c].Add(WithPoint(*text));
      }
    }
    return guesses;
  }

  /// True where the first record can only be names.
  bool FirstIsHeader(size_t columns) const {
    const Record& first = records_.front();
    const std::vector<TypeGuess> guesses = Guess(1, columns);
    bool all_text = true;
    for (size_t c = 0; c < columns; ++c) {
      const auto type = guesses[c].type();
      if (type == nullptr || columnar::IsString(*type)) continue;
      all_text = false;
      const auto text = Text(first, c);
      if (text.has_value() && !guesses[c].Fits(WithPoint(*text))) return true;
    }
    // Where every column is text, rows look like names: names are assumed if they can be some.
    return all_text && CouldBeNames(first);
  }

 private:
  std::string WithPoint(std::string text) const {
    if (format_.point == '.') return text;
    for (char& c : text) {
      if (c == '.') return "x";  // With another separator a point makes text of it.
      if (c == format_.point) c = '.';
    }
    return text;
  }

  bool CouldBeNames(const Record& record) const {
    std::set<std::string> seen;
    for (size_t c = 0; c < record.size(); ++c) {
      const auto text = Text(record, c);
      if (!text.has_value() || !seen.insert(*text).second) return false;
      TypeGuess guess;
      guess.Add(*text);
      if (!columnar::IsString(*guess.type())) return false;
    }
    return true;
  }

  const CsvFormat& format_;
  std::vector<Record> records_;
};

/// `column0`, `column1`, …, padded with zeros to one width.
std::string DefaultName(size_t column, size_t columns) {
  const std::string last = std::to_string(columns - 1);
  const std::string number = std::to_string(column);
  return "column" + std::string(last.size() - number.size(), '0') + number;
}

/// Names that are unique ignoring case: later ones get `_1`, `_2`, ….
std::vector<std::string> UniqueNames(std::vector<std::string> names) {
  std::set<std::string> seen;
  const auto lower = [](std::string text) {
    for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return text;
  };
  for (std::string& name : names) {
    const std::string base = name;
    for (int i = 1; !seen.insert(lower(name)).second; ++i) name = base + "_" + std::to_string(i);
  }
  return names;
}

Status SettleNames(const Options& options, const Sampler& sampler, size_t columns,
                   CsvFormat* format) {
  std::vector<std::string> names;
  const std::vector<std::string> given =
      options.Has("names") ? options.List("names") : std::vector<std::string>();
  if (given.size() > columns && !sampler.records().empty()) {
    return Bad("names: " + std::to_string(given.size()) + " names for " + std::to_string(columns) +
               " columns");
  }
  for (size_t c = 0; c < columns; ++c) {
    std::string name;
    if (format->header) {
      name = sampler.Text(sampler.records().front(), c).value_or("");
      if (given.empty()) format->header_names.push_back(name);
    }
    if (c < given.size()) name = given[c];
    if (name.empty()) name = DefaultName(c, columns);
    names.push_back(std::move(name));
  }
  for (std::string& name : UniqueNames(std::move(names))) {
    CsvColumn column;
    column.name = std::move(name);
    format->columns.push_back(std::move(column));
  }
  return {};
}

Status CheckReadable(const std::string& name, const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT:
    case arrow::Type::MAP:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
    case arrow::Type::NA:
      return Status::Unsupported("csv: types: '" + name + "': " + columnar::SqlTypeName(type) +
                                 " cannot be read from CSV: read VARCHAR and cast it");
    default:
      return {};
  }
}

Status SettleTypes(const Options& options, const Sampler& sampler, CsvFormat* format) {
  const bool infer = options.Bool("auto_detect") && !options.Bool("all_varchar");
  std::vector<TypeGuess> guesses(format->columns.size());
  if (infer) guesses = sampler.Guess(format->header ? 1 : 0, format->columns.size());
  std::vector<std::string> known;
  for (size_t c = 0; c < format->columns.size(); ++c) {
    CsvColumn& column = format->columns[c];
    column.type = guesses[c].type();
    if (column.type == nullptr) column.type = arrow::utf8();
    column.zone = guesses[c].zone();
    known.push_back(column.name);
  }
  if (!options.Has("types")) return {};
  for (const auto& [name, type_name] : options.Map("types")) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      return Bad("types: no column '" + name + "'" + DidYouMean(name, known));
    }
    CsvColumn& column = format->columns[static_cast<size_t>(found - known.begin())];
    auto type = columnar::TypeFromSqlName(type_name);
    if (!type.ok()) return type.status().WithContext("csv: types: '" + name + "'");
    THALWEG_RETURN_IF_ERROR(CheckReadable(name, **type));
    column.type = *type;
    column.inferred = false;
    column.zone = ZoneRule::kAny;
  }
  return {};
}

void ReadNulls(const Options& options, CsvFormat* format) {
  if (!options.Has("nullstr")) return;
  format->empty_is_null = false;
  for (const std::string& text : options.List("nullstr")) {
    if (text.empty()) {
      format->empty_is_null = true;
    } else {
      format->null_texts.push_back(text);
    }
  }
}

size_t CountColumns(const CsvFormat& format, const std::vector<Record>& records,
                    const Options& options) {
  size_t columns = options.Has("names") && records.empty() ? options.List("names").size() : 0;
  if (!records.empty()) columns = records.front().size();
  if (format.null_padding) {
    for (const Record& record : records) columns = std::max(columns, record.size());
  }
  return columns;
}

}  // namespace

Result<CsvFormat> SniffCsv(std::string_view sample, bool whole, const Options& options,
                           std::string_view file) {
  CsvFormat format;
  THALWEG_RETURN_IF_ERROR(CheckEncoding(sample, options));
  THALWEG_RETURN_IF_ERROR(ReadDialect(sample, options, &format));
  format.skip = options.Int64("skip");
  format.null_padding = options.Bool("null_padding");
  format.record_bytes_max = options.Int64("max_line_size");
  ReadNulls(options, &format);
  const size_t begin = *CsvPreambleEnd(format, sample, /*end_of_input=*/true);
  const std::string_view text = sample.substr(begin);
  THALWEG_RETURN_IF_ERROR(ReadDelimiter(text, whole, options, &format));

  const int64_t rows = options.Int64("sample_size");
  const Sampler sampler(format,
                        SplitRecords(format.dialect, text, whole, rows < 0 ? -1 : rows + 1));
  const std::vector<Record>& records = sampler.records();
  const size_t columns = CountColumns(format, records, options);
  if (options.Has("header")) {
    format.header = options.Bool("header") && !records.empty();
  } else if (!records.empty() && options.Bool("auto_detect")) {
    format.header = sampler.FirstIsHeader(columns);
  }
  THALWEG_RETURN_IF_ERROR(SettleNames(options, sampler, columns, &format));
  Status typed = SettleTypes(options, sampler, &format);
  if (!typed.ok()) return file.empty() ? typed : typed.WithContext(file);
  format.sampled_rows = static_cast<int64_t>(records.size()) - (format.header ? 1 : 0);

  arrow::FieldVector fields;
  for (const CsvColumn& column : format.columns) {
    fields.push_back(arrow::field(column.name, column.type));
  }
  format.schema = arrow::schema(std::move(fields));
  return format;
}

}  // namespace thalweg::codecs
