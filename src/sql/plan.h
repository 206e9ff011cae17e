#pragma once

#include <any>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/spec.h"
#include "columnar/batch.h"
#include "engine/operator.h"
#include "engine/table.h"

namespace thalweg::sql {

/// Where COPY writes.
struct SinkTarget {
  std::string location;    ///< Path, URL, or `-`.
  Options::Given options;  ///< Names in lower case; `format` and `partition_by` among them.
};

struct PlanNode;
using PlanPtr = std::shared_ptr<const PlanNode>;

/// One step of a plan: a tree, the answer at the root. Immutable, thread-safe.
struct PlanNode {
  enum class Kind : uint8_t {
    kScan,      ///< `table`, `scan`. No inputs.
    kValues,    ///< `values`: all its rows. No inputs.
    kOperator,  ///< `factory` makes the operator from `parameters`.
    kSink,      ///< `sink` takes the rows of its one input.
  };
  Kind kind = Kind::kValues;
  /// What it gives: for `kSink` what it takes.
  columnar::SchemaPtr schema;
  std::vector<PlanPtr> inputs;

  std::shared_ptr<const engine::Table> table;
  engine::ScanRequest scan;
  columnar::Batch values;
  /// Of the registry that the statement was prepared with, which must outlive the plan; or static.
  const engine::OperatorFactory* factory = nullptr;
  std::any parameters;
  SinkTarget sink;

  std::string label;  ///< One line for EXPLAIN.
};

/// The plan as a tree, one line a node, the root first.
std::string ExplainText(const PlanNode& plan);

}  // namespace thalweg::sql
