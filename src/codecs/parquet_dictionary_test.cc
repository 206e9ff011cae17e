#include "codecs/parquet_dictionary.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace thalweg::codecs::parquet {
namespace {

TEST(BytesRefTest, EveryLengthReadsBackAndComparesByContent) {
  const std::string text = "abcdefghijklmnopqrstuvwxyz";
  for (uint32_t length = 0; length <= text.size(); ++length) {
    const std::string copy = text.substr(0, length);
    const BytesRef a = BytesRef::Make(text.data(), length);
    const BytesRef b = BytesRef::Make(copy.data(), length);
    EXPECT_EQ(a.view(), copy);
    EXPECT_EQ(a.length(), length);
    EXPECT_TRUE(a == b) << length;
    if (length == 0) continue;
    std::string other = copy;
    other.back() = '!';
    EXPECT_FALSE(a == BytesRef::Make(other.data(), length)) << length;
  }
}

template <typename Value>
void ExpectReadsBack(const std::vector<Value>& values, const GrowArray<Value>& entries,
                     const GrowArray<uint32_t>& indices) {
  ASSERT_EQ(indices.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_LT(indices[i], entries.size());
    ASSERT_TRUE(entries[indices[i]] == values[i]) << i;
  }
}

TEST(ParquetDictionaryTest, NarrowAndWideIntegersReadBack) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  DictionaryScratch scratch;
  for (const uint64_t step : {uint64_t{1}, uint64_t{3'600'000'000}, uint64_t{1} << 55}) {
    std::vector<uint64_t> values;
    for (int i = 0; i < 50'000; ++i)
      values.push_back(uint64_t{0} - 50 * step + random() % 100 * step);
    const auto least = uint64_t{0} - 50 * step;
    ASSERT_TRUE(BuildDictionary(values.data(), values.size(), least, least + 99 * step, &scratch));
    EXPECT_EQ(scratch.longs.size(), 100U);
    EXPECT_EQ(scratch.entry_bytes, 800U);
    ExpectReadsBack(values, scratch.longs, scratch.indices);
  }
}

TEST(ParquetDictionaryTest, DistinctValuesAreGivenUp) {
  std::mt19937_64 random(7);
  DictionaryScratch scratch;
  std::vector<uint64_t> values;
  for (int i = 0; i < 50'000; ++i) values.push_back(random());
  EXPECT_FALSE(BuildDictionary(values.data(), values.size(), 0, ~uint64_t{0}, &scratch));
  for (size_t i = 0; i < values.size(); ++i) values[i] = i;
  EXPECT_FALSE(BuildDictionary(values.data(), values.size(), 0, values.size() - 1, &scratch));
}

TEST(ParquetDictionaryTest, TextOfAnyLengthReadsBack) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::vector<std::string> words;
  for (size_t i = 0; i < 2000; ++i) words.push_back(std::string(i % 40, 'x') + std::to_string(i));
  std::vector<BytesRef> values;
  for (int i = 0; i < 40'000; ++i) {
    const std::string& word = words[random() % words.size()];
    values.push_back(BytesRef::Make(word.data(), static_cast<uint32_t>(word.size())));
  }
  DictionaryScratch scratch;
  ASSERT_TRUE(BuildDictionary(values.data(), values.size(), &scratch));
  EXPECT_EQ(scratch.refs.size(), words.size());
  ExpectReadsBack(values, scratch.refs, scratch.indices);
}

TEST(ParquetDictionaryTest, OneValueNeedsOneEntry) {
  const std::vector<uint32_t> values(10'000, 2013);
  DictionaryScratch scratch;
  ASSERT_TRUE(BuildDictionary(values.data(), values.size(), 2013, 2013, &scratch));
  EXPECT_EQ(scratch.words.size(), 1U);
  ExpectReadsBack(values, scratch.words, scratch.indices);
}

}  // namespace
}  // namespace thalweg::codecs::parquet
