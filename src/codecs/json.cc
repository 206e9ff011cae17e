#include <memory>
#include <string>
#include <utility>

#include "codecs/json_decoder.h"
#include "codecs/json_format.h"
#include "codecs/json_writer.h"
#include "engine/registry.h"

namespace thalweg::codecs::json {
namespace {

class JsonStreamFormat final : public engine::StreamFormat {
 public:
  explicit JsonStreamFormat(JsonFormat format)
      : format_(std::make_shared<const JsonFormat>(std::move(format))) {}

  const columnar::SchemaPtr& schema() const override { return format_->schema; }
  std::unique_ptr<engine::Splitter> MakeSplitter() const override {
    return MakeJsonSplitter(*format_);
  }
  Result<std::unique_ptr<engine::Decoder>> MakeDecoder(const engine::Projection& projection,
                                                       int64_t batch_rows_max) const override {
    return JsonDecoder::Make(format_, projection, batch_rows_max);
  }

 private:
  std::shared_ptr<const JsonFormat> format_;
};

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  engine::Codec codec;
  codec.spec.name = "json";
  codec.spec.aliases = {"jsonl", "ndjson"};
  codec.spec.summary = "JSON: one record a line, the elements of an array, or one after the other.";
  codec.spec.details =
      "A record's keys are the columns; objects are structs and arrays are lists. Types are "
      "inferred from a sample; values of different kinds in one place make it VARCHAR with JSON "
      "text. A missing key is NULL, a key that the sample had not is left out, and a later value "
      "that does not fit is a rejected row. A key that occurs twice in an object is an error.";
  codec.spec.fields = JsonReadFields();
  codec.spec.examples = {"SELECT * FROM read_json('events.jsonl')",
                         "SELECT * FROM read_json('prices.json', types := {'price': "
                         "'DECIMAL(10,2)'})"};
  codec.write_fields = JsonWriteFields();
  codec.suffixes = {".json", ".jsonl", ".ndjson"};
  codec.infer = [](std::string_view sample, bool whole, const Options& options,
                   std::string_view file) -> Result<std::shared_ptr<const engine::StreamFormat>> {
    auto format = SniffJson(sample, whole, options);
    if (!format.ok()) {
      return file.empty() ? format.status() : format.status().WithContext(file);
    }
    return std::shared_ptr<const engine::StreamFormat>(
        std::make_shared<JsonStreamFormat>(*std::move(format)));
  };
  codec.make_encoder = MakeJsonEncoder;
  registry.Add(std::move(codec));
}

}  // namespace thalweg::codecs::json
