#include "archive/archive_file_system.h"

#include <gmock/gmock.h>

#include "archive/archive_test_support.h"
#include "io/glob.h"

namespace thalweg::archive {
namespace {

using ::testing::ElementsAre;
using testing::OpenFor;
using testing::OpenText;
using testing::SealToText;
using testing::SmallOptions;
using testing::SomeText;
using testing::TextInput;
using thalweg::testing::StatusIs;

TEST(ArchiveFileSystemTest, ReadsFilesInsideAnArchive) {
  const std::string text = SomeText(300'000, 1);
  ASSERT_OK_AND_ASSIGN(auto opened, OpenText(SealToText({TextInput("orders/2024/a.csv", text),
                                                         TextInput("orders/2025/b.csv", "b"),
                                                         TextInput("notes", "n")},
                                                        SmallOptions()),
                                             OpenFor()));
  ArchiveFileSystem fs{std::shared_ptr<const Archive>(std::move(opened))};
  EXPECT_EQ(*io::ReadFile(fs, "/orders/2024/a.csv", 1 << 20), text);
  ASSERT_OK_AND_ASSIGN(const auto found, io::Glob(fs, "orders/*/*.csv"));
  EXPECT_THAT(found, ElementsAre("orders/2024/a.csv", "orders/2025/b.csv"));
  ASSERT_OK_AND_ASSIGN(const auto info, fs.Stat("orders"));
  EXPECT_EQ(info.type, io::FileType::kDirectory);
  ASSERT_OK_AND_ASSIGN(const auto file, fs.OpenRandom("orders/2024/a.csv"));
  std::string part(1000, '\0');
  ASSERT_OK_AND_ASSIGN(const size_t n, file->ReadAt(123'456, part));
  EXPECT_EQ(part.substr(0, n), text.substr(123'456, 1000));
  EXPECT_THAT(fs.OpenRandom("orders"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(fs.OpenRandom("none"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(fs.OpenForWriting("x", {}), StatusIs(StatusCode::kUnsupported));
  EXPECT_THAT(fs.Unlink("notes"), StatusIs(StatusCode::kUnsupported));
}

TEST(ArchiveFileSystemTest, SplitsPlacesAndReadsKeysByReference) {
  ASSERT_OK_AND_ASSIGN(const ArchivePlace place, SplitArchivePlace("a!b/c.twa!/x/*.csv"));
  EXPECT_EQ(place.archive, "a!b/c.twa");
  EXPECT_EQ(place.path, "x/*.csv");
  EXPECT_THAT(SplitArchivePlace("a.twa"), StatusIs(StatusCode::kInvalidArgument));
  const thalweg::testing::TempDir dir;
  ASSERT_OK_AND_ASSIGN(const Secret text, GenerateKeyFile());
  testing::WriteText(dir / "key", text.view());
  EXPECT_OK(ReadIdentities("file:" + (dir / "key")));
  EXPECT_THAT(ReadIdentities("file:" + (dir / "none")), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(ReadIdentities("THALWEG-SECRET-KEY-1ABC"), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace thalweg::archive
