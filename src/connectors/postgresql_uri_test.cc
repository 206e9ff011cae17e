#include "connectors/postgresql_uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PostgresqlUriTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* const name : {"PGHOST", "PGSSLMODE", "PGSERVICE", "PGCONNECT_TIMEOUT"}) {
      ::unsetenv(name);
    }
  }
  static std::string UriOf(const std::string& location) {
    return PostgresqlDatabase(location).options.at("uri");
  }
};

TEST_F(PostgresqlUriTest, ShowsThePlaceWithoutSecrets) {
  const Database database =
      PostgresqlDatabase("ann:p@ss:word@db.example:5433/shop?password=second");
  EXPECT_EQ(database.driver, "postgresql");
  EXPECT_EQ(database.shown, "postgresql://db.example:5433/shop");
  EXPECT_THAT(database.secrets, ElementsAre("p@ss:word", "second"));
  EXPECT_THAT(PostgresqlDatabase("ann@localhost/shop").secrets, IsEmpty());
}

TEST_F(PostgresqlUriTest, AServerElsewhereHasToProveItsName) {
  for (const char* const location :
       {"db.example/shop", "ann@db.example:5432", "localhost,db.example/shop",
        "/shop?host=db.example", "127.0.0.1/shop?hostaddr=192.0.2.1", "localhost.example/shop"}) {
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
  ::setenv("PGSSLMODE", "disable", 1);
  EXPECT_THAT(UriOf("/shop"), Not(HasSubstr("sslmode")));
}

}  // namespace
}  // namespace thalweg::connectors
