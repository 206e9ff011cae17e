#include "codecs/arrow_ipc_encoder.h"

#include <arrow/io/interfaces.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/compression.h>

#include <cstring>
#include <string>
#include <utility>

#include "columnar/arrow_status.h"

namespace thalweg::codecs::arrow_ipc {

namespace {

using columnar::Batch;
using engine::EncodedChunk;

// An encapsulated message starts with a mark and the length of its metadata.
constexpr int64_t kPrefixBytes = 8;
constexpr std::string_view kEndOfStream("\xFF\xFF\xFF\xFF\0\0\0\0", 8);

// Passes what Arrow's file writer writes on to the assembler's caller.
class CallbackStream : public arrow::io::OutputStream {
 public:
  using arrow::io::OutputStream::Write;

  void Use(const engine::Assembler::Write* write) { write_ = write; }
  const Status& failure() const { return failure_; }

  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Write(const void* data, int64_t nbytes) override {
    if (nbytes == 0) return arrow::Status::OK();
    failure_ = (*write_)({static_cast<const char*>(data), static_cast<size_t>(nbytes)});
    position_ += nbytes;
    return columnar::ToArrow(failure_);
  }

 private:
  const engine::Assembler::Write* write_ = nullptr;
  int64_t position_ = 0;
  Status failure_;
};

// Magic, schema, batches, and a footer that says where they lie.
class FileAssembler : public engine::Assembler {
 public:
  explicit FileAssembler(columnar::SchemaPtr schema) : schema_(std::move(schema)) {}

  Status Begin(const Write& write) override {
    stream_.Use(&write);
    return Checked([this]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(writer_,
                            arrow::ipc::internal::MakePayloadFileWriter(&stream_, schema_));
      ARROW_RETURN_NOT_OK(writer_->Start());
      arrow::ipc::IpcPayload payload;
      const arrow::ipc::DictionaryFieldMapper mapper(*schema_);
      ARROW_RETURN_NOT_OK(arrow::ipc::GetSchemaPayload(
          *schema_, arrow::ipc::IpcWriteOptions::Defaults(), mapper, &payload));
      return writer_->WritePayload(payload);
    });
  }

  Status Append(EncodedChunk chunk, const Write& write) override {
    if (chunk.rows == 0) return {};
    stream_.Use(&write);
    // The message is taken apart again, because only the writer knows how to note its place.
    int32_t length = 0;
    std::memcpy(&length, chunk.bytes.data() + 4, sizeof(length));
    const auto bytes =
        std::shared_ptr<arrow::Buffer>(arrow::Buffer::FromString(std::move(chunk.bytes)));
    arrow::ipc::IpcPayload payload;
    payload.type = arrow::ipc::MessageType::RECORD_BATCH;
    payload.metadata = arrow::SliceBuffer(bytes, kPrefixBytes, length);
    payload.body_buffers = {arrow::SliceBuffer(bytes, kPrefixBytes + length)};
    payload.body_length = payload.body_buffers[0]->size();
    payload.raw_body_length = payload.body_length;
    return Checked([&] { return writer_->WritePayload(payload); });
  }

  Status Finish(const Write& write) override {
    stream_.Use(&write);
    return Checked([this] { return writer_->Close(); });
  }

 private:
  template <typename Call>
  Status Checked(const Call& call) {
    const arrow::Status status = call();
    if (!stream_.failure().ok()) return stream_.failure();
    return columnar::FromArrow(status);
  }

  columnar::SchemaPtr schema_;
  CallbackStream stream_;
  std::unique_ptr<arrow::ipc::internal::IpcPayloadWriter> writer_;
};

class StreamAssembler : public engine::Assembler {
 public:
  explicit StreamAssembler(columnar::SchemaPtr schema) : schema_(std::move(schema)) {}

  Status Begin(const Write& write) override {
    THALWEG_ASSIGN_OR_RETURN_ARROW(const auto message, arrow::ipc::SerializeSchema(*schema_));
    return write(
        {reinterpret_cast<const char*>(message->data()), static_cast<size_t>(message->size())});
  }
  Status Append(EncodedChunk chunk, const Write& write) override {
    return chunk.rows == 0 ? Status() : write(chunk.bytes);
  }
  Status Finish(const Write& write) override { return write(kEndOfStream); }

 private:
  columnar::SchemaPtr schema_;
};

Result<std::shared_ptr<arrow::util::Codec>> MakeCodec(const EncoderOptions& options) {
  if (options.compression == arrow::Compression::UNCOMPRESSED) {
    return std::shared_ptr<arrow::util::Codec>();
  }
  const int level = options.compression_level.value_or(arrow::util::kUseDefaultCompressionLevel);
  THALWEG_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::util::Codec> codec,
                                 arrow::util::Codec::Create(options.compression, level));
  return codec;
}

class IpcEncoder : public engine::Encoder {
 public:
  IpcEncoder(columnar::SchemaPtr schema, const EncoderOptions& options)
      : schema_(std::move(schema)), options_(options) {}

  int64_t chunk_rows() const override { return options_.batch_rows; }

  Result<EncodedChunk> Encode(const Batch& batch) const override {
    EncodedChunk out;
    out.rows = batch.num_rows();
    if (out.rows == 0) return out;
    THALWEG_ASSIGN_OR_RETURN(const Batch compact, batch.Compact());
    THALWEG_ASSIGN_OR_RETURN(columnar::RecordBatchPtr plain,
                             columnar::WithoutViews(compact.data()));
    THALWEG_RETURN_IF_ERROR(CheckTypes(*plain));
    auto write = arrow::ipc::IpcWriteOptions::Defaults();
    write.use_threads = false;
    // A codec is not to be shared between threads.
    THALWEG_ASSIGN_OR_RETURN(write.codec, MakeCodec(options_));
    THALWEG_ASSIGN_OR_RETURN_ARROW(const auto message,
                                   arrow::ipc::SerializeRecordBatch(*plain, write));
    out.bytes = message->ToString();
    return out;
  }

  std::unique_ptr<engine::Assembler> NewFile() const override {
    if (options_.stream) return std::make_unique<StreamAssembler>(schema_);
    return std::make_unique<FileAssembler>(schema_);
  }

 private:
  // A message of another schema would be read as garbage.
  Status CheckTypes(const arrow::RecordBatch& batch) const {
    bool same = batch.num_columns() == schema_->num_fields();
    for (int i = 0; same && i < batch.num_columns(); ++i) {
      same = batch.column(i)->type()->Equals(*schema_->field(i)->type());
    }
    if (same) return {};
    return Status::InvalidArgument("arrow: a batch does not have the schema of its file: " +
                                   batch.schema()->ToString());
  }

  columnar::SchemaPtr schema_;
  EncoderOptions options_;
};

// Dictionaries have state from batch to batch, which parallel lanes cannot share.
bool HasDictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return true;
  for (const auto& field : type.fields()) {
    if (HasDictionary(*field->type())) return true;
  }
  return false;
}

}  // namespace

Result<std::shared_ptr<const engine::Encoder>> MakeEncoder(const engine::SchemaPtr& schema,
                                                           const EncoderOptions& options) {
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    if (HasDictionary(*field->type())) {
      return Status::Unsupported("arrow: column '" + field->name() + "' is a dictionary");
    }
    fields.push_back(field->WithType(columnar::WithoutViews(field->type())));
  }
  THALWEG_ASSIGN_OR_RETURN(const auto probe, MakeCodec(options));
  static_cast<void>(probe);
  return std::make_shared<const IpcEncoder>(arrow::schema(std::move(fields)), options);
}

}  // namespace thalweg::codecs::arrow_ipc
