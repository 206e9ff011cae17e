#include "engine/rejected_rows.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>

#include <string>

#include "testing/status_matchers.h"

namespace thalweg::engine {
namespace {

class Rejects final : public Emitter {
 public:
  Status Emit(Batch) override { return {}; }
  Status Reject(RejectedRow row) override {
    rows.push_back(std::move(row));
    return {};
  }
  void CountFiltered(int64_t) override {}
  std::vector<RejectedRow> rows;
};

Batch FourRows() {
  return Batch(arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::int64())}), 4,
      {arrow::json::ArrayFromJSONString(arrow::int64(), "[1, 2, 3, 4]").ValueOrDie()}));
}

std::shared_ptr<Origin> CsvOrigin() {
  auto origin = std::make_shared<Origin>();
  origin->file = std::make_shared<const std::string>("a.csv");
  origin->byte_offset = 100;
  origin->first_line = 11;
  origin->first_row = 10;
  origin->bytes = arrow::Buffer::FromString("one\n\"t\nwo\"\r\nthree\nfour\nfive\n");
  origin->row_offsets =
      std::make_shared<const std::vector<uint32_t>>(std::vector<uint32_t>{0, 4, 12, 18});
  return origin;
}

TEST(RejectRows, NamesLineOffsetAndBytes) {
  Rejects out;
  ASSERT_OK(RejectRows(FourRows().WithOrigin(CsvOrigin()), "a",
                       {{0, "bad"}, {1, "worse"}, {2, "x"}, {3, "last"}}, out));
  ASSERT_EQ(out.rows.size(), 4U);
  EXPECT_EQ(out.rows[0].file, "a.csv");
  EXPECT_EQ(out.rows[0].line, 11);
  EXPECT_EQ(out.rows[0].byte_offset, 100);
  EXPECT_EQ(out.rows[0].raw, "one");
  EXPECT_EQ(out.rows[0].column, "a");
  EXPECT_EQ(out.rows[1].line, 12);
  EXPECT_EQ(out.rows[1].raw, "\"t\nwo\"");
  EXPECT_EQ(out.rows[2].line, 14);
  EXPECT_EQ(out.rows[2].byte_offset, 112);
  EXPECT_EQ(out.rows[3].raw, "four");
  EXPECT_EQ(out.rows[3].reason, "last");
}

TEST(RejectRows, FollowsRowsThroughSelections) {
  Rejects out;
  const auto rows = std::make_shared<const std::vector<int32_t>>(std::vector<int32_t>{0, 2, 3});
  ASSERT_OK_AND_ASSIGN(const Batch some,
                       Batch(FourRows().data(), rows).WithOrigin(CsvOrigin()).Compact());
  ASSERT_OK(RejectRows(some.Slice(1, 2), "", {{0, "bad"}, {1, "bad"}}, out));
  EXPECT_EQ(out.rows[0].raw, "three");
  EXPECT_EQ(out.rows[0].line, 14);
  EXPECT_EQ(out.rows[1].raw, "four");
  EXPECT_EQ(out.rows[1].line, 15);
}

TEST(RejectRows, SaysTheRowWhereLinesAreNotKnown) {
  Rejects out;
  auto origin = std::make_shared<Origin>();
  origin->file = std::make_shared<const std::string>("a.parquet");
  origin->first_row = 1000;
  ASSERT_OK(RejectRows(FourRows().WithOrigin(origin), "a", {{2, "bad"}}, out));
  EXPECT_EQ(out.rows[0].reason, "bad (row 1003 of the file)");
  EXPECT_EQ(out.rows[0].line, 0);
  EXPECT_EQ(out.rows[0].byte_offset, -1);
  ASSERT_OK(RejectRows(FourRows(), "a", {{2, "bad"}}, out));
  EXPECT_EQ(out.rows[1].reason, "bad");
}

TEST(RejectRows, SurvivesOffsetsBeyondTheBytes) {
  Rejects out;
  auto origin = CsvOrigin();
  origin->row_offsets =
      std::make_shared<const std::vector<uint32_t>>(std::vector<uint32_t>{0, 4000, 12});
  ASSERT_OK(RejectRows(FourRows().WithOrigin(origin), "a", {{0, "a"}, {1, "b"}, {2, "c"}, {3, "d"}},
                       out));
  EXPECT_EQ(out.rows.size(), 4U);
}

TEST(RowErrors, MergeKeepsTheFirstReason) {
  std::vector<RowError> errors = {{1, "first"}, {4, "four"}};
  MergeRowErrors({{0, "zero"}, {1, "second"}, {9, "nine"}}, &errors);
  ASSERT_EQ(errors.size(), 4U);
  EXPECT_EQ(errors[1].reason, "first");
  EXPECT_EQ(*RowsWithout(errors, 6), (std::vector<int32_t>{2, 3, 5}));
}

}  // namespace
}  // namespace thalweg::engine
