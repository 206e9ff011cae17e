#include "thalweg/marc/process.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "io/byte_codec.h"
#include "io/glob.h"
#include "io/local_file_system.h"
#include "marc/detect.h"
#include "marc/open_input.h"
#include "marc/reject_file.h"
#include "thalweg/runtime/run.h"

namespace thalweg::marc {
namespace {

using runtime::Chunk;
using runtime::Output;
using runtime::Progress;

struct BatchPayload final : runtime::Payload {
  RecordBatch batch;
  std::shared_ptr<void> made;
};

// The index of a batch's record in the input: dropped ones count, too.
int64_t IndexOf(const RecordBatch& batch, size_t place) {
  const auto before = std::count_if(
      batch.dropped.begin(), batch.dropped.end(),
      [place](const DroppedRecord& record) { return record.is_record && record.before <= place; });
  return batch.first_index + static_cast<int64_t>(place) + before;
}

struct Kept {
  std::shared_ptr<const void> owner;
  std::vector<Defect> defects;
  std::vector<DroppedRecord> dropped;
};

// The records of a batch from `first` on, at most `count`. What was dropped goes with the record
// before which it stands, and so does what was found.
RecordBatch Slice(RecordBatch batch, size_t first, size_t count) {
  const size_t end = std::min(batch.records.size(), first + count);
  const bool to_the_end = end == batch.records.size();
  const int64_t index_first = first == 0 ? batch.first_index : IndexOf(batch, first - 1) + 1;
  const int64_t index_end = to_the_end ? std::numeric_limits<int64_t>::max()
                            : end == 0 ? batch.first_index
                                       : IndexOf(batch, end - 1) + 1;
  auto kept = std::make_shared<Kept>();
  kept->owner = batch.owner;
  std::vector<size_t> places(batch.defects.size());
  for (size_t i = 0; i < batch.defects.size(); ++i) {
    const int64_t index = batch.defects[i].record_index;
    places[i] = kept->defects.size();
    if (index >= index_first && index < index_end) kept->defects.push_back(batch.defects[i]);
  }
  for (DroppedRecord dropped : batch.dropped) {
    if (dropped.before < first || (!to_the_end && dropped.before >= end)) continue;
    dropped.before -= first;
    dropped.defect = places[dropped.defect];
    kept->dropped.push_back(dropped);
  }
  batch.records = batch.records.subspan(first, end - first);
  batch.offsets = batch.offsets.subspan(first, end - first);
  batch.chunks = batch.chunks.subspan(first, end - first);
  if (batch.records.empty()) {
    batch.bytes = 0;
  } else if (!batch.chunks.back().empty()) {
    batch.byte_offset = batch.offsets.front();
    batch.bytes =
        batch.offsets.back() + static_cast<int64_t>(batch.chunks.back().size()) - batch.byte_offset;
  }
  batch.dropped = kept->dropped;
  batch.defects = kept->defects;
  batch.first_index = index_first;
  batch.owner = std::move(kept);
  return batch;
}

// What is left to pass over and to give out, over all inputs.
struct Window {
  int64_t skip = 0;
  int64_t left = -1;  // -1: no bound.

  bool spent() const { return left == 0; }
  RecordBatch Apply(RecordBatch batch) {
    const auto count = static_cast<int64_t>(batch.records.size());
    const int64_t first = std::min(skip, count);
    skip -= first;
    const int64_t given = left < 0 ? count - first : std::min(left, count - first);
    if (left >= 0) left -= given;
    if (first == 0 && given == count) return batch;
    return Slice(std::move(batch), static_cast<size_t>(first), static_cast<size_t>(given));
  }
};

class BatchSource final : public runtime::Source {
 public:
  BatchSource(RecordSource* source, Window* window) : source_(source), window_(window) {}

  Result<Progress> Produce(Output& out) override {
    if (window_->spent()) return Progress::kDone;
    THALWEG_ASSIGN_OR_RETURN(RecordBatch batch, source_->ReadBatch());
    if (batch.empty()) return Progress::kDone;
    auto payload = std::make_unique<BatchPayload>();
    payload->batch = window_->Apply(std::move(batch));
    Chunk chunk;
    chunk.records = static_cast<int64_t>(payload->batch.records.size());
    chunk.bytes = payload->batch.bytes;
    chunk.payload = std::move(payload);
    out.Emit(std::move(chunk));
    return Progress::kNeedRoom;
  }

 private:
  RecordSource* source_;
  Window* window_;
};

class WorkStep final : public runtime::Step {
 public:
  explicit WorkStep(const WorkOnBatch* work) : work_(work) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& out) override {
    auto& payload = chunk.As<BatchPayload>();
    THALWEG_ASSIGN_OR_RETURN(payload.made, (*work_)(payload.batch));
    out.Emit(std::move(chunk));
    return Progress::kNeedInput;
  }

 private:
  const WorkOnBatch* work_;
};

class TakeStep final : public runtime::Step {
 public:
  explicit TakeStep(const TakeBatch* take) : take_(take) {}
  Result<Progress> OnChunk(Chunk& chunk, Output& /*out*/) override {
    auto& payload = chunk.As<BatchPayload>();
    THALWEG_ASSIGN_OR_RETURN(const bool more, (*take_)(payload.batch, std::move(payload.made)));
    return more ? Progress::kNeedInput : Progress::kDone;
  }

 private:
  const TakeBatch* take_;
};

Status RunGraph(RecordSource* source, Window* window, const InputOptions& options,
                const WorkOnBatch& work, const TakeBatch& take, std::stop_token stop) {
  runtime::Graph graph;
  const auto read = graph.AddSource({.name = "read", .token = runtime::TokenKind::kNone},
                                    std::make_unique<BatchSource>(source, window));
  const auto worked = graph.AddParallel(
      {.name = "work"},
      [&work]() -> Result<std::unique_ptr<runtime::Step>> {
        return std::unique_ptr<runtime::Step>(std::make_unique<WorkStep>(&work));
      },
      read);
  graph.AddSerial({.name = "write", .token = runtime::TokenKind::kNone},
                  std::make_unique<TakeStep>(&take), {worked});
  runtime::RunOptions run_options;
  run_options.name = "marc";
  run_options.workers = options.workers;
  runtime::Run run(std::move(graph), std::move(run_options));
  return run.Execute(stop).outcome;
}

// Whether the file can be cut by several threads: it lies there as it is, in the exchange format.
Result<bool> IsPlainIso2709(const std::string& path, const InputOptions& options,
                            std::stop_token stop) {
  if (path == "-" || options.skip > 0 || options.limit.has_value()) return false;
  if (options.format) return *options.format == Format::kIso2709;
  THALWEG_ASSIGN_OR_RETURN(Reader::ReadBytes read, OpenInput(path, stop));
  THALWEG_ASSIGN_OR_RETURN(const DetectedInput input, DetectInput(std::move(read), {}, path));
  return input.format == Format::kIso2709;
}

// One run over all inputs.
class Processing {
 public:
  Processing(const InputOptions& options, const WorkOnBatch& work, const TakeBatch& take)
      : options_(options), work_(work), take_(take) {
    window_.skip = options.skip;
    window_.left = options.limit.value_or(-1);
    counted_ = [this](const RecordBatch& batch, std::shared_ptr<void> made) {
      return Take(batch, std::move(made));
    };
  }

  Result<InputReport> Run(std::stop_token stop) {
    THALWEG_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ExpandPaths(options_.paths));
    // All of them before the first is read: nothing is written when one is missing.
    for (const std::string& path : paths) THALWEG_RETURN_IF_ERROR(AddSize(path));
    for (const std::string& path : paths) {
      if (window_.spent() || !more_) break;
      THALWEG_RETURN_IF_ERROR(ReadOne(path, stop));
    }
    if (rejects_) {
      THALWEG_RETURN_IF_ERROR(rejects_->Commit());
      report_.rejects = rejects_->names();
    }
    return std::move(report_);
  }

 private:
  Status AddSize(const std::string& path) {
    if (path != "-") {
      THALWEG_ASSIGN_OR_RETURN(const auto info, io::LocalFileSystem().Stat(path));
      progress_.bytes_total += info.size;
    }
    if (path == "-" || io::CompressionOfPath(path) != io::Compression::kNone) size_known_ = false;
    if (!size_known_) progress_.bytes_total = 0;
    return {};
  }

  Status ReadOne(const std::string& path, std::stop_token stop) {
    ReaderOptions reader = options_.reader;
    reader.source = path == "-" ? "standard input" : path;
    THALWEG_ASSIGN_OR_RETURN(const bool plain, IsPlainIso2709(path, options_, stop));
    if (plain) {
      format_ = Format::kIso2709;
      const ParallelOptions parallel = {.workers = options_.workers, .map = false, .stop = stop};
      return ReadParallel(path, reader, parallel, work_, counted_);
    }
    THALWEG_ASSIGN_OR_RETURN(auto source, OpenSource(path, options_.format, reader, stop));
    format_ = source->format();
    return RunGraph(source.get(), &window_, options_, work_, counted_, stop);
  }

  Result<bool> Take(const RecordBatch& batch, std::shared_ptr<void> made) {
    report_.Count(batch);
    for (const DroppedRecord& dropped : batch.dropped) THALWEG_RETURN_IF_ERROR(Reject(dropped));
    THALWEG_ASSIGN_OR_RETURN(more_, take_(batch, std::move(made)));
    if (options_.reader.recovery == Recovery::kStrict && !batch.dropped.empty()) {
      return batch.defects[batch.dropped[0].defect].ToStatus();
    }
    progress_.records = report_.records;
    progress_.bytes = report_.bytes;
    if (options_.on_progress) options_.on_progress(progress_);
    return more_;
  }

  Status Reject(const DroppedRecord& dropped) {
    if (!options_.rejects) return {};
    if (!rejects_) rejects_ = std::make_unique<RejectFile>(*options_.rejects);
    return rejects_->Append(dropped.raw, format_);
  }

  const InputOptions& options_;
  const WorkOnBatch& work_;
  const TakeBatch& take_;
  TakeBatch counted_;
  Window window_;
  InputReport report_;
  InputProgress progress_;
  std::unique_ptr<RejectFile> rejects_;
  Format format_ = Format::kIso2709;
  bool size_known_ = true;
  bool more_ = true;
};

}  // namespace

void InputReport::Count(const RecordBatch& batch) {
  constexpr size_t kFirst = 100;
  records += static_cast<int64_t>(batch.records.size());
  dropped += static_cast<int64_t>(batch.dropped.size());
  bytes += batch.bytes;
  int64_t last_repaired = -1;
  for (const Defect& defect : batch.defects) {
    ++this->defects[static_cast<size_t>(defect.code) % this->defects.size()];
    if (first_defects.size() < kFirst) first_defects.push_back(defect);
    if (defect.repaired && defect.info().severity == Severity::kError &&
        defect.record_index != last_repaired) {
      ++repaired;
      last_repaired = defect.record_index;
    }
  }
}

Result<InputReport> ProcessRecords(const InputOptions& options, const WorkOnBatch& work,
                                   const TakeBatch& take, std::stop_token stop) {
  return Processing(options, work, take).Run(std::move(stop));
}

Result<std::vector<std::string>> ExpandPaths(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  if (paths.empty()) files.emplace_back("-");
  for (const std::string& path : paths) {
    if (path == "-" || !io::IsGlob(path)) {
      files.push_back(path);
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(const auto found, io::Glob(io::LocalFileSystem(), path));
    if (found.empty()) return Status::NotFound("no file matches '" + path + "'");
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace thalweg::marc
