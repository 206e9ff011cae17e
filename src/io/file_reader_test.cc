#include "io/file_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "io/local_file_system.h"
#include "io/mapped_file.h"
#include "io/memory_file_system.h"
#include "testing/faulty_file_system.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::io {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

std::string Sample(size_t bytes) {
  std::string text(bytes, '\0');
  std::mt19937 random(1);
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

class FileReaderTest : public ::testing::TestWithParam<FileReader::Method> {
 protected:
  std::string Put(std::string_view bytes) {
    auto file = LocalFileSystem().OpenForWriting(path_, {WriteMode::kTruncate, 0644, false});
    EXPECT_OK(file);
    EXPECT_OK((*file)->Append(bytes));
    return path_;
  }
  std::unique_ptr<FileReader> Open() {
    auto reader = FileReader::Open(LocalFileSystem(), path_, {GetParam(), 2});
    EXPECT_OK(reader);
    EXPECT_EQ((*reader)->method(), GetParam());
    return *std::move(reader);
  }
  testing::TempDir dir_;
  std::string path_ = dir_ / "file";
};

INSTANTIATE_TEST_SUITE_P(Methods, FileReaderTest,
                         ::testing::Values(FileReader::Method::kRead, FileReader::Method::kMap),
                         [](const auto& param) {
                           return param.param == FileReader::Method::kMap ? "map" : "read";
                         });

TEST_P(FileReaderTest, SiblingsReadTheFileThatWasOpened) {
  const std::string text = Sample(100'000);
  Put(text);
  auto reader = Open();
  const auto sibling = reader->Sibling();
  ASSERT_OK_AND_ASSIGN(const FileSlab mine, reader->Read(1000, 5000));
  reader.reset();
  ASSERT_OK(LocalFileSystem().Unlink(path_));
  EXPECT_EQ(sibling->size(), 100'000);
  EXPECT_EQ(sibling->method(), GetParam());
  ASSERT_OK_AND_ASSIGN(const FileSlab other, sibling->Read(1000, 5000));
  EXPECT_EQ(mine.bytes, text.substr(1000, 5000));
  EXPECT_EQ(other.bytes, mine.bytes);
}

TEST_P(FileReaderTest, GivesEveryRange) {
  const std::string text = Sample(20'000);
  Put(text);
  const auto reader = Open();
  EXPECT_EQ(reader->size(), 20'000);
  reader->WillNeed(0, 20'000);
  for (const int64_t offset : {0, 1, 4095, 4096, 4097, 19'999, 20'000, 30'000}) {
    for (const size_t length : {0U, 1U, 4096U, 10'000U, 50'000U}) {
      ASSERT_OK_AND_ASSIGN(const FileSlab slab, reader->Read(offset, length));
      const std::string want =
          offset < 20'000 ? text.substr(static_cast<size_t>(offset), length) : "";
      EXPECT_TRUE(slab.bytes == want) << offset << ' ' << length;
      EXPECT_EQ(slab.offset, offset);
    }
  }
  EXPECT_THAT(reader->Read(-1, 1), StatusIs(StatusCode::kInvalidArgument));
}

TEST_P(FileReaderTest, AnEmptyFileHasNoBytes) {
  Put("");
  ASSERT_OK_AND_ASSIGN(const FileSlab slab, Open()->Read(0, 100));
  EXPECT_TRUE(slab.bytes.empty());
}

TEST_P(FileReaderTest, BytesBehindASlabCanBeRead) {
  for (const size_t size : {1U, 4095U, 4096U, 8192U}) {
    Put(Sample(size));
    ASSERT_OK_AND_ASSIGN(const FileSlab slab, Open()->Read(0, size));
    unsigned sum = 0;
    for (size_t i = 0; i < 64; ++i) {
      sum += static_cast<unsigned char>(*(slab.bytes.data() + size + i));
    }
    EXPECT_LE(sum, 64U * 255U);
  }
}

TEST_P(FileReaderTest, SlabsOutliveTheReader) {
  const std::string text = Sample(100'000);
  Put(text);
  std::vector<FileSlab> slabs;
  {
    const auto reader = Open();
    for (int64_t offset = 0; offset < 100'000; offset += 10'000) {
      ASSERT_OK_AND_ASSIGN(FileSlab slab, reader->Read(offset, 10'000));
      slabs.push_back(std::move(slab));
    }
  }
  for (const FileSlab& slab : slabs) {
    EXPECT_TRUE(slab.bytes ==
                std::string_view(text).substr(static_cast<size_t>(slab.offset), 10'000));
  }
}

TEST_P(FileReaderTest, ManyThreadsRead) {
  const std::string text = Sample(1 << 20);
  Put(text);
  const auto reader = Open();
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int i = 0; i < 200; ++i) {
        const auto offset = static_cast<int64_t>(random() % text.size());
        const size_t length = random() % 50'000;
        const auto slab = reader->Read(offset, length);
        ASSERT_OK(slab);
        ASSERT_TRUE(slab->bytes ==
                    std::string_view(text).substr(static_cast<size_t>(offset), length));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_P(FileReaderTest, AFileThatShrinksIsReported) {
  Put(Sample(100'000));
  const auto reader = Open();
  ASSERT_EQ(truncate(path_.c_str(), 8192), 0);
  EXPECT_OK(reader->Read(0, 8192));
  EXPECT_THAT(reader->Read(50'000, 10'000), StatusIs(StatusCode::kIoError, HasSubstr("shorter")));
}

TEST(FileReaderFallbackTest, ReadsWhatCannotBeMapped) {
  MemoryFileSystem fs;
  ASSERT_OK_AND_ASSIGN(auto file, fs.OpenForWriting("/a", {}));
  ASSERT_OK(file->Append("text"));
  ASSERT_OK_AND_ASSIGN(auto reader, FileReader::Open(fs, "/a", {FileReader::Method::kMap, 2}));
  EXPECT_EQ(reader->method(), FileReader::Method::kRead);
  ASSERT_OK_AND_ASSIGN(const FileSlab slab, reader->Read(1, 2));
  EXPECT_EQ(slab.bytes, "ex");
  EXPECT_THAT(FileReader::Open(fs, "/missing", {}), StatusIs(StatusCode::kNotFound));
}

TEST(FileReaderFallbackTest, FaultsAreReported) {
  MemoryFileSystem memory;
  ASSERT_OK_AND_ASSIGN(auto file, memory.OpenForWriting("/a", {}));
  ASSERT_OK(file->Append("text"));
  for (int64_t k = 1; k <= 3; ++k) {
    testing::FaultyFileSystem fs(memory);
    fs.FailOperation(k, EIO, false);
    auto reader = FileReader::Open(fs, "/a", {});
    const Status status = reader.ok() ? (*reader)->Read(0, 4).status() : reader.status();
    EXPECT_THAT(status, StatusIs(StatusCode::kIoError)) << k;
  }
}

// Resident KiB of the mapping that starts at `address`.
int64_t ResidentKib(const void* address) {
  std::ostringstream wanted;
  wanted << std::hex << reinterpret_cast<uintptr_t>(address) << '-';
  std::ifstream maps("/proc/self/smaps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.starts_with(wanted.str())) found = true;
    if (found && line.starts_with("Rss:")) return std::stoll(line.substr(4));
  }
  return -1;
}

TEST(MappedFileTest, MemoryStaysBoundedBehindTheReader) {
  const testing::TempDir dir;
  constexpr size_t kSlab = 1 << 20;
  const std::string text = Sample(12 * kSlab);
  {
    ASSERT_OK_AND_ASSIGN(auto out, LocalFileSystem().OpenForWriting(dir / "a", {}));
    ASSERT_OK(out->Append(text));
  }
  ASSERT_OK_AND_ASSIGN(auto file, LocalFileSystem().OpenRandom(dir / "a"));
  ASSERT_OK_AND_ASSIGN(auto mapped, MappedFile::Map(*file, "a"));
  for (size_t at = 0; at < text.size(); at += kSlab - 100) {
    const auto offset = static_cast<int64_t>(at);
    ASSERT_OK(mapped->Populate(offset, kSlab));
    ASSERT_TRUE(mapped->bytes().substr(at, kSlab) == std::string_view(text).substr(at, kSlab));
    mapped->Release(offset, kSlab);
  }
  EXPECT_LE(ResidentKib(mapped->bytes().data()), 2048 + 64);
}

TEST(MappedFileTest, ReleasedPagesLeaveAndComeBack) {
  const testing::TempDir dir;
  const std::string text = Sample(1 << 20);
  {
    ASSERT_OK_AND_ASSIGN(auto out, LocalFileSystem().OpenForWriting(dir / "a", {}));
    ASSERT_OK(out->Append(text));
  }
  ASSERT_OK_AND_ASSIGN(auto file, LocalFileSystem().OpenRandom(dir / "a"));
  ASSERT_OK_AND_ASSIGN(auto mapped, MappedFile::Map(*file, "a"));
  file.reset();  // The mapping stands alone.
  mapped->WillNeed(0, 1 << 20);
  ASSERT_OK(mapped->Populate(0, 1 << 20));
  EXPECT_TRUE(mapped->bytes() == text);
  mapped->Release(0, 1 << 20);
  EXPECT_TRUE(mapped->bytes() == text);
  // Ranges that leave the file, or make no sense, are cut to it.
  mapped->Release(-5, 1);
  mapped->Release(int64_t{1} << 60, int64_t{1} << 60);
  ASSERT_OK(mapped->Populate((1 << 20) - 1, int64_t{1} << 62));
  mapped->WillNeed(5, -1);
}

}  // namespace
}  // namespace thalweg::io
