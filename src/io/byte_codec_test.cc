#include "io/byte_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg::io {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

constexpr Compression kAll[] = {Compression::kNone, Compression::kGzip, Compression::kZstd,
                                Compression::kLz4, Compression::kBrotli};

// Text that compresses, with parts that do not.
std::string Sample(size_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  while (text.size() < bytes) {
    text.append(std::to_string(random() % 1000)).append(",abcdefgh,");
    if (random() % 16 == 0) {
      for (int i = 0; i < 40; ++i) text.push_back(static_cast<char>(random()));
    }
  }
  text.resize(bytes);
  return text;
}

// Feeds pieces of at most `in_max` and rooms of at most `out_max` bytes, of random size.
Result<std::string> Drip(ByteCodec& codec, std::string_view data, size_t in_max, size_t out_max,
                         std::mt19937_64& random) {
  std::string out;
  std::vector<char> room(out_max);
  for (int idle = 0; idle < 100;) {
    const std::string_view piece = data.substr(0, random() % in_max + 1);
    const bool last = piece.size() == data.size();
    THALWEG_ASSIGN_OR_RETURN(const Progress progress,
                             codec.Step(piece, std::span(room).first(random() % out_max + 1),
                                        last ? InputEnd::kLast : InputEnd::kMore));
    out.append(room.data(), progress.produced);
    data.remove_prefix(progress.consumed);
    idle = progress.consumed + progress.produced == 0 ? idle + 1 : 0;
    if (progress.state == StepState::kDone) {
      EXPECT_TRUE(last && data.empty());
      return out;
    }
    if (progress.state == StepState::kNeedInput) {
      EXPECT_EQ(progress.consumed, piece.size());
    }
  }
  return Status::Internal("no progress");
}

class ByteCodecTest : public ::testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(All, ByteCodecTest, ::testing::ValuesIn(kAll),
                         [](const auto& param) { return std::string(NameOf(param.param)); });

class RealCodecTest : public ByteCodecTest {};
INSTANTIATE_TEST_SUITE_P(All, RealCodecTest,
                         ::testing::ValuesIn(std::begin(kAll) + 1, std::end(kAll)),
                         [](const auto& param) { return std::string(NameOf(param.param)); });

TEST_P(ByteCodecTest, RoundTripsAllSizes) {
  for (const size_t size : {0U, 1U, 2U, 511U, 65535U, 65536U, 262143U, 262145U, 1000003U}) {
    const std::string text = Sample(size, size);
    ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(GetParam(), text, {}));
    if (GetParam() != Compression::kNone) {
      EXPECT_NE(packed, text);
    }
    ASSERT_OK_AND_ASSIGN(const std::string back, Decode(GetParam(), packed, {}));
    EXPECT_TRUE(back == text) << size;
  }
}

TEST_P(ByteCodecTest, AnyCuttingGivesTheSameBytes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (const auto& [in_max, out_max] : std::vector<std::pair<size_t, size_t>>{
           {1, 1}, {1, 100}, {100, 1}, {7, 13}, {5000, 3}, {3, 5000}, {40000, 40000}}) {
    const std::string text = Sample(in_max * out_max < 1000 ? 5000 : 300'000, random());
    ASSERT_OK_AND_ASSIGN(auto encoder, MakeEncoder(GetParam(), {}));
    ASSERT_OK_AND_ASSIGN(const std::string packed, Drip(*encoder, text, in_max, out_max, random));
    ASSERT_OK_AND_ASSIGN(auto decoder, MakeDecoder(GetParam(), {}));
    ASSERT_OK_AND_ASSIGN(const std::string back, Drip(*decoder, packed, in_max, out_max, random));
    EXPECT_TRUE(back == text) << in_max << ' ' << out_max;
  }
}

TEST_P(ByteCodecTest, ADoneCodecStaysDone) {
  ASSERT_OK_AND_ASSIGN(auto encoder, MakeEncoder(GetParam(), {}));
  char room[1000];
  EXPECT_THAT(encoder->Step("x", {}, InputEnd::kMore), StatusIs(StatusCode::kInvalidArgument));
  Progress progress;
  do {
    ASSERT_OK_AND_ASSIGN(progress, encoder->Step({}, room, InputEnd::kLast));
  } while (progress.state != StepState::kDone);
  ASSERT_OK_AND_ASSIGN(progress, encoder->Step({}, room, InputEnd::kLast));
  EXPECT_EQ(progress.state, StepState::kDone);
  EXPECT_EQ(progress.produced, 0U);
  EXPECT_THAT(encoder->Step("x", room, InputEnd::kLast), StatusIs(StatusCode::kInvalidArgument));
}

TEST_P(ByteCodecTest, FlushedBytesAreReadableAtOnce) {
  ASSERT_OK_AND_ASSIGN(auto encoder, MakeEncoder(GetParam(), {}));
  ASSERT_OK_AND_ASSIGN(auto decoder, MakeDecoder(GetParam(), {}));
  std::string got;
  std::string sent;
  for (int round = 0; round < 20; ++round) {
    const std::string text = Sample(static_cast<size_t>(round) * 100, 7);
    sent += text;
    std::string_view rest = text;
    Progress in;
    do {
      char room[37];
      ASSERT_OK_AND_ASSIGN(in, encoder->Step(rest, room, InputEnd::kFlush));
      rest.remove_prefix(in.consumed);
      std::string_view packed(room, in.produced);
      Progress out;
      do {
        char plain[50];
        ASSERT_OK_AND_ASSIGN(out, decoder->Step(packed, plain, InputEnd::kMore));
        packed.remove_prefix(out.consumed);
        got.append(plain, out.produced);
      } while (out.state == StepState::kNeedRoom || !packed.empty());
    } while (in.state != StepState::kDone);
    ASSERT_EQ(got, sent) << round;
  }
}

TEST_P(RealCodecTest, EveryTruncationIsCorruption) {
  const std::string text = Sample(800, 1);
  ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(GetParam(), text, {}));
  for (size_t length = 0; length < packed.size(); ++length) {
    EXPECT_THAT(Decode(GetParam(), packed.substr(0, length), {}),
                StatusIs(StatusCode::kCorruption, HasSubstr(std::string(NameOf(GetParam())))))
        << length;
  }
}

// Every single-bit flip gives an error or, where the format does not cover the bit (gzip's name
// and time fields, brotli has no checksum), some output; never a crash or an endless run.
TEST_P(RealCodecTest, EveryBitFlipEndsWell) {
  const std::string text = Sample(300, 2);
  ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(GetParam(), text, {}));
  const DecodeLimits limits{int64_t{1} << 20, 500, 27};
  size_t accepted_wrong = 0;
  for (size_t bit = 0; bit < packed.size() * 8; ++bit) {
    std::string damaged = packed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto back = Decode(GetParam(), damaged, limits);
    if (back.ok()) {
      accepted_wrong += *back != text ? 1U : 0U;
    } else {
      EXPECT_THAT(back,
                  AnyOf(StatusIs(StatusCode::kCorruption), StatusIs(StatusCode::kResourceExhausted),
                        StatusIs(StatusCode::kUnsupported)))
          << bit;
    }
  }
  if (GetParam() != Compression::kBrotli) {
    EXPECT_EQ(accepted_wrong, 0U);
  }
}

TEST_P(RealCodecTest, GarbageEndsWell) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  ASSERT_OK_AND_ASSIGN(const std::string good, Encode(GetParam(), Sample(500, 3), {}));
  for (int i = 0; i < 500; ++i) {
    std::string bytes = good.substr(0, random() % 12);
    for (auto n = random() % 60; n != 0; --n) bytes.push_back(static_cast<char>(random()));
    const auto back = Decode(GetParam(), bytes, {int64_t{1} << 20, 500, 27});
    if (!back.ok()) {
      EXPECT_NE(back.status().code(), StatusCode::kInternal) << back.status().ToString();
    }
  }
}

TEST_P(RealCodecTest, AFailureStays) {
  ASSERT_OK_AND_ASSIGN(auto decoder, MakeDecoder(GetParam(), {}));
  char room[100];
  const std::string garbage(50, '\xff');
  const Status failure = decoder->Step(garbage, room, InputEnd::kLast).status();
  ASSERT_FALSE(failure.ok());
  EXPECT_EQ(decoder->Step("", room, InputEnd::kLast).status(), failure);
}

TEST_P(RealCodecTest, LimitsStopABomb) {
  const std::string zeros(40 << 20, '\0');
  ASSERT_OK_AND_ASSIGN(const std::string bomb, Encode(GetParam(), zeros, {}));
  EXPECT_THAT(Decode(GetParam(), bomb, {10 << 20, 0, 27}),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("output_bytes_max")));
  ASSERT_OK_AND_ASSIGN(const std::string whole, Decode(GetParam(), bomb, {40 << 20, 0, 27}));
  EXPECT_EQ(whole.size(), zeros.size());
  EXPECT_THAT(Decode(GetParam(), bomb, {std::nullopt, 100, 27}),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("ratio")));
  // The default stops it too; lz4 cannot shrink by more than 255.
  if (GetParam() != Compression::kLz4) {
    EXPECT_THAT(Decode(GetParam(), bomb, {}), StatusIs(StatusCode::kResourceExhausted));
  }
  // Small things may have any ratio.
  ASSERT_OK_AND_ASSIGN(const std::string small, Encode(GetParam(), zeros.substr(0, 1 << 20), {}));
  EXPECT_OK(Decode(GetParam(), small, {}));
}

TEST_P(RealCodecTest, LevelsAreChecked) {
  const std::string text = Sample(20'000, 4);
  for (int level = -7; level <= 22; ++level) {
    const auto packed = Encode(GetParam(), text, {level});
    if (!packed.ok()) {
      EXPECT_THAT(packed, StatusIs(StatusCode::kInvalidArgument, HasSubstr("level")));
      continue;
    }
    ASSERT_OK_AND_ASSIGN(const std::string back, Decode(GetParam(), *packed, {}));
    EXPECT_TRUE(back == text) << level;
  }
  EXPECT_THAT(MakeEncoder(GetParam(), {99}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(MakeEncoder(GetParam(), {-99}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(MakeEncoder(Compression::kNone, {1}), StatusIs(StatusCode::kInvalidArgument));
}

TEST_P(RealCodecTest, ReadsFramesOneAfterTheOther) {
  const std::string a = Sample(70'000, 5);
  const std::string b = Sample(10, 6);
  ASSERT_OK_AND_ASSIGN(const std::string first, Encode(GetParam(), a, {}));
  ASSERT_OK_AND_ASSIGN(const std::string second, Encode(GetParam(), b, {}));
  ASSERT_OK_AND_ASSIGN(const std::string empty, Encode(GetParam(), "", {}));
  const auto both = Decode(GetParam(), first + empty + second, {});
  if (GetParam() == Compression::kBrotli) {  // The format has no frames.
    EXPECT_THAT(both, StatusIs(StatusCode::kCorruption, HasSubstr("behind the end")));
    return;
  }
  ASSERT_OK(both);
  EXPECT_TRUE(*both == a + b);
  std::mt19937_64 random(8);
  ASSERT_OK_AND_ASSIGN(auto decoder, MakeDecoder(GetParam(), {}));
  ASSERT_OK_AND_ASSIGN(const std::string dripped,
                       Drip(*decoder, first + empty + second, 10, 10, random));
  EXPECT_TRUE(dripped == a + b);
  EXPECT_THAT(Decode(GetParam(), first + second.substr(0, second.size() - 1), {}),
              StatusIs(StatusCode::kCorruption));
}

TEST_P(RealCodecTest, BytesBehindTheEndAreCorruption) {
  ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(GetParam(), "text", {}));
  for (const char* tail : {"x", "trailing garbage", "\x1f", "\n"}) {
    EXPECT_THAT(Decode(GetParam(), packed + tail, {}), StatusIs(StatusCode::kCorruption)) << tail;
  }
}

TEST(ByteCodecFormatTest, GzipTakesZerosBehindTheEnd) {
  ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(Compression::kGzip, "text", {}));
  const std::string zeros(100'000, '\0');
  ASSERT_OK_AND_ASSIGN(const std::string back, Decode(Compression::kGzip, packed + zeros, {}));
  EXPECT_EQ(back, "text");
  EXPECT_THAT(Decode(Compression::kGzip, packed + zeros + "x", {}),
              StatusIs(StatusCode::kCorruption));
  EXPECT_THAT(Decode(Compression::kGzip, packed + zeros + packed, {}),
              StatusIs(StatusCode::kCorruption));
}

TEST(ByteCodecFormatTest, SkippableFramesAreSkipped) {
  using namespace std::string_literals;
  const std::string skipped = "\x50\x2a\x4d\x18\x03\x00\x00\x00xyz"s;
  for (const Compression compression : {Compression::kZstd, Compression::kLz4}) {
    ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(compression, "text", {}));
    ASSERT_OK_AND_ASSIGN(const std::string back,
                         Decode(compression, skipped + packed + skipped, {}));
    EXPECT_EQ(back, "text") << NameOf(compression);
  }
}

TEST(ByteCodecFormatTest, AZstdWindowBeyondTheLimitIsRefused) {
  using namespace std::string_literals;
  // A frame header (RFC 8878, section 3.1.1): no single segment, window of 2^(10 + n).
  const auto header = [](int n) {
    return "\x28\xb5\x2f\xfd\x00"s + static_cast<char>(n << 3) + "\x01\x00\x00"s;
  };
  const DecodeLimits one_mebibyte{std::nullopt, 500, 20};
  ASSERT_OK_AND_ASSIGN(const std::string empty,
                       Decode(Compression::kZstd, header(10), one_mebibyte));
  EXPECT_EQ(empty, "");
  EXPECT_THAT(Decode(Compression::kZstd, header(11), one_mebibyte),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("window")));
  EXPECT_THAT(Decode(Compression::kZstd, header(18), {}),
              StatusIs(StatusCode::kResourceExhausted, HasSubstr("window")));
  EXPECT_THAT(Decode(Compression::kZstd, header(1), {std::nullopt, 500, 99}),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST(ByteCodecNameTest, NamesGoThereAndBack) {
  for (const Compression compression : kAll) {
    ASSERT_OK_AND_ASSIGN(const Compression parsed, ParseCompression(NameOf(compression)));
    EXPECT_EQ(parsed, compression);
  }
  ASSERT_OK_AND_ASSIGN(const Compression shouted, ParseCompression("GZ"));
  EXPECT_EQ(shouted, Compression::kGzip);
  EXPECT_THAT(ParseCompression("rar"), StatusIs(StatusCode::kInvalidArgument, HasSubstr("rar")));
  EXPECT_THAT(ParseCompression(""), StatusIs(StatusCode::kInvalidArgument));
}

TEST(ByteCodecNameTest, SuffixesTell) {
  const struct {
    const char* path;
    Compression compression;
    const char* without;
  } cases[] = {
      {"a.csv.gz", Compression::kGzip, "a.csv"},
      {"a.csv", Compression::kNone, "a.csv"},
      {"d/a.CSV.GZ", Compression::kGzip, "d/a.CSV"},
      {"a.zst", Compression::kZstd, "a"},
      {"a.zstd", Compression::kZstd, "a"},
      {"a.lz4", Compression::kLz4, "a"},
      {"a.br", Compression::kBrotli, "a"},
      {"gz", Compression::kNone, "gz"},
      {"d.gz/a", Compression::kNone, "d.gz/a"},
      {"", Compression::kNone, ""},
      {"a.", Compression::kNone, "a."},
      {".gz", Compression::kGzip, ""},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(CompressionOfPath(c.path), c.compression) << c.path;
    EXPECT_EQ(WithoutCompressionSuffix(c.path), c.without) << c.path;
  }
}

TEST(ByteCodecNameTest, FirstBytesTell) {
  for (const Compression compression : kAll) {
    ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(compression, "text", {}));
    const Compression found = CompressionOfBytes(std::string_view(packed).substr(0, 4));
    EXPECT_EQ(found, compression == Compression::kBrotli ? Compression::kNone : compression);
  }
  EXPECT_EQ(CompressionOfBytes(""), Compression::kNone);
  EXPECT_EQ(CompressionOfBytes("\x1f\x8b"), Compression::kNone);
}

}  // namespace
}  // namespace thalweg::io
