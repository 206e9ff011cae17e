#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/spec.h"
#include "thalweg/status.h"

namespace thalweg::job {

/// A value of a job file: a scalar, a list of texts, or a table of more.
struct Node {
  OptionValue value;                 ///< Scalars and lists of texts.
  std::map<std::string, Node> keys;  ///< A table; then `value` is empty.
  bool is_table = false;
};

/// Reads TOML, YAML or JSON into one shape. Depth is bounded by 32; texts of every scalar are kept
/// as their type says.
Result<Node> ReadJobText(std::string_view text, std::string_view format, std::string_view path);

/// Sets `a.b.c=value`, making tables on the way.
Status SetPath(Node* root, std::string_view assignment);

/// Fills `${VAR}`, `${VAR:-default}` and `${VAR:?message}` in every text below `node`, but not in
/// those under a key named `sql`. `$$` is a dollar sign.
Status FillReferences(Node* node, std::string_view path);

}  // namespace thalweg::job
