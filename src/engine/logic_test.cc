#include "engine/logic.h"

#include <arrow/api.h>

#include <random>

#include "engine/expression.h"
#include "testing/status_matchers.h"

namespace thalweg::engine {
namespace {

using ::testing::ElementsAre;
using thalweg::testing::IsOk;
using thalweg::testing::StatusIs;

std::shared_ptr<arrow::Array> Booleans(const std::string& text) {
  arrow::BooleanBuilder builder;
  for (const char c : text) {
    EXPECT_TRUE((c == '?' ? builder.AppendNull() : builder.Append(c == '1')).ok());
  }
  return *builder.Finish();
}

std::shared_ptr<arrow::Array> Numbers(const std::vector<std::optional<int64_t>>& values) {
  arrow::Int64Builder builder;
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

std::string Shown(const ArrayPtr& array) {
  std::string out;
  const auto& values = static_cast<const arrow::BooleanArray&>(*array);
  for (int64_t i = 0; i < values.length(); ++i) {
    out += values.IsNull(i) ? '?' : (values.Value(i) ? '1' : '0');
  }
  return out;
}

std::shared_ptr<arrow::RecordBatch> Batch(const arrow::ArrayVector& columns) {
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("c", column->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), columns[0]->length(), columns);
}

ExpressionPtr Column(int index, const TypePtr& type = arrow::boolean()) {
  return MakeColumn(index, std::string("c").append(std::to_string(index)), type);
}

/// Doubles a BIGINT; fails for 13.
ExpressionPtr Doubled(ExpressionPtr argument) {
  BoundScalar function{
      {arrow::int64()},
      arrow::int64(),
      RowKernel<int64_t, int64_t>(arrow::int64(), [](int64_t v) -> Result<int64_t> {
        if (v == 13) return Status::InvalidArgument("thirteen");
        return v * 2;
      })};
  return MakeCall("doubled", std::move(function), {std::move(argument)});
}

/// value = 26; fails where the value is 13.
ExpressionPtr Is26(ExpressionPtr argument) {
  BoundScalar function{
      {arrow::int64()}, arrow::boolean(), RowKernel<bool, int64_t>(arrow::boolean(), [](int64_t v) {
        return v == 26;
      })};
  return MakeCall("is26", std::move(function), {Doubled(std::move(argument))});
}

ArrayPtr Evaluated(const ExpressionPtr& expression,
                   const std::shared_ptr<arrow::RecordBatch>& batch) {
  Result<arrow::Datum> answer = expression->Evaluate(*batch, {});
  EXPECT_THAT(answer, IsOk());
  if (!answer.ok()) return nullptr;
  Result<ArrayPtr> array = ToArray(*answer, batch->num_rows());
  EXPECT_TRUE((*array)->ValidateFull().ok());
  return *array;
}

TEST(LogicTest, IsThreeValued) {
  const auto batch = Batch({Booleans("111000???"), Booleans("10?10?10?")});
  EXPECT_EQ(Shown(Evaluated(MakeAnd({Column(0), Column(1)}), batch)), "10?000?0?");
  EXPECT_EQ(Shown(Evaluated(MakeOr({Column(0), Column(1)}), batch)), "11110?1??");
  EXPECT_EQ(Shown(Evaluated(MakeNot(Column(0)), batch)), "000111???");
}

TEST(LogicTest, AgreesWithASimpleModelAtEverySize) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const int rows : {1, 7, 63, 64, 65, 127, 128, 200}) {
    std::string texts[3];
    for (std::string& text : texts) {
      for (int i = 0; i < rows + 3; ++i) text += "01?"[random() % 3];
    }
    std::string both;
    std::string either;
    for (int i = 3; i < rows + 3; ++i) {
      const auto any = [&](char c) {
        return texts[0][static_cast<size_t>(i)] == c || texts[1][static_cast<size_t>(i)] == c ||
               texts[2][static_cast<size_t>(i)] == c;
      };
      both += any('0') ? '0' : (any('?') ? '?' : '1');
      either += any('1') ? '1' : (any('?') ? '?' : '0');
    }
    const auto batch =
        Batch({Booleans(texts[0]), Booleans(texts[1]), Booleans(texts[2])})->Slice(3);
    EXPECT_EQ(Shown(Evaluated(MakeAnd({Column(0), Column(1), Column(2)}), batch)), both);
    EXPECT_EQ(Shown(Evaluated(MakeOr({Column(0), Column(1), Column(2)}), batch)), either);
  }
}

TEST(LogicTest, DoesNotEvaluateSettledRows) {
  const auto batch = Batch({Booleans("0101"), Numbers({13, 13, 5, 13})});
  EXPECT_THAT(MakeAnd({Column(0), Is26(Column(1, arrow::int64()))})->Evaluate(*batch, {}),
              StatusIs(StatusCode::kInvalidArgument));
  const auto good = Batch({Booleans("0?01"), Numbers({13, 5, 13, 5})});
  EXPECT_EQ(Shown(Evaluated(MakeAnd({Column(0), Is26(Column(1, arrow::int64()))}), good)), "0000");
  const auto either = Batch({Booleans("1010"), Numbers({13, 5, 13, 5})});
  EXPECT_EQ(Shown(Evaluated(MakeOr({Column(0), Is26(Column(1, arrow::int64()))}), either)), "1010");
}

TEST(LogicTest, FoldsConstants) {
  const auto literal = [](bool value) {
    return MakeLiteral(std::make_shared<arrow::BooleanScalar>(value));
  };
  EXPECT_EQ(MakeAnd({literal(false), Column(0)})->ToString(), "false");
  EXPECT_EQ(MakeAnd({literal(true), Column(0)})->ToString(), "c0");
  EXPECT_EQ(MakeOr({literal(true), Column(0)})->ToString(), "true");
  EXPECT_EQ(MakeNot(literal(true))->ToString(), "false");
  EXPECT_EQ(MakeAnd({})->ToString(), "true");
}

TEST(CaseTest, EvaluatesABranchOnlyForItsRows) {
  const auto batch = Batch({Booleans("10?1"), Numbers({1, 13, 13, {}})});
  const ExpressionPtr expression =
      MakeCase({{Column(0), Doubled(Column(1, arrow::int64()))}},
               MakeLiteral(std::make_shared<arrow::Int64Scalar>(-1)), arrow::int64());
  EXPECT_TRUE(Evaluated(expression, batch)->Equals(*Numbers({2, -1, -1, {}})));
  const ExpressionPtr no_else =
      MakeCase({{Column(0), Doubled(Column(1, arrow::int64()))}}, nullptr, arrow::int64());
  EXPECT_TRUE(Evaluated(no_else, batch)->Equals(*Numbers({2, {}, {}, {}})));
}

TEST(CaseTest, MergesTextOfAnyLayoutAndNestedValues) {
  arrow::StringViewBuilder views;
  for (const std::string text : {"a text beyond twelve bytes", "b", "c"}) {
    ASSERT_TRUE(views.Append(text).ok());
  }
  const auto batch = Batch({Booleans("101"), *views.Finish()});
  const ExpressionPtr text =
      MakeCase({{Column(0), Column(1, arrow::utf8_view())}},
               MakeLiteral(std::make_shared<arrow::StringScalar>("else")), arrow::utf8());
  const ArrayPtr answer = Evaluated(text, batch);
  EXPECT_EQ(answer->ToString(), R"([
  "a text beyond twelve bytes",
  "else",
  "c"
])");
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  for (int64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(lists.Append().ok());
    ASSERT_TRUE(static_cast<arrow::Int64Builder*>(lists.value_builder())->Append(i).ok());
  }
  const auto nested = Batch({Booleans("101"), *lists.Finish()});
  const TypePtr type = arrow::list(arrow::int64());
  const ArrayPtr merged =
      Evaluated(MakeCase({{Column(0), Column(1, type)}}, nullptr, type), nested);
  EXPECT_EQ(merged->null_count(), 1);
  EXPECT_TRUE(merged->IsNull(1));
}

TEST(CoalesceTest, StopsWhereAValueStands) {
  const auto batch = Batch({Numbers({1, {}, {}}), Numbers({13, 4, {}})});
  const TypePtr type = arrow::int64();
  const ExpressionPtr expression = MakeCoalesce({Column(0, type), Doubled(Column(1, type))}, type);
  EXPECT_TRUE(Evaluated(expression, batch)->Equals(*Numbers({1, 8, {}})));
}

TEST(InListTest, IsThreeValued) {
  const auto batch = Batch({Numbers({1, 2, 3, {}})});
  const auto list = [](std::vector<int64_t> values) {
    std::vector<std::shared_ptr<arrow::Scalar>> out;
    for (const int64_t v : values) out.push_back(std::make_shared<arrow::Int64Scalar>(v));
    return out;
  };
  const ExpressionPtr column = Column(0, arrow::int64());
  EXPECT_EQ(Shown(Evaluated(MakeInList(column, list({1, 3}), false), batch)), "101?");
  EXPECT_EQ(Shown(Evaluated(MakeInList(column, list({1, 3}), true), batch)), "1?1?");
  std::vector<int64_t> many;
  for (int64_t i = 2; i < 100; ++i) many.push_back(i);
  EXPECT_EQ(Shown(Evaluated(MakeInList(column, list(many), false), batch)), "011?");
}

TEST(InListTest, KnowsTextAndReals) {
  arrow::StringBuilder texts;
  ASSERT_TRUE(texts.AppendValues({"a", "bb", "", "é"}).ok());
  const auto batch = Batch({*texts.Finish()});
  std::vector<std::shared_ptr<arrow::Scalar>> list = {std::make_shared<arrow::StringScalar>("é"),
                                                      std::make_shared<arrow::StringScalar>("")};
  EXPECT_EQ(Shown(Evaluated(MakeInList(Column(0, arrow::utf8()), list, false), batch)), "0011");
  arrow::DoubleBuilder reals;
  ASSERT_TRUE(reals.AppendValues({-0.0, std::nan(""), 1.5}).ok());
  list = {std::make_shared<arrow::DoubleScalar>(0.0),
          std::make_shared<arrow::DoubleScalar>(-std::nan(""))};
  EXPECT_EQ(Shown(Evaluated(MakeInList(Column(0, arrow::float64()), list, false),
                            Batch({*reals.Finish()}))),
            "110");
}

TEST(EvaluateRowsTest, FindsEachFailingRow) {
  std::vector<std::optional<int64_t>> values(5000, 1);
  for (const size_t row : {0U, 17U, 18U, 4999U}) values[row] = 13;
  std::vector<RowError> errors;
  const ExpressionPtr expression = Doubled(Column(0, arrow::int64()));
  Result<ArrayPtr> answer = EvaluateRows(*expression, *Batch({Numbers(values)}), {}, &errors);
  ASSERT_THAT(answer, IsOk());
  std::vector<int64_t> rows;
  for (const RowError& error : errors) {
    rows.push_back(error.row);
    EXPECT_EQ(error.reason, "thirteen");
  }
  EXPECT_THAT(rows, ElementsAre(0, 17, 18, 4999));
  EXPECT_EQ((*answer)->length(), 5000);
  EXPECT_EQ((*answer)->null_count(), 4);
}

TEST(EvaluateRowsTest, ReturnsOtherFailures) {
  BoundScalar function{
      {arrow::int64()},
      arrow::int64(),
      [](std::span<const arrow::Datum>, int64_t, const EvalContext&) -> Result<arrow::Datum> {
        return Status::Cancelled("stop");
      }};
  const ExpressionPtr call = MakeCall("f", function, {Column(0, arrow::int64())});
  std::vector<RowError> errors;
  EXPECT_THAT(EvaluateRows(*call, *Batch({Numbers({1, 2})}), {}, &errors),
              StatusIs(StatusCode::kCancelled));
}

}  // namespace
}  // namespace thalweg::engine
