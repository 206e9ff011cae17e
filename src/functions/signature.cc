#include "functions/signature.h"

#include <arrow/scalar.h>

#include <algorithm>

namespace thalweg::functions {
namespace {

/// Widening order of numbers, so that the nearest wider type is the cheapest.
int NumberRank(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::INT8:
    case Type::UINT8:
      return 1;
    case Type::INT16:
    case Type::UINT16:
      return 2;
    case Type::INT32:
    case Type::UINT32:
      return 3;
    case Type::INT64:
    case Type::UINT64:
      return 4;
    case Type::DECIMAL128:
      return engine::IsHugeint(type) ? 5 : 6;
    case Type::FLOAT:
      return 8;
    case Type::DOUBLE:
      return 9;
    default:
      return 0;
  }
}

std::string TypeList(std::span<const BindArgument> arguments) {
  std::string out = "(";
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) out += ", ";
    out += columnar::SqlTypeName(*arguments[i].type);
  }
  return out + ')';
}

std::string Describe(const std::vector<Overload>& overloads) {
  std::string out;
  for (const Overload& overload : overloads) {
    if (!out.empty()) out += " or ";
    out += '(';
    for (size_t i = 0; i < overload.parameters.size(); ++i) {
      if (i > 0) out += ", ";
      out += columnar::SqlTypeName(*overload.parameters[i]);
    }
    out += overload.variadic ? "…)" : ")";
  }
  return out;
}

const TypePtr& ParameterAt(const Overload& overload, size_t index) {
  return overload.parameters[std::min(index, overload.parameters.size() - 1)];
}

int Cost(const Overload& overload, std::span<const BindArgument> arguments) {
  const size_t count = overload.parameters.size();
  if (overload.variadic ? arguments.size() < count : arguments.size() != count) return -1;
  int total = overload.variadic ? 1 : 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const int cost = ConversionCost(arguments[i], *ParameterAt(overload, i));
    if (cost < 0) return -1;
    total += cost;
  }
  return total;
}

}  // namespace

bool IsTextConstant(const BindArgument& argument) {
  return argument.constant != nullptr && columnar::IsString(*argument.type);
}

std::optional<std::string> ConstantText(const BindArgument& argument) {
  if (!IsTextConstant(argument) || !argument.constant->is_valid) return {};
  return std::string(static_cast<const arrow::BaseBinaryScalar&>(*argument.constant).view());
}

int ConversionCost(const BindArgument& argument, const arrow::DataType& parameter) {
  const TypePtr from = engine::CanonicalType(argument.type);
  if (from->Equals(parameter)) return 0;
  if (from->id() == Type::NA) return 1;
  if (from->id() == Type::DECIMAL128 && parameter.id() == Type::DECIMAL128 &&
      engine::CanCastImplicitly(*from, parameter)) {
    return engine::IsHugeint(parameter) ? 2 : 1;
  }
  const int a = NumberRank(*from);
  const int b = NumberRank(parameter);
  if (a > 0 && b > 0) {
    if (!engine::CanCastImplicitly(*from, parameter)) return -1;
    return 2 + 2 * (b - a) + (parameter.id() == Type::FLOAT ? 4 : 0);
  }
  if (engine::CanCastImplicitly(*from, parameter)) return 2;
  if (IsTextConstant(argument) && engine::CanCast(*from, parameter)) {
    // Of the types that text can be read as, the ones with a richer text form come first.
    return parameter.id() == Type::TIMESTAMP ? 40 : 50;
  }
  return -1;
}

Status WrongArguments(std::string_view name, std::string_view takes,
                      std::span<const BindArgument> arguments) {
  return Status::InvalidArgument(std::string(name) + ": takes " + std::string(takes) + ": got " +
                                 TypeList(arguments));
}

Result<size_t> ChooseOverload(std::string_view name, const std::vector<Overload>& overloads,
                              std::span<const BindArgument> arguments) {
  int best_cost = -1;
  size_t best = 0;
  for (size_t i = 0; i < overloads.size(); ++i) {
    const int cost = Cost(overloads[i], arguments);
    if (cost >= 0 && (best_cost < 0 || cost < best_cost)) {
      best_cost = cost;
      best = i;
    }
  }
  if (best_cost < 0) return WrongArguments(name, Describe(overloads), arguments);
  return best;
}

ScalarFunction MakeFunction(std::string family, About about, Bind bind) {
  ScalarFunction out;
  out.spec.name = std::move(about.name);
  out.spec.aliases = std::move(about.aliases);
  out.spec.summary = std::move(about.summary);
  out.spec.details = std::move(about.details);
  out.spec.examples = std::move(about.examples);
  out.family = std::move(family);
  out.bind = std::move(bind);
  return out;
}

ScalarFunction MakeFunction(std::string family, About about, std::vector<Overload> overloads) {
  std::string name = about.name;
  auto bind = [name = std::move(name), overloads = std::move(overloads)](
                  std::span<const BindArgument> arguments) -> Result<BoundScalar> {
    THALWEG_ASSIGN_OR_RETURN(const size_t chosen, ChooseOverload(name, overloads, arguments));
    const Overload& overload = overloads[chosen];
    BoundScalar out;
    for (size_t i = 0; i < arguments.size(); ++i) {
      out.parameters.push_back(ParameterAt(overload, i));
    }
    out.result = overload.result;
    out.kernel = overload.kernel;
    out.constant_foldable = overload.foldable;
    return out;
  };
  return MakeFunction(std::move(family), std::move(about), Bind(std::move(bind)));
}

Result<TypePtr> MeetingType(std::string_view name, std::span<const BindArgument> arguments) {
  TypePtr type = arrow::null();
  bool any_text = false;
  for (const BindArgument& argument : arguments) {
    if (IsTextConstant(argument)) {
      any_text = true;
      continue;
    }
    Result<TypePtr> common = engine::CommonType(type, argument.type);
    if (!common.ok()) return common.status().WithContext(name);
    type = *std::move(common);
  }
  if (any_text && (type->id() == Type::NA || !engine::CanCast(*Varchar(), *type))) return Varchar();
  return type;
}

engine::ScalarKernel IdentityKernel() {
  return [](std::span<const arrow::Datum> datums, int64_t, const engine::EvalContext&) {
    return Result<arrow::Datum>(datums[0]);
  };
}

}  // namespace thalweg::functions
