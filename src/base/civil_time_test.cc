#include "base/civil_time.h"

#include <gtest/gtest.h>

#include <ctime>
#include <limits>
#include <random>
#include <string>

namespace thalweg {
namespace {

std::string DateText(int32_t days) {
  char text[kDateTextMax];
  return {text, FormatDate(days, text)};
}

std::string TimeText(int64_t micros) {
  char text[kTimeOfDayTextMax];
  return {text, FormatTimeOfDay(micros, text)};
}

std::string TimestampText(int64_t micros) {
  char text[kTimestampTextMax];
  return {text, FormatTimestamp(micros, text)};
}

TEST(CivilTimeTest, KnownDays) {
  EXPECT_EQ(DaysFromCivil(1970, 1, 1), 0);
  EXPECT_EQ(DaysFromCivil(1969, 12, 31), -1);
  EXPECT_EQ(DaysFromCivil(2000, 2, 29), 11016);
  EXPECT_EQ(DaysFromCivil(2013, 1, 1), 15706);
  EXPECT_EQ(DaysFromCivil(0, 3, 1), -719468);
  EXPECT_EQ(DaysFromCivil(2013, 1, 32), DaysFromCivil(2013, 2, 1));
  EXPECT_EQ(DaysFromCivil(2013, 3, 0), DaysFromCivil(2013, 2, 28));
}

TEST(CivilTimeTest, CountsEveryDayOfTwoEras) {
  int64_t year = -401;
  int month = 1;
  int day = 1;
  for (int32_t days = DaysFromCivil(year, month, day); year < 801; ++days) {
    ASSERT_EQ(DaysFromCivil(year, month, day), days) << year << '-' << month << '-' << day;
    int64_t y = 0;
    int m = 0;
    int d = 0;
    CivilFromDays(days, &y, &m, &d);
    ASSERT_TRUE(y == year && m == month && d == day) << days;
    if (++day > DaysInMonth(year, month)) {
      day = 1;
      if (++month > 12) {
        month = 1;
        ++year;
      }
    }
  }
}

TEST(CivilTimeTest, AgreesWithTheSystemCalendar) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    const auto days = static_cast<int32_t>(random());
    const time_t seconds = time_t{days} * 86400;
    std::tm parts{};
    ASSERT_NE(gmtime_r(&seconds, &parts), nullptr);
    int64_t y = 0;
    int m = 0;
    int d = 0;
    CivilFromDays(days, &y, &m, &d);
    ASSERT_EQ(y, int64_t{parts.tm_year} + 1900) << days;
    ASSERT_EQ(m, parts.tm_mon + 1) << days;
    ASSERT_EQ(d, parts.tm_mday) << days;
    ASSERT_EQ(DaysFromCivil(y, m, d), days);
  }
}

TEST(CivilTimeTest, MonthLengths) {
  const int common[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (int m = 1; m <= 12; ++m) EXPECT_EQ(DaysInMonth(2013, m), common[m - 1]) << m;
  EXPECT_EQ(DaysInMonth(2000, 2), 29);
  EXPECT_EQ(DaysInMonth(1900, 2), 28);
  EXPECT_EQ(DaysInMonth(0, 2), 29);
  EXPECT_EQ(DaysInMonth(-4, 2), 29);
  EXPECT_EQ(DaysInMonth(-100, 2), 28);
}

TEST(CivilTimeTest, ParsesDates) {
  const struct {
    const char* text;
    int64_t y;
    int m, d;
  } cases[] = {
      {"1970-01-01", 1970, 1, 1},       {"2013-12-31", 2013, 12, 31},
      {"2000-02-29", 2000, 2, 29},      {"0001-01-01", 1, 1, 1},
      {"0000-02-29", 0, 2, 29},         {"-0043-03-15", -43, 3, 15},
      {"0044-03-15 (BC)", -43, 3, 15},  {"12345-06-07", 12345, 6, 7},
      {"5800000-01-01", 5800000, 1, 1},
  };
  for (const auto& c : cases) {
    int32_t days = 0;
    ASSERT_TRUE(ParseDate(c.text, &days)) << c.text;
    EXPECT_EQ(days, DaysFromCivil(c.y, c.m, c.d)) << c.text;
  }
}

TEST(CivilTimeTest, RefusesWhatIsNotADate) {
  for (const char* text : {"",
                           "-",
                           "2013",
                           "2013-",
                           "2013-01",
                           "2013-1-1",
                           "2013-01-1",
                           "2013-01-001",
                           "2013-00-01",
                           "2013-13-01",
                           "2013-01-00",
                           "2013-01-32",
                           "2013-02-29",
                           "1900-02-29",
                           "2013/01/01",
                           "20130101",
                           "+2013-01-01",
                           " 2013-01-01",
                           "2013-01-01 ",
                           "2013-01-01T",
                           "213-01-01",
                           "12345678-01-01",
                           "9999999-01-01",
                           "-9999999-01-01",
                           "2013-01-01 (BC",
                           "0000-01-01 (BC)",
                           "-0001-01-01 (BC)",
                           "2013-0a-01",
                           "2013-01-:0",
                           "٢٠١٣-01-01"}) {
    int32_t days = 7;
    EXPECT_FALSE(ParseDate(text, &days)) << text;
    EXPECT_EQ(days, 7) << text;
  }
}

TEST(CivilTimeTest, ParsesTimesOfDay) {
  const struct {
    const char* text;
    int64_t micros;
  } cases[] = {
      {"00:00", 0},
      {"05:17", 19'020'000'000},
      {"05:17:09", 19'029'000'000},
      {"05:17:09.5", 19'029'500'000},
      {"05:17:09.000001", 19'029'000'001},
      {"05:17:09.000000999", 19'029'000'000},
      {"23:59:59.999999999", kMicrosPerDay - 1},
  };
  for (const auto& c : cases) {
    int64_t micros = -1;
    ASSERT_TRUE(ParseTimeOfDay(c.text, &micros)) << c.text;
    EXPECT_EQ(micros, c.micros) << c.text;
  }
  for (const char* text : {"", "5:17", "05", "05:", "05:1", "24:00:00", "05:60", "05:17:60",
                           "05:17:", "05:17:1", "05:17:09.", "05:17:09.1234567890", "05:17:09,5",
                           "05:17:09Z", " 05:17", "05:17 ", "-5:17", "05.17"}) {
    int64_t micros = 7;
    EXPECT_FALSE(ParseTimeOfDay(text, &micros)) << text;
    EXPECT_EQ(micros, 7) << text;
  }
}

TEST(CivilTimeTest, ParsesTimestamps) {
  const int64_t base = int64_t{15706} * kMicrosPerDay + 19'020'000'000;  // 2013-01-01 05:17.
  constexpr int64_t kHour = 3600 * kMicrosPerSecond;
  const struct {
    const char* text;
    int64_t micros;
    bool zone;
  } cases[] = {
      {"2013-01-01", int64_t{15706} * kMicrosPerDay, false},
      {"2013-01-01 05:17", base, false},
      {"2013-01-01T05:17:00", base, false},
      {"2013-01-01t05:17:00.25", base + 250000, false},
      {"2013-01-01T05:17:00Z", base, true},
      {"2013-01-01T05:17:00z", base, true},
      {"2013-01-01 05:17:00+00", base, true},
      {"2013-01-01 05:17:00+02", base - 2 * kHour, true},
      {"2013-01-01 05:17-05:00", base + 5 * kHour, true},
      {"2013-01-01 05:17:00.5-0530", base + 5 * kHour + kHour / 2 + 500000, true},
      {"2013-01-01 05:17:00+00:19:32", base - 1172 * kMicrosPerSecond, true},
      {"1969-12-31 23:59:59.999999", -1, false},
      {"0044-03-15 (BC) 12:00", DaysFromCivil(-43, 3, 15) * kMicrosPerDay + 12 * kHour, false},
  };
  for (const auto& c : cases) {
    int64_t micros = 0;
    bool zone = !c.zone;
    ASSERT_TRUE(ParseTimestamp(c.text, &micros, &zone)) << c.text;
    EXPECT_EQ(micros, c.micros) << c.text;
    EXPECT_EQ(zone, c.zone) << c.text;
  }
}

TEST(CivilTimeTest, RefusesWhatIsNotATimestamp) {
  for (const char* text : {"",
                           "T",
                           "2013-01-01T",
                           "2013-01-01 ",
                           "2013-01-01 05",
                           "2013-01-01  05:17",
                           "2013-01-01_05:17",
                           "2013-01-01Z",
                           "2013-01-01+02",
                           "2013-01-01 05:17:00 Z",
                           "2013-01-01 05:17:00+",
                           "2013-01-01 05:17:00+2",
                           "2013-01-01 05:17:00+24",
                           "2013-01-01 05:17:00+02:60",
                           "2013-01-01 05:17:00+02:",
                           "2013-01-01 05:17:00+02:0",
                           "2013-01-01 05:17:00+02:00:",
                           "2013-01-01 05:17:00+02:00:60",
                           "2013-01-01 05:17:00+020",
                           "2013-01-01 05:17:00+02.00",
                           "2013-01-01 05:17:00ZZ",
                           "2013-01-01 24:00:00",
                           "2013-02-30 05:17:00",
                           "294247-01-10 04:00:54.775808",
                           "-290308-12-21 19:59:05.224191",
                           "5000000-01-01 00:00:00"}) {
    int64_t micros = 7;
    bool zone = true;
    EXPECT_FALSE(ParseTimestamp(text, &micros, &zone)) << text;
    EXPECT_EQ(micros, 7) << text;
    EXPECT_TRUE(zone) << text;
  }
}

TEST(CivilTimeTest, FormatsTheExtremes) {
  EXPECT_EQ(DateText(std::numeric_limits<int32_t>::max()), "5881580-07-11");
  EXPECT_EQ(DateText(std::numeric_limits<int32_t>::min()), "5877642-06-23 (BC)");
  EXPECT_EQ(TimestampText(std::numeric_limits<int64_t>::max()), "294247-01-10 04:00:54.775807");
  EXPECT_EQ(TimestampText(std::numeric_limits<int64_t>::min()),
            "290309-12-21 (BC) 19:59:05.224192");
  EXPECT_EQ(DateText(DaysFromCivil(0, 1, 1)), "0001-01-01 (BC)");
  EXPECT_EQ(DateText(DaysFromCivil(1, 1, 1)), "0001-01-01");
  EXPECT_EQ(DateText(DaysFromCivil(10000, 1, 1)), "10000-01-01");
}

TEST(CivilTimeTest, FormatsFractionsWithoutTrailingZeros) {
  EXPECT_EQ(TimeText(0), "00:00:00");
  EXPECT_EQ(TimeText(19'020'000'000), "05:17:00");
  EXPECT_EQ(TimeText(19'020'500'000), "05:17:00.5");
  EXPECT_EQ(TimeText(19'020'000'001), "05:17:00.000001");
  EXPECT_EQ(TimeText(19'020'010'010), "05:17:00.01001");
  EXPECT_EQ(TimeText(kMicrosPerDay), "24:00:00");
  EXPECT_EQ(TimestampText(0), "1970-01-01 00:00:00");
  EXPECT_EQ(TimestampText(-1), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(TimestampText(-kMicrosPerDay), "1969-12-31 00:00:00");
}

TEST(CivilTimeTest, TextGoesThereAndBack) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 50000; ++i) {
    const auto days = static_cast<int32_t>(random());
    int32_t days_read = 0;
    const std::string date = DateText(days);
    ASSERT_TRUE(ParseDate(date, &days_read)) << date;
    ASSERT_EQ(days_read, days) << date;

    const auto micros = static_cast<int64_t>(random()) >> (random() % 40);
    int64_t micros_read = 0;
    bool zone = true;
    const std::string timestamp = TimestampText(micros);
    ASSERT_TRUE(ParseTimestamp(timestamp, &micros_read, &zone)) << timestamp;
    ASSERT_EQ(micros_read, micros) << timestamp;
    ASSERT_FALSE(zone);
  }
}

// Whatever is accepted must print and parse to the same instant again.
TEST(CivilTimeTest, SurvivesGarbage) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  constexpr std::string_view kAlphabet = "0123456789-:. +TZ";
  for (int i = 0; i < 100000; ++i) {
    std::string text = "2013-01-01T05:17:00.123456+02:00";
    for (auto edits = random() % 4 + 1; edits != 0; --edits) {
      text[random() % text.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    text.resize(random() % (text.size() + 1));
    int64_t micros = 0;
    bool zone = false;
    if (ParseTimestamp(text, &micros, &zone)) {
      int64_t again = 0;
      ASSERT_TRUE(ParseTimestamp(TimestampText(micros), &again, &zone)) << text;
      ASSERT_EQ(again, micros) << text;
    }
  }
}

}  // namespace
}  // namespace thalweg
