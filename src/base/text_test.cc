#include "base/text.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

TEST(TextTest, FindsTheFirstByteThatIsNoUtf8) {
  for (const char* good : {"", "a", "\u00e9", "\u20ac", "\U0001F986", "\uFFFD", "a\u0000b"}) {
    EXPECT_EQ(FindInvalidUtf8(good), std::string_view::npos) << good;
  }
  // Cut short, too long a form, a surrogate, beyond the last code point, a lone tail.
  for (const char* bad : {"ab\xC3", "ab\xC0\xAF", "ab\xED\xA0\x80", "ab\xF4\x90\x80\x80", "ab\x80",
                          "ab\xE2\x82", "ab\xFF"}) {
    EXPECT_EQ(FindInvalidUtf8(bad), 2U) << bad;
  }
}

TEST(TextTest, AppendsEachLengthOfUtf8) {
  std::string out;
  for (const uint32_t code : {0x41U, 0xE9U, 0x20ACU, 0x1F986U}) AppendUtf8(code, &out);
  EXPECT_EQ(out, "A\u00e9\u20ac\U0001F986");
}

TEST(TextTest, ReadsHexDigits) {
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(HexDigit("0123456789abcdef"[i]), i);
    EXPECT_EQ(HexDigit("0123456789ABCDEF"[i]), i);
  }
  for (const char c : {'g', 'G', '/', ':', '@', '`', ' '}) EXPECT_EQ(HexDigit(c), -1) << c;
}

TEST(TextTest, LowersAsciiOnly) {
  EXPECT_EQ(LowerAscii("AZaz[\u00c9"), "azaz[\u00c9");
  EXPECT_TRUE(EqualsIgnoreCase("SELECT", "select"));
  EXPECT_FALSE(EqualsIgnoreCase("select", "selects"));
}

}  // namespace
}  // namespace thalweg
