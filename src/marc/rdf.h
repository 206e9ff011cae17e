#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A description in RDF, and its four ways of being written.
namespace thalweg::marc {

enum class RdfForm : uint8_t { kXml, kTurtle, kNTriples, kJsonLd };

struct RdfNode;

/// What a property points to: a text, a resource that is described elsewhere, or a node here.
struct RdfValue {
  std::string text;  ///< Of a literal, or an IRI.
  bool is_iri = false;
  std::unique_ptr<RdfNode> node;
};

/// A resource with a name of its own, so that nothing depends on blank nodes. Types and properties
/// are named with a prefix: `bf:Work`; there is at least one type.
struct RdfNode {
  std::string iri;
  std::vector<std::string> types;
  std::vector<std::pair<std::string, RdfValue>> properties;

  /// Nothing when `value` is empty.
  void Text(std::string_view property, std::string_view value);
  void Link(std::string_view property, std::string iri);
  RdfNode& Node(std::string_view property, std::string_view type, std::string iri);
  /// Takes away the types and properties whose names begin with `prefix`, of its nodes as well.
  void Drop(std::string_view prefix);
};

/// What stands before the first description of a file, between two, and behind the last.
std::string_view RdfHead(RdfForm form);
std::string_view RdfBetween(RdfForm form);
std::string_view RdfTail(RdfForm form);
/// `nodes` belong together: what one record says. Text has to be UTF-8.
void AppendRdf(const std::vector<const RdfNode*>& nodes, RdfForm form, std::string* out);

/// The IRI that a prefixed name stands for; as it is when its prefix is not known.
std::string RdfExpanded(std::string_view name);
/// `text` with everything escaped that cannot stand in an IRI.
std::string IriPart(std::string_view text);

}  // namespace thalweg::marc
