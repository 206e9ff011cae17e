#include "io/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "io/errno_status.h"
#include "io/local_file_system.h"
#include "io/memory_file_system.h"
#include "testing/faulty_file_system.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::thalweg::testing::Crash;
using ::thalweg::testing::FaultyFileSystem;
using ::thalweg::testing::StatusIs;

constexpr std::string_view kOld = "the old content";

std::string NewContent() {
  std::string text;
  for (int i = 0; i < 400; ++i) text.append(std::to_string(i)).append(",");
  return text;
}

// The content of a file, or nullopt when there is none.
std::optional<std::string> Get(FileSystem& fs, const std::string& path) {
  auto bytes = ReadFile(fs, path, 1 << 20);
  if (bytes.ok()) return *std::move(bytes);
  EXPECT_EQ(bytes.status().code(), StatusCode::kNotFound) << bytes.status().ToString();
  return std::nullopt;
}

std::vector<std::string> Names(FileSystem& fs, const std::string& path) {
  std::vector<std::string> names;
  const auto entries = fs.List(path);
  EXPECT_OK(entries);
  for (const auto& entry : *entries) names.push_back(entry.name);
  return names;
}

Status Put(FileSystem& fs, const std::string& path, std::string_view bytes) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenForWriting(path, {WriteMode::kTruncate, 0644, false}));
  THALWEG_RETURN_IF_ERROR(file->Append(bytes));
  THALWEG_RETURN_IF_ERROR(file->Sync());
  return file->Close();
}

// The workload of the sweeps: `/d/out` is written in pieces and committed.
Status WriteOut(FileSystem& fs, bool replace) {
  THALWEG_ASSIGN_OR_RETURN(auto file, AtomicFile::Create(fs, "/d/out", {replace, 0644}));
  const std::string text = NewContent();
  for (size_t at = 0; at < text.size(); at += 500) {
    THALWEG_RETURN_IF_ERROR(file->Append(std::string_view(text).substr(at, 500)));
  }
  return file->Commit();
}

TEST(AtomicFileTest, AppearsWholeAtCommit) {
  const testing::TempDir dir;
  FileSystem& fs = LocalFileSystem();
  {
    ASSERT_OK_AND_ASSIGN(auto file, AtomicFile::Create(fs, dir / "out.csv", {}));
    ASSERT_OK(file->Append("a,b\n"));
    EXPECT_EQ(Get(fs, dir / "out.csv"), std::nullopt);
    EXPECT_THAT(file->temporary_path(), HasSubstr(dir / ".out.csv."));
    ASSERT_OK(file->Append("1,2\n"));
    ASSERT_OK(file->Commit());
    EXPECT_EQ(file->bytes_written(), 8);
    EXPECT_THAT(file->Append("x"), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(file->Commit(), StatusIs(StatusCode::kInvalidArgument));
    file->Discard();
  }
  EXPECT_EQ(Get(fs, dir / "out.csv"), "a,b\n1,2\n");
  EXPECT_THAT(Names(fs, dir.path()), ElementsAre("out.csv"));
}

TEST(AtomicFileTest, LeavesNothingWithoutCommit) {
  const testing::TempDir dir;
  FileSystem& fs = LocalFileSystem();
  {
    ASSERT_OK_AND_ASSIGN(auto dropped, AtomicFile::Create(fs, dir / "a", {}));
    ASSERT_OK(dropped->Append("x"));
    ASSERT_OK_AND_ASSIGN(auto discarded, AtomicFile::Create(fs, dir / "b", {}));
    discarded->Discard();
    EXPECT_THAT(discarded->Append("x"), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(discarded->Commit(), StatusIs(StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(Names(fs, dir.path()), IsEmpty());
}

TEST(AtomicFileTest, RefusesATakenNameEarlyAndLate) {
  MemoryFileSystem fs;
  ASSERT_OK(fs.MakeDirs("/d"));
  ASSERT_OK_AND_ASSIGN(auto file, AtomicFile::Create(fs, "/d/out", {}));
  ASSERT_OK(file->Append("mine"));
  ASSERT_OK(Put(fs, "/d/out", "theirs"));
  EXPECT_THAT(AtomicFile::Create(fs, "/d/out", {}), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(file->Commit(), StatusIs(StatusCode::kAlreadyExists, HasSubstr("/d/out")));
  EXPECT_EQ(Get(fs, "/d/out"), "theirs");
  EXPECT_THAT(Names(fs, "/d"), ElementsAre("out"));
}

TEST(AtomicFileTest, TakenNamesGetNumbers) {
  MemoryFileSystem fs;
  const AtomicFile::Options numbered = {.numbered = true};
  ASSERT_OK_AND_ASSIGN(const auto first, AtomicFile::Create(fs, "a.mrc", numbered));
  ASSERT_OK_AND_ASSIGN(const auto second, AtomicFile::Create(fs, "a.mrc", numbered));
  ASSERT_OK(first->Append("1"));
  ASSERT_OK(second->Append("2"));
  ASSERT_OK(second->Commit());
  ASSERT_OK(first->Commit());
  ASSERT_OK_AND_ASSIGN(const auto third, AtomicFile::Create(fs, "a.mrc", numbered));
  ASSERT_OK(third->Commit());
  EXPECT_EQ(second->path(), "a.mrc");
  EXPECT_EQ(first->path(), "a-2.mrc");
  EXPECT_EQ(third->path(), "a-3.mrc");
  EXPECT_EQ(Get(fs, "a.mrc"), "2");
  EXPECT_EQ(Get(fs, "a-2.mrc"), "1");
}

TEST(AtomicFileTest, ReplacesAndKeepsPermissions) {
  const testing::TempDir dir;
  FileSystem& fs = LocalFileSystem();
  ASSERT_OK(Put(fs, dir / "out", kOld));
  std::filesystem::permissions(dir / "out", std::filesystem::perms{0606});
  ASSERT_OK_AND_ASSIGN(auto file, AtomicFile::Create(fs, dir / "out", {true, 0644}));
  ASSERT_OK(file->Append("new"));
  EXPECT_EQ(Get(fs, dir / "out"), kOld);
  ASSERT_OK(file->Commit());
  EXPECT_EQ(Get(fs, dir / "out"), "new");
  ASSERT_OK_AND_ASSIGN(const FileInfo info, fs.Stat(dir / "out"));
  EXPECT_EQ(info.permissions, 0606U);
}

TEST(AtomicFileTest, RefusesWhatIsNotAFile) {
  const testing::TempDir dir;
  FileSystem& fs = LocalFileSystem();
  const AtomicFile::Options replace{true, 0644};
  EXPECT_THAT(AtomicFile::Create(fs, dir.path(), replace), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AtomicFile::Create(fs, "/dev/null", replace), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AtomicFile::Create(fs, dir / "x/", replace), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AtomicFile::Create(fs, "", replace), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AtomicFile::Create(fs, dir / "no/x", replace), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Names(fs, dir.path()), IsEmpty());
}

TEST(AtomicFileTest, LongNamesFit) {
  const testing::TempDir dir;
  FileSystem& fs = LocalFileSystem();
  const std::string path = dir / std::string(255, 'n');
  ASSERT_OK_AND_ASSIGN(auto file, AtomicFile::Create(fs, path, {}));
  ASSERT_OK(file->Commit());
  EXPECT_EQ(Get(fs, path), "");
}

TEST(AtomicFileTest, OneOfManyWins) {
  const testing::TempDir dir;
  FileSystem& fs = LocalFileSystem();
  std::atomic<int> winners = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto file = AtomicFile::Create(fs, dir / "out", {});
      if (!file.ok()) return;
      EXPECT_OK((*file)->Append(std::to_string(t)));
      const Status status = (*file)->Commit();
      if (status.ok()) {
        ++winners;
      } else {
        EXPECT_THAT(status, StatusIs(StatusCode::kAlreadyExists));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(winners, 1);
  EXPECT_THAT(Names(fs, dir.path()), ElementsAre("out"));
}

// Each file operation of the workload fails in turn: once, or it and all that follow (as when
// the process is killed there).
TEST(AtomicFileTest, NoFaultLeavesAPartUnderTheName) {
  for (const bool replace : {false, true}) {
    for (const bool stays : {false, true}) {
      for (const int error : {ENOSPC, EIO, EDQUOT}) {
        int64_t k = 1;
        for (;; ++k) {
          SCOPED_TRACE("replace " + std::to_string(replace) + " stays " + std::to_string(stays) +
                       " error " + std::to_string(error) + " k " + std::to_string(k));
          MemoryFileSystem memory;
          ASSERT_OK(memory.MakeDirs("/d"));
          if (replace) {
            ASSERT_OK(Put(memory, "/d/out", kOld));
          }
          FaultyFileSystem fs(memory);
          fs.FailOperation(k, error, stays);
          const Status status = WriteOut(fs, replace);
          const bool fault_met = fs.operations() >= k;
          EXPECT_EQ(fs.open_files(), 0);
          const auto content = Get(memory, "/d/out");
          if (!fault_met) {
            ASSERT_OK(status);
            break;
          }
          EXPECT_THAT(status, StatusIs(StatusOfErrno(error, "", "").code()));
          const bool whole = content == NewContent();
          const bool before = replace ? content == kOld : content == std::nullopt;
          EXPECT_TRUE(whole || before) << content.value_or("(none)");
          if (!stays) {
            EXPECT_THAT(Names(memory, "/d"), ::testing::SizeIs(content ? 1 : 0));
          }
        }
        EXPECT_GT(k, 8);
      }
    }
  }
}

// The power fails after each operation: the name holds all or nothing, whatever of the unsynced
// work is lost; and all once Commit has returned.
TEST(AtomicFileTest, NoPowerFailureLeavesAPartUnderTheName) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  for (const bool replace : {false, true}) {
    for (const Crash crash : {Crash::kDropUnsynced, Crash::kDropUnsyncedNames,
                              Crash::kDropUnsyncedBytes, Crash::kDropRandom}) {
      for (int64_t k = 1, done = 0; done == 0; ++k) {
        for (uint64_t round = 0; round < (crash == Crash::kDropRandom ? 40U : 1U); ++round) {
          SCOPED_TRACE("replace " + std::to_string(replace) + " crash " +
                       std::to_string(static_cast<int>(crash)) + " k " + std::to_string(k));
          MemoryFileSystem memory;
          ASSERT_OK(memory.MakeDirs("/d"));
          if (replace) {
            ASSERT_OK(Put(memory, "/d/out", kOld));
          }
          FaultyFileSystem fs(memory);
          fs.FailOperation(k, EIO, /*stays=*/true);
          const Status status = WriteOut(fs, replace);
          ASSERT_OK(fs.PowerFails(crash, seed + round));
          const auto content = Get(memory, "/d/out");
          if (status.ok()) {
            done = 1;
            EXPECT_EQ(content, NewContent());
          } else {
            EXPECT_TRUE(content == NewContent() ||
                        (replace ? content == kOld : content == std::nullopt))
                << content.value_or("(none)");
          }
        }
      }
    }
  }
}

// Shows that the sweep above can fail: without the sync a part does appear.
TEST(AtomicFileTest, TheCrashModelCatchesAMissingSync) {
  MemoryFileSystem memory;
  FaultyFileSystem fs(memory);
  ASSERT_OK_AND_ASSIGN(auto file, fs.OpenForWriting("/tmp-out", {}));
  ASSERT_OK(file->Append("text"));
  ASSERT_OK(file->Close());
  ASSERT_OK(fs.Rename("/tmp-out", "/out", RenameMode::kReplace));
  ASSERT_OK(fs.SyncDir("/"));
  ASSERT_OK(fs.PowerFails(Crash::kDropUnsynced, 1));
  EXPECT_EQ(Get(memory, "/out"), "");
}

// fsync reports a failure once; the next one succeeds though the bytes are gone.
TEST(AtomicFileTest, NeverSyncsAgainAfterAFailedSync) {
  MemoryFileSystem memory;
  FaultyFileSystem fs(memory);
  int syncs = 0;
  fs.SetFault([&](const FaultyFileSystem::Operation& operation) {
    return operation.kind == FaultyFileSystem::Kind::kSync && ++syncs == 1 ? EIO : 0;
  });
  ASSERT_OK_AND_ASSIGN(auto file, AtomicFile::Create(fs, "/out", {}));
  ASSERT_OK(file->Append("text"));
  EXPECT_THAT(file->Commit(), StatusIs(StatusCode::kIoError));
  EXPECT_THAT(file->Commit(), StatusIs(StatusCode::kIoError));
  EXPECT_EQ(syncs, 1);
  EXPECT_THAT(Names(memory, "/"), IsEmpty());
}

}  // namespace
}  // namespace thalweg::io
