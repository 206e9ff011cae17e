#include "connectors/adbc_driver.h"

#include <arrow-adbc/adbc.h>
#include <arrow/c/bridge.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "columnar/arrow_status.h"

namespace thalweg::connectors {
namespace {

using DriverPtr = std::shared_ptr<const AdbcDriver>;

/// The error that a driver fills, freed as it wants.
class Error {
 public:
  Error() = default;
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  ~Error() {
    if (error_.release != nullptr) error_.release(&error_);
  }
  AdbcError* get() { return &error_; }
  const AdbcError& value() const { return error_; }

 private:
  AdbcError error_ = ADBC_ERROR_INIT;
};

std::string_view MessageOf(const AdbcError& error) {
  return error.message == nullptr ? std::string_view() : std::string_view(error.message);
}

/// Five characters, or empty where the server said nothing.
std::string_view SqlStateOf(const AdbcError& error) {
  const std::string_view state(error.sqlstate, sizeof(error.sqlstate));
  return state.front() == '\0' || state == "00000" ? std::string_view() : state;
}

/// SQLSTATE classes of ISO 9075-2 and PostgreSQL's appendix A that say more than ADBC's codes.
struct StateClass {
  std::string_view prefix;
  StatusCode code;
};
constexpr std::array kStateClasses = {
    StateClass{"08P01", StatusCode::kInvalidArgument},  // The bytes of a row, not the connection.
    StateClass{"08", StatusCode::kUnavailable},         // Connection.
    StateClass{"40", StatusCode::kUnavailable},         // Serialization, deadlock.
    StateClass{"53", StatusCode::kResourceExhausted},   // Disk, memory, connections.
    StateClass{"57014", StatusCode::kCancelled},        // Asked for.
    StateClass{"57P", StatusCode::kUnavailable},        // The server ends or begins.
    StateClass{"28", StatusCode::kUnauthenticated},     // Who.
    StateClass{"42501", StatusCode::kUnauthenticated},  // Privilege.
    StateClass{"22", StatusCode::kInvalidArgument},     // Values.
    StateClass{"23", StatusCode::kInvalidArgument},     // Constraints.
};

StatusCode CodeOf(StatusCode otherwise, std::string_view sqlstate) {
  for (const auto& known : kStateClasses) {
    if (sqlstate.starts_with(known.prefix)) return known.code;
  }
  return otherwise;
}

StatusCode CodeOf(AdbcStatusCode code) {
  switch (code) {
    case ADBC_STATUS_NOT_IMPLEMENTED:
      return StatusCode::kUnsupported;
    case ADBC_STATUS_NOT_FOUND:
      return StatusCode::kNotFound;
    case ADBC_STATUS_ALREADY_EXISTS:
      return StatusCode::kAlreadyExists;
    case ADBC_STATUS_INVALID_ARGUMENT:
    case ADBC_STATUS_INVALID_STATE:
    case ADBC_STATUS_INVALID_DATA:
    case ADBC_STATUS_INTEGRITY:
      return StatusCode::kInvalidArgument;
    case ADBC_STATUS_CANCELLED:
      return StatusCode::kCancelled;
    case ADBC_STATUS_TIMEOUT:
      return StatusCode::kDeadlineExceeded;
    case ADBC_STATUS_UNAUTHENTICATED:
    case ADBC_STATUS_UNAUTHORIZED:
      return StatusCode::kUnauthenticated;
    default:
      return StatusCode::kIoError;
  }
}

// Failures without an SQLSTATE, by what libpq, the system and SQLite say of those that may pass.
constexpr std::array<std::string_view, 21> kPassing = {"refused",
                                                       "timeout",
                                                       "timed out",
                                                       "reset by peer",
                                                       "unreachable",
                                                       "No such file or directory",
                                                       "could not translate",
                                                       "closed the connection",
                                                       "connection has been closed",
                                                       "no connection to the server",
                                                       "could not receive",
                                                       "could not send",
                                                       "Broken pipe",
                                                       "starting up",
                                                       "shutting down",
                                                       "recovery",
                                                       "too many",
                                                       "connection slots",
                                                       "terminating connection",
                                                       "database is locked",
                                                       "not yet accepting"};
constexpr std::array<std::string_view, 4> kRefusing = {"FATAL: ", "invalid ", "missing ", "SSL"};

template <size_t kSize>
bool SaysOneOf(std::string_view message, const std::array<std::string_view, kSize>& texts) {
  return std::ranges::any_of(
      texts, [&](std::string_view text) { return message.find(text) != std::string_view::npos; });
}

class Messages {
 public:
  explicit Messages(const Database& database)
      : shown_(database.shown), secrets_(database.secrets) {}

  Status Of(AdbcStatusCode code, const AdbcError& error) const {
    return Of(CodeOf(CodeOf(code), SqlStateOf(error)), MessageOf(error));
  }
  Status Of(StatusCode code, std::string_view message) const {
    if (code == StatusCode::kIoError) {
      if (SaysOneOf(message, kPassing)) {
        code = StatusCode::kUnavailable;
      } else if (SaysOneOf(message, kRefusing)) {
        code = StatusCode::kInvalidArgument;
      }
    }
    return {code, Text(shown_) + ": " + Text(message)};
  }

 private:
  // In one line, without the password.
  std::string Text(std::string_view message) const {
    std::string text;
    for (const char c : message) {
      const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
      if (!space || (!text.empty() && text.back() != ' ')) text += space ? ' ' : c;
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    if (text.empty()) return "the driver gives no reason";
    for (const auto& secret : secrets_) {
      for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += 3) {
        text.replace(at, secret.size(), "***");
      }
    }
    return text;
  }

  std::string shown_;
  std::vector<std::string> secrets_;
};

/// Libraries are never unloaded: what they started at load time (threads, exit handlers) stays.
class DriverLibraries {
 public:
  static DriverLibraries& Get() {
    static auto* const libraries = new DriverLibraries;  // Outlives every connection.
    return *libraries;
  }

  Result<DriverPtr> Load(const std::string& name, const std::string& entrypoint) {
    std::scoped_lock lock(mutex_);
    DriverPtr& driver = drivers_[{name, entrypoint}];
    if (driver != nullptr) return driver;
    THALWEG_ASSIGN_OR_RETURN(void* const library, OpenLibrary(name));
    const auto init = reinterpret_cast<AdbcDriverInitFunc>(::dlsym(library, entrypoint.c_str()));
    if (init == nullptr) {
      return Status::InvalidArgument("driver '" + name + "' has no function '" + entrypoint +
                                     "': is it an ADBC driver?");
    }
    auto made = std::make_shared<AdbcDriver>();
    Error error;
    if (init(ADBC_VERSION_1_1_0, made.get(), error.get()) != ADBC_STATUS_OK) {
      return Status::Unsupported("driver '" + name + "': " + std::string(MessageOf(error.value())));
    }
    const AdbcDriver& functions = *made;
    if (!functions.DatabaseNew || !functions.DatabaseSetOption || !functions.DatabaseInit ||
        !functions.DatabaseRelease || !functions.ConnectionNew || !functions.ConnectionInit ||
        !functions.ConnectionSetOption || !functions.ConnectionGetTableSchema ||
        !functions.ConnectionCommit || !functions.ConnectionRelease || !functions.StatementNew ||
        !functions.StatementSetOption || !functions.StatementSetSqlQuery ||
        !functions.StatementBindStream || !functions.StatementExecuteQuery ||
        !functions.StatementRelease) {
      return Status::Unsupported("driver '" + name + "' leaves out functions that are needed here");
    }
    driver = std::move(made);
    return driver;
  }

 private:
  static Result<void*> OpenLibrary(const std::string& name) {
    std::vector<std::string> candidates;
    if (name.find('/') != std::string::npos) {
      candidates.push_back(name);
    } else {
      const std::string file = "libadbc_driver_" + name + ".so";
      if (const std::string folder = OwnFolder(); !folder.empty()) {
        if (const std::string beside = folder + "/" + file; std::filesystem::exists(beside)) {
          candidates.push_back(beside);
        }
      }
      candidates.push_back(file);
    }
    std::string reason;
    for (const auto& candidate : candidates) {
      if (void* const library = ::dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
      reason = ::dlerror();
    }
    return Status::NotFound("no ADBC driver '" + name + "' (" + reason +
                            "): install it where libraries are found, or give its path as driver");
  }

  // The folder of the library or program that this function is in.
  static std::string OwnFolder() {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(&OwnFolder), &info) == 0 || info.dli_fname == nullptr) {
      return {};
    }
    std::error_code none;
    return std::filesystem::absolute(info.dli_fname, none).parent_path().string();
  }

  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, DriverPtr> drivers_;
};

/// A statement of a connection, which it keeps alive.
class Statement {
 public:
  Statement(DriverPtr driver, std::shared_ptr<Connection> connection, const Messages& messages)
      : driver_(std::move(driver)), connection_(std::move(connection)), messages_(messages) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() {
    Error ignored;
    if (statement_.private_data != nullptr) driver_->StatementRelease(&statement_, ignored.get());
  }

  /// Calls a function of the driver's table on the statement.
  template <typename Function, typename... Arguments>
  Status Call(Function AdbcDriver::* function, Arguments... arguments) {
    Error error;
    const AdbcStatusCode code = ((*driver_).*function)(&statement_, arguments..., error.get());
    return code == ADBC_STATUS_OK ? Status() : messages_.Of(code, error.value());
  }
  Status New(AdbcConnection* connection) {
    Error error;
    const AdbcStatusCode code = driver_->StatementNew(connection, &statement_, error.get());
    return code == ADBC_STATUS_OK ? Status() : messages_.Of(code, error.value());
  }
  Status Set(const char* option, const std::string& value) {
    return Call(&AdbcDriver::StatementSetOption, option, value.c_str());
  }
  /// May be called from another thread while a call is under way.
  void Cancel() {
    Error ignored;
    if (driver_->StatementCancel != nullptr) {
      driver_->StatementCancel(&statement_, ignored.get());
    }
  }
  /// Runs to its end, or to the first rows where `rows` is given; `stop` interrupts it.
  Status Run(const std::stop_token& stop, ArrowArrayStream* rows = nullptr) {
    const std::stop_callback cancel(stop, [this] { Cancel(); });
    if (stop.stop_requested()) return Status::Cancelled("stopped before a statement");
    return Call(&AdbcDriver::StatementExecuteQuery, rows, static_cast<int64_t*>(nullptr));
  }
  const Messages& messages() const { return messages_; }

 private:
  DriverPtr driver_;
  std::shared_ptr<Connection> connection_;
  const Messages& messages_;  // The connection's.
  AdbcStatement statement_{};
};

class StreamReader final : public RowReader {
 public:
  StreamReader(DriverPtr driver, std::unique_ptr<Statement> statement, ArrowArrayStream stream)
      : driver_(std::move(driver)), statement_(std::move(statement)), stream_(stream) {}
  ~StreamReader() override {
    if (stream_.release != nullptr) stream_.release(&stream_);
  }

  Status Open() {
    ArrowSchema schema{};
    if (stream_.get_schema(&stream_, &schema) != 0) return Failure();
    THALWEG_ASSIGN_OR_RETURN_ARROW(schema_, arrow::ImportSchema(&schema));
    return {};
  }

  Result<columnar::RecordBatchPtr> Next(const std::stop_token& stop) override {
    const std::stop_callback cancel(stop, [this] { statement_->Cancel(); });
    if (stop.stop_requested()) return Status::Cancelled("stopped while rows were read");
    ArrowArray array{};
    if (stream_.get_next(&stream_, &array) != 0) return Failure();
    if (array.release == nullptr) return columnar::RecordBatchPtr();
    return columnar::FromArrow(arrow::ImportRecordBatch(&array, schema_));
  }
  const columnar::SchemaPtr& schema() const override { return schema_; }

 private:
  Status Failure() {
    AdbcStatusCode code = ADBC_STATUS_IO;
    const AdbcError* const error = driver_->ErrorFromArrayStream == nullptr
                                       ? nullptr
                                       : driver_->ErrorFromArrayStream(&stream_, &code);
    if (error != nullptr) return statement_->messages().Of(code, *error);
    const char* const text = stream_.get_last_error(&stream_);
    return statement_->messages().Of(StatusCode::kIoError, text == nullptr ? "" : text);
  }

  DriverPtr driver_;
  std::unique_ptr<Statement> statement_;  // Outlives what it gives.
  ArrowArrayStream stream_;
  columnar::SchemaPtr schema_;
};

class DriverConnection final : public Connection {
 public:
  DriverConnection(DriverPtr driver, const Database& database)
      : driver_(std::move(driver)), messages_(database) {}
  ~DriverConnection() override {
    Error ignored;
    if (connection_.private_data != nullptr) {
      driver_->ConnectionRelease(&connection_, ignored.get());
    }
    if (database_.private_data != nullptr) driver_->DatabaseRelease(&database_, ignored.get());
  }

  Status Connect(const std::map<std::string, std::string>& options) {
    Error error;
    AdbcStatusCode code = driver_->DatabaseNew(&database_, error.get());
    for (const auto& [name, value] : options) {
      if (code != ADBC_STATUS_OK) break;
      code = driver_->DatabaseSetOption(&database_, name.c_str(), value.c_str(), error.get());
    }
    if (code == ADBC_STATUS_OK) code = driver_->DatabaseInit(&database_, error.get());
    if (code == ADBC_STATUS_OK) code = driver_->ConnectionNew(&connection_, error.get());
    if (code == ADBC_STATUS_OK) {
      code = driver_->ConnectionInit(&connection_, &database_, error.get());
    }
    return code == ADBC_STATUS_OK ? Status() : messages_.Of(code, error.value());
  }

  Result<columnar::SchemaPtr> SchemaOf(const std::string& query) override {
    THALWEG_ASSIGN_OR_RETURN(const auto statement, NewStatement());
    THALWEG_RETURN_IF_ERROR(statement->Call(&AdbcDriver::StatementSetSqlQuery, query.c_str()));
    if (driver_->StatementExecuteSchema != nullptr) {
      ArrowSchema schema{};
      const Status told = statement->Call(&AdbcDriver::StatementExecuteSchema, &schema);
      if (told.ok()) return columnar::FromArrow(arrow::ImportSchema(&schema));
      if (told.code() != StatusCode::kUnsupported) return told;
    }
    infers_types_ = true;
    THALWEG_ASSIGN_OR_RETURN(const auto reader, Query(query, {}));
    return reader->schema();
  }
  bool infers_types() const override { return infers_types_; }

  Result<std::unique_ptr<RowReader>> Query(const std::string& query,
                                           const std::stop_token& stop) override {
    THALWEG_ASSIGN_OR_RETURN(auto statement, NewStatement());
    THALWEG_RETURN_IF_ERROR(statement->Call(&AdbcDriver::StatementSetSqlQuery, query.c_str()));
    ArrowArrayStream stream{};
    THALWEG_RETURN_IF_ERROR(statement->Run(stop, &stream));
    auto reader = std::make_unique<StreamReader>(driver_, std::move(statement), stream);
    THALWEG_RETURN_IF_ERROR(reader->Open());
    return std::unique_ptr<RowReader>(std::move(reader));
  }

  Status Execute(const std::string& text, const std::stop_token& stop) override {
    THALWEG_ASSIGN_OR_RETURN(const auto statement, NewStatement());
    THALWEG_RETURN_IF_ERROR(statement->Call(&AdbcDriver::StatementSetSqlQuery, text.c_str()));
    return statement->Run(stop);
  }

  Result<columnar::SchemaPtr> TableSchema(const std::string& schema,
                                          const std::string& table) override {
    Error error;
    ArrowSchema found{};
    const AdbcStatusCode code = driver_->ConnectionGetTableSchema(
        &connection_, nullptr, schema.empty() ? nullptr : schema.c_str(), table.c_str(), &found,
        error.get());
    if (code != ADBC_STATUS_OK) return messages_.Of(code, error.value());
    return columnar::FromArrow(arrow::ImportSchema(&found));
  }

  Status Load(const LoadTarget& target, const columnar::SchemaPtr& schema,
              arrow::RecordBatchVector batches, const std::stop_token& stop) override {
    THALWEG_ASSIGN_OR_RETURN(const auto statement, NewStatement());
    THALWEG_RETURN_IF_ERROR(statement->Set(ADBC_INGEST_OPTION_TARGET_TABLE, target.table));
    if (!target.schema.empty()) {
      THALWEG_RETURN_IF_ERROR(statement->Set(ADBC_INGEST_OPTION_TARGET_DB_SCHEMA, target.schema));
    }
    if (target.temporary) {
      THALWEG_RETURN_IF_ERROR(
          statement->Set(ADBC_INGEST_OPTION_TEMPORARY, ADBC_OPTION_VALUE_ENABLED));
    }
    constexpr std::array kModes = {ADBC_INGEST_OPTION_MODE_CREATE, ADBC_INGEST_OPTION_MODE_APPEND,
                                   ADBC_INGEST_OPTION_MODE_REPLACE};
    THALWEG_RETURN_IF_ERROR(
        statement->Set(ADBC_INGEST_OPTION_MODE, kModes[static_cast<size_t>(target.mode)]));
    THALWEG_ASSIGN_OR_RETURN_ARROW(const auto reader,
                                   arrow::RecordBatchReader::Make(std::move(batches), schema));
    ArrowArrayStream stream{};
    THALWEG_RETURN_IF_ARROW_ERROR(arrow::ExportRecordBatchReader(reader, &stream));
    Status bound = statement->Call(&AdbcDriver::StatementBindStream, &stream);
    if (!bound.ok()) {
      if (stream.release != nullptr) stream.release(&stream);
      return bound;
    }
    return statement->Run(stop);
  }

  Status Begin() override {
    Error error;
    const AdbcStatusCode code = driver_->ConnectionSetOption(
        &connection_, ADBC_CONNECTION_OPTION_AUTOCOMMIT, ADBC_OPTION_VALUE_DISABLED, error.get());
    return code == ADBC_STATUS_OK ? Status() : messages_.Of(code, error.value());
  }

  Status Commit() override {
    Error error;
    const AdbcStatusCode code = driver_->ConnectionCommit(&connection_, error.get());
    if (code == ADBC_STATUS_OK) return {};
    const Status status = messages_.Of(code, error.value());
    const std::string_view state = SqlStateOf(error.value());
    const bool lost = state.empty() || state.starts_with("08") || state.starts_with("57");
    if (!lost) return status.WithContext("commit");
    // Not to be tried again without a look: the server may have done it.
    return Status::IoError("commit: " + status.message() +
                           ": look whether the rows are in the table before loading again");
  }

 private:
  Result<std::unique_ptr<Statement>> NewStatement() {
    auto statement = std::make_unique<Statement>(driver_, shared_from_this(), messages_);
    THALWEG_RETURN_IF_ERROR(statement->New(&connection_));
    return statement;
  }

  DriverPtr driver_;
  Messages messages_;
  AdbcDatabase database_{};
  AdbcConnection connection_{};
  bool infers_types_ = false;
};

}  // namespace

std::string Quoted(const std::string& name) {
  std::string text(1, '"');
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  text += '"';
  return text;
}

std::string QuotedName(const std::string& schema, const std::string& table) {
  return schema.empty() ? Quoted(table) : Quoted(schema) + "." + Quoted(table);
}

Result<std::shared_ptr<Connection>> Connection::Open(const Database& database) {
  THALWEG_ASSIGN_OR_RETURN(auto driver,
                           DriverLibraries::Get().Load(database.driver, database.entrypoint));
  auto connection = std::make_shared<DriverConnection>(std::move(driver), database);
  THALWEG_RETURN_IF_ERROR(connection->Connect(database.options));
  return std::shared_ptr<Connection>(std::move(connection));
}

}  // namespace thalweg::connectors
