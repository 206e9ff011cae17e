#include "archive/message.h"

#include <algorithm>
#include <cstring>

#include "archive/bytes.h"

namespace thalweg::archive {
namespace {

constexpr uint32_t kSegmentFrame = 0x184D2A54;
constexpr std::string_view kSegmentMagic = "TWAM";
constexpr std::string_view kContextLabel = "thalweg.archive/1 message";
constexpr std::string_view kLeafLabel = "thalweg.archive/1 leaf";
constexpr std::string_view kInfoLabel = "c2sp.org/chunked-encryption@v1+";
constexpr size_t kSealedChunk = kChunkBytes + kTagBytes;

// The last bytes of the base nonce are mixed with the number of the chunk, big-endian.
void NonceOf(const MessageKeys& keys, size_t nonce_bytes, uint64_t chunk, char* out) {
  std::memcpy(out, keys.nonce, nonce_bytes);
  for (size_t i = 0; i < 8; ++i) {
    char& byte = out[nonce_bytes - 1 - i];
    byte = static_cast<char>(static_cast<uint8_t>(byte) ^ static_cast<uint8_t>(chunk >> (8 * i)));
  }
}

}  // namespace

int64_t SegmentHeader::SegmentBytes(bool encrypted) const {
  return static_cast<int64_t>(kSegmentHeaderBytes + (encrypted ? 0 : kLeafBytes) + payload);
}

std::string SegmentHeader::Encode(bool encrypted) const {
  uint64_t inside = kSegmentHeaderBytes - 8;
  if (!encrypted) inside += kLeafBytes;
  // The payload of plain data stands behind the skippable frame, where `zstd -d` finds it.
  if (encrypted || kind != SegmentKind::kData) inside += payload;
  std::string bytes;
  PutNumber(bytes, kSegmentFrame);
  PutNumber(bytes, static_cast<uint32_t>(inside));
  bytes.append(kSegmentMagic);
  PutNumber(bytes, static_cast<uint32_t>(kind));
  PutNumber(bytes, index);
  PutNumber(bytes, payload);
  return bytes;
}

Result<SegmentHeader> SegmentHeader::Decode(std::string_view bytes, bool encrypted) {
  if (bytes.size() < kSegmentHeaderBytes) {
    return Status::Corruption("the archive ends inside a segment");
  }
  SegmentHeader header;
  const auto kind = LoadNumber<uint32_t>(bytes.data() + 12);
  header.kind = static_cast<SegmentKind>(kind);
  header.index = LoadNumber<uint64_t>(bytes.data() + 16);
  header.payload = LoadNumber<uint64_t>(bytes.data() + 24);
  const bool fits = kind >= 1 && kind <= 3 &&
                    header.payload <= static_cast<uint64_t>(kPayloadBytesMax) &&
                    header.Encode(encrypted) == bytes.substr(0, kSegmentHeaderBytes);
  if (!fits) return Status::Corruption("the header of a segment is damaged");
  return header;
}

Result<MessageKeys> MessageScheme::NewKeys(SegmentKind kind, uint64_t index,
                                           const Digest& predecessor) const {
  char salt[kSaltBytes];
  THALWEG_RETURN_IF_ERROR(FillRandom(salt));
  return KeysOf({salt, sizeof(salt)}, kind, index, predecessor);
}

MessageKeys MessageScheme::KeysOf(std::string_view salt, SegmentKind kind, uint64_t index,
                                  const Digest& predecessor) const {
  std::string info(kInfoLabel);
  info.append(AeadName(cipher_));
  info.push_back('\0');
  info.append(salt);
  info.append(kContextLabel);
  info.append(AsView(header_hash_));
  PutNumber(info, index);
  PutNumber(info, static_cast<uint8_t>(kind));
  info.append(AsView(predecessor));
  const size_t key_bytes = KeyBytes(cipher_);
  const size_t nonce_bytes = NonceBytes(cipher_);
  char okm[32 + 24 + 32];
  HkdfExpandSha512(payload_key_->view(), info, {okm, key_bytes + nonce_bytes + 32});
  MessageKeys keys;
  std::memcpy(keys.salt, salt.data(), kSaltBytes);
  std::memcpy(keys.key, okm, key_bytes);
  std::memcpy(keys.nonce, okm + key_bytes, nonce_bytes);
  std::memcpy(keys.commitment.data(), okm + key_bytes + nonce_bytes, 32);
  WipeBytes(okm);
  return keys;
}

int64_t MessageBytes(int64_t plain) {
  const int64_t chunks = plain / static_cast<int64_t>(kChunkBytes) + 1;
  return static_cast<int64_t>(kMessageHeadBytes) + plain + chunks * int64_t{kTagBytes};
}

Result<int64_t> PlainBytes(int64_t message) {
  const int64_t sealed = message - static_cast<int64_t>(kMessageHeadBytes);
  const int64_t chunk = kSealedChunk;
  const int64_t rest = sealed < 0 ? 0 : sealed % chunk;
  if (rest < int64_t{kTagBytes}) return Status::Corruption("a segment was cut off");
  return sealed / chunk * static_cast<int64_t>(kChunkBytes) + rest - int64_t{kTagBytes};
}

void SealMessage(const MessageKeys& keys, Aead& aead, std::string_view plain, char* to) {
  const size_t nonce_bytes = NonceBytes(aead.cipher());
  std::memcpy(to, keys.salt, kSaltBytes);
  std::memcpy(to + kSaltBytes, keys.commitment.data(), keys.commitment.size());
  to += kMessageHeadBytes;
  aead.SetKey({keys.key, KeyBytes(aead.cipher())});
  char nonce[24];
  for (uint64_t chunk = 0;; ++chunk) {
    const std::string_view text = plain.substr(0, kChunkBytes);
    plain.remove_prefix(text.size());
    NonceOf(keys, nonce_bytes, chunk, nonce);
    aead.Seal({nonce, nonce_bytes}, text, to);
    to += text.size() + kTagBytes;
    if (text.size() < kChunkBytes) break;
  }
}

Status MessageOpener::Begin(std::string_view head, SegmentKind kind, uint64_t index,
                            const Digest& predecessor) {
  if (head.size() < kMessageHeadBytes) return Status::Corruption("a segment was cut off");
  keys_ = scheme_->KeysOf(head.substr(0, kSaltBytes), kind, index, predecessor);
  if (!EqualInConstantTime(AsView(keys_.commitment), head.substr(kSaltBytes, 32))) {
    return Status::Unauthenticated(
        "a segment is not where, or not of the key that, it was "
        "written with");
  }
  aead_.SetKey({keys_.key, KeyBytes(scheme_->cipher())});
  return {};
}

bool OpenChunks(const MessageKeys& keys, Aead& aead, std::string_view sealed, uint64_t first,
                char* out) {
  const size_t nonce_bytes = NonceBytes(aead.cipher());
  char nonce[24];
  for (uint64_t chunk = first; !sealed.empty(); ++chunk) {
    const std::string_view one = sealed.substr(0, kSealedChunk);
    sealed.remove_prefix(one.size());
    NonceOf(keys, nonce_bytes, chunk, nonce);
    if (!aead.Open({nonce, nonce_bytes}, one, out)) return false;
    out += one.size() - kTagBytes;
  }
  return true;
}

Status MessageOpener::Chunks(std::string_view sealed, uint64_t first, char* out) {
  if (OpenChunks(keys_, aead_, sealed, first, out)) return {};
  return Status::Unauthenticated("a segment of the archive was damaged or tampered with");
}

Status MessageOpener::Whole(std::string_view message, SegmentKind kind, uint64_t index,
                            const Digest& predecessor, ByteBuffer& out) {
  THALWEG_ASSIGN_OR_RETURN(const int64_t plain, PlainBytes(static_cast<int64_t>(message.size())));
  THALWEG_RETURN_IF_ERROR(Begin(message.substr(0, kMessageHeadBytes), kind, index, predecessor));
  out.Reserve(static_cast<size_t>(plain));
  out.SetSize(0);
  THALWEG_RETURN_IF_ERROR(Chunks(message.substr(kMessageHeadBytes), 0, out.data()));
  out.SetSize(static_cast<size_t>(plain));
  return {};
}

Digest LeafOf(const SegmentHeader& header, std::string_view payload) {
  const std::string encoded = header.Encode(false);
  return HashOf({kLeafLabel, std::string_view(encoded).substr(8), payload});
}

}  // namespace thalweg::archive
