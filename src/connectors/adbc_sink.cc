#include <arrow/util/key_value_metadata.h>

#include <utility>

#include "base/spec.h"
#include "connectors/adbc_table.h"
#include "engine/flow.h"
#include "io/local_file_system.h"

namespace thalweg::connectors {
namespace {

using Mode = LoadTarget::Mode;

// Rows that are loaded in one statement: many against what a statement costs (under a millisecond),
// few against memory.
constexpr int64_t kLoadRows = 64 << 10;
constexpr int64_t kLoadBytes = int64_t{8} << 20;
constexpr const char* kStaging = "thalweg_load";

/// Loads batches through one connection. A table that was there already keeps its column types, and
/// drivers send values as they are: four bytes of a REAL would become an INTEGER without a word.
/// Rows for it therefore go through a temporary table, from which the database itself converts
/// them, except where both tables have the same types.
class Loader {
 public:
  Loader(std::shared_ptr<Connection> connection, LoadTarget target, columnar::SchemaPtr schema,
         columnar::SchemaPtr found)
      : connection_(std::move(connection)),
        target_(std::move(target)),
        schema_(std::move(schema)),
        found_(std::move(found)) {}

  Status Add(const columnar::Batch& rows, const std::stop_token& stop) {
    THALWEG_ASSIGN_OR_RETURN(const auto compact, rows.Compact());
    // Views would keep whole slabs alive.
    THALWEG_ASSIGN_OR_RETURN(auto plain, columnar::WithoutViews(compact.data()));
    held_rows_ += plain->num_rows();
    held_bytes_ += columnar::Batch(plain).ByteSize();
    held_.push_back(std::move(plain));
    return held_rows_ >= kLoadRows || held_bytes_ >= kLoadBytes ? Flush(stop) : Status();
  }

  Status Finish(const std::stop_token& stop) {
    if (!begun_ || held_rows_ > 0) THALWEG_RETURN_IF_ERROR(Flush(stop));
    if (!staged_) return {};
    std::string columns;
    std::string values;
    for (const auto& field : schema_->fields()) {
      const char* const comma = columns.empty() ? "" : ", ";
      columns.append(comma).append(Quoted(field->name()));
      values.append(comma).append(ValueFor(*field, *found_->GetFieldByName(field->name())));
    }
    return connection_->Execute("INSERT INTO " + QuotedName(target_.schema, target_.table) + " (" +
                                    columns + ") SELECT " + values + " FROM " + Quoted(kStaging),
                                stop);
  }

  Status Commit() { return connection_->Commit(); }
  int64_t held_rows() const { return held_rows_; }
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }

 private:
  Status Flush(const std::stop_token& stop) {
    if (!std::exchange(begun_, true)) THALWEG_RETURN_IF_ERROR(Begin(stop));
    THALWEG_RETURN_IF_ERROR(
        connection_->Load(staged_ ? Staging(Mode::kAppend) : target_, schema_, held_, stop));
    target_.mode = Mode::kAppend;
    held_.clear();
    rows_ += std::exchange(held_rows_, 0);
    bytes_ += std::exchange(held_bytes_, 0);
    return {};
  }

  Status Begin(const std::stop_token& stop) {
    THALWEG_RETURN_IF_ERROR(connection_->Begin());
    if (target_.mode != Mode::kAppend) return {};
    THALWEG_RETURN_IF_ERROR(connection_->Load(Staging(Mode::kCreate), schema_, {}, stop));
    const auto staging = connection_->TableSchema("", kStaging);
    staged_ = !staging.ok() || !SameTypes(**staging, *found_);
    return {};
  }

  // Databases convert as INSERT does, but a text into another type (UUID, JSONB, a date) only when
  // they are asked to.
  static std::string ValueFor(const arrow::Field& from, const arrow::Field& to) {
    std::string value = Quoted(from.name());
    if (!columnar::IsString(*from.type()) || to.metadata() == nullptr) return value;
    const auto type = to.metadata()->Get("POSTGRESQL:type");
    if (!type.ok() || type->starts_with("unnamed<")) return value;
    return "CAST(" + value + " AS " + Quoted(*type) + ")";
  }

  static LoadTarget Staging(Mode mode) {
    return {.schema = "", .table = kStaging, .mode = mode, .temporary = true};
  }

  // The database's own types: Arrow's are coarser.
  static bool SameTypes(const arrow::Schema& staging, const arrow::Schema& target) {
    for (const auto& field : staging.fields()) {
      const auto other = target.GetFieldByName(field->name());
      if (other == nullptr || !field->type()->Equals(*other->type())) return false;
      if (field->metadata() == nullptr || other->metadata() == nullptr ||
          !field->metadata()->Equals(*other->metadata())) {
        return false;
      }
    }
    return true;
  }

  std::shared_ptr<Connection> connection_;
  LoadTarget target_;
  columnar::SchemaPtr schema_;
  columnar::SchemaPtr found_;  // Of the table, where there was one.
  bool begun_ = false;
  bool staged_ = false;
  arrow::RecordBatchVector held_;
  int64_t held_rows_ = 0;
  int64_t held_bytes_ = 0;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

class LoadStep final : public runtime::Step {
 public:
  explicit LoadStep(std::shared_ptr<Loader> loader) : loader_(std::move(loader)) {}
  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    THALWEG_RETURN_IF_ERROR(loader_->Add(chunk.As<engine::BatchPayload>().batch, out.stop()));
    return runtime::Progress::kNeedInput;
  }
  Result<runtime::Progress> OnEnd(runtime::Output& out) override {
    THALWEG_RETURN_IF_ERROR(loader_->Finish(out.stop()));
    return runtime::Progress::kDone;
  }
  int64_t held_records() const override { return loader_->held_rows(); }

 private:
  std::shared_ptr<Loader> loader_;
};

class DatabaseSink final : public engine::SinkTable {
 public:
  DatabaseSink(Database database, LoadTarget target, columnar::SchemaPtr schema)
      : database_(std::move(database)), target_(std::move(target)), schema_(std::move(schema)) {}
  ~DatabaseSink() override {
    loader_.reset();
    connection_.reset();
    if (!made_file_ || committed_) return;
    // Opening made it, and nothing came into it.
    auto& fs = io::LocalFileSystem();
    if (const auto info = fs.Stat(database_.file); info.ok() && info->size == 0) {
      (void)fs.Unlink(database_.file);
    }
  }

  std::string Describe() const override {
    return database_.shown + " " + QuotedName(target_.schema, target_.table);
  }

  Status Check() override {
    for (const auto& field : schema_->fields()) {
      THALWEG_RETURN_IF_ERROR(CheckType(*field));
    }
    const bool file = !database_.file.empty();
    if (file && !io::LocalFileSystem().Stat(database_.file).ok()) return {};
    THALWEG_RETURN_IF_ERROR(Connect());
    if (target_.mode == Mode::kReplace) return {};
    auto found = connection_->TableSchema(target_.schema, target_.table);
    if (!found.ok()) {
      return found.status().code() == StatusCode::kNotFound ? Status() : found.status();
    }
    found_ = *std::move(found);
    if (target_.mode == Mode::kCreate) THALWEG_RETURN_IF_ERROR(CheckEmpty());
    for (const auto& name : schema_->field_names()) {
      if (found_->GetFieldIndex(name) >= 0) continue;
      return Status::InvalidArgument(Describe() + " has no column '" + name + "'" +
                                     DidYouMean(name, found_->field_names()));
    }
    return {};
  }

  Status Plan(runtime::Graph& graph, runtime::NodeId input) override {
    if (connection_ == nullptr) {
      made_file_ = true;
      THALWEG_RETURN_IF_ERROR(Connect());
    }
    LoadTarget target = target_;
    if (target.mode != Mode::kReplace) target.mode = found_ ? Mode::kAppend : Mode::kCreate;
    loader_ = std::make_shared<Loader>(connection_, std::move(target), schema_, found_);
    graph.AddSerial({.name = "load", .token = runtime::TokenKind::kIo},
                    std::make_unique<LoadStep>(loader_), {input});
    return {};
  }

  Status Commit() override {
    THALWEG_RETURN_IF_ERROR(loader_->Commit());
    committed_ = true;
    return {};
  }
  int64_t rows_written() const override { return loader_ ? loader_->rows() : 0; }
  int64_t bytes_written() const override { return loader_ ? loader_->bytes() : 0; }

 private:
  Status Connect() {
    THALWEG_ASSIGN_OR_RETURN(connection_, Connection::Open(database_));
    return {};
  }

  Status CheckEmpty() {
    THALWEG_ASSIGN_OR_RETURN(
        const auto reader,
        connection_->Query(
            "SELECT 1 FROM " + QuotedName(target_.schema, target_.table) + " LIMIT 1", {}));
    THALWEG_ASSIGN_OR_RETURN(const auto batch, reader->Next({}));
    if (batch == nullptr || batch->num_rows() == 0) return {};
    return Status::AlreadyExists(Describe() +
                                 " exists and is not empty: use mode = 'append' or 'replace', or "
                                 "--force");
  }

  // Lists of simple values become arrays where the database has them.
  static Status CheckType(const arrow::Field& field) {
    const arrow::DataType* type = field.type().get();
    if (type->id() == arrow::Type::LIST) type = type->field(0)->type().get();
    if (!arrow::is_nested(type->id())) return {};
    return Status::Unsupported(
        "column '" + field.name() + "' is " + columnar::SqlTypeName(*field.type()) +
        ", which databases do not take: write to_json(" + Quoted(field.name()) + ")");
  }

  Database database_;
  LoadTarget target_;
  columnar::SchemaPtr schema_;  // Without views.
  columnar::SchemaPtr found_;   // Of the table, where there is one.
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Loader> loader_;
  bool made_file_ = false;
  bool committed_ = false;
};

}  // namespace

Result<std::unique_ptr<engine::SinkTable>> MakeDatabaseSink(Database database, LoadTarget target,
                                                            const engine::SinkRequest& request) {
  arrow::FieldVector fields;
  for (const auto& field : request.schema->fields()) {
    fields.push_back(arrow::field(field->name(), columnar::WithoutViews(field->type())));
  }
  return std::unique_ptr<engine::SinkTable>(std::make_unique<DatabaseSink>(
      std::move(database), std::move(target), arrow::schema(std::move(fields))));
}

}  // namespace thalweg::connectors
