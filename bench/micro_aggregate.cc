// How fast the aggregation alone is: rows per second of one core through `aggregate_partial`, from
// batches that are already in memory. Run: micro_aggregate [rows] [batch_rows] [repeats]
#include <arrow/api.h>
#include <arrow/compute/initialize.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "engine/registry.h"

namespace thalweg {
namespace functions {
namespace aggregates_basic {
void Register(engine::Registry& registry);
}
namespace aggregates_extremes {
void Register(engine::Registry& registry);
}
}  // namespace functions
namespace operators {
namespace aggregate_partial {
void Register(engine::Registry& registry);
}
namespace aggregate_final {
void Register(engine::Registry& registry);
}
}  // namespace operators

namespace {

class Discard final : public engine::Emitter {
 public:
  Status Emit(columnar::Batch batch) override {
    last = std::move(batch);
    return {};
  }
  Status Reject(engine::RejectedRow) override { return {}; }
  void CountFiltered(int64_t) override {}
  columnar::Batch last;
};

template <typename T>
T Must(arrow::Result<T> result) {
  if (!result.ok()) std::abort();
  return std::move(result).ValueUnsafe();
}
template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

std::vector<std::string> Stations(int count, std::mt19937_64& random) {
  // Lengths as those of the one-billion-row challenge: 3 to 26 bytes, mostly 5 to 10.
  std::vector<std::string> out;
  std::geometric_distribution<int> extra(0.28);
  for (int i = 0; i < count; ++i) {
    std::string name = std::to_string(i);
    const auto length = static_cast<size_t>(std::min(26, 5 + extra(random)));
    while (name.size() < length) name += static_cast<char>('a' + random() % 26);
    out.push_back(name);
  }
  return out;
}

/// Time that this thread had a core: a busy machine changes it little.
double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Data {
  std::vector<columnar::Batch> batches;
  int64_t rows = 0;
};

/// Columns: station (view into one slab a batch, as the CSV reader makes them), t (double),
/// d (DECIMAL(4,1)), k (bigint), station2 (utf8).
Data MakeData(int64_t rows, int64_t batch_rows, int stations, int64_t distinct_ints) {
  std::mt19937_64 random(42);
  const std::vector<std::string> names = Stations(stations, random);
  const auto schema = arrow::schema(
      {arrow::field("station", arrow::utf8_view()), arrow::field("t", arrow::float64()),
       arrow::field("d", arrow::decimal128(4, 1)), arrow::field("k", arrow::int64()),
       arrow::field("station2", arrow::utf8())});
  Data data;
  for (; data.rows < rows; data.rows += batch_rows) {
    std::string slab;
    std::vector<std::pair<size_t, size_t>> places;
    std::vector<double> t;
    arrow::Decimal128Builder d(arrow::decimal128(4, 1));
    arrow::Int64Builder k;
    arrow::StringBuilder plain;
    for (int64_t i = 0; i < batch_rows; ++i) {
      const std::string& name = names[random() % names.size()];
      const auto tenths = static_cast<int64_t>(random() % 1999) - 999;
      places.emplace_back(slab.size(), name.size());
      slab += name + ';' + std::to_string(tenths) + '\n';
      t.push_back(static_cast<double>(tenths) / 10);
      (void)d.Append(arrow::Decimal128(tenths));
      (void)k.Append(static_cast<int64_t>(random() % static_cast<uint64_t>(distinct_ints)));
      (void)plain.Append(name);
    }
    const auto owner = arrow::Buffer::FromString(std::move(slab));
    auto views = Must(arrow::AllocateBuffer(batch_rows * 16));
    auto* view = reinterpret_cast<arrow::BinaryViewType::c_type*>(views->mutable_data());
    for (const auto& [at, length] : places) {
      const auto text = std::string_view(*owner).substr(at, length);
      *view = arrow::BinaryViewType::c_type{};
      if (length <= 12) {
        view->inlined.size = static_cast<int32_t>(length);
        std::copy(text.begin(), text.end(), view->inlined.data.begin());
      } else {
        view->ref.size = static_cast<int32_t>(length);
        std::copy_n(text.begin(), 4, view->ref.prefix.begin());
        view->ref.buffer_index = 0;
        view->ref.offset = static_cast<int32_t>(at);
      }
      ++view;
    }
    const auto station = arrow::MakeArray(arrow::ArrayData::Make(
        arrow::utf8_view(), batch_rows,
        {nullptr, std::shared_ptr<arrow::Buffer>(std::move(views)), owner}, 0));
    const auto doubles = std::make_shared<arrow::DoubleArray>(
        batch_rows, Must(arrow::AllocateBuffer(batch_rows * 8)));
    std::copy(t.begin(), t.end(),
              reinterpret_cast<double*>(const_cast<uint8_t*>(doubles->data()->buffers[1]->data())));
    data.batches.emplace_back(arrow::RecordBatch::Make(
        schema, batch_rows,
        {station, doubles, Must(d.Finish()), Must(k.Finish()), Must(plain.Finish())}));
  }
  return data;
}

engine::AggregateCall Call(const engine::Registry& registry, const std::string& name,
                           const engine::ExpressionPtr& argument) {
  const engine::AggregateFunction* function = registry.FindAggregate(name);
  if (argument == nullptr) return {name, Must(function->bind({}, false)), {}, nullptr};
  const engine::BindArgument bind{argument->type(), nullptr};
  return {name, Must(function->bind(std::span(&bind, 1), false)), {argument}, nullptr};
}

void Run(const engine::Registry& registry, const char* label, const Data& data, int repeats,
         const engine::AggregateParameters& parameters) {
  double best = 1e9;
  int64_t groups = 0;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    auto partial = Must(registry.FindOperator("aggregate_partial")->make({}, parameters, {}));
    auto final_one = Must(registry.FindOperator("aggregate_final")->make({}, parameters, {}));
    Discard out;
    const double start = CpuSeconds();
    for (const columnar::Batch& batch : data.batches) {
      if (!partial->Push(0, batch, out).ok()) std::abort();
    }
    if (!partial->Finish(out).ok() || !final_one->Push(0, out.last, out).ok() ||
        !final_one->Finish(out).ok()) {
      std::abort();
    }
    groups = out.last.num_rows();
    best = std::min(best, CpuSeconds() - start);
  }
  std::printf("%-46s %8.1f M rows/s  (last batch: %lld groups)\n", label,
              static_cast<double>(data.rows) / best / 1e6, static_cast<long long>(groups));
}

int Main(int argc, char** argv) {
  (void)arrow::compute::Initialize();
  const int64_t rows = argc > 1 ? std::atoll(argv[1]) : 4'000'000;
  const int64_t batch_rows = argc > 2 ? std::atoll(argv[2]) : 4096;
  const int repeats = argc > 3 ? std::atoi(argv[3]) : 5;
  engine::Registry registry;
  functions::aggregates_basic::Register(registry);
  functions::aggregates_extremes::Register(registry);
  operators::aggregate_partial::Register(registry);
  operators::aggregate_final::Register(registry);
  const auto station = engine::MakeColumn(0, "station", arrow::utf8_view());
  const auto t = engine::MakeColumn(1, "t", arrow::float64());
  const auto d = engine::MakeColumn(2, "d", arrow::decimal128(4, 1));
  const auto k = engine::MakeColumn(3, "k", arrow::int64());
  const auto plain = engine::MakeColumn(4, "station2", arrow::utf8());
  const auto min_avg_max = [&](const engine::ExpressionPtr& of) {
    return std::vector{Call(registry, "min", of), Call(registry, "avg", of),
                       Call(registry, "max", of)};
  };
  const Data small = MakeData(rows, batch_rows, 408, 1000);
  Run(registry, "408 utf8_view keys; min avg max DOUBLE", small, repeats,
      {{{"s", station}}, min_avg_max(t)});
  Run(registry, "408 utf8_view keys; min avg max DECIMAL(4,1)", small, repeats,
      {{{"s", station}}, min_avg_max(d)});
  Run(registry, "408 utf8 keys; min avg max DOUBLE", small, repeats,
      {{{"s", plain}}, min_avg_max(t)});
  Run(registry, "408 utf8_view keys; count(*)", small, repeats,
      {{{"s", station}}, {Call(registry, "count", nullptr)}});
  Run(registry, "1000 bigint keys; min avg max DOUBLE", small, repeats,
      {{{"k", k}}, min_avg_max(t)});
  Run(registry, "utf8_view and bigint keys; sum DOUBLE", small, repeats,
      {{{"s", station}, {"k", k}}, {Call(registry, "sum", t)}});
  Run(registry, "no key; min avg max DOUBLE", small, repeats, {{}, min_avg_max(t)});
  if (repeats > 20) return 0;  // For a profiler: the small tables alone.
  const Data large = MakeData(rows, batch_rows, 1'000'000, 1'000'000);
  Run(registry, "1e6 utf8_view keys; sum DOUBLE", large, repeats,
      {{{"s", station}}, {Call(registry, "sum", t)}});
  Run(registry, "1e6 bigint keys; sum DOUBLE", large, repeats,
      {{{"k", k}}, {Call(registry, "sum", t)}});
  return 0;
}

}  // namespace
}  // namespace thalweg

int main(int argc, char** argv) { return thalweg::Main(argc, argv); }
