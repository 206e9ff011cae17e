#include "functions/aggregate_state.h"

namespace thalweg::functions {

Status BadArguments(const std::string& name, const std::string& takes,
                    std::span<const engine::BindArgument> arguments) {
  std::string got;
  for (const engine::BindArgument& argument : arguments) {
    if (!got.empty()) got += ", ";
    got += columnar::SqlTypeName(*argument.type);
  }
  return Status::InvalidArgument(name + ": takes (" + takes + "): got (" + got + ")");
}

bool IsInteger(const arrow::DataType& type) { return arrow::is_integer(type.id()); }

bool IsFloating(const arrow::DataType& type) { return arrow::is_floating(type.id()); }

bool IsNumeric(const arrow::DataType& type) {
  return IsInteger(type) || IsFloating(type) || arrow::is_decimal(type.id());
}

}  // namespace thalweg::functions
