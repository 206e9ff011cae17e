#include "archive/trailer.h"

#include <cstring>

#include "archive/bytes.h"
#include "archive/key_state.h"

namespace thalweg::archive {
namespace {

constexpr uint32_t kTrailerFrame = 0x184D2A56;
constexpr uint32_t kFooterFrame = 0x184D2A59;
constexpr std::string_view kTrailerMagic = "TWAT";
constexpr std::string_view kFooterMagic = "TWAFOOT1";
constexpr std::string_view kTreeLabel = "thalweg.archive/1 tree";
constexpr std::string_view kSignatureLabel = "thalweg.archive/1 signature";
constexpr std::string_view kTrailerLabel = "thalweg.archive/1 trailer";
constexpr size_t kRecordBytes = 40;

std::string RecordsOf(const std::vector<SegmentHash>& segments) {
  std::string records;
  records.reserve(8 + segments.size() * kRecordBytes);
  PutNumber(records, static_cast<uint64_t>(segments.size()));
  for (const SegmentHash& segment : segments) {
    PutNumber(records, static_cast<uint64_t>(segment.length));
    records.append(AsView(segment.hash));
  }
  return records;
}

Digest MacOf(std::string_view text, const Digest& header_hash, std::string_view mac_key) {
  if (mac_key.empty()) return HashOf({kTrailerLabel, AsView(header_hash), text});
  return HmacSha256(mac_key, {kTrailerLabel, AsView(header_hash), text});
}

std::string SignedText(const Digest& header_hash, const Digest& root) {
  std::string text(kSignatureLabel);
  text.append(AsView(header_hash));
  text.append(AsView(root));
  return text;
}

Status DamagedTrailer() { return Status::Corruption("the archive's trailer is damaged"); }

}  // namespace

Result<std::string> Trailer::Encode(const Digest& header_hash, std::string_view mac_key,
                                    const Signer* signer) {
  const std::string records = RecordsOf(segments);
  root = HashOf({kTreeLabel, AsView(header_hash), records});
  std::string inside(kTrailerMagic);
  PutNumber(inside, uint16_t{1});
  PutNumber(inside, static_cast<uint16_t>(signer != nullptr ? 1 : 0));
  PutNumber(inside, static_cast<uint64_t>(body_start));
  PutNumber(inside, static_cast<uint64_t>(offset));
  PutNumber(inside, static_cast<uint64_t>(end_offset));
  inside.append(AsView(end_predecessor));
  inside.append(records);
  inside.append(AsView(root));
  if (signer != nullptr) {
    THALWEG_ASSIGN_OR_RETURN(const Signature bytes,
                             Ed25519Sign(signer->state().secret, SignedText(header_hash, root)));
    signature = Signed{.key = signer->state().public_key, .signature = bytes};
    inside.append(AsView(signature->key));
    inside.append(AsView(signature->signature));
  }
  std::string text;
  PutNumber(text, kTrailerFrame);
  PutNumber(text, static_cast<uint32_t>(inside.size() + 32));
  text.append(inside);
  const Digest mac = MacOf(text, header_hash, mac_key);
  text.append(AsView(mac));
  return text;
}

Result<Trailer> Trailer::Decode(std::string_view bytes, const FixedHeader& header) {
  if (bytes.size() < static_cast<size_t>(kTrailerBytesMin)) return DamagedTrailer();
  const std::string_view text = bytes.substr(0, bytes.size() - 32);
  FieldReader reader(text);
  const auto frame = reader.Number<uint32_t>();
  const auto size = reader.Number<uint32_t>();
  if (frame != kTrailerFrame || size != bytes.size() - 8 || reader.Bytes(4) != kTrailerMagic) {
    return DamagedTrailer();
  }
  const auto version = reader.Number<uint16_t>();
  const auto flags = reader.Number<uint16_t>();
  if (version != 1 || flags > 1) {
    return Status::Unsupported("the archive's trailer is of a version that is not known here");
  }
  Trailer trailer;
  trailer.body_start = static_cast<int64_t>(reader.Number<uint64_t>());
  trailer.offset = static_cast<int64_t>(reader.Number<uint64_t>());
  trailer.end_offset = static_cast<int64_t>(reader.Number<uint64_t>());
  const std::string_view predecessor = reader.Bytes(32);
  const uint64_t count = reader.Count<uint64_t>(kRecordBytes);
  int64_t end = header.body_start();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    SegmentHash segment;
    segment.length = static_cast<int64_t>(reader.Number<uint64_t>());
    const std::string_view hash = reader.Bytes(32);
    std::memcpy(segment.hash.data(), hash.data(), hash.size());
    if (segment.length <= 0 || segment.length > trailer.offset - end) reader.Fail();
    end += segment.length;
    trailer.segments.push_back(segment);
  }
  const std::string_view root = reader.Bytes(32);
  if (flags == 1) {
    const std::string_view key = reader.Bytes(32);
    const std::string_view bytes64 = reader.Bytes(64);
    if (!reader.ok()) return DamagedTrailer();
    std::memcpy(trailer.signature.emplace().key.data(), key.data(), key.size());
    std::memcpy(trailer.signature->signature.data(), bytes64.data(), bytes64.size());
  }
  if (!reader.ok() || !reader.left().empty() || end != trailer.offset || count == 0 ||
      trailer.body_start != header.body_start() ||
      trailer.end_offset != end - trailer.segments.back().length) {
    return DamagedTrailer();
  }
  std::memcpy(trailer.end_predecessor.data(), predecessor.data(), predecessor.size());
  const Digest header_hash = header.Hash();
  trailer.root = HashOf({kTreeLabel, AsView(header_hash), RecordsOf(trailer.segments)});
  if (root != AsView(trailer.root)) return DamagedTrailer();
  if (header.cipher == Cipher::kNone && !IsAuthentic(bytes, header_hash, {})) {
    return DamagedTrailer();
  }
  return trailer;
}

bool Trailer::IsAuthentic(std::string_view bytes, const Digest& header_hash,
                          std::string_view mac_key) {
  const Digest mac = MacOf(bytes.substr(0, bytes.size() - 32), header_hash, mac_key);
  return EqualInConstantTime(AsView(mac), bytes.substr(bytes.size() - 32));
}

bool Trailer::SignatureFits(const Digest& header_hash) const {
  return signature &&
         Ed25519Verify(signature->key, SignedText(header_hash, root), signature->signature);
}

Status Trailer::CheckSignature(const Digest& header_hash, std::string_view signer) const {
  THALWEG_ASSIGN_OR_RETURN(const CurveKey key, SignerKey(signer));
  if (!signature) return Status::Unauthenticated("the archive is not signed");
  if (signature->key != key) {
    return Status::Unauthenticated("the archive is signed by another key than the one required");
  }
  if (!SignatureFits(header_hash)) {
    return Status::Unauthenticated("the archive's signature is not valid");
  }
  return {};
}

std::string Footer::Encode(const Digest& header_hash) const {
  std::string bytes;
  PutNumber(bytes, kFooterFrame);
  PutNumber(bytes, static_cast<uint32_t>(kFooterBytes - 8));
  bytes.append(kFooterMagic);
  for (const int64_t value : {trailer_offset, trailer_bytes, parity_offset, parity_bytes, offset}) {
    PutNumber(bytes, static_cast<uint64_t>(value));
  }
  bytes.resize(static_cast<size_t>(kFooterBytes) - 32, '\0');
  const Digest hash = HashOf({AsView(header_hash), bytes});
  bytes.append(AsView(hash));
  return bytes;
}

Result<Footer> Footer::Decode(std::string_view bytes, const FixedHeader& header,
                              int64_t file_bytes) {
  const Status damaged = Status::Corruption("the archive was cut off, or its footer is damaged");
  if (bytes.size() != static_cast<size_t>(kFooterBytes)) return damaged;
  Footer footer;
  FieldReader reader(bytes.substr(16));
  for (int64_t* value : {&footer.trailer_offset, &footer.trailer_bytes, &footer.parity_offset,
                         &footer.parity_bytes, &footer.offset}) {
    *value = static_cast<int64_t>(reader.Number<uint64_t>());
  }
  if (bytes != footer.Encode(header.Hash())) return damaged;
  const int64_t trailer_room = footer.offset - footer.trailer_offset;
  const bool parity = footer.parity_offset != 0;
  if (footer.offset != file_bytes - kFooterBytes || footer.trailer_offset < header.body_start() ||
      footer.trailer_bytes < kTrailerBytesMin || footer.trailer_bytes > trailer_room ||
      footer.parity_bytes < 0 || footer.parity_bytes != trailer_room - footer.trailer_bytes ||
      parity != (footer.parity_bytes > 0) ||
      (parity && footer.parity_offset != footer.trailer_offset + footer.trailer_bytes)) {
    return damaged;
  }
  return footer;
}

}  // namespace thalweg::archive
