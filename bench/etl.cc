// Twins of two pipelines of records: A with large records of many heap blocks, B with small ones.
//
//   etl --case B-1m [--runs 9] [--batch 500] [--workers 4]
//
// prints one JSON object a line: the case, each run's rate, and what was counted beside it.

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/number.h"
#include "thalweg/pipeline.h"

namespace {

std::atomic<int64_t> allocations{0};
bool counting = false;

}  // namespace

// Counting is on in a run of its own, which is not timed.
void* operator new(size_t bytes) {
  if (counting) [[unlikely]]
    allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t /*bytes*/) noexcept { std::free(memory); }

namespace {

using thalweg::Emitter;
using thalweg::LoadOutcome;
using thalweg::Pipeline;
using thalweg::PipelineOptions;
using thalweg::Report;
using thalweg::Result;
using thalweg::Status;

uint64_t Mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

// ---- A: 15 tables of text columns and 7 blobs: 429 strings and 22 vectors, each a heap block.

struct Document {
  static constexpr size_t kTables = 15;
  static constexpr size_t kStrings = 429;
  static constexpr size_t kBlobs = 7;
  static constexpr size_t kBlobBytes = 50 * 1024 / kBlobs;
  static constexpr size_t kTextBytes = 24;

  int64_t id = 0;
  std::vector<std::string> tables[kTables];
  std::vector<uint8_t> blobs[kBlobs];

  int64_t ByteSize() const {
    return static_cast<int64_t>(sizeof(Document) + kStrings * (sizeof(std::string) + kTextBytes) +
                                kBlobs * kBlobBytes);
  }
  Document() = default;
  explicit Document(int64_t document_id) { Generate(document_id); }
  // Writes every byte, into the memory that the record has, if it has any.
  void Generate(int64_t document_id) {
    id = document_id;
    size_t made = 0;
    for (size_t t = 0; t < kTables; ++t) {
      const size_t upto = kStrings * (t + 1) / kTables;
      tables[t].resize(upto - made);
      for (std::string& text : tables[t]) {
        text.assign(kTextBytes, 'x');
        thalweg::FormatInt64(static_cast<int64_t>(made++) + id, text.data());
      }
    }
    for (size_t b = 0; b < kBlobs; ++b) {
      blobs[b].assign(kBlobBytes, static_cast<uint8_t>(id + static_cast<int64_t>(b)));
    }
  }
};

struct Rows {
  int64_t id = 0;
  uint64_t digest = 0;
  Document document;
  int64_t ByteSize() const { return document.ByteSize(); }
};

struct CaseA {
  using In = Document;
  using Out = Rows;
  static Out Map(In&& in) {
    Rows rows;
    rows.id = in.id;
    for (const auto& table : in.tables) rows.digest += Mix(table.size() + table.front().size());
    for (const auto& blob : in.blobs) rows.digest += blob.front() + blob.size();
    rows.document = std::move(in);
    return rows;
  }
  static uint64_t Digest(const Out& out) { return Mix(out.digest + static_cast<uint64_t>(out.id)); }
  static In Spent(Out&& out) { return std::move(out.document); }
};

// ---- B: about 100 bytes, no heap block in the input.

struct Person {
  int64_t id = 0;
  std::string name;
  std::string city;
  int32_t counts[6] = {};
  uint64_t hash = 0;

  Person() = default;
  explicit Person(int64_t person_id) : Person(person_id, Mix(static_cast<uint64_t>(person_id))) {}

 private:
  Person(int64_t person_id, uint64_t digest)
      : id(person_id), name(Name(person_id)), city(kCities[digest & 7]), hash(digest) {
    for (size_t i = 0; i < 6; ++i) counts[i] = static_cast<int32_t>((hash >> (8 * i)) & 255);
  }
  static constexpr std::string_view kCities[] = {"Oslo", "Bergen", "Hamar", "Tromso",
                                                 "Bodo", "Narvik", "Molde", "Drammen"};
  static std::string Name(int64_t id) {
    char text[4 + thalweg::kInt64TextMax] = {'u', 's', 'e', 'r'};
    return {text, 4 + thalweg::FormatInt64(id, text + 4)};
  }
};

struct Card {
  int64_t id = 0;
  std::string display;
  int64_t total = 0;
  int64_t largest = 0;
  double share = 0;
};

struct CaseB {
  using In = Person;
  using Out = Card;
  static Out Map(In&& in) {
    Card card;
    card.id = in.id;
    card.display.reserve(in.name.size() + in.city.size() + 2);
    card.display.append(in.name).append(", ").append(in.city);
    for (const int32_t count : in.counts) {
      card.total += count;
      card.largest = std::max<int64_t>(card.largest, count);
    }
    card.share = static_cast<double>(card.largest) / static_cast<double>(card.total + 1);
    return card;
  }
  static uint64_t Digest(const Out& out) {
    return Mix(static_cast<uint64_t>(out.id + out.total * 7 + out.largest)) + out.display.size();
  }
};

// Where records come from: generated in extract, or into the memory of records that are through;
// there before the clock starts, and moved in one by one, moved from where they are, or given away
// as a vector, which the run destroys.
enum class Feed { kGenerated, kReclaimed, kMoved, kInPlace, kBatched };

template <typename Case>
class Bench final : public Pipeline<typename Case::In, typename Case::Out> {
 public:
  using In = typename Case::In;
  using Out = typename Case::Out;
  Bench(int64_t records, Feed feed) : records_(records), feed_(feed) {
    if (feed_ == Feed::kGenerated || feed_ == Feed::kReclaimed) return;
    made_.reserve(static_cast<size_t>(records));
    for (int64_t id = 0; id < records; ++id) made_.emplace_back(id);
  }
  Status Extract(Emitter<In>& out, const thalweg::runtime::Position&) override {
    if (feed_ == Feed::kGenerated) {
      for (int64_t id = 0; id < records_; ++id) {
        if (!out.Emplace(id)) break;
      }
    } else if (feed_ == Feed::kReclaimed) {
      for (int64_t id = 0; id < records_; ++id) {
        if (!out.Emit(Generate(id))) break;
      }
    } else if (feed_ == Feed::kMoved) {
      for (In& record : made_) {
        if (!out.Emit(std::move(record))) break;
      }
    } else if (feed_ == Feed::kInPlace) {
      out.EmitBorrowed(made_);
    } else {
      out.EmitBatch(std::move(made_));
    }
    return {};
  }
  Result<Out> Transform(In&& record) override { return Case::Map(std::move(record)); }
  LoadOutcome Load(std::span<Out> batch) override {
    for (const Out& out : batch) digest += Case::Digest(out);
    loaded += static_cast<int64_t>(batch.size());
    ++batches;
    return {};
  }
  void Reclaim(Out&& record) override {
    if constexpr (requires { Case::Spent(std::move(record)); }) {
      if (feed_ == Feed::kReclaimed) spent_.push_back(Case::Spent(std::move(record)));
    }
  }
  uint64_t digest = 0;
  int64_t loaded = 0;
  int64_t batches = 0;

 private:
  In Generate(int64_t id) {
    if constexpr (requires(In record) { record.Generate(id); }) {
      if (!spent_.empty()) {
        In record = std::move(spent_.back());
        spent_.pop_back();
        record.Generate(id);
        return record;
      }
    }
    return In(id);
  }

  int64_t records_;
  Feed feed_;
  std::vector<In> made_;
  std::vector<In> spent_;
};

struct Sample {
  double seconds = 0;
  double cpu_seconds = 0;
  double bucket_p50_s = 0;
  double bucket_p99_s = 0;
  int64_t allocations = 0;
  bool ok = false;
};

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// What `body` takes.
template <typename Body>
Sample Measure(Body&& body) {
  Sample sample;
  const int64_t allocations_before = allocations.load();
  const double cpu_before = CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  body();
  sample.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  sample.cpu_seconds = CpuSeconds() - cpu_before;
  sample.allocations = allocations.load() - allocations_before;
  return sample;
}

template <typename Case>
Sample RunOnce(int64_t records, Feed feed, const PipelineOptions& options, uint64_t expected) {
  Bench<Case> bench(records, feed);
  Report report;
  Sample sample = Measure([&] { report = bench.Run(options); });
  sample.bucket_p50_s = report.batch_wait_p50_s;
  sample.bucket_p99_s = report.batch_wait_p99_s;
  sample.ok = report.outcome.ok() && bench.loaded == records && bench.digest == expected &&
              bench.batches == (records + options.batch.rows - 1) / options.batch.rows;
  return sample;
}

// What the machine has to give: a loop on each core over a part of the records, without order,
// without a queue, and with nothing handed from one thread to another.
template <typename Case>
Sample RunLoop(int64_t records, Feed feed, const PipelineOptions& options, uint64_t expected) {
  using In = typename Case::In;
  std::vector<In> made;
  if (feed == Feed::kInPlace) {
    made.reserve(static_cast<size_t>(records));
    for (int64_t id = 0; id < records; ++id) made.emplace_back(id);
  }
  const int64_t threads = std::max(1U, std::thread::hardware_concurrency());
  std::atomic<uint64_t> digest = 0;
  const auto part = [&](int64_t thread) {
    std::vector<typename Case::Out> batch;
    uint64_t own = 0;
    for (int64_t first = thread * options.batch.rows; first < records;
         first += threads * options.batch.rows) {
      const int64_t end = std::min(records, first + options.batch.rows);
      for (int64_t id = first; id < end; ++id) {
        batch.push_back(
            Case::Map(made.empty() ? In(id) : std::move(made[static_cast<size_t>(id)])));
      }
      for (const auto& out : batch) own += Case::Digest(out);
      batch.clear();
    }
    digest += own;
  };
  Sample sample = Measure([&] {
    std::vector<std::thread> others;
    for (int64_t thread = 1; thread < threads; ++thread) others.emplace_back(part, thread);
    part(0);
    for (std::thread& other : others) other.join();
  });
  sample.ok = digest == expected;
  return sample;
}

void PrintList(const char* key, const std::vector<double>& values) {
  std::printf(", \"%s\": [", key);
  for (size_t i = 0; i < values.size(); ++i) std::printf("%s%.9g", i == 0 ? "" : ", ", values[i]);
  std::printf("]");
}

template <typename Case>
bool RunCase(const char* name, int64_t records, Feed feed, const PipelineOptions& options, int runs,
             decltype(&RunOnce<Case>) run_once = &RunOnce<Case>) {
  uint64_t expected = 0;
  for (int64_t id = 0; id < records; ++id) {
    expected += Case::Digest(Case::Map(typename Case::In(id)));
  }
  counting = true;
  const Sample counted = run_once(records, feed, options, expected);
  counting = false;
  bool ok = counted.ok;
  std::vector<double> seconds;
  std::vector<double> cpu;
  Sample last;
  for (int run = 0; run < runs; ++run) {
    last = run_once(records, feed, options, expected);
    ok = ok && last.ok;
    seconds.push_back(last.seconds);
    cpu.push_back(last.cpu_seconds);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"case\": \"%s\", \"records\": %lld, \"ok\": %s", name,
              static_cast<long long>(records), ok ? "true" : "false");
  PrintList("seconds", seconds);
  PrintList("cpu_seconds", cpu);
  std::printf(
      ", \"allocations_per_record\": %.4g, \"bucket_p50_s\": %.3g, \"bucket_p99_s\": %.3g, "
      "\"peak_rss_mib\": %.1f}\n",
      static_cast<double>(counted.allocations) / static_cast<double>(std::max<int64_t>(1, records)),
      last.bucket_p50_s, last.bucket_p99_s, static_cast<double>(usage.ru_maxrss) / 1024.0);
  std::fflush(stdout);
  return ok;
}

bool Dispatch(std::string_view name, PipelineOptions options, int64_t batch, int runs) {
  const auto rows = [&](int64_t otherwise) {
    options.batch.rows = batch > 0 ? batch : otherwise;
    return options;
  };
  constexpr int64_t kMillion = 1'000'000;
  if (name == "A") return RunCase<CaseA>("A", 1000, Feed::kReclaimed, rows(100), runs);
  if (name == "A-fresh") return RunCase<CaseA>("A-fresh", 1000, Feed::kGenerated, rows(100), runs);
  if (name == "A-pregen") return RunCase<CaseA>("A-pregen", 1000, Feed::kInPlace, rows(100), runs);
  if (name == "A-loop") {
    return RunCase<CaseA>("A-loop", 1000, Feed::kGenerated, rows(100), runs, &RunLoop<CaseA>);
  }
  if (name == "B-empty") return RunCase<CaseB>("B-empty", 0, Feed::kGenerated, rows(500), runs);
  if (name == "B-5k") return RunCase<CaseB>("B-5k", 5000, Feed::kGenerated, rows(500), runs);
  if (name == "B-1m") return RunCase<CaseB>("B-1m", kMillion, Feed::kGenerated, rows(500), runs);
  if (name == "B-pregen") {
    return RunCase<CaseB>("B-pregen", kMillion, Feed::kInPlace, rows(500), runs);
  }
  if (name == "B-loop") {
    return RunCase<CaseB>("B-loop", kMillion, Feed::kGenerated, rows(500), runs, &RunLoop<CaseB>);
  }
  if (name == "B-pregen-loop") {
    return RunCase<CaseB>("B-pregen-loop", kMillion, Feed::kInPlace, rows(500), runs,
                          &RunLoop<CaseB>);
  }
  if (name == "B-pregen-each") {
    return RunCase<CaseB>("B-pregen-each", kMillion, Feed::kMoved, rows(500), runs);
  }
  if (name == "B-pregen-vector") {
    return RunCase<CaseB>("B-pregen-vector", kMillion, Feed::kBatched, rows(500), runs);
  }
  std::fprintf(stderr, "unknown case: %.*s\n", static_cast<int>(name.size()), name.data());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view name = "B-1m";
  int runs = 9;
  int64_t batch = 0;
  PipelineOptions options;
  options.workers = 4;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    if (key == "--case") name = argv[i + 1];
    if (key == "--runs") runs = std::atoi(argv[i + 1]);
    if (key == "--batch") batch = std::atoll(argv[i + 1]);
    if (key == "--workers") options.workers = std::atoi(argv[i + 1]);
    if (key == "--load-concurrency") options.load_concurrency = std::atoi(argv[i + 1]);
  }
  return Dispatch(name, options, batch, runs) ? 0 : 1;
}
