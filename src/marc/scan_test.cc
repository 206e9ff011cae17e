#include "marc/scan.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "marc/books_test_support.h"

namespace thalweg::marc {
namespace {

void ExpectSame(std::string_view bytes) {
  const Scan fast = ScanMarks(bytes);
  const Scan right = ScanMarksPortable(bytes);
  ASSERT_EQ(fast.field_ends, right.field_ends);
  ASSERT_EQ(fast.record_ends, right.record_ends);
  ASSERT_EQ(fast.ascii, right.ascii);
  ASSERT_EQ(fast.odd_code, right.odd_code);
}

TEST(ScanTest, CountsWhatThePortableCodeCounts) {
  std::mt19937 random(7);
  for (size_t length = 0; length < 400; ++length) {
    for (int turn = 0; turn < 20; ++turn) {
      std::string text(length, 'a');
      for (char& c : text) {
        const auto dice = random() % 40;
        if (dice < 4) c = static_cast<char>(0x1C + dice);
        if (dice == 4 && turn % 2 == 0) c = static_cast<char>(0x80 + random() % 128);
      }
      SCOPED_TRACE(length);
      ExpectSame(text);
      if (HasFatalFailure()) return;
    }
  }
}

// One byte at each place: at the edges of blocks and behind them.
TEST(ScanTest, SeesAnOddCodeInEveryPlace) {
  for (size_t place = 0; place + 1 < 130; ++place) {
    std::string text(130, 'a');
    text[place] = '\x1F';
    text[place + 1] = '\xC3';
    ExpectSame(text);
    EXPECT_TRUE(ScanMarks(text).odd_code) << place;
    text[place] = 'a';
    EXPECT_FALSE(ScanMarks(text).odd_code) << place;
    EXPECT_FALSE(ScanMarks(text).ascii) << place;
  }
}

// Every byte counts: more than a byte-wide counter holds.
TEST(ScanTest, CountsInLongRecords) {
  for (const size_t length : {8127U, 8128U, 8159U, 8160U, 8161U, 8192U, 50'000U}) {
    EXPECT_EQ(ScanMarks(std::string(length, '\x1E')).field_ends, length);
    EXPECT_EQ(ScanMarks(std::string(length, '\x1D')).record_ends, length);
  }
  ExpectSame(Books());
}

}  // namespace
}  // namespace thalweg::marc
