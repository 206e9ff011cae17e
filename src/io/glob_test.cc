#include "io/glob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <random>
#include <string>

#include "io/local_file_system.h"
#include "io/memory_file_system.h"
#include "testing/faulty_file_system.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::io {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::thalweg::testing::StatusIs;

TEST(NameMatchesTest, FollowsTheRules) {
  const struct {
    const char *pattern, *name;
    bool matches;
  } cases[] = {
      {"", "", true},
      {"a", "a", true},
      {"a", "b", false},
      {"a", "", false},
      {"", "a", false},
      {"*", "", true},
      {"*", "abc", true},
      {"*.csv", "a.csv", true},
      {"*.csv", "a.csv.gz", false},
      {"*.csv", ".csv", false},
      {".*", ".csv", true},
      {".csv", ".csv", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"?", "é", true},
      {"??", "é", false},
      {"a?c", "aéc", true},
      {"?x", ".x", false},
      {"[.]x", ".x", false},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYbZ", false},
      {"*a*", "bab", true},
      {"**", "ab", true},
      {"[abc]", "b", true},
      {"[abc]", "d", false},
      {"[a-c]x", "bx", true},
      {"[!a-c]", "b", false},
      {"[!a-c]", "d", true},
      {"[^a]", "b", true},
      {"[]]", "]", true},
      {"[!]]", "]", false},
      {"[a-]", "-", true},
      {"[", "[", true},
      {"[ab", "[ab", true},
      {"a[", "a[", true},
      {"[à-é]", "ç", true},
      {"[à-é]", "z", false},
      {"[\\]]", "]", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"a\\", "a\\", true},
      {"[z-a]", "m", false},
      {"*[0-9]", "a1", true},
      {"*[0-9]", "a1b", false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(NameMatches(c.pattern, c.name), c.matches) << c.pattern << " / " << c.name;
  }
}

TEST(NameMatchesTest, ManyStarsStayFast) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern.append("*a");
  EXPECT_FALSE(NameMatches(pattern + "b", std::string(2000, 'a')));
  EXPECT_TRUE(NameMatches(pattern, std::string(2000, 'a')));
}

TEST(NameMatchesTest, SurvivesGarbage) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  constexpr std::string_view kAlphabet = "ab[]!^-*?\\{},\xc3\xa9\xf0";
  const auto text = [&] {
    std::string out(random() % 12, ' ');
    for (char& c : out) c = kAlphabet[random() % kAlphabet.size()];
    return out;
  };
  for (int i = 0; i < 20000; ++i) {
    const std::string pattern = text();
    NameMatches(pattern, text());
    if (pattern.find_first_of("*?[\\") == std::string::npos) {
      EXPECT_TRUE(NameMatches(pattern, pattern)) << pattern;
    }
    EXPECT_OK(ExpandBraces(pattern));
  }
}

TEST(ExpandBracesTest, KeepsTheOrder) {
  const auto expand = [](std::string_view text) { return *ExpandBraces(text); };
  EXPECT_THAT(expand("a"), ElementsAre("a"));
  EXPECT_THAT(expand("a{b,c}d"), ElementsAre("abd", "acd"));
  EXPECT_THAT(expand("{a,b}{c,d}"), ElementsAre("ac", "ad", "bc", "bd"));
  EXPECT_THAT(expand("{a,b{c,d}}"), ElementsAre("a", "bc", "bd"));
  EXPECT_THAT(expand("{x/y,z}.csv"), ElementsAre("x/y.csv", "z.csv"));
  EXPECT_THAT(expand("{,a}b"), ElementsAre("b", "ab"));
  EXPECT_THAT(expand("{a}"), ElementsAre("{a}"));
  EXPECT_THAT(expand("{a{b,c}}"), ElementsAre("{ab}", "{ac}"));
  EXPECT_THAT(expand("{a,b"), ElementsAre("{a,b"));
  EXPECT_THAT(expand("a,b}"), ElementsAre("a,b}"));
  EXPECT_THAT(expand("\\{a,b}"), ElementsAre("\\{a,b}"));
}

TEST(ExpandBracesTest, IsBounded) {
  std::string bomb;
  for (int i = 0; i < 40; ++i) bomb.append("{a,b}");
  EXPECT_THAT(ExpandBraces(bomb), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_OK(ExpandBraces(std::string(2'000, '{')));
}

class GlobTest : public ::testing::Test {
 protected:
  GlobTest() {
    for (const char* name :
         {"/d/a.csv", "/d/b.csv", "/d/c.json", "/d/.hidden.csv", "/d/x/a.csv", "/d/x/y/a.csv",
          "/d/x/y/z/b.csv", "/d/.git/a.csv", "/d/[odd].csv", "/e/a.csv", "/top.csv"}) {
      EXPECT_OK(fs_.MakeDirs(ParentPath(name)));
      EXPECT_OK(fs_.OpenForWriting(name, {}));
    }
  }
  std::vector<std::string> Find(const std::string& pattern) {
    auto found = Glob(fs_, pattern);
    EXPECT_OK(found);
    return found.ok() ? *std::move(found) : std::vector<std::string>();
  }
  MemoryFileSystem fs_;
};

TEST_F(GlobTest, FindsFilesInOrder) {
  EXPECT_THAT(Find("/d/*.csv"), ElementsAre("/d/[odd].csv", "/d/a.csv", "/d/b.csv"));
  EXPECT_THAT(Find("/d/?.csv"), ElementsAre("/d/a.csv", "/d/b.csv"));
  EXPECT_THAT(Find("/d/[bc].*"), ElementsAre("/d/b.csv", "/d/c.json"));
  EXPECT_THAT(Find("/d/.*"), ElementsAre("/d/.hidden.csv"));
  EXPECT_THAT(Find("/?/a.csv"), ElementsAre("/d/a.csv", "/e/a.csv"));
  EXPECT_THAT(Find("/{e,d}/{b,a}.csv"), ElementsAre("/d/a.csv", "/d/b.csv", "/e/a.csv"));
  EXPECT_THAT(Find("/d/{a,a,?}.csv"), ElementsAre("/d/a.csv", "/d/b.csv"));
  EXPECT_THAT(Find("*.csv"), ElementsAre("top.csv"));
  EXPECT_THAT(Find("/d/x"), IsEmpty());
  EXPECT_THAT(Find("/d/x*"), IsEmpty());
  EXPECT_THAT(Find("/no/such/*.csv"), IsEmpty());
  EXPECT_THAT(Find("/d/a.csv/*"), IsEmpty());
  EXPECT_THAT(Find("/d/nothing.csv"), IsEmpty());
}

TEST_F(GlobTest, DescendsIntoDirectories) {
  EXPECT_THAT(Find("/d/**/a.csv"), ElementsAre("/d/a.csv", "/d/x/a.csv", "/d/x/y/a.csv"));
  EXPECT_THAT(Find("/d/**/**/a.csv"), ElementsAre("/d/a.csv", "/d/x/a.csv", "/d/x/y/a.csv"));
  EXPECT_THAT(Find("/d/x/**"), ElementsAre("/d/x/a.csv", "/d/x/y/a.csv", "/d/x/y/z/b.csv"));
  EXPECT_THAT(Find("/**/y/**/*.csv"), ElementsAre("/d/x/y/a.csv", "/d/x/y/z/b.csv"));
  EXPECT_THAT(Find("**/b.csv"), ElementsAre("d/b.csv", "d/x/y/z/b.csv"));
}

TEST_F(GlobTest, APathThatExistsStandsForItself) {
  EXPECT_THAT(Find("/d/[odd].csv"), ElementsAre("/d/[odd].csv"));
  EXPECT_THAT(Find("/d/\\[odd\\].csv"), ElementsAre("/d/[odd].csv"));
  EXPECT_TRUE(IsGlob("/d/[odd].csv"));
  EXPECT_FALSE(IsGlob("/d/a.csv"));
}

TEST_F(GlobTest, IsBoundedAndHonest) {
  EXPECT_THAT(Glob(fs_, "/**/*.csv", {3}), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(Glob(fs_, ""), StatusIs(StatusCode::kInvalidArgument));
  testing::FaultyFileSystem faulty(fs_);
  faulty.SetFault([](const testing::FaultyFileSystem::Operation& operation) {
    return operation.kind == testing::FaultyFileSystem::Kind::kList && operation.path == "/d/x"
               ? EACCES
               : 0;
  });
  EXPECT_THAT(Glob(faulty, "/d/**/a.csv"), StatusIs(StatusCode::kUnauthenticated));
}

TEST(GlobLocalTest, LinkLoopsEnd) {
  const testing::TempDir dir;
  FileSystem& fs = LocalFileSystem();
  ASSERT_OK(fs.MakeDirs(dir / "a/b"));
  ASSERT_OK(fs.OpenForWriting(dir / "a/b/f.csv", {}));
  std::filesystem::create_directory_symlink(dir / "a", dir / "a/b/loop");
  std::filesystem::create_directory_symlink(dir / "a", dir / "alias");
  std::filesystem::create_symlink("f.csv", dir / "a/b/g.csv");
  std::filesystem::create_symlink("nowhere", dir / "a/b/h.csv");
  ASSERT_OK_AND_ASSIGN(auto found, Glob(fs, dir / "**/*.csv"));
  EXPECT_THAT(found, ElementsAre(dir / "a/b/f.csv", dir / "a/b/g.csv", dir / "a/b/h.csv"));
  ASSERT_OK_AND_ASSIGN(found, Glob(fs, dir / "al*/b/f*"));
  EXPECT_THAT(found, ElementsAre(dir / "alias/b/f.csv"));
}

}  // namespace
}  // namespace thalweg::io
