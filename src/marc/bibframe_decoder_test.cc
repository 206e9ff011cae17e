#include "marc/bibframe_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "marc/mapping.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/formats.h"

namespace thalweg::marc {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::SizeIs;

constexpr std::array kForms = {Format::kBibframe, Format::kBibframeTurtle,
                               Format::kBibframeNTriples, Format::kBibframeJsonLd};

std::string Encoded(Format format, const std::vector<Record>& records) {
  std::string text;
  auto writer = RecordWriter::ToStream(
      format,
      [&text](std::string_view bytes) {
        text.append(bytes);
        return Status();
      },
      {});
  EXPECT_TRUE(writer.ok());
  for (const Record& record : records) EXPECT_TRUE(writer->Write(record).ok());
  EXPECT_TRUE(writer->Close().ok());
  return text;
}

// The values of fields with these tags, a line a field, without punctuation at their ends.
std::string Bare(const RecordView& record, const std::vector<Tag>& tags, std::string_view codes) {
  std::string text;
  for (const FieldView& field : record.All(tags)) {
    std::string line;
    for (const Subfield& subfield : field.subfields()) {
      if (codes.find(subfield.code) == std::string_view::npos) continue;
      const std::string_view value = WithoutEndPunctuation(subfield.value);
      if (!value.empty()) line.append("$").append(1, subfield.code).append(value);
    }
    if (!line.empty()) text.append(field.tag().ToString()).append(line).append("\n");
  }
  return text;
}

// Fields as they are, in their order.
std::string Whole(const RecordView& record, const std::vector<Tag>& tags) {
  std::string text;
  for (const FieldView& field : record.All(tags)) text.append(field.ToString()).append("\n");
  return text;
}

class Losses {
 public:
  void Check(const std::string& what, const std::string& before, const std::string& after) {
    if (before == after) return;
    if (++count_ <= 12) text_ += what + ":\n" + before + "--\n" + after + "\n";
  }
  int count() const { return count_; }
  const std::string& text() const { return text_; }

 private:
  int count_ = 0;
  std::string text_;
};

TEST(BibframeDecoderTest, FourFormsGiveTheSameRecords) {
  ASSERT_OK_AND_ASSIGN(const auto books, ParseRecords(Format::kIso2709, Books(), {}, nullptr));
  std::vector<std::string> first;
  for (const Format form : kForms) {
    SCOPED_TRACE(InfoOf(form).name);
    const std::string text = Encoded(form, books);
    EXPECT_THAT(DetectFormat(text), Optional(form));
    ASSERT_OK_AND_ASSIGN(const auto back, ParseRecords(form, text, {}, nullptr));
    ASSERT_THAT(back, SizeIs(books.size()));
    std::vector<std::string> dumps;
    for (const Record& record : back) dumps.push_back(Dump(record));
    if (first.empty()) first = dumps;
    for (size_t i = 0; i < dumps.size(); ++i) ASSERT_EQ(dumps[i], first[i]);
  }
}

TEST(BibframeDecoderTest, WhatSurvivesTheRoundTrip) {
  ASSERT_OK_AND_ASSIGN(const auto books, ParseRecords(Format::kIso2709, Books(), {}, nullptr));
  const std::string text = Encoded(Format::kBibframeNTriples, books);
  ASSERT_OK_AND_ASSIGN(const auto back,
                       ParseRecords(Format::kBibframeNTriples, text, {}, nullptr));
  ASSERT_THAT(back, SizeIs(books.size()));
  const std::vector<Tag> whole = {"001", "003", "005", "100", "110", "111", "130", "240",
                                  "600", "610", "611", "630", "648", "650", "651", "653",
                                  "655", "700", "710", "711", "730", "800", "810", "811",
                                  "830"};
  Losses losses;
  for (size_t i = 0; i < books.size(); ++i) {
    const RecordView& a = books[i];
    const RecordView& b = back[i];
    const auto bare = [&](const std::vector<Tag>& tags, std::string_view codes) {
      losses.Check(std::string(a.control_number()), Bare(a, tags, codes), Bare(b, tags, codes));
    };
    losses.Check("whole", Whole(a, whole), Whole(b, whole));
    bare({"010", "020", "022", "024", "030", "035"}, "az");
    bare({"050", "060", "080", "082", "084"}, "ab");
    bare({"245"}, "abcnp");
    bare({"250"}, "a");
    bare({"260", "264"}, "abc");
    bare({"300"}, "abce");
    bare({"336", "337", "338"}, "ab2");
    bare({"490"}, "av");
    bare({"500", "502", "504", "505", "520", "521"}, "a");
    bare({"856"}, "u");
    losses.Check("leader", std::string(a.leader_text().substr(5, 3)),
                 std::string(b.leader_text().substr(5, 3)));
    const auto fixed = FixedData(a);
    if (fixed.empty()) continue;
    losses.Check("008/00", std::string(fixed.substr(0, 6)),
                 std::string(FixedData(b).substr(0, 6)));
    losses.Check("008/07", std::string(fixed.substr(7, 4)),
                 std::string(FixedData(b).substr(7, 4)));
    losses.Check("008/15", std::string(fixed.substr(15, 3)),
                 std::string(FixedData(b).substr(15, 3)));
    losses.Check("008/35", std::string(fixed.substr(35, 3)),
                 std::string(FixedData(b).substr(35, 3)));
  }
  EXPECT_EQ(losses.count(), 0) << losses.text();
}

}  // namespace
}  // namespace thalweg::marc
