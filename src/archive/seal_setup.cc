#include "archive/seal_setup.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "archive/frame.h"
#include "archive/parity.h"
#include "archive/part_file.h"
#include "archive/segment_reader.h"
#include "io/atomic_file.h"

namespace thalweg::archive {
namespace {

double Seconds(int64_t nanos) { return static_cast<double>(nanos) * 1e-9; }

std::vector<std::string> LossyStages(const Stages& stages) {
  std::vector<std::string> lossy;
  for (const Filter& filter : stages.filters) {
    if (filter.kind != Filter::Kind::kPiiMask) continue;
    lossy.push_back(filter.text.empty() ? "pii-mask" : "pii-mask:" + filter.text);
  }
  return lossy;
}

Status WriteParityBeside(ByteReader& bytes, const ParityLayout& layout, io::FileSystem& fs,
                         const std::string& path, const SealOptions& options) {
  THALWEG_ASSIGN_OR_RETURN(auto file, io::AtomicFile::Create(fs, path, {.replace = options.force}));
  THALWEG_RETURN_IF_ERROR(WriteParity(bytes, layout, options.run,
                                      [&](std::string_view part) { return file->Append(part); }));
  return file->Commit();
}

}  // namespace

Result<SealSetup> PrepareSeal(const std::vector<SealInput>& inputs, const std::string& output,
                              const SealOptions& options) {
  SealSetup setup;
  THALWEG_ASSIGN_OR_RETURN(
      setup.tree, ListInputs(inputs, {options.exclude, options.metadata, PartPath(output)}));
  THALWEG_ASSIGN_OR_RETURN(setup.filters, FilterSet::Make(options));
  return setup;
}

BodyWriter::Start StartOfBody(const SealSetup& setup, const SealOptions& options) {
  BodyWriter::Start start;
  start.header = setup.fresh.header;
  start.keys = setup.fresh.keys ? &*setup.fresh.keys : nullptr;
  start.scheme = setup.scheme ? &*setup.scheme : nullptr;
  start.pad = options.pad;
  start.created_unix_micros = Clock::System().UnixMicros();
  Stages stages = options.stages;
  stages.cipher = setup.fresh.header.cipher;
  start.stages = stages.ToString();
  start.lossy = LossyStages(options.stages);
  return start;
}

void MakeScheme(SealSetup& setup) {
  if (!setup.fresh.keys) return;
  setup.scheme.emplace(setup.fresh.header.cipher, setup.fresh.keys->payload_key,
                       setup.fresh.header.Hash());
}

Result<SealReport> RunToEnd(SealSetup& setup, const SealOptions& options, BodyWriter& writer,
                            Chain& chain, const SealStart& start) {
  SealJob job;
  job.options = &options;
  job.tree = &setup.tree;
  job.scheme = setup.scheme ? &*setup.scheme : nullptr;
  job.chain = &chain;
  job.filters = setup.filters.get();
  job.writer = &writer;
  job.start = start;
  job.frame_bytes = FrameBytesFor(options, setup.tree.bytes);
  Report run = RunSeal(job);
  THALWEG_RETURN_IF_ERROR(run.outcome);
  THALWEG_RETURN_IF_ERROR(setup.filters->Close());
  SealReport report;
  report.entries = job.counters.entries;
  report.bytes_content = job.counters.bytes_read;
  report.frames = job.counters.frames;
  report.frames_stored = job.counters.frames_stored;
  report.unreadable = std::move(setup.tree.unreadable);
  std::move(job.unreadable.begin(), job.unreadable.end(), std::back_inserter(report.unreadable));
  report.changed = std::move(job.changed);
  report.pii_masked = setup.filters->masked();
  report.archive_id = HexOf(setup.fresh.header.id());
  report.compress_s = Seconds(job.counters.compress_ns);
  report.encrypt_s = Seconds(job.counters.encrypt_ns);
  report.hash_s = Seconds(job.counters.hash_ns);
  report.read_s = Seconds(job.counters.read_ns);
  report.write_s = Seconds(job.counters.write_ns);
  report.run = std::move(run);
  return report;
}

Status FinishArchive(BodyWriter& writer, io::FileSystem& fs, const std::string& written,
                     const FixedHeader& header, const std::string& output,
                     const SealOptions& options) {
  const int64_t trailer_offset = writer.offset();
  THALWEG_RETURN_IF_ERROR(writer.PutTrailer(options.signer ? &*options.signer : nullptr));
  const int64_t end = writer.offset();
  if (options.parity_percent > 0) {
    THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(written));
    FileBytes bytes(std::move(file));
    THALWEG_ASSIGN_OR_RETURN(const ParityLayout layout,
                             LayoutParity(header, trailer_offset, end, options.parity_percent));
    if (options.parity_beside) {
      THALWEG_RETURN_IF_ERROR(WriteParityBeside(bytes, layout, fs, output + ".par", options));
    } else {
      THALWEG_RETURN_IF_ERROR(WriteParity(bytes, layout, options.run, [&](std::string_view piece) {
        return writer.PutOther(piece);
      }));
    }
  }
  const int64_t parity_bytes = writer.offset() - end;
  return writer.PutFooter(parity_bytes > 0 ? end : 0, parity_bytes);
}

std::string HexOf(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    text += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

Status CheckSealOptions(const SealOptions& options, bool to_file) {
  const Cipher cipher = options.stages.cipher.value_or(PreferredCipher());
  const bool plain = cipher == Cipher::kNone;
  if (plain && !options.recipients.empty()) {
    return Status::InvalidArgument("a plain archive has no recipients");
  }
  if (!plain && options.recipients.empty()) {
    return Status::InvalidArgument("an encrypted archive needs a recipient");
  }
  if (options.parity_percent < 0 || options.parity_percent > 100) {
    return Status::InvalidArgument("parity must be 0 to 100 percent");
  }
  if (!to_file && (options.parity_percent > 0 || options.resume)) {
    return Status::InvalidArgument("parity and resuming need an output that is a file");
  }
  if (options.frame_bytes < 64 << 10 || options.frame_bytes > kFrameContentMax) {
    return Status::InvalidArgument("frame_bytes must be 64 KiB to 128 MiB");
  }
  if (options.checkpoint_bytes < 1) {
    return Status::InvalidArgument("checkpoint_bytes must be positive");
  }
  return options.run.tuning.Validate();
}

Result<NewArchive> MakeNewArchive(Cipher cipher, const std::vector<Recipient>& recipients) {
  NewArchive fresh;
  fresh.header.cipher = cipher;
  THALWEG_RETURN_IF_ERROR(FillRandom(fresh.header.archive_id));
  if (cipher == Cipher::kNone) return fresh;
  fresh.header.slot_bytes = SlotBytesFor(recipients);
  Secret file_key(kFileKeyBytes);
  THALWEG_RETURN_IF_ERROR(FillRandom(file_key.span()));
  fresh.keys = DeriveKeys(std::move(file_key), fresh.header);
  return fresh;
}

}  // namespace thalweg::archive
