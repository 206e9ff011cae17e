#include "archive/frame_run.h"

#include <memory>
#include <utility>

#include "archive/byte_buffer.h"
#include "archive/graph_run.h"
#include "thalweg/runtime/graph.h"

namespace thalweg::archive {
namespace {

using runtime::Chunk;
using runtime::Output;
using runtime::Progress;

struct JobPayload final : runtime::Payload {
  size_t job = 0;
  ByteBuffer content;
  std::string text;
};

class JobSource final : public runtime::Source {
 public:
  JobSource(size_t jobs, std::function<int64_t(size_t)> bytes)
      : jobs_(jobs), bytes_(std::move(bytes)) {}
  Result<Progress> Produce(Output& out) override {
    if (next_ == jobs_) return Progress::kDone;
    auto payload = std::make_unique<JobPayload>();
    payload->job = next_;
    Chunk chunk;
    chunk.records = 1;
    chunk.bytes = bytes_(next_);
    chunk.payload = std::move(payload);
    out.Emit(std::move(chunk));
    return ++next_ == jobs_ ? Progress::kDone : Progress::kNeedRoom;
  }

 private:
  size_t jobs_;
  std::function<int64_t(size_t)> bytes_;
  size_t next_ = 0;
};

class FunctionNode final : public runtime::Step {
 public:
  using Function = std::function<Status(JobPayload& payload)>;
  FunctionNode(Function function, bool forwards)
      : function_(std::move(function)), forwards_(forwards) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    THALWEG_RETURN_IF_ERROR(function_(chunk.As<JobPayload>()));
    if (forwards_) out.Emit(std::move(chunk));
    return Progress::kNeedInput;
  }

 private:
  Function function_;
  bool forwards_;
};

class ProgressTeller {
 public:
  ProgressTeller(const RunSettings& settings, int64_t total)
      : tell_(settings.on_progress), total_(total), begin_(Clock::System().Now()) {}
  void Done(int64_t bytes) {
    done_ += bytes;
    ++jobs_;
    const Clock::Instant now = Clock::System().Now();
    if (!tell_ || (done_ != total_ && now - told_ < std::chrono::milliseconds(100))) return;
    told_ = now;
    tell_({.bytes_in = done_,
           .bytes_total = total_,
           .bytes_out = done_,
           .entries = jobs_,
           .seconds = static_cast<double>((now - begin_).count()) * 1e-9});
  }

 private:
  std::function<void(const ArchiveProgress&)> tell_;
  int64_t total_;
  int64_t done_ = 0;
  int64_t jobs_ = 0;
  Clock::Instant begin_;
  Clock::Instant told_{};
};

using NodeFactory = std::function<FunctionNode::Function()>;

Report RunGraph(size_t jobs, std::function<int64_t(size_t)> bytes, const RunSettings& settings,
                const char* name, NodeFactory lanes, const FunctionNode::Function& last) {
  int64_t total = 0;
  for (size_t i = 0; i < jobs; ++i) total += bytes(i);
  auto teller = std::make_shared<ProgressTeller>(settings, total);
  runtime::Graph graph;
  const auto source = graph.AddSource({.name = "plan", .token = runtime::TokenKind::kNone},
                                      std::make_unique<JobSource>(jobs, bytes));
  const auto parallel = graph.AddParallel(
      {.name = name, .token = runtime::TokenKind::kCpu},
      [lanes = std::move(lanes)]() -> Result<std::unique_ptr<runtime::Step>> {
        return std::unique_ptr<runtime::Step>(std::make_unique<FunctionNode>(lanes(), true));
      },
      source);
  const auto take = [last, teller, bytes](JobPayload& payload) -> Status {
    if (last) THALWEG_RETURN_IF_ERROR(last(payload));
    teller->Done(bytes(payload.job));
    return {};
  };
  graph.AddSerial({.name = "take", .token = runtime::TokenKind::kIo},
                  std::make_unique<FunctionNode>(take, false), {parallel});
  return RunGraph(std::move(graph), name, settings);
}

}  // namespace

Report RunFrames(const OpenedArchive& archive, const std::vector<size_t>& frames,
                 const RunSettings& settings, const char* name, const JobFunction& on_lane,
                 const JobFunction& in_order) {
  BufferPool buffers;
  const auto lane = [&]() -> FunctionNode::Function {
    auto reader = std::make_shared<FrameReader>(archive);
    return [&, reader](JobPayload& payload) -> Status {
      const size_t frame = frames[payload.job];
      const size_t size = reader->ContentBytes(frame);
      payload.content = buffers.Take(size);
      payload.content.SetSize(size);
      THALWEG_RETURN_IF_ERROR(reader->Read(frame, payload.content.data()));
      if (on_lane) THALWEG_RETURN_IF_ERROR(on_lane(payload.job, payload.content.view()));
      if (!in_order) buffers.Give(std::move(payload.content));
      return {};
    };
  };
  FunctionNode::Function last;
  if (in_order) {
    last = [&](JobPayload& payload) -> Status {
      THALWEG_RETURN_IF_ERROR(in_order(payload.job, payload.content.view()));
      buffers.Give(std::move(payload.content));
      return {};
    };
  }
  const auto bytes = [&](size_t job) {
    return static_cast<int64_t>(archive.index.segments[archive.frames[frames[job]]].content);
  };
  return CancelledIfStopped(RunGraph(frames.size(), bytes, settings, name, lane, last), settings);
}

Report RunJobs(size_t jobs, int64_t job_bytes, const RunSettings& settings, const char* name,
               const LaneFactory& make) {
  const auto lane = [&]() -> FunctionNode::Function {
    return [work = make()](JobPayload& payload) { return work(payload.job); };
  };
  const auto bytes = [job_bytes](size_t) { return job_bytes; };
  return CancelledIfStopped(RunGraph(jobs, bytes, settings, name, lane, {}), settings);
}

Report RunTexts(size_t jobs, int64_t job_bytes, const RunSettings& settings, const char* name,
                const TextFactory& make, const JobFunction& in_order) {
  const auto lane = [&]() -> FunctionNode::Function {
    return [work = make()](JobPayload& payload) { return work(payload.job, &payload.text); };
  };
  const auto last = [&](JobPayload& payload) { return in_order(payload.job, payload.text); };
  const auto bytes = [job_bytes](size_t) { return job_bytes; };
  return CancelledIfStopped(RunGraph(jobs, bytes, settings, name, lane, last), settings);
}

}  // namespace thalweg::archive
