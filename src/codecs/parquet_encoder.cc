#include "codecs/parquet_encoder.h"

#include <arrow/ipc/writer.h>
#include <arrow/util/base64.h>

#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/parquet_column.h"
#include "columnar/arrow_status.h"

namespace thalweg::codecs::parquet {

namespace {

using columnar::Batch;
using engine::EncodedChunk;

constexpr std::string_view kMagic = "PAR1";
constexpr const char* kCreatedBy = "thalweg version 0.1.0";

// What all files and lanes of one encoder share.
struct Layout {
  WriteSchema schema;
  EncoderOptions options;
  std::string arrow_schema;  // Serialised and in base64, as Arrow's readers look for it.
};

// Lends scratch to lanes; there are as many as lanes that ever encoded at the same time.
class ScratchPool {
 public:
  Result<std::unique_ptr<ColumnScratch>> Take(const EncoderOptions& options) {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<ColumnScratch> scratch = std::move(free_.back());
        free_.pop_back();
        return scratch;
      }
    }
    auto scratch = std::make_unique<ColumnScratch>();
    THALWEG_ASSIGN_OR_RETURN(scratch->compressor,
                             MakeCompressor(options.compression, options.compression_level));
    return scratch;
  }
  void Give(std::unique_ptr<ColumnScratch> scratch) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<ColumnScratch>> free_;
};

class ParquetAssembler : public engine::Assembler {
 public:
  explicit ParquetAssembler(std::shared_ptr<const Layout> layout) : layout_(std::move(layout)) {}

  Status Begin(const Write& write) override {
    offset_ = static_cast<int64_t>(kMagic.size());
    return write(kMagic);
  }

  Status Append(EncodedChunk chunk, const Write& write) override {
    if (chunk.rows == 0) return {};
    auto group = std::static_pointer_cast<RowGroupMeta>(chunk.detail);
    group->file_offset = offset_;
    row_groups_.push_back(std::move(*group));
    offset_ += static_cast<int64_t>(chunk.bytes.size());
    return write(chunk.bytes);
  }

  Status Finish(const Write& write) override {
    FileMeta meta;
    meta.schema = layout_->schema.elements;
    for (const Leaf& leaf : layout_->schema.leaves) meta.leaves.push_back(leaf.path);
    meta.row_groups = std::move(row_groups_);
    meta.key_values = {{"ARROW:schema", layout_->arrow_schema}};
    meta.created_by = kCreatedBy;
    meta.compression = layout_->options.compression;
    std::string footer = SerializeFileMeta(meta);
    const auto size = static_cast<uint32_t>(footer.size());
    if (size != footer.size()) {
      return Status::ResourceExhausted("parquet: too many row groups for one file's footer");
    }
    footer.append(reinterpret_cast<const char*>(&size), sizeof(size));
    footer.append(kMagic);
    return write(footer);
  }

 private:
  std::shared_ptr<const Layout> layout_;
  std::vector<RowGroupMeta> row_groups_;
  int64_t offset_ = 0;
};

class ParquetEncoder : public engine::Encoder {
 public:
  explicit ParquetEncoder(std::shared_ptr<const Layout> layout) : layout_(std::move(layout)) {}

  int64_t chunk_rows() const override { return layout_->options.row_group_rows; }
  int64_t chunk_bytes() const override { return layout_->options.row_group_bytes; }

  Result<EncodedChunk> Encode(const Batch& batch) const override {
    return EncodeAll(std::span(&batch, 1));
  }

  Result<EncodedChunk> EncodeAll(std::span<const Batch> batches) const override {
    std::vector<columnar::RecordBatchPtr> parts;
    EncodedChunk out;
    for (const Batch& batch : batches) {
      if (batch.num_rows() == 0) continue;
      THALWEG_ASSIGN_OR_RETURN(const Batch compact, batch.Compact());
      parts.push_back(compact.data());
      out.rows += compact.num_rows();
      if (compact.num_columns() != layout_->schema.arrow->num_fields()) {
        return Status::InvalidArgument("parquet: a batch does not have the schema of its file");
      }
    }
    if (out.rows == 0) return out;
    THALWEG_ASSIGN_OR_RETURN(std::unique_ptr<ColumnScratch> scratch,
                             scratch_.Take(layout_->options));
    auto group = std::make_shared<RowGroupMeta>();
    group->num_rows = out.rows;
    const Status status = EncodeColumns(parts, scratch.get(), group.get(), &out.bytes);
    scratch_.Give(std::move(scratch));
    THALWEG_RETURN_IF_ERROR(status);
    out.detail = std::move(group);
    return out;
  }

  std::unique_ptr<engine::Assembler> NewFile() const override {
    return std::make_unique<ParquetAssembler>(layout_);
  }

 private:
  Status EncodeColumns(const std::vector<columnar::RecordBatchPtr>& parts, ColumnScratch* scratch,
                       RowGroupMeta* group, std::string* out) const {
    std::vector<columnar::ArrayPtr> chunks(parts.size());
    for (const Leaf& leaf : layout_->schema.leaves) {
      for (size_t i = 0; i < parts.size(); ++i) chunks[i] = parts[i]->column(leaf.column);
      Result<ColumnChunkMeta> meta =
          EncodeColumn(leaf, chunks, layout_->options.dictionary, scratch, out);
      if (!meta.ok()) {
        return meta.status().WithContext("column '" + leaf.path.names.front() + "'");
      }
      group->columns.push_back(*std::move(meta));
    }
    return {};
  }

  std::shared_ptr<const Layout> layout_;
  mutable ScratchPool scratch_;
};

}  // namespace

Result<std::shared_ptr<const engine::Encoder>> MakeEncoder(const engine::SchemaPtr& schema,
                                                           const EncoderOptions& options) {
  auto layout = std::make_shared<Layout>();
  layout->options = options;
  THALWEG_ASSIGN_OR_RETURN(layout->schema, MakeWriteSchema(*schema));
  // Fails here, before anything is read, when the level is out of range.
  THALWEG_ASSIGN_OR_RETURN(const auto probe,
                           MakeCompressor(options.compression, options.compression_level));
  static_cast<void>(probe);
  THALWEG_ASSIGN_OR_RETURN_ARROW(const std::shared_ptr<arrow::Buffer> serialized,
                                 arrow::ipc::SerializeSchema(*layout->schema.arrow));
  layout->arrow_schema = arrow::util::base64_encode(
      {reinterpret_cast<const char*>(serialized->data()), static_cast<size_t>(serialized->size())});
  return std::make_shared<const ParquetEncoder>(std::move(layout));
}

}  // namespace thalweg::codecs::parquet
