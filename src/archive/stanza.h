#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/key_state.h"
#include "thalweg/archive/keys.h"
#include "thalweg/status.h"

// The file key, wrapped once for each recipient.
namespace thalweg::archive {

inline constexpr size_t kFileKeyBytes = 32;

/// A stanza as it stands in a slot: kind, length, body.
Result<std::string> MakeStanza(const Recipient& recipient, const Secret& file_key,
                               std::string_view archive_id);

struct Stanza {
  uint16_t kind = 0;
  std::string_view body;
};

/// The stanzas that fill `bytes`. `corruption` when their number or a length is not right.
Result<std::vector<Stanza>> ParseStanzas(std::string_view bytes, size_t count);

/// `x25519`, `argon2id`, …, `unknown`.
std::string KindOf(const Stanza& stanza);

/// The file key, or nothing when no stanza is for one of the identities. `resource_exhausted` when
/// a passphrase would cost more than `limits`; then nothing of it was spent.
Result<std::optional<Secret>> OpenStanzas(const std::vector<Stanza>& stanzas,
                                          const std::vector<Identity>& identities,
                                          std::string_view archive_id, const KdfLimits& limits);

}  // namespace thalweg::archive
