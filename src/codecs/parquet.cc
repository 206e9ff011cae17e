#include <string_view>
#include <utility>

#include "codecs/parquet_encoder.h"
#include "codecs/parquet_reader.h"
#include "engine/codec.h"
#include "engine/registry.h"

namespace thalweg::codecs::parquet {

void Register(engine::Registry& registry);

namespace {

Result<Compression> CompressionOf(std::string_view name) {
  if (name == "zstd") return Compression::kZstd;
  if (name == "snappy") return Compression::kSnappy;
  if (name == "gzip") return Compression::kGzip;
  if (name == "brotli") return Compression::kBrotli;
  if (name == "lz4" || name == "lz4_raw") return Compression::kLz4Raw;
  if (name == "none" || name == "uncompressed") return Compression::kNone;
  return Status::InvalidArgument("parquet: no such compression: " + std::string(name));
}

Result<std::shared_ptr<const engine::UnitReader>> Open(std::shared_ptr<engine::RandomAccess> file,
                                                       const Options& options) {
  ReaderOptions reader;
  reader.binary_as_string = options.Bool("binary_as_string");
  return OpenReader(std::move(file), reader);
}

Result<std::shared_ptr<const engine::Encoder>> Make(engine::SchemaPtr schema,
                                                    const Options& options) {
  EncoderOptions encoder;
  THALWEG_ASSIGN_OR_RETURN(encoder.compression, CompressionOf(options.String("compression")));
  if (options.Has("compression_level")) {
    encoder.compression_level = static_cast<int>(options.Int64("compression_level"));
  }
  encoder.row_group_rows = options.Int64("row_group_size");
  encoder.row_group_bytes = options.Int64("row_group_size_bytes");
  encoder.dictionary = options.Bool("dictionary");
  return MakeEncoder(schema, encoder);
}

std::vector<Field> WriteFields() {
  std::vector<Field> fields;
  fields.push_back(EnumField("compression", {"zstd", "snappy", "gzip", "brotli", "lz4", "lz4_raw",
                                             "none", "uncompressed"})
                       .Doc("How pages are compressed.")
                       .Default(std::string("zstd"))
                       .Alias("codec"));
  fields.push_back(Int64Field("compression_level")
                       .Doc("Level of the compression, in its own numbers; without it the "
                            "library's default (zstd: 3).")
                       .Min(-131072)
                       .Max(22));
  fields.push_back(Int64Field("row_group_size")
                       .Doc("Rows of a row group at most.")
                       .Default(int64_t{122'880})
                       .Min(1)
                       .Max(1 << 30));
  fields.push_back(BytesField("row_group_size_bytes")
                       .Doc("Bytes of a row group in memory, at most.")
                       .Default(int64_t{64} << 20)
                       .Min(1024));
  fields.push_back(BoolField("dictionary")
                       .Doc("Writes repeated values once, where that saves space.")
                       .Default(true));
  return fields;
}

}  // namespace

void Register(engine::Registry& registry) {
  engine::Codec codec;
  codec.spec.name = "parquet";
  codec.spec.summary = "Apache Parquet files: columns in row groups, compressed.";
  codec.spec.details =
      "Row groups are read and written in parallel, and only the columns that a query names are "
      "read.";
  codec.spec.fields.push_back(
      BoolField("binary_as_string")
          .Doc("Reads byte arrays that the file does not call text as VARCHAR.")
          .Default(false));
  codec.spec.examples = {"SELECT origin, count(*) FROM 'flights.parquet' GROUP BY origin",
                         "COPY (SELECT * FROM 'flights.csv') TO 'flights.parquet' "
                         "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"};
  codec.write_fields = WriteFields();
  codec.suffixes = {".parquet", ".parq", ".pq"};
  codec.recognises = [](std::string_view bytes) { return bytes.substr(0, 4) == "PAR1"; };
  codec.open = Open;
  codec.make_encoder = Make;
  registry.Add(std::move(codec));
}

}  // namespace thalweg::codecs::parquet
