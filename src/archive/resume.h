#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/body_writer.h"
#include "archive/header.h"
#include "archive/index.h"
#include "archive/input_tree.h"
#include "archive/seal_graph.h"
#include "io/file_system.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// What an interrupted seal has left, as far as its last checkpoint.
struct Resumption {
  FixedHeader header;
  std::optional<ArchiveKeys> keys;
  Index index;                      // With the checkpoint itself.
  std::vector<SegmentHash> hashes;  // Of all its segments, each of which was authenticated.
  int64_t end = 0;
  uint64_t next_index = 0;
  Digest predecessor{};
};

/// Reads the part at `path`. Nothing when there is no whole checkpoint in it. `unauthenticated`
/// when the identities do not open it: it may be somebody else's.
Result<std::optional<Resumption>> ReadPart(io::FileSystem& fs, const std::string& path,
                                           const std::vector<Identity>& identities,
                                           const RunSettings& run);
/// The same, for a seal by `options`; `invalid_argument` when those contradict the part.
Result<std::optional<Resumption>> Resume(io::FileSystem& fs, const std::string& path,
                                         const SealOptions& options);

/// Takes out of `tree` what is sealed already and has not changed since, and lets `start` go on
/// behind it.
SealStart GoOn(Resumption& resumption, InputTree& tree, BodyWriter::Start& start);

}  // namespace thalweg::archive
