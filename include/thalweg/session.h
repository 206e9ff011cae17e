#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "thalweg/arrow_c.h"
#include "thalweg/export.h"
#include "thalweg/logger.h"
#include "thalweg/metrics.h"
#include "thalweg/rejects.h"
#include "thalweg/report.h"
#include "thalweg/status.h"
#include "thalweg/tuning.h"

namespace thalweg {

/// A value for `$name` in SQL, or for an option. A string takes the type of what it meets.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string,
                           std::vector<std::string>, std::map<std::string, std::string>>;
using Values = std::map<std::string, Value, std::less<>>;

/// What a running query has done so far.
struct QueryProgress {
  int64_t rows_in = 0;
  int64_t rows_out = 0;
  int64_t rows_rejected = 0;
  int64_t bytes_in = 0;
  int64_t bytes_total = 0;  ///< 0: not known.
  double seconds = 0;
};

/// How queries run. Value type.
struct QueryOptions {
  Values parameters;
  int workers = 0;                ///< 0: all cores.
  int transform_concurrency = 0;  ///< Lanes of each parallel step; 0: as many as workers.
  int64_t memory_bytes_max = int64_t{128} << 20;  ///< For batches in flight.
  int64_t batch_rows = 4096;
  bool ordered = true;  ///< Rows in the order of the input.
  Tuning tuning;
  RejectPolicy rejects;
  std::string reject_path;  ///< File or directory for dead letters; empty: the working directory.
  std::string name = "query";  ///< In reports, messages and reject file names.
  bool force = false;          ///< Writing may replace what exists.
  std::function<void(const QueryProgress&)>
      on_progress;  ///< From another thread, ten times a second.
  Logger* logger = nullptr;
  MetricsRegistry* metrics = nullptr;  ///< Borrowed; kept up to date while it runs. Null: none.
};

struct ColumnInfo {
  std::string name;
  std::string type;  ///< SQL name, such as `DECIMAL(10,2)`.
};

enum class TextFormat : uint8_t {
  kBox,    ///< Lines drawn with box characters.
  kTable,  ///< Lines drawn with ASCII.
  kMarkdown,
};

struct TextOptions {
  TextFormat format = TextFormat::kBox;
  int64_t rows_max = 40;  ///< More are cut in the middle, and counted; ≤ 0: all.
  int width_max = 0;      ///< Columns of the terminal; ≤ 0: no limit.
  bool types = true;      ///< A line with the types under the names.
};

/// The answer to one statement. Movable. Not thread-safe.
class THALWEG_EXPORT QueryResult {
 public:
  QueryResult(QueryResult&&) noexcept;
  QueryResult& operator=(QueryResult&&) noexcept;
  ~QueryResult();

  const Report& report() const;
  /// False for COPY, whose rows went to a file.
  bool has_rows() const;
  int64_t num_rows() const;  ///< For COPY: rows written.
  int64_t bytes_written() const;
  std::vector<ColumnInfo> columns() const;
  /// For people. A NULL is shown as `NULL`, or as nothing in Markdown.
  std::string ToText(const TextOptions& options) const;
  /// Hands out the rows as an Arrow C stream; `*stream` is released by whoever takes it. May be
  /// called more than once.
  Status Export(ArrowArrayStream* stream) const;

  struct State;
  explicit QueryResult(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

/// A function of the host from a batch to a batch. It takes over `*schema` and `*array`, and fills
/// the other two, which the caller then owns.
using BatchMap = std::function<Status(ArrowSchema* schema, ArrowArray* array,
                                      ArrowSchema* made_schema, ArrowArray* made_array)>;

/// Where tables are known by name and SQL runs. One thread at a time; several sessions may run at
/// once.
class THALWEG_EXPORT Session {
 public:
  Session();
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Makes the rows of a stream a table. Takes over `*stream` (its release is set to null), also on
  /// failure. `replay` keeps the rows, so that the table can be read more than once.
  Status AddStream(std::string name, ArrowArrayStream* stream, bool replay);

  /// Makes what stands at `location` a table: a path, a pattern, `-`, or `connector:place`. `read`
  /// are options of the place and the format.
  Status AddSource(std::string name, const std::string& location, const Values& read);

  /// Makes the rows of the table `table`, as `map` changes them, a table of its own; `name` may be
  /// the same. `map` is called at once with an empty batch, which settles the columns, and later
  /// with one batch at a time, in order, from any thread. A failure of its ends the run.
  Status AddMapped(std::string name, const std::string& table, BatchMap map);

  /// What the statements of a text give, one entry each, without opening anything.
  struct StatementKind {
    bool gives_rows = true;  ///< False for COPY.
  };
  static Result<std::vector<StatementKind>> Inspect(std::string_view sql);

  /// Runs every statement of `sql` and calls `take` with each answer, in order. Nothing runs when
  /// one of them does not parse. A statement that failed is the outcome; its report says more.
  Status Run(std::string_view sql, const QueryOptions& options, std::stop_token stop,
             const std::function<Status(QueryResult)>& take);

  /// Runs a query and writes its rows to `location` as `COPY … TO` does. `write` are options of the
  /// place and the format: `format`, `mode`, `partition_by`, `compression`, ….
  Result<Report> RunTo(std::string_view sql, const std::string& location, const Values& write,
                       const QueryOptions& options, std::stop_token stop);

  /// Parses, binds and opens the sources of every statement without reading further. All problems.
  std::vector<Status> Check(std::string_view sql, const Values& parameters);

  /// Runs a query and hands its rows over as they come, in order, from one thread at a time. `take`
  /// takes over `*schema` and `*array`; a failure of its ends the run.
  Result<Report> RunBatches(std::string_view sql, const QueryOptions& options, std::stop_token stop,
                            const std::function<Status(ArrowSchema*, ArrowArray*)>& take);

  /// Binds the query and checks that its rows could be written to `location`; writes nothing.
  Status CheckSink(std::string_view sql, const std::string& location, const Values& write,
                   const QueryOptions& options);

  /// What can be named: `codecs`, `connectors`, `functions`, `operators`. Text of one, or a list.
  Result<std::string> Describe(std::string_view kind, std::string_view name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Version of the library, such as `0.1.0`.
THALWEG_EXPORT const char* Version();

}  // namespace thalweg
