#include <random>

#include "operators/operator_test_support.h"

namespace thalweg::operators::harness {
namespace {

RecordBatchPtr Numbers(int64_t rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  arrow::Int64Builder values;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE((random() % 5 == 0 ? values.AppendNull()
                                   : values.Append(static_cast<int64_t>(random() % 100)))
                    .ok());
    EXPECT_TRUE(texts.Append("row number " + std::to_string(i)).ok());
  }
  return Table({{"a", values.Finish().ValueOrDie()}, {"b", texts.Finish().ValueOrDie()}});
}

TEST(Filter, KeepsRowsThatAreTrueAndOnlyThose) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const int64_t limit : {0, 3, 50, 97, 1000}) {
    const RecordBatchPtr table = Numbers(5000, seed);
    const ExpressionPtr predicate = Call("less", arrow::boolean(), {0}, {arrow::Datum(limit)});
    const RecordBatchPtr expected =
        arrow::compute::Filter(
            table, arrow::compute::CallFunction("less", {table->column(0), arrow::Datum(limit)})
                       .ValueOrDie())
            .ValueOrDie()
            .record_batch();
    for (const int64_t batch_rows : {1, 7, 65, 4096}) {
      Collector out;
      ASSERT_OK(
          Drive(*Make("filter", engine::FilterParameters{predicate}), Cut(table, batch_rows), out));
      EXPECT_EQ(out.rows(), expected->num_rows());
      EXPECT_EQ(out.filtered, 5000 - expected->num_rows());
      if (out.rows() > 0) {
        EXPECT_TRUE(out.All()->Equals(*expected));
      }
      for (const Batch& batch : out.batches) EXPECT_GT(batch.num_rows(), 0);
    }
  }
}

TEST(Filter, PassesABatchOnWhereAllRowsAreTrue) {
  const RecordBatchPtr table = Numbers(10, 1);
  const ExpressionPtr predicate = Call("is_valid", arrow::boolean(), {1});
  Collector out;
  ASSERT_OK(Drive(*Make("filter", engine::FilterParameters{predicate}), {Batch(table)}, out));
  ASSERT_EQ(out.batches.size(), 1U);
  EXPECT_EQ(out.batches[0].data(), table);
}

TEST(Filter, CompactsWhereFewSurvive) {
  const RecordBatchPtr table = Table({{"a", FromJson(arrow::int64(), "[1, 2, 3, 4, 5, 6, 7, 8]")}});
  const auto below = [&](int64_t limit) {
    Collector out;
    EXPECT_OK(Drive(*Make("filter", engine::FilterParameters{Call("less", arrow::boolean(), {0},
                                                                  {arrow::Datum(limit)})}),
                    {Batch(table)}, out));
    return out.batches.at(0);
  };
  EXPECT_EQ(below(3).selection(), nullptr);
  EXPECT_NE(below(6).selection(), nullptr);
}

TEST(Filter, RejectsRowsWithoutAnAnswer) {
  const RecordBatchPtr table =
      Table({{"a", FromJson(arrow::int64(), "[1, -99, 3, null, -99, 200]")}});
  const ExpressionPtr predicate = Call("less", arrow::boolean(), {0}, {arrow::Datum(int64_t{100})});
  for (const int64_t batch_rows : {1, 7}) {
    Collector out;
    ASSERT_OK(
        Drive(*Make("filter", engine::FilterParameters{predicate}), Cut(table, batch_rows), out));
    EXPECT_EQ(out.rows(), 2);
    EXPECT_EQ(out.filtered, 2);
    ASSERT_EQ(out.rejected.size(), 2U);
    EXPECT_EQ(out.rejected[0].reason, "no answer for -99");
  }
}

TEST(Filter, ConstantPredicates) {
  const RecordBatchPtr table = Numbers(10, 1);
  const auto with = [&](std::shared_ptr<arrow::Scalar> value) {
    Collector out;
    EXPECT_OK(Drive(*Make("filter", engine::FilterParameters{engine::MakeLiteral(value)}),
                    {Batch(table)}, out));
    return std::pair(out.rows(), out.filtered);
  };
  EXPECT_EQ(with(arrow::MakeScalar(true)), std::pair(int64_t{10}, int64_t{0}));
  EXPECT_EQ(with(arrow::MakeScalar(false)), std::pair(int64_t{0}, int64_t{10}));
  EXPECT_EQ(with(arrow::MakeNullScalar(arrow::boolean())), std::pair(int64_t{0}, int64_t{10}));
}

TEST(Project, PassesBareColumnsWithTheirSelection) {
  const RecordBatchPtr table = Numbers(10, 1);
  const auto rows = std::make_shared<const std::vector<int32_t>>(std::vector<int32_t>{1, 8});
  Collector out;
  ASSERT_OK(Drive(*Make("project", engine::ProjectParameters{{{"y", Column(1, arrow::utf8())},
                                                              {"x", Column(0, arrow::int64())}}}),
                  {Batch(table, rows)}, out));
  ASSERT_EQ(out.batches.size(), 1U);
  EXPECT_EQ(out.batches[0].selection(), rows);
  EXPECT_EQ(out.batches[0].data()->column(0), table->column(1));
  EXPECT_EQ(out.batches[0].schema()->field(0)->name(), "y");
}

TEST(Project, ComputesAndRejects) {
  const RecordBatchPtr table = Table({{"a", FromJson(arrow::int64(), "[1, -99, null, 4, -99]")},
                                      {"b", FromJson(arrow::int64(), "[10, 20, 30, -99, -99]")}});
  const engine::ProjectParameters parameters{
      {{"a1", Call("add", arrow::int64(), {0}, {arrow::Datum(int64_t{1})})},
       {"b", Column(1, arrow::int64())},
       {"b1", Call("add", arrow::int64(), {1}, {arrow::Datum(int64_t{1})})}}};
  for (const int64_t batch_rows : {1, 2, 7}) {
    Collector out;
    ASSERT_OK(Drive(*Make("project", parameters), Cut(table, batch_rows), out));
    EXPECT_TRUE(out.All()->Equals(*Table({{"a1", FromJson(arrow::int64(), "[2, null]")},
                                          {"b", FromJson(arrow::int64(), "[10, 30]")},
                                          {"b1", FromJson(arrow::int64(), "[11, 31]")}})));
    ASSERT_EQ(out.rejected.size(), 3U) << "a row is rejected once";
    EXPECT_EQ(out.filtered, 0);
  }
}

TEST(Project, CarriesTheWeightColumn) {
  const RecordBatchPtr table = Table(
      {{"a", FromJson(arrow::int64(), "[1, 2]")}, {"weight", FromJson(arrow::int32(), "[1, -1]")}});
  Collector out;
  ASSERT_OK(Drive(*Make("project", engine::ProjectParameters{{{"x", Column(0, arrow::int64())}}}),
                  {Batch(table).WithWeightColumn(1)}, out));
  EXPECT_EQ(out.batches.at(0).weight_column(), 1);
  EXPECT_EQ(out.batches.at(0).data()->column(1), table->column(1));
}

TEST(Limit, SkipsAndStops) {
  const RecordBatchPtr table = Numbers(20, 1);
  for (const int64_t batch_rows : {1, 7, 4096}) {
    const auto op = Make("limit", engine::LimitParameters{5, 6});
    Collector out;
    for (const Batch& batch : Cut(table, batch_rows)) {
      if (op->satisfied()) break;
      ASSERT_OK(op->Push(0, batch, out));
    }
    EXPECT_TRUE(op->satisfied());
    EXPECT_TRUE(out.All()->Equals(*table->Slice(6, 5)));
  }
  Collector all;
  const auto op = Make("limit", engine::LimitParameters{-1, 15});
  ASSERT_OK(Drive(*op, Cut(table, 7), all));
  EXPECT_FALSE(op->satisfied());
  EXPECT_EQ(all.rows(), 5);
  EXPECT_EQ(all.filtered, 15);
  EXPECT_TRUE(Make("limit", engine::LimitParameters{0, 3})->satisfied());
}

}  // namespace
}  // namespace thalweg::operators::harness
