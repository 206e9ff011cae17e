#include "thalweg/marc/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "marc/books_test_support.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"

namespace thalweg::marc {
namespace {

using ::testing::HasSubstr;
using ::thalweg::testing::StatusIs;

Record Large(size_t fields) {
  Record record = SmallRecord("large");
  for (size_t i = 0; i < fields; ++i) {
    record.Add(Field("500", ' ', ' ', {{'a', std::string(9000, static_cast<char>('a' + i % 26))}}));
  }
  return record;
}

TEST(WriterTest, LengthsAndAddressesAreRight) {
  const std::string bytes = Iso2709(SmallRecord("1"));
  EXPECT_EQ(std::stoul(bytes.substr(0, 5)), bytes.size());
  EXPECT_EQ(std::stoul(bytes.substr(12, 5)), 24U + 6 * 12 + 1);
  EXPECT_EQ(bytes.back(), '\x1D');
  EXPECT_EQ(ReadText(bytes, Recovery::kStrict).defects.size(), 0U);
}

TEST(WriterTest, LargeRecordsAreRefusedSplitOrZeroed) {
  const Record large = Large(25);
  std::string out = "before";
  EXPECT_THAT(AppendIso2709(large.view(), Oversize::kError, &out),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("E404")));
  EXPECT_EQ(out, "before");
  out.clear();
  ASSERT_OK(AppendIso2709(large.view(), Oversize::kSplit, &out));
  const ReadAll parts = ReadText(out, Recovery::kStrict);
  EXPECT_THAT(parts.ids, ::testing::ElementsAre("large", "large", "large"));
  size_t notes = 0;
  for (const std::string& record : parts.records) {
    for (size_t at = record.find("=500"); at != std::string::npos;
         at = record.find("=500", at + 1)) {
      ++notes;
    }
  }
  EXPECT_EQ(notes, 25U);
  out.clear();
  ASSERT_OK(AppendIso2709(large.view(), Oversize::kZero, &out));
  EXPECT_EQ(ReadText(out, Recovery::kStrict).ids.size(), 1U);
  EXPECT_EQ(Dump(large).substr(30), ReadText(out, Recovery::kStrict).records[0].substr(30));
}

TEST(WriterTest, AFieldTooLongForItsLengthIsAnErrorUnlessZeroed) {
  Record record = SmallRecord("1");
  record.Add(Field("520", ' ', ' ', {{'a', std::string(20000, 'x')}}));
  std::string out;
  EXPECT_THAT(AppendIso2709(record.view(), Oversize::kError, &out),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("field 520")));
  EXPECT_FALSE(AppendIso2709(record.view(), Oversize::kSplit, &out).ok());
  ASSERT_OK(AppendIso2709(record.view(), Oversize::kZero, &out));
  EXPECT_EQ(ReadText(out, Recovery::kLenient).ids.size(), 1U);
  // Control fields that fill a record leave no room to split it.
  Record control(Leader("00000nam a2200000 a 4500"));
  for (int i = 0; i < 12; ++i) control.Add(Field::Control("009", std::string(9000, 'x')));
  control.Add(Field("500", ' ', ' ', {{'a', "x"}}));
  out.clear();
  EXPECT_FALSE(AppendIso2709(control.view(), Oversize::kSplit, &out).ok());
  EXPECT_EQ(out, "");
}

TEST(WriterTest, TheEncodingSetsLeaderAndField066) {
  Record record = SmallRecord("1");
  record.Add(Field("500", ' ', ' ', {{'a', "\xD0\xB0\xC3\xA9"}}));
  Leader leader = record.leader();
  leader.set_coding_scheme('a');
  record.SetLeader(leader);
  WriterOptions options;
  options.encoding = OutputEncoding::kMarc8;
  std::string marc8;
  ASSERT_OK(AppendIso2709(record, options, &marc8));
  EXPECT_EQ(marc8[9], ' ');
  EXPECT_THAT(marc8, HasSubstr("\x1F"
                               "c(N"));
  ReaderOptions as_it_is;
  as_it_is.to_unicode = false;
  ASSERT_OK_AND_ASSIGN(const Record read, ParseRecord(marc8, as_it_is, nullptr));
  options.encoding = OutputEncoding::kUtf8;
  options.normalize = Normalization::kNfc;
  std::string utf8;
  ASSERT_OK(AppendIso2709(read, options, &utf8));
  EXPECT_EQ(utf8[9], 'a');
  EXPECT_EQ(utf8, Iso2709(record));
}

TEST(WriterTest, AFileAppearsWithCloseAndNotBefore) {
  testing::TempDir dir;
  const std::string path = dir / "out.mrc";
  {
    ASSERT_OK_AND_ASSIGN(Writer writer, Writer::Create(path, false, {}));
    ASSERT_OK(writer.Write(SmallRecord("1")));
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_OK_AND_ASSIGN(Writer writer, Writer::Create(path, false, {}));
  ASSERT_OK(writer.Write(SmallRecord("1").view()));
  EXPECT_EQ(writer.records_written(), 1);
  ASSERT_OK(writer.Close());
  EXPECT_EQ(FileText(path), Iso2709(SmallRecord("1")));
  EXPECT_THAT(Writer::Create(path, false, {}).status(), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_OK(Writer::Create(path, true, {}));
}

TEST(WriterTest, AFailureOfTheStreamStays) {
  int calls = 0;
  Writer writer = Writer::ToStream(
      [&calls](std::string_view) -> Status {
        ++calls;
        return Status::ResourceExhausted("full");
      },
      {});
  ASSERT_OK(writer.Write(SmallRecord("1")));
  EXPECT_THAT(writer.Flush(), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_FALSE(writer.Write(SmallRecord("2")).ok());
  EXPECT_FALSE(writer.Close().ok());
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace thalweg::marc
