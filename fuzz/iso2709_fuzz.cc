#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/reader.h"
#include "thalweg/marc/subfield_index.h"
#include "thalweg/marc/writer.h"

// Any bytes as ISO 2709: the three modes agree on what is good, what is given out can be written
// and read again, and pieces of the input give what the whole gives.
namespace thalweg::marc {
namespace {

struct Read {
  std::vector<std::string> records;
  size_t dropped = 0;
  bool errors = false;
};

std::string Text(const RecordView& record) {
  std::string text(record.leader_text());
  for (const FieldView& field : record.fields()) text += '\n' + field.ToString();
  return text;
}

void CheckIndex(const RecordView& record) {
  static SubfieldIndex index;
  size_t count = 0;
  for (const FieldView& field : record.fields()) count += field.CountSubfields();
  if (index.Build(record).size() != count) std::abort();
}

void CheckWriting(const RecordView& record) {
  std::string written;
  if (!AppendIso2709(record, Oversize::kZero, &written).ok()) std::abort();
  ReaderOptions options;
  options.recovery = Recovery::kLenient;
  options.to_unicode = false;
  const auto again = ParseRecord(written, options, nullptr);
  if (!again.ok() || again->fields().size() != record.fields().size()) std::abort();
}

ReaderOptions InMode(Recovery recovery) {
  ReaderOptions options;
  options.recovery = recovery;
  options.validation = Validation::kStructure;
  return options;
}

Read ReadWith(Reader reader) {
  Read read;
  while (true) {
    const auto batch = reader.ReadBatch();
    if (!batch.ok()) std::abort();
    if (batch->empty()) return read;
    for (const RecordView& record : batch->records) {
      read.records.push_back(Text(record));
      CheckIndex(record);
      CheckWriting(record);
    }
    read.dropped += batch->dropped.size();
    for (const Defect& defect : batch->defects) {
      read.errors = read.errors || defect.info().severity == Severity::kError;
      static_cast<void>(defect.ToJson());
    }
  }
}

// What is told of a record does not depend on how much of the input is there when it is cut.
void CheckPieces(std::string_view text) {
  ReaderOptions options = InMode(Recovery::kLenient);
  options.record_bytes_max = static_cast<int64_t>(64 + text.size() / 2);
  const Read whole = ReadWith(Reader::OverMemory(text, nullptr, options));
  options.batch_bytes = static_cast<int64_t>(1 + text.size() % 97);
  const Reader::ReadBytes in_pieces = [rest = text,
                                       piece = 1 + text.size() % 13](std::span<char> out) mutable {
    const size_t count = std::min({piece, out.size(), rest.size()});
    std::copy_n(rest.begin(), count, out.begin());
    rest.remove_prefix(count);
    return Result<size_t>(count);
  };
  const Read pieces = ReadWith(Reader::OverStream(in_pieces, options));
  if (whole.records != pieces.records || whole.dropped != pieces.dropped) std::abort();
}

void Run(std::string_view text) {
  const auto read_in = [text](Recovery recovery) {
    return ReadWith(Reader::OverMemory(text, nullptr, InMode(recovery)));
  };
  const Read strict = read_in(Recovery::kStrict);
  const Read lenient = read_in(Recovery::kLenient);
  const Read skip = read_in(Recovery::kSkip);
  if (strict.records != skip.records || strict.dropped != skip.dropped) std::abort();
  if ((strict.dropped == 0) == lenient.errors) std::abort();
  if (strict.dropped == 0 && strict.records != lenient.records) std::abort();
  CheckPieces(text);
}

}  // namespace
}  // namespace thalweg::marc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thalweg::marc::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
