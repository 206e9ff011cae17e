#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>

#include <cmath>
#include <random>
#include <string>

#include "columnar/gather.h"
#include "engine/registry.h"
#include "testing/status_matchers.h"

namespace thalweg::functions {
void RegisterAll(engine::Registry& registry);
namespace {

using columnar::ArrayPtr;
using columnar::TypePtr;
using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

const engine::Registry& Builtin() {
  static const engine::Registry* registry = [] {
    (void)arrow::compute::Initialize();
    auto* made = new engine::Registry();
    RegisterAll(*made);
    return made;
  }();
  return *registry;
}

ArrayPtr FromJson(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

Result<engine::BoundAggregate> Bind(const std::string& name, const std::vector<arrow::Datum>& of,
                                    bool distinct = false) {
  std::vector<engine::BindArgument> arguments;
  for (const arrow::Datum& datum : of) {
    arguments.push_back({datum.type(), datum.is_scalar() ? datum.scalar() : nullptr});
  }
  return Builtin().FindAggregate(name)->bind(arguments, distinct);
}

/// As the binder does: arguments are cast to the parameters.
std::vector<arrow::Datum> Casted(const engine::BoundAggregate& bound,
                                 std::vector<arrow::Datum> of) {
  for (size_t i = 0; i < of.size(); ++i) {
    if (!of[i].type()->Equals(*bound.parameters[i])) {
      of[i] = arrow::compute::Cast(of[i], bound.parameters[i]).ValueOrDie();
    }
  }
  return of;
}

using Groups = std::vector<uint32_t>;

Result<ArrayPtr> Answer(const std::string& name, std::vector<arrow::Datum> of, const Groups& groups,
                        int64_t num_groups, bool distinct = false) {
  THALWEG_ASSIGN_OR_RETURN(const engine::BoundAggregate bound, Bind(name, of, distinct));
  const auto aggregate = bound.make();
  THALWEG_RETURN_IF_ERROR(aggregate->Resize(num_groups));
  THALWEG_RETURN_IF_ERROR(
      aggregate->Update(Casted(bound, of), groups.data(), static_cast<int64_t>(groups.size())));
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr out, aggregate->Finish());
  EXPECT_TRUE(out->type()->Equals(*bound.result))
      << name << ": " << out->type()->ToString() << " is not " << bound.result->ToString();
  EXPECT_TRUE(out->ValidateFull().ok()) << out->ValidateFull().ToString();
  return out;
}

struct Case {
  std::string name;
  TypePtr type;
  std::string json;  // Six rows in groups 0, 1, 0, 1, 0, 2.
  TypePtr result;
  std::string expected;  // Groups 0, 1, 2, and 3, which has no row.
  bool distinct = false;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name << ' ' << c.type->ToString(); }

class OneArgument : public ::testing::TestWithParam<Case> {};

TEST_P(OneArgument, GivesTheExpected) {
  const Case& c = GetParam();
  ASSERT_OK_AND_ASSIGN(const ArrayPtr out, Answer(c.name, {FromJson(c.type, c.json)},
                                                  {0, 1, 0, 1, 0, 2}, 4, c.distinct));
  const ArrayPtr expected = FromJson(c.result, c.expected);
  EXPECT_TRUE(out->Equals(expected, arrow::EqualOptions().nans_equal(true)))
      << out->ToString() << " is not " << expected->ToString();
}

const TypePtr kHuge = arrow::decimal128(38, 0);
const std::string kInts = "[1, 10, null, 20, 4, null]";

INSTANTIATE_TEST_SUITE_P(
    Totals, OneArgument,
    ::testing::Values(
        Case{"count", arrow::int32(), kInts, arrow::int64(), "[2, 2, 0, 0]"},
        Case{"count", arrow::utf8(), R"(["a", "b", null, "", "a", null])", arrow::int64(),
             "[2, 2, 0, 0]"},
        Case{"count", arrow::utf8(), R"(["a", "b", "a", "", "a", null])", arrow::int64(),
             "[1, 2, 0, 0]", true},
        Case{"count_distinct", arrow::float64(), "[1, 2, 1, 3, 5, 1]", arrow::int64(),
             "[2, 2, 1, 0]"},
        Case{"sum", arrow::int32(), kInts, kHuge, R"(["5", "30", null, null])"},
        Case{"sum", arrow::int8(), kInts, kHuge, R"(["5", "30", null, null])"},
        Case{"sum", arrow::int64(),
             "[9223372036854775807, -9223372036854775808, 9223372036854775807, -1, 1, null]", kHuge,
             R"(["18446744073709551615", "-9223372036854775809", null, null])"},
        Case{"sum", arrow::uint64(), "[18446744073709551615, 1, 18446744073709551615, 2, 1, null]",
             kHuge, R"(["36893488147419103231", "3", null, null])"},
        Case{"sum", arrow::decimal128(10, 2), R"(["0.10", "1.25", "0.20", null, "0.30", "-5.00"])",
             arrow::decimal128(38, 2), R"(["0.60", "1.25", "-5.00", null])"},
        Case{"sum", arrow::decimal128(30, 2), R"(["0.10", "1.25", "0.20", null, "0.30", "-5.00"])",
             arrow::decimal128(38, 2), R"(["0.60", "1.25", "-5.00", null])"},
        Case{"sum", arrow::float64(), "[0.5, 1.5, null, 2, 4, null]", arrow::float64(),
             "[4.5, 3.5, null, null]"},
        Case{"sum", arrow::float32(), "[0.5, 1.5, null, 2, 4, null]", arrow::float64(),
             "[4.5, 3.5, null, null]"},
        Case{"sum", arrow::int32(), "[4, 10, null, 10, 4, null]", kHuge,
             R"(["4", "10", null, null])", true},
        Case{"avg", arrow::int64(), kInts, arrow::float64(), "[2.5, 15, null, null]"},
        Case{"avg", arrow::decimal128(4, 1), R"(["0.1", "1.0", "0.2", null, "0.3", "-5.0"])",
             arrow::float64(), "[0.2, 1, -5, null]"},
        Case{"avg", arrow::float64(), "[1, 10, null, 20, 4, NaN]", arrow::float64(),
             "[2.5, 15, NaN, null]"},
        Case{"count_if", arrow::boolean(), "[true, false, true, true, null, null]", arrow::int64(),
             "[2, 1, 0, 0]"},
        Case{"bool_and", arrow::boolean(), "[true, false, true, true, null, null]",
             arrow::boolean(), "[true, false, null, null]"},
        Case{"bool_or", arrow::boolean(), "[false, false, false, true, null, null]",
             arrow::boolean(), "[false, true, null, null]"}));

INSTANTIATE_TEST_SUITE_P(
    Extremes, OneArgument,
    ::testing::Values(
        Case{"min", arrow::int32(), kInts, arrow::int32(), "[1, 10, null, null]"},
        Case{"max", arrow::int32(), kInts, arrow::int32(), "[4, 20, null, null]"},
        Case{"min", arrow::uint8(), "[200, 255, 0, 254, 4, null]", arrow::uint8(),
             "[0, 254, null, null]"},
        Case{"max", arrow::int64(), "[-9223372036854775808, -5, null, -6, null, -1]",
             arrow::int64(), "[-9223372036854775808, -5, -1, null]"},
        Case{"min", arrow::float64(), "[NaN, NaN, 3, NaN, 4, Inf]", arrow::float64(),
             "[3, NaN, Inf, null]"},
        Case{"max", arrow::float64(), "[NaN, -3, 3, -Inf, 4, -Inf]", arrow::float64(),
             "[NaN, -3, -Inf, null]"},
        Case{"min", arrow::boolean(), "[true, true, false, true, null, null]", arrow::boolean(),
             "[false, true, null, null]"},
        Case{"min", arrow::date32(), kInts, arrow::date32(), "[1, 10, null, null]"},
        Case{"max", arrow::timestamp(arrow::TimeUnit::MICRO), kInts,
             arrow::timestamp(arrow::TimeUnit::MICRO), "[4, 20, null, null]"},
        Case{"min", arrow::decimal128(4, 1), R"(["0.1", "1.0", "-0.2", null, "0.3", "-5.0"])",
             arrow::decimal128(4, 1), R"(["-0.2", "1.0", "-5.0", null])"},
        Case{"max", arrow::decimal128(38, 1), R"(["0.1", "1.0", "-0.2", null, "0.3", "-5.0"])",
             arrow::decimal128(38, 1), R"(["0.3", "1.0", "-5.0", null])"},
        Case{"min", arrow::utf8_view(),
             R"(["b", "zz", "", "longer than twelve bytes", null, null])", arrow::utf8(),
             R"(["", "longer than twelve bytes", null, null])"},
        Case{"max", arrow::utf8(), R"(["b", "zz", "", "é", null, "x"])", arrow::utf8(),
             R"(["b", "é", "x", null])"},
        Case{"delta", arrow::int32(), kInts, arrow::int64(), "[3, 10, null, null]"},
        Case{"delta", arrow::decimal128(4, 1), R"(["0.1", "1.0", "-0.2", null, "0.3", "-5.0"])",
             arrow::decimal128(38, 1), R"(["0.5", "0.0", "0.0", null])"}));

INSTANTIATE_TEST_SUITE_P(
    Statistics, OneArgument,
    ::testing::Values(Case{"var_pop", arrow::int32(), "[1, 5, 3, 5, 5, 7]", arrow::float64(),
                           "[2.6666666666666665, 0, 0, null]"},
                      Case{"variance", arrow::int32(), "[1, 5, 3, 5, 5, 7]", arrow::float64(),
                           "[4, 0, null, null]"},
                      Case{"stddev", arrow::float64(), "[1, 5, 3, 5, 5, 7]", arrow::float64(),
                           "[2, 0, null, null]"},
                      Case{"stddev_pop", arrow::int32(), "[1, 5, 3, 7, null, 7]", arrow::float64(),
                           "[1, 1, 0, null]"},
                      Case{"median", arrow::int32(), "[1, 4, 9, 5, 2, null]", arrow::float64(),
                           "[2, 4.5, null, null]"},
                      Case{"median", arrow::decimal128(4, 1),
                           R"(["1.0", "1.0", "3.0", "1.1", "2.0", null])", arrow::decimal128(4, 1),
                           R"(["2.0", "1.0", null, null])"},
                      Case{"median", arrow::utf8(), R"(["b", "zz", "a", "y", "c", null])",
                           arrow::utf8(), R"(["b", "y", null, null])"},
                      Case{"mode", arrow::utf8(), R"(["b", "zz", "a", "y", "a", null])",
                           arrow::utf8(), R"(["a", "zz", null, null])"},
                      Case{"string_agg", arrow::utf8(), R"(["b", "", "a", "y", null, null])",
                           arrow::utf8(), R"(["b,a", ",y", null, null])"},
                      Case{"group_concat", arrow::utf8_view(), R"(["b", "", "b", "y", "a", null])",
                           arrow::utf8(), R"(["b,a", ",y", null, null])", true},
                      Case{"list", arrow::int32(), kInts, arrow::list(arrow::int32()),
                           "[[1, null, 4], [10, 20], [null], null]"},
                      Case{"first", arrow::int32(), "[null, 10, 3, 20, 4, 5]", arrow::int32(),
                           "[null, 10, 5, null]"},
                      Case{"last", arrow::utf8_view(), R"(["a", "b", "c", "d", null, "e"])",
                           arrow::utf8(), R"([null, "d", "e", null])"},
                      Case{"any_value", arrow::int32(), "[null, 10, 3, 20, 4, null]",
                           arrow::int32(), "[3, 10, null, null]"},
                      Case{"approx_count_distinct", arrow::utf8(),
                           R"(["a", "b", "a", "", "a", null])", arrow::int64(), "[1, 2, 0, 0]"}));

TEST(Aggregates, PairsWithoutNulls) {
  const ArrayPtr y = FromJson(arrow::float64(), "[1, 2, 4, null, 5, 3]");
  const ArrayPtr x = FromJson(arrow::int32(), "[1, 2, 3, 9, null, 5]");
  const Groups groups = {0, 0, 0, 0, 0, 1};
  const auto one = [&](const std::string& name, const TypePtr& type, const std::string& expected) {
    ASSERT_OK_AND_ASSIGN(const ArrayPtr out, Answer(name, {y, x}, groups, 3));
    EXPECT_TRUE(out->ApproxEquals(FromJson(type, expected),
                                  arrow::EqualOptions().nans_equal(true).atol(1e-12)))
        << name << out->ToString();
  };
  one("regr_count", arrow::int64(), "[3, 1, 0]");
  one("covar_pop", arrow::float64(), "[1, 0, null]");
  one("covar_samp", arrow::float64(), "[1.5, null, null]");
  one("corr", arrow::float64(), "[0.9819805060619657, NaN, null]");
  one("regr_slope", arrow::float64(), "[1.5, NaN, null]");
  one("regr_intercept", arrow::float64(), "[-0.6666666666666666, NaN, null]");
  one("regr_r2", arrow::float64(), "[0.9642857142857142, null, null]");
  one("regr_avgx", arrow::float64(), "[2, 5, null]");
  one("regr_avgy", arrow::float64(), "[2.3333333333333335, 3, null]");
  one("regr_sxx", arrow::float64(), "[2, 0, null]");
  one("regr_sxy", arrow::float64(), "[3, 0, null]");
}

TEST(Aggregates, ArgMinTakesTheFirstOfEquals) {
  const ArrayPtr value = FromJson(arrow::utf8_view(), R"(["a", "b", "c", null, "e"])");
  const ArrayPtr by = FromJson(arrow::float64(), "[3, 1, 1, 0, null]");
  ASSERT_OK_AND_ASSIGN(const ArrayPtr least, Answer("arg_min", {value, by}, {0, 0, 0, 0, 0}, 2));
  EXPECT_TRUE(least->Equals(FromJson(arrow::utf8(), R"(["b", null])")));
  ASSERT_OK_AND_ASSIGN(const ArrayPtr most, Answer("max_by", {value, value}, {0, 0, 0, 0, 1}, 2));
  EXPECT_TRUE(most->Equals(FromJson(arrow::utf8(), R"(["c", "e"])")));
}

TEST(Aggregates, QuantilesAtConstantFractions) {
  const ArrayPtr values = FromJson(arrow::int32(), "[5, 1, 4, 2, 3]");
  const Groups groups = {0, 0, 0, 0, 0};
  const auto at = [&](const std::string& name, double fraction) {
    return Answer(name, {values, arrow::Datum(fraction)}, groups, 1);
  };
  ASSERT_OK_AND_ASSIGN(const ArrayPtr low, at("quantile_cont", 0.1));
  EXPECT_TRUE(low->ApproxEquals(FromJson(arrow::float64(), "[1.4]")));
  ASSERT_OK_AND_ASSIGN(const ArrayPtr disc, at("percentile_disc", 0.5));
  EXPECT_TRUE(disc->Equals(FromJson(arrow::int32(), "[3]")));
  ASSERT_OK_AND_ASSIGN(const ArrayPtr first, at("quantile_disc", 0.0));
  EXPECT_TRUE(first->Equals(FromJson(arrow::int32(), "[1]")));
  ASSERT_OK_AND_ASSIGN(const ArrayPtr last, at("quantile_disc", 1.0));
  EXPECT_TRUE(last->Equals(FromJson(arrow::int32(), "[5]")));
  const arrow::Datum literal(
      std::make_shared<arrow::Decimal128Scalar>(arrow::Decimal128(5), arrow::decimal128(2, 1)));
  ASSERT_OK_AND_ASSIGN(const ArrayPtr half, Answer("quantile_cont", {values, literal}, groups, 1));
  EXPECT_TRUE(half->Equals(FromJson(arrow::float64(), "[3]")));
  EXPECT_THAT(at("quantile_cont", 1.5), StatusIs(StatusCode::kInvalidArgument));
}

TEST(Aggregates, OverflowIsAnError) {
  const ArrayPtr huge = FromJson(
      arrow::decimal128(38, 0),
      R"(["99999999999999999999999999999999999999", "99999999999999999999999999999999999999"])");
  EXPECT_THAT(Answer("sum", {huge}, {0, 0}, 1),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("does not fit HUGEINT")));
  const ArrayPtr cancels = FromJson(
      arrow::decimal128(38, 0),
      R"(["99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"])");
  ASSERT_OK_AND_ASSIGN(const ArrayPtr zero, Answer("sum", {cancels}, {0, 0}, 1));
  EXPECT_TRUE(zero->Equals(FromJson(kHuge, R"(["0"])")));
  const ArrayPtr wide = FromJson(arrow::int64(), "[9223372036854775807, -1]");
  EXPECT_THAT(Answer("delta", {wide}, {0, 0}, 1), StatusIs(StatusCode::kInvalidArgument));
}

TEST(Aggregates, RefuseWhatTheyCannotTake) {
  const ArrayPtr text = FromJson(arrow::utf8(), R"(["a"])");
  const ArrayPtr list = FromJson(arrow::list(arrow::int32()), "[[1]]");
  EXPECT_THAT(Bind("sum", {text}),
              StatusIs(StatusCode::kInvalidArgument, "sum: takes (numeric): got (VARCHAR)"));
  EXPECT_THAT(Bind("avg", {}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Bind("min", {list}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Bind("corr", {text, text}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Bind("count", {}, true), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Bind("string_agg", {text, text}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Bind("quantile_cont", {text, arrow::Datum(0.5)}),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST(Aggregates, CountsStarAndConstants) {
  ASSERT_OK_AND_ASSIGN(const ArrayPtr star, Answer("count", {}, {0, 1, 0}, 2));
  EXPECT_TRUE(star->Equals(FromJson(arrow::int64(), "[2, 1]")));
  ASSERT_OK_AND_ASSIGN(const ArrayPtr ones,
                       Answer("sum", {arrow::Datum(int32_t{3})}, {0, 1, 0}, 2));
  EXPECT_TRUE(ones->Equals(FromJson(kHuge, R"(["6", "3"])")));
  ASSERT_OK_AND_ASSIGN(
      const ArrayPtr none,
      Answer("count", {arrow::Datum(arrow::MakeNullScalar(arrow::int32()))}, {0, 1, 0}, 2));
  EXPECT_TRUE(none->Equals(FromJson(arrow::int64(), "[0, 0]")));
}

TEST(Aggregates, EstimatesDistinctWithinThreePercent) {
  for (const int64_t distinct : {100, 1000, 5000, 20'000, 300'000}) {
    arrow::Int64Builder builder;
    for (int64_t i = 0; i < distinct; ++i) ASSERT_TRUE(builder.Append(i * 7).ok());
    const ArrayPtr values = builder.Finish().ValueOrDie();
    ASSERT_OK_AND_ASSIGN(const ArrayPtr out, Answer("approx_count_distinct", {values},
                                                    Groups(static_cast<size_t>(distinct), 0), 1));
    const auto estimate = static_cast<double>(static_cast<const arrow::Int64Array&>(*out).Value(0));
    EXPECT_NEAR(estimate / static_cast<double>(distinct), 1, 0.05);
  }
}

/// Random rows for a parameter; doubles hold small integers, so that no order of adding matters.
ArrayPtr RandomValues(const TypePtr& type, int64_t rows, std::mt19937_64& random) {
  arrow::DoubleBuilder builder;
  for (int64_t i = 0; i < rows; ++i) {
    const auto value = static_cast<double>(static_cast<int64_t>(random() % 50) - 10);
    const bool null = random() % 8 == 0;
    EXPECT_TRUE((null ? builder.AppendNull() : builder.Append(value)).ok());
  }
  const ArrayPtr numbers = builder.Finish().ValueOrDie();
  if (type->id() == arrow::Type::BOOL) {
    return arrow::compute::Cast(*numbers, arrow::boolean()).ValueOrDie();
  }
  return arrow::compute::Cast(*numbers, type).ValueOrDie();
}

/// A state that was merged out of parts answers as one that saw all rows.
TEST(Aggregates, MergedPartsEqualTheWhole) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::tuple<std::string, std::vector<TypePtr>, bool>> cases = {
      {"count", {}, false},
      {"count", {arrow::int32()}, false},
      {"count", {arrow::int32()}, true},
      {"count", {arrow::utf8()}, true},
      {"sum", {arrow::int32()}, false},
      {"sum", {arrow::int64()}, true},
      {"sum", {arrow::float64()}, false},
      {"avg", {arrow::float64()}, false},
      {"avg", {arrow::int64()}, false},
      {"min", {arrow::float64()}, false},
      {"max", {arrow::utf8()}, false},
      {"min", {arrow::int16()}, false},
      {"bool_and", {arrow::boolean()}, false},
      {"bool_or", {arrow::boolean()}, false},
      {"delta", {arrow::int64()}, false},
      {"median", {arrow::float64()}, false},
      {"median", {arrow::utf8()}, false},
      {"mode", {arrow::int32()}, false},
      {"first", {arrow::int32()}, false},
      {"last", {arrow::utf8()}, false},
      {"any_value", {arrow::float64()}, false},
      {"list", {arrow::int32()}, false},
      {"string_agg", {arrow::utf8()}, false},
      {"string_agg", {arrow::utf8()}, true},
      {"arg_min", {arrow::utf8(), arrow::int32()}, false},
      {"arg_max", {arrow::int32(), arrow::utf8()}, false},
      {"approx_count_distinct", {arrow::int32()}, false},
      {"var_samp", {arrow::float64()}, false},
      {"corr", {arrow::float64(), arrow::float64()}, false},
      {"regr_slope", {arrow::float64(), arrow::float64()}, false}};
  for (const auto& [name, types, distinct] : cases) {
    SCOPED_TRACE(name);
    constexpr int64_t kRows = 500;
    constexpr uint32_t kGroups = 7;
    std::vector<arrow::Datum> columns;
    for (const TypePtr& type : types) columns.emplace_back(RandomValues(type, kRows, random));
    Groups groups;
    for (int64_t i = 0; i < kRows; ++i) groups.push_back(static_cast<uint32_t>(random() % kGroups));
    ASSERT_OK_AND_ASSIGN(const ArrayPtr whole, Answer(name, columns, groups, kGroups, distinct));

    ASSERT_OK_AND_ASSIGN(const engine::BoundAggregate bound, Bind(name, columns, distinct));
    const auto total = bound.make();
    ASSERT_OK(total->Resize(kGroups));
    for (int64_t begin = 0; begin < kRows;) {
      const int64_t length =
          std::min<int64_t>(1 + static_cast<int64_t>(random() % 200), kRows - begin);
      // Groups have other numbers in each part.
      Groups renumbered(kGroups);
      for (uint32_t i = 0; i < kGroups; ++i) renumbered[i] = (i + 3) % kGroups;
      Groups back(kGroups);
      for (uint32_t i = 0; i < kGroups; ++i) back[renumbered[i]] = i;
      Groups of_part;
      for (int64_t i = begin; i < begin + length; ++i) {
        of_part.push_back(renumbered[groups[static_cast<size_t>(i)]]);
      }
      std::vector<arrow::Datum> slices;
      for (const arrow::Datum& column : columns) {
        slices.emplace_back(column.make_array()->Slice(begin, length));
      }
      const auto part = bound.make();
      ASSERT_OK(part->Resize(kGroups));
      ASSERT_OK(part->Update(Casted(bound, slices), of_part.data(), length));
      EXPECT_GE(part->ByteSize(), 0);
      ASSERT_OK(total->Merge(*part, back.data(), kGroups));
      begin += length;
    }
    ASSERT_OK_AND_ASSIGN(const ArrayPtr merged, total->Finish());
    EXPECT_TRUE(merged->ApproxEquals(*whole, arrow::EqualOptions().nans_equal(true).atol(1e-9)))
        << merged->ToString() << whole->ToString();
  }
}

/// Without groups all rows belong to group 0, in the fast loops too.
TEST(Aggregates, WithoutGroupsIsOneGroup) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const std::string name : {"count", "sum", "avg", "min", "max", "list", "first", "last",
                                 "mode", "median", "var_pop", "approx_count_distinct"}) {
    SCOPED_TRACE(name);
    const ArrayPtr column = RandomValues(arrow::int64(), 100, random);
    ASSERT_OK_AND_ASSIGN(const ArrayPtr whole, Answer(name, {column}, Groups(100, 0), 1));
    ASSERT_OK_AND_ASSIGN(const engine::BoundAggregate bound, Bind(name, {column}));
    const auto aggregate = bound.make();
    ASSERT_OK(aggregate->Resize(1));
    ASSERT_OK(aggregate->Update(Casted(bound, {column}), nullptr, 100));
    ASSERT_OK_AND_ASSIGN(const ArrayPtr out, aggregate->Finish());
    EXPECT_TRUE(out->Equals(whole)) << out->ToString() << whole->ToString();
  }
}

}  // namespace
}  // namespace thalweg::functions
