#include "marc/jsonld_parser.h"

#include <utility>

namespace thalweg::marc {
namespace {

constexpr int kDepthMax = 64;
constexpr size_t kIriMax = size_t{64} << 10;

// Counts how deep objects and arrays stand within each other.
class Deeper {
 public:
  explicit Deeper(int* depth) : depth_(depth) { ++*depth_; }
  ~Deeper() { --*depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
  bool too_deep() const { return *depth_ > kDepthMax; }

 private:
  int* depth_;
};

constexpr std::string_view kTooDeep = "at most 64 objects and arrays within each other";

}  // namespace

bool JsonLdParser::Parse() {
  if (context_ == nullptr) context_ = std::make_shared<JsonLdContext>();
  if (!Nodes(context_)) return false;
  return json_.AtEnd() || Fail("the end of the document");
}

// A node or several; what else stands there says nothing.
bool JsonLdParser::Nodes(const Context& context) {
  const Deeper deeper(&depth_);
  if (deeper.too_deep()) return Fail(kTooDeep);
  if (json_.Peek() == '[') {
    return json_.Elements([&] { return Nodes(context); });
  }
  if (json_.Peek() != '{') return Fail("a node object");
  Terms ignored;
  return ObjectValue(context, {}, &ignored);
}

bool JsonLdParser::Scan(const Context& around, Object* object) {
  object->context = around;
  JsonCursor ahead = json_;
  const bool scanned = ahead.Members([&](std::string_view key) {
    if (key != "@context") return ahead.SkipValue();
    return JsonLdContext::Parse(&ahead, around, &object->context);
  });
  if (!scanned) {
    json_ = std::move(ahead);
    return false;
  }
  ahead = json_;
  const bool known = ahead.Members([&](std::string_view key) {
    const std::string_view keyword = object->context->Keyword(key);
    if (keyword == "@value") object->is_value = true;
    if (keyword == "@list" || keyword == "@set") object->is_collection = true;
    if (keyword != "@id" || ahead.Peek() != '"') return ahead.SkipValue();
    std::string_view id;
    object->has_id = true;
    if (!ahead.String(&id)) return false;
    object->id = object->context->Id(id);
    return true;
  });
  if (!known) json_ = std::move(ahead);
  return known;
}

RdfTerm JsonLdParser::NameTerm(std::string_view iri) {
  return iri.starts_with("_:") ? unit_->Blank(iri.substr(2)) : unit_->Iri(iri);
}

bool JsonLdParser::NodeObject(const Object& object, RdfTerm* subject) {
  if (object.id.size() > kIriMax) return Fail("a shorter @id");
  *subject = object.has_id ? NameTerm(object.id) : unit_->NewBlank();
  // Types stand first, so that the first triple is about this node.
  JsonCursor start = json_;
  const bool typed = json_.Members([&](std::string_view key) {
    return object.context->Keyword(key) == "@type" ? Types(object.context, *subject)
                                                   : json_.SkipValue();
  });
  if (!typed) return false;
  json_ = std::move(start);
  return json_.Members([&](std::string_view key) {
    const std::string name(key);
    return Member(name, object, *subject);
  });
}

bool JsonLdParser::Member(const std::string& key, const Object& object, const RdfTerm& subject) {
  const Context& context = object.context;
  const std::string_view keyword = context->Keyword(key);
  if (keyword == "@graph" || keyword == "@included") return Nodes(context);
  if (keyword == "@reverse") return Reverse(context, subject);
  if (keyword == "@nest") return Fail("no @nest, which is not supported");
  if (keyword == "@id" && json_.Peek() != '"') return Fail("a string as @id");
  if (!keyword.empty()) return json_.SkipValue();
  return Property(key, context, subject);
}

bool JsonLdParser::Types(const Context& context, const RdfTerm& subject) {
  const auto take = [&] {
    std::string_view name;
    if (!json_.String(&name)) return false;
    const std::string type = context->Property(name);
    const Terms types = {NameTerm(type.empty() ? context->Id(name) : type)};
    return AddAll(subject, std::string(kRdfSpace) + "type", types, false);
  };
  return json_.Peek() == '[' ? json_.Elements(take) : take();
}

bool JsonLdParser::Reverse(const Context& context, const RdfTerm& subject) {
  return json_.Members([&](std::string_view key) {
    const std::string property = context->Property(key);
    Terms values;
    return Values(context, {}, &values) && AddAll(subject, property, values, true);
  });
}

bool JsonLdParser::Property(const std::string& key, const Context& context,
                            const RdfTerm& subject) {
  const std::string property = context->Property(key);
  // A name that the context does not know says nothing: so JSON-LD has it.
  if (property.find(':') == std::string::npos || property.starts_with("_:")) {
    return json_.SkipValue();
  }
  const JsonLdContext::Term* found = context->Find(key);
  const JsonLdContext::Term term = found == nullptr ? JsonLdContext::Term() : *found;
  Terms values;
  if (!Values(context, term, &values)) return false;
  if (term.list) values = {unit_->List(values)};
  return AddAll(subject, property, values, term.reverse);
}

bool JsonLdParser::AddAll(const RdfTerm& subject, std::string_view property, const Terms& values,
                          bool reverse) {
  if (property.size() > kIriMax) return Fail("a shorter name");
  for (const RdfTerm& value : values) {
    if (reverse && value.kind == RdfTerm::Kind::kLiteral) return Fail("nodes in @reverse");
    unit_->Add(reverse ? value : subject, unit_->Iri(property), reverse ? subject : value);
    if (unit_->bytes() > unit_bytes_max_) return Fail("a smaller description");
  }
  return true;
}

// Whatever a property may have, with arrays and sets laid flat.
bool JsonLdParser::Values(const Context& context, const JsonLdContext::Term& term, Terms* values) {
  const Deeper deeper(&depth_);
  if (deeper.too_deep()) return Fail(kTooDeep);
  if (json_.Peek() == '[') {
    return json_.Elements([&] { return Values(context, term, values); });
  }
  if (json_.Peek() != '{') return ScalarValue(context, term, values);
  if (term.language_map) return LanguageMap(values);
  if (term.index_map) {
    JsonLdContext::Term inner = term;
    inner.index_map = false;
    return json_.Members([&](std::string_view) { return Values(context, inner, values); });
  }
  return ObjectValue(context, term, values);
}

bool JsonLdParser::ObjectValue(const Context& context, const JsonLdContext::Term& term,
                               Terms* values) {
  Object object;
  if (!Scan(context, &object)) return false;
  if (object.is_value) return Literal(object, values);
  if (object.is_collection) return Collection(object, term, values);
  RdfTerm node;
  if (!NodeObject(object, &node)) return false;
  values->push_back(node);
  return true;
}

bool JsonLdParser::Literal(const Object& object, Terms* values) {
  std::string text;
  std::string language = object.context->language();
  bool null = false;
  const bool taken = json_.Members([&](std::string_view key) {
    const std::string keyword(object.context->Keyword(key));
    if (keyword != "@value" && keyword != "@language") return json_.SkipValue();
    const bool quoted = json_.Peek() == '"';
    std::string_view value;
    if (!json_.Scalar(&value)) return false;
    if (keyword == "@language") {
      language = quoted ? std::string(value) : std::string();
    } else {
      text = value;
      null = !quoted && value == "null";
    }
    return true;
  });
  if (taken && !null) values->push_back(unit_->Literal(text, language));
  return taken;
}

bool JsonLdParser::Collection(const Object& object, const JsonLdContext::Term& term,
                              Terms* values) {
  return json_.Members([&](std::string_view key) {
    const std::string keyword(object.context->Keyword(key));
    if (keyword == "@set") return Values(object.context, term, values);
    if (keyword != "@list") return json_.SkipValue();
    Terms items;
    if (!Values(object.context, term, &items)) return false;
    values->push_back(unit_->List(items));
    return true;
  });
}

// `{"en": "a text", "de": ["ein Text"]}`.
bool JsonLdParser::LanguageMap(Terms* values) {
  return json_.Members([&](std::string_view key) {
    const std::string language(key);
    const auto take = [&] {
      const bool quoted = json_.Peek() == '"';
      std::string_view text;
      if (!json_.Scalar(&text)) return false;
      if (quoted) values->push_back(unit_->Literal(text, language == "@none" ? "" : language));
      return true;
    };
    return json_.Peek() == '[' ? json_.Elements(take) : take();
  });
}

bool JsonLdParser::ScalarValue(const Context& context, const JsonLdContext::Term& term,
                               Terms* values) {
  const bool quoted = json_.Peek() == '"';
  std::string_view text;
  if (!json_.Scalar(&text)) return false;
  if (!quoted) {
    const bool known = text == "true" || text == "false" || text == "null" ||
                       text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
    if (!known) return Fail("a value");
    if (text != "null") values->push_back(unit_->Literal(text, {}));
    return true;
  }
  if (term.type == "@id" || term.type == "@vocab") {
    std::string iri = term.type == "@vocab" ? context->Property(text) : std::string();
    if (iri.empty()) iri = context->Id(text);
    if (iri.size() > kIriMax) return Fail("a shorter IRI");
    values->push_back(NameTerm(iri));
    return true;
  }
  const bool typed = !term.type.empty();
  values->push_back(unit_->Literal(text, typed ? "" : term.language.value_or(context->language())));
  return true;
}

}  // namespace thalweg::marc
