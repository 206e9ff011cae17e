#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"
#include "thalweg/marc/defect.h"
#include "thalweg/marc/encoding.h"
#include "thalweg/marc/record.h"
#include "thalweg/status.h"

// Reading ISO 2709.
namespace thalweg::marc {

/// What happens at a defect in a record's structure or text. Warnings never matter here.
enum class Recovery : uint8_t {
  kStrict,   ///< Reading answers with the defect; the next call goes on behind the record.
  kLenient,  ///< The record is mended, and dropped where it cannot be; every repair is told.
  kSkip,     ///< The record is dropped and told.
};

enum class Validation : uint8_t {
  kNone,       ///< What the structure needs, no more.
  kLostText,   ///< Also text that no other format than ISO 2709 can hold, as a warning.
  kStructure,  ///< Also indicators, subfield codes and fields without subfields.
};

struct ReaderOptions {
  Recovery recovery = Recovery::kStrict;
  Validation validation = Validation::kNone;
  int64_t errors_max = 0;  ///< More than so many defects end the reading; 0: no bound.
  bool to_unicode = true;  ///< Text becomes UTF-8; false: bytes stay as they are.
  DecodeOptions text;
  int64_t record_bytes_max = int64_t{64} << 20;  ///< A longer one is a defect.
  int64_t batch_records = 4096;
  int64_t batch_bytes = int64_t{1} << 20;
  std::string source;  ///< Name of the input in defects.
};

/// A record that could not be given out, or junk between records.
struct DroppedRecord {
  size_t before = 0;     ///< How many records of the batch precede it.
  size_t defect = 0;     ///< The defect that cost it, in `RecordBatch::defects`.
  std::string_view raw;  ///< Its bytes as they came.
  int64_t byte_offset = 0;
  bool is_record = true;  ///< False: junk between records, which is not counted as a record.
};

/// Some consecutive records of an input. They and everything else here look into `owner`.
struct RecordBatch {
  std::shared_ptr<const void> owner;
  std::span<const RecordView> records;
  /// Where each record starts in the input, and its raw bytes there, before text was decoded.
  std::span<const int64_t> offsets;
  std::span<const std::string_view> chunks;
  std::span<const Defect> defects;  ///< In the order of the input, warnings too.
  std::span<const DroppedRecord> dropped;
  int64_t first_index = 0;  ///< Index of the first record or dropped record in the input.
  int64_t byte_offset = 0;  ///< Where in the input the batch starts, and
  int64_t bytes = 0;        ///< how much of it it covers.

  bool empty() const { return records.empty() && dropped.empty() && defects.empty(); }
  Record Own(size_t index) const { return {records[index], owner}; }
};

/// Reads records from front to back. One thread at a time.
class THALWEG_EXPORT Reader {
 public:
  /// Fills `out` from its start; 0 where the input ends.
  using ReadBytes = std::function<Result<size_t>(std::span<char> out)>;

  /// `owner` keeps `bytes` alive; the records share it. With no owner, the caller keeps them alive
  /// as long as records that came from here.
  static Reader OverMemory(std::string_view bytes, std::shared_ptr<const void> owner,
                           ReaderOptions options);
  static Reader OverStream(ReadBytes read, ReaderOptions options);
  /// A file, decompressed when it is compressed; `-` is standard input.
  static Result<Reader> Open(const std::string& path, ReaderOptions options,
                             std::stop_token stop = {});
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  /// The next batch; an empty one at the end. In `strict` a batch ends with the record that is
  /// dropped, so that nothing is read behind it. A failure means that the input cannot be read
  /// further (device, limit on defects), or was stopped.
  Result<RecordBatch> ReadBatch();

  /// The next record; nothing at the end. In `strict` a dropped record is a failure, and the call
  /// after it goes on behind it. Defects of the record are in `defects`.
  Result<std::optional<Record>> Next();
  /// Of the last `Next`: what was wrong with the record, and with those dropped before it.
  std::span<const Defect> defects() const;
  /// Of the last `Next`: the bytes as they were read.
  std::string_view raw_chunk() const;

  /// So far.
  int64_t records_read() const;
  int64_t records_dropped() const;
  int64_t bytes_read() const;
  const ReaderOptions& options() const;

 private:
  class Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The bytes of a file from front to back, decompressed when it is compressed; `-` is standard
/// input.
THALWEG_EXPORT Result<Reader::ReadBytes> OpenBytes(const std::string& path,
                                                   std::stop_token stop = {});

/// How a file is read by several threads at once.
struct ParallelOptions {
  int workers = 0;          ///< 0: all cores.
  bool map = false;         ///< Map the file instead of copying it: nobody may change it meanwhile.
  int64_t range_bytes = 0;  ///< Of a file, what a thread takes at once; 0: by the file's size.
  std::stop_token stop;
};

/// Reads a whole file and hands its records over in order, with all that `Reader` would tell of
/// them; batches may be smaller. `take` is called by one thread at a time; false ends the reading,
/// a failure of its too. A file that grows meanwhile is read up to where it ended first; one that
/// becomes shorter is an `io_error`.
THALWEG_EXPORT Status ReadParallel(const std::string& path, const ReaderOptions& options,
                                   const ParallelOptions& parallel,
                                   const std::function<Result<bool>(const RecordBatch&)>& take);

/// Hands over what `work` makes of each batch; `work` is called by several threads at once, `take`
/// in order. The value passes between them untouched. Where `work` sees a batch, nobody knows yet
/// how many records precede it: `first_index` and the defects' `record_index` count from its start.
/// What `work` made of a batch may also be dropped: a thread that starts in the middle of a file
/// may take something for the start of a record that is none.
THALWEG_EXPORT Status
ReadParallel(const std::string& path, const ReaderOptions& options, const ParallelOptions& parallel,
             const std::function<Result<std::shared_ptr<void>>(const RecordBatch&)>& work,
             const std::function<Result<bool>(const RecordBatch&, std::shared_ptr<void>)>& take);

/// As above, of anything that can be read; one thread at a time calls `read`. `work` may be empty.
THALWEG_EXPORT Status
ReadParallel(Reader::ReadBytes read, const ReaderOptions& options, const ParallelOptions& parallel,
             const std::function<Result<std::shared_ptr<void>>(const RecordBatch&)>& work,
             const std::function<Result<bool>(const RecordBatch&, std::shared_ptr<void>)>& take);

/// One record from its bytes, which are copied. Structure and text as `options` say; in `lenient`
/// `defects` (may be null) gets what was mended.
THALWEG_EXPORT Result<Record> ParseRecord(std::string_view bytes, const ReaderOptions& options,
                                          std::vector<Defect>* defects);

}  // namespace thalweg::marc
