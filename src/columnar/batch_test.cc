#include "columnar/batch.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>

#include <numeric>
#include <random>
#include <string>

#include "columnar/arrow_status.h"
#include "columnar/gather.h"
#include "testing/status_matchers.h"

namespace thalweg::columnar {
namespace {

ArrayPtr FromJson(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

Selection Rows(std::vector<int32_t> rows) {
  return std::make_shared<const std::vector<int32_t>>(std::move(rows));
}

Batch SampleBatch() {
  const auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8_view())});
  return Batch(arrow::RecordBatch::Make(
      schema, 5,
      {FromJson(arrow::int64(), "[1, null, 3, 4, 5]"),
       FromJson(arrow::utf8_view(), R"(["a", "longer than twelve bytes", null, "", "zz"])")}));
}

TEST(Batch, CompactsToSelectedRows) {
  const Batch all = SampleBatch();
  ASSERT_OK_AND_ASSIGN(const Batch some, Batch(all.data(), Rows({0, 1, 4})).Compact());
  EXPECT_EQ(some.selection(), nullptr);
  EXPECT_EQ(some.num_rows(), 3);
  EXPECT_TRUE(some.data()->column(0)->Equals(FromJson(arrow::int64(), "[1, null, 5]")));
  EXPECT_TRUE(some.data()->column(1)->Equals(
      FromJson(arrow::utf8_view(), R"(["a", "longer than twelve bytes", "zz"])")));
}

TEST(Batch, CompactSharesTheColumnsWhereItCan) {
  const Batch all = SampleBatch();
  ASSERT_OK_AND_ASSIGN(const Batch same, Batch(all.data(), Rows({0, 1, 2, 3, 4})).Compact());
  EXPECT_EQ(same.data(), all.data());
  ASSERT_OK_AND_ASSIGN(const Batch middle, Batch(all.data(), Rows({2, 3})).Compact());
  EXPECT_EQ(middle.data()->column_data(0)->buffers[1], all.data()->column_data(0)->buffers[1]);
  ASSERT_OK_AND_ASSIGN(const Batch none, Batch(all.data(), Rows({})).Compact());
  EXPECT_EQ(none.num_rows(), 0);
}

TEST(Batch, SlicesSelectedRows) {
  const Batch all = SampleBatch();
  const Batch selected = Batch(all.data(), Rows({0, 2, 4})).Slice(1, 10);
  EXPECT_EQ(*selected.selection(), (std::vector<int32_t>{2, 4}));
  EXPECT_EQ(all.Slice(3, 1).num_rows(), 1);
  EXPECT_EQ(all.Slice(9, 1).num_rows(), 0);
  EXPECT_EQ(all.Slice(-2, 2).num_rows(), 2);
}

TEST(Batch, OriginFollowsTheRowsTaken) {
  auto origin = std::make_shared<Origin>();
  origin->first_row = 100;
  const Batch all = SampleBatch().WithOrigin(origin);
  ASSERT_OK_AND_ASSIGN(const Batch some,
                       Batch(all.data(), Rows({1, 3, 4})).WithOrigin(origin).Compact());
  ASSERT_NE(some.origin()->rows, nullptr);
  EXPECT_EQ(*some.origin()->rows, (std::vector<int32_t>{1, 3, 4}));
  const Batch last = some.Slice(1, 2);
  EXPECT_EQ(*last.origin()->rows, (std::vector<int32_t>{3, 4}));
  EXPECT_EQ(last.origin()->first_row, 100);
}

TEST(Batch, ByteSizeCountsSharedBytesOnce) {
  const ArrayPtr views = FromJson(
      arrow::utf8_view(), R"(["a string that is not held inline", "another one, longer than 12"])");
  const auto schema =
      arrow::schema({arrow::field("a", views->type()), arrow::field("b", views->type())});
  const Batch twice(arrow::RecordBatch::Make(schema, 2, {views, views}));
  const Batch once(arrow::RecordBatch::Make(arrow::schema({schema->field(0)}), 2, {views}));
  EXPECT_EQ(twice.ByteSize() - once.ByteSize(), 32);
  EXPECT_EQ(Batch().ByteSize(), 0);
  const Batch numbers(arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}),
                                               3, {FromJson(arrow::int64(), "[1, 2, 3]")}));
  EXPECT_EQ(numbers.ByteSize(), 24);
  EXPECT_EQ(numbers.Slice(0, 1).ByteSize(), 8);
}

TEST(Batch, RemembersItsWeightColumn) {
  const Batch batch = SampleBatch();
  EXPECT_EQ(batch.weight_column(), -1);
  ASSERT_OK_AND_ASSIGN(const Batch compact, batch.WithWeightColumn(0).Compact());
  EXPECT_EQ(compact.weight_column(), 0);
}

struct TypedSample {
  TypePtr type;
  std::string json;  // Four rows.
};

class GatherTypes : public ::testing::TestWithParam<TypedSample> {};

TEST_P(GatherTypes, MatchesRowByRow) {
  const ArrayPtr whole = FromJson(GetParam().type, GetParam().json);
  // Also behind an offset that is no multiple of eight.
  const ArrayPtr padded = arrow::Concatenate({whole, whole, whole}).ValueOrDie()->Slice(3, 6);
  for (const ArrayPtr& array : {whole, padded}) {
    std::vector<int32_t> rows(static_cast<size_t>(array->length()));
    std::iota(rows.begin(), rows.end(), 0);
    rows.push_back(0);
    std::reverse(rows.begin(), rows.end());
    ASSERT_OK_AND_ASSIGN(const ArrayPtr out, Gather(array, rows));
    EXPECT_TRUE(out->ValidateFull().ok()) << out->ValidateFull().ToString();
    ASSERT_EQ(out->length(), static_cast<int64_t>(rows.size()));
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      EXPECT_TRUE(out->GetScalar(at).ValueOrDie()->Equals(*array->GetScalar(rows[i]).ValueOrDie()))
          << array->type()->ToString() << " row " << i;
    }
    ASSERT_OK_AND_ASSIGN(const ArrayPtr none, Gather(array, {}));
    EXPECT_EQ(none->length(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, GatherTypes,
    ::testing::Values(
        TypedSample{arrow::null(), "[null, null, null, null]"},
        TypedSample{arrow::boolean(), "[true, null, false, true]"},
        TypedSample{arrow::int8(), "[1, null, -3, 4]"},
        TypedSample{arrow::uint16(), "[1, null, 3, 4]"},
        TypedSample{arrow::float32(), "[1.5, null, -3, 4]"},
        TypedSample{arrow::int64(), "[1, null, -3, 4]"},
        TypedSample{arrow::date32(), "[1, null, -3, 4]"},
        TypedSample{arrow::timestamp(arrow::TimeUnit::MICRO), "[1, null, -3, 4]"},
        TypedSample{arrow::decimal128(10, 2), R"(["1.25", null, "-3.00", "4.10"])"},
        TypedSample{arrow::decimal256(40, 2), R"(["1.25", null, "-3.00", "4.10"])"},
        TypedSample{arrow::month_day_nano_interval(), "[[1, 2, 3], null, [0, 0, 1], [4, 4, 4]]"},
        TypedSample{arrow::utf8(), R"(["a", null, "", "longer than twelve bytes"])"},
        TypedSample{arrow::large_utf8(), R"(["a", null, "", "longer than twelve bytes"])"},
        TypedSample{arrow::utf8_view(), R"(["a", null, "", "longer than twelve bytes"])"},
        TypedSample{arrow::binary(), R"(["a", null, "", "longer than twelve bytes"])"},
        TypedSample{arrow::fixed_size_binary(3), R"(["abc", null, "def", "ghi"])"},
        TypedSample{arrow::list(arrow::int32()), "[[1, 2], null, [], [3]]"},
        TypedSample{
            arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())}),
            R"([{"a": 1, "b": "x"}, null, {"a": null, "b": "y"}, {"a": 4, "b": null}])"}));

TEST(WithoutViews, TurnsViewsIntoPlainStrings) {
  const ArrayPtr views =
      FromJson(arrow::utf8_view(), R"(["skipped", "a", null, "", "longer than twelve bytes"])")
          ->Slice(1);
  ASSERT_OK_AND_ASSIGN(const ArrayPtr plain, WithoutViews(views));
  EXPECT_TRUE(plain->ValidateFull().ok());
  EXPECT_TRUE(
      plain->Equals(FromJson(arrow::utf8(), R"(["a", null, "", "longer than twelve bytes"])")));
  const ArrayPtr numbers = FromJson(arrow::int32(), "[1]");
  ASSERT_OK_AND_ASSIGN(const ArrayPtr same, WithoutViews(numbers));
  EXPECT_EQ(same, numbers);
}

TEST(WithoutViews, LooksInsideNestedColumns) {
  const ArrayPtr names = FromJson(arrow::utf8_view(), R"(["a", "longer than twelve bytes", "c"])");
  const auto offsets = FromJson(arrow::int32(), "[0, 1, 3]");
  const ArrayPtr lists = arrow::ListArray::FromArrays(*offsets, *names).ValueOrDie();
  const auto structs =
      arrow::StructArray::Make({lists}, std::vector<std::string>{"names"}).ValueOrDie();
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("s", structs->type())}), 2, {structs});
  ASSERT_OK_AND_ASSIGN(const RecordBatchPtr plain, WithoutViews(batch));
  EXPECT_TRUE(plain->ValidateFull().ok()) << plain->ValidateFull().ToString();
  EXPECT_EQ(SqlTypeName(*plain->schema()->field(0)->type()), "STRUCT(names VARCHAR[])");
  EXPECT_TRUE(plain->column(0)->Equals(
      FromJson(arrow::struct_({arrow::field("names", arrow::list(arrow::utf8()))}),
               R"([{"names": ["a"]}, {"names": ["longer than twelve bytes", "c"]}])")));
}

TEST(StringColumn, ReadsEveryLayout) {
  const std::string json = R"(["skipped", "a", null, "", "longer than twelve bytes"])";
  for (const TypePtr& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(),
                              arrow::binary(), arrow::large_binary(), arrow::binary_view(),
                              arrow::dictionary(arrow::int8(), arrow::utf8())}) {
    const StringColumn column(FromJson(type, json)->Slice(1));
    ASSERT_EQ(column.length(), 4) << type->ToString();
    EXPECT_EQ(column[0], "a");
    EXPECT_TRUE(column.IsNull(1));
    EXPECT_FALSE(column.IsNull(2));
    EXPECT_EQ(column[2], "");
    EXPECT_EQ(column[3], "longer than twelve bytes");
  }
}

}  // namespace
}  // namespace thalweg::columnar
