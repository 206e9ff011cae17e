#include "marc/rdf_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "marc/rdf_iri.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/formats.h"

namespace thalweg::marc {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kPrefixes =
    "@prefix bf: <http://id.loc.gov/ontologies/bibframe/> .\n"
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n";

struct Outcome {
  std::vector<Record> records;
  std::vector<Defect> defects;
};

Outcome Read(Format format, std::string_view text, ReaderOptions options = {}) {
  Outcome outcome;
  options.recovery = Recovery::kLenient;
  auto records = ParseRecords(format, text, options, &outcome.defects);
  EXPECT_TRUE(records.ok()) << records.status().message();
  if (records.ok()) outcome.records = *std::move(records);
  return outcome;
}

std::string Failure(Format format, std::string_view text) {
  const auto records = ParseRecords(format, text, {}, nullptr);
  EXPECT_FALSE(records.ok());
  return records.ok() ? std::string() : std::string(records.status().message());
}

// Cut off anywhere, an input ends with what is whole, and with a defect unless it ends between
// statements.
TEST(RdfSourceTest, EveryTruncationEnds) {
  const std::vector<Record> records = {SmallRecord("1"), SmallRecord("2")};
  for (const Format form : {Format::kBibframe, Format::kBibframeTurtle, Format::kBibframeNTriples,
                            Format::kBibframeJsonLd}) {
    SCOPED_TRACE(InfoOf(form).name);
    const std::string text = Encoded(form, records);
    for (size_t size = 1; size < text.size(); ++size) {
      const std::string_view part = std::string_view(text).substr(0, size);
      const Outcome outcome = Read(form, part);
      EXPECT_LE(outcome.records.size(), 2U);
      const char last = part[part.find_last_not_of(" \n")];
      const bool lines = form == Format::kBibframeTurtle || form == Format::kBibframeNTriples;
      const bool document = text.substr(size) == "\n";
      if (document || (lines && last == '.')) continue;
      EXPECT_THAT(outcome.defects, Not(IsEmpty())) << part;
    }
  }
}

TEST(RdfSourceTest, BrokenStatementsAreToldWithTheirPlace) {
  const std::string text = std::string(kPrefixes) +
                           "<a#W> a bf:Work ; bf:hasInstance <a#I> .\n"
                           "<a#I> a bf:Instance ; bf:instanceOf <a#W> ; bf:dimensions '1 cm' .\n"
                           "<b#W> a bf:Work ; bf:hasInstance <b#I> .\n"
                           "<b#I> a nothing:Instance .\n"
                           "<b#I> a bf:Instance ; bf:instanceOf <b#W> ; bf:dimensions '2 cm' .\n";
  EXPECT_THAT(Failure(Format::kBibframeTurtle, text),
              AllOf(HasSubstr("line 6, column 9"), HasSubstr("a prefix that was declared")));
  const Outcome outcome = Read(Format::kBibframeTurtle, text);
  ASSERT_THAT(outcome.records, SizeIs(2));
  EXPECT_EQ(outcome.records[1].Find("300")->Find('c'), "2 cm");
  ASSERT_THAT(outcome.defects, SizeIs(1));
  EXPECT_EQ(outcome.defects[0].record_index, 1);
}

TEST(RdfSourceTest, BrokenSyntaxIsRefused) {
  for (const std::string_view text :
       {"<a b> <c> <d> .", "<a> <b> \"c", "<a> <b> \"c\nd\" .", "<a> <b> [ .", "<a> <b> ( <c> .",
        "<a> .", "\"a\" <b> <c> .", "<a> <b> \"\\q\" .", "<a> <b> \"\\uD800\" .", "@prefix a <b> .",
        "@nothing .", "<a> <b> <c>", "_: <b> <c> .", "<a> <b> c:d .", "<a> <b> 1x .",
        "<a> <b> \"c\"@ ."}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(Failure(Format::kBibframeTurtle, text), HasSubstr("line "));
  }
  for (const std::string_view text :
       {"{", "[", "{]", "{\"@graph\": [{}}", "[{} {}]", "[{},]", "[1]", "\"x\"", "{\"a\" 1}",
        "[{\"http://a/b\": \"\\q\"}]", "{\"@context\": {\"a\": 1}, \"@graph\": []}",
        "[{\"@id\": 1}]", "[{\"http://a/b\": x}]"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(Failure(Format::kBibframeJsonLd, text), HasSubstr("line "));
  }
  for (const std::string_view text : {"<a/>", "<a", "x", "<rdf:RDF/>"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT(Failure(Format::kBibframe, text), HasSubstr("line "));
  }
}

TEST(RdfSourceTest, RemoteContextsAreNotFetched) {
  const std::string text =
      "{\"@context\": \"https://example.com/c\", \"@graph\": [{\"@id\": \"a\"}]}";
  EXPECT_THAT(Failure(Format::kBibframeJsonLd, text), HasSubstr("a remote one is never fetched"));
}

TEST(RdfSourceTest, EntitiesAreRefused) {
  const std::string text =
      "<!DOCTYPE r [<!ENTITY a 'aaaa'>]><rdf:RDF "
      "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>&a;</rdf:RDF>";
  EXPECT_THAT(Failure(Format::kBibframe, text), HasSubstr("an entity declaration"));
}

TEST(RdfSourceTest, DeepNestingIsRefused) {
  std::string turtle(kPrefixes);
  std::string json;
  std::string xml = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='x:'>";
  turtle += "<a> bf:note ";
  for (int i = 0; i < 100000; ++i) {
    turtle += "[ bf:note ";
    json += "{\"http://a/b\":[";
    xml += "<a>";
  }
  EXPECT_THAT(Failure(Format::kBibframeTurtle, turtle + "1 ."), HasSubstr("64 brackets"));
  EXPECT_THAT(Failure(Format::kBibframe, xml), HasSubstr("128 elements"));
  for (int i = 0; i < 100000; ++i) json += "]}";
  EXPECT_THAT(Failure(Format::kBibframeJsonLd, json), HasSubstr("64 objects"));
}

TEST(RdfSourceTest, CyclesEnd) {
  const std::string text =
      std::string(kPrefixes) +
      "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
      "<w> a bf:Work, bf:Instance ; bf:instanceOf <w> ; bf:hasInstance <w> ; bf:relatedTo <w> ;\n"
      " bf:title <w> ; bf:note <w> ; bf:agent <w> ; bf:contribution <w> ; rdf:value <w> ;\n"
      " bf:subject <w> ; <http://www.loc.gov/mads/rdf/v1#componentList> _:l .\n"
      "_:l rdf:first <w> ; rdf:rest _:l .\n";
  EXPECT_THAT(Read(Format::kBibframeTurtle, text).records, SizeIs(1));
}

// A file of any size is read as a stream where its descriptions stand together.
TEST(RdfSourceTest, DescriptionsAreGivenOutBeforeTheInputEnds) {
  std::vector<Record> records;
  for (int i = 0; i < 200; ++i) records.push_back(SmallRecord(std::to_string(i)));
  ReaderOptions options;
  options.record_bytes_max = 100000;
  for (const Format form : {Format::kBibframe, Format::kBibframeTurtle, Format::kBibframeNTriples,
                            Format::kBibframeJsonLd}) {
    const std::string text = Encoded(form, records);
    ASSERT_GT(text.size(), 3U * 100000);
    const Outcome outcome = Read(form, text, options);
    EXPECT_THAT(outcome.records, SizeIs(200)) << InfoOf(form).name;
    EXPECT_THAT(outcome.defects, IsEmpty());
  }
}

TEST(RdfSourceTest, WhatHasToBeHeldIsBounded) {
  std::string text(kPrefixes);
  for (int i = 0; i < 4000; ++i) {
    text += "<w" + std::to_string(i) + "> a bf:Work ; bf:note 'one of many notes' .\n";
  }
  ReaderOptions options;
  EXPECT_THAT(Read(Format::kBibframeTurtle, text, options).records, SizeIs(4000));
  options.record_bytes_max = 1000;
  const Outcome outcome = Read(Format::kBibframeTurtle, text, options);
  ASSERT_THAT(outcome.defects, SizeIs(1));
  EXPECT_EQ(outcome.defects[0].code, DefectCode::kRecordTooLong);
  EXPECT_THAT(outcome.defects[0].found, HasSubstr("share what their names have before '#'"));
}

TEST(RdfSourceTest, WhatIsNoBibframeIsTold) {
  const Outcome outcome = Read(Format::kBibframeTurtle, "<a> <b> <c> .");
  EXPECT_THAT(outcome.records, IsEmpty());
  ASSERT_THAT(outcome.defects, SizeIs(1));
  EXPECT_THAT(outcome.defects[0].found, HasSubstr("neither a bf:Instance nor a bf:Work"));
  EXPECT_THAT(Read(Format::kBibframeTurtle, std::string(kPrefixes)).defects, IsEmpty());
}

TEST(RdfSourceTest, ReferencesAreResolved) {
  const std::string_view base = "http://a/b/c/d?q#f";
  EXPECT_EQ(ResolveIri(base, "g"), "http://a/b/c/g");
  EXPECT_EQ(ResolveIri(base, "/g"), "http://a/g");
  EXPECT_EQ(ResolveIri(base, "//g"), "http://g");
  EXPECT_EQ(ResolveIri(base, "?y"), "http://a/b/c/d?y");
  EXPECT_EQ(ResolveIri(base, "#s"), "http://a/b/c/d?q#s");
  EXPECT_EQ(ResolveIri(base, ""), "http://a/b/c/d?q");
  EXPECT_EQ(ResolveIri(base, "../g"), "http://a/b/g");
  EXPECT_EQ(ResolveIri(base, "../../../g"), "http://a/g");
  EXPECT_EQ(ResolveIri(base, "./"), "http://a/b/c/");
  EXPECT_EQ(ResolveIri(base, "x:y"), "x:y");
  EXPECT_EQ(ResolveIri("", "g"), "g");
}

}  // namespace
}  // namespace thalweg::marc
