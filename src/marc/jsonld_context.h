#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "marc/json_cursor.h"

namespace thalweg::marc {

/// What the names of a JSON-LD 1.1 document mean at some place in it: the last `@context` before
/// it, and behind that the one around. Contexts are never fetched: a remote one is a failure.
class JsonLdContext {
 public:
  struct Term {
    std::optional<std::string> iri;  ///< As it is written; none: nothing is meant.
    std::string type;                ///< `@id`, `@vocab` or an IRI that says nothing here.
    std::optional<std::string> language;
    bool list = false;
    bool language_map = false;
    bool index_map = false;
    bool reverse = false;
  };
  using Shared = std::shared_ptr<const JsonLdContext>;

  /// Takes the value of `@context` at `json`. False: `json` has the reason.
  static bool Parse(JsonCursor* json, Shared around, Shared* context);

  /// Null when the name is no term.
  const Term* Find(std::string_view name) const;
  /// The keyword that `key` is or stands for; otherwise empty.
  std::string_view Keyword(std::string_view key) const;
  /// The IRI of a property or type; empty when the name means nothing. `_:` stays.
  std::string Property(std::string_view name) const;
  /// The IRI of an `@id`.
  std::string Id(std::string_view name) const;
  const std::string& language() const { return language_; }

 private:
  static bool ParseOne(JsonCursor* json, Shared around, Shared* context);
  static bool ParseTerm(JsonCursor* json, Term* term);
  static bool ParseContainer(JsonCursor* json, Term* term);
  /// By terms and prefixes; nothing when the name is neither.
  std::optional<std::string> Expanded(std::string_view name, int depth) const;

  Shared around_;
  std::map<std::string, Term, std::less<>> terms_;
  std::string vocabulary_;
  std::string base_;
  std::string language_;
};

}  // namespace thalweg::marc
