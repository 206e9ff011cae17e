#include "archive/body_scan.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "archive/body_writer.h"
#include "archive/bytes.h"

namespace thalweg::archive {
namespace {

// The segments of a body in order, found by their headers.
class Walker {
 public:
  Walker(ByteReader& bytes, const ArchiveHead& head, const MessageScheme* scheme,
         const OpenLimits& limits, bool checkpoints_only)
      : checkpoints_only_(checkpoints_only),
        bytes_(bytes),
        head_(head),
        scheme_(scheme),
        limits_(limits),
        reader_(bytes, scheme),
        offset_(head.header.body_start()) {}

  Result<BodyScan> Walk() {
    while (true) {
      const auto went_on = Step();
      if (went_on.ok() && *went_on) continue;
      // Damage ends the walk; a device that fails, or limits, are failures of the whole.
      const StatusCode code = went_on.status().code();
      const bool damage =
          went_on.ok() || code == StatusCode::kCorruption || code == StatusCode::kUnauthenticated;
      if (!damage) return went_on.status();
      return std::move(scan_);
    }
  }

 private:
  Result<bool> Step() {
    char head[kSegmentHeaderBytes];
    if (offset_ + static_cast<int64_t>(sizeof(head)) > head_.file_bytes) return false;
    THALWEG_RETURN_IF_ERROR(ReadExactly(bytes_, offset_, head));
    const bool encrypted = scheme_ != nullptr;
    const auto header = SegmentHeader::Decode({head, sizeof(head)}, encrypted);
    if (!header.ok()) return SkipOther({head, sizeof(head)});
    const int64_t length = header->SegmentBytes(encrypted);
    if (checkpoints_only_ && header->kind == SegmentKind::kEnd) return false;
    if (header->index != index_ || offset_ + length > head_.file_bytes) return false;
    SegmentRecord record;
    record.offset = offset_;
    record.length = length;
    record.kind = header->kind;
    if (header->kind == SegmentKind::kData) {
      THALWEG_RETURN_IF_ERROR(ReadCommitment(&record));
    } else {
      THALWEG_RETURN_IF_ERROR(TakeIndex(&record));
    }
    predecessor_ = record.commitment;
    offset_ += length;
    ++index_;
    if (header->kind != SegmentKind::kData) {
      scan_.found = true;
      scan_.last = record;
      scan_.next_index = index_;
    }
    return true;
  }

  // The trailer, parity or footer of what was there before an append.
  Result<bool> SkipOther(std::string_view head) {
    const auto magic = LoadNumber<uint32_t>(head.data());
    const int64_t length = int64_t{8} + LoadNumber<uint32_t>(head.data() + 4);
    if ((magic & 0xFFFFFFF0U) != 0x184D2A50U || offset_ + length > head_.file_bytes) return false;
    offset_ += length;
    return true;
  }

  Status ReadCommitment(SegmentRecord* record) {
    char bytes[kMessageHeadBytes];
    const size_t skip = scheme_ != nullptr ? kSaltBytes : 0;
    const size_t length = skip + record->commitment.size();
    THALWEG_RETURN_IF_ERROR(
        ReadExactly(bytes_, offset_ + static_cast<int64_t>(kSegmentHeaderBytes), {bytes, length}));
    std::copy_n(bytes + skip, record->commitment.size(), record->commitment.begin());
    return {};
  }

  Status TakeIndex(SegmentRecord* record) {
    SegmentPlace place;
    place.kind = record->kind;
    place.index = index_;
    place.offset = offset_;
    place.length = record->length;
    place.predecessor = predecessor_;
    THALWEG_ASSIGN_OR_RETURN(std::string_view payload, reader_.Read(place));
    record->commitment = reader_.commitment();
    THALWEG_ASSIGN_OR_RETURN(const std::string_view frame, TakeSkippable(kIndexFrame, &payload));
    THALWEG_ASSIGN_OR_RETURN(Index index, Index::Decode(frame, limits_));
    if (index.checkpoint != (record->kind == SegmentKind::kCheckpoint)) {
      return Status::Corruption("a checkpoint is none");
    }
    if (index.checkpoint) {
      Index& whole = scan_.index;
      std::move(index.segments.begin(), index.segments.end(), std::back_inserter(whole.segments));
      std::move(index.entries.begin(), index.entries.end(), std::back_inserter(whole.entries));
      index.segments = std::move(whole.segments);
      index.entries = std::move(whole.entries);
    }
    scan_.index = std::move(index);
    return {};
  }

  const bool checkpoints_only_;
  ByteReader& bytes_;
  const ArchiveHead& head_;
  const MessageScheme* scheme_;
  const OpenLimits& limits_;
  SegmentReader reader_;
  int64_t offset_;
  uint64_t index_ = 0;
  Digest predecessor_{};
  BodyScan scan_;
};

}  // namespace

Result<BodyScan> ScanBody(ByteReader& bytes, const ArchiveHead& head, const MessageScheme* scheme,
                          const OpenLimits& limits, bool checkpoints_only) {
  return Walker(bytes, head, scheme, limits, checkpoints_only).Walk();
}

Status CheckEnd(const Index& index, size_t index_bytes, std::string_view rest, bool encrypted) {
  std::vector<std::pair<uint32_t, uint32_t>> frames;
  for (const SegmentRecord& segment : index.segments) AddSeekEntries(segment, encrypted, &frames);
  frames.emplace_back(static_cast<uint32_t>(index_bytes), 0);
  const size_t all = rest.size();
  const auto zeros = TakeSkippable(kPaddingFrame, &rest);
  if (zeros.ok()) {
    const bool clean = std::all_of(zeros->begin(), zeros->end(), [](char c) { return c == 0; });
    if (!clean) return Status::Corruption("the padding of the archive's end is not zero");
    frames.emplace_back(static_cast<uint32_t>(all - rest.size()), 0);
  }
  if (rest == SeekTable(frames)) return {};
  return Status::Corruption("the seek table contradicts the index");
}

}  // namespace thalweg::archive
