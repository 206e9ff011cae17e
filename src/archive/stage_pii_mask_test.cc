#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "archive/content_stage.h"
#include "testing/status_matchers.h"

namespace thalweg::archive {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

Result<std::string> Masked(std::string_view in, const PiiPatterns& patterns = {},
                           size_t piece = 1 << 20) {
  auto stage = MakePiiMask(patterns);
  std::string out;
  for (size_t at = 0; at < in.size(); at += piece) {
    THALWEG_RETURN_IF_ERROR(stage->Push(in.substr(at, piece), &out));
  }
  THALWEG_RETURN_IF_ERROR(stage->Finish(&out));
  return out;
}

TEST(StagePiiMaskTest, MasksWhatItNames) {
  const std::pair<const char*, const char*> cases[] = {
      {"mail ann.lee+x@example.co.uk now", "mail ***.***+*@*******.**.** now"},
      {"<a@b.de>", "<*@*.**>"},
      {"ssn 123-45-6789.", "ssn ***-**-****."},
      {"ssn 123 45 6789", "ssn *** ** ****"},
      {"call (555) 123-4567!", "call (***) ***-****!"},
      {"call 555.123.4567", "call ***.***.****"},
      {"call 1-555-123-4567", "call *-***-***-****"},
      {"call +1 (555) 123-4567", "call +* (***) ***-****"},
      {"call +49 30 901820", "call +** ** ******"},
      {"card 4111 1111 1111 1111", "card **** **** **** ****"},
      {"card 4111-1111-1111-1111,", "card ****-****-****-****,"},
      {"card 378282246310005", "card ***************"},
      {"a@b.de,c@d.fr", "*@*.**,*@*.**"},
      {"555-123-4567@example.com", "***-***-****@*******.***"},
  };
  for (const auto& [in, out] : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string masked, Masked(in));
    EXPECT_EQ(masked, out);
  }
}

TEST(StagePiiMaskTest, LeavesWhatOnlyLooksAlike) {
  for (const char* text :
       {"a@b", "@example.com", "x @ y.z", "4111 1111 1111 1112", "123-45-67890", "x123-45-6789",
        "5551234567", "2024-01-02 03:04:05", "1.5 2.25 3.125", "192.168.100.200",
        "version 10.20.30-4", "C++ @param name", "12345678901234567890123", "a@.de"}) {
    ASSERT_OK_AND_ASSIGN(const std::string masked, Masked(text));
    EXPECT_EQ(masked, text);
  }
}

TEST(StagePiiMaskTest, TakesOnlyTheChosenPatterns) {
  const std::string text = "a@b.de 123-45-6789 555-123-4567 4111111111111111";
  const std::pair<const char*, const char*> cases[] = {
      {"email", "*@*.** 123-45-6789 555-123-4567 4111111111111111"},
      {"ssn", "a@b.de ***-**-**** 555-123-4567 4111111111111111"},
      {"phone", "a@b.de 123-45-6789 ***-***-**** 4111111111111111"},
      {"card", "a@b.de 123-45-6789 555-123-4567 ****************"},
      {"ssn+card+mask=#", "a@b.de ###-##-#### 555-123-4567 ################"},
      {"mask=#", "#@#.## ###-##-#### ###-###-#### ################"},
      {"all", "*@*.** ***-**-**** ***-***-**** ****************"}};
  for (const auto& [parameter, out] : cases) {
    ASSERT_OK_AND_ASSIGN(const PiiPatterns patterns, ParsePiiPatterns(parameter));
    ASSERT_OK_AND_ASSIGN(const std::string masked, Masked(text, patterns));
    EXPECT_EQ(masked, out) << parameter;
  }
  for (const char* wrong : {"mail", "email,ssn", "mask=", "mask=ab", "mask=7", "mask=@"}) {
    EXPECT_THAT(ParsePiiPatterns(wrong), StatusIs(StatusCode::kInvalidArgument)) << wrong;
  }
}

TEST(StagePiiMaskTest, RefusesBinaryUnlessTold) {
  using std::string_literals::operator""s;
  EXPECT_THAT(Masked("a@b.de\0"s),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("pii-mask:binary")));
  ASSERT_OK_AND_ASSIGN(const PiiPatterns patterns, ParsePiiPatterns("binary"));
  ASSERT_OK_AND_ASSIGN(const std::string masked, Masked("\0\1a@b.de\xFF"s, patterns));
  EXPECT_EQ(masked, "\0\1*@*.**\xFF"s);
  ASSERT_OK_AND_ASSIGN(const std::string text, Masked("gr\xC3\xBC\xC3\x9F"
                                                      "e\t\r\n\f\x1B[0m"));
  EXPECT_EQ(text,
            "gr\xC3\xBC\xC3\x9F"
            "e\t\r\n\f\x1B[0m");
}

TEST(StagePiiMaskTest, PiecesDoNotMatter) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string words[] = {"ann@example.com",
                               "123-45-6789",
                               "(555) 123-4567",
                               " ",
                               ",",
                               "4111 1111 1111 1111",
                               "+49 30 901820",
                               "word",
                               "9",
                               "@",
                               ".",
                               "-",
                               "\n",
                               std::string(70, 'a') + "@" + std::string(300, 'b') + ".c"};
  for (int round = 0; round < 60; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += words[random() % std::size(words)];
    ASSERT_OK_AND_ASSIGN(const std::string whole, Masked(text));
    EXPECT_EQ(whole.size(), text.size());
    for (const size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{64}, size_t{257},
                               size_t{258}, size_t{1000}}) {
      ASSERT_OK_AND_ASSIGN(const std::string masked, Masked(text, {}, piece));
      ASSERT_EQ(masked, whole) << "pieces of " << piece << " of: " << text;
    }
  }
}

TEST(StagePiiMaskTest, CountsWhatItMasked) {
  int64_t masked = 0;
  auto stage = MakePiiMask({}, &masked);
  std::string out;
  ASSERT_OK(stage->Push("a@b.de, 123-45-6789, nothing, c@", &out));
  EXPECT_EQ(masked, 0);
  ASSERT_OK(stage->Push("d.fr", &out));
  ASSERT_OK(stage->Finish(&out));
  EXPECT_EQ(masked, 3);
}

TEST(StagePiiMaskTest, LongRunsAreCheap) {
  const std::string text = std::string(1 << 20, '1') + std::string(1 << 20, '@');
  ASSERT_OK_AND_ASSIGN(const std::string masked, Masked(text, {}, 4096));
  EXPECT_EQ(masked.size(), text.size());
}

}  // namespace
}  // namespace thalweg::archive
