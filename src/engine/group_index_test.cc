#include "engine/group_index.h"

#include <arrow/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/json/from_string.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>

#include "columnar/gather.h"
#include "testing/status_matchers.h"

namespace thalweg::engine {
namespace {

ArrayPtr FromJson(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::vector<uint32_t> Map(GroupIndex& index, std::vector<ArrayPtr> keys) {
  const int64_t rows = keys[0]->length();
  std::vector<uint32_t> groups(static_cast<size_t>(rows));
  EXPECT_OK(index.Map(keys, rows, groups.data()));
  return groups;
}

using Groups = std::vector<uint32_t>;

TEST(GroupIndex, NumbersKeysInTheOrderTheyCome) {
  const auto index = MakeGroupIndex({arrow::int64()});
  EXPECT_EQ(Map(*index, {FromJson(arrow::int64(), "[7, -1, 7, 0]")}), (Groups{0, 1, 0, 2}));
  EXPECT_EQ(Map(*index, {FromJson(arrow::int64(), "[5, 0, null, -1, null, 9]")}),
            (Groups{3, 2, 4, 1, 4, 5}));
  EXPECT_EQ(Map(*index, {FromJson(arrow::int64(), "[null, 9]")}), (Groups{4, 5}));
  ASSERT_OK_AND_ASSIGN(const auto keys, index->Keys());
  EXPECT_TRUE(keys[0]->Equals(FromJson(arrow::int64(), "[7, -1, 0, 5, null, 9]")));
  EXPECT_EQ(index->count(), 6);
}

TEST(GroupIndex, EveryLayoutOfTextIsOneKey) {
  const std::string json = R"(["a", "twelve bytes", "thirteen byte", null, "", "a", null,
                              "twelve bytes and more", "twelve bytes"])";
  const Groups expected{0, 1, 2, 3, 4, 0, 3, 5, 1};
  const auto index = MakeGroupIndex({arrow::utf8()});
  for (const TypePtr& type : {arrow::utf8_view(), arrow::utf8(), arrow::large_utf8(),
                              arrow::dictionary(arrow::int32(), arrow::utf8())}) {
    EXPECT_EQ(Map(*index, {FromJson(type, json)}), expected) << type->ToString();
  }
  ASSERT_OK_AND_ASSIGN(const auto keys, index->Keys());
  EXPECT_TRUE(keys[0]->Equals(FromJson(arrow::utf8(), R"(["a", "twelve bytes", "thirteen byte",
      null, "", "twelve bytes and more"])")));
}

TEST(GroupIndex, IgnoresWhatStandsBehindAShortView) {
  // A foreign producer may leave bytes behind the text of an inline view.
  arrow::BinaryViewType::c_type views[2] = {};
  views[0].inlined = {2, {'a', 'b', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}};
  views[1].inlined = {2, {'a', 'b', 'X', 'X', 'X', 'X', 'X', 'X', 'X', 'X', 'X', 'X'}};
  const ArrayPtr array = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::utf8_view(), 2,
      {nullptr,
       std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(views), sizeof(views))},
      0));
  const auto index = MakeGroupIndex({arrow::utf8_view()});
  EXPECT_EQ(Map(*index, {array}), (Groups{0, 0}));
}

TEST(GroupIndex, FloatsAreEqualAsSqlWantsIt) {
  for (const TypePtr& type : {arrow::float64(), arrow::float32()}) {
    for (const bool two_keys : {false, true}) {
      std::vector<TypePtr> types = {type};
      if (two_keys) types.push_back(arrow::utf8());
      const auto index = MakeGroupIndex(types);
      arrow::DoubleBuilder builder;
      for (const double value : {-0.0, 0.0, std::nan(""), -std::nan("1"), 1.0}) {
        ASSERT_TRUE(builder.Append(value).ok());
      }
      ArrayPtr array = builder.Finish().ValueOrDie();
      array = arrow::compute::Cast(*array, type).ValueOrDie();
      std::vector<ArrayPtr> keys = {array};
      if (two_keys) keys.push_back(FromJson(arrow::utf8(), R"(["x", "x", "x", "x", "x"])"));
      EXPECT_EQ(Map(*index, keys), (Groups{0, 0, 1, 1, 2}));
      ASSERT_OK_AND_ASSIGN(const auto out, index->Keys());
      // The key that came first is kept as it was.
      const ArrayPtr first = arrow::compute::Cast(*out[0], arrow::float64()).ValueOrDie();
      EXPECT_TRUE(std::signbit(static_cast<const arrow::DoubleArray&>(*first).Value(0)));
    }
  }
}

TEST(GroupIndex, KeysOfSeveralColumnsDoNotRunIntoEachOther) {
  const auto index = MakeGroupIndex({arrow::utf8(), arrow::utf8()});
  EXPECT_EQ(Map(*index, {FromJson(arrow::utf8(), R"(["ab", "a", "", null, "ab"])"),
                         FromJson(arrow::utf8(), R"(["c", "bc", null, "", "c"])")}),
            (Groups{0, 1, 2, 3, 0}));
}

TEST(GroupIndex, TakesNestedKeys) {
  const TypePtr lists = arrow::list(arrow::int32());
  const TypePtr structs = arrow::struct_({arrow::field("a", arrow::utf8())});
  const auto index = MakeGroupIndex({lists, structs});
  EXPECT_EQ(Map(*index, {FromJson(lists, "[[1], [1], [], null, [1, null], [1]]"),
                         FromJson(structs, R"([{"a": "x"}, {"a": null}, null, null, null,
                                               {"a": "x"}])")}),
            (Groups{0, 1, 2, 3, 4, 0}));
  ASSERT_OK_AND_ASSIGN(const auto keys, index->Keys());
  EXPECT_TRUE(keys[0]->Equals(FromJson(lists, "[[1], [1], [], null, [1, null]]")));
}

TEST(GroupIndex, EmptyBatchesAndNoGroups) {
  for (const TypePtr& type :
       {arrow::int32(), arrow::utf8(), arrow::null(), arrow::decimal128(30, 2)}) {
    const auto index = MakeGroupIndex({type});
    EXPECT_EQ(Map(*index, {FromJson(type, "[]")}), Groups{});
    ASSERT_OK_AND_ASSIGN(const auto keys, index->Keys());
    EXPECT_EQ(keys[0]->length(), 0);
  }
}

/// Columns for the random test; values out of a small range, so that keys come again.
ArrayPtr RandomColumn(const TypePtr& type, int64_t rows, std::mt19937_64& random) {
  std::string json = "[";
  for (int64_t i = 0; i < rows; ++i) {
    if (i > 0) json += ",";
    const uint64_t value = random() % 40;
    if (value == 0) {
      json += "null";
    } else if (type->id() == arrow::Type::BOOL) {
      json += value % 2 == 0 ? "true" : "false";
    } else if (type->id() == arrow::Type::STRING || type->id() == arrow::Type::STRING_VIEW) {
      json += '"' + std::string(value, static_cast<char>('a' + value % 3)) + '"';
    } else if (type->id() == arrow::Type::DECIMAL128) {
      json += '"' + std::to_string(value) + ".50\"";
    } else {
      json += std::to_string(value);
    }
  }
  return FromJson(type, json + "]");
}

class GroupIndexAgainstMap : public ::testing::TestWithParam<std::vector<TypePtr>> {};

TEST_P(GroupIndexAgainstMap, SameGroupsForAnyBatchSize) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const int64_t batch_rows : {1, 7, 4096}) {
    std::mt19937_64 random(seed);
    const auto index = MakeGroupIndex(GetParam());
    std::map<std::string, uint32_t> expected;
    const int batches = batch_rows == 4096 ? 3 : 60;
    for (int batch = 0; batch < batches; ++batch) {
      std::vector<ArrayPtr> keys;
      for (const TypePtr& type : GetParam()) {
        // Behind an offset, as slices are.
        keys.push_back(RandomColumn(type, batch_rows + 3, random)->Slice(3));
      }
      const Groups groups = Map(*index, keys);
      for (int64_t row = 0; row < batch_rows; ++row) {
        std::string text;
        for (const ArrayPtr& key : keys) {
          text += key->GetScalar(row).ValueOrDie()->ToString() + '\x1f';
        }
        const auto next = static_cast<uint32_t>(expected.size());
        ASSERT_EQ(groups[static_cast<size_t>(row)], expected.emplace(text, next).first->second)
            << text;
      }
    }
    ASSERT_EQ(index->count(), static_cast<int64_t>(expected.size()));
    ASSERT_OK_AND_ASSIGN(const auto out, index->Keys());
    for (int64_t group = 0; group < index->count(); ++group) {
      std::string text;
      for (const ArrayPtr& key : out) {
        text += key->GetScalar(group).ValueOrDie()->ToString() + '\x1f';
      }
      ASSERT_EQ(expected.at(text), static_cast<uint32_t>(group));
    }
    EXPECT_GT(index->ByteSize(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Types, GroupIndexAgainstMap,
    ::testing::Values(std::vector{arrow::int64()}, std::vector{arrow::boolean()},
                      std::vector{arrow::int8()}, std::vector{arrow::date32()},
                      std::vector{arrow::utf8()}, std::vector{arrow::utf8_view()},
                      std::vector{arrow::decimal128(20, 2)},
                      std::vector{arrow::int32(), arrow::boolean()},
                      std::vector{arrow::int16(), arrow::int64(), arrow::int8()},
                      std::vector{arrow::int64(), arrow::float64()},
                      std::vector{arrow::utf8(), arrow::int32(), arrow::utf8_view()},
                      std::vector{arrow::decimal128(10, 2), arrow::boolean()}));

TEST(GroupIndex, GrowsWithManyKeys) {
  constexpr int64_t kRows = 300'000;
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < kRows; ++i) {
    ASSERT_TRUE(numbers.Append(i * 1'000'003).ok());
    ASSERT_TRUE(texts.Append("a long enough key number " + std::to_string(i)).ok());
  }
  const ArrayPtr number = numbers.Finish().ValueOrDie();
  const ArrayPtr text = texts.Finish().ValueOrDie();
  const std::vector<std::vector<ArrayPtr>> sets = {
      {number}, {text}, {number, number}, {number, text}};
  for (const auto& keys : sets) {
    std::vector<TypePtr> types;
    for (const ArrayPtr& key : keys) types.push_back(key->type());
    const auto index = MakeGroupIndex(types);
    for (int pass = 0; pass < 2; ++pass) {
      const Groups groups = Map(*index, keys);
      for (uint32_t i = 0; i < kRows; ++i) ASSERT_EQ(groups[i], i);
    }
  }
}

}  // namespace
}  // namespace thalweg::engine
