#include "engine/cast.h"

#include <arrow/api.h>

#include "columnar/batch.h"
#include "engine/cast_zone.h"
#include "testing/status_matchers.h"

namespace thalweg::engine {
namespace {

using thalweg::testing::IsOk;
using thalweg::testing::StatusIs;

TypePtr TypeOf(const std::string& name) {
  Result<TypePtr> type = columnar::TypeFromSqlName(name);
  EXPECT_THAT(type, IsOk()) << name;
  return *type;
}

Result<ArrayPtr> Text(const std::string& text) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendNull().ok());
  EXPECT_TRUE(builder.Append(text).ok());
  return ArrayPtr(*builder.Finish());
}

/// `text` as `from`, cast to `to`, as text again.
std::string Cast(const std::string& text, const std::string& from, const std::string& to,
                 bool try_cast = false, const EvalContext& context = {}) {
  Result<ArrayPtr> value = CastArray(*Text(text), TypeOf(from), false, context);
  if (!value.ok()) return "input: " + value.status().message();
  Result<ArrayPtr> cast = CastArray(*value, TypeOf(to), try_cast, context);
  if (!cast.ok()) return cast.status().message();
  EXPECT_TRUE((*cast)->ValidateFull().ok());
  EXPECT_TRUE((*cast)->type()->Equals(*TypeOf(to)));
  EXPECT_TRUE((*cast)->IsNull(0));
  // A slice says the same.
  Result<ArrayPtr> part = CastArray((*value)->Slice(1), TypeOf(to), try_cast, context);
  EXPECT_TRUE(part.ok() && (*part)->Equals(*(*cast)->Slice(1))) << text << ' ' << from << ' ' << to;
  Result<ArrayPtr> shown = CastArray(*cast, arrow::utf8(), false, context);
  if ((*shown)->IsNull(1)) return "NULL";
  return static_cast<const arrow::StringArray&>(**shown).GetString(1);
}

TEST(CastTest, RoundsAndChecksNumbers) {
  EXPECT_EQ(Cast("2.5", "DOUBLE", "INTEGER"), "2");
  EXPECT_EQ(Cast("3.5", "DOUBLE", "INTEGER"), "4");
  EXPECT_EQ(Cast("2.5", "DECIMAL(4,1)", "INTEGER"), "3");
  EXPECT_EQ(Cast("-2.5", "DECIMAL(4,1)", "INTEGER"), "-3");
  EXPECT_EQ(Cast("300", "INTEGER", "TINYINT"), "cast: not a TINYINT: '300'");
  EXPECT_EQ(Cast("300", "INTEGER", "TINYINT", true), "NULL");
  EXPECT_EQ(Cast("-1", "INTEGER", "UINTEGER"), "cast: not a UINTEGER: '-1'");
  EXPECT_EQ(Cast("nan", "DOUBLE", "BIGINT"), "cast: not a BIGINT: 'nan'");
  EXPECT_EQ(Cast("9223372036854774784", "DOUBLE", "BIGINT"), "9223372036854774784");
  EXPECT_EQ(Cast("9223372036854775808", "DOUBLE", "BIGINT"),
            "cast: not a BIGINT: '9.223372036854776e+18'");
  EXPECT_EQ(Cast("1e300", "DOUBLE", "FLOAT"), "cast: not a FLOAT: '1e+300'");
  EXPECT_EQ(Cast("inf", "DOUBLE", "FLOAT"), "inf");
  EXPECT_EQ(Cast("127.5", "DECIMAL(4,1)", "TINYINT"), "cast: not a TINYINT: '127.5'");
  EXPECT_EQ(Cast("0.4", "DOUBLE", "BOOLEAN"), "true");
}

TEST(CastTest, KeepsDecimalsExact) {
  EXPECT_EQ(Cast("12.345", "DECIMAL(10,3)", "DECIMAL(10,2)"), "12.35");
  EXPECT_EQ(Cast("-12.345", "DECIMAL(10,3)", "DECIMAL(10,2)"), "-12.35");
  EXPECT_EQ(Cast("99.995", "DECIMAL(5,3)", "DECIMAL(4,2)"), "cast: not a DECIMAL(4,2): '99.995'");
  EXPECT_EQ(Cast("123", "INTEGER", "DECIMAL(4,2)"), "cast: not a DECIMAL(4,2): '123'");
  EXPECT_EQ(Cast("1.255", "VARCHAR", "DECIMAL(4,2)"), "1.26");
  EXPECT_EQ(Cast("1e2", "VARCHAR", "DECIMAL(5,1)"), "100.0");
  EXPECT_EQ(Cast("12345678901234567890123456789012345678", "VARCHAR", "HUGEINT"),
            "12345678901234567890123456789012345678");
  EXPECT_EQ(Cast("1.5", "DECIMAL(30,20)", "DOUBLE"), "1.5");
  EXPECT_EQ(Cast("0.125", "DOUBLE", "DECIMAL(4,2)"), "0.13");
}

TEST(CastTest, ReadsText) {
  EXPECT_EQ(Cast(" 42 ", "VARCHAR", "INTEGER"), "42");
  EXPECT_EQ(Cast("+5", "VARCHAR", "INTEGER"), "5");
  EXPECT_EQ(Cast("2.5", "VARCHAR", "INTEGER"), "3");
  EXPECT_EQ(Cast("1e3", "VARCHAR", "INTEGER"), "1000");
  EXPECT_EQ(Cast("", "VARCHAR", "INTEGER"), "cast: not a INTEGER: ''");
  EXPECT_EQ(Cast("1 2", "VARCHAR", "INTEGER"), "cast: not a INTEGER: '1 2'");
  EXPECT_EQ(Cast("18446744073709551615", "VARCHAR", "UBIGINT"), "18446744073709551615");
  EXPECT_EQ(Cast("TRUE", "VARCHAR", "BOOLEAN"), "true");
  EXPECT_EQ(Cast("no", "VARCHAR", "BOOLEAN"), "false");
  EXPECT_EQ(Cast("on", "VARCHAR", "BOOLEAN"), "cast: not a BOOLEAN: 'on'");
  EXPECT_EQ(Cast("on", "VARCHAR", "BOOLEAN", true), "NULL");
  EXPECT_EQ(Cast("\\x41b", "VARCHAR", "BLOB"), "Ab");
  EXPECT_EQ(Cast("é", "VARCHAR", "BLOB"), "cast: not a BLOB: 'é'");
}

TEST(CastTest, ReadsTimes) {
  EXPECT_EQ(Cast("2020-1-5", "VARCHAR", "DATE"), "2020-01-05");
  EXPECT_EQ(Cast("2020/01/05", "VARCHAR", "DATE"), "2020-01-05");
  EXPECT_EQ(Cast("2020-02-30", "VARCHAR", "DATE"), "cast: not a DATE: '2020-02-30'");
  EXPECT_EQ(Cast("2020-1-5 1:2:3", "VARCHAR", "TIMESTAMP"), "2020-01-05 01:02:03");
  // A TIMESTAMP is what the clock shows; an instant heeds the zone.
  EXPECT_EQ(Cast("2020-01-05 10:00:00+02", "VARCHAR", "TIMESTAMP"), "2020-01-05 10:00:00");
  EXPECT_EQ(Cast("2020-01-05 10:00:00+02", "VARCHAR", "TIMESTAMPTZ"), "2020-01-05 08:00:00+00");
  EXPECT_EQ(Cast("2020-01-05 10:00:00 Europe/Berlin", "VARCHAR", "TIMESTAMPTZ"),
            "2020-01-05 09:00:00+00");
  EXPECT_EQ(Cast("1969-12-31 23:59:59", "TIMESTAMP", "DATE"), "1969-12-31");
  EXPECT_EQ(Cast("1969-12-31 23:59:59", "TIMESTAMP", "TIME"), "23:59:59");
  EXPECT_EQ(Cast("2020-01-01", "DATE", "TIMESTAMP"), "2020-01-01 00:00:00");
  EXPECT_EQ(Cast("1:2", "VARCHAR", "TIME"), "01:02:00");
  EXPECT_EQ(Cast("25:00", "VARCHAR", "TIME"), "cast: not a TIME: '25:00'");
}

TEST(CastTest, HeedsTheSessionsZone) {
  EvalContext berlin;
  berlin.time_zone = "Europe/Berlin";
  EXPECT_EQ(Cast("2020-07-01 12:00", "VARCHAR", "TIMESTAMPTZ", false, berlin),
            "2020-07-01 12:00:00+02");
  EXPECT_EQ(Cast("2020-07-01 12:00", "TIMESTAMP", "TIMESTAMPTZ", false, berlin),
            "2020-07-01 12:00:00+02");
  EXPECT_EQ(Cast("2020-06-30 23:00+00", "TIMESTAMPTZ", "DATE", false, berlin), "2020-07-01");
}

TEST(CastTest, ReadsAndWritesIntervals) {
  EXPECT_EQ(Cast("1 year 2 months 3 days 04:05:06.5", "VARCHAR", "INTERVAL"),
            "1 year 2 months 3 days 04:05:06.5");
  EXPECT_EQ(Cast("1.5 months", "VARCHAR", "INTERVAL"), "1 month 15 days");
  EXPECT_EQ(Cast("1.5 days", "VARCHAR", "INTERVAL"), "1 day 12:00:00");
  EXPECT_EQ(Cast("1 year -2 months", "VARCHAR", "INTERVAL"), "10 months");
  EXPECT_EQ(Cast("1 month ago", "VARCHAR", "INTERVAL"), "-1 month");
  EXPECT_EQ(Cast("30 hours", "VARCHAR", "INTERVAL"), "30:00:00");
  EXPECT_EQ(Cast("-01:02:03", "VARCHAR", "INTERVAL"), "-01:02:03");
  EXPECT_EQ(Cast("0 days", "VARCHAR", "INTERVAL"), "00:00:00");
  for (const std::string text :
       {"", "2020-1-5", "1 fortnight", "ago", "1 day,", "9999999999 years"}) {
    EXPECT_EQ(Cast(text, "VARCHAR", "INTERVAL"), "cast: not a INTERVAL: '" + text + "'");
  }
}

TEST(CastTest, WritesNestedValues) {
  arrow::StringBuilder* items = nullptr;
  auto item_builder = std::make_shared<arrow::StringBuilder>();
  items = item_builder.get();
  arrow::ListBuilder lists(arrow::default_memory_pool(), item_builder);
  ASSERT_TRUE(lists.Append().ok());
  for (const std::string text : {"a", "b c", "", "x,y", "NULL", "it's"}) {
    ASSERT_TRUE(items->Append(text).ok());
  }
  ASSERT_TRUE(items->AppendNull().ok());
  const ArrayPtr list = *lists.Finish();
  ASSERT_OK_AND_ASSIGN(const ArrayPtr text, CastArray(list, arrow::utf8(), false, {}));
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*text).GetString(0),
            "[a, b c, '', 'x,y', 'NULL', 'it\\'s', NULL]");
  EXPECT_THAT(CastArray(list, arrow::list(arrow::int64()), false, {}),
              StatusIs(StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const ArrayPtr nulls,
                       CastArray(list, arrow::list(arrow::int64()), true, {}));
  EXPECT_EQ(static_cast<const arrow::ListArray&>(*nulls).values()->null_count(), 7);
}

TEST(CastTest, TakesForeignLayouts) {
  arrow::StringDictionaryBuilder words;
  ASSERT_TRUE(words.Append("7").ok());
  ASSERT_TRUE(words.AppendNull().ok());
  ASSERT_OK_AND_ASSIGN(const ArrayPtr numbers,
                       CastArray(*words.Finish(), arrow::int64(), false, {}));
  EXPECT_EQ(numbers->ToString(), "[\n  7,\n  null\n]");
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::NANO),
                                arrow::default_memory_pool());
  ASSERT_TRUE(times.Append(1'500'000'001).ok());
  ASSERT_OK_AND_ASSIGN(const ArrayPtr shown, CastArray(*times.Finish(), arrow::utf8(), false, {}));
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*shown).GetString(0), "1970-01-01 00:00:01.5");
}

TEST(CastTest, FoldsConstantsAndKeepsFailuresForTheRows) {
  const auto text = [](std::string value) {
    return MakeLiteral(std::make_shared<arrow::StringScalar>(std::move(value)));
  };
  ASSERT_OK_AND_ASSIGN(const ExpressionPtr good, MakeCast(text("42"), arrow::int32(), false));
  EXPECT_NE(good->constant(), nullptr);
  ASSERT_OK_AND_ASSIGN(const ExpressionPtr bad, MakeCast(text("x"), arrow::int32(), false));
  EXPECT_EQ(bad->constant(), nullptr);
  EXPECT_THAT(
      MakeCast(MakeLiteral(std::make_shared<arrow::Int64Scalar>(1)), arrow::date32(), false),
      StatusIs(StatusCode::kInvalidArgument));
}

TEST(CommonTypeTest, FollowsDuckDb) {
  const auto common = [](const std::string& a, const std::string& b) {
    Result<TypePtr> type = CommonType(TypeOf(a), TypeOf(b));
    return type.ok() ? columnar::SqlTypeName(**type) : type.status().message();
  };
  EXPECT_EQ(common("TINYINT", "INTEGER"), "INTEGER");
  EXPECT_EQ(common("TINYINT", "UTINYINT"), "SMALLINT");
  EXPECT_EQ(common("BIGINT", "UBIGINT"), "HUGEINT");
  EXPECT_EQ(common("FLOAT", "BIGINT"), "FLOAT");
  EXPECT_EQ(common("DECIMAL(4,2)", "BIGINT"), "DECIMAL(21,2)");
  EXPECT_EQ(common("INTEGER", "DECIMAL(2,1)"), "DECIMAL(11,1)");
  EXPECT_EQ(common("DECIMAL(38,0)", "DECIMAL(2,1)"), "DECIMAL(38,1)");
  EXPECT_EQ(common("DATE", "TIMESTAMP"), "TIMESTAMP");
  EXPECT_EQ(common("BOOLEAN", "INTEGER"), "INTEGER");
  EXPECT_EQ(common("INTEGER[]", "DOUBLE[]"), "DOUBLE[]");
  EXPECT_EQ(common("VARCHAR", "DATE"),
            "types: no common type, an explicit cast is required: VARCHAR and DATE");
  EXPECT_TRUE(CanCastImplicitly(*arrow::int32(), *arrow::decimal128(10, 0)));
  EXPECT_FALSE(CanCastImplicitly(*arrow::int64(), *arrow::int32()));
  EXPECT_FALSE(CanCastImplicitly(*arrow::float64(), *arrow::float32()));
  EXPECT_TRUE(CanCastImplicitly(*arrow::null(), *arrow::date32()));
  EXPECT_FALSE(CanCastImplicitly(*arrow::utf8(), *arrow::int32()));
}

TEST(ZoneTest, ResolvesGapsAndOverlaps) {
  ASSERT_OK_AND_ASSIGN(Zone berlin, Zone::Find("Europe/Berlin"));
  const auto utc = [&](const std::string& local) {
    ASSERT_OK_AND_ASSIGN(const ArrayPtr array,
                         CastArray(*Text(local), TypeOf("TIMESTAMP"), false, {}));
    int64_t out = 0;
    ASSERT_TRUE(berlin.ToUtc(static_cast<const arrow::Int64Array&>(*array).Value(1), &out));
    int64_t shown = 0;
    ASSERT_TRUE(berlin.ToLocal(out, &shown));
    SCOPED_TRACE(local);
    // A skipped hour reads an hour later.
    EXPECT_EQ(shown - out, berlin.OffsetSeconds(out) * 1'000'000);
  };
  utc("2020-03-29 02:30");
  utc("2020-10-25 02:30");
  EXPECT_THAT(Zone::Find("Nowhere/X"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Zone::Find("+25:00"), StatusIs(StatusCode::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(Zone fixed, Zone::Find("-05:30"));
  EXPECT_EQ(fixed.OffsetSeconds(0), -19800);
}

}  // namespace
}  // namespace thalweg::engine
