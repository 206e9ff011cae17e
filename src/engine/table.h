#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/spec.h"
#include "engine/codec.h"

namespace thalweg::runtime {
class Graph;
struct NodeId;
}  // namespace thalweg::runtime

namespace thalweg::engine {

class Registry;

/// What a query wants of a table.
struct ScanRequest {
  Projection projection;
  int64_t batch_rows_max = 4096;
  int64_t limit = -1;  ///< Rows after which the query stops reading; -1: all. A hint.
};

/// Something that rows can be read from, with its schema settled. Thread-safe.
class Table {
 public:
  virtual ~Table() = default;
  virtual const SchemaPtr& schema() const = 0;
  /// The type of a column that is not in the schema but can be had by name.
  virtual std::optional<TypePtr> ResolveColumn(std::string_view /*name*/) const { return {}; }
  /// Short text for EXPLAIN: `CSV 'flights.csv' (1 file, 30.1 MiB)`.
  virtual std::string Describe() const = 0;
  virtual std::optional<int64_t> num_rows() const { return {}; }
  /// Bytes that a full scan reads, for progress.
  virtual std::optional<int64_t> num_bytes() const { return {}; }
  /// Adds the nodes that read it to `graph` and returns the one whose output port gives batches.
  virtual Result<runtime::NodeId> Plan(runtime::Graph& graph, const ScanRequest& request) const = 0;
};

/// What a sink is told beside its options.
struct SinkRequest {
  SchemaPtr schema;
  bool force = false;  ///< `--force`: `create` may overwrite.
};

/// Something that rows can be written to.
class SinkTable {
 public:
  virtual ~SinkTable() = default;
  virtual std::string Describe() const = 0;
  /// Fails before anything is read when the target cannot be written as asked.
  virtual Status Check() = 0;
  /// Adds the nodes that write `input` to `graph`.
  virtual Status Plan(runtime::Graph& graph, runtime::NodeId input) = 0;
  /// Makes what was written stand under its final name. Called once, after the run succeeded;
  /// without it nothing is left.
  virtual Status Commit() = 0;
  /// Rows and bytes written, after the run.
  virtual int64_t rows_written() const { return 0; }
  virtual int64_t bytes_written() const { return 0; }
};

/// A kind of place: files, databases, streams.
struct Connector {
  Spec spec;  ///< `spec.fields` are the reading options.
  std::vector<Field> write_fields;
  std::function<Result<std::shared_ptr<const Table>>(const Registry&, const std::string& location,
                                                     const Options::Given& options)>
      open;
  std::function<Result<std::unique_ptr<SinkTable>>(const Registry&, const std::string& location,
                                                   const Options::Given& options,
                                                   const SinkRequest& request)>
      create;
};

}  // namespace thalweg::engine
