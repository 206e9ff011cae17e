#include "connectors/postgresql_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "testing/status_matchers.h"

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using ::thalweg::testing::StatusIs;

class PostgresqlUriTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* const name :
         {"PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSERVICE", "PGCONNECT_TIMEOUT"}) {
      ::unsetenv(name);
    }
  }
  static std::string UriOf(const std::string& location) {
    return PostgresqlDatabase(location)->options.at("uri");
  }
};

TEST_F(PostgresqlUriTest, ShowsThePlaceWithoutSecrets) {
  const auto database = PostgresqlDatabase("ann:hunter2@db.example:5433/shop?password=second");
  ASSERT_OK(database);
  EXPECT_EQ(database->driver, "postgresql");
  EXPECT_EQ(database->shown, "postgresql://db.example:5433/shop");
  EXPECT_THAT(PostgresqlDatabase("host=localhost password=x"),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(PostgresqlUriTest, PasswordsAreFoundHoweverTheyAreWritten) {
  EXPECT_THAT(PasswordsOf("postgresql://ann:hunter2@h:1/x?a=b&password=second"),
              ElementsAre("hunter2", "second"));
  EXPECT_THAT(PasswordsOf("ann@localhost:5432/shop"), IsEmpty());
  // Not encoded as it should be: libpq takes a part of it for a host, a port or a database.
  EXPECT_THAT(PasswordsOf("x://u:hunter2/pass@h"), ElementsAre("hunter2", "pass"));
  EXPECT_THAT(PasswordsOf("x://u:pass@hunter:two@h"),
              UnorderedElementsAre("hunter", "pass", "two"));
  EXPECT_THAT(PasswordsOf("x://u:pa?hunter2@h"), ElementsAre("pa?hunter2", "hunter2"));
}

TEST_F(PostgresqlUriTest, AServerElsewhereHasToProveItsName) {
  for (const char* const location :
       {"db.example/shop", "ann@db.example:5432", "localhost,db.example/shop",
        "/shop?host=db.example", "127.0.0.1/shop?hostaddr=192.0.2.1", "localhost.example/shop",
        "192.0.2.1/x@localhost", "127.evil.example/x", "%2Ftmp%2Cevil.example/x"}) {
    EXPECT_THAT(UriOf(location), HasSubstr("sslmode=verify-full")) << location;
  }
  for (const char* const location :
       {"localhost/shop", "127.0.0.1:5433/shop", "[::1]:5433/shop", "/shop", "",
        "/shop?host=/run/postgresql", "%2Frun%2Fpostgresql/shop", "ann:x@localhost:1/shop"}) {
    EXPECT_THAT(UriOf(location), Not(HasSubstr("sslmode"))) << location;
  }
}

TEST_F(PostgresqlUriTest, WhoSaysOtherwiseIsFollowed) {
  EXPECT_EQ(UriOf("db.example/shop?sslmode=require&connect_timeout=3"),
            "postgresql://db.example/shop?sslmode=require&connect_timeout=3"
            "&fallback_application_name=thalweg");
  EXPECT_THAT(UriOf("/?service=shop"), Not(HasSubstr("sslmode")));
  ::setenv("PGHOST", "db.example", 1);
  EXPECT_THAT(UriOf("/shop"), HasSubstr("?sslmode=verify-full&"));
  EXPECT_THAT(UriOf("localhost/shop"), Not(HasSubstr("sslmode")));
  ::unsetenv("PGHOST");
  ::setenv("PGHOSTADDR", "192.0.2.1", 1);
  EXPECT_THAT(UriOf("/shop?"), HasSubstr("/shop?sslmode=verify-full&"));
  ::setenv("PGSSLMODE", "disable", 1);
  EXPECT_THAT(UriOf("/shop"), Not(HasSubstr("sslmode")));
}

}  // namespace
}  // namespace thalweg::connectors
