#include "marc/frame_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::marc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Gives ranges of a text, in memory of their own, and counts the bytes.
class CountingReader final : public io::FileReader {
 public:
  CountingReader(std::string_view text, int64_t* bytes_read)
      : FileReader(static_cast<int64_t>(text.size()), Method::kRead),
        text_(text),
        bytes_read_(bytes_read) {}
  std::unique_ptr<FileReader> Sibling() const override {
    return std::make_unique<CountingReader>(text_, bytes_read_);
  }
  void WillNeed(int64_t, int64_t) override {}

 protected:
  Result<io::FileSlab> DoRead(int64_t offset, size_t length) override {
    *bytes_read_ += static_cast<int64_t>(length);
    const auto copy =
        std::make_shared<const std::string>(text_.substr(static_cast<size_t>(offset), length));
    return io::FileSlab{copy, *copy, offset};
  }

 private:
  std::string_view text_;
  int64_t* bytes_read_;
};

struct Ranges {
  explicit Ranges(std::string_view text, FrameSource::Limits limits = {1 << 20, 1 << 20, 4096})
      : frames(std::make_unique<CountingReader>(text, &bytes_read), limits) {}

  // Where the frames of a range start, and at last where they end.
  std::vector<int64_t> Starts(int64_t begin, int64_t end, bool known) {
    frames.Begin(begin, end, known);
    std::vector<int64_t> starts;
    FrameSlab slab;
    while (true) {
      const auto more = frames.Next(&slab);
      EXPECT_OK(more);
      if (!more.ok() || !*more) break;
      ++slabs;
      if (!starts.empty()) {
        EXPECT_EQ(starts.back(), slab.data_offset);
        starts.pop_back();
      }
      for (const Frame& frame : slab.frames) {
        starts.push_back(slab.data_offset + static_cast<int64_t>(frame.offset));
      }
      starts.push_back(slab.data_offset + static_cast<int64_t>(slab.data.size()));
    }
    return starts;
  }

  int64_t bytes_read = 0;
  int slabs = 0;
  FrameRange frames;
};

TEST(FrameRangeTest, ARecordBelongsToTheRangeInWhichItStarts) {
  const std::vector<std::string> books = FirstBooks(3);
  const std::string text = books[0] + books[1] + books[2];
  const auto second = static_cast<int64_t>(books[0].size());
  const auto third = second + static_cast<int64_t>(books[1].size());
  const auto size = static_cast<int64_t>(text.size());
  Ranges ranges(text);
  EXPECT_THAT(ranges.Starts(0, second, true), ElementsAre(0, second));
  EXPECT_THAT(ranges.Starts(0, second + 1, true), ElementsAre(0, second, third));
  EXPECT_THAT(ranges.Starts(1, second, false), IsEmpty());
  EXPECT_THAT(ranges.Starts(1, second + 1, false), ElementsAre(second, third));
  EXPECT_THAT(ranges.Starts(second, third, false), ElementsAre(second, third));
  EXPECT_THAT(ranges.Starts(second + 1, third, false), IsEmpty());
  EXPECT_THAT(ranges.Starts(second + 1, size, false), ElementsAre(third, size));
  EXPECT_THAT(ranges.Starts(third + 1, size, false), IsEmpty());
}

TEST(FrameRangeTest, AWindowServesAllSlabsThatLieInIt) {
  const auto size = static_cast<int64_t>(Books().size());
  const FrameSource::Limits one_record{
      .record_bytes_max = 1 << 20, .slab_bytes = 1 << 20, .slab_records = 1};
  Ranges ranges(Books(), one_record);
  EXPECT_EQ(ranges.Starts(0, size, true).size(), 2001U);
  EXPECT_EQ(ranges.slabs, 2000);
  EXPECT_LT(ranges.bytes_read, 2 * size);
  Ranges small(Books(), {.record_bytes_max = 1 << 20, .slab_bytes = 1, .slab_records = 4096});
  EXPECT_EQ(small.Starts(0, size, true).size(), 2001U);
  EXPECT_EQ(small.slabs, 2000);
  EXPECT_LT(small.bytes_read, 2 * size);
}

TEST(FrameRangeTest, ALongRecordAtTheEndOfARangeIsReadAlone) {
  Record record = SmallRecord("long");
  record.Add(Field("500", ' ', ' ', {{'a', std::string(9000, 'x')}}));
  const std::string text = Books() + Iso2709(record) + Books();
  const auto begin = static_cast<int64_t>(Books().size());
  Ranges ranges(text);
  EXPECT_EQ(ranges.Starts(0, begin + 1, true).size(), 2002U);
  EXPECT_LT(ranges.bytes_read, begin + 60'000);
}

// On a guess nobody reads it all: who knows that a record starts there does.
TEST(FrameRangeTest, AHugeRecordIsReadOnlyWhereItsStartIsKnown) {
  const std::string book = FirstBooks(1)[0];
  Record record = SmallRecord("huge");
  record.Add(Field("500", ' ', ' ', {{'a', std::string(5'000'000, 'x')}}));
  std::string text = book + book;
  const auto begin = static_cast<int64_t>(text.size());
  ASSERT_OK(AppendIso2709(record.view(), Oversize::kZero, &text));
  const auto size = static_cast<int64_t>(text.size());
  const FrameSource::Limits limits{64 << 20, 1 << 20, 4096};
  Ranges guess(text, limits);
  EXPECT_THAT(guess.Starts(1, begin + 10, false), ElementsAre(begin / 2, begin));
  EXPECT_LT(guess.bytes_read, 5'000'000);
  Ranges known(text, limits);
  EXPECT_THAT(known.Starts(begin, begin + 10, true), ElementsAre(begin, size));
}

// Where the terminators are lost, a record is told from its length, once it is known that none
// comes: that takes many bytes, which have to serve for many records.
TEST(FrameRangeTest, WithoutTerminatorsTheBytesAreReadTwiceAtMost) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += Books();
  std::replace(text.begin(), text.end(), '\x1D', ' ');
  const auto size = static_cast<int64_t>(text.size());
  const FrameSource::Limits limits{
      .record_bytes_max = 256 << 10, .slab_bytes = 16 << 10, .slab_records = 4096};
  Ranges ranges(text, limits);
  EXPECT_EQ(ranges.Starts(0, size, true).size(), 8001U);
  EXPECT_LT(ranges.bytes_read, 3 * size);
  // Range by range, as one goes on who fills gaps.
  Ranges pieces(text, limits);
  int64_t at = 0;
  size_t count = 0;
  for (int64_t end = 5000; at < size; end = std::min(end + 5000, size)) {
    const auto starts = pieces.Starts(at, std::max(end, at + 1), true);
    ASSERT_FALSE(starts.empty());
    count += starts.size() - 1;
    at = starts.back();
  }
  EXPECT_EQ(count, 8000U);
  EXPECT_LT(pieces.bytes_read, 4 * size);
}

}  // namespace
}  // namespace thalweg::marc
