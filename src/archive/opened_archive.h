#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "archive/frame.h"
#include "archive/header.h"
#include "archive/index.h"
#include "archive/message.h"
#include "archive/segment_reader.h"
#include "archive/trailer.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// What stands before the body, read and checked as far as it can be without a key.
struct ArchiveHead {
  FixedHeader header;
  Digest header_hash{};
  std::string slot_bytes;  // Both slots, which `slots` points into.
  Slots slots;
  int64_t file_bytes = 0;  // That count.
  bool append_pending = false;
};
Result<std::unique_ptr<ArchiveHead>> ReadHead(ByteReader& bytes);

/// The footer and the trailer of an archive that is complete.
struct ArchiveTail {
  Footer footer;
  std::string trailer_bytes;
  Trailer trailer;
};
Result<ArchiveTail> ReadTail(ByteReader& bytes, const ArchiveHead& head);

/// An archive whose index is known. Immutable, so that any thread may use it.
struct OpenedArchive {
  std::shared_ptr<ByteReader> bytes;
  std::unique_ptr<ArchiveHead> head;
  std::optional<ArchiveKeys> keys;
  std::optional<MessageScheme> scheme;
  std::optional<ArchiveTail> tail;  // None when it was cut off.
  Index index;
  uint64_t end_index = 0;   // Of the end segment.
  Digest end_commitment{};  // Likewise.
  bool recovered = false;
  bool check_hashes = false;  // By a signature.

  std::vector<size_t> frames;          // Of `index.segments`, those that hold content.
  std::vector<int64_t> frame_offsets;  // In the content stream; one more at the end.
  std::vector<SegmentPlace> places;    // One for each segment.

  const MessageScheme* scheme_or_null() const { return scheme ? &*scheme : nullptr; }
};

/// Unlocks and reads the index. With `options.recover`, of an archive that was cut off what its
/// last checkpoint knows.
Result<std::unique_ptr<OpenedArchive>> OpenBytes(std::shared_ptr<ByteReader> bytes,
                                                 const OpenOptions& options);

/// Derives places and frames from the index; checks that the segments fill the body.
Status PlaceSegments(OpenedArchive& archive);

/// Reads frames of an archive. One thread at a time.
class FrameReader {
 public:
  explicit FrameReader(const OpenedArchive& archive)
      : archive_(&archive), reader_(*archive.bytes, archive.scheme_or_null()) {}
  size_t ContentBytes(size_t frame) const {
    return archive_->index.segments[archive_->frames[frame]].content;
  }
  /// Writes the content of a frame, `ContentBytes` bytes, to `out`.
  Status Read(size_t frame, char* out);
  /// Authenticates a segment of any kind.
  Status Check(size_t segment);

 private:
  const OpenedArchive* archive_;
  SegmentReader reader_;
  FrameDecoder decoder_;
};

}  // namespace thalweg::archive
