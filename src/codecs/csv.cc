#include <memory>
#include <string>
#include <utility>

#include "codecs/csv_decoder.h"
#include "codecs/csv_format.h"
#include "codecs/csv_splitter.h"
#include "codecs/csv_writer.h"
#include "engine/registry.h"

namespace thalweg::codecs::csv {
namespace {

class CsvStreamFormat final : public engine::StreamFormat {
 public:
  explicit CsvStreamFormat(CsvFormat format)
      : format_(std::make_shared<const CsvFormat>(std::move(format))) {}

  const columnar::SchemaPtr& schema() const override { return format_->schema; }
  std::unique_ptr<engine::Splitter> MakeSplitter() const override {
    return std::make_unique<CsvSplitter>(*format_);
  }
  Result<std::unique_ptr<engine::Decoder>> MakeDecoder(const engine::Projection& projection,
                                                       int64_t batch_rows_max) const override {
    return CsvDecoder::Make(format_, projection, batch_rows_max);
  }

 private:
  std::shared_ptr<const CsvFormat> format_;
};

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  engine::Codec codec;
  codec.spec.name = "csv";
  codec.spec.aliases = {"tsv"};
  codec.spec.summary = "Delimited text: RFC 4180 and what is found in the wild.";
  codec.spec.details =
      "An empty field is NULL, \"\" is the empty string. Types are inferred from a sample: BIGINT, "
      "DOUBLE, BOOLEAN, DATE, TIMESTAMP, VARCHAR. A value that a type would change (a leading "
      "zero, "
      "a plus sign, digits beyond the type) keeps its column text; a later value that does not fit "
      "is a rejected row. A quote opens only as the first byte of a field.";
  codec.spec.fields = CsvReadFields();
  codec.spec.examples = {"SELECT * FROM read_csv('flights.csv', nullstr := 'NA')",
                         "SELECT * FROM read_csv('prices.csv', delim := ';', types := "
                         "{'price': 'DECIMAL(10,2)'})"};
  codec.write_fields = CsvWriteFields();
  codec.suffixes = {".csv", ".tsv", ".tab"};
  codec.infer = [](std::string_view sample, bool whole, const Options& options,
                   std::string_view file) -> Result<std::shared_ptr<const engine::StreamFormat>> {
    THALWEG_ASSIGN_OR_RETURN(CsvFormat format, SniffCsv(sample, whole, options, file));
    return std::shared_ptr<const engine::StreamFormat>(
        std::make_shared<CsvStreamFormat>(std::move(format)));
  };
  codec.make_encoder = MakeCsvEncoder;
  registry.Add(std::move(codec));
}

}  // namespace thalweg::codecs::csv
