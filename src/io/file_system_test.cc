#include "io/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/local_file_system.h"
#include "io/memory_file_system.h"
#include "testing/faulty_file_system.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::io {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

// What every file system must do. The parameter names the implementation.
class FileSystemTest : public ::testing::TestWithParam<std::string> {
 protected:
  FileSystemTest() {
    if (GetParam() == "local") {
      fs_ = &LocalFileSystem();
      root_ = dir_.path();
    } else {
      fs_ = &memory_;
      root_ = "/root";
      EXPECT_OK(memory_.MakeDirs(root_));
      if (GetParam() == "faulty") fs_ = &faulty_;
    }
  }

  std::string At(const std::string& name) const { return root_ + "/" + name; }
  Status Put(const std::string& name, std::string_view bytes, WriteMode mode = WriteMode::kCreate) {
    THALWEG_ASSIGN_OR_RETURN(auto file, fs_->OpenForWriting(At(name), {mode, 0644, false}));
    THALWEG_RETURN_IF_ERROR(file->Append(bytes));
    THALWEG_RETURN_IF_ERROR(file->Sync());
    return file->Close();
  }
  std::string Get(const std::string& name) {
    const auto bytes = ReadFile(*fs_, At(name), 1 << 30);
    return bytes.ok() ? *bytes : bytes.status().ToString();
  }
  std::vector<std::string> Names(const std::string& name) {
    std::vector<std::string> names;
    const auto entries = fs_->List(At(name));
    EXPECT_OK(entries);
    if (!entries.ok()) return names;
    for (const auto& entry : *entries) {
      names.push_back(entry.name + (entry.type == FileType::kDirectory ? "/" : ""));
    }
    return names;
  }

  testing::TempDir dir_;
  MemoryFileSystem memory_;
  testing::FaultyFileSystem faulty_{memory_};
  FileSystem* fs_ = nullptr;
  std::string root_;
};

INSTANTIATE_TEST_SUITE_P(All, FileSystemTest, ::testing::Values("local", "memory", "faulty"),
                         [](const auto& param) { return param.param; });

TEST_P(FileSystemTest, WritesAndReads) {
  ASSERT_OK(Put("a", "hello"));
  EXPECT_EQ(Get("a"), "hello");
  EXPECT_THAT(Put("a", "x"), StatusIs(StatusCode::kAlreadyExists, HasSubstr(At("a"))));
  ASSERT_OK(Put("a", " world", WriteMode::kAppend));
  EXPECT_EQ(Get("a"), "hello world");
  ASSERT_OK(Put("a", "new", WriteMode::kTruncate));
  EXPECT_EQ(Get("a"), "new");
  ASSERT_OK(Put("b", "", WriteMode::kAppend));
  EXPECT_EQ(Get("b"), "");
}

TEST_P(FileSystemTest, ReadsAtAnyPlace) {
  ASSERT_OK(Put("a", "0123456789"));
  ASSERT_OK_AND_ASSIGN(auto file, fs_->OpenRandom(At("a")));
  ASSERT_OK_AND_ASSIGN(const int64_t size, file->Size());
  EXPECT_EQ(size, 10);
  file->WillNeed(0, 10);
  for (int64_t offset = 0; offset <= 12; ++offset) {
    for (size_t length = 0; length <= 12; ++length) {
      std::string out(length, '?');
      ASSERT_OK_AND_ASSIGN(const size_t n, file->ReadAt(offset, out));
      const std::string all = "0123456789";
      const std::string want =
          offset <= 10 ? all.substr(static_cast<size_t>(offset), length) : std::string();
      EXPECT_EQ(out.substr(0, n), want) << offset << ' ' << length;
    }
  }
  std::string out(1, '?');
  EXPECT_THAT(file->ReadAt(-1, out), StatusIs(StatusCode::kInvalidArgument));
}

TEST_P(FileSystemTest, ReadingPastTheEndStaysAtTheEnd) {
  ASSERT_OK(Put("a", "xy"));
  ASSERT_OK_AND_ASSIGN(auto file, fs_->OpenSequential(At("a"), {}));
  char out[8];
  ASSERT_OK_AND_ASSIGN(size_t n, file->Read({out, 0}));
  EXPECT_EQ(n, 0U);
  ASSERT_OK_AND_ASSIGN(n, file->Read(out));
  EXPECT_EQ(n, 2U);
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(n, file->Read(out));
    EXPECT_EQ(n, 0U);
  }
}

TEST_P(FileSystemTest, TypedFailuresNameThePath) {
  const auto missing = StatusIs(StatusCode::kNotFound, HasSubstr("nothing"));
  EXPECT_THAT(fs_->OpenRandom(At("nothing")), missing);
  EXPECT_THAT(fs_->OpenSequential(At("nothing"), {}), missing);
  EXPECT_THAT(fs_->OpenForWriting(At("nothing/x"), {}), missing);
  EXPECT_THAT(fs_->Stat(At("nothing")), missing);
  EXPECT_THAT(fs_->List(At("nothing")), missing);
  EXPECT_THAT(fs_->Unlink(At("nothing")), missing);
  EXPECT_THAT(fs_->SyncDir(At("nothing")), missing);
  EXPECT_THAT(fs_->Lock(At("nothing/x")), missing);
  EXPECT_THAT(fs_->Rename(At("nothing"), At("x"), RenameMode::kReplace),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(fs_->Rename(At("nothing"), At("x"), RenameMode::kNoReplace),
              StatusIs(StatusCode::kNotFound));
  ASSERT_OK(fs_->MakeDirs(At("dir")));
  const auto directory = StatusIs(StatusCode::kInvalidArgument, HasSubstr("dir"));
  EXPECT_THAT(fs_->OpenRandom(At("dir")), directory);
  EXPECT_THAT(fs_->OpenSequential(At("dir"), {}), directory);
  EXPECT_THAT(fs_->OpenForWriting(At("dir"), {WriteMode::kTruncate, 0644, false}), directory);
  EXPECT_THAT(fs_->Unlink(At("dir")), directory);
  ASSERT_OK(Put("file", ""));
  EXPECT_THAT(fs_->List(At("file")), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(fs_->MakeDirs(At("file")), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(fs_->MakeDirs(At("file/x")), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(fs_->Stat(At(std::string(300, 'x'))), StatusIs(StatusCode::kInvalidArgument));
}

TEST_P(FileSystemTest, RefusesPathsThatWouldBeCutShort) {
  ASSERT_OK(Put("a", "x"));
  for (const std::string& path : {std::string(), At("a") + std::string("\0b", 2)}) {
    EXPECT_THAT(fs_->OpenRandom(path), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(fs_->OpenSequential(path, {}), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(fs_->OpenForWriting(path, {}), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(fs_->Stat(path), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(fs_->Unlink(path), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(fs_->MakeDirs(path), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(fs_->RemoveTree(path), StatusIs(StatusCode::kInvalidArgument));
    EXPECT_THAT(fs_->Rename(path, At("b"), RenameMode::kReplace),
                StatusIs(StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(Get("a"), "x");
}

TEST_P(FileSystemTest, StatTellsWhatAFileIs) {
  ASSERT_OK(Put("a", "12345"));
  ASSERT_OK(fs_->MakeDirs(At("d/e/f")));
  ASSERT_OK_AND_ASSIGN(const FileInfo file, fs_->Stat(At("a")));
  EXPECT_EQ(file.type, FileType::kFile);
  EXPECT_EQ(file.size, 5);
  ASSERT_OK_AND_ASSIGN(const FileInfo dir, fs_->Stat(At("d/e")));
  EXPECT_EQ(dir.type, FileType::kDirectory);
  EXPECT_NE(dir.inode, file.inode);
  ASSERT_OK_AND_ASSIGN(const bool here, Exists(*fs_, At("a")));
  EXPECT_TRUE(here);
  ASSERT_OK_AND_ASSIGN(const bool there, Exists(*fs_, At("z")));
  EXPECT_FALSE(there);
}

TEST_P(FileSystemTest, ListsInOrder) {
  for (const char* name : {"b", "a", "c.d", "c", "B"}) ASSERT_OK(Put(name, ""));
  ASSERT_OK(fs_->MakeDirs(At("c-dir/inner")));
  EXPECT_THAT(Names(""), ::testing::ElementsAre("B", "a", "b", "c", "c-dir/", "c.d"));
  EXPECT_THAT(Names("c-dir"), ::testing::ElementsAre("inner/"));
  EXPECT_THAT(Names("c-dir/inner"), ::testing::IsEmpty());
}

TEST_P(FileSystemTest, Renames) {
  ASSERT_OK(Put("a", "1"));
  ASSERT_OK(Put("b", "2"));
  EXPECT_THAT(fs_->Rename(At("a"), At("b"), RenameMode::kNoReplace),
              StatusIs(StatusCode::kAlreadyExists, HasSubstr("b")));
  EXPECT_EQ(Get("b"), "2");
  ASSERT_OK(fs_->Rename(At("a"), At("b"), RenameMode::kReplace));
  EXPECT_EQ(Get("b"), "1");
  ASSERT_OK(fs_->Rename(At("b"), At("c"), RenameMode::kNoReplace));
  EXPECT_EQ(Get("c"), "1");
  ASSERT_OK(fs_->MakeDirs(At("d/e")));
  ASSERT_OK(Put("d/e/f", "deep"));
  ASSERT_OK(fs_->Rename(At("d"), At("g"), RenameMode::kReplace));
  EXPECT_EQ(Get("g/e/f"), "deep");
  EXPECT_THAT(Names(""), ::testing::ElementsAre("c", "g/"));
  EXPECT_THAT(fs_->Rename(At("g"), At("g/e/h"), RenameMode::kReplace),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_P(FileSystemTest, RemovesTrees) {
  ASSERT_OK(fs_->MakeDirs(At("d/e/f")));
  ASSERT_OK(Put("d/x", "1"));
  ASSERT_OK(Put("d/e/y", "1"));
  ASSERT_OK(Put("dx", "stays"));
  ASSERT_OK(fs_->RemoveTree(At("d")));
  EXPECT_THAT(Names(""), ::testing::ElementsAre("dx"));
  ASSERT_OK(fs_->RemoveTree(At("d")));
  ASSERT_OK(fs_->RemoveTree(At("no/such/place")));
  ASSERT_OK(fs_->RemoveTree(At("dx")));
  EXPECT_THAT(Names(""), ::testing::IsEmpty());
  EXPECT_THAT(fs_->RemoveTree("/"), StatusIs(StatusCode::kInvalidArgument));
}

TEST_P(FileSystemTest, MakesDirectoriesOnce) {
  ASSERT_OK(fs_->MakeDirs(At("a/b/c/")));
  ASSERT_OK(fs_->MakeDirs(At("a/b/c")));
  ASSERT_OK(fs_->MakeDirs(At("a//b/./d")));
  EXPECT_THAT(Names("a/b"), ::testing::ElementsAre("c/", "d/"));
  ASSERT_OK(fs_->SyncDir(At("a/b")));
}

TEST_P(FileSystemTest, OpenFilesOutliveTheirNames) {
  ASSERT_OK(Put("a", "old"));
  ASSERT_OK_AND_ASSIGN(auto file, fs_->OpenSequential(At("a"), {}));
  ASSERT_OK(fs_->Unlink(At("a")));
  ASSERT_OK(Put("a", "new"));
  char out[8];
  ASSERT_OK_AND_ASSIGN(const size_t n, file->Read(out));
  EXPECT_EQ(std::string(out, n), "old");
}

TEST_P(FileSystemTest, AClosedFileRefuses) {
  ASSERT_OK_AND_ASSIGN(auto file, fs_->OpenForWriting(At("a"), {}));
  ASSERT_OK(file->Append("x"));
  ASSERT_OK(file->Close());
  EXPECT_THAT(file->Append("y"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(file->Close(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Get("a"), "x");
}

TEST_P(FileSystemTest, LocksExcludeEachOther) {
  ASSERT_OK_AND_ASSIGN(auto held, fs_->Lock(At("lock")));
  EXPECT_THAT(fs_->Lock(At("lock")), StatusIs(StatusCode::kUnavailable, HasSubstr("lock")));
  ASSERT_OK_AND_ASSIGN(auto other, fs_->Lock(At("other")));
  held.reset();
  EXPECT_OK(fs_->Lock(At("lock")));
}

TEST_P(FileSystemTest, ReadFileIsBounded) {
  ASSERT_OK(Put("a", std::string(100'000, 'x')));
  EXPECT_OK(ReadFile(*fs_, At("a"), 100'000));
  EXPECT_THAT(ReadFile(*fs_, At("a"), 99'999), StatusIs(StatusCode::kResourceExhausted));
}

TEST_P(FileSystemTest, ManyThreadsMayUseIt) {
  ASSERT_OK(Put("shared", std::string(1000, 's')));
  ASSERT_OK_AND_ASSIGN(auto shared, fs_->OpenRandom(At("shared")));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string name = std::to_string(t) + "-" + std::to_string(i);
        EXPECT_OK(Put(name, name));
        EXPECT_OK(fs_->Rename(At(name), At(name + "r"), RenameMode::kReplace));
        EXPECT_EQ(Get(name + "r"), name);
        EXPECT_OK(fs_->List(root_));
        EXPECT_OK(fs_->Unlink(At(name + "r")));
        std::string out(10, '?');
        EXPECT_OK(shared->ReadAt(i, out));
        EXPECT_EQ(out, std::string(10, 's'));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(Names(""), ::testing::ElementsAre("shared"));
}

TEST(PathTest, ParentsNamesAndJoins) {
  const struct {
    const char *path, *parent, *name;
  } cases[] = {
      {"a", ".", "a"},     {"a/b", "a", "b"},   {"/a", "/", "a"}, {"/a/b/", "/a", "b"},
      {"a//b", "a", "b"},  {"//a", "/", "a"},   {"/", "/", "/"},  {"./a", ".", "a"},
      {"../a", "..", "a"}, {"a/b//", "a", "b"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ParentPath(c.path), c.parent) << c.path;
    EXPECT_EQ(BaseName(c.path), c.name) << c.path;
  }
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(JoinPath(".", "b"), "b");
  EXPECT_EQ(JoinPath("", "b"), "b");
}

}  // namespace
}  // namespace thalweg::io
