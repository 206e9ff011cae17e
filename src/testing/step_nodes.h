#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/governor.h"
#include "thalweg/runtime/run.h"
#include "thalweg/runtime/step.h"

// Nodes made of functions, for tests of the machine.
namespace thalweg::testing {

/// A run of so many threads from its beginning, on whatever machine.
inline runtime::RunOptions Threads(int workers) {
  static Governor governor({.cpu_tokens = 16});
  runtime::RunOptions options;
  options.workers = workers;
  options.sequential_us = 0;
  options.governor = &governor;
  return options;
}

struct Numbers final : runtime::Payload {
  std::vector<int64_t> values;
};

inline runtime::Chunk NumbersChunk(std::vector<int64_t> values, std::string position = {}) {
  auto payload = std::make_unique<Numbers>();
  payload->values = std::move(values);
  runtime::Chunk chunk;
  chunk.records = static_cast<int64_t>(payload->values.size());
  chunk.bytes = chunk.records * 8;
  chunk.payload = std::move(payload);
  chunk.position.token = std::move(position);
  return chunk;
}

class FunctionStep final : public runtime::Step {
 public:
  std::function<Result<runtime::Progress>(runtime::Chunk&, runtime::Output&)> on_chunk;
  std::function<Status(int64_t, runtime::Output&)> on_watermark;
  std::function<Status(uint64_t, runtime::Output&)> on_barrier;
  std::function<Result<runtime::Progress>(runtime::Output&)> on_end;
  std::function<std::optional<Clock::Instant>()> next_deadline;
  std::function<Status(Clock::Instant, runtime::Output&)> on_timer;

  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    if (on_chunk) return on_chunk(chunk, out);
    out.Emit(std::move(chunk));
    return runtime::Progress::kNeedInput;
  }
  Status OnWatermark(int64_t time, runtime::Output& out) override {
    return on_watermark ? on_watermark(time, out) : Step::OnWatermark(time, out);
  }
  Status OnBarrier(uint64_t epoch, runtime::Output& out) override {
    return on_barrier ? on_barrier(epoch, out) : Step::OnBarrier(epoch, out);
  }
  Result<runtime::Progress> OnEnd(runtime::Output& out) override {
    return on_end ? on_end(out) : Step::OnEnd(out);
  }
  std::optional<Clock::Instant> deadline() const override {
    return next_deadline ? next_deadline() : std::nullopt;
  }
  Status OnTimer(Clock::Instant now, runtime::Output& out) override {
    return on_timer ? on_timer(now, out) : Step::OnTimer(now, out);
  }
};

using OnChunk = std::function<Result<runtime::Progress>(runtime::Chunk&, runtime::Output&)>;

inline std::unique_ptr<FunctionStep> StepOf(OnChunk on_chunk) {
  auto step = std::make_unique<FunctionStep>();
  step->on_chunk = std::move(on_chunk);
  return step;
}

inline runtime::StepFactory LanesOf(OnChunk on_chunk) {
  return [on_chunk]() -> Result<std::unique_ptr<runtime::Step>> {
    return std::unique_ptr<runtime::Step>(StepOf(on_chunk));
  };
}

class FunctionSource final : public runtime::Source {
 public:
  using Function = std::function<Result<runtime::Progress>(runtime::Output&)>;
  explicit FunctionSource(Function produce) : produce_(std::move(produce)) {}
  Result<runtime::Progress> Produce(runtime::Output& out) override { return produce_(out); }

 private:
  Function produce_;
};

inline std::unique_ptr<FunctionSource> SourceOf(FunctionSource::Function produce) {
  return std::make_unique<FunctionSource>(std::move(produce));
}

/// Gives first … last−1 in chunks of `rows`.
inline std::unique_ptr<FunctionSource> RangeSource(int64_t first, int64_t last, int64_t rows) {
  return SourceOf([first, last, rows](runtime::Output& out) mutable -> Result<runtime::Progress> {
    std::vector<int64_t> values;
    for (; first < last && static_cast<int64_t>(values.size()) < rows; ++first) {
      values.push_back(first);
    }
    if (!values.empty()) out.Emit(NumbersChunk(std::move(values), std::to_string(first)));
    return first < last ? runtime::Progress::kNeedRoom : runtime::Progress::kDone;
  });
}

/// A sink that appends to `seen`.
inline std::unique_ptr<FunctionStep> CollectInto(std::vector<int64_t>* seen) {
  return StepOf([seen](runtime::Chunk& chunk, runtime::Output&) -> Result<runtime::Progress> {
    const auto& values = chunk.As<Numbers>().values;
    seen->insert(seen->end(), values.begin(), values.end());
    return runtime::Progress::kNeedInput;
  });
}

}  // namespace thalweg::testing
