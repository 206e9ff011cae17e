#include "archive/content_map.h"

#include <algorithm>

namespace thalweg::archive {

std::vector<ContentRun> RunsOf(const Entry& entry, int64_t offset, int64_t length) {
  std::vector<ContentRun> runs;
  const int64_t end = offset + length;
  if (entry.extents.empty()) {
    const int64_t until = std::min(end, entry.stored_bytes);
    if (until > offset) runs.push_back({offset, entry.stream_offset + offset, until - offset});
    return runs;
  }
  int64_t stream = entry.stream_offset;
  for (const auto& [begin, bytes] : entry.extents) {
    const int64_t from = std::max(begin, offset);
    const int64_t until = std::min(begin + bytes, end);
    if (until > from) runs.push_back({from, stream + (from - begin), until - from});
    stream += bytes;
  }
  return runs;
}

size_t FrameAt(const OpenedArchive& archive, int64_t stream_offset) {
  const auto& offsets = archive.frame_offsets;
  const auto after = std::upper_bound(offsets.begin(), offsets.end(), stream_offset);
  return static_cast<size_t>(after - offsets.begin()) - 1;
}

}  // namespace thalweg::archive
