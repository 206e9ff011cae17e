#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "codecs/stream_test_support.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/reader.h"
#include "thalweg/marc/writer.h"

namespace thalweg::codecs::marc {
void Register(engine::Registry& registry);

namespace {

using codecs::testing::Collector;
using codecs::testing::ReadPlan;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::thalweg::testing::StatusIs;

const engine::Codec& Marc() {
  static const engine::Registry registry = [] {
    engine::Registry made;
    Register(made);
    return made;
  }();
  return *registry.FindCodec("marc");
}

std::string Book(const std::string& id, const std::string& title, const std::string& language) {
  thalweg::marc::Record record(thalweg::marc::Leader("00000nam a2200000 a 4500"));
  record.Add(thalweg::marc::Field::Control("001", id))
      .Add(thalweg::marc::Field::Control("008",
                                         "850101s1984    nyu           000 0 " + language + " d"))
      .Add(thalweg::marc::Field("245", '1', '0', {{'a', title}}))
      .Add(thalweg::marc::Field("650", ' ', '0', {{'a', "War"}}))
      .Add(thalweg::marc::Field("650", ' ', '7', {{'a', "Peace"}}));
  std::string bytes;
  EXPECT_OK(AppendIso2709(record.view(), thalweg::marc::Oversize::kError, &bytes));
  return bytes;
}

Collector Read(std::string_view text, const ReadPlan& plan) {
  Collector out;
  const auto format = codecs::testing::Infer(Marc(), text, plan);
  EXPECT_OK(format);
  if (format.ok()) {
    EXPECT_OK(codecs::testing::ReadAll(**format, text, plan, &out));
  }
  return out;
}

ReadPlan Columns(std::vector<std::string> names) {
  ReadPlan plan;
  plan.projection = {.columns = std::move(names), .all = false};
  return plan;
}

TEST(MarcTest, ReadsColumnsByTheirPaths) {
  const std::string text = Book("1", "Un", "fre") + Book("2", "Two", "eng");
  const Collector out = Read(text, Columns({"001", "245$a", "650$a[]", "008/35-37", "LDR/06"}));
  EXPECT_THAT(out.rows, ElementsAre(ElementsAre("1", "Un", "[\"War\",\"Peace\"]", "fre", "a"),
                                    ElementsAre("2", "Two", "[\"War\",\"Peace\"]", "eng", "a")));
  const Collector nothing = Read(text, Columns({"700$a", "700$a[]"}));
  EXPECT_THAT(nothing.rows, ElementsAre(ElementsAre("∅", "[]"), ElementsAre("∅", "[]")));
}

TEST(MarcTest, WithoutAChoiceThereAreNumberLeaderAndBytes) {
  const std::string book = Book("1", "Un", "fre");
  const Collector out = Read(book, {});
  EXPECT_EQ(out.schema->ToString(), "001: string\nleader: string\nrecord: binary");
  EXPECT_THAT(out.rows, ElementsAre(ElementsAre("1", book.substr(0, 24), book)));
  EXPECT_THAT(Read("", {}).rows, IsEmpty());
}

TEST(MarcTest, ColumnsCanBeNamed) {
  ReadPlan plan;
  plan.options = {{"columns", std::string("245$a AS title, 650[ind2=7]$a[] AS \"my subjects\"")}};
  const Collector out = Read(Book("1", "Un", "fre"), plan);
  EXPECT_EQ(out.schema->ToString(), "title: string\nmy subjects: list<item: string>");
  EXPECT_THAT(out.rows, ElementsAre(ElementsAre("Un", "[\"Peace\"]")));
  plan.options = {{"columns", std::string("245$")}};
  EXPECT_THAT(codecs::testing::Infer(Marc(), "", plan), StatusIs(StatusCode::kInvalidArgument));
}

TEST(MarcTest, NamesThatAreNoPathsAreNoColumns) {
  const auto format = codecs::testing::Infer(Marc(), "", {});
  ASSERT_OK(format);
  for (const char* name : {"title", "record_id", "ab", "", "Title", "TITLE", "id", "245$", "24"}) {
    EXPECT_EQ((*format)->ResolveColumn(name), std::nullopt) << name;
  }
  for (const char* name : {"245$a", "245a", "LDR/06", "001", "6XX$a[]", "FMT", "CAT$a"}) {
    EXPECT_NE((*format)->ResolveColumn(name), std::nullopt) << name;
  }
}

TEST(MarcTest, ABadRecordIsARejectedRowWithItsBytes) {
  const std::string good = Book("1", "Un", "fre");
  std::string bad = Book("2", "Deux", "fre");
  bad.replace(12, 5, "xxxxx");
  const std::string text = good + bad + good;
  for (const size_t feed : {size_t{0}, size_t{1}, size_t{100}}) {
    ReadPlan plan = Columns({"001"});
    plan.feed_bytes = feed;
    plan.batch_rows_max = 1;
    const Collector out = Read(text, plan);
    EXPECT_THAT(out.rows, ElementsAre(ElementsAre("1"), ElementsAre("1")));
    ASSERT_THAT(out.rejects, SizeIs(1));
    EXPECT_EQ(out.rejects[0].raw, bad);
    EXPECT_EQ(out.rejects[0].byte_offset, static_cast<int64_t>(good.size()));
    EXPECT_THAT(out.rejects[0].reason, HasSubstr("E004 base_address_not_found"));
  }
  ReadPlan plan = Columns({"001"});
  plan.options = {{"recovery", std::string("lenient")}};
  EXPECT_THAT(Read(text, plan).rows,
              ElementsAre(ElementsAre("1"), ElementsAre("2"), ElementsAre("1")));
  plan.options = {{"recovery", std::string("strict")}};
  Collector out;
  ASSERT_OK_AND_ASSIGN(const auto format, codecs::testing::Infer(Marc(), text, plan));
  EXPECT_THAT(codecs::testing::ReadAll(*format, text, plan, &out),
              StatusIs(StatusCode::kCorruption, HasSubstr("E004")));
}

TEST(MarcTest, WritesTheRecordsOfAColumn) {
  const std::string text = Book("1", "Un", "fre") + Book("2", "Two", "eng");
  const Collector out = Read(text, {});
  ASSERT_THAT(out.batches, SizeIs(1));
  Spec spec = Marc().spec;
  spec.fields = Marc().write_fields;
  ASSERT_OK_AND_ASSIGN(const Options options, Options::Parse(spec, {}, "write"));
  ASSERT_OK_AND_ASSIGN(const auto encoder, Marc().make_encoder(out.schema, options));
  ASSERT_OK_AND_ASSIGN(const engine::EncodedChunk chunk, encoder->Encode(out.batches[0]));
  EXPECT_EQ(chunk.bytes, text);
  EXPECT_EQ(chunk.rows, 2);
  EXPECT_THAT(Marc().make_encoder(arrow::schema({arrow::field("a", arrow::utf8()),
                                                 arrow::field("b", arrow::utf8())}),
                                  options),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("record")));
  EXPECT_THAT(Marc().make_encoder(arrow::schema({arrow::field("a", arrow::int32())}), options),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("INTEGER")));
}

TEST(MarcTest, RecognisesRecords) {
  EXPECT_TRUE(Marc().recognises(Book("1", "Un", "fre")));
  EXPECT_FALSE(Marc().recognises("a,b\n1,2\n"));
  EXPECT_FALSE(Marc().recognises(""));
}

}  // namespace
}  // namespace thalweg::codecs::marc
