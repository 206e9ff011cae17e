#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "thalweg/archive/options.h"
#include "thalweg/status.h"

namespace thalweg::archive {

inline constexpr size_t kTagBytes = 16;

/// Bytes of a key; 0 for `kNone`.
size_t KeyBytes(Cipher cipher);
/// 12, or 24 for XChaCha20-Poly1305.
size_t NonceBytes(Cipher cipher);
/// The name in IANA's registry of AEAD algorithms, or made like those.
std::string_view AeadName(Cipher cipher);

/// One direction of an AEAD without associated data. It keeps its context, so that a new nonce
/// costs little, and a new key not much more. One thread at a time.
class Aead {
 public:
  enum class Direction : uint8_t { kSeal, kOpen };

  Aead(Cipher cipher, Direction direction);
  ~Aead();
  Aead(Aead&&) noexcept;

  Cipher cipher() const;
  void SetKey(std::string_view key);
  /// Writes `plain` and its tag to `out`, which has room for both.
  void Seal(std::string_view nonce, std::string_view plain, char* out);
  /// Writes the text of `sealed`, which ends with its tag, to `out`. False, and `out` is wiped,
  /// when it is not authentic.
  bool Open(std::string_view nonce, std::string_view sealed, char* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The subkey of XChaCha20 (draft-irtf-cfrg-xchacha-03, 2.2): from a key of 32 bytes and the first
/// 16 of the nonce.
void HChaCha20(std::string_view key, std::string_view nonce16, std::span<char> subkey);

}  // namespace thalweg::archive
