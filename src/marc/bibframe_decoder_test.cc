#include "marc/bibframe_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
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

// The values of fields with these tags, a line a field, without punctuation at their ends.
std::string Bare(const RecordView& record, const std::vector<Tag>& tags, std::string_view codes) {
  std::string text;
  for (const FieldView& field : record.All(tags)) {
    std::string line;
    for (const Subfield& subfield : field.subfields()) {
      if (codes.find(subfield.code) == std::string_view::npos) continue;
      std::string_view value = WithoutIsbdMark(subfield.value);
      if (value.ends_with('+')) value.remove_suffix(1);
      value = WithoutEndPunctuation(value);
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

// What the letters of each field say as one text; 250 without the punctuation at its end.
std::string OneText(const RecordView& record, Tag tag) {
  constexpr std::string_view kCodes = "abcdefghijklmnopqrstvyz";
  std::string text;
  for (const FieldView& field : record.All(tag)) {
    const std::string line = JoinedValues(field, kCodes);
    text.append(tag == Tag("250") ? std::string(WithoutIsbdMark(line)) : line).append("\n");
  }
  return text;
}

// The same link is there once.
std::string Links(const RecordView& record) {
  std::set<std::string> links;
  for (const FieldView& field : record.All("856")) {
    if (field.Has('u')) links.emplace(*field.Find('u'));
  }
  std::string text;
  for (const std::string& link : links) text.append(link).append("\n");
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
  ASSERT_OK_AND_ASSIGN(const auto back, ParseRecords(Format::kBibframeNTriples, text, {}, nullptr));
  ASSERT_THAT(back, SizeIs(books.size()));
  const std::vector<Tag> whole = {"001", "003", "005", "100", "110", "111", "130", "240", "600",
                                  "610", "611", "630", "648", "650", "651", "653", "655", "700",
                                  "710", "711", "730", "800", "810", "811", "830"};
  Losses losses;
  for (size_t i = 0; i < books.size(); ++i) {
    const RecordView& a = books[i];
    const RecordView& b = back[i];
    const auto bare = [&](const std::vector<Tag>& tags, std::string_view codes) {
      losses.Check(std::string(a.control_number()), Bare(a, tags, codes), Bare(b, tags, codes));
    };
    losses.Check("whole", Whole(a, whole), Whole(b, whole));
    bare({"010", "020", "022", "024", "030", "035"}, "az");
    for (const char* code : {"a", "b"}) bare({"050", "060", "080", "082", "084"}, code);
    const FieldView* title = a.Find("245");
    for (const char* code : {"a", "b", "c", "n", "p"}) {
      if (title == nullptr) continue;
      losses.Check("245", Joined(*title, code), Joined(*b.Find("245"), code));
    }
    losses.Check("250", OneText(a, "250"), OneText(b, "250"));
    for (const char* code : {"a", "b", "c", "e", "f", "g"}) bare({"260", "264"}, code);
    bare({"300"}, "abce");
    bare({"336", "337", "338"}, "ab2");
    bare({"490"}, "av");
    for (const Tag tag : {Tag("500"), Tag("504"), Tag("505"), Tag("520"), Tag("521")}) {
      losses.Check(tag.ToString(), OneText(a, tag), OneText(b, tag));
    }
    losses.Check("856", Links(a), Links(b));
    // A part of a work is a work of its own in BIBFRAME.
    std::string leader(a.leader_text().substr(5, 3));
    if (leader[2] == 'a') leader[2] = 'm';
    losses.Check("leader", leader, std::string(b.leader_text().substr(5, 3)));
    const auto fixed = FixedData(a);
    if (fixed.empty()) continue;
    losses.Check("008/00", std::string(fixed.substr(0, 6)), std::string(FixedData(b).substr(0, 6)));
    losses.Check("008/07", std::string(PlainCode(fixed.substr(7, 4))),
                 std::string(PlainCode(FixedData(b).substr(7, 4))));
    losses.Check("008/15", std::string(fixed.substr(15, 3)),
                 std::string(FixedData(b).substr(15, 3)));
    losses.Check("008/35", std::string(fixed.substr(35, 3)),
                 std::string(FixedData(b).substr(35, 3)));
  }
  EXPECT_EQ(losses.count(), 0) << losses.text();
}

TEST(BibframeDecoderTest, WithoutTheExtensionDescriptionsSurviveButNotHeadingsAsAWhole) {
  ASSERT_OK_AND_ASSIGN(const auto books, ParseRecords(Format::kIso2709, Books(), {}, nullptr));
  for (const Format form : kForms) {
    const std::string text = Encoded(form, books, {.include_bflc = false, .iso2709 = {}});
    // The prefix may be declared.
    EXPECT_THAT(text, Not(HasSubstr("marcKey")));
    EXPECT_THAT(text, Not(HasSubstr("simplePlace")));
    ASSERT_OK_AND_ASSIGN(const auto back, ParseRecords(form, text, {}, nullptr));
    ASSERT_THAT(back, SizeIs(books.size()));
    Losses losses;
    for (size_t i = 0; i < books.size(); ++i) {
      const RecordView& a = books[i];
      const RecordView& b = back[i];
      for (const char* code : {"a", "b", "c", "e", "f", "g"}) {
        losses.Check("imprint", Bare(a, {"260", "264"}, code), Bare(b, {"260", "264"}, code));
      }
      losses.Check("856", Links(a), Links(b));
      losses.Check("020", Bare(a, {"020"}, "a"), Bare(b, {"020"}, "a"));
      if (FixedData(a).empty()) continue;
      // Where 008 has no date, the imprint gives one.
      const std::string_view date = PlainCode(FixedData(a).substr(7, 4));
      if (date.empty()) continue;
      losses.Check("008/07", std::string(date), std::string(PlainCode(FixedData(b).substr(7, 4))));
    }
    EXPECT_EQ(losses.count(), 0) << losses.text();
  }
}

std::vector<std::string> Lines(const Record& record) {
  std::vector<std::string> lines = {std::string(record.view().leader_text())};
  for (const FieldView& field : record.fields()) lines.push_back(field.ToString());
  return lines;
}

// What each of the four texts below says.
const std::vector<std::string>& Expected() {
  static const std::vector<std::string> lines = {
      "00000cam a2200000 i 4500",
      "=001  b7",
      "=003  DLC",
      "=005  20200102030405.0",
      "=008  190203s2019\\\\\\\\nyu" + std::string(17, '\\') + "eng\\|",
      "=020  \\\\$a9780000000002$qhardback",
      "=040  \\\\$aDLC$beng$erda",
      "=050  \\0$aGB1203$b.H86",
      "=100  1\\$aHunt, Ann,$d1950-$eauthor$4aut",
      "=245  14$aThe rivers :$ba history /$cAnn Hunt.",
      "=264  \\1$aNew York :$bTight Bore,$c2019.",
      "=300  \\\\$a100 pages :$bmaps ;$c24 cm",
      "=336  \\\\$btxt$2rdacontent",
      "=490  0\\$aWaters ;$v3",
      "=500  \\\\$aA \"note\"",
      "=504  \\\\$aBibliography.",
      "=520  \\\\$aAll about rivers.",
      "=650  \\0$aRivers$zNorway$xHistory",
      "=650  \\7$aWater$2fast",
      "=700  1\\$aOther, Bo,$eillustrator"};
  return lines;
}

void ExpectOthers(Format format, const std::string& text, const std::string& author_link = "") {
  SCOPED_TRACE(InfoOf(format).name);
  EXPECT_THAT(DetectFormat(text), Optional(format));
  ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(format, text, {}, nullptr));
  ASSERT_THAT(records, SizeIs(1));
  std::vector<std::string> lines = Expected();
  for (std::string& line : lines) {
    if (line.starts_with("=100")) line.append(author_link);
  }
  EXPECT_EQ(Lines(records[0]), lines);
}

TEST(BibframeDecoderTest, HeadingsLinkToTheirAuthorities) {
  Record record = SmallRecord("1");
  const std::string authority = "http://id.loc.gov/authorities/names/n98080448";
  record.Add(Field("650", ' ', '0', {{'a', "Code"}, {'0', "(DLC)sh1"}, {'0', "http://a b"}}));
  record.Add(
      Field("700", '1', ' ', {{'a', "Hunt, Ann"}, {'0', authority}, {'1', " https://x/1 "}}));
  const std::vector<Record> records = {record};
  const std::string text = Encoded(Format::kBibframeNTriples, records);
  const std::string same = "isIdentifiedByAuthority> <" + authority + "> .";
  EXPECT_THAT(text, HasSubstr("<http://www.loc.gov/mads/rdf/v1#" + same));
  EXPECT_THAT(text, HasSubstr("<http://www.w3.org/2002/07/owl#sameAs> <https://x/1> ."));
  EXPECT_THAT(text, Not(HasSubstr("<http://a b>")));
  for (const Format format :
       {Format::kBibframe, Format::kBibframeTurtle, Format::kBibframeJsonLd}) {
    ASSERT_OK_AND_ASSIGN(const auto back,
                         ParseRecords(format, Encoded(format, records), {}, nullptr));
    ASSERT_THAT(back, SizeIs(1));
    EXPECT_EQ(Whole(back[0], {"650", "700"}), Whole(record, {"650", "700"}));
    const std::string plain = Encoded(format, records, {.include_bflc = false, .iso2709 = {}});
    ASSERT_OK_AND_ASSIGN(const auto labelled, ParseRecords(format, plain, {}, nullptr));
    ASSERT_THAT(labelled, SizeIs(1));
    EXPECT_THAT(Whole(labelled[0], {"700", "720"}), HasSubstr(authority + "$1https://x/1"));
  }
}

TEST(BibframeDecoderTest, ReadsRdfXmlOfOthers) {
  ExpectOthers(Format::kBibframe, FileText("tests/vectors/marc/bibframe.rdf"),
               "$1http://id.loc.gov/rwo/agents/n1");
}

TEST(BibframeDecoderTest, ReadsTurtleOfOthers) {
  ExpectOthers(Format::kBibframeTurtle, FileText("tests/vectors/marc/bibframe.ttl"));
}

TEST(BibframeDecoderTest, ReadsNTriplesOfOthers) {
  ExpectOthers(Format::kBibframeNTriples, FileText("tests/vectors/marc/bibframe.nt"));
}

TEST(BibframeDecoderTest, ReadsJsonLdOfOthers) {
  ExpectOthers(Format::kBibframeJsonLd, FileText("tests/vectors/marc/bibframe.jsonld"));
}

TEST(BibframeDecoderTest, AWorkOfSeveralInstancesMakesSeveralRecords) {
  const std::string text =
      "@prefix bf: <http://id.loc.gov/ontologies/bibframe/> .\n"
      "<w> a bf:Work ; bf:title [ a bf:Title ; bf:mainTitle 'Seas' ] .\n"
      "<i1> a bf:Instance ; bf:instanceOf <w> ; bf:dimensions '20 cm' .\n"
      "<i2> a bf:Instance ; bf:instanceOf <w> ; bf:dimensions '30 cm' .\n"
      "<lonely> a bf:Work ; bf:title [ bf:mainTitle 'Alone' ] ; bf:relatedTo <other> .\n"
      "<other> a bf:Work ; bf:relatedTo <lonely> ; bf:title [ bf:mainTitle 'Other' ] .\n";
  ASSERT_OK_AND_ASSIGN(const auto records,
                       ParseRecords(Format::kBibframeTurtle, text, {}, nullptr));
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].Find("300")->Find('c'), "20 cm");
  EXPECT_EQ(records[1].Find("300")->Find('c'), "30 cm");
  for (const Record& record : records) EXPECT_EQ(record.Find("245")->Find('a'), "Seas");
}

}  // namespace
}  // namespace thalweg::marc
