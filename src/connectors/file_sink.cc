#include "connectors/file_sink.h"

#include <algorithm>
#include <utility>

#include "columnar/gather.h"
#include "connectors/file_table.h"
#include "engine/expression.h"
#include "engine/flow.h"
#include "engine/group_index.h"
#include "io/errno_status.h"

namespace thalweg::connectors {
namespace {

using columnar::Batch;
using runtime::Chunk;
using runtime::Output;
using runtime::Progress;

constexpr int64_t kHeldBytesMax = int64_t{64} << 20;  // Rows waiting for their partition's chunk.

/// Batches that make one chunk of one file.
struct GroupPayload final : runtime::Payload {
  std::string path;
  std::vector<Batch> batches;
};

struct EncodedPayload final : runtime::Payload {
  std::string path;
  engine::EncodedChunk chunk;
};

/// Gathers batches until they make a chunk of the encoder's size.
class Gatherer {
 public:
  Gatherer(std::string path, const engine::Encoder* encoder)
      : path_(std::move(path)), encoder_(encoder) {}

  void Add(Batch batch, int64_t bytes, Output& out) {
    const int64_t rows_max = encoder_->chunk_rows();
    int64_t offset = 0;
    const int64_t rows = batch.num_rows();
    while (offset < rows) {
      int64_t take = rows - offset;
      if (rows_max > 0) take = std::min(take, rows_max - rows_);
      batches_.push_back(take == rows ? batch : batch.Slice(offset, take));
      rows_ += take;
      bytes_ += bytes * take / std::max<int64_t>(1, rows);
      offset += take;
      const int64_t bytes_max = encoder_->chunk_bytes();
      if ((rows_max > 0 && rows_ >= rows_max) || (bytes_max > 0 && bytes_ >= bytes_max)) Send(out);
    }
  }
  void Send(Output& out) {
    if (rows_ == 0) return;
    auto payload = std::make_unique<GroupPayload>();
    payload->path = path_;
    payload->batches = std::exchange(batches_, {});
    Chunk chunk;
    chunk.records = std::exchange(rows_, 0);
    chunk.bytes = std::exchange(bytes_, 0);
    chunk.payload = std::move(payload);
    out.Emit(std::move(chunk));
  }
  int64_t bytes() const { return bytes_; }

 private:
  std::string path_;
  const engine::Encoder* encoder_;
  std::vector<Batch> batches_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

class RechunkStep final : public runtime::Step {
 public:
  explicit RechunkStep(const engine::Encoder* encoder) : gatherer_("", encoder) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    gatherer_.Add(std::move(chunk.As<engine::BatchPayload>().batch), chunk.bytes, out);
    return Progress::kNeedInput;
  }
  Result<Progress> OnEnd(Output& out) override {
    gatherer_.Send(out);
    return Progress::kDone;
  }

 private:
  Gatherer gatherer_;
};

/// Splits rows by the values of the partition columns.
class PartitionStep final : public runtime::Step {
 public:
  PartitionStep(const WriteTarget* target, const columnar::SchemaPtr& schema) : target_(target) {
    std::vector<columnar::TypePtr> types;
    for (int i = 0; i < schema->num_fields(); ++i) {
      const auto& names = target->partition_by;
      if (std::ranges::find(names, schema->field(i)->name()) == names.end()) kept_.push_back(i);
    }
    for (const auto& name : target->partition_by) {
      keys_.push_back(schema->GetFieldIndex(name));
      types.push_back(schema->field(keys_.back())->type());
    }
    groups_ = engine::MakeGroupIndex(types);
  }

  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    THALWEG_ASSIGN_OR_RETURN(Batch batch, chunk.As<engine::BatchPayload>().batch.Compact());
    const auto& data = batch.data();
    const int64_t rows = data->num_rows();
    std::vector<columnar::ArrayPtr> keys;
    for (const int key : keys_) keys.push_back(data->column(key));
    row_groups_.resize(static_cast<size_t>(rows));
    THALWEG_RETURN_IF_ERROR(groups_->Map(keys, rows, row_groups_.data()));
    THALWEG_RETURN_IF_ERROR(NameNewGroups());
    std::vector<std::vector<int32_t>> members(gatherers_.size());
    for (int32_t row = 0; row < rows; ++row) {
      members[row_groups_[static_cast<size_t>(row)]].push_back(row);
    }
    for (size_t group = 0; group < members.size(); ++group) {
      if (!members[group].empty()) {
        THALWEG_RETURN_IF_ERROR(AddRows(data, members[group], group, out));
      }
    }
    return Progress::kNeedInput;
  }
  Result<Progress> OnEnd(Output& out) override {
    for (auto& gatherer : gatherers_) gatherer.Send(out);
    return Progress::kDone;
  }

 private:
  Status AddRows(const columnar::RecordBatchPtr& data, const std::vector<int32_t>& rows,
                 size_t group, Output& out) {
    THALWEG_ASSIGN_OR_RETURN(auto picked, columnar::Gather(data, rows));
    std::vector<columnar::ArrayPtr> columns;
    arrow::FieldVector fields;
    for (const int column : kept_) {
      // Views would keep whole slabs alive for a few rows each.
      THALWEG_ASSIGN_OR_RETURN(auto plain, columnar::WithoutViews(picked->column(column)));
      fields.push_back(picked->schema()->field(column)->WithType(plain->type()));
      columns.push_back(std::move(plain));
    }
    Batch batch(arrow::RecordBatch::Make(arrow::schema(std::move(fields)), picked->num_rows(),
                                         std::move(columns)));
    const int64_t bytes = batch.ByteSize();
    const int64_t before = gatherers_[group].bytes();
    gatherers_[group].Add(std::move(batch), bytes, out);
    held_bytes_ += gatherers_[group].bytes() - before;
    while (held_bytes_ > kHeldBytesMax) {
      auto largest = std::ranges::max_element(gatherers_, {}, &Gatherer::bytes);
      held_bytes_ -= largest->bytes();
      largest->Send(out);
    }
    return {};
  }

  // A group that was not seen before gets its path.
  Status NameNewGroups() {
    const auto count = static_cast<size_t>(groups_->count());
    if (count == gatherers_.size()) return {};
    THALWEG_ASSIGN_OR_RETURN(const auto keys, groups_->Keys());
    std::vector<columnar::ArrayPtr> texts;
    for (const auto& key : keys) {
      const auto column = engine::MakeColumn(0, "", key->type());
      THALWEG_ASSIGN_OR_RETURN(const auto cast, engine::MakeCast(column, arrow::utf8(), false));
      const auto row = arrow::RecordBatch::Make(arrow::schema({arrow::field("key", key->type())}),
                                                key->length(), {key});
      THALWEG_ASSIGN_OR_RETURN(const auto text, cast->Evaluate(*row, {}));
      texts.push_back(text.make_array());
    }
    for (size_t group = gatherers_.size(); group < count; ++group) {
      gatherers_.emplace_back(PathOf(texts, static_cast<int64_t>(group)), target_->encoder.get());
    }
    return {};
  }

  std::string ValueOf(const columnar::ArrayPtr& texts, int64_t group) const {
    const columnar::StringColumn column(texts);
    if (column.IsNull(group)) return "__HIVE_DEFAULT_PARTITION__";
    return EncodePathValue(column[group]);
  }

  std::string PathOf(const std::vector<columnar::ArrayPtr>& texts, int64_t group) const {
    const auto& names = target_->partition_by;
    const size_t brace = target_->location.find('{');
    if (brace == std::string::npos) {
      std::string path;
      for (size_t i = 0; i < names.size(); ++i) {
        path += EncodePathValue(names[i]) + "=" + ValueOf(texts[i], group) + "/";
      }
      return path + "part-0" + target_->suffix;
    }
    const size_t slash = target_->location.rfind('/', brace);
    std::string path =
        slash == std::string::npos ? target_->location : target_->location.substr(slash + 1);
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string place = "{" + names[i] + "}";
      const std::string value = ValueOf(texts[i], group);
      for (size_t at = 0; (at = path.find(place, at)) != std::string::npos; at += value.size()) {
        path.replace(at, place.size(), value);
      }
    }
    return path;
  }

  const WriteTarget* target_;
  std::vector<int> kept_;
  std::vector<int> keys_;
  std::unique_ptr<engine::GroupIndex> groups_;
  std::vector<uint32_t> row_groups_;
  std::vector<Gatherer> gatherers_;
  int64_t held_bytes_ = 0;
};

class EncodeStep final : public runtime::Step {
 public:
  EncodeStep(const engine::Encoder* encoder, bool grouped) : encoder_(encoder), grouped_(grouped) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    auto payload = std::make_unique<EncodedPayload>();
    if (grouped_) {
      auto& group = chunk.As<GroupPayload>();
      payload->path = std::move(group.path);
      THALWEG_ASSIGN_OR_RETURN(payload->chunk, encoder_->EncodeAll(group.batches));
    } else {
      const Batch& batch = chunk.As<engine::BatchPayload>().batch;
      if (batch.num_rows() == 0) return Progress::kNeedInput;
      THALWEG_ASSIGN_OR_RETURN(payload->chunk, encoder_->Encode(batch));
    }
    Chunk encoded;
    encoded.records = payload->chunk.rows;
    encoded.bytes = static_cast<int64_t>(payload->chunk.bytes.size());
    encoded.payload = std::move(payload);
    out.Emit(std::move(encoded));
    return Progress::kNeedInput;
  }

 private:
  const engine::Encoder* encoder_;
  bool grouped_;
};

class WriteStep final : public runtime::Step {
 public:
  explicit WriteStep(std::shared_ptr<FileSet> files) : files_(std::move(files)) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& /*out*/) override {
    auto& payload = chunk.As<EncodedPayload>();
    return Unless(files_->Append(payload.path, std::move(payload.chunk)), Progress::kNeedInput);
  }
  Result<Progress> OnEnd(Output& /*out*/) override {
    return Unless(files_->Finish(), Progress::kDone);
  }

 private:
  // A reader that went away wants no more: success, as for LIMIT.
  static Result<Progress> Unless(Status status, Progress otherwise) {
    if (status.ok()) return otherwise;
    if (io::IsClosedPipe(status)) return Progress::kDone;
    return status;
  }
  std::shared_ptr<FileSet> files_;
};

class FileSink final : public engine::SinkTable {
 public:
  FileSink(WriteTarget target, columnar::SchemaPtr schema, std::string format)
      : target_(std::move(target)), schema_(std::move(schema)), format_(std::move(format)) {}

  std::string Describe() const override {
    std::string text = format_ + " '" + target_.location + "'";
    for (size_t i = 0; i < target_.partition_by.size(); ++i) {
      text += (i == 0 ? " by " : ", ") + target_.partition_by[i];
    }
    return text;
  }

  Status Check() override {
    if (target_.location == "-" || target_.mode != WriteMode::kCreate) return {};
    if (target_.location.find('{') != std::string::npos) return {};
    auto info = target_.fs->Stat(target_.location);
    if (!info.ok()) {
      return info.status().code() == StatusCode::kNotFound ? Status() : info.status();
    }
    bool empty = info->size == 0;
    if (info->type == io::FileType::kDirectory) {
      THALWEG_ASSIGN_OR_RETURN(const auto entries, target_.fs->List(target_.location));
      empty = entries.empty();
    } else if (info->type != io::FileType::kFile) {
      empty = true;  // A device or a pipe: nothing can be lost.
    }
    if (empty) return {};
    return Status::AlreadyExists("'" + target_.location +
                                 "' exists and is not empty: use mode = 'append' or 'replace', or "
                                 "--force");
  }

  Status Plan(runtime::Graph& graph, runtime::NodeId input) override {
    files_ = std::make_shared<FileSet>(target_);
    const engine::Encoder* encoder = target_.encoder.get();
    runtime::NodeId chunks = input;
    const bool grouped =
        !target_.partition_by.empty() || encoder->chunk_rows() > 0 || encoder->chunk_bytes() > 0;
    if (!target_.partition_by.empty()) {
      chunks = graph.AddSerial({.name = "partition"},
                               std::make_unique<PartitionStep>(&target_, schema_), {input});
    } else if (grouped) {
      chunks =
          graph.AddSerial({.name = "rechunk"}, std::make_unique<RechunkStep>(encoder), {input});
    }
    const auto encoded = graph.AddParallel(
        {.name = "encode"},
        [encoder, grouped]() -> Result<std::unique_ptr<runtime::Step>> {
          return std::unique_ptr<runtime::Step>(std::make_unique<EncodeStep>(encoder, grouped));
        },
        chunks);
    graph.AddSerial({.name = "write", .token = runtime::TokenKind::kIo},
                    std::make_unique<WriteStep>(files_), {encoded});
    return {};
  }

  Status Commit() override { return files_->Commit(); }
  int64_t rows_written() const override { return files_ ? files_->rows() : 0; }
  int64_t bytes_written() const override { return files_ ? files_->bytes() : 0; }

 private:
  WriteTarget target_;
  columnar::SchemaPtr schema_;
  std::string format_;
  std::shared_ptr<FileSet> files_;
};

// `{column}` in a pattern partitions by that column.
Status AddPatternColumns(const std::string& location, std::vector<std::string>* columns) {
  for (size_t at = location.find('{'); at != std::string::npos; at = location.find('{', at + 1)) {
    const size_t end = location.find('}', at);
    if (end == std::string::npos) {
      return Status::InvalidArgument("'" + location + "': '{' without '}'");
    }
    columns->push_back(location.substr(at + 1, end - at - 1));
  }
  return {};
}

Status CheckPartitions(const WriteTarget& target, const columnar::SchemaPtr& schema) {
  for (const auto& name : target.partition_by) {
    if (schema->GetFieldIndex(name) < 0) {
      return Status::InvalidArgument("partition_by: no such column: '" + name + "'" +
                                     DidYouMean(name, schema->field_names()));
    }
  }
  if (static_cast<int>(target.partition_by.size()) >= schema->num_fields()) {
    return Status::InvalidArgument("partition_by: no column is left to write");
  }
  return {};
}

columnar::SchemaPtr WithoutPartitions(const WriteTarget& target,
                                      const columnar::SchemaPtr& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    if (std::ranges::find(target.partition_by, field->name()) != target.partition_by.end())
      continue;
    fields.push_back(target.partition_by.empty()
                         ? field
                         : field->WithType(columnar::WithoutViews(field->type())));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

Result<std::unique_ptr<engine::SinkTable>> MakeFileSink(
    const engine::Registry& registry, io::FileSystem& fs, const std::string& location,
    const Spec& spec, const Options::Given& given, const engine::SinkRequest& request) {
  SplitOptions split = SplitByName(spec, given);
  THALWEG_ASSIGN_OR_RETURN(const Options options, Options::Parse(spec, split.place, "write"));
  WriteTarget target;
  target.fs = &fs;
  target.location = location;
  const std::string& mode = options.String("mode");
  target.mode = mode == "append"                     ? WriteMode::kAppend
                : mode == "replace" || request.force ? WriteMode::kReplace
                                                     : WriteMode::kCreate;
  if (options.Has("partition_by")) target.partition_by = options.List("partition_by");
  target.partitions_max = options.Int64("partitions_max");
  THALWEG_RETURN_IF_ERROR(AddPatternColumns(location, &target.partition_by));
  THALWEG_RETURN_IF_ERROR(CheckPartitions(target, request.schema));
  const std::string format = options.Has("format") ? options.String("format") : "";
  std::string named = location;
  if (format.empty() && registry.FindCodecBySuffix(location) == nullptr) {
    if (location == "-")
      named = "-.csv";
    else if (!target.partition_by.empty())
      named = location + ".parquet";
  }
  THALWEG_ASSIGN_OR_RETURN(const auto* codec, ChooseCodec(registry, named, format, {}));
  if (!codec->make_encoder) {
    return Status::Unsupported("format '" + codec->spec.name + "' can only be read");
  }
  Spec write;
  write.name = codec->spec.name;
  write.fields = codec->write_fields;
  // A format with a compression of its own is not compressed a second time.
  target.compression = io::CompressionOfPath(location);
  for (auto it = split.codec.begin(); it != split.codec.end();) {
    if (it->first != "compression" || write.Find("compression") != nullptr) {
      ++it;
      continue;
    }
    const auto* name = std::get_if<std::string>(&it->second);
    if (name == nullptr) return Status::InvalidArgument("write: compression must be a name");
    if (*name != "auto") {
      THALWEG_ASSIGN_OR_RETURN(target.compression, io::ParseCompression(*name));
    }
    it = split.codec.erase(it);
  }
  THALWEG_ASSIGN_OR_RETURN(const Options codec_options,
                           Options::Parse(write, split.codec, "write " + codec->spec.name));
  const auto schema = WithoutPartitions(target, request.schema);
  THALWEG_ASSIGN_OR_RETURN(target.encoder, codec->make_encoder(schema, codec_options));
  if (target.mode == WriteMode::kAppend && target.partition_by.empty() && location != "-" &&
      !target.encoder->can_append()) {
    return Status::Unsupported("format '" + codec->spec.name +
                               "' cannot be appended to; use mode = 'replace', or partition_by");
  }
  target.suffix = codec->suffixes.empty() ? "" : codec->suffixes.front();
  return std::unique_ptr<engine::SinkTable>(
      std::make_unique<FileSink>(std::move(target), request.schema, codec->spec.name));
}

}  // namespace thalweg::connectors
