#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "archive/header.h"
#include "archive/opened_archive.h"
#include "io/updatable_file.h"
#include "thalweg/status.h"

// The copy of the key slots that stands with the parity. It must never be older than the slots: a
// repair by it would bring back who was shut out.
namespace thalweg::archive {

int64_t KeyCopyBytes(const FixedHeader& header);
/// The frame with a copy of both slots.
std::string EncodeKeyCopy(const FixedHeader& header, std::string_view slots);
/// What stands there while the slots change.
std::string WipedKeyCopy(const FixedHeader& header);
/// Both slots, where the frame is whole and counts.
std::optional<std::string> DecodeKeyCopy(const FixedHeader& header, std::string_view frame);

/// Where the copy is in the parity section at `section`: nothing, where its parity has none.
Result<std::optional<int64_t>> FindKeyCopy(ByteReader& bytes, int64_t section, int64_t end,
                                           const FixedHeader& header);

/// Makes the copy at `offset` of `file` not count: first it says so, then it is zeroed.
Status WipeKeyCopy(io::UpdatableFile& file, int64_t offset, const FixedHeader& header);
/// Writes it: that it counts comes last.
Status WriteKeyCopy(io::UpdatableFile& file, int64_t offset, const FixedHeader& header,
                    std::string_view slots);

}  // namespace thalweg::archive
