#include "thalweg/marc/formats.h"

#include <algorithm>
#include <array>
#include <utility>

#include "io/byte_codec.h"
#include "marc/detect.h"
#include "marc/encoders.h"
#include "marc/open_input.h"
#include "marc/rdf_source.h"
#include "marc/text_input.h"
#include "marc/xml_tree.h"

namespace thalweg::marc {
namespace {

constexpr std::array kFormats = std::to_array<FormatInfo>({
    {Format::kIso2709, "iso2709", "marc mrc marc21 raw", "mrc marc raw dat utf8 mrc8",
     "ISO 2709, the exchange format", true, true},
    {Format::kMarcXml, "marcxml", "xml", "xml marcxml", "MARCXML", true, true},
    {Format::kMarcInJson, "json", "marc-in-json mij", "json mij",
     "MARC-in-JSON: an array of objects", true, true},
    {Format::kJsonLines, "jsonl", "ndjson json-lines", "jsonl ndjson mij-lines",
     "MARC-in-JSON, one object a line", true, true},
    {Format::kNativeJson, "native-json", "mrrc-json", "",
     "an array a record and line, subfields as members of an object", true, true},
    {Format::kMarcJson, "marcjson", "", "marcjson",
     "an array a record and line, subfields as a list", true, true},
    {Format::kMrk, "mrk", "marcmaker mrk8 text", "mrk mrk8", "MARCMaker's text", true, true},
    {Format::kLongCsv, "csv", "long-csv", "csv tsv", "a row for each subfield", true, true},
    {Format::kTurbomarc, "turbomarc", "turbo", "", "Turbomarc, as yaz writes it", true, false},
    {Format::kLine, "line", "yaz-line", "line", "a line for each field, as yaz prints it", true,
     true},
    {Format::kMods, "mods", "", "mods", "MODS 3", true, true},
    {Format::kDublinCore, "dc", "dublin-core oai_dc", "dc", "Dublin Core in XML", false, true},
    {Format::kBibframe, "bibframe", "bibframe-xml", "rdf", "BIBFRAME 2 in RDF/XML", true, true},
    {Format::kBibframeTurtle, "bibframe-turtle", "bibframe-ttl", "ttl", "BIBFRAME 2 in Turtle",
     true, true},
    {Format::kBibframeNTriples, "bibframe-ntriples", "bibframe-nt", "nt", "BIBFRAME 2 in N-Triples",
     true, true},
    {Format::kBibframeJsonLd, "bibframe-jsonld", "", "jsonld", "BIBFRAME 2 in JSON-LD", true, true},
});

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

// Whether `name` is one of `words`, which have blanks between them.
bool IsOneOf(std::string_view words, std::string_view name) {
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    if (SameName(words.substr(0, end), name)) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

class Iso2709Source final : public RecordSource {
 public:
  explicit Iso2709Source(Reader reader) : reader_(std::move(reader)) {}
  Result<RecordBatch> ReadBatch() override { return reader_.ReadBatch(); }
  Format format() const override { return Format::kIso2709; }

 private:
  Reader reader_;
};

class Iso2709Encoder final : public RecordEncoder {
 public:
  explicit Iso2709Encoder(WriterOptions options) : options_(std::move(options)) {}
  Status Append(const RecordView& record, int64_t /*index*/, std::string* out) const override {
    if (options_.encoding == OutputEncoding::kKeep && options_.normalize == Normalization::kNone) {
      return AppendIso2709(record, options_.oversize, out);
    }
    // Owned by nobody: the view outlives this call.
    return AppendIso2709(Record(record, nullptr), options_, out);
  }

 private:
  WriterOptions options_;
};

Status CannotRead(Format format) {
  return Status::Unsupported(std::string("format '") + InfoOf(format).name + "' is only written");
}

}  // namespace

std::span<const FormatInfo> AllFormats() { return kFormats; }

const FormatInfo& InfoOf(Format format) { return kFormats[static_cast<size_t>(format)]; }

Result<Format> ParseFormat(std::string_view name) {
  std::string names;
  for (const FormatInfo& info : kFormats) {
    if (SameName(info.name, name) || IsOneOf(info.aliases, name)) return info.format;
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  return Status::InvalidArgument("no such MARC format: '" + std::string(name) + "'; there are " +
                                 names);
}

std::optional<Format> FormatOfPath(std::string_view path) {
  path = io::WithoutCompressionSuffix(path);
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || path.find('/', dot) != std::string_view::npos) return {};
  const std::string_view suffix = path.substr(dot + 1);
  for (const FormatInfo& info : kFormats) {
    if (IsOneOf(info.suffixes, suffix)) return info.format;
  }
  return {};
}

Result<std::unique_ptr<RecordSource>> MakeSource(Format format, Reader::ReadBytes read,
                                                 ReaderOptions options) {
  using Source = std::unique_ptr<RecordSource>;
  switch (format) {
    case Format::kIso2709:
      return Source(
          std::make_unique<Iso2709Source>(Reader::OverStream(std::move(read), std::move(options))));
    case Format::kMarcXml:
    case Format::kTurbomarc:
      return MakeMarcXmlSource(format, std::move(read), std::move(options));
    case Format::kMarcInJson:
    case Format::kJsonLines:
    case Format::kNativeJson:
    case Format::kMarcJson:
      return MakeJsonSource(format, std::move(read), std::move(options));
    case Format::kMrk:
      return MakeMrkSource(std::move(read), std::move(options));
    case Format::kLongCsv:
      return MakeLongCsvSource(std::move(read), std::move(options));
    case Format::kLine:
      return MakeLineSource(std::move(read), std::move(options));
    case Format::kMods:
      return MakeModsSource(std::move(read), std::move(options));
    case Format::kBibframe:
      return MakeRdfXmlSource(std::move(read), std::move(options));
    case Format::kBibframeTurtle:
    case Format::kBibframeNTriples:
      return MakeTurtleSource(format, std::move(read), std::move(options));
    case Format::kBibframeJsonLd:
      return MakeJsonLdSource(std::move(read), std::move(options));
    default:
      return CannotRead(format);
  }
}

Result<std::unique_ptr<RecordEncoder>> MakeEncoder(Format format, EncoderOptions options) {
  switch (format) {
    case Format::kIso2709:
      return std::unique_ptr<RecordEncoder>(
          std::make_unique<Iso2709Encoder>(std::move(options.iso2709)));
    case Format::kMarcXml:
      return MakeMarcXmlEncoder(options);
    case Format::kMarcInJson:
    case Format::kJsonLines:
    case Format::kNativeJson:
    case Format::kMarcJson:
      return MakeJsonEncoder(format, options);
    case Format::kMrk:
      return MakeMrkEncoder();
    case Format::kLongCsv:
      return MakeLongCsvEncoder(options);
    case Format::kLine:
      return MakeLineEncoder();
    case Format::kMods:
      return MakeModsEncoder(options);
    case Format::kDublinCore:
      return MakeDublinCoreEncoder(options);
    case Format::kBibframe:
    case Format::kBibframeTurtle:
    case Format::kBibframeNTriples:
    case Format::kBibframeJsonLd:
      return MakeBibframeEncoder(format, std::move(options));
    default:
      return Status::Unsupported(std::string("format '") + InfoOf(format).name + "' is only read");
  }
}

Result<std::unique_ptr<RecordSource>> OpenSource(const std::string& path,
                                                 std::optional<Format> format,
                                                 ReaderOptions options, std::stop_token stop) {
  if (options.source.empty()) options.source = path == "-" ? "standard input" : path;
  THALWEG_ASSIGN_OR_RETURN(Reader::ReadBytes read, OpenInput(path, stop));
  THALWEG_ASSIGN_OR_RETURN(DetectedInput detected, DetectInput(std::move(read), format, path));
  return MakeSource(detected.format, std::move(detected.read), std::move(options));
}

Result<std::vector<Record>> ParseRecords(Format format, std::string_view text,
                                         ReaderOptions options, std::vector<Defect>* defects) {
  const bool strict = options.recovery == Recovery::kStrict;
  const auto read = [text](std::span<char> out) mutable -> Result<size_t> {
    const size_t size = std::min(out.size(), text.size());
    std::copy_n(text.data(), size, out.data());
    text.remove_prefix(size);
    return size;
  };
  THALWEG_ASSIGN_OR_RETURN(auto source, MakeSource(format, read, std::move(options)));
  std::vector<Record> records;
  while (true) {
    THALWEG_ASSIGN_OR_RETURN(const RecordBatch batch, source->ReadBatch());
    if (batch.empty()) return records;
    for (size_t i = 0; i < batch.records.size(); ++i) records.push_back(batch.Own(i));
    for (const Defect& defect : batch.defects) {
      if (strict && defect.info().severity == Severity::kError) return defect.ToStatus();
      if (defects != nullptr) defects->push_back(defect);
    }
  }
}

}  // namespace thalweg::marc
