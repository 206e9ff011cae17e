#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <utility>

#include "codecs/marc_decoder.h"
#include "codecs/marc_writer.h"
#include "engine/registry.h"
#include "marc/frame.h"

namespace thalweg::codecs::marc {
namespace {

// Cuts between frames. The framer looks at each byte once, however the input comes.
class MarcSplitter final : public engine::Splitter {
 public:
  explicit MarcSplitter(size_t record_bytes_max) : framer_(record_bytes_max) {}

  Result<Cut> Next(std::string_view data, bool end_of_input) override {
    size_t at = 0;
    while (at < data.size()) {
      const auto frame = framer_.Next(data, at, end_of_input);
      if (!frame) break;
      at += frame->length;
    }
    framer_.Drop(at);
    return Cut{.bytes = at, .lines = 0};
  }

 private:
  thalweg::marc::Framer framer_;
};

class MarcStreamFormat final : public engine::StreamFormat {
 public:
  explicit MarcStreamFormat(std::shared_ptr<const MarcFormat> format)
      : format_(std::move(format)) {}

  const columnar::SchemaPtr& schema() const override { return format_->schema; }
  std::optional<columnar::TypePtr> ResolveColumn(std::string_view name) const override {
    return ResolveMarcColumn(name);
  }
  std::unique_ptr<engine::Splitter> MakeSplitter() const override {
    return std::make_unique<MarcSplitter>(static_cast<size_t>(format_->reader.record_bytes_max));
  }
  Result<std::unique_ptr<engine::Decoder>> MakeDecoder(const engine::Projection& projection,
                                                       int64_t batch_rows_max) const override {
    return MakeMarcDecoder(format_, projection, batch_rows_max);
  }

 private:
  std::shared_ptr<const MarcFormat> format_;
};

bool Recognises(std::string_view first_bytes) {
  return thalweg::marc::MayBeRecord(first_bytes) &&
         thalweg::marc::FiveDigits(first_bytes.data()) >= 0;
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  engine::Codec codec;
  codec.spec.name = "marc";
  codec.spec.aliases = {"marc21", "iso2709"};
  codec.spec.summary = "MARC records (ISO 2709).";
  codec.spec.details =
      "Columns are paths: \"245$a\" is the first such value, \"650$a[]\" a list of all, "
      "\"008/35-37\" a part of a control field, \"LDR/06\" one of the leader; filters such as "
      "\"650[ind2=0]$a\" and \"650[$a~'^War']$a\" choose among fields. Without a choice there are "
      "001, leader and record, the record's bytes. Text is UTF-8, whatever the file holds. A bad "
      "record is a rejected row with its bytes. Writing takes the column record, or makes records "
      "of "
      "columns that are paths: leader, \"001\", \"008/35-37\", \"245[ind1=1]$a\", \"650$a[]\" for "
      "a "
      "list; columns that agree in all but the code make one field, a list one field an item.";
  codec.spec.fields = MarcReadFields();
  codec.spec.examples = {
      "SELECT \"001\", \"245$a\" AS title FROM 'books.mrc' WHERE \"008/35-37\" = 'fre'",
      "SELECT * FROM read_marc('books.mrc', columns := '001, 245$a AS title, 650$a[] AS subjects', "
      "recovery := 'lenient')",
      "COPY (SELECT id AS \"001\", title AS \"245[ind1=1][ind2=0]$a\", subjects AS \"650$a[]\" "
      "FROM 'books.jsonl') TO 'books.mrc'"};
  codec.write_fields = MarcWriteFields();
  codec.suffixes = {".mrc", ".marc", ".marc21"};
  codec.recognises = Recognises;
  codec.sample_bytes = 64 << 10;
  codec.infer = [](std::string_view /*sample*/, bool /*whole*/, const Options& options,
                   std::string_view file) -> Result<std::shared_ptr<const engine::StreamFormat>> {
    auto format = MakeMarcFormat(options);
    if (!format.ok()) return file.empty() ? format.status() : format.status().WithContext(file);
    return std::shared_ptr<const engine::StreamFormat>(
        std::make_shared<MarcStreamFormat>(*std::move(format)));
  };
  codec.make_encoder = MakeMarcEncoder;
  registry.Add(std::move(codec));
}

}  // namespace thalweg::codecs::marc
