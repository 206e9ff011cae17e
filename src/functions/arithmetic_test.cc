#include "functions/call_for_test.h"

namespace thalweg::functions {
namespace {

struct Row {
  std::string name;
  std::vector<TestValue> arguments;
  std::string type;
  std::string answer;
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    std::string shown = row.name + '(';
    for (const TestValue& value : row.arguments) {
      shown += value.text.value_or("NULL") + "::" + value.type + ", ";
    }
    EXPECT_EQ(CallType(row.name, row.arguments), row.type) << shown << ')';
    EXPECT_EQ(Call(row.name, row.arguments), row.answer) << shown << ')';
  }
}

TEST(ArithmeticTest, KeepsIntegerTypesAndRefusesOverflow) {
  Check(
      {{"add", {Int(1), Int(1)}, "INTEGER", "2"},
       {"add", {Of("TINYINT", "1"), Of("TINYINT", "1")}, "TINYINT", "2"},
       {"add",
        {Of("TINYINT", "127"), Of("TINYINT", "1")},
        "TINYINT",
        "error: overflow of TINYINT: 127 + 1"},
       {"add", {Int(2147483647), Int(1)}, "INTEGER", "error: overflow of INTEGER: 2147483647 + 1"},
       {"add",
        {Big(9223372036854775807), Big(1)},
        "BIGINT",
        "error: overflow of BIGINT: 9223372036854775807 + 1"},
       {"subtract",
        {Of("BIGINT", "-9223372036854775808"), Big(1)},
        "BIGINT",
        "error: overflow of BIGINT: -9223372036854775808 - 1"},
       {"multiply",
        {Big(4294967296), Big(4294967296)},
        "BIGINT",
        "error: overflow of BIGINT: 4294967296 * 4294967296"},
       {"subtract",
        {Of("UBIGINT", "1"), Of("UBIGINT", "2")},
        "UBIGINT",
        "error: overflow of UBIGINT: 1 - 2"},
       {"subtract",
        {Of("UTINYINT", "1"), Of("UTINYINT", "2")},
        "UTINYINT",
        "error: overflow of UTINYINT: 1 - 2"},
       {"add", {Of("UBIGINT", "1"), Big(1)}, "HUGEINT", "2"},
       {"add",
        {Of("HUGEINT", "99999999999999999999999999999999999999"), Int(1)},
        "HUGEINT",
        "error: overflow of HUGEINT: 99999999999999999999999999999999999999 + 1"},
       {"negate", {Of("TINYINT", "-128")}, "TINYINT", "error: overflow of TINYINT: -(-128)"},
       {"negate", {Int(5)}, "INTEGER", "-5"},
       {"add", {Int(1), Null("INTEGER")}, "INTEGER", "NULL"}});
}

TEST(ArithmeticTest, Divides) {
  Check({{"divide", {Int(1), Int(2)}, "DOUBLE", "0.5"},
         {"divide", {Int(1), Int(0)}, "DOUBLE", "inf"},
         {"divide", {Real("0"), Int(0)}, "DOUBLE", "nan"},
         {"divide", {Dec("3,1", "5.5"), Int(2)}, "DOUBLE", "2.75"},
         {"divide", {Of("FLOAT", "1"), Of("FLOAT", "4")}, "FLOAT", "0.25"},
         {"integer_divide", {Int(-7), Int(2)}, "INTEGER", "-3"},
         {"integer_divide", {Int(1), Int(0)}, "INTEGER", "error: division by zero: 1 // 0"},
         {"integer_divide",
          {Of("BIGINT", "-9223372036854775808"), Big(-1)},
          "BIGINT",
          "error: overflow of BIGINT: -9223372036854775808 // -1"},
         {"integer_divide", {Real("5.5"), Real("2")}, "DOUBLE", "2.75"},
         {"modulo", {Int(-7), Int(3)}, "INTEGER", "-1"},
         {"modulo", {Int(7), Int(0)}, "INTEGER", "error: division by zero: 7 % 0"},
         {"modulo", {Dec("2,1", "5.5"), Int(2)}, "DECIMAL(11,1)", "1.5"},
         {"mod", {Real("5.5"), Real("0")}, "DOUBLE", "nan"}});
}

TEST(ArithmeticTest, ComputesDecimalsExactly) {
  Check(
      {{"add", {Dec("2,1", "1.5"), Dec("3,2", "2.25")}, "DECIMAL(4,2)", "3.75"},
       {"add", {Dec("18,2", "1.5"), Dec("18,2", "2")}, "DECIMAL(19,2)", "3.50"},
       {"add", {Dec("10,2", "1"), Dec("18,4", "1")}, "DECIMAL(19,4)", "2.0000"},
       {"add", {Dec("38,10", "1.5"), Dec("38,10", "2")}, "DECIMAL(38,10)", "3.5000000000"},
       {"add", {Dec("4,1", "1.5"), Big(1)}, "DECIMAL(21,1)", "2.5"},
       {"add", {Dec("4,1", "1.5"), Real("1")}, "DOUBLE", "2.5"},
       {"subtract", {Dec("4,2", "0.30"), Dec("4,2", "0.10")}, "DECIMAL(5,2)", "0.20"},
       {"multiply", {Dec("4,1", "1.5"), Dec("5,2", "2.25")}, "DECIMAL(9,3)", "3.375"},
       {"multiply", {Dec("18,2", "1.5"), Dec("18,2", "2")}, "DECIMAL(18,4)", "3.0000"},
       {"multiply", {Dec("18,9", "1"), Dec("18,9", "1")}, "DECIMAL(36,18)", "1.000000000000000000"},
       {"multiply", {Big(1), Dec("2,1", "2.5")}, "DECIMAL(21,1)", "2.5"},
       {"multiply",
        {Dec("18,2", "9999999999999999.99"), Dec("18,2", "9999999999999999.99")},
        "DECIMAL(18,4)",
        "error: overflow of DECIMAL(18,4): 9999999999999999.99 * 9999999999999999.99"},
       {"negate", {Dec("3,1", "1.5")}, "DECIMAL(3,1)", "-1.5"}});
  EXPECT_THAT(CallType("multiply", {Dec("38,20", "1"), Dec("38,20", "1")}),
              ::testing::HasSubstr("the product needs a scale of 40"));
}

TEST(ArithmeticTest, MovesTimes) {
  Check(
      {{"add", {Of("DATE", "2020-01-31"), Int(1)}, "DATE", "2020-02-01"},
       {"add", {Int(1), Of("DATE", "2020-01-31")}, "DATE", "2020-02-01"},
       {"add",
        {Of("DATE", "2020-01-31"), Of("INTERVAL", "1 month")},
        "TIMESTAMP",
        "2020-02-29 00:00:00"},
       {"subtract",
        {Of("TIMESTAMP", "2020-03-31 10:00"), Of("INTERVAL", "1 month 1 day")},
        "TIMESTAMP",
        "2020-02-28 10:00:00"},
       {"subtract", {Of("DATE", "2020-03-01"), Of("DATE", "2020-02-01")}, "BIGINT", "29"},
       {"subtract",
        {Of("TIMESTAMP", "2020-01-01"), Of("TIMESTAMP", "2019-12-01 05:00")},
        "INTERVAL",
        "30 days 19:00:00"},
       {"subtract",
        {Of("TIMESTAMP", "2019-12-01 05:00"), Of("TIMESTAMP", "2020-01-01")},
        "INTERVAL",
        "-30 days -19:00:00"},
       {"add", {Of("TIME", "23:00"), Of("INTERVAL", "3 hours")}, "TIME", "02:00:00"},
       {"add", {Of("DATE", "2020-01-01"), Of("TIME", "10:00")}, "TIMESTAMP", "2020-01-01 10:00:00"},
       {"multiply", {Of("INTERVAL", "1 day"), Real("2.5")}, "INTERVAL", "2 days 12:00:00"},
       {"multiply", {Int(2), Of("INTERVAL", "1 day")}, "INTERVAL", "2 days"},
       {"divide", {Of("INTERVAL", "1 month 1 day"), Int(2)}, "INTERVAL", "15 days 12:00:00"},
       {"negate",
        {Of("INTERVAL", "1 month 1 day 1 hour")},
        "INTERVAL",
        "-1 month -1 day -01:00:00"},
       {"add", {Of("DATE", "5879610-09-09"), Int(2000000000)}, "DATE", "error: overflow of DATE"},
       {"add", {Of("INTERVAL", "1 day"), Of("INTERVAL", "1 hour")}, "INTERVAL", "1 day 01:00:00"}});
}

TEST(ArithmeticTest, RefusesOtherTypes) {
  EXPECT_EQ(CallType("add", {Of("BOOLEAN", "true"), Int(1)}),
            "error: add: takes two numbers, or times and intervals: got (BOOLEAN, INTEGER)");
}

TEST(ComparisonTest, ComparesEachType) {
  const auto compare = [](const std::string& type, const std::string& a, const std::string& b) {
    std::string out;
    for (const std::string name : {"eq", "ne", "lt", "le", "gt", "ge"}) {
      out += Call(name, {Of(type, a), Of(type, b)}) == "true" ? '1' : '0';
    }
    return out;
  };
  const std::string less = "011100";
  const std::string equal = "100101";
  for (const std::string type :
       {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
        "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL(10,2)", "VARCHAR"}) {
    EXPECT_EQ(compare(type, "5", "7"), less) << type;
    EXPECT_EQ(compare(type, "7", "7"), equal) << type;
  }
  EXPECT_EQ(compare("INTEGER", "-1", "1"), less);
  EXPECT_EQ(compare("VARCHAR", "abcd", "abcde"), less);
  EXPECT_EQ(compare("VARCHAR", "abcdefghijklmnopqrst", "abcdefghijklmnopqrsu"), less);
  EXPECT_EQ(compare("VARCHAR", "abcdefghijklmnopqrst", "abcdefghijklmnopqrst"), equal);
  EXPECT_EQ(compare("VARCHAR", "", ""), equal);
  EXPECT_EQ(compare("VARCHAR", "z", "é"), less);
  EXPECT_EQ(compare("BOOLEAN", "false", "true"), less);
  EXPECT_EQ(compare("DATE", "2020-01-01", "2020-01-02"), less);
  EXPECT_EQ(compare("TIMESTAMP", "1969-01-01", "2020-01-02"), less);
  EXPECT_EQ(compare("INTERVAL", "29 days", "1 month"), less);
  EXPECT_EQ(compare("INTERVAL", "30 days", "1 month"), equal);
  EXPECT_EQ(compare("DOUBLE", "inf", "nan"), less);
  EXPECT_EQ(compare("DOUBLE", "nan", "nan"), equal);
  EXPECT_EQ(compare("DOUBLE", "-0.0", "0.0"), equal);
}

TEST(ComparisonTest, ComparesAcrossTypes) {
  EXPECT_EQ(Call("eq", {Int(1), Dec("2,1", "1.0")}), "true");
  EXPECT_EQ(Call("lt", {Of("DATE", "2020-01-01"), Of("TIMESTAMP", "2020-01-01 00:00:01")}), "true");
  EXPECT_EQ(Call("eq", {Of("DATE", "2020-01-01"), Name("2020-01-01")}), "true");
  EXPECT_EQ(Call("eq", {Int(1), Null("INTEGER")}), "NULL");
}

TEST(ComparisonTest, TellsNulls) {
  EXPECT_EQ(Call("is_distinct_from", {Int(1), Null("INTEGER")}), "true");
  EXPECT_EQ(Call("is_not_distinct_from", {Null("INTEGER"), Null("INTEGER")}), "true");
  EXPECT_EQ(Call("is_distinct_from", {Int(1), Int(1)}), "false");
  EXPECT_EQ(Call("is_not_distinct_from", {Str("abc"), Str("abc")}), "true");
  EXPECT_EQ(Call("is_null", {Null("VARCHAR")}), "true");
  EXPECT_EQ(Call("is_null", {Str("")}), "false");
  EXPECT_EQ(Call("is_not_null", {Str("")}), "true");
}

}  // namespace
}  // namespace thalweg::functions
