#pragma once

#include <memory>

#include "functions/signature.h"

namespace thalweg::functions {

/// Writes rows of any array as JSON: structs and maps as objects, lists as arrays, numbers as
/// numbers, everything else as strings.
class JsonValue {
 public:
  static Result<JsonValue> Of(const ArrayPtr& array, const EvalContext& context);
  /// A null row is `null`.
  void Append(int64_t row, TextWriter& out) const;

 private:
  struct Node;
  explicit JsonValue(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  static Result<std::shared_ptr<const Node>> MakeNode(const ArrayPtr& array,
                                                      const EvalContext& context);
  static void AppendNode(const Node& node, int64_t row, TextWriter& out);

  std::shared_ptr<const Node> node_;
};

}  // namespace thalweg::functions
