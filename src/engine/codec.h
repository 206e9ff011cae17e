#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"
#include "columnar/batch.h"
#include "thalweg/runtime/chunk.h"
#include "thalweg/status.h"

// What a record format is made of. A codec names no thread, no queue and no file: the driver cuts
// the input, runs decoders and encoders on several cores, and writes in order.
namespace thalweg::engine {

using columnar::Batch;
using columnar::Origin;
using columnar::SchemaPtr;
using columnar::TypePtr;

/// A record that could not be used: what the reject port carries.
using RejectedRow = runtime::Rejection;

/// A piece of the input that starts and ends at record boundaries.
struct Slab {
  std::shared_ptr<arrow::Buffer> owner;  ///< Keeps `data` alive.
  std::string_view data;
  std::shared_ptr<const std::string> file;  ///< Name for messages; null: none.
  int64_t byte_offset = 0;                  ///< Of `data` in the decompressed input.
  int64_t first_line = 1;                   ///< Line of the first byte, from 1.
  bool first = false;                       ///< The input starts here (BOM, header).
  bool last = false;                        ///< The input ends here.
};

/// Where decoders and operators put what they make. Not thread-safe: one per lane.
class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual Status Emit(Batch batch) = 0;
  virtual Status Reject(RejectedRow row) = 0;
  /// Rows dropped on purpose (WHERE, LIMIT): kept for the conservation check.
  virtual void CountFiltered(int64_t rows) = 0;
};

/// Finds record boundaries in a byte stream. Serial; carries state (open quotes, depth).
class Splitter {
 public:
  struct Cut {
    size_t bytes = 0;   ///< Length of the longest prefix made of whole records; 0: none yet.
    int64_t lines = 0;  ///< Newlines in that prefix (also inside quotes).
  };
  virtual ~Splitter() = default;
  /// `data` follows the last cut. At the end of input everything that is left is one cut.
  /// A record longer than `max_record_bytes` is `resource_exhausted` naming line and offset.
  /// Bytes already scanned in a call that gave a shorter cut may be scanned again; total work is
  /// linear as long as `data` grows by doubling.
  virtual Result<Cut> Next(std::string_view data, bool end_of_input) = 0;
};

/// Turns slabs into batches. One per lane, reused for many slabs; any slab order.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Emits batches of at most the rows that the format was made with. A bad record goes to
  /// `out.Reject`; a returned failure ends the job.
  virtual Status Decode(const Slab& slab, Emitter& out) = 0;
};

/// Which columns a reader must deliver, in this order, by name.
struct Projection {
  std::vector<std::string> columns;
  bool all = true;  ///< Every column of the schema; `columns` is not used.
};

/// A byte-stream format with its schema settled. Immutable, thread-safe.
class StreamFormat {
 public:
  virtual ~StreamFormat() = default;
  virtual const SchemaPtr& schema() const = 0;
  /// The type of a column that is not in the schema but can be had by name (JSON paths, MARC).
  virtual std::optional<TypePtr> ResolveColumn(std::string_view /*name*/) const { return {}; }
  virtual std::unique_ptr<Splitter> MakeSplitter() const = 0;
  virtual Result<std::unique_ptr<Decoder>> MakeDecoder(const Projection& projection,
                                                       int64_t batch_rows_max) const = 0;
};

/// A file that is read by position (Parquet, Arrow IPC file). Thread-safe.
class RandomAccess {
 public:
  virtual ~RandomAccess() = default;
  virtual int64_t size() const = 0;
  virtual const std::string& name() const = 0;
  /// Exactly `length` bytes, or `io_error`/`corruption` where the file is shorter.
  virtual Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t offset, int64_t length) = 0;
};

/// An open random-access file: independent units that lanes read in parallel. Thread-safe.
class UnitReader {
 public:
  virtual ~UnitReader() = default;
  virtual const SchemaPtr& schema() const = 0;
  virtual int64_t num_units() const = 0;  ///< Row groups, record batches.
  virtual int64_t unit_bytes(int64_t unit) const = 0;
  virtual std::optional<int64_t> num_rows() const = 0;
  virtual Status ReadUnit(int64_t unit, const Projection& projection, int64_t batch_rows_max,
                          Emitter& out) const = 0;
};

/// Bytes of one encoded chunk, and what the assembler must know about it.
struct EncodedChunk {
  std::string bytes;
  int64_t rows = 0;
  std::shared_ptr<void> detail;  ///< The encoder's own, such as a row group's footer.
};

/// Puts encoded chunks into one file, in order. Serial; one per file.
class Assembler {
 public:
  using Write = std::function<Status(std::string_view)>;
  virtual ~Assembler() = default;
  virtual Status Begin(const Write& write) = 0;
  virtual Status Append(EncodedChunk chunk, const Write& write) = 0;
  virtual Status Finish(const Write& write) = 0;
};

/// Turns batches into bytes. Immutable, thread-safe: lanes call `Encode` in parallel.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Rows and bytes that a chunk should have; 0: as it comes. The driver re-chunks to it.
  virtual int64_t chunk_rows() const { return 0; }
  virtual int64_t chunk_bytes() const { return 0; }
  virtual Result<EncodedChunk> Encode(const Batch& batch) const = 0;
  /// Several batches of one schema as one chunk. The default joins their columns first.
  virtual Result<EncodedChunk> EncodeAll(std::span<const Batch> batches) const;
  virtual std::unique_ptr<Assembler> NewFile() const = 0;
  /// True where bytes can be added to a finished file (CSV without header, JSON lines).
  virtual bool can_append() const { return false; }
  virtual std::unique_ptr<Assembler> AppendFile() const { return nullptr; }
};

/// A record format, as the registry holds it. Names of options are those of DuckDB's reader
/// functions where it has the same option.
struct Codec {
  Spec spec;  ///< `spec.fields` are the reading options.
  std::vector<Field> write_fields;
  std::vector<std::string> suffixes;  ///< `.csv`, without the compression suffix.
  /// True when these first bytes can only be this format. May be null.
  std::function<bool(std::string_view first_bytes)> recognises;

  // Exactly one of the two readers is set.
  /// `sample` is a prefix of the input; `whole` says it is all of it. Settles the schema.
  std::function<Result<std::shared_ptr<const StreamFormat>>(
      std::string_view sample, bool whole, const Options& options, std::string_view file)>
      infer;
  std::function<Result<std::shared_ptr<const UnitReader>>(std::shared_ptr<RandomAccess> file,
                                                          const Options& options)>
      open;
  /// Bytes of sample that `infer` wants.
  int64_t sample_bytes = 1 << 20;

  /// Null: the format is read-only.
  std::function<Result<std::shared_ptr<const Encoder>>(SchemaPtr schema, const Options& options)>
      make_encoder;
};

}  // namespace thalweg::engine
