#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/digest.h"
#include "archive/message.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

// What an archive knows about itself.
namespace thalweg::archive {

inline constexpr uint32_t kIndexFrame = 0x184D2A55;
inline constexpr uint32_t kPaddingFrame = 0x184D2A57;
inline constexpr size_t kPathBytesMax = 4096;

struct SegmentRecord {
  int64_t offset = 0;  // In the file.
  int64_t length = 0;  // With its header.
  SegmentKind kind = SegmentKind::kOther;
  Digest commitment{};
  // Of data only.
  uint32_t content = 0;
  uint32_t frame = 0;
  Codec codec = Codec::kStore;
};

struct IndexEntry {
  Entry entry;
  bool base64 = false;
};

struct Index {
  bool checkpoint = false;
  int64_t created_unix_micros = 0;
  std::string stages;
  std::vector<std::string> lossy;
  int64_t content_bytes = 0;
  std::vector<SegmentRecord> segments;
  std::vector<IndexEntry> entries;
  std::optional<IndexEntry> open_entry;

  /// The skippable frame.
  Result<std::string> Encode() const;
  /// From the content of that frame. Everything in it is checked as far as it can be without the
  /// rest of the archive.
  static Result<Index> Decode(std::string_view frame, const OpenLimits& limits);
};

/// `invalid_argument` for what is no path of an entry.
Status CheckEntryPath(std::string_view path);

/// Splits the skippable frame at the front of `bytes` off and returns what is in it.
Result<std::string_view> TakeSkippable(uint32_t magic, std::string_view* bytes);

/// The seek table of the zstd seekable format, as a skippable frame, for frames whose compressed
/// and decompressed sizes are given.
std::string SeekTable(const std::vector<std::pair<uint32_t, uint32_t>>& frames);

}  // namespace thalweg::archive
