#include "codecs/json_writer.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "codecs/text_print.h"

namespace thalweg::codecs {
namespace {

class LineAssembler final : public engine::Assembler {
 public:
  Status Begin(const Write& /*write*/) override { return {}; }
  Status Append(engine::EncodedChunk chunk, const Write& write) override {
    return chunk.bytes.empty() ? Status() : write(chunk.bytes);
  }
  Status Finish(const Write& /*write*/) override { return {}; }
};

class ArrayAssembler final : public engine::Assembler {
 public:
  Status Begin(const Write& write) override { return write("["); }
  Status Append(engine::EncodedChunk chunk, const Write& write) override {
    // A chunk's records are separated, not ended, by commas.
    if (chunk.bytes.empty()) return {};
    THALWEG_RETURN_IF_ERROR(write(any_ ? ",\n" : "\n"));
    any_ = true;
    return write(chunk.bytes);
  }
  Status Finish(const Write& write) override { return write(any_ ? "\n]\n" : "]\n"); }

 private:
  bool any_ = false;
};

class JsonEncoder final : public engine::Encoder {
 public:
  JsonEncoder(const arrow::Schema& schema, bool array) : array_(array) {
    for (const auto& field : schema.fields()) {
      std::string key(keys_.empty() ? "{" : ",");
      AppendJsonString(field->name(), &key);
      keys_.push_back(key + ":");
    }
  }

  Result<engine::EncodedChunk> Encode(const engine::Batch& batch) const override {
    return EncodeAll(std::span(&batch, 1));
  }

  Result<engine::EncodedChunk> EncodeAll(std::span<const engine::Batch> batches) const override {
    engine::EncodedChunk chunk;
    for (const engine::Batch& batch : batches) {
      THALWEG_RETURN_IF_ERROR(EncodeBatch(batch, &chunk.bytes));
      chunk.rows += batch.num_rows();
    }
    if (array_ && chunk.rows > 0) chunk.bytes.resize(chunk.bytes.size() - 2);
    return chunk;
  }

  std::unique_ptr<engine::Assembler> NewFile() const override {
    if (array_) return std::make_unique<ArrayAssembler>();
    return std::make_unique<LineAssembler>();
  }
  bool can_append() const override { return !array_; }
  std::unique_ptr<engine::Assembler> AppendFile() const override {
    return array_ ? nullptr : std::make_unique<LineAssembler>();
  }

 private:
  Status EncodeBatch(const engine::Batch& batch, std::string* out) const {
    std::vector<PrintedColumn> columns;
    for (const auto& array : batch.data()->columns()) {
      THALWEG_ASSIGN_OR_RETURN(PrintedColumn column, PrintedColumn::Make(array));
      columns.push_back(std::move(column));
    }
    const int64_t rows = batch.num_rows();
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t row = batch.selection() ? (*batch.selection())[static_cast<size_t>(i)] : i;
      if (columns.empty()) out->push_back('{');
      for (size_t c = 0; c < columns.size(); ++c) {
        out->append(keys_[c]);
        columns[c].AppendJson(row, out);
      }
      out->append(array_ ? "},\n" : "}\n");
    }
    return {};
  }

  const bool array_;
  std::vector<std::string> keys_;  // With what stands before them.
};

}  // namespace

std::vector<Field> JsonWriteFields() {
  std::vector<Field> fields;
  fields.push_back(
      BoolField("array").Default(false).Doc("Write one array instead of one object a line."));
  return fields;
}

Result<std::shared_ptr<const engine::Encoder>> MakeJsonEncoder(columnar::SchemaPtr schema,
                                                               const Options& options) {
  for (const auto& field : schema->fields()) {
    const Status printable = PrintedColumn::Check(*field->type());
    if (!printable.ok()) return printable.WithContext("json: '" + field->name() + "'");
  }
  return std::shared_ptr<const engine::Encoder>(
      std::make_shared<JsonEncoder>(*schema, options.Bool("array")));
}

}  // namespace thalweg::codecs
