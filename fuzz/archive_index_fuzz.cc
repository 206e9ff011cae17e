#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/bytes.h"
#include "archive/entry_table.h"
#include "archive/index.h"

// An index in the clear: what is taken comes back the same from its own writing.
namespace thalweg::archive {
namespace {

Result<Index> Read(std::string_view skippable) {
  const auto frame = TakeSkippable(kIndexFrame, &skippable);
  if (!frame.ok()) return frame.status();
  OpenLimits limits;
  limits.index_bytes_max = 1 << 20;
  return Index::Decode(*frame, limits);
}

void Check(std::string_view bytes) {
  const auto index = Read(bytes);
  if (!index.ok()) return;
  const auto written = index->Encode();
  if (!written.ok()) std::abort();
  const auto again = Read(*written);
  if (!again.ok() || again->entries.size() != index->entries.size()) std::abort();
  if (*again->Encode() != *written) std::abort();
  static_cast<void>(EntryTable::Make(index->entries));
}

}  // namespace
}  // namespace thalweg::archive

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thalweg::archive::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
