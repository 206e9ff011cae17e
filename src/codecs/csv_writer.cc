#include "codecs/csv_writer.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "codecs/text_print.h"

namespace thalweg::codecs {
namespace {

struct WriteFormat {
  char delimiter = ',';
  char quote = '"';
  char escape = '"';
  bool has_quote = true;
  bool header = true;
  std::string null_text;
  bool quotes_everything = false;
  std::vector<bool> force_quote;  // By column.
  uint8_t special[256] = {};      // Bytes that need quotes around them.
};

/// Bytes that grow at the end; unlike a string's, new room is not cleared each time it is used.
class Output {
 public:
  /// Room for `bytes` more; the caller says with `Used` how far it wrote.
  char* Reserve(size_t bytes) {
    if (size_ + bytes > bytes_.size()) [[unlikely]] {
      bytes_.resize(std::max(bytes_.size() * 2, size_ + bytes + 4096));
    }
    return bytes_.data() + size_;
  }
  void Used(const char* end) { size_ = static_cast<size_t>(end - bytes_.data()); }
  size_t size() const { return size_; }
  std::string Finish() {
    bytes_.resize(size_);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  size_t size_ = 0;
};

bool NeedsQuotes(const WriteFormat& format, std::string_view text) {
  if (text.empty() || text == format.null_text) return true;
  unsigned special = 0;
  for (const char c : text) special |= format.special[static_cast<unsigned char>(c)];
  return special != 0;
}

char* WriteQuoted(const WriteFormat& format, std::string_view text, char* p) {
  *p++ = format.quote;
  for (const char c : text) {
    if (c == format.quote || c == format.escape) *p++ = format.escape;
    *p++ = c;
  }
  *p++ = format.quote;
  return p;
}

Status WriteText(const WriteFormat& format, std::string_view text, bool force, Output* out) {
  char* p = out->Reserve(2 * text.size() + 3);
  if (!force && !NeedsQuotes(format, text)) {
    std::memcpy(p, text.data(), text.size());
    out->Used(p + text.size());
    return {};
  }
  if (!format.has_quote) {
    if (text.empty() && format.null_text.empty()) return {};  // Nothing tells it from NULL.
    return Status::InvalidArgument(
        "csv: a value holds the delimiter or a line end, and quote := '' forbids quotes: '" +
        std::string(text.substr(0, 60)) + "'");
  }
  out->Used(WriteQuoted(format, text, p));
  return {};
}

void WriteByte(char c, Output* out) {
  char* p = out->Reserve(1);
  *p = c;
  out->Used(p + 1);
}

class CsvAssembler final : public engine::Assembler {
 public:
  explicit CsvAssembler(std::string header) : header_(std::move(header)) {}

  Status Begin(const Write& write) override { return header_.empty() ? Status() : write(header_); }
  Status Append(engine::EncodedChunk chunk, const Write& write) override {
    return chunk.bytes.empty() ? Status() : write(chunk.bytes);
  }
  Status Finish(const Write& /*write*/) override { return {}; }

 private:
  const std::string header_;
};

class CsvEncoder final : public engine::Encoder {
 public:
  CsvEncoder(WriteFormat format, std::string header)
      : format_(std::move(format)), header_(std::move(header)) {
    for (const bool force : format_.force_quote) {
      quotes_fixed_.push_back(force || format_.quotes_everything ? 1 : 0);
    }
  }

  Result<engine::EncodedChunk> Encode(const engine::Batch& batch) const override {
    return EncodeAll(std::span(&batch, 1));
  }

  Result<engine::EncodedChunk> EncodeAll(std::span<const engine::Batch> batches) const override {
    Output out;
    int64_t rows = 0;
    for (const engine::Batch& batch : batches) {
      THALWEG_RETURN_IF_ERROR(EncodeBatch(batch, &out));
      rows += batch.num_rows();
    }
    return engine::EncodedChunk{out.Finish(), rows, nullptr};
  }

  std::unique_ptr<engine::Assembler> NewFile() const override {
    return std::make_unique<CsvAssembler>(header_);
  }
  bool can_append() const override { return true; }
  std::unique_ptr<engine::Assembler> AppendFile() const override {
    return std::make_unique<CsvAssembler>("");
  }

 private:
  Status EncodeBatch(const engine::Batch& batch, Output* out) const {
    std::vector<PrintedColumn> columns;
    for (const auto& array : batch.data()->columns()) {
      THALWEG_ASSIGN_OR_RETURN(PrintedColumn column, PrintedColumn::Make(array));
      columns.push_back(std::move(column));
    }
    const int64_t rows = batch.num_rows();
    const size_t before = out->size();
    constexpr int64_t kSampleRows = 64;
    for (int64_t i = 0; i < rows; ++i) {
      // The first rows tell how much the others will need: growing step by step would copy.
      if (i == kSampleRows) {
        const size_t row_bytes = (out->size() - before) / kSampleRows + 8;
        out->Reserve(row_bytes * static_cast<size_t>(rows - i));
      }
      const int64_t row = batch.selection() ? (*batch.selection())[static_cast<size_t>(i)] : i;
      THALWEG_RETURN_IF_ERROR(EncodeRow(columns, row, out));
    }
    return {};
  }

  Status EncodeRow(const std::vector<PrintedColumn>& columns, int64_t row, Output* out) const {
    // Room for everything of a row that has a bound; texts reserve their own.
    const size_t bounded = columns.size() * (kFixedTextMax + 1 + format_.null_text.size()) + 1;
    char* p = out->Reserve(bounded);
    for (size_t c = 0; c < columns.size(); ++c) {
      const PrintedColumn& column = columns[c];
      if (c > 0) *p++ = format_.delimiter;
      if (column.IsNull(row)) {
        p = std::copy(format_.null_text.begin(), format_.null_text.end(), p);
      } else if (column.kind() == PrintedColumn::Kind::kFixed && !quotes_fixed_[c]) {
        p = column.PrintFixed(row, p);
      } else {
        out->Used(p);
        THALWEG_RETURN_IF_ERROR(EncodeText(column, row, format_.force_quote[c], out));
        p = out->Reserve(bounded);
      }
    }
    *p++ = '\n';
    out->Used(p);
    return {};
  }

  Status EncodeText(const PrintedColumn& column, int64_t row, bool force, Output* out) const {
    switch (column.kind()) {
      case PrintedColumn::Kind::kText:
        return WriteText(format_, column.Text(row), force, out);
      case PrintedColumn::Kind::kFixed: {
        char text[kFixedTextMax];
        const char* end = column.PrintFixed(row, text);
        return WriteText(format_, std::string_view(text, static_cast<size_t>(end - text)), force,
                         out);
      }
      default: {
        std::string text;
        if (column.kind() == PrintedColumn::Kind::kBlob) {
          AppendBlobText(column.Text(row), &text);
        } else {
          column.AppendJson(row, &text);
        }
        return WriteText(format_, text, force, out);
      }
    }
  }

  const WriteFormat format_;
  const std::string header_;
  std::vector<uint8_t> quotes_fixed_;  // By column: its bounded values are looked at, too.
};

Result<char> OneByte(const Options& options, std::string_view name, char otherwise) {
  if (!options.Has(name)) return otherwise;
  std::string text = options.String(name);
  if (text == "\\t" || text == "tab") text.assign(1, '\t');
  if (text.size() != 1 || text[0] == '\0' || text[0] == '\n' || text[0] == '\r') {
    return Status::InvalidArgument("csv: " + std::string(name) +
                                   ": must be one byte and no line end: '" + text + "'");
  }
  return text[0];
}

Result<WriteFormat> ReadWriteFormat(const arrow::Schema& schema, const Options& options) {
  WriteFormat format;
  THALWEG_ASSIGN_OR_RETURN(format.delimiter, OneByte(options, "delim", ','));
  format.has_quote = !options.Has("quote") || !options.String("quote").empty();
  if (format.has_quote) {
    THALWEG_ASSIGN_OR_RETURN(format.quote, OneByte(options, "quote", '"'));
    THALWEG_ASSIGN_OR_RETURN(format.escape, OneByte(options, "escape", format.quote));
    if (format.quote == format.delimiter) {
      return Status::InvalidArgument("csv: delim and quote are the same byte");
    }
    format.special[static_cast<unsigned char>(format.quote)] = 1;
  }
  format.header = options.Bool("header");
  format.null_text = options.String("nullstr");
  for (const char c : {format.delimiter, '\n', '\r'}) {
    format.special[static_cast<unsigned char>(c)] = 1;
  }
  // Values without quotes could hold these; then every value is looked at.
  format.quotes_everything =
      std::string_view("0123456789+-.: aefinrstulodmhy").find(format.delimiter) !=
          std::string_view::npos ||
      !format.null_text.empty();
  format.force_quote.assign(static_cast<size_t>(schema.num_fields()), false);
  if (!options.Has("force_quote")) return format;
  for (const std::string& name : options.List("force_quote")) {
    const int index = schema.GetFieldIndex(name);
    if (name == "*") {
      std::fill(format.force_quote.begin(), format.force_quote.end(), true);
    } else if (index < 0) {
      return Status::InvalidArgument("csv: force_quote: no column '" + name + "'" +
                                     DidYouMean(name, schema.field_names()));
    } else {
      format.force_quote[static_cast<size_t>(index)] = true;
    }
  }
  return format;
}

}  // namespace

std::vector<Field> CsvWriteFields() {
  std::vector<Field> fields;
  fields.push_back(BoolField("header").Default(true).Doc("Write the names as the first record."));
  fields.push_back(StringField("delim")
                       .Alias("sep")
                       .Alias("delimiter")
                       .Default(",")
                       .Doc("One byte between fields."));
  fields.push_back(StringField("quote").Default("\"").Doc(
      "One byte around fields that need it; empty: none, and a value that needs it is an error."));
  fields.push_back(StringField("escape").Doc(
      "One byte before a quote inside quotes; the quote itself when not given."));
  fields.push_back(StringField("nullstr").Alias("null").Default("").Doc("What stands for NULL."));
  fields.push_back(StringListField("force_quote").Doc("Columns to quote always; * for all."));
  return fields;
}

Result<std::shared_ptr<const engine::Encoder>> MakeCsvEncoder(columnar::SchemaPtr schema,
                                                              const Options& options) {
  for (const auto& field : schema->fields()) {
    const Status printable = PrintedColumn::Check(*field->type());
    if (!printable.ok()) return printable.WithContext("csv: '" + field->name() + "'");
  }
  THALWEG_ASSIGN_OR_RETURN(WriteFormat format, ReadWriteFormat(*schema, options));
  Output header;
  if (format.header && schema->num_fields() > 0) {
    for (int c = 0; c < schema->num_fields(); ++c) {
      if (c > 0) WriteByte(format.delimiter, &header);
      THALWEG_RETURN_IF_ERROR(WriteText(format, schema->field(c)->name(), false, &header));
    }
    WriteByte('\n', &header);
  }
  return std::shared_ptr<const engine::Encoder>(
      std::make_shared<CsvEncoder>(std::move(format), header.Finish()));
}

}  // namespace thalweg::codecs
