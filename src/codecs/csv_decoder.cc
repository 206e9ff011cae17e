#include "codecs/csv_decoder.h"

#include <arrow/record_batch.h>
#include <simdjson.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "codecs/text_value.h"

namespace thalweg::codecs {
namespace {

// A stretch of text and its index stay in the cache until every column has read them.
constexpr size_t kStretchBytes = 64 << 10;
}  // namespace

Result<std::unique_ptr<engine::Decoder>> CsvDecoder::Make(std::shared_ptr<const CsvFormat> format,
                                                          const engine::Projection& projection,
                                                          int64_t batch_rows_max) {
  std::unique_ptr<CsvDecoder> decoder(
      new CsvDecoder(std::move(format), std::max<int64_t>(batch_rows_max, 1)));
  const CsvFormat& f = *decoder->format_;
  arrow::FieldVector fields;
  const auto add = [&](size_t field) -> Status {
    THALWEG_ASSIGN_OR_RETURN(auto reader, MakeCsvColumnReader(f, f.columns[field]));
    fields.push_back(arrow::field(f.columns[field].name, reader->type()));
    decoder->columns_.push_back({field, std::move(reader)});
    return {};
  };
  if (projection.all) {
    for (size_t c = 0; c < f.columns.size(); ++c) THALWEG_RETURN_IF_ERROR(add(c));
  } else {
    for (const std::string& name : projection.columns) {
      const auto found = std::find_if(f.columns.begin(), f.columns.end(),
                                      [&](const CsvColumn& c) { return c.name == name; });
      if (found == f.columns.end()) {
        return Status::InvalidArgument("csv: no column '" + name + "'");
      }
      THALWEG_RETURN_IF_ERROR(add(static_cast<size_t>(found - f.columns.begin())));
    }
  }
  decoder->schema_ = arrow::schema(std::move(fields));
  return std::unique_ptr<engine::Decoder>(std::move(decoder));
}

Status CsvDecoder::BeginSlab(const engine::Slab& slab) {
  THALWEG_RETURN_IF_ERROR(slab_.Begin(slab, "csv", format_->dialect.newline));
  text_ = slab_.text();
  fast_end_ = text_.size() < text::kFastBytes ? 0 : text_.size() - text::kFastBytes + 1;
  separators_ = 0;
  non_ascii_ = false;
  rows_ = 0;
  bad_rows_.clear();
  refused_.clear();
  return {};
}

Status CsvDecoder::CheckHeader(std::string_view record) const {
  if (format_->header_names.empty()) return {};
  const auto records = SplitRecords(format_->dialect, record, /*whole=*/true, 1);
  std::vector<std::string> names;
  for (const std::string_view field :
       records.empty() ? std::vector<std::string_view>() : records.front()) {
    std::string room;
    std::string_view name;
    bool quoted = false;
    if (!UnquoteField(format_->dialect, field, &room, &name, &quoted)) name = field;
    names.emplace_back(name);
  }
  const auto& expected = format_->header_names;
  for (size_t c = 0; c < std::max(names.size(), expected.size()); ++c) {
    // Padded names stand in no header.
    const std::string have = c < names.size() ? names[c] : "";
    const std::string want = c < expected.size() ? expected[c] : "";
    if (have == want) continue;
    return Status::InvalidArgument(
        "csv: " + (slab_.slab().file != nullptr ? *slab_.slab().file + ": " : std::string()) +
        "the header differs from the one that the columns were taken from: column " +
        std::to_string(c + 1) + " is " + Excerpt(have) + ", not " + Excerpt(want));
  }
  return {};
}

Result<size_t> CsvDecoder::SkipPreamble() const {
  if (!slab_.slab().first) return size_t{0};
  const size_t at = *CsvPreambleEnd(*format_, text_, /*end_of_input=*/true);
  if (!format_->header || at == text_.size()) return at;
  ScanState state;
  uint64_t separator = 0;
  uint64_t end = 0;
  size_t size = 0;
  while (end == 0 && at + size < text_.size()) {
    internal::ScanBytes(format_->dialect, text_.data() + at + size++, 1, &state, &separator, &end);
  }
  const size_t newline = end != 0 ? 1 : 0;
  THALWEG_RETURN_IF_ERROR(CheckHeader(Text(at, at + size - newline)));
  return at + size;
}

Status CsvDecoder::Decode(const engine::Slab& slab, engine::Emitter& out) {
  THALWEG_RETURN_IF_ERROR(BeginSlab(slab));
  THALWEG_ASSIGN_OR_RETURN(const size_t start, SkipPreamble());
  const ScanKernel& kernel = BestScanKernel();
  ScanState state;
  if (index_.empty()) index_.resize(1);
  index_[0] = static_cast<uint32_t>(start) - 1;
  size_t scanned = start;
  while (scanned < text_.size()) {
    const size_t end = std::min(scanned + kStretchBytes, text_.size());
    const size_t needed = 1 + separators_ + (end - scanned) + 64 + 1;
    if (index_.size() < needed) index_.resize(std::max(needed, index_.size() * 2));
    ScanFacts facts;
    separators_ += kernel.index(format_->dialect, text_.data(), scanned, end, &state, &facts,
                                index_.data() + 1 + separators_);
    scanned = end;
    THALWEG_RETURN_IF_ERROR(TakeRecords(facts.records, facts.non_ascii, end == text_.size(), out));
  }
  if (state.quoted) {
    return Status::Corruption("csv: a quote that opens in the record on line " +
                              std::to_string(slab_.RejectOf(index_[0] + 1, index_[0] + 1).line) +
                              " is never closed");
  }
  THALWEG_RETURN_IF_ERROR(FlushBatch(out));
  slab_.End();
  return {};
}

bool CsvDecoder::IsRegular(size_t records) const {
  const size_t fields = format_->columns.size();
  if (format_->dialect.has_comment || fields == 0 || records * fields > separators_) return false;
  // As many newlines as records, and each where a record must end: then no other is a newline.
  const uint32_t* end = index_.data() + fields;
  unsigned wrong = 0;
  for (size_t r = 0; r < records; ++r, end += fields) {
    wrong |= text_.data()[*end] == format_->dialect.newline ? 0U : 1U;
  }
  return wrong == 0;
}

Status CsvDecoder::TakeRecords(size_t whole_records, bool non_ascii, bool last,
                               engine::Emitter& out) {
  const size_t fields = format_->columns.size();
  non_ascii_ = non_ascii_ || non_ascii;
  const uint32_t begin = index_[0] + 1;
  size_t taken = 0;  // Separators.
  if (whole_records > 0 && IsRegular(whole_records)) taken = whole_records * fields;
  if (taken > 0 && non_ascii_ && !simdjson::validate_utf8(Text(begin, index_[taken]))) taken = 0;
  if (taken > 0) {
    THALWEG_RETURN_IF_ERROR(AppendBlock({text_.data(), index_.data(), fields, whole_records, fields,
                                         format_->dialect.newline == '\n', fast_end_},
                                        out));
  } else if (whole_records > 0) {
    // Up to the last record end.
    taken = separators_;
    while (text_[index_[taken]] != format_->dialect.newline) --taken;
    const bool invalid = non_ascii_ && !simdjson::validate_utf8(Text(begin, index_[taken]));
    PackRecords(taken, invalid);
    THALWEG_RETURN_IF_ERROR(AppendPacked(out));
  }
  if (taken > 0) {
    separators_ -= taken;
    std::copy_n(index_.begin() + static_cast<std::ptrdiff_t>(taken), separators_ + 1,
                index_.begin());
    non_ascii_ = non_ascii;
  }
  if (last && index_[0] + 1 < text_.size()) {
    // The last record has no newline.
    index_[++separators_] = static_cast<uint32_t>(text_.size());
    const std::string_view record = Text(index_[0] + 1, text_.size());
    PackRecords(separators_, non_ascii_ && !simdjson::validate_utf8(record));
    THALWEG_RETURN_IF_ERROR(AppendPacked(out));
  }
  return EmitRefused(out);
}

void CsvDecoder::PackRecords(size_t separators, bool check_utf8) {
  packed_.clear();
  packed_records_ = 0;
  const TextDialect& dialect = format_->dialect;
  const size_t columns = format_->columns.size();
  size_t first = 0;  // Bounds of the record: index_[first] + 1 …
  for (size_t i = 1; i <= separators; ++i) {
    const bool ends = index_[i] == text_.size() || text_[index_[i]] == dialect.newline;
    if (!ends) continue;
    uint32_t* const bounds = index_.data() + first;
    const size_t fields = i - first;
    first = i;
    const uint32_t begin = bounds[0] + 1;
    uint32_t end = bounds[fields];
    if (dialect.newline == '\n' && end > begin && text_[end - 1] == '\r') --end;
    // A blank line is a record only where one empty field makes a record.
    if (begin == end && columns != 1) continue;
    if (dialect.has_comment && begin < end && text_[begin] == dialect.comment) continue;
    if (check_utf8 && !simdjson::validate_utf8(Text(begin, end))) {
      RejectUtf8(bounds, fields);
      continue;
    }
    const uint32_t newline = std::exchange(bounds[fields], end);
    if (PackRecord(bounds, fields)) ++packed_records_;
    bounds[fields] = newline;
  }
}

Status CsvDecoder::AppendPacked(engine::Emitter& out) {
  const size_t fields = format_->columns.size();
  return AppendBlock({text_.data(), packed_.data(), fields + 2, packed_records_, fields + 1,
                      /*trim_return=*/false, fast_end_},
                     out);
}

bool CsvDecoder::PackRecord(const uint32_t* bounds, size_t fields) {
  const size_t columns = format_->columns.size();
  if (fields > columns || (fields < columns && !format_->null_padding)) {
    Refused refused;
    refused.begin = bounds[0] + 1;
    refused.end = bounds[fields];
    refused.whole = true;
    refused.reason = "found " + std::to_string(fields) + (fields == 1 ? " field" : " fields") +
                     ", expected " + std::to_string(columns);
    if (fields < columns) refused.reason += " (null_padding := true fills the others with NULL)";
    refused_.push_back(std::move(refused));
    return false;
  }
  packed_.insert(packed_.end(), bounds, bounds + fields + 1);
  // An added field begins where it ends, wherever that is.
  for (size_t c = fields; c < columns; ++c) packed_.push_back(packed_.back() + 1);
  packed_.push_back(bounds[fields]);
  return true;
}

void CsvDecoder::RejectUtf8(const uint32_t* bounds, size_t fields) {
  Refused refused;
  refused.begin = bounds[0] + 1;
  refused.end = bounds[fields];
  refused.whole = true;
  refused.reason = "invalid UTF-8";
  for (size_t c = 0; c < std::min(fields, format_->columns.size()); ++c) {
    if (simdjson::validate_utf8(Text(bounds[c] + 1, bounds[c + 1]))) continue;
    refused.whole = false;
    refused.field = c;
    break;
  }
  refused_.push_back(std::move(refused));
}

Status CsvDecoder::BeginBatch() {
  rows_ = 0;
  bad_rows_.clear();
  row_offsets_ = std::make_shared<std::vector<uint32_t>>();
  row_offsets_->reserve(last_rows_);
  for (Column& column : columns_) {
    THALWEG_RETURN_IF_ERROR(column.reader->Begin(batch_rows_max_));
  }
  return {};
}

Status CsvDecoder::AppendBlock(FieldBlock block, engine::Emitter& out) {
  size_t left = block.records;
  const size_t fields = format_->columns.size();
  while (left > 0) {
    if (rows_ == 0) THALWEG_RETURN_IF_ERROR(BeginBatch());
    block.records = std::min(left, static_cast<size_t>(batch_rows_max_ - rows_));
    const auto first = static_cast<size_t>(rows_);
    row_offsets_->resize(first + block.records);
    uint32_t* const offsets = row_offsets_->data() + first;
    for (size_t r = 0; r < block.records; ++r) offsets[r] = block.bounds[r * block.stride] + 1;
    const uint32_t* const all = block.bounds;
    for (const Column& column : columns_) {
      FieldBlock one = block;
      one.bounds = all + column.field;
      one.trim_return = block.trim_return && column.field + 1 == fields;
      bad_.clear();
      column.reader->Append(one, &bad_);
      if (!bad_.empty()) [[unlikely]]
        RefuseFields(block, bad_, column.field);
    }
    rows_ += static_cast<int64_t>(block.records);
    batch_end_ = all[(block.records - 1) * block.stride + block.record_end];
    left -= block.records;
    block.bounds = all + block.records * block.stride;
    if (rows_ == batch_rows_max_) THALWEG_RETURN_IF_ERROR(FlushBatch(out));
  }
  return {};
}

void CsvDecoder::RefuseFields(const FieldBlock& block, const std::vector<BadField>& bad,
                              size_t field) {
  for (const BadField& b : bad) {
    bad_rows_.push_back(static_cast<int32_t>(rows_ + b.record));
    const uint32_t* bounds = block.bounds + b.record * block.stride;
    Refused refused;
    refused.begin = bounds[0] + 1;
    refused.end = bounds[block.record_end];
    refused.field = field;
    refused.reason = ReasonOf(format_->columns[field], Text(b.begin, b.end), b.quoting);
    if (block.trim_return && refused.end > refused.begin && text_[refused.end - 1] == '\r') {
      --refused.end;
    }
    refused_.push_back(std::move(refused));
  }
}

std::string CsvDecoder::ReasonOf(const CsvColumn& column, std::string_view field,
                                 bool quoting) const {
  if (quoting) return "text follows the closing quote: " + Excerpt(field);
  std::string reason = Excerpt(field) + " does not fit " + columnar::SqlTypeName(*column.type);
  if (column.inferred) {
    reason += ", which was inferred from " + std::to_string(format_->sampled_rows) +
              " rows: give types := {'" + column.name +
              "': 'VARCHAR'}, all_varchar := true or a larger sample_size :=";
  }
  return reason;
}

Status CsvDecoder::FlushBatch(engine::Emitter& out) {
  if (rows_ == 0) return {};
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (Column& column : columns_) {
    THALWEG_ASSIGN_OR_RETURN(auto array, column.reader->Finish(slab_.buffer()));
    arrays.push_back(std::move(array));
  }
  columnar::Selection selection = WithoutRows(&bad_rows_, rows_);
  auto origin = slab_.OriginOf(std::move(row_offsets_), batch_end_);
  const int64_t rows = std::exchange(rows_, 0);
  last_rows_ = static_cast<size_t>(rows);
  if (selection != nullptr && selection->empty()) return {};
  engine::Batch batch(arrow::RecordBatch::Make(schema_, rows, std::move(arrays)),
                      std::move(selection));
  return out.Emit(batch.WithOrigin(std::move(origin)));
}

Status CsvDecoder::EmitRefused(engine::Emitter& out) {
  if (refused_.empty()) return {};
  // One reject a record: of its first bad column.
  std::stable_sort(refused_.begin(), refused_.end(), [](const Refused& a, const Refused& b) {
    return std::tie(a.begin, a.field) < std::tie(b.begin, b.field);
  });
  for (size_t i = 0; i < refused_.size(); ++i) {
    Refused& refused = refused_[i];
    if (i > 0 && refused_[i - 1].begin == refused.begin) continue;
    engine::RejectedRow row = slab_.RejectOf(refused.begin, refused.end);
    if (!refused.whole) row.column = format_->columns[refused.field].name;
    row.reason = std::move(refused.reason);
    THALWEG_RETURN_IF_ERROR(out.Reject(std::move(row)));
  }
  refused_.clear();
  return {};
}

}  // namespace thalweg::codecs
