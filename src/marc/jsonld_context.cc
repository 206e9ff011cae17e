#include "marc/jsonld_context.h"

#include <utility>

#include "marc/rdf_iri.h"

namespace thalweg::marc {
namespace {

// Terms may be written with terms.
constexpr int kDepthMax = 16;

// A string, or null for the empty one.
bool TakeText(JsonCursor* json, std::string* text) {
  std::string_view value;
  const bool quoted = json->Peek() == '"';
  if (!json->Scalar(&value)) return false;
  if (!quoted && value != "null") return json->Fail("a string");
  *text = quoted ? std::string(value) : std::string();
  return true;
}

}  // namespace

bool JsonLdContext::Parse(JsonCursor* json, Shared around, Shared* context) {
  if (json->Peek() != '[') return ParseOne(json, std::move(around), context);
  *context = std::move(around);
  int count = 0;
  return json->Elements([&] {
    if (json->Peek() == '[' || ++count > kDepthMax) return json->Fail("at most 16 contexts");
    return ParseOne(json, *context, context);
  });
}

bool JsonLdContext::ParseOne(JsonCursor* json, Shared around, Shared* context) {
  if (json->Peek() == '"') {
    return json->Fail(
        "an object as @context: a remote one is never fetched, put its object in its place");
  }
  auto made = std::make_shared<JsonLdContext>();
  if (json->Peek() == 'n') {
    std::string ignored;
    *context = std::move(made);
    return TakeText(json, &ignored);
  }
  made->around_ = std::move(around);
  if (made->around_ != nullptr) {
    made->vocabulary_ = made->around_->vocabulary_;
    made->base_ = made->around_->base_;
    made->language_ = made->around_->language_;
  }
  const bool taken = json->Members([&](std::string_view key) {
    const std::string name(key);
    if (name == "@language") return TakeText(json, &made->language_);
    if (name == "@base") {
      std::string base;
      if (!TakeText(json, &base)) return false;
      made->base_ = ResolveIri(made->base_, base);
      return true;
    }
    if (name == "@vocab") {
      std::string vocabulary;
      if (!TakeText(json, &vocabulary)) return false;
      made->vocabulary_ = made->Expanded(vocabulary, 0).value_or(vocabulary);
      return true;
    }
    if (name == "@import") return json->Fail("no @import: contexts are never fetched");
    if (name.starts_with('@')) return json->SkipValue();
    return ParseTerm(json, &made->terms_[name]);
  });
  *context = std::move(made);
  return taken;
}

bool JsonLdContext::ParseTerm(JsonCursor* json, Term* term) {
  if (json->Peek() != '{') {
    const bool null = json->Peek() == 'n';
    std::string iri;
    if (!TakeText(json, &iri)) return false;
    term->iri = std::move(iri);
    if (null) term->iri.reset();
    return true;
  }
  term->iri = std::string();
  return json->Members([&](std::string_view key) {
    const std::string name(key);
    if (name == "@id") return TakeText(json, &*term->iri);
    if (name == "@type") return TakeText(json, &term->type);
    if (name == "@language") return TakeText(json, &term->language.emplace());
    if (name == "@container") return ParseContainer(json, term);
    if (name == "@reverse") {
      term->reverse = true;
      return TakeText(json, &*term->iri);
    }
    if (name == "@context" || name == "@nest") {
      return json->Fail("a term without " + name + ", which is not supported");
    }
    return json->SkipValue();
  });
}

bool JsonLdContext::ParseContainer(JsonCursor* json, Term* term) {
  const auto take = [&] {
    std::string container;
    if (!TakeText(json, &container)) return false;
    if (container == "@list") term->list = true;
    if (container == "@language") term->language_map = true;
    if (container == "@index") term->index_map = true;
    if (container == "@graph" || container == "@id" || container == "@type") {
      return json->Fail("no container " + container + ", which is not supported");
    }
    return true;
  };
  return json->Peek() == '[' ? json->Elements(take) : take();
}

const JsonLdContext::Term* JsonLdContext::Find(std::string_view name) const {
  for (const JsonLdContext* context = this; context != nullptr; context = context->around_.get()) {
    const auto found = context->terms_.find(name);
    if (found != context->terms_.end()) return &found->second;
  }
  return nullptr;
}

std::string_view JsonLdContext::Keyword(std::string_view key) const {
  if (key.starts_with('@')) return key;
  const Term* term = Find(key);
  if (term == nullptr || !term->iri || !term->iri->starts_with('@')) return {};
  return *term->iri;
}

std::optional<std::string> JsonLdContext::Expanded(std::string_view name, int depth) const {
  if (depth > kDepthMax) return std::string();
  if (const Term* term = Find(name)) {
    if (!term->iri) return std::string();
    if (!term->iri->empty() && *term->iri != name) {
      const auto expanded = Expanded(*term->iri, depth + 1);
      return expanded ? *expanded : vocabulary_ + *term->iri;
    }
  }
  const size_t colon = name.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view prefix = name.substr(0, colon);
  if (prefix == "_" || name.substr(colon + 1).starts_with("//") || Find(prefix) == nullptr) {
    return std::string(name);
  }
  const auto expanded = Expanded(prefix, depth + 1);
  if (!expanded || expanded->empty()) return std::string(name);
  return *expanded + std::string(name.substr(colon + 1));
}

std::string JsonLdContext::Property(std::string_view name) const {
  if (auto expanded = Expanded(name, 0)) return *std::move(expanded);
  return vocabulary_.empty() ? std::string() : vocabulary_ + std::string(name);
}

std::string JsonLdContext::Id(std::string_view name) const {
  // A term is no name here, only what stands before a colon is looked up.
  if (name.find(':') != std::string_view::npos) {
    if (auto expanded = Expanded(name, 0)) return *std::move(expanded);
  }
  return ResolveIri(base_, name);
}

}  // namespace thalweg::marc
