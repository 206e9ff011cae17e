#pragma once

#include "functions/signature.h"

namespace thalweg::functions {

enum class Arithmetic : uint8_t { kAdd, kSubtract, kMultiply, kModulo, kIntegerDivide };

const char* SymbolOf(Arithmetic operation);

/// Both parameters and the answer are `type`, an integer type or FLOAT or DOUBLE. An overflow, and
/// an integer divided by zero, is a failure of the row.
ScalarKernel NumberKernel(Arithmetic operation, const TypePtr& type);

/// Decimal operands with their own scales; the answer is `result`. Integer division is not among
/// them.
ScalarKernel DecimalKernel(Arithmetic operation, const TypePtr& left, const TypePtr& right,
                           const TypePtr& result);

/// HUGEINT, whose parameters and answer are decimal128(38, 0).
ScalarKernel HugeintKernel(Arithmetic operation);

/// `-x`, an overflow being a failure. `type` is a number.
ScalarKernel NegateKernel(const TypePtr& type);

}  // namespace thalweg::functions
