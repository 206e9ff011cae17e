#include "archive/reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "archive/content_map.h"
#include "archive/content_stage.h"
#include "archive/frame_run.h"
#include "archive/key_state.h"
#include "archive/operations.h"
#include "archive/parity.h"
#include "io/local_file_system.h"

namespace thalweg::archive {
namespace {

constexpr size_t kCachedFrames = 4;
constexpr int64_t kRatioFrom = int64_t{64} << 20;
constexpr size_t kPieceBytes = 1 << 20;

Status WriteZeros(int64_t length, const WriteFunction& write) {
  static const std::string zeros(64 << 10, '\0');
  while (length > 0) {
    const auto n = static_cast<size_t>(std::min<int64_t>(length, int64_t{64} << 10));
    THALWEG_RETURN_IF_ERROR(write(std::string_view(zeros).substr(0, n)));
    length -= static_cast<int64_t>(n);
  }
  return {};
}

// A part of a frame's content, and the zeros of a hole before it.
struct Piece {
  int64_t zeros = 0;
  size_t begin = 0;
  size_t length = 0;
};

// What `Write` gives, job by job.
struct WritePlan {
  std::vector<size_t> frames;
  std::vector<std::vector<Piece>> pieces;
  int64_t zeros = 0;  // Of holes that no content follows yet.
  int64_t bytes = 0;

  void Add(const OpenedArchive& archive, const Entry& entry, int64_t offset, int64_t length) {
    const int64_t end =
        std::min(entry.size, offset > INT64_MAX - length ? INT64_MAX : offset + length);
    int64_t at = offset;
    for (ContentRun run : RunsOf(entry, offset, std::max<int64_t>(end - offset, 0))) {
      zeros += run.file_offset - at;
      at = run.file_offset + run.length;
      while (run.length > 0) {
        const size_t frame = FrameAt(archive, run.stream_offset);
        const int64_t inside = run.stream_offset - archive.frame_offsets[frame];
        const int64_t left = archive.frame_offsets[frame + 1] - run.stream_offset;
        const int64_t n = std::min(left, run.length);
        if (frames.empty() || frames.back() != frame) {
          frames.push_back(frame);
          pieces.emplace_back();
        }
        pieces.back().push_back(
            {std::exchange(zeros, 0), static_cast<size_t>(inside), static_cast<size_t>(n)});
        run.stream_offset += n;
        run.length -= n;
      }
    }
    if (end > at) zeros += end - at;
    if (end > offset) bytes += end - offset;
  }
};

}  // namespace

Result<std::unique_ptr<Reader>> Reader::Make(std::unique_ptr<OpenedArchive> opened,
                                             OpenOptions options) {
  THALWEG_ASSIGN_OR_RETURN(EntryTable table, EntryTable::Make(std::move(opened->index.entries)));
  opened->index.entries.clear();
  return std::unique_ptr<Reader>(
      new Reader(std::move(opened), std::move(table), std::move(options)));
}

Status Reader::CheckOutput(int64_t content_bytes) const {
  const OpenLimits& limits = options_.limits;
  if (content_bytes > limits.output_bytes_max) {
    return Status::ResourceExhausted("the content is larger than output_bytes_max");
  }
  const int64_t archive_bytes = std::max<int64_t>(opened_->head->file_bytes, 1);
  if (content_bytes > kRatioFrom && content_bytes / archive_bytes > limits.ratio_max) {
    return Status::ResourceExhausted(
        "the content is larger than the archive by more than "
        "ratio_max");
  }
  return {};
}

ArchiveInfo Reader::Info() const {
  const OpenedArchive& a = *opened_;
  ArchiveInfo info = InfoOf(*a.bytes, *a.head, a.tail ? &*a.tail : nullptr);
  info.opened = true;
  info.entries = static_cast<int64_t>(entries().size());
  info.content_bytes = a.index.content_bytes;
  for (const size_t segment : a.frames) info.stored_bytes += a.index.segments[segment].frame;
  info.frames = static_cast<int64_t>(a.frames.size());
  info.stages = a.index.stages;
  info.lossy = a.index.lossy;
  info.created_unix_micros = a.index.created_unix_micros;
  info.recovered = a.recovered;
  return info;
}

ArchiveInfo InfoOf(ByteReader& bytes, const ArchiveHead& head, const ArchiveTail* tail) {
  ArchiveInfo info;
  info.version = 1;
  info.archive_id = HexOf(head.header.id());
  info.cipher = head.header.cipher;
  info.bytes = head.file_bytes;
  info.append_pending = head.append_pending;
  if (const auto current = head.slots.current()) {
    const Slot& slot = head.slots.slots[*current];
    info.key_stanzas = static_cast<int>(slot.stanzas.size());
    info.key_sequence = slot.sequence;
    for (const Stanza& stanza : slot.stanzas) info.stanza_kinds.push_back(KindOf(stanza));
  }
  if (tail == nullptr) return info;
  info.segments = static_cast<int64_t>(tail->trailer.segments.size());
  info.has_parity = tail->footer.parity_offset != 0;
  // How much parity that is damaged had is not known.
  info.parity_percent = ParityPercentOf(bytes, tail->footer).value_or(0);
  if (tail->trailer.signature) info.signer = SignerText(tail->trailer.signature->key);
  return info;
}

Result<Reader::Frame> Reader::CachedFrame(size_t frame) const {
  {
    std::scoped_lock lock(mutex_);
    for (auto it = cache_.begin(); it != cache_.end(); ++it) {
      if (it->first != frame) continue;
      cache_.splice(cache_.begin(), cache_, it);
      return it->second;
    }
  }
  FrameReader reader(*opened_);
  const size_t size = reader.ContentBytes(frame);
  ByteBuffer content(size);
  content.SetSize(size);
  THALWEG_RETURN_IF_ERROR(reader.Read(frame, content.data()));
  auto shared = std::make_shared<const ByteBuffer>(std::move(content));
  std::scoped_lock lock(mutex_);
  cache_.emplace_front(frame, shared);
  if (cache_.size() > kCachedFrames) cache_.pop_back();
  return shared;
}

Result<size_t> Reader::ReadStored(const Entry& entry, int64_t offset, std::span<char> out) const {
  if (offset >= entry.size) return size_t{0};
  const auto length = std::min(static_cast<int64_t>(out.size()), entry.size - offset);
  std::memset(out.data(), 0, static_cast<size_t>(length));
  for (ContentRun run : RunsOf(entry, offset, length)) {
    while (run.length > 0) {
      const size_t frame = FrameAt(*opened_, run.stream_offset);
      const int64_t inside = run.stream_offset - opened_->frame_offsets[frame];
      THALWEG_ASSIGN_OR_RETURN(const Frame content, CachedFrame(frame));
      const int64_t n = std::min(static_cast<int64_t>(content->size()) - inside, run.length);
      std::memcpy(out.data() + (run.file_offset - offset), content->view().data() + inside,
                  static_cast<size_t>(n));
      run.file_offset += n;
      run.stream_offset += n;
      run.length -= n;
    }
  }
  return static_cast<size_t>(length);
}

Result<size_t> Reader::ReadBase64(const Entry& entry, int64_t offset, std::span<char> out) const {
  if (offset >= entry.size || out.empty()) return size_t{0};
  const auto length = std::min(static_cast<int64_t>(out.size()), entry.size - offset);
  Entry text = entry;
  text.size = entry.stored_bytes;
  const int64_t first = offset / 3;
  const int64_t groups = (offset + length + 2) / 3 - first;
  std::string stored(static_cast<size_t>(groups * 4), '\0');
  THALWEG_ASSIGN_OR_RETURN(const size_t n, ReadStored(text, first * 4, stored));
  stored.resize(n);
  const auto decoder = MakeBase64Decoder(Base64Alphabet::kStandard);
  std::string bytes;
  THALWEG_RETURN_IF_ERROR(decoder->Push(stored, &bytes));
  THALWEG_RETURN_IF_ERROR(decoder->Finish(&bytes));
  const auto skip = static_cast<size_t>(offset - first * 3);
  if (bytes.size() < skip + static_cast<size_t>(length)) {
    return Status::Corruption("base64 text of the archive is too short");
  }
  std::memcpy(out.data(), bytes.data() + skip, static_cast<size_t>(length));
  return static_cast<size_t>(length);
}

Result<size_t> Reader::ReadAt(size_t entry, int64_t offset, std::span<char> out) const {
  if (entry >= entries().size() || offset < 0) {
    return Status::InvalidArgument("read: no such entry or place");
  }
  const IndexEntry& file = table_.ContentOf(entry);
  if (file.entry.type != EntryType::kFile) {
    return Status::InvalidArgument("read: '" + entries()[entry].path + "': not a file");
  }
  return file.base64 ? ReadBase64(file.entry, offset, out) : ReadStored(file.entry, offset, out);
}

Status Reader::WriteSlowly(size_t entry, int64_t offset, int64_t length,
                           const WriteFunction& write) const {
  std::string piece(kPieceBytes, '\0');
  while (length > 0) {
    if (options_.run.stop.stop_requested()) return Status::Cancelled("read: stopped");
    const auto wanted = static_cast<size_t>(std::min<int64_t>(length, kPieceBytes));
    THALWEG_ASSIGN_OR_RETURN(const size_t n, ReadAt(entry, offset, {piece.data(), wanted}));
    if (n == 0) return {};
    THALWEG_RETURN_IF_ERROR(write(std::string_view(piece).substr(0, n)));
    offset += static_cast<int64_t>(n);
    length -= static_cast<int64_t>(n);
  }
  return {};
}

Status Reader::Write(const std::vector<size_t>& which, int64_t offset, int64_t length,
                     const WriteFunction& write) const {
  if (offset < 0 || length < 0) return Status::InvalidArgument("read: a negative range");
  WritePlan plan;
  const auto flush = [&]() -> Status {
    const auto take = [&](size_t job, std::string_view content) -> Status {
      for (const Piece& piece : plan.pieces[job]) {
        THALWEG_RETURN_IF_ERROR(WriteZeros(piece.zeros, write));
        THALWEG_RETURN_IF_ERROR(write(content.substr(piece.begin, piece.length)));
      }
      return {};
    };
    const Report run = RunFrames(*opened_, plan.frames, options_.run, "expand", {}, take);
    THALWEG_RETURN_IF_ERROR(run.outcome);
    return WriteZeros(std::exchange(plan, {}).zeros, write);
  };
  int64_t total = 0;
  for (const size_t entry : which) {
    if (entry >= entries().size()) return Status::InvalidArgument("read: no such entry");
    const IndexEntry& file = table_.ContentOf(entry);
    if (file.entry.type != EntryType::kFile) continue;
    total += std::max<int64_t>(std::min(length, file.entry.size - offset), 0);
    THALWEG_RETURN_IF_ERROR(CheckOutput(total));
    if (!file.base64) {
      plan.Add(*opened_, file.entry, offset, length);
      continue;
    }
    THALWEG_RETURN_IF_ERROR(flush());
    THALWEG_RETURN_IF_ERROR(WriteSlowly(entry, offset, length, write));
  }
  return flush();
}

Result<std::unique_ptr<Archive>> Archive::Open(std::shared_ptr<ByteReader> bytes,
                                               OpenOptions options) {
  THALWEG_ASSIGN_OR_RETURN(auto opened, OpenBytes(std::move(bytes), options));
  THALWEG_ASSIGN_OR_RETURN(auto reader, Reader::Make(std::move(opened), std::move(options)));
  return std::unique_ptr<Archive>(std::move(reader));
}

Result<std::unique_ptr<Archive>> OpenOn(io::FileSystem& fs, const std::string& path,
                                        OpenOptions options) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path));
  auto archive = Archive::Open(std::make_shared<FileBytes>(std::move(file)), std::move(options));
  if (!archive.ok()) return archive.status().WithContext("'" + path + "'");
  return archive;
}

Result<std::unique_ptr<Archive>> Archive::Open(const std::string& path, OpenOptions options) {
  return OpenOn(io::LocalFileSystem(), path, std::move(options));
}

Result<ArchiveInfo> ReadInfoOn(io::FileSystem& fs, const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path));
  FileBytes bytes(std::move(file));
  const auto head = ReadHead(bytes);
  if (!head.ok()) return head.status().WithContext("'" + path + "'");
  const auto tail = ReadTail(bytes, **head);
  if (!tail.ok()) return tail.status().WithContext("'" + path + "'");
  return InfoOf(bytes, **head, &*tail);
}

Result<ArchiveInfo> ReadInfo(const std::string& archive) {
  return ReadInfoOn(io::LocalFileSystem(), archive);
}

}  // namespace thalweg::archive
