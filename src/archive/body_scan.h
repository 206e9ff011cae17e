#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "archive/index.h"
#include "archive/opened_archive.h"
#include "archive/trailer.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

// Reading a body from the front, for archives that were cut off.
namespace thalweg::archive {

struct BodyScan {
  bool found = false;  ///< A checkpoint or an end.
  Index index;         ///< What the last one knows, with all before it.
  SegmentRecord last;  ///< Itself.
  uint64_t next_index = 0;
};

/// Walks the segments and opens checkpoints and ends. Whatever does not fit ends the walk, and what
/// stood behind the last whole checkpoint does not count. `checkpoints_only`: an end ends the walk
/// too, and does not count.
Result<BodyScan> ScanBody(ByteReader& bytes, const ArchiveHead& head, const MessageScheme* scheme,
                          const OpenLimits& limits, bool checkpoints_only = false);

/// Checks what stands behind the index, a frame of `index_bytes`, in the payload of an end: padding
/// and the seek table.
Status CheckEnd(const Index& index, size_t index_bytes, std::string_view rest, bool encrypted);

}  // namespace thalweg::archive
