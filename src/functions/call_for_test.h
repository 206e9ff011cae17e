#pragma once

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columnar/batch.h"
#include "engine/cast.h"
#include "engine/expression.h"
#include "engine/registry.h"

// Calls of functions by name over text, for tests: every call runs on columns of both string
// layouts with nulls between the rows, on a slice of them, and on constants, and must say the same
// each time.
namespace thalweg::functions {

void RegisterAll(engine::Registry& registry);

struct TestValue {
  std::string type;                 ///< SQL name.
  std::optional<std::string> text;  ///< As CAST reads it; none: null.
  bool constant = false;            ///< Always given as a constant (date parts, field names).
};

inline TestValue Str(std::string text) { return {"VARCHAR", std::move(text)}; }
inline TestValue Int(int64_t value) { return {"INTEGER", std::to_string(value)}; }
inline TestValue Big(int64_t value) { return {"BIGINT", std::to_string(value)}; }
inline TestValue Real(std::string text) { return {"DOUBLE", std::move(text)}; }
inline TestValue Dec(std::string type, std::string text) {
  return {"DECIMAL(" + type + ")", std::move(text)};
}
inline TestValue Of(std::string type, std::string text) {
  return {std::move(type), std::move(text)};
}
inline TestValue Null(std::string type) { return {std::move(type), std::nullopt}; }
inline TestValue Name(std::string text) { return {"VARCHAR", std::move(text), true}; }

/// The answer as text; `NULL`; or `error: …`.
std::string Call(const std::string& name, const std::vector<TestValue>& arguments,
                 const engine::EvalContext& context = {});
/// The SQL name of the type that the call gives, or `error: …`.
std::string CallType(const std::string& name, const std::vector<TestValue>& arguments);

}  // namespace thalweg::functions
