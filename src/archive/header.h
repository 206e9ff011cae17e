#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/digest.h"
#include "archive/stanza.h"
#include "thalweg/archive/keys.h"
#include "thalweg/archive/options.h"
#include "thalweg/status.h"

// What stands before the body: the fixed header, the state sector and the key slots.
namespace thalweg::archive {

inline constexpr int64_t kFixedHeaderBytes = 64;
inline constexpr int64_t kStateBytes = 512;
inline constexpr int64_t kSectorBytes = 512;
inline constexpr int64_t kSlotsOffset = kFixedHeaderBytes + kStateBytes;
inline constexpr uint32_t kSlotBytesDefault = 4096;
inline constexpr uint32_t kSlotBytesMax = 1 << 20;

struct FixedHeader {
  Cipher cipher = Cipher::kNone;
  uint32_t slot_bytes = 0;
  std::array<char, 32> archive_id{};

  std::string_view id() const { return {archive_id.data(), archive_id.size()}; }
  int64_t body_start() const { return kSlotsOffset + 2 * int64_t{slot_bytes}; }
  std::string Encode() const;
  /// `H` of the encoded bytes.
  Digest Hash() const { return HashOf({Encode()}); }
  /// `corruption` for what is no archive, `unsupported` for a newer one.
  static Result<FixedHeader> Decode(std::string_view bytes);
};

/// What the keys of one archive are derived from, and those derived keys that last.
struct ArchiveKeys {
  Secret file_key;
  Secret mac_key;
  Secret payload_key;
};
ArchiveKeys DeriveKeys(Secret file_key, const FixedHeader& header);

std::string EncodeState(std::optional<int64_t> committed_bytes, std::string_view header_hash);
/// The committed length while an append runs.
Result<std::optional<int64_t>> DecodeState(std::string_view bytes, std::string_view header_hash);

enum class SlotState : uint8_t { kEmpty, kPending, kFilled };

struct Slot {
  SlotState state = SlotState::kEmpty;
  uint64_t sequence = 0;
  std::vector<Stanza> stanzas;
  std::string_view bytes;
};

/// The first sector of a slot that is being written.
std::string PendingSector();
Result<std::string> EncodeSlot(const FixedHeader& header, const ArchiveKeys& keys,
                               uint64_t sequence, const std::vector<Recipient>& recipients);
/// Views into `bytes`. Its MAC is not looked at.
Result<Slot> DecodeSlot(std::string_view bytes);
bool SlotIsAuthentic(const Slot& slot, const ArchiveKeys& keys, std::string_view header_hash);
/// Bytes that a slot for `recipients` stanzas should have, with room for more.
uint32_t SlotBytesFor(const std::vector<Recipient>& recipients);

/// Both slots, of which one is used.
struct Slots {
  Slot slots[2];
  /// Index of the filled slot with the higher sequence.
  std::optional<int> current() const;
};
Result<Slots> DecodeSlots(const FixedHeader& header, std::string_view bytes);

/// Finds the file key. `unauthenticated` when no identity fits or a slot was tampered with.
Result<ArchiveKeys> Unlock(const FixedHeader& header, const Slots& slots,
                           const std::vector<Identity>& identities, const KdfLimits& limits);

}  // namespace thalweg::archive
