#pragma once

#include <string>
#include <string_view>

#include "engine/expression.h"
#include "engine/expression_rows.h"

// Conversions between types, over whole arrays.
namespace thalweg::engine {

bool IsNumber(const arrow::DataType& type);
bool IsHugeint(const arrow::DataType& type);

/// The type that the engine's kernels know for values of `type`: `utf8` for every string layout,
/// microseconds for every time unit, `decimal128` for every decimal, `list` for every list, the
/// value type of a dictionary. Most types are their own.
TypePtr CanonicalType(const TypePtr& type);

/// True where the rows of `from` can be asked for as `to`, at least for some values.
bool CanCast(const arrow::DataType& from, const arrow::DataType& to);

/// The rows of `input` as `to`. A value that has no such form fails the whole, or with `try_cast`
/// becomes null.
Result<ArrayPtr> CastArray(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                           const EvalContext& context);

// Parts of CastArray, by what is converted. Types are canonical; each refuses what it cannot do.
Result<ArrayPtr> CastBetweenNumbers(const ArrayPtr& input, const TypePtr& to, bool try_cast);
Result<ArrayPtr> CastFromText(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                              const EvalContext& context);
Result<ArrayPtr> CastToText(const ArrayPtr& input, const EvalContext& context);
Result<ArrayPtr> CastBetweenTimes(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                                  const EvalContext& context);
Result<ArrayPtr> CastNested(const ArrayPtr& input, const TypePtr& to, bool try_cast,
                            const EvalContext& context);

/// `cast: 'abc' is not a BIGINT`.
Status CastFailure(std::string_view value, const arrow::DataType& to);

/// Months, days and nanoseconds as Arrow keeps an INTERVAL.
struct Interval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t nanos = 0;
};
/// `1 year 2 months 3 days 04:05:06.5`, `-5 hours`, `01:30`, with DuckDB's unit names.
bool ParseInterval(std::string_view text, Interval* out);
std::string FormatInterval(const Interval& value);

/// Appends one value as CAST(… AS VARCHAR) shows it; nested values in DuckDB's notation. `row` must
/// not be null.
class ValueText {
 public:
  static Result<ValueText> Of(const ArrayPtr& array, const EvalContext& context);
  void Append(int64_t row, TextWriter& out) const;

 private:
  struct Node;
  explicit ValueText(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  static Result<std::shared_ptr<const Node>> MakeNode(const ArrayPtr& array,
                                                      const EvalContext& context);
  static void AppendNode(const Node& node, int64_t row, TextWriter& out);
  static void AppendItem(const Node& node, int64_t row, TextWriter& out);
  std::shared_ptr<const Node> node_;
};

}  // namespace thalweg::engine
