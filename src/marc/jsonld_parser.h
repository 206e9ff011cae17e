#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "marc/json_cursor.h"
#include "marc/jsonld_context.h"
#include "marc/rdf_graph.h"

namespace thalweg::marc {

/// Makes triples of one JSON-LD value: a node object, an array of them, or an object with `@graph`.
/// At most 64 objects and arrays within each other.
class JsonLdParser {
 public:
  JsonLdParser(std::string_view text, JsonLdContext::Shared context, RdfUnit* unit,
               size_t unit_bytes_max)
      : text_(text),
        json_(text),
        context_(std::move(context)),
        unit_(unit),
        unit_bytes_max_(unit_bytes_max) {}

  bool Parse();
  /// What could not be read, and where it stands in the text.
  const std::string& error() const { return json_.error(); }
  size_t error_at() const { return static_cast<size_t>(json_.at() - text_.data()); }

 private:
  using Context = JsonLdContext::Shared;
  using Terms = std::vector<RdfTerm>;
  // What has to be known of an object before its members are taken.
  struct Object {
    Context context;
    std::string id;
    bool has_id = false;
    bool is_value = false;
    bool is_collection = false;
  };

  bool Fail(std::string_view expected) { return json_.Fail(expected); }
  bool Nodes(const Context& context);
  bool Scan(const Context& around, Object* object);
  bool NodeObject(const Object& object, RdfTerm* subject);
  bool Member(const std::string& key, const Object& object, const RdfTerm& subject);
  bool Types(const Context& context, const RdfTerm& subject);
  bool Reverse(const Context& context, const RdfTerm& subject);
  bool Property(const std::string& key, const Context& context, const RdfTerm& subject);
  bool Values(const Context& context, const JsonLdContext::Term& term, Terms* values);
  bool ObjectValue(const Context& context, const JsonLdContext::Term& term, Terms* values);
  bool Literal(const Object& object, Terms* values);
  bool Collection(const Object& object, const JsonLdContext::Term& term, Terms* values);
  bool LanguageMap(Terms* values);
  bool ScalarValue(const Context& context, const JsonLdContext::Term& term, Terms* values);
  bool AddAll(const RdfTerm& subject, std::string_view property, const Terms& values, bool reverse);
  RdfTerm NameTerm(std::string_view iri);

  std::string_view text_;
  JsonCursor json_;
  Context context_;
  RdfUnit* unit_;
  const size_t unit_bytes_max_;
  int depth_ = 0;
};

}  // namespace thalweg::marc
