#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "columnar/batch.h"
#include "thalweg/status.h"

// Databases through ADBC drivers (Arrow Database Connectivity 1.1): libraries that are loaded when
// they are needed and spoken to through their table of functions, without a driver manager.
namespace thalweg::connectors {

/// Where a database is and which driver speaks to it.
struct Database {
  std::string driver;                         ///< Name, such as `postgresql`, or path of a library.
  std::string entrypoint = "AdbcDriverInit";  ///< What fills the driver's table of functions.
  std::map<std::string, std::string> options;  ///< Of the driver, such as `uri`. May hold secrets.
  std::string shown;                           ///< For messages: the place without secrets.
  std::vector<std::string> secrets;            ///< Passwords, kept out of messages.
  std::string file;                            ///< Path of a database that is one file, else empty.
};

/// A table's name in SQL: `"schema"."table"`, with quotes doubled. `schema` may be empty.
std::string QuotedName(const std::string& schema, const std::string& table);
std::string Quoted(const std::string& name);

/// Rows of a query, batch after batch. Keeps the connection alive. One caller at a time.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// Null behind the last batch. `stop` interrupts the database.
  virtual Result<columnar::RecordBatchPtr> Next(const std::stop_token& stop) = 0;
  virtual const columnar::SchemaPtr& schema() const = 0;
};

/// Where and how rows are loaded.
struct LoadTarget {
  enum class Mode : uint8_t { kCreate, kAppend, kReplace };
  std::string schema;  ///< Empty: the connection's own.
  std::string table;
  Mode mode = Mode::kAppend;
  bool temporary = false;  ///< A table of this connection only.
};

/// One connection. One caller at a time; calls block. Closing it without `Commit` takes back what
/// was done since `Begin`.
///
/// Errors: `unavailable` where another attempt may succeed (no connection, the server ends, a
/// deadlock), `not_found`, `already_exists`, `invalid_argument` (SQL, values, constraints),
/// `unauthenticated`, `unsupported` (types that the driver does not have), `cancelled`.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  static Result<std::shared_ptr<Connection>> Open(const Database& database);
  virtual ~Connection() = default;

  /// The columns that a query gives, without reading its rows where the driver can tell them.
  virtual Result<columnar::SchemaPtr> SchemaOf(const std::string& query) = 0;
  /// Whether the driver only knows types by the rows that come first, as SQLite's.
  virtual bool infers_types() const = 0;
  virtual Result<std::unique_ptr<RowReader>> Query(const std::string& query,
                                                   const std::stop_token& stop) = 0;
  virtual Status Execute(const std::string& statement, const std::stop_token& stop) = 0;
  /// Columns of a table, or `not_found`.
  virtual Result<columnar::SchemaPtr> TableSchema(const std::string& schema,
                                                  const std::string& table) = 0;
  /// Loads batches of `schema` in bulk.
  virtual Status Load(const LoadTarget& target, const columnar::SchemaPtr& schema,
                      arrow::RecordBatchVector batches, const std::stop_token& stop) = 0;
  /// From here on everything is one transaction.
  virtual Status Begin() = 0;
  virtual Status Commit() = 0;
};

}  // namespace thalweg::connectors
