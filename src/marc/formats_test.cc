#include "thalweg/marc/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::marc {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::SizeIs;

const std::vector<Format>& BothWays() {
  static const std::vector<Format> formats = {
      Format::kMarcXml,  Format::kMarcInJson, Format::kJsonLines, Format::kNativeJson,
      Format::kMarcJson, Format::kMrk,        Format::kLongCsv,   Format::kLine};
  return formats;
}

Record Example() {
  Record record(Leader("00000nam a2200000   4500"));
  record.Add(Field::Control("001", "ocm 1\\2"));
  record.Add(Field::Control("008", "800108s1899    ilu           000 0 eng  "));
  record.Add(Field("245", '1', ' ',
                   {{'a', "Cost $5 & <up> \"x\" {dollar}"}, {'b', "Grüße \xF0\x9F\x98\x80"}}));
  record.Add(Field("650", ' ', '0', {{'a', "One"}, {'x', "Two"}, {'a', "Three"}}));
  record.Add(Field("500", ' ', ' ', {{'a', "tab\there, back\\slash, {lcub} and {x}"}, {'b', ""}}));
  return record;
}

Result<std::string> Encode(Format format, const std::vector<Record>& records,
                           const EncoderOptions& options = {}) {
  std::string out;
  THALWEG_ASSIGN_OR_RETURN(RecordWriter writer, RecordWriter::ToStream(
                                                    format,
                                                    [&out](std::string_view data) {
                                                      out.append(data);
                                                      return Status();
                                                    },
                                                    options));
  for (const Record& record : records) THALWEG_RETURN_IF_ERROR(writer.Write(record));
  THALWEG_RETURN_IF_ERROR(writer.Close());
  return out;
}

std::string Iso(const std::vector<Record>& records) {
  std::string out;
  for (const Record& record : records) {
    EXPECT_TRUE(AppendIso2709(record.view(), Oversize::kError, &out).ok());
  }
  return out;
}

ReaderOptions WithMode(Recovery recovery) {
  ReaderOptions options;
  options.recovery = recovery;
  return options;
}

TEST(FormatsTest, EveryBookComesBackFromEveryFormat) {
  ASSERT_OK_AND_ASSIGN(const auto books, ParseRecords(Format::kIso2709, Books(), {}, nullptr));
  ASSERT_THAT(books, SizeIs(2000));
  const std::string expected = Iso(books);
  for (const Format format : BothWays()) {
    SCOPED_TRACE(InfoOf(format).name);
    ASSERT_OK_AND_ASSIGN(const std::string text, Encode(format, books));
    EXPECT_THAT(DetectFormat(text), Optional(format));
    ASSERT_OK_AND_ASSIGN(const auto back, ParseRecords(format, text, {}, nullptr));
    EXPECT_EQ(back.size(), books.size());
    // The line format has no escapes: a value that holds ` $x ` is read as two.
    EXPECT_TRUE(format == Format::kLine || Iso(back) == expected);
  }
}

TEST(FormatsTest, SignsThatFormatsUseThemselvesComeBack) {
  const std::vector<Record> records = {Example(), Example()};
  for (const Format format : BothWays()) {
    if (format == Format::kLine) continue;  // Has no escapes.
    for (const bool special : {false, true}) {
      EncoderOptions options;
      options.ascii = special;
      options.pretty = special;
      SCOPED_TRACE(InfoOf(format).name);
      ASSERT_OK_AND_ASSIGN(const std::string text, Encode(format, records, options));
      ASSERT_OK_AND_ASSIGN(const auto back, ParseRecords(format, text, {}, nullptr));
      EXPECT_EQ(Iso(back), Iso(records)) << text;
    }
  }
}

TEST(FormatsTest, WritesWhatPymarcWrites) {
  Record record(Leader("00000nam a2200000   4500"));
  record.Add(Field::Control("001", "a b"));
  record.Add(Field("245", '1', ' ', {{'a', "T\"\xC3\xA9"}, {'c', "x"}}));
  std::string json;
  AppendMarcInJson(record, true, &json);
  EXPECT_EQ(
      json,
      "{\"leader\":\"00000nam a2200000   4500\",\"fields\":[{\"001\":\"a b\"},{\"245\":"
      "{\"ind1\":\"1\",\"ind2\":\" \",\"subfields\":[{\"a\":\"T\\\"\\u00e9\"},{\"c\":\"x\"}]}}"
      "]}");
  std::string mrk;
  AppendMrk(record, &mrk);
  EXPECT_EQ(mrk, "=LDR  00000nam a2200000   4500\n=001  a\\b\n=245  1\\$aT\"\xC3\xA9$cx\n");
  std::string xml;
  AppendMarcXml(record, true, &xml);
  EXPECT_EQ(
      xml,
      "<record xmlns=\"http://www.loc.gov/MARC21/slim\"><leader>00000nam a2200000   4500"
      "</leader><controlfield tag=\"001\">a b</controlfield><datafield tag=\"245\" ind1=\"1\""
      " ind2=\" \"><subfield code=\"a\">T\"\xC3\xA9</subfield><subfield code=\"c\">x</subfield>"
      "</datafield></record>");
}

TEST(FormatsTest, AnythingAtAllIsWellFormedXmlAndJson) {
  std::string bytes;
  for (int c = 0; c < 256; ++c) {
    if (c < 0x1D || c > 0x1F) bytes.push_back(static_cast<char>(c));
  }
  bytes += "\xEF\xBF\xBE and \xEF\xBF\xBF";
  Record record(Leader("\x01\xFF"));
  record.Add(FieldView("245", std::string_view("\xFF\x01\x1F\xC3"
                                               "a\x1F\x02"
                                               "b",
                                               8)));
  record.Add(FieldView("00\"", "x"));
  record.Add(Field::Control("001", bytes));
  record.Add(Field("500", '"', '&', {{'<', bytes}}));
  for (const FormatInfo& info : AllFormats()) {
    if (!info.writes || info.format == Format::kIso2709) continue;
    SCOPED_TRACE(info.name);
    ASSERT_OK_AND_ASSIGN(const std::string text, Encode(info.format, {record}));
    EXPECT_TRUE(IsUtf8(text));
  }
  for (const Format format : {Format::kMarcXml, Format::kMarcInJson, Format::kNativeJson}) {
    SCOPED_TRACE(InfoOf(format).name);
    ASSERT_OK_AND_ASSIGN(const std::string text, Encode(format, {record}));
    std::vector<Defect> defects;
    ASSERT_OK_AND_ASSIGN(const auto back,
                         ParseRecords(format, text, WithMode(Recovery::kLenient), &defects));
    EXPECT_THAT(back, SizeIs(1)) << (defects.empty() ? "" : defects[0].ToString());
  }
}

TEST(FormatsTest, XmlIsReadByNamespaceNotByPrefix) {
  const std::string text =
      "<?xml version=\"1.0\"?><o:OAI xmlns:o='urn:oai' xmlns:m='http://www.loc.gov/MARC21/slim'>"
      "<o:record><o:leader>no</o:leader><m:record><m:leader>00000nam a2200000   4500</m:leader>"
      "<m:controlfield tag='001'> 1 </m:controlfield><m:datafield tag='245' ind1='1' ind2='0'>"
      "<m:subfield code='a'>A &lt;b xmlns=\"u\"&gt; <![CDATA[<c>]]></m:subfield></m:datafield>"
      "</m:record></o:record></o:OAI>";
  ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(Format::kMarcXml, text, {}, nullptr));
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].control_number(), " 1 ");
  EXPECT_EQ(records[0].Find("245")->Find('a'), "A <b xmlns=\"u\"> <c>");
}

TEST(FormatsTest, EntitiesAreRefused) {
  const std::string bomb =
      "<!DOCTYPE c [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
      "<collection xmlns='http://www.loc.gov/MARC21/slim'><record><leader>00000nam a2200000   4500"
      "</leader><controlfield tag='001'>&b;</controlfield></record></collection>";
  EXPECT_THAT(ParseRecords(Format::kMarcXml, bomb, {}, nullptr).status().message(),
              HasSubstr("entity"));
  std::vector<Defect> defects;
  ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(Format::kMarcXml, bomb,
                                                        WithMode(Recovery::kLenient), &defects));
  for (const Record& record : records)
    EXPECT_EQ(record.control_number().find("aaaa"), std::string::npos);
  EXPECT_FALSE(defects.empty());
}

// A record in the middle is broken: it alone is lost, in every mode that goes on.
// Prefixes that cannot be declared anew: reading goes on behind them.
TEST(FormatsTest, XmlThatCannotBeBegunAnewIsPassedOver) {
  for (const char* prefix : {"0:", "xml:", "xmlns:", ".:", ""}) {
    const std::string start = std::string("<") + prefix + "record";
    for (const Format format : {Format::kMarcXml, Format::kMods}) {
      const std::string name = format == Format::kMods ? "mods" : "record";
      const std::string text =
          "<c>" + std::string("<") + prefix + name + ">&<" + prefix + name + "></c>" + start + ">";
      ReaderOptions options = WithRecovery(Recovery::kLenient);
      std::vector<Defect> defects;
      EXPECT_OK(ParseRecords(format, text, options, &defects).status());
      EXPECT_THAT(defects, Not(IsEmpty())) << text;
    }
  }
}

// A field that was open where a record broke off is not open in the next one.
TEST(FormatsTest, XmlThatBreaksOffInAFieldEndsTheField) {
  const std::string field = "<datafield tag=\"245\" ind1=\"1\" ind2=\"0\">";
  const std::string subfield = "<subfield code=\"a\">x</subfield>";
  for (const std::string& text :
       {"<c><record>" + field + "</c><record>" + subfield + "</datafield></record>",
        "<c><record>" + field + "<record>" + subfield + "</datafield></record></c>"}) {
    ReaderOptions options = WithRecovery(Recovery::kLenient);
    std::vector<Defect> defects;
    EXPECT_OK(ParseRecords(Format::kMarcXml, text, options, &defects).status());
    EXPECT_THAT(defects, Not(IsEmpty()));
  }
}

// What has no end is not kept beyond the bound, and what follows it is read.
TEST(FormatsTest, RecordsWithoutEndAreDroppedAtTheBound) {
  const std::string open = "<collection xmlns=\"http://www.loc.gov/MARC21/slim\">";
  const std::string good =
      "<record><leader>00000nam a2200000   4500</leader>"
      "<controlfield tag=\"001\">good</controlfield></record>";
  const std::string mods = "<modsCollection xmlns=\"http://www.loc.gov/mods/v3\">";
  const std::string good_mods =
      "<mods><recordInfo><recordIdentifier>good</recordIdentifier></recordInfo></mods>";
  const std::string columns = "record,tag,ind1,ind2,subfield_code,value\n";
  const std::string good_mrk = "\n\n=LDR  00000nam a2200000   4500\n=001  good\n";
  const auto many = [](const std::string& piece) {
    std::string text;
    while (text.size() < (size_t{6} << 20)) text += piece;
    return text;
  };
  struct Case {
    Format format;
    std::string text;
  };
  const std::vector<Case> cases = {
      {Format::kMrk, "=LDR  00000nam a2200000   4500\n=001  " + many("x") + good_mrk},
      {Format::kMrk, "=LDR  00000nam a2200000   4500\n" + many("=500  \\\\$aNote\n") + good_mrk},
      {Format::kMrk, "=LDR  00000nam a2200000   4500\n" + many("x\n") + good_mrk},
      {Format::kLine,
       "00000nam a2200000   4500\n001 " + many("x") + "\n\n00000nam a2200000   4500\n001 good\n"},
      {Format::kMarcXml, open + "<record><leader>" + many("x") + "</leader></record>" + good},
      {Format::kMarcXml,
       open + "<record>" + many("<controlfield tag=\"001\">a</controlfield>") + "</record>" + good},
      {Format::kMarcXml, open + "<record a=\"" + many(many("x")) + "\"/>" + good},
      {Format::kMarcXml, open + many("<a>") + good},
      {Format::kMods,
       mods + "<mods><titleInfo><title>" + many("x") + "</title></titleInfo></mods>" + good_mods},
      {Format::kJsonLines, "[" + many(" ") +
                               "{\"leader\":\"00000nam a2200000   4500\","
                               "\"fields\":[{\"001\":\"good\"}]}]"},
      {Format::kJsonLines, many("x") + "\n{\"leader\":\"00000nam a2200000   4500\","
                                       "\"fields\":[{\"001\":\"good\"}]}"},
      {Format::kLongCsv, columns + many("1,500, , ,a,Note\n") + "2,001,,,,good\n"},
      {Format::kLongCsv, columns + "1,500, , ,a,\"" + many("x") + "\"\n2,001,,,,good\n"},
  };
  for (const Case& given : cases) {
    SCOPED_TRACE(given.text.substr(0, 80));
    ReaderOptions options = WithRecovery(Recovery::kLenient);
    options.record_bytes_max = 1 << 20;
    std::vector<Defect> defects;
    ASSERT_OK_AND_ASSIGN(const auto records,
                         ParseRecords(given.format, given.text, options, &defects));
    ASSERT_THAT(records, Not(IsEmpty()));
    EXPECT_EQ(records.back().control_number(), "good");
    // Nor may what is told of them be much more than they are.
    EXPECT_LT(defects.size(), 5000U);
  }
}

TEST(FormatsTest, OneBadRecordCostsOneRecord) {
  const std::vector<std::pair<Format, std::pair<std::string, std::string>>> cases = {
      {Format::kMarcXml, {"<subfield code=\"b\">", "<subfield code=\"b\"><"}},
      {Format::kMarcXml, {"</controlfield>", "</controlfeld>"}},
      {Format::kJsonLines, {"\"subfields\":[", "\"subfields\":[\"oops"}},
      {Format::kJsonLines, {"\"fields\":[", "\"fields\":{"}},
      {Format::kMarcInJson, {"\"ind1\":\"1\"", "\"ind1\":\"1"}},
  };
  for (const auto& [format, change] : cases) {
    SCOPED_TRACE(std::string(InfoOf(format).name) + " " + change.second);
    ASSERT_OK_AND_ASSIGN(std::string text, Encode(format, {Example(), Example(), Example()}));
    size_t at = text.find(change.first);
    at = text.find("leader", text.find("leader", at) + 1);
    if (format == Format::kMarcXml) at = text.find("<record>", text.find("<record>") + 1);
    at = text.find(change.first, at);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, change.first.size(), change.second);
    for (const Recovery mode : {Recovery::kLenient, Recovery::kSkip}) {
      std::vector<Defect> defects;
      ASSERT_OK_AND_ASSIGN(const auto records,
                           ParseRecords(format, text, WithMode(mode), &defects));
      EXPECT_THAT(records, SizeIs(2));
      EXPECT_FALSE(defects.empty());
    }
    EXPECT_FALSE(ParseRecords(format, text, {}, nullptr).ok());
  }
}

TEST(FormatsTest, AShortLeaderIsFilledUp) {
  const std::string text =
      "<collection xmlns='http://www.loc.gov/MARC21/slim'><record><leader>00000nam</leader>"
      "<controlfield tag='001'>1</controlfield></record><record><leader>00000nam a2200000   4500"
      "</leader><controlfield tag='001'>2</controlfield></record></collection>";
  std::vector<Defect> defects;
  ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(Format::kMarcXml, text,
                                                        WithMode(Recovery::kLenient), &defects));
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].leader().text().size(), kLeaderSize);
  ASSERT_THAT(defects, SizeIs(1));
  EXPECT_EQ(defects[0].code, DefectCode::kLeaderInvalid);
  EXPECT_TRUE(defects[0].repaired);
}

// Every truncation and many corruptions of each format: no crash, and the modes agree.
TEST(FormatsTest, ModesAgreeOnDamagedText) {
  const auto seed = static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed());
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const Format format : BothWays()) {
    SCOPED_TRACE(InfoOf(format).name);
    ASSERT_OK_AND_ASSIGN(const std::string whole, Encode(format, {Example(), Example()}));
    for (size_t i = 0; i < whole.size() + 600; ++i) {
      std::string text = whole.substr(0, i);
      if (i >= whole.size()) {
        text = whole;
        text[random() % text.size()] = static_cast<char>(random());
      }
      const auto strict = ParseRecords(format, text, {}, nullptr);
      std::vector<Defect> defects;
      const auto lenient = ParseRecords(format, text, WithMode(Recovery::kLenient), &defects);
      const auto skip = ParseRecords(format, text, WithMode(Recovery::kSkip), nullptr);
      if (strict.ok()) {
        ASSERT_TRUE(lenient.ok() && skip.ok());
        EXPECT_EQ(Iso(*lenient), Iso(*strict));
        EXPECT_EQ(Iso(*skip), Iso(*strict));
      } else if (lenient.ok()) {
        EXPECT_FALSE(defects.empty()) << text;
      }
    }
  }
}

TEST(FormatsTest, ReadsMarcMakerAsPeopleWriteIt) {
  const std::string text =
      "\xEF\xBB\xBF=LDR  00000nam  2200000   4500\r\n=001  a\\b\r\n=245  "
      "1#$aCaf{acute}e$bx{dollar}\r\n"
      "\r\n\r\n=LDR  00000nam  2200000   4500\n=001  2\n=LDR  00000nam  2200000   4500\n=001  3\n";
  ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(Format::kMrk, text.substr(3), {}, nullptr));
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[0].control_number(), "a b");
  EXPECT_EQ(records[0].Find("245")->Find('a'), "Cafe\xCC\x81");
  EXPECT_EQ(records[0].Find("245")->Find('b'), "x$");
  EXPECT_EQ(records[0].Find("245")->indicator2(), ' ');
  EXPECT_EQ(records[2].control_number(), "3");
}

TEST(FormatsTest, ReadsTurbomarc) {
  const std::string text =
      "<collection xmlns=\"http://www.indexdata.com/turbomarc\"><r><l>00000nam a2200000   4500</l>"
      "<c001>7</c001><d245 i1=\"1\" i2=\"0\"><sa>T</sa><s code=\"!\">u</s></d245></r></collection>";
  EXPECT_THAT(DetectFormat(text), Optional(Format::kTurbomarc));
  ASSERT_OK_AND_ASSIGN(const auto records, ParseRecords(Format::kTurbomarc, text, {}, nullptr));
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].Find("245")->ToString(), "=245  10$aT$!u");
}

TEST(FormatsTest, NamesAndSuffixesAreKnown) {
  for (const FormatInfo& info : AllFormats()) {
    ASSERT_OK_AND_ASSIGN(const Format format, ParseFormat(info.name));
    EXPECT_EQ(format, info.format);
  }
  EXPECT_FALSE(ParseFormat("word").ok());
  EXPECT_THAT(FormatOfPath("a/b.xml.gz"), Optional(Format::kMarcXml));
  EXPECT_THAT(FormatOfPath("a.b/c"), ::testing::Eq(std::nullopt));
}

TEST(FormatsTest, AWriterThatIsNotClosedLeavesNoFile) {
  const testing::TempDir dir;
  const std::string path = dir.path() + "/out.xml.gz";
  {
    ASSERT_OK_AND_ASSIGN(RecordWriter writer,
                         RecordWriter::Create(path, false, Format::kMarcXml, {}));
    ASSERT_OK(writer.Write(Example()));
  }
  EXPECT_FALSE(OpenSource(path, {}, {}).ok());
  ASSERT_OK_AND_ASSIGN(RecordWriter writer,
                       RecordWriter::Create(path, false, Format::kMarcXml, {}));
  ASSERT_OK(writer.Write(Example()));
  ASSERT_OK(writer.Close());
  EXPECT_EQ(RecordWriter::Create(path, false, Format::kMarcXml, {}).status().code(),
            StatusCode::kAlreadyExists);
  ASSERT_OK_AND_ASSIGN(const auto source, OpenSource(path, {}, {}));
  ASSERT_OK_AND_ASSIGN(const RecordBatch batch, source->ReadBatch());
  EXPECT_THAT(batch.records, SizeIs(1));
}

}  // namespace
}  // namespace thalweg::marc
