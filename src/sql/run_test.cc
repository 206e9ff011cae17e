#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "sql/query_runner.h"

namespace thalweg::sql {
namespace {

using ::testing::HasSubstr;

std::string Value(const std::string& expr) {
  std::string row = RunSql("SELECT " + expr);
  if (!row.empty() && row.back() == '\n') row.pop_back();
  return row;
}

// The expectations of this file were taken from DuckDB.
TEST(RunTest, ComputesOperators) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1 + 2 * 3 - 4", "3"},
      {"7 / 2", "3.5"},
      {"7 // 2, -7 // 2, 7 % 3, -7 % 3", "3|-3|1|-1"},
      {"2 ^ 3, 2 ** 0.5 > 1.41", "8.0|true"},
      {"-(1.5), - -2, +3", "-1.5|2|3"},
      {"1.5 + 2.25, 1.5 * 2.25, 1.10 = 1.1", "3.75|3.375|true"},
      {"'a' || 'b' || 1", "ab1"},
      {"1 < 2, 2 <= 2, 3 > 4, 3 >= 4, 1 != 2, 1 <> 1", "true|true|false|false|true|false"},
      {"NULL = 1, NULL IS NULL, 1 IS NOT NULL, NULL IS DISTINCT FROM 1", "NULL|true|true|true"},
      {"NULL AND false, NULL AND true, NULL OR true, NOT NULL", "false|NULL|true|NULL"},
      {"2 BETWEEN 1 AND 3, 2 NOT BETWEEN 1 AND 3, NULL BETWEEN 1 AND 2", "true|false|NULL"},
      {"1 IN (1, 2), 3 IN (1, NULL), 1 NOT IN (2, 3), NULL IN (1)", "true|NULL|true|NULL"},
      {"1 IN (1 + 0, 5), 'b' IN ('a', lower('B'))", "true|true"},
      {"'abc' LIKE 'a%', 'abc' LIKE 'A%', 'abc' ILIKE 'A_C', 'abc' NOT LIKE '%c'",
       "true|false|true|false"},
      {"'a%c' LIKE 'a!%c' ESCAPE '!', 'axc' LIKE 'a!%c' ESCAPE '!'", "true|false"},
      {"CASE WHEN 1 > 2 THEN 'x' WHEN true THEN 'y' END, CASE 3 WHEN 1 THEN 'a' END", "y|NULL"},
      {"coalesce(NULL, 2, 3), ifnull(NULL, 'x'), nullif(1, 1), if(false, 1, 2)", "2|x|NULL|2"},
      {"coalesce(1 = 2, if(true, NULL, NULL)), coalesce(NULL, CASE WHEN true THEN NULL END, 'x')",
       "false|x"},
      {"true IS TRUE, NULL IS TRUE, false IS NOT FALSE, NULL IS UNKNOWN", "true|false|false|true"},
      {"'abc' ~ '[a-c]+', 'abc' !~ 'b'", "true|true"},
      {"'abcd'[2], [10, 20, 30][2], [10, 20, 30][1:2], {'a': 1, 'b': 'x'}.b", "b|20|[10, 20]|x"},
      {"{'a': 1}['a'], map(['k'], [5])['k'], 2 IN [1, 2]", "1|5|true"},
      {"''[:2], [1, 2, 3][2:], 'abc'[:], NULL[1], TRY_CAST(DATE '2020-01-01' AS INTEGER)",
       "|[2, 3]|abc|NULL|NULL"},
      {"1.5 * '2.0', 10::BIGINT - '3'", "3.00|7"},
      {"5 & 3, 5 | 3, 1 << 4, 16 >> 2, ~5", "1|7|16|4|-6"},
  };
  for (const auto& [expr, value] : cases) EXPECT_EQ(Value(expr), value) << expr;
}

TEST(RunTest, ComputesSpecialForms) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"CAST('12' AS INTEGER) + 1, '3.14'::DECIMAL(3,1), TRY_CAST('x' AS INTEGER)", "13|3.1|NULL"},
      {"1::BOOLEAN, true::INTEGER, 1.5::INTEGER, 2.5::INTEGER", "true|1|2|3"},
      {"EXTRACT(year FROM DATE '2020-02-29'), date_part('month', TIMESTAMP '2020-02-29 01:02:03')",
       "2020|2"},
      {"POSITION('b' IN 'abc'), SUBSTRING('hello' FROM 2 FOR 3), SUBSTRING('hello', 4)",
       "2|ell|lo"},
      {"TRIM('  a '), TRIM(LEADING 'x' FROM 'xxa'), TRIM(BOTH 'x' FROM 'xax')", "a|a|a"},
      {"DATE '2020-01-31' + INTERVAL 1 MONTH, DATE '2020-01-01' + 1",
       "2020-02-29 00:00:00|2020-01-02"},
      {"TIMESTAMP '2020-01-01 00:00:00' + INTERVAL '1' DAY - INTERVAL '30 minutes'",
       "2020-01-01 23:30:00"},
      {"DATE '2020-03-01' - DATE '2020-02-01', DATE '2020-01-02' > '2020-01-01'", "29|true"},
      {"LEFT('abc', 2), RIGHT('abc', 1), upper('é'), length('é')", "ab|c|É|1"},
      {"typeof(1), typeof(1.5), typeof(1e0), typeof('x'), typeof(9999999999)",
       "INTEGER|DECIMAL(2,1)|DOUBLE|VARCHAR|BIGINT"},
  };
  for (const auto& [expr, value] : cases) EXPECT_EQ(Value(expr), value) << expr;
}

constexpr const char* kRows =
    "(VALUES (1, 'a', 10.5), (2, 'b', NULL), (3, 'a', 2.0), (NULL, 'c', 4.25), (5, 'b', -1.0)) "
    "AS t(id, k, v)";

void ExpectRows(const std::string& select, const std::string& clauses, const std::string& rows) {
  const std::string text = select + " FROM " + kRows + " " + clauses;
  for (const int64_t batch_rows : {1, 2, 1024}) {
    EXPECT_EQ(RunSql(text, batch_rows), rows) << text << " by " << batch_rows;
  }
}

TEST(RunTest, FiltersSortsAndLimits) {
  ExpectRows("SELECT id, v", "WHERE v > 3", "1|10.50\nNULL|4.25\n");
  ExpectRows("SELECT id", "ORDER BY id DESC", "5\n3\n2\n1\nNULL\n");
  ExpectRows("SELECT id", "ORDER BY id NULLS FIRST", "NULL\n1\n2\n3\n5\n");
  ExpectRows("SELECT k, id", "ORDER BY k, id DESC LIMIT 3", "a|3\na|1\nb|5\n");
  ExpectRows("SELECT k, id", "ORDER BY k, id DESC LIMIT 2 OFFSET 2", "b|5\nb|2\n");
  ExpectRows("SELECT k", "ORDER BY v LIMIT 2", "b\na\n");
  ExpectRows("SELECT id", "LIMIT 2 OFFSET 1", "2\n3\n");
  ExpectRows("SELECT id * 2 AS x", "WHERE x > 4 ORDER BY x", "6\n10\n");
  ExpectRows("SELECT * EXCLUDE (v) REPLACE (upper(k) AS k)", "WHERE id = 1", "1|A\n");
  ExpectRows("SELECT id", "WHERE false", "");
}

TEST(RunTest, Aggregates) {
  ExpectRows("SELECT count(*), count(id), count(DISTINCT k), sum(id), min(v), max(k), avg(id)", "",
             "5|4|3|11|-1.00|c|2.75\n");
  ExpectRows("SELECT k, count(*) AS n, sum(v) AS s", "GROUP BY k ORDER BY k",
             "a|2|12.50\nb|2|-1.00\nc|1|4.25\n");
  ExpectRows("SELECT k, count(*) FILTER (WHERE v > 3) AS n", "GROUP BY ALL ORDER BY ALL",
             "a|1\nb|0\nc|1\n");
  ExpectRows("SELECT upper(k) AS u, sum(id) + count(*)",
             "GROUP BY u HAVING count(*) > 1 ORDER BY 1", "A|6\nB|9\n");
  ExpectRows("SELECT DISTINCT k", "ORDER BY k DESC", "c\nb\na\n");
  ExpectRows("SELECT sum(id)", "WHERE id > 100", "NULL\n");
  ExpectRows("SELECT k", "WHERE id > 100 GROUP BY k", "");
  ExpectRows("SELECT count(*)", "HAVING count(*) > 100", "");
  ExpectRows("SELECT 1", "HAVING true", "1\n");
  ExpectRows("SELECT 'x', count(*)", "GROUP BY 1", "x|5\n");
  ExpectRows("SELECT 1", "GROUP BY ALL", "1\n");
  EXPECT_EQ(RunSql("SELECT n, count(*) FROM (SELECT k, count(*) AS n FROM " + std::string(kRows) +
                   " GROUP BY k) GROUP BY n ORDER BY n"),
            "1|1\n2|2\n");
}

TEST(RunTest, RunsNestedQueries) {
  EXPECT_EQ(
      RunSql("WITH a(x) AS (VALUES (1), (2), (3)), b AS (SELECT x * x AS y FROM a WHERE x > 1) "
             "SELECT sum(y) AS s FROM b WHERE y < 9"),
      "4\n");
  EXPECT_EQ(RunSql("SELECT y FROM (SELECT x + 1 AS y FROM (VALUES (1), (2)) t(x)) WHERE y > 2"),
            "3\n");
  EXPECT_EQ(RunSql("VALUES (2, 'b'), (1, 'a') ORDER BY col0"), "1|a\n2|b\n");
  EXPECT_EQ(RunSql("FROM (SELECT 1 AS a, 'x' AS b) SELECT b, a"), "x|1\n");
}

TEST(RunTest, DescribesAndSummarizes) {
  EXPECT_EQ(RunSql("DESCRIBE SELECT 1 AS a, 'x' AS b"),
            "a|INTEGER|YES|NULL|NULL|NULL\nb|VARCHAR|YES|NULL|NULL|NULL\n");
  EXPECT_EQ(RunSql("SUMMARIZE SELECT id, k FROM " + std::string(kRows)),
            "id|INTEGER|1|5|4|2.75|1.707825127659933|1.75|2.5|3.5|5|20.00\n"
            "k|VARCHAR|a|c|3|NULL|NULL|NULL|NULL|NULL|5|0.00\n");
  EXPECT_EQ(RunSql("SUMMARIZE SELECT CAST(x AS DATE) AS d FROM "
                   "(VALUES ('2020-01-01'), ('2020-01-02'), ('2020-03-01'), ('2021-01-01')) t(x)"),
            "d|DATE|2020-01-01|2021-01-01|4|NULL|NULL|2020-01-01|2020-01-02|2020-03-01|4|0.00\n");
  EXPECT_THAT(RunSql("EXPLAIN SELECT 1 AS x"), HasSubstr("project 1 AS x"));
}

TEST(RunTest, KeepsRowErrorsInTheirRows) {
  EXPECT_THAT(RunSql("SELECT CAST(x AS INTEGER) FROM (VALUES ('1'), ('a'), ('3')) t(x)"),
              ::testing::StartsWith("1\n3\nrejected: "));
  EXPECT_EQ(
      RunSql("SELECT CASE WHEN x <> 'a' THEN CAST(x AS INTEGER) END FROM (VALUES ('1'), ('a')) "
             "t(x)"),
      "1\nNULL\n");
}

}  // namespace
}  // namespace thalweg::sql
