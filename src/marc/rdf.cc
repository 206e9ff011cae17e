#include "marc/rdf.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "marc/escape.h"

namespace thalweg::marc {
namespace {

struct Prefix {
  std::string_view name;
  std::string_view iri;
};
constexpr auto kPrefixes = std::to_array<Prefix>({
    {"bf", "http://id.loc.gov/ontologies/bibframe/"},
    {"bflc", "http://id.loc.gov/ontologies/bflc/"},
    {"madsrdf", "http://www.loc.gov/mads/rdf/v1#"},
    {"owl", "http://www.w3.org/2002/07/owl#"},
    {"rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
    {"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
});
constexpr std::string_view kType = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

bool IsIriByte(unsigned char c) {
  return std::isalnum(c) != 0 ||
         std::string_view("-._~").find(static_cast<char>(c)) != std::string_view::npos;
}

// A literal of Turtle and N-Triples.
void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr char kHex[] = "0123456789ABCDEF";
          out->append("\\u00");
          out->push_back(kHex[static_cast<unsigned char>(c) >> 4]);
          out->push_back(kHex[static_cast<unsigned char>(c) & 15U]);
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

void AppendIri(std::string_view iri, std::string* out) { out->append("<").append(iri).append(">"); }

void AppendObject(const RdfValue& value, std::string* out) {
  if (value.node != nullptr) {
    AppendIri(value.node->iri, out);
  } else if (value.is_iri) {
    AppendIri(value.text, out);
  } else {
    AppendQuoted(value.text, out);
  }
}

// --- N-Triples -----------------------------------------------------------------------------------

void AppendTriples(const RdfNode& node, std::string* out) {
  for (const std::string& type : node.types) {
    AppendIri(node.iri, out);
    out->push_back(' ');
    AppendIri(kType, out);
    out->push_back(' ');
    AppendIri(RdfExpanded(type), out);
    out->append(" .\n");
  }
  for (const auto& [property, value] : node.properties) {
    AppendIri(node.iri, out);
    out->push_back(' ');
    AppendIri(RdfExpanded(property), out);
    out->push_back(' ');
    AppendObject(value, out);
    out->append(" .\n");
  }
  for (const auto& [property, value] : node.properties) {
    if (value.node != nullptr) AppendTriples(*value.node, out);
  }
}

// --- Turtle --------------------------------------------------------------------------------------

void AppendTurtle(const RdfNode& node, std::string* out) {
  AppendIri(node.iri, out);
  const char* before = "\n    a ";
  for (const std::string& type : node.types) {
    out->append(before).append(type);
    before = ", ";
  }
  for (const auto& [property, value] : node.properties) {
    out->append(" ;\n    ").append(property).append(" ");
    AppendObject(value, out);
  }
  out->append(" .\n");
  for (const auto& [property, value] : node.properties) {
    if (value.node != nullptr) AppendTurtle(*value.node, out);
  }
}

// --- RDF/XML -------------------------------------------------------------------------------------

void AppendXml(const RdfNode& node, std::string* out) {
  const std::string& element = node.types.front();
  out->append("<").append(element).append(" rdf:about=\"");
  AppendXmlAttribute(node.iri, out);
  out->append("\">");
  for (size_t i = 1; i < node.types.size(); ++i) {
    out->append("<rdf:type rdf:resource=\"").append(RdfExpanded(node.types[i])).append("\"/>");
  }
  for (const auto& [property, value] : node.properties) {
    out->append("<").append(property);
    if (value.is_iri) {
      out->append(" rdf:resource=\"");
      AppendXmlAttribute(value.text, out);
      out->append("\"/>");
      continue;
    }
    out->append(">");
    if (value.node != nullptr) {
      AppendXml(*value.node, out);
    } else {
      AppendXmlEscaped(value.text, out);
    }
    out->append("</").append(property).append(">");
  }
  out->append("</").append(element).append(">");
}

// --- JSON-LD -------------------------------------------------------------------------------------

void AppendJsonText(std::string_view text, std::string* out) {
  out->push_back('"');
  AppendJsonEscaped(text, out);
  out->push_back('"');
}

void AppendJson(const RdfNode& node, std::string* out);

void AppendJsonValue(const RdfValue& value, std::string* out) {
  if (value.node != nullptr) return AppendJson(*value.node, out);
  if (!value.is_iri) return AppendJsonText(value.text, out);
  out->append("{\"@id\":");
  AppendJsonText(value.text, out);
  out->append("}");
}

// Values of one property stand in one list, in their order.
void AppendJson(const RdfNode& node, std::string* out) {
  out->append("{\"@id\":");
  AppendJsonText(node.iri, out);
  out->append(",\"@type\":[");
  for (size_t i = 0; i < node.types.size(); ++i) {
    if (i > 0) out->push_back(',');
    AppendJsonText(node.types[i], out);
  }
  out->push_back(']');
  std::vector<std::string_view> done;
  for (const auto& [property, first] : node.properties) {
    if (std::find(done.begin(), done.end(), property) != done.end()) continue;
    done.push_back(property);
    out->push_back(',');
    AppendJsonText(property, out);
    out->append(":[");
    bool any = false;
    for (const auto& [other, value] : node.properties) {
      if (other != property) continue;
      if (any) out->push_back(',');
      any = true;
      AppendJsonValue(value, out);
    }
    out->push_back(']');
  }
  out->push_back('}');
}

std::string MakeHead(RdfForm form) {
  std::string head;
  if (form == RdfForm::kXml) head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF";
  if (form == RdfForm::kJsonLd) head = "{\"@context\":{";
  for (const Prefix& prefix : kPrefixes) {
    if (form == RdfForm::kXml) {
      head.append(" xmlns:").append(prefix.name).append("=\"").append(prefix.iri).append("\"");
    } else if (form == RdfForm::kTurtle) {
      head.append("@prefix ").append(prefix.name).append(": <").append(prefix.iri).append("> .\n");
    } else if (form == RdfForm::kJsonLd) {
      if (head.back() != '{') head.push_back(',');
      head.append("\"").append(prefix.name).append("\":\"").append(prefix.iri).append("\"");
    }
  }
  if (form == RdfForm::kXml) head += ">\n";
  if (form == RdfForm::kJsonLd) head += "},\"@graph\":[\n";
  return head;
}

}  // namespace

void RdfNode::Text(std::string_view property, std::string_view value) {
  if (value.empty()) return;
  properties.emplace_back(property, RdfValue{.text = std::string(value), .node = nullptr});
}

void RdfNode::Link(std::string_view property, std::string to) {
  properties.emplace_back(property,
                          RdfValue{.text = std::move(to), .is_iri = true, .node = nullptr});
}

RdfNode& RdfNode::Node(std::string_view property, std::string_view type, std::string name) {
  auto node = std::make_unique<RdfNode>();
  node->iri = std::move(name);
  node->types.emplace_back(type);
  RdfNode& made = *node;
  properties.emplace_back(property, RdfValue{.text = {}, .node = std::move(node)});
  return made;
}

void RdfNode::Drop(std::string_view prefix) {
  std::erase_if(types, [&](const std::string& type) { return type.starts_with(prefix); });
  std::erase_if(properties, [&](const auto& each) { return each.first.starts_with(prefix); });
  for (auto& [property, value] : properties) {
    if (value.node != nullptr) value.node->Drop(prefix);
  }
}

std::string_view RdfHead(RdfForm form) {
  static const std::array<std::string, 4> heads = {
      MakeHead(RdfForm::kXml), MakeHead(RdfForm::kTurtle), MakeHead(RdfForm::kNTriples),
      MakeHead(RdfForm::kJsonLd)};
  return heads[static_cast<size_t>(form)];
}

std::string_view RdfBetween(RdfForm form) { return form == RdfForm::kJsonLd ? ",\n" : ""; }

std::string_view RdfTail(RdfForm form) {
  return form == RdfForm::kXml ? "</rdf:RDF>\n" : form == RdfForm::kJsonLd ? "]}\n" : "";
}

void AppendRdf(const std::vector<const RdfNode*>& nodes, RdfForm form, std::string* out) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (form == RdfForm::kXml) {
      AppendXml(*nodes[i], out);
      out->push_back('\n');
    } else if (form == RdfForm::kTurtle) {
      AppendTurtle(*nodes[i], out);
    } else if (form == RdfForm::kNTriples) {
      AppendTriples(*nodes[i], out);
    } else {
      if (i > 0) out->append(RdfBetween(form));
      AppendJson(*nodes[i], out);
    }
  }
}

std::string RdfExpanded(std::string_view name) {
  const size_t colon = name.find(':');
  for (const Prefix& prefix : kPrefixes) {
    if (name.substr(0, colon) == prefix.name) {
      return std::string(prefix.iri).append(name.substr(colon + 1));
    }
  }
  return std::string(name);
}

std::string IriPart(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string part;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsIriByte(byte)) {
      part.push_back(c);
    } else {
      part.push_back('%');
      part.push_back(kHex[byte >> 4]);
      part.push_back(kHex[byte & 15U]);
    }
  }
  return part;
}

}  // namespace thalweg::marc
