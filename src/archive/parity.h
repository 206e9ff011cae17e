#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/opened_archive.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

// Reed–Solomon parity (Cauchy matrices over GF(2^8)) over the ciphertext, with hashes that tell
// which shards are damaged.
namespace thalweg::archive {

inline constexpr uint32_t kParityFrame = 0x184D2A58;
/// Since this version a copy of the key slots stands behind the first descriptor.
inline constexpr uint16_t kParityWithKeys = 2;

struct ParityLayout {
  uint16_t version = kParityWithKeys;
  FixedHeader header;  // A copy: it is repaired from here.
  int64_t begin = 0;   // What is protected: the body and the trailer.
  int64_t end = 0;
  int64_t trailer_offset = 0;
  uint32_t percent = 0;
  uint32_t shard_bytes = 0;
  uint32_t data_shards = 0;    // In a stripe.
  uint32_t parity_shards = 0;  // Likewise.
  int64_t stripes = 0;
  int64_t shards = 0;  // Data shards in all.

  /// Shards of one stripe lie `stripes` apart, so that one long hole meets many stripes a little.
  int64_t ShardOf(int64_t stripe, uint32_t place) const { return stripe + stripes * place; }
  int64_t StripeFrameBytes() const;
  int64_t DescriptorBytes() const;
  int64_t KeyCopyBytes() const;  // 0: none.
  int64_t SectionBytes() const {
    return 2 * DescriptorBytes() + KeyCopyBytes() + stripes * StripeFrameBytes();
  }
  /// Where things are in the section.
  int64_t KeyCopyOffset() const { return DescriptorBytes(); }
  int64_t StripeOffset(int64_t stripe) const {
    return DescriptorBytes() + KeyCopyBytes() + stripe * StripeFrameBytes();
  }
};

using ShardHash = std::array<uint8_t, 16>;

struct ParityDescriptor {
  ParityLayout layout;
  std::vector<ShardHash> hashes;

  std::string Encode() const;
  /// The descriptor at the front of `bytes`; `corruption` when there is none or it is damaged.
  static Result<ParityDescriptor> Decode(std::string_view bytes);
};

Result<ParityLayout> LayoutParity(const FixedHeader& header, int64_t trailer_offset, int64_t end,
                                  int percent);

/// Computes the parity of `bytes` on all cores and gives the whole section, in order.
Status WriteParity(ByteReader& bytes, const ParityLayout& layout, const RunSettings& run,
                   const WriteFunction& write);

/// The descriptor at `offset`.
Result<ParityDescriptor> ReadDescriptor(ByteReader& bytes, int64_t offset, int64_t end);

/// Checks every hash of the parity in an archive, if it has any.
Status CheckParity(ByteReader& bytes, const ArchiveHead& head, const Footer& footer,
                   const RunSettings& run);

/// How many percent of parity an archive holds; 0: none.
Result<int> ParityPercentOf(ByteReader& bytes, const Footer& footer);

/// One stripe in memory: data shards and then parity shards.
struct Stripe {
  std::vector<std::string> shards;
  std::vector<uint32_t> bad;  // Places.
};
/// Reads a stripe and compares it with the hashes. `section`: where the parity section begins in
/// `parity`. What cannot be read counts as damaged.
Result<Stripe> ReadStripe(ByteReader& bytes, ByteReader& parity, int64_t section,
                          const ParityDescriptor& descriptor, int64_t stripe);
/// Rebuilds what is damaged. False: it is too much.
bool RebuildStripe(const ParityDescriptor& descriptor, int64_t stripe, Stripe* data);
/// The frame of a stripe, from its parity shards.
std::string EncodeStripe(const ParityLayout& layout, int64_t stripe, const Stripe& data);

}  // namespace thalweg::archive
