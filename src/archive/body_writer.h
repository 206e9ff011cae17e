#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/header.h"
#include "archive/index.h"
#include "archive/segment_builder.h"
#include "archive/trailer.h"
#include "thalweg/archive/options.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// Puts segments one behind the other and keeps what the index and the trailer say about them. One
/// thread at a time.
class BodyWriter {
 public:
  struct Start {
    FixedHeader header;
    const ArchiveKeys* keys = nullptr;  ///< Borrowed. Null: a plain archive.
    const MessageScheme* scheme = nullptr;
    bool pad = false;
    int64_t offset = 0;  ///< Where the next byte goes.
    /// What stands before it, where it goes on.
    std::vector<SegmentRecord> segments;
    std::vector<SegmentHash> hashes;
    std::vector<IndexEntry> entries;
    int64_t content_bytes = 0;
    size_t checkpointed_segments = 0;
    size_t checkpointed_entries = 0;
    int64_t created_unix_micros = 0;
    std::string stages;
    std::vector<std::string> lossy;
  };
  BodyWriter(Start start, WriteFunction append);

  /// The fixed header, an empty state sector, and the slots.
  Status WriteHead(const std::vector<Recipient>& recipients);
  /// Bytes that stand between segments: an old trailer.
  void SkipOther(int64_t length, const Digest& hash);
  Status PutData(const BuiltSegment& segment, uint32_t content, uint32_t frame, Codec codec);
  void AddEntries(std::vector<IndexEntry> entries);
  Status PutCheckpoint(const ChainLink& link, std::optional<IndexEntry> open_entry);
  Status PutEnd(const ChainLink& link, const Digest& predecessor);
  /// The trailer alone; the footer follows the parity.
  Status PutTrailer(const Signer* signer);
  Status PutFooter(int64_t parity_offset, int64_t parity_bytes);
  /// Bytes behind the trailer that belong to the archive: its parity.
  Status PutOther(std::string_view bytes);

  int64_t offset() const { return state_.offset; }
  int64_t content_bytes() const { return state_.content_bytes; }
  const std::vector<SegmentRecord>& segments() const { return state_.segments; }
  const std::vector<IndexEntry>& entries() const { return state_.entries; }
  size_t checkpoints() const { return checkpoints_; }
  const Digest& header_hash() const { return header_hash_; }

 private:
  Status Put(const BuiltSegment& segment, SegmentRecord record);
  Index MakeIndex(bool checkpoint) const;
  Status PutPayload(const ChainLink& link, std::string payload);
  std::string PaddedEnd(std::string payload) const;

  Start state_;
  WriteFunction append_;
  Digest header_hash_;
  SegmentBuilder builder_;
  Trailer trailer_;
  int64_t trailer_bytes_ = 0;
  size_t checkpoints_ = 0;
};

/// What the seek table says about the payload of one segment.
void AddSeekEntries(const SegmentRecord& segment, bool encrypted,
                    std::vector<std::pair<uint32_t, uint32_t>>* frames);

}  // namespace thalweg::archive
