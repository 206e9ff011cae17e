#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "archive/content_stage.h"
#include "io/memory_file_system.h"
#include "testing/faulty_file_system.h"
#include "testing/status_matchers.h"

namespace thalweg::archive {
namespace {

using ::thalweg::testing::FaultyFileSystem;
using ::thalweg::testing::StatusIs;

TEST(StageObserveTest, DebugCountsWhatItPassesOn) {
  DebugCounts counts{.label = "raw"};
  std::string out;
  for (int entry = 0; entry < 2; ++entry) {
    auto stage = MakeDebug(&counts);
    ASSERT_OK(stage->Push("abc", &out));
    ASSERT_OK(stage->Push("de", &out));
    ASSERT_OK(stage->Finish(&out));
  }
  EXPECT_EQ(out, "abcdeabcde");
  EXPECT_EQ(counts.entries, 2);
  EXPECT_EQ(counts.pieces, 4);
  EXPECT_EQ(counts.bytes, 10);
}

TEST(StageObserveTest, TeeWritesWhatItPassesOn) {
  io::MemoryFileSystem fs;
  std::string out;
  {
    ASSERT_OK_AND_ASSIGN(auto file, fs.OpenForWriting("copy", {}));
    for (const char* content : {"one", "two"}) {
      auto stage = MakeTee(file.get());
      ASSERT_OK(stage->Push(content, &out));
      ASSERT_OK(stage->Finish(&out));
    }
    ASSERT_OK(file->Close());
  }
  EXPECT_EQ(out, "onetwo");
  ASSERT_OK_AND_ASSIGN(const std::string copy, io::ReadFile(fs, "copy", 100));
  EXPECT_EQ(copy, "onetwo");
}

}  // namespace
}  // namespace thalweg::archive
