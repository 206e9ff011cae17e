#include "codecs/parquet_reader.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <map>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "codecs/arrow_ipc_file.h"
#include "codecs/arrow_ipc_types.h"
#include "columnar/arrow_status.h"

namespace thalweg::codecs::parquet {

namespace {

using arrow_ipc::ArrowFile;
using columnar::Batch;
using engine::Emitter;
using engine::Projection;
using engine::SchemaPtr;

// Everything in a file's metadata is input: what Arrow calls invalid or a failed read is a damaged
// file, unless the file itself could not be read.
Status FileStatus(const Status& status, const ArrowFile& file, const std::string& name) {
  const std::string context = "parquet: '" + name + "'";
  if (status.ok()) return status;
  if (const Status failure = file.failure(); !failure.ok()) return failure.WithContext(context);
  return arrow_ipc::InputStatus(status).WithContext(context);
}

// Runs `call`, which may throw as libparquet does.
template <typename Call>
Status Guarded(const ArrowFile& file, const std::string& name, const Call& call) {
  Status status;
  try {
    status = call();
  } catch (const ::parquet::ParquetStatusException& e) {
    status = columnar::FromArrow(e.status());
  } catch (const std::bad_alloc&) {
    return Status::ResourceExhausted("parquet: '" + name + "': out of memory");
  } catch (const std::exception& e) {
    status = Status::Corruption(e.what());
  }
  return FileStatus(status, file, name);
}

::parquet::ReaderProperties ReadProperties() { return ::parquet::default_reader_properties(); }

::parquet::ArrowReaderProperties ArrowProperties(int64_t batch_rows) {
  ::parquet::ArrowReaderProperties properties;
  properties.set_use_threads(false);  // Lanes are the threads: each reads its own row group.
  properties.set_pre_buffer(false);
  properties.set_batch_size(batch_rows);
  properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
  properties.set_arrow_extensions_enabled(false);
  return properties;
}

void CollectLeaves(const ::parquet::arrow::SchemaField& field, std::vector<int>* out) {
  if (field.column_index >= 0) out->push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, out);
}

class ParquetReader : public engine::UnitReader {
 public:
  ParquetReader(std::shared_ptr<engine::RandomAccess> file, const ReaderOptions& options)
      : file_(std::move(file)),
        name_(std::make_shared<const std::string>(file_->name())),
        options_(options) {}

  Status Open() {
    auto source = std::make_shared<ArrowFile>(file_);
    return Guarded(*source, *name_, [&]() -> Status {
      auto reader = ::parquet::ParquetFileReader::Open(source, ReadProperties());
      metadata_ = reader->metadata();
      std::unique_ptr<::parquet::arrow::FileReader> arrow_reader;
      THALWEG_ASSIGN_OR_RETURN_ARROW(
          arrow_reader, ::parquet::arrow::FileReader::Make(arrow::default_memory_pool(),
                                                           std::move(reader), ArrowProperties(1)));
      SchemaPtr raw;
      THALWEG_RETURN_IF_ARROW_ERROR(arrow_reader->GetSchema(&raw));
      schema_ = arrow_ipc::EngineSchema(*raw);
      if (options_.binary_as_string) THALWEG_RETURN_IF_ERROR(ReadBinaryAsText());
      for (const auto& field : arrow_reader->manifest().schema_fields) {
        leaves_.emplace_back();
        CollectLeaves(field, &leaves_.back());
      }
      return MeasureUnits();
    });
  }

  const SchemaPtr& schema() const override { return schema_; }
  int64_t num_units() const override { return static_cast<int64_t>(units_.size()); }
  int64_t unit_bytes(int64_t unit) const override {
    return units_[static_cast<size_t>(unit)].bytes;
  }
  std::optional<int64_t> num_rows() const override { return metadata_->num_rows(); }

  Status ReadUnit(int64_t unit, const Projection& projection, int64_t batch_rows_max,
                  Emitter& out) const override {
    THALWEG_ASSIGN_OR_RETURN(const std::vector<int> fields,
                             arrow_ipc::FieldsOf(projection, *schema_, *name_));
    if (fields.empty()) {
      const Unit& counted = units_[static_cast<size_t>(unit)];
      return arrow_ipc::EmitCounts(counted.rows, counted.first_row, batch_rows_max, name_, out);
    }
    auto source = std::make_shared<ArrowFile>(file_);
    // A failure of the consumer is not one of the file.
    Status consumer;
    const Status status = Guarded(*source, *name_, [&]() -> Status {
      return ReadBatches(source, unit, fields, batch_rows_max, out, &consumer);
    });
    return consumer.ok() ? status : consumer;
  }

 private:
  struct Unit {
    int64_t bytes = 0;
    int64_t rows = 0;
    int64_t first_row = 0;
  };

  Status ReadBinaryAsText() {
    for (int i = 0; i < schema_->num_fields(); ++i) {
      if (!columnar::IsBinary(*schema_->field(i)->type())) continue;
      THALWEG_ASSIGN_OR_RETURN_ARROW(
          schema_, schema_->SetField(i, schema_->field(i)->WithType(arrow::utf8())));
    }
    return {};
  }

  Status MeasureUnits() {
    int64_t first_row = 0;
    for (int i = 0; i < metadata_->num_row_groups(); ++i) {
      const auto group = metadata_->RowGroup(i);
      Unit unit{0, group->num_rows(), first_row};
      if (unit.rows < 0) return Status::Corruption("a row group with a negative number of rows");
      for (int c = 0; c < group->num_columns(); ++c) {
        unit.bytes += std::max<int64_t>(0, group->ColumnChunk(c)->total_compressed_size());
      }
      first_row += unit.rows;
      units_.push_back(unit);
    }
    if (first_row != metadata_->num_rows()) {
      return Status::Corruption("the row groups do not add up to the file's number of rows");
    }
    return {};
  }

  Status ReadBatches(const std::shared_ptr<ArrowFile>& source, int64_t unit,
                     const std::vector<int>& fields, int64_t batch_rows_max, Emitter& out,
                     Status* consumer) const {
    std::unique_ptr<::parquet::arrow::FileReader> reader;
    THALWEG_ASSIGN_OR_RETURN_ARROW(
        reader, ::parquet::arrow::FileReader::Make(
                    arrow::default_memory_pool(),
                    ::parquet::ParquetFileReader::Open(source, ReadProperties(), metadata_),
                    ArrowProperties(batch_rows_max)));
    // Each column once, in the file's order; `place` is where a field then stands.
    std::map<int, int> place;
    for (const int field : fields) place.emplace(field, 0);
    std::vector<int> leaves;
    int next = 0;
    for (auto& [field, at] : place) {
      at = next++;
      const std::vector<int>& own = leaves_[static_cast<size_t>(field)];
      leaves.insert(leaves.end(), own.begin(), own.end());
    }
    THALWEG_ASSIGN_OR_RETURN_ARROW(const auto batches,
                                   reader->GetRecordBatchReader({static_cast<int>(unit)}, leaves));
    const SchemaPtr schema = arrow_ipc::SchemaOf(fields, *schema_);
    const Unit& expected = units_[static_cast<size_t>(unit)];
    int64_t rows = 0;
    for (;;) {
      std::shared_ptr<arrow::RecordBatch> read;
      THALWEG_RETURN_IF_ARROW_ERROR(batches->ReadNext(&read));
      if (!read) break;
      if (read->num_rows() == 0) continue;
      THALWEG_ASSIGN_OR_RETURN(Batch batch, Arrange(*read, fields, place, schema));
      batch = batch.WithOrigin(arrow_ipc::OriginOf(name_, expected.first_row + rows));
      rows += read->num_rows();
      *consumer = out.Emit(std::move(batch));
      if (!consumer->ok()) return {};
    }
    if (rows != expected.rows) {
      return Status::Corruption("row group " + std::to_string(unit) + " has " +
                                std::to_string(rows) + " rows in place of " +
                                std::to_string(expected.rows));
    }
    return {};
  }

  Result<Batch> Arrange(const arrow::RecordBatch& read, const std::vector<int>& fields,
                        const std::map<int, int>& place, const SchemaPtr& schema) const {
    arrow::ArrayVector columns;
    for (const int field : fields) {
      const int at = place.at(field);
      if (at >= read.num_columns()) return Status::Corruption("a column is missing");
      THALWEG_ASSIGN_OR_RETURN(columnar::ArrayPtr column,
                               arrow_ipc::ToType(read.column(at), schema_->field(field)->type()));
      columns.push_back(std::move(column));
    }
    return Batch(arrow::RecordBatch::Make(schema, read.num_rows(), std::move(columns)));
  }

  std::shared_ptr<engine::RandomAccess> file_;
  std::shared_ptr<const std::string> name_;
  ReaderOptions options_;
  std::shared_ptr<::parquet::FileMetaData> metadata_;
  SchemaPtr schema_;
  std::vector<std::vector<int>> leaves_;  // Of each top-level field.
  std::vector<Unit> units_;
};

}  // namespace

Result<std::shared_ptr<const engine::UnitReader>> OpenReader(
    std::shared_ptr<engine::RandomAccess> file, const ReaderOptions& options) {
  auto reader = std::make_shared<ParquetReader>(std::move(file), options);
  THALWEG_RETURN_IF_ERROR(reader->Open());
  return std::shared_ptr<const engine::UnitReader>(std::move(reader));
}

}  // namespace thalweg::codecs::parquet
