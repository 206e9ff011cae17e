#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// Triples that were read: first those of one statement or element, then the graph they make.
namespace thalweg::marc {

inline constexpr std::string_view kRdfSpace = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// A place in a `RdfUnit`'s text.
struct RdfTerm {
  enum class Kind : uint8_t { kIri, kBlank, kLiteral };
  Kind kind = Kind::kIri;
  uint32_t language_size = 0;  ///< Of the tag that stands behind a literal's text.
  size_t begin = 0;
  size_t size = 0;
};

/// Some triples, and the text of their terms. Parsers fill one at a time.
class RdfUnit {
 public:
  struct Triple {
    RdfTerm subject;
    RdfTerm predicate;  ///< Always an IRI.
    RdfTerm object;
  };

  /// Blank nodes that were made go on counting: their names are good for a whole document.
  void Clear();
  RdfTerm Iri(std::string_view iri) { return Take(RdfTerm::Kind::kIri, iri, {}); }
  /// One that a document names.
  RdfTerm Blank(std::string_view label);
  /// One that it does not name.
  RdfTerm NewBlank();
  RdfTerm Literal(std::string_view text, std::string_view language) {
    return Take(RdfTerm::Kind::kLiteral, text, language);
  }
  void Add(RdfTerm subject, RdfTerm predicate, RdfTerm object) {
    triples_.push_back({subject, predicate, object});
  }
  /// The list `items` as nodes of a collection; gives its head.
  RdfTerm List(std::span<const RdfTerm> items);

  std::string_view TextOf(const RdfTerm& term) const {
    return std::string_view(text_).substr(term.begin, term.size);
  }
  std::string_view LanguageOf(const RdfTerm& term) const {
    return std::string_view(text_).substr(term.begin + term.size, term.language_size);
  }
  std::span<const Triple> triples() const { return triples_; }
  /// Memory that it takes.
  size_t bytes() const { return text_.size() + triples_.size() * sizeof(Triple); }

 private:
  RdfTerm Take(RdfTerm::Kind kind, std::string_view text, std::string_view language);

  std::string text_;
  std::vector<Triple> triples_;
  uint64_t blanks_ = 0;
};

/// A set of triples, by their subjects. What a property of a node points to stands in the order in
/// which it came. Where one value is wanted, the first `kLookMax` are looked at, so that a node
/// with very many, mentioned very often, costs no more than others.
class RdfGraph {
 public:
  using NodeId = uint32_t;
  static constexpr NodeId kNone = UINT32_MAX;
  static constexpr size_t kLookMax = 64;

  struct Object {
    NodeId node = kNone;  ///< `kNone` for a literal.
    std::string text;     ///< Of a literal.
    std::string language;
    bool operator==(const Object&) const = default;
  };
  struct Property {
    NodeId predicate;
    Object object;
  };

  void Clear();
  void Add(const RdfUnit& unit);
  /// A triple that was said twice is there once from now on. Needed behind the last `Add`, before
  /// any of the questions below.
  void Settle();

  bool empty() const { return nodes_.empty(); }
  size_t size() const { return nodes_.size(); }
  /// Memory that it takes, about.
  size_t bytes() const { return bytes_; }
  /// `kNone` when nothing names it. `name` is an IRI, or begins with a prefix that `rdf.h` knows.
  NodeId Find(std::string_view name) const;
  /// An IRI, or `_:` and a label.
  std::string_view NameOf(NodeId node) const { return nodes_[node].name; }
  bool IsBlank(NodeId node) const { return nodes_[node].name.starts_with("_:"); }
  std::span<const Property> PropertiesOf(NodeId node) const { return nodes_[node].properties; }

  bool HasType(NodeId node, std::string_view type) const;
  /// All nodes of a type, in order.
  std::vector<NodeId> OfType(std::string_view type) const;
  /// What a property of a node points to, in order: the first `count`.
  std::vector<const Object*> All(NodeId node, std::string_view property,
                                 size_t count = SIZE_MAX) const;
  const Object* First(NodeId node, std::string_view property) const;
  /// The first literal; the empty text when there is none. One in the script of the description is
  /// preferred to one whose language tag names another.
  std::string_view Text(NodeId node, std::string_view property) const;
  /// The first node that a property points to, or `kNone`.
  NodeId Node(NodeId node, std::string_view property) const;
  /// The items of a collection: up to `kLookMax`, before it breaks off.
  std::vector<const Object*> Items(NodeId list) const;

 private:
  struct Entry {
    std::string name;
    std::vector<Property> properties;  // By their predicates, once settled.
  };
  std::span<const Property> Range(NodeId node, std::string_view property) const;
  NodeId Intern(const RdfUnit& unit, const RdfTerm& term);

  std::vector<Entry> nodes_;
  std::unordered_map<std::string, NodeId> ids_;
  size_t bytes_ = 0;
};

}  // namespace thalweg::marc
