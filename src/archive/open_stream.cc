#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "archive/body_scan.h"
#include "archive/entry_table.h"
#include "archive/file_map.h"
#include "archive/frame.h"
#include "archive/given_content.h"
#include "archive/key_state.h"
#include "archive/stream_reader.h"
#include "thalweg/runtime/graph.h"
#include "thalweg/runtime/run.h"

namespace thalweg::archive {
namespace {

using runtime::Chunk;
using runtime::Output;
using runtime::Progress;

class NoBytes final : public ByteReader {
 public:
  Result<int64_t> Size() override { return int64_t{0}; }
  Result<size_t> ReadAt(int64_t /*offset*/, std::span<char> /*out*/) override { return size_t{0}; }
};

// Authenticates and expands.
class ExpandStep final : public runtime::Step {
 public:
  ExpandStep(const MessageScheme* scheme, const OpenLimits& limits)
      : limits_(limits), reader_(nothing_, scheme) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    auto& segment = chunk.As<StreamSegment>();
    if (segment.place.kind == SegmentKind::kOther) {
      out.Emit(std::move(chunk));
      return Progress::kNeedInput;
    }
    segment.hash = HashOf({segment.bytes.view()});
    THALWEG_ASSIGN_OR_RETURN(const std::string_view payload,
                             reader_.Check(segment.bytes.view(), segment.place));
    segment.place.commitment = reader_.commitment();
    if (segment.place.kind == SegmentKind::kData) {
      THALWEG_ASSIGN_OR_RETURN(const FoundFrame frame, FindFrame(payload, limits_.frame_bytes_max));
      THALWEG_ASSIGN_OR_RETURN(segment.starts, TakeFileMap(frame.rest, frame.content_bytes));
      segment.payload.resize(frame.content_bytes);
      THALWEG_RETURN_IF_ERROR(
          decoder_.Decode(frame.codec, frame.bytes, frame.content_bytes, segment.payload.data()));
    } else {
      segment.payload.assign(payload);
    }
    segment.bytes = ByteBuffer();
    out.Emit(std::move(chunk));
    return Progress::kNeedInput;
  }

 private:
  const OpenLimits& limits_;
  NoBytes nothing_;
  SegmentReader reader_;
  FrameDecoder decoder_;
};

// What passed, in order, for the comparison with the index and the trailer.
struct Passed {
  std::vector<SegmentPlace> places;
  std::vector<Digest> hashes;
  std::vector<int64_t> contents;
  int64_t content_bytes = 0;
  std::optional<Index> index;
  size_t index_frame_bytes = 0;
};

class ReleaseStep final : public runtime::Step {
 public:
  ReleaseStep(GivenContent& given, const OpenOptions& options, bool encrypted, Passed& passed)
      : given_(given), options_(options), encrypted_(encrypted), passed_(passed) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& /*out*/) override {
    auto& segment = chunk.As<StreamSegment>();
    const bool other = segment.place.kind == SegmentKind::kOther;
    if (passed_.index.has_value() != other) {
      return Status::Corruption("a segment stands where none belongs");
    }
    // It goes on: what was the end is a segment like others.
    if (other) passed_.index.reset();
    if (segment.place.kind == SegmentKind::kEnd) {
      THALWEG_RETURN_IF_ERROR(TakeIndex(segment.payload));
    }
    passed_.places.push_back(segment.place);
    passed_.hashes.push_back(segment.hash);
    passed_.contents.push_back(0);
    if (segment.place.kind != SegmentKind::kData) return Progress::kNeedInput;
    passed_.contents.back() = static_cast<int64_t>(segment.payload.size());
    passed_.content_bytes += static_cast<int64_t>(segment.payload.size());
    THALWEG_RETURN_IF_ERROR(given_.Take(segment.payload, std::move(segment.starts)));
    return Progress::kNeedInput;
  }

 private:
  Status TakeIndex(std::string_view payload) {
    THALWEG_ASSIGN_OR_RETURN(const std::string_view frame, TakeSkippable(kIndexFrame, &payload));
    THALWEG_ASSIGN_OR_RETURN(passed_.index, Index::Decode(frame, options_.limits));
    return CheckEnd(*passed_.index, frame.size() + 8, payload, encrypted_);
  }

  GivenContent& given_;
  const OpenOptions& options_;
  bool encrypted_;
  Passed& passed_;
};

Report RunStream(StreamInput& input, const ArchiveHead& head, const MessageScheme* scheme,
                 const OpenOptions& options, GivenContent& given, StreamTail& tail,
                 Passed& passed) {
  runtime::Graph graph;
  const auto source =
      graph.AddSource({.name = "read", .token = runtime::TokenKind::kIo},
                      std::make_unique<SegmentSource>(input, head, options.limits, tail));
  const auto lanes = graph.AddParallel(
      {.name = "expand", .token = runtime::TokenKind::kCpu},
      [&]() -> Result<std::unique_ptr<runtime::Step>> {
        return std::unique_ptr<runtime::Step>(std::make_unique<ExpandStep>(scheme, options.limits));
      },
      source);
  graph.AddSerial({.name = "write", .token = runtime::TokenKind::kIo},
                  std::make_unique<ReleaseStep>(given, options, scheme != nullptr, passed),
                  {lanes});
  runtime::RunOptions run;
  run.name = "open";
  run.workers = options.run.workers;
  run.tuning = options.run.tuning;
  run.memory_bytes_max = options.run.memory_bytes_max;
  run.cancel = runtime::CancelPolicy::kDrop;
  run.governor = options.run.governor;
  run.metrics = options.run.metrics;
  run.logger = options.run.logger;
  return runtime::Run(std::move(graph), run).Execute(options.run.stop);
}

Status CompareWithIndex(const Passed& passed, const Trailer& trailer) {
  const Index& index = *passed.index;
  bool same = !index.checkpoint && passed.places.size() == index.segments.size() + 1 &&
              passed.places.size() == trailer.segments.size() &&
              index.content_bytes == passed.content_bytes;
  for (size_t i = 0; same && i < passed.places.size(); ++i) {
    const SegmentPlace& place = passed.places[i];
    same =
        trailer.segments[i].length == place.length && trailer.segments[i].hash == passed.hashes[i];
    if (!same || i == index.segments.size()) continue;
    const SegmentRecord& record = index.segments[i];
    same = record.offset == place.offset && record.length == place.length &&
           record.kind == place.kind && record.commitment == *place.commitment &&
           record.content == passed.contents[i];
  }
  return same ? Status() : Status::Corruption("the stream is not what its index says");
}

Status CheckTail(const ArchiveHead& head, const std::optional<ArchiveKeys>& keys,
                 const StreamTail& tail, const Passed& passed, const OpenOptions& options,
                 VerifyReport* report) {
  if (!tail.footer || !passed.index) return Status::Corruption("the archive was cut off");
  THALWEG_ASSIGN_OR_RETURN(const Trailer trailer, Trailer::Decode(tail.trailer, head.header));
  if (keys && !Trailer::IsAuthentic(tail.trailer, head.header_hash, keys->mac_key.view())) {
    return Status::Unauthenticated("the archive's trailer was tampered with");
  }
  if (trailer.offset != tail.footer->trailer_offset) {
    return Status::Corruption("the archive's trailer is not where it says");
  }
  if (!options.signer.empty()) {
    THALWEG_RETURN_IF_ERROR(trailer.CheckSignature(head.header_hash, options.signer));
  }
  if (trailer.signature) {
    if (!trailer.SignatureFits(head.header_hash)) {
      return Status::Unauthenticated("the archive's signature is not valid");
    }
    report->signer = SignerText(trailer.signature->key);
    report->signature_checked = true;
  }
  return CompareWithIndex(passed, trailer);
}

}  // namespace

Result<VerifyReport> OpenStream(const ReadFunction& read, const WriteFunction& write,
                                const OpenOptions& options) {
  StreamInput input(read);
  THALWEG_ASSIGN_OR_RETURN(const auto head, TakeHead(input));
  std::optional<ArchiveKeys> keys;
  std::optional<MessageScheme> scheme;
  if (head->header.cipher != Cipher::kNone) {
    THALWEG_ASSIGN_OR_RETURN(
        keys, Unlock(head->header, head->slots, options.identities, options.limits.kdf));
    scheme.emplace(head->header.cipher, keys->payload_key, head->header_hash);
  } else if (options.require_encrypted || !options.identities.empty()) {
    return Status::Unauthenticated("the archive is not encrypted, though a key is given");
  }
  StreamTail tail;
  Passed passed;
  VerifyReport report;
  GivenContent given(write, options.limits);
  report.run = RunStream(input, *head, scheme ? &*scheme : nullptr, options, given, tail, passed);
  THALWEG_RETURN_IF_ERROR(report.run.outcome);
  if (options.run.stop.stop_requested()) return Status::Cancelled("open: stopped");
  THALWEG_RETURN_IF_ERROR(CheckTail(*head, keys, tail, passed, options, &report));
  THALWEG_ASSIGN_OR_RETURN(const EntryTable table,
                           EntryTable::Make(std::move(passed.index->entries)));
  THALWEG_RETURN_IF_ERROR(given.Finish(table));
  report.with_key = keys.has_value();
  report.entries = static_cast<int64_t>(table.entries().size());
  report.segments = static_cast<int64_t>(passed.places.size());
  report.bytes = input.offset();
  return report;
}

}  // namespace thalweg::archive
