#include "archive/stream_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "archive/bytes.h"

namespace thalweg::archive {
namespace {

constexpr uint32_t kSegmentFrame = 0x184D2A54;
constexpr uint32_t kTrailerFrame = 0x184D2A56;
constexpr uint32_t kParityFrame = 0x184D2A58;
constexpr uint32_t kFooterFrame = 0x184D2A59;

// The head of an archive as a file of its own, how much may follow being unknown.
class HeadBytes final : public ByteReader {
 public:
  explicit HeadBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<int64_t> Size() override { return INT64_MAX; }
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) override {
    const auto begin = std::min(static_cast<size_t>(offset), bytes_.size());
    const size_t n = std::min(out.size(), bytes_.size() - begin);
    std::memcpy(out.data(), bytes_.data() + begin, n);
    return n;
  }

 private:
  std::string bytes_;
};

Status Misplaced() {
  return Status::Corruption("something stands in the archive that does not belong there");
}

}  // namespace

Result<bool> StreamInput::Take(std::span<char> out) {
  size_t done = 0;
  while (done < out.size()) {
    THALWEG_ASSIGN_OR_RETURN(const size_t n, read_(out.subspan(done)));
    if (n == 0) break;
    done += n;
  }
  offset_ += static_cast<int64_t>(done);
  if (done == out.size()) return true;
  if (done == 0) return false;
  return Status::Corruption("the archive was cut off");
}

Status StreamInput::TakeAll(std::span<char> out) {
  THALWEG_ASSIGN_OR_RETURN(const bool there, Take(out));
  return there ? Status() : Status::Corruption("the archive was cut off");
}

Result<std::unique_ptr<ArchiveHead>> TakeHead(StreamInput& input) {
  std::string bytes(static_cast<size_t>(kFixedHeaderBytes), '\0');
  THALWEG_RETURN_IF_ERROR(input.TakeAll(bytes).WithContext("this is no sealed archive"));
  THALWEG_ASSIGN_OR_RETURN(const FixedHeader header, FixedHeader::Decode(bytes));
  const size_t fixed = bytes.size();
  bytes.resize(static_cast<size_t>(header.body_start()));
  THALWEG_RETURN_IF_ERROR(input.TakeAll(std::span<char>(bytes).subspan(fixed)));
  HeadBytes reader(std::move(bytes));
  return ReadHead(reader);
}

Result<runtime::Progress> SegmentSource::Produce(runtime::Output& out) {
  // What an interrupted append has left behind the archive does not count.
  if (head_.append_pending && input_.offset() >= head_.file_bytes) return runtime::Progress::kDone;
  char bytes[kSegmentHeaderBytes];
  THALWEG_ASSIGN_OR_RETURN(const bool more, input_.Take({bytes, 8}));
  if (!more) return runtime::Progress::kDone;
  if (LoadNumber<uint32_t>(bytes) != kSegmentFrame) {
    THALWEG_RETURN_IF_ERROR(TakeOther({bytes, 8}));
    return runtime::Progress::kNeedRoom;
  }
  if (tail_.footer) {
    EmitOther(out);
  } else if (!tail_.trailer.empty()) {
    return Misplaced();
  }
  THALWEG_RETURN_IF_ERROR(input_.TakeAll({bytes + 8, sizeof(bytes) - 8}));
  THALWEG_ASSIGN_OR_RETURN(const SegmentHeader header,
                           SegmentHeader::Decode({bytes, sizeof(bytes)}, encrypted_));
  THALWEG_ASSIGN_OR_RETURN(auto segment, TakeSegment(header, {bytes, sizeof(bytes)}));
  runtime::Chunk chunk;
  chunk.records = 1;
  chunk.bytes = 2 * static_cast<int64_t>(segment->bytes.size());
  chunk.payload = std::move(segment);
  out.Emit(std::move(chunk));
  return runtime::Progress::kNeedRoom;
}

// The archive ended here before it was appended to.
void SegmentSource::EmitOther(runtime::Output& out) {
  auto other = std::make_unique<StreamSegment>();
  other->place.kind = SegmentKind::kOther;
  other->place.offset = other_begin_;
  other->place.length = tail_.footer->offset + kFooterBytes - other_begin_;
  other->place.commitment = Digest{};
  other->hash = std::exchange(other_, Sha256()).Finish();
  tail_ = {};
  runtime::Chunk chunk;
  chunk.records = 1;
  chunk.bytes = 1;
  chunk.payload = std::move(other);
  out.Emit(std::move(chunk));
}

Result<std::unique_ptr<StreamSegment>> SegmentSource::TakeSegment(const SegmentHeader& header,
                                                                  std::string_view head) {
  auto segment = std::make_unique<StreamSegment>();
  const int64_t length = header.SegmentBytes(encrypted_);
  const bool data = header.kind == SegmentKind::kData;
  const int64_t longest = data ? limits_.frame_bytes_max : limits_.index_bytes_max;
  // Frames that do not shrink, padding and tags add an eighth at most.
  if (length > longest / 8 * 9 + (64 << 10)) {
    return Status::ResourceExhausted("a segment is larger than the limits allow");
  }
  const size_t skip = kSegmentHeaderBytes + (encrypted_ ? kSaltBytes : 0);
  if (static_cast<size_t>(length) < skip + predecessor_.size()) {
    return Status::Corruption("a segment was cut off");
  }
  segment->bytes = ByteBuffer(static_cast<size_t>(length));
  segment->bytes.SetSize(static_cast<size_t>(length));
  std::memcpy(segment->bytes.data(), head.data(), head.size());
  THALWEG_RETURN_IF_ERROR(input_.TakeAll(
      {segment->bytes.data() + head.size(), static_cast<size_t>(length) - head.size()}));
  segment->place.kind = header.kind;
  segment->place.index = index_++;
  segment->place.offset = input_.offset() - length;
  segment->place.length = length;
  segment->place.predecessor = predecessor_;
  std::memcpy(predecessor_.data(), segment->bytes.data() + skip, predecessor_.size());
  return segment;
}

Status SegmentSource::TakeOther(std::string_view head) {
  const auto magic = LoadNumber<uint32_t>(head.data());
  const bool trailer = magic == kTrailerFrame;
  const bool footer = magic == kFooterFrame;
  if ((!trailer && !footer && magic != kParityFrame) || tail_.trailer.empty() != trailer ||
      tail_.footer) {
    return Misplaced();
  }
  if (trailer) other_begin_ = input_.offset() - static_cast<int64_t>(head.size());
  other_.Update(head);
  std::string bytes(head);
  std::string piece;
  for (auto left = LoadNumber<uint32_t>(head.data() + 4); left > 0;) {
    piece.resize(std::min<uint32_t>(left, 1 << 20));
    THALWEG_RETURN_IF_ERROR(input_.TakeAll(piece));
    other_.Update(piece);
    left -= static_cast<uint32_t>(piece.size());
    if (trailer || footer) bytes += piece;
  }
  if (trailer) tail_.trailer = std::move(bytes);
  if (!footer) return {};
  THALWEG_ASSIGN_OR_RETURN(tail_.footer, Footer::Decode(bytes, head_.header, input_.offset()));
  return {};
}

}  // namespace thalweg::archive
