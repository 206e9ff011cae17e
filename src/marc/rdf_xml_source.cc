// RDF/XML, read node by node: the children of each rdf:RDF, wherever it stands.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "marc/rdf_iri.h"
#include "marc/rdf_source.h"
#include "marc/xml_parser.h"

namespace thalweg::marc {
namespace {

constexpr size_t kFeedBytes = size_t{64} << 10;
constexpr size_t kDepthMax = 128;
constexpr std::string_view kBibframe = "http://id.loc.gov/ontologies/bibframe/";
constexpr std::string_view kXmlSpace = "http://www.w3.org/XML/1998/namespace";

// A name of an element or attribute, taken apart.
struct Name {
  std::string_view space;
  std::string_view local;
  std::string Iri() const { return std::string(space).append(local); }
  bool IsRdf(std::string_view name) const { return space == kRdfSpace && local == name; }
};

Name Split(std::string_view name) {
  const size_t end = name.rfind(XmlParser::kNamespaceEnd);
  if (end == std::string_view::npos) return {{}, name};
  return {name.substr(0, end), name.substr(end + 1)};
}

// The attributes of an element that mean something to RDF/XML; those of no namespace are taken for
// RDF's own where RDF has them, as older documents write them.
struct Attributes {
  std::optional<std::string_view> about, id, node_id, resource, language;
  std::string_view parse_type, base;
  std::vector<std::pair<Name, std::string_view>> properties;

  explicit Attributes(const char** attributes) {
    for (; *attributes != nullptr; attributes += 2) Take(Split(attributes[0]), attributes[1]);
  }

 private:
  void Take(const Name& name, std::string_view value) {
    if (name.space == kXmlSpace) {
      if (name.local == "base") base = value;
      if (name.local == "lang") language = value;
    } else if (name.space != kRdfSpace && !name.space.empty()) {
      properties.emplace_back(name, value);
    } else if (name.local == "about") {
      about = value;
    } else if (name.local == "ID") {
      id = value;
    } else if (name.local == "nodeID") {
      node_id = value;
    } else if (name.local == "resource") {
      resource = value;
    } else if (name.local == "parseType") {
      parse_type = value;
    } else if (name.space == kRdfSpace && name.local != "datatype") {
      properties.emplace_back(name, value);
    }
  }
};

struct Frame {
  enum class Kind : uint8_t { kRoot, kNode, kProperty, kLiteral };
  Kind kind = Kind::kRoot;
  bool has_object = false;
  bool is_list = false;
  RdfTerm subject;
  RdfTerm predicate;
  std::vector<RdfTerm> items;
  std::string text;
  std::string language;
  std::string base;
  int members = 0;
};

class RdfXmlSource final : public RdfSource {
 public:
  RdfXmlSource(Reader::ReadBytes read, ReaderOptions options)
      : RdfSource(Format::kBibframe, std::move(read), std::move(options)),
        parser_(XmlParser::Make()) {
    XML_Parser parser = parser_.get();
    XML_SetUserData(parser, this);
    XML_SetElementHandler(
        parser,
        [](void* self, const char* name, const char** attributes) {
          static_cast<RdfXmlSource*>(self)->Start(Split(name), Attributes(attributes));
        },
        [](void* self, const char*) { static_cast<RdfXmlSource*>(self)->End(); });
    XML_SetCharacterDataHandler(parser, [](void* self, const char* text, int size) {
      static_cast<RdfXmlSource*>(self)->Characters({text, static_cast<size_t>(size)});
    });
    XML_SetEntityDeclHandler(parser, [](void* self, const char*, int, const char*, int, const char*,
                                        const char*, const char*, const char*) {
      static_cast<RdfXmlSource*>(self)->Fail("an entity declaration, which is refused");
    });
  }

 private:
  Result<Step> Next() override {
    while (true) {
      if (dead_) {
        at_ = input_.text().size();
        return Step::kEnd;
      }
      const bool parsed = suspended_ ? Resume() : true;
      if (!parsed) return Dead();
      if (suspended_) return Suspended();
      const auto fed = static_cast<size_t>(fed_ - input_.offset());
      if (fed == input_.text().size()) {
        // Blanks between nodes, and what stands around rdf:RDF, belong to none.
        if (frames_.size() < 2 && fed > at_) {
          at_ = fed;
          return Step::kUnit;
        }
        THALWEG_ASSIGN_OR_RETURN(const bool more, More());
        if (more_refused()) return Step::kEnd;
        if (!more) return Finish();
        continue;
      }
      const std::string_view text = input_.text().substr(fed, kFeedBytes);
      fed_ += static_cast<int64_t>(text.size());
      const auto status =
          XML_Parse(parser_.get(), text.data(), static_cast<int>(text.size()), XML_FALSE);
      suspended_ = status == XML_STATUS_SUSPENDED;
      if (status == XML_STATUS_ERROR) return Dead();
      if (suspended_) return Suspended();
    }
  }

  bool Resume() {
    const auto status = XML_ResumeParser(parser_.get());
    suspended_ = status == XML_STATUS_SUSPENDED;
    return status != XML_STATUS_ERROR;
  }

  Step Suspended() {
    const int64_t end =
        XML_GetCurrentByteIndex(parser_.get()) + XML_GetCurrentByteCount(parser_.get());
    at_ = Place(end);
    return std::exchange(document_end_, false) ? Step::kDocumentEnd : Step::kUnit;
  }

  size_t Place(int64_t index) const {
    return std::min(static_cast<size_t>(std::max(int64_t{0}, index - input_.offset())),
                    input_.text().size());
  }

  Step Dead() {
    dead_ = true;
    const auto index = static_cast<int64_t>(XML_GetCurrentByteIndex(parser_.get()));
    if (error_.empty()) error_ = XML_ErrorString(XML_GetErrorCode(parser_.get()));
    Broken(Place(index), error_ + "; nothing behind it is read");
    at_ = input_.text().size();
    return Step::kBroken;
  }

  Step Finish() {
    if (XML_Parse(parser_.get(), "", 0, XML_TRUE) == XML_STATUS_ERROR) return Dead();
    dead_ = true;
    at_ = input_.text().size();
    if (found_) return Step::kEnd;
    Broken(at_, "no rdf:RDF element");
    return Step::kBroken;
  }

  void Fail(std::string error) {
    if (error_.empty()) error_ = std::move(error);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  void Start(const Name& name, const Attributes& attributes) {
    if (!error_.empty()) return;
    if (frames_.empty()) return StartOutside(name, attributes);
    if (frames_.size() >= kDepthMax) return Fail("more than 128 elements within each other");
    if (unit_.bytes() > UnitBytesMax()) return Fail("too large a description");
    Frame& top = frames_.back();
    switch (top.kind) {
      case Frame::Kind::kRoot:
        return StartNode(name, attributes);
      case Frame::Kind::kNode:
        return StartProperty(name, attributes);
      case Frame::Kind::kProperty:
        if (top.has_object && !top.is_list) return Fail("two values in one property");
        top.has_object = true;
        return StartNode(name, attributes);
      case Frame::Kind::kLiteral:
        ++literal_depth_;
    }
  }

  // A document may be a node by itself.
  void StartOutside(const Name& name, const Attributes& attributes) {
    const bool alone = outside_ == 0 && name.space == kBibframe;
    if (!alone && !name.IsRdf("RDF")) {
      if (++outside_ > static_cast<int>(kDepthMax)) Fail("more than 128 elements around rdf:RDF");
      return;
    }
    found_ = true;
    Frame frame;
    frame.base = attributes.base;
    frame.language = attributes.language.value_or("");
    frames_.push_back(std::move(frame));
    alone_ = alone;
    if (alone) StartNode(name, attributes);
  }

  Frame Inner(Frame::Kind kind, const Attributes& attributes) const {
    Frame frame;
    frame.kind = kind;
    const Frame& around = frames_.back();
    frame.base = attributes.base.empty() ? around.base : ResolveIri(around.base, attributes.base);
    frame.language = attributes.language ? std::string(*attributes.language) : around.language;
    return frame;
  }

  void StartNode(const Name& name, const Attributes& attributes) {
    Frame frame = Inner(Frame::Kind::kNode, attributes);
    if (attributes.about) {
      frame.subject = unit_.Iri(ResolveIri(frame.base, *attributes.about));
    } else if (attributes.id) {
      frame.subject = unit_.Iri(ResolveIri(frame.base, "#" + std::string(*attributes.id)));
    } else if (attributes.node_id) {
      frame.subject = unit_.Blank(*attributes.node_id);
    } else {
      frame.subject = unit_.NewBlank();
    }
    Frame& parent = frames_.back();
    if (parent.is_list) {
      parent.items.push_back(frame.subject);
    } else if (parent.kind == Frame::Kind::kProperty) {
      unit_.Add(parent.subject, parent.predicate, frame.subject);
    }
    if (!name.IsRdf("Description")) {
      unit_.Add(frame.subject, unit_.Iri(TypeIri()), unit_.Iri(name.Iri()));
    }
    AddProperties(frame, attributes);
    frames_.push_back(std::move(frame));
  }

  // Attributes that stand for properties.
  void AddProperties(const Frame& frame, const Attributes& attributes) {
    for (const auto& [name, value] : attributes.properties) {
      const RdfTerm object = name.IsRdf("type") ? unit_.Iri(ResolveIri(frame.base, value))
                                                : unit_.Literal(value, frame.language);
      unit_.Add(frame.subject, unit_.Iri(name.Iri()), object);
    }
  }

  void StartProperty(const Name& name, const Attributes& attributes) {
    Frame frame = Inner(Frame::Kind::kProperty, attributes);
    Frame& node = frames_.back();
    frame.subject = node.subject;
    frame.predicate = name.IsRdf("li")
                          ? unit_.Iri(std::string(kRdfSpace) + "_" + std::to_string(++node.members))
                          : unit_.Iri(name.Iri());
    if (attributes.parse_type == "Resource") {
      const RdfTerm object = unit_.NewBlank();
      unit_.Add(frame.subject, frame.predicate, object);
      frame.kind = Frame::Kind::kNode;
      frame.subject = object;
    } else if (attributes.parse_type == "Collection") {
      frame.is_list = true;
    } else if (!attributes.parse_type.empty()) {
      frame.kind = Frame::Kind::kLiteral;
    } else if (attributes.resource || attributes.node_id || !attributes.properties.empty()) {
      const RdfTerm object = attributes.resource
                                 ? unit_.Iri(ResolveIri(frame.base, *attributes.resource))
                             : attributes.node_id ? unit_.Blank(*attributes.node_id)
                                                  : unit_.NewBlank();
      unit_.Add(frame.subject, frame.predicate, object);
      frame.has_object = true;
      Frame described = frame;
      described.subject = object;
      AddProperties(described, attributes);
    }
    frames_.push_back(std::move(frame));
  }

  void Characters(std::string_view text) {
    if (frames_.empty()) return;
    Frame& top = frames_.back();
    const bool literal = top.kind == Frame::Kind::kLiteral;
    if (literal || (top.kind == Frame::Kind::kProperty && !top.has_object)) top.text.append(text);
  }

  void End() {
    if (!error_.empty()) return;
    if (frames_.empty()) {
      --outside_;
      return;
    }
    if (frames_.back().kind == Frame::Kind::kLiteral && literal_depth_ > 0) {
      --literal_depth_;
      return;
    }
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.is_list) {
      unit_.Add(frame.subject, frame.predicate, unit_.List(frame.items));
    } else if (frame.kind == Frame::Kind::kLiteral ||
               (frame.kind == Frame::Kind::kProperty && !frame.has_object)) {
      unit_.Add(frame.subject, frame.predicate, unit_.Literal(frame.text, frame.language));
    }
    if (alone_ && frames_.size() == 1) frames_.pop_back();
    document_end_ = frames_.empty() && !alone_;
    if (frames_.size() < 2) XML_StopParser(parser_.get(), XML_TRUE);
  }

  static std::string TypeIri() { return std::string(kRdfSpace) + "type"; }

  XmlParser::Handle parser_;
  std::vector<Frame> frames_;  // From rdf:RDF to where the parser is; empty outside of it.
  int64_t fed_ = 0;            // So much of the input.
  int outside_ = 0;            // Elements around rdf:RDF.
  size_t literal_depth_ = 0;
  bool alone_ = false;
  bool document_end_ = false;
  bool suspended_ = false;
  bool found_ = false;
  bool dead_ = false;
  std::string error_;
};

}  // namespace

std::unique_ptr<RecordSource> MakeRdfXmlSource(Reader::ReadBytes read, ReaderOptions options) {
  return std::make_unique<RdfXmlSource>(std::move(read), std::move(options));
}

}  // namespace thalweg::marc
