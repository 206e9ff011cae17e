#include "functions/call_for_test.h"

namespace thalweg::functions {
namespace {

struct Row {
  std::string name;
  std::vector<TestValue> arguments;
  std::string answer;
};

void Check(const std::vector<Row>& rows, const engine::EvalContext& context = {}) {
  for (const Row& row : rows) {
    std::string shown = row.name + '(';
    for (const TestValue& value : row.arguments) shown += value.text.value_or("NULL") + ", ";
    EXPECT_EQ(Call(row.name, row.arguments, context), row.answer) << shown << ')';
  }
}

TestValue Day(std::string text) { return Of("DATE", std::move(text)); }
TestValue Time(std::string text) { return Of("TIMESTAMP", std::move(text)); }
TestValue Span(std::string text) { return Of("INTERVAL", std::move(text)); }

TEST(DatePartTest, TakesParts) {
  const TestValue time = Time("2020-01-01 00:00:10.5");
  Check({{"date_part", {Name("year"), Day("2020-05-17")}, "2020"},
         {"date_part", {Name("DOW"), Day("2020-05-17")}, "0"},
         {"date_part", {Name("isodow"), Day("2020-05-17")}, "7"},
         {"date_part", {Name("doy"), Day("2020-05-17")}, "138"},
         {"date_part", {Name("week"), Day("2021-01-01")}, "53"},
         {"date_part", {Name("isoyear"), Day("2021-01-01")}, "2020"},
         {"date_part", {Name("yearweek"), Day("2021-01-01")}, "202053"},
         {"date_part", {Name("quarter"), Day("2020-05-17")}, "2"},
         {"date_part", {Name("century"), Day("1900-01-01")}, "19"},
         {"date_part", {Name("century"), Day("0044-01-01 (BC)")}, "-1"},
         {"date_part", {Name("epoch"), time}, "1577836810.5"},
         {"date_part", {Name("second"), time}, "10"},
         {"date_part", {Name("millisecond"), time}, "10500"},
         {"date_part", {Name("microsecond"), time}, "10500000"},
         {"date_part", {Name("julian"), Time("2020-01-01 12:00")}, "2458850.5"},
         {"date_part", {Name("epoch"), Span("14 months")}, "36741600.0"},
         {"date_part", {Name("month"), Span("14 months")}, "2"},
         {"date_part", {Name("hour"), Of("TIME", "10:11:12")}, "10"},
         {"year", {Time("1969-12-31 23:59:59")}, "1969"}});
  EXPECT_THAT(CallType("date_part", {Name("mnth"), Day("2020-01-01")}),
              ::testing::HasSubstr("no such date part: 'mnth' (did you mean 'month'?)"));
  EXPECT_THAT(CallType("date_part", {Name("month"), Of("TIME", "10:00")}),
              ::testing::HasSubstr("a TIME has no such part"));
}

TEST(DatePartTest, HeedsTheZoneOfInstants) {
  engine::EvalContext context;
  context.time_zone = "America/New_York";
  const TestValue instant = Of("TIMESTAMPTZ", "2020-01-01 03:00:00+00");
  Check({{"date_part", {Name("hour"), instant}, "22"},
         {"date_part", {Name("timezone"), instant}, "-18000"},
         {"date_trunc", {Name("day"), instant}, "2019-12-31 00:00:00-05"},
         {"strftime", {instant, Name("%Y-%m-%d %z %Z")}, "2019-12-31 -05 America/New_York"}},
        context);
}

TEST(DatetimeTest, Truncates) {
  Check({{"date_trunc", {Name("month"), Day("2020-05-17")}, "2020-05-01 00:00:00"},
         {"date_trunc", {Name("week"), Day("2020-05-17")}, "2020-05-11 00:00:00"},
         {"date_trunc", {Name("quarter"), Day("2020-05-17")}, "2020-04-01 00:00:00"},
         {"date_trunc", {Name("isoyear"), Day("2021-01-01")}, "2019-12-30 00:00:00"},
         {"date_trunc", {Name("hour"), Time("1969-12-31 23:59:59.5")}, "1969-12-31 23:00:00"},
         {"date_trunc", {Name("quarter"), Span("14 months 3 days")}, "1 year"}});
}

TEST(DatetimeTest, Subtracts) {
  Check({{"date_diff", {Name("month"), Day("2020-01-31"), Day("2020-02-01")}, "1"},
         {"date_diff", {Name("hour"), Time("2020-01-01 01:59"), Time("2020-01-01 02:00")}, "1"},
         {"date_diff", {Name("week"), Day("2020-01-05"), Day("2020-01-06")}, "0"},
         {"date_diff",
          {Name("minute"), Time("1969-12-31 23:59:30"), Time("1970-01-01 00:00:30")},
          "1"},
         {"date_sub", {Name("month"), Day("2020-01-31"), Day("2020-02-29")}, "1"},
         {"date_sub", {Name("day"), Time("2020-01-01 23:00"), Time("2020-01-02 01:00")}, "0"},
         {"age", {Time("2020-03-01"), Time("2019-01-31")}, "1 year 1 month 1 day"},
         {"age", {Time("2020-01-31"), Time("2020-03-01")}, "-1 month -1 day"},
         {"last_day", {Day("2020-02-01")}, "2020-02-29"},
         {"monthname", {Day("2020-02-01")}, "February"},
         {"time_bucket", {Span("15 minutes"), Time("1969-01-01 10:22")}, "1969-01-01 10:15:00"},
         {"time_bucket", {Span("7 days"), Day("2020-05-17")}, "2020-05-11"},
         {"time_bucket", {Span("3 months"), Day("1999-05-17")}, "1999-04-01"}});
}

TEST(DatetimeTest, FormatsAndParses) {
  const TestValue time = Time("2020-05-07 13:04:05.006007");
  Check({{"strftime",
          {time, Str("%y %j %a %A %b %B %I %p %-d %-m")},
          "20 128 Thu Thursday May May 01 PM 7 5"},
         {"strftime",
          {time, Str("%f %g %n %U %W %u %w %G %V %%")},
          "006007 006 006007000 18 18 4 4 2020 19 %"},
         {"strftime", {Day("2020-05-07"), Str("%d/%m/%Y")}, "07/05/2020"},
         {"strptime", {Str("07/05/2020 13:04"), Name("%d/%m/%Y %H:%M")}, "2020-05-07 13:04:00"},
         {"strptime", {Str("May 7 20 1:02 PM"), Name("%B %d %y %I:%M %p")}, "2020-05-07 13:02:00"},
         {"strptime", {Str("2020-128"), Name("%Y-%j")}, "2020-05-07 00:00:00"},
         {"strptime", {Str("10/5/69"), Name("%m/%d/%y")}, "1969-10-05 00:00:00"},
         {"strptime",
          {Str("2020-02-30"), Name("%Y-%m-%d")},
          "error: strptime: not of the format '%Y-%m-%d': '2020-02-30'"},
         {"strptime", {Str("2020-01-01 +02:00"), Name("%Y-%m-%d %z")}, "2019-12-31 22:00:00+00"},
         {"try_strptime", {Str("x"), Name("%Y")}, "NULL"}});
  EXPECT_THAT(Call("strftime", {time, Str("%Q")}), ::testing::HasSubstr("unknown specifier: '%Q'"));
}

TEST(DatetimeTest, MakesTimes) {
  Check({{"make_date", {Big(2020), Big(2), Big(29)}, "2020-02-29"},
         {"make_date", {Big(2021), Big(2), Big(29)}, "error: make_date: no such day: 2021-2-29"},
         {"make_timestamp",
          {Big(2020), Big(2), Big(29), Big(1), Big(2), Real("3.5")},
          "2020-02-29 01:02:03.5"},
         {"make_time", {Big(1), Big(2), Real("3.5")}, "01:02:03.5"},
         {"epoch_ms", {Big(1000)}, "1970-01-01 00:00:01"},
         {"epoch_ms", {Time("2020-01-01")}, "1577836800000"},
         {"to_timestamp", {Real("1.5")}, "1970-01-01 00:00:01.5+00"},
         {"from_unixtime", {Big(60)}, "1970-01-01 00:01:00"},
         {"unix_timestamp", {Time("1970-01-01 00:01:00")}, "60"},
         {"to_months", {Big(14)}, "1 year 2 months"},
         {"to_seconds", {Real("5.5")}, "00:00:05.5"},
         {"timestamp", {Str("2020-01-01 10:00")}, "2020-01-01 10:00:00"}});
}

TEST(DatetimeTest, ChangesZones) {
  Check(
      {{"timezone", {Str("America/New_York"), Time("2020-01-01 10:00")}, "2020-01-01 15:00:00+00"},
       {"timezone",
        {Str("America/New_York"), Of("TIMESTAMPTZ", "2020-01-01 10:00+00")},
        "2020-01-01 05:00:00"},
       {"timezone", {Str("Europe/Berlin"), Time("2020-03-29 02:30")}, "2020-03-29 01:30:00+00"},
       {"timezone", {Str("Europe/Berlin"), Time("2020-10-25 02:30")}, "2020-10-25 01:30:00+00"}});
  EXPECT_THAT(Call("timezone", {Str("Nowhere/X"), Time("2020-01-01")}),
              ::testing::HasSubstr("time zone: not known: 'Nowhere/X'"));
}

}  // namespace
}  // namespace thalweg::functions
