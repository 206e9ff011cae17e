// CSV in long form: a row for each subfield or control field.
//
//   record,control_number,field,tag,ind1,ind2,subfield_code,value
//   1,ocm123,0,LDR,,,,00720cam a22002051  4500
//   1,ocm123,1,001,,,,ocm123
//   1,ocm123,2,245,1,0,a,Title

#include <array>

#include "base/number.h"
#include "marc/encoders.h"
#include "marc/escape.h"
#include "marc/text_input.h"

namespace thalweg::marc {
namespace {

enum Column : uint8_t { kRecord, kControlNumber, kField, kTag, kInd1, kInd2, kCode, kValue };
constexpr std::array<std::string_view, 8> kNames = {
    "record", "control_number", "field", "tag", "ind1", "ind2", "subfield_code", "value"};

class LongCsvEncoder final : public RecordEncoder {
 public:
  explicit LongCsvEncoder(char delimiter) : delimiter_(delimiter) {
    for (const std::string_view name : kNames) {
      if (!head_.empty()) head_.push_back(delimiter_);
      head_.append(name);
    }
    head_.push_back('\n');
  }
  std::string_view head() const override { return head_; }
  bool needs_index() const override { return true; }

  Status Append(const RecordView& record, int64_t index, std::string* out) const override {
    const size_t begin = out->size();
    std::string start;
    AppendNumber(index + 1, &start);
    start.push_back(delimiter_);
    AppendCell(record.control_number(), &start);
    start.push_back(delimiter_);
    AppendRow(start, 0, "LDR", {}, {}, record.leader_text(), out);
    int64_t number = 0;
    for (const FieldView& field : record.fields()) {
      ++number;
      const std::string tag = field.tag().ToString();
      if (field.is_control()) {
        AppendRow(start, number, tag, {}, {}, field.data(), out);
        continue;
      }
      const std::array<char, 2> indicators = {field.indicator1(), field.indicator2()};
      const std::string_view both(indicators.data(), indicators.size());
      bool any = false;
      for (const Subfield& subfield : field.subfields()) {
        AppendRow(start, number, tag, both, {&subfield.code, 1}, subfield.value, out);
        any = true;
      }
      if (!any) AppendRow(start, number, tag, both, {}, {}, out);
    }
    CleanFrom(begin, out);
    return {};
  }

 private:
  static void AppendNumber(int64_t value, std::string* out) {
    std::array<char, kInt64TextMax> text{};
    out->append(text.data(), FormatInt64(value, text.data()));
  }

  void AppendCell(std::string_view value, std::string* out) const {
    std::string scratch;
    value = CleanText(value, &scratch);
    bool quote = false;
    for (const char c : value) {
      quote |= c == '"' || c == delimiter_ || c == '\n' || c == '\r';
    }
    if (!quote) {
      out->append(value);
      return;
    }
    out->push_back('"');
    for (const char c : value) {
      if (c == '"') out->push_back('"');
      out->push_back(c);
    }
    out->push_back('"');
  }

  void AppendRow(std::string_view start, int64_t number, std::string_view tag,
                 std::string_view indicators, std::string_view code, std::string_view value,
                 std::string* out) const {
    out->append(start);
    AppendNumber(number, out);
    out->push_back(delimiter_);
    AppendCell(tag, out);
    out->push_back(delimiter_);
    AppendCell(indicators.substr(0, indicators.empty() ? 0 : 1), out);
    out->push_back(delimiter_);
    AppendCell(indicators.substr(indicators.empty() ? 0 : 1), out);
    out->push_back(delimiter_);
    AppendCell(code, out);
    out->push_back(delimiter_);
    AppendCell(value, out);
    out->push_back('\n');
  }

  char delimiter_;
  std::string head_;
};

// The rows of one record stand together; the columns may stand in any order, and only `record`,
// `tag` and `value` have to be there.
class LongCsvSource final : public TextSource {
 public:
  LongCsvSource(Reader::ReadBytes read, ReaderOptions options)
      : TextSource(Format::kLongCsv, std::move(read), std::move(options)) {
    columns_.fill(-1);
  }

 protected:
  Result<bool> ReadRecord() override {
    if (!has_header_) THALWEG_RETURN_IF_ERROR(ReadHeader());
    used_ = 0;
    bool open = false;
    while (true) {
      const bool rest_of_row = inside_row_;
      THALWEG_ASSIGN_OR_RETURN(const size_t end, RowEnd(used_));
      if (end == used_) break;
      if (rest_of_row) {
        input_.Skip(end);
        continue;
      }
      SplitRow(input_.text().substr(used_, end - used_));
      const bool blank = cells_.size() == 1 && cells_[0].empty();
      skipping_ = skipping_ && (blank || Cell(kRecord) == record_);
      if (!open && (blank || skipping_)) {
        input_.Skip(end);
        continue;
      }
      if (!blank && open && Cell(kRecord) != record_) break;
      if (!blank && !open) {
        builder_.BeginRecord(input_.offset() + static_cast<int64_t>(used_));
        builder_.set_check_utf8(true);
        record_ = Cell(kRecord);
        field_.clear();
        open = true;
      }
      if (!blank) AddRow();
      used_ = end;
      // The builder has seen that the record is too long; the rest of it is not kept.
      skipping_ = static_cast<int64_t>(used_) > options_.record_bytes_max;
      if (skipping_) {
        builder_.LoseTooLong();
        break;
      }
    }
    if (!open) {
      input_.Skip(used_);
      return false;
    }
    CloseField();
    builder_.EndRecord(input_.text().substr(0, used_));
    input_.Skip(used_);
    return true;
  }

 private:
  Status ReadHeader() {
    has_header_ = true;
    THALWEG_ASSIGN_OR_RETURN(const size_t end, RowEnd(0));
    std::string_view row = input_.text().substr(0, end);
    if (row.starts_with("\xEF\xBB\xBF")) row.remove_prefix(3);
    for (const char c : {',', '\t', ';'}) {
      if (row.find(c) == std::string_view::npos) continue;
      delimiter_ = c;
      break;
    }
    SplitRow(row);
    for (size_t i = 0; i < cells_.size(); ++i) {
      for (size_t column = 0; column < kNames.size(); ++column) {
        if (cells_[i] == kNames[column]) columns_[column] = static_cast<int>(i);
      }
    }
    input_.Skip(end);
    if (columns_[kRecord] < 0 || columns_[kTag] < 0 || columns_[kValue] < 0) {
      return Status::Corruption(options_.source +
                                ": CSV needs the columns record, tag and value in its first line");
    }
    return {};
  }

  // Behind the line end of the row at `from`; `from` itself at the end of the input. A row that is
  // too long comes in pieces.
  Result<size_t> RowEnd(size_t from) {
    bool quoted = inside_row_ && inside_quotes_;
    inside_row_ = false;
    size_t at = from;
    while (true) {
      const std::string_view text = input_.text();
      for (; at < text.size(); ++at) {
        if (text[at] == '"') quoted = !quoted;
        if (text[at] == '\n' && !quoted) return at + 1;
      }
      if (static_cast<int64_t>(at - from) > options_.record_bytes_max) {
        inside_row_ = true;
        inside_quotes_ = quoted;
        return at;
      }
      THALWEG_ASSIGN_OR_RETURN(const bool more, input_.More());
      if (!more) return at;
    }
  }

  void SplitRow(std::string_view row) {
    while (!row.empty() && (row.back() == '\n' || row.back() == '\r')) row.remove_suffix(1);
    cells_.clear();
    cells_.emplace_back();
    bool quoted = false;
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] == '"') {
        if (quoted && i + 1 < row.size() && row[i + 1] == '"') {
          cells_.back().push_back('"');
          ++i;
        } else {
          quoted = !quoted;
        }
      } else if (row[i] == delimiter_ && !quoted && cells_.size() < kCellsMax) {
        cells_.emplace_back();
      } else {
        cells_.back().push_back(row[i]);
      }
    }
  }

  std::string_view Cell(Column column) const {
    const int place = columns_[column];
    if (place < 0 || static_cast<size_t>(place) >= cells_.size()) return {};
    return cells_[static_cast<size_t>(place)];
  }

  void AddRow() {
    const std::string_view tag = Cell(kTag);
    if (tag == "LDR" || tag == "000") {
      CloseField();
      return builder_.SetLeader(Cell(kValue));
    }
    const auto parsed = Tag::Of(tag);
    if (!parsed) {
      CloseField();
      return builder_.Report(DefectCode::kTextFormatInvalid,
                             "tag '" + std::string(tag.substr(0, 16)) + "'",
                             "a tag of three characters");
    }
    if (parsed->is_control()) {
      CloseField();
      return builder_.AddControl(*parsed, Cell(kValue));
    }
    // Without the column `field`, every row is a field of its own.
    if (!in_field_ || columns_[kField] < 0 || field_ != Cell(kField)) {
      CloseField();
      in_field_ = true;
      field_ = Cell(kField);
      builder_.BeginField(*parsed, Indicator(kInd1), Indicator(kInd2));
    }
    const std::string_view code = Cell(kCode);
    if (code.empty() && Cell(kValue).empty()) return;
    if (code.size() != 1) {
      builder_.Report(DefectCode::kBadSubfieldCode, std::string(code.substr(0, 16)),
                      "one character", *parsed);
    }
    builder_.AddSubfield(code.size() == 1 ? code[0] : '?', Cell(kValue));
  }

  char Indicator(Column column) const {
    const std::string_view text = Cell(column);
    return text.size() == 1 ? text[0] : ' ';
  }

  void CloseField() {
    if (in_field_) builder_.EndField();
    in_field_ = false;
  }

  static constexpr size_t kCellsMax = 1024;

  std::array<int, 8> columns_{};
  std::vector<std::string> cells_;
  std::string record_;
  std::string field_;
  size_t used_ = 0;
  bool skipping_ = false;    // Rows of a record that was too long.
  bool inside_row_ = false;  // Of which a piece was cut off.
  bool inside_quotes_ = false;
  char delimiter_ = ',';
  bool has_header_ = false;
  bool in_field_ = false;
};

}  // namespace

std::unique_ptr<RecordEncoder> MakeLongCsvEncoder(const EncoderOptions& options) {
  return std::make_unique<LongCsvEncoder>(options.delimiter);
}
std::unique_ptr<RecordSource> MakeLongCsvSource(Reader::ReadBytes read, ReaderOptions options) {
  return std::make_unique<LongCsvSource>(std::move(read), std::move(options));
}

}  // namespace thalweg::marc
