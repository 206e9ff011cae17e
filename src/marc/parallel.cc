#include <algorithm>
#include <utility>

#include "io/byte_codec.h"
#include "io/local_file_system.h"
#include "io/mapped_file.h"
#include "marc/batch_block.h"
#include "marc/frame_source.h"
#include "marc/open_input.h"
#include "marc/parse.h"
#include "thalweg/marc/reader.h"
#include "thalweg/runtime/run.h"

// One file read by several threads: a source cuts it into slabs of whole records, lanes parse them,
// and a serial step hands them over in order.
namespace thalweg::marc {
namespace {

using runtime::Chunk;
using runtime::Output;
using runtime::Progress;
using Work = std::function<Result<std::shared_ptr<void>>(const RecordBatch&)>;
using Take = std::function<Result<bool>(const RecordBatch&, std::shared_ptr<void>)>;

struct SlabPayload final : runtime::Payload {
  FrameSlab slab;
};

struct BatchPayload final : runtime::Payload {
  RecordBatch batch;
  std::shared_ptr<void> made;
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

class ParseStep final : public runtime::Step {
 public:
  ParseStep(const ReaderOptions& options, const Work& work) : parser_(options), work_(work) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    const FrameSlab& slab = chunk.As<SlabPayload>().slab;
    auto block = NewBlock(slab);
    size_t end = 0;
    parser_.next_index = slab.first_index;
    for (const Frame& frame : slab.frames) {
      end = frame.offset + frame.length;
      if (!parser_.Add(frame, slab.data, slab.data_offset, block.get())) break;
    }
    block->bytes = static_cast<int64_t>(end);
    auto payload = std::make_unique<BatchPayload>();
    payload->batch = BatchBlock::Show(block);
    if (work_) {
      THALWEG_ASSIGN_OR_RETURN(payload->made, work_(payload->batch));
    }
    Chunk made;
    made.records = static_cast<int64_t>(block->records.size());
    made.bytes = chunk.bytes + static_cast<int64_t>(block->fields.bytes());
    made.payload = std::move(payload);
    out.Emit(std::move(made));
    return Progress::kNeedInput;
  }

 private:
  // Blocks that nobody looks into any more are used again: their memory is warm.
  std::shared_ptr<BatchBlock> NewBlock(const FrameSlab& slab) {
    std::shared_ptr<BatchBlock> block;
    for (std::shared_ptr<BatchBlock>& spare : spares_) {
      if (spare.use_count() != 1) continue;
      spare->Clear();
      block = spare;
      break;
    }
    if (block == nullptr) {
      block = std::make_shared<BatchBlock>();
      if (spares_.size() < kSpares) spares_.push_back(block);
    }
    block->bytes_owner = slab.owner;
    block->first_index = slab.first_index;
    block->byte_offset = slab.data_offset;
    block->records.reserve(slab.frames.size());
    block->offsets.reserve(slab.frames.size());
    block->chunks.reserve(slab.frames.size());
    return block;
  }

  static constexpr size_t kSpares = 8;
  RecordParser parser_;
  const Work& work_;
  std::vector<std::shared_ptr<BatchBlock>> spares_;
};

class TakeStep final : public runtime::Step {
 public:
  TakeStep(const ReaderOptions& options, const Take& take) : options_(options), take_(take) {}

  Result<Progress> OnChunk(Chunk& chunk, Output& /*out*/) override {
    auto& payload = chunk.As<BatchPayload>();
    const RecordBatch& batch = payload.batch;
    THALWEG_ASSIGN_OR_RETURN(const bool more, take_(batch, std::move(payload.made)));
    if (options_.recovery == Recovery::kStrict && !batch.dropped.empty()) {
      return batch.defects[batch.dropped.front().defect].ToStatus();
    }
    errors_ += CountErrors(batch.defects);
    if (options_.errors_max > 0 && errors_ > options_.errors_max) return TooManyDefects(options_);
    return more ? Progress::kNeedInput : Progress::kDone;
  }

 private:
  const ReaderOptions& options_;
  const Take& take_;
  int64_t errors_ = 0;
};

// Keeps the mapping, and gives the pages of its range back when nobody needs them.
struct MappedRange {
  std::shared_ptr<io::MappedFile> file;
  int64_t offset;
  int64_t length;
  ~MappedRange() { file->Release(offset, length); }
};

Result<FrameSource> MapSource(const std::string& path, const FrameSource::Limits& limits) {
  THALWEG_ASSIGN_OR_RETURN(const auto file, io::LocalFileSystem().OpenRandom(path));
  THALWEG_ASSIGN_OR_RETURN(const std::shared_ptr<io::MappedFile> map,
                           io::MappedFile::Map(*file, path));
  const auto own = [map](int64_t offset, int64_t length) -> std::shared_ptr<const void> {
    return std::make_shared<const MappedRange>(map, offset, length);
  };
  const auto touch = [map](int64_t offset, int64_t length) {
    return map->Populate(offset, length);
  };
  return FrameSource::OverMemory(map->bytes(), own, touch, limits);
}

Result<FrameSource> MakeSource(const std::string& path, const ReaderOptions& options,
                               const ParallelOptions& parallel) {
  const FrameSource::Limits limits = LimitsOf(options);
  const bool plain = path != "-" && io::CompressionOfPath(path) == io::Compression::kNone;
  if (parallel.map && plain) return MapSource(path, limits);
  THALWEG_ASSIGN_OR_RETURN(Reader::ReadBytes read, OpenInput(path, parallel.stop));
  return FrameSource::OverStream(std::move(read), limits);
}

// What reading needs: a file's bytes are there or come soon, a pipe's may be long in coming.
runtime::TokenKind TokenOf(const std::string& path) {
  const Result<io::FileInfo> info = io::LocalFileSystem().Stat(path);
  const bool file = path != "-" && info.ok() && info->type == io::FileType::kFile;
  return file ? runtime::TokenKind::kCpu : runtime::TokenKind::kNone;
}

Status RunGraph(FrameSource source, runtime::TokenKind token, const ReaderOptions& options,
                const ParallelOptions& parallel, const Work& work, const Take& take) {
  runtime::Graph graph;
  const runtime::NodeId slabs = graph.AddSource({.name = "read", .token = token},
                                                std::make_unique<SlabSource>(std::move(source)));
  const runtime::NodeId batches = graph.AddParallel(
      {.name = "parse", .counts_input = true},
      [&options, &work]() -> Result<std::unique_ptr<runtime::Step>> {
        return std::unique_ptr<runtime::Step>(std::make_unique<ParseStep>(options, work));
      },
      slabs);
  graph.AddSerial({.name = "take"}, std::make_unique<TakeStep>(options, take), {batches});
  runtime::RunOptions run_options;
  run_options.name = "marc";
  run_options.workers = parallel.workers;
  runtime::Run run(std::move(graph), run_options);
  return run.Execute(parallel.stop).outcome;
}

}  // namespace

Status ReadParallel(const std::string& path, const ReaderOptions& options,
                    const ParallelOptions& parallel, const Work& work, const Take& take) {
  ReaderOptions named = options;
  if (named.source.empty()) named.source = path;
  THALWEG_ASSIGN_OR_RETURN(FrameSource source, MakeSource(path, named, parallel));
  return RunGraph(std::move(source), TokenOf(path), named, parallel, work, take);
}

Status ReadParallel(Reader::ReadBytes read, const ReaderOptions& options,
                    const ParallelOptions& parallel, const Work& work, const Take& take) {
  return RunGraph(FrameSource::OverStream(std::move(read), LimitsOf(options)),
                  runtime::TokenKind::kNone, options, parallel, work, take);
}

Status ReadParallel(const std::string& path, const ReaderOptions& options,
                    const ParallelOptions& parallel,
                    const std::function<Result<bool>(const RecordBatch&)>& take) {
  const Take take_batch = [&take](const RecordBatch& batch, const std::shared_ptr<void>&) {
    return take(batch);
  };
  return ReadParallel(path, options, parallel, Work(), take_batch);
}

}  // namespace thalweg::marc
