#include "thalweg/archive/keys.h"

#include <cstring>
#include <string>
#include <utility>

#include "archive/bech32.h"
#include "archive/digest.h"
#include "archive/key_state.h"
#include "base/text.h"

namespace thalweg::archive {
namespace {

constexpr std::string_view kRecipientPrefix = "thalweg";
constexpr std::string_view kIdentityPrefix = "thalweg-secret-key-";
constexpr std::string_view kSignerPrefix = "thalweg-signer";
constexpr std::string_view kSigningPrefix = "thalweg-signing-key-";

CurveKey AsCurveKey(const Secret& bytes) {
  CurveKey key;
  std::memcpy(key.data(), bytes.data(), key.size());
  return key;
}

std::string PublicText(std::string_view prefix, const CurveKey& key) {
  return std::string(EncodeBech32(prefix, AsView(key)).view());
}

void ToUpper(Secret& text) {
  for (char& c : text.span()) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
}

Result<Secret> RawKeyBytes(const Secret& key) {
  if (key.size() == 32) return key.Clone();
  std::string_view text = key.view();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  Secret bytes(32);
  bool fine = text.size() == 64;
  for (size_t i = 0; fine && i < 32; ++i) {
    const int high = HexDigit(text[2 * i]);
    const int low = HexDigit(text[2 * i + 1]);
    fine = high >= 0 && low >= 0;
    if (fine) bytes.data()[i] = static_cast<char>(high << 4 | low);
  }
  if (!fine) {
    return Status::InvalidArgument("raw key: it must be 32 bytes, or 64 hexadecimal digits");
  }
  return bytes;
}

Status CheckCost(const PassphraseCost& cost, bool weak) {
  switch (cost.kdf) {
    case PassphraseKdf::kArgon2id: {
      if (cost.argon2_lanes < 1 || cost.argon2_lanes > 64 || cost.argon2_passes < 1 ||
          cost.argon2_memory_kib < 8 * cost.argon2_lanes) {
        return Status::InvalidArgument("argon2id: lanes, passes or memory out of range");
      }
      const bool enough = cost.argon2_memory_kib >= 46 << 10 ||
                          (cost.argon2_memory_kib >= 19 << 10 && cost.argon2_passes >= 2);
      if (enough || weak) return {};
      return Status::InvalidArgument("argon2id: less than 19 MiB with 2 passes is too weak");
    }
    case PassphraseKdf::kScrypt:
      if (cost.scrypt_log_n > 30 || cost.scrypt_log_n < 1) {
        return Status::InvalidArgument("scrypt: log2 of N must be 1 to 30");
      }
      if (cost.scrypt_log_n >= 15 || weak) return {};
      return Status::InvalidArgument("scrypt: N below 2^15 is too weak");
    case PassphraseKdf::kPbkdf2:
      if (cost.pbkdf2_iterations < 1 || cost.pbkdf2_iterations > INT32_MAX) {
        return Status::InvalidArgument("pbkdf2: iterations out of range");
      }
      if (cost.pbkdf2_iterations >= 100'000 || weak) return {};
      return Status::InvalidArgument("pbkdf2: fewer than 100,000 iterations are too weak");
  }
  return Status::InvalidArgument("no such key derivation function");
}

}  // namespace

std::string SignerText(const CurveKey& key) { return PublicText(kSignerPrefix, key); }

Result<CurveKey> SignerKey(std::string_view text) {
  THALWEG_ASSIGN_OR_RETURN(const Secret bytes, DecodeBech32(kSignerPrefix, text));
  return AsCurveKey(bytes);
}

Result<std::string> ParseSigner(std::string_view text) {
  THALWEG_ASSIGN_OR_RETURN(const CurveKey key, SignerKey(text));
  return SignerText(key);
}

Result<Recipient> Recipient::Parse(std::string_view text) {
  THALWEG_ASSIGN_OR_RETURN(const Secret bytes, DecodeBech32(kRecipientPrefix, text));
  auto state = std::make_shared<State>();
  state->public_key = AsCurveKey(bytes);
  return Recipient(std::move(state));
}

Result<Recipient> Recipient::Passphrase(Secret passphrase, const PassphraseCost& cost, bool weak) {
  if (passphrase.empty()) return Status::InvalidArgument("the passphrase is empty");
  THALWEG_RETURN_IF_ERROR(CheckCost(cost, weak));
  auto state = std::make_shared<State>();
  state->kind = StanzaKind::kPassphrase;
  state->secret = std::move(passphrase);
  state->cost = cost;
  return Recipient(std::move(state));
}

Result<Recipient> Recipient::RawKey(Secret key) {
  auto state = std::make_shared<State>();
  state->kind = StanzaKind::kRawKey;
  THALWEG_ASSIGN_OR_RETURN(state->secret, RawKeyBytes(key));
  return Recipient(std::move(state));
}

Recipient Recipient::Command(WrapFunction wrap) {
  auto state = std::make_shared<State>();
  state->kind = StanzaKind::kCommand;
  state->wrap = std::move(wrap);
  return Recipient(std::move(state));
}

Result<Identity> Identity::Parse(std::string_view text) {
  auto state = std::make_shared<State>();
  THALWEG_ASSIGN_OR_RETURN(state->secret, DecodeBech32(kIdentityPrefix, text));
  THALWEG_ASSIGN_OR_RETURN(state->public_key, X25519Public(state->secret));
  return Identity(std::move(state));
}

Result<Identity> Identity::Passphrase(Secret passphrase) {
  if (passphrase.empty()) return Status::InvalidArgument("the passphrase is empty");
  auto state = std::make_shared<State>();
  state->kind = StanzaKind::kPassphrase;
  state->secret = std::move(passphrase);
  return Identity(std::move(state));
}

Result<Identity> Identity::RawKey(Secret key) {
  auto state = std::make_shared<State>();
  state->kind = StanzaKind::kRawKey;
  THALWEG_ASSIGN_OR_RETURN(state->secret, RawKeyBytes(key));
  return Identity(std::move(state));
}

Identity Identity::Command(UnwrapFunction unwrap) {
  auto state = std::make_shared<State>();
  state->kind = StanzaKind::kCommand;
  state->unwrap = std::move(unwrap);
  return Identity(std::move(state));
}

Result<Signer> Signer::Parse(std::string_view text) {
  auto state = std::make_shared<State>();
  THALWEG_ASSIGN_OR_RETURN(state->secret, DecodeBech32(kSigningPrefix, text));
  THALWEG_ASSIGN_OR_RETURN(state->public_key, Ed25519Public(state->secret));
  return Signer(std::move(state));
}

Result<Secret> GenerateKeyFile() {
  THALWEG_ASSIGN_OR_RETURN(const Secret identity, NewCurveSecret());
  THALWEG_ASSIGN_OR_RETURN(const Secret signing, NewCurveSecret());
  THALWEG_ASSIGN_OR_RETURN(const CurveKey recipient, X25519Public(identity));
  THALWEG_ASSIGN_OR_RETURN(const CurveKey signer, Ed25519Public(signing));
  Secret identity_text = EncodeBech32(kIdentityPrefix, identity.view());
  Secret signing_text = EncodeBech32(kSigningPrefix, signing.view());
  ToUpper(identity_text);
  ToUpper(signing_text);
  const std::string recipient_line =
      "# recipient: " + PublicText(kRecipientPrefix, recipient) + "\n";
  const std::string signer_line = "# signer: " + SignerText(signer) + "\n";
  const std::string_view lines[] = {recipient_line, identity_text.view(), "\n",
                                    signer_line,    signing_text.view(),  "\n"};
  size_t size = 0;
  for (const std::string_view line : lines) size += line.size();
  Secret text(size);
  char* to = text.data();
  for (const std::string_view line : lines) {
    std::memcpy(to, line.data(), line.size());
    to += line.size();
  }
  return text;
}

namespace {

Status AddKeyLine(std::string_view line, KeyFile* keys) {
  auto identity = Identity::Parse(line);
  if (identity.ok()) {
    keys->recipients.push_back(PublicText(kRecipientPrefix, identity->state().public_key));
    keys->identities.push_back(*std::move(identity));
    return {};
  }
  auto signer = Signer::Parse(line);
  if (!signer.ok()) {
    // The error that fits what the line seems to be.
    const bool signing = line.substr(0, 15) == "THALWEG-SIGNING";
    return signing ? signer.status() : identity.status();
  }
  keys->signer_texts.push_back(SignerText(signer->state().public_key));
  keys->signers.push_back(*std::move(signer));
  return {};
}

}  // namespace

Result<KeyFile> ParseKeyFile(const Secret& text) {
  KeyFile keys;
  std::string_view left = text.view();
  for (int number = 1; !left.empty(); ++number) {
    const size_t end = left.find('\n');
    std::string_view line = left.substr(0, end);
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const Status added = AddKeyLine(line, &keys);
    if (!added.ok()) return added.WithContext("key file, line " + std::to_string(number));
  }
  if (keys.identities.empty() && keys.signers.empty()) {
    return Status::InvalidArgument("key file: it holds no key");
  }
  return keys;
}

}  // namespace thalweg::archive
