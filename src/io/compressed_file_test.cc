#include "io/compressed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <random>
#include <string>

#include "io/memory_file_system.h"
#include "testing/faulty_file_system.h"
#include "testing/status_matchers.h"

namespace thalweg::io {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::FaultyFileSystem;
using ::thalweg::testing::StatusIs;

constexpr Compression kAll[] = {Compression::kNone, Compression::kGzip, Compression::kZstd,
                                Compression::kLz4, Compression::kBrotli};

std::string Sample(size_t lines) {
  std::string text;
  std::mt19937 random(1);
  for (size_t i = 0; i < lines; ++i) {
    text.append(std::to_string(i)).append(",").append(std::to_string(random())).append("\n");
  }
  return text;
}

Status Put(FileSystem& fs, const std::string& path, std::string_view bytes) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenForWriting(path, {}));
  THALWEG_RETURN_IF_ERROR(file->Append(bytes));
  return file->Close();
}

Result<std::string> ReadAll(SequentialFile& file) {
  std::string out;
  std::string buffer(10'000, '\0');
  for (;;) {
    THALWEG_ASSIGN_OR_RETURN(const size_t n, file.Read(buffer));
    if (n == 0) return out;
    out.append(buffer, 0, n);
  }
}

Result<std::string> Get(FileSystem& fs, const std::string& path,
                        std::optional<Compression> compression = {},
                        const DecodeLimits& limits = {}) {
  THALWEG_ASSIGN_OR_RETURN(auto file, OpenDecoded(fs, path, compression, limits, {}));
  return ReadAll(*file);
}

TEST(CompressedFileTest, ReadsByOptionSuffixAndMark) {
  const std::string text = Sample(100'000);
  for (const Compression compression : kAll) {
    SCOPED_TRACE(NameOf(compression));
    MemoryFileSystem memory;
    FaultyFileSystem fs(memory);
    fs.ShortReads(std::random_device()());
    ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(compression, text, {}));
    const std::string suffix = "." + std::string(NameOf(compression));
    ASSERT_OK(Put(fs, "/by-option", packed));
    ASSERT_OK(Put(fs, "/by-suffix" + suffix, packed));
    ASSERT_OK_AND_ASSIGN(const std::string by_option, Get(fs, "/by-option", compression));
    EXPECT_TRUE(by_option == text);
    ASSERT_OK_AND_ASSIGN(const std::string by_suffix, Get(fs, "/by-suffix" + suffix));
    EXPECT_TRUE(by_suffix == text);
    if (compression == Compression::kBrotli) continue;
    ASSERT_OK_AND_ASSIGN(const std::string by_mark, Get(fs, "/by-option"));
    EXPECT_TRUE(by_mark == text);
  }
}

TEST(CompressedFileTest, ShortPlainFilesComeAsTheyAre) {
  MemoryFileSystem fs;
  for (const char* text : {"", "a", "abc", "abcd", "abcde"}) {
    const std::string path = "/" + std::to_string(std::string_view(text).size());
    ASSERT_OK(Put(fs, path, text));
    ASSERT_OK_AND_ASSIGN(const std::string got, Get(fs, path));
    EXPECT_EQ(got, text);
  }
}

TEST(CompressedFileTest, FailuresNameTheFileAndStay) {
  MemoryFileSystem fs;
  ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(Compression::kGzip, Sample(1000), {}));
  ASSERT_OK(Put(fs, "/cut.gz", packed.substr(0, packed.size() / 2)));
  ASSERT_OK(Put(fs, "/empty.gz", ""));
  ASSERT_OK(Put(fs, "/not.gz", "plain text"));
  EXPECT_THAT(Get(fs, "/empty.gz"), StatusIs(StatusCode::kCorruption, HasSubstr("/empty.gz")));
  EXPECT_THAT(Get(fs, "/not.gz"), StatusIs(StatusCode::kCorruption, HasSubstr("/not.gz")));
  ASSERT_OK_AND_ASSIGN(auto file, OpenDecoded(fs, "/cut.gz", {}, {}, {}));
  const Status failure = ReadAll(*file).status();
  EXPECT_THAT(failure, StatusIs(StatusCode::kCorruption, HasSubstr("/cut.gz")));
  char out[10];
  EXPECT_EQ(file->Read(out).status(), failure);
  EXPECT_THAT(Get(fs, "/missing.gz"), StatusIs(StatusCode::kNotFound));
}

TEST(CompressedFileTest, LimitsHold) {
  MemoryFileSystem fs;
  ASSERT_OK_AND_ASSIGN(const std::string bomb,
                       Encode(Compression::kZstd, std::string(30 << 20, 'x'), {}));
  ASSERT_OK(Put(fs, "/bomb.zst", bomb));
  EXPECT_THAT(Get(fs, "/bomb.zst"), StatusIs(StatusCode::kResourceExhausted, HasSubstr("bomb")));
}

TEST(CompressedFileTest, EveryReadFaultIsReported) {
  MemoryFileSystem memory;
  const std::string text = Sample(200'000);
  ASSERT_OK_AND_ASSIGN(const std::string packed, Encode(Compression::kLz4, text, {}));
  ASSERT_OK(Put(memory, "/a.lz4", packed));
  for (int64_t k = 1;; ++k) {
    FaultyFileSystem fs(memory);
    fs.FailOperation(k, EIO, false);
    const auto got = Get(fs, "/a.lz4");
    if (fs.operations() < k) {
      ASSERT_OK(got);
      EXPECT_TRUE(*got == text);
      EXPECT_GT(k, 5);
      break;
    }
    EXPECT_THAT(got, StatusIs(StatusCode::kIoError)) << k;
  }
}

TEST(EncodingWriterTest, WritesWhatReadersRead) {
  const std::string text = Sample(100'000);
  for (const Compression compression : kAll) {
    std::string packed;
    ASSERT_OK_AND_ASSIGN(auto writer,
                         EncodingWriter::Make(compression, {}, [&](std::string_view p) {
                           packed.append(p);
                           return Status();
                         }));
    for (size_t at = 0; at < text.size(); at += 30'011) {
      ASSERT_OK(writer->Append(std::string_view(text).substr(at, 30'011)));
    }
    ASSERT_OK(writer->Append(""));
    ASSERT_OK(writer->Flush());
    ASSERT_OK(writer->Finish());
    ASSERT_OK_AND_ASSIGN(const std::string back, Decode(compression, packed, {}));
    EXPECT_TRUE(back == text) << NameOf(compression);
  }
}

TEST(EncodingWriterTest, AFailureStays) {
  for (const Compression compression : kAll) {
    ASSERT_OK_AND_ASSIGN(auto writer, EncodingWriter::Make(compression, {}, [](std::string_view) {
                           return Status::ResourceExhausted("full");
                         }));
    Status status = writer->Append("text");
    if (status.ok()) status = writer->Flush();
    EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted)) << NameOf(compression);
    EXPECT_THAT(writer->Finish(), StatusIs(StatusCode::kResourceExhausted));
  }
}

}  // namespace
}  // namespace thalweg::io
