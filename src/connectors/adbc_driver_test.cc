#include "connectors/adbc_driver.h"

#include <arrow/array/builder_primitive.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

// With the SQLite driver, which needs no server; tests/cli has PostgreSQL.
namespace thalweg::connectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::thalweg::testing::StatusIs;

class AdbcDriverTest : public ::testing::Test {
 protected:
  Database File() const {
    Database database;
    database.driver = "sqlite";
    database.options["uri"] = folder_ / "test.db";
    database.shown = "sqlite:test.db";
    return database;
  }
  std::shared_ptr<Connection> Open() const {
    auto connection = Connection::Open(File());
    EXPECT_OK(connection);
    return *std::move(connection);
  }
  static columnar::RecordBatchPtr Rows(std::vector<int64_t> numbers) {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.AppendValues(numbers).ok());
    const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
    return arrow::RecordBatch::Make(schema, static_cast<int64_t>(numbers.size()),
                                    {*builder.Finish()});
  }
  static Status Load(Connection& connection, LoadTarget::Mode mode, std::vector<int64_t> numbers) {
    const auto rows = Rows(std::move(numbers));
    LoadTarget target;
    target.table = "t\"able";
    target.mode = mode;
    return connection.Load(target, rows->schema(), {rows}, {});
  }
  static std::vector<int64_t> Numbers(Connection& connection) {
    std::vector<int64_t> numbers;
    const auto reader = connection.Query("SELECT n FROM " + QuotedName("", "t\"able"), {});
    EXPECT_OK(reader);
    while (true) {
      const auto batch = (*reader)->Next({});
      EXPECT_OK(batch);
      if (*batch == nullptr) return numbers;
      const auto& column = static_cast<const arrow::Int64Array&>(*(*batch)->column(0));
      for (int64_t i = 0; i < column.length(); ++i) numbers.push_back(column.Value(i));
    }
  }

 private:
  testing::TempDir folder_;
};

TEST_F(AdbcDriverTest, WhatIsNotCommittedIsTakenBack) {
  auto connection = Open();
  ASSERT_OK(Load(*connection, LoadTarget::Mode::kCreate, {1, 2}));
  ASSERT_OK(connection->Begin());
  ASSERT_OK(Load(*connection, LoadTarget::Mode::kReplace, {3}));
  ASSERT_OK(Load(*connection, LoadTarget::Mode::kAppend, {4}));
  EXPECT_THAT(Numbers(*connection), ElementsAre(3, 4));
  connection = Open();
  EXPECT_THAT(Numbers(*connection), ElementsAre(1, 2));
  ASSERT_OK(connection->Begin());
  ASSERT_OK(Load(*connection, LoadTarget::Mode::kReplace, {5}));
  ASSERT_OK(connection->Commit());
  EXPECT_THAT(Numbers(*Open()), ElementsAre(5));
}

TEST_F(AdbcDriverTest, AReaderKeepsItsConnection) {
  auto connection = Open();
  ASSERT_OK(Load(*connection, LoadTarget::Mode::kCreate, {7}));
  auto reader = connection->Query("SELECT 7 AS n", {});
  connection.reset();
  ASSERT_OK(reader);
  const auto batch = (*reader)->Next({});
  ASSERT_OK(batch);
  EXPECT_EQ((*batch)->num_rows(), 1);
  EXPECT_EQ((*reader)->schema()->field(0)->name(), "n");
}

TEST_F(AdbcDriverTest, FailuresHaveACodeAndThePlace) {
  const auto connection = Open();
  EXPECT_THAT(connection->TableSchema("", "nonesuch"), StatusIs(StatusCode::kNotFound));
  ASSERT_OK(Load(*connection, LoadTarget::Mode::kCreate, {1}));
  const Status twice = Load(*connection, LoadTarget::Mode::kCreate, {1});
  EXPECT_FALSE(twice.ok());
  EXPECT_THAT(twice.message(), HasSubstr("sqlite:test.db: "));
  const Status wrong = connection->Execute("SELEC 1", {});
  EXPECT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.message(), HasSubstr("syntax error"));
  EXPECT_THAT(wrong.message(), Not(HasSubstr("\n")));
}

TEST_F(AdbcDriverTest, PasswordsAreTakenOutOfMessages) {
  Database database = File();
  database.secrets = {"hunter2"};
  const auto connection = Connection::Open(database);
  ASSERT_OK(connection);
  const Status wrong = (*connection)->Execute("SELECT hunter2 FROM hunter2", {});
  EXPECT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.message(), HasSubstr("***"));
  EXPECT_THAT(wrong.message(), Not(HasSubstr("hunter2")));
}

TEST_F(AdbcDriverTest, WhatIsNoDriverIsRefused) {
  Database database = File();
  database.driver = "nonesuch";
  EXPECT_THAT(Connection::Open(database),
              StatusIs(StatusCode::kNotFound, HasSubstr("libadbc_driver_nonesuch.so")));
  database = File();
  database.entrypoint = "NoSuchFunction";
  EXPECT_THAT(Connection::Open(database), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace thalweg::connectors
