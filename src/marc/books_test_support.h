#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/field.h"
#include "thalweg/marc/formats.h"
#include "thalweg/marc/reader.h"
#include "thalweg/marc/record.h"
#include "thalweg/marc/writer.h"

// Records for tests: 2,000 real ones, and ones that are made.
namespace thalweg::marc {

inline std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Tests run in the folder of the sources.
inline const std::string& Books() {
  static const std::string text = FileText("tests/vectors/marc/books.mrc");
  return text;
}

/// The first `count` records of the books, by their leaders' lengths.
inline std::vector<std::string> FirstBooks(size_t count) {
  std::vector<std::string> records;
  for (size_t at = 0; at < Books().size() && records.size() < count;) {
    const size_t length = std::stoul(Books().substr(at, 5));
    records.push_back(Books().substr(at, length));
    at += length;
  }
  return records;
}

inline std::string Iso2709(const Record& record) {
  std::string out;
  EXPECT_TRUE(AppendIso2709(record.view(), Oversize::kError, &out).ok());
  return out;
}

/// A small record; `id` is its 001.
inline Record SmallRecord(const std::string& id) {
  Record record(Leader("00000nam a2200000 a 4500"));
  record.Add(Field::Control("001", id))
      .Add(Field::Control("008", "850101s1984    nyu           000 0 eng d"))
      .Add(Field("020", ' ', ' ', {{'a', "0-19-852663-6 (pbk.)"}}))
      .Add(Field("100", '1', ' ', {{'a', "Hunt, Andrew,"}, {'d', "1964-"}}))
      .Add(Field("245", '1', '4', {{'a', "The pragmatic programmer :"}, {'b', "from journeyman"}}))
      .Add(Field("650", ' ', '0', {{'a', "Computer programming."}}));
  return record;
}

/// What a record says, as text.
inline std::string Dump(const RecordView& record) {
  std::string out = "=LDR  " + std::string(record.leader_text()) + "\n";
  for (const FieldView& field : record.fields()) out += field.ToString() + "\n";
  return out;
}

/// All of `records` in one file of a format.
inline std::string Encoded(Format format, const std::vector<Record>& records,
                           EncoderOptions options = {}) {
  std::string text;
  auto writer = RecordWriter::ToStream(
      format,
      [&text](std::string_view bytes) {
        text.append(bytes);
        return Status();
      },
      std::move(options));
  EXPECT_TRUE(writer.ok());
  for (const Record& record : records) EXPECT_TRUE(writer->Write(record).ok());
  EXPECT_TRUE(writer->Close().ok());
  return text;
}

/// Gives the text in pieces, as a slow stream does.
inline Reader::ReadBytes InPieces(std::string_view text, size_t piece) {
  return [text, piece](std::span<char> out) mutable -> Result<size_t> {
    const size_t count = std::min({piece, out.size(), text.size()});
    std::copy_n(text.begin(), count, out.begin());
    text.remove_prefix(count);
    return count;
  };
}

struct ReadAll {
  std::vector<std::string> records;  ///< As text.
  std::vector<std::string> ids;
  std::vector<Defect> defects;
  std::vector<std::string> dropped;
  Status status;
};

/// Everything that a reader gives, by batches. In `strict` it goes on behind each bad record.
inline ReadAll ReadEverything(Reader reader) {
  ReadAll all;
  while (true) {
    const Result<RecordBatch> batch = reader.ReadBatch();
    all.status = batch.status();
    if (!batch.ok() || batch->empty()) return all;
    for (const RecordView& record : batch->records) {
      all.records.push_back(Dump(record));
      all.ids.emplace_back(record.control_number());
    }
    all.defects.insert(all.defects.end(), batch->defects.begin(), batch->defects.end());
    for (const DroppedRecord& dropped : batch->dropped) all.dropped.emplace_back(dropped.raw);
  }
}

inline ReaderOptions WithRecovery(Recovery recovery) {
  ReaderOptions options;
  options.recovery = recovery;
  return options;
}

inline ReadAll ReadText(std::string_view text, Recovery recovery) {
  return ReadEverything(Reader::OverMemory(text, nullptr, WithRecovery(recovery)));
}

inline std::vector<std::string> CodesOf(const std::vector<Defect>& defects) {
  std::vector<std::string> codes;
  for (const Defect& defect : defects) codes.emplace_back(defect.info().id);
  return codes;
}

}  // namespace thalweg::marc
