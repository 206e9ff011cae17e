#include "codecs/text_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace thalweg::codecs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Scanned {
  std::vector<uint32_t> separators;
  bool non_ascii = false;
  bool quoted = false;
};

/// Scans `text` in the pieces that `cuts` (ascending) give.
Scanned Scan(const ScanKernel& kernel, const TextDialect& dialect, const std::string& text,
             const std::vector<size_t>& cuts = {}) {
  Scanned scanned;
  ScanState state;
  ScanFacts facts;
  std::vector<uint32_t> out(text.size() + 64);
  size_t begin = 0;
  std::vector<size_t> ends = cuts;
  ends.push_back(text.size());
  for (const size_t end : ends) {
    const size_t count = kernel.index(dialect, text.data(), begin, end, &state, &facts, out.data());
    scanned.separators.insert(scanned.separators.end(), out.begin(),
                              out.begin() + static_cast<std::ptrdiff_t>(count));
    begin = end;
  }
  scanned.non_ascii = facts.non_ascii;
  scanned.quoted = state.quoted;
  return scanned;
}

TEST(TextScanTest, QuotesOpenOnlyAtTheStartOfAField) {
  for (const ScanKernel* kernel : UsableScanKernels()) {
    SCOPED_TRACE(kernel->name);
    const auto scan = [&](const std::string& text) {
      return Scan(*kernel, TextDialect(), text).separators;
    };
    EXPECT_THAT(scan("a,b\n"), ElementsAre(1, 3));
    EXPECT_THAT(scan("\"a,b\",c\n"), ElementsAre(5, 7));
    EXPECT_THAT(scan("\"a\"\",\"\"\n\",c\n"), ElementsAre(9, 11));
    EXPECT_THAT(scan("5\" disk,3\" disk\n"), ElementsAre(7, 15));
    EXPECT_THAT(scan("a \"b,c\n"), ElementsAre(4, 6));
    EXPECT_THAT(scan("\"a\" \"b,c\n"), ElementsAre(6, 8));
    EXPECT_THAT(scan("\"a\"b\"c,\"d,e\"\n"), ElementsAre(6, 12));
    EXPECT_THAT(scan("\"\",\"\"\"\"\n"), ElementsAre(2, 7));
    EXPECT_THAT(scan(""), IsEmpty());
    EXPECT_THAT(scan("\"a,b\n"), IsEmpty());
  }
}

TEST(TextScanTest, EscapesShieldTheNextByteInsideQuotesOnly) {
  TextDialect dialect;
  dialect.escape = '\\';
  const auto scan = [&](const std::string& text) {
    return Scan(BestScanKernel(), dialect, text).separators;
  };
  EXPECT_THAT(scan("\"a\\\",b\",c\n"), ElementsAre(7, 9));
  EXPECT_THAT(scan("a\\,b\n"), ElementsAre(2, 4));
  EXPECT_THAT(scan("\"a\\\\\",b\n"), ElementsAre(5, 7));
}

TEST(TextScanTest, CommentsHideQuotesAndDelimiters) {
  TextDialect dialect;
  dialect.has_comment = true;
  const auto scan = [&](const std::string& text) {
    return Scan(BestScanKernel(), dialect, text).separators;
  };
  EXPECT_THAT(scan("# a,\"b\nc,d\n"), ElementsAre(6, 8, 10));
  EXPECT_THAT(scan("a,# b,\"c\nd\"\n"), ElementsAre(1, 5, 11));
}

std::string RandomText(std::mt19937_64& random, size_t size) {
  // Few letters, so that quotes meet every neighbour, and long runs now and then.
  constexpr std::string_view kLetters = "\"\"\",,\n\na\r\xc3";
  std::string text;
  while (text.size() < size) {
    if (random() % 16 == 0) {
      text.append(random() % 80, 'x');
    } else {
      text.push_back(kLetters[random() % kLetters.size()]);
    }
  }
  text.resize(size);
  return text;
}

TEST(TextScanTest, EveryKernelAgreesWithTheByteWiseMachine) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = RandomText(random, random() % 300);
    TextDialect dialect;
    dialect.has_quote = random() % 8 != 0;
    std::vector<uint32_t> expected;
    size_t last_end = ScanEnds::kNone;
    ScanState state;
    for (size_t i = 0; i < text.size(); ++i) {
      uint64_t separator = 0;
      uint64_t end = 0;
      internal::ScanBytes(dialect, text.data() + i, 1, &state, &separator, &end);
      if (separator != 0) expected.push_back(static_cast<uint32_t>(i));
      if (end != 0) last_end = i + 1;
    }
    const size_t cut = text.empty() ? 0 : random() % text.size();
    for (const ScanKernel* kernel : UsableScanKernels()) {
      const Scanned whole = Scan(*kernel, dialect, text);
      ASSERT_EQ(whole.separators, expected) << kernel->name << " on: " << text;
      EXPECT_EQ(whole.quoted, state.quoted);
      EXPECT_EQ(whole.non_ascii, text.find('\xc3') != std::string::npos);
      ASSERT_EQ(Scan(*kernel, dialect, text, {cut}).separators, expected) << kernel->name;

      ScanState split_state;
      const ScanEnds ends = kernel->split(dialect, text.data(), 0, text.size(), &split_state);
      EXPECT_EQ(ends.last_end, last_end);
      EXPECT_EQ(ends.lines, std::count(text.begin(), text.end(), '\n'));
      if (last_end != ScanEnds::kNone) {
        const auto begin = text.begin();
        EXPECT_EQ(ends.lines_to_last,
                  std::count(begin, begin + static_cast<std::ptrdiff_t>(last_end), '\n'));
      }
      EXPECT_EQ(kernel->count(text.data(), text.size(), ','),
                std::count(text.begin(), text.end(), ','));
    }
  }
}

TEST(TextScanTest, NoByteIsMistakenForAnother) {
  std::string text;
  for (int i = 0; i < 256; ++i) text.push_back(static_cast<char>(i));
  for (const ScanKernel* kernel : UsableScanKernels()) {
    for (int i = 1; i < 256; ++i) {
      EXPECT_EQ(kernel->count(text.data(), text.size(), static_cast<char>(i)), 1) << kernel->name;
    }
    TextDialect dialect;
    dialect.has_quote = false;
    EXPECT_THAT(Scan(*kernel, dialect, text).separators, ElementsAre('\n', ','));
  }
}

}  // namespace
}  // namespace thalweg::codecs
