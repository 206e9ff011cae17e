#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "archive/content_stage.h"
#include "testing/status_matchers.h"

namespace thalweg::archive {
namespace {

using ::thalweg::testing::StatusIs;

// Gives `in` to the stage in pieces of `piece` bytes.
Result<std::string> Through(ContentStage& stage, std::string_view in, size_t piece) {
  std::string out;
  for (size_t at = 0; at < in.size(); at += piece) {
    THALWEG_RETURN_IF_ERROR(stage.Push(in.substr(at, piece), &out));
  }
  THALWEG_RETURN_IF_ERROR(stage.Finish(&out));
  return out;
}

Result<std::string> Encoded(std::string_view in, Base64Alphabet alphabet, size_t piece = 1 << 20) {
  return Through(*MakeBase64Encoder(alphabet), in, piece);
}
Result<std::string> Decoded(std::string_view in, Base64Alphabet alphabet, size_t piece = 1 << 20) {
  return Through(*MakeBase64Decoder(alphabet), in, piece);
}

TEST(StageBase64Test, WritesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    ASSERT_OK_AND_ASSIGN(const std::string encoded, Encoded(bytes, Base64Alphabet::kStandard));
    EXPECT_EQ(encoded, text);
    EXPECT_EQ(encoded.size(), Base64Length(std::string_view(bytes).size()));
    ASSERT_OK_AND_ASSIGN(const std::string decoded, Decoded(text, Base64Alphabet::kStandard));
    EXPECT_EQ(decoded, bytes);
  }
}

TEST(StageBase64Test, AlphabetsDifferInTwoDigits) {
  ASSERT_OK_AND_ASSIGN(const std::string standard, Encoded("\xFB\xFF\xFE", {}));
  ASSERT_OK_AND_ASSIGN(const std::string url, Encoded("\xFB\xFF\xFE", Base64Alphabet::kUrlSafe));
  EXPECT_EQ(standard, "+//+");
  EXPECT_EQ(url, "-__-");
  EXPECT_THAT(Decoded(url, Base64Alphabet::kStandard), StatusIs(StatusCode::kCorruption));
}

TEST(StageBase64Test, PiecesDoNotMatter) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (size_t size = 0; size < 40; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    ASSERT_OK_AND_ASSIGN(const std::string whole, Encoded(bytes, Base64Alphabet::kUrlSafe));
    for (size_t piece = 1; piece < 9; ++piece) {
      ASSERT_OK_AND_ASSIGN(const std::string text, Encoded(bytes, Base64Alphabet::kUrlSafe, piece));
      EXPECT_EQ(text, whole);
      ASSERT_OK_AND_ASSIGN(const std::string back, Decoded(text, Base64Alphabet::kUrlSafe, piece));
      EXPECT_EQ(back, bytes);
    }
  }
}

TEST(StageBase64Test, RefusesWhatItDoesNotWrite) {
  for (const char* text : {"Zg", "Zg=", "Z===", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9", "Zg=g",
                           "====", "Zm9v\n", "Zm9vZ"}) {
    for (const size_t piece : {1U, 4U, 100U}) {
      EXPECT_THAT(Decoded(text, Base64Alphabet::kStandard, piece),
                  StatusIs(StatusCode::kCorruption))
          << text;
    }
  }
}

}  // namespace
}  // namespace thalweg::archive
