#include "base/number.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>
#include <random>
#include <string>

namespace thalweg {
namespace {

std::optional<int64_t> Int(std::string_view text) {
  int64_t value = 0;
  return ParseInt64(text, &value) ? std::optional(value) : std::nullopt;
}
std::optional<double> Double(std::string_view text) {
  double value = 0;
  return ParseDouble(text, &value) ? std::optional(value) : std::nullopt;
}
std::string Text(double value) {
  char text[kDoubleTextMax];
  return std::string(text, FormatDouble(value, text));
}
std::string TextOfFloat(float value) {
  char text[kDoubleTextMax];
  return std::string(text, FormatFloat(value, text));
}
std::string DecimalText(Int128 value, int scale) {
  char text[kDecimalTextMax];
  return std::string(text, FormatDecimal(value, scale, text));
}
/// The decimal as text at its scale, or `-` where it does not parse.
std::string Decimal(std::string_view text, int precision, int scale, bool round = false) {
  Int128 value = 77;
  if (!ParseDecimal(text, precision, scale, &value, round)) {
    EXPECT_TRUE(value == 77) << text;
    return "-";
  }
  return DecimalText(value, scale);
}

TEST(NumberTest, IntegersTakeTheWholeTypeAndNothingElse) {
  EXPECT_EQ(Int("0"), 0);
  EXPECT_EQ(Int("-0"), 0);
  EXPECT_EQ(Int("007"), 7);
  EXPECT_EQ(Int("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Int("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  for (const char* bad : {"", "-", "+1", " 1", "1 ", "1.0", "--1", "0x1", "9223372036854775808",
                          "-9223372036854775809", "99999999999999999999999", "1e3", "1,000"}) {
    EXPECT_EQ(Int(bad), std::nullopt) << bad;
  }
  uint64_t u = 0;
  EXPECT_TRUE(ParseUint64("18446744073709551615", &u));
  EXPECT_EQ(u, std::numeric_limits<uint64_t>::max());
  EXPECT_FALSE(ParseUint64("18446744073709551616", &u));
  EXPECT_FALSE(ParseUint64("-1", &u));
  EXPECT_FALSE(ParseUint64("", &u));
}

TEST(NumberTest, WideIntegersReachTheirBounds) {
  Int128 value = 0;
  ASSERT_TRUE(ParseInt128("170141183460469231731687303715884105727", &value));
  EXPECT_EQ(DecimalText(value, 0), "170141183460469231731687303715884105727");
  ASSERT_TRUE(ParseInt128("-170141183460469231731687303715884105728", &value));
  EXPECT_EQ(DecimalText(value, 0), "-170141183460469231731687303715884105728");
  EXPECT_FALSE(ParseInt128("170141183460469231731687303715884105728", &value));
  EXPECT_FALSE(ParseInt128("-170141183460469231731687303715884105729", &value));
}

TEST(NumberTest, DoublesParseStrictly) {
  EXPECT_EQ(Double("1"), 1.0);
  EXPECT_EQ(Double("-12.5e-3"), -0.0125);
  EXPECT_EQ(Double(".5"), 0.5);
  EXPECT_EQ(Double("5."), 5.0);
  EXPECT_EQ(Double("1E5"), 1e5);
  EXPECT_EQ(Double("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(Double("4.9e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(Double("1e-400"), 0.0);
  EXPECT_EQ(Double("inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(Double("-Infinity"), -std::numeric_limits<double>::infinity());
  ASSERT_TRUE(Double("NaN").has_value());
  EXPECT_TRUE(std::isnan(*Double("NaN")));
  for (const char* bad : {"", "-", ".", "+1", " 1", "1 ", "1e", "1e+", "e5", "1..2", "1.2.3",
                          "nan(1)", "1e400", "-1e400", "0x10", "infinit", "1_0", "1,5"}) {
    EXPECT_EQ(Double(bad), std::nullopt) << bad;
  }
}

TEST(NumberTest, DecimalsAreExact) {
  EXPECT_EQ(Decimal("12.5", 10, 2), "12.50");
  EXPECT_EQ(Decimal("-0.05", 10, 2), "-0.05");
  EXPECT_EQ(Decimal("-0.00", 10, 2), "0.00");
  EXPECT_EQ(Decimal("1.500", 3, 1), "1.5");
  EXPECT_EQ(Decimal("1.55", 3, 1), "-");
  EXPECT_EQ(Decimal("99.9", 3, 1), "99.9");
  EXPECT_EQ(Decimal("100", 3, 1), "-");
  EXPECT_EQ(Decimal("0000000000000000000000000000000000000000000000007", 3, 1), "7.0");
  EXPECT_EQ(Decimal("1e2", 5, 1), "100.0");
  EXPECT_EQ(Decimal("12345e-3", 6, 3), "12.345");
  EXPECT_EQ(Decimal("0e999999999999", 6, 3), "0.000");
  EXPECT_EQ(Decimal("1e999999999999", 6, 3), "-");
  EXPECT_EQ(Decimal("1e-999999999999", 6, 3), "-");
  EXPECT_EQ(Decimal("99999999999999999999999999999999999999", 38, 0),
            "99999999999999999999999999999999999999");
  EXPECT_EQ(Decimal("100000000000000000000000000000000000000", 38, 0), "-");
  EXPECT_EQ(Decimal("-0.99999999999999999999999999999999999999", 38, 38),
            "-0.99999999999999999999999999999999999999");
  for (const char* bad : {"", "-", ".", "+1", "1.2.3", "1e", "1e+", "e1", "nan", " 1", "1-"}) {
    EXPECT_EQ(Decimal(bad, 38, 2), "-") << bad;
  }
}

TEST(NumberTest, DecimalsRoundHalfAwayFromZeroWhenAsked) {
  EXPECT_EQ(Decimal("1.25", 5, 1, true), "1.3");
  EXPECT_EQ(Decimal("1.24999", 5, 1, true), "1.2");
  EXPECT_EQ(Decimal("-1.25", 5, 1, true), "-1.3");
  EXPECT_EQ(Decimal("0.05", 5, 1, true), "0.1");
  EXPECT_EQ(Decimal("0.04", 5, 1, true), "0.0");
  EXPECT_EQ(Decimal("0.5", 5, 0, true), "1");
  EXPECT_EQ(Decimal("5e-10", 5, 0, true), "0");
  EXPECT_EQ(Decimal("9.99", 2, 1, true), "-");  // Rounds to 10.0, which needs three digits.
}

TEST(NumberTest, DoublesPrintShortest) {
  EXPECT_EQ(Text(0), "0.0");
  EXPECT_EQ(Text(-0.0), "-0.0");
  EXPECT_EQ(Text(1), "1.0");
  EXPECT_EQ(Text(-12.3), "-12.3");
  EXPECT_EQ(Text(0.1), "0.1");
  EXPECT_EQ(Text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(Text(1e15), "1000000000000000.0");
  EXPECT_EQ(Text(1e16), "1e+16");
  EXPECT_EQ(Text(123456789012345680.0), "1.2345678901234568e+17");
  EXPECT_EQ(Text(0.0001), "0.0001");
  EXPECT_EQ(Text(0.00001), "1e-05");
  EXPECT_EQ(Text(-1.5e-7), "-1.5e-07");
  EXPECT_EQ(Text(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(Text(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(Text(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(Text(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(Text(std::nan("")), "nan");
  EXPECT_EQ(TextOfFloat(0.1F), "0.1");
  EXPECT_EQ(TextOfFloat(16777216.0F), "16777216.0");
  EXPECT_EQ(TextOfFloat(3.4028235e38F), "3.4028235e+38");
}

TEST(NumberTest, EveryDoubleReadsBackAndIsShortest) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 100'000; ++i) {
    double value = std::bit_cast<double>(random());
    if (i % 4 == 1) value = static_cast<double>(static_cast<int64_t>(random() % 2'000'000)) / 1000;
    if (i % 4 == 2) value = static_cast<double>(random() % 1'000'000'000'000) / 100;
    if (i % 4 == 3) value = std::nextafter(static_cast<double>(random() % 100'000) / 10, 1e300);
    if (!std::isfinite(value)) continue;
    const std::string text = Text(value);
    EXPECT_EQ(Double(text), value) << text;
    // Significant digits as printed, against the fewest that read back.
    std::string digits;
    for (const char c : text.substr(0, text.find('e'))) {
      if (c >= '0' && c <= '9' && !(digits.empty() && c == '0')) digits += c;
    }
    while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
    size_t fewest = 1;
    for (; fewest < 17; ++fewest) {
      char shorter[40];
      std::snprintf(shorter, sizeof(shorter), "%.*e", static_cast<int>(fewest) - 1, value);
      if (std::strtod(shorter, nullptr) == value) break;
    }
    if (value == 0) continue;
    EXPECT_EQ(digits.size(), fewest) << text;
  }
}

TEST(NumberTest, IntegersRoundTrip) {
  char text[kInt64TextMax];
  const auto print = [&](int64_t v) { return std::string(text, FormatInt64(v, text)); };
  for (int shift = 0; shift < 64; ++shift) {
    for (const int64_t delta : {-1, 0, 1}) {
      const uint64_t bits = (uint64_t{1} << shift) + static_cast<uint64_t>(delta);
      const int64_t value = static_cast<int64_t>(bits);
      EXPECT_EQ(print(value), std::to_string(value));
      EXPECT_EQ(Int(print(value)), value);
    }
  }
  int64_t power = 1;
  for (int i = 0; i < 18; ++i, power *= 10) {
    for (const int64_t value : {power - 1, power, power + 1, -power}) {
      EXPECT_EQ(print(value), std::to_string(value));
    }
  }
  EXPECT_EQ(std::string(text, FormatUint64(std::numeric_limits<uint64_t>::max(), text)),
            "18446744073709551615");
}

TEST(NumberTest, DecimalsPrintAllFractionDigits) {
  EXPECT_EQ(DecimalText(0, 0), "0");
  EXPECT_EQ(DecimalText(0, 3), "0.000");
  EXPECT_EQ(DecimalText(-5, 2), "-0.05");
  EXPECT_EQ(DecimalText(12345, 2), "123.45");
  EXPECT_EQ(DecimalText(PowerOfTen(38) - 1, 38), "0." + std::string(38, '9'));
  EXPECT_EQ(DecimalText(PowerOfTen(18), 0), "1000000000000000000");
  EXPECT_EQ(DecimalText(PowerOfTen(36) + 1, 18), "1000000000000000000.000000000000000001");
}

}  // namespace
}  // namespace thalweg
