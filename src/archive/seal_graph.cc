#include "archive/seal_graph.h"

#include <algorithm>
#include <utility>

#include "archive/file_map.h"
#include "archive/frame.h"
#include "archive/graph_run.h"

namespace thalweg::archive {
namespace {

using runtime::Chunk;
using runtime::Output;
using runtime::Progress;

int64_t NanosSince(Clock::Instant begin) { return (Clock::System().Now() - begin).count(); }

/// One segment on its way.
struct SegmentPayload final : runtime::Payload {
  ChainLink link;
  Digest predecessor{};  // Of an end segment.
  ByteBuffer content;
  BuiltSegment built;
  uint32_t content_bytes = 0;
  uint32_t frame_bytes = 0;
  Codec codec = Codec::kStore;
  std::vector<FileStart> starts;
  std::vector<IndexEntry> completed;  // Entries whose content ends here or before.
  std::optional<IndexEntry> open_entry;
};

class ReadNode final : public runtime::Source {
 public:
  explicit ReadNode(SealJob& job)
      : job_(job),
        reader_(job.filters, job.options->stages.sha256),
        item_(job.start.item),
        skip_(job.start.skip),
        stream_(job.start.content_bytes),
        as_it_is_(job.start.content_bytes == 0),
        next_checkpoint_(stream_ + job.options->checkpoint_bytes) {}

  Result<Progress> Produce(Output& out) override {
    if (ended_) return Progress::kDone;
    auto segment = std::make_unique<SegmentPayload>();
    SegmentKind kind = SegmentKind::kData;
    const Clock::Instant begin = Clock::System().Now();
    if (stream_ >= next_checkpoint_) {
      kind = SegmentKind::kCheckpoint;
      next_checkpoint_ = stream_ + job_.options->checkpoint_bytes;
      if (open_) segment->open_entry = OpenEntry();
    } else {
      segment->content = job_.buffers.Take(job_.frame_bytes);
      THALWEG_RETURN_IF_ERROR(Fill(segment->content, out));
      if (segment->content.size() == 0) kind = SegmentKind::kEnd;
    }
    job_.counters.read_ns += NanosSince(begin);
    segment->starts = std::exchange(starts_, {});
    segment->completed = std::exchange(completed_, {});
    segment->predecessor = job_.chain->predecessor();
    THALWEG_ASSIGN_OR_RETURN(segment->link, job_.chain->Next(kind));
    ended_ = kind == SegmentKind::kEnd;
    Chunk chunk;
    chunk.records = 1;
    chunk.bytes = kind == SegmentKind::kData ? static_cast<int64_t>(2 * job_.frame_bytes) : 1;
    chunk.payload = std::move(segment);
    out.Emit(std::move(chunk));
    return ended_ ? Progress::kDone : Progress::kNeedRoom;
  }

 private:
  // Fills `buffer` from as many inputs as it takes.
  Status Fill(ByteBuffer& buffer, Output& out) {
    size_t used = 0;
    while (used < job_.frame_bytes) {
      if (out.stop().stop_requested()) return Status::Cancelled("seal: stopped");
      if (!open_ && !OpenNext(used)) break;
      if (!open_) continue;
      const auto n = reader_.Read({buffer.data() + used, job_.frame_bytes - used});
      if (!n.ok()) {
        // Content that a filter refuses, or a stream that fails, is the caller's business; a file
        // that cannot be read is left out.
        const bool refused = n.status().code() == StatusCode::kInvalidArgument;
        if (refused || item().disk_path.empty()) return n.status();
        Skip(n.status());
        continue;
      }
      if (*n == 0) {
        THALWEG_RETURN_IF_ERROR(Finish());
        continue;
      }
      used += *n;
      stored_ += static_cast<int64_t>(*n);
      stream_ += static_cast<int64_t>(*n);
      job_.counters.bytes_read += static_cast<int64_t>(*n);
    }
    buffer.SetSize(used);
    return {};
  }

  const InputItem& item() const { return job_.tree->items[item_]; }

  // False: there is no further item. One that has no content is completed at once.
  bool OpenNext(size_t used) {
    if (item_ == job_.tree->items.size()) return false;
    if (item().entry.type != EntryType::kFile) {
      Complete({.entry = item().entry});
      return true;
    }
    const Status opened = reader_.Open(item(), skip_);
    if (!opened.ok()) {
      skip_ = 0;
      Skip(opened);
      return true;
    }
    if (skip_ == 0) Mark(used);
    entry_offset_ = skip_ > 0 ? job_.start.entry_offset : stream_;
    stored_ = std::exchange(skip_, 0);
    open_ = true;
    return true;
  }

  // Tells a reader of the stream how the file that begins here is stored, unless it and what is
  // before it are stored as they are.
  void Mark(size_t used) {
    FileStart start = reader_.start();
    const bool before = std::exchange(as_it_is_, start.as_it_is());
    if (before && as_it_is_) return;
    start.place = static_cast<uint32_t>(used);
    starts_.push_back(std::move(start));
  }

  IndexEntry OpenEntry() const {
    IndexEntry entry{.entry = item().entry};
    entry.entry.stream_offset = entry_offset_;
    entry.entry.stored_bytes = entry.entry.size = stored_;
    return entry;
  }

  Status Finish() {
    IndexEntry entry = OpenEntry();
    THALWEG_ASSIGN_OR_RETURN(const bool changed, reader_.Finish(&entry));
    if (changed) {
      job_.changed.push_back(
          {item().entry.path, Status::Unavailable("it was changed while it was read")});
    }
    open_ = false;
    Complete(std::move(entry));
    return {};
  }

  void Complete(IndexEntry entry) {
    completed_.push_back(std::move(entry));
    ++job_.counters.entries;
    ++item_;
  }

  void Skip(Status reason) {
    reader_.Abandon();
    open_ = false;
    job_.unreadable.push_back({item().entry.path, std::move(reason)});
    ++item_;
  }

  SealJob& job_;
  ContentReader reader_;
  size_t item_;
  int64_t skip_;
  int64_t stream_;
  bool as_it_is_;  // What was stored last; false where that is not known.
  int64_t next_checkpoint_;
  int64_t entry_offset_ = 0;
  int64_t stored_ = 0;
  bool open_ = false;
  bool ended_ = false;
  std::vector<FileStart> starts_;
  std::vector<IndexEntry> completed_;
};

class SealStep final : public runtime::Step {
 public:
  SealStep(SealJob& job, std::unique_ptr<FrameEncoder> encoder)
      : job_(job), encoder_(std::move(encoder)), builder_(job.scheme) {}
  ~SealStep() override {
    job_.counters.encrypt_ns += static_cast<int64_t>(builder_.encrypt_s * 1e9);
    job_.counters.hash_ns += static_cast<int64_t>(builder_.hash_s * 1e9);
  }

  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    auto& segment = chunk.As<SegmentPayload>();
    if (segment.link.kind == SegmentKind::kData) {
      THALWEG_RETURN_IF_ERROR(Seal(segment));
      chunk.bytes = static_cast<int64_t>(segment.built.bytes.capacity());
    }
    out.Emit(std::move(chunk));
    return Progress::kNeedInput;
  }

 private:
  Status Seal(SegmentPayload& segment) {
    const Clock::Instant begin = Clock::System().Now();
    const size_t content = segment.content.size();
    // Room for the padding is there from the beginning: growing drops what a buffer holds.
    const std::string map = segment.starts.empty() ? "" : EncodeFileMap(segment.starts);
    frame_.Reserve((FrameBound(job_.options->stages.codec, content) + map.size()) * 9 / 8 + 64);
    THALWEG_ASSIGN_OR_RETURN(segment.codec, encoder_->Encode(segment.content.view(), frame_));
    segment.content_bytes = static_cast<uint32_t>(content);
    segment.frame_bytes = static_cast<uint32_t>(frame_.size());
    job_.buffers.Give(std::move(segment.content));
    if (HasPrefix(segment.codec)) Prefix(segment);
    PutMap(map);
    job_.counters.compress_ns += NanosSince(begin);
    ++job_.counters.frames;
    if (segment.codec == Codec::kStore) ++job_.counters.frames_stored;
    segment.built.bytes = job_.buffers.Take(frame_.size() + frame_.size() / 512 + 256);
    builder_.Build(segment.link, frame_.view(), segment.built);
    return {};
  }

  void Prefix(const SegmentPayload& segment) {
    const std::string prefix =
        FramePrefix(segment.codec, segment.content_bytes, segment.frame_bytes);
    ByteBuffer whole(prefix.size() + frame_.size());
    std::copy(prefix.begin(), prefix.end(), whole.data());
    std::copy(frame_.view().begin(), frame_.view().end(), whole.data() + prefix.size());
    whole.SetSize(prefix.size() + frame_.size());
    frame_ = std::move(whole);
  }

  // The map and the padding share one frame.
  void PutMap(const std::string& map) {
    const auto size = static_cast<int64_t>(frame_.size());
    int64_t padding = map.empty() ? 0 : 8 + static_cast<int64_t>(map.size());
    if (job_.options->pad) {
      padding = map.empty() ? PaddingFor(size) : PadmeLength(size + padding) - size;
    }
    if (padding == 0) return;
    if (frame_.capacity() < static_cast<size_t>(size + padding)) {
      ByteBuffer larger(static_cast<size_t>(size + padding));
      std::copy(frame_.view().begin(), frame_.view().end(), larger.data());
      frame_ = std::move(larger);
    }
    WritePadding(padding, frame_.data() + size);
    std::copy(map.begin(), map.end(), frame_.data() + size + 8);
    frame_.SetSize(static_cast<size_t>(size + padding));
  }

  SealJob& job_;
  std::unique_ptr<FrameEncoder> encoder_;
  SegmentBuilder builder_;
  ByteBuffer frame_;
};

class WriteNode final : public runtime::Step {
 public:
  explicit WriteNode(SealJob& job) : job_(job), begin_(Clock::System().Now()) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& /*out*/) override {
    auto& segment = chunk.As<SegmentPayload>();
    const Clock::Instant begin = Clock::System().Now();
    BodyWriter& writer = *job_.writer;
    writer.AddEntries(std::move(segment.completed));
    switch (segment.link.kind) {
      case SegmentKind::kData:
        THALWEG_RETURN_IF_ERROR(writer.PutData(segment.built, segment.content_bytes,
                                               segment.frame_bytes, segment.codec));
        job_.buffers.Give(std::move(segment.built.bytes));
        break;
      case SegmentKind::kCheckpoint:
        THALWEG_RETURN_IF_ERROR(writer.PutCheckpoint(segment.link, std::move(segment.open_entry)));
        break;
      case SegmentKind::kEnd:
      case SegmentKind::kOther:
        THALWEG_RETURN_IF_ERROR(writer.PutEnd(segment.link, segment.predecessor));
        ended_ = true;
        break;
    }
    job_.counters.write_ns += NanosSince(begin);
    Tell(segment.link.kind == SegmentKind::kEnd);
    return Progress::kNeedInput;
  }

  Result<Progress> OnEnd(Output& /*out*/) override {
    if (ended_) return Progress::kDone;
    return Status::Cancelled("seal: stopped");
  }

 private:
  void Tell(bool last) {
    const auto& tell = job_.options->run.on_progress;
    const Clock::Instant now = Clock::System().Now();
    if (!tell || (!last && now - told_ < std::chrono::milliseconds(100))) return;
    told_ = now;
    tell({.bytes_in = job_.counters.bytes_read,
          .bytes_total = job_.tree->bytes,
          .bytes_out = job_.writer->offset(),
          .entries = job_.counters.entries,
          .seconds = static_cast<double>((now - begin_).count()) * 1e-9});
  }

  SealJob& job_;
  Clock::Instant begin_;
  Clock::Instant told_{};
  bool ended_ = false;
};

}  // namespace

size_t FrameBytesFor(const SealOptions& options, int64_t input_bytes) {
  constexpr int64_t kSmallest = 1 << 20;
  int64_t bytes = options.frame_bytes;
  if (options.stages.long_log > 0) bytes = int64_t{1} << options.stages.long_log;
  if (options.run.tuning.policy == TuningPolicy::kTable) {
    const Tuning& tuning = options.run.tuning;
    bytes = std::clamp(TableKnobs(input_bytes, 0, tuning.min, tuning.max).slab_bytes, kSmallest,
                       std::max(bytes, kSmallest));
  }
  return static_cast<size_t>(std::clamp<int64_t>(bytes, 64 << 10, kFrameContentMax));
}

Report RunSeal(SealJob& job) {
  runtime::Graph graph;
  const auto source = graph.AddSource({.name = "read", .token = runtime::TokenKind::kIo},
                                      std::make_unique<ReadNode>(job));
  const auto lanes = graph.AddParallel(
      {.name = "seal", .token = runtime::TokenKind::kCpu},
      [&job]() -> Result<std::unique_ptr<runtime::Step>> {
        THALWEG_ASSIGN_OR_RETURN(auto encoder, FrameEncoder::Make(job.options->stages));
        return std::unique_ptr<runtime::Step>(std::make_unique<SealStep>(job, std::move(encoder)));
      },
      source);
  graph.AddSerial({.name = "write", .token = runtime::TokenKind::kIo},
                  std::make_unique<WriteNode>(job), {lanes});
  RunSettings settings = job.options->run;
  if (settings.tuning.policy == TuningPolicy::kTable && settings.workers == 0) {
    const Tuning& tuning = settings.tuning;
    const Governor& governor =
        settings.governor != nullptr ? *settings.governor : Governor::Process();
    const int cores = static_cast<int>(governor.cpu_statistics().tokens);
    settings.workers = TableKnobs(job.tree->bytes, cores, tuning.min, tuning.max).workers;
  }
  return RunGraph(std::move(graph), "seal", settings);
}

}  // namespace thalweg::archive
