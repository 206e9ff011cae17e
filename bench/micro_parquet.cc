// Encoding and decoding of Parquet on one core, ours beside libparquet's own.
//
//   bench_micro_parquet FLIGHTS.csv [COPIES] [LEVEL] [CASE] [OUT_DIRECTORY]
//
// Prints one line a case: rows per second of one core, and the size of the file. CASE, such as
// "encode, ours", runs that case only; "all" runs them all.

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/csv/api.h>
#include <arrow/io/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "codecs/parquet_encoder.h"
#include "codecs/parquet_reader.h"
#include "engine/codec.h"

namespace {

using thalweg::Result;
using thalweg::Status;
using thalweg::columnar::Batch;
namespace engine = thalweg::engine;
namespace codec = thalweg::codecs::parquet;

constexpr int64_t kRowsPerGroup = 122'880;
constexpr int kRuns = 7;

template <typename T>
T OrDie(arrow::Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  return std::move(result).ValueUnsafe();
}

template <typename T>
T OrDie(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

void OrDie(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

// Of processor time: one thread works, and others may share the machine.
double MedianSeconds(const std::function<void()>& run) {
  std::vector<double> seconds;
  for (int i = 0; i < kRuns; ++i) {
    const std::clock_t start = std::clock();
    run();
    seconds.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

void Report(const char* name, int64_t rows, double seconds, size_t bytes) {
  std::printf("%-28s %8.2f M rows/s %10.3f s %12zu bytes\n", name,
              static_cast<double>(rows) / seconds / 1e6, seconds, bytes);
}

std::shared_ptr<arrow::Table> ReadCsv(const std::string& path, int copies) {
  auto input = OrDie(arrow::io::ReadableFile::Open(path));
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.strings_can_be_null = true;
  auto reader = OrDie(arrow::csv::TableReader::Make(arrow::io::default_io_context(), input,
                                                    arrow::csv::ReadOptions::Defaults(),
                                                    arrow::csv::ParseOptions::Defaults(), convert));
  auto table = OrDie(reader->Read());
  const std::vector<std::shared_ptr<arrow::Table>> tables(static_cast<size_t>(copies), table);
  return OrDie(OrDie(arrow::ConcatenateTables(tables))->CombineChunks());
}

// Batches of 4,096 rows whose text is views, as the engine's readers make them.
std::vector<Batch> ToBatches(const arrow::Table& table) {
  std::vector<Batch> out;
  arrow::TableBatchReader reader(table);
  reader.set_chunksize(4096);
  for (auto batch = OrDie(reader.Next()); batch; batch = OrDie(reader.Next())) {
    arrow::ArrayVector columns;
    arrow::FieldVector fields;
    for (int i = 0; i < batch->num_columns(); ++i) {
      auto column = batch->column(i);
      if (column->type_id() == arrow::Type::STRING) {
        column = OrDie(arrow::compute::Cast(*column, arrow::utf8_view()));
      }
      fields.push_back(batch->schema()->field(i)->WithType(column->type()));
      columns.push_back(std::move(column));
    }
    out.emplace_back(arrow::RecordBatch::Make(arrow::schema(fields), batch->num_rows(), columns));
  }
  return out;
}

class MemoryFile : public engine::RandomAccess {
 public:
  explicit MemoryFile(const std::string& bytes) : bytes_(bytes) {}
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  const std::string& name() const override { return name_; }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t offset, int64_t length) override {
    return std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(bytes_.data()) + offset,
                                           length);
  }

 private:
  std::string name_ = "memory";
  const std::string& bytes_;
};

class Counter : public engine::Emitter {
 public:
  Status Emit(Batch batch) override {
    rows += batch.num_rows();
    return {};
  }
  Status Reject(engine::RejectedRow) override { return {}; }
  void CountFiltered(int64_t) override {}
  int64_t rows = 0;
};

std::string EncodeOurs(const engine::Encoder& encoder, const std::vector<Batch>& batches) {
  const auto file = encoder.NewFile();
  std::string out;
  const engine::Assembler::Write write = [&out](std::string_view bytes) {
    out += bytes;
    return Status();
  };
  OrDie(file->Begin(write));
  constexpr size_t kPerGroup = kRowsPerGroup / 4096;
  for (size_t i = 0; i < batches.size(); i += kPerGroup) {
    const size_t count = std::min(kPerGroup, batches.size() - i);
    OrDie(file->Append(OrDie(encoder.EncodeAll(std::span(batches).subspan(i, count))), write));
  }
  OrDie(file->Finish(write));
  return out;
}

std::string EncodeArrow(const arrow::Table& table, int level) {
  auto sink = OrDie(arrow::io::BufferOutputStream::Create());
  auto properties = parquet::WriterProperties::Builder()
                        .compression(arrow::Compression::ZSTD)
                        ->compression_level(level)
                        ->build();
  const auto status = parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink,
                                                 kRowsPerGroup, properties);
  if (!status.ok()) std::exit(1);
  return OrDie(sink->Finish())->ToString();
}

void DecodeOurs(const std::string& file, const std::vector<std::string>& columns) {
  const auto reader = OrDie(codec::OpenReader(std::make_shared<MemoryFile>(file), {}));
  Counter counter;
  const engine::Projection projection{columns, columns.empty()};
  for (int64_t unit = 0; unit < reader->num_units(); ++unit) {
    OrDie(reader->ReadUnit(unit, projection, 4096, counter));
  }
}

void Save(const std::string& directory, const char* name, const std::string& bytes) {
  std::ofstream out(directory + "/" + name, std::ios::binary);
  out << bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FLIGHTS.csv [COPIES] [LEVEL] [CASE] [OUT_DIRECTORY]\n",
                 argv[0]);
    return 64;
  }
  if (!arrow::compute::Initialize().ok()) return 70;
  const int copies = argc > 2 ? std::atoi(argv[2]) : 1;
  const int level = argc > 3 ? std::atoi(argv[3]) : 3;
  const auto table = ReadCsv(argv[1], copies);
  const std::vector<Batch> batches = ToBatches(*table);
  const int64_t rows = table->num_rows();
  std::printf("%lld rows, %d columns, zstd level %d\n", static_cast<long long>(rows),
              table->num_columns(), level);

  const std::string only = argc > 4 ? argv[4] : "all";
  const auto run = [&](const char* name, const std::function<void()>& work,
                       const std::string& out) {
    if (only != "all" && only != name) return;
    const double seconds = MedianSeconds(work);
    Report(name, rows, seconds, out.size());
  };
  std::string ours;
  std::string theirs;
  const std::string none;
  codec::EncoderOptions options;
  options.compression_level = level;
  const auto encoder = OrDie(codec::MakeEncoder(batches.front().schema(), options));
  run("encode, ours", [&] { ours = EncodeOurs(*encoder, batches); }, ours);
  run("encode, libparquet", [&] { theirs = EncodeArrow(*table, level); }, theirs);
  if (ours.empty()) return 0;
  run("decode, all columns", [&] { DecodeOurs(ours, {}); }, none);
  run("decode, two columns", [&] { DecodeOurs(ours, {"origin", "distance"}); }, none);
  if (argc > 5) {
    Save(argv[5], "ours.parquet", ours);
    Save(argv[5], "arrow.parquet", theirs);
  }
  return 0;
}
