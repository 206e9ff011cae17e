#pragma once

#include <arrow/type.h>

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/cast.h"
#include "engine/expression.h"
#include "engine/expression_rows.h"

// How the families say what their functions take.
namespace thalweg::functions {

using arrow::Type;
using columnar::ArrayPtr;
using columnar::TypePtr;
using engine::Argument;
using engine::BindArgument;
using engine::BoundScalar;
using engine::EvalContext;
using engine::ScalarFunction;
using engine::ScalarKernel;
using engine::TextWriter;
using engine::Validity;

/// One list of parameter types and what is done for it.
struct Overload {
  std::vector<TypePtr> parameters;
  TypePtr result;
  ScalarKernel kernel;
  bool variadic = false;  ///< The last parameter may be given once or more.
  bool foldable = true;
};

/// The documentation of a function.
struct About {
  std::string name;
  std::vector<std::string> aliases;
  std::string summary;
  std::string details;
  std::vector<std::string> examples;
};

using Bind = std::function<Result<BoundScalar>(std::span<const BindArgument>)>;

/// A function with a bind of its own.
ScalarFunction MakeFunction(std::string family, About about, Bind bind);
/// A function that is one of several overloads: the one whose parameters need the least conversion.
ScalarFunction MakeFunction(std::string family, About about, std::vector<Overload> overloads);

/// Index of the overload to take, or `invalid_argument` naming what it takes and got.
Result<size_t> ChooseOverload(std::string_view name, const std::vector<Overload>& overloads,
                              std::span<const BindArgument> arguments);

/// `name: takes TAKES: got (INTEGER, VARCHAR)`.
Status WrongArguments(std::string_view name, std::string_view takes,
                      std::span<const BindArgument> arguments);

/// How far `argument` is from `parameter`; negative: it cannot be given for it.
int ConversionCost(const BindArgument& argument, const arrow::DataType& parameter);

/// The type in which all arguments meet. A constant string takes the type of the others.
Result<TypePtr> MeetingType(std::string_view name, std::span<const BindArgument> arguments);

/// True for a constant that is text: it is read as whatever it is used for.
bool IsTextConstant(const BindArgument& argument);
/// The text of a constant string; empty optional where it is none or null.
std::optional<std::string> ConstantText(const BindArgument& argument);

/// The kernel whose answer is its first argument.
engine::ScalarKernel IdentityKernel();

inline TypePtr Varchar() { return arrow::utf8(); }
inline TypePtr Timestamp() { return arrow::timestamp(arrow::TimeUnit::MICRO); }
inline TypePtr Instant() { return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"); }
inline TypePtr TimeOfDay() { return arrow::time64(arrow::TimeUnit::MICRO); }
inline TypePtr IntervalOf() { return arrow::month_day_nano_interval(); }
inline TypePtr Hugeint() { return arrow::decimal128(38, 0); }

}  // namespace thalweg::functions
