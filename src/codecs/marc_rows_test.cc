#include "codecs/marc_rows.h"

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/status_matchers.h"

namespace thalweg::codecs {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

using Text = std::optional<std::string>;
using List = std::optional<std::vector<Text>>;

// One row, column by column.
class Row {
 public:
  Row& Add(const std::string& name, const Text& value) {
    arrow::StringBuilder builder;
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
    return AddArray(name, *builder.Finish());
  }
  Row& AddList(const std::string& name, const List& values) {
    auto items = std::make_shared<arrow::StringBuilder>();
    arrow::ListBuilder builder(arrow::default_memory_pool(), items);
    EXPECT_TRUE((values ? builder.Append() : builder.AppendNull()).ok());
    if (values) {
      for (const Text& value : *values) {
        EXPECT_TRUE((value ? items->Append(*value) : items->AppendNull()).ok());
      }
    }
    return AddArray(name, *builder.Finish());
  }
  Row& AddNumber(const std::string& name) {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.Append(1).ok());
    return AddArray(name, *builder.Finish());
  }

  Status Check() const { return MarcRows::Make(*arrow::schema(fields_)).status(); }
  Result<std::string> Write() const {
    const auto schema = arrow::schema(fields_);
    THALWEG_ASSIGN_OR_RETURN(const MarcRows rows, MarcRows::Make(*schema));
    const auto batch = arrow::RecordBatch::Make(schema, 1, arrays_);
    THALWEG_ASSIGN_OR_RETURN(const auto record, rows.Of(*batch).RecordOf(0));
    std::string text(record.view().leader_text());
    for (const auto& field : record.fields()) text.append("\n").append(field.ToString());
    return text;
  }

 private:
  Row& AddArray(const std::string& name, std::shared_ptr<arrow::Array> array) {
    fields_.push_back(arrow::field(name, array->type()));
    arrays_.push_back(std::move(array));
    return *this;
  }
  arrow::FieldVector fields_;
  arrow::ArrayVector arrays_;
};

TEST(MarcRowsTest, ColumnsThatAgreeMakeOneField) {
  Row row;
  row.Add("001", "7").Add("245[ind1=1][ind2=0]$a", "Dogs :").Add("100$a", "Hunt");
  row.Add("245[ind1=1][ind2=0]$b", "a tale").Add("245[ind1=1][ind2=1]$a", "Cats").Add("020$a", {});
  ASSERT_OK_AND_ASSIGN(const std::string text, row.Write());
  EXPECT_EQ(text,
            "00000nam a2200000   4500\n=001  7\n=245  10$aDogs :$ba tale\n=100  \\\\$aHunt\n"
            "=245  11$aCats");
}

TEST(MarcRowsTest, ListsMakeAFieldAnItem) {
  Row row;
  row.AddList("650[$2=fast]$a[]", List({"War", "Peace", {}}))
      .AddList("650[$2=fast]$x[]", List({"A"}));
  row.Add("650[$2=fast]$0", "id").AddList("700$a[]", {}).AddList("710$a[]", List(std::in_place));
  ASSERT_OK_AND_ASSIGN(const std::string text, row.Write());
  EXPECT_EQ(text,
            "00000nam a2200000   4500\n=650  \\\\$aWar$xA$0id$2fast\n=650  \\\\$aPeace$0id$2fast");
}

TEST(MarcRowsTest, PlacesAreFilledIn) {
  Row row;
  row.Add("LDR/06", "c").Add("008/35-37", "fre").Add("008/00-05", "8501").Add("650[1]$a", "x");
  row.Add("650[2]$a", "y");
  ASSERT_OK_AND_ASSIGN(const std::string text, row.Write());
  EXPECT_EQ(text, "00000ncm a2200000   4500\n=008  8501" + std::string(31, '\\') +
                      "fre\\\\\n=650  \\\\$ax\n=650  \\\\$ay");
  Row longer;
  longer.Add("008/35-37", "french");
  EXPECT_THAT(longer.Write(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("longer")));
}

TEST(MarcRowsTest, ALeaderIsTakenButItsCharacterSet) {
  Row row;
  row.Add("leader", "00714cz   2200205n  4500").Add("001", "1");
  ASSERT_OK_AND_ASSIGN(const std::string text, row.Write());
  EXPECT_EQ(text, "00714cz  a2200205n  4500\n=001  1");
}

TEST(MarcRowsTest, ColumnsThatSayNoPlaceAreRefused) {
  for (const char* name : {"title", "245", "245$ab", "245$*", "6XX$a", "245$a/0-3",
                           "650[ind2=0|1]$a", "650[$2!=x]$a", "001[1]", "008/99999-99999"}) {
    Row row;
    EXPECT_THAT(row.Add(name, "x").Check(),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr(name)));
  }
  EXPECT_THAT(Row().Add("650$a[]", "x").Check(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("VARCHAR[]")));
  EXPECT_THAT(Row().AddList("650$a", {}).Check(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Row().AddNumber("001").Check(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("BIGINT")));
}

}  // namespace
}  // namespace thalweg::codecs
