#include <arrow/api.h>
#include <arrow/builder.h>
#include <arrow/compute/cast.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/json/from_string.h>

#include <random>

#include "codecs/arrow_ipc_encoder.h"
#include "codecs/arrow_ipc_reader.h"
#include "codecs/arrow_ipc_stream.h"
#include "codecs/unit_test_support.h"
#include "engine/registry.h"

namespace thalweg::codecs::arrow_ipc {

void Register(engine::Registry& registry);

namespace {

using columnar::ArrayPtr;
using columnar::RecordBatchPtr;
using ::testing::HasSubstr;
using thalweg::testing::StatusIs;
using unit_testing::Collector;
using unit_testing::MemoryFile;
using unit_testing::ReadAll;
using unit_testing::WriteFile;

ArrayPtr Json(const columnar::TypePtr& type, const std::string& text) {
  return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
}

RecordBatchPtr BatchOf(std::vector<ArrayPtr> columns) {
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(arrow::field(std::string("c").append(std::to_string(i)), columns[i]->type()));
  }
  const int64_t rows = columns[0]->length();
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, std::move(columns));
}

RecordBatchPtr Sample() {
  return BatchOf({Json(arrow::int64(), "[1, null, 3, 4, 5]"),
                  Json(arrow::utf8(), R"(["a", "longer than twelve bytes", null, "", "é"])"),
                  Json(arrow::list(arrow::utf8()), R"([["x"], [], null, ["y", null], ["z"]])"),
                  Json(arrow::decimal128(20, 2), R"(["1.00", "-2.50", null, "0.01", "9.99"])"),
                  Json(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[0, 1, null, -1, 5]")});
}

RecordBatchPtr Joined(const std::vector<engine::Batch>& batches) {
  std::vector<RecordBatchPtr> all;
  for (const auto& batch : batches) all.push_back(batch.data());
  return arrow::Table::FromRecordBatches(all).ValueOrDie()->CombineChunksToBatch().ValueOrDie();
}

Result<std::string> Write(const RecordBatchPtr& batch, const EncoderOptions& options,
                          int copies = 1) {
  THALWEG_ASSIGN_OR_RETURN(const auto encoder, MakeEncoder(batch->schema(), options));
  return WriteFile(*encoder,
                   std::vector<std::vector<RecordBatchPtr>>(static_cast<size_t>(copies), {batch}));
}

// Decodes a whole stream, its slabs cut by the splitter after each `step` bytes.
Status DecodeStream(const std::string& bytes, size_t step, const engine::Projection& projection,
                    int64_t batch_rows_max, Collector* out) {
  THALWEG_ASSIGN_OR_RETURN(const auto format, OpenStream(bytes, true, "memory"));
  THALWEG_ASSIGN_OR_RETURN(const auto decoder, format->MakeDecoder(projection, batch_rows_max));
  const auto splitter = format->MakeSplitter();
  const auto owner = std::shared_ptr<arrow::Buffer>(arrow::Buffer::FromString(bytes));
  const auto file = std::make_shared<const std::string>("memory");
  size_t start = 0;
  for (size_t end = 0; start < bytes.size();) {
    end = std::min(bytes.size(), end + step);
    const std::string_view data(reinterpret_cast<const char*>(owner->data()) + start, end - start);
    THALWEG_ASSIGN_OR_RETURN(const auto cut, splitter->Next(data, end == bytes.size()));
    if (cut.bytes == 0) continue;
    engine::Slab slab;
    slab.owner = owner;
    slab.data = data.substr(0, cut.bytes);
    slab.file = file;
    slab.byte_offset = static_cast<int64_t>(start);
    THALWEG_RETURN_IF_ERROR(decoder->Decode(slab, *out));
    start += cut.bytes;
  }
  return {};
}

TEST(ArrowIpcTest, FilesReadBackByArrowAndByUs) {
  for (const auto compression : {arrow::Compression::UNCOMPRESSED, arrow::Compression::ZSTD,
                                 arrow::Compression::LZ4_FRAME}) {
    EncoderOptions options;
    options.compression = compression;
    ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(Sample(), options, 3));
    auto reader = arrow::ipc::RecordBatchFileReader::Open(
                      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)))
                      .ValueOrDie();
    ASSERT_EQ(reader->num_record_batches(), 3);
    EXPECT_TRUE(reader->ReadRecordBatch(2).ValueOrDie()->Equals(*Sample()));

    ASSERT_OK_AND_ASSIGN(const auto ours, OpenFile(std::make_shared<MemoryFile>(bytes)));
    EXPECT_EQ(ours->num_units(), 3);
    EXPECT_TRUE(ours->schema()->Equals(*Sample()->schema()));
    Collector out;
    ASSERT_OK(ReadAll(*ours, {}, 2, &out));
    EXPECT_EQ(out.batches.size(), 9U);
    const auto expected = arrow::Table::FromRecordBatches({Sample(), Sample(), Sample()})
                              .ValueOrDie()
                              ->CombineChunksToBatch()
                              .ValueOrDie();
    EXPECT_TRUE(Joined(out.batches)->Equals(*expected));
  }
}

TEST(ArrowIpcTest, StreamsReadBackWhereverTheyAreCut) {
  EncoderOptions options;
  options.stream = true;
  options.compression = arrow::Compression::ZSTD;
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(Sample(), options, 3));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(
                    std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)))
                    .ValueOrDie();
  EXPECT_EQ(reader->ToTable().ValueOrDie()->num_rows(), 15);
  const auto expected = arrow::Table::FromRecordBatches({Sample(), Sample(), Sample()})
                            .ValueOrDie()
                            ->CombineChunksToBatch()
                            .ValueOrDie();
  for (const size_t step : {size_t{1}, size_t{7}, size_t{64}, size_t{1000}, bytes.size()}) {
    SCOPED_TRACE(step);
    Collector out;
    ASSERT_OK(DecodeStream(bytes, step, {}, 4096, &out));
    EXPECT_TRUE(Joined(out.batches)->Equals(*expected));
  }
}

TEST(ArrowIpcTest, EmptyTablesKeepTheirSchema) {
  for (const bool stream : {false, true}) {
    EncoderOptions options;
    options.stream = stream;
    ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(Sample()->Slice(0, 0), options));
    if (stream) {
      ASSERT_OK_AND_ASSIGN(const auto format, OpenStream(bytes, true, "memory"));
      EXPECT_TRUE(format->schema()->Equals(*Sample()->schema()));
    } else {
      ASSERT_OK_AND_ASSIGN(const auto file, OpenFile(std::make_shared<MemoryFile>(bytes)));
      EXPECT_EQ(file->num_units(), 0);
      EXPECT_TRUE(file->schema()->Equals(*Sample()->schema()));
    }
  }
}

TEST(ArrowIpcTest, ViewsAreWrittenAsPlainText) {
  const auto views =
      BatchOf({arrow::compute::Cast(Sample()->column(1), arrow::utf8_view())->make_array()});
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(views, {}));
  ASSERT_OK_AND_ASSIGN(const auto file, OpenFile(std::make_shared<MemoryFile>(bytes)));
  Collector out;
  ASSERT_OK(ReadAll(*file, {}, 4096, &out));
  EXPECT_TRUE(out.batches.at(0).data()->column(0)->Equals(*Sample()->column(1)));
}

TEST(ArrowIpcTest, ProjectionReadsTheNamedColumnsInItsOrder) {
  EncoderOptions options;
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(Sample(), options, 2));
  ASSERT_OK_AND_ASSIGN(const auto file, OpenFile(std::make_shared<MemoryFile>(bytes)));
  options.stream = true;
  ASSERT_OK_AND_ASSIGN(const std::string stream, Write(Sample(), options, 2));
  const engine::Projection projection{{"c3", "c0", "c3"}, false};
  Collector from_file;
  Collector from_stream;
  ASSERT_OK(ReadAll(*file, projection, 4096, &from_file));
  ASSERT_OK(DecodeStream(stream, 100, projection, 4096, &from_stream));
  for (const Collector* out : {&from_file, &from_stream}) {
    ASSERT_EQ(out->batches.size(), 2U);
    const auto& read = *out->batches[1].data();
    EXPECT_EQ(read.schema()->field_names(), (std::vector<std::string>{"c3", "c0", "c3"}));
    EXPECT_TRUE(read.column(0)->Equals(*Sample()->column(3)));
    EXPECT_TRUE(read.column(1)->Equals(*Sample()->column(0)));
    EXPECT_TRUE(read.column(2)->Equals(*Sample()->column(3)));
  }
  Collector counted;
  ASSERT_OK(ReadAll(*file, {{}, false}, 2, &counted));
  ASSERT_OK(DecodeStream(stream, 100, {{}, false}, 2, &counted));
  EXPECT_EQ(counted.rows(), 20);
  Collector none;
  EXPECT_THAT(ReadAll(*file, {{"c33"}, false}, 2, &none),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("no column 'c33'")));
}

RecordBatchPtr Exotic() {
  return BatchOf(
      {Json(arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["x", null, "y", "x"])"),
       Json(arrow::time32(arrow::TimeUnit::SECOND), "[1, 2, null, 3]"),
       Json(arrow::date64(), "[86400000, null, 0, -86400000]"),
       Json(arrow::list_view(arrow::int32()), "[[1], null, [], [2, 3]]"),
       Json(arrow::large_utf8(), R"(["a", null, "b", "c"])"),
       Json(arrow::decimal64(10, 1), R"(["1.5", null, "-2.5", "0.0"])"),
       Json(arrow::struct_(
                {arrow::field("d", arrow::date64()),
                 arrow::field("l", arrow::large_list_view(arrow::time32(arrow::TimeUnit::MILLI)))}),
            R"([{"d": 0, "l": [1]}, null, {"d": 86400000, "l": []}, {"d": null, "l": [2, 3]}])")});
}

TEST(ArrowIpcTest, OtherTypesBecomeThoseOfTheEngine) {
  const RecordBatchPtr batch = Exotic();
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto stream_sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = arrow::ipc::MakeFileWriter(sink, batch->schema()).ValueOrDie();
  auto stream_writer = arrow::ipc::MakeStreamWriter(stream_sink, batch->schema()).ValueOrDie();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(writer->WriteRecordBatch(*batch).ok());
    ASSERT_TRUE(stream_writer->WriteRecordBatch(*batch).ok());
  }
  ASSERT_TRUE(writer->Close().ok() && stream_writer->Close().ok());
  ASSERT_OK_AND_ASSIGN(
      const auto file,
      OpenFile(std::make_shared<MemoryFile>(sink->Finish().ValueOrDie()->ToString())));
  Collector from_file;
  Collector from_stream;
  ASSERT_OK(ReadAll(*file, {}, 4096, &from_file));
  ASSERT_OK(
      DecodeStream(stream_sink->Finish().ValueOrDie()->ToString(), 50, {}, 4096, &from_stream));
  for (const Collector* out : {&from_file, &from_stream}) {
    ASSERT_EQ(out->rows(), 8);
    const auto& read = *out->batches[1].data();
    EXPECT_TRUE(read.column(0)->Equals(*Json(arrow::utf8(), R"(["x", null, "y", "x"])")));
    EXPECT_TRUE(read.column(1)->Equals(
        *Json(arrow::time64(arrow::TimeUnit::MICRO), "[1000000, 2000000, null, 3000000]")));
    EXPECT_TRUE(read.column(2)->Equals(*Json(arrow::date32(), "[1, null, 0, -1]")));
    EXPECT_TRUE(
        read.column(3)->Equals(*Json(arrow::list(arrow::int32()), "[[1], null, [], [2, 3]]")))
        << read.column(3)->ToString() << read.column(3)->type()->ToString();
    EXPECT_TRUE(
        read.column(5)->Equals(*Json(arrow::decimal128(10, 1), R"(["1.5", null, "-2.5", "0.0"])")));
    EXPECT_TRUE(read.column(6)->ValidateFull().ok());
    EXPECT_EQ(read.column(6)->GetScalar(3).ValueOrDie()->ToString(),
              "{d:date32[day] = null, l:large_list<item: time64[us]> = large_list<item: "
              "time64[us]>[00:00:00.002000, 00:00:00.003000]}");
    EXPECT_TRUE(read.schema()->Equals(*file->schema()));
  }
}

TEST(ArrowIpcTest, FileAndStreamAreToldApart) {
  EncoderOptions options;
  ASSERT_OK_AND_ASSIGN(const std::string file, Write(Sample(), options));
  options.stream = true;
  ASSERT_OK_AND_ASSIGN(const std::string stream, Write(Sample(), options));
  EXPECT_THAT(OpenFile(std::make_shared<MemoryFile>(stream)),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("'arrows'")));
  EXPECT_THAT(OpenStream(file, true, "f"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("'arrow'")));
}

TEST(ArrowIpcTest, FailuresOfFileAndConsumerKeepTheirCodes) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes, Write(Sample(), {}, 3));
  auto memory = std::make_shared<MemoryFile>(bytes);
  ASSERT_OK_AND_ASSIGN(const auto file, OpenFile(memory));
  Collector out;
  out.fail = Status::Cancelled("enough");
  EXPECT_THAT(file->ReadUnit(0, {}, 2, out), StatusIs(StatusCode::kCancelled));
  EXPECT_EQ(out.batches.size(), 1U);
  memory->FailAfter(0);
  EXPECT_THAT(file->ReadUnit(1, {}, 2, out),
              StatusIs(StatusCode::kIoError, HasSubstr("the disk is gone")));

  ASSERT_OK_AND_ASSIGN(const auto encoder, MakeEncoder(Sample()->schema(), {}));
  const auto assembler = encoder->NewFile();
  const engine::Assembler::Write full = [](std::string_view) {
    return Status::ResourceExhausted("the disk is full");
  };
  EXPECT_THAT(assembler->Begin(full), StatusIs(StatusCode::kResourceExhausted));
}

TEST(ArrowIpcTest, BatchesOfAnotherShapeAreRefused) {
  ASSERT_OK_AND_ASSIGN(const auto encoder, MakeEncoder(Sample()->schema(), {}));
  EXPECT_THAT(encoder->Encode(engine::Batch(BatchOf({Sample()->column(0)}))),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(MakeEncoder(Exotic()->schema(), {}), StatusIs(StatusCode::kUnsupported));
}

void ReadHostileFile(const std::string& bytes) {
  const auto file = OpenFile(std::make_shared<MemoryFile>(bytes));
  if (!file.ok()) return;
  Collector out;
  const Status status = ReadAll(**file, {}, 64, &out);
  EXPECT_NE(status.code(), StatusCode::kInternal) << status.ToString();
}

TEST(ArrowIpcTest, DamagedInputNeverCrashes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (const auto compression : {arrow::Compression::UNCOMPRESSED, arrow::Compression::ZSTD}) {
    EncoderOptions options;
    options.compression = compression;
    ASSERT_OK_AND_ASSIGN(const std::string file, Write(Sample(), options, 2));
    options.stream = true;
    ASSERT_OK_AND_ASSIGN(const std::string stream, Write(Sample(), options, 2));
    for (size_t size = 0; size < file.size(); ++size) ReadHostileFile(file.substr(0, size));
    for (size_t size = 0; size < stream.size(); ++size) {
      Collector out;
      static_cast<void>(DecodeStream(stream.substr(0, size), 4096, {}, 64, &out));
    }
    for (int i = 0; i < 800; ++i) {
      std::string hostile = i % 2 == 0 ? file : stream;
      for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
        char& byte = hostile[random() % hostile.size()];
        byte = static_cast<char>(byte ^ static_cast<char>(1 << (random() % 8)));
      }
      if (i % 2 == 0) {
        ReadHostileFile(hostile);
      } else {
        Collector out;
        const Status status = DecodeStream(hostile, 100, {}, 64, &out);
        EXPECT_NE(status.code(), StatusCode::kInternal) << status.ToString();
      }
    }
  }
}

TEST(ArrowIpcTest, RegistersBothFormats) {
  engine::Registry registry;
  Register(registry);
  ASSERT_NE(registry.FindCodec("arrow"), nullptr);
  EXPECT_EQ(registry.FindCodecBySuffix("x.feather"), registry.FindCodec("arrow"));
  EXPECT_EQ(registry.FindCodecBySuffix("x.arrows"), registry.FindCodec("arrows"));
}

}  // namespace
}  // namespace thalweg::codecs::arrow_ipc
