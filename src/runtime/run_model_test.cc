// Random graphs, driven by one thread in a random order and by several, against a plain evaluation
// of what each node does. A failure prints the seed that brings it back.

#include <gtest/gtest.h>

#include <algorithm>
#include <compare>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "testing/function_pipeline.h"
#include "testing/status_matchers.h"
#include "testing/step_nodes.h"
#include "thalweg/runtime/run.h"

namespace thalweg::runtime {
namespace {

using testing::FunctionStep;
using testing::SourceOf;

struct Record {
  int source = 0;
  int64_t index = 0;  // Also its event time.
  int64_t value = 0;
  auto operator<=>(const Record&) const = default;
};

void PrintTo(const Record& record, std::ostream* out) {
  *out << record.source << ":" << record.index << ":" << record.value;
}

struct Rows final : Payload {
  std::vector<Record> rows;
};

Chunk ChunkOf(std::vector<Record> rows) {
  auto payload = std::make_unique<Rows>();
  payload->rows = std::move(rows);
  Chunk chunk;
  chunk.records = static_cast<int64_t>(payload->rows.size());
  chunk.bytes = chunk.records * 100;
  chunk.payload = std::move(payload);
  return chunk;
}

uint64_t Hash(int64_t a, int64_t b) {
  auto x = static_cast<uint64_t>(a) * 0x9E3779B97F4A7C15U + static_cast<uint64_t>(b);
  x ^= x >> 31;
  x *= 0xD6E8FEB86659FD93U;
  return x ^ (x >> 32);
}

int64_t Next(int64_t value, int64_t by) { return static_cast<int64_t>(Hash(value, by) % 100'000); }

enum class Op { kSource, kMap, kFilter, kExpand, kReject, kCarry, kMerge, kSplit };

struct NodeSpec {
  Op op = Op::kSource;
  int id = 0;
  std::vector<std::pair<int, int>> inputs;  // (node, port)
  int64_t records = 0;
  TokenKind token = TokenKind::kCpu;
  int concurrency = 0;
};

struct GraphSpec {
  std::vector<NodeSpec> nodes;
  std::vector<std::pair<int, int>> open;  // Ports that the sink reads.
  bool fan_in = false;
  int64_t limit = -1;
};

GraphSpec RandomGraph(std::mt19937_64& random) {
  const auto below = [&](uint64_t n) { return static_cast<int>(random() % n); };
  GraphSpec graph;
  const auto add = [&](NodeSpec node, int outputs) {
    node.id = static_cast<int>(graph.nodes.size());
    static constexpr TokenKind kTokens[] = {TokenKind::kCpu, TokenKind::kCpu, TokenKind::kIo,
                                            TokenKind::kNone};
    node.token = kTokens[below(4)];
    node.concurrency = below(2) == 0 ? 0 : 1 + below(3);
    for (int port = 0; port < outputs; ++port) graph.open.emplace_back(node.id, port);
    graph.nodes.push_back(std::move(node));
  };
  const auto take_open = [&] {
    const auto at = graph.open.begin() + below(graph.open.size());
    const auto port = *at;
    graph.open.erase(at);
    return port;
  };
  for (int i = 1 + below(10) / 5 + below(10) / 8; i > 0; --i) {
    NodeSpec source;
    source.records = below(4) == 0 ? below(3) : below(80);
    add(std::move(source), 1);
  }
  for (int i = below(7); i > 0; --i) {
    NodeSpec node;
    static constexpr Op kOps[] = {Op::kMap,   Op::kMap,   Op::kFilter, Op::kExpand, Op::kReject,
                                  Op::kCarry, Op::kMerge, Op::kSplit,  Op::kMap};
    node.op = kOps[below(9)];
    node.inputs.push_back(take_open());
    if (node.op == Op::kMerge && !graph.open.empty()) node.inputs.push_back(take_open());
    graph.fan_in = graph.fan_in || node.inputs.size() > 1;
    add(std::move(node), node.op == Op::kSplit ? 2 : 1);
  }
  graph.fan_in = graph.fan_in || graph.open.size() > 1;
  if (below(5) == 0) graph.limit = below(40);
  return graph;
}

// ---- The reference.

struct Answer {
  std::vector<Record> out;
  std::vector<std::string> rejected;
};

std::string Describe(const NodeSpec& node, const Record& record) {
  return std::to_string(node.id) + "/" + std::to_string(record.source) + ":" +
         std::to_string(record.index) + ":" + std::to_string(record.value);
}

// What one record becomes.
void Apply(const NodeSpec& node, const Record& record, std::vector<Record>* out,
           std::vector<std::string>* rejected) {
  const uint64_t hash = Hash(record.value, node.id);
  switch (node.op) {
    case Op::kMap:
      out->push_back({record.source, record.index, Next(record.value, node.id)});
      return;
    case Op::kFilter:
      if (hash % 5 != 0) out->push_back(record);
      return;
    case Op::kExpand:
      for (uint64_t i = 0; i < hash % 4; ++i) {
        out->push_back({record.source, record.index, Next(record.value, static_cast<int64_t>(i))});
      }
      return;
    case Op::kReject:
      if (hash % 7 == 0) {
        rejected->push_back(Describe(node, record));
      } else {
        out->push_back(record);
      }
      return;
    default:
      out->push_back(record);
  }
}

Answer Evaluate(const GraphSpec& graph) {
  Answer answer;
  std::vector<std::vector<Record>> made(graph.nodes.size());
  for (const NodeSpec& node : graph.nodes) {
    auto& rows = made[static_cast<size_t>(node.id)];
    for (int64_t i = 0; i < node.records; ++i) rows.push_back({node.id, i, i * 3 + node.id});
    for (const auto& [from, port] : node.inputs) {
      for (const Record& record : made[static_cast<size_t>(from)]) {
        Apply(node, record, &rows, &answer.rejected);
      }
    }
  }
  for (const auto& [from, port] : graph.open) {
    const auto& rows = made[static_cast<size_t>(from)];
    answer.out.insert(answer.out.end(), rows.begin(), rows.end());
  }
  return answer;
}

// ---- The nodes of the machine.

std::unique_ptr<Source> MakeSource(const NodeSpec& node, uint64_t seed) {
  return SourceOf([node, random = std::mt19937_64(seed),
                   next = int64_t{0}](Output& out) mutable -> Result<Progress> {
    for (uint64_t chunks = 1 + random() % 3; chunks > 0 && next < node.records; --chunks) {
      std::vector<Record> rows;
      for (uint64_t n = 1 + random() % 7; n > 0 && next < node.records; --n, ++next) {
        rows.push_back({node.id, next, next * 3 + node.id});
      }
      Chunk chunk = ChunkOf(std::move(rows));
      chunk.position.token = std::to_string(next);
      out.Emit(std::move(chunk));
      if (random() % 4 == 0) out.EmitWatermark(next);
    }
    return next < node.records ? Progress::kNeedRoom : Progress::kDone;
  });
}

// One chunk in, chunks of at most two rows out, as far as there is room.
class ApplyStep final : public Step {
 public:
  explicit ApplyStep(const NodeSpec& node) : node_(node) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    const auto& rows = chunk.As<Rows>().rows;
    for (; done_ < rows.size(); ++done_) {
      if (!out.has_room()) return Progress::kNeedRoom;
      std::vector<Record> made;
      std::vector<std::string> rejected;
      Apply(node_, rows[done_], &made, &rejected);
      for (const auto& what : rejected) out.Reject(Rejection::Because(what));
      if (made.empty() && rejected.empty()) out.CountFiltered(1);
      if (!made.empty()) out.Emit(ChunkOf(std::move(made)));
    }
    done_ = 0;
    return Progress::kNeedInput;
  }

 private:
  NodeSpec node_;
  size_t done_ = 0;
};

// Holds a chunk back until the next one comes.
class CarryStep final : public Step {
 public:
  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    Flush(out);
    held_ = std::move(chunk.As<Rows>().rows);
    return Progress::kNeedInput;
  }
  Status OnWatermark(int64_t time, Output& out) override {
    Flush(out);
    out.EmitWatermark(time);
    return {};
  }
  Status OnBarrier(uint64_t, Output& out) override {
    Flush(out);
    return {};
  }
  Result<Progress> OnEnd(Output& out) override {
    Flush(out);
    return Progress::kDone;
  }
  int64_t held_records() const override { return static_cast<int64_t>(held_.size()); }

 private:
  void Flush(Output& out) {
    if (!held_.empty()) out.Emit(ChunkOf(std::exchange(held_, {})));
  }
  std::vector<Record> held_;
};

class SplitStep final : public Step {
 public:
  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    out.Emit(ChunkOf(chunk.As<Rows>().rows), 1);
    out.Emit(std::move(chunk), 0);
    return Progress::kNeedInput;
  }
};

// What the sink saw, in order.
struct Seen {
  std::vector<Record> records;
  std::vector<std::pair<size_t, uint64_t>> barriers;   // (records before, epoch)
  std::vector<std::pair<size_t, int64_t>> watermarks;  // (records before, time)
};

class SinkStep final : public Step {
 public:
  SinkStep(int64_t limit, Seen* seen, Run** run, uint64_t seed)
      : limit_(limit), seen_(seen), run_(run), random_(seed) {}
  Result<Progress> OnChunk(Chunk& chunk, Output&) override {
    for (const Record& record : chunk.As<Rows>().rows) {
      if (limit_ >= 0 && static_cast<int64_t>(seen_->records.size()) >= limit_) break;
      seen_->records.push_back(record);
    }
    if (random_() % 10 == 0) (void)(*run_)->InjectBarrier();
    const bool enough = limit_ >= 0 && static_cast<int64_t>(seen_->records.size()) >= limit_;
    return enough ? Progress::kDone : Progress::kNeedInput;
  }
  Status OnBarrier(uint64_t epoch, Output&) override {
    seen_->barriers.emplace_back(seen_->records.size(), epoch);
    return {};
  }
  Status OnWatermark(int64_t time, Output&) override {
    seen_->watermarks.emplace_back(seen_->records.size(), time);
    return {};
  }

 private:
  int64_t limit_;
  Seen* seen_;
  Run** run_;
  std::mt19937_64 random_;
};

class AllCheckpoints final : public CheckpointStore {
 public:
  Status Save(const Checkpoint& checkpoint) override {
    std::scoped_lock lock(mutex_);
    saved.push_back(checkpoint);
    return {};
  }
  Result<std::optional<Checkpoint>> Latest() const override { return std::optional<Checkpoint>(); }
  std::vector<Checkpoint> saved;

 private:
  std::mutex mutex_;
};

Graph Build(const GraphSpec& spec, Seen* seen, Run** run, uint64_t seed) {
  Graph graph;
  std::vector<NodeId> ids;
  const auto ports = [&](const std::vector<std::pair<int, int>>& inputs) {
    std::vector<PortId> out;
    for (const auto& [node, port] : inputs) out.emplace_back(ids[static_cast<size_t>(node)], port);
    return out;
  };
  for (const NodeSpec& node : spec.nodes) {
    NodeOptions options{.name = "n" + std::to_string(node.id), .token = node.token};
    switch (node.op) {
      case Op::kSource:
        ids.push_back(
            graph.AddSource(options, MakeSource(node, seed + static_cast<uint64_t>(node.id))));
        break;
      case Op::kCarry:
        ids.push_back(graph.AddSerial(options, std::make_unique<CarryStep>(), ports(node.inputs)));
        break;
      case Op::kMerge:
        ids.push_back(
            graph.AddSerial(options, std::make_unique<FunctionStep>(), ports(node.inputs)));
        break;
      case Op::kSplit:
        ids.push_back(graph.AddSerial(options, std::make_unique<SplitStep>(), ports(node.inputs)));
        break;
      default:
        options.concurrency = node.concurrency;
        options.conserves = node.op != Op::kExpand;
        ids.push_back(graph.AddParallel(
            options,
            [node]() -> Result<std::unique_ptr<Step>> {
              return std::unique_ptr<Step>(std::make_unique<ApplyStep>(node));
            },
            ports(node.inputs).front()));
    }
  }
  graph.AddSerial({.name = "sink", .token = TokenKind::kNone},
                  std::make_unique<SinkStep>(spec.limit, seen, run, seed), ports(spec.open));
  return graph;
}

// ---- The comparison.

void CheckBarriers(const Seen& seen, const std::vector<Checkpoint>& saved) {
  std::map<uint64_t, Checkpoint> by_epoch;
  for (const Checkpoint& checkpoint : saved) by_epoch[checkpoint.epoch] = checkpoint;
  uint64_t last = 0;
  for (const auto& [before, epoch] : seen.barriers) {
    ASSERT_EQ(epoch, last + 1);
    last = epoch;
    ASSERT_TRUE(by_epoch.contains(epoch)) << epoch;
    for (size_t i = 0; i < seen.records.size(); ++i) {
      const Record& record = seen.records[i];
      const std::string& token =
          by_epoch[epoch].positions["n" + std::to_string(record.source)].token;
      const int64_t position = token.empty() ? 0 : std::stoll(token);
      ASSERT_EQ(record.index < position, i < before) << "epoch " << epoch;
    }
  }
}

void CheckWatermarks(const Seen& seen) {
  int64_t last = INT64_MIN;
  for (const auto& [before, time] : seen.watermarks) {
    ASSERT_GT(time, last);
    last = time;
    for (size_t i = before; i < seen.records.size(); ++i) ASSERT_GE(seen.records[i].index, time);
  }
}

struct Setup {
  RunOptions options;
  uint64_t seed;
};

Setup RandomSetup(std::mt19937_64& random, bool threads) {
  static Governor governor({.cpu_tokens = 3, .io_tokens = 1});
  Setup setup;
  RunOptions& options = setup.options;
  options.governor = &governor;
  options.workers = 1 + static_cast<int>(random() % 4);
  options.ordered = random() % 3 != 0;
  options.tuning.start.queue_depth = 1 + static_cast<int>(random() % 4);
  options.tuning.policy = TuningPolicy::kFixed;
  static constexpr int64_t kBudgets[] = {0, 1, 3000, 50'000};
  options.memory_bytes_max = kBudgets[random() % 4];
  options.rejects.errors = ErrorPolicy::kDeadLetter;
  options.rejects.error_rate_max = 1;
  options.sequential_us = random() % 4 == 0 ? 1000 : 0;
  setup.seed = random();
  if (!threads) options.seed = setup.seed;
  return setup;
}

void RunOne(uint64_t seed, bool threads) {
  SCOPED_TRACE("seed " + std::to_string(seed) + (threads ? " with threads" : ""));
  std::mt19937_64 random(seed);
  const GraphSpec spec = RandomGraph(random);
  Setup setup = RandomSetup(random, threads);
  testing::CollectingRejectSink rejects;
  AllCheckpoints checkpoints;
  setup.options.reject_sink = &rejects;
  setup.options.checkpoints = &checkpoints;
  Seen seen;
  Run* running = nullptr;
  Run run(Build(spec, &seen, &running, setup.seed), setup.options);
  running = &run;
  const Report report = run.Execute({});
  ASSERT_OK(report.outcome);
  ASSERT_TRUE(report.conserved);

  Answer expected = Evaluate(spec);
  CheckWatermarks(seen);
  if (spec.limit >= 0) {
    const size_t rows = std::min(expected.out.size(), static_cast<size_t>(spec.limit));
    ASSERT_EQ(seen.records.size(), rows);
    if (setup.options.ordered && !spec.fan_in) {
      expected.out.resize(rows);
      ASSERT_EQ(seen.records, expected.out);
    }
    return;
  }
  CheckBarriers(seen, checkpoints.saved);
  ASSERT_EQ(report.records_rejected, static_cast<int64_t>(expected.rejected.size()));
  ASSERT_EQ(report.records_out, static_cast<int64_t>(expected.out.size()));
  ASSERT_EQ(report.records_discarded, 0);
  std::vector<std::string> rejected;
  for (const Rejection& rejection : rejects.rejections) rejected.push_back(rejection.reason);
  if (!setup.options.ordered || spec.fan_in) {
    std::ranges::sort(seen.records);
    std::ranges::sort(expected.out);
  }
  std::ranges::sort(rejected);
  std::ranges::sort(expected.rejected);
  ASSERT_EQ(seen.records, expected.out);
  ASSERT_EQ(rejected, expected.rejected);
}

int Seeds(int otherwise) {
  const char* wanted = std::getenv("THALWEG_TEST_SEEDS");
  return wanted == nullptr ? otherwise : std::atoi(wanted);
}

TEST(RunModelTest, ASeededThreadGivesTheReferencesAnswer) {
  for (int seed = 0; seed < Seeds(3000) && !HasFatalFailure(); ++seed) {
    RunOne(static_cast<uint64_t>(seed), /*threads=*/false);
  }
}

TEST(RunModelTest, ThreadsGiveTheReferencesAnswer) {
  for (int seed = 0; seed < Seeds(400) && !HasFatalFailure(); ++seed) {
    RunOne(1'000'000 + static_cast<uint64_t>(seed), /*threads=*/true);
  }
}

}  // namespace
}  // namespace thalweg::runtime
