#include <arrow/scalar.h>

#include <array>
#include <random>

#include "engine/registry.h"
#include "functions/signature.h"

namespace thalweg::functions::random {
namespace {

constexpr char kFamily[] = "random";

/// One generator a thread, seeded by the system: rows are independent on every lane.
std::mt19937_64& Generator() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::array<uint32_t, 8> seed;
    for (uint32_t& word : seed) word = device();
    std::seed_seq sequence(seed.begin(), seed.end());
    return std::mt19937_64(sequence);
  }();
  return generator;
}

Result<arrow::Datum> Random(std::span<const arrow::Datum>, int64_t rows, const EvalContext&) {
  THALWEG_ASSIGN_OR_RETURN(auto values,
                           engine::AllocateBytes(rows * static_cast<int64_t>(sizeof(double))));
  std::mt19937_64& generator = Generator();
  for (int64_t row = 0; row < rows; ++row) {
    // 53 bits: every double of the form k / 2^53 below 1.
    const double value = static_cast<double>(generator() >> 11) * 0x1.0p-53;
    engine::internal::StoreRow(values, row, value);
  }
  return arrow::Datum(engine::MakeFlatArray(arrow::float64(), rows, std::move(values), {}));
}

Result<arrow::Datum> Uuid(std::span<const arrow::Datum>, int64_t rows, const EvalContext&) {
  constexpr char kHex[] = "0123456789abcdef";
  TextWriter out(rows, rows * 36);
  std::mt19937_64& generator = Generator();
  for (int64_t row = 0; row < rows; ++row) {
    const uint64_t words[2] = {(generator() & ~uint64_t{0xf000}) | 0x4000,
                               (generator() & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62)};
    char* text = out.Extend(36);
    int place = 0;
    for (int digit = 0; digit < 32; ++digit) {
      if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text[place++] = '-';
      text[place++] = kHex[(words[digit / 16] >> (60 - 4 * (digit % 16))) & 15];
    }
    out.EndRow();
  }
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish(Varchar()));
  return arrow::Datum(std::move(array));
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  registry.Add(
      MakeFunction(kFamily,
                   {"random",
                    {"rand"},
                    "A number from 0 to below 1, another for each row.",
                    "Not reproducible: a job that must give the same answer twice does not "
                    "use it.",
                    {"random() < 0.1  -- true for about a tenth of the rows"}},
                   {{{}, arrow::float64(), Random, false, false}}));
  registry.Add(MakeFunction(kFamily,
                            {"uuid",
                             {"gen_random_uuid"},
                             "A random UUID (version 4) for each row.",
                             "As text. Not for secrets.",
                             {"uuid()  -- 36 characters"}},
                            {{{}, Varchar(), Uuid, false, false}}));
}

}  // namespace thalweg::functions::random
