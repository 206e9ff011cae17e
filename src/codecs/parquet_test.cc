#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <cmath>
#include <limits>
#include <random>

#include "codecs/parquet_encoder.h"
#include "codecs/parquet_reader.h"
#include "codecs/unit_test_support.h"
#include "engine/registry.h"

namespace thalweg::codecs::parquet {

void Register(engine::Registry& registry);

namespace {

using columnar::ArrayPtr;
using columnar::RecordBatchPtr;
using columnar::SchemaPtr;
using ::testing::HasSubstr;
using thalweg::testing::StatusIs;
using unit_testing::Collector;
using unit_testing::MemoryFile;
using unit_testing::ReadAll;
using unit_testing::WriteFile;

ArrayPtr Json(const columnar::TypePtr& type, const std::string& text) {
  return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
}

RecordBatchPtr OneColumn(const ArrayPtr& array, bool nullable = true) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("c", array->type(), nullable)}),
                                  array->length(), {array});
}

std::shared_ptr<arrow::Table> ReadByArrow(const std::string& file) {
  auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file));
  ::parquet::arrow::FileReaderBuilder builder;
  EXPECT_TRUE(builder.Open(source).ok());
  auto reader = builder.Build().ValueOrDie();
  auto table = reader->ReadTable().ValueOrDie();
  EXPECT_TRUE(table->ValidateFull().ok());
  return table->CombineChunks().ValueOrDie();
}

ArrayPtr OnlyColumn(const arrow::Table& table) {
  if (table.num_rows() == 0) return arrow::MakeEmptyArray(table.field(0)->type()).ValueOrDie();
  return table.column(0)->chunk(0);
}

Result<std::string> Write(const RecordBatchPtr& batch, const EncoderOptions& options = {}) {
  THALWEG_ASSIGN_OR_RETURN(const auto encoder, MakeEncoder(batch->schema(), options));
  return WriteFile(*encoder, {{batch}});
}

Result<std::shared_ptr<const engine::UnitReader>> Open(std::string file) {
  return OpenReader(std::make_shared<MemoryFile>(std::move(file)), {});
}

struct TypeCase {
  columnar::TypePtr type;
  std::string json;
  columnar::TypePtr read;  // Null: `type`.
};

std::vector<TypeCase> TypeCases() {
  using arrow::TimeUnit;
  const auto point =
      arrow::struct_({arrow::field("x", arrow::int64()), arrow::field("s", arrow::utf8_view())});
  const auto point_read =
      arrow::struct_({arrow::field("x", arrow::int64()), arrow::field("s", arrow::utf8())});
  return {
      {arrow::boolean(), "[true, null, false, true, true, false, null, true, false]", {}},
      {arrow::int8(), "[-128, null, 127]", {}},
      {arrow::int16(), "[-32768, null, 32767]", {}},
      {arrow::int32(), "[-2147483648, null, 2147483647]", {}},
      {arrow::int64(), "[-9223372036854775808, null, 9223372036854775807]", {}},
      {arrow::uint8(), "[0, null, 255]", {}},
      {arrow::uint16(), "[0, null, 65535]", {}},
      {arrow::uint32(), "[0, null, 4294967295]", {}},
      {arrow::uint64(), "[0, null, 18446744073709551615]", {}},
      {arrow::float32(), "[1.5, null, -0.25]", {}},
      {arrow::float64(), "[1.5, null, -1e300]", {}},
      {arrow::float16(), "[1.5, null, -2]", {}},
      {arrow::utf8(), R"(["", null, "ab", "longer than twelve bytes", "é"])", {}},
      {arrow::large_utf8(), R"(["", null, "ab", "longer than twelve bytes"])", {}},
      {arrow::utf8_view(), R"(["", null, "ab", "longer than twelve bytes"])", arrow::utf8()},
      {arrow::binary(), R"(["", null, "ab"])", {}},
      {arrow::binary_view(), R"(["", null, "longer than twelve bytes"])", arrow::binary()},
      {arrow::fixed_size_binary(3), R"(["abc", null, "xyz"])", {}},
      {arrow::date32(), "[-719162, null, 20000]", {}},
      {arrow::date64(), "[86400000, null, -86400000]", arrow::date32()},
      {arrow::time32(TimeUnit::SECOND), "[0, null, 86399]", arrow::time32(TimeUnit::MILLI)},
      {arrow::time32(TimeUnit::MILLI), "[0, null, 86399999]", {}},
      {arrow::time64(TimeUnit::MICRO), "[0, null, 86399999999]", {}},
      {arrow::time64(TimeUnit::NANO), "[0, null, 86399999999999]", {}},
      {arrow::timestamp(TimeUnit::SECOND), "[-1, null, 1]", arrow::timestamp(TimeUnit::MILLI)},
      {arrow::timestamp(TimeUnit::MILLI, "UTC"), "[-1, null, 1]", {}},
      {arrow::timestamp(TimeUnit::MICRO), "[-1, null, 1]", {}},
      {arrow::timestamp(TimeUnit::MICRO, "Europe/Berlin"), "[-1, null, 1]", {}},
      {arrow::timestamp(TimeUnit::NANO), "[-1, null, 1]", {}},
      {arrow::duration(TimeUnit::MICRO), "[-1, null, 1]", {}},
      {arrow::decimal128(9, 2), R"(["-9999999.99", null, "0.01"])", {}},
      {arrow::decimal128(18, 3), R"(["-999999999999999.999", null, "0.001"])", {}},
      {arrow::decimal128(38, 10),
       R"(["-9999999999999999999999999999.9999999999", null, "1.5000000000"])",
       {}},
      {arrow::decimal256(50, 2), R"(["-123456789012345678901234567890.12", null, "0.01"])", {}},
      {arrow::null(), "[null, null]", {}},
      {arrow::list(arrow::int64()), "[[1, 2], [], null, [null], [3, null, 4]]", {}},
      {arrow::large_list(arrow::utf8()), R"([["a"], [], null, ["b", null]])", {}},
      {arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2], [null, 4]]", {}},
      {arrow::list(arrow::list(arrow::int32())), "[[[1], []], [], null, [null, [2, 3]]]", {}},
      {point, R"([{"x": 1, "s": "a"}, null, {"x": null, "s": "longer than twelve bytes"}])",
       point_read},
      {arrow::list(point), R"([[{"x": 1, "s": "a"}, null], [], null, [{"x": 2, "s": null}]])",
       arrow::list(point_read)},
      {arrow::map(arrow::utf8(), arrow::int64()), R"([[["a", 1], ["b", null]], [], null])", {}},
      {arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["x", null, "y", "x"])", arrow::utf8()},
  };
}

TEST(ParquetTest, EveryTypeReadsBackByArrow) {
  for (TypeCase c : TypeCases()) {
    SCOPED_TRACE(c.type->ToString());
    const columnar::TypePtr read = c.read ? c.read : c.type;
    const ArrayPtr array = Json(c.type, c.json);
    const ArrayPtr expected = arrow::compute::Cast(array, read)->make_array();
    for (const bool dictionary : {false, true}) {
      for (const int64_t offset : {0, 1}) {
        EncoderOptions options;
        options.dictionary = dictionary;
        ASSERT_OK_AND_ASSIGN(const std::string file,
                             Write(OneColumn(array->Slice(offset)), options));
        const auto table = ReadByArrow(file);
        EXPECT_TRUE(table->field(0)->type()->Equals(*read)) << table->schema()->ToString();
        EXPECT_TRUE(OnlyColumn(*table)->Equals(*expected->Slice(offset)))
            << OnlyColumn(*table)->ToString();
      }
    }
  }
}

TEST(ParquetTest, IntervalsBecomeText) {
  arrow::MonthDayNanoIntervalBuilder builder;
  ASSERT_TRUE(builder.Append({14, -3, 14'706'700'000'000}).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  ASSERT_TRUE(builder.Append({0, 0, 0}).ok());
  ASSERT_TRUE(builder.Append({-1, 1, -1'000'000}).ok());
  ASSERT_OK_AND_ASSIGN(const std::string file, Write(OneColumn(builder.Finish().ValueOrDie())));
  const ArrayPtr expected = Json(arrow::utf8(),
                                 R"(["1 year 2 months -3 days 04:05:06.7", null, "00:00:00",
          "-1 month 1 day -00:00:00.001"])");
  EXPECT_TRUE(OnlyColumn(*ReadByArrow(file))->Equals(*expected));
}

TEST(ParquetTest, AnEmptyTableIsAValidFileWithItsSchema) {
  const auto schema = arrow::schema(
      {arrow::field("a", arrow::int64()), arrow::field("l", arrow::list(arrow::utf8()))});
  ASSERT_OK_AND_ASSIGN(const auto encoder, MakeEncoder(schema, {}));
  const auto empty = arrow::RecordBatch::MakeEmpty(schema).ValueOrDie();
  for (const auto& chunks : std::vector<std::vector<std::vector<RecordBatchPtr>>>{{}, {{empty}}}) {
    ASSERT_OK_AND_ASSIGN(const std::string file, WriteFile(*encoder, chunks));
    const auto table = ReadByArrow(file);
    EXPECT_EQ(table->num_rows(), 0);
    EXPECT_TRUE(table->schema()->Equals(*schema));
    ASSERT_OK_AND_ASSIGN(const auto reader, Open(file));
    EXPECT_EQ(reader->num_units(), 0);
    EXPECT_EQ(reader->num_rows(), 0);
    EXPECT_TRUE(reader->schema()->Equals(*schema)) << reader->schema()->ToString();
  }
}

// Values with runs, repeats and nulls, so that every encoding is met.
RecordBatchPtr RandomBatch(std::mt19937_64* random, int64_t rows) {
  arrow::Int64Builder ids;
  arrow::Int32Builder small;
  arrow::DoubleBuilder real;
  arrow::StringBuilder text;
  arrow::BooleanBuilder flag;
  arrow::Decimal128Builder money(arrow::decimal128(30, 2));
  arrow::ListBuilder list(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>());
  auto* items = static_cast<arrow::StringBuilder*>(list.value_builder());
  const bool nulls = (*random)() % 2 == 0;
  const auto null = [&] { return nulls && (*random)() % 5 == 0; };
  int64_t run = 0;
  for (int64_t i = 0; i < rows; ++i) {
    if ((*random)() % 30 == 0) run = static_cast<int64_t>((*random)() % 50);
    const auto word = std::string(static_cast<size_t>(run), 'w') + std::to_string(run);
    const auto any = static_cast<int64_t>((*random)());
    EXPECT_TRUE((null() ? ids.AppendNull() : ids.Append(any)).ok());
    EXPECT_TRUE((null() ? small.AppendNull() : small.Append(static_cast<int32_t>(run))).ok());
    EXPECT_TRUE((null() ? real.AppendNull() : real.Append(static_cast<double>(run) / 4)).ok());
    EXPECT_TRUE((null() ? text.AppendNull() : text.Append(word)).ok());
    EXPECT_TRUE((null() ? flag.AppendNull() : flag.Append(any % 3 == 0)).ok());
    EXPECT_TRUE(
        (null() ? money.AppendNull() : money.Append(arrow::Decimal128(any % 1'000'000, 7))).ok());
    if (null()) {
      EXPECT_TRUE(list.AppendNull().ok());
      continue;
    }
    EXPECT_TRUE(list.Append().ok());
    for (int64_t k = 0; k < run % 4; ++k) {
      EXPECT_TRUE((null() ? items->AppendNull() : items->Append(word)).ok());
    }
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
           &ids, &small, &real, &text, &flag, &money, &list}) {
    columns.push_back(builder->Finish().ValueOrDie());
  }
  columns.push_back(arrow::compute::Cast(columns[3], arrow::utf8_view())->make_array());
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(arrow::field(std::string("c").append(std::to_string(i)), columns[i]->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
}

RecordBatchPtr WithoutViews(const RecordBatchPtr& batch) {
  return columnar::WithoutViews(batch).value();
}

TEST(ParquetTest, ManyBatchesAndRowGroupsReadBackInOrder) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 12; ++round) {
    std::vector<std::vector<RecordBatchPtr>> chunks;
    std::vector<RecordBatchPtr> all;
    for (int c = 0; c < 3; ++c) {
      chunks.emplace_back();
      for (int b = 0; b < 4; ++b) {
        const auto rows = static_cast<int64_t>(random() % 300);
        const RecordBatchPtr batch = RandomBatch(&random, rows + 9);
        chunks.back().push_back(batch->Slice(static_cast<int64_t>(random() % 9), rows));
        all.push_back(WithoutViews(chunks.back().back()));
      }
    }
    EncoderOptions options;
    options.dictionary = round % 3 != 0;
    options.compression = round % 2 == 0 ? Compression::kZstd : Compression::kNone;
    ASSERT_OK_AND_ASSIGN(const auto encoder, MakeEncoder(all.front()->schema(), options));
    ASSERT_OK_AND_ASSIGN(const std::string file, WriteFile(*encoder, chunks));
    const auto expected =
        arrow::Table::FromRecordBatches(all).ValueOrDie()->CombineChunks().ValueOrDie();
    EXPECT_TRUE(ReadByArrow(file)->Equals(*expected));
    ASSERT_OK_AND_ASSIGN(const auto reader, Open(file));
    Collector out;
    ASSERT_OK(ReadAll(*reader, {}, 1 + static_cast<int64_t>(random() % 200), &out));
    std::vector<RecordBatchPtr> read;
    for (const auto& batch : out.batches) read.push_back(batch.data());
    ASSERT_FALSE(read.empty());
    EXPECT_TRUE(
        arrow::Table::FromRecordBatches(read).ValueOrDie()->CombineChunks().ValueOrDie()->Equals(
            *expected));
  }
}

TEST(ParquetTest, SeveralPagesOfAColumnReadBack) {
  std::mt19937_64 random(11);
  std::vector<RecordBatchPtr> parts;
  for (int i = 0; i < 2; ++i) parts.push_back(RandomBatch(&random, 90'001));
  for (const bool dictionary : {false, true}) {
    EncoderOptions options;
    options.dictionary = dictionary;
    ASSERT_OK_AND_ASSIGN(const auto encoder, MakeEncoder(parts[0]->schema(), options));
    ASSERT_OK_AND_ASSIGN(const std::string file, WriteFile(*encoder, {parts}));
    std::vector<RecordBatchPtr> all;
    for (const auto& part : parts) all.push_back(WithoutViews(part));
    EXPECT_TRUE(ReadByArrow(file)->Equals(
        *arrow::Table::FromRecordBatches(all).ValueOrDie()->CombineChunks().ValueOrDie()));
  }
}

TEST(ParquetTest, EveryCompressionReadsBack) {
  std::mt19937_64 random(5);
  const RecordBatchPtr batch = RandomBatch(&random, 1000);
  for (const Compression compression :
       {Compression::kNone, Compression::kSnappy, Compression::kGzip, Compression::kBrotli,
        Compression::kZstd, Compression::kLz4Raw}) {
    EncoderOptions options;
    options.compression = compression;
    ASSERT_OK_AND_ASSIGN(const std::string file, Write(batch, options));
    EXPECT_EQ(ReadByArrow(file)->num_rows(), 1000);
  }
}

TEST(ParquetTest, SelectedRowsOnlyAreWritten) {
  const auto batch = OneColumn(Json(arrow::int64(), "[0, 1, 2, 3, 4, 5]"));
  ASSERT_OK_AND_ASSIGN(const auto encoder, MakeEncoder(batch->schema(), {}));
  const auto selection = std::make_shared<const std::vector<int32_t>>(std::vector<int32_t>{1, 4});
  ASSERT_OK_AND_ASSIGN(auto chunk, encoder->Encode(engine::Batch(batch, selection)));
  EXPECT_EQ(chunk.rows, 2);
}

TEST(ParquetTest, FooterCarriesBoundsAndNullCounts) {
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("i", arrow::int64()), arrow::field("u", arrow::uint32()),
                     arrow::field("d", arrow::float64()), arrow::field("n", arrow::float64()),
                     arrow::field("s", arrow::utf8()), arrow::field("b", arrow::boolean())}),
      3,
      {Json(arrow::int64(), "[-5, null, 7]"), Json(arrow::uint32(), "[4294967295, 1, 2]"),
       Json(arrow::float64(), "[0.0, 2.5, null]"), Json(arrow::float64(), "[NaN, 1, 2]"),
       Json(arrow::utf8(), R"(["b", "é", "a"])"), Json(arrow::boolean(), "[true, false, null]")});
  ASSERT_OK_AND_ASSIGN(const std::string file, Write(batch));
  auto reader = ::parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file)));
  const auto group = reader->metadata()->RowGroup(0);
  const auto stats = [&](int i) { return group->ColumnChunk(i)->statistics(); };
  const auto* ints = static_cast<::parquet::Int64Statistics*>(stats(0).get());
  ASSERT_TRUE(stats(0)->HasMinMax());
  EXPECT_EQ(stats(0)->null_count(), 1);
  const auto ints_held = stats(0);
  ints = static_cast<::parquet::Int64Statistics*>(ints_held.get());
  EXPECT_EQ(ints->min(), -5);
  EXPECT_EQ(ints->max(), 7);
  EXPECT_EQ(static_cast<uint32_t>(static_cast<::parquet::Int32Statistics*>(stats(1).get())->max()),
            4294967295U);
  const auto reals = stats(2);
  EXPECT_TRUE(std::signbit(static_cast<::parquet::DoubleStatistics*>(reals.get())->min()));
  EXPECT_FALSE(stats(3)->HasMinMax());
  EXPECT_EQ(stats(4)->EncodeMin(), "a");
  EXPECT_EQ(stats(4)->EncodeMax(), "é");
  EXPECT_TRUE(stats(5)->HasMinMax());
  EXPECT_EQ(reader->metadata()->created_by(), "thalweg version 0.1.0");
}

TEST(ParquetTest, ProjectionReadsTheNamedColumnsInItsOrder) {
  std::mt19937_64 random(3);
  const RecordBatchPtr batch = WithoutViews(RandomBatch(&random, 500));
  ASSERT_OK_AND_ASSIGN(const std::string file, Write(batch));
  ASSERT_OK_AND_ASSIGN(const auto reader, Open(file));
  Collector out;
  ASSERT_OK(ReadAll(*reader, {{"c6", "c0", "c6", "c3"}, false}, 4096, &out));
  ASSERT_EQ(out.batches.size(), 1U);
  const auto& read = *out.batches[0].data();
  EXPECT_EQ(read.schema()->field_names(), (std::vector<std::string>{"c6", "c0", "c6", "c3"}));
  EXPECT_TRUE(read.column(0)->Equals(*batch->column(6)));
  EXPECT_TRUE(read.column(1)->Equals(*batch->column(0)));
  EXPECT_TRUE(read.column(2)->Equals(*batch->column(6)));
  EXPECT_EQ(out.batches[0].origin()->first_row, 0);

  Collector counted;
  ASSERT_OK(ReadAll(*reader, {{}, false}, 128, &counted));
  EXPECT_EQ(counted.rows(), 500);
  EXPECT_EQ(counted.batches.size(), 4U);

  Collector none;
  EXPECT_THAT(ReadAll(*reader, {{"c66"}, false}, 128, &none),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("no column 'c66'")));
}

TEST(ParquetTest, OtherWritersFilesRead) {
  std::mt19937_64 random(9);
  const auto table =
      arrow::Table::FromRecordBatches({WithoutViews(RandomBatch(&random, 2000))}).ValueOrDie();
  for (const auto version :
       {::parquet::ParquetDataPageVersion::V1, ::parquet::ParquetDataPageVersion::V2}) {
    for (const auto encoding : {::parquet::Encoding::PLAIN, ::parquet::Encoding::RLE_DICTIONARY,
                                ::parquet::Encoding::DELTA_BINARY_PACKED}) {
      ::parquet::WriterProperties::Builder properties;
      properties.data_page_version(version)->compression(arrow::Compression::SNAPPY);
      if (encoding == ::parquet::Encoding::DELTA_BINARY_PACKED) {
        properties.disable_dictionary()->encoding("c0", encoding);
        properties.encoding("c3", ::parquet::Encoding::DELTA_BYTE_ARRAY);
        properties.encoding("c2", ::parquet::Encoding::BYTE_STREAM_SPLIT);
      } else if (encoding == ::parquet::Encoding::PLAIN) {
        properties.disable_dictionary();
      }
      auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
      ASSERT_TRUE(::parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 700,
                                               properties.build())
                      .ok());
      ASSERT_OK_AND_ASSIGN(const auto reader, Open(sink->Finish().ValueOrDie()->ToString()));
      EXPECT_EQ(reader->num_units(), 3);
      Collector out;
      ASSERT_OK(ReadAll(*reader, {}, 512, &out));
      std::vector<RecordBatchPtr> read;
      for (const auto& batch : out.batches) read.push_back(batch.data());
      EXPECT_TRUE(
          arrow::Table::FromRecordBatches(read).ValueOrDie()->CombineChunks().ValueOrDie()->Equals(
              *table->CombineChunks().ValueOrDie()));
    }
  }
}

TEST(ParquetTest, BatchesOfAnotherShapeAreRefused) {
  const auto schema = arrow::schema({arrow::field("c", arrow::int64())});
  ASSERT_OK_AND_ASSIGN(const auto encoder, MakeEncoder(schema, {}));
  const auto text = OneColumn(Json(arrow::utf8(), R"(["x"])"));
  EXPECT_THAT(encoder->Encode(engine::Batch(text)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("column 'c'")));
  ASSERT_OK_AND_ASSIGN(const auto strict,
                       MakeEncoder(arrow::schema({arrow::field("c", arrow::int64(), false)}), {}));
  EXPECT_THAT(strict->Encode(engine::Batch(OneColumn(Json(arrow::int64(), "[1, null]")))),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("must not be null")));
  EXPECT_THAT(MakeEncoder(arrow::schema({arrow::field("s", arrow::struct_({}))}), {}),
              StatusIs(StatusCode::kUnsupported, HasSubstr("column 's'")));
  EXPECT_THAT(MakeEncoder(arrow::schema(arrow::FieldVector()), {}),
              StatusIs(StatusCode::kInvalidArgument));
  EncoderOptions options;
  options.compression_level = 1000;
  EXPECT_THAT(MakeEncoder(schema, options), StatusIs(StatusCode::kInvalidArgument));
}

TEST(ParquetTest, FailuresOfFileAndConsumerKeepTheirCodes) {
  std::mt19937_64 random(3);
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(RandomBatch(&random, 500)));
  auto file = std::make_shared<MemoryFile>(bytes);
  ASSERT_OK_AND_ASSIGN(const auto reader, OpenReader(file, {}));
  Collector out;
  out.fail = Status::Cancelled("enough");
  EXPECT_THAT(reader->ReadUnit(0, {}, 10, out), StatusIs(StatusCode::kCancelled));
  EXPECT_EQ(out.batches.size(), 1U);
  file->FailAfter(2);
  EXPECT_THAT(reader->ReadUnit(0, {}, 10, out),
              StatusIs(StatusCode::kIoError, HasSubstr("the disk is gone")));
}

// Whatever the bytes, reading ends with rows or with a status.
void ReadHostile(const std::string& bytes) {
  const auto reader = Open(bytes);
  if (!reader.ok()) {
    EXPECT_NE(reader.status().code(), StatusCode::kInternal) << reader.status().ToString();
    return;
  }
  Collector out;
  const Status status = ReadAll(**reader, {}, 64, &out);
  EXPECT_NE(status.code(), StatusCode::kInternal) << status.ToString();
}

TEST(ParquetTest, TruncatedFilesFailWithAStatus) {
  std::mt19937_64 random(21);
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(RandomBatch(&random, 40)));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(Open(bytes.substr(0, size)), StatusIs(StatusCode::kCorruption)) << size;
  }
  EXPECT_THAT(Open("PAR1"), StatusIs(StatusCode::kCorruption));
  EXPECT_THAT(Open("not a parquet file at all, but long enough to have a footer"),
              StatusIs(StatusCode::kCorruption));
}

TEST(ParquetTest, FlippedBytesNeverCrash) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  EncoderOptions options;
  for (const Compression compression : {Compression::kNone, Compression::kZstd}) {
    options.compression = compression;
    ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(RandomBatch(&random, 200), options));
    for (int i = 0; i < 400; ++i) {
      std::string hostile = bytes;
      for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
        char& byte = hostile[random() % hostile.size()];
        byte = static_cast<char>(byte ^ static_cast<char>(1 << (random() % 8)));
      }
      ReadHostile(hostile);
    }
  }
}

TEST(ParquetTest, RegistersWithCheckedOptions) {
  engine::Registry registry;
  Register(registry);
  const engine::Codec* codec = registry.FindCodec("PARQUET");
  ASSERT_NE(codec, nullptr);
  EXPECT_EQ(registry.FindCodecBySuffix("a/b.parquet"), codec);
  EXPECT_TRUE(codec->recognises("PAR1...."));
  Spec write;
  write.fields = codec->write_fields;
  ASSERT_OK_AND_ASSIGN(
      const Options options,
      Options::Parse(write,
                     {{"compression", std::string("snappy")}, {"row_group_size", int64_t{1000}}},
                     "parquet"));
  ASSERT_OK_AND_ASSIGN(
      const auto encoder,
      codec->make_encoder(arrow::schema({arrow::field("a", arrow::int8())}), options));
  EXPECT_EQ(encoder->chunk_rows(), 1000);
  EXPECT_EQ(encoder->chunk_bytes(), int64_t{64} << 20);
}

}  // namespace
}  // namespace thalweg::codecs::parquet
