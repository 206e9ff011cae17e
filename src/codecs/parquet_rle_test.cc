#include "codecs/parquet_rle.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace thalweg::codecs::parquet {
namespace {

// The encoding read back by its definition: one bit at a time.
std::vector<uint32_t> Decode(const GrowArray<uint8_t>& bytes, size_t count, int width) {
  std::vector<uint32_t> out;
  size_t at = 0;
  while (out.size() < count && at < bytes.size()) {
    uint64_t header = 0;
    for (int shift = 0;; shift += 7) {
      const uint8_t byte = bytes[at++];
      header |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
    if ((header & 1) == 0) {
      uint32_t value = 0;
      for (int bit = 0; bit < width; bit += 8) {
        value |= static_cast<uint32_t>(bytes[at++]) << bit;
      }
      out.insert(out.end(), header >> 1, value);
      continue;
    }
    const size_t values = (header >> 1) * 8;
    for (size_t i = 0; i < values; ++i) {
      uint32_t value = 0;
      for (int b = 0; b < width; ++b) {
        const size_t bit = i * static_cast<size_t>(width) + static_cast<size_t>(b);
        value |= static_cast<uint32_t>((bytes[at + bit / 8] >> (bit % 8)) & 1) << b;
      }
      out.push_back(value);
    }
    at += values * static_cast<size_t>(width) / 8;
  }
  EXPECT_EQ(at, bytes.size());
  EXPECT_GE(out.size(), count);
  out.resize(count);
  return out;
}

TEST(ParquetRleTest, EveryWidthAndEdgeSizeReadsBack) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int width = 0; width <= 32; ++width) {
    const uint32_t mask = width == 32 ? ~0U : (1U << width) - 1;
    for (const size_t count : std::vector<size_t>{1, 7, 8, 9, 15, 16, 17, 64, 1000}) {
      for (const uint32_t run : {1U, 3U, 40U, 300U}) {
        SCOPED_TRACE(testing::Message() << "width " << width << " count " << count);
        std::vector<uint32_t> values;
        while (values.size() < count) {
          values.insert(values.end(), 1 + random() % run, static_cast<uint32_t>(random()) & mask);
        }
        values.resize(count);
        GrowArray<uint8_t> bytes;
        AppendHybrid(values.data(), count, width, &bytes);
        ASSERT_EQ(Decode(bytes, count, width), values);
      }
    }
  }
}

TEST(ParquetRleTest, LongRunsTakeAFewBytes) {
  const std::vector<uint32_t> values(100'000, 5);
  GrowArray<uint8_t> bytes;
  AppendHybrid(values.data(), values.size(), 3, &bytes);
  EXPECT_LE(bytes.size(), 4U);
}

TEST(ParquetRleTest, BytesAndBitsAgreeWithWords) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (const size_t count : std::vector<size_t>{1, 8, 13, 500}) {
    std::vector<uint8_t> levels(count);
    std::vector<uint8_t> bits(count / 8 + 1, 0xFF);
    std::vector<uint32_t> expected(count);
    for (size_t i = 0; i < count; ++i) {
      levels[i] = static_cast<uint8_t>(random() % 2);
      expected[i] = levels[i];
      if (levels[i] == 0) bits[i / 8] = static_cast<uint8_t>(bits[i / 8] & ~(1U << (i % 8)));
    }
    GrowArray<uint8_t> from_bytes;
    AppendHybrid(levels.data(), count, 1, &from_bytes);
    EXPECT_EQ(Decode(from_bytes, count, 1), expected);
    GrowArray<uint8_t> from_bits;
    AppendHybridBits(bits.data(), count, &from_bits);
    EXPECT_EQ(Decode(from_bits, count, 1), expected);
    // Bits past the end are cleared, so equal input gives equal files.
    if (count % 8 != 0) {
      EXPECT_EQ(from_bits[from_bits.size() - 1] >> (count % 8), 0);
    }
  }
}

TEST(ParquetRleTest, BitWidthIsThatOfTheLargestValue) {
  EXPECT_EQ(BitWidth(0), 0);
  EXPECT_EQ(BitWidth(1), 1);
  EXPECT_EQ(BitWidth(255), 8);
  EXPECT_EQ(BitWidth(256), 9);
  EXPECT_EQ(BitWidth(~0U), 32);
}

}  // namespace
}  // namespace thalweg::codecs::parquet
