#include "engine/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thalweg::engine {
namespace {

ScalarFunction Function(std::string name, std::vector<std::string> aliases) {
  ScalarFunction out;
  out.spec.name = std::move(name);
  out.spec.aliases = std::move(aliases);
  return out;
}

Codec MakeCodec(std::string name, std::vector<std::string> suffixes) {
  Codec out;
  out.spec.name = std::move(name);
  out.suffixes = std::move(suffixes);
  return out;
}

TEST(RegistryTest, FindsByNameAndAliasInAnyCase) {
  Registry registry;
  registry.Add(Function("length", {"len"}));
  ASSERT_NE(registry.FindScalar("LENGTH"), nullptr);
  EXPECT_EQ(registry.FindScalar("Len"), registry.FindScalar("length"));
  EXPECT_EQ(registry.FindScalar("lens"), nullptr);
  EXPECT_EQ(registry.FindScalar(""), nullptr);
  EXPECT_THAT(registry.FunctionNames(), ::testing::ElementsAre("len", "length"));
}

TEST(RegistryTest, StaysValidWhileItGrows) {
  Registry registry;
  registry.Add(Function("f0", {}));
  const ScalarFunction* first = registry.FindScalar("f0");
  for (int i = 1; i < 500; ++i) {
    registry.Add(Function(std::string("f").append(std::to_string(i)), {}));
  }
  EXPECT_EQ(registry.FindScalar("f0"), first);
  EXPECT_EQ(registry.FindScalar("f499")->spec.name, "f499");
}

TEST(RegistryTest, FindsACodecByTheLongestSuffix) {
  Registry registry;
  registry.Add(MakeCodec("json", {".json"}));
  registry.Add(MakeCodec("geo", {".geo.json"}));
  EXPECT_EQ(registry.FindCodecBySuffix("a/b.JSON")->spec.name, "json");
  EXPECT_EQ(registry.FindCodecBySuffix("b.geo.json.gz")->spec.name, "geo");
  EXPECT_EQ(registry.FindCodecBySuffix("b.json.zst")->spec.name, "json");
  EXPECT_EQ(registry.FindCodecBySuffix("b.txt"), nullptr);
  EXPECT_EQ(registry.FindCodecBySuffix(""), nullptr);
}

TEST(RegistryDeathTest, RefusesANameTwice) {
  Registry registry;
  registry.Add(Function("f", {"g"}));
  EXPECT_DEATH(registry.Add(Function("h", {"G"})), "");
}

}  // namespace
}  // namespace thalweg::engine
