#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/adbc_driver.h"

namespace thalweg::connectors {

/// The database behind `postgresql://` + `location` ([user[:password]@][host][:port][/db][?…], as
/// in PostgreSQL's manual, section 34.1.1.2), with settings that libpq leaves open: the server's
/// certificate and name are verified (`sslmode=verify-full`) unless the URI or PGSSLMODE says
/// otherwise or the server is on this machine, and connecting ends after ten seconds.
/// `invalid_argument` for what is no URI.
Result<Database> PostgresqlDatabase(const std::string& location);

/// The passwords in a URI of any kind, and what libpq might take for pieces of one.
std::vector<std::string> PasswordsOf(std::string_view uri);

}  // namespace thalweg::connectors
