#include "sql/session.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sql/fake_engine.h"
#include "testing/status_matchers.h"

namespace thalweg::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::thalweg::testing::StatusIs;

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : registry_(fake::MakeRegistry()) {
    catalog_.Add(
        "t", {arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8()),
              arrow::field("c", arrow::float64()), arrow::field("d", arrow::int16()),
              arrow::field("day", arrow::date32()), arrow::field("price", arrow::decimal128(10, 2)),
              arrow::field("ok", arrow::boolean()),
              arrow::field("s", arrow::struct_({arrow::field("x", arrow::int64()),
                                                arrow::field("Y", arrow::utf8())}))});
    catalog_.Add("twins", {arrow::field("x", arrow::int64()), arrow::field("X", arrow::int64())});
    catalog_.Add("dir/flights.csv.gz", {arrow::field("dest", arrow::utf8())});
    catalog_.Add("read_csv", {arrow::field("v", arrow::utf8())});
  }

  Result<BoundStatement> Bind(std::string_view text) {
    PrepareContext context;
    context.catalog = &catalog_;
    context.registry = &registry_;
    context.parameters = &parameters_;
    THALWEG_ASSIGN_OR_RETURN(auto statements, Prepare(text, context));
    if (statements.size() != 1) return Status::Internal("not one statement");
    return std::move(statements[0]);
  }
  std::string Explain(std::string_view text) {
    const auto bound = Bind(text);
    return bound.ok() ? ExplainText(*bound->plan) : bound.status().message();
  }
  /// The type of an expression over `t`.
  std::string TypeOf(const std::string& expr) {
    const auto bound = Bind("SELECT " + expr + " FROM t");
    if (!bound.ok()) return bound.status().message();
    return columnar::SqlTypeName(*bound->plan->schema->field(0)->type());
  }
  /// `a BIGINT, b VARCHAR`
  std::string SchemaOf(std::string_view text) {
    const auto bound = Bind(text);
    if (!bound.ok()) return bound.status().message();
    std::string out;
    for (const auto& field : bound->plan->schema->fields()) {
      out +=
          (out.empty() ? "" : ", ") + field->name() + " " + columnar::SqlTypeName(*field->type());
    }
    return out;
  }
  std::string ErrorOf(std::string_view text) { return Bind(text).status().message(); }

  fake::Catalog catalog_;
  engine::Registry registry_;
  Parameters parameters_;
};

TEST_F(SessionTest, ReadsOnlyTheColumnsThatItNeeds) {
  EXPECT_EQ(Explain("SELECT a + 1 AS x FROM t WHERE c > 2"),
            "project (a + 1) AS x\n"
            "└─ filter (c > 2)\n"
            "   └─ scan t columns 2 of 8: a, c\n");
  EXPECT_EQ(Explain("SELECT * FROM t"), "scan t\n");
  EXPECT_EQ(Explain("SELECT count(*) FROM t"),
            "project count AS \"count_star()\"\n"
            "└─ aggregate (merge)\n"
            "   └─ aggregate (each lane) count()\n"
            "      └─ scan t columns 0 of 8: none\n");
}

TEST_F(SessionTest, PrunesThroughSubqueriesAndCommonTables) {
  EXPECT_EQ(Explain("SELECT y FROM (SELECT a, b, a * 2 AS y FROM t) WHERE a = 1"),
            "project (a * 2) AS y\n"
            "└─ filter (a = 1)\n"
            "   └─ scan t columns 1 of 8: a\n");
  EXPECT_EQ(Explain("WITH q AS (SELECT * FROM t), r AS (SELECT b FROM q WHERE ok) "
                    "SELECT upper(b) AS u FROM r"),
            "project upper(b) AS u\n"
            "└─ filter ok\n"
            "   └─ scan t columns 2 of 8: b, ok\n");
  EXPECT_EQ(
      Explain(
          "SELECT n FROM (SELECT b, count(*) AS n, sum(a) AS s FROM t GROUP BY b) WHERE b = 'x'"),
      "project count AS n\n"
      "└─ aggregate (merge)\n"
      "   └─ aggregate (each lane) count() by b\n"
      "      └─ filter (b = 'x')\n"
      "         └─ scan t columns 1 of 8: b\n");
}

TEST_F(SessionTest, ComputesNothingTwiceWhenItMergesProjections) {
  EXPECT_EQ(Explain("SELECT x + x AS y FROM (SELECT a * a AS x FROM t)"),
            "project (x + x) AS y\n"
            "└─ project (a * a) AS x\n"
            "   └─ scan t columns 1 of 8: a\n");
  EXPECT_EQ(Explain("SELECT r FROM (SELECT random() AS r FROM t) WHERE r > 0"),
            "filter (r > 0)\n"
            "└─ project random() AS r\n"
            "   └─ scan t columns 0 of 8: none\n");
}

TEST_F(SessionTest, SortsWithTheLimit) {
  EXPECT_EQ(Explain("SELECT a FROM t ORDER BY c DESC NULLS FIRST, a LIMIT 3 OFFSET 2"),
            "project a\n"
            "└─ limit 3 offset 2\n"
            "   └─ sort by order1 DESC NULLS FIRST, a limit 5\n"
            "      └─ project a, c AS order1\n"
            "         └─ scan t columns 2 of 8: a, c\n");
  EXPECT_EQ(Explain("SELECT a, b FROM t LIMIT 7"),
            "limit 7\n"
            "└─ scan t columns 2 of 8: a, b limit 7\n");
  EXPECT_EQ(Explain("SELECT a FROM t WHERE ok LIMIT 7"),
            "limit 7\n"
            "└─ project a\n"
            "   └─ filter ok\n"
            "      └─ scan t columns 2 of 8: a, ok\n");
}

TEST_F(SessionTest, GroupsOverKeysAliasesAndPositions) {
  const std::string plan =
      "aggregate (merge)\n"
      "   └─ aggregate (each lane) sum(a) by upper(b)\n"
      "      └─ scan t columns 2 of 8: a, b\n";
  EXPECT_THAT(Explain("SELECT upper(b) AS u, sum(a) AS n FROM t GROUP BY upper(b)"),
              HasSubstr(plan));
  EXPECT_THAT(Explain("SELECT upper(b) AS u, sum(a) AS n FROM t GROUP BY u"), HasSubstr(plan));
  EXPECT_THAT(Explain("SELECT upper(b) AS u, sum(a) AS n FROM t GROUP BY 1"), HasSubstr(plan));
  EXPECT_THAT(Explain("SELECT upper(b) AS u, sum(a) AS n FROM t GROUP BY ALL"), HasSubstr(plan));
  EXPECT_EQ(Explain("SELECT b, sum(a) + 1 AS n FROM t GROUP BY b HAVING sum(a) > 1 AND n < 9 "
                    "ORDER BY sum(a), count(*)"),
            "project b, n\n"
            "└─ sort by order2, order3\n"
            "   └─ project b, (sum + 1) AS n, sum AS order2, count AS order3\n"
            "      └─ filter ((sum > 1) AND ((sum + 1) < 9))\n"
            "         └─ aggregate (merge)\n"
            "            └─ aggregate (each lane) sum(a), count() by b\n"
            "               └─ scan t columns 2 of 8: a, b\n");
  EXPECT_THAT(Explain("SELECT count(DISTINCT a) FILTER (WHERE ok) AS n FROM t"),
              HasSubstr("count(DISTINCT a) FILTER (WHERE ok)"));
  EXPECT_EQ(Explain("SELECT DISTINCT b FROM t ORDER BY b"),
            "sort by b\n"
            "└─ aggregate (merge)\n"
            "   └─ aggregate (each lane) by b\n"
            "      └─ scan t columns 1 of 8: b\n");
}

TEST_F(SessionTest, HandsTheOperatorsTheirParameters) {
  ASSERT_OK_AND_ASSIGN(const auto bound,
                       Bind("SELECT b, sum(a) AS n FROM t GROUP BY b ORDER BY n LIMIT 2"));
  const PlanNode* sort = bound.plan.get();
  const auto* sorts = std::any_cast<engine::SortParameters>(&sort->parameters);
  ASSERT_NE(sorts, nullptr);
  EXPECT_EQ(sorts->limit, 2);
  EXPECT_EQ(sorts->keys[0].expression->column(), 1);
  const PlanNode* project = sort->inputs[0].get();
  ASSERT_NE(std::any_cast<engine::ProjectParameters>(&project->parameters), nullptr);
  const PlanNode* merge = project->inputs[0].get();
  const auto* merged = std::any_cast<engine::AggregateParameters>(&merge->parameters);
  ASSERT_NE(merged, nullptr);
  EXPECT_EQ(merged->keys[0].name, "b");
  EXPECT_EQ(merged->calls[0].name, "sum");
  EXPECT_EQ(merge->factory, registry_.FindOperator("aggregate_final"));
  EXPECT_EQ(merge->inputs[0]->factory, registry_.FindOperator("aggregate_partial"));
  EXPECT_EQ(merge->inputs[0]->inputs[0]->kind, PlanNode::Kind::kScan);
  EXPECT_THAT(merge->inputs[0]->inputs[0]->scan.projection.columns, ElementsAre("a", "b"));
  EXPECT_TRUE(bound.ordered);
}

TEST_F(SessionTest, GivesLiteralsTheirTypes) {
  EXPECT_EQ(TypeOf("1"), "INTEGER");
  EXPECT_EQ(TypeOf("2147483648"), "BIGINT");
  EXPECT_EQ(TypeOf("-9223372036854775808"), "BIGINT");
  EXPECT_EQ(TypeOf("9223372036854775808"), "HUGEINT");
  EXPECT_EQ(TypeOf("99999999999999999999999999999999999999"), "HUGEINT");
  EXPECT_EQ(TypeOf("100000000000000000000000000000000000000"), "DOUBLE");
  EXPECT_EQ(TypeOf("1.5"), "DECIMAL(2,1)");
  EXPECT_EQ(TypeOf("-1.50"), "DECIMAL(3,2)");
  EXPECT_EQ(TypeOf(".5"), "DECIMAL(1,1)");
  EXPECT_EQ(TypeOf("1."), "DECIMAL(1,0)");
  EXPECT_EQ(TypeOf("0." + std::string(40, '1')), "DOUBLE");
  EXPECT_EQ(TypeOf("1e3"), "DOUBLE");
  EXPECT_EQ(TypeOf("'x'"), "VARCHAR");
  EXPECT_EQ(TypeOf("NULL"), "INTEGER");
  EXPECT_EQ(TypeOf("INTERVAL '1' DAY"), "INTERVAL");
  EXPECT_EQ(TypeOf("DATE '2020-02-29'"), "DATE");
  EXPECT_EQ(TypeOf("1e999"),
            "the number is too large for a DOUBLE at line 1, column 8\n"
            "  SELECT 1e999 FROM t\n"
            "         ^~~~~");
}

TEST_F(SessionTest, MeetsTypesHalfway) {
  EXPECT_EQ(TypeOf("d + 1"), "SMALLINT");
  EXPECT_EQ(TypeOf("d + 100000"), "INTEGER");
  EXPECT_EQ(TypeOf("a / 2"), "DOUBLE");
  EXPECT_EQ(TypeOf("CASE WHEN ok THEN d ELSE 2 END"), "SMALLINT");
  EXPECT_EQ(TypeOf("CASE WHEN ok THEN a ELSE c END"), "DOUBLE");
  EXPECT_EQ(TypeOf("CASE a WHEN 1 THEN 'x' WHEN 2 THEN NULL END"), "VARCHAR");
  EXPECT_EQ(TypeOf("COALESCE(NULL, d, 1)"), "SMALLINT");
  EXPECT_EQ(TypeOf("ifnull(a, 0)"), "BIGINT");
  EXPECT_EQ(TypeOf("if(ok, 'a', b)"), "VARCHAR");
  EXPECT_EQ(TypeOf("COALESCE(day, '2020-01-01')"), "DATE");
  // The number goes to the column's type, not the column to the number's.
  EXPECT_THAT(Explain("SELECT 1 FROM t WHERE d = 5 AND price > 3 AND d IN (1, 2)"),
              HasSubstr("filter ((d = 5) AND (price > 3.00) AND (d IN (1, 2)))"));
  EXPECT_THAT(Explain("SELECT 1 FROM t WHERE d = 100000"), HasSubstr("CAST(d AS INTEGER)"));
}

TEST_F(SessionTest, ReadsTextLiteralsAsWhatTheyMeet) {
  EXPECT_THAT(Explain("SELECT 1 FROM t WHERE day >= '2020-01-01'"), HasSubstr("DATE '2020-01-01'"));
  EXPECT_THAT(Explain("SELECT 1 FROM t WHERE a = '5'"), HasSubstr("(a = 5)"));
  EXPECT_EQ(ErrorOf("SELECT 1 FROM t WHERE day > 'soon'"),
            "cannot read 'soon' as DATE at line 1, column 29\n"
            "  SELECT 1 FROM t WHERE day > 'soon'\n"
            "                              ^~~~~~");
  EXPECT_EQ(ErrorOf("SELECT a = b FROM t"),
            "a comparison mixes BIGINT and VARCHAR at line 1, column 12\n"
            "  SELECT a = b FROM t\n"
            "             ^\n"
            "  hint: cast one of them: CAST(x AS BIGINT)");
  parameters_["day"] = std::string("2020-01-01");
  parameters_["n"] = int64_t{7};
  EXPECT_THAT(Explain("SELECT 1 FROM t WHERE day >= $day AND a = $n"),
              HasSubstr("((day >= DATE '2020-01-01') AND (a = 7))"));
  EXPECT_THAT(ErrorOf("SELECT $dey"),
              StartsWith("parameter $dey has no value (did you mean 'day'?)"));
}

TEST_F(SessionTest, FoldsConstants) {
  EXPECT_EQ(Explain("SELECT 1 + 2 * 3 AS x"), "project 7 AS x\n└─ values 1 rows\n");
  EXPECT_THAT(Explain("SELECT a FROM t WHERE 1 = 1"), Not(HasSubstr("filter")));
  EXPECT_EQ(Explain("SELECT a FROM t WHERE 1 = 2"), "values 0 rows\n");
  EXPECT_EQ(Explain("SELECT a FROM t WHERE NULL"), "values 0 rows\n");
  EXPECT_THAT(Explain("SELECT random() AS r FROM t"), HasSubstr("random()"));
  // What fails belongs to the rows that reach it.
  EXPECT_THAT(Explain("SELECT 2147483647 + 1 AS x FROM t"), HasSubstr("(2147483647 + 1) AS x"));
}

TEST_F(SessionTest, NamesColumnsAsDuckDbDoes) {
  EXPECT_EQ(SchemaOf("SELECT a, t.b, s.x, a + 1, upper(b), count(*) FROM t GROUP BY ALL"),
            "a BIGINT, b VARCHAR, x BIGINT, (a + 1) BIGINT, upper(b) VARCHAR, count_star() BIGINT");
  EXPECT_EQ(SchemaOf("SELECT a AS \"X y\", a x2, a AS 'z' FROM t"),
            "X y BIGINT, x2 BIGINT, z BIGINT");
  EXPECT_EQ(SchemaOf("SELECT 1 AS a, 2 AS a"), "a INTEGER, a INTEGER");
  EXPECT_EQ(SchemaOf("SELECT * FROM (SELECT 1 AS a, 2 AS A, 3 AS a_1)"),
            "a INTEGER, A_2 INTEGER, a_1 INTEGER");
  EXPECT_EQ(SchemaOf("SELECT * FROM (VALUES (1, 'x'), (2.5, NULL)) v(n, s)"),
            "n DECIMAL(11,1), s VARCHAR");
  EXPECT_EQ(SchemaOf("VALUES (1), (2) ORDER BY col0 LIMIT 1"), "col0 INTEGER");
}

TEST_F(SessionTest, ExpandsStars) {
  EXPECT_EQ(SchemaOf("SELECT * EXCLUDE (a, B, c, d, s, ok) REPLACE (1 AS Day), 2 AS z FROM t"),
            "day INTEGER, price DECIMAL(10,2), z INTEGER");
  EXPECT_EQ(SchemaOf("SELECT q.* FROM (SELECT 1 AS a) q"), "a INTEGER");
  EXPECT_THAT(ErrorOf("SELECT * EXCLUDE (prce) FROM t"),
              StartsWith("EXCLUDE names an unknown column 'prce' (did you mean 'price'?)"));
  EXPECT_THAT(ErrorOf("SELECT x.* FROM t"), StartsWith("no table is called 'x' here"));
  EXPECT_THAT(ErrorOf("SELECT *"), StartsWith("* needs a FROM"));
}

TEST_F(SessionTest, FindsNames) {
  EXPECT_EQ(TypeOf("A"), "BIGINT");
  EXPECT_EQ(TypeOf("T.a"), "BIGINT");
  EXPECT_EQ(TypeOf("s.y"), "VARCHAR");
  EXPECT_EQ(TypeOf("t.s.x"), "BIGINT");
  EXPECT_EQ(TypeOf("s['x']"), "BIGINT");
  EXPECT_EQ(TypeOf("_made"), "VARCHAR");
  EXPECT_EQ(SchemaOf("SELECT x, X FROM twins"), "x BIGINT, X BIGINT");
  EXPECT_EQ(SchemaOf("SELECT flights.dest FROM 'dir/flights.csv.gz'"), "dest VARCHAR");
  EXPECT_EQ(SchemaOf("SELECT f.dest FROM 'dir/flights.csv.gz' f"), "dest VARCHAR");
  EXPECT_EQ(SchemaOf("SELECT a + 1 AS b2, b2 + 1 AS c2 FROM t WHERE b2 > 1"),
            "b2 BIGINT, c2 BIGINT");
  EXPECT_EQ(ErrorOf("SELECT prise FROM t"),
            "unknown column 'prise' (did you mean 'price'?) at line 1, column 8\n"
            "  SELECT prise FROM t\n"
            "         ^~~~~");
  EXPECT_EQ(ErrorOf("SELECT zzzzzz FROM twins"),
            "unknown column 'zzzzzz' at line 1, column 8\n"
            "  SELECT zzzzzz FROM twins\n"
            "         ^~~~~~\n"
            "  hint: known columns: x, X");
  EXPECT_THAT(ErrorOf("SELECT s.z FROM t"), StartsWith("the struct has no field 'z'"));
  EXPECT_THAT(ErrorOf("SELECT a.z FROM t"), StartsWith("no field 'z' in BIGINT"));
  EXPECT_THAT(ErrorOf("SELECT x"), StartsWith("no column can stand in a query without FROM: 'x'"));
  EXPECT_EQ(ErrorOf("SELECT 1\nFROM tt"),
            "no such table: 'tt' (did you mean 't'?) at line 2, column 6\n"
            "  FROM tt\n"
            "       ^~");
  EXPECT_EQ(ErrorOf("SELECT uper(b) FROM t"),
            "unknown function 'uper' (did you mean 'upper'?) at line 1, column 8\n"
            "  SELECT uper(b) FROM t\n"
            "         ^~~~");
  EXPECT_EQ(ErrorOf("SELECT upper(a) FROM t"),
            "upper(BIGINT): takes (VARCHAR) at line 1, column 8\n"
            "  SELECT upper(a) FROM t\n"
            "         ^~~~~");
}

TEST_F(SessionTest, TellsWhatIsGroupedFromWhatIsNot) {
  EXPECT_EQ(ErrorOf("SELECT a, count(*) FROM t GROUP BY b"),
            "column 'a' is neither grouped nor aggregated at line 1, column 8\n"
            "  SELECT a, count(*) FROM t GROUP BY b\n"
            "         ^\n"
            "  hint: add it to GROUP BY, or take one value of each group: any_value(a)");
  EXPECT_THAT(ErrorOf("SELECT * FROM t HAVING count(*) > 1"), StartsWith("column 'a' is neither"));
  EXPECT_THAT(ErrorOf("SELECT 1 FROM t WHERE count(*) > 1"),
              StartsWith("no aggregate can stand in WHERE: count"));
  EXPECT_THAT(ErrorOf("SELECT count(*) AS n FROM t WHERE n > 1"),
              HasSubstr("no aggregate can stand in WHERE"));
  EXPECT_THAT(ErrorOf("SELECT sum(count(*)) FROM t"), StartsWith("aggregates cannot be nested"));
  EXPECT_THAT(ErrorOf("SELECT upper(DISTINCT b) FROM t"), HasSubstr("not an aggregate function"));
  EXPECT_THAT(ErrorOf("SELECT a FROM t GROUP BY 2"),
              StartsWith("GROUP BY 2: the select list has 1"));
  EXPECT_THAT(ErrorOf("SELECT a FROM t ORDER BY 0"),
              StartsWith("ORDER BY 0: the select list has 1"));
  EXPECT_THAT(ErrorOf("SELECT DISTINCT a FROM t ORDER BY b"), HasSubstr("with DISTINCT"));
  EXPECT_OK(Bind("SELECT b, upper(b), count(*) FROM t GROUP BY b ORDER BY upper(b)"));
  EXPECT_OK(Bind("SELECT count(*) FROM t ORDER BY 1"));
}

TEST_F(SessionTest, ChecksLimits) {
  EXPECT_THAT(ErrorOf("SELECT 1 LIMIT -1"), StartsWith("LIMIT cannot be negative: -1"));
  EXPECT_THAT(ErrorOf("SELECT a FROM t LIMIT a"), StartsWith("no column can stand in LIMIT"));
  EXPECT_THAT(ErrorOf("SELECT 1 LIMIT 'x'"), HasSubstr("LIMIT"));
  EXPECT_OK(Bind("SELECT 1 LIMIT NULL OFFSET 0"));
  EXPECT_OK(
      Bind("SELECT a FROM t ORDER BY a LIMIT 9223372036854775807 OFFSET 9223372036854775807"));
}

TEST_F(SessionTest, AsksTheCatalogForTableFunctions) {
  EXPECT_OK(
      Bind("SELECT v FROM read_csv(['a.csv', 'b.csv'], Delim := ';', header = true, "
           "types := {'v': 'VARCHAR'}, sample_size := 100)"));
  const TableReference& asked = catalog_.last();
  EXPECT_EQ(asked.kind, TableReference::Kind::kFunction);
  EXPECT_EQ(asked.name, "read_csv");
  EXPECT_EQ(std::get<std::vector<std::string>>(asked.arguments[0]),
            (std::vector<std::string>{"a.csv", "b.csv"}));
  ASSERT_EQ(asked.options.size(), 4U);
  EXPECT_EQ(asked.options[0].first, "delim");
  EXPECT_EQ(std::get<std::string>(asked.options[0].second), ";");
  EXPECT_TRUE(std::get<bool>(asked.options[1].second));
  EXPECT_EQ((std::get<std::map<std::string, std::string>>(asked.options[2].second).at("v")),
            "VARCHAR");
  EXPECT_EQ(std::get<int64_t>(asked.options[3].second), 100);
  EXPECT_THAT(ErrorOf("SELECT * FROM read_csv('a', delim := 1 + 1)"),
              StartsWith("an option takes a literal, a list or a struct"));
  EXPECT_THAT(ErrorOf("SELECT * FROM read_csv(delim := ';', 'a')"),
              StartsWith("an argument without a name"));
}

TEST_F(SessionTest, PlansCopy) {
  ASSERT_OK_AND_ASSIGN(
      const auto copy,
      Bind("COPY (SELECT a, b, a FROM t) TO 'out' (FORMAT parquet, PARTITION_BY (b), OVERWRITE)"));
  EXPECT_EQ(copy.kind, BoundStatement::Kind::kCopy);
  EXPECT_EQ(copy.plan->kind, PlanNode::Kind::kSink);
  EXPECT_EQ(copy.plan->sink.location, "out");
  EXPECT_EQ(copy.plan->schema->field(2)->name(), "a_1");
  ASSERT_EQ(copy.plan->sink.options.size(), 3U);
  EXPECT_EQ(std::get<std::string>(copy.plan->sink.options[0].second), "parquet");
  EXPECT_EQ(std::get<std::vector<std::string>>(copy.plan->sink.options[1].second),
            std::vector<std::string>{"b"});
  EXPECT_TRUE(std::get<bool>(copy.plan->sink.options[2].second));
  parameters_["out"] = std::string("there.csv");
  ASSERT_OK_AND_ASSIGN(const auto to, Bind("COPY t TO $out"));
  EXPECT_EQ(to.plan->sink.location, "there.csv");
  EXPECT_THAT(ErrorOf("COPY t TO 'x' (a 1, A 2)"), StartsWith("option given twice: 'a'"));
}

TEST_F(SessionTest, DescribesSummarizesAndExplains) {
  ASSERT_OK_AND_ASSIGN(const auto described, Bind("DESCRIBE SELECT a, price FROM t"));
  ASSERT_EQ(described.plan->kind, PlanNode::Kind::kValues);
  EXPECT_EQ(described.plan->values.num_rows(), 2);
  const auto& types =
      static_cast<const arrow::StringArray&>(*described.plan->values.data()->column(1));
  EXPECT_EQ(types.GetView(1), "DECIMAL(10,2)");
  ASSERT_OK_AND_ASSIGN(const auto summary, Bind("SUMMARIZE t"));
  EXPECT_EQ(summary.plan->schema->num_fields(), 12);
  EXPECT_STREQ(summary.plan->factory->spec.name.c_str(), "summary_rows");
  ASSERT_OK_AND_ASSIGN(const auto explained, Bind("EXPLAIN COPY t TO 'x.csv'"));
  EXPECT_EQ(explained.kind, BoundStatement::Kind::kQuery);
  const auto& text =
      static_cast<const arrow::StringArray&>(*explained.plan->values.data()->column(1));
  EXPECT_EQ(text.GetView(0), "copy to 'x.csv'\n└─ scan t\n");
}

TEST_F(SessionTest, BindsStatementsOneByOne) {
  ASSERT_OK_AND_ASSIGN(const Script script,
                       Script::Parse("SELECT $a;\n SELECT * FROM later WHERE x = $b AND y = $a"));
  ASSERT_EQ(script.size(), 2U);
  EXPECT_EQ(script.statement_text(0), "SELECT $a");
  EXPECT_THAT(script.parameters(), ElementsAre("a", "b"));
  parameters_["a"] = true;
  PrepareContext context;
  context.catalog = &catalog_;
  context.registry = &registry_;
  context.parameters = &parameters_;
  EXPECT_OK(script.Bind(0, context));
  EXPECT_THAT(script.Bind(1, context), StatusIs(StatusCode::kNotFound, HasSubstr("line 2")));
}

TEST_F(SessionTest, RefusesExpressionsThatGrowWithoutEnd) {
  std::string text = "SELECT a AS x0";
  for (int i = 1; i < 200; ++i) {
    const std::string before = std::string("x").append(std::to_string(i - 1));
    text += ", " + before + " + " + before + " AS x" + std::to_string(i);
  }
  EXPECT_THAT(ErrorOf(text + " FROM t"), StartsWith("the expression is too large"));
  std::string nested = "SELECT a AS x FROM t";
  for (int i = 0; i < 60; ++i) nested = "SELECT x + x AS x FROM (" + nested + ")";
  EXPECT_OK(Bind(nested));
}

TEST_F(SessionTest, KeepsManyCommonTablesApart) {
  std::string text = "WITH c0 AS (SELECT 1 AS x)";
  for (int i = 1; i < 100; ++i) {
    text +=
        ", c" + std::to_string(i) + " AS (SELECT x + 1 AS x FROM c" + std::to_string(i - 1) + ")";
  }
  EXPECT_OK(Bind(text + " SELECT x FROM c99"));
  // A table that names itself is the one outside.
  EXPECT_EQ(SchemaOf("WITH t AS (SELECT a FROM t) SELECT * FROM t"), "a BIGINT");
  EXPECT_THAT(ErrorOf("WITH a AS (SELECT 1), A AS (SELECT 2) SELECT 1"),
              StartsWith("WITH names a table twice"));
}

}  // namespace
}  // namespace thalweg::sql
