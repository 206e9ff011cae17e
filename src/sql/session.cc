#include "sql/session.h"

#include <algorithm>
#include <utility>

#include "sql/binder.h"
#include "sql/lexer.h"
#include "sql/parser.h"

namespace thalweg::sql {

struct Script::State {
  explicit State(std::string t) : text(std::move(t)), source(text) {}
  const std::string text;
  const SourceText source;
  std::unique_ptr<const ParsedScript> parsed;
};

Script::Script(std::unique_ptr<State> state) : state_(std::move(state)) {}
Script::Script(Script&&) noexcept = default;
Script& Script::operator=(Script&&) noexcept = default;
Script::~Script() = default;

Result<Script> Script::Parse(std::string text) {
  auto state = std::make_unique<State>(std::move(text));
  THALWEG_ASSIGN_OR_RETURN(state->parsed, sql::Parse(state->source));
  return Script(std::move(state));
}

size_t Script::size() const { return state_->parsed->statements.size(); }

std::string_view Script::statement_text(size_t index) const {
  return state_->source.At(state_->parsed->statements[index]->span);
}

Result<BoundStatement> Script::Bind(size_t index, const PrepareContext& context) const {
  return Binder(state_->source, context).Bind(*state_->parsed->statements[index]);
}

std::vector<std::string> Script::parameters() const {
  std::vector<std::string> names;
  const Result<std::vector<Token>> tokens = Tokenize(state_->source);
  if (!tokens.ok()) return names;
  for (const Token& token : *tokens) {
    const bool known = std::find(names.begin(), names.end(), token.text) != names.end();
    if (token.kind == TokenKind::kParameter && !known) names.push_back(token.text);
  }
  return names;
}

Result<std::vector<BoundStatement>> Prepare(std::string_view text, const PrepareContext& context) {
  THALWEG_ASSIGN_OR_RETURN(const Script script, Script::Parse(std::string(text)));
  std::vector<BoundStatement> statements;
  for (size_t i = 0; i < script.size(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(BoundStatement bound, script.Bind(i, context));
    statements.push_back(std::move(bound));
  }
  return statements;
}

Result<std::vector<std::string>> Canonical(std::string_view text) {
  const SourceText source(text);
  THALWEG_ASSIGN_OR_RETURN(const auto script, Parse(source));
  std::vector<std::string> out;
  for (const Statement* statement : script->statements) out.push_back(ToSql(*statement));
  return out;
}

}  // namespace thalweg::sql
