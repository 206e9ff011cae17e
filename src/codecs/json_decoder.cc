#include "codecs/json_decoder.h"

#include <arrow/record_batch.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace thalweg::codecs {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";
/// The name of the one column where records are no objects.
constexpr std::string_view kValueName = "json";

}  // namespace

Result<std::unique_ptr<engine::Decoder>> JsonDecoder::Make(std::shared_ptr<const JsonFormat> format,
                                                           const engine::Projection& projection,
                                                           int64_t batch_rows_max) {
  std::unique_ptr<JsonDecoder> decoder(
      new JsonDecoder(std::move(format), std::max<int64_t>(batch_rows_max, 1)));
  THALWEG_RETURN_IF_ERROR(decoder->AddColumns(projection));
  return std::unique_ptr<engine::Decoder>(std::move(decoder));
}

Status JsonDecoder::AddColumns(const engine::Projection& projection) {
  const JsonType& root = format_->root;
  const std::vector<std::string> names = format_->schema->field_names();
  const std::vector<std::string>& wanted = projection.all ? names : projection.columns;
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Status::InvalidArgument("json: no column '" + name + "'" + DidYouMean(name, names));
    }
  }
  if (!format_->objects) {
    THALWEG_ASSIGN_OR_RETURN(value_, MakeJsonColumnReader(root));
  }
  for (size_t i = 0; format_->objects && i < root.names.size(); ++i) {
    std::unique_ptr<JsonColumnReader> reader;
    if (std::find(wanted.begin(), wanted.end(), root.names[i]) != wanted.end()) {
      THALWEG_ASSIGN_OR_RETURN(reader, MakeJsonColumnReader(root.children[i]));
    }
    fields_.Add(root.names[i], std::move(reader));
  }
  arrow::FieldVector fields;
  for (const std::string& name : wanted) {
    JsonColumnReader* reader = value_.get();
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (fields_.name(i) == name) reader = fields_.reader(i);
    }
    columns_.push_back(reader);
    fields.push_back(arrow::field(name, reader->type()));
  }
  schema_ = arrow::schema(std::move(fields));
  return {};
}

Status JsonDecoder::Decode(const engine::Slab& slab, engine::Emitter& out) {
  THALWEG_RETURN_IF_ERROR(slab_.Begin(slab, "json"));
  std::string_view text = slab_.text();
  valid_utf8_ = simdjson::validate_utf8(text.data(), text.size());
  rows_ = 0;
  if (slab.first && text.starts_with(kMark)) text.remove_prefix(kMark.size());
  JsonWalker walker(text, format_->layout == JsonLayout::kLines ? JsonWalker::Lines::kRecords
                                                                : JsonWalker::Lines::kSpace);
  switch (format_->layout) {
    case JsonLayout::kLines:
      THALWEG_RETURN_IF_ERROR(DecodeLines(walker, out));
      break;
    case JsonLayout::kSpace:
      THALWEG_RETURN_IF_ERROR(DecodeSpace(walker, out));
      break;
    case JsonLayout::kArray:
      THALWEG_RETURN_IF_ERROR(DecodeArray(walker, out));
      break;
  }
  THALWEG_RETURN_IF_ERROR(FlushBatch(out));
  slab_.End();
  return {};
}

bool JsonDecoder::ReadRecord(JsonWalker& walker) {
  misfit_ = {};
  bad_field_ = {};
  walker.Clear();
  if (!format_->objects) {
    bad_field_ = kValueName;
    return value_->Append(walker, &misfit_);
  }
  return fields_.ReadObject(walker, &misfit_, &bad_field_);
}

Status JsonDecoder::DecodeLines(JsonWalker& walker, engine::Emitter& out) {
  while (walker.Peek() != '\0' || !walker.at_end()) {
    const char* const begin = walker.position();
    if (*begin == '\n') {
      walker.set_position(begin + 1);
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(const bool refused, RefuseBadUtf8(walker, out));
    if (refused) continue;
    THALWEG_RETURN_IF_ERROR(BeginRow(begin));
    bool good = ReadRecord(walker);
    if (good && walker.Peek() != '\n' && !walker.at_end()) {
      good = walker.Fail("text follows the record");
    }
    const char* const end = good ? walker.position() : EndOfRecord(begin);
    THALWEG_RETURN_IF_ERROR(EndRow(good, end, walker, out));
    walker.set_position(end);
  }
  return {};
}

Result<bool> JsonDecoder::RefuseBadUtf8(JsonWalker& walker, engine::Emitter& out) {
  if (valid_utf8_) return false;
  row_begin_ = walker.position();
  const char* const end = EndOfRecord(row_begin_);
  if (simdjson::validate_utf8(row_begin_, static_cast<size_t>(end - row_begin_))) return false;
  bad_field_ = {};
  misfit_ = {};
  walker.Clear();
  walker.Fail("invalid UTF-8");
  THALWEG_RETURN_IF_ERROR(Refuse(end, walker, out));
  walker.set_position(end);
  return true;
}

const char* JsonDecoder::EndOfRecord(const char* begin) const {
  const char* const end = slab_.text().data() + slab_.text().size();
  if (format_->layout == JsonLayout::kLines) {
    const void* newline = std::memchr(begin, '\n', static_cast<size_t>(end - begin));
    return newline != nullptr ? static_cast<const char*>(newline) : end;
  }
  JsonBrackets brackets(format_->layout, 0);
  for (const char* p = begin; p != end; ++p) {
    if (format_->layout == JsonLayout::kArray && !brackets.in_string() && brackets.depth() <= 0 &&
        (*p == ',' || *p == ']')) {
      return p;
    }
    if (brackets.Step(*p) && format_->layout == JsonLayout::kSpace) return p + 1;
  }
  return end;
}

Status JsonDecoder::DecodeSpace(JsonWalker& walker, engine::Emitter& out) {
  while (walker.Peek() != '\0' || !walker.at_end()) {
    THALWEG_ASSIGN_OR_RETURN(const bool refused, RefuseBadUtf8(walker, out));
    if (refused) continue;
    const char* const begin = walker.position();
    THALWEG_RETURN_IF_ERROR(BeginRow(begin));
    const bool good = ReadRecord(walker);
    const char* end = good ? walker.position() : EndOfRecord(begin);
    THALWEG_RETURN_IF_ERROR(EndRow(good, end, walker, out));
    walker.set_position(end);
  }
  return {};
}

Status JsonDecoder::NotAnArray(const JsonWalker& walker, const char* reason) {
  const engine::RejectedRow place =
      slab_.RejectOf(OffsetOf(walker.position()), OffsetOf(walker.position()));
  return Status::Corruption("json: " + (place.file.empty() ? std::string() : place.file + ": ") +
                            "line " + std::to_string(place.line) + " (byte " +
                            std::to_string(place.byte_offset) + "): " + reason);
}

Status JsonDecoder::DecodeArray(JsonWalker& walker, engine::Emitter& out) {
  const engine::Slab& slab = slab_.slab();
  bool closed = false;
  if (slab.first) {
    if (walker.Peek() == '\0' && walker.at_end()) return {};
    if (!walker.Take('[')) return NotAnArray(walker, "expected '['");
    closed = walker.Take(']');
  }
  while (!closed) {
    if (walker.Peek() == '\0' && walker.at_end()) {
      // A slab that is not the last ends behind a comma.
      return slab.last ? NotAnArray(walker, "the array is not closed") : Status();
    }
    THALWEG_ASSIGN_OR_RETURN(const bool refused, RefuseBadUtf8(walker, out));
    if (!refused) {
      const char* const begin = walker.position();
      THALWEG_RETURN_IF_ERROR(BeginRow(begin));
      bool good = ReadRecord(walker);
      const char next = good ? walker.Peek() : '\0';
      if (good && next != ',' && next != ']' && !walker.at_end()) {
        good = walker.Fail("text follows the record");
      }
      const char* const end = good ? walker.position() : EndOfRecord(begin);
      THALWEG_RETURN_IF_ERROR(EndRow(good, end, walker, out));
      walker.set_position(end);
    }
    if (walker.Take(',')) continue;
    closed = walker.Take(']');
    if (!closed && walker.at_end()) return NotAnArray(walker, "the array is not closed");
  }
  if (walker.Peek() != '\0' || !walker.at_end()) {
    return NotAnArray(walker, "text follows the array");
  }
  return {};
}

Status JsonDecoder::BeginRow(const char* begin) {
  if (rows_ == 0) {
    bad_rows_.clear();
    row_offsets_ = std::make_shared<std::vector<uint32_t>>();
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (fields_.reader(i) != nullptr) fields_.reader(i)->Begin(slab_.text());
    }
    if (value_ != nullptr) value_->Begin(slab_.text());
  }
  row_begin_ = begin;
  row_offsets_->push_back(static_cast<uint32_t>(OffsetOf(begin)));
  return {};
}

Status JsonDecoder::EndRow(bool good, const char* end, JsonWalker& walker, engine::Emitter& out) {
  batch_end_ = end;
  if (!good) {
    bad_rows_.push_back(static_cast<int32_t>(rows_));
    THALWEG_RETURN_IF_ERROR(Refuse(end, walker, out));
  }
  return ++rows_ == batch_rows_max_ ? FlushBatch(out) : Status();
}

Status JsonDecoder::Refuse(const char* end, JsonWalker& walker, engine::Emitter& out) {
  // A carriage return before the newline is no part of the record.
  if (format_->layout == JsonLayout::kLines && end > row_begin_ && end[-1] == '\r') --end;
  engine::RejectedRow row = slab_.RejectOf(OffsetOf(row_begin_), OffsetOf(end));
  row.column = std::string(bad_field_);
  if (misfit_.type == nullptr) {
    row.reason = walker.reason() != nullptr ? walker.reason() : "not a record";
  } else {
    const JsonType& type = *misfit_.type;
    row.reason = Excerpt(misfit_.text) + " does not fit " + columnar::SqlTypeName(*type.type);
    if (type.inferred) {
      row.reason += ", which was inferred from " + std::to_string(format_->sampled_records) +
                    " records: give types := {'" + row.column +
                    "': 'VARCHAR'} or a larger sample_size :=";
    }
  }
  return out.Reject(std::move(row));
}

Status JsonDecoder::FlushBatch(engine::Emitter& out) {
  if (rows_ == 0) return {};
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (JsonColumnReader* column : columns_) {
    THALWEG_ASSIGN_OR_RETURN(auto array, column->Finish(slab_.buffer()));
    arrays.push_back(std::move(array));
  }
  columnar::Selection selection = WithoutRows(&bad_rows_, rows_);
  auto origin = slab_.OriginOf(std::move(row_offsets_), OffsetOf(batch_end_));
  const int64_t rows = std::exchange(rows_, 0);
  if (selection != nullptr && selection->empty()) return {};
  engine::Batch batch(arrow::RecordBatch::Make(schema_, rows, std::move(arrays)),
                      std::move(selection));
  return out.Emit(batch.WithOrigin(std::move(origin)));
}

}  // namespace thalweg::codecs
