#include "thalweg/archive.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "archive/archive_test_support.h"

namespace thalweg::archive {
namespace {

using testing::ContentsOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Noise;
using testing::OpenFor;
using testing::OpenText;
using testing::ReadText;
using testing::SealToText;
using ::testing::SizeIs;
using testing::SmallOptions;
using testing::SomeText;
using testing::TextInput;
using testing::TreeOf;
using testing::WriteText;
using thalweg::testing::StatusIs;
using thalweg::testing::TempDir;

constexpr Cipher kCiphers[] = {
    Cipher::kNone,      Cipher::kAes128Gcm,        Cipher::kAes192Gcm,
    Cipher::kAes256Gcm, Cipher::kChaCha20Poly1305, Cipher::kXChaCha20Poly1305};

// A tree with one of everything.
void MakeTree(const std::string& root) {
  WriteText(root + "/a.txt", "hello");
  WriteText(root + "/empty", "");
  WriteText(root + "/deep/er/and/er/file.txt", SomeText(300'000, 1));
  WriteText(root + "/noise.bin", Noise(200'000, 2));
  WriteText(root + "/strange/ name\twith;$(x)|\"'\\ü.txt", "odd");
  WriteText(root + "/strange/-rf", "dash");
  WriteText(root + "/strange/...", "dots");
  std::filesystem::create_directories(root + "/nothing");
  std::filesystem::create_hard_link(root + "/a.txt", root + "/deep/hard.txt");
  std::filesystem::create_symlink("../a.txt", root + "/deep/soft");
  std::filesystem::create_symlink("/nowhere", root + "/dangling");
  chmod((root + "/a.txt").c_str(), 0640);
  chmod((root + "/deep/er").c_str(), 0750);
  std::filesystem::last_write_time(
      root + "/nothing", std::filesystem::file_time_type::clock::now() - std::chrono::hours(1000));
}

TEST(ArchiveTest, RestoresATreeWithItsMetadata) {
  const TempDir dir;
  MakeTree(dir / "in");
  setxattr((dir / "in/a.txt").c_str(), "user.note", "remember", 8, 0);
  for (const Cipher cipher : kCiphers) {
    SCOPED_TRACE(NameOf(cipher));
    SealOptions options = SmallOptions(cipher);
    options.force = true;
    options.stages.sha256 = true;
    ASSERT_OK_AND_ASSIGN(const SealReport sealed,
                         Seal({{.path = dir / "in"}}, dir / "a.twa", options));
    EXPECT_THAT(sealed.unreadable, IsEmpty());
    EXPECT_EQ(sealed.bytes_archive,
              static_cast<int64_t>(std::filesystem::file_size(dir / "a.twa")));
    ASSERT_OK_AND_ASSIGN(const auto archive, Archive::Open(dir / "a.twa", OpenFor(cipher)));
    EXPECT_OK(archive->Verify());
    EXPECT_OK(VerifyWithoutKey(dir / "a.twa", "", {}));
    std::filesystem::remove_all(dir / "out");
    ASSERT_OK_AND_ASSIGN(const ExtractReport out, archive->Extract(dir / "out", {}));
    EXPECT_EQ(out.entries, sealed.entries);
    EXPECT_EQ(TreeOf(dir / "in"), TreeOf(dir / "out/in"));
    struct stat a{};
    struct stat b{};
    stat((dir / "out/in/a.txt").c_str(), &a);
    stat((dir / "out/in/deep/hard.txt").c_str(), &b);
    EXPECT_EQ(a.st_ino, b.st_ino);
    char note[16];
    EXPECT_EQ(getxattr((dir / "out/in/a.txt").c_str(), "user.note", note, 16), 8);
    ASSERT_OK_AND_ASSIGN(const auto same, archive->Compare({{.path = dir / "in"}}, true));
    EXPECT_THAT(same, IsEmpty());
  }
}

TEST(ArchiveTest, EverySizeWithEveryCodecAndCipher) {
  const size_t frame = 64 << 10;
  const size_t sizes[] = {0, 1, 16383, 16384, 16385, frame - 1, frame, frame + 1, 3 * frame + 777};
  for (const char* codec : {"zstd:3", "store", "lz4", "brotli:1", "gzip:1", "auto:speed",
                            "auto:ratio", "zstd:1:long=22"}) {
    for (const Cipher cipher : kCiphers) {
      SCOPED_TRACE(std::string(codec) + " " + NameOf(cipher));
      std::vector<SealInput> inputs;
      std::map<std::string, std::string> expected;
      for (const size_t size : sizes) {
        for (const bool noise : {false, true}) {
          const std::string name = std::to_string(size) + (noise ? "n" : "t");
          expected[name] = noise ? Noise(size, size) : SomeText(size, size);
          inputs.push_back(TextInput(name, expected[name]));
        }
      }
      SealOptions options = SmallOptions(cipher);
      ASSERT_OK_AND_ASSIGN(options.stages, Stages::Parse(codec));
      options.stages.cipher = cipher;
      options.pad = cipher == Cipher::kAes256Gcm;
      const std::string bytes = SealToText(inputs, options);
      ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(bytes, OpenFor(cipher)));
      ASSERT_OK_AND_ASSIGN(const auto contents, ContentsOf(*archive));
      EXPECT_EQ(contents, expected);
      EXPECT_OK(archive->Verify());
    }
  }
}

TEST(ArchiveTest, StreamsGiveTheContentInOrder) {
  for (const Cipher cipher : {Cipher::kNone, Cipher::kAes256Gcm}) {
    for (const char* codec : {"zstd", "brotli:1"}) {
      SealOptions options = SmallOptions(cipher);
      ASSERT_OK_AND_ASSIGN(options.stages, Stages::Parse(codec));
      options.stages.cipher = cipher;
      const std::string text = SomeText(500'000, 3);
      const std::string bytes = SealToText({TextInput("x", text), TextInput("y", "end")}, options);
      size_t at = 0;
      std::string got;
      const auto report = OpenStream(
          [&](std::span<char> out) -> Result<size_t> {
            const size_t n = std::min({out.size(), bytes.size() - at, size_t{1000}});
            std::copy_n(bytes.data() + at, n, out.data());
            at += n;
            return n;
          },
          [&](std::string_view part) -> Status {
            got += part;
            return {};
          },
          OpenFor(cipher));
      EXPECT_OK(report);
      EXPECT_EQ(got, text + "end");
    }
  }
}

TEST(ArchiveTest, ReadsRangesOfSparseFiles) {
  const TempDir dir;
  const int64_t size = (int64_t{5} << 30) + 12345;
  WriteText(dir / "sparse", "");
  std::filesystem::resize_file(dir / "sparse", static_cast<uintmax_t>(size));
  {
    std::fstream file(dir / "sparse", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(int64_t{1} << 30);
    file << "in the middle";
    file.seekp(size - 3);
    file << "end";
  }
  ASSERT_OK(Seal({{.path = dir / "sparse"}}, dir / "a.twa", SmallOptions()));
  EXPECT_LT(std::filesystem::file_size(dir / "a.twa"), 1U << 20);
  ASSERT_OK_AND_ASSIGN(const auto archive, Archive::Open(dir / "a.twa", OpenFor()));
  EXPECT_EQ(archive->entries()[0].size, size);
  std::string part(20, 'x');
  ASSERT_OK_AND_ASSIGN(const size_t n, archive->ReadAt(0, (int64_t{1} << 30) - 4, part));
  EXPECT_EQ(part.substr(0, n), std::string(4, '\0') + "in the middle" + std::string(3, '\0'));
  ASSERT_OK_AND_ASSIGN(const size_t tail, archive->ReadAt(0, size - 5, part));
  EXPECT_EQ(part.substr(0, tail), std::string("\0\0end", 5));
  ASSERT_OK(archive->Extract(dir / "out", {}));
  struct stat info{};
  stat((dir / "out/sparse").c_str(), &info);
  EXPECT_EQ(info.st_size, size);
  EXPECT_LT(info.st_blocks, 4096);
}

TEST(ArchiveTest, FiltersAreUndoneOrRecorded) {
  SealOptions options = SmallOptions();
  ASSERT_OK_AND_ASSIGN(options.stages, Stages::Parse("base64,zstd:3,sha256"));
  const std::string text = SomeText(200'001, 4);
  const std::string bytes = SealToText({TextInput("b", text)}, options);
  ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(bytes, OpenFor()));
  ASSERT_OK_AND_ASSIGN(const auto contents, ContentsOf(*archive));
  EXPECT_EQ(contents.at("b"), text);
  EXPECT_OK(archive->Verify());
  const TempDir dir;
  ASSERT_OK(archive->Extract(dir.path(), {}));
  EXPECT_EQ(ReadText(dir / "b"), text);
  for (const auto& [offset, length] : {std::pair(0, 1), {1, 3}, {1000, 5000}, {199'999, 10}}) {
    std::string part(static_cast<size_t>(length), '\0');
    ASSERT_OK_AND_ASSIGN(const size_t n, archive->ReadAt(0, offset, part));
    EXPECT_EQ(part.substr(0, n), text.substr(static_cast<size_t>(offset), part.size()));
  }
  ASSERT_OK_AND_ASSIGN(options.stages, Stages::Parse("pii-mask:email,zstd:3"));
  const std::string masked =
      SealToText({TextInput("m", "write to jane@example.org today")}, options);
  ASSERT_OK_AND_ASSIGN(const auto lossy, OpenText(masked, OpenFor()));
  EXPECT_THAT(lossy->Info().lossy, ElementsAre("pii-mask:email"));
  ASSERT_OK_AND_ASSIGN(const auto hidden, ContentsOf(*lossy));
  EXPECT_THAT(hidden.at("m"), ::testing::Not(HasSubstr("jane")));
}

TEST(ArchiveTest, SelectsEntriesAndLeavesExistingFilesAlone) {
  const TempDir dir;
  MakeTree(dir / "in");
  ASSERT_OK(Seal({{.path = dir / "in"}}, dir / "a.twa", SmallOptions()));
  EXPECT_THAT(Seal({{.path = dir / "in"}}, dir / "a.twa", SmallOptions()),
              StatusIs(StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const auto archive, Archive::Open(dir / "a.twa", OpenFor()));
  ASSERT_OK(archive->Extract(dir / "out", {.entries = {"in/deep/er", "in/**/*.bin"}}));
  EXPECT_TRUE(std::filesystem::exists(dir / "out/in/deep/er/and/er/file.txt"));
  EXPECT_TRUE(std::filesystem::exists(dir / "out/in/noise.bin"));
  EXPECT_FALSE(std::filesystem::exists(dir / "out/in/a.txt"));
  EXPECT_THAT(archive->Extract(dir / "out", {.entries = {"no/such"}}),
              StatusIs(StatusCode::kNotFound, HasSubstr("no/such")));
  WriteText(dir / "out2/in/noise.bin", "mine");
  EXPECT_THAT(archive->Extract(dir / "out2", {}), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_EQ(ReadText(dir / "out2/in/noise.bin"), "mine");
  // What was made before the failure is taken back.
  EXPECT_THAT(TreeOf(dir / "out2"), SizeIs(2));
  ASSERT_OK(archive->Extract(dir / "out2", {.force = true}));
  EXPECT_EQ(TreeOf(dir / "in"), TreeOf(dir / "out2/in"));
}

TEST(ArchiveTest, TellsWhatItLeavesOut) {
  const TempDir dir;
  WriteText(dir / "in/a.txt", "a");
  WriteText(dir / "in/b.log", "b");
  WriteText(dir / "in/cache/x", "x");
  mkfifo((dir / "in/pipe").c_str(), 0600);
  SealOptions options = SmallOptions();
  options.exclude = {"*.log", "in/cache"};
  ASSERT_OK_AND_ASSIGN(const SealReport report,
                       Seal({{.path = dir / "in"}}, dir / "a.twa", options));
  ASSERT_THAT(report.unreadable, SizeIs(1));
  EXPECT_EQ(report.unreadable[0].path, "in/pipe");
  ASSERT_OK_AND_ASSIGN(const auto archive, Archive::Open(dir / "a.twa", OpenFor()));
  ASSERT_OK_AND_ASSIGN(const auto contents, ContentsOf(*archive));
  EXPECT_THAT(contents, SizeIs(1));
  EXPECT_THAT(Seal({{.path = dir / "missing"}}, dir / "b.twa", options),
              StatusIs(StatusCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(dir / "b.twa"));
  EXPECT_FALSE(std::filesystem::exists(dir / ".b.twa.part"));
}

TEST(ArchiveTest, ComparesWithTheDisk) {
  const TempDir dir;
  WriteText(dir / "in/same", "same");
  WriteText(dir / "in/longer", "x");
  WriteText(dir / "in/other", "one");
  WriteText(dir / "in/gone", "x");
  ASSERT_OK(Seal({{.path = dir / "in"}}, dir / "a.twa", SmallOptions()));
  WriteText(dir / "in/longer", "xx");
  WriteText(dir / "in/other", "two");
  WriteText(dir / "in/new", "x");
  std::filesystem::remove(dir / "in/gone");
  ASSERT_OK_AND_ASSIGN(const auto archive, Archive::Open(dir / "a.twa", OpenFor()));
  ASSERT_OK_AND_ASSIGN(const auto differences, archive->Compare({{.path = dir / "in"}}, true));
  std::map<std::string, int> kinds;
  for (const Difference& d : differences) {
    if (d.kind != Difference::Kind::kMetadata) kinds[d.path] = static_cast<int>(d.kind);
  }
  const std::map<std::string, int> expected = {
      {"in/longer", static_cast<int>(Difference::Kind::kSize)},
      {"in/other", static_cast<int>(Difference::Kind::kContent)},
      {"in/gone", static_cast<int>(Difference::Kind::kOnlyInArchive)},
      {"in/new", static_cast<int>(Difference::Kind::kOnlyOnDisk)}};
  EXPECT_EQ(kinds, expected);
}

}  // namespace
}  // namespace thalweg::archive
