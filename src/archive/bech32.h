#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "thalweg/archive/secret.h"
#include "thalweg/status.h"

// Text forms of keys: Bech32 (BIP 173) over 32 bytes, whose checksum finds typing errors.
namespace thalweg::archive {

/// `prefix` in lower case. The text is in memory that is wiped.
Secret EncodeBech32(std::string_view prefix, std::string_view bytes32);
/// The 32 bytes of a text in one case, with `prefix` (lower case) before its `1`. Messages do not
/// quote the text.
Result<Secret> DecodeBech32(std::string_view prefix, std::string_view text);

}  // namespace thalweg::archive
