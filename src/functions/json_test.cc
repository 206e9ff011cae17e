#include "functions/call_for_test.h"
#include "functions/json_scan.h"

namespace thalweg::functions {
namespace {

std::string Get(const std::string& function, const std::string& json, const std::string& path) {
  return Call(function, {Str(json), Name(path)});
}

TEST(JsonTest, FollowsPaths) {
  EXPECT_EQ(Get("json_extract", R"({"a":{"b":[1,2]}})", "$.a.b[1]"), "2");
  EXPECT_EQ(Get("json_extract", R"({"a":"x"})", "$.a"), "\"x\"");
  EXPECT_EQ(Get("json_extract_string", R"({"a":"x"})", "a"), "x");
  EXPECT_EQ(Get("json_extract", R"({"a":1})", "/a"), "1");
  EXPECT_EQ(Get("json_extract", R"({"a":[1,2]})", "$.a[#-1]"), "2");
  EXPECT_EQ(Get("json_extract", R"({"a":[1,2]})", "$.a[-1]"), "2");
  EXPECT_EQ(Get("json_extract", R"({"a b":1})", "$.\"a b\""), "1");
  EXPECT_EQ(Get("json_extract", R"({"a":1})", "$.b"), "NULL");
  EXPECT_EQ(Get("json_extract", R"({"a":null})", "$.a"), "null");
  EXPECT_EQ(Get("json_extract_string", R"({"a":null})", "$.a"), "NULL");
  EXPECT_EQ(Get("json_extract", R"({"a":[{"b":1},{"b":2}]})", "$.a[*].b"), "[1, 2]");
  EXPECT_EQ(Get("json_extract", R"({"a": [1,  2] })", "$.a"), "[1,2]");
  EXPECT_EQ(Get("json_extract_string", R"({"a": "\u00e9\n" })", "$.a"), "é\n");
  EXPECT_EQ(Get("json_extract_string", R"({"a": "\ud83e\udd86"})", "$.a"), "🦆");
  EXPECT_EQ(Get("json_extract", R"({"\u0061": 1})", "$.a"), "1");
  EXPECT_EQ(Get("json_extract", R"({"a":1.50})", "$.a"), "1.50");
  EXPECT_EQ(Call("json_extract", {Str("[1,2]"), Int(1)}), "2");
  EXPECT_EQ(Call("json_extract", {Str("[1,2]"), Int(-3)}), "NULL");
  EXPECT_EQ(Get("json_extract", "{bad", "$.a"), "error: json: malformed: '{bad'");
  EXPECT_THAT(Get("json_extract", "{}", "$a"), ::testing::HasSubstr("json path"));
}

TEST(JsonTest, AsksOfValues) {
  EXPECT_EQ(Get("json_value", R"({"a":"x"})", "$.a"), "x");
  EXPECT_EQ(Get("json_value", R"({"a":{"b":1}})", "$.a"), "NULL");
  EXPECT_EQ(Get("json_query", R"({"a":[1]})", "$.a"), "[1]");
  EXPECT_EQ(Get("json_query", R"({"a":1})", "$.a"), "NULL");
  EXPECT_EQ(Get("json_exists", R"({"a":null})", "$.a"), "true");
  EXPECT_EQ(Get("json_exists", R"({"a":1})", "$.b"), "false");
  EXPECT_EQ(Call("json_array_length", {Str("[1,2,3]")}), "3");
  EXPECT_EQ(Call("json_array_length", {Str("{\"a\":1}")}), "0");
  EXPECT_EQ(Get("json_array_length", R"({"a":1})", "$.b"), "NULL");
  EXPECT_EQ(Call("json_keys", {Str(R"({"a":1,"b":2})")}), "[a, b]");
  EXPECT_EQ(Call("json_type", {Str("-1")}), "BIGINT");
  EXPECT_EQ(Call("json_type", {Str("1.5")}), "DOUBLE");
}

TEST(JsonTest, ChecksText) {
  for (const std::string good :
       {"{}", " [ ] ", "1", "-0.5e+3", "\"\\u00e9\"", "null", "[1,{\"a\":[]}]"}) {
    EXPECT_TRUE(IsValidJson(good)) << good;
  }
  for (const std::string bad :
       {"", "{", "[1,]", "01", "1 2", "nan", "\"\x01\"", "{\"a\"}", "{a:1}", "\"\\x\"",
        "\"\\ud800\"", "\"", "[", "-", "1.", "tru", "\"\xff\"", "{\"a\":1,}"}) {
    EXPECT_FALSE(IsValidJson(bad)) << bad;
  }
  EXPECT_TRUE(IsValidJson(std::string(1024, '[') + std::string(1024, ']')));
  EXPECT_FALSE(IsValidJson(std::string(100000, '[')));
  const std::string whole = R"({"a": [1, "x\u00e9", {"b": null}], "c": -1.5e3})";
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(IsValidJson(whole.substr(0, size))) << size;
  }
}

TEST(JsonTest, MakesJson) {
  EXPECT_EQ(Call("to_json", {Str("x\"y\n")}), R"("x\"y\n")");
  EXPECT_EQ(Call("to_json", {Dec("4,2", "1.00")}), "1.00");
  EXPECT_EQ(Call("to_json", {Of("DATE", "2020-01-01")}), "\"2020-01-01\"");
  EXPECT_EQ(Call("to_json", {Real("nan")}), "\"nan\"");
  EXPECT_EQ(Call("to_json", {Of("BOOLEAN", "true")}), "true");
  EXPECT_EQ(Call("json_array", {Int(1), Str("a"), Null("VARCHAR")}), "[1,\"a\",null]");
  EXPECT_EQ(Call("json_object", {Name("a"), Int(1), Name("b"), Null("INTEGER")}),
            "{\"a\":1,\"b\":null}");
}

TEST(NestedTest, MakesAndTakes) {
  EXPECT_EQ(CallType("list_value", {Int(1), Dec("2,1", "2.5")}), "DECIMAL(11,1)[]");
  EXPECT_EQ(Call("list_value", {Int(1), Null("INTEGER")}), "[1, NULL]");
  EXPECT_EQ(Call("struct_pack", {Name("a"), Int(1), Name("b"), Str("x")}), "{'a': 1, 'b': x}");
  EXPECT_EQ(Call("map", {Name("a"), Int(1), Name("b"), Int(2)}), "{a=1, b=2}");
  EXPECT_EQ(Call("map", {Name("a"), Int(1), Name("a"), Int(2)}), "error: map: a key stands twice");
  EXPECT_EQ(Call("list_extract", {Str("hello"), Int(-1)}), "o");
  EXPECT_EQ(Call("list_slice", {Str("hello"), Int(2), Int(3)}), "el");
  EXPECT_EQ(Call("range", {Big(3)}), "[0, 1, 2]");
  EXPECT_EQ(Call("generate_series", {Big(3), Big(1), Big(-1)}), "[3, 2, 1]");
  EXPECT_EQ(Call("range", {Big(3), Big(1)}), "[]");
}

}  // namespace
}  // namespace thalweg::functions
