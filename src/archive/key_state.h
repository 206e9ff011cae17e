#pragma once

#include <cstdint>

#include "archive/curve.h"
#include "thalweg/archive/keys.h"

// What is behind the public values of keys.
namespace thalweg::archive {

enum class StanzaKind : uint16_t { kX25519 = 1, kPassphrase = 2, kRawKey = 3, kCommand = 4 };

struct Recipient::State {
  StanzaKind kind = StanzaKind::kX25519;
  CurveKey public_key{};
  Secret secret;  // Passphrase or raw key.
  PassphraseCost cost;
  WrapFunction wrap;
};

struct Identity::State {
  StanzaKind kind = StanzaKind::kX25519;
  CurveKey public_key{};
  Secret secret;
  UnwrapFunction unwrap;
};

struct Signer::State {
  Secret secret;
  CurveKey public_key{};
};

/// `thalweg-signer1…`.
std::string SignerText(const CurveKey& key);
Result<CurveKey> SignerKey(std::string_view text);

}  // namespace thalweg::archive
