#include "archive/segment_reader.h"

#include <algorithm>
#include <cstring>

#include "archive/file_map.h"
#include "archive/frame.h"

namespace thalweg::archive {

Status ReadExactly(ByteReader& bytes, int64_t offset, std::span<char> out) {
  THALWEG_ASSIGN_OR_RETURN(const size_t n, bytes.ReadAt(offset, out));
  if (n == out.size()) return {};
  return Status::Corruption("the archive ends before it should");
}

SegmentReader::SegmentReader(ByteReader& bytes, const MessageScheme* scheme)
    : bytes_(bytes), scheme_(scheme) {
  if (scheme != nullptr) opener_.emplace(*scheme);
}

Result<std::string_view> SegmentReader::Read(const SegmentPlace& place) {
  const int64_t longest = kPayloadBytesMax + static_cast<int64_t>(kSegmentHeaderBytes);
  if (place.length < static_cast<int64_t>(kSegmentHeaderBytes) || place.length > longest) {
    return Status::Corruption("a segment has an impossible length");
  }
  segment_.Reserve(static_cast<size_t>(place.length));
  segment_.SetSize(static_cast<size_t>(place.length));
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes_, place.offset, {segment_.data(), segment_.size()}));
  return Check(segment_.view(), place);
}

Result<std::string_view> SegmentReader::Check(std::string_view segment, const SegmentPlace& place) {
  const bool encrypted = scheme_ != nullptr;
  if (place.hash && HashOf({segment}) != *place.hash) {
    return Status::Unauthenticated("a segment is not the one that the trailer names");
  }
  THALWEG_ASSIGN_OR_RETURN(const SegmentHeader header, SegmentHeader::Decode(segment, encrypted));
  if (header.kind != place.kind || header.index != place.index ||
      header.SegmentBytes(encrypted) != static_cast<int64_t>(segment.size())) {
    return Status::Corruption("a segment is not the one that belongs in its place");
  }
  std::string_view payload = segment.substr(kSegmentHeaderBytes);
  if (encrypted) {
    THALWEG_RETURN_IF_ERROR(
        opener_->Whole(payload, header.kind, header.index, place.predecessor, payload_));
    commitment_ = opener_->commitment();
    payload = payload_.view();
  } else {
    const std::string_view leaf = payload.substr(0, kLeafBytes);
    payload.remove_prefix(kLeafBytes);
    commitment_ = LeafOf(header, payload);
    if (AsView(commitment_) != leaf) return Status::Corruption("a segment is damaged");
  }
  if (place.commitment && commitment_ != *place.commitment) {
    return Status::Corruption("a segment is not the one that the index names");
  }
  return payload;
}

Result<Digest> HashRange(ByteReader& bytes, int64_t offset, int64_t length) {
  constexpr int64_t kPiece = 1 << 20;
  Sha256 hash;
  std::string piece;
  for (int64_t done = 0; done < length;) {
    piece.resize(static_cast<size_t>(std::min(length - done, kPiece)));
    THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, offset + done, piece));
    hash.Update(piece);
    done += static_cast<int64_t>(piece.size());
  }
  return hash.Finish();
}

Status SegmentReader::CheckOther(const SegmentPlace& place) {
  if (!place.hash) return {};
  THALWEG_ASSIGN_OR_RETURN(const Digest hash, HashRange(bytes_, place.offset, place.length));
  return hash == *place.hash ? Status() : Status::Corruption("old bytes are damaged");
}

Result<std::string_view> FrameOf(std::string_view payload, const SegmentRecord& record) {
  if (HasPrefix(record.codec)) {
    const std::string prefix = FramePrefix(record.codec, record.content, record.frame);
    if (!payload.starts_with(prefix)) {
      return Status::Corruption("a segment does not hold the frame that the index names");
    }
    payload.remove_prefix(prefix.size());
  }
  if (payload.size() < record.frame) {
    return Status::Corruption("a segment does not hold the frame that the index names");
  }
  THALWEG_RETURN_IF_ERROR(TakeFileMap(payload.substr(record.frame), record.content).status());
  return payload.substr(0, record.frame);
}

}  // namespace thalweg::archive
