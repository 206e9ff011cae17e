#include <arrow/type.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "engine/hash.h"
#include "engine/registry.h"
#include "engine/row_key.h"
#include "functions/aggregate_state.h"

// APPROX_COUNT_DISTINCT: HyperLogLog (Flajolet et al. 2007) with the estimator of Ertl (2017).
namespace thalweg::functions::aggregates_approximate {
namespace {

using engine::BindArgument;
using engine::BoundAggregate;

constexpr int kIndexBits = 12;  // 4,096 registers: a standard error of 1.6 %.
constexpr size_t kRegisters = size_t{1} << kIndexBits;
constexpr int kRankMax = 64 - kIndexBits + 1;
/// Below this many different registers a group keeps a list of them instead of all.
constexpr size_t kSparseMax = 512;

/// Fixed, so that the same values give the same answer everywhere.
constexpr uint64_t kSeed = 0x5bd1e995a4c3f7e1ULL;

double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1;
  double z = x;
  for (;;) {
    x *= x;
    const double before = z;
    z += x * y;
    y += y;
    if (z == before) return z;
  }
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1;
  double z = 1 - x;
  for (;;) {
    x = std::sqrt(x);
    const double before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
    if (z == before) return z / 3;
  }
}

class Sketch {
 public:
  void Add(uint64_t hash) {
    const auto index = static_cast<uint16_t>(hash >> (64 - kIndexBits));
    const uint64_t rest = (hash << kIndexBits) | (uint64_t{1} << (kIndexBits - 1));
    Raise(index, static_cast<uint8_t>(std::countl_zero(rest) + 1));
  }
  void Merge(const Sketch& other) {
    if (!other.dense_.empty()) {
      for (size_t i = 0; i < kRegisters; ++i) {
        if (other.dense_[i] > 0) Raise(static_cast<uint16_t>(i), other.dense_[i]);
      }
    }
    for (const auto& [index, rank] : other.sparse_) Raise(index, rank);
  }
  int64_t Estimate() const {
    std::array<int64_t, kRankMax + 1> counts{};
    if (dense_.empty()) {
      counts[0] = static_cast<int64_t>(kRegisters - sparse_.size());
      for (const auto& [index, rank] : sparse_) ++counts[rank];
    } else {
      for (const uint8_t rank : dense_) ++counts[rank];
    }
    constexpr auto kM = static_cast<double>(kRegisters);
    double z = kM * Tau(1 - static_cast<double>(counts[kRankMax]) / kM);
    for (size_t k = kRankMax - 1; k >= 1; --k) z = 0.5 * (z + static_cast<double>(counts[k]));
    z += kM * Sigma(static_cast<double>(counts[0]) / kM);
    return std::llround(kM * kM / (2 * std::log(2.0) * z));
  }
  int64_t HeapBytes() const {
    return static_cast<int64_t>(sparse_.capacity() * sizeof(sparse_[0]) + dense_.capacity());
  }

 private:
  void Raise(uint16_t index, uint8_t rank) {
    if (!dense_.empty()) {
      dense_[index] = std::max(dense_[index], rank);
      return;
    }
    const auto at =
        std::ranges::lower_bound(sparse_, index, {}, &std::pair<uint16_t, uint8_t>::first);
    if (at != sparse_.end() && at->first == index) {
      at->second = std::max(at->second, rank);
      return;
    }
    if (sparse_.size() < kSparseMax) {
      sparse_.insert(at, {index, rank});
      return;
    }
    dense_.assign(kRegisters, 0);
    for (const auto& [old_index, old_rank] : sparse_) dense_[old_index] = old_rank;
    sparse_ = {};
    dense_[index] = std::max(dense_[index], rank);
  }

  std::vector<std::pair<uint16_t, uint8_t>> sparse_;  ///< Ascending by index.
  std::vector<uint8_t> dense_;                        ///< Empty: sparse.
};

class ApproxCountDistinct final : public engine::Aggregate {
 public:
  Status Resize(int64_t count) override {
    sketches_.resize(static_cast<size_t>(count));
    return {};
  }
  Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                int64_t rows) override {
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, RowsOf(arguments[0], rows));
    THALWEG_ASSIGN_OR_RETURN(array, engine::PlainKey(array));
    THALWEG_RETURN_IF_ERROR(Hash(array));
    ForEachValid(*array, [&](int64_t row) {
      sketches_[GroupOf(groups, row)].Add(hashes_[static_cast<size_t>(row)]);
    });
    return {};
  }
  Status Merge(const engine::Aggregate& other, const uint32_t* groups, int64_t count) override {
    const auto& from = static_cast<const ApproxCountDistinct&>(other);
    for (int64_t i = 0; i < count; ++i) {
      sketches_[GroupOf(groups, i)].Merge(from.sketches_[static_cast<size_t>(i)]);
    }
    return {};
  }
  Result<ArrayPtr> Finish() override {
    return BuildFixed<int64_t>(arrow::int64(), static_cast<int64_t>(sketches_.size()),
                               [&](int64_t i, int64_t* out) {
                                 *out = sketches_[static_cast<size_t>(i)].Estimate();
                                 return true;
                               });
  }
  int64_t ByteSize() const override {
    int64_t bytes = static_cast<int64_t>(sketches_.capacity() * sizeof(Sketch));
    for (const Sketch& sketch : sketches_) bytes += sketch.HeapBytes();
    return bytes;
  }

 private:
  Status Hash(const ArrayPtr& array) {
    const auto rows = static_cast<size_t>(array->length());
    hashes_.resize(rows);
    const int bits = engine::KeyBits(*array->type());
    if (columnar::IsString(*array->type()) || columnar::IsBinary(*array->type())) {
      const columnar::StringColumn text(array);
      ForEachValid(*array, [&](int64_t row) {
        const std::string_view value = text[row];
        hashes_[static_cast<size_t>(row)] = engine::HashBytes(value.data(), value.size(), kSeed);
      });
    } else if (bits > 0 && bits <= 64) {
      engine::LoadKeyBits(*array, hashes_.data());
      // Two rounds: near numbers must differ in the top bits too.
      for (uint64_t& hash : hashes_) {
        hash = engine::HashU64(engine::HashU64(hash, kSeed), ~kSeed);
      }
    } else {
      THALWEG_RETURN_IF_ERROR(encoder_.Encode(std::span(&array, 1), array->length()));
      for (size_t row = 0; row < rows; ++row) {
        const std::string_view value = encoder_.row(static_cast<int64_t>(row));
        hashes_[row] = engine::HashBytes(value.data(), value.size(), kSeed);
      }
    }
    return {};
  }

  std::vector<Sketch> sketches_;
  std::vector<uint64_t> hashes_;
  engine::RowEncoder encoder_;
};

}  // namespace

void Register(engine::Registry& registry);
void Register(engine::Registry& registry) {
  engine::AggregateFunction function;
  function.spec.name = "approx_count_distinct";
  function.spec.summary = "Estimates how many different values there are, within about 2 %.";
  function.spec.examples = {"SELECT APPROX_COUNT_DISTINCT(tailnum) FROM flights"};
  function.bind = [](std::span<const BindArgument> arguments, bool) -> Result<BoundAggregate> {
    if (arguments.size() != 1) {
      return BadArguments("approx_count_distinct", "one value", arguments);
    }
    return BoundAggregate{{arguments[0].type}, arrow::int64(), [] {
                            return std::make_unique<ApproxCountDistinct>();
                          }};
  };
  registry.Add(std::move(function));
}

}  // namespace thalweg::functions::aggregates_approximate
