#include <arrow/util/key_value_metadata.h>

#include <map>
#include <random>
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

std::string NewName() {
  std::random_device random;
  std::string name = "thalweg_load_";
  for (int i = 0; i < 4; ++i) name += std::to_string(random());
  return name;
}

// The type of a column as PostgreSQL names it, with its schema where it needs one.
using TypeNames = std::map<std::string, std::string, std::less<>>;

/// Loads batches through one connection. A table that was there already keeps its column types, and
/// drivers send values as they are: four bytes of a REAL would become an INTEGER without a word.
/// Rows for it therefore go through a temporary table, from which the database itself converts
/// them, except where both tables have the same types. What replaces a table is loaded under
/// another name, so that the old one can be read until the end.
class Loader {
 public:
  Loader(std::shared_ptr<Connection> connection, LoadTarget target, columnar::SchemaPtr schema,
         columnar::SchemaPtr found)
      : connection_(std::move(connection)),
        target_(std::move(target)),
        schema_(std::move(schema)),
        found_(std::move(found)),
        rows_go_to_(target_) {}

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
    const std::string target = QuotedName(target_.schema, target_.table);
    const std::string loaded = QuotedName(rows_go_to_.schema, rows_go_to_.table);
    if (target_.mode == Mode::kReplace) {
      THALWEG_RETURN_IF_ERROR(connection_->Execute("DROP TABLE IF EXISTS " + target, stop));
      return connection_->Execute("ALTER TABLE " + loaded + " RENAME TO " + Quoted(target_.table),
                                  stop);
    }
    if (!rows_go_to_.temporary) return {};
    THALWEG_ASSIGN_OR_RETURN(const TypeNames types, ServerTypes(stop));
    std::string columns;
    std::string values;
    for (const auto& field : schema_->fields()) {
      const char* const comma = columns.empty() ? "" : ", ";
      columns.append(comma).append(Quoted(field->name()));
      values.append(comma).append(ValueFor(*field, types));
    }
    std::string insert = "INSERT INTO " + target + " (" + columns + ") SELECT " + values;
    insert += " FROM " + loaded;
    THALWEG_RETURN_IF_ERROR(connection_->Execute(insert, stop));
    // A pool of connections would hand it on.
    return connection_->Execute("DROP TABLE " + loaded, stop);
  }

  Status Commit() { return connection_->Commit(); }
  int64_t held_rows() const { return held_rows_; }
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }

 private:
  Status Flush(const std::stop_token& stop) {
    if (!std::exchange(begun_, true)) THALWEG_RETURN_IF_ERROR(Begin(stop));
    THALWEG_RETURN_IF_ERROR(connection_->Load(rows_go_to_, schema_, held_, stop));
    rows_go_to_.mode = Mode::kAppend;
    held_.clear();
    rows_ += std::exchange(held_rows_, 0);
    bytes_ += std::exchange(held_bytes_, 0);
    return {};
  }

  Status Begin(const std::stop_token& stop) {
    THALWEG_RETURN_IF_ERROR(connection_->Begin());
    if (target_.mode == Mode::kCreate) return {};
    rows_go_to_.table = NewName();
    rows_go_to_.mode = Mode::kCreate;
    if (target_.mode == Mode::kReplace) return {};
    rows_go_to_.temporary = true;
    rows_go_to_.schema.clear();
    THALWEG_RETURN_IF_ERROR(connection_->Load(rows_go_to_, schema_, {}, stop));
    rows_go_to_.mode = Mode::kAppend;
    const auto staging = connection_->TableSchema("", rows_go_to_.table);
    if (staging.ok() && SameTypes(**staging, *found_)) {
      THALWEG_RETURN_IF_ERROR(
          connection_->Execute("DROP TABLE " + Quoted(rows_go_to_.table), stop));
      rows_go_to_ = target_;
    }
    return {};
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

  // Databases convert as INSERT does, but a text into another type (UUID, JSONB, a date) only when
  // they are asked to: by a cast to the column's type without its length, which would cut.
  static std::string ValueFor(const arrow::Field& from, const TypeNames& types) {
    std::string value = Quoted(from.name());
    const arrow::DataType* type = from.type().get();
    if (type->id() == arrow::Type::LIST) type = type->field(0)->type().get();
    const auto to = types.find(from.name());
    if (!columnar::IsString(*type) || to == types.end()) return value;
    return "CAST(" + value + " AS " + to->second + ")";
  }

  // Empty where the database is not PostgreSQL.
  Result<TypeNames> ServerTypes(const std::stop_token& stop) {
    TypeNames types;
    const auto& metadata = found_->field(0)->metadata();
    if (metadata == nullptr || !metadata->Contains("POSTGRESQL:type")) return types;
    std::string table = "'";
    for (const char c : QuotedName(target_.schema, target_.table)) {
      table.append(c == '\'' ? 2 : 1, c);
    }
    THALWEG_ASSIGN_OR_RETURN(
        const auto reader,
        connection_->Query("SELECT attname::text, pg_catalog.format_type(atttypid, NULL)::text "
                           "FROM pg_catalog.pg_attribute WHERE NOT attisdropped AND attnum > 0 "
                           "AND attrelid = " +
                               table + "'::pg_catalog.regclass",
                           stop));
    while (true) {
      THALWEG_ASSIGN_OR_RETURN(const auto batch, reader->Next(stop));
      if (batch == nullptr) return types;
      const columnar::StringColumn names(batch->column(0));
      const columnar::StringColumn texts(batch->column(1));
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        types.emplace(names[row], texts[row]);
      }
    }
  }

  std::shared_ptr<Connection> connection_;
  LoadTarget target_;
  columnar::SchemaPtr schema_;
  columnar::SchemaPtr found_;  // Of the table, where there was one.
  LoadTarget rows_go_to_;      // The target itself, or a table on the way there.
  bool begun_ = false;
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

  // Lists of simple values become arrays where the database has them. Drivers send the bytes of an
  // unsigned 64-bit integer as a signed one.
  static Status CheckType(const arrow::Field& field) {
    const arrow::DataType* type = field.type().get();
    if (type->id() == arrow::Type::LIST) type = type->field(0)->type().get();
    const bool nested = arrow::is_nested(type->id());
    if (!nested && type->id() != arrow::Type::UINT64) return {};
    return Status::Unsupported("column '" + field.name() + "' is " +
                               columnar::SqlTypeName(*field.type()) +
                               ", which databases do not take: write " +
                               (nested ? "to_json(" + Quoted(field.name()) + ")"
                                       : "CAST(" + Quoted(field.name()) + " AS DECIMAL(20, 0))"));
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
