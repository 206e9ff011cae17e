#include <algorithm>
#include <optional>
#include <utility>

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
  const Footer& footer = archive.tail->footer;
  if (options.parity_percent > 0 || footer.parity_offset == 0) return options.parity_percent;
  THALWEG_ASSIGN_OR_RETURN(const ParityDescriptor descriptor,
                           ReadDescriptor(*archive.bytes, footer.parity_offset, footer.offset));
  return static_cast<int>(descriptor.layout.percent);
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

// Takes back what was appended, and then says so.
void TakeBack(io::FileSystem& fs, const std::string& path, int64_t committed,
              const Digest& header_hash) {
  // The old file may have failed for good; what cannot be taken back stays marked as not counting.
  auto file = io::OpenForUpdate(fs, path);
  if (!file.ok() || !(*file)->Truncate(committed).ok() || !(*file)->Sync().ok()) return;
  static_cast<void>(WriteState(**file, {}, header_hash));
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
  THALWEG_ASSIGN_OR_RETURN(const Digest tail_hash,
                           HashRange(*archive->bytes, archive->tail->trailer.offset, tail_bytes));
  THALWEG_ASSIGN_OR_RETURN(auto file, io::OpenForUpdate(fs, path));
  // From here on the archive ends where it ended, until the state says that it ends further on.
  const auto write = [&]() -> Result<SealReport> {
    THALWEG_RETURN_IF_ERROR(WriteState(*file, committed, head.header_hash));
    THALWEG_RETURN_IF_ERROR(file->Truncate(committed));
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
  if (!report.ok()) TakeBack(fs, path, committed, head.header_hash);
  return report;
}

Result<SealReport> Append(const std::string& archive, const std::vector<SealInput>& inputs,
                          const SealOptions& options) {
  return AppendOn(io::LocalFileSystem(), archive, inputs, options);
}

}  // namespace thalweg::archive
