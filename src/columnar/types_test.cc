#include <arrow/api.h>

#include <string>
#include <utility>

#include "columnar/batch.h"
#include "testing/status_matchers.h"

namespace thalweg::columnar {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

TEST(SqlTypeName, ReadsBackAsTheSameType) {
  for (const TypePtr& type : {arrow::boolean(),
                              arrow::int8(),
                              arrow::int16(),
                              arrow::int32(),
                              arrow::int64(),
                              arrow::uint8(),
                              arrow::uint16(),
                              arrow::uint32(),
                              arrow::uint64(),
                              arrow::float32(),
                              arrow::float64(),
                              arrow::decimal128(10, 2),
                              arrow::decimal128(38, 0),
                              arrow::utf8(),
                              arrow::binary(),
                              arrow::date32(),
                              arrow::time64(arrow::TimeUnit::MICRO),
                              arrow::timestamp(arrow::TimeUnit::SECOND),
                              arrow::timestamp(arrow::TimeUnit::MILLI),
                              arrow::timestamp(arrow::TimeUnit::MICRO),
                              arrow::timestamp(arrow::TimeUnit::NANO),
                              arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                              arrow::month_day_nano_interval(),
                              arrow::null(),
                              arrow::list(arrow::list(arrow::int32())),
                              arrow::fixed_size_list(arrow::float32(), 3),
                              arrow::map(arrow::utf8(), arrow::int64()),
                              arrow::struct_({arrow::field("a b", arrow::int32()),
                                              arrow::field("q\"", arrow::utf8())})}) {
    ASSERT_OK_AND_ASSIGN(const TypePtr back, TypeFromSqlName(SqlTypeName(*type)));
    EXPECT_TRUE(back->Equals(*type)) << SqlTypeName(*type) << " gave " << back->ToString();
  }
}

TEST(SqlTypeName, OneNameForEveryLayout) {
  EXPECT_EQ(SqlTypeName(*arrow::utf8_view()), "VARCHAR");
  EXPECT_EQ(SqlTypeName(*arrow::dictionary(arrow::int32(), arrow::utf8())), "VARCHAR");
  EXPECT_EQ(SqlTypeName(*arrow::decimal128(38, 0)), "HUGEINT");
  EXPECT_EQ(SqlTypeName(*arrow::decimal64(10, 2)), "DECIMAL(10,2)");
  EXPECT_EQ(SqlTypeName(*arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Paris")),
            "TIMESTAMP WITH TIME ZONE");
}

TEST(TypeFromSqlName, KnowsAliasesInAnyCase) {
  const std::pair<const char*, TypePtr> cases[] = {
      {"int", arrow::int32()},
      {" Double  Precision ", arrow::float64()},
      {"varchar(20)", arrow::utf8()},
      {"numeric", arrow::decimal128(18, 3)},
      {"Decimal ( 9 )", arrow::decimal128(9, 0)},
      {"text[]", arrow::list(arrow::utf8())},
      {"array(bigint)", arrow::list(arrow::int64())},
      {"timestamptz", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"timestamp with time zone[]", arrow::list(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))},
      {"struct(v integer, t timestamp without time zone)",
       arrow::struct_({arrow::field("v", arrow::int32()),
                       arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO))})},
  };
  for (const auto& [name, type] : cases) {
    ASSERT_OK_AND_ASSIGN(const TypePtr got, TypeFromSqlName(name));
    EXPECT_TRUE(got->Equals(*type)) << name << " gave " << got->ToString();
  }
}

TEST(TypeFromSqlName, RefusesWhatIsNoType) {
  for (const char* name : {"", "decimal(39,2)", "decimal(5,6)", "decimal(0)", "decimal(2,-1)",
                           "int[", "int[0]", "struct()", "struct(a)", "map(int)", "int int",
                           "varchar(", "decimal(99999999999)", "int)", "\"int"}) {
    EXPECT_THAT(TypeFromSqlName(name), StatusIs(StatusCode::kInvalidArgument)) << name;
  }
  std::string deep;
  for (int i = 0; i < 10000; ++i) deep += "array(";
  EXPECT_THAT(TypeFromSqlName(deep), StatusIs(StatusCode::kInvalidArgument));
}

TEST(TypeFromSqlName, NamesTheNearest) {
  EXPECT_THAT(TypeFromSqlName("INTEGR"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("INTEGER")));
}

}  // namespace
}  // namespace thalweg::columnar
