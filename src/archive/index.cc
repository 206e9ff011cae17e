#include "archive/index.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "archive/bytes.h"
#include "archive/frame.h"

namespace thalweg::archive {
namespace {

constexpr std::string_view kIndexMagic = "TWAI";
constexpr uint16_t kIndexVersion = 1;
constexpr int kIndexLevel = 3;
constexpr uint64_t kSegmentRecordBytes = 58;
constexpr uint64_t kEntryBytesMin = 44;
constexpr uint32_t kSeekTableFrame = 0x184D2A5E;
constexpr uint32_t kSeekableMagic = 0x8F92EAB1;

enum EntryFlag : uint8_t {
  kHasOwner = 1,
  kHasHash = 2,
  kHasExtents = 4,
  kHasXattrs = 8,
  kIsBase64 = 16,
};

void PutSegment(std::string& out, const SegmentRecord& segment) {
  PutNumber(out, static_cast<uint64_t>(segment.offset));
  PutNumber(out, static_cast<uint64_t>(segment.length));
  PutNumber(out, static_cast<uint8_t>(segment.kind));
  out.append(AsView(segment.commitment));
  PutNumber(out, segment.content);
  PutNumber(out, segment.frame);
  PutNumber(out, static_cast<uint8_t>(segment.codec));
}

bool HasTarget(EntryType type) {
  return type == EntryType::kSymlink || type == EntryType::kHardLink;
}

void PutEntry(std::string& out, const IndexEntry& index_entry) {
  const Entry& entry = index_entry.entry;
  unsigned flags = 0;
  if (entry.has_owner) flags |= kHasOwner;
  if (entry.sha256) flags |= kHasHash;
  if (!entry.extents.empty()) flags |= kHasExtents;
  if (!entry.xattrs.empty()) flags |= kHasXattrs;
  if (index_entry.base64) flags |= kIsBase64;
  PutNumber(out, static_cast<uint8_t>(entry.type));
  PutNumber(out, static_cast<uint8_t>(flags));
  PutNumber(out, uint16_t{0});
  PutNumber(out, entry.mode);
  PutNumber(out, entry.modified_unix_nanos);
  PutNumber(out, static_cast<uint64_t>(entry.size));
  PutNumber(out, static_cast<uint64_t>(entry.stream_offset));
  PutNumber(out, static_cast<uint64_t>(entry.stored_bytes));
  PutText(out, entry.path);
  if (HasTarget(entry.type)) PutText(out, entry.link_target);
  if (entry.has_owner) {
    PutNumber(out, entry.uid);
    PutNumber(out, entry.gid);
    PutText(out, entry.user);
    PutText(out, entry.group);
  }
  if (entry.sha256) out.append(AsView(*entry.sha256));
  if (!entry.extents.empty()) {
    PutNumber(out, static_cast<uint32_t>(entry.extents.size()));
    for (const auto& [offset, length] : entry.extents) {
      PutNumber(out, static_cast<uint64_t>(offset));
      PutNumber(out, static_cast<uint64_t>(length));
    }
  }
  if (!entry.xattrs.empty()) {
    PutNumber(out, static_cast<uint32_t>(entry.xattrs.size()));
    for (const auto& [name, value] : entry.xattrs) {
      PutText(out, name);
      PutText(out, value);
    }
  }
}

// A number that fits, and leaves room for sums.
int64_t TakeLength(FieldReader& reader) {
  const auto value = reader.Number<uint64_t>();
  if (value > static_cast<uint64_t>(INT64_MAX) / 4) reader.Fail();
  return static_cast<int64_t>(value);
}

SegmentRecord TakeSegment(FieldReader& reader) {
  SegmentRecord segment;
  segment.offset = TakeLength(reader);
  segment.length = TakeLength(reader);
  const auto kind = reader.Number<uint8_t>();
  const std::string_view commitment = reader.Bytes(32);
  segment.content = reader.Number<uint32_t>();
  segment.frame = reader.Number<uint32_t>();
  const auto codec = reader.Number<uint8_t>();
  if (!reader.ok()) return segment;
  std::memcpy(segment.commitment.data(), commitment.data(), commitment.size());
  segment.kind = static_cast<SegmentKind>(kind);
  segment.codec = static_cast<Codec>(codec);
  const bool data = segment.kind == SegmentKind::kData;
  const bool fits = data ? segment.content > 0 && segment.frame > 0 : segment.content == 0;
  if (kind > 3 || codec > 4 || !fits || segment.length <= 0) reader.Fail();
  return segment;
}

// Regions that hold data: in order, apart, inside the file, and as long together as what is stored.
bool ExtentsFit(const Entry& entry) {
  int64_t end = 0;
  int64_t sum = 0;
  for (const auto& [offset, length] : entry.extents) {
    if (offset < end || length < 0) return false;
    end = offset + length;
    sum += length;
  }
  return end <= entry.size && sum == entry.stored_bytes;
}

bool ContentFits(const IndexEntry& index_entry, int64_t content_bytes) {
  const Entry& entry = index_entry.entry;
  if (entry.type != EntryType::kFile) {
    const bool hash = entry.sha256.has_value();
    return entry.size == 0 && entry.stored_bytes == 0 && entry.extents.empty() && !hash;
  }
  if (entry.stream_offset + entry.stored_bytes > content_bytes) return false;
  if (!entry.extents.empty()) return !index_entry.base64 && ExtentsFit(entry);
  if (index_entry.base64) return (entry.size + 2) / 3 * 4 == entry.stored_bytes;
  // A file without any data is one hole.
  return entry.stored_bytes == entry.size || entry.stored_bytes == 0;
}

void TakeExtents(FieldReader& reader, Entry& entry) {
  const uint64_t count = reader.Count<uint32_t>(16);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    const int64_t offset = TakeLength(reader);
    entry.extents.emplace_back(offset, TakeLength(reader));
  }
  if (count == 0) reader.Fail();
}

IndexEntry TakeEntry(FieldReader& reader, int64_t content_bytes) {
  IndexEntry index_entry;
  Entry& entry = index_entry.entry;
  const auto type = reader.Number<uint8_t>();
  const auto flags = reader.Number<uint8_t>();
  if (reader.Number<uint16_t>() != 0 || type > 3 || flags > 31) reader.Fail();
  entry.type = static_cast<EntryType>(type);
  entry.mode = reader.Number<uint32_t>();
  if (entry.mode > 07777) reader.Fail();
  entry.modified_unix_nanos = reader.Number<int64_t>();
  entry.size = TakeLength(reader);
  entry.stream_offset = TakeLength(reader);
  entry.stored_bytes = TakeLength(reader);
  entry.path = reader.Text();
  if (HasTarget(entry.type)) entry.link_target = reader.Text();
  if ((flags & kHasOwner) != 0) {
    entry.has_owner = true;
    entry.uid = reader.Number<uint32_t>();
    entry.gid = reader.Number<uint32_t>();
    entry.user = reader.Text();
    entry.group = reader.Text();
  }
  if ((flags & kHasHash) != 0) {
    const std::string_view hash = reader.Bytes(32);
    if (reader.ok()) std::memcpy(entry.sha256.emplace().data(), hash.data(), hash.size());
  }
  if ((flags & kHasExtents) != 0) TakeExtents(reader, entry);
  if ((flags & kHasXattrs) != 0) {
    const uint64_t count = reader.Count<uint32_t>(8);
    for (uint64_t i = 0; i < count && reader.ok(); ++i) {
      std::string name(reader.Text());
      entry.xattrs.emplace_back(std::move(name), reader.Text());
    }
    if (count == 0) reader.Fail();
  }
  index_entry.base64 = (flags & kIsBase64) != 0;
  const std::string& target = entry.link_target;
  const bool target_fits = target.size() <= kPathBytesMax &&
                           target.find('\0') == std::string::npos &&
                           HasTarget(entry.type) != target.empty();
  if (!target_fits || !CheckEntryPath(entry.path).ok() ||
      !ContentFits(index_entry, content_bytes)) {
    reader.Fail();
  }
  return index_entry;
}

Result<std::string> Expand(std::string_view frame, const OpenLimits& limits) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) {
    return Status::Corruption("the index is not readable");
  }
  if (size > static_cast<uint64_t>(limits.index_bytes_max)) {
    return Status::ResourceExhausted("the index is larger than index_bytes_max");
  }
  // Nothing compresses better than this, so that a short frame cannot ask for much memory.
  if (size / 20'000 > frame.size()) return Status::Corruption("the index is not readable");
  std::string bytes(size, '\0');
  FrameDecoder decoder;
  THALWEG_RETURN_IF_ERROR(decoder.Decode(Codec::kZstd, frame, bytes.size(), bytes.data()));
  return bytes;
}

}  // namespace

Status CheckEntryPath(std::string_view path) {
  const auto wrong = [](const char* why) {
    return Status::InvalidArgument(std::string("the path of an entry ") + why);
  };
  if (path.empty()) return wrong("is empty");
  if (path.size() > kPathBytesMax) return wrong("is longer than 4,096 bytes");
  if (path.find('\0') != std::string_view::npos) return wrong("holds a NUL byte");
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty()) return wrong("is absolute, or holds an empty name");
    if (name == "." || name == "..") return wrong("holds `.` or `..`");
    if (name.size() > 255) return wrong("holds a name longer than 255 bytes");
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash + 1);
  }
}

Result<std::string> Index::Encode() const {
  std::string raw(kIndexMagic);
  PutNumber(raw, kIndexVersion);
  PutNumber(raw, static_cast<uint16_t>(checkpoint ? 1 : 0));
  PutNumber(raw, created_unix_micros);
  PutText(raw, stages);
  PutNumber(raw, static_cast<uint32_t>(lossy.size()));
  for (const std::string& stage : lossy) PutText(raw, stage);
  PutNumber(raw, static_cast<uint64_t>(content_bytes));
  PutNumber(raw, static_cast<uint64_t>(segments.size()));
  for (const SegmentRecord& segment : segments) PutSegment(raw, segment);
  PutNumber(raw, static_cast<uint64_t>(entries.size()));
  for (const IndexEntry& entry : entries) PutEntry(raw, entry);
  if (checkpoint) {
    PutNumber(raw, static_cast<uint8_t>(open_entry ? 1 : 0));
    if (open_entry) PutEntry(raw, *open_entry);
  }
  std::string frame(ZSTD_compressBound(raw.size()), '\0');
  const size_t size =
      ZSTD_compress(frame.data(), frame.size(), raw.data(), raw.size(), kIndexLevel);
  if (ZSTD_isError(size) != 0) return Status::ResourceExhausted("no memory for the index");
  frame.resize(size);
  return SkippableFrame(kIndexFrame, frame);
}

Result<Index> Index::Decode(std::string_view frame, const OpenLimits& limits) {
  THALWEG_ASSIGN_OR_RETURN(const std::string raw, Expand(frame, limits));
  FieldReader reader(raw);
  Index index;
  if (reader.Bytes(4) != kIndexMagic) reader.Fail();
  const auto version = reader.Number<uint16_t>();
  const auto flags = reader.Number<uint16_t>();
  if (reader.ok() && (version != kIndexVersion || flags > 1)) {
    return Status::Unsupported("the index is of a version that is not known here");
  }
  index.checkpoint = flags == 1;
  index.created_unix_micros = reader.Number<int64_t>();
  index.stages = reader.Text();
  const uint64_t lossy = reader.Count<uint32_t>(4);
  for (uint64_t i = 0; i < lossy && reader.ok(); ++i) index.lossy.emplace_back(reader.Text());
  index.content_bytes = TakeLength(reader);
  const uint64_t segments = reader.Count<uint64_t>(kSegmentRecordBytes);
  index.segments.reserve(segments);
  for (uint64_t i = 0; i < segments && reader.ok(); ++i) {
    index.segments.push_back(TakeSegment(reader));
  }
  const uint64_t entries = reader.Count<uint64_t>(kEntryBytesMin);
  if (entries > static_cast<uint64_t>(limits.entries_max)) {
    return Status::ResourceExhausted("the archive has more entries than entries_max");
  }
  for (uint64_t i = 0; i < entries && reader.ok(); ++i) {
    index.entries.push_back(TakeEntry(reader, index.content_bytes));
  }
  if (index.checkpoint && reader.Number<uint8_t>() != 0) {
    index.open_entry = TakeEntry(reader, index.content_bytes);
  }
  if (!reader.ok() || !reader.left().empty()) {
    return Status::Corruption("the index is not as any writer makes it");
  }
  return index;
}

Result<std::string_view> TakeSkippable(uint32_t magic, std::string_view* bytes) {
  FieldReader reader(*bytes);
  const auto found = reader.Number<uint32_t>();
  const std::string_view inside = reader.Text();
  if (!reader.ok() || found != magic) {
    return Status::Corruption("a segment does not hold what it should");
  }
  *bytes = reader.left();
  return inside;
}

std::string SeekTable(const std::vector<std::pair<uint32_t, uint32_t>>& frames) {
  std::string table;
  table.reserve(frames.size() * 8 + 9);
  for (const auto& [compressed, content] : frames) {
    PutNumber(table, compressed);
    PutNumber(table, content);
  }
  PutNumber(table, static_cast<uint32_t>(frames.size()));
  PutNumber(table, uint8_t{0});
  PutNumber(table, kSeekableMagic);
  return SkippableFrame(kSeekTableFrame, table);
}

}  // namespace thalweg::archive
