#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/reader.h"

// Ten records with every byte of theirs set to every other value, and cut after every byte, in
// each mode: nothing is lost but what was damaged, and the modes agree on what that is.
namespace thalweg::marc {
namespace {

constexpr size_t kModes = 3;
constexpr std::array<Recovery, kModes> kRecoveries = {Recovery::kStrict, Recovery::kLenient,
                                                      Recovery::kSkip};

// Real records among made ones, short, because each costs as many readings as it has bytes times
// 765: MARC-8 and UTF-8, marks and linked fields, with and without text beyond ASCII.
std::vector<std::string> TenRecords() {
  std::vector<std::string> records = FirstBooks(2000);
  std::stable_sort(records.begin(), records.end(),
                   [](const auto& a, const auto& b) { return a.size() < b.size(); });
  records.resize(2);
  for (int i = 0; i < 8; ++i) {
    Record record(Leader("00000nam a2200000 a 4500"));
    record.Add(Field::Control("001", "id" + std::to_string(i)));
    if (i != 2) record.Add(Field("245", '1', '4', {{'a', "The dogs :"}, {'b', "a tale"}}));
    if (i % 2 == 1) {
      Leader leader = record.leader();
      leader.set_coding_scheme('a');
      record.SetLeader(leader);
      record.Add(Field("880", '1', '4', {{'6', "245-01"}, {'a', "\xE4\xB8\x80\xD0\xB0"}}));
    } else if (i == 4) {
      record.Add(Field("100", '1', ' ', {{'a', "Mu\xE8uller \x1B(N\x4D\x1B(B"}}));
    }
    record.Add(Field("500", ' ', ' ', {{'a', std::string(static_cast<size_t>(i) * 3, 'n')}}));
    records.insert(records.begin() + i + i / 4, Iso2709(record));
  }
  return records;
}

// What a reader gives of a text, and where it stands there. Batches keep what they show alive.
struct Seen {
  std::vector<RecordBatch> batches;
  std::vector<const RecordView*> records;
  std::vector<std::string_view> chunks;
  std::vector<std::string_view> dropped;
  std::vector<DefectCode> codes;
  bool errors = false;
};

Seen Read(std::string_view text, Recovery recovery) {
  Seen seen;
  Reader reader = Reader::OverMemory(text, nullptr, WithRecovery(recovery));
  // Every batch holds a byte at least.
  for (size_t turn = 0; turn <= text.size(); ++turn) {
    Result<RecordBatch> batch = reader.ReadBatch();
    EXPECT_OK(batch.status());
    if (!batch.ok() || batch->empty()) return seen;
    for (const RecordView& record : batch->records) seen.records.push_back(&record);
    seen.chunks.insert(seen.chunks.end(), batch->chunks.begin(), batch->chunks.end());
    for (const DroppedRecord& record : batch->dropped) seen.dropped.push_back(record.raw);
    for (const Defect& defect : batch->defects) {
      seen.codes.push_back(defect.code);
      seen.errors = seen.errors || defect.info().severity == Severity::kError;
    }
    seen.batches.push_back(*std::move(batch));
  }
  ADD_FAILURE() << "reading does not end";
  return seen;
}

bool Same(const RecordView& a, const RecordView& b) {
  const auto same_field = [](const FieldView& x, const FieldView& y) {
    return x.tag() == y.tag() && x.bytes() == y.bytes();
  };
  return a.leader_text() == b.leader_text() &&
         std::equal(a.fields().begin(), a.fields().end(), b.fields().begin(), b.fields().end(),
                    same_field);
}

bool SameRecords(const Seen& a, const Seen& b) {
  return std::equal(a.records.begin(), a.records.end(), b.records.begin(), b.records.end(),
                    [](const RecordView* x, const RecordView* y) { return Same(*x, *y); });
}

// What strict accepts, lenient gives identically and without an error; what strict drops, lenient
// tells of, and gives all that strict gives; skip gives what strict gives.
const char* Disagreement(const Seen& strict, const Seen& lenient, const Seen& skip) {
  if (!SameRecords(strict, skip)) return "skip gives other records than strict";
  if (strict.dropped != skip.dropped) return "skip drops other pieces than strict";
  if (strict.codes != skip.codes) return "skip tells other defects than strict";
  if (strict.dropped.empty() == lenient.errors) return "lenient errors where strict does not";
  if (lenient.dropped.size() > strict.dropped.size()) return "lenient drops more than strict";
  if (strict.dropped.empty()) return SameRecords(strict, lenient) ? nullptr : "lenient differs";
  size_t at = 0;
  for (const RecordView* record : lenient.records) {
    if (at < strict.records.size() && Same(*record, *strict.records[at])) ++at;
  }
  return at == strict.records.size() ? nullptr : "lenient loses what strict gives";
}

class CorruptionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& record : records_) text_ += record;
    good_ = Read(text_, Recovery::kStrict);
    ASSERT_EQ(good_.records.size(), records_.size());
    for (const RecordView* record : good_.records) {
      starts_.push_back(static_cast<size_t>(good_.chunks[starts_.size()].data() - text_.data()));
      ASSERT_FALSE(record->fields().empty());
    }
  }

  // The first of the records from `first` to `end`, without `hit`, that is not there, in order.
  std::optional<size_t> Lost(const Seen& seen, size_t first, size_t end, size_t hit) const {
    size_t at = 0;
    for (size_t wanted = first; wanted < end; ++wanted) {
      if (wanted == hit) continue;
      while (at < seen.records.size() && !(seen.chunks[at] == records_[wanted] &&
                                           Same(*seen.records[at], *good_.records[wanted]))) {
        ++at;
      }
      if (at++ == seen.records.size()) return wanted;
    }
    return {};
  }

  // Reads the neighbourhood of record `hit`, which is damaged in `text`, in all modes.
  void Check(std::string_view text, size_t first, size_t end, size_t hit) const {
    std::array<Seen, kModes> seen;
    for (size_t mode = 0; mode < kModes; ++mode) {
      seen[mode] = Read(text, kRecoveries[mode]);
      const auto lost = Lost(seen[mode], first, end, hit);
      ASSERT_FALSE(lost.has_value()) << "mode " << mode << " loses record " << *lost;
      ASSERT_LE(seen[mode].records.size(), end - first);
    }
    const char* disagreement = Disagreement(seen[0], seen[1], seen[2]);
    ASSERT_EQ(disagreement, nullptr) << disagreement;
  }

  const std::vector<std::string> records_ = TenRecords();
  std::string text_;
  Seen good_;
  std::vector<size_t> starts_;
};

// The record before and the two behind stand for all: a damaged record can swallow only what
// follows it, and what lies farther off is read from where the last of them ends.
TEST_F(CorruptionTest, EveryValueOfEveryByteCostsAtMostItsRecord) {
  for (size_t hit = 0; hit < records_.size(); ++hit) {
    const size_t first = hit == 0 ? 0 : hit - 1;
    const size_t end = std::min(hit + 3, records_.size());
    std::string text;
    for (size_t i = first; i < end; ++i) text += records_[i];
    const size_t start = starts_[hit] - starts_[first];
    for (size_t at = 0; at < records_[hit].size(); ++at) {
      char& byte = text[start + at];
      const char right = byte;
      for (int value = 0; value < 256; ++value) {
        byte = static_cast<char>(value);
        if (byte == right) continue;
        Check(text, first, end, hit);
        if (HasFatalFailure()) FAIL() << "byte " << at << " of record " << hit << " is " << value;
      }
      byte = right;
    }
  }
}

TEST_F(CorruptionTest, EveryTruncationKeepsWhatIsWhole) {
  size_t whole = 0;
  for (size_t length = 0; length < text_.size(); ++length) {
    while (whole + 1 < starts_.size() && length >= starts_[whole + 1]) ++whole;
    const std::string_view text = std::string_view(text_).substr(0, length);
    Check(text, 0, whole + 1, whole);
    const bool between = length == starts_[whole];
    ASSERT_EQ(Read(text, Recovery::kStrict).dropped.empty(), between) << length;
    if (HasFatalFailure()) FAIL() << "cut after " << length;
  }
}

}  // namespace
}  // namespace thalweg::marc
