#pragma once

#include <arrow/scalar.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columnar/batch.h"
#include "engine/expression.h"
#include "sql/source_text.h"

// Expressions whose names and types are settled, still free of column positions of the final plan:
// the planner moves them between operators and drops columns before it makes engine expressions.
namespace thalweg::sql {

using columnar::TypePtr;
using ScalarPtr = std::shared_ptr<arrow::Scalar>;

enum class BoundKind : uint8_t {
  kColumn,   ///< `index`: a column of the operator's input.
  kLiteral,  ///< `value`
  kCall,     ///< `name`, `function`, arguments already cast to its parameters.
  kCast,
  kAnd,
  kOr,
  kNot,
  kCase,  ///< Pairs of condition and value, then the value of ELSE.
  kCoalesce,
  kInList,     ///< One argument, `list`.
  kAggregate,  ///< `index`: a call of the aggregation that the select list stands above.
};

struct Bound;
using BoundPtr = std::shared_ptr<const Bound>;

/// Immutable once built; parts are shared.
struct Bound {
  BoundKind kind = BoundKind::kLiteral;
  TypePtr type;
  Span span;
  int index = -1;
  std::string name;
  ScalarPtr value;
  engine::BoundScalar function;
  std::vector<BoundPtr> args;
  std::vector<ScalarPtr> list;
  bool list_has_null = false;
  bool try_cast = false;
  bool is_volatile = false;      ///< RANDOM() and the like stand somewhere inside.
  bool is_text_literal = false;  ///< A string as written, which takes the type that it meets.
  bool is_integer_literal = false;
  bool has_aggregate = false;
  int height = 1;
  uint32_t nodes = 1;  ///< Of the tree written out, which may be far more than are held.
};

/// The limits of one expression: beyond them it is refused.
inline constexpr uint32_t kBoundNodesMax = 1'000'000;

BoundPtr BoundColumn(int index, std::string name, TypePtr type, Span span);
BoundPtr BoundLiteral(ScalarPtr value, Span span);
/// NULL of no type yet: it takes any type that it meets.
BoundPtr NullLiteral(Span span);
/// True where no value has a type: choosing among them gives a NULL of no type.
bool AllNull(const std::vector<BoundPtr>& values);
/// Fills in what follows from the arguments.
BoundPtr Finish(Bound node);

/// Structural equality, where it is the same value for every row.
bool SameValue(const Bound& a, const Bound& b);

/// Marks the columns that `expr` reads.
void MarkColumns(const Bound& expr, std::vector<bool>* used);
void CountColumns(const Bound& expr, std::vector<uint32_t>* uses);

/// `expr` with each column i replaced by `columns[i]`, which is null only where it is not read.
BoundPtr Substitute(const BoundPtr& expr, const std::vector<BoundPtr>& columns);
/// `expr` with each column i at `positions[i]`.
BoundPtr MoveColumns(const BoundPtr& expr, const std::vector<int>& positions);

/// The engine's expression.
Result<engine::ExpressionPtr> Lower(const Bound& expr);

/// The value where `expr` is constant, else null.
ScalarPtr ConstantOf(const Bound& expr);
/// A literal where `expr` can be computed now, else `expr`. What fails to compute is left alone: it
/// fails for the rows that reach it.
Result<BoundPtr> Fold(Bound node);

}  // namespace thalweg::sql
