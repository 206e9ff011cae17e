#include "codecs/arrow_ipc_stream.h"

#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/reader.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codecs/arrow_ipc_batch.h"
#include "codecs/arrow_ipc_types.h"
#include "columnar/arrow_status.h"

namespace thalweg::codecs::arrow_ipc {

namespace {

// A message that announces more than this is taken for damage: no writer makes such ones, and a
// lane has to hold a whole message.
constexpr int64_t kMessageBytesMax = int64_t{4} << 30;
constexpr int64_t kMetadataBytesMax = int64_t{256} << 20;

// Where a message's parts lie. `size` counts from its first byte to the next message.
struct Frame {
  size_t metadata_offset = 0;
  size_t metadata_size = 0;  // 0: an end-of-stream mark.
  size_t size = 0;
};

int32_t ReadInt32(std::string_view data, size_t at) {
  int32_t value;
  std::memcpy(&value, data.data() + at, sizeof(value));
  return value;
}

std::shared_ptr<arrow::Buffer> Wrap(std::string_view bytes) {
  return std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(bytes.data()),
                                         static_cast<int64_t>(bytes.size()));
}

// The frame of the message at the start of `data`; nothing when its metadata is not all there.
Result<std::optional<Frame>> NextFrame(std::string_view data) {
  if (data.size() < 4) return std::optional<Frame>();
  Frame frame;
  int32_t length = ReadInt32(data, 0);
  frame.metadata_offset = 4;
  if (length == -1) {  // Writers since Arrow 0.15 mark each message.
    if (data.size() < 8) return std::optional<Frame>();
    length = ReadInt32(data, 4);
    frame.metadata_offset = 8;
  }
  if (length < 0 || length > kMetadataBytesMax) {
    return Status::Corruption("not a message: its metadata would have " + std::to_string(length) +
                              " bytes");
  }
  frame.metadata_size = static_cast<size_t>(length);
  frame.size = frame.metadata_offset + frame.metadata_size;
  if (length == 0) return std::optional<Frame>(frame);
  if (data.size() < frame.size) return std::optional<Frame>();
  THALWEG_ASSIGN_OR_RETURN_ARROW(
      const auto message,
      arrow::ipc::Message::Open(Wrap(data.substr(frame.metadata_offset, frame.metadata_size)),
                                nullptr));
  const int64_t body = message->body_length();
  if (body < 0 || body > kMessageBytesMax) {
    return Status::Corruption("a message body of " + std::to_string(body) + " bytes");
  }
  frame.size += static_cast<size_t>(body);
  return std::optional<Frame>(frame);
}

bool HasDictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return true;
  if (type.id() == arrow::Type::EXTENSION) {
    return HasDictionary(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  for (const auto& field : type.fields()) {
    if (HasDictionary(*field->type())) return true;
  }
  return false;
}

class MessageSplitter : public engine::Splitter {
 public:
  explicit MessageSplitter(bool whole_stream) : whole_stream_(whole_stream) {}

  Result<Cut> Next(std::string_view data, bool end_of_input) override {
    if (end_of_input) return Cut{data.size(), 0};
    if (whole_stream_) {
      if (static_cast<int64_t>(data.size()) > kMessageBytesMax) {
        return Status::ResourceExhausted(
            "arrow: a stream with dictionaries is held as a whole, and this one is larger than "
            "4 GiB: write it as an Arrow file, or without dictionaries");
      }
      return Cut{};
    }
    size_t cut = 0;
    for (;;) {
      Result<std::optional<Frame>> frame = NextFrame(data.substr(cut));
      if (!frame.ok()) {
        return InputStatus(frame.status())
            .WithContext("arrow: byte " + std::to_string(offset_ + cut));
      }
      if (!frame->has_value() || data.size() - cut < (*frame)->size) break;
      cut += (*frame)->size;
    }
    offset_ += cut;
    return Cut{cut, 0};
  }

 private:
  bool whole_stream_;
  uint64_t offset_ = 0;  // Of the next call's data.
};

// What all lanes share.
struct StreamLayout {
  columnar::SchemaPtr raw;     // As the stream has it.
  columnar::SchemaPtr schema;  // As the engine sees it.
  bool dictionaries = false;
};

class StreamDecoder : public engine::Decoder {
 public:
  StreamDecoder(std::shared_ptr<const StreamLayout> layout, std::vector<int> fields,
                int64_t batch_rows_max)
      : layout_(std::move(layout)), fields_(std::move(fields)), batch_rows_max_(batch_rows_max) {}

  Status Decode(const engine::Slab& slab, engine::Emitter& out) override {
    const BatchReader batches(fields_, layout_->schema, slab.file);
    Status consumer;
    uint64_t at = 0;
    const Status status = layout_->dictionaries
                              ? DecodeWhole(slab, batches, out, &consumer)
                              : DecodeMessages(slab, batches, out, &consumer, &at);
    if (!consumer.ok()) return consumer;
    if (status.ok()) return status;
    const std::string file = slab.file ? "'" + *slab.file + "', " : std::string();
    return InputStatus(status).WithContext(
        "arrow: " + file + "byte " + std::to_string(static_cast<uint64_t>(slab.byte_offset) + at));
  }

 private:
  // The slab's bytes, alive as long as a batch that points into them.
  static std::shared_ptr<arrow::Buffer> BytesOf(const engine::Slab& slab) {
    if (!slab.owner) return arrow::Buffer::FromString(std::string(slab.data));
    const auto* begin = reinterpret_cast<const uint8_t*>(slab.data.data());
    return std::make_shared<arrow::Buffer>(slab.owner, begin - slab.owner->data(),
                                           static_cast<int64_t>(slab.data.size()));
  }

  Status DecodeMessages(const engine::Slab& slab, const BatchReader& batches, engine::Emitter& out,
                        Status* consumer, uint64_t* at) {
    const auto bytes = BytesOf(slab);
    const arrow::ipc::IpcReadOptions options = batches.ReadOptions();
    while (*at < slab.data.size()) {
      THALWEG_ASSIGN_OR_RETURN(const std::optional<Frame> frame, NextFrame(slab.data.substr(*at)));
      if (!frame || slab.data.size() - *at < frame->size) {
        return Status::Corruption("the stream ends within a message");
      }
      if (frame->metadata_size > 0) {
        const auto start = static_cast<int64_t>(*at + frame->metadata_offset);
        const auto metadata = static_cast<int64_t>(frame->metadata_size);
        const auto body = static_cast<int64_t>(*at + frame->size) - start - metadata;
        THALWEG_ASSIGN_OR_RETURN_ARROW(
            const auto message,
            arrow::ipc::Message::Open(arrow::SliceBuffer(bytes, start, metadata),
                                      arrow::SliceBuffer(bytes, start + metadata, body)));
        THALWEG_RETURN_IF_ERROR(DecodeMessage(*message, options, batches, out, consumer));
        if (!consumer->ok()) return {};
      }
      *at += frame->size;
    }
    return {};
  }

  Status DecodeMessage(const arrow::ipc::Message& message,
                       const arrow::ipc::IpcReadOptions& options, const BatchReader& batches,
                       engine::Emitter& out, Status* consumer) {
    switch (message.type()) {
      case arrow::ipc::MessageType::SCHEMA: {
        arrow::ipc::DictionaryMemo memo;
        THALWEG_ASSIGN_OR_RETURN_ARROW(const auto schema, arrow::ipc::ReadSchema(message, &memo));
        if (schema->Equals(*layout_->raw, /*check_metadata=*/false)) return {};
        return Status::Corruption("a second schema that differs from the first");
      }
      case arrow::ipc::MessageType::RECORD_BATCH: {
        THALWEG_ASSIGN_OR_RETURN_ARROW(
            const auto read,
            arrow::ipc::ReadRecordBatch(message, layout_->raw, &no_dictionaries_, options));
        return batches.Emit(read, batch_rows_max_, out, consumer);
      }
      default:
        return Status::Corruption("an unexpected message: " +
                                  arrow::ipc::FormatMessageType(message.type()));
    }
  }

  Status DecodeWhole(const engine::Slab& slab, const BatchReader& batches, engine::Emitter& out,
                     Status* consumer) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(
        const auto reader,
        arrow::ipc::RecordBatchStreamReader::Open(
            std::make_shared<arrow::io::BufferReader>(BytesOf(slab)), batches.ReadOptions()));
    for (;;) {
      std::shared_ptr<arrow::RecordBatch> read;
      THALWEG_RETURN_IF_ARROW_ERROR(reader->ReadNext(&read));
      if (!read) return {};
      THALWEG_RETURN_IF_ERROR(batches.Emit(read, batch_rows_max_, out, consumer));
      if (!consumer->ok()) return {};
    }
  }

  std::shared_ptr<const StreamLayout> layout_;
  std::vector<int> fields_;
  int64_t batch_rows_max_;
  const arrow::ipc::DictionaryMemo no_dictionaries_;
};

class IpcStreamFormat : public engine::StreamFormat {
 public:
  IpcStreamFormat(std::shared_ptr<const StreamLayout> layout, std::string file)
      : layout_(std::move(layout)), file_(std::move(file)) {}

  const columnar::SchemaPtr& schema() const override { return layout_->schema; }
  std::unique_ptr<engine::Splitter> MakeSplitter() const override {
    return std::make_unique<MessageSplitter>(layout_->dictionaries);
  }
  Result<std::unique_ptr<engine::Decoder>> MakeDecoder(const engine::Projection& projection,
                                                       int64_t batch_rows_max) const override {
    THALWEG_ASSIGN_OR_RETURN(std::vector<int> fields,
                             FieldsOf(projection, *layout_->schema, file_));
    return std::make_unique<StreamDecoder>(layout_, std::move(fields), batch_rows_max);
  }

 private:
  std::shared_ptr<const StreamLayout> layout_;
  std::string file_;
};

Result<std::shared_ptr<const engine::StreamFormat>> ReadLayout(std::string_view sample, bool whole,
                                                               std::string_view file) {
  if (sample.substr(0, 6) == "ARROW1") {
    return Status::InvalidArgument("this is an Arrow file, not a stream: read it as 'arrow'");
  }
  THALWEG_ASSIGN_OR_RETURN(const std::optional<Frame> frame, NextFrame(sample));
  if (!frame || frame->metadata_size == 0) {
    if (frame || whole) return Status::Corruption("no schema at the start of the stream");
    return Status::Unsupported("the schema is larger than the sample that was read");
  }
  THALWEG_ASSIGN_OR_RETURN_ARROW(
      const auto message,
      arrow::ipc::Message::Open(Wrap(sample.substr(frame->metadata_offset, frame->metadata_size)),
                                nullptr));
  if (message->type() != arrow::ipc::MessageType::SCHEMA) {
    return Status::Corruption("no schema at the start of the stream");
  }
  auto layout = std::make_shared<StreamLayout>();
  arrow::ipc::DictionaryMemo memo;
  THALWEG_ASSIGN_OR_RETURN_ARROW(layout->raw, arrow::ipc::ReadSchema(*message, &memo));
  if (!layout->raw->is_native_endian()) {
    return Status::Unsupported("a stream in the other byte order");
  }
  layout->schema = EngineSchema(*layout->raw);
  for (const auto& field : layout->raw->fields()) {
    layout->dictionaries |= HasDictionary(*field->type());
  }
  return std::make_shared<const IpcStreamFormat>(std::move(layout), std::string(file));
}

}  // namespace

Result<std::shared_ptr<const engine::StreamFormat>> OpenStream(std::string_view sample, bool whole,
                                                               std::string_view file) {
  auto format = ReadLayout(sample, whole, file);
  if (format.ok()) return format;
  const Status status =
      format.status().code() == StatusCode::kInvalidArgument && sample.substr(0, 6) == "ARROW1"
          ? format.status()
          : InputStatus(format.status());
  return status.WithContext("arrow: '" + std::string(file) + "'");
}

}  // namespace thalweg::codecs::arrow_ipc
