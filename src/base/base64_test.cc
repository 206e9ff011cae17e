#include "base/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/status_matchers.h"

namespace thalweg {
namespace {

using testing::IsOk;
using testing::StatusIs;

std::string Encoded(std::string_view bytes) {
  std::string out;
  AppendBase64(bytes, &out);
  return out;
}

// RFC 4648 section 10.
TEST(Base64Test, GivesTheVectorsOfTheStandard) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Encoded(bytes), text);
    std::string back;
    EXPECT_THAT(AppendFromBase64(text, &back), IsOk());
    EXPECT_EQ(back, bytes);
  }
}

TEST(Base64Test, EveryByteComesBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all.push_back(static_cast<char>(i));
    std::string back;
    ASSERT_THAT(AppendFromBase64(Encoded(all), &back), IsOk());
    ASSERT_EQ(back, all);
  }
}

TEST(Base64Test, RefusesWhatIsNoBase64) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg=a", "=Zg=", "Zg==Zg==", "Zm9 ", "Zm-_", "===="}) {
    std::string out;
    EXPECT_THAT(AppendFromBase64(text, &out), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace thalweg
