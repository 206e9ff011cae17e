#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/defect.h"
#include "thalweg/marc/formats.h"
#include "thalweg/marc/reader.h"
#include "thalweg/status.h"

// Whole inputs at once: read, worked on by several threads, and given out in order.
namespace thalweg::marc {

/// What has been read so far.
struct InputProgress {
  int64_t records = 0;
  int64_t bytes = 0;
  int64_t bytes_total = 0;  ///< Size of the files as they lie there; 0: not known.
};

struct InputOptions {
  /// Files, patterns for files, or `-` for standard input; empty: standard input.
  std::vector<std::string> paths;
  std::optional<Format> format;  ///< Of all of them. Unset: each is detected.
  ReaderOptions reader;
  int64_t skip = 0;              ///< Records to pass over at the start.
  std::optional<int64_t> limit;  ///< Records to stop after.
  int workers = 0;               ///< 0: all cores.
  std::optional<std::string>
      rejects;  ///< Where dropped records go, as they came. Not made when
                ///< there are none. One file a format, by suffix: `rejects.jsonl`.
                ///< Taken names get a number: `rejects-2.mrc`.
  std::function<void(const InputProgress&)> on_progress;  ///< One thread at a time.
};

struct InputReport {
  int64_t records = 0;   ///< Given to the work.
  int64_t repaired = 0;  ///< Of these, with a defect that was mended.
  int64_t dropped = 0;   ///< Records that were lost to it, and pieces that were no record.
  int64_t bytes = 0;     ///< Of the decompressed input.
  /// How often each defect occurred, by `DefectCode`; errors and warnings.
  std::array<int64_t, 64> defects{};
  std::vector<Defect> first_defects;  ///< The first hundred.
  std::string rejects;                ///< The files that were made, with commas; empty: none.

  void Count(const RecordBatch& batch);
};

/// The work on a batch, by several threads at once; what it makes is handed to `TakeBatch`. As with
/// `ReadParallel` it may see records that are none, and `first_index` and `record_index` may count
/// from the start of the batch.
using WorkOnBatch = std::function<Result<std::shared_ptr<void>>(const RecordBatch&)>;
/// In the order of the input, one thread at a time. False ends the reading.
using TakeBatch = std::function<Result<bool>(const RecordBatch&, std::shared_ptr<void>)>;

/// Reads all inputs one after the other. Batches look as `ReadBatch` gives them, less what is
/// passed over; in `strict` the first defect is the failure.
THALWEG_EXPORT Result<InputReport> ProcessRecords(const InputOptions& options,
                                                  const WorkOnBatch& work, const TakeBatch& take,
                                                  std::stop_token stop = {});

/// The files that patterns and names stand for, each as it is to be opened.
THALWEG_EXPORT Result<std::vector<std::string>> ExpandPaths(const std::vector<std::string>& paths);

/// What becomes of a record on its way.
enum class Verdict : uint8_t { kKeep, kChanged, kLeaveOut };

struct ConvertOptions {
  InputOptions input;
  std::string output = "-";
  bool force = false;  ///< Replace a file that is there.
  std::optional<Format>
      format;  ///< Unset: by the suffix of `output`, else that of the first input.
  EncoderOptions encoder;
  /// Called by several threads at once, and not only for records of the input (see `WorkOnBatch`).
  /// `kChanged`: `*changed` is written in its place, and `*note`, whatever it is, goes to
  /// `on_change`.
  std::function<Result<Verdict>(const RecordView& record, Record* changed,
                                std::shared_ptr<void>* note)>
      each;
  /// Of each record that was changed, in the order of the input. One thread at a time.
  std::function<void(const std::shared_ptr<void>& note)> on_change;
  /// Called when everything is written and before the output appears.
  std::function<void()> before_commit;
};

struct ConvertReport {
  InputReport input;
  int64_t written = 0;
  int64_t left_out = 0;
  int64_t changed = 0;
  int64_t refused = 0;  ///< Could not be written in this format; among the rejects.
  std::string first_refusal;
  int64_t bytes_written = 0;
};

/// What `Convert` writes: the format that is asked for, by the suffix of the output, or as the
/// first input is. Standard input is not looked at, and counts as the exchange format.
THALWEG_EXPORT Result<Format> OutputFormat(const ConvertOptions& options,
                                           std::stop_token stop = {});

/// From any format into any other. The output appears when all of it is written. That the reader of
/// a pipe goes away ends it without failure.
THALWEG_EXPORT Result<ConvertReport> Convert(const ConvertOptions& options,
                                             std::stop_token stop = {});

}  // namespace thalweg::marc
