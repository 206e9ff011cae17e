// Databases: PostgreSQL and SQLite through the drivers that are shipped, others by their driver.

#include <memory>
#include <string>
#include <utility>

#include "connectors/adbc_table.h"
#include "connectors/postgresql_uri.h"
#include "engine/registry.h"

namespace thalweg::connectors::adbc {
namespace {

std::vector<Field> CommonFields() {
  return {
      StringField("table").Doc("Name of the table, as the database writes it.").Required(),
      StringField("schema").Doc("Schema of the table; by default the connection's own."),
      StringMapField("driver_options").Doc("Options of the driver, by its own names."),
  };
}

std::vector<Field> ReadFields() {
  std::vector<Field> fields = CommonFields();
  fields.front().required = false;
  fields.insert(fields.begin() + 2, StringField("query").Doc(
                                        "In place of `table`: a query in the database's own SQL."));
  return fields;
}

std::vector<Field> WriteFields() {
  std::vector<Field> fields = CommonFields();
  fields.insert(fields.begin() + 2,
                EnumField("mode", {"create", "append", "replace"})
                    .Doc("create makes the table, and fails when it exists and has rows; append "
                         "adds to it by column name; replace drops it and makes it anew.")
                    .Default(std::string("create")));
  return fields;
}

std::vector<Field> WithDriver(std::vector<Field> fields) {
  fields.push_back(StringField("uri").Doc("Where the database is, in the driver's own words."));
  fields.push_back(StringField("entrypoint")
                       .Doc("Function of the library that makes it a driver.")
                       .Default(std::string("AdbcDriverInit")));
  return fields;
}

Result<Database> SqliteDatabase(const std::string& location) {
  if (location.empty() || location == ":memory:" || location.starts_with("file:")) {
    return Status::InvalidArgument(
        "sqlite: a place is written sqlite:PATH, with the path of a file");
  }
  Database database;
  database.driver = "sqlite";
  database.file = location;
  database.shown = "sqlite:" + location;
  database.options["uri"] = location;
  return database;
}

Result<Database> NamedDatabase(const std::string& location) {
  Database database;
  database.driver = location;
  database.shown = "adbc:" + location;
  return database;
}

void AddOptions(const Options& options, Database* database) {
  if (options.Has("driver_options")) {
    for (const auto& [name, value] : options.Map("driver_options")) {
      database->options[name] = value;
    }
  }
  for (const auto& [name, value] : database->options) {
    auto secrets = PasswordsOf(value);
    if (name.find("password") != std::string::npos || name.find("token") != std::string::npos) {
      secrets.push_back(value);
    }
    database->secrets.insert(database->secrets.end(), secrets.begin(), secrets.end());
  }
}

using MakeDatabase = Result<Database> (*)(const std::string& location);

engine::Connector MakeConnector(Spec spec, MakeDatabase make, bool named) {
  engine::Connector connector;
  connector.write_fields = named ? WithDriver(WriteFields()) : WriteFields();
  spec.fields = named ? WithDriver(ReadFields()) : ReadFields();
  connector.spec = std::move(spec);
  const auto database = [make, named](const std::string& location,
                                      const Options& options) -> Result<Database> {
    THALWEG_ASSIGN_OR_RETURN(Database made, make(location));
    if (named) {
      made.entrypoint = options.String("entrypoint");
      if (options.Has("uri")) made.options["uri"] = options.String("uri");
    }
    AddOptions(options, &made);
    return made;
  };
  connector.open =
      [database, read = connector.spec](
          const engine::Registry&, const std::string& location,
          const Options::Given& given) -> Result<std::shared_ptr<const engine::Table>> {
    THALWEG_ASSIGN_OR_RETURN(const Options options, Options::Parse(read, given, read.name));
    if (options.Has("table") == options.Has("query")) {
      return Status::InvalidArgument(read.name + ": either 'table' or 'query' says what is read");
    }
    THALWEG_ASSIGN_OR_RETURN(Database found, database(location, options));
    if (options.Has("query")) return OpenDatabaseQuery(std::move(found), options.String("query"));
    return OpenDatabaseTable(std::move(found),
                             options.Has("schema") ? options.String("schema") : "",
                             options.String("table"));
  };
  Spec write = connector.spec;
  write.fields = connector.write_fields;
  connector.create =
      [database, write](
          const engine::Registry&, const std::string& location, const Options::Given& given,
          const engine::SinkRequest& request) -> Result<std::unique_ptr<engine::SinkTable>> {
    THALWEG_ASSIGN_OR_RETURN(const Options options, Options::Parse(write, given, write.name));
    LoadTarget target;
    target.table = options.String("table");
    if (options.Has("schema")) target.schema = options.String("schema");
    const std::string& mode = options.String("mode");
    target.mode = mode == "append"                     ? LoadTarget::Mode::kAppend
                  : mode == "replace" || request.force ? LoadTarget::Mode::kReplace
                                                       : LoadTarget::Mode::kCreate;
    THALWEG_ASSIGN_OR_RETURN(Database found, database(location, options));
    return MakeDatabaseSink(std::move(found), std::move(target), request);
  };
  return connector;
}

Spec PostgresqlSpec() {
  Spec spec;
  spec.name = "postgresql";
  spec.aliases = {"postgres"};
  spec.summary = "Tables and queries of PostgreSQL.";
  spec.details =
      "postgresql://[user@][host][:port][/database][?setting=value]: what is left out comes from "
      "PGHOST, PGUSER, ~/.pgpass and the like, as for psql; a password is best kept there. A "
      "server on another machine has to show a certificate for its name (sslmode=verify-full) "
      "unless "
      "sslmode says otherwise. Rows are loaded by COPY in one transaction: all are there at the "
      "end, or none. Where the table exists, the database converts values to its columns' types. "
      "NUMERIC, UUID, INET, enumerations and other types that Arrow does not have are read as "
      "text.";
  spec.examples = {
      "SELECT * FROM read_postgresql('postgresql://localhost/shop', table := 'orders')",
      "COPY (SELECT \"001\" AS id, \"245$a\" AS title FROM 'books.mrc') TO "
      "'postgresql://localhost/library' (TABLE 'books')"};
  return spec;
}

Spec SqliteSpec() {
  Spec spec;
  spec.name = "sqlite";
  spec.summary = "Tables and queries of an SQLite database file.";
  spec.details =
      "sqlite:PATH. Rows are loaded in one transaction: all are there at the end, or none. SQLite "
      "has integers, reals, texts and blobs: dates and times become texts, and a DECIMAL has to be "
      "cast to one of them. The type of a column that is read follows its first values.";
  spec.examples = {"SELECT * FROM read_sqlite('sqlite:shop.db', table := 'orders')",
                   "COPY (SELECT * FROM 'flights.csv') TO 'sqlite:flights.db' (TABLE 'flights')"};
  return spec;
}

Spec AdbcSpec() {
  Spec spec;
  spec.name = "adbc";
  spec.summary = "Tables and queries of any database that has an ADBC driver.";
  spec.details =
      "adbc:DRIVER, where DRIVER is a name (of libadbc_driver_NAME.so, beside Thalweg's library or "
      "where the system finds libraries) or the path of a library. Only load drivers that you "
      "trust: they are programs.";
  spec.examples = {
      "SELECT * FROM read_adbc('adbc:sqlite', uri := 'shop.db', query := 'SELECT 1 AS one')"};
  return spec;
}

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  registry.Add(MakeConnector(PostgresqlSpec(), PostgresqlDatabase, false));
  registry.Add(MakeConnector(SqliteSpec(), SqliteDatabase, false));
  registry.Add(MakeConnector(AdbcSpec(), NamedDatabase, true));
}

}  // namespace thalweg::connectors::adbc
