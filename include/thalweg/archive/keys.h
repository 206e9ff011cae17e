#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/archive/secret.h"
#include "thalweg/export.h"
#include "thalweg/status.h"

// Who can open an archive, and who vouches for it. All classes here are values that share their
// secret part; they are safe to read from several threads.
namespace thalweg::archive {

enum class PassphraseKdf : uint8_t {
  kArgon2id = 1,  ///< RFC 9106.
  kScrypt = 2,    ///< RFC 7914.
  kPbkdf2 = 3,    ///< RFC 8018 with HMAC-SHA-256.
};

/// What deriving a key from a passphrase costs, whoever tries. Fields of other functions are
/// ignored.
struct PassphraseCost {
  PassphraseKdf kdf = PassphraseKdf::kArgon2id;
  uint32_t argon2_memory_kib = 64 << 10;
  uint32_t argon2_passes = 3;
  uint32_t argon2_lanes = 4;
  uint32_t scrypt_log_n = 17;  ///< N = 2^17, r = 8, p = 1.
  uint32_t pbkdf2_iterations = 600'000;
};

/// What a reader is willing to spend on a passphrase, checked before any of it is spent.
struct KdfLimits {
  uint32_t argon2_memory_kib_max = 1 << 20;
  uint32_t argon2_passes_max = 16;
  uint32_t scrypt_log_n_max = 20;
  uint32_t pbkdf2_iterations_max = 10'000'000;
};

/// Turns a key into a blob (at most 1,024 bytes) that only `Identity::Command`'s function turns
/// back: the seam for a key service or a hardware token.
using WrapFunction = std::function<Result<std::string>(const Secret& key)>;
using UnwrapFunction = std::function<Result<Secret>(std::string_view blob)>;

/// One that an archive is sealed for.
class THALWEG_EXPORT Recipient {
 public:
  /// `thalweg1…`, the public half of an identity.
  static Result<Recipient> Parse(std::string_view text);
  /// `invalid_argument` for an empty passphrase or a cost below the floor (Argon2id 19 MiB with 2
  /// passes, or 46 MiB with 1; scrypt 2^15; PBKDF2 100,000) unless `weak` allows it (tests).
  static Result<Recipient> Passphrase(Secret passphrase, const PassphraseCost& cost = {},
                                      bool weak = false);
  /// A key of 32 random bytes, or of 64 hexadecimal digits with an optional line end.
  static Result<Recipient> RawKey(Secret key);
  static Recipient Command(WrapFunction wrap);

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Recipient(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// One that opens archives.
class THALWEG_EXPORT Identity {
 public:
  /// `THALWEG-SECRET-KEY-1…`.
  static Result<Identity> Parse(std::string_view text);
  static Result<Identity> Passphrase(Secret passphrase);
  /// As for `Recipient::RawKey`.
  static Result<Identity> RawKey(Secret key);
  static Identity Command(UnwrapFunction unwrap);

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Identity(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Signs archives (Ed25519, RFC 8032).
class THALWEG_EXPORT Signer {
 public:
  /// `THALWEG-SIGNING-KEY-1…`.
  static Result<Signer> Parse(std::string_view text);

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Signer(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// The public half of a signer, checked and in one spelling: `thalweg-signer1…`.
THALWEG_EXPORT Result<std::string> ParseSigner(std::string_view text);

/// What a key file holds: lines that start with `#` are comments, the others are keys.
struct KeyFile {
  std::vector<Identity> identities;
  std::vector<Signer> signers;
  std::vector<std::string> recipients;    ///< Public halves of the identities.
  std::vector<std::string> signer_texts;  ///< Public halves of the signers.
};

/// The text of a new key file: one identity and one signing key, with their public halves in
/// comments. To be written with mode 0600.
THALWEG_EXPORT Result<Secret> GenerateKeyFile();
/// `invalid_argument` names the line that is no key; an error never quotes the line.
THALWEG_EXPORT Result<KeyFile> ParseKeyFile(const Secret& text);

}  // namespace thalweg::archive
