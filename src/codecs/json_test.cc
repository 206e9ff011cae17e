#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/number.h"
#include "codecs/json_walker.h"
#include "codecs/stream_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::codecs {
namespace json {
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

const engine::Codec& Json() {
  static const engine::Registry& registry = *[] {
    auto* made = new engine::Registry();
    json::Register(*made);
    return made;
  }();
  return *registry.FindCodec("jsonl");
}

std::vector<Row> Rows(std::string_view text, Options::Given options = {}) {
  ReadPlan plan;
  plan.options = std::move(options);
  const auto out = Read(Json(), text, plan);
  EXPECT_OK(out.status());
  if (!out.ok()) return {};
  for (const auto& reject : out->rejects) ADD_FAILURE() << reject.raw << ": " << reject.reason;
  return out->rows;
}

std::string Schema(std::string_view text, Options::Given options = {}) {
  ReadPlan plan;
  plan.options = std::move(options);
  const auto format = Infer(Json(), text, plan);
  return format.ok() ? SchemaText(*(*format)->schema()) : format.status().ToString();
}

TEST(JsonTest, InfersTypes) {
  EXPECT_EQ(Schema("{\"a\":1,\"b\":1.5,\"c\":\"x\",\"d\":true,\"e\":\"2013-01-01\"}\n"
                   "{\"a\":2,\"b\":3,\"c\":null,\"f\":\"2013-01-01 10:00:00\"}\n"),
            "a BIGINT, b DOUBLE, c VARCHAR, d BOOLEAN, e DATE, f TIMESTAMP");
  EXPECT_EQ(Schema("{\"a\":[1,2],\"s\":{\"x\":1,\"y\":[\"p\"]}}\n"),
            "a BIGINT[], s STRUCT(x BIGINT, y VARCHAR[])");
  EXPECT_EQ(Schema("{\"a\":[{\"x\":1},{\"y\":\"q\"}]}\n"), "a STRUCT(x BIGINT, y VARCHAR)[]");
  EXPECT_EQ(Schema("{\"a\":1}\n{\"a\":\"x\"}\n"), "a VARCHAR");
  EXPECT_EQ(Schema("{\"a\":9223372036854775808}\n"), "a VARCHAR");
  EXPECT_EQ(Schema("{\"a\":\"12\",\"b\":\"true\"}\n"), "a VARCHAR, b VARCHAR");
  EXPECT_EQ(Schema("{\"a\":null,\"b\":[],\"c\":{}}\n"), "a VARCHAR, b VARCHAR[], c VARCHAR");
  EXPECT_EQ(Schema("1\n2\n"), "json BIGINT");
  EXPECT_EQ(Schema(""), "");
  EXPECT_EQ(Schema("{\"a\":1}\n", {{"types", TypeMap{{"a", "DECIMAL(5,1)"}, {"z", "DATE"}}}}),
            "a DECIMAL(5,1), z DATE");
}

TEST(JsonTest, ReadsRecordsInEveryLayout) {
  const std::vector<Row> expected = {{"1", "x"}, {"2", "∅"}, {"∅", "y,]}"}};
  EXPECT_EQ(Rows("{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n\n{\"b\":\"y,]}\",\"a\":null}"), expected);
  EXPECT_EQ(Rows("\xef\xbb\xbf{\"a\":1,\"b\":\"x\"}\r\n{\"a\":2}\r\n{\"b\":\"y,]}\"}\r\n"),
            expected);
  EXPECT_EQ(Rows("[{\"a\":1,\"b\":\"x\"},{\"a\":2},{\"b\":\"y,]}\"}]"), expected);
  EXPECT_EQ(Rows("[\n {\"a\": 1, \"b\": \"x\"},\n {\"a\":2} , {\"b\":\"y,]}\"}\n]\n"), expected);
  EXPECT_EQ(Rows("{\n \"a\": 1,\n \"b\": \"x\"\n}\n{ \"a\" : 2 }{\"b\":\"y,]}\"}"), expected);
  EXPECT_THAT(Rows("[]"), IsEmpty());
  EXPECT_THAT(Rows(" [ ] \n"), IsEmpty());
  EXPECT_THAT(Rows("[1,2]\n[3]\n"), ElementsAre(Row{"[1,2]"}, Row{"[3]"}));
  EXPECT_THAT(Rows("[[1,2],[3]]"), ElementsAre(Row{"[1,2]"}, Row{"[3]"}));
}

TEST(JsonTest, ReadsNestedValues) {
  EXPECT_THAT(Rows("{\"a\":[1,null,3],\"s\":{\"x\":1,\"y\":[\"p\",\"q\"]}}\n"
                   "{\"a\":[],\"s\":{\"y\":null}}\n{\"a\":null}\n"),
              ElementsAre(Row{"[1,null,3]", "{\"x\":1,\"y\":[\"p\",\"q\"]}"},
                          Row{"[]", "{\"x\":null,\"y\":null}"}, Row{"∅", "∅"}));
}

TEST(JsonTest, KeepsJsonTextWhereKindsDiffer) {
  EXPECT_THAT(Rows("{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":{\"k\" : [1]}}\n{\"a\":null}\n"),
              ElementsAre(Row{"1"}, Row{"\"x\""}, Row{"{\"k\" : [1]}"}, Row{"∅"}));
  EXPECT_THAT(Rows("{\"a\":18446744073709551616}\n"), ElementsAre(Row{"18446744073709551616"}));
}

TEST(JsonTest, StringsAreUnescaped) {
  EXPECT_THAT(Rows("{\"a\":\"q\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00 and more text\"}\n"
                   "{\"a\":\"plain text that is longer than a view\"}\n{\"\\u0061\":\"\"}\n"),
              ElementsAre(Row{"q\"\\/\b\f\n\r\té😀 and more text"},
                          Row{"plain text that is longer than a view"}, Row{""}));
}

TEST(JsonTest, NumbersAreExact) {
  EXPECT_THAT(Rows("{\"a\":12345678901234567890.12,\"b\":-9223372036854775808,\"c\":1e-7}\n"
                   "{\"a\":\"0.10\",\"b\":9223372036854775807,\"c\":-0}\n",
                   {{"types", TypeMap{{"a", "DECIMAL(30,3)"}}}}),
              ElementsAre(Row{"12345678901234567890.120", "-9223372036854775808", "1e-07"},
                          Row{"0.100", "9223372036854775807", "-0.0"}));
}

TEST(JsonTest, RejectsWhatDoesNotFitAndGoesOn) {
  ReadPlan plan;
  plan.sample_bytes = 20;
  const std::string text =
      "{\"a\":1,\"b\":\"x\"}\n{\"a\":\"two\"}\n{\"a\":3,}\n{\"a\":4} x\n{\"a\":5,\"a\":6}\n"
      "[7]\n{\"a\":08}\n{\"a\":9,\"b\":\"\xff\"}\n{\"a\":1.5}\n{\"b\":\"\\ud800\"}\n{\"a\":10}\n";
  ASSERT_OK_AND_ASSIGN(const Collector out, Read(Json(), text, plan));
  EXPECT_THAT(out.rows, ElementsAre(Row{"1", "x"}, Row{"10", "∅"}));
  ASSERT_EQ(out.rejects.size(), 9U);
  EXPECT_EQ(out.rejects[0].reason,
            "'\"two\"' does not fit BIGINT, which was inferred from 1 records: give types := "
            "{'a': 'VARCHAR'} or a larger sample_size :=");
  EXPECT_EQ(out.rejects[0].column, "a");
  EXPECT_EQ(out.rejects[0].line, 2);
  EXPECT_EQ(out.rejects[0].byte_offset, 16);
  EXPECT_EQ(out.rejects[0].raw, "{\"a\":\"two\"}");
  EXPECT_EQ(out.rejects[1].reason, "expected a string");
  EXPECT_EQ(out.rejects[2].reason, "text follows the record");
  EXPECT_EQ(out.rejects[3].reason, "a key that occurs twice");
  EXPECT_EQ(out.rejects[4].reason, "expected '{'");
  EXPECT_EQ(out.rejects[5].reason, "a number with a leading zero");
  EXPECT_EQ(out.rejects[6].reason, "invalid UTF-8");
  EXPECT_EQ(out.rejects[7].reason.substr(0, 23), "'1.5' does not fit BIGI");
  EXPECT_EQ(out.rejects[8].reason, "a bad escape in a string");
  EXPECT_EQ(out.rejects[8].line, 10);
}

TEST(JsonTest, BrokenElementsOfAnArrayAreRejected) {
  ReadPlan plan;
  plan.options = {{"format", "array"}, {"types", TypeMap{{"a", "INT"}}}};
  ASSERT_OK_AND_ASSIGN(
      const Collector out,
      Read(Json(), "[{\"a\":1},{\"a\":},{\"a\":[2,3]},{\"a\":4}x,{\"a\":5}]", plan));
  EXPECT_THAT(out.rows, ElementsAre(Row{"1"}, Row{"5"}));
  ASSERT_EQ(out.rejects.size(), 3U);
  EXPECT_EQ(out.rejects[0].raw, "{\"a\":}");
  EXPECT_EQ(out.rejects[1].raw, "{\"a\":[2,3]}");
  EXPECT_EQ(out.rejects[2].raw, "{\"a\":4}x");
  EXPECT_THAT(Read(Json(), "[{\"a\":1},", plan).status(),
              StatusIs(StatusCode::kCorruption, HasSubstr("not closed")));
  EXPECT_THAT(Read(Json(), "[{\"a\":1}] 2", plan).status(),
              StatusIs(StatusCode::kCorruption, HasSubstr("follows the array")));
  EXPECT_THAT(Read(Json(), "[{\"a\":\"1}]\n", plan).status(),
              StatusIs(StatusCode::kCorruption, HasSubstr("string that opens on line 1")));
}

TEST(JsonTest, ProjectionSkipsOtherValues) {
  ReadPlan plan;
  plan.projection = {{"c", "a"}, false};
  ASSERT_OK_AND_ASSIGN(
      const Collector out,
      Read(Json(), "{\"a\":1,\"b\":{\"x\":[{},[]]},\"c\":\"p\"}\n{\"c\":\"q\",\"b\":7,\"a\":2}\n",
           plan));
  EXPECT_THAT(out.rows, ElementsAre(Row{"p", "1"}, Row{"q", "2"}));
  plan.projection = {{}, false};
  ASSERT_OK_AND_ASSIGN(const Collector counted, Read(Json(), "{\"a\":1}\n{\"a\":2}\n", plan));
  EXPECT_EQ(counted.rows.size(), 2U);
}

TEST(JsonTest, DepthIsBounded) {
  const auto nested = [](int depth) {
    return "{\"a\":1,\"b\":" + std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']') + "}\n";
  };
  ReadPlan plan;
  plan.options = {{"types", TypeMap{{"a", "INT"}, {"b", "VARCHAR"}}}};
  ASSERT_OK_AND_ASSIGN(
      const Collector out,
      Read(Json(), "{\"a\":0}\n" + nested(1024) + nested(1025) + nested(100'000), plan));
  EXPECT_EQ(out.rows.size(), 2U);
  ASSERT_EQ(out.rejects.size(), 2U);
  EXPECT_EQ(out.rejects[0].reason, "nested deeper than 1,024");
  EXPECT_EQ(
      Schema("{\"a\":" + std::string(900, '[') + "1" + std::string(900, ']') + "}\n").substr(0, 9),
      "a VARCHAR");
}

TEST(JsonTest, TooLongARecordIsAnError) {
  ReadPlan plan;
  plan.options = {{"maximum_object_size", int64_t{64}}, {"format", "newline_delimited"}};
  plan.feed_bytes = 50;
  const std::string text = "{\"a\":1}\n{\"a\":\"" + std::string(200, 'x') + "\"}\n";
  EXPECT_THAT(Read(Json(), text, plan).status(),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("starts on line 2 (byte 8)")));
  plan.options[1].second = "unstructured";
  EXPECT_THAT(Read(Json(), text, plan).status(),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("line 2")));
}

std::string RandomRecord(std::mt19937_64& random) {
  const std::vector<std::string> values = {"1",
                                           "-25",
                                           "123456789",
                                           "null",
                                           "\"x\\n\\\"y\"",
                                           "\"é\"",
                                           "\"\"",
                                           "[1,{\"k\":\"]}\"}]",
                                           "{\"z\":[ ]}",
                                           "true",
                                           "\"" + std::string(random() % 80, 'w') + "\"",
                                           "tru",
                                           "08",
                                           "\"\xff\"",
                                           "[1",
                                           "}"};
  std::string record = "{";
  for (uint64_t n = random() % 4; n > 0; --n) {
    record += record.size() > 1 ? " , " : " ";
    record += "\"" + std::string(1, static_cast<char>('a' + random() % 4)) + "\" : ";
    // Mostly good ones.
    record += values[random() % (random() % 6 == 0 ? values.size() : 11)];
  }
  return record + " }";
}

TEST(JsonTest, EveryCutOfTheInputGivesTheSameRows) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 90; ++round) {
    const char* const layout = round % 3 == 0   ? "newline_delimited"
                               : round % 3 == 1 ? "array"
                                                : "unstructured";
    std::string text = round % 3 == 1 ? "[" : "";
    for (uint64_t n = random() % 8; n > 0; --n) {
      text += RandomRecord(random);
      if (n > 1) text += round % 3 == 1 ? ",\n" : "\n";
    }
    if (round % 3 == 1) text += "]";
    ReadPlan plan;
    plan.options = {{"format", layout},
                    {"types", TypeMap{{"a", "INT"}, {"b", "VARCHAR"}, {"c", "VARCHAR"}}}};
    const auto whole = Read(Json(), text, plan);
    for (size_t feed = 1; feed < text.size() + 2; feed += 1 + feed / 4) {
      plan.feed_bytes = feed;
      plan.batch_rows_max = 1 + static_cast<int64_t>(random() % 4);
      const auto cut = Read(Json(), text, plan);
      ASSERT_EQ(cut.ok(), whole.ok()) << text;
      if (!whole.ok()) continue;
      ASSERT_EQ(cut->rows, whole->rows) << text;
      ASSERT_EQ(cut->offsets, whole->offsets);
      ASSERT_EQ(cut->rejects.size(), whole->rejects.size());
      for (size_t i = 0; i < cut->rejects.size(); ++i) {
        EXPECT_EQ(cut->rejects[i].line, whole->rejects[i].line);
        EXPECT_EQ(cut->rejects[i].reason, whole->rejects[i].reason);
        EXPECT_EQ(cut->rejects[i].raw, whole->rejects[i].raw);
      }
    }
  }
}

TEST(JsonTest, ShortIntegersEndWhereTheyEnd) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 100'000; ++i) {
    constexpr std::string_view kBytes = "0123456789-+.eE,}] \n\x80:/";
    std::string text = std::to_string(static_cast<int64_t>(random()) >> (random() % 64));
    text += kBytes[random() % kBytes.size()];
    const std::string padded = text + std::string(32, ' ');
    JsonWalker walker(padded, JsonWalker::Lines::kRecords);
    int64_t value = 0;
    const bool taken = walker.TakeShortInteger(&value);
    JsonWalker exact(padded, JsonWalker::Lines::kRecords);
    std::string_view token;
    int64_t expected = 0;
    const bool plain = exact.ReadNumber(&token) && ParseInt64(token, &expected) && token != "-0";
    if (taken) {
      ASSERT_TRUE(plain) << text;
      ASSERT_EQ(value, expected);
      ASSERT_EQ(walker.position(), exact.position()) << text;
    } else if (plain) {
      ASSERT_GT(token.size(), 15U) << text;
    }
  }
}

}  // namespace
}  // namespace thalweg::codecs
