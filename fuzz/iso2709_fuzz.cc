#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/reader.h"
#include "thalweg/marc/subfield_index.h"
#include "thalweg/marc/writer.h"

// Any bytes as ISO 2709: the three modes agree on what is good, and what is given out can be
// written and read again.
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

Read ReadIn(Recovery recovery, std::string_view text) {
  ReaderOptions options;
  options.recovery = recovery;
  options.validation = Validation::kStructure;
  Reader reader = Reader::OverMemory(text, nullptr, options);
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

void Run(std::string_view text) {
  const Read strict = ReadIn(Recovery::kStrict, text);
  const Read lenient = ReadIn(Recovery::kLenient, text);
  const Read skip = ReadIn(Recovery::kSkip, text);
  if (strict.records != skip.records || strict.dropped != skip.dropped) std::abort();
  if ((strict.dropped == 0) == lenient.errors) std::abort();
  if (strict.dropped == 0 && strict.records != lenient.records) std::abort();
}

}  // namespace
}  // namespace thalweg::marc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thalweg::marc::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
