#pragma once

#include <memory>
#include <string>

#include "connectors/adbc_driver.h"
#include "engine/table.h"

namespace thalweg::connectors {

/// Rows of a database: a table or a query as a table of the engine.
///
/// Columns of types that Arrow does not have (NUMERIC without bounds, UUID, INET, enumerations, …)
/// are read as text. Each plan has a connection of its own and asks for the wanted columns only.
Result<std::shared_ptr<const engine::Table>> OpenDatabaseTable(Database database,
                                                               const std::string& schema,
                                                               const std::string& table);
Result<std::shared_ptr<const engine::Table>> OpenDatabaseQuery(Database database,
                                                               std::string query);

/// A sink that loads into a table in one transaction: all rows are there after `Commit`, or none.
Result<std::unique_ptr<engine::SinkTable>> MakeDatabaseSink(Database database, LoadTarget target,
                                                            const engine::SinkRequest& request);

}  // namespace thalweg::connectors
