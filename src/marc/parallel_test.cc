#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"
#include "thalweg/marc/reader.h"

namespace thalweg::marc {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

std::string BooksWithADefectEach(size_t count) {
  std::string text;
  for (std::string book : FirstBooks(count)) {
    book[5] = '\x80';  // A leader has no such byte.
    text += book;
  }
  return text;
}

TEST(ParallelTest, ReadsAFileInOrder) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  std::string many;
  for (int i = 0; i < 3; ++i) many += Books();
  std::ofstream(path, std::ios::binary) << many;
  for (const int workers : {1, 2, 4}) {
    for (const bool map : {false, true}) {
      SCOPED_TRACE(workers);
      ReaderOptions options;
      options.batch_bytes = 100000;
      std::string out;
      int64_t next_index = 0;
      const auto take = [&](const RecordBatch& batch) -> Result<bool> {
        EXPECT_EQ(batch.first_index, next_index);
        next_index += static_cast<int64_t>(batch.records.size());
        for (const RecordView& record : batch.records) out += record.raw();
        return true;
      };
      ASSERT_OK(ReadParallel(path, options,
                             {.workers = workers, .map = map, .range_bytes = 100000, .stop = {}},
                             take));
      EXPECT_TRUE(out == many);
    }
  }
}

TEST(ParallelTest, StopsWhenAskedAndWhenTakeFails) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  std::ofstream(path, std::ios::binary) << Books();
  ReaderOptions options;
  options.batch_bytes = 10000;
  int calls = 0;
  ASSERT_OK(ReadParallel(path, options, {.workers = 2, .range_bytes = 3000, .stop = {}},
                         [&](const RecordBatch&) -> Result<bool> { return ++calls < 3; }));
  EXPECT_EQ(calls, 3);
  const Status failed =
      ReadParallel(path, options, {.workers = 2, .range_bytes = 3000, .stop = {}},
                   [](const RecordBatch&) -> Result<bool> { return Status::IoError("full"); });
  EXPECT_EQ(failed.code(), StatusCode::kIoError);
  EXPECT_EQ(ReadParallel(dir.path() + "/none", options, {},
                         [](const RecordBatch&) -> Result<bool> { return true; })
                .code(),
            StatusCode::kNotFound);
}

TEST(ParallelTest, OneBadRecordCostsOneRecord) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  std::string text = Books();
  text[FirstBooks(1)[0].size() + 12] = 'x';  // The second record's base address.
  text[FirstBooks(1)[0].size() + 24] = '\x1E';
  std::ofstream(path, std::ios::binary) << text;
  size_t records = 0;
  size_t dropped = 0;
  ASSERT_OK(ReadParallel(path, WithRecovery(Recovery::kSkip), {},
                         [&](const RecordBatch& batch) -> Result<bool> {
                           records += batch.records.size();
                           dropped += batch.dropped.size();
                           return true;
                         }));
  EXPECT_EQ(records, 1999U);
  EXPECT_EQ(dropped, 1U);
  EXPECT_EQ(
      ReadParallel(path, {}, {}, [](const RecordBatch&) -> Result<bool> { return true; }).code(),
      StatusCode::kCorruption);
}

// Everything that a reading tells, one line a record, dropped piece and defect.
struct Told {
  std::vector<std::string> lines;
  Status outcome;

  void Add(const RecordBatch& batch) {
    int64_t index = batch.first_index;
    size_t record = 0;
    for (size_t i = 0; i <= batch.dropped.size(); ++i) {
      const bool last = i == batch.dropped.size();
      const size_t until = last ? batch.records.size() : batch.dropped[i].before;
      for (; record < until; ++record) {
        std::string line = "record " + std::to_string(index++) + " at " +
                           std::to_string(batch.offsets[record]) + " of " +
                           std::to_string(batch.chunks[record].size());
        for (const FieldView& field : batch.records[record].fields()) line += field.ToString();
        lines.push_back(line);
      }
      if (last) break;
      const DroppedRecord& dropped = batch.dropped[i];
      lines.push_back("dropped " + std::to_string(index) + " at " +
                      std::to_string(dropped.byte_offset) + " " + std::string(dropped.raw) +
                      batch.defects[dropped.defect].ToString());
      index += dropped.is_record ? 1 : 0;
    }
    for (const Defect& defect : batch.defects) lines.push_back(defect.ToJson());
  }
};

// By one thread, from front to back. Lines of defects stand behind those of their batch, and
// batches differ: so all are sorted.
Told InOneGo(Reader reader) {
  const ReaderOptions options = reader.options();
  Told told;
  while (true) {
    const auto batch = reader.ReadBatch();
    if (!batch.ok()) {
      told.outcome = batch.status();
      break;
    }
    if (batch->empty()) break;
    told.Add(*batch);
    if (options.recovery == Recovery::kStrict && !batch->dropped.empty()) {
      told.outcome = batch->defects[batch->dropped.front().defect].ToStatus();
      break;
    }
  }
  std::sort(told.lines.begin(), told.lines.end());
  return told;
}

Told InParallel(const std::string& path, const ReaderOptions& options,
                const ParallelOptions& parallel) {
  Told told;
  int64_t next_byte = 0;
  told.outcome = ReadParallel(path, options, parallel, [&](const RecordBatch& batch) {
    EXPECT_EQ(batch.byte_offset, next_byte);
    next_byte = batch.byte_offset + batch.bytes;
    told.Add(batch);
    return Result<bool>(true);
  });
  std::sort(told.lines.begin(), told.lines.end());
  return told;
}

// Damages a text in one of the ways in which files are damaged.
void Damage(std::mt19937* random, std::string* text) {
  const auto below = [random](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(*random);
  };
  const size_t at = below(text->size());
  switch (below(9)) {
    case 0:
      (*text)[at] = static_cast<char>(below(256));
      break;
    case 1:
      text->insert(at, std::array<std::string, 4>{"\x1D", "\x1E", "\n", "\x1F"}[below(4)]);
      break;
    case 2:
      text->erase(at, below(300) + 1);
      break;
    case 3:
      text->insert(at, std::string(below(3000), static_cast<char>('a' + below(26))));
      break;
    case 4: {  // A record inside of a record.
      std::string other = text->substr(below(text->size()));
      text->insert(at, other.substr(0, other.find('\x1D') + 1));
      break;
    }
    case 5:
      std::replace(text->begin(), text->begin() + static_cast<ptrdiff_t>(below(at + 1)), '\x1D',
                   ' ');
      break;
    case 6:
      text->insert(at, std::string(below(200), '\x1D'));
      break;
    case 7:
      if (below(20) == 0) text->insert(at, std::string(60'000 + below(9000), " x\x1D"[below(3)]));
      break;
    default: {
      const size_t end = text->find('\x1D', at);
      if (end != std::string::npos) text->insert(end + 1, "\r\n");
    }
  }
  if (text->empty()) *text = "x";
}

// The lines that only one of them has, for a person.
std::string Different(const std::vector<std::string>& told, const std::vector<std::string>& right) {
  std::string text;
  const auto add = [&text](const char* who, const auto& a, const auto& b) {
    std::vector<std::string> only;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(only));
    for (const std::string& line : only) text += who + line.substr(0, 200) + "\n";
  };
  add("told:  ", told, right);
  add("right: ", right, told);
  return text;
}

TEST(ParallelTest, TellsWhatOneReaderTellsOfAnyDamage) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/damaged.mrc";
  const std::vector<std::string> books = FirstBooks(200);
  std::mt19937 random(4);
  size_t failed = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    SCOPED_TRACE(turn);
    std::string text;
    for (auto i = random() % 40 + 1; i != 0; --i) text += books[random() % books.size()];
    for (auto i = random() % 4; i != 0; --i) Damage(&random, &text);
    std::ofstream(path, std::ios::binary) << text;
    ReaderOptions options;
    options.source = path;
    options.recovery =
        std::array{Recovery::kStrict, Recovery::kLenient, Recovery::kSkip}[random() % 3];
    options.validation = random() % 2 == 0 ? Validation::kNone : Validation::kStructure;
    options.batch_bytes = static_cast<int64_t>(random() % 4000 + 1);
    options.batch_records = static_cast<int64_t>(random() % 5 == 0 ? random() % 3 + 1 : 4096);
    if (random() % 4 == 0) options.record_bytes_max = static_cast<int64_t>(random() % 3000 + 64);
    const Told right = InOneGo(Reader::OverMemory(text, nullptr, options));
    const Told piecewise =
        InOneGo(Reader::OverStream(InPieces(text, random() % 3000 + 1), options));
    ASSERT_EQ(piecewise.outcome, right.outcome);
    ASSERT_EQ(Different(piecewise.lines, right.lines), "");
    const Told told = InParallel(path, options,
                                 {.workers = static_cast<int>(random() % 3 + 1),
                                  .map = random() % 2 == 0,
                                  .range_bytes = static_cast<int64_t>(random() % 4000 + 1),
                                  .stop = {}});
    ASSERT_EQ(told.outcome, right.outcome);
    ASSERT_EQ(Different(told.lines, right.lines), "");
    if (!right.outcome.ok()) ++failed;
  }
  EXPECT_GT(failed, 100U);
}

// Lanes that start inside of it find nothing, and the one that finds its start does not read it
// all.
TEST(ParallelTest, ReadsARecordOfManyRanges) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/large.mrc";
  const std::vector<std::string> books = FirstBooks(20);
  Record large = SmallRecord("large");
  large.Add(Field("500", ' ', ' ', {{'a', std::string(5'000'000, 'x')}}));
  std::string text;
  for (const std::string& book : books) {
    text += book;
    if (&book != &books[9]) continue;
    ASSERT_OK(AppendIso2709(large.view(), Oversize::kZero, &text));
  }
  std::ofstream(path, std::ios::binary) << text;
  ReaderOptions options = WithRecovery(Recovery::kLenient);
  options.source = path;
  options.batch_bytes = 300;
  const Told right = InOneGo(Reader::OverMemory(text, nullptr, options));
  EXPECT_EQ(right.lines.size(), 22U);  // One says that it is too long for its leader.
  const Told told = InParallel(path, options, {.workers = 2, .range_bytes = 3000, .stop = {}});
  EXPECT_OK(told.outcome);
  EXPECT_EQ(Different(told.lines, right.lines), "");
}

// `work` sees what a lane takes for records, and counts from the batch's start; `take` sees what
// there is.
TEST(ParallelTest, CountsFromTheStartOfTheFileOnceTheOrderIsKnown) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  const std::string text = BooksWithADefectEach(50);
  std::ofstream(path, std::ios::binary) << text;
  ReaderOptions options = WithRecovery(Recovery::kLenient);
  options.batch_bytes = 3000;
  int64_t next = 0;
  ASSERT_OK(ReadParallel(
      path, options, {.workers = 2, .range_bytes = 3000, .stop = {}},
      [](const RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        EXPECT_EQ(batch.first_index, 0);
        EXPECT_EQ(batch.defects.front().record_index, 0);
        return std::shared_ptr<void>(std::make_shared<size_t>(batch.records.size()));
      },
      [&next](const RecordBatch& batch, const std::shared_ptr<void>& made) -> Result<bool> {
        EXPECT_EQ(batch.records.size(), *static_cast<const size_t*>(made.get()));
        EXPECT_EQ(batch.first_index, next);
        EXPECT_EQ(batch.defects.front().record_index, next);
        next += static_cast<int64_t>(batch.records.size());
        return true;
      }));
  EXPECT_EQ(next, 50);
}

TEST(ParallelTest, AStopEndsTheReading) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  std::ofstream(path, std::ios::binary) << Books();
  std::stop_source stop;
  int calls = 0;
  const Status status =
      ReadParallel(path, {}, {.workers = 1, .range_bytes = 1000, .stop = stop.get_token()},
                   [&](const RecordBatch&) -> Result<bool> {
                     if (++calls == 1) stop.request_stop();
                     return true;
                   });
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_LT(calls, 500);  // There are about 1,300.
}

TEST(ParallelTest, AFileThatBecomesShorterIsAnError) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  std::ofstream(path, std::ios::binary) << Books();
  const Status status = ReadParallel(path, {}, {.workers = 1, .range_bytes = 10'000, .stop = {}},
                                     [&](const RecordBatch&) -> Result<bool> {
                                       EXPECT_EQ(truncate(path.c_str(), 500'000), 0);
                                       return true;
                                     });
  EXPECT_THAT(status, StatusIs(StatusCode::kIoError, HasSubstr("became shorter")));
}

TEST(ParallelTest, TheLimitOnDefectsEndsTheReading) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  const std::string text = BooksWithADefectEach(100);
  std::ofstream(path, std::ios::binary) << text;
  ReaderOptions options = WithRecovery(Recovery::kLenient);
  options.errors_max = 20;
  size_t records = 0;
  const Status status = ReadParallel(path, options, {.workers = 2, .range_bytes = 2000, .stop = {}},
                                     [&](const RecordBatch& batch) -> Result<bool> {
                                       records += batch.records.size();
                                       return true;
                                     });
  EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted, HasSubstr("more than 20 defects")));
  EXPECT_GT(records, 20U);
  EXPECT_LT(records, 40U);
}

TEST(ParallelTest, AWorkersExceptionIsAFailure) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  std::ofstream(path, std::ios::binary) << Books();
  const Status status = ReadParallel(
      path, {}, {.workers = 2, .range_bytes = 3000, .stop = {}},
      [](const RecordBatch&) -> Result<std::shared_ptr<void>> {
        throw std::runtime_error("thrown");
      },
      [](const RecordBatch&, const std::shared_ptr<void>&) -> Result<bool> {
        ADD_FAILURE();
        return true;
      });
  EXPECT_THAT(status, StatusIs(StatusCode::kInternal, HasSubstr("thrown")));
}

TEST(ParallelTest, AWorkersFailureEndsTheReading) {
  testing::TempDir dir;
  const std::string path = dir.path() + "/books.mrc";
  std::ofstream(path, std::ios::binary) << Books();
  ReaderOptions options;
  options.batch_bytes = 10000;
  int64_t taken = 0;
  const Status status = ReadParallel(
      path, options, {.workers = 2, .range_bytes = 3000, .stop = {}},
      [](const RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        if (batch.byte_offset > 500'000) return Status::IoError("no more");
        return std::shared_ptr<void>();
      },
      [&taken](const RecordBatch& batch, const std::shared_ptr<void>&) -> Result<bool> {
        taken = batch.byte_offset + batch.bytes;
        return true;
      });
  EXPECT_THAT(status, StatusIs(StatusCode::kIoError, HasSubstr("no more")));
  // All that precedes it was handed over.
  EXPECT_GT(taken, 500'000);
  EXPECT_LT(taken, 520'000);
}

}  // namespace
}  // namespace thalweg::marc
