#include "sql/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <random>
#include <string>
#include <vector>

#include "sql/session.h"
#include "testing/status_matchers.h"

namespace thalweg::sql {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::thalweg::testing::StatusIs;

std::string Plain(std::string_view text) {
  const auto statements = Canonical(text);
  if (!statements.ok()) return statements.status().ToString();
  std::string out;
  for (const std::string& statement : *statements) out += (out.empty() ? "" : "; ") + statement;
  return out;
}

std::string PlainExpr(const std::string& expr) {
  const std::string plain = Plain("SELECT " + expr);
  return plain.starts_with("SELECT ") ? plain.substr(7) : plain;
}

std::string ErrorOf(std::string_view text) { return Canonical(text).status().message(); }

TEST(ParserTest, BindsOperatorsAsTheStandardSays) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1 + 2 * 3", "(1 + (2 * 3))"},
      {"1 - 2 - 3", "((1 - 2) - 3)"},
      {"2 ^ 3 ^ 2", "((2 ^ 3) ^ 2)"},
      {"-2 ^ 2", "(-2 ^ 2)"},
      {"- -5", "(-(-5))"},
      {"-5::TINYINT", "(-(CAST(5 AS TINYINT)))"},
      {"+1.5", "1.5"},
      {"-price", "(-(price))"},
      {"-1.5", "-1.5"},
      {"NOT a = b", "(NOT (a = b))"},
      {"NOT a AND b", "((NOT a) AND b)"},
      {"a OR b AND c OR d", "(a OR (b AND c) OR d)"},
      {"a AND (b AND c) AND d", "(a AND (b AND c) AND d)"},
      {"a = b IS NULL", "((a = b) IS NULL)"},
      {"a <> b", "(a != b)"},
      {"a || b + 1", "(a || (b + 1))"},
      {"a % 2 == 0", "((a % 2) = 0)"},
      {"a // 2", "(a // 2)"},
      {"a BETWEEN 1 AND 2 AND c", "((a BETWEEN 1 AND 2) AND c)"},
      {"a NOT BETWEEN 1 + 1 AND 2", "(a NOT BETWEEN (1 + 1) AND 2)"},
      {"a IN (1, 2)", "(a IN (1, 2))"},
      {"a NOT IN ('x')", "(a NOT IN ('x'))"},
      {"a LIKE 'x%'", "(a ~~ 'x%')"},
      {"a NOT ILIKE 'x%'", "(a !~~* 'x%')"},
      {"a LIKE 'x!%' ESCAPE '!'", "(a LIKE 'x!%' ESCAPE '!')"},
      {"a IS NOT NULL", "(a IS NOT NULL)"},
      {"a ISNULL", "(a IS NULL)"},
      {"a IS TRUE", "(a IS NOT DISTINCT FROM true)"},
      {"a IS NOT FALSE", "(a IS DISTINCT FROM false)"},
      {"a IS NOT DISTINCT FROM b", "(a IS NOT DISTINCT FROM b)"},
      {"a ~ 'x' = b", "((a ~ 'x') = b)"},
      {"x -> '$.a' ->> 'b'", "((x -> '$.a') ->> 'b')"},
  };
  for (const auto& [text, plain] : cases) EXPECT_EQ(PlainExpr(text), plain) << text;
}

TEST(ParserTest, ReadsPrimaries) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"'it''s'", "'it''s'"},
      {"NULL", "NULL"},
      {"TRUE", "true"},
      {"$p", "$p"},
      {"t.a.b", "t.a.b"},
      {"\"a b\".\"select\"", "\"a b\".\"select\""},
      {"(s).a", "(s).a"},
      {"{'a': 1, b: [2, 3]}", "{'a': 1, 'b': [2, 3]}"},
      {"m['k'][1]", "m['k'][1]"},
      {"l[1:2]", "l[1:2]"},
      {"l[:-1]", "l[:-1]"},
      {"CAST(a AS DECIMAL(10, 2))", "CAST(a AS DECIMAL(10,2))"},
      {"TRY_CAST(a AS int)", "TRY_CAST(a AS INTEGER)"},
      {"a::VARCHAR[]", "CAST(a AS VARCHAR[])"},
      {"a::STRUCT(x INT, y MAP(VARCHAR, DATE))",
       "CAST(a AS STRUCT(x INTEGER, y MAP(VARCHAR, DATE)))"},
      {"a::TIMESTAMP WITH TIME ZONE", "CAST(a AS TIMESTAMP WITH TIME ZONE)"},
      {"a::DOUBLE PRECISION", "CAST(a AS DOUBLE)"},
      {"DATE '2020-01-01'", "CAST('2020-01-01' AS DATE)"},
      {"TIMESTAMP '2020-01-01 00:00:00'", "CAST('2020-01-01 00:00:00' AS TIMESTAMP)"},
      {"INTERVAL '1' DAY", "INTERVAL '1' day"},
      {"INTERVAL 5 MINUTES", "INTERVAL (5) minute"},
      {"INTERVAL (a + 1) HOUR", "INTERVAL ((a + 1)) hour"},
      {"INTERVAL '1 day 2 hours'", "INTERVAL '1 day 2 hours'"},
      {"CASE WHEN a THEN 1 END", "CASE  WHEN (a) THEN (1) END"},
      {"CASE a WHEN 1 THEN 'x' ELSE 'y' END", "CASE a WHEN (1) THEN ('x') ELSE 'y' END"},
      {"COUNT(*)", "count_star()"},
      {"COUNT(DISTINCT a)", "count(DISTINCT a)"},
      {"SUM(a) FILTER (WHERE b)", "sum(a) FILTER (WHERE b)"},
      {"EXTRACT(YEAR FROM d)", "date_part('year', d)"},
      {"EXTRACT('epoch', d)", "date_part('epoch', d)"},
      {"POSITION('a' IN b)", "position(b, 'a')"},
      {"SUBSTRING(a FROM 2 FOR 3)", "substring(a, 2, 3)"},
      {"SUBSTRING(a, 2)", "substring(a, 2)"},
      {"SUBSTRING(a FOR 3)", "substring(a, 1, 3)"},
      {"TRIM(a)", "trim(a)"},
      {"TRIM(LEADING 'x' FROM a)", "ltrim(a, 'x')"},
      {"TRIM(BOTH FROM a)", "trim(a)"},
      {"TRIM('x' FROM a)", "trim(a, 'x')"},
      {"TRIM(a, 'x')", "trim(a, 'x')"},
      {"LEFT(a, 2)", "\"left\"(a, 2)"},
      {"CURRENT_DATE", "current_date()"},
      {"a AT TIME ZONE 'UTC'", "timezone('UTC', a)"},
      {"struct_pack(a := 1)", "struct_pack(a := 1)"},
      {"x IN [1, 2]", "list_contains([1, 2], x)"},
      {"date", "date"},
      {"interval", "interval"},
      {"9223372036854775808", "9223372036854775808"},
  };
  for (const auto& [text, plain] : cases) EXPECT_EQ(PlainExpr(text), plain) << text;
}

TEST(ParserTest, ReadsStatements) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"select distinct a, b as c, d e from t as x where a > 1 group by a, 2 having count(*) > 1 "
       "order by a desc nulls first, 2 limit 5 offset 1",
       "SELECT DISTINCT a, b AS c, d AS e FROM t AS x WHERE (a > 1) GROUP BY a, 2 "
       "HAVING (count_star() > 1) ORDER BY a DESC NULLS FIRST, 2 ASC LIMIT 5 OFFSET 1"},
      {"SELECT * EXCLUDE (a, b) REPLACE (c + 1 AS c) FROM 'x.csv'",
       "SELECT * EXCLUDE (a, b) REPLACE ((c + 1) AS c) FROM 'x.csv'"},
      {"SELECT * EXCEPT (a) FROM t", "SELECT * EXCLUDE (a) FROM t"},
      {"SELECT t.* FROM t", "SELECT t.* FROM t"},
      {"FROM '-'", "SELECT * FROM '-'"},
      {"FROM t SELECT a", "SELECT a FROM t"},
      {"SELECT a, FROM t", "SELECT a FROM t"},
      {"SELECT a FROM read_csv('f.csv', delim := ';', types => {'a': 'VARCHAR'}, header = true)",
       "SELECT a FROM read_csv('f.csv', delim := ';', types := {'a': 'VARCHAR'}, header := true)"},
      {"SELECT a FROM (SELECT 1 AS a) AS s(b)", "SELECT a FROM (SELECT 1 AS a) AS s(b)"},
      {"VALUES (1, 'a'), (2, 'b')", "VALUES (1, 'a'), (2, 'b')"},
      {"SELECT * FROM (VALUES (1)) t(x)", "SELECT * FROM (VALUES (1)) AS t(x)"},
      {"WITH a AS (SELECT 1 AS x), b(y) AS (FROM a) SELECT y FROM b",
       "WITH a AS (SELECT 1 AS x), b(y) AS (SELECT * FROM a) SELECT y FROM b"},
      {"(SELECT 1) LIMIT 2", "SELECT * FROM (SELECT 1) LIMIT 2"},
      {"SELECT a FROM t GROUP BY ALL ORDER BY ALL DESC",
       "SELECT a FROM t GROUP BY ALL ORDER BY ALL DESC"},
      {"SELECT a FROM t LIMIT ALL", "SELECT a FROM t LIMIT NULL"},
      {"COPY (SELECT 1) TO 'x.parquet' (FORMAT parquet, PARTITION_BY (a, b), compression 'zstd')",
       "COPY (SELECT 1) TO 'x.parquet' (format := parquet, partition_by (a, b), "
       "compression := 'zstd')"},
      {"COPY t TO 'x.csv' WITH (HEADER)", "COPY (SELECT * FROM t) TO 'x.csv' (header)"},
      {"COPY t (a, b) TO '-'", "COPY (SELECT a, b FROM t) TO '-'"},
      {"DESCRIBE 'x.csv'", "DESCRIBE SELECT * FROM 'x.csv'"},
      {"SUMMARIZE SELECT 1", "SUMMARIZE SELECT 1"},
      {"EXPLAIN SELECT 1", "EXPLAIN SELECT 1"},
      {"SELECT 1; ; SELECT 2;", "SELECT 1; SELECT 2"},
      {"", ""},
      {" -- nothing\n;", ""},
  };
  for (const auto& [text, plain] : cases) EXPECT_EQ(Plain(text), plain) << text;
}

TEST(ParserTest, PrintsWhatParsesToTheSame) {
  const std::vector<std::string> texts = {
      "SELECT -(-1), - -1, NOT NOT a, (a).b.c, (a.b).c, (1 + 2).x, ('a')[1], [1][1], {'a': 1}.a",
      "SELECT a LIKE b ESCAPE c, x NOT LIKE y, INTERVAL a DAY, INTERVAL -3 DAY, CASE WHEN a THEN b "
      "END::INT",
      "SELECT \"from\", \"a\"\"b\", E'\\n', a.\"from\", count(*) FILTER (WHERE a IS NULL) FROM "
      "\"my table\"",
      "COPY (WITH q AS (SELECT 1) SELECT * FROM q ORDER BY 1 LIMIT 1) TO $out (a 1, b -2.5)",
      "SELECT a[1:], a[:2], a[:], a BETWEEN b AND c OR d IN (e) FROM t \"x y\"",
      "SELECT (a = b) = c, (a < b) IS TRUE, ((a)), (a OR b) AND c",
  };
  for (const std::string& text : texts) {
    const std::string once = Plain(text);
    EXPECT_EQ(Plain(once), once) << text;
  }
}

TEST(ParserTest, PointsAtTheMistake) {
  EXPECT_EQ(ErrorOf("SELECT a b c FROM t"),
            "unexpected 'c' at line 1, column 12\n"
            "  SELECT a b c FROM t\n"
            "             ^");
  EXPECT_EQ(ErrorOf("SELECT a FROM t WHER a = 1"),
            "unexpected 'a' at line 1, column 22\n"
            "  SELECT a FROM t WHER a = 1\n"
            "                       ^\n"
            "  hint: did you mean WHERE instead of 'WHER'?");
  EXPECT_EQ(ErrorOf("SELEC a"),
            "expected a statement, found 'SELEC' at line 1, column 1\n"
            "  SELEC a\n"
            "  ^~~~~\n"
            "  hint: did you mean SELECT?");
  EXPECT_EQ(ErrorOf("SELECT 'a://u:secr@t@h/x:y@z' b c FROM 'b://h:1/x'"),
            "unexpected 'c' at line 1, column 33\n"
            "  SELECT 'a://u:************@z' b c FROM 'b://h:1/x'\n"
            "                                  ^");
  EXPECT_EQ(ErrorOf("SELECT a b 'u:secret@h/x?password=other&z=1'"),
            "unexpected ''u:******@h/x?password=*****&z=1'' at line 1, column 12\n"
            "  SELECT a b 'u:******@h/x?password=*****&z=1'\n"
            "             ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~");
  EXPECT_EQ(ErrorOf("SELECT a,\n  (b + ) FROM t"),
            "expected an expression, found ')' at line 2, column 8\n"
            "    (b + ) FROM t\n"
            "         ^");
  EXPECT_EQ(ErrorOf("SELECT 1 +"),
            "expected an expression, found the end of the text at line 1, column 11\n"
            "  SELECT 1 +\n"
            "            ^");
  EXPECT_EQ(ErrorOf("SELECT a AS FROM FROM t WHERE a < b < c"),
            "comparisons cannot be chained at line 1, column 37\n"
            "  SELECT a AS FROM FROM t WHERE a < b < c\n"
            "                                      ^\n"
            "  hint: join two comparisons with AND, or put parentheses");
  EXPECT_EQ(ErrorOf("SELECT CAST(a AS INTEGR)"),
            "not a type: 'INTEGR' (did you mean 'INTEGER'?) at line 1, column 18\n"
            "  SELECT CAST(a AS INTEGR)\n"
            "                   ^~~~~~");
  EXPECT_EQ(ErrorOf("SELECT a FROM"),
            "expected a table, found the end of the text at line 1, column 14\n"
            "  SELECT a FROM\n"
            "               ^\n"
            "  hint: a name, a path in single quotes, a function such as read_csv('f.csv'), or a "
            "subquery in parentheses");
  EXPECT_EQ(ErrorOf("VALUES (1, 2), (3)"),
            "rows of VALUES differ in length: 2 and 1 at line 1, column 16\n"
            "  VALUES (1, 2), (3)\n"
            "                 ^");
  EXPECT_EQ(ErrorOf("SELECT 'é', b FROM t WHERE"),
            "expected an expression, found the end of the text at line 1, column 27\n"
            "  SELECT 'é', b FROM t WHERE\n"
            "                            ^");
  EXPECT_EQ(ErrorOf("SELECT * FROM select"),
            "expected a table, found 'select' at line 1, column 15\n"
            "  SELECT * FROM select\n"
            "                ^~~~~~\n"
            "  hint: a name, a path in single quotes, a function such as read_csv('f.csv'), or a "
            "subquery in parentheses");
}

TEST(ParserTest, RefusesByNameWhatIsNotThereYet) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"SELECT *\nFROM a\nJOIN b ON a.x = b.x", "joins are not supported yet: JOIN at line 3"},
      {"SELECT * FROM a LEFT JOIN b USING (x)", "joins are not supported yet: LEFT JOIN at line 1"},
      {"SELECT * FROM a, b", "joins are not supported yet: several tables in FROM"},
      {"SELECT sum(a) OVER (PARTITION BY b) FROM t",
       "window functions are not supported yet: OVER"},
      {"SELECT 1 UNION ALL SELECT 2", "set operations are not supported yet: UNION"},
      {"SELECT 1 EXCEPT SELECT 2", "set operations are not supported yet: EXCEPT"},
      {"SELECT (SELECT 1)", "subqueries in expressions are not supported yet"},
      {"SELECT a IN (SELECT 1)", "subqueries in expressions are not supported yet: IN"},
      {"SELECT EXISTS (SELECT 1)", "subqueries in expressions are not supported yet: EXISTS"},
      {"CREATE STREAM s AS SELECT 1", "CREATE is not supported yet"},
      {"INSERT INTO t VALUES (1)", "INSERT is not supported yet"},
      {"SHOW TABLES", "SHOW is not supported yet"},
      {"SELECT a FROM t EMIT CHANGES", "streaming emission is not supported yet: EMIT"},
      {"SELECT a FROM t GROUP BY a WINDOW TUMBLING(1m)", "windows are not supported yet: WINDOW"},
      {"SELECT * FROM tumble(t, ts)", "streaming windows are not supported yet: tumble(…)"},
      {"WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a", "WITH RECURSIVE is not supported yet"},
      {"SELECT DISTINCT ON (a) a FROM t", "DISTINCT ON is not supported yet"},
      {"SELECT a FROM t GROUP BY ROLLUP (a)", "GROUPING SETS, ROLLUP and CUBE"},
      {"SELECT string_agg(a ORDER BY b) FROM t", "ORDER BY inside a function is not supported yet"},
      {"SELECT COLUMNS('a') FROM t", "COLUMNS(…) is not supported yet"},
      {"SELECT ? FROM t", "parameters by position are not supported"},
      {"COPY t FROM 'x.csv'", "COPY … FROM is not supported yet"},
      {"EXPLAIN ANALYZE SELECT 1", "EXPLAIN ANALYZE is not supported yet"},
      {"SELECT a COLLATE nocase FROM t", "collations are not supported yet: COLLATE"},
      {"SELECT (1, 2)", "row values are not supported yet"},
      {"SELECT a INTO b FROM t", "SELECT … INTO is not supported yet: INTO"},
      {"SELECT a FROM t QUALIFY x", "window functions are not supported yet: QUALIFY"},
      {"SELECT * FROM t FOR SYSTEM_TIME AS OF x", "FOR SYSTEM_TIME AS OF is not supported yet"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(Canonical(text), StatusIs(StatusCode::kUnsupported, StartsWith(message))) << text;
  }
}

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<std::string> DeepTexts() {
  constexpr int kTimes = 100'000;
  return {
      "SELECT " + Repeated("(", kTimes),
      "SELECT " + Repeated("(", kTimes) + "1" + Repeated(")", kTimes),
      "SELECT " + Repeated("- ", kTimes) + "1",
      "SELECT " + Repeated("NOT ", kTimes) + "a",
      "SELECT " + Repeated("[", kTimes),
      "SELECT " + Repeated("{a:", kTimes),
      "SELECT " + Repeated("f(", kTimes),
      "SELECT " + Repeated("substring(", kTimes),
      "SELECT " + Repeated("trim(", kTimes),
      "SELECT " + Repeated("position(", kTimes),
      "SELECT " + Repeated("CASE WHEN ", kTimes),
      "SELECT " + Repeated("CAST(", kTimes),
      "SELECT a" + Repeated("[a", kTimes),
      "SELECT a" + Repeated(".b", kTimes),
      "SELECT (a)" + Repeated(".b", kTimes),
      "SELECT a" + Repeated("::int", kTimes),
      "SELECT a" + Repeated("[1]", kTimes),
      "SELECT a" + Repeated(" + 1", kTimes),
      "SELECT a" + Repeated(" IS NULL", kTimes),
      "SELECT a" + Repeated(" LIKE a", kTimes),
      "SELECT a" + Repeated(" BETWEEN a", kTimes),
      "SELECT a" + Repeated(" IN (a", kTimes),
      "SELECT a::" + Repeated("STRUCT(a ", kTimes),
      "SELECT a::INT" + Repeated("[]", kTimes),
      "SELECT a::MAP" + Repeated("(MAP", kTimes),
      "SELECT * FROM " + Repeated("(SELECT * FROM ", kTimes),
      "SELECT * FROM " + Repeated("(", kTimes) + "t" + Repeated(")", kTimes),
      Repeated("(", kTimes) + "SELECT 1",
      Repeated("WITH a AS (", kTimes),
      Repeated("EXPLAIN ", kTimes),
      "SELECT count(*) FILTER (WHERE " + Repeated("count(*) FILTER (WHERE ", kTimes),
      "/*" + Repeated("/*", kTimes),
  };
}

TEST(ParserTest, RefusesDeepNestingWithoutOverflow) {
  for (const std::string& text : DeepTexts()) {
    EXPECT_THAT(Canonical(text), StatusIs(StatusCode::kInvalidArgument)) << text.substr(0, 60);
  }
}

TEST(ParserTest, RefusesDeepNestingOnASmallStack) {
  // 256 KiB, as `ulimit -s 256` gives.
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, size_t{256} << 10), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void*) -> void* {
                  for (const std::string& text : DeepTexts()) {
                    EXPECT_FALSE(Canonical(text).ok()) << text.substr(0, 60);
                  }
                  EXPECT_OK(Canonical("SELECT " + Repeated("(", 20) + "1" + Repeated(")", 20)));
                  return nullptr;
                },
                nullptr),
            0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
}

TEST(ParserTest, TakesWhatIsLongButNotDeep) {
  constexpr int kTimes = 50'000;
  EXPECT_OK(Canonical("SELECT a WHERE b = 1" + Repeated(" OR b = 1", kTimes)));
  EXPECT_OK(Canonical("SELECT a IN (1" + Repeated(", 1", kTimes) + ")"));
  EXPECT_OK(Canonical("SELECT a" + Repeated(", a", kTimes)));
  EXPECT_OK(Canonical(Repeated("SELECT 1;", kTimes)));
  EXPECT_OK(Canonical("SELECT '" + std::string(1 << 20, 'x') + "'"));
  EXPECT_OK(Canonical("SELECT " + Repeated("(", 200) + "1" + Repeated(")", 200)));
  // The nearest name is not looked for in what nobody typed.
  EXPECT_THAT(Canonical(std::string(1 << 20, 'x')), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Canonical("SELECT 1::" + std::string(1 << 20, 'x')),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("long name")));
}

TEST(ParserTest, SurvivesBrokenTexts) {
  const std::string text =
      "WITH q AS (SELECT a, b::DECIMAL(10,2) AS c FROM read_csv('x.csv', types := {'a': 'INT'})) "
      "SELECT DISTINCT c, count(*) FILTER (WHERE a LIKE 'x%' ESCAPE '!') AS n, CASE a WHEN 1 THEN "
      "E'\\n' ELSE $p END, [1, 2][1:2], INTERVAL '1' DAY FROM q WHERE a BETWEEN 1 AND 2 OR NOT b "
      "IS "
      "NULL GROUP BY ALL HAVING n > 1 ORDER BY 1 DESC NULLS LAST LIMIT 5 OFFSET 2";
  ASSERT_OK(Canonical(text));
  for (size_t cut = 0; cut < text.size(); ++cut) {
    static_cast<void>(Canonical(text.substr(0, cut)));
    static_cast<void>(Canonical(text.substr(cut)));
  }
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> words = {
      "SELECT",  "FROM",   "(",     ")",     "[",   "]",        "{",    "}",       ",",
      "a",       "'x'",    "1",     "1.5",   "AND", "NOT",      "IN",   "CASE",    "WHEN",
      "END",     "::",     "INT",   "*",     "-",   ".",        ":",    ":=",      "WITH",
      "AS",      "VALUES", "LIMIT", "ORDER", "BY",  "INTERVAL", "DAY",  "DATE",    "EXTRACT(",
      "TRIM(",   "COPY",   "TO",    "$p",    ";",   "IS",       "NULL", "BETWEEN", "LIKE",
      "EXCLUDE", "GROUP",  "ALL",   "\"q\"", "=",   "count("};
  for (int round = 0; round < 20'000; ++round) {
    std::string broken = round % 2 == 0 ? "SELECT " : "";
    const int length = static_cast<int>(random() % 12);
    for (int i = 0; i < length; ++i) broken += words[random() % words.size()] + " ";
    const auto plain = Canonical(broken);
    if (!plain.ok()) continue;
    // Whatever is taken prints as something that means the same.
    std::string once;
    for (const std::string& statement : *plain) once += statement + ";";
    std::string twice;
    const auto again = Canonical(once);
    ASSERT_OK(again) << broken << " -> " << once;
    for (const std::string& statement : *again) twice += statement + ";";
    ASSERT_EQ(twice, once) << broken;
  }
}

}  // namespace
}  // namespace thalweg::sql
