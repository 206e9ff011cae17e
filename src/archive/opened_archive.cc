#include "archive/opened_archive.h"

#include <algorithm>
#include <utility>

#include "archive/body_scan.h"

namespace thalweg::archive {
namespace {

// Reading a trailer takes this much memory at most: records of 400 million segments.
constexpr int64_t kTrailerBytesMax = int64_t{16} << 30;

Status CheckPolicy(const ArchiveHead& head, const OpenOptions& options) {
  const bool plain = head.header.cipher == Cipher::kNone;
  if (plain && (options.require_encrypted || !options.identities.empty())) {
    // Who gives a key expects that nobody without it could have made the archive.
    return Status::Unauthenticated("the archive is not encrypted, though a key is given");
  }
  return {};
}

Result<Index> ReadEnd(OpenedArchive& archive, const OpenOptions& options) {
  const Trailer& trailer = archive.tail->trailer;
  SegmentReader reader(*archive.bytes, archive.scheme_or_null());
  SegmentPlace place;
  place.kind = SegmentKind::kEnd;
  place.offset = trailer.end_offset;
  place.length = trailer.segments.back().length;
  place.predecessor = trailer.end_predecessor;
  if (archive.check_hashes) place.hash = trailer.segments.back().hash;
  char head[kSegmentHeaderBytes];
  THALWEG_RETURN_IF_ERROR(ReadExactly(*archive.bytes, place.offset, head));
  const bool encrypted = archive.scheme.has_value();
  THALWEG_ASSIGN_OR_RETURN(const SegmentHeader header,
                           SegmentHeader::Decode({head, sizeof(head)}, encrypted));
  // A wrong number fails to authenticate, and is compared with the index besides.
  place.index = header.index;
  THALWEG_ASSIGN_OR_RETURN(std::string_view payload, reader.Read(place));
  archive.end_index = header.index;
  archive.end_commitment = reader.commitment();
  THALWEG_ASSIGN_OR_RETURN(const std::string_view frame, TakeSkippable(kIndexFrame, &payload));
  THALWEG_ASSIGN_OR_RETURN(Index index, Index::Decode(frame, options.limits));
  const auto messages = std::count_if(
      index.segments.begin(), index.segments.end(),
      [](const SegmentRecord& segment) { return segment.kind != SegmentKind::kOther; });
  if (index.checkpoint || static_cast<uint64_t>(messages) != header.index) {
    return Status::Corruption("the last segment is not the end of this archive");
  }
  THALWEG_RETURN_IF_ERROR(CheckEnd(index, frame.size() + 8, payload, encrypted));
  return index;
}

Status CompareWithTrailer(const OpenedArchive& archive) {
  const Trailer& trailer = archive.tail->trailer;
  const auto& segments = archive.index.segments;
  bool same = trailer.segments.size() == segments.size() + 1;
  Digest predecessor{};
  for (size_t i = 0; same && i < segments.size(); ++i) {
    same = trailer.segments[i].length == segments[i].length;
    if (segments[i].kind != SegmentKind::kOther) predecessor = segments[i].commitment;
  }
  if (archive.scheme && predecessor != trailer.end_predecessor) same = false;
  return same ? Status() : Status::Corruption("the index and the trailer contradict each other");
}

Status OpenComplete(OpenedArchive& archive, const OpenOptions& options) {
  const ArchiveHead& head = *archive.head;
  THALWEG_ASSIGN_OR_RETURN(archive.tail, ReadTail(*archive.bytes, head));
  if (archive.keys && !Trailer::IsAuthentic(archive.tail->trailer_bytes, head.header_hash,
                                            archive.keys->mac_key.view())) {
    return Status::Unauthenticated("the archive's trailer was tampered with");
  }
  if (!options.signer.empty()) {
    THALWEG_RETURN_IF_ERROR(archive.tail->trailer.CheckSignature(head.header_hash, options.signer));
    archive.check_hashes = true;
  }
  THALWEG_ASSIGN_OR_RETURN(archive.index, ReadEnd(archive, options));
  THALWEG_RETURN_IF_ERROR(PlaceSegments(archive));
  return CompareWithTrailer(archive);
}

Status OpenCutOff(OpenedArchive& archive, const OpenOptions& options) {
  if (!options.signer.empty()) {
    return Status::Unauthenticated("an archive that was cut off has no signature");
  }
  THALWEG_ASSIGN_OR_RETURN(BodyScan scan, ScanBody(*archive.bytes, *archive.head,
                                                   archive.scheme_or_null(), options.limits));
  if (!scan.found) {
    return Status::Corruption("the archive was cut off before its first checkpoint");
  }
  archive.index = std::move(scan.index);
  archive.recovered = true;
  return PlaceSegments(archive);
}

}  // namespace

Result<std::unique_ptr<ArchiveHead>> ReadHead(ByteReader& bytes) {
  auto head = std::make_unique<ArchiveHead>();
  THALWEG_ASSIGN_OR_RETURN(head->file_bytes, bytes.Size());
  char fixed[kFixedHeaderBytes];
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, 0, fixed).WithContext("this is no sealed archive"));
  THALWEG_ASSIGN_OR_RETURN(head->header, FixedHeader::Decode({fixed, sizeof(fixed)}));
  head->header_hash = head->header.Hash();
  std::string rest(static_cast<size_t>(head->header.body_start() - kFixedHeaderBytes), '\0');
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, kFixedHeaderBytes, rest));
  THALWEG_ASSIGN_OR_RETURN(
      const auto committed,
      DecodeState(std::string_view(rest).substr(0, kStateBytes), AsView(head->header_hash)));
  if (committed) {
    if (*committed > head->file_bytes || *committed < head->header.body_start()) {
      return Status::Corruption("the archive was cut off while something was appended to it");
    }
    head->append_pending = true;
    head->file_bytes = *committed;
  }
  head->slot_bytes = rest.substr(kStateBytes);
  if (head->header.slot_bytes > 0) {
    THALWEG_ASSIGN_OR_RETURN(head->slots, DecodeSlots(head->header, head->slot_bytes));
  }
  return head;
}

Result<ArchiveTail> ReadTail(ByteReader& bytes, const ArchiveHead& head) {
  ArchiveTail tail;
  const int64_t footer_offset = head.file_bytes - kFooterBytes;
  if (footer_offset < head.header.body_start()) {
    return Status::Corruption("the archive was cut off");
  }
  char footer[kFooterBytes];
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, footer_offset, footer));
  THALWEG_ASSIGN_OR_RETURN(tail.footer,
                           Footer::Decode({footer, sizeof(footer)}, head.header, head.file_bytes));
  if (tail.footer.trailer_bytes > kTrailerBytesMax) {
    return Status::ResourceExhausted("the archive's trailer is too large");
  }
  tail.trailer_bytes.resize(static_cast<size_t>(tail.footer.trailer_bytes));
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, tail.footer.trailer_offset, tail.trailer_bytes));
  THALWEG_ASSIGN_OR_RETURN(tail.trailer, Trailer::Decode(tail.trailer_bytes, head.header));
  if (tail.trailer.offset != tail.footer.trailer_offset) {
    return Status::Corruption("the archive's trailer is not where it says");
  }
  return tail;
}

Result<std::unique_ptr<OpenedArchive>> OpenBytes(std::shared_ptr<ByteReader> bytes,
                                                 const OpenOptions& options) {
  auto archive = std::make_unique<OpenedArchive>();
  archive->bytes = std::move(bytes);
  THALWEG_ASSIGN_OR_RETURN(archive->head, ReadHead(*archive->bytes));
  const ArchiveHead& head = *archive->head;
  THALWEG_RETURN_IF_ERROR(CheckPolicy(head, options));
  if (head.header.cipher != Cipher::kNone) {
    THALWEG_ASSIGN_OR_RETURN(
        archive->keys, Unlock(head.header, head.slots, options.identities, options.limits.kdf));
    archive->scheme.emplace(head.header.cipher, archive->keys->payload_key, head.header_hash);
  }
  const Status opened = OpenComplete(*archive, options);
  if (opened.ok()) return archive;
  if (!options.recover || opened.code() != StatusCode::kCorruption) return opened;
  archive->tail.reset();
  THALWEG_RETURN_IF_ERROR(OpenCutOff(*archive, options));
  return archive;
}

Status PlaceSegments(OpenedArchive& archive) {
  int64_t offset = archive.head->header.body_start();
  int64_t content = 0;
  uint64_t index = 0;
  Digest predecessor{};
  const auto& segments = archive.index.segments;
  archive.places.reserve(segments.size());
  for (size_t i = 0; i < segments.size(); ++i) {
    const SegmentRecord& segment = segments[i];
    if (segment.offset != offset) return Status::Corruption("the index leaves a gap in the body");
    SegmentPlace place;
    place.kind = segment.kind;
    place.offset = segment.offset;
    place.length = segment.length;
    if (segment.kind != SegmentKind::kOther) {
      place.index = index++;
      place.predecessor = predecessor;
      place.commitment = segment.commitment;
      predecessor = segment.commitment;
    }
    if (archive.check_hashes && i < archive.tail->trailer.segments.size()) {
      place.hash = archive.tail->trailer.segments[i].hash;
    }
    if (segment.kind == SegmentKind::kData) {
      archive.frames.push_back(i);
      archive.frame_offsets.push_back(content);
      content += segment.content;
    }
    archive.places.push_back(place);
    offset += segment.length;
  }
  archive.frame_offsets.push_back(content);
  if (content == archive.index.content_bytes) return {};
  return Status::Corruption("the frames do not add up to the content");
}

Status FrameReader::Read(size_t frame, char* out) {
  const size_t segment = archive_->frames[frame];
  const SegmentRecord& record = archive_->index.segments[segment];
  THALWEG_ASSIGN_OR_RETURN(const std::string_view payload, reader_.Read(archive_->places[segment]));
  THALWEG_ASSIGN_OR_RETURN(const std::string_view bytes, FrameOf(payload, record));
  return decoder_.Decode(record.codec, bytes, record.content, out);
}

Status FrameReader::Check(size_t segment) {
  SegmentPlace place = archive_->places[segment];
  if (archive_->tail) place.hash = archive_->tail->trailer.segments[segment].hash;
  if (place.kind == SegmentKind::kOther) return reader_.CheckOther(place);
  return reader_.Read(place).status();
}

}  // namespace thalweg::archive
