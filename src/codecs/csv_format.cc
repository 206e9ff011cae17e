#include "codecs/csv_format.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace thalweg::codecs {

std::vector<Field> CsvReadFields() {
  std::vector<Field> fields;
  fields.push_back(BoolField("auto_detect")
                       .Default(true)
                       .Doc("Find the delimiter, the header and the types from a sample."));
  fields.push_back(StringField("delim")
                       .Alias("sep")
                       .Alias("delimiter")
                       .Doc("One byte between fields; found among , ; tab | when not given."));
  fields.push_back(StringField("quote").Default("\"").Doc(
      "One byte around fields; empty: fields are never quoted."));
  fields.push_back(StringField("escape").Doc(
      "One byte before a quote inside quotes; the quote itself (doubled quotes) when not given."));
  fields.push_back(
      BoolField("header").Doc("The first record holds the names; found when not given."));
  fields.push_back(StringListField("nullstr").Alias("null").Doc(
      "Unquoted texts that mean NULL; the empty one when not given."));
  fields.push_back(
      Int64Field("skip").Default(int64_t{0}).Min(0).Doc("Lines to skip at the start."));
  fields.push_back(
      StringListField("names").Alias("column_names").Doc("Names of the columns, in order."));
  fields.push_back(StringMapField("types")
                       .Alias("dtypes")
                       .Alias("column_types")
                       .Alias("columns")
                       .Doc("Types by column name, such as {'price': 'DECIMAL(10,2)'}."));
  fields.push_back(
      BoolField("all_varchar").Default(false).Doc("Give every column its text, unchanged."));
  fields.push_back(Int64Field("sample_size")
                       .Default(int64_t{20480})
                       .Min(-1)
                       .Doc("Rows that types are inferred from; -1: all that the sample holds."));
  fields.push_back(
      StringField("decimal_separator").Default(".").Doc("The byte before the fraction: . or ,"));
  fields.push_back(StringField("comment").Default("").Doc("One byte that starts a line to skip."));
  fields.push_back(
      BoolField("null_padding")
          .Default(false)
          .Doc("Fill records that are too short with NULL instead of rejecting them."));
  fields.push_back(StringField("encoding").Default("utf-8").Doc("Only utf-8."));
  fields.push_back(BytesField("max_line_size")
                       .Alias("maximum_line_size")
                       .Alias("max_record_bytes")
                       .Default("64 MiB")
                       .Min(64)
                       .Max(1 << 30)
                       .Doc("The longest record."));
  return fields;
}

std::optional<size_t> CsvPreambleEnd(const CsvFormat& format, std::string_view text,
                                     bool end_of_input) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  size_t at = 0;
  if (text.starts_with(kMark)) {
    at = kMark.size();
  } else if (!end_of_input && text.size() < kMark.size()) {
    return std::nullopt;
  }
  for (int64_t line = 0; line < format.skip; ++line) {
    const size_t newline = text.find(format.dialect.newline, at);
    if (newline == std::string_view::npos) {
      return end_of_input ? std::optional(text.size()) : std::nullopt;
    }
    at = newline + 1;
  }
  if (!format.header) return at;
  for (;;) {
    const size_t newline = text.find(format.dialect.newline, at);
    const std::string_view line = text.substr(at, newline - at);
    const bool comment = format.dialect.has_comment && line.starts_with(format.dialect.comment);
    if (!line.empty() && line != "\r" && !comment) return at;
    if (newline == std::string_view::npos) {
      return end_of_input ? std::optional(text.size()) : std::nullopt;
    }
    at = newline + 1;
  }
}

bool UnquoteField(const TextDialect& dialect, std::string_view field, std::string* room,
                  std::string_view* out, bool* quoted) {
  *quoted = dialect.has_quote && !field.empty() && field.front() == dialect.quote;
  if (!*quoted) {
    *out = field;
    return true;
  }
  const std::string_view inner = field.substr(1);
  const size_t first = dialect.escape == dialect.quote
                           ? inner.find(dialect.quote)
                           : inner.find_first_of(std::string{dialect.quote, dialect.escape});
  if (first == std::string_view::npos) return false;
  if (first + 1 == inner.size() && inner[first] == dialect.quote) {
    *out = inner.substr(0, first);
    return true;
  }
  room->assign(inner.substr(0, first));
  for (size_t i = first; i < inner.size(); ++i) {
    const char c = inner[i];
    const bool last = i + 1 == inner.size();
    if (dialect.escape != dialect.quote && c == dialect.escape) {
      if (last) return false;
      room->push_back(inner[++i]);
    } else if (c != dialect.quote) {
      room->push_back(c);
    } else if (last) {
      *out = *room;
      return true;
    } else if (dialect.escape == dialect.quote && inner[i + 1] == c) {
      room->push_back(c);
      ++i;
    } else {
      return false;
    }
  }
  return false;
}

std::vector<std::vector<std::string_view>> SplitRecords(const TextDialect& dialect,
                                                        std::string_view text, bool whole,
                                                        int64_t records_max) {
  std::vector<std::vector<std::string_view>> records;
  std::vector<std::string_view> record;
  ScanState state;
  size_t start = 0;
  bool comment = false;
  const auto finish = [&](size_t end) {
    std::string_view field = text.substr(start, end - start);
    if (dialect.newline == '\n' && field.ends_with('\r')) field.remove_suffix(1);
    const bool blank = record.empty() && field.empty();
    record.push_back(field);
    if (!comment && !blank) records.push_back(std::move(record));
    record.clear();
  };
  const int64_t limit = records_max < 0 ? std::numeric_limits<int64_t>::max() : records_max;
  for (size_t i = 0; i < text.size() && static_cast<int64_t>(records.size()) < limit; ++i) {
    uint64_t separator = 0;
    uint64_t end = 0;
    internal::ScanBytes(dialect, text.data() + i, 1, &state, &separator, &end);
    comment = state.comment || (comment && end != 0);
    if (end != 0) {
      finish(i);
      comment = false;
      start = i + 1;
    } else if (separator != 0) {
      record.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  const bool rest = start < text.size() || !record.empty();
  if (rest && static_cast<int64_t>(records.size()) < limit && (whole || records.empty())) {
    finish(text.size());
  }
  return records;
}

}  // namespace thalweg::codecs
