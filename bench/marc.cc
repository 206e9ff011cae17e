// MARC records read, indexed and written.
//
//   marc FILE --case read|index|title|write|rebuild|json|xml|parallel|heap [--threads N] [--runs N]
//
// prints one JSON object: the case, records, bytes, each run's rate in records a second, and for
// `heap` the bytes that 10,000 records hold. The file is read into memory first, but by `parallel`;
// the cases that write have read its records before. bench/mrrc_peer does the same with mrrc.

#include <malloc.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/marc/access.h"
#include "thalweg/marc/formats.h"
#include "thalweg/marc/reader.h"
#include "thalweg/marc/subfield_index.h"
#include "thalweg/marc/writer.h"

namespace {

using namespace std::string_literals;
namespace marc = thalweg::marc;

struct Totals {
  int64_t records = 0;
  uint64_t check = 0;  // So that nothing is optimised away; equal in all runs of a case.
};

struct Arguments {
  std::string path;
  std::string name = "read";
  int threads = 1;
  int runs = 5;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--case") {
      arguments.name = value;
    } else if (word == "--threads") {
      arguments.threads = std::atoi(value);
    } else if (word == "--runs") {
      arguments.runs = std::atoi(value);
    } else {
      arguments.path = word;
      continue;
    }
    ++i;
  }
  return arguments;
}

void Check(const thalweg::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

// Calls `work` with each batch of the text.
template <typename Work>
Totals EachBatch(const std::string& text, Work work) {
  marc::Reader reader = marc::Reader::OverMemory(text, nullptr, {});
  Totals totals;
  while (true) {
    const auto batch = reader.ReadBatch();
    Check(batch.status());
    if (batch->empty()) return totals;
    totals.records += static_cast<int64_t>(batch->records.size());
    work(*batch, &totals);
  }
}

uint64_t IndexAll(const marc::RecordBatch& batch, marc::SubfieldIndex* index) {
  uint64_t sum = 0;
  for (const marc::RecordView& record : batch.records) {
    const auto entries = index->Build(record);
    sum += entries.size();
    if (!entries.empty()) sum += entries.back().size;
  }
  return sum;
}

Totals Index(const std::string& text) {
  marc::SubfieldIndex index;
  return EachBatch(text, [&](const marc::RecordBatch& batch, Totals* totals) {
    totals->check += IndexAll(batch, &index);
  });
}

Totals Read(const std::string& text) {
  return EachBatch(text, [](const marc::RecordBatch& batch, Totals* totals) {
    for (const marc::RecordView& record : batch.records) totals->check += record.fields().size();
  });
}

Totals Titles(const std::string& text) {
  return EachBatch(text, [](const marc::RecordBatch& batch, Totals* totals) {
    for (const marc::RecordView& record : batch.records) {
      totals->check += marc::Title(record).value_or(std::string()).size();
    }
  });
}

// All records of the text, read before the clock starts.
std::vector<marc::RecordBatch> Held(const std::string& text) {
  std::vector<marc::RecordBatch> held;
  marc::Reader reader = marc::Reader::OverMemory(text, nullptr, {});
  while (true) {
    auto batch = reader.ReadBatch();
    Check(batch.status());
    if (batch->empty()) return held;
    held.push_back(*std::move(batch));
  }
}

template <typename Append>
Totals WriteHeld(const std::vector<marc::RecordBatch>& held, Append append) {
  Totals totals;
  std::string out;
  for (const marc::RecordBatch& batch : held) {
    for (const marc::RecordView& record : batch.records) {
      Check(append(record, totals.records++, &out));
    }
    totals.check += out.size();
    out.clear();
  }
  return totals;
}

// `rebuild`: from the fields, as after an edit, and not by copying what was read.
Totals Write(const std::vector<marc::RecordBatch>& held, bool rebuild) {
  return WriteHeld(held, [&](const marc::RecordView& record, int64_t, std::string* out) {
    const marc::RecordView view(record.leader_text().data(), record.fields(), record.raw(),
                                !rebuild);
    return marc::AppendIso2709(view, marc::Oversize::kError, out);
  });
}

Totals Encode(const std::vector<marc::RecordBatch>& held, marc::Format format) {
  const auto encoder = marc::MakeEncoder(format, {});
  Check(encoder.status());
  return WriteHeld(held, [&](const marc::RecordView& record, int64_t index, std::string* out) {
    return (*encoder)->Append(record, index, out);
  });
}

// What `index` does, by several threads, from the file.
Totals Parallel(const std::string& path, int threads) {
  Totals totals;
  const auto work = [](const marc::RecordBatch& batch) -> thalweg::Result<std::shared_ptr<void>> {
    thread_local marc::SubfieldIndex index;
    return std::shared_ptr<void>(std::make_shared<uint64_t>(IndexAll(batch, &index)));
  };
  const auto take = [&totals](const marc::RecordBatch& batch,
                              const std::shared_ptr<void>& made) -> thalweg::Result<bool> {
    totals.records += static_cast<int64_t>(batch.records.size());
    totals.check += *static_cast<const uint64_t*>(made.get());
    return true;
  };
  marc::ParallelOptions options;
  options.workers = threads;
  Check(marc::ReadParallel(path, {}, options, work, take));
  return totals;
}

int64_t HeapInUse() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

// Heap that 10,000 records take, each kept as one that can be changed.
void PrintHeap(const std::string& path) {
  std::vector<marc::Record> kept;
  kept.reserve(10000);
  const int64_t before = HeapInUse() - static_cast<int64_t>(kept.capacity() * sizeof(kept[0]));
  int64_t bytes = 0;
  {
    auto reader = marc::Reader::Open(path, {});
    Check(reader.status());
    while (kept.size() < 10000) {
      auto record = reader->Next();
      Check(record.status());
      if (!*record) break;
      bytes += static_cast<int64_t>((*record)->view().raw().size());
      kept.push_back(**std::move(record));
    }
  }
  const auto held = static_cast<long long>(HeapInUse() - before);
  std::printf("{\"case\":\"heap\",\"records\":%zu,\"bytes\":%lld,\"heap_bytes\":%lld}\n",
              kept.size(), static_cast<long long>(bytes), held);
}

std::function<Totals()> CaseOf(const Arguments& arguments, const std::string& text) {
  const std::string& name = arguments.name;
  if (name == "read") return [&text] { return Read(text); };
  if (name == "index") return [&text] { return Index(text); };
  if (name == "title") return [&text] { return Titles(text); };
  if (name == "write" || name == "rebuild" || name == "json" || name == "xml") {
    return [held = Held(text), name] {
      if (name == "json") return Encode(held, marc::Format::kJsonLines);
      if (name == "xml") return Encode(held, marc::Format::kMarcXml);
      return Write(held, name == "rebuild");
    };
  }
  if (name == "parallel") {
    return [&arguments] { return Parallel(arguments.path, arguments.threads); };
  }
  std::fprintf(stderr, "no such case: %s\n", name.c_str());
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  if (arguments.name == "heap") {
    PrintHeap(arguments.path);
    return 0;
  }
  std::ifstream file(arguments.path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto run = CaseOf(arguments, text);
  std::string rates;
  Totals first = run();
  for (int i = 0; i < arguments.runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Totals totals = run();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    if (totals.check != first.check) return 1;
    rates +=
        (i == 0 ? ""s : ","s) +
        std::to_string(static_cast<int64_t>(static_cast<double>(totals.records) / seconds.count()));
  }
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "{\"case\":\"%s\",\"threads\":%d,\"records\":%lld,\"bytes\":%zu,\"check\":%llu,"
      "\"rates\":[%s],\"peak_rss_kib\":%ld}\n",
      arguments.name.c_str(), arguments.threads, static_cast<long long>(first.records), text.size(),
      static_cast<unsigned long long>(first.check), rates.c_str(), usage.ru_maxrss);
  return 0;
}
