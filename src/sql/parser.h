#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sql/ast.h"
#include "sql/source_text.h"
#include "thalweg/status.h"

namespace thalweg::sql {

/// The statements of one text.
struct ParsedScript {
  Ast ast;
  std::vector<const Statement*> statements;
};

/// Parses statements separated by `;`. Failures point into `source`: `invalid_argument` where the
/// text is wrong, `unsupported` where it asks for something that is known and not there.
Result<std::unique_ptr<const ParsedScript>> Parse(const SourceText& source);

}  // namespace thalweg::sql
