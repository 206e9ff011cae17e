#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "thalweg/archive/secret.h"
#include "thalweg/status.h"

// X25519 (RFC 7748) and Ed25519 (RFC 8032), keys as their 32 raw bytes.
namespace thalweg::archive {

using CurveKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

Result<Secret> NewCurveSecret();
Result<CurveKey> X25519Public(const Secret& secret);
/// `invalid_argument` when the other's key is one of those that give zero.
Result<Secret> X25519Shared(const Secret& secret, const CurveKey& other);

Result<CurveKey> Ed25519Public(const Secret& secret);
Result<Signature> Ed25519Sign(const Secret& secret, std::string_view message);
bool Ed25519Verify(const CurveKey& key, std::string_view message,
                   std::span<const uint8_t, 64> signature);

}  // namespace thalweg::archive
