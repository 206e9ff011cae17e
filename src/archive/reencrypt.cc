#include "archive/reencrypt.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "archive/body_writer.h"
#include "archive/graph_run.h"
#include "archive/opened_archive.h"
#include "archive/operations.h"
#include "archive/parity.h"
#include "archive/part_file.h"
#include "archive/resume.h"
#include "archive/seal_setup.h"
#include "thalweg/runtime/graph.h"

namespace thalweg::archive {
namespace {

using runtime::Chunk;
using runtime::Output;
using runtime::Progress;

struct CopyPayload final : runtime::Payload {
  ChainLink link;
  Digest predecessor{};
  size_t frame = 0;
  BuiltSegment built;
};

struct CopyJob {
  const OpenedArchive* from = nullptr;
  const MessageScheme* scheme = nullptr;
  Chain* chain = nullptr;
  BodyWriter* writer = nullptr;
  size_t first_frame = 0;
  int64_t checkpoint_bytes = 0;
};

class PlanNode final : public runtime::Source {
 public:
  explicit PlanNode(CopyJob& job) : job_(job), frame_(job.first_frame) {}
  Result<Progress> Produce(Output& out) override {
    auto payload = std::make_unique<CopyPayload>();
    SegmentKind kind = SegmentKind::kData;
    if (since_checkpoint_ >= job_.checkpoint_bytes) {
      kind = SegmentKind::kCheckpoint;
      since_checkpoint_ = 0;
    } else if (frame_ == job_.from->frames.size()) {
      kind = SegmentKind::kEnd;
    }
    payload->predecessor = job_.chain->predecessor();
    THALWEG_ASSIGN_OR_RETURN(payload->link, job_.chain->Next(kind));
    Chunk chunk;
    chunk.records = 1;
    if (kind == SegmentKind::kData) {
      payload->frame = frame_;
      const auto& record = job_.from->index.segments[job_.from->frames[frame_++]];
      chunk.bytes = 3 * record.length;
      since_checkpoint_ += record.content;
    }
    chunk.payload = std::move(payload);
    out.Emit(std::move(chunk));
    return kind == SegmentKind::kEnd ? Progress::kDone : Progress::kNeedRoom;
  }

 private:
  CopyJob& job_;
  size_t frame_;
  int64_t since_checkpoint_ = 0;
};

class CopyStep final : public runtime::Step {
 public:
  explicit CopyStep(CopyJob& job)
      : job_(job), reader_(*job.from->bytes, job.from->scheme_or_null()), builder_(job.scheme) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    auto& payload = chunk.As<CopyPayload>();
    if (payload.link.kind == SegmentKind::kData) {
      const size_t segment = job_.from->frames[payload.frame];
      THALWEG_ASSIGN_OR_RETURN(const std::string_view bytes,
                               reader_.Read(job_.from->places[segment]));
      builder_.Build(payload.link, bytes, payload.built);
    }
    out.Emit(std::move(chunk));
    return Progress::kNeedInput;
  }

 private:
  CopyJob& job_;
  SegmentReader reader_;
  SegmentBuilder builder_;
};

class PutNode final : public runtime::Step {
 public:
  PutNode(CopyJob& job, std::vector<IndexEntry> entries)
      : job_(job), entries_(std::move(entries)) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& /*out*/) override {
    auto& payload = chunk.As<CopyPayload>();
    BodyWriter& writer = *job_.writer;
    if (payload.link.kind == SegmentKind::kCheckpoint) {
      THALWEG_RETURN_IF_ERROR(writer.PutCheckpoint(payload.link, {}));
    } else if (payload.link.kind == SegmentKind::kEnd) {
      writer.AddEntries(std::move(entries_));
      THALWEG_RETURN_IF_ERROR(writer.PutEnd(payload.link, payload.predecessor));
    } else {
      const auto& record = job_.from->index.segments[job_.from->frames[payload.frame]];
      THALWEG_RETURN_IF_ERROR(
          writer.PutData(payload.built, record.content, record.frame, record.codec));
    }
    return Progress::kNeedInput;
  }

 private:
  CopyJob& job_;
  std::vector<IndexEntry> entries_;
};

Report RunCopy(CopyJob& job, std::vector<IndexEntry> entries, const RunSettings& settings) {
  runtime::Graph graph;
  const auto source = graph.AddSource({.name = "plan", .token = runtime::TokenKind::kNone},
                                      std::make_unique<PlanNode>(job));
  const auto lanes = graph.AddParallel(
      {.name = "reencrypt", .token = runtime::TokenKind::kCpu},
      [&job]() -> Result<std::unique_ptr<runtime::Step>> {
        return std::unique_ptr<runtime::Step>(std::make_unique<CopyStep>(job));
      },
      source);
  graph.AddSerial({.name = "write", .token = runtime::TokenKind::kIo},
                  std::make_unique<PutNode>(job, std::move(entries)), {lanes});
  return CancelledIfStopped(RunGraph(std::move(graph), "rekey", settings), settings);
}

// What an interrupted run has left, if it is of the same content.
Result<std::optional<Resumption>> LeftBehind(io::FileSystem& fs, const PartFile& part,
                                             const OpenedArchive& from,
                                             const RekeyOptions& options) {
  if (!options.resume || part.size() == 0) return std::optional<Resumption>();
  auto found = ReadPart(fs, part.part_path(), options.identities, options.run);
  // The identities open the old archive; the new one perhaps not, and then it begins again.
  if (!found.ok() && found.status().code() == StatusCode::kUnauthenticated) {
    return std::optional<Resumption>();
  }
  THALWEG_RETURN_IF_ERROR(found.status());
  if (!*found) return found;
  const auto& offsets = from.frame_offsets;
  const bool fits =
      std::binary_search(offsets.begin(), offsets.end(), (*found)->index.content_bytes) &&
      (*found)->index.stages == from.index.stages &&
      (*found)->index.created_unix_micros == from.index.created_unix_micros;
  return fits ? std::move(found) : Result<std::optional<Resumption>>(std::optional<Resumption>());
}

Result<std::unique_ptr<PartFile>> OpenPart(io::FileSystem& fs, const std::string& output,
                                           bool in_place, bool resume) {
  if (resume) {
    auto part = PartFile::Open(fs, output, {.replace = in_place, .resume = true});
    if (part.ok() || part.status().code() != StatusCode::kNotFound) return part;
  }
  return PartFile::Open(fs, output, {.replace = in_place});
}

// What stands behind the content: signed by whom `options` say, with as much parity as there was,
// and where it was.
Result<SealOptions> TailOf(io::FileSystem& fs, const std::string& path, const OpenedArchive& from,
                           const RekeyOptions& options) {
  SealOptions tail;
  tail.signer = options.signer;
  tail.run = options.run;
  tail.run.on_progress = {};
  tail.force = true;
  THALWEG_ASSIGN_OR_RETURN(tail.parity_percent, ParityPercentOf(*from.bytes, from.tail->footer));
  const std::string beside = path + ".par";
  THALWEG_ASSIGN_OR_RETURN(const bool exists, io::Exists(fs, beside));
  if (tail.parity_percent > 0 || !exists) return tail;
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(beside));
  FileBytes parity(std::move(file));
  THALWEG_ASSIGN_OR_RETURN(const int64_t size, parity.Size());
  const auto descriptor = ReadDescriptor(parity, 0, size);
  // A damaged one, or that of another archive, says nothing about this one.
  if (!descriptor.ok() || descriptor->layout.header.Encode() != from.head->header.Encode()) {
    return tail;
  }
  tail.parity_percent = static_cast<int>(descriptor->layout.percent);
  tail.parity_beside = true;
  return tail;
}

}  // namespace

Status Reencrypt(io::FileSystem& fs, const std::string& path, const RekeyOptions& options) {
  const bool in_place = options.output.empty();
  const std::string& output = in_place ? path : options.output;
  THALWEG_ASSIGN_OR_RETURN(auto random, fs.OpenRandom(path));
  OpenOptions open;
  open.identities = options.identities;
  open.limits = options.limits;
  THALWEG_ASSIGN_OR_RETURN(auto from,
                           OpenBytes(std::make_shared<FileBytes>(std::move(random)), open));
  if (from->tail->trailer.signature && !options.signer) {
    return Status::InvalidArgument(
        "rekey: the archive is signed, so a signing key is needed for the new one");
  }
  THALWEG_ASSIGN_OR_RETURN(const SealOptions tail, TailOf(fs, path, *from, options));
  THALWEG_ASSIGN_OR_RETURN(auto part, OpenPart(fs, output, in_place, options.resume));
  THALWEG_ASSIGN_OR_RETURN(auto left, LeftBehind(fs, *part, *from, options));
  const Cipher old = from->head->header.cipher;
  const Cipher cipher = options.cipher.value_or(old == Cipher::kNone ? PreferredCipher() : old);
  THALWEG_ASSIGN_OR_RETURN(NewArchive fresh, MakeNewArchive(cipher, options.recipients));
  BodyWriter::Start start;
  CopyJob job;
  job.from = from.get();
  job.checkpoint_bytes = options.checkpoint_bytes;
  uint64_t next = 0;
  Digest predecessor{};
  if (left) {
    fresh.header = left->header;
    fresh.keys = std::move(left->keys);
    next = left->next_index;
    predecessor = left->predecessor;
    InputTree nothing;
    GoOn(*left, nothing, start);
    job.first_frame =
        static_cast<size_t>(std::lower_bound(from->frame_offsets.begin(), from->frame_offsets.end(),
                                             start.content_bytes) -
                            from->frame_offsets.begin());
  }
  std::optional<MessageScheme> scheme;
  if (fresh.keys) {
    scheme.emplace(fresh.header.cipher, fresh.keys->payload_key, fresh.header.Hash());
  }
  start.header = fresh.header;
  start.keys = fresh.keys ? &*fresh.keys : nullptr;
  start.scheme = scheme ? &*scheme : nullptr;
  start.created_unix_micros = from->index.created_unix_micros;
  start.stages = from->index.stages;
  start.lossy = from->index.lossy;
  THALWEG_RETURN_IF_ERROR(part->TruncateTo(start.offset));
  BodyWriter writer(std::move(start), [&](std::string_view bytes) { return part->Append(bytes); });
  if (!left) THALWEG_RETURN_IF_ERROR(writer.WriteHead(options.recipients));
  Chain chain(scheme ? &*scheme : nullptr, next, predecessor);
  job.scheme = scheme ? &*scheme : nullptr;
  job.chain = &chain;
  job.writer = &writer;
  const Report report = RunCopy(job, std::move(from->index.entries), options.run);
  if (writer.checkpoints() > 0) part->Keep();
  THALWEG_RETURN_IF_ERROR(report.outcome);
  THALWEG_RETURN_IF_ERROR(FinishArchive(writer, fs, part->part_path(), fresh.header, output, tail));
  return part->Commit();
}

}  // namespace thalweg::archive
