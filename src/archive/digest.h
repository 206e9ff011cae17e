#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include "thalweg/archive/secret.h"
#include "thalweg/status.h"

// Hashes, MACs, key derivation and randomness, over OpenSSL. A failure of OpenSSL's own (memory, a
// provider that is missing) ends the process where a wrong answer would leak or accept something.
namespace thalweg::archive {

using Digest = std::array<uint8_t, 32>;

inline std::string_view AsView(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<uint8_t> AsBytes(std::span<char> chars) {
  return {reinterpret_cast<uint8_t*>(chars.data()), chars.size()};
}

/// FIPS 180-4, over what comes piece by piece.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view bytes);
  /// Afterwards it stands at the beginning again.
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

using Parts = std::initializer_list<std::string_view>;

Digest HashOf(Parts parts);
/// RFC 2104 with SHA-256.
Digest HmacSha256(std::string_view key, Parts parts);
/// RFC 5869 with SHA-256, extract and expand. At most 8,160 bytes.
void HkdfSha256(std::string_view secret, std::string_view salt, std::string_view info,
                std::span<char> out);
/// RFC 5869 with SHA-512, expand only: `key` is the pseudorandom key.
void HkdfExpandSha512(std::string_view key, std::string_view info, std::span<char> out);

/// Takes as long for any two byte strings of one length.
bool EqualInConstantTime(std::string_view a, std::string_view b);

/// From the system's generator. `unavailable` when it has none.
Status FillRandom(std::span<char> out);

void WipeBytes(std::span<char> bytes);

struct PassphraseParameters {
  uint8_t kdf = 0;
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
};
/// The key of 32 bytes that a passphrase stands for. The parameters have been bounded by then.
Result<Secret> DerivePassphraseKey(const Secret& passphrase, std::string_view salt,
                                   const PassphraseParameters& parameters);

}  // namespace thalweg::archive
