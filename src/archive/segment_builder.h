#pragma once

#include <cstdint>
#include <string_view>

#include "archive/byte_buffer.h"
#include "archive/index.h"
#include "archive/message.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// A segment's place in the chain, taken when its order is fixed and before its content is known.
struct ChainLink {
  SegmentKind kind = SegmentKind::kData;
  uint64_t index = 0;
  MessageKeys keys;  // Encrypted archives only.
};

/// Hands out links. One thread at a time.
class Chain {
 public:
  /// `scheme` null: a plain archive, in which no segment depends on another. Goes on behind
  /// `index - 1`, whose commitment is `predecessor`.
  Chain(const MessageScheme* scheme, uint64_t index, const Digest& predecessor)
      : scheme_(scheme), index_(index), predecessor_(scheme != nullptr ? predecessor : Digest{}) {}
  Result<ChainLink> Next(SegmentKind kind);
  /// Of the link that comes next.
  const Digest& predecessor() const { return predecessor_; }

 private:
  const MessageScheme* scheme_;
  uint64_t index_;
  Digest predecessor_;
};

/// A segment as it is written.
struct BuiltSegment {
  ByteBuffer bytes;
  Digest hash{};        // Of all of it.
  Digest commitment{};  // Or leaf.
};

/// Makes segments. One thread at a time.
class SegmentBuilder {
 public:
  explicit SegmentBuilder(const MessageScheme* scheme);
  /// `out.bytes` is used again when it is large enough.
  void Build(const ChainLink& link, std::string_view payload, BuiltSegment& out);

  double encrypt_s = 0;
  double hash_s = 0;

 private:
  const MessageScheme* scheme_;
  std::optional<Aead> aead_;
};

/// Bytes of a padding frame that makes a payload of `length` bytes Padmé; 0 or at least 8.
int64_t PaddingFor(int64_t length);
/// Writes such a frame of `bytes` bytes.
void WritePadding(int64_t bytes, char* out);

}  // namespace thalweg::archive
