#pragma once

#include <arrow/datum.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/spec.h"
#include "columnar/batch.h"
#include "thalweg/status.h"

namespace thalweg::engine {

using columnar::ArrayPtr;
using columnar::TypePtr;

/// What an evaluation may depend on beside its arguments. Fixed for the whole query.
struct EvalContext {
  int64_t now_micros = 0;         ///< CURRENT_TIMESTAMP: the query's start, UTC.
  std::string time_zone = "UTC";  ///< For TIMESTAMP WITH TIME ZONE.
};

/// A bound expression: types are settled, casts are explicit. Immutable, thread-safe.
///
/// Evaluates over all physical rows of a compact batch to an array of that many rows, or a scalar
/// where it is constant. A row that has no answer (overflow, bad cast) makes it fail with
/// `invalid_argument`; `EvaluateRows` finds out which.
class Expression {
 public:
  virtual ~Expression() = default;
  virtual const TypePtr& type() const = 0;
  virtual Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch,
                                        const EvalContext& context) const = 0;
  /// Column numbers that it reads are added to `columns`.
  virtual void CollectColumns(std::vector<int>* columns) const = 0;
  virtual std::string ToString() const = 0;  ///< SQL text, for EXPLAIN.
  /// Set where the value is known without a row.
  virtual std::shared_ptr<arrow::Scalar> constant() const { return nullptr; }
  /// Set where it is a bare column.
  virtual std::optional<int> column() const { return {}; }
};
using ExpressionPtr = std::shared_ptr<const Expression>;

/// A row that an expression has no answer for.
struct RowError {
  int64_t row;
  std::string reason;
};

/// Evaluates; where that fails on a value, halves the batch until the failing rows are known. Rows
/// in `errors` (ascending) hold null in the answer. Other failures are returned.
Result<ArrayPtr> EvaluateRows(const Expression& expression, const arrow::RecordBatch& batch,
                              const EvalContext& context, std::vector<RowError>* errors);

/// Constructors; they check nothing: the binder has.
ExpressionPtr MakeColumn(int index, std::string name, TypePtr type);
ExpressionPtr MakeLiteral(std::shared_ptr<arrow::Scalar> value);

/// Evaluates arguments that are already cast to the parameters. `rows` counts when all are scalars.
using ScalarKernel = std::function<Result<arrow::Datum>(std::span<const arrow::Datum> arguments,
                                                        int64_t rows, const EvalContext& context)>;

/// What a function does for given argument types.
struct BoundScalar {
  std::vector<TypePtr> parameters;  ///< The binder casts each argument to these.
  TypePtr result;
  ScalarKernel kernel;
  /// Any null argument gives null: the kernel may leave garbage there only if it is masked.
  bool constant_foldable = true;  ///< False for RANDOM(), NOW() and the like.
};

/// Arguments as the binder knows them: types, and values where they are constant (else null).
struct BindArgument {
  TypePtr type;
  std::shared_ptr<arrow::Scalar> constant;
};

struct ScalarFunction {
  Spec spec;  ///< name (lower case), aliases, summary, details, examples: the documentation.
  std::string family;
  /// Settles the types, or says what it takes: `lower: takes (VARCHAR): got (INTEGER)`.
  std::function<Result<BoundScalar>(std::span<const BindArgument> arguments)> bind;
};

ExpressionPtr MakeCall(std::string name, BoundScalar function,
                       std::vector<ExpressionPtr> arguments);

/// CAST and TRY_CAST: between all types of decision 3; text is parsed strictly; overflow is an
/// error. `try_cast` gives null instead.
Result<ExpressionPtr> MakeCast(ExpressionPtr value, TypePtr to, bool try_cast);
/// True where the binder may cast without being asked (DuckDB's implicit casts: widening numerics,
/// null to anything, string literals to what they are compared with).
bool CanCastImplicitly(const arrow::DataType& from, const arrow::DataType& to);
/// The type that both sides of a comparison, CASE branches, UNION or COALESCE arguments meet in.
Result<TypePtr> CommonType(const TypePtr& a, const TypePtr& b);

/// Lazy and three-valued forms that are not plain functions.
ExpressionPtr MakeAnd(std::vector<ExpressionPtr> terms);
ExpressionPtr MakeOr(std::vector<ExpressionPtr> terms);
ExpressionPtr MakeNot(ExpressionPtr term);
/// `whens` are (condition, value) in order; a branch is evaluated only for rows that reach it.
ExpressionPtr MakeCase(std::vector<std::pair<ExpressionPtr, ExpressionPtr>> whens,
                       ExpressionPtr otherwise, TypePtr type);
ExpressionPtr MakeCoalesce(std::vector<ExpressionPtr> terms, TypePtr type);
/// `value IN (constants)`, three-valued.
ExpressionPtr MakeInList(ExpressionPtr value, std::vector<std::shared_ptr<arrow::Scalar>> list,
                         bool list_has_null);

/// State of one aggregate for many groups. Not thread-safe; one per lane, merged at the end.
class Aggregate {
 public:
  virtual ~Aggregate() = default;
  /// Groups 0…count-1 exist from here on; new ones are empty.
  virtual Status Resize(int64_t count) = 0;
  /// `groups[i]` is the group of row i; null: every row belongs to group 0. Arguments are arrays or
  /// scalars, cast to the parameters (a string may be any layout of VARCHAR).
  virtual Status Update(std::span<const arrow::Datum> arguments, const uint32_t* groups,
                        int64_t rows) = 0;
  /// Adds `other` (made by the same function): its group i goes to `groups[i]` here; null: all go
  /// to group 0.
  virtual Status Merge(const Aggregate& other, const uint32_t* groups, int64_t count) = 0;
  virtual Result<ArrayPtr> Finish() = 0;
  virtual int64_t ByteSize() const = 0;
};

struct BoundAggregate {
  std::vector<TypePtr> parameters;
  TypePtr result;
  std::function<std::unique_ptr<Aggregate>()> make;
};

struct AggregateFunction {
  Spec spec;
  std::function<Result<BoundAggregate>(std::span<const BindArgument> arguments, bool distinct)>
      bind;
};

}  // namespace thalweg::engine
