#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/spec.h"
#include "engine/registry.h"
#include "sql/plan.h"
#include "thalweg/status.h"

namespace thalweg::sql {

/// What stands in FROM.
struct TableReference {
  enum class Kind : uint8_t {
    kName,      ///< FROM flights
    kPath,      ///< FROM 'flights.csv', FROM '-'
    kFunction,  ///< FROM read_csv('flights.csv', delim := ';')
  };
  Kind kind = Kind::kName;
  std::string name;  ///< The name (parts joined by `.`), the path, or the function in lower case.
  std::vector<OptionValue> arguments;  ///< kFunction: those without a name.
  Options::Given options;              ///< kFunction: those with one; names in lower case.
};

/// Where tables come from: the host's. Only asked while a statement is prepared.
class Catalog {
 public:
  virtual ~Catalog() = default;
  /// `not_found` where there is no such table. The message needs no place in the text: the caller
  /// adds it.
  virtual Result<std::shared_ptr<const engine::Table>> Resolve(
      const TableReference& table) const = 0;
  /// Names that FROM knows, for hints.
  virtual std::vector<std::string> TableNames() const { return {}; }
};

/// Values of `$name`. A string takes the type of what it meets, as if written there.
using Parameters = std::map<std::string, OptionValue, std::less<>>;

struct PrepareContext {
  const Catalog* catalog = nullptr;
  const engine::Registry* registry = nullptr;
  const Parameters* parameters = nullptr;  ///< May be null: none.
  engine::EvalContext evaluation;
};

/// A statement that is ready to run.
struct BoundStatement {
  enum class Kind : uint8_t {
    kQuery,  ///< Gives the rows of `plan`. DESCRIBE, SUMMARIZE and EXPLAIN too.
    kCopy,   ///< `plan` is a kSink: gives no rows.
  };
  Kind kind = Kind::kQuery;
  PlanPtr plan;
  std::string text;      ///< As written.
  int64_t line = 1;      ///< Where it starts.
  bool ordered = false;  ///< ORDER BY stands at the top: the order of rows is part of the answer.
};

/// The statements of a text. Parsed at once, so that a mistake in the last one stops the first one
/// from running; bound one by one, so that a statement can read what the one before it wrote.
class Script {
 public:
  static Result<Script> Parse(std::string text);
  Script(Script&&) noexcept;
  Script& operator=(Script&&) noexcept;
  ~Script();

  size_t size() const;
  /// The text of statement `index`, without the semicolon.
  std::string_view statement_text(size_t index) const;
  /// Finds names and types, and plans. Failures point into the text.
  Result<BoundStatement> Bind(size_t index, const PrepareContext& context) const;
  /// Names of the `$parameters` that the text uses, in order of first use.
  std::vector<std::string> parameters() const;

 private:
  struct State;
  explicit Script(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Parses and binds all statements of `text`.
Result<std::vector<BoundStatement>> Prepare(std::string_view text, const PrepareContext& context);

/// The SQL text of each statement of `text` in its plain form: fully parenthesised, one space.
Result<std::vector<std::string>> Canonical(std::string_view text);

}  // namespace thalweg::sql
