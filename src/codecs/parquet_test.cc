#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/compute/cast.h>
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
#include "codecs/parquet_test_support.h"
#include "engine/registry.h"

namespace thalweg::codecs::parquet {

void Register(engine::Registry& registry);

namespace {

using columnar::ArrayPtr;
using columnar::RecordBatchPtr;
using columnar::SchemaPtr;
using testing::Collector;
using testing::MemoryFile;
using testing::ReadAll;
using testing::WriteFile;
using ::testing::HasSubstr;
using thalweg::testing::StatusIs;

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
  const auto point = arrow::struct_({arrow::field("x", arrow::int64()),
                                     arrow::field("s", arrow::utf8_view())});
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
       R"(["-9999999999999999999999999999.9999999999", null, "1.5000000000"])", {}},
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

}  // namespace
}  // namespace thalweg::codecs::parquet
