#include "connectors/file_table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "base/spec.h"
#include "connectors/file_input.h"
#include "connectors/hive.h"
#include "engine/flow.h"
#include "io/byte_codec.h"
#include "io/glob.h"

namespace thalweg::connectors {
namespace {

constexpr int64_t kSlabBytes = int64_t{1} << 20;

std::string HumanBytes(int64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

class FileTable final : public engine::Table {
 public:
  FileTable(std::string location, const engine::Codec* codec, std::vector<InputFile> files,
            io::FileSystem& fs)
      : location_(std::move(location)), codec_(codec), files_(std::move(files)), fs_(fs) {
    const InputFile& first = files_.front();
    schema_ = first.format ? first.format->schema() : first.units->schema();
  }

  const columnar::SchemaPtr& schema() const override { return schema_; }
  std::optional<columnar::TypePtr> ResolveColumn(std::string_view name) const override {
    return files_.front().format ? files_.front().format->ResolveColumn(name) : std::nullopt;
  }
  std::string Describe() const override {
    int64_t bytes = 0;
    for (const auto& file : files_) bytes += std::max<int64_t>(0, file.bytes);
    std::string text = codec_->spec.name + " '" + location_ + "'";
    if (files_.front().bytes < 0) return text;
    text += " (" + std::to_string(files_.size()) + (files_.size() == 1 ? " file, " : " files, ");
    return text + HumanBytes(bytes) + ")";
  }
  std::optional<int64_t> num_rows() const override {
    int64_t rows = 0;
    for (const auto& file : files_) {
      if (!file.units || !file.units->num_rows()) return {};
      rows += *file.units->num_rows();
    }
    return rows;
  }
  std::optional<int64_t> num_bytes() const override {
    int64_t bytes = 0;
    for (const auto& file : files_) {
      const bool plain = io::CompressionOfPath(file.path) == io::Compression::kNone;
      if (file.bytes < 0 || file.compression || !plain) return {};
      bytes += file.bytes;
    }
    return bytes;
  }
  Result<runtime::NodeId> Plan(runtime::Graph& graph,
                               const engine::ScanRequest& request) const override {
    if (files_.front().opened && std::exchange(consumed_, true)) {
      return Status::InvalidArgument("standard input can be read only once");
    }
    engine::Projection projection = request.projection;
    if (projection.all) {
      // By name, so that files whose columns stand in another order give the same.
      projection.all = false;
      projection.columns = schema_->field_names();
    }
    if (files_.front().units) {
      return AddUnitScan(graph, files_, std::move(projection), request.batch_rows_max);
    }
    std::vector<std::shared_ptr<const engine::StreamFormat>> formats;
    for (const auto& file : files_) formats.push_back(file.format);
    const auto source = graph.AddSource({.name = "read", .token = runtime::TokenKind::kIo},
                                        MakeSlabSource(files_, fs_, kSlabBytes));
    return engine::AddDecode(graph, std::move(formats), std::move(projection),
                             request.batch_rows_max, source);
  }

 private:
  std::string location_;
  const engine::Codec* codec_;
  std::vector<InputFile> files_;
  io::FileSystem& fs_;
  columnar::SchemaPtr schema_;
  mutable bool consumed_ = false;
};

std::vector<std::string> CodecNames(const engine::Registry& registry) {
  std::vector<std::string> names;
  for (const auto& codec : registry.codecs()) names.push_back(codec->spec.name);
  return names;
}

Result<std::vector<std::string>> Expand(io::FileSystem& fs, const std::string& location) {
  if (location == "-") return std::vector<std::string>{location};
  if (io::IsGlob(location)) {
    THALWEG_ASSIGN_OR_RETURN(auto found, io::Glob(fs, location));
    if (found.empty()) return Status::NotFound("no file matches '" + location + "'");
    return found;
  }
  auto info = fs.Stat(location);
  if (info.ok() && info->type == io::FileType::kDirectory) {
    // A directory stands for the data files in it, also those of a partitioned set.
    THALWEG_ASSIGN_OR_RETURN(auto found, io::Glob(fs, io::JoinPath(location, "**/*")));
    if (found.empty()) return Status::NotFound("no file in directory '" + location + "'");
    return found;
  }
  if (!info.ok() && info.status().code() != StatusCode::kNotFound) return std::move(info).status();
  return std::vector<std::string>{location};
}

// Up to `wanted` bytes; less only at the end, which `*whole` then says.
Result<std::string> ReadSample(io::SequentialFile& input, int64_t wanted, bool* whole) {
  std::string sample(static_cast<size_t>(wanted), '\0');
  size_t filled = 0;
  *whole = false;
  while (filled < sample.size() && !*whole) {
    THALWEG_ASSIGN_OR_RETURN(const size_t got, input.Read(std::span(sample).subspan(filled)));
    *whole = got == 0;
    filled += got;
  }
  sample.resize(filled);
  return sample;
}

struct Opening {
  const engine::Registry& registry;
  io::FileSystem& fs;
  std::string format;
  std::optional<io::Compression> compression;
  Options::Given codec_options;
};

Status SettleFile(const Opening& opening, const engine::Codec** codec, InputFile* file) {
  if (file->path != "-") {
    THALWEG_ASSIGN_OR_RETURN(const auto info, opening.fs.Stat(file->path));
    file->bytes = info.size;
  }
  file->compression = opening.compression;
  std::string sample;
  bool whole = false;
  std::unique_ptr<io::SequentialFile> input;
  if (*codec == nullptr || (*codec)->infer) {
    THALWEG_ASSIGN_OR_RETURN(input, OpenInput(opening.fs, file->path, file->compression, {}));
    const int64_t wanted = *codec == nullptr ? int64_t{1} << 20 : (*codec)->sample_bytes;
    THALWEG_ASSIGN_OR_RETURN(sample, ReadSample(*input, wanted, &whole));
  }
  if (*codec == nullptr) {
    THALWEG_ASSIGN_OR_RETURN(*codec,
                             ChooseCodec(opening.registry, file->path, opening.format, sample));
  }
  THALWEG_ASSIGN_OR_RETURN(
      const Options options,
      Options::Parse((*codec)->spec, opening.codec_options, "read_" + (*codec)->spec.name));
  if ((*codec)->infer) {
    const std::string name = file->path == "-" ? "standard input" : file->path;
    THALWEG_ASSIGN_OR_RETURN(file->format, (*codec)->infer(sample, whole, options, name));
    if (file->path == "-") {
      file->opened = std::move(input);
      file->sample = std::move(sample);
    }
    return {};
  }
  if (file->path == "-") {
    return Status::Unsupported((*codec)->spec.name +
                               " needs a file that can be read at any place: save it first");
  }
  THALWEG_ASSIGN_OR_RETURN(auto access, OpenRandomAccess(opening.fs, file->path));
  THALWEG_ASSIGN_OR_RETURN(file->units, (*codec)->open(std::move(access), options));
  return {};
}

const columnar::SchemaPtr& SchemaOf(const InputFile& file) {
  return file.format ? file.format->schema() : file.units->schema();
}

// Every file has the columns of the first, with its types.
Status CheckSame(const InputFile& first, const InputFile& other) {
  for (const auto& field : SchemaOf(first)->fields()) {
    const auto same = SchemaOf(other)->GetFieldByName(field->name());
    if (same == nullptr) {
      return Status::InvalidArgument(other.path + ": has no column '" + field->name() +
                                     "', which '" + first.path + "' has");
    }
    if (!same->type()->Equals(*field->type())) {
      return Status::InvalidArgument(other.path + ": column '" + field->name() + "' is " +
                                     columnar::SqlTypeName(*same->type()) + ", in '" + first.path +
                                     "' it is " + columnar::SqlTypeName(*field->type()) +
                                     "; give its type with types :=");
    }
  }
  return {};
}

// The types of the first file, so that inference over another file cannot come to different ones.
void AskForTypes(const columnar::SchemaPtr& schema, const engine::Codec& codec,
                 Options::Given* options) {
  if (codec.spec.Find("types") == nullptr) return;
  std::map<std::string, std::string> types;
  for (auto it = options->begin(); it != options->end(); ++it) {
    const Field* field = codec.spec.Find(it->first);
    if (field == nullptr || field->name != "types") continue;
    if (!std::holds_alternative<std::map<std::string, std::string>>(it->second)) return;
    types = std::get<std::map<std::string, std::string>>(it->second);
    options->erase(it);
    break;
  }
  for (const auto& field : schema->fields()) {
    types.emplace(field->name(), columnar::SqlTypeName(*field->type()));
  }
  options->emplace_back("types", std::move(types));
}

}  // namespace

Result<const engine::Codec*> ChooseCodec(const engine::Registry& registry, const std::string& path,
                                         const std::string& format, std::string_view first_bytes) {
  if (!format.empty()) {
    const engine::Codec* codec = registry.FindCodec(format);
    if (codec != nullptr) return codec;
    return Status::InvalidArgument("unknown format '" + format + "'" +
                                   DidYouMean(format, CodecNames(registry)));
  }
  if (const engine::Codec* codec = registry.FindCodecBySuffix(path)) return codec;
  for (const auto& codec : registry.codecs()) {
    if (codec->recognises && codec->recognises(first_bytes)) return codec.get();
  }
  // Text on a pipe that is nothing else is delimited text.
  if (path == "-") {
    if (const engine::Codec* codec = registry.FindCodec("csv")) return codec;
  }
  return Status::InvalidArgument("cannot tell the format of '" + path +
                                 "' from its name: give format (known: " +
                                 [&] {
                                   std::string all;
                                   for (const auto& name : CodecNames(registry)) {
                                     all.append(all.empty() ? "" : ", ").append(name);
                                   }
                                   return all;
                                 }() +
                                 ")");
}

std::vector<Field> FileReadFields() {
  return {
      StringField("format").Doc("Name of the codec; by default it follows the suffix."),
      EnumField("compression", {"auto", "none", "gzip", "zstd", "lz4", "brotli"})
          .Doc("Compression of the whole file.")
          .Default(std::string("auto")),
      BoolField("hive_partitioning")
          .Doc("Directories such as origin=EWR/month=1 give columns.")
          .Default(true),
  };
}

SplitOptions SplitByName(const Spec& place, const Options::Given& given) {
  SplitOptions split;
  for (const auto& option : given) {
    (place.Find(option.first) != nullptr ? split.place : split.codec).push_back(option);
  }
  return split;
}

Result<std::shared_ptr<const engine::Table>> OpenFileTable(const engine::Registry& registry,
                                                           io::FileSystem& fs,
                                                           const std::string& location,
                                                           const Spec& spec,
                                                           const Options::Given& given) {
  SplitOptions split = SplitByName(spec, given);
  THALWEG_ASSIGN_OR_RETURN(const Options options, Options::Parse(spec, split.place, "read"));
  THALWEG_ASSIGN_OR_RETURN(const auto paths, Expand(fs, location));
  Opening opening{registry,
                  fs,
                  options.Has("format") ? options.String("format") : "",
                  {},
                  std::move(split.codec)};
  if (options.Has("compression") && options.String("compression") != "auto") {
    THALWEG_ASSIGN_OR_RETURN(opening.compression,
                             io::ParseCompression(options.String("compression")));
  }
  const engine::Codec* codec = nullptr;
  if (!opening.format.empty() || registry.FindCodecBySuffix(paths.front()) != nullptr) {
    THALWEG_ASSIGN_OR_RETURN(codec, ChooseCodec(registry, paths.front(), opening.format, {}));
  }
  std::vector<InputFile> files;
  for (const auto& path : paths) {
    InputFile file;
    file.path = path;
    THALWEG_RETURN_IF_ERROR(SettleFile(opening, &codec, &file));
    if (files.empty()) {
      if (paths.size() > 1) AskForTypes(SchemaOf(file), *codec, &opening.codec_options);
    } else {
      THALWEG_RETURN_IF_ERROR(CheckSame(files.front(), file));
    }
    files.push_back(std::move(file));
  }
  if (options.Bool("hive_partitioning")) THALWEG_RETURN_IF_ERROR(AddHiveColumns(&files));
  return std::shared_ptr<const engine::Table>(
      std::make_shared<FileTable>(location, codec, std::move(files), fs));
}

}  // namespace thalweg::connectors
