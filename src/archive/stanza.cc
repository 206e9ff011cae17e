#include "archive/stanza.h"

#include <cstring>
#include <string>
#include <utility>

#include "archive/aead.h"
#include "archive/bytes.h"
#include "archive/digest.h"

namespace thalweg::archive {
namespace {

constexpr size_t kWrapBytes = 32 + kFileKeyBytes + kTagBytes;
constexpr size_t kSaltBytes = 16;
constexpr size_t kBlobBytesMax = 1024;
constexpr int kPassphraseStanzasMax = 8;

constexpr std::string_view kX25519Label = "thalweg.archive/1 x25519";
constexpr std::string_view kPassphraseLabel = "thalweg.archive/1 passphrase";
constexpr std::string_view kRawKeyLabel = "thalweg.archive/1 raw-key";
constexpr std::string_view kCommandLabel = "thalweg.archive/1 command";

constexpr std::string_view kZeroNonce("\0\0\0\0\0\0\0\0\0\0\0\0", 12);

// The key is used for this one message, so that its nonce can be zero. ChaCha20-Poly1305 does not
// commit to its key; the second half of the derived bytes does.
void PutWrap(std::string& out, std::string_view secret, std::string_view salt,
             std::string_view label, const Secret& file_key) {
  Secret okm(64);
  HkdfSha256(secret, salt, label, okm.span());
  out.append(okm.view().substr(32));
  Aead aead(Cipher::kChaCha20Poly1305, Aead::Direction::kSeal);
  aead.SetKey(okm.view().substr(0, 32));
  char sealed[kFileKeyBytes + kTagBytes];
  aead.Seal(kZeroNonce, file_key.view(), sealed);
  out.append(sealed, sizeof(sealed));
}

std::optional<Secret> OpenWrap(std::string_view wrap, std::string_view secret,
                               std::string_view salt, std::string_view label) {
  Secret okm(64);
  HkdfSha256(secret, salt, label, okm.span());
  if (!EqualInConstantTime(wrap.substr(0, 32), okm.view().substr(32))) return {};
  Aead aead(Cipher::kChaCha20Poly1305, Aead::Direction::kOpen);
  aead.SetKey(okm.view().substr(0, 32));
  Secret file_key(kFileKeyBytes);
  if (!aead.Open(kZeroNonce, wrap.substr(32), file_key.data())) return {};
  return file_key;
}

Result<std::string> X25519Body(const Recipient::State& to, const Secret& file_key) {
  THALWEG_ASSIGN_OR_RETURN(const Secret ephemeral, NewCurveSecret());
  THALWEG_ASSIGN_OR_RETURN(const CurveKey own, X25519Public(ephemeral));
  THALWEG_ASSIGN_OR_RETURN(const Secret shared, X25519Shared(ephemeral, to.public_key));
  std::string body(AsView(own));
  const std::string salt = body + std::string(AsView(to.public_key));
  PutWrap(body, shared.view(), salt, kX25519Label, file_key);
  return body;
}

PassphraseParameters ParametersOf(const PassphraseCost& cost) {
  PassphraseParameters p{.kdf = static_cast<uint8_t>(cost.kdf)};
  switch (cost.kdf) {
    case PassphraseKdf::kArgon2id:
      p.a = cost.argon2_memory_kib;
      p.b = cost.argon2_passes;
      p.c = cost.argon2_lanes;
      break;
    case PassphraseKdf::kScrypt:
      p.a = cost.scrypt_log_n;
      p.b = 8;
      p.c = 1;
      break;
    case PassphraseKdf::kPbkdf2:
      p.a = cost.pbkdf2_iterations;
      break;
  }
  return p;
}

Result<std::string> PassphraseBody(const Recipient::State& to, const Secret& file_key) {
  const PassphraseParameters p = ParametersOf(to.cost);
  char salt[kSaltBytes];
  THALWEG_RETURN_IF_ERROR(FillRandom(salt));
  const std::string_view salt_view(salt, sizeof(salt));
  THALWEG_ASSIGN_OR_RETURN(const Secret key, DerivePassphraseKey(to.secret, salt_view, p));
  std::string body(4, '\0');
  body[0] = static_cast<char>(p.kdf);
  PutNumber(body, p.a);
  PutNumber(body, p.b);
  PutNumber(body, p.c);
  body.append(salt_view);
  PutWrap(body, key.view(), salt_view, kPassphraseLabel, file_key);
  return body;
}

Result<std::string> RawKeyBody(const Recipient::State& to, const Secret& file_key) {
  std::string body(kSaltBytes, '\0');
  THALWEG_RETURN_IF_ERROR(FillRandom(body));
  const std::string salt = body;
  PutWrap(body, to.secret.view(), salt, kRawKeyLabel, file_key);
  return body;
}

Result<std::string> CommandBody(const Recipient::State& to, const Secret& file_key,
                                std::string_view archive_id) {
  Secret key(32);
  THALWEG_RETURN_IF_ERROR(FillRandom(key.span()));
  THALWEG_ASSIGN_OR_RETURN(const std::string blob, to.wrap(key));
  if (blob.empty() || blob.size() > kBlobBytesMax) {
    return Status::InvalidArgument("key command: its blob must have 1 to 1,024 bytes");
  }
  std::string body;
  PutNumber(body, static_cast<uint16_t>(blob.size()));
  body.append(blob);
  PutWrap(body, key.view(), archive_id, kCommandLabel, file_key);
  return body;
}

Status LimitPassed(const char* kdf, const char* what) {
  return Status::ResourceExhausted(std::string(kdf) + ": the archive asks for more " + what +
                                   " than is allowed");
}

Status CheckLimits(const PassphraseParameters& p, const KdfLimits& limits) {
  switch (static_cast<PassphraseKdf>(p.kdf)) {
    case PassphraseKdf::kArgon2id:
      if (p.a > limits.argon2_memory_kib_max) return LimitPassed("argon2id", "memory");
      if (p.b > limits.argon2_passes_max) return LimitPassed("argon2id", "passes");
      if (p.c > 64) return LimitPassed("argon2id", "lanes");
      if (p.b >= 1 && p.c >= 1 && p.a >= 8 * p.c) return {};
      return Status::Corruption("argon2id: parameters that no writer uses");
    case PassphraseKdf::kScrypt:
      if (p.a > limits.scrypt_log_n_max || p.b > 8) return LimitPassed("scrypt", "memory");
      if (p.c > 4) return LimitPassed("scrypt", "time");
      if (p.a >= 1 && p.b >= 1 && p.c >= 1) return {};
      return Status::Corruption("scrypt: parameters that no writer uses");
    case PassphraseKdf::kPbkdf2:
      if (p.a > limits.pbkdf2_iterations_max || p.a > INT32_MAX) {
        return LimitPassed("pbkdf2", "iterations");
      }
      if (p.a >= 1 && p.b == 0 && p.c == 0) return {};
      return Status::Corruption("pbkdf2: parameters that no writer uses");
  }
  return Status::Unsupported("key derivation function " + std::to_string(p.kdf));
}

// Bytes before the wrap; nothing when the length is impossible.
std::optional<size_t> BytesBeforeWrap(const Stanza& stanza) {
  size_t before = 0;
  switch (static_cast<StanzaKind>(stanza.kind)) {
    case StanzaKind::kX25519:
      before = 32;
      break;
    case StanzaKind::kPassphrase:
      before = 16 + kSaltBytes;
      break;
    case StanzaKind::kRawKey:
      before = kSaltBytes;
      break;
    case StanzaKind::kCommand:
      if (stanza.body.size() < 2) return {};
      before = size_t{2} + LoadNumber<uint16_t>(stanza.body.data());
      if (before < 3 || before > 2 + kBlobBytesMax) return {};
      break;
    default:
      return stanza.body.size();
  }
  if (stanza.body.size() != before + kWrapBytes) return {};
  return before;
}

PassphraseParameters ReadParameters(std::string_view body) {
  return {.kdf = static_cast<uint8_t>(body[0]),
          .a = LoadNumber<uint32_t>(body.data() + 4),
          .b = LoadNumber<uint32_t>(body.data() + 8),
          .c = LoadNumber<uint32_t>(body.data() + 12)};
}

Result<std::optional<Secret>> OpenX25519(std::string_view body, const Identity::State& identity) {
  CurveKey ephemeral;
  std::memcpy(ephemeral.data(), body.data(), ephemeral.size());
  auto shared = X25519Shared(identity.secret, ephemeral);
  if (!shared.ok()) return std::optional<Secret>();
  const std::string salt =
      std::string(body.substr(0, 32)) + std::string(AsView(identity.public_key));
  return OpenWrap(body.substr(32), shared->view(), salt, kX25519Label);
}

Result<std::optional<Secret>> OpenCommand(std::string_view body, size_t before,
                                          const Identity::State& identity,
                                          std::string_view archive_id) {
  THALWEG_ASSIGN_OR_RETURN(const Secret key, identity.unwrap(body.substr(2, before - 2)));
  return OpenWrap(body.substr(before), key.view(), archive_id, kCommandLabel);
}

Result<std::optional<Secret>> OpenStanza(const Stanza& stanza, const Identity::State& identity,
                                         std::string_view archive_id, const KdfLimits& limits) {
  const size_t before = BytesBeforeWrap(stanza).value_or(0);
  const std::string_view body = stanza.body;
  switch (identity.kind) {
    case StanzaKind::kX25519:
      return OpenX25519(body, identity);
    case StanzaKind::kPassphrase: {
      const PassphraseParameters p = ReadParameters(body);
      THALWEG_RETURN_IF_ERROR(CheckLimits(p, limits));
      const std::string_view salt = body.substr(16, kSaltBytes);
      THALWEG_ASSIGN_OR_RETURN(const Secret key, DerivePassphraseKey(identity.secret, salt, p));
      return OpenWrap(body.substr(before), key.view(), salt, kPassphraseLabel);
    }
    case StanzaKind::kRawKey:
      return OpenWrap(body.substr(before), identity.secret.view(), body.substr(0, kSaltBytes),
                      kRawKeyLabel);
    case StanzaKind::kCommand:
      return OpenCommand(body, before, identity, archive_id);
  }
  return std::optional<Secret>();
}

}  // namespace

Result<std::string> MakeStanza(const Recipient& recipient, const Secret& file_key,
                               std::string_view archive_id) {
  const Recipient::State& to = recipient.state();
  Result<std::string> body = Status::Internal("no such kind of recipient");
  switch (to.kind) {
    case StanzaKind::kX25519:
      body = X25519Body(to, file_key);
      break;
    case StanzaKind::kPassphrase:
      body = PassphraseBody(to, file_key);
      break;
    case StanzaKind::kRawKey:
      body = RawKeyBody(to, file_key);
      break;
    case StanzaKind::kCommand:
      body = CommandBody(to, file_key, archive_id);
      break;
  }
  if (!body.ok()) return body.status();
  std::string stanza;
  PutNumber(stanza, static_cast<uint16_t>(to.kind));
  PutNumber(stanza, static_cast<uint16_t>(body->size()));
  return stanza + *body;
}

Result<std::vector<Stanza>> ParseStanzas(std::string_view bytes, size_t count) {
  std::vector<Stanza> stanzas;
  FieldReader reader(bytes);
  for (size_t i = 0; i < count && reader.ok(); ++i) {
    Stanza stanza;
    stanza.kind = reader.Number<uint16_t>();
    stanza.body = reader.Bytes(reader.Number<uint16_t>());
    if (!reader.ok() || !BytesBeforeWrap(stanza)) {
      return Status::Corruption("a key stanza has an impossible length");
    }
    stanzas.push_back(stanza);
  }
  if (!reader.ok() || !reader.left().empty() || count == 0) {
    return Status::Corruption("the key stanzas do not fill their space");
  }
  return stanzas;
}

std::string KindOf(const Stanza& stanza) {
  switch (static_cast<StanzaKind>(stanza.kind)) {
    case StanzaKind::kX25519:
      return "x25519";
    case StanzaKind::kPassphrase:
      switch (static_cast<PassphraseKdf>(stanza.body[0])) {
        case PassphraseKdf::kArgon2id:
          return "argon2id";
        case PassphraseKdf::kScrypt:
          return "scrypt";
        case PassphraseKdf::kPbkdf2:
          return "pbkdf2";
      }
      return "unknown";
    case StanzaKind::kRawKey:
      return "raw-key";
    case StanzaKind::kCommand:
      return "command";
  }
  return "unknown";
}

Result<std::optional<Secret>> OpenStanzas(const std::vector<Stanza>& stanzas,
                                          const std::vector<Identity>& identities,
                                          std::string_view archive_id, const KdfLimits& limits) {
  int passphrases = 0;
  for (const Stanza& stanza : stanzas) {
    passphrases += stanza.kind == static_cast<uint16_t>(StanzaKind::kPassphrase) ? 1 : 0;
  }
  Status failure;
  for (const Identity& identity : identities) {
    const Identity::State& state = identity.state();
    if (state.kind == StanzaKind::kPassphrase && passphrases > kPassphraseStanzasMax) {
      return LimitPassed("passphrase", "attempts");
    }
    for (const Stanza& stanza : stanzas) {
      if (stanza.kind != static_cast<uint16_t>(state.kind)) continue;
      auto key = OpenStanza(stanza, state, archive_id, limits);
      if (!key.ok()) {
        // Another stanza may still fit; a hostile one must not lock out the others.
        if (failure.ok()) failure = key.status();
        continue;
      }
      if (key->has_value()) return key;
    }
  }
  if (!failure.ok()) return failure;
  return std::optional<Secret>();
}

}  // namespace thalweg::archive
