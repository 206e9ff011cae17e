#include "archive/body_writer.h"

#include <iterator>

#include "archive/frame.h"

namespace thalweg::archive {

BodyWriter::BodyWriter(Start start, WriteFunction append)
    : state_(std::move(start)),
      append_(std::move(append)),
      header_hash_(state_.header.Hash()),
      builder_(state_.scheme) {
  for (const SegmentRecord& segment : state_.segments) {
    if (segment.kind == SegmentKind::kCheckpoint) ++checkpoints_;
  }
}

Status BodyWriter::WriteHead(const std::vector<Recipient>& recipients) {
  std::string head = state_.header.Encode();
  head += EncodeState({}, AsView(header_hash_));
  if (state_.header.slot_bytes > 0) {
    THALWEG_ASSIGN_OR_RETURN(const std::string slot,
                             EncodeSlot(state_.header, *state_.keys, 1, recipients));
    head += slot;
    head.append(state_.header.slot_bytes, '\0');
  }
  THALWEG_RETURN_IF_ERROR(append_(head));
  state_.offset = static_cast<int64_t>(head.size());
  return {};
}

void BodyWriter::SkipOther(int64_t length, const Digest& hash) {
  SegmentRecord record;
  record.offset = state_.offset;
  record.length = length;
  state_.segments.push_back(record);
  state_.hashes.push_back({.length = length, .hash = hash});
  state_.offset += length;
}

Status BodyWriter::Put(const BuiltSegment& segment, SegmentRecord record) {
  record.offset = state_.offset;
  record.length = static_cast<int64_t>(segment.bytes.size());
  record.commitment = segment.commitment;
  THALWEG_RETURN_IF_ERROR(append_(segment.bytes.view()));
  state_.offset += record.length;
  state_.hashes.push_back({.length = record.length, .hash = segment.hash});
  state_.segments.push_back(record);
  return {};
}

Status BodyWriter::PutData(const BuiltSegment& segment, uint32_t content, uint32_t frame,
                           Codec codec) {
  SegmentRecord record;
  record.kind = SegmentKind::kData;
  record.content = content;
  record.frame = frame;
  record.codec = codec;
  THALWEG_RETURN_IF_ERROR(Put(segment, record));
  state_.content_bytes += content;
  return {};
}

void BodyWriter::AddEntries(std::vector<IndexEntry> entries) {
  state_.entries.insert(state_.entries.end(), std::make_move_iterator(entries.begin()),
                        std::make_move_iterator(entries.end()));
}

Index BodyWriter::MakeIndex(bool checkpoint) const {
  Index index;
  index.checkpoint = checkpoint;
  index.created_unix_micros = state_.created_unix_micros;
  index.stages = state_.stages;
  index.lossy = state_.lossy;
  index.content_bytes = state_.content_bytes;
  const size_t segments = checkpoint ? state_.checkpointed_segments : 0;
  const size_t entries = checkpoint ? state_.checkpointed_entries : 0;
  index.segments.assign(state_.segments.begin() + static_cast<ptrdiff_t>(segments),
                        state_.segments.end());
  index.entries.assign(state_.entries.begin() + static_cast<ptrdiff_t>(entries),
                       state_.entries.end());
  return index;
}

Status BodyWriter::PutPayload(const ChainLink& link, std::string payload) {
  BuiltSegment segment;
  builder_.Build(link, payload, segment);
  SegmentRecord record;
  record.kind = link.kind;
  return Put(segment, record);
}

Status BodyWriter::PutCheckpoint(const ChainLink& link, std::optional<IndexEntry> open_entry) {
  Index index = MakeIndex(true);
  index.open_entry = std::move(open_entry);
  THALWEG_ASSIGN_OR_RETURN(std::string payload, index.Encode());
  if (state_.pad) {
    const auto padding = static_cast<size_t>(PaddingFor(static_cast<int64_t>(payload.size())));
    const size_t at = payload.size();
    payload.resize(at + padding);
    if (padding > 0) WritePadding(static_cast<int64_t>(padding), payload.data() + at);
  }
  state_.checkpointed_segments = state_.segments.size();
  state_.checkpointed_entries = state_.entries.size();
  ++checkpoints_;
  return PutPayload(link, std::move(payload));
}

std::string BodyWriter::PaddedEnd(std::string payload) const {
  std::vector<std::pair<uint32_t, uint32_t>> frames;
  for (const SegmentRecord& segment : state_.segments) {
    AddSeekEntries(segment, state_.scheme != nullptr, &frames);
  }
  frames.emplace_back(static_cast<uint32_t>(payload.size()), 0);
  int64_t padding = 0;
  if (state_.pad) {
    // One more entry stands in the seek table for the padding itself.
    const auto unpadded = static_cast<int64_t>(payload.size() + SeekTable(frames).size() + 8);
    padding = std::max<int64_t>(PaddingFor(unpadded), 8);
    frames.emplace_back(static_cast<uint32_t>(padding), 0);
    const size_t at = payload.size();
    payload.resize(at + static_cast<size_t>(padding));
    WritePadding(padding, payload.data() + at);
  }
  return payload + SeekTable(frames);
}

Status BodyWriter::PutEnd(const ChainLink& link, const Digest& predecessor) {
  THALWEG_ASSIGN_OR_RETURN(std::string payload, MakeIndex(false).Encode());
  trailer_.end_offset = state_.offset;
  trailer_.end_predecessor = predecessor;
  return PutPayload(link, PaddedEnd(std::move(payload)));
}

Status BodyWriter::PutTrailer(const Signer* signer) {
  trailer_.body_start = state_.header.body_start();
  trailer_.offset = state_.offset;
  trailer_.segments = state_.hashes;
  const std::string_view mac_key =
      state_.keys != nullptr ? state_.keys->mac_key.view() : std::string_view();
  THALWEG_ASSIGN_OR_RETURN(const std::string bytes, trailer_.Encode(header_hash_, mac_key, signer));
  THALWEG_RETURN_IF_ERROR(append_(bytes));
  trailer_bytes_ = static_cast<int64_t>(bytes.size());
  state_.offset += trailer_bytes_;
  return {};
}

Status BodyWriter::PutOther(std::string_view bytes) {
  THALWEG_RETURN_IF_ERROR(append_(bytes));
  state_.offset += static_cast<int64_t>(bytes.size());
  return {};
}

Status BodyWriter::PutFooter(int64_t parity_offset, int64_t parity_bytes) {
  const Footer footer{.trailer_offset = trailer_.offset,
                      .trailer_bytes = trailer_bytes_,
                      .parity_offset = parity_offset,
                      .parity_bytes = parity_bytes,
                      .offset = state_.offset};
  return PutOther(footer.Encode(header_hash_));
}

void AddSeekEntries(const SegmentRecord& segment, bool encrypted,
                    std::vector<std::pair<uint32_t, uint32_t>>* frames) {
  if (segment.kind == SegmentKind::kOther) return;
  int64_t payload = segment.length - static_cast<int64_t>(kSegmentHeaderBytes);
  if (encrypted) {
    payload = PlainBytes(payload).value_or(0);
  } else {
    payload -= static_cast<int64_t>(kLeafBytes);
  }
  if (segment.kind == SegmentKind::kData) {
    if (HasPrefix(segment.codec)) {
      frames->emplace_back(static_cast<uint32_t>(kFramePrefixBytes), 0);
      payload -= static_cast<int64_t>(kFramePrefixBytes);
    }
    frames->emplace_back(segment.frame, segment.content);
    payload -= segment.frame;
  }
  if (payload > 0) frames->emplace_back(static_cast<uint32_t>(payload), 0);
}

}  // namespace thalweg::archive
