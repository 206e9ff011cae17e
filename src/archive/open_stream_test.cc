// Archives that come as a stream: what is given is the content of the files as they were.
#include <gmock/gmock.h>

#include "archive/archive_test_support.h"
#include "archive/bytes.h"
#include "archive/file_map.h"
#include "archive/frame.h"
#include "archive/index.h"
#include "io/memory_file_system.h"

namespace thalweg::archive {
namespace {

using ::testing::HasSubstr;
using testing::Noise;
using testing::OpenFor;
using testing::RawIdentity;
using testing::ReadText;
using testing::SealToText;
using testing::SmallOptions;
using testing::SomeText;
using testing::TextInput;
using testing::WriteText;
using thalweg::testing::StatusIs;
using thalweg::testing::TempDir;

struct Given {
  Status outcome;
  std::string content;
};

Given Stream(const std::string& bytes, OpenOptions options = OpenFor()) {
  Given given;
  size_t at = 0;
  given.outcome = OpenStream(
                      [&](std::span<char> out) -> Result<size_t> {
                        const size_t n = std::min({out.size(), bytes.size() - at, size_t{7000}});
                        std::copy_n(bytes.data() + at, n, out.data());
                        at += n;
                        return n;
                      },
                      [&](std::string_view part) -> Status {
                        given.content += part;
                        return {};
                      },
                      options)
                      .status();
  return given;
}

std::string Get(io::FileSystem& fs, const std::string& path) {
  return io::ReadFile(fs, path, 1 << 30).value_or("");
}

SealOptions With(const std::string& stages, Cipher cipher = Cipher::kAes256Gcm) {
  SealOptions options = SmallOptions(cipher);
  options.stages = *Stages::Parse(stages);
  options.stages.cipher = cipher;
  return options;
}

SealOptions ForAppend(const std::string& stages) {
  SealOptions options = With(stages);
  options.identities.push_back(RawIdentity());
  return options;
}

TEST(OpenStreamTest, DecodesBase64) {
  const std::string text = SomeText(300'000, 1);
  for (const bool pad : {false, true}) {
    for (const Cipher cipher : {Cipher::kNone, Cipher::kAes256Gcm}) {
      SealOptions options = With("base64,zstd:1", cipher);
      options.pad = pad;
      // Text of one, two and three bytes to the group, and frames that end inside of groups.
      const std::string bytes =
          SealToText({TextInput("a", "1"), TextInput("b", "22"), TextInput("none", ""),
                      TextInput("c", text), TextInput("d", "333"), TextInput("last", "")},
                     options);
      const Given given = Stream(bytes, OpenFor(cipher));
      EXPECT_OK(given.outcome);
      EXPECT_EQ(given.content, "122" + text + "333");
    }
  }
}

// A file of `size` bytes that holds `pieces` and holes.
std::string MakeSparse(const std::string& path, int64_t size,
                       const std::map<int64_t, std::string>& pieces) {
  WriteText(path, "");
  std::filesystem::resize_file(path, static_cast<uintmax_t>(size));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (const auto& [at, text] : pieces) {
    file.seekp(at);
    file << text;
  }
  file.close();
  return ReadText(path);
}

TEST(OpenStreamTest, FillsHoles) {
  const TempDir dir;
  const std::string pieces = Noise(150'000, 2);
  std::string all = "dense";
  WriteText(dir / "in/a", "dense");
  all += MakeSparse(dir / "in/b", 5'000'000, {{1 << 20, pieces}, {3 << 20, "middle"}});
  all += MakeSparse(dir / "in/c", 1'000'001, {});  // One hole.
  WriteText(dir / "in/d", SomeText(100'000, 3));
  all += SomeText(100'000, 3);
  all += MakeSparse(dir / "in/e", 2'000'000, {{0, "begin"}, {1'999'999, "z"}});
  all += MakeSparse(dir / "in/f", 700'000, {});  // Nothing is stored behind it.
  ASSERT_OK(Seal({{.path = dir / "in"}}, dir / "a.twa", SmallOptions()));
  const std::string bytes = ReadText(dir / "a.twa");
  const Given given = Stream(bytes);
  EXPECT_OK(given.outcome);
  EXPECT_TRUE(given.content == all);
  OpenOptions options = OpenFor();
  options.limits.output_bytes_max = static_cast<int64_t>(all.size()) - 1;
  EXPECT_THAT(Stream(bytes, options).outcome, StatusIs(StatusCode::kResourceExhausted));
}

TEST(OpenStreamTest, GoesOnWhereAnArchiveWasAppendedTo) {
  const std::string text = SomeText(200'000, 4);
  for (const int parity : {0, 10}) {
    for (const std::string first : {"zstd:1", "base64,store"}) {
      for (const std::string second : {"zstd:1", "base64,zstd:1"}) {
        SCOPED_TRACE(first + " and then " + second);
        io::MemoryFileSystem fs;
        SealOptions options = With(first);
        options.parity_percent = parity;
        ASSERT_OK(SealOn(fs, {TextInput("a", text), TextInput("b", "x")}, "/a.twa", options));
        ASSERT_OK(AppendOn(fs, "/a.twa", {TextInput("c", "three")}, ForAppend(second)));
        ASSERT_OK(AppendOn(fs, "/a.twa", {TextInput("d", text)}, ForAppend(first)));
        const std::string bytes = Get(fs, "/a.twa");
        const Given given = Stream(bytes);
        EXPECT_OK(given.outcome);
        EXPECT_EQ(given.content, text + "x" + "three" + text);
        // Cut off anywhere in what was appended last, it is not taken for whole.
        for (const size_t cut : {size_t{1}, size_t{128}, size_t{200}, bytes.size() / 8}) {
          EXPECT_THAT(Stream(bytes.substr(0, bytes.size() - cut)).outcome,
                      StatusIs(StatusCode::kCorruption));
        }
      }
    }
  }
}

TEST(OpenStreamTest, ContentThatIsHiddenIsNotTakenForGood) {
  io::MemoryFileSystem fs;
  ASSERT_OK(SealOn(fs, {TextInput("a", "one")}, "/a.twa", SmallOptions()));
  ASSERT_OK(AppendOn(fs, "/a.twa", {TextInput("a", "new")}, ForAppend("zstd")));
  const Given given = Stream(Get(fs, "/a.twa"));
  EXPECT_THAT(given.outcome, StatusIs(StatusCode::kUnsupported, HasSubstr("older 'a'")));
}

TEST(OpenStreamTest, WhatAnInterruptedAppendLeftDoesNotCount) {
  io::MemoryFileSystem fs;
  ASSERT_OK(SealOn(fs, {TextInput("a", "one")}, "/a.twa", SmallOptions()));
  std::string bytes = Get(fs, "/a.twa");
  const Digest header_hash = HashOf({std::string_view(bytes).substr(0, 64)});
  bytes.replace(64, 512, EncodeState(static_cast<int64_t>(bytes.size()), AsView(header_hash)));
  const Given given = Stream(bytes + "half of a segment");
  EXPECT_OK(given.outcome);
  EXPECT_EQ(given.content, "one");
}

// Maps.

std::vector<FileStart> SomeStarts() {
  FileStart sparse{.place = 3, .base64 = false, .size = 100, .extents = {{5, 10}, {40, 20}}};
  return {{.place = 0, .base64 = true, .size = 0, .extents = {}},
          std::move(sparse),
          {.place = 30, .base64 = false, .size = 0, .extents = {}}};
}

std::string MapFrame(const std::vector<FileStart>& starts, size_t zeros = 0) {
  return SkippableFrame(kPaddingFrame, EncodeFileMap(starts) + std::string(zeros, '\0'));
}

TEST(FileMapTest, IsReadAsItWasWritten) {
  for (const size_t zeros : {0U, 1U, 50U}) {
    ASSERT_OK_AND_ASSIGN(const auto starts, TakeFileMap(MapFrame(SomeStarts(), zeros), 30));
    ASSERT_EQ(starts.size(), 3U);
    EXPECT_TRUE(starts[0].base64);
    EXPECT_EQ(starts[1].place, 3U);
    EXPECT_EQ(starts[1].size, 100);
    EXPECT_EQ(starts[1].extents, SomeStarts()[1].extents);
    EXPECT_TRUE(starts[2].as_it_is());
  }
  for (const std::string& none : {std::string(), SkippableFrame(kPaddingFrame, ""),
                                  SkippableFrame(kPaddingFrame, std::string(3, '\0')),
                                  SkippableFrame(kPaddingFrame, std::string(99, '\0'))}) {
    ASSERT_OK_AND_ASSIGN(const auto starts, TakeFileMap(none, 0));
    EXPECT_TRUE(starts.empty());
  }
}

TEST(FileMapTest, WhatDoesNotFitIsRefused) {
  const auto refused = [](const std::string& rest, size_t content) {
    EXPECT_THAT(TakeFileMap(rest, content), StatusIs(StatusCode::kCorruption));
  };
  const std::string good = MapFrame(SomeStarts());
  refused(good, 29);  // A file begins behind the content.
  refused(good + '\0', 30);
  for (size_t length = 1; length < good.size(); ++length) {
    refused(good.substr(0, length), 30);
    if (length < 8) continue;
    // A map that ends early, in a frame that does not.
    const std::string map = good.substr(8, length - 8);
    if (map.size() >= 4) refused(SkippableFrame(kPaddingFrame, map), 30);
  }
  std::vector<FileStart> starts = SomeStarts();
  std::swap(starts[0].place, starts[2].place);
  refused(MapFrame(starts), 30);
  starts = SomeStarts();
  starts[1].extents[1].first = 14;  // Inside the region before it.
  refused(MapFrame(starts), 30);
  starts = SomeStarts();
  starts[1].size = 59;
  refused(MapFrame(starts), 30);
}

}  // namespace
}  // namespace thalweg::archive
