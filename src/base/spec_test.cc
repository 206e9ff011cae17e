#include "base/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

Spec ReadSpec() {
  Spec spec;
  spec.name = "read_csv";
  spec.fields = {
      StringField("path").Doc("The file.").Required(),
      BoolField("header").Default(true),
      Int64Field("skip").Default(int64_t{0}).Min(0).Max(1000),
      DoubleField("error_rate_max").Default(0.1).Min(0).Max(1),
      EnumField("mode", {"create", "append", "replace"}).Default(std::string("create")),
      DurationField("flush_delay_ms").Default(std::string("5s")),
      BytesField("memory_bytes_max").Default(std::string("64 MiB")),
      StringListField("columns"),
      StringMapField("types"),
      StringField("delim").Alias("sep").Alias("delimiter"),
      StringField("password").Secret(),
  };
  return spec;
}

Result<Options> Parse(Options::Given given) {
  bool has_path = false;
  for (const auto& [name, value] : given) has_path = has_path || name == "path";
  if (!has_path) given.emplace_back("path", std::string("a.csv"));
  return Options::Parse(ReadSpec(), given, "read_csv");
}

TEST(OptionsTest, DefaultsAreTyped) {
  ASSERT_OK_AND_ASSIGN(const Options options, Parse({}));
  EXPECT_TRUE(options.Bool("header"));
  EXPECT_EQ(options.Int64("skip"), 0);
  EXPECT_EQ(options.Double("error_rate_max"), 0.1);
  EXPECT_EQ(options.String("mode"), "create");
  EXPECT_EQ(options.Int64("flush_delay_ms"), 5000);
  EXPECT_EQ(options.Int64("memory_bytes_max"), 64 << 20);
  EXPECT_FALSE(options.Has("columns"));
  EXPECT_TRUE(options.Has("header"));
  EXPECT_FALSE(options.IsGiven("header"));
  EXPECT_TRUE(options.IsGiven("path"));
}

TEST(OptionsTest, GivenValuesAreCoerced) {
  ASSERT_OK_AND_ASSIGN(const Options options,
                       Parse({{"header", std::string("no")},
                              {"skip", std::string("12")},
                              {"error_rate_max", int64_t{1}},
                              {"mode", std::string("APPEND")},
                              {"flush_delay_ms", int64_t{250}},
                              {"memory_bytes_max", std::string("1 GB")},
                              {"columns", std::string("only")},
                              {"types", std::map<std::string, std::string>{{"a", "int"}}},
                              {"SEP", std::string(";")}}));
  EXPECT_FALSE(options.Bool("header"));
  EXPECT_EQ(options.Int64("skip"), 12);
  EXPECT_EQ(options.Double("error_rate_max"), 1.0);
  EXPECT_EQ(options.String("mode"), "append");
  EXPECT_EQ(options.Int64("flush_delay_ms"), 250);
  EXPECT_EQ(options.Int64("memory_bytes_max"), 1'000'000'000);
  EXPECT_THAT(options.List("columns"), ElementsAre("only"));
  EXPECT_EQ(options.Map("types").at("a"), "int");
  EXPECT_EQ(options.String("delim"), ";");
  EXPECT_TRUE(options.IsGiven("delim"));
}

TEST(OptionsTest, MistakesSayWhatToDo) {
  const struct {
    const char* name;
    OptionValue value;
    const char* message;
  } cases[] = {
      {"haeder", true, "did you mean 'header'"},
      {"header", std::string("maybe"), "read_csv: header: expected a boolean"},
      {"header", int64_t{2}, "expected a boolean"},
      {"skip", int64_t{-1}, "skip: must be at least 0"},
      {"skip", int64_t{1001}, "skip: must be at most 1000"},
      {"skip", 1.5, "expected an integer"},
      {"skip", std::string("12x"), "expected an integer"},
      {"error_rate_max", 1.5, "must be at most 1"},
      {"error_rate_max", std::string("nan"), "expected a number"},
      {"mode", std::string("apend"), "did you mean 'append'"},
      {"mode", std::string("x"), "must be one of create, append, replace"},
      {"mode", int64_t{1}, "expected a name"},
      {"flush_delay_ms", std::string("5 parsecs"), "expected a duration"},
      {"memory_bytes_max", std::string("much"), "expected a size"},
      {"columns", int64_t{1}, "expected a list"},
      {"types", std::string("a"), "expected a map"},
      {"delim", true, "expected a string"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Parse({{c.name, c.value}}),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << c.name;
  }
}

TEST(OptionsTest, MissingAndRepeatedOptionsAreRefused) {
  EXPECT_THAT(Options::Parse(ReadSpec(), {}, "read_csv"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("missing option 'path'")));
  EXPECT_THAT(Parse({{"delim", std::string(",")}, {"sep", std::string(";")}}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("twice")));
}

TEST(OptionsDeathTest, ReadingWhatTheSpecDoesNotSayIsABug) {
  ASSERT_OK_AND_ASSIGN(const Options options, Parse({}));
  EXPECT_DEATH(static_cast<void>(options.Bool("no_such_field")), "");
  EXPECT_DEATH(static_cast<void>(options.String("columns")), "");
  EXPECT_DEATH(static_cast<void>(options.Bool("skip")), "");
}

TEST(SpecTest, FindsByNameAndAliasIgnoringCase) {
  const Spec spec = ReadSpec();
  ASSERT_NE(spec.Find("Delimiter"), nullptr);
  EXPECT_EQ(spec.Find("Delimiter")->name, "delim");
  EXPECT_EQ(spec.Find("HEADER")->name, "header");
  EXPECT_EQ(spec.Find("nothing"), nullptr);
  EXPECT_TRUE(spec.Find("password")->secret);
  EXPECT_TRUE(spec.Find("path")->required);
}

TEST(SpecTest, DurationsHaveUnits) {
  const struct {
    const char* text;
    int64_t ms;
  } cases[] = {{"5s", 5000},       {"1.5 h", 5'400'000}, {"250ms", 250}, {"90", 90},
               {"2 D", 172800000}, {"1w", 604800000},    {"1000us", 1},  {"1000000 ns", 1},
               {"0", 0},           {"10m", 600'000}};
  for (const auto& c : cases) {
    ASSERT_OK_AND_ASSIGN(const int64_t ms, ParseDurationMs(c.text));
    EXPECT_EQ(ms, c.ms) << c.text;
  }
  for (const char* text :
       {"", "s", "5x", "-5s", "5 s s", "1.2.3s", "99999999999999999999w", "5s "}) {
    EXPECT_THAT(ParseDurationMs(text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
}

TEST(SpecTest, SizesHaveUnits) {
  const struct {
    const char* text;
    int64_t bytes;
  } cases[] = {{"64 MiB", 64 << 20},
               {"1GB", 1'000'000'000},
               {"4096", 4096},
               {"1.5 KiB", 1536},
               {"10B", 10},
               {"2kb", 2000},
               {"1 tib", int64_t{1} << 40}};
  for (const auto& c : cases) {
    ASSERT_OK_AND_ASSIGN(const int64_t bytes, ParseByteSize(c.text));
    EXPECT_EQ(bytes, c.bytes) << c.text;
  }
  for (const char* text : {"", "MiB", "1 XB", "-1", "1e9", "10000000000 TiB", " 1"}) {
    EXPECT_THAT(ParseByteSize(text), StatusIs(StatusCode::kInvalidArgument)) << text;
  }
}

TEST(SpecTest, TheNearestNameIsNear) {
  const std::vector<std::string> known = {"header", "delim", "skip"};
  EXPECT_EQ(NearestName("heder", known), "header");
  EXPECT_EQ(NearestName("HEADER", known), "header");
  EXPECT_EQ(NearestName("skp", known), "skip");
  EXPECT_EQ(NearestName("completely", known), "");
  EXPECT_EQ(NearestName("", known), "");
  EXPECT_EQ(NearestName("x", {}), "");
  EXPECT_EQ(DidYouMean("delm", known), " (did you mean 'delim'?)");
  EXPECT_EQ(DidYouMean("zzzzz", known), "");
}

}  // namespace
}  // namespace thalweg
