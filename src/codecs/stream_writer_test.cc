#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codecs/stream_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::codecs {
namespace csv {
void Register(engine::Registry& registry);
}
namespace json {
void Register(engine::Registry& registry);
}

namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

const engine::Codec& CodecOf(std::string_view name) {
  static const engine::Registry& registry = *[] {
    auto* made = new engine::Registry();
    csv::Register(*made);
    json::Register(*made);
    return made;
  }();
  return *registry.FindCodec(name);
}

Result<std::string> Write(std::string_view name, const std::vector<engine::Batch>& batches,
                          const Options::Given& given = {}, bool append = false) {
  const engine::Codec& codec = CodecOf(name);
  THALWEG_ASSIGN_OR_RETURN(
      const Options options,
      Options::Parse(Spec{codec.spec.name, {}, {}, {}, codec.write_fields, {}}, given, "write"));
  THALWEG_ASSIGN_OR_RETURN(const auto encoder,
                           codec.make_encoder(batches.front().schema(), options));
  const auto assembler = append ? encoder->AppendFile() : encoder->NewFile();
  std::string text;
  const engine::Assembler::Write write = [&](std::string_view bytes) {
    text += bytes;
    return Status();
  };
  THALWEG_RETURN_IF_ERROR(assembler->Begin(write));
  for (const engine::Batch& batch : batches) {
    THALWEG_ASSIGN_OR_RETURN(engine::EncodedChunk chunk, encoder->Encode(batch));
    EXPECT_EQ(chunk.rows, batch.num_rows());
    THALWEG_RETURN_IF_ERROR(assembler->Append(std::move(chunk), write));
  }
  THALWEG_RETURN_IF_ERROR(assembler->Finish(write));
  return text;
}

std::shared_ptr<arrow::Array> Strings(const std::vector<std::string>& values,
                                      const std::vector<bool>& valid) {
  arrow::StringBuilder builder;
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(
        (valid.empty() || valid[i] ? builder.Append(values[i]) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

template <typename Builder, typename T>
std::shared_ptr<arrow::Array> Made(std::shared_ptr<arrow::DataType> type,
                                   const std::vector<T>& values) {
  Builder builder(type, arrow::default_memory_pool());
  for (const T& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return *builder.Finish();
}

engine::Batch BatchOf(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  const int64_t rows = arrays.front()->length();
  return engine::Batch(arrow::RecordBatch::Make(arrow::schema(fields), rows, std::move(arrays)));
}

engine::Batch Texts() {
  return BatchOf({{"id", Made<arrow::Int64Builder, int64_t>(arrow::int64(), {1, -2, 3, 4, 5})},
                  {"a,b", Strings({"plain", "", "x", "q\"q,", "line\nend"},
                                  {true, true, false, true, true})}});
}

TEST(StreamWriterTest, CsvQuotesOnlyWhatNeedsIt) {
  ASSERT_OK_AND_ASSIGN(const std::string text, Write("csv", {Texts()}));
  EXPECT_EQ(text, "id,\"a,b\"\n1,plain\n-2,\"\"\n3,\n4,\"q\"\"q,\"\n5,\"line\nend\"\n");
  ASSERT_OK_AND_ASSIGN(
      const std::string other,
      Write("csv", {Texts()},
            {{"delim", ";"}, {"header", false}, {"nullstr", "NA"}, {"force_quote", "id"}}));
  EXPECT_EQ(other, "\"1\";plain\n\"-2\";\"\"\n\"3\";NA\n\"4\";\"q\"\"q,\"\n\"5\";\"line\nend\"\n");
  EXPECT_THAT(Write("csv", {Texts()}, {{"quote", ""}}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("forbids quotes")));
  EXPECT_THAT(Write("csv", {Texts()}, {{"force_quote", "ids"}}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("did you mean 'id'")));
}

TEST(StreamWriterTest, AppendingRepeatsNoHeader) {
  ASSERT_OK_AND_ASSIGN(const std::string text, Write("csv", {Texts()}, {}, /*append=*/true));
  EXPECT_EQ(text.substr(0, 8), "1,plain\n");
}

TEST(StreamWriterTest, SelectionsAndSlicesAreWritten) {
  const auto selected = std::make_shared<const std::vector<int32_t>>(std::vector<int32_t>{0, 4});
  const engine::Batch batch(Texts().data()->Slice(0, 5), selected);
  ASSERT_OK_AND_ASSIGN(const std::string text, Write("csv", {batch}));
  EXPECT_EQ(text, "id,\"a,b\"\n1,plain\n5,\"line\nend\"\n");
  const engine::Batch slice(Texts().data()->Slice(2, 2));
  ASSERT_OK_AND_ASSIGN(const std::string sliced, Write("jsonl", {slice}));
  EXPECT_EQ(sliced, "{\"id\":3,\"a,b\":null}\n{\"id\":4,\"a,b\":\"q\\\"q,\"}\n");
}

engine::Batch EveryType() {
  auto list = std::make_shared<arrow::ListBuilder>(arrow::default_memory_pool(),
                                                   std::make_shared<arrow::Int64Builder>());
  auto* items = static_cast<arrow::Int64Builder*>(list->value_builder());
  EXPECT_TRUE(list->Append().ok() && items->Append(1).ok() && items->AppendNull().ok());
  EXPECT_TRUE(list->Append().ok());
  auto lists = *list->Finish();
  auto structs = *arrow::StructArray::Make(
      {Made<arrow::DoubleBuilder, double>(arrow::float64(), {0.5, 2})}, {"x"});
  const auto timestamps = [](const std::shared_ptr<arrow::DataType>& type, int64_t value) {
    return Made<arrow::TimestampBuilder, int64_t>(type, {value, 0});
  };
  return BatchOf(
      {{"b", Made<arrow::BooleanBuilder, bool>(arrow::boolean(), {true, false})},
       {"f", Made<arrow::DoubleBuilder, double>(arrow::float64(), {1.0 / 0.0, 1.0})},
       {"d", Made<arrow::Decimal128Builder, arrow::Decimal128>(
                 arrow::decimal128(10, 2), {arrow::Decimal128(-1205), arrow::Decimal128(7)})},
       {"day", Made<arrow::Date32Builder, int32_t>(arrow::date32(), {15706, 0})},
       {"t", Made<arrow::Time64Builder, int64_t>(arrow::time64(arrow::TimeUnit::MICRO),
                                                 {3'723'500'000, 0})},
       {"ts", timestamps(arrow::timestamp(arrow::TimeUnit::MICRO), 1'357'017'420'000'000)},
       {"ns", timestamps(arrow::timestamp(arrow::TimeUnit::NANO), 1'001'000'000'500)},
       {"tz", timestamps(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), 1'357'017'420'000'000)},
       {"x", Made<arrow::BinaryBuilder, std::string>(arrow::binary(), {"a\\\x01", ""})},
       {"l", lists},
       {"s", structs}});
}

TEST(StreamWriterTest, CsvWritesEveryType) {
  ASSERT_OK_AND_ASSIGN(const std::string text, Write("csv", {EveryType()}));
  EXPECT_EQ(text,
            "b,f,d,day,t,ts,ns,tz,x,l,s\n"
            "true,inf,-12.05,2013-01-01,01:02:03.5,2013-01-01 05:17:00,"
            "1970-01-01 00:16:41.0000005,2013-01-01 05:17:00+00,a\\x5c\\x01,\"[1,null]\","
            "\"{\"\"x\"\":0.5}\"\n"
            "false,1.0,0.07,1970-01-01,00:00:00,1970-01-01 00:00:00,1970-01-01 00:00:00,"
            "1970-01-01 00:00:00+00,\"\",[],\"{\"\"x\"\":2.0}\"\n");
}

TEST(StreamWriterTest, JsonWritesEveryType) {
  ASSERT_OK_AND_ASSIGN(const std::string text, Write("jsonl", {EveryType()}));
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "{\"b\":true,\"f\":\"inf\",\"d\":-12.05,\"day\":\"2013-01-01\",\"t\":\"01:02:03.5\","
            "\"ts\":\"2013-01-01 05:17:00\",\"ns\":\"1970-01-01 00:16:41.0000005\","
            "\"tz\":\"2013-01-01 05:17:00+00\",\"x\":\"a\\\\x5c\\\\x01\",\"l\":[1,null],"
            "\"s\":{\"x\":0.5}}");
}

TEST(StreamWriterTest, JsonArraysJoinChunks) {
  const engine::Batch one(Texts().data()->Slice(0, 1));
  ASSERT_OK_AND_ASSIGN(const std::string text, Write("json", {one, one}, {{"array", true}}));
  EXPECT_EQ(text, "[\n{\"id\":1,\"a,b\":\"plain\"},\n{\"id\":1,\"a,b\":\"plain\"}\n]\n");
  const engine::Batch none(Texts().data()->Slice(0, 0));
  ASSERT_OK_AND_ASSIGN(const std::string empty, Write("json", {none}, {{"array", true}}));
  EXPECT_EQ(empty, "[]\n");
}

TEST(StreamWriterTest, WhatIsWrittenReadsBack) {
  std::string hostile = "a\"b\\c\td\x01 é ,;\n";
  const engine::Batch batch =
      BatchOf({{"n", Made<arrow::Int64Builder, int64_t>(arrow::int64(), {1, 2, 3})},
               {"s", Strings({hostile, "", "null"}, {true, true, false})}});
  for (const char* codec : {"csv", "jsonl"}) {
    SCOPED_TRACE(codec);
    ASSERT_OK_AND_ASSIGN(const std::string text, Write(codec, {batch}));
    ASSERT_OK_AND_ASSIGN(const auto out, testing::Read(CodecOf(codec), text));
    EXPECT_THAT(out.rows, ::testing::ElementsAre(std::vector<std::string>{"1", hostile},
                                                 std::vector<std::string>{"2", ""},
                                                 std::vector<std::string>{"3", "∅"}));
  }
}

}  // namespace
}  // namespace thalweg::codecs
