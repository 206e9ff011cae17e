#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <random>
#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/reader.h"

// What damaged input costs: never a neighbour, never more than the record that is damaged.
namespace thalweg::marc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// Short records, so that every place of them can be damaged in every way.
std::vector<std::string> TenRecords() {
  std::vector<std::string> records;
  for (int i = 0; i < 10; ++i) {
    Record record = SmallRecord("id" + std::to_string(i));
    record.Add(Field("500", ' ', ' ', {{'a', std::string(static_cast<size_t>(i) * 3, 'n')}}));
    if (i % 2 == 1) {
      Leader leader = record.leader();
      leader.set_coding_scheme('a');
      record.SetLeader(leader);
      record.Add(Field("880", '1', '4', {{'6', "245-01"}, {'a', "\xE4\xB8\x80\xD0\xB0"}}));
    }
    records.push_back(Iso2709(record));
  }
  return records;
}

std::string Join(const std::vector<std::string>& parts) {
  std::string all;
  for (const std::string& part : parts) all += part;
  return all;
}

bool HasErrors(const std::vector<Defect>& defects) {
  return std::any_of(defects.begin(), defects.end(), [](const Defect& defect) {
    return defect.info().severity == Severity::kError;
  });
}

// What strict accepts, lenient gives identically and without an error; what strict drops, lenient
// tells of; skip gives what strict gives.
void ExpectConsistent(const ReadAll& strict, const ReadAll& lenient, const ReadAll& skip) {
  EXPECT_EQ(strict.records, skip.records);
  EXPECT_EQ(strict.dropped, skip.dropped);
  EXPECT_EQ(CodesOf(strict.defects), CodesOf(skip.defects));
  EXPECT_EQ(strict.dropped.empty(), !HasErrors(lenient.defects));
  EXPECT_LE(lenient.dropped.size(), strict.dropped.size());
  if (strict.dropped.empty()) {
    EXPECT_EQ(strict.records, lenient.records);
    return;
  }
  // Lenient gives all that strict gives, in order, and more.
  size_t at = 0;
  for (const std::string& record : lenient.records) {
    if (at < strict.records.size() && record == strict.records[at]) ++at;
  }
  EXPECT_EQ(at, strict.records.size());
}

struct Modes {
  ReadAll strict;
  ReadAll lenient;
  ReadAll skip;
};
Modes ReadInAllModes(const std::string& text) {
  Modes modes{ReadText(text, Recovery::kStrict), ReadText(text, Recovery::kLenient),
              ReadText(text, Recovery::kSkip)};
  EXPECT_OK(modes.strict.status);
  EXPECT_OK(modes.lenient.status);
  EXPECT_OK(modes.skip.status);
  ExpectConsistent(modes.strict, modes.lenient, modes.skip);
  return modes;
}

TEST(DamageTest, TheFormsOfDamageHaveTheirCodes) {
  const std::vector<std::string> books = FirstBooks(3);
  const auto codes = [&](auto damage, Recovery recovery = Recovery::kLenient) {
    std::string bad = books[1];
    damage(bad);
    const ReadAll all = ReadText(books[0] + bad + books[2], recovery);
    EXPECT_GE(all.records.size(), 2U);
    return CodesOf(all.defects);
  };
  const std::string& book = books[1];
  const size_t base = std::stoul(book.substr(12, 5));
  EXPECT_THAT(codes([](std::string& r) { r.replace(0, 5, "00100"); }), ElementsAre("E001"));
  EXPECT_THAT(codes([](std::string& r) { r.replace(0, 5, "     "); }), ElementsAre("E001"));
  EXPECT_THAT(codes([](std::string& r) { r[6] = '\xC3'; }), ElementsAre("E002"));
  EXPECT_THAT(codes([](std::string& r) { r.replace(12, 5, "00026"); }), ElementsAre("E003"));
  EXPECT_THAT(codes([](std::string& r) { r.replace(12, 5, "00000"); }), ElementsAre("E004"));
  EXPECT_THAT(codes([](std::string& r) { r.back() = 'x'; }), ElementsAre("E006"));
  EXPECT_THAT(codes([](std::string& r) { r[27] = 'x'; }), ElementsAre("E101"));
  EXPECT_THAT(codes([](std::string& r) { r.replace(27, 4, "0001"); }), ElementsAre("E107"));
  EXPECT_THAT(codes([](std::string& r) { r.replace(31, 5, "99999"); }), ElementsAre("E107"));
  EXPECT_THAT(codes([](std::string& r) { r.insert(0, "junk!!"); }), ElementsAre("E008"));
  EXPECT_THAT(codes([](std::string& r) { r.insert(0, "\r\n"); }), ElementsAre("W002"));
  EXPECT_THAT(codes([](std::string& r) { r.insert(0, "\r\n"); }, Recovery::kStrict),
              ElementsAre("W002"));
  EXPECT_THAT(codes([base](std::string& r) { r[base - 1] = 'x'; }), Contains("E101"));
  EXPECT_THAT(codes([](std::string& r) { r = std::string(200, 'x') + "\x1D"; }),
              ElementsAre("E002"));
}

TEST(DamageTest, ADirectoryThatIsOffByOneIsReadByItsTerminators) {
  const std::string book = FirstBooks(1)[0];
  const ReadAll good = ReadText(book, Recovery::kStrict);
  for (const int off : {-2, -1, 1, 2}) {
    std::string bad = book;
    const size_t base = std::stoul(book.substr(12, 5));
    for (size_t entry = 36; entry + 12 < base; entry += 12) {
      const int start = std::stoi(bad.substr(entry + 7, 5)) + off;
      std::string digits = std::to_string(start);
      digits.insert(0, 5 - digits.size(), '0');
      bad.replace(entry + 7, 5, digits);
    }
    const ReadAll all = ReadText(bad, Recovery::kLenient);
    EXPECT_EQ(all.records, good.records) << off;
    EXPECT_THAT(CodesOf(all.defects), ::testing::Each("E107"));
    EXPECT_THAT(ReadText(bad, Recovery::kSkip).dropped, ElementsAre(bad));
  }
}

TEST(DamageTest, FieldsInAnyOrderOfTheirDataAreFine) {
  // 245 stands behind 650 in the data, though the directory names it first.
  const std::string text =
      "00076nam a2200049   4500"
      "245000600009650000900000\x1E"
      "10\x1F"
      "aDogs\x1E"
      "00\x1F"
      "aT\x1E\x1D";
  const ReadAll all = ReadText("00065" + text.substr(5), Recovery::kStrict);
  EXPECT_THAT(CodesOf(all.defects), IsEmpty());
  EXPECT_THAT(all.records,
              ElementsAre("=LDR  00065nam a2200049   4500\n=245  00$aT\n=650  10$aDogs\n"));
}

TEST(DamageTest, RecordsBeyondTheLimitAreReadByTheirTerminators) {
  Record large = SmallRecord("large");
  for (int i = 0; i < 30; ++i) {
    large.Add(Field("500", ' ', ' ', {{'a', std::string(9000, static_cast<char>('a' + i % 26))}}));
  }
  std::string zeroed;
  ASSERT_OK(AppendIso2709(large.view(), Oversize::kZero, &zeroed));
  EXPECT_EQ(zeroed.substr(0, 5), "00000");
  const std::string small = Iso2709(SmallRecord("small"));
  for (const char* length : {"00000", "99999"}) {
    zeroed.replace(0, 5, length);
    for (const Recovery recovery : {Recovery::kStrict, Recovery::kLenient, Recovery::kSkip}) {
      const ReadAll all = ReadText(small + zeroed + small, recovery);
      EXPECT_THAT(all.ids, ElementsAre("small", "large", "small"));
      EXPECT_THAT(CodesOf(all.defects), Contains("W003"));
    }
  }
}

TEST(DamageTest, HugeRecordsEndAtTheBound) {
  ReaderOptions options = WithRecovery(Recovery::kSkip);
  options.record_bytes_max = 1 << 20;
  const std::string small = Iso2709(SmallRecord("1"));
  std::string text = small + "99999" + small.substr(5, small.size() - 6);
  text.append(size_t{5} << 20, 'x');
  text += "\x1D" + small;
  const ReadAll all = ReadEverything(Reader::OverMemory(text, nullptr, options));
  EXPECT_OK(all.status);
  EXPECT_THAT(CodesOf(all.defects), Contains("E009"));
  ASSERT_THAT(all.ids, Not(IsEmpty()));
  EXPECT_EQ(all.ids.front(), "1");
  EXPECT_EQ(all.ids.back(), "1");
}

// Inputs whose work would grow with the square of their size if it were not bounded.
TEST(DamageTest, HostileInputsTakeLinearTime) {
  const std::string leader = "99999nam a2299997   4500";
  std::vector<std::string> texts = {
      std::string(size_t{4} << 20, '\x1E'),
      std::string(size_t{4} << 20, '\x1D'),
      std::string(size_t{4} << 20, '0'),
      std::string(size_t{4} << 20, ' '),
      leader + std::string(size_t{4} << 20, '\x1E'),
      leader + std::string(size_t{4} << 20, '0') + "\x1D",
  };
  std::string plausible;
  for (int i = 0; i < 60000; ++i)
    plausible +=
        "00050nam a2200037   4500"
        "245000100000\x1E"
        "xxxxxxxxxxxxx";
  texts.push_back(plausible);
  std::string directory = leader;
  for (int i = 0; i < 8331; ++i) directory += "500000100007";
  texts.push_back(directory + "\x1E" + std::string(100000, '\x1E') + "\x1D");
  for (const std::string& text : texts) {
    for (const Recovery recovery : {Recovery::kLenient, Recovery::kSkip}) {
      const ReadAll all = ReadText(text, recovery);
      EXPECT_OK(all.status);
      // Nor may what is told of them be much larger than they are.
      EXPECT_LT(all.defects.size(), text.size() / 10);
    }
  }
}

TEST(DamageTest, RandomDamageIsTheSameInPiecesAndWhole) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string good = Join(TenRecords());
  for (int round = 0; round < 1500; ++round) {
    std::string text = good;
    for (size_t hits = 1 + random() % 12; hits != 0; --hits) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 40);
          break;
        default:
          text.insert(at, std::string(random() % 40,
                                      "\x1D\x1E\x1F"
                                      "09 a"[random() % 7]));
      }
    }
    const Modes modes = ReadInAllModes(text);
    ReaderOptions options = WithRecovery(Recovery::kLenient);
    options.batch_bytes = 1 + static_cast<int64_t>(random() % 3000);
    options.batch_records = 1 + static_cast<int64_t>(random() % 5);
    const ReadAll pieces = ReadEverything(Reader::OverMemory(text, nullptr, options));
    ASSERT_EQ(pieces.records, modes.lenient.records);
    ASSERT_EQ(CodesOf(pieces.defects), CodesOf(modes.lenient.defects));
    ASSERT_EQ(pieces.dropped, modes.lenient.dropped);
    if (::testing::Test::HasFailure()) FAIL() << "round " << round;
  }
}

TEST(DamageTest, WhatLenientMendsCanBeWrittenAndReadStrictly) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string good = Join(TenRecords());
  for (int round = 0; round < 2000; ++round) {
    std::string text = good;
    for (int hits = 0; hits < 6; ++hits) text[random() % text.size()] = static_cast<char>(random());
    Reader reader = Reader::OverMemory(text, nullptr, WithRecovery(Recovery::kLenient));
    ASSERT_OK_AND_ASSIGN(const RecordBatch batch, reader.ReadBatch());
    for (const RecordView& record : batch.records) {
      std::string written;
      ASSERT_OK(AppendIso2709(record, Oversize::kError, &written));
      ReaderOptions options;
      options.to_unicode = false;
      const ReadAll again = ReadEverything(Reader::OverMemory(written, nullptr, options));
      // Nobody knows what a damaged tag was.
      const bool tags =
          std::all_of(record.fields().begin(), record.fields().end(), [](const FieldView& field) {
            const std::string tag = field.tag().ToString();
            return std::all_of(tag.begin(), tag.end(),
                               [](unsigned char c) { return c < 0x80 && std::isalnum(c) != 0; });
          });
      ASSERT_EQ(again.records.size(), tags ? 1U : 0U)
          << Dump(record) << (again.defects.empty() ? "" : again.defects[0].ToString());
    }
  }
}

}  // namespace
}  // namespace thalweg::marc
