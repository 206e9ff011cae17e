#include "thalweg/marc/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"

namespace thalweg::marc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One record with this leader/09 and these bytes in 245 $a; its 001 is `1`.
std::string RecordWith(char coding, std::string_view text) {
  Record record = SmallRecord("1");
  Leader leader = record.leader();
  leader.set_coding_scheme(coding);
  record.SetLeader(leader);
  record.RemoveAll("245");
  record.AddOrdered(Field("245", '1', '0', {{'a', text}}));
  return Iso2709(record);
}

struct Outcome {
  std::string title;
  char coding = 0;
  std::vector<std::string> codes;
  bool clean = false;
};
Outcome ReadOne(const std::string& bytes, const ReaderOptions& options) {
  std::vector<Defect> defects;
  Reader reader = Reader::OverMemory(bytes, nullptr, options);
  const auto record = reader.Next();
  Outcome outcome;
  defects.assign(reader.defects().begin(), reader.defects().end());
  outcome.codes = CodesOf(defects);
  if (!record.ok() || !*record) return outcome;
  outcome.title = (*record)->Find("245")->Find('a').value_or("");
  outcome.coding = (*record)->leader().coding_scheme();
  outcome.clean = (*record)->view().clean();
  return outcome;
}

TEST(EncodingTest, TextBecomesUtf8AndTheLeaderSaysSo) {
  const Outcome marc8 = ReadOne(RecordWith(' ',
                                           "Caf\xE2"
                                           "e"),
                                {});
  EXPECT_EQ(marc8.title, "Cafe\xCC\x81");
  EXPECT_EQ(marc8.coding, 'a');
  EXPECT_THAT(marc8.codes, IsEmpty());
  const Outcome utf8 = ReadOne(RecordWith('a', "Caf\xC3\xA9"), {});
  EXPECT_EQ(utf8.title, "Caf\xC3\xA9");
  EXPECT_TRUE(utf8.clean);
  // ASCII is the same in both, so that the record stays as it was.
  const Outcome ascii = ReadOne(RecordWith(' ', "Cafe"), {});
  EXPECT_EQ(ascii.coding, ' ');
  EXPECT_TRUE(ascii.clean);
  // All bytes of EACC are ASCII.
  EXPECT_EQ(ReadOne(RecordWith(' ', "\x1B$1!0!\x1B(B"), {}).title, "\xE4\xB8\x80");
}

TEST(EncodingTest, BytesStayWhereTheyAreAskedFor) {
  ReaderOptions options;
  options.to_unicode = false;
  const Outcome outcome = ReadOne(RecordWith(' ',
                                             "Caf\xE2"
                                             "e"),
                                  options);
  EXPECT_EQ(outcome.title,
            "Caf\xE2"
            "e");
  EXPECT_EQ(outcome.coding, ' ');
  EXPECT_TRUE(outcome.clean);
}

TEST(EncodingTest, LeadersThatLieAreSeenAndCounted) {
  const Outcome utf8 = ReadOne(RecordWith(' ', "Caf\xC3\xA9"), {});
  EXPECT_EQ(utf8.title, "Caf\xC3\xA9");
  EXPECT_EQ(utf8.coding, 'a');
  EXPECT_THAT(utf8.codes, ElementsAre("W004"));
  const Outcome marc8 = ReadOne(RecordWith('a',
                                           "Caf\xE2"
                                           "e"),
                                {});
  EXPECT_EQ(marc8.title, "Cafe\xCC\x81");
  EXPECT_THAT(marc8.codes, ElementsAre("W004"));
  ReaderOptions plain;
  plain.text.detect_lying_leaders = false;
  EXPECT_NE(ReadOne(RecordWith(' ', "Caf\xC3\xA9"), plain).title, "Caf\xC3\xA9");
}

TEST(EncodingTest, InvalidUtf8FollowsThePolicy) {
  const std::string bytes = RecordWith('a', "\xC3\xA9 \xC3 x");
  const Outcome strict = ReadOne(bytes, {});
  EXPECT_EQ(strict.title, "");
  EXPECT_THAT(strict.codes, ElementsAre("E301"));
  EXPECT_EQ(ReadOne(bytes, WithRecovery(Recovery::kLenient)).title, "\xC3\xA9 \xEF\xBF\xBD x");
  ReaderOptions options;
  options.text.invalid = InvalidText::kReplace;
  EXPECT_EQ(ReadOne(bytes, options).title, "\xC3\xA9 \xEF\xBF\xBD x");
  options.text.invalid = InvalidText::kIgnore;
  EXPECT_EQ(ReadOne(bytes, options).title, "\xC3\xA9  x");
}

TEST(EncodingTest, ForcedAndNamedEncodings) {
  ReaderOptions options;
  options.text.force_utf8 = true;
  EXPECT_EQ(ReadOne(RecordWith(' ', "\xC3\xA9"), options).title, "\xC3\xA9");
  options.text.force_utf8 = false;
  options.text.file_encoding = "ISO-8859-1";
  options.text.detect_lying_leaders = false;
  EXPECT_EQ(ReadOne(RecordWith(' ', "Caf\xE9"), options).title, "Caf\xC3\xA9");
  options.text.file_encoding = "CP1251";
  EXPECT_EQ(ReadOne(RecordWith(' ', "\xC0"), options).title, "\xD0\x90");
  options.text.file_encoding = "no such set";
  EXPECT_THAT(ReadOne(RecordWith(' ', "\xC0"), options).codes, ::testing::Contains("E303"));
}

TEST(EncodingTest, NormalFormsAreMadeOnReading) {
  ReaderOptions options;
  options.text.normalize = Normalization::kNfc;
  EXPECT_EQ(ReadOne(RecordWith(' ',
                               "\xE2"
                               "e"),
                    options)
                .title,
            "\xC3\xA9");
  EXPECT_EQ(ReadOne(RecordWith('a', "e\xCC\x81"), options).title, "\xC3\xA9");
  options.text.normalize = Normalization::kNfd;
  EXPECT_EQ(ReadOne(RecordWith('a', "\xC3\xA9"), options).title, "e\xCC\x81");
}

TEST(EncodingTest, OddSubfieldCodesBecomeTheNearestLetter) {
  std::string bytes = RecordWith('a', "x");
  bytes.insert(bytes.find("\x1F"
                          "ax") +
                   1,
               "\xC3\xA9");
  ReaderOptions options = WithRecovery(Recovery::kLenient);
  std::vector<Defect> defects;
  ASSERT_OK_AND_ASSIGN(const Record record, ParseRecord(bytes, options, &defects));
  EXPECT_EQ(record.Find("245")->Find('e'), "ax");
  EXPECT_THAT(CodesOf(defects), ::testing::Contains("W001"));
}

TEST(EncodingTest, UnimarcIsNotReadAsMarc8) {
  Record record(Leader("00000nam  2200000   450 "));
  record.Add(Field::Control("001", "1"))
      .Add(Field("100", ' ', ' ', {{'a', "20040520d2004    u  y0frey50      ba"}}))
      .Add(Field("200", '1', ' ', {{'a', "Caf\xC3\xA9"}}));
  EXPECT_TRUE(LooksLikeUnimarc(record));
  EXPECT_FALSE(LooksLikeUnimarc(SmallRecord("1")));
  std::vector<Defect> defects;
  ASSERT_OK_AND_ASSIGN(const Record read, ParseRecord(Iso2709(record), {}, &defects));
  EXPECT_EQ(read.Find("200")->Find('a'), "Caf\xC3\xA9");
  EXPECT_EQ(read.leader().coding_scheme(), ' ');
  EXPECT_THAT(CodesOf(defects), ElementsAre("W005"));
  record.Replace(2, Field("200", '1', ' ', {{'a', "Caf\xE9"}}));
  EXPECT_FALSE(ParseRecord(Iso2709(record), {}, nullptr).ok());
  ReaderOptions named;
  named.text.file_encoding = "ISO-8859-1";
  ASSERT_OK_AND_ASSIGN(const Record latin, ParseRecord(Iso2709(record), named, nullptr));
  EXPECT_EQ(latin.Find("200")->Find('a'), "Caf\xC3\xA9");
}

TEST(EncodingTest, ARecordGoesToMarc8AndBack) {
  Record record(Leader("00000nam a2200000 a 4500"));
  record.Add(Field::Control("001", "1"))
      .Add(Field("245", '1', '0', {{'a', "Caf\xC3\xA9 \xD0\xB0 \xE4\xB8\x80 \xF0\x9F\x98\x80"}}));
  size_t lost = 0;
  ASSERT_OK_AND_ASSIGN(const Record marc8, ToMarc8(record, {}, &lost));
  EXPECT_EQ(lost, 1U);
  EXPECT_EQ(marc8.leader().coding_scheme(), ' ');
  ASSERT_TRUE(marc8.Has("066"));
  EXPECT_EQ(marc8.Find("066")->ToString(), "=066  \\\\$c(N$c$1");
  std::vector<Defect> defects;
  ASSERT_OK_AND_ASSIGN(const Record back, ToUnicode(marc8, {}, &defects));
  EXPECT_THAT(defects, IsEmpty());
  EXPECT_EQ(back.leader().coding_scheme(), 'a');
  EXPECT_FALSE(back.Has("066"));
  ASSERT_OK_AND_ASSIGN(const Record composed, Normalized(back, Normalization::kNfc));
  EXPECT_EQ(Dump(composed), Dump(record));
}

TEST(EncodingTest, ReportsWhatIsDeclaredAndFound) {
  const auto report = [](char coding, std::string_view text) {
    ReaderOptions options;
    options.to_unicode = false;
    const auto record = ParseRecord(RecordWith(coding, text), options, nullptr);
    EXPECT_OK(record);
    return ExamineEncoding(*record);
  };
  EXPECT_EQ(report(' ', "abc").found, TextEncoding::kAscii);
  EXPECT_FALSE(report(' ', "abc").lying);
  EXPECT_EQ(report(' ',
                   "\xE2"
                   "e")
                .found,
            TextEncoding::kMarc8);
  EXPECT_TRUE(report(' ', "\xC3\xA9").lying);
  EXPECT_TRUE(report('a',
                     "\xE2"
                     "e")
                  .lying);
  EXPECT_EQ(report('a', "\xFF\xFF").found, TextEncoding::kOther);
}

TEST(EncodingTest, RepairsUtf8ByMaximalParts) {
  const struct {
    const char* text;
    const char* repaired;
  } cases[] = {
      {"a\xC0\x80z", "a\xEF\xBF\xBD\xEF\xBF\xBDz"},
      {"\xE2\x82z", "\xEF\xBF\xBDz"},
      {"\xF0\x9F\x98", "\xEF\xBF\xBD"},
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
  };
  for (const auto& c : cases) {
    std::string out;
    AppendRepairedUtf8(c.text, InvalidText::kReplace, &out);
    EXPECT_EQ(out, c.repaired) << HexDump(c.text);
  }
}

}  // namespace
}  // namespace thalweg::marc
