#include "testing/faulty_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <random>
#include <string>

#include "io/local_file_system.h"
#include "io/memory_file_system.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::testing {
namespace {

using io::FileSystem;
using io::RenameMode;
using io::WriteMode;

constexpr Crash kCrashes[] = {Crash::kDropUnsynced, Crash::kDropUnsyncedNames,
                              Crash::kDropUnsyncedBytes, Crash::kDropRandom};

Status Write(FileSystem& fs, const std::string& path, std::string_view bytes, bool sync,
             WriteMode mode = WriteMode::kCreate) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenForWriting(path, {mode, 0644, false}));
  THALWEG_RETURN_IF_ERROR(file->Append(bytes));
  if (sync) THALWEG_RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

std::string Get(FileSystem& fs, const std::string& path) {
  const auto bytes = io::ReadFile(fs, path, 1 << 20);
  return bytes.ok() ? *bytes : InfoOf(bytes.status().code()).name;
}

// Both a memory and the local file system can be crashed.
class FaultyFileSystemTest : public ::testing::TestWithParam<bool> {
 protected:
  FileSystem& base() {
    if (GetParam()) return io::LocalFileSystem();
    return memory_;
  }
  std::string At(const std::string& name) { return GetParam() ? dir_ / name : "/" + name; }
  std::string Root() { return GetParam() ? dir_.path() : "/"; }
  TempDir dir_;
  io::MemoryFileSystem memory_;
};

INSTANTIATE_TEST_SUITE_P(Bases, FaultyFileSystemTest, ::testing::Bool(),
                         [](const auto& param) { return param.param ? "local" : "memory"; });

TEST_P(FaultyFileSystemTest, SyncedWorkSurvivesEveryCrash) {
  for (const Crash crash : kCrashes) {
    FaultyFileSystem fs(base());
    ASSERT_OK(Write(fs, At("a"), "synced", true, WriteMode::kTruncate));
    ASSERT_OK(fs.SyncDir(Root()));
    ASSERT_OK(fs.PowerFails(crash, 7));
    EXPECT_EQ(Get(base(), At("a")), "synced");
  }
}

TEST_P(FaultyFileSystemTest, UnsyncedWorkIsLost) {
  FaultyFileSystem fs(base());
  ASSERT_OK(Write(fs, At("name"), "bytes", true));
  ASSERT_OK(fs.MakeDirs(At("d")));
  ASSERT_OK(Write(fs, At("d/below"), "bytes", true));
  ASSERT_OK(fs.SyncDir(At("d")));  // The name `d` itself is not synced.
  ASSERT_OK(fs.PowerFails(Crash::kDropUnsynced, 1));
  EXPECT_EQ(Get(base(), At("name")), "not_found");
  EXPECT_EQ(Get(base(), At("d/below")), "not_found");
}

TEST_P(FaultyFileSystemTest, LostNamesAndLostBytesAreTwoThings) {
  for (const Crash crash : {Crash::kDropUnsyncedNames, Crash::kDropUnsyncedBytes}) {
    const std::string name = crash == Crash::kDropUnsyncedNames ? "n" : "b";
    ASSERT_OK(Write(base(), At(name), "old", true));
    FaultyFileSystem fs(base());
    ASSERT_OK(Write(fs, At(name), "+new", false, WriteMode::kAppend));
    ASSERT_OK(fs.Rename(At(name), At(name + "2"), RenameMode::kReplace));
    ASSERT_OK(fs.PowerFails(crash, 1));
    if (crash == Crash::kDropUnsyncedNames) {
      EXPECT_EQ(Get(base(), At(name)), "old+new");
      EXPECT_EQ(Get(base(), At(name + "2")), "not_found");
    } else {
      EXPECT_EQ(Get(base(), At(name)), "not_found");
      EXPECT_EQ(Get(base(), At(name + "2")), "old");
    }
  }
}

TEST_P(FaultyFileSystemTest, RemovedTreesComeBack) {
  ASSERT_OK(base().MakeDirs(At("d/e")));
  ASSERT_OK(Write(base(), At("d/e/f"), "deep", true));
  FaultyFileSystem fs(base());
  ASSERT_OK(fs.RemoveTree(At("d")));
  EXPECT_EQ(Get(base(), At("d/e/f")), "not_found");
  ASSERT_OK(fs.PowerFails(Crash::kDropUnsynced, 1));
  EXPECT_EQ(Get(base(), At("d/e/f")), "deep");
  ASSERT_OK(fs.RemoveTree(At("d")));
  ASSERT_OK(fs.SyncDir(Root()));
  ASSERT_OK(fs.PowerFails(Crash::kDropUnsynced, 1));
  EXPECT_EQ(Get(base(), At("d/e/f")), "not_found");
}

TEST_P(FaultyFileSystemTest, RandomCrashesTearAtSectors) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::map<size_t, int> lengths;
  int holes = 0;
  for (uint64_t round = 0; round < 60; ++round) {
    FaultyFileSystem fs(base());
    const std::string path = At("torn" + std::to_string(round));
    ASSERT_OK(Write(fs, path, std::string(700, 'd'), true));
    ASSERT_OK(fs.SyncDir(Root()));
    ASSERT_OK(Write(fs, path, std::string(5000, 'u'), false, WriteMode::kAppend));
    ASSERT_OK(fs.PowerFails(Crash::kDropRandom, seed + round));
    const std::string bytes = Get(base(), path);
    ASSERT_GE(bytes.size(), 700U);
    EXPECT_EQ(bytes.substr(0, 700), std::string(700, 'd'));
    EXPECT_TRUE(bytes.size() % 512 == 0 || bytes.size() == 5700 || bytes.size() == 700);
    ++lengths[bytes.size()];
    holes += bytes.find('\0') != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(lengths.size(), 3U);
  EXPECT_GT(holes, 0);
}

TEST_P(FaultyFileSystemTest, OpenFilesFailAfterACrash) {
  FaultyFileSystem fs(base());
  ASSERT_OK_AND_ASSIGN(auto file, fs.OpenForWriting(At("a"), {}));
  ASSERT_OK(fs.PowerFails(Crash::kDropUnsynced, 1));
  EXPECT_THAT(file->Append("x"), StatusIs(StatusCode::kIoError));
  EXPECT_EQ(Get(base(), At("a")), "not_found");
}

TEST_P(FaultyFileSystemTest, BytesLostByAFailedSyncNeverReturn) {
  FaultyFileSystem fs(base());
  ASSERT_OK_AND_ASSIGN(auto file, fs.OpenForWriting(At("a"), {}));
  ASSERT_OK(fs.SyncDir(Root()));
  ASSERT_OK(file->Append("x"));
  fs.FailOperation(1, EIO, false);
  EXPECT_THAT(file->Sync(), StatusIs(StatusCode::kIoError));
  EXPECT_OK(file->Sync());  // The trap.
  ASSERT_OK(fs.PowerFails(Crash::kDropUnsynced, 1));
  EXPECT_EQ(Get(base(), At("a")), "");
}

TEST(FaultInjectionTest, CountsAndFailsTheChosenOperation) {
  io::MemoryFileSystem memory;
  FaultyFileSystem fs(memory);
  const auto work = [&]() -> Status {
    THALWEG_RETURN_IF_ERROR(Write(fs, "/a", "0123456789", true, WriteMode::kTruncate));
    return io::ReadFile(fs, "/a", 100).status();
  };
  ASSERT_OK(work());
  const int64_t operations = fs.operations();
  EXPECT_GT(operations, 5);
  for (int64_t k = 1; k <= operations; ++k) {
    fs.FailOperation(k, ENOSPC, false);
    EXPECT_THAT(work(), StatusIs(StatusCode::kResourceExhausted)) << k;
    fs.Heal();
    ASSERT_OK(work()) << k;
    EXPECT_EQ(fs.operations(), operations);
  }
}

TEST(FaultInjectionTest, AFailedWriteLeavesHalf) {
  io::MemoryFileSystem memory;
  FaultyFileSystem fs(memory);
  ASSERT_OK_AND_ASSIGN(auto file, fs.OpenForWriting("/a", {}));
  fs.FailOperation(1, ENOSPC, false);
  EXPECT_THAT(file->Append("01234567"), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(file->Append("89"), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_EQ(Get(memory, "/a"), "0123");
}

TEST(FaultInjectionTest, ShortReadsStillGiveTheWholeFile) {
  io::MemoryFileSystem memory;
  std::string text;
  for (int i = 0; i < 5000; ++i) text.append(std::to_string(i));
  ASSERT_OK(Write(memory, "/a", text, true));
  FaultyFileSystem fs(memory);
  fs.ShortReads(std::random_device()());
  EXPECT_EQ(Get(fs, "/a"), text);
}

}  // namespace
}  // namespace thalweg::testing
