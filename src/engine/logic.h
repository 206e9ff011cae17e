#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <vector>

#include "engine/expression.h"
#include "engine/expression_rows.h"

// Lazy evaluation: a term is evaluated for the rows that reach it.
namespace thalweg::engine {

/// One bit a row, in words; bits past the last row are zero.
class RowSet {
 public:
  explicit RowSet(int64_t rows, bool all = false);
  int64_t rows() const { return rows_; }
  std::vector<uint64_t>& words() { return words_; }
  const std::vector<uint64_t>& words() const { return words_; }
  bool Has(int64_t row) const {
    return ((words_[static_cast<size_t>(row >> 6)] >> (row & 63)) & 1) != 0;
  }
  void Add(int64_t row) { words_[static_cast<size_t>(row >> 6)] |= uint64_t{1} << (row & 63); }
  int64_t Count() const;
  std::vector<int32_t> Rows() const;

 private:
  int64_t rows_;
  std::vector<uint64_t> words_;
};

/// A boolean answer as two sets; a row in neither is null.
struct Truth {
  RowSet is_true;
  RowSet is_false;
};
Result<Truth> TruthOf(const arrow::Datum& datum, int64_t rows);
Result<arrow::Datum> DatumOf(const Truth& truth);

/// What a term gave for the rows that reached it.
struct Reached {
  arrow::Datum value;
  /// True: row k of `value` belongs to the k-th row that reached it. False: to physical row k.
  /// A scalar belongs to all.
  bool dense = false;
};
/// Evaluates `term` so that a failure of a row outside `reached` cannot surface.
Result<Reached> EvaluateReached(const Expression& term, const arrow::RecordBatch& batch,
                                const RowSet& reached, const EvalContext& context);

/// One branch's answer and the rows that take it. The sets of branches are disjoint.
struct Branch {
  Reached answer;
  RowSet evaluated;  ///< The rows that `answer` was evaluated for.
  RowSet taken;      ///< A subset of it.
};
/// Puts the branches together; a row that takes none is null.
Result<arrow::Datum> MergeBranches(const TypePtr& type, int64_t rows,
                                   const std::vector<Branch>& branches);

}  // namespace thalweg::engine
