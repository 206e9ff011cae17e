#include <algorithm>
#include <optional>
#include <utility>

#include "archive/key_copy.h"
#include "archive/opened_archive.h"
#include "archive/parity.h"
#include "archive/seal_setup.h"
#include "io/local_file_system.h"
#include "io/updatable_file.h"
#include "thalweg/archive/archive.h"

namespace thalweg::archive {
namespace {

Status WriteState(io::UpdatableFile& file, std::optional<int64_t> committed,
                  const Digest& header_hash) {
  THALWEG_RETURN_IF_ERROR(
      file.WriteAt(kFixedHeaderBytes, EncodeState(committed, AsView(header_hash))));
  return file.Sync();
}

// What stood there before counts on: all its segments, its end, and the bytes behind that.
Result<BodyWriter::Start> StartBehind(OpenedArchive& archive, const SealSetup& setup,
                                      const SealOptions& options) {
  BodyWriter::Start start = StartOfBody(setup, options);
  Index& index = archive.index;
  const Trailer& trailer = archive.tail->trailer;
  start.segments = std::move(index.segments);
  start.entries = std::move(index.entries);
  start.checkpointed_segments = start.segments.size();
  start.checkpointed_entries = start.entries.size();
  start.content_bytes = index.content_bytes;
  start.created_unix_micros = index.created_unix_micros;
  for (const std::string& stage : index.lossy) {
    if (std::find(start.lossy.begin(), start.lossy.end(), stage) == start.lossy.end()) {
      start.lossy.push_back(stage);
    }
  }
  start.hashes = trailer.segments;
  SegmentRecord end;
  end.kind = SegmentKind::kEnd;
  end.offset = trailer.end_offset;
  end.length = trailer.segments.back().length;
  end.commitment = archive.end_commitment;
  start.segments.push_back(end);
  start.offset = trailer.offset;
  return start;
}

Result<int> ParityPercent(OpenedArchive& archive, const SealOptions& options) {
  if (options.parity_percent > 0) return options.parity_percent;
  return ParityPercentOf(*archive.bytes, archive.tail->footer);
}

Status CheckAppend(const OpenedArchive& archive, const SealOptions& options) {
  const auto& cipher = options.stages.cipher;
  if (cipher && *cipher != archive.head->header.cipher) {
    return Status::InvalidArgument("append: the archive has another cipher");
  }
  if (archive.tail->trailer.signature && !options.signer) {
    return Status::InvalidArgument("append: the archive is signed, so a signing key is needed");
  }
  return {};
}

// The bytes of an archive, with other bytes in one place.
class OverlaidBytes final : public ByteReader {
 public:
  OverlaidBytes(ByteReader& below, int64_t offset, std::string above)
      : below_(below), offset_(offset), above_(std::move(above)) {}
  Result<int64_t> Size() override { return below_.Size(); }
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) override {
    THALWEG_ASSIGN_OR_RETURN(const size_t n, below_.ReadAt(offset, out));
    const int64_t begin = std::max(offset, offset_);
    const int64_t end =
        std::min(offset + static_cast<int64_t>(n), offset_ + static_cast<int64_t>(above_.size()));
    if (begin < end) {
      above_.copy(out.data() + (begin - offset), static_cast<size_t>(end - begin),
                  static_cast<size_t>(begin - offset_));
    }
    return n;
  }

 private:
  ByteReader& below_;
  int64_t offset_;
  std::string above_;
};

// Where the parity that there is keeps a copy of the key slots. It is made not to count before it
// becomes part of the body, where a rekey could not change it any more.
Result<std::optional<int64_t>> OldKeyCopy(OpenedArchive& archive) {
  const Footer& footer = archive.tail->footer;
  const FixedHeader& header = archive.head->header;
  if (footer.parity_offset == 0 || header.slot_bytes == 0) return std::optional<int64_t>();
  return FindKeyCopy(*archive.bytes, footer.parity_offset, footer.offset, header);
}

// What stood behind the body, as it will stand there.
Result<Digest> HashTail(OpenedArchive& archive, const std::optional<int64_t>& key_copy) {
  const int64_t begin = archive.tail->trailer.offset;
  const int64_t length = archive.head->file_bytes - begin;
  if (!key_copy) return HashRange(*archive.bytes, begin, length);
  OverlaidBytes bytes(*archive.bytes, *key_copy, WipedKeyCopy(archive.head->header));
  return HashRange(bytes, begin, length);
}

// Takes back what was appended, and then says so.
void TakeBack(io::FileSystem& fs, const std::string& path, const ArchiveHead& head,
              const std::optional<int64_t>& key_copy) {
  // The old file may have failed for good; what cannot be taken back stays marked as not counting.
  auto file = io::OpenForUpdate(fs, path);
  if (!file.ok() || !(*file)->Truncate(head.file_bytes).ok() || !(*file)->Sync().ok()) return;
  const bool copied =
      !key_copy || WriteKeyCopy(**file, *key_copy, head.header, head.slot_bytes).ok();
  // Without its copy the archive is whole as well.
  static_cast<void>(copied);
  static_cast<void>(WriteState(**file, {}, head.header_hash));
}

}  // namespace

Result<SealReport> AppendOn(io::FileSystem& fs, const std::string& path,
                            const std::vector<SealInput>& inputs, const SealOptions& options) {
  THALWEG_RETURN_IF_ERROR(options.run.tuning.Validate());
  THALWEG_ASSIGN_OR_RETURN(auto random, fs.OpenRandom(path));
  OpenOptions open;
  open.identities = options.identities;
  open.run = options.run;
  THALWEG_ASSIGN_OR_RETURN(const auto lock, fs.Lock(path));
  THALWEG_ASSIGN_OR_RETURN(auto archive,
                           OpenBytes(std::make_shared<FileBytes>(std::move(random)), open));
  THALWEG_RETURN_IF_ERROR(CheckAppend(*archive, options));
  THALWEG_ASSIGN_OR_RETURN(SealSetup setup, PrepareSeal(inputs, path, options));
  SealOptions own = options;
  own.force = true;
  THALWEG_ASSIGN_OR_RETURN(own.parity_percent, ParityPercent(*archive, options));
  const ArchiveHead& head = *archive->head;
  const int64_t committed = head.file_bytes;
  setup.fresh.header = head.header;
  setup.fresh.keys = std::move(archive->keys);
  MakeScheme(setup);
  THALWEG_ASSIGN_OR_RETURN(BodyWriter::Start start, StartBehind(*archive, setup, own));
  SealStart begin;
  begin.content_bytes = start.content_bytes;
  const uint64_t next = archive->end_index + 1;
  const int64_t tail_bytes = committed - archive->tail->trailer.offset;
  THALWEG_ASSIGN_OR_RETURN(const auto key_copy, OldKeyCopy(*archive));
  THALWEG_ASSIGN_OR_RETURN(const Digest tail_hash, HashTail(*archive, key_copy));
  THALWEG_ASSIGN_OR_RETURN(auto file, io::OpenForUpdate(fs, path));
  // From here on the archive ends where it ended, until the state says that it ends further on.
  const auto write = [&]() -> Result<SealReport> {
    THALWEG_RETURN_IF_ERROR(WriteState(*file, committed, head.header_hash));
    THALWEG_RETURN_IF_ERROR(file->Truncate(committed));
    if (key_copy) THALWEG_RETURN_IF_ERROR(WipeKeyCopy(*file, *key_copy, head.header));
    int64_t at = committed;
    BodyWriter writer(std::move(start), [&](std::string_view bytes) {
      const int64_t offset = std::exchange(at, at + static_cast<int64_t>(bytes.size()));
      return file->WriteAt(offset, bytes);
    });
    writer.SkipOther(tail_bytes, tail_hash);
    Chain chain(setup.scheme_or_null(), next, archive->end_commitment);
    THALWEG_ASSIGN_OR_RETURN(SealReport report, RunToEnd(setup, own, writer, chain, begin));
    THALWEG_RETURN_IF_ERROR(FinishArchive(writer, fs, path, head.header, path, own));
    report.bytes_archive = writer.offset();
    THALWEG_RETURN_IF_ERROR(file->Sync());
    THALWEG_RETURN_IF_ERROR(WriteState(*file, {}, head.header_hash));
    THALWEG_RETURN_IF_ERROR(file->Close());
    return report;
  };
  auto report = write();
  if (!report.ok()) TakeBack(fs, path, head, key_copy);
  return report;
}

Result<SealReport> Append(const std::string& archive, const std::vector<SealInput>& inputs,
                          const SealOptions& options) {
  return AppendOn(io::LocalFileSystem(), archive, inputs, options);
}

}  // namespace thalweg::archive
