#include "archive/header.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "archive/aead.h"
#include "archive/bytes.h"

namespace thalweg::archive {
namespace {

constexpr uint32_t kHeaderFrame = 0x184D2A50;
constexpr std::string_view kMagic("\x89TWA\r\n\x1a\n", 8);
constexpr std::string_view kSlotMagic = "TWAKSLOT";
constexpr std::string_view kPendingMagic = "TWAKPEND";
constexpr std::string_view kStateMagic = "TWASTATE";
constexpr std::string_view kSlotLabel = "thalweg.archive/1 slot";
constexpr uint16_t kVersion = 1;
constexpr size_t kSlotHeaderBytes = 24;
constexpr size_t kMacBytes = 32;

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace

std::string FixedHeader::Encode() const {
  std::string bytes;
  PutNumber(bytes, kHeaderFrame);
  PutNumber(bytes, static_cast<uint32_t>(body_start() - 8));
  bytes.append(kMagic);
  PutNumber(bytes, kVersion);
  PutNumber(bytes, static_cast<uint8_t>(cipher));
  PutNumber(bytes, uint8_t{0});
  PutNumber(bytes, slot_bytes);
  bytes.append(id());
  const Digest digest = HashOf({bytes});
  bytes.append(AsView(digest).substr(0, 8));
  return bytes;
}

Result<FixedHeader> FixedHeader::Decode(std::string_view bytes) {
  if (bytes.size() < static_cast<size_t>(kFixedHeaderBytes) || bytes.substr(8, 8) != kMagic) {
    return Status::Corruption("this is no sealed archive");
  }
  FieldReader reader(bytes.substr(16));
  const auto version = reader.Number<uint16_t>();
  const auto suite = reader.Number<uint8_t>();
  const auto flags = reader.Number<uint8_t>();
  FixedHeader header;
  header.slot_bytes = reader.Number<uint32_t>();
  const std::string_view id = reader.Bytes(32);
  std::memcpy(header.archive_id.data(), id.data(), id.size());
  const Digest digest = HashOf({bytes.substr(0, 56)});
  if (reader.Bytes(8) != AsView(digest).substr(0, 8)) {
    return Status::Corruption("the archive's header is damaged");
  }
  if (version != kVersion || flags != 0 || suite > 5) {
    return Status::Unsupported("the archive is of a version or cipher that is not known here");
  }
  header.cipher = static_cast<Cipher>(suite);
  const bool plain = header.cipher == Cipher::kNone;
  const bool fits = plain ? header.slot_bytes == 0
                          : header.slot_bytes >= 1024 && header.slot_bytes <= kSlotBytesMax &&
                                header.slot_bytes % kSectorBytes == 0;
  if (!fits || header.Encode() != bytes.substr(0, static_cast<size_t>(kFixedHeaderBytes))) {
    return Status::Corruption("the archive's header is not as any writer makes it");
  }
  return header;
}

ArchiveKeys DeriveKeys(Secret file_key, const FixedHeader& header) {
  ArchiveKeys keys;
  keys.mac_key = Secret(32);
  keys.payload_key = Secret(KeyBytes(header.cipher));
  HkdfSha256(file_key.view(), header.id(), "thalweg.archive/1 mac", keys.mac_key.span());
  HkdfSha256(file_key.view(), header.id(),
             "thalweg.archive/1 payload " + std::string(AeadName(header.cipher)),
             keys.payload_key.span());
  keys.file_key = std::move(file_key);
  return keys;
}

std::string EncodeState(std::optional<int64_t> committed_bytes, std::string_view header_hash) {
  std::string bytes;
  if (!committed_bytes) return std::string(kStateBytes, '\0');
  bytes.append(kStateMagic);
  PutNumber(bytes, static_cast<uint64_t>(*committed_bytes));
  // All of it stands at the front: of a sector that is written in two halves either one will do.
  const Digest digest = HashOf({header_hash, bytes});
  bytes.append(AsView(digest));
  bytes.resize(static_cast<size_t>(kStateBytes), '\0');
  return bytes;
}

Result<std::optional<int64_t>> DecodeState(std::string_view bytes, std::string_view header_hash) {
  if (AllZero(bytes)) return std::optional<int64_t>();
  const auto committed = LoadNumber<uint64_t>(bytes.data() + kStateMagic.size());
  const auto length = static_cast<int64_t>(committed);
  if (length < 0 || bytes != EncodeState(length, header_hash)) {
    return Status::Corruption("the archive's state sector is damaged");
  }
  return std::optional<int64_t>(length);
}

std::string PendingSector() {
  std::string sector(kPendingMagic);
  sector.resize(static_cast<size_t>(kSectorBytes), '\0');
  return sector;
}

uint32_t SlotBytesFor(const std::vector<Recipient>& recipients) {
  size_t wanted = kSlotHeaderBytes + kMacBytes;
  for (const Recipient& recipient : recipients) {
    const bool command = recipient.state().kind == StanzaKind::kCommand;
    wanted += command ? size_t{1200} : size_t{128};
  }
  uint32_t size = kSlotBytesDefault;
  while (size < wanted * 2 && size < kSlotBytesMax) size *= 2;
  return size;
}

Result<std::string> EncodeSlot(const FixedHeader& header, const ArchiveKeys& keys,
                               uint64_t sequence, const std::vector<Recipient>& recipients) {
  std::string stanzas;
  for (const Recipient& recipient : recipients) {
    THALWEG_ASSIGN_OR_RETURN(const std::string stanza,
                             MakeStanza(recipient, keys.file_key, header.id()));
    stanzas += stanza;
  }
  if (kSlotHeaderBytes + stanzas.size() + kMacBytes > header.slot_bytes) {
    return Status::ResourceExhausted(
        "more recipients than the archive has room for: rekey it in full");
  }
  std::string slot(kSlotMagic);
  PutNumber(slot, sequence);
  PutNumber(slot, static_cast<uint32_t>(stanzas.size()));
  PutNumber(slot, static_cast<uint16_t>(recipients.size()));
  PutNumber(slot, uint16_t{0});
  slot += stanzas;
  slot.resize(header.slot_bytes - kMacBytes, '\0');
  const Digest hash = header.Hash();
  const Digest mac = HmacSha256(keys.mac_key.view(), {kSlotLabel, AsView(hash), slot});
  slot.append(AsView(mac));
  return slot;
}

Result<Slot> DecodeSlot(std::string_view bytes) {
  Slot slot;
  slot.bytes = bytes;
  if (AllZero(bytes)) return slot;
  if (bytes.substr(0, static_cast<size_t>(kSectorBytes)) == PendingSector()) {
    slot.state = SlotState::kPending;
    return slot;
  }
  FieldReader reader(bytes);
  if (reader.Bytes(kSlotMagic.size()) != kSlotMagic) {
    return Status::Corruption("a key slot of the archive is damaged");
  }
  slot.state = SlotState::kFilled;
  slot.sequence = reader.Number<uint64_t>();
  const auto used = reader.Number<uint32_t>();
  const auto count = reader.Number<uint16_t>();
  const auto zero = reader.Number<uint16_t>();
  if (zero != 0 || used > bytes.size() - kSlotHeaderBytes - kMacBytes) {
    return Status::Corruption("a key slot of the archive is damaged");
  }
  THALWEG_ASSIGN_OR_RETURN(slot.stanzas, ParseStanzas(reader.Bytes(used), count));
  return slot;
}

bool SlotIsAuthentic(const Slot& slot, const ArchiveKeys& keys, std::string_view header_hash) {
  const size_t text = slot.bytes.size() - kMacBytes;
  const Digest mac =
      HmacSha256(keys.mac_key.view(), {kSlotLabel, header_hash, slot.bytes.substr(0, text)});
  return EqualInConstantTime(AsView(mac), slot.bytes.substr(text));
}

std::optional<int> Slots::current() const {
  std::optional<int> best;
  for (int i = 0; i < 2; ++i) {
    if (slots[i].state != SlotState::kFilled) continue;
    if (!best || slots[i].sequence > slots[*best].sequence) best = i;
  }
  return best;
}

Result<Slots> DecodeSlots(const FixedHeader& header, std::string_view bytes) {
  Slots both;
  for (size_t i = 0; i < 2; ++i) {
    THALWEG_ASSIGN_OR_RETURN(both.slots[i],
                             DecodeSlot(bytes.substr(i * header.slot_bytes, header.slot_bytes)));
  }
  return both;
}

Result<ArchiveKeys> Unlock(const FixedHeader& header, const Slots& slots,
                           const std::vector<Identity>& identities, const KdfLimits& limits) {
  if (identities.empty()) {
    return Status::Unauthenticated("the archive is encrypted, and no key or passphrase is given");
  }
  const auto first = slots.current();
  if (!first) return Status::Corruption("the archive has no key slot that is in use");
  Status failure =
      Status::Unauthenticated("no key or passphrase fits, or the archive was tampered with");
  const Digest hash = header.Hash();
  // While a rekey is at work both are filled; an identity may be known to one of them only.
  for (const int i : {*first, 1 - *first}) {
    if (slots.slots[i].state != SlotState::kFilled) continue;
    auto key = OpenStanzas(slots.slots[i].stanzas, identities, header.id(), limits);
    if (!key.ok()) {
      failure = key.status();
      continue;
    }
    if (!key->has_value()) continue;
    ArchiveKeys keys = DeriveKeys(std::move(**key), header);
    for (const Slot& slot : slots.slots) {
      if (slot.state == SlotState::kFilled && !SlotIsAuthentic(slot, keys, AsView(hash))) {
        return Status::Unauthenticated("a key slot of the archive was tampered with");
      }
    }
    return keys;
  }
  return failure;
}

}  // namespace thalweg::archive
