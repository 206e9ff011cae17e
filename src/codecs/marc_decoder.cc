#include "codecs/marc_decoder.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>

#include "codecs/stream_slab.h"
#include "columnar/arrow_status.h"
#include "marc/batch_block.h"
#include "marc/frame.h"
#include "marc/parse.h"
#include "marc/path_program.h"
#include "thalweg/marc/writer.h"

namespace thalweg::codecs {
namespace {

using thalweg::marc::Path;
using thalweg::marc::RecordView;

constexpr std::string_view kRecordName = "record";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }

columnar::TypePtr TypeOf(const MarcColumn& column) {
  if (column.kind == MarcColumn::Kind::kRecord) return arrow::binary();
  return column.path->is_list() ? arrow::list(arrow::utf8()) : arrow::utf8();
}

// A column of the schema by its name, or a path.
Result<MarcColumn> ColumnOf(const MarcFormat& format, const std::string& name) {
  for (const MarcColumn& column : format.columns) {
    if (column.name == name) return column;
  }
  THALWEG_ASSIGN_OR_RETURN(Path path, Path::Compile(name));
  return MarcColumn{.name = name, .path = std::move(path)};
}

// Fills one column, record by record.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(MarcColumn column) : column_(std::move(column)) {
    if (column_.kind == MarcColumn::Kind::kPath && column_.path->is_list()) {
      list_ = std::make_unique<arrow::ListBuilder>(arrow::default_memory_pool(),
                                                   std::make_shared<arrow::StringBuilder>());
      items_ = static_cast<arrow::StringBuilder*>(list_->value_builder());
    }
  }

  Status Append(const RecordView& record, std::string_view chunk) {
    if (column_.kind == MarcColumn::Kind::kRecord) return AppendBytes(record, chunk);
    const Path::Program& program = column_.path->program();
    if (list_ != nullptr) return AppendList(program, record);
    arrow::Status status;
    bool found = false;
    program.Values(record, &scratch_, [&](std::string_view value) {
      status = text_.Append(value);
      found = true;
      return false;
    });
    if (!found) status = text_.AppendNull();
    return columnar::FromArrow(status);
  }

  Result<columnar::ArrayPtr> Finish() {
    arrow::ArrayBuilder& builder = list_ != nullptr ? static_cast<arrow::ArrayBuilder&>(*list_)
                                   : column_.kind == MarcColumn::Kind::kRecord
                                       ? static_cast<arrow::ArrayBuilder&>(bytes_)
                                       : static_cast<arrow::ArrayBuilder&>(text_);
    return columnar::FromArrow(builder.Finish());
  }

 private:
  Status AppendBytes(const RecordView& record, std::string_view chunk) {
    if (record.clean()) return columnar::FromArrow(bytes_.Append(chunk));
    scratch_.clear();
    THALWEG_RETURN_IF_ERROR(AppendIso2709(record, thalweg::marc::Oversize::kZero, &scratch_));
    return columnar::FromArrow(bytes_.Append(scratch_));
  }
  Status AppendList(const Path::Program& program, const RecordView& record) {
    arrow::Status status = list_->Append();
    program.Values(record, &scratch_, [&](std::string_view value) {
      if (status.ok()) status = items_->Append(value);
      return status.ok();
    });
    return columnar::FromArrow(status);
  }

  MarcColumn column_;
  arrow::StringBuilder text_;
  arrow::BinaryBuilder bytes_;
  std::unique_ptr<arrow::ListBuilder> list_;
  arrow::StringBuilder* items_ = nullptr;
  std::string scratch_;
};

class MarcDecoder final : public engine::Decoder {
 public:
  MarcDecoder(std::shared_ptr<const MarcFormat> format, int64_t batch_rows_max)
      : format_(std::move(format)),
        batch_rows_max_(std::max<int64_t>(batch_rows_max, 1)),
        parser_(format_->reader) {}

  Status AddColumns(const engine::Projection& projection) {
    std::vector<std::string> names = projection.columns;
    if (projection.all) names = format_->schema->field_names();
    arrow::FieldVector fields;
    for (const std::string& name : names) {
      THALWEG_ASSIGN_OR_RETURN(MarcColumn column, ColumnOf(*format_, name));
      fields.push_back(arrow::field(name, TypeOf(column)));
      columns_.push_back(std::make_unique<ColumnBuilder>(std::move(column)));
    }
    schema_ = arrow::schema(std::move(fields));
    return {};
  }

  Status Decode(const engine::Slab& slab, engine::Emitter& out) override;

 private:
  // What the parser has made so far, as rows.
  Status Flush(engine::Emitter& out);
  Status RejectDropped(engine::Emitter& out);

  const std::shared_ptr<const MarcFormat> format_;
  const int64_t batch_rows_max_;
  thalweg::marc::RecordParser parser_;
  std::vector<std::unique_ptr<ColumnBuilder>> columns_;
  columnar::SchemaPtr schema_;
  SlabText slab_;
  thalweg::marc::BatchBlock block_;
};

Status MarcDecoder::Decode(const engine::Slab& slab, engine::Emitter& out) {
  THALWEG_RETURN_IF_ERROR(slab_.Begin(slab, "marc"));
  const std::string_view text = slab_.text();
  thalweg::marc::Framer framer(static_cast<size_t>(format_->reader.record_bytes_max));
  for (size_t at = 0; at < text.size();) {
    const auto frame = framer.Next(text, at, /*end_of_input=*/true);
    if (!frame) return Status::Internal("marc: a slab ends inside a frame");
    // Offsets of the parser count from the slab.
    const bool go_on = parser_.Add(*frame, text, 0, &block_);
    at += frame->length;
    if (!go_on) return block_.defects[block_.dropped.back().defect].ToStatus();
    if (static_cast<int64_t>(block_.records.size()) >= batch_rows_max_) {
      THALWEG_RETURN_IF_ERROR(Flush(out));
    }
  }
  THALWEG_RETURN_IF_ERROR(Flush(out));
  slab_.End();
  return {};
}

Status MarcDecoder::RejectDropped(engine::Emitter& out) {
  for (const thalweg::marc::DroppedRecord& dropped : block_.dropped) {
    const auto begin = static_cast<size_t>(dropped.byte_offset);
    engine::RejectedRow row = slab_.RejectOf(begin, begin + dropped.raw.size());
    row.line = 0;
    thalweg::marc::Defect defect = block_.defects[dropped.defect];
    // The row says where it stands; the slab's own counts mean nothing.
    defect.record_index = -1;
    defect.byte_offset = -1;
    row.reason = "marc: " + defect.ToString();
    THALWEG_RETURN_IF_ERROR(out.Reject(std::move(row)));
  }
  return {};
}

Status MarcDecoder::Flush(engine::Emitter& out) {
  THALWEG_RETURN_IF_ERROR(RejectDropped(out));
  const size_t rows = block_.records.size();
  if (rows > 0) {
    auto offsets = std::make_shared<std::vector<uint32_t>>();
    offsets->reserve(rows);
    for (const int64_t offset : block_.offsets) offsets->push_back(static_cast<uint32_t>(offset));
    for (const auto& column : columns_) {
      for (size_t i = 0; i < rows; ++i) {
        THALWEG_RETURN_IF_ERROR(column->Append(block_.records[i], block_.chunks[i]));
      }
    }
    arrow::ArrayVector arrays;
    for (const auto& column : columns_) {
      THALWEG_ASSIGN_OR_RETURN(columnar::ArrayPtr array, column->Finish());
      arrays.push_back(std::move(array));
    }
    const size_t end = static_cast<size_t>(block_.offsets.back()) + block_.chunks.back().size();
    columnar::Batch batch(
        arrow::RecordBatch::Make(schema_, static_cast<int64_t>(rows), std::move(arrays)));
    THALWEG_RETURN_IF_ERROR(out.Emit(batch.WithOrigin(slab_.OriginOf(std::move(offsets), end))));
  }
  block_.Clear();
  return {};
}

thalweg::marc::ReaderOptions ReaderOptionsOf(const Options& options) {
  thalweg::marc::ReaderOptions reader;
  const std::string& recovery = options.String("recovery");
  reader.recovery = recovery == "strict"    ? thalweg::marc::Recovery::kStrict
                    : recovery == "lenient" ? thalweg::marc::Recovery::kLenient
                                            : thalweg::marc::Recovery::kSkip;
  if (options.String("validation") == "structure") {
    reader.validation = thalweg::marc::Validation::kStructure;
  }
  reader.record_bytes_max = options.Int64("max_record_bytes");
  if (options.Has("encoding")) {
    const std::string& encoding = options.String("encoding");
    const bool utf8 = encoding == "utf-8" || encoding == "utf8" || encoding == "UTF-8";
    reader.text.force_utf8 = utf8;
    if (!utf8) reader.text.file_encoding = encoding;
  }
  const std::string& form = options.String("normalize");
  reader.text.normalize = form == "nfc"   ? thalweg::marc::Normalization::kNfc
                          : form == "nfd" ? thalweg::marc::Normalization::kNfd
                                          : thalweg::marc::Normalization::kNone;
  return reader;
}

}  // namespace

std::vector<Field> MarcReadFields() {
  std::vector<Field> fields;
  fields.push_back(StringField("columns").Doc(
      "Paths with commas between them, each with AS and a name where it should have another: "
      "'001, 245$a AS title, 650$a[] AS subjects'."));
  fields.push_back(EnumField("recovery", {"strict", "lenient", "skip"})
                       .Default("skip")
                       .Doc("A bad record ends the query, is mended where it can be, or is "
                            "rejected."));
  fields.push_back(EnumField("validation", {"none", "structure"})
                       .Default("none")
                       .Doc("Whether indicators and subfield codes are checked, too."));
  fields.push_back(StringField("encoding")
                       .Doc("Character set of the text, where leaders do not tell or lie: utf-8, "
                            "iso-8859-1, …."));
  fields.push_back(EnumField("normalize", {"none", "nfc", "nfd"})
                       .Default("none")
                       .Doc("Normal form that text gets."));
  fields.push_back(BytesField("max_record_bytes")
                       .Default("64 MiB")
                       .Min(64)
                       .Max(1 << 30)
                       .Doc("The longest record."));
  return fields;
}

std::optional<columnar::TypePtr> ResolveMarcColumn(std::string_view name) {
  if (name.size() < 3) return {};
  const bool number = IsDigit(name[0]) || name[0] == '[' || name[0] == 'X' || name[0] == '.';
  const bool capitals = std::all_of(name.begin(), name.begin() + 3,
                                    [](char c) { return IsCapital(c) || IsDigit(c); });
  const bool lone_word = name.size() > 3 && (IsCapital(name[3]) || name[3] == '_');
  if (!number && (!capitals || lone_word)) return {};
  const auto path = Path::Compile(name);
  if (!path.ok()) return {};
  return TypeOf(MarcColumn{.name = std::string(name), .path = *path});
}

Result<std::shared_ptr<const MarcFormat>> MakeMarcFormat(const Options& options) {
  auto format = std::make_shared<MarcFormat>();
  format->reader = ReaderOptionsOf(options);
  const bool chosen = options.Has("columns");
  THALWEG_ASSIGN_OR_RETURN(
      auto paths, thalweg::marc::CompileColumns(chosen ? options.String("columns")
                                                       : std::string("001, LDR AS leader")));
  arrow::FieldVector fields;
  for (thalweg::marc::PathColumn& column : paths) {
    format->columns.push_back({.name = std::move(column.name), .path = std::move(column.path)});
  }
  if (!chosen) {
    format->columns.push_back(
        {.name = std::string(kRecordName), .kind = MarcColumn::Kind::kRecord, .path = {}});
  }
  for (const MarcColumn& column : format->columns) {
    fields.push_back(arrow::field(column.name, TypeOf(column)));
  }
  format->schema = arrow::schema(std::move(fields));
  return std::shared_ptr<const MarcFormat>(std::move(format));
}

Result<std::unique_ptr<engine::Decoder>> MakeMarcDecoder(std::shared_ptr<const MarcFormat> format,
                                                         const engine::Projection& projection,
                                                         int64_t batch_rows_max) {
  auto decoder = std::make_unique<MarcDecoder>(std::move(format), batch_rows_max);
  THALWEG_RETURN_IF_ERROR(decoder->AddColumns(projection));
  return std::unique_ptr<engine::Decoder>(std::move(decoder));
}

}  // namespace thalweg::codecs
