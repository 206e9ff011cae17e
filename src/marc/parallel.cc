#include <algorithm>
#include <optional>
#include <utility>

#include "io/byte_codec.h"
#include "io/file_reader.h"
#include "io/local_file_system.h"
#include "marc/batch_block.h"
#include "marc/frame_range.h"
#include "marc/frame_source.h"
#include "marc/open_input.h"
#include "marc/parse.h"
#include "runtime/executor.h"
#include "thalweg/marc/reader.h"
#include "thalweg/runtime/run.h"

// One input read by several threads. A stream is cut into slabs of whole records by its source. Of
// a file each lane reads and cuts the ranges that it parses. In both cases a serial step hands the
// batches over in order; it reads again what a lane did not find in its range.
namespace thalweg::marc {
namespace {

using runtime::Chunk;
using runtime::Output;
using runtime::Progress;
using WorkOnRecords = std::function<Result<std::shared_ptr<void>>(const RecordBatch&)>;
using Take = std::function<Result<bool>(const RecordBatch&, std::shared_ptr<void>)>;

// Of a file. Large ones cost the fewest calls; with so many none keeps the others waiting for long.
constexpr int64_t kRanges = 64;
constexpr int64_t kRangeBytesMin = int64_t{64} << 10;
constexpr int64_t kRangeBytesMax = int64_t{1} << 20;
// Buffers of a lane that wait for their next use, and as many blocks of records.
constexpr size_t kSpares = 8;

struct SlabPayload final : runtime::Payload {
  FrameSlab slab;
};

struct RangePayload final : runtime::Payload {
  int64_t begin = 0;
  int64_t end = 0;
  bool begun = false;
};

// Records are counted from the start of the batch, until it is taken. Without a block: no record
// showed itself before `begin`.
struct BatchPayload final : runtime::Payload {
  int64_t begin = 0;
  std::shared_ptr<BatchBlock> block;
  Result<std::shared_ptr<void>> made = std::shared_ptr<void>();
};

class SlabSource final : public runtime::Source {
 public:
  explicit SlabSource(FrameSource source) : source_(std::move(source)) {}

  Result<Progress> Produce(Output& out) override {
    auto payload = std::make_unique<SlabPayload>();
    THALWEG_ASSIGN_OR_RETURN(const bool more, source_.Next(&payload->slab));
    if (!more) return Progress::kDone;
    Chunk chunk;
    chunk.records = static_cast<int64_t>(payload->slab.frames.size());
    chunk.bytes = static_cast<int64_t>(payload->slab.data.size());
    chunk.payload = std::move(payload);
    out.Emit(std::move(chunk));
    return Progress::kNeedRoom;
  }

 private:
  FrameSource source_;
};

class RangeSource final : public runtime::Source {
 public:
  RangeSource(int64_t size, int64_t range_bytes) : size_(size), range_bytes_(range_bytes) {}

  Result<Progress> Produce(Output& out) override {
    if (at_ == size_) return Progress::kDone;
    auto payload = std::make_unique<RangePayload>();
    payload->begin = at_;
    payload->end = at_ = std::min(size_, at_ + range_bytes_);
    Chunk chunk;
    chunk.bytes = payload->end - payload->begin;
    chunk.payload = std::move(payload);
    out.Emit(std::move(chunk));
    return Progress::kNeedRoom;
  }

 private:
  const int64_t size_;
  const int64_t range_bytes_;
  int64_t at_ = 0;
};

// Makes batches of slabs. One thread at a time.
class BatchMaker {
 public:
  BatchMaker(const ReaderOptions& options, const WorkOnRecords& work)
      : parser_(options), work_(work) {}

  std::unique_ptr<BatchPayload> Make(const FrameSlab& slab) {
    auto payload = std::make_unique<BatchPayload>();
    payload->begin = slab.data_offset;
    payload->block = NewBlock(slab);
    BatchBlock& block = *payload->block;
    size_t end = 0;
    parser_.next_index = 0;
    for (const Frame& frame : slab.frames) {
      end = frame.offset + frame.length;
      if (!parser_.Add(frame, slab.data, slab.data_offset, &block)) break;
    }
    block.bytes = static_cast<int64_t>(end);
    if (work_) Work(payload.get());
    return payload;
  }

 private:
  // A failure counts only where the records do, which is not known yet.
  void Work(BatchPayload* payload) const {
    const Status status = runtime::CatchAll("marc", [&]() -> Status {
      payload->made = work_(BatchBlock::Show(payload->block));
      return {};
    });
    if (!status.ok()) payload->made = status;
  }

  std::shared_ptr<BatchBlock> NewBlock(const FrameSlab& slab) {
    std::shared_ptr<BatchBlock> block = blocks_->Take();
    block->bytes_owner = slab.owner;
    block->byte_offset = slab.data_offset;
    block->records.reserve(slab.frames.size());
    block->offsets.reserve(slab.frames.size());
    block->chunks.reserve(slab.frames.size());
    return block;
  }

  RecordParser parser_;
  const WorkOnRecords& work_;
  std::shared_ptr<BlockPool> blocks_ = BlockPool::Make(kSpares);
};

void EmitBatch(std::unique_ptr<BatchPayload> batch, Output& out) {
  Chunk chunk;
  if (batch->block != nullptr) {
    chunk.records = static_cast<int64_t>(batch->block->records.size());
    chunk.bytes = batch->block->bytes + static_cast<int64_t>(batch->block->fields.bytes());
  }
  chunk.payload = std::move(batch);
  out.Emit(std::move(chunk));
}

class SlabStep final : public runtime::Step {
 public:
  explicit SlabStep(BatchMaker maker) : maker_(std::move(maker)) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    EmitBatch(maker_.Make(chunk.As<SlabPayload>().slab), out);
    return Progress::kNeedInput;
  }

 private:
  BatchMaker maker_;
};

class RangeStep final : public runtime::Step {
 public:
  RangeStep(FrameRange frames, BatchMaker maker)
      : frames_(std::move(frames)), maker_(std::move(maker)) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    auto& range = chunk.As<RangePayload>();
    const bool first = !std::exchange(range.begun, true);
    if (first) frames_.Begin(range.begin, range.end, range.begin == 0);
    for (bool found = !first;; found = true) {
      THALWEG_ASSIGN_OR_RETURN(const bool more, frames_.Next(&slab_));
      if (!more) {
        if (!found) EmitEmpty(range.end, out);
        return Progress::kNeedInput;
      }
      EmitBatch(maker_.Make(slab_), out);
      slab_.owner.reset();
      if (!out.has_room()) return Progress::kNeedRoom;
    }
  }

 private:
  // So that the step behind goes on with what it has to read itself.
  static void EmitEmpty(int64_t end, Output& out) {
    auto payload = std::make_unique<BatchPayload>();
    payload->begin = end;
    EmitBatch(std::move(payload), out);
  }

  FrameRange frames_;
  BatchMaker maker_;
  FrameSlab slab_;
};

// Hands batches over and knows where the next one has to start. Of a file it reads itself what lies
// before the start of the next one that came.
class TakeStep final : public runtime::Step {
 public:
  TakeStep(const ReaderOptions& options, const Take& take, BatchMaker maker,
           std::optional<FrameRange> gaps, int64_t size, std::stop_token stop)
      : options_(options),
        take_(take),
        maker_(std::move(maker)),
        gaps_(std::move(gaps)),
        size_(size),
        stop_(std::move(stop)) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& /*out*/) override {
    auto& batch = chunk.As<BatchPayload>();
    if (batch.begin > at_) return FillGap(batch.begin);
    // An empty one, or one that started inside of a record.
    if (batch.block == nullptr || batch.begin < at_) return Progress::kNeedInput;
    THALWEG_ASSIGN_OR_RETURN(const bool more, Hand(&batch));
    return more ? Progress::kNeedInput : Progress::kDone;
  }

  Result<Progress> OnEnd(Output& /*out*/) override {
    return gaps_ && at_ < size_ ? FillGap(size_) : Progress::kDone;
  }

 private:
  // One batch of what lies between here and `end`.
  Result<Progress> FillGap(int64_t end) {
    if (!gaps_) return Status::Internal("marc: a batch does not follow the one before it");
    // A run that drains goes on with what was read, and this was not.
    if (stop_.stop_requested()) return Status::Cancelled("marc: stopped");
    if (std::exchange(gap_end_, end) != end) gaps_->Begin(at_, end, true);
    FrameSlab slab;
    THALWEG_ASSIGN_OR_RETURN(const bool found, gaps_->Next(&slab));
    if (!found) return Status::Internal("marc: a file has bytes that belong to no frame");
    THALWEG_ASSIGN_OR_RETURN(const bool more, Hand(maker_.Make(slab).get()));
    return more ? Progress::kNeedRoom : Progress::kDone;
  }

  Result<bool> Hand(BatchPayload* payload) {
    BatchBlock& block = *payload->block;
    block.first_index = next_index_;
    for (Defect& defect : block.defects) defect.record_index += next_index_;
    next_index_ += static_cast<int64_t>(block.records.size());
    for (const DroppedRecord& dropped : block.dropped) next_index_ += dropped.is_record ? 1 : 0;
    at_ += block.bytes;
    const RecordBatch batch = BatchBlock::Show(payload->block);
    THALWEG_ASSIGN_OR_RETURN(auto made, std::move(payload->made));
    THALWEG_ASSIGN_OR_RETURN(const bool more, take_(batch, std::move(made)));
    if (options_.recovery == Recovery::kStrict && !batch.dropped.empty()) {
      return batch.defects[batch.dropped.front().defect].ToStatus();
    }
    errors_ += CountErrors(batch.defects);
    if (options_.errors_max > 0 && errors_ > options_.errors_max) return TooManyDefects(options_);
    return more;
  }

  const ReaderOptions& options_;
  const Take& take_;
  BatchMaker maker_;
  std::optional<FrameRange> gaps_;
  const int64_t size_;
  const std::stop_token stop_;
  int64_t gap_end_ = -1;
  int64_t at_ = 0;
  int64_t next_index_ = 0;
  int64_t errors_ = 0;
};

using Steps = std::function<std::unique_ptr<runtime::Step>()>;

Status RunGraph(std::unique_ptr<runtime::Source> source, runtime::TokenKind token,
                const Steps& parse, std::unique_ptr<TakeStep> take,
                const ParallelOptions& parallel) {
  runtime::Graph graph;
  const runtime::NodeId read = graph.AddSource({.name = "read", .token = token}, std::move(source));
  const runtime::NodeId batches = graph.AddParallel(
      {.name = "parse", .counts_input = true},
      [&parse]() -> Result<std::unique_ptr<runtime::Step>> { return parse(); }, read);
  graph.AddSerial({.name = "take"}, std::move(take), {batches});
  runtime::RunOptions run_options;
  run_options.name = "marc";
  run_options.workers = parallel.workers;
  runtime::Run run(std::move(graph), run_options);
  return run.Execute(parallel.stop).outcome;
}

Status ReadRanges(const io::FileReader& file, const ReaderOptions& options,
                  const ParallelOptions& parallel, const WorkOnRecords& work, const Take& take) {
  const FrameSource::Limits limits = LimitsOf(options);
  const int64_t range_bytes =
      parallel.range_bytes > 0 ? parallel.range_bytes
                               : std::clamp(file.size() / kRanges, kRangeBytesMin, kRangeBytesMax);
  return RunGraph(
      std::make_unique<RangeSource>(file.size(), range_bytes), runtime::TokenKind::kCpu,
      [&] {
        return std::make_unique<RangeStep>(FrameRange(file.Sibling(), limits),
                                           BatchMaker(options, work));
      },
      std::make_unique<TakeStep>(options, take, BatchMaker(options, work),
                                 FrameRange(file.Sibling(), limits), file.size(), parallel.stop),
      parallel);
}

// The file, where any range of it can be read as it is; null for pipes and compressed files.
Result<std::unique_ptr<io::FileReader>> OpenRanges(const std::string& path, bool map) {
  using io::FileReader;
  if (path == "-" || io::CompressionOfPath(path) != io::Compression::kNone) return nullptr;
  THALWEG_ASSIGN_OR_RETURN(const io::FileInfo info, io::LocalFileSystem().Stat(path));
  if (info.type != io::FileType::kFile || info.size == 0) return nullptr;
  const auto method = map ? FileReader::Method::kMap : FileReader::Method::kRead;
  THALWEG_ASSIGN_OR_RETURN(auto file,
                           FileReader::Open(io::LocalFileSystem(), path,
                                            {.method = method, .spare_buffers_max = kSpares}));
  THALWEG_ASSIGN_OR_RETURN(const io::FileSlab front, file->Read(0, kLeaderSize));
  if (io::CompressionOfBytes(front.bytes) != io::Compression::kNone) return nullptr;
  return file;
}

}  // namespace

Status ReadParallel(const std::string& path, const ReaderOptions& options,
                    const ParallelOptions& parallel, const WorkOnRecords& work, const Take& take) {
  ReaderOptions named = options;
  if (named.source.empty()) named.source = path;
  THALWEG_ASSIGN_OR_RETURN(const auto file, OpenRanges(path, parallel.map));
  if (file != nullptr) return ReadRanges(*file, named, parallel, work, take);
  THALWEG_ASSIGN_OR_RETURN(Reader::ReadBytes read, OpenInput(path, parallel.stop));
  return ReadParallel(std::move(read), named, parallel, work, take);
}

Status ReadParallel(Reader::ReadBytes read, const ReaderOptions& options,
                    const ParallelOptions& parallel, const WorkOnRecords& work, const Take& take) {
  return RunGraph(
      std::make_unique<SlabSource>(FrameSource::OverStream(std::move(read), LimitsOf(options))),
      runtime::TokenKind::kNone,
      [&] { return std::make_unique<SlabStep>(BatchMaker(options, work)); },
      std::make_unique<TakeStep>(options, take, BatchMaker(options, work), std::nullopt, 0,
                                 parallel.stop),
      parallel);
}

Status ReadParallel(const std::string& path, const ReaderOptions& options,
                    const ParallelOptions& parallel,
                    const std::function<Result<bool>(const RecordBatch&)>& take) {
  const Take take_batch = [&take](const RecordBatch& batch, const std::shared_ptr<void>&) {
    return take(batch);
  };
  return ReadParallel(path, options, parallel, WorkOnRecords(), take_batch);
}

}  // namespace thalweg::marc
