#include "connectors/adbc_table.h"

#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <utility>

#include "columnar/arrow_status.h"
#include "engine/batch_source.h"
#include "io/local_file_system.h"
#include "thalweg/runtime/graph.h"

namespace thalweg::connectors {
namespace {

// What the driver hands over in a type of its own, or in one that hides the meaning: PostgreSQL's
// money comes as a number of cents.
bool ReadAsText(const arrow::Field& field) {
  if (field.type()->id() == arrow::Type::EXTENSION) return true;
  if (std::ranges::any_of(field.type()->fields(),
                          [](const auto& child) { return ReadAsText(*child); })) {
    return true;
  }
  if (field.metadata() == nullptr) return false;
  const auto name = field.metadata()->Get("POSTGRESQL:type");
  return name.ok() && *name == "money";
}

class DatabaseTable final : public engine::Table {
 public:
  DatabaseTable(Database database, std::string from, std::string shown)
      : database_(std::move(database)), from_(std::move(from)), shown_(std::move(shown)) {}

  Status Open() {
    if (!database_.file.empty()) {
      THALWEG_RETURN_IF_ERROR(io::LocalFileSystem().Stat(database_.file).status());
    }
    THALWEG_ASSIGN_OR_RETURN(const auto connection, Connection::Open(database_));
    THALWEG_ASSIGN_OR_RETURN(const auto found, connection->SchemaOf("SELECT * FROM " + from_));
    arrow::FieldVector fields;
    for (const auto& field : found->fields()) {
      const bool text = ReadAsText(*field);
      fields.push_back(arrow::field(field->name(), text ? arrow::utf8() : field->type()));
      std::string expression = Quoted(field->name());
      if (text) expression = "CAST(" + expression + " AS TEXT) AS " + expression;
      expressions_.push_back(std::move(expression));
    }
    schema_ = arrow::schema(std::move(fields));
    // The first rows of fewer rows may have narrower types.
    pushes_limit_ = !connection->infers_types();
    return {};
  }

  const engine::SchemaPtr& schema() const override { return schema_; }
  std::string Describe() const override { return shown_; }

  Result<runtime::NodeId> Plan(runtime::Graph& graph,
                               const engine::ScanRequest& request) const override {
    std::vector<int> columns;
    for (const auto& name : request.projection.columns) {
      columns.push_back(schema_->GetFieldIndex(name));
    }
    for (int i = 0; request.projection.all && i < schema_->num_fields(); ++i) columns.push_back(i);
    std::string query = "SELECT ";
    arrow::FieldVector fields;
    for (const int column : columns) {
      if (!fields.empty()) query += ", ";
      query += expressions_[static_cast<size_t>(column)];
      fields.push_back(schema_->field(column));
    }
    if (fields.empty()) query += "1";  // Rows are only counted.
    query += " FROM " + from_;
    if (pushes_limit_ && request.limit >= 0) query += " LIMIT " + std::to_string(request.limit);
    auto next = [database = database_, query = std::move(query),
                 schema = arrow::schema(std::move(fields)), reader = std::shared_ptr<RowReader>()](
                    const std::stop_token& stop) mutable -> Result<columnar::RecordBatchPtr> {
      if (reader == nullptr) {
        THALWEG_ASSIGN_OR_RETURN(const auto connection, Connection::Open(database));
        THALWEG_ASSIGN_OR_RETURN(reader, connection->Query(query, stop));
      }
      THALWEG_ASSIGN_OR_RETURN(const auto batch, reader->Next(stop));
      if (batch != nullptr) return WithSchema(*batch, schema, database.shown);
      reader.reset();  // With its connection, and the locks that it holds.
      return batch;
    };
    return graph.AddSource({.name = "scan", .token = runtime::TokenKind::kIo},
                           engine::MakeBatchSource(std::move(next), request.batch_rows_max));
  }

 private:
  // The columns as the plan expects them, without the driver's metadata.
  static Result<columnar::RecordBatchPtr> WithSchema(const arrow::RecordBatch& batch,
                                                     const columnar::SchemaPtr& schema,
                                                     const std::string& shown) {
    std::vector<columnar::ArrayPtr> columns;
    for (int i = 0; i < schema->num_fields(); ++i) {
      columns.push_back(batch.column(i));
      if (!columns.back()->type()->Equals(*schema->field(i)->type())) {
        return Status::InvalidArgument(
            shown + ": column '" + schema->field(i)->name() + "' was " +
            columnar::SqlTypeName(*schema->field(i)->type()) + " and now is " +
            columnar::SqlTypeName(*columns.back()->type()) +
            ": the table changed, or its values are of several types (CAST them in a query)");
      }
    }
    return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(columns));
  }

  Database database_;
  std::string from_;  // What stands behind FROM.
  std::string shown_;
  std::vector<std::string> expressions_;  // One a column.
  columnar::SchemaPtr schema_;
  bool pushes_limit_ = true;
};

Result<std::shared_ptr<const engine::Table>> OpenFrom(Database database, std::string from,
                                                      std::string shown) {
  auto opened =
      std::make_shared<DatabaseTable>(std::move(database), std::move(from), std::move(shown));
  THALWEG_RETURN_IF_ERROR(opened->Open());
  return std::shared_ptr<const engine::Table>(std::move(opened));
}

}  // namespace

Result<std::shared_ptr<const engine::Table>> OpenDatabaseTable(Database database,
                                                               const std::string& schema,
                                                               const std::string& table) {
  std::string name = QuotedName(schema, table);
  std::string shown = database.shown + " " + name;
  return OpenFrom(std::move(database), std::move(name), std::move(shown));
}

Result<std::shared_ptr<const engine::Table>> OpenDatabaseQuery(Database database,
                                                               std::string query) {
  while (!query.empty() && (query.back() == ';' || query.back() == ' ' || query.back() == '\n')) {
    query.pop_back();
  }
  // On lines of its own, since it may end in a comment.
  std::string from = "(\n" + query + "\n) AS \"query\"";
  std::string shown = database.shown + " (query)";
  return OpenFrom(std::move(database), std::move(from), std::move(shown));
}

}  // namespace thalweg::connectors
