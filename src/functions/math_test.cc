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

TestValue Digits(int n) { return {"INTEGER", std::to_string(n), true}; }

TEST(MathTest, Rounds) {
  Check({{"round", {Dec("2,1", "2.5")}, "DECIMAL(2,0)", "3"},
         {"round", {Dec("2,1", "-2.5")}, "DECIMAL(2,0)", "-3"},
         {"round", {Real("2.5")}, "DOUBLE", "3.0"},
         {"round", {Dec("7,6", "1.234567"), Digits(3)}, "DECIMAL(7,3)", "1.235"},
         {"round", {Real("1.2345"), Digits(2)}, "DOUBLE", "1.23"},
         {"round", {Int(12345), Digits(-2)}, "INTEGER", "12300"},
         {"round", {Int(-15), Digits(-1)}, "INTEGER", "-20"},
         {"round",
          {Int(2147483647), Digits(-1)},
          "INTEGER",
          "error: round: overflow of INTEGER: 2147483647"},
         {"round", {Dec("10,2", "125"), Digits(-1)}, "DECIMAL(10,0)", "130"},
         {"round", {Dec("10,2", "1.25"), Digits(5)}, "DECIMAL(10,2)", "1.25"},
         {"trunc", {Dec("2,1", "1.7")}, "DECIMAL(2,0)", "1"},
         {"trunc", {Real("-1.7")}, "DOUBLE", "-1.0"},
         {"trunc", {Dec("4,3", "1.789"), Digits(2)}, "DECIMAL(4,2)", "1.78"},
         {"ceil", {Dec("2,1", "1.2")}, "DECIMAL(2,0)", "2"},
         {"floor", {Dec("2,1", "-1.2")}, "DECIMAL(2,0)", "-2"},
         {"ceil", {Int(5)}, "DOUBLE", "5.0"},
         {"floor", {Real("nan")}, "DOUBLE", "nan"}});
}

TEST(MathTest, Computes) {
  Check({{"abs", {Int(-5)}, "INTEGER", "5"},
         {"abs", {Of("TINYINT", "-128")}, "TINYINT", "error: abs: overflow of TINYINT: -128"},
         {"abs", {Dec("2,1", "-1.5")}, "DECIMAL(2,1)", "1.5"},
         {"sign", {Dec("2,1", "-1.5")}, "TINYINT", "-1"},
         {"sign", {Int(0)}, "TINYINT", "0"},
         {"sqrt", {Int(4)}, "DOUBLE", "2.0"},
         {"ln", {Int(0)}, "DOUBLE", "-inf"},
         {"log", {Int(100)}, "DOUBLE", "2.0"},
         {"log", {Int(2), Int(8)}, "DOUBLE", "3.0"},
         {"power", {Int(2), Int(10)}, "DOUBLE", "1024.0"},
         {"gcd", {Int(12), Int(18)}, "BIGINT", "6"},
         {"lcm", {Int(4), Int(6)}, "BIGINT", "12"},
         {"factorial", {Int(5)}, "HUGEINT", "120"},
         {"factorial", {Int(40)}, "HUGEINT", "error: factorial: overflow of HUGEINT: 40"},
         {"isnan", {Real("nan")}, "BOOLEAN", "true"},
         {"bit_count", {Int(-1)}, "TINYINT", "32"},
         {"shift_left", {Int(1), Int(4)}, "INTEGER", "16"},
         {"shift_left", {Int(1), Int(31)}, "INTEGER", "error: shift: overflow: 1 << 31"},
         {"bit_not", {Int(5)}, "INTEGER", "-6"}});
}

TEST(ConditionalTest, Chooses) {
  Check({{"greatest", {Int(1), Dec("2,1", "2.5"), Null("INTEGER")}, "DECIMAL(11,1)", "2.5"},
         {"least", {Str("b"), Str("a")}, "VARCHAR", "a"},
         {"greatest", {Null("INTEGER"), Null("INTEGER")}, "INTEGER", "NULL"},
         {"nullif", {Int(1), Dec("2,1", "1.0")}, "INTEGER", "NULL"},
         {"nullif", {Int(1), Int(2)}, "INTEGER", "1"},
         {"nullif", {Int(1), Null("INTEGER")}, "INTEGER", "1"},
         {"coalesce", {Null("INTEGER"), Int(2)}, "INTEGER", "2"},
         {"ifnull", {Null("VARCHAR"), Str("x")}, "VARCHAR", "x"},
         {"if", {Of("BOOLEAN", "true"), Int(1), Int(2)}, "INTEGER", "1"},
         {"if", {Null("BOOLEAN"), Int(1), Int(2)}, "INTEGER", "2"},
         {"typeof", {Dec("3,2", "1.50")}, "VARCHAR", "DECIMAL(3,2)"}});
}

TEST(RandomTest, IsBound) {
  EXPECT_EQ(CallType("random", {}), "DOUBLE");
  EXPECT_EQ(CallType("uuid", {}), "VARCHAR");
}

}  // namespace
}  // namespace thalweg::functions
