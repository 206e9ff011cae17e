#include "archive/file_map.h"

#include <algorithm>

#include "archive/bytes.h"
#include "archive/index.h"

namespace thalweg::archive {
namespace {

// As in the index.
constexpr uint32_t kHasExtents = 4;
constexpr uint32_t kIsBase64 = 16;
constexpr size_t kStartBytes = 8;

// A number that leaves room for sums.
int64_t TakeLength(FieldReader& reader) {
  const auto value = reader.Number<uint64_t>();
  if (value > static_cast<uint64_t>(INT64_MAX) / 4) reader.Fail();
  return reader.ok() ? static_cast<int64_t>(value) : 0;
}

FileStart TakeStart(FieldReader& reader) {
  FileStart start;
  start.place = reader.Number<uint32_t>();
  const auto flags = reader.Number<uint32_t>();
  start.base64 = flags == kIsBase64;
  if (flags == 0 || start.base64) return start;
  if (flags != kHasExtents) reader.Fail();
  start.size = TakeLength(reader);
  const uint64_t count = reader.Count<uint32_t>(16);
  int64_t end = 0;
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const int64_t begin = TakeLength(reader);
    const int64_t length = TakeLength(reader);
    if (begin < end) reader.Fail();
    end = begin + length;
    start.extents.emplace_back(begin, length);
  }
  if (count == 0 || end > start.size) reader.Fail();
  return start;
}

}  // namespace

std::string EncodeFileMap(const std::vector<FileStart>& starts) {
  std::string map;
  PutNumber(map, static_cast<uint32_t>(starts.size()));
  for (const FileStart& start : starts) {
    PutNumber(map, start.place);
    PutNumber(map, start.base64 ? kIsBase64 : start.extents.empty() ? 0U : kHasExtents);
    if (start.extents.empty()) continue;
    PutNumber(map, static_cast<uint64_t>(start.size));
    PutNumber(map, static_cast<uint32_t>(start.extents.size()));
    for (const auto& [begin, length] : start.extents) {
      PutNumber(map, static_cast<uint64_t>(begin));
      PutNumber(map, static_cast<uint64_t>(length));
    }
  }
  return map;
}

Result<std::vector<FileStart>> TakeFileMap(std::string_view rest, size_t content_bytes) {
  std::vector<FileStart> starts;
  if (rest.empty()) return starts;
  const Status wrong = Status::Corruption("a segment holds more than its frame");
  THALWEG_ASSIGN_OR_RETURN(const std::string_view inside, TakeSkippable(kPaddingFrame, &rest));
  FieldReader reader(inside);
  if (inside.size() >= sizeof(uint32_t)) {
    const uint64_t count = reader.Count<uint32_t>(kStartBytes);
    for (uint64_t i = 0; i < count && reader.ok(); ++i) {
      FileStart start = TakeStart(reader);
      const uint32_t before = starts.empty() ? 0 : starts.back().place;
      if (start.place < before || start.place > content_bytes) reader.Fail();
      starts.push_back(std::move(start));
    }
  }
  const std::string_view zeros = reader.left();
  const bool clean = std::all_of(zeros.begin(), zeros.end(), [](char c) { return c == 0; });
  if (!rest.empty() || !reader.ok() || !clean) return wrong;
  return starts;
}

}  // namespace thalweg::archive
