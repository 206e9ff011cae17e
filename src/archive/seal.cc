#include <memory>
#include <optional>
#include <utility>

#include "archive/part_file.h"
#include "archive/resume.h"
#include "archive/seal_setup.h"
#include "io/local_file_system.h"
#include "thalweg/archive/archive.h"

namespace thalweg::archive {
namespace {

Status CheckIsFree(io::FileSystem& fs, const std::string& output, bool force) {
  if (force) return {};
  THALWEG_ASSIGN_OR_RETURN(const bool taken, io::Exists(fs, output));
  return taken ? Status::AlreadyExists("create: the file exists: '" + output + "'") : Status();
}

// The part that is gone on with, or a new one.
Result<std::unique_ptr<PartFile>> OpenPart(io::FileSystem& fs, const std::string& output,
                                           const SealOptions& options) {
  const PartFile::Options part = {
      .replace = options.force, .resume = options.resume, .sync = options.sync};
  auto opened = PartFile::Open(fs, output, part);
  if (opened.ok() || !options.resume || opened.status().code() != StatusCode::kNotFound) {
    return opened;
  }
  return PartFile::Open(fs, output, {.replace = options.force, .sync = options.sync});
}

}  // namespace

Result<SealReport> SealOn(io::FileSystem& fs, const std::vector<SealInput>& inputs,
                          const std::string& output, const SealOptions& options) {
  THALWEG_RETURN_IF_ERROR(CheckSealOptions(options, true));
  THALWEG_RETURN_IF_ERROR(CheckIsFree(fs, output, options.force));
  THALWEG_ASSIGN_OR_RETURN(SealSetup setup, PrepareSeal(inputs, output, options));
  THALWEG_ASSIGN_OR_RETURN(auto part, OpenPart(fs, output, options));
  std::optional<Resumption> resumption;
  if (part->size() > 0) {
    THALWEG_ASSIGN_OR_RETURN(resumption, Resume(fs, part->part_path(), options));
  }
  if (resumption) {
    setup.fresh.header = resumption->header;
    setup.fresh.keys = std::move(resumption->keys);
    part->Keep();
  } else {
    const Cipher cipher = options.stages.cipher.value_or(PreferredCipher());
    THALWEG_ASSIGN_OR_RETURN(setup.fresh, MakeNewArchive(cipher, options.recipients));
  }
  MakeScheme(setup);
  BodyWriter::Start start = StartOfBody(setup, options);
  SealStart begin;
  const uint64_t next = resumption ? resumption->next_index : 0;
  const Digest predecessor = resumption ? resumption->predecessor : Digest{};
  if (resumption) begin = GoOn(*resumption, setup.tree, start);
  const int64_t keep = start.offset;
  BodyWriter writer(std::move(start), [&](std::string_view bytes) { return part->Append(bytes); });
  THALWEG_RETURN_IF_ERROR(part->TruncateTo(keep));
  if (!resumption) THALWEG_RETURN_IF_ERROR(writer.WriteHead(options.recipients));
  Chain chain(setup.scheme_or_null(), next, predecessor);
  auto report = RunToEnd(setup, options, writer, chain, begin);
  // What a checkpoint knows can be gone on with, whatever has happened.
  if (writer.checkpoints() > 0) part->Keep();
  if (!report.ok()) return report;
  report->bytes_resumed = begin.content_bytes;
  THALWEG_RETURN_IF_ERROR(
      FinishArchive(writer, fs, part->part_path(), setup.fresh.header, output, options));
  THALWEG_RETURN_IF_ERROR(part->Commit());
  report->bytes_archive = writer.offset();
  return report;
}

Result<SealReport> Seal(const std::vector<SealInput>& inputs, const std::string& output,
                        const SealOptions& options) {
  return SealOn(io::LocalFileSystem(), inputs, output, options);
}

Result<SealReport> SealToStream(const std::vector<SealInput>& inputs, const WriteFunction& write,
                                const SealOptions& options) {
  THALWEG_RETURN_IF_ERROR(CheckSealOptions(options, false));
  THALWEG_ASSIGN_OR_RETURN(SealSetup setup, PrepareSeal(inputs, "-", options));
  const Cipher cipher = options.stages.cipher.value_or(PreferredCipher());
  THALWEG_ASSIGN_OR_RETURN(setup.fresh, MakeNewArchive(cipher, options.recipients));
  MakeScheme(setup);
  BodyWriter writer(StartOfBody(setup, options), write);
  THALWEG_RETURN_IF_ERROR(writer.WriteHead(options.recipients));
  Chain chain(setup.scheme_or_null(), 0, Digest{});
  THALWEG_ASSIGN_OR_RETURN(SealReport report, RunToEnd(setup, options, writer, chain, {}));
  THALWEG_RETURN_IF_ERROR(writer.PutTrailer(options.signer ? &*options.signer : nullptr));
  THALWEG_RETURN_IF_ERROR(writer.PutFooter(0, 0));
  report.bytes_archive = writer.offset();
  return report;
}

}  // namespace thalweg::archive
