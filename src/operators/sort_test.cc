#include <algorithm>
#include <numeric>
#include <random>

#include "engine/ordered_value.h"
#include "operators/operator_test_support.h"

namespace thalweg::operators::harness {
namespace {

/// A row number column behind the others shows that equal rows keep their order.
RecordBatchPtr Numbered(std::vector<std::pair<std::string, ArrayPtr>> columns) {
  arrow::Int64Builder numbers;
  for (int64_t i = 0; i < columns[0].second->length(); ++i) EXPECT_TRUE(numbers.Append(i).ok());
  columns.emplace_back("row", numbers.Finish().ValueOrDie());
  return Table(std::move(columns));
}

std::vector<int64_t> Order(const Collector& out) {
  std::vector<int64_t> order;
  if (out.batches.empty()) return order;
  const RecordBatchPtr all = out.All();
  const auto& rows = static_cast<const arrow::Int64Array&>(*all->column(all->num_columns() - 1));
  for (int64_t i = 0; i < rows.length(); ++i) order.push_back(rows.Value(i));
  return order;
}

std::vector<int64_t> Sorted(const RecordBatchPtr& table, engine::SortParameters parameters,
                            int64_t batch_rows = 7) {
  Collector out;
  EXPECT_OK(Drive(*Make("sort", parameters), Cut(table, batch_rows), out));
  EXPECT_EQ(out.rows() + out.filtered, table->num_rows());
  return Order(out);
}

using Rows = std::vector<int64_t>;

TEST(Sort, NullsStandWhereTheyAreWanted) {
  const RecordBatchPtr table = Numbered({{"a", FromJson(arrow::int32(), "[3, null, 1, 2, null]")}});
  const auto key = [&](bool descending, bool nulls_first) {
    return engine::SortParameters{{{Column(0, arrow::int32()), descending, nulls_first}}};
  };
  EXPECT_EQ(Sorted(table, key(false, false)), (Rows{2, 3, 0, 1, 4}));
  EXPECT_EQ(Sorted(table, key(false, true)), (Rows{1, 4, 2, 3, 0}));
  EXPECT_EQ(Sorted(table, key(true, false)), (Rows{0, 3, 2, 1, 4}));
  EXPECT_EQ(Sorted(table, key(true, true)), (Rows{1, 4, 0, 3, 2}));
}

TEST(Sort, OrdersEachTypeByItsValues) {
  const auto order = [&](const TypePtr& type, const std::string& json) {
    return Sorted(Numbered({{"a", FromJson(type, json)}}), {{{Column(0, type), false, false}}});
  };
  EXPECT_EQ(order(arrow::int64(), "[0, -9223372036854775808, 9223372036854775807, -1]"),
            (Rows{1, 3, 0, 2}));
  EXPECT_EQ(order(arrow::uint64(), "[0, 18446744073709551615, 9223372036854775808]"),
            (Rows{0, 2, 1}));
  EXPECT_EQ(order(arrow::float64(), "[NaN, 1.5, -0.0, 0.0, -Inf, Inf, -1]"),
            (Rows{4, 6, 2, 3, 1, 5, 0}));
  EXPECT_EQ(order(arrow::boolean(), "[true, false, true]"), (Rows{1, 0, 2}));
  EXPECT_EQ(order(arrow::decimal128(38, 2), R"(["1.00", "-99999999999999999999.00", "0.50"])"),
            (Rows{1, 2, 0}));
  EXPECT_EQ(order(arrow::decimal128(5, 2), R"(["1.00", "-9.00", "0.50"])"), (Rows{1, 2, 0}));
  EXPECT_EQ(order(arrow::utf8(),
                  R"(["b", "", "a longer text, number 2", "a longer text, number 1", "a", "é"])"),
            (Rows{1, 4, 3, 2, 0, 5}));
  EXPECT_EQ(order(arrow::utf8(), R"(["a\u0000", "a", "a\u0000b"])"), (Rows{1, 0, 2}));
  EXPECT_EQ(order(arrow::list(arrow::int32()), "[[2], [1, 5], [1], [], [1, null]]"),
            (Rows{3, 2, 1, 4, 0}));
  EXPECT_EQ(order(arrow::month_day_nano_interval(), "[[1, 0, 0], [0, 29, 0], [0, 31, 0]]"),
            (Rows{1, 0, 2}));
}

ArrayPtr RandomColumn(const TypePtr& type, int64_t rows, uint64_t range, std::mt19937_64& random) {
  std::string json = "[";
  for (int64_t i = 0; i < rows; ++i) {
    if (i > 0) json += ",";
    const uint64_t value = random() % range;
    if (random() % 9 == 0) {
      json += "null";
    } else if (columnar::IsString(*type)) {
      // A long common start: the prefix alone does not decide.
      json.append("\"").append(value % 2 == 0 ? 16 : 3, 'x');
      json.append(std::to_string(value)).append("\"");
    } else if (type->id() == arrow::Type::DECIMAL128) {
      json.append("\"").append(std::to_string(value)).append(".0\"");
    } else {
      json += std::to_string(value);
    }
  }
  return FromJson(type, json + "]");
}

/// One row against another by ARROW's scalars, which know nothing of prefixes.
int Compare(const arrow::Array& array, int64_t a, int64_t b, bool descending, bool nulls_first) {
  if (array.IsNull(a) || array.IsNull(b)) {
    if (array.IsNull(a) == array.IsNull(b)) return 0;
    return array.IsNull(a) == nulls_first ? -1 : 1;
  }
  int order = 0;
  if (columnar::IsString(*array.type())) {
    const columnar::StringColumn text(array.Slice(0));
    order = text[a].compare(text[b]);
  } else if (array.type_id() == arrow::Type::INT64) {
    const auto& values = static_cast<const arrow::Int64Array&>(array);
    order = values.Value(a) < values.Value(b) ? -1 : values.Value(b) < values.Value(a) ? 1 : 0;
  } else {
    const auto value = [&](int64_t row) {
      ArrayPtr one = array.Slice(row, 1);
      if (one->type_id() == arrow::Type::DATE32) one = one->View(arrow::int32()).ValueOrDie();
      const ArrayPtr number = arrow::compute::Cast(*one, arrow::float64()).ValueOrDie();
      return static_cast<const arrow::DoubleArray&>(*number).Value(0);
    };
    order = value(a) < value(b) ? -1 : value(b) < value(a) ? 1 : 0;
  }
  return descending ? -order : order;
}

TEST(Sort, AgainstAStableSortForAnyBatchSizeAndLimit) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::vector<TypePtr>> sets = {
      {arrow::int64()},
      {arrow::utf8_view()},
      {arrow::int64(), arrow::utf8()},
      {arrow::utf8(), arrow::int32()},
      {arrow::int32(), arrow::date32(), arrow::int16(), arrow::int64()},
      {arrow::int64(), arrow::int64(), arrow::int64()},
      {arrow::decimal128(30, 1), arrow::float64()}};
  for (const auto& types : sets) {
    constexpr int64_t kRows = 1200;
    std::vector<std::pair<std::string, ArrayPtr>> columns;
    engine::SortParameters parameters;
    for (const TypePtr& type : types) {
      columns.emplace_back("k", RandomColumn(type, kRows, 12, random));
      parameters.keys.push_back({Column(static_cast<int>(parameters.keys.size()), type),
                                 random() % 2 == 0, random() % 2 == 0});
    }
    const RecordBatchPtr table = Numbered(columns);
    Rows expected(kRows);
    std::iota(expected.begin(), expected.end(), 0);
    std::ranges::stable_sort(expected, [&](int64_t a, int64_t b) {
      for (size_t key = 0; key < types.size(); ++key) {
        const int order = Compare(*columns[key].second, a, b, parameters.keys[key].descending,
                                  parameters.keys[key].nulls_first);
        if (order != 0) return order < 0;
      }
      return false;
    });
    for (const int64_t batch_rows : {1, 7, 4096}) {
      for (const int64_t limit : {int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{100}, kRows + 5}) {
        parameters.limit = limit;
        parameters.offset = limit > 0 ? 3 : 0;
        Rows wanted = expected;
        if (limit >= 0) {
          wanted.resize(static_cast<size_t>(std::min(kRows, limit + parameters.offset)));
        }
        ASSERT_EQ(Sorted(table, parameters, batch_rows), wanted)
            << "batch " << batch_rows << " limit " << limit;
      }
    }
  }
}

TEST(Sort, KeepsFewRowsWithALimit) {
  arrow::Int64Builder builder;
  std::mt19937_64 random(7);
  constexpr int64_t kRows = 200'000;
  for (int64_t i = 0; i < kRows; ++i) {
    ASSERT_TRUE(
        (i == 150'000 ? builder.AppendNull() : builder.Append(static_cast<int64_t>(random() >> 1)))
            .ok());
  }
  const ArrayPtr values = builder.Finish().ValueOrDie();
  const RecordBatchPtr table = Numbered({{"a", values}});
  for (const bool nulls_first : {false, true}) {
    const auto op =
        Make("sort", engine::SortParameters{{{Column(0, arrow::int64()), true, nulls_first}}, 10});
    Collector out;
    int64_t held = 0;
    for (const Batch& batch : Cut(table, 4096)) {
      ASSERT_OK(op->Push(0, batch, out));
      held = std::max(held, op->held_bytes());
    }
    ASSERT_OK(op->Finish(out));
    EXPECT_LT(held, 2 << 20);
    Rows expected(kRows);
    std::iota(expected.begin(), expected.end(), 0);
    std::ranges::stable_sort(expected, [&](int64_t a, int64_t b) {
      return Compare(*values, a, b, true, nulls_first) < 0;
    });
    expected.resize(10);
    EXPECT_EQ(Order(out), expected);
    EXPECT_EQ(out.filtered, kRows - 10);
  }
}

TEST(Sort, RejectsRowsWithoutAKey) {
  const RecordBatchPtr table = Numbered({{"a", FromJson(arrow::int64(), "[5, -99, 3, -99, 4]")}});
  Collector out;
  ASSERT_OK(Drive(
      *Make("sort", engine::SortParameters{{{Call("negate", arrow::int64(), {0}), false, false}}}),
      Cut(table, 2), out));
  EXPECT_EQ(Order(out), (Rows{0, 4, 2}));
  EXPECT_EQ(out.rejected.size(), 2U);
}

TEST(Sort, NothingInNothingOut) {
  Collector out;
  ASSERT_OK(Drive(
      *Make("sort", engine::SortParameters{{{Column(0, arrow::int64()), false, false}}}), {}, out));
  EXPECT_TRUE(out.batches.empty());
}

}  // namespace
}  // namespace thalweg::operators::harness
