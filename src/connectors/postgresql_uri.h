#pragma once

#include <string>

#include "connectors/adbc_driver.h"

namespace thalweg::connectors {

/// The database behind `postgresql://` + `location` ([user[:password]@][host][:port][/db][?…], as
/// in PostgreSQL's manual, section 34.1.1.2), with settings that libpq leaves open: the server's
/// certificate and name are verified (`sslmode=verify-full`) unless the URI or PGSSLMODE says
/// otherwise or the server is on this machine, and connecting ends after ten seconds.
Database PostgresqlDatabase(const std::string& location);

}  // namespace thalweg::connectors
