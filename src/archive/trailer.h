#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/curve.h"
#include "archive/digest.h"
#include "archive/header.h"
#include "thalweg/archive/keys.h"
#include "thalweg/status.h"

// What stands behind the body: hashes of its segments, for those who have no key, and the footer
// by which a reader finds everything.
namespace thalweg::archive {

inline constexpr int64_t kFooterBytes = 128;
/// Everything in a trailer but its records and signature.
inline constexpr int64_t kTrailerBytesMin = 80 + 32 + 32;

struct SegmentHash {
  int64_t length = 0;
  Digest hash{};
};

struct Trailer {
  int64_t body_start = 0;
  int64_t offset = 0;      // Of the trailer: the end of the body.
  int64_t end_offset = 0;  // Of the last segment.
  Digest end_predecessor{};
  std::vector<SegmentHash> segments;
  Digest root{};
  struct Signed {
    CurveKey key;
    Signature signature;
  };
  std::optional<Signed> signature;

  /// Computes the root; signs it where there is a signer. `mac_key` empty: a plain archive.
  Result<std::string> Encode(const Digest& header_hash, std::string_view mac_key,
                             const Signer* signer);
  /// The root and the hash of a plain archive are checked, a MAC is not.
  static Result<Trailer> Decode(std::string_view bytes, const FixedHeader& header);
  /// Whether the key vouches for `bytes`, which are the trailer.
  static bool IsAuthentic(std::string_view bytes, const Digest& header_hash,
                          std::string_view mac_key);
  /// `unauthenticated` unless the key `signer` (text) has signed the root.
  Status CheckSignature(const Digest& header_hash, std::string_view signer) const;
  /// Whether the signature is right for the key that it names.
  bool SignatureFits(const Digest& header_hash) const;
};

struct Footer {
  int64_t trailer_offset = 0;
  int64_t trailer_bytes = 0;
  int64_t parity_offset = 0;  // 0: none.
  int64_t parity_bytes = 0;
  int64_t offset = 0;

  std::string Encode(const Digest& header_hash) const;
  /// `file_bytes`: where the archive ends. `corruption` when this is no footer, as where the
  /// archive was cut off.
  static Result<Footer> Decode(std::string_view bytes, const FixedHeader& header,
                               int64_t file_bytes);
};

}  // namespace thalweg::archive
