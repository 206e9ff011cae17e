#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/number.h"
#include "codecs/stream_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::codecs {
namespace csv {
void Register(engine::Registry& registry);
}

namespace {

using codecs::testing::Collector;
using codecs::testing::Infer;
using codecs::testing::Read;
using codecs::testing::ReadPlan;
using codecs::testing::SchemaText;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::thalweg::testing::StatusIs;
using Row = std::vector<std::string>;
using TypeMap = std::map<std::string, std::string>;

const engine::Codec& Csv() {
  static const engine::Registry& registry = *[] {
    auto* made = new engine::Registry();
    csv::Register(*made);
    return made;
  }();
  return *registry.FindCodec("csv");
}

std::vector<Row> Rows(std::string_view text, Options::Given options = {}) {
  ReadPlan plan;
  plan.options = std::move(options);
  const auto out = Read(Csv(), text, plan);
  EXPECT_OK(out.status());
  if (!out.ok()) return {};
  EXPECT_THAT(out->rejects, IsEmpty());
  return out->rows;
}

std::string Schema(std::string_view text, Options::Given options = {}) {
  ReadPlan plan;
  plan.options = std::move(options);
  const auto format = Infer(Csv(), text, plan);
  return format.ok() ? SchemaText(*(*format)->schema()) : format.status().ToString();
}

TEST(CsvTest, InfersNamesAndTypes) {
  EXPECT_EQ(Schema("id,name,price,ok,day,at\n"
                   "1,ann,2.5,true,2013-01-01,2013-01-01T10:00:00Z\n"
                   "2,,3,false,,2013-01-02T10:00:00Z\n"),
            "id BIGINT, name VARCHAR, price DOUBLE, ok BOOLEAN, day DATE, at TIMESTAMP");
  EXPECT_EQ(Schema("1,a\n2,b\n"), "column0 BIGINT, column1 VARCHAR");
  EXPECT_EQ(Schema("a,b\nc,d\n"), "a VARCHAR, b VARCHAR");
  EXPECT_EQ(Schema("a,b\n"), "a VARCHAR, b VARCHAR");
  EXPECT_EQ(Schema("zip,n\n01234,+5\n"), "zip VARCHAR, n VARCHAR");
  EXPECT_EQ(Schema("a;b\n1;2\n"), "a BIGINT, b BIGINT");
  EXPECT_EQ(Schema("a\tb\n1\t2,5\n"), "a BIGINT, b VARCHAR");
  EXPECT_EQ(Schema("a|b\nx,y|2\n"), "a VARCHAR, b BIGINT");
  EXPECT_EQ(Schema("a,A,a\n1,2,3\n"), "a BIGINT, A_1 BIGINT, a_2 BIGINT");
  EXPECT_EQ(Schema(",b\n1,2\n"), "column0 BIGINT, b BIGINT");
  EXPECT_EQ(Schema(""), "");
}

TEST(CsvTest, OptionsOverrideWhatIsFound) {
  EXPECT_EQ(Schema("a,b\n1,2\n", {{"header", false}}), "column0 VARCHAR, column1 VARCHAR");
  EXPECT_EQ(Schema("1,2\n3,4\n", {{"header", true}}), "1 BIGINT, 2 BIGINT");
  EXPECT_EQ(Schema("a,b\n1,2\n", {{"all_varchar", true}}), "a VARCHAR, b VARCHAR");
  EXPECT_EQ(Schema("a,b\n1,2\n", {{"types", TypeMap{{"b", "decimal(10,2)"}}}}),
            "a BIGINT, b DECIMAL(10,2)");
  EXPECT_EQ(Schema("1,2\n", {{"names", std::vector<std::string>{"x", "y"}}}), "x BIGINT, y BIGINT");
  EXPECT_EQ(Schema("x\ny\na,b\n1,2\n", {{"skip", int64_t{2}}}), "a BIGINT, b BIGINT");
  EXPECT_EQ(Schema("a;b\n1,5;2\n", {{"decimal_separator", ","}}), "a DOUBLE, b BIGINT");
  EXPECT_EQ(Schema("1,2\n", {{"auto_detect", false}}), "column0 VARCHAR, column1 VARCHAR");
  EXPECT_THAT(Schema("a,b\n1,2\n", {{"types", TypeMap{{"bb", "INTEGER"}}}}),
              HasSubstr("no column 'bb' (did you mean 'b'?)"));
  EXPECT_THAT(Schema("a\n1\n", {{"types", TypeMap{{"a", "INTEGR"}}}}), HasSubstr("INTEGER"));
  EXPECT_THAT(Schema("a\n1\n", {{"encoding", "latin-1"}}), HasSubstr("unsupported"));
  EXPECT_THAT(Schema("\xff\xfe"
                     "a",
                     {}),
              HasSubstr("UTF-16"));
  EXPECT_THAT(Schema("a\n", {{"delim", "ab"}}), HasSubstr("one byte"));
}

TEST(CsvTest, ReadsEveryType) {
  const std::string text =
      "i8,u64,f,d,dec,b,day,t,ts,tz,s,x\n"
      "-128,18446744073709551615,1.5,1e300,12.50,yes,2013-02-03,05:06:07.5,"
      "2013-02-03 04:05:06,2013-02-03T04:05:06+02:00,text,a\\x00b\n"
      ",,,,,,,,,,,\n";
  const TypeMap types = {
      {"i8", "TINYINT"},        {"u64", "UBIGINT"},    {"f", "FLOAT"},   {"d", "DOUBLE"},
      {"dec", "DECIMAL(20,3)"}, {"b", "BOOLEAN"},      {"day", "DATE"},  {"t", "TIME"},
      {"ts", "TIMESTAMP"},      {"tz", "TIMESTAMPTZ"}, {"s", "VARCHAR"}, {"x", "BLOB"}};
  const auto rows = Rows(text, {{"types", types}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(rows[0], ElementsAre("-128", "18446744073709551615", "1.5", "1e+300", "12.500",
                                   "true", "2013-02-03", "05:06:07.5", "2013-02-03 04:05:06",
                                   "2013-02-03 02:05:06+00", "text", std::string("a\0b", 3)));
  EXPECT_EQ(rows[1], Row(12, "∅"));
}

TEST(CsvTest, TellsNullFromTheEmptyString) {
  EXPECT_THAT(Rows("a,b\n,\"\"\nx,y\n"), ElementsAre(Row{"∅", ""}, Row{"x", "y"}));
  EXPECT_THAT(Rows("a,b\nNA,1\nx,NA\n", {{"nullstr", "NA"}}),
              ElementsAre(Row{"∅", "1"}, Row{"x", "∅"}));
  EXPECT_THAT(Rows("a,b\n\"NA\",\"NA\"\nx,1\n",
                   {{"nullstr", "NA"}, {"header", true}, {"types", TypeMap{{"b", "INT"}}}}),
              ElementsAre(Row{"NA", "∅"}, Row{"x", "1"}));
  EXPECT_THAT(Rows("a,b\n,-1\nx,7\n", {{"nullstr", std::vector<std::string>{"-1"}}}),
              ElementsAre(Row{"", "∅"}, Row{"x", "7"}));
  // One column: a blank line is a NULL. More: it is no record.
  EXPECT_THAT(Rows("a\n1\n\n2\n"), ElementsAre(Row{"1"}, Row{"∅"}, Row{"2"}));
  EXPECT_THAT(Rows("a,b\n\n1,2\n\r\n3,4\n\n"), ElementsAre(Row{"1", "2"}, Row{"3", "4"}));
}

TEST(CsvTest, FollowsRfc4180AndTheWild) {
  const std::vector<Row> expected = {{"a b", "c,d"}, {"e\"f", "g\nh"}};
  const std::string body = "\"a b\",\"c,d\"\n\"e\"\"f\",\"g\nh\"\n";
  EXPECT_EQ(Rows("x,y\n" + body), expected);
  EXPECT_EQ(Rows("\xef\xbb\xbfx,y\n" + body), expected);
  EXPECT_EQ(Rows("x,y\n" + body.substr(0, body.size() - 1)), expected);
  EXPECT_THAT(Rows("x,y\r\n1,\"a\r\nb\"\r\n2,c\r\n"),
              ElementsAre(Row{"1", "a\r\nb"}, Row{"2", "c"}));
  EXPECT_THAT(Rows("x,y\r1,a\r2,b\r"), ElementsAre(Row{"1", "a"}, Row{"2", "b"}));
  EXPECT_THAT(Rows("x,y\n1,a\rb\n2,c\n"), ElementsAre(Row{"1", "a\rb"}, Row{"2", "c"}));
  EXPECT_THAT(Rows("x,y\n1,5\" disk\n2,a\"b\"c\n"),
              ElementsAre(Row{"1", "5\" disk"}, Row{"2", "a\"b\"c"}));
  EXPECT_THAT(Rows("x,y\n1,'a,b'\n2,'it''s'\n", {{"quote", "'"}}),
              ElementsAre(Row{"1", "a,b"}, Row{"2", "it's"}));
  EXPECT_THAT(Rows("x,y\n1,\"a\\\"b\"\n2,c\\d\n", {{"escape", "\\"}}),
              ElementsAre(Row{"1", "a\"b"}, Row{"2", "c\\d"}));
  EXPECT_THAT(Rows("x,y\n1,\"a\n2,b\"\n", {{"quote", ""}}),
              ElementsAre(Row{"1", "\"a"}, Row{"2", "b\""}));
  EXPECT_THAT(Rows("# \"by hand\nx,y\n# 1,2\n1,\"#\"\n2,#\n", {{"comment", "#"}}),
              ElementsAre(Row{"1", "#"}, Row{"2", "#"}));
  EXPECT_THAT(Rows("a,b\n\"1\",\" 2\"\n"), ElementsAre(Row{"1", "2"}));
  EXPECT_THAT(Rows(std::string("a,b\n1,x\0y\n2,\0\n", 14)),
              ElementsAre(Row{"1", std::string("x\0y", 3)}, Row{"2", std::string("\0", 1)}));
}

TEST(CsvTest, RejectsWhatDoesNotFitAndGoesOn) {
  ReadPlan plan;
  plan.sample_bytes = 8;
  ASSERT_OK_AND_ASSIGN(const Collector out,
                       Read(Csv(), "id,name\n1,a\n2\n3,c,d\nfour,d\n007,e\n6,\"f\"g\n7,h\n", plan));
  // The sample held no row, so that everything is text.
  EXPECT_EQ(out.rows.size(), 4U);

  plan.sample_bytes = 12;
  ASSERT_OK_AND_ASSIGN(
      const Collector typed,
      Read(Csv(), "id,name\n1,a\n2\n3,c,d\nfour,d\n007,e\n6,\"f\"g\n7,\xff\n8,h\n", plan));
  EXPECT_THAT(typed.rows, ElementsAre(Row{"1", "a"}, Row{"8", "h"}));
  ASSERT_EQ(typed.rejects.size(), 6U);
  EXPECT_EQ(typed.rejects[0].reason,
            "found 1 field, expected 2 (null_padding := true fills the others with NULL)");
  EXPECT_EQ(typed.rejects[0].line, 3);
  EXPECT_EQ(typed.rejects[0].raw, "2");
  EXPECT_EQ(typed.rejects[0].column, "");
  EXPECT_EQ(typed.rejects[1].reason, "found 3 fields, expected 2");
  const engine::RejectedRow& four = typed.rejects[2];
  EXPECT_EQ(four.column, "id");
  EXPECT_EQ(four.line, 5);
  EXPECT_EQ(four.byte_offset, 20);
  EXPECT_EQ(four.raw, "four,d");
  EXPECT_EQ(four.file, "test");
  EXPECT_EQ(four.reason,
            "'four' does not fit BIGINT, which was inferred from 1 rows: give types := "
            "{'id': 'VARCHAR'}, all_varchar := true or a larger sample_size :=");
  EXPECT_THAT(typed.rejects[3].reason, HasSubstr("'007' does not fit BIGINT"));
  EXPECT_THAT(typed.rejects[4].reason, HasSubstr("text follows the closing quote"));
  EXPECT_EQ(typed.rejects[4].column, "name");
  EXPECT_EQ(typed.rejects[5].reason, "invalid UTF-8");
  EXPECT_EQ(typed.rejects[5].column, "name");
  EXPECT_EQ(typed.rejects[5].line, 8);
}

TEST(CsvTest, OneRejectForARecordWithSeveralBadFields) {
  ReadPlan plan;
  plan.options = {{"types", TypeMap{{"a", "INT"}, {"b", "INT"}}}};
  ASSERT_OK_AND_ASSIGN(const Collector out, Read(Csv(), "a,b\nx,y\n1,z\n1,2\n", plan));
  ASSERT_EQ(out.rejects.size(), 2U);
  EXPECT_EQ(out.rejects[0].column, "a");
  EXPECT_EQ(out.rejects[0].reason, "'x' does not fit INTEGER");
  EXPECT_EQ(out.rejects[1].column, "b");
  EXPECT_THAT(out.rows, ElementsAre(Row{"1", "2"}));
}

TEST(CsvTest, AskedForTypesTakeWhatCastTakes) {
  EXPECT_THAT(Rows("a,b,c\n+5,007, 1.5 \n",
                   {{"types", TypeMap{{"a", "INT"}, {"b", "BIGINT"}, {"c", "DECIMAL(3,1)"}}}}),
              ElementsAre(Row{"5", "7", "1.5"}));
  ReadPlan plan;
  plan.options = {{"types", TypeMap{{"a", "DECIMAL(4,2)"}}}};
  ASSERT_OK_AND_ASSIGN(const Collector out, Read(Csv(), "a\n99.99\n1.234\n100\n-0.5\n", plan));
  EXPECT_THAT(out.rows, ElementsAre(Row{"99.99"}, Row{"-0.50"}));
  EXPECT_EQ(out.rejects.size(), 2U);
}

TEST(CsvTest, NullPaddingFillsShortRecords) {
  EXPECT_THAT(Rows("a,b,c\n1\n1,2\r\n1,2,3\n", {{"null_padding", true}}),
              ElementsAre(Row{"1", "∅", "∅"}, Row{"1", "2", "∅"}, Row{"1", "2", "3"}));
}

TEST(CsvTest, ProjectionReadsOnlyWhatIsAskedFor) {
  ReadPlan plan;
  plan.projection = {{"c", "a"}, false};
  plan.sample_bytes = 12;
  ASSERT_OK_AND_ASSIGN(const Collector out, Read(Csv(), "a,b,c\n1,2,3\n4,x,6\n7,8\n", plan));
  EXPECT_THAT(out.rows, ElementsAre(Row{"3", "1"}, Row{"6", "4"}));
  EXPECT_EQ(out.rejects.size(), 1U);  // A wrong number of fields is found all the same.
  plan.projection = {{}, false};
  ASSERT_OK_AND_ASSIGN(const Collector counted, Read(Csv(), "a,b,c\n1,2,3\n4,x,6\n", plan));
  EXPECT_THAT(counted.rows, ElementsAre(Row{}, Row{}));
  plan.projection = {{"d"}, false};
  EXPECT_THAT(Read(Csv(), "a,b,c\n", plan), StatusIs(StatusCode::kInvalidArgument));
}

TEST(CsvTest, BatchesKnowTheirPlace) {
  ReadPlan plan;
  plan.batch_rows_max = 2;
  const std::string text = "a,b\n1,\"x\ny\"\n2,z\n3,\"\n\n\"\n4,w\n5,v\n";
  ASSERT_OK_AND_ASSIGN(const Collector out, Read(Csv(), text, plan));
  EXPECT_THAT(out.rows_per_batch, ElementsAre(2, 2, 1));
  EXPECT_THAT(out.first_lines, ElementsAre(2, 5, 9));
  ASSERT_EQ(out.offsets.size(), 5U);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(text[static_cast<size_t>(out.offsets[i])], static_cast<char>('1' + i));
  }
  const auto& bytes = *out.batches[1].origin()->bytes;
  EXPECT_EQ(bytes.ToString(), "3,\"\n\n\"\n4,w");
}

TEST(CsvTest, UnclosedQuotesAreErrorsThatNameTheLine) {
  ReadPlan plan;
  EXPECT_THAT(Read(Csv(), "a,b\n1,x\n2,\"y\n3,z\n", plan).status(),
              StatusIs(StatusCode::kCorruption, HasSubstr("line 3 (byte 10)")));
  plan.options = {{"max_line_size", int64_t{64}}};
  plan.feed_bytes = 16;
  plan.sample_bytes = 8;
  std::string text = "a,b\n1,x\n2,\"y\n";
  for (int i = 0; i < 100; ++i) text += "3,z\n";
  EXPECT_THAT(Read(Csv(), text, plan).status(),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("line 3")));
  EXPECT_THAT(Read(Csv(), "a,b\n1,x\n" + std::string(200, 'x') + "\n", plan).status(),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("starts on line 3 (byte 8)")));
}

TEST(CsvTest, AnotherFileWithAnotherHeaderIsRefused) {
  const ReadPlan plan;
  ASSERT_OK_AND_ASSIGN(const auto format, Infer(Csv(), "a,b\n1,2\n", plan));
  Collector out;
  EXPECT_OK(codecs::testing::ReadAll(*format, "\"a\",b\r\n3,4\r\n", plan, &out));
  EXPECT_THAT(codecs::testing::ReadAll(*format, "b,a\n1,2\n", plan, &out),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("column 1 is 'b', not 'a'")));
}

/// Texts in which every structure meets every other.
std::string RandomCsv(std::mt19937_64& random) {
  std::string text = random() % 3 == 0 ? "\n\r\n" : "";
  text += random() % 2 ? "n,s\n" : "n,s\r\n";
  const size_t rows = random() % 12;
  for (size_t r = 0; r < rows; ++r) {
    text += std::to_string(static_cast<int64_t>(random() % 100'000) - 500) + ",";
    switch (random() % 8) {
      case 0:
        text.append("\"").append(random() % 90, 'q').append("\"\"\n,\"\"x\"");
        break;
      case 1:
        text += std::string(random() % 140, 'p');
        break;
      case 2:
        text += "\"\"";
        break;
      case 3:
        text += "5\"x";
        break;
      case 4:
        text += "\"\r\n\"";
        break;
      case 5:
        text += "é,extra";
        break;
      case 6:
        text += "\xff";
        break;
      default:
        break;
    }
    text += random() % 3 == 0 ? "\r\n" : (random() % 5 == 0 ? "\n\n" : "\n");
  }
  if (random() % 3 == 0 && text.ends_with('\n')) text.pop_back();
  return text;
}

TEST(CsvTest, EveryCutOfTheInputGivesTheSameRows) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    const std::string text = RandomCsv(random);
    ReadPlan plan;
    plan.options = {
        {"header", true}, {"delim", ","}, {"types", TypeMap{{"n", "INT"}, {"s", "VARCHAR"}}}};
    ASSERT_OK_AND_ASSIGN(const Collector whole, Read(Csv(), text, plan));
    for (size_t feed = 1; feed < text.size() + 2; feed += 1 + feed / 4) {
      SCOPED_TRACE(feed);
      plan.feed_bytes = feed;
      plan.batch_rows_max = 1 + static_cast<int64_t>(random() % 5);
      ASSERT_OK_AND_ASSIGN(const Collector cut, Read(Csv(), text, plan));
      ASSERT_EQ(cut.rows, whole.rows) << text;
      ASSERT_EQ(cut.offsets, whole.offsets);
      ASSERT_EQ(cut.rejects.size(), whole.rejects.size());
      for (size_t i = 0; i < cut.rejects.size(); ++i) {
        EXPECT_EQ(cut.rejects[i].line, whole.rejects[i].line);
        EXPECT_EQ(cut.rejects[i].byte_offset, whole.rejects[i].byte_offset);
        EXPECT_EQ(cut.rejects[i].reason, whole.rejects[i].reason);
        EXPECT_EQ(cut.rejects[i].raw, whole.rejects[i].raw);
      }
    }
  }
}

TEST(CsvTest, FieldsAcrossStretchesAndBlocksStayWhole) {
  // Fields longer than the stretch that is indexed at once, at every alignment to a block.
  for (size_t shift = 0; shift < 66; shift += 5) {
    std::string text = "a,b\n";
    const std::string big(200'000 + shift, 'x');
    text += std::string(shift, 'y') + ",\"" + big + "\n" + big + "\"\nlast,z\n";
    const auto rows = Rows(text);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0][1], big + "\n" + big);
    EXPECT_EQ(rows[1], (Row{"last", "z"}));
  }
}

TEST(CsvTest, NumbersReadAsTheExactReadersSay) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::string text = "i,d\n";
  std::vector<Row> expected;
  for (int r = 0; r < 20'000; ++r) {
    const auto number = static_cast<int64_t>(random()) >> (random() % 64);
    const int places = static_cast<int>(random() % 6);
    char digits[64];
    std::snprintf(
        digits, sizeof(digits), "%.*f", places,
        static_cast<double>(static_cast<int64_t>(random() % 2'000'000) - 1'000'000) / 100);
    text += std::to_string(number) + "," + digits + "\n";
    char shortest[64];
    const size_t length = FormatDouble(std::strtod(digits, nullptr), shortest);
    expected.push_back({std::to_string(number), std::string(shortest, length)});
  }
  EXPECT_EQ(Rows(text, {{"types", TypeMap{{"d", "DOUBLE"}}}}), expected);
}

}  // namespace
}  // namespace thalweg::codecs
