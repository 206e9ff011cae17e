#include <map>
#include <random>

#include "operators/operator_test_support.h"

namespace thalweg::operators::harness {
namespace {

/// Deals the batches to `lanes` in turn, as the driver does, and merges at the end.
Status Aggregated(const engine::AggregateParameters& parameters, const std::vector<Batch>& batches,
                  size_t lanes, Collector& out) {
  std::vector<std::unique_ptr<engine::Operator>> partials;
  for (size_t i = 0; i < lanes; ++i) partials.push_back(Make("aggregate_partial", parameters));
  for (size_t i = 0; i < batches.size(); ++i) {
    engine::Operator& lane = *partials[(i * 7 + i / 3) % lanes];
    lane.OnChunk(static_cast<int64_t>(i));
    THALWEG_RETURN_IF_ERROR(lane.Push(0, batches[i], out));
    EXPECT_GE(lane.held_bytes(), 0);
  }
  const auto merged = Make("aggregate_final", parameters);
  for (const auto& lane : partials) {
    Collector state;
    THALWEG_RETURN_IF_ERROR(lane->Finish(state));
    EXPECT_EQ(state.batches.size(), 1U);
    THALWEG_RETURN_IF_ERROR(merged->Push(0, state.batches.at(0), out));
  }
  return merged->Finish(out);
}

TEST(Aggregate, GroupsByTextInTheOrderOfFirstRows) {
  const RecordBatchPtr table =
      Table({{"s", FromJson(arrow::utf8_view(), R"(["b", null, "a longer key here", "b", "a", null,
                                                   "a longer key here", "b", "c"])")},
             {"v", FromJson(arrow::int64(), "[1, 2, 3, 4, null, 6, 7, 8, null]")}});
  const engine::AggregateParameters parameters{
      {{"s", Column(0, arrow::utf8_view())}},
      {Aggregate("count", nullptr), Aggregate("sum", Column(1, arrow::int64())),
       Aggregate("min", Column(1, arrow::int64()))}};
  const RecordBatchPtr expected =
      Table({{"s", FromJson(arrow::utf8(), R"(["b", null, "a longer key here", "a", "c"])")},
             {"count", FromJson(arrow::int64(), "[3, 2, 2, 1, 1]")},
             {"sum", FromJson(arrow::decimal128(38, 0), R"(["13", "8", "10", null, null])")},
             {"min", FromJson(arrow::int64(), "[1, 2, 3, null, null]")}});
  for (const int64_t batch_rows : {1, 2, 7, 4096}) {
    for (const size_t lanes : {1U, 2U, 4U}) {
      Collector out;
      ASSERT_OK(Aggregated(parameters, Cut(table, batch_rows), lanes, out));
      EXPECT_TRUE(out.All()->Equals(*expected))
          << batch_rows << " rows, " << lanes << " lanes: " << out.All()->ToString();
    }
  }
}

TEST(Aggregate, WithoutKeysThereIsOneRow) {
  const engine::AggregateParameters parameters{
      {}, {Aggregate("count", nullptr), Aggregate("sum", Column(0, arrow::int64()))}};
  Collector none;
  ASSERT_OK(Aggregated(parameters, {}, 3, none));
  EXPECT_TRUE(none.All()->Equals(*Table({{"count", FromJson(arrow::int64(), "[0]")},
                                         {"sum", FromJson(arrow::decimal128(38, 0), "[null]")}})));
  const RecordBatchPtr table = Table({{"v", FromJson(arrow::int64(), "[1, null, 3]")}});
  for (const size_t lanes : {1U, 4U}) {
    Collector out;
    ASSERT_OK(Aggregated(parameters, Cut(table, 1), lanes, out));
    EXPECT_TRUE(
        out.All()->Equals(*Table({{"count", FromJson(arrow::int64(), "[3]")},
                                  {"sum", FromJson(arrow::decimal128(38, 0), R"(["4"])")}})));
  }
}

TEST(Aggregate, WithKeysAndNoRowsThereIsNone) {
  Collector out;
  ASSERT_OK(
      Aggregated({{{"k", Column(0, arrow::int64())}}, {Aggregate("count", nullptr)}}, {}, 2, out));
  EXPECT_EQ(out.rows(), 0);
}

TEST(Aggregate, DistinctIsAggregationWithoutCalls) {
  const RecordBatchPtr table = Table({{"a", FromJson(arrow::int32(), "[1, 2, 1, null, null, 2]")},
                                      {"b", FromJson(arrow::utf8(), R"(["x", "y", "x", "z", "z",
                                                                       "x"])")}});
  Collector out;
  ASSERT_OK(Aggregated({{{"a", Column(0, arrow::int32())}, {"b", Column(1, arrow::utf8())}}, {}},
                       Cut(table, 2), 2, out));
  EXPECT_TRUE(
      out.All()->Equals(*Table({{"a", FromJson(arrow::int32(), "[1, 2, null, 2]")},
                                {"b", FromJson(arrow::utf8(), R"(["x", "y", "z", "x"])")}})));
}

TEST(Aggregate, FilterLimitsOneCall) {
  const RecordBatchPtr table = Table({{"k", FromJson(arrow::int32(), "[1, 2, 1, 2, 1, 3]")},
                                      {"v", FromJson(arrow::int64(), "[1, 2, 3, 4, null, 6]")}});
  const ExpressionPtr above = Call("greater", arrow::boolean(), {1}, {arrow::Datum(int64_t{2})});
  const engine::AggregateParameters parameters{
      {{"k", Column(0, arrow::int32())}},
      {Aggregate("count", nullptr, false, above), Aggregate("count", nullptr),
       Aggregate("sum", Column(1, arrow::int64()), true, above)}};
  Collector out;
  ASSERT_OK(Aggregated(parameters, Cut(table, 4), 2, out));
  EXPECT_TRUE(out.All()->Equals(
      *Table({{"k", FromJson(arrow::int32(), "[1, 2, 3]")},
              {"count", FromJson(arrow::int64(), "[1, 1, 1]")},
              {"count", FromJson(arrow::int64(), "[3, 2, 1]")},
              {"sum", FromJson(arrow::decimal128(38, 0), R"(["3", "4", "6"])")}})));
}

TEST(Aggregate, RowsWithoutAnAnswerCountNowhere) {
  const RecordBatchPtr table = Table({{"k", FromJson(arrow::int64(), "[1, -99, 1, 2]")},
                                      {"v", FromJson(arrow::int64(), "[1, 2, -99, -99]")}});
  const auto same = [](int column) {
    return Call("add", arrow::int64(), {column}, {arrow::Datum(int64_t{0})});
  };
  for (const int64_t batch_rows : {1, 4}) {
    Collector out;
    ASSERT_OK(
        Aggregated({{{"k", same(0)}}, {Aggregate("count", nullptr), Aggregate("sum", same(1))}},
                   Cut(table, batch_rows), 1, out));
    EXPECT_TRUE(
        out.All()->Equals(*Table({{"k", FromJson(arrow::int64(), "[1]")},
                                  {"count", FromJson(arrow::int64(), "[1]")},
                                  {"sum", FromJson(arrow::decimal128(38, 0), R"(["1"])")}})));
    EXPECT_EQ(out.rejected.size(), 3U);
  }
}

TEST(Aggregate, OverflowEndsTheJob) {
  const RecordBatchPtr table =
      Table({{"v", FromJson(arrow::decimal128(38, 0),
                            R"(["99999999999999999999999999999999999999", "1"])")}});
  Collector out;
  EXPECT_THAT(Aggregated({{}, {Aggregate("sum", Column(0, arrow::decimal128(38, 0)))}},
                         Cut(table, 1), 1, out),
              testing::StatusIs(StatusCode::kInvalidArgument));
}

TEST(Aggregate, RefusesAChangelog) {
  const RecordBatchPtr table =
      Table({{"v", FromJson(arrow::int64(), "[1]")}, {"w", FromJson(arrow::int32(), "[-1]")}});
  Collector out;
  EXPECT_THAT(Aggregated({{}, {Aggregate("sum", Column(0, arrow::int64()))}},
                         {Batch(table).WithWeightColumn(1)}, 1, out),
              testing::StatusIs(StatusCode::kUnsupported));
}

TEST(Aggregate, FinalTakesOnlyStates) {
  const auto merged = Make("aggregate_final", engine::AggregateParameters{});
  Collector out;
  EXPECT_THAT(merged->Push(0, Batch(Table({{"v", FromJson(arrow::uint8(), "[1]")}})), out),
              testing::StatusIs(StatusCode::kInternal));
}

/// Many groups, lanes and sizes against a map.
TEST(Aggregate, AgainstAMap) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  constexpr int64_t kRows = 20'000;
  arrow::StringBuilder keys;
  arrow::Int32Builder more;
  arrow::Int64Builder values;
  struct Group {
    int64_t count = 0;
    int64_t sum = 0;
    int64_t max = INT64_MIN;
  };
  std::map<std::pair<std::string, int32_t>, Group> expected;
  std::vector<std::pair<std::string, int32_t>> order;
  for (int64_t i = 0; i < kRows; ++i) {
    const std::string key(random() % 20, static_cast<char>('a' + random() % 20));
    const auto second = static_cast<int32_t>(random() % 30);
    const auto value = static_cast<int64_t>(random() % 1000);
    ASSERT_TRUE(keys.Append(key).ok() && more.Append(second).ok() && values.Append(value).ok());
    Group& group = expected[{key, second}];
    if (group.count == 0) order.emplace_back(key, second);
    ++group.count;
    group.sum += value;
    group.max = std::max(group.max, value);
  }
  const RecordBatchPtr table = Table({{"a", keys.Finish().ValueOrDie()},
                                      {"b", more.Finish().ValueOrDie()},
                                      {"v", values.Finish().ValueOrDie()}});
  const engine::AggregateParameters parameters{
      {{"a", Column(0, arrow::utf8())}, {"b", Column(1, arrow::int32())}},
      {Aggregate("count", nullptr), Aggregate("avg", Column(2, arrow::int64())),
       Aggregate("max", Column(2, arrow::int64()))}};
  for (const int64_t batch_rows : {1, 7, 4096}) {
    for (const size_t lanes : {1U, 3U}) {
      Collector out;
      ASSERT_OK(Aggregated(parameters, Cut(table, batch_rows), lanes, out));
      const RecordBatchPtr all = out.All();
      ASSERT_EQ(all->num_rows(), static_cast<int64_t>(order.size()));
      const columnar::StringColumn a(all->column(0));
      const auto& b = static_cast<const arrow::Int32Array&>(*all->column(1));
      const auto& count = static_cast<const arrow::Int64Array&>(*all->column(2));
      const auto& avg = static_cast<const arrow::DoubleArray&>(*all->column(3));
      const auto& max = static_cast<const arrow::Int64Array&>(*all->column(4));
      for (size_t i = 0; i < order.size(); ++i) {
        const auto row = static_cast<int64_t>(i);
        ASSERT_EQ(std::pair(std::string(a[row]), b.Value(row)), order[i]);
        const Group& group = expected[order[i]];
        ASSERT_EQ(count.Value(row), group.count);
        ASSERT_EQ(max.Value(row), group.max);
        ASSERT_DOUBLE_EQ(avg.Value(row),
                         static_cast<double>(group.sum) / static_cast<double>(group.count));
      }
    }
  }
}

}  // namespace
}  // namespace thalweg::operators::harness
