#include <string>
#include <string_view>
#include <utility>

#include "codecs/arrow_ipc_encoder.h"
#include "codecs/arrow_ipc_reader.h"
#include "codecs/arrow_ipc_stream.h"
#include "engine/codec.h"
#include "engine/registry.h"

namespace thalweg::codecs::arrow_ipc {

void Register(engine::Registry& registry);

namespace {

Result<std::shared_ptr<const engine::Encoder>> Make(const engine::SchemaPtr& schema,
                                                    const Options& options, bool stream) {
  EncoderOptions encoder;
  encoder.stream = stream;
  const std::string& compression = options.String("compression");
  if (compression == "zstd") encoder.compression = arrow::Compression::ZSTD;
  if (compression == "lz4") encoder.compression = arrow::Compression::LZ4_FRAME;
  if (options.Has("compression_level")) {
    encoder.compression_level = static_cast<int>(options.Int64("compression_level"));
  }
  encoder.batch_rows = options.Int64("batch_size");
  return MakeEncoder(schema, encoder);
}

std::vector<Field> WriteFields() {
  std::vector<Field> fields;
  fields.push_back(EnumField("compression", {"none", "zstd", "lz4"})
                       .Doc("How the columns' bytes are compressed.")
                       .Default(std::string("none")));
  fields.push_back(Int64Field("compression_level")
                       .Doc("Level of the compression, in its own numbers; without it the "
                            "library's default.")
                       .Min(-131072)
                       .Max(22));
  fields.push_back(Int64Field("batch_size")
                       .Doc("Rows of a record batch at most.")
                       .Default(int64_t{65'536})
                       .Min(1)
                       .Max(1 << 30)
                       .Alias("row_group_size"));
  return fields;
}

engine::Codec FileCodec() {
  engine::Codec codec;
  codec.spec.name = "arrow";
  codec.spec.aliases = {"ipc", "feather"};
  codec.spec.summary = "Apache Arrow IPC files (Feather 2): record batches that need no parsing.";
  codec.spec.examples = {"SELECT * FROM 'flights.arrow'",
                         "COPY (SELECT * FROM 'flights.csv') TO 'flights.arrow' "
                         "(FORMAT arrow, COMPRESSION zstd)"};
  codec.write_fields = WriteFields();
  codec.suffixes = {".arrow", ".feather", ".ipc"};
  codec.recognises = [](std::string_view bytes) { return bytes.substr(0, 6) == "ARROW1"; };
  codec.open = [](std::shared_ptr<engine::RandomAccess> file, const Options&) {
    return OpenFile(std::move(file));
  };
  codec.make_encoder = [](const engine::SchemaPtr& schema, const Options& options) {
    return Make(schema, options, /*stream=*/false);
  };
  return codec;
}

engine::Codec StreamCodec() {
  engine::Codec codec;
  codec.spec.name = "arrows";
  codec.spec.aliases = {"arrow_stream"};
  codec.spec.summary = "Apache Arrow IPC streams: record batches in a pipe or a file.";
  codec.spec.examples = {"SELECT count(*) FROM 'flights.arrows'",
                         "COPY (SELECT * FROM 'flights.csv') TO 'flights.arrows' (FORMAT arrows)"};
  codec.write_fields = WriteFields();
  codec.suffixes = {".arrows"};
  codec.recognises = [](std::string_view bytes) {
    return bytes.size() >= 8 && bytes.substr(0, 4) == "\xFF\xFF\xFF\xFF";
  };
  codec.infer = [](std::string_view sample, bool whole, const Options&, std::string_view file) {
    return OpenStream(sample, whole, file);
  };
  codec.make_encoder = [](const engine::SchemaPtr& schema, const Options& options) {
    return Make(schema, options, /*stream=*/true);
  };
  return codec;
}

}  // namespace

void Register(engine::Registry& registry) {
  registry.Add(FileCodec());
  registry.Add(StreamCodec());
}

}  // namespace thalweg::codecs::arrow_ipc
