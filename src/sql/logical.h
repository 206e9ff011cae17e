#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "columnar/batch.h"
#include "engine/table.h"
#include "sql/bound.h"

// A query as a chain of relational steps, before operators are chosen.
namespace thalweg::sql {

struct OutputColumn {
  std::string name;
  TypePtr type;
};

struct AggregateItem {
  std::string name;
  engine::BoundAggregate function;
  std::vector<BoundPtr> args;
  BoundPtr filter;
  bool distinct = false;
};

struct SortItem {
  BoundPtr expr;
  bool descending = false;
  bool nulls_first = false;
};

/// One step; what it gives is `columns`. Expressions count the columns of `input`.
struct Logical {
  enum class Kind : uint8_t {
    kScan,
    kValues,
    kFilter,
    kProject,
    kAggregate,
    kSort,
    kLimit,
    kSummary
  };
  explicit Logical(Kind k) : kind(k) {}

  Kind kind;
  std::vector<OutputColumn> columns;
  std::unique_ptr<Logical> input;

  std::shared_ptr<const engine::Table> table;  ///< kScan: `columns` are its columns by name.
  columnar::RecordBatchPtr values;             ///< kValues
  BoundPtr predicate;                          ///< kFilter
  std::vector<BoundPtr> exprs;                 ///< kProject; kAggregate: the keys
  std::vector<AggregateItem> calls;            ///< kAggregate
  std::vector<SortItem> sort;                  ///< kSort
  int64_t limit = -1;                          ///< kLimit; -1: all
  int64_t offset = 0;
  std::vector<OutputColumn> summarized;  ///< kSummary: the columns that the row is about.
};
using LogicalPtr = std::unique_ptr<Logical>;

LogicalPtr MakeFilter(LogicalPtr input, BoundPtr predicate);
LogicalPtr MakeProject(LogicalPtr input, std::vector<BoundPtr> exprs,
                       std::vector<std::string> names);
LogicalPtr MakeLimit(LogicalPtr input, int64_t limit, int64_t offset);

/// The same answer with less work: filters move towards the scan, projections merge, and columns
/// that nobody reads are dropped down to the scan.
Result<LogicalPtr> Optimize(LogicalPtr plan);

}  // namespace thalweg::sql
