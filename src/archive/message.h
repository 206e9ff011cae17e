#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "archive/aead.h"
#include "archive/byte_buffer.h"
#include "archive/digest.h"
#include "archive/header.h"
#include "thalweg/status.h"

// Segments of the body: their headers, and the C2SP chunked-encryption messages in them.
namespace thalweg::archive {

enum class SegmentKind : uint8_t { kOther = 0, kData = 1, kCheckpoint = 2, kEnd = 3 };

inline constexpr size_t kSegmentHeaderBytes = 32;
inline constexpr size_t kLeafBytes = 32;
inline constexpr size_t kSaltBytes = 24;
inline constexpr size_t kMessageHeadBytes = kSaltBytes + 32;
inline constexpr size_t kChunkBytes = 16384;
/// No writer makes a longer payload; a reader takes none.
inline constexpr int64_t kPayloadBytesMax = int64_t{2} << 30;

struct SegmentHeader {
  SegmentKind kind = SegmentKind::kData;
  uint64_t index = 0;
  uint64_t payload = 0;  // Bytes; of the message where it is encrypted.

  /// Of the segment, with its header.
  int64_t SegmentBytes(bool encrypted) const;
  std::string Encode(bool encrypted) const;
  static Result<SegmentHeader> Decode(std::string_view bytes, bool encrypted);
};

/// What a message is encrypted with. Wiped in the end.
struct MessageKeys {
  char salt[kSaltBytes] = {};
  char key[32] = {};
  char nonce[24] = {};
  Digest commitment{};

  MessageKeys() = default;
  MessageKeys(const MessageKeys&) = default;
  MessageKeys& operator=(const MessageKeys&) = default;
  ~MessageKeys() {
    WipeBytes(key);
    WipeBytes(nonce);
  }
};

/// Gives the keys of segments of one archive. Thread-safe.
class MessageScheme {
 public:
  /// `payload_key` is borrowed.
  MessageScheme(Cipher cipher, const Secret& payload_key, const Digest& header_hash)
      : cipher_(cipher), payload_key_(&payload_key), header_hash_(header_hash) {}

  Cipher cipher() const { return cipher_; }
  /// With a fresh salt.
  Result<MessageKeys> NewKeys(SegmentKind kind, uint64_t index, const Digest& predecessor) const;
  MessageKeys KeysOf(std::string_view salt, SegmentKind kind, uint64_t index,
                     const Digest& predecessor) const;

 private:
  Cipher cipher_;
  const Secret* payload_key_;
  Digest header_hash_;
};

/// Bytes of the message that `plain` bytes become.
int64_t MessageBytes(int64_t plain);
/// Bytes that a message of `message` bytes holds. `corruption` for a length that no message has,
/// such as that of one that was cut off.
Result<int64_t> PlainBytes(int64_t message);

/// Writes the message of `plain`, `MessageBytes(plain.size())` bytes, to `out`. `aead` seals.
void SealMessage(const MessageKeys& keys, Aead& aead, std::string_view plain, char* out);

/// Opens chunks from number `first` on; all of them are full, but the last one of a message. `aead`
/// opens, and has the key. False when one is not authentic.
bool OpenChunks(const MessageKeys& keys, Aead& aead, std::string_view sealed, uint64_t first,
                char* out);

/// Reads messages. One thread at a time.
class MessageOpener {
 public:
  explicit MessageOpener(const MessageScheme& scheme)
      : scheme_(&scheme), aead_(scheme.cipher(), Aead::Direction::kOpen) {}

  /// Takes the head of a message (salt and commitment). `unauthenticated` when the key, the place
  /// or the predecessor is another one than it was written with.
  Status Begin(std::string_view head, SegmentKind kind, uint64_t index, const Digest& predecessor);
  const Digest& commitment() const { return keys_.commitment; }
  Status Chunks(std::string_view sealed, uint64_t first, char* out);
  /// Replaces what `out` holds by what the whole message, its head included, says.
  Status Whole(std::string_view message, SegmentKind kind, uint64_t index,
               const Digest& predecessor, ByteBuffer& out);

 private:
  const MessageScheme* scheme_;
  Aead aead_;
  MessageKeys keys_;
};

/// The hash that a segment of a plain archive begins with.
Digest LeafOf(const SegmentHeader& header, std::string_view payload);

}  // namespace thalweg::archive
