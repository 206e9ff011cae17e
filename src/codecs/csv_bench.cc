#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/registry.h"

// One thread over text in memory: what the scan and the decoder cost without input and output.
namespace thalweg::codecs {
namespace csv {
void Register(engine::Registry& registry);
}

namespace {

constexpr size_t kTextBytes = 64 << 20;
constexpr size_t kSlabBytes = 1 << 20;

const engine::Codec& Csv() {
  static const engine::Registry& registry = *[] {
    auto* made = new engine::Registry();
    csv::Register(*made);
    return made;
  }();
  return *registry.FindCodec("csv");
}

/// The same numbers in every run.
class Random {
 public:
  unsigned operator()() { return static_cast<unsigned>(engine_()); }

 private:
  std::mt19937 engine_{1};
};

/// The shape of the nycflights13 table: 19 columns, about 92 bytes a record.
std::string MakeFlights() {
  Random random;
  const char* const carriers[] = {"UA", "AA", "B6", "DL", "EV", "MQ", "US", "WN"};
  const char* const airports[] = {"EWR", "LGA", "JFK", "IAH", "MIA", "ATL", "ORD", "BQN", "FLL"};
  std::string text =
      "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,"
      "flight,tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n";
  for (unsigned i = 0; text.size() < kTextBytes; ++i) {
    char record[200];
    const unsigned month = 1 + i / 28'000 % 12;
    const unsigned day = 1 + i / 1000 % 28;
    const unsigned hour = 5 + i / 60 % 18;
    const bool cancelled = random() % 40 == 0;
    const auto number = [&](unsigned value) { return cancelled ? "" : std::to_string(value); };
    const int length = std::snprintf(
        record, sizeof(record),
        "2013,%u,%u,%s,%u,%s,%s,%u,%s,%s,%u,N%05u%s,%s,%s,%s,%u,%u,%u,"
        "2013-%02u-%02uT%02u:00:00Z\n",
        month, day, number(random() % 2400).c_str(), 500U + static_cast<unsigned>(random() % 1800),
        (random() % 3 != 0 ? "-" + std::to_string(random() % 10) : number(random() % 200)).c_str(),
        number(random() % 2400).c_str(), 500U + static_cast<unsigned>(random() % 1800),
        number(random() % 100).c_str(), carriers[random() % 8],
        1 + static_cast<unsigned>(random() % 6000), static_cast<unsigned>(random() % 100'000),
        random() % 2 ? "A" : "", airports[random() % 3], airports[random() % 9],
        number(30 + random() % 300).c_str(), 100 + static_cast<unsigned>(random() % 2400), hour,
        static_cast<unsigned>(random() % 60), month, day, hour);
    text.append(record, static_cast<size_t>(length));
  }
  return text;
}

/// `station;temperature` with 408 stations.
std::string MakeStations() {
  Random random;
  std::vector<std::string> names;
  for (int i = 0; i < 408; ++i) {
    std::string name;
    for (unsigned n = 3 + random() % 14; n > 0; --n) {
      name += static_cast<char>('a' + random() % 26);
    }
    names.push_back(std::move(name));
  }
  std::string text = "station;temperature\n";
  while (text.size() < kTextBytes) {
    char value[16];
    const int tenths = static_cast<int>(random() % 1999) - 999;
    std::snprintf(value, sizeof(value), ";%.1f\n", tenths / 10.0);
    text += names[random() % 408] + value;
  }
  return text;
}

/// Texts with quotes, doubled ones among them.
std::string MakeQuoted() {
  Random random;
  std::string text = "id,title,note\n";
  for (int i = 0; text.size() < kTextBytes; ++i) {
    text += std::to_string(i) + ",\"" + std::string(20 + random() % 30, 'x') + ", y\",\"" +
            (random() % 4 == 0 ? "a \"\"b\"\" c" : "plain\nlines") + "\"\n";
  }
  return text;
}

/// Keeps nothing.
class Discard final : public engine::Emitter {
 public:
  Status Emit(engine::Batch batch) override {
    rows += batch.num_rows();
    benchmark::DoNotOptimize(batch);
    return {};
  }
  Status Reject(engine::RejectedRow /*row*/) override {
    ++rejects;
    return {};
  }
  void CountFiltered(int64_t /*rows*/) override {}
  int64_t rows = 0;
  int64_t rejects = 0;
};

std::shared_ptr<const engine::StreamFormat> Format(std::string_view text) {
  const Options options = *Options::Parse(Csv().spec, {}, "bench");
  return *Csv().infer(text.substr(0, 1 << 20), false, options, "bench");
}

/// The cuts of `text` into slabs.
std::vector<size_t> Cuts(const engine::StreamFormat& format, std::string_view text) {
  const auto splitter = format.MakeSplitter();
  std::vector<size_t> ends = {0};
  while (ends.back() < text.size()) {
    const size_t begin = ends.back();
    const size_t size = std::min(kSlabBytes, text.size() - begin);
    ends.push_back(begin +
                   splitter->Next(text.substr(begin, size), begin + size == text.size())->bytes);
  }
  return ends;
}

void Decode(benchmark::State& state, const std::string& text,
            const engine::Projection& projection) {
  const auto format = Format(text);
  const auto buffer = std::make_shared<arrow::Buffer>(text);
  const std::vector<size_t> cuts = Cuts(*format, text);
  const auto decoder = *format->MakeDecoder(projection, 4096);
  int64_t rows = 0;
  for (auto _ : state) {
    Discard out;
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      engine::Slab slab;
      slab.owner = buffer;
      slab.data = std::string_view(text).substr(cuts[i], cuts[i + 1] - cuts[i]);
      slab.byte_offset = static_cast<int64_t>(cuts[i]);
      slab.first = i == 0;
      slab.last = i + 2 == cuts.size();
      const Status status = decoder->Decode(slab, out);
      if (!status.ok() || out.rejects > 0) state.SkipWithError(status.ToString().c_str());
    }
    rows += out.rows;
  }
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
  state.SetItemsProcessed(rows);
}

void BM_CsvFlightsAll(benchmark::State& state) {
  static const std::string text = MakeFlights();
  Decode(state, text, {});
}
BENCHMARK(BM_CsvFlightsAll)->Unit(benchmark::kMillisecond);

void BM_CsvFlightsTwoOfNineteen(benchmark::State& state) {
  static const std::string text = MakeFlights();
  Decode(state, text, {{"carrier", "distance"}, false});
}
BENCHMARK(BM_CsvFlightsTwoOfNineteen)->Unit(benchmark::kMillisecond);

void BM_CsvStations(benchmark::State& state) {
  static const std::string text = MakeStations();
  Decode(state, text, {});
}
BENCHMARK(BM_CsvStations)->Unit(benchmark::kMillisecond);

void BM_CsvQuoted(benchmark::State& state) {
  static const std::string text = MakeQuoted();
  Decode(state, text, {});
}
BENCHMARK(BM_CsvQuoted)->Unit(benchmark::kMillisecond);

void BM_CsvSplit(benchmark::State& state) {
  static const std::string text = MakeFlights();
  const auto format = Format(text);
  for (auto _ : state) benchmark::DoNotOptimize(Cuts(*format, text));
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
}
BENCHMARK(BM_CsvSplit)->Unit(benchmark::kMillisecond);

void BM_CsvWriteFlights(benchmark::State& state) {
  static const std::string text = MakeFlights();
  const auto format = Format(text);

  class Keep final : public engine::Emitter {
   public:
    Status Emit(engine::Batch batch) override {
      batches.push_back(std::move(batch));
      return {};
    }
    Status Reject(engine::RejectedRow /*row*/) override { return {}; }
    void CountFiltered(int64_t /*rows*/) override {}
    std::vector<engine::Batch> batches;
  };
  Keep keep;
  engine::Slab slab;
  slab.owner = std::make_shared<arrow::Buffer>(text);
  slab.data = text;
  slab.first = slab.last = true;
  if (!(*format->MakeDecoder({}, 4096))->Decode(slab, keep).ok()) state.SkipWithError("decode");
  const Options options =
      *Options::Parse(Spec{"csv", {}, {}, {}, Csv().write_fields, {}}, {}, "bench");
  const auto encoder = *Csv().make_encoder(format->schema(), options);
  for (auto _ : state) {
    for (const engine::Batch& batch : keep.batches) {
      benchmark::DoNotOptimize(*encoder->Encode(batch));
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
}
BENCHMARK(BM_CsvWriteFlights)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thalweg::codecs
