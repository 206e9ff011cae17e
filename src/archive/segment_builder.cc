#include "archive/segment_builder.h"

#include <chrono>
#include <cstring>

#include "archive/bytes.h"
#include "archive/frame.h"
#include "thalweg/clock.h"

namespace thalweg::archive {
namespace {

double SecondsSince(Clock::Instant begin) {
  return static_cast<double>((Clock::System().Now() - begin).count()) * 1e-9;
}

}  // namespace

Result<ChainLink> Chain::Next(SegmentKind kind) {
  ChainLink link{.kind = kind, .index = index_, .keys = {}};
  ++index_;
  if (scheme_ == nullptr) return link;
  THALWEG_ASSIGN_OR_RETURN(link.keys, scheme_->NewKeys(kind, link.index, predecessor_));
  predecessor_ = link.keys.commitment;
  return link;
}

SegmentBuilder::SegmentBuilder(const MessageScheme* scheme) : scheme_(scheme) {
  if (scheme != nullptr) aead_.emplace(scheme->cipher(), Aead::Direction::kSeal);
}

void SegmentBuilder::Build(const ChainLink& link, std::string_view payload, BuiltSegment& out) {
  const bool encrypted = scheme_ != nullptr;
  SegmentHeader header{.kind = link.kind, .index = link.index, .payload = payload.size()};
  if (encrypted) {
    header.payload = static_cast<uint64_t>(MessageBytes(static_cast<int64_t>(payload.size())));
  }
  const auto total = static_cast<size_t>(header.SegmentBytes(encrypted));
  out.bytes.Reserve(total);
  out.bytes.SetSize(total);
  char* to = out.bytes.data();
  std::memcpy(to, header.Encode(encrypted).data(), kSegmentHeaderBytes);
  to += kSegmentHeaderBytes;
  const Clock::Instant begin = Clock::System().Now();
  if (encrypted) {
    SealMessage(link.keys, *aead_, payload, to);
    out.commitment = link.keys.commitment;
    encrypt_s += SecondsSince(begin);
  } else {
    out.commitment = LeafOf(header, payload);
    std::memcpy(to, out.commitment.data(), kLeafBytes);
    std::memcpy(to + kLeafBytes, payload.data(), payload.size());
    hash_s += SecondsSince(begin);
  }
  const Clock::Instant hash_begin = Clock::System().Now();
  out.hash = HashOf({out.bytes.view()});
  hash_s += SecondsSince(hash_begin);
}

int64_t PaddingFor(int64_t length) {
  constexpr int64_t kHead = 8;
  const int64_t padded = PadmeLength(length);
  if (padded == length) return 0;
  if (padded - length >= kHead) return padded - length;
  return PadmeLength(length + kHead) - length;
}

void WritePadding(int64_t bytes, char* out) {
  StoreNumber(out, kPaddingFrame);
  StoreNumber(out + 4, static_cast<uint32_t>(bytes - 8));
  std::memset(out + 8, 0, static_cast<size_t>(bytes - 8));
}

}  // namespace thalweg::archive
