#include "thalweg/marc/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"
#include "thalweg/marc/access.h"

namespace thalweg::marc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(ReaderTest, WritesEveryBookBackAsItWas) {
  Reader reader = Reader::OverMemory(Books(), nullptr, {});
  std::string out;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const RecordBatch batch, reader.ReadBatch());
    if (batch.empty()) break;
    EXPECT_THAT(batch.defects, IsEmpty());
    for (const RecordView& record : batch.records) {
      EXPECT_TRUE(record.clean());
      ASSERT_OK(AppendIso2709(record, Oversize::kError, &out));
    }
  }
  EXPECT_EQ(reader.records_read(), 2000);
  EXPECT_EQ(reader.bytes_read(), static_cast<int64_t>(Books().size()));
  EXPECT_TRUE(out == Books());
}

TEST(ReaderTest, RebuildsEveryBookAsItWas) {
  Reader reader = Reader::OverMemory(Books(), nullptr, {});
  std::string out;
  while (true) {
    ASSERT_OK_AND_ASSIGN(std::optional<Record> record, reader.Next());
    if (!record) break;
    // Setting the leader to what it is makes the record one that was changed.
    record->SetLeader(record->leader());
    EXPECT_FALSE(record->view().clean());
    ASSERT_OK(AppendIso2709(record->view(), Oversize::kError, &out));
  }
  EXPECT_TRUE(out == Books());
}

TEST(ReaderTest, TitlesAreThoseOfTheList) {
  const std::vector<std::string> titles = Lines(FileText("tests/vectors/marc/books_titles.txt"));
  Reader reader = Reader::OverMemory(Books(), nullptr, {});
  size_t index = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const std::optional<Record> record, reader.Next());
    if (!record) break;
    ASSERT_LT(index, titles.size());
    EXPECT_EQ(Title(*record).value_or("None"), titles[index]) << index;
    ++index;
  }
  EXPECT_EQ(index, titles.size());
}

TEST(ReaderTest, PiecesOfAnySizeGiveTheSameRecords) {
  const std::string text = Books().substr(0, 40000);
  const ReadAll whole = ReadText(text, Recovery::kLenient);
  ASSERT_THAT(whole.records, ::testing::Not(IsEmpty()));
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{4096}, size_t{65536}}) {
    SCOPED_TRACE(piece);
    for (const int64_t batch_bytes : {1, 100, 5000, 1 << 20}) {
      SCOPED_TRACE(batch_bytes);
      ReaderOptions options = WithRecovery(Recovery::kLenient);
      options.batch_bytes = batch_bytes;
      const ReadAll all = ReadEverything(Reader::OverStream(InPieces(text, piece), options));
      EXPECT_EQ(all.records, whole.records);
      EXPECT_EQ(CodesOf(all.defects), CodesOf(whole.defects));
      EXPECT_EQ(all.dropped, whole.dropped);
    }
  }
}

// As a pipe gives them: never more than 64 KiB at a time, however much is asked for.
TEST(ReaderTest, LongRecordsComeOverSlowStreams) {
  const std::string small = Iso2709(SmallRecord("small"));
  Record record = SmallRecord("large");
  for (int i = 0; i < 600; ++i) {
    record.Add(Field("500", ' ', ' ', {{'a', std::string(9000, 'n')}}));
  }
  std::string large;
  ASSERT_OK(AppendIso2709(record.view(), Oversize::kZero, &large));
  const std::string junk = "99999" + small.substr(5, small.size() - 6) + std::string(5 << 20, 'x');
  for (const std::string& text : {small + large + small, small + junk}) {
    size_t at = 0;
    const auto read = [&](std::span<char> out) -> Result<size_t> {
      const size_t size = std::min({out.size(), text.size() - at, size_t{64} << 10});
      std::copy_n(text.data() + at, size, out.data());
      at += size;
      return size;
    };
    const ReaderOptions options = WithRecovery(Recovery::kLenient);
    const ReadAll slow = ReadEverything(Reader::OverStream(read, options));
    const ReadAll whole = ReadText(text, Recovery::kLenient);
    ASSERT_OK(slow.status);
    EXPECT_EQ(slow.records, whole.records);
    EXPECT_EQ(CodesOf(slow.defects), CodesOf(whole.defects));
  }
}

TEST(ReaderTest, RecordsOutliveTheReaderAndTheirBatch) {
  std::vector<Record> kept;
  {
    Reader reader = Reader::OverStream(InPieces(Books(), 10000), {});
    while (true) {
      ASSERT_OK_AND_ASSIGN(std::optional<Record> record, reader.Next());
      if (!record) break;
      kept.push_back(*std::move(record));
    }
  }
  ASSERT_THAT(kept, SizeIs(2000));
  std::string out;
  for (const Record& record : kept) out += Iso2709(record);
  EXPECT_TRUE(out == Books());
}

TEST(ReaderTest, NextTellsTheDefectAndGoesOn) {
  const std::vector<std::string> books = FirstBooks(3);
  std::string bad = books[1];
  bad.replace(0, 5, "00100");
  const std::string text = books[0] + bad + books[2];
  Reader reader = Reader::OverMemory(text, nullptr, {});
  ASSERT_OK_AND_ASSIGN(auto first, reader.Next());
  ASSERT_TRUE(first);
  EXPECT_THAT(reader.defects(), IsEmpty());
  EXPECT_EQ(reader.raw_chunk(), books[0]);
  const auto second = reader.Next();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), StatusCode::kCorruption);
  ASSERT_THAT(reader.defects(), SizeIs(1));
  const Defect& defect = reader.defects()[0];
  EXPECT_STREQ(defect.info().id, "E001");
  EXPECT_EQ(defect.record_index, 1);
  EXPECT_EQ(defect.byte_offset, static_cast<int64_t>(books[0].size()));
  EXPECT_EQ(defect.found, "'00100'");
  EXPECT_EQ(defect.expected, std::to_string(bad.size()));
  EXPECT_FALSE(defect.repaired);
  EXPECT_EQ(reader.raw_chunk(), bad);
  ASSERT_OK_AND_ASSIGN(auto third, reader.Next());
  ASSERT_TRUE(third);
  EXPECT_EQ(third->view().raw(), books[2]);
  ASSERT_OK_AND_ASSIGN(auto end, reader.Next());
  EXPECT_FALSE(end);
}

TEST(ReaderTest, TheLimitOnDefectsEndsTheReading) {
  std::string bad = Iso2709(SmallRecord("x"));
  bad.replace(0, 5, "00100");
  std::string text;
  for (int i = 0; i < 10; ++i) text += bad;
  ReaderOptions options = WithRecovery(Recovery::kSkip);
  options.errors_max = 3;
  options.batch_records = 1;
  const ReadAll all = ReadEverything(Reader::OverMemory(text, nullptr, options));
  EXPECT_EQ(all.status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(all.status.message(), ::testing::HasSubstr("E099"));
  EXPECT_THAT(all.dropped, SizeIs(4));
}

TEST(ReaderTest, OpensCompressedFilesAndTellsOfMissingOnes) {
  EXPECT_EQ(Reader::Open("/nonexistent/a.mrc", {}).status().code(), StatusCode::kNotFound);
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc.gz";
  ASSERT_OK_AND_ASSIGN(Writer writer, Writer::Create(path, false, {}));
  ASSERT_OK(writer.Write(SmallRecord("1")));
  ASSERT_OK(writer.Write(SmallRecord("2")));
  ASSERT_OK(writer.Close());
  EXPECT_EQ(FileText(path).substr(0, 2), "\x1F\x8B");
  ASSERT_OK_AND_ASSIGN(Reader reader, Reader::Open(path, {}));
  EXPECT_THAT(ReadEverything(std::move(reader)).ids, ElementsAre("1", "2"));
}

TEST(ReaderTest, ParsesOneRecordFromItsBytes) {
  const std::string bytes = Iso2709(SmallRecord("7"));
  ASSERT_OK_AND_ASSIGN(const Record record, ParseRecord(bytes, {}, nullptr));
  EXPECT_EQ(record.control_number(), "7");
  EXPECT_FALSE(ParseRecord("", {}, nullptr).ok());
  EXPECT_FALSE(ParseRecord("not a record", {}, nullptr).ok());
}

}  // namespace
}  // namespace thalweg::marc
