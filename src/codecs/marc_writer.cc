#include "codecs/marc_writer.h"

#include <string>
#include <utility>

#include "codecs/marc_rows.h"
#include "thalweg/marc/reader.h"
#include "thalweg/marc/writer.h"

namespace thalweg::codecs {
namespace {

class BytesAssembler final : public engine::Assembler {
 public:
  Status Begin(const Write& /*write*/) override { return {}; }
  Status Append(engine::EncodedChunk chunk, const Write& write) override {
    return chunk.bytes.empty() ? Status() : write(chunk.bytes);
  }
  Status Finish(const Write& /*write*/) override { return {}; }
};

// Records are bytes: files of them are joined end to end.
class BytesEncoder : public engine::Encoder {
 public:
  std::unique_ptr<engine::Assembler> NewFile() const final {
    return std::make_unique<BytesAssembler>();
  }
  bool can_append() const final { return true; }
  std::unique_ptr<engine::Assembler> AppendFile() const final { return NewFile(); }
};

// Row `i` of those that are chosen, in the data.
int64_t RowOf(const engine::Batch& batch, int64_t i) {
  return batch.selection() ? (*batch.selection())[static_cast<size_t>(i)] : i;
}

// Records of columns that are named by paths.
class RowEncoder final : public BytesEncoder {
 public:
  RowEncoder(MarcRows rows, thalweg::marc::WriterOptions options)
      : rows_(std::move(rows)), options_(std::move(options)) {}

  Result<engine::EncodedChunk> Encode(const engine::Batch& batch) const override {
    engine::EncodedChunk chunk;
    const MarcRows::View view = rows_.Of(*batch.data());
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      const Status status = AppendRow(view, RowOf(batch, i), &chunk.bytes);
      if (!status.ok()) return status.WithContext("row " + std::to_string(i));
    }
    chunk.rows = batch.num_rows();
    return chunk;
  }

 private:
  Status AppendRow(const MarcRows::View& view, int64_t row, std::string* out) const {
    THALWEG_ASSIGN_OR_RETURN(const auto record, view.RecordOf(row));
    if (record.fields().empty()) return Status::InvalidArgument("marc: no column has a value");
    return AppendIso2709(record, options_, out);
  }

  const MarcRows rows_;
  const thalweg::marc::WriterOptions options_;
};

class MarcEncoder final : public BytesEncoder {
 public:
  MarcEncoder(int column, thalweg::marc::WriterOptions options)
      : column_(column), options_(std::move(options)) {
    reader_.to_unicode = false;
  }

  Result<engine::EncodedChunk> Encode(const engine::Batch& batch) const override {
    engine::EncodedChunk chunk;
    const columnar::StringColumn records(batch.data()->column(column_));
    const int64_t rows = batch.num_rows();
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t row = RowOf(batch, i);
      if (records.IsNull(row)) {
        return Status::InvalidArgument("marc: row " + std::to_string(i) + ": the record is NULL");
      }
      THALWEG_RETURN_IF_ERROR(AppendRecord(records[row], &chunk.bytes));
    }
    chunk.rows = rows;
    return chunk;
  }

 private:
  // Only what is a record, and one, is written as one.
  Status AppendRecord(std::string_view bytes, std::string* out) const {
    thalweg::marc::Reader reader = thalweg::marc::Reader::OverMemory(bytes, nullptr, reader_);
    THALWEG_ASSIGN_OR_RETURN(const auto record, reader.Next());
    if (!record) return Status::InvalidArgument("marc: a record without bytes");
    if (record->view().raw().size() != bytes.size()) {
      return Status::InvalidArgument("marc: bytes follow the record: " +
                                     std::to_string(bytes.size() - record->view().raw().size()));
    }
    return AppendIso2709(*record, options_, out);
  }

  const int column_;
  const thalweg::marc::WriterOptions options_;
  thalweg::marc::ReaderOptions reader_;
};

thalweg::marc::WriterOptions WriterOptionsOf(const Options& options) {
  thalweg::marc::WriterOptions writer;
  const std::string& encoding = options.String("encoding");
  writer.encoding = encoding == "utf-8"    ? thalweg::marc::OutputEncoding::kUtf8
                    : encoding == "marc-8" ? thalweg::marc::OutputEncoding::kMarc8
                                           : thalweg::marc::OutputEncoding::kKeep;
  const std::string& oversize = options.String("oversize");
  writer.oversize = oversize == "split"  ? thalweg::marc::Oversize::kSplit
                    : oversize == "zero" ? thalweg::marc::Oversize::kZero
                                         : thalweg::marc::Oversize::kError;
  return writer;
}

}  // namespace

std::vector<Field> MarcWriteFields() {
  std::vector<Field> fields;
  fields.push_back(EnumField("encoding", {"keep", "utf-8", "marc-8"})
                       .Default("keep")
                       .Doc("Character set of the text; leader/09 and field 066 follow it."));
  fields.push_back(EnumField("oversize", {"error", "split", "zero"})
                       .Default("error")
                       .Doc("What becomes of a record over 99,999 bytes: the query fails, several "
                            "records with its 001, or one with zeros for a length."));
  return fields;
}

Result<std::shared_ptr<const engine::Encoder>> MakeMarcEncoder(columnar::SchemaPtr schema,
                                                               const Options& options) {
  thalweg::marc::WriterOptions writer = WriterOptionsOf(options);
  int column = schema->GetFieldIndex("record");
  if (column < 0 && schema->num_fields() == 1 && !MarcRows::Names(schema->field(0)->name())) {
    column = 0;
  }
  if (column < 0) {
    THALWEG_ASSIGN_OR_RETURN(MarcRows rows, MarcRows::Make(*schema));
    return std::shared_ptr<const engine::Encoder>(
        std::make_shared<RowEncoder>(std::move(rows), std::move(writer)));
  }
  const arrow::DataType& type = *schema->field(column)->type();
  if (!columnar::IsBinary(type) && !columnar::IsString(type)) {
    return Status::InvalidArgument("marc: the column '" + schema->field(column)->name() +
                                   "' holds no bytes but " + columnar::SqlTypeName(type));
  }
  return std::shared_ptr<const engine::Encoder>(
      std::make_shared<MarcEncoder>(column, std::move(writer)));
}

}  // namespace thalweg::codecs
