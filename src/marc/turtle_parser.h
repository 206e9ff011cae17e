#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "marc/rdf_graph.h"

namespace thalweg::marc {

/// What a Turtle document has declared so far.
struct TurtleNames {
  std::map<std::string, std::string, std::less<>> prefixes;
  std::string base;
};

/// Reads one statement of Turtle 1.1, which N-Triples is a part of. Bounds: `kDepthMax` brackets
/// within each other, an IRI of `kIriMax` bytes, `kPrefixBytesMax` bytes of all prefixes.
class TurtleParser {
 public:
  static constexpr int kDepthMax = 64;
  static constexpr size_t kIriMax = size_t{64} << 10;
  static constexpr size_t kPrefixBytesMax = size_t{1} << 20;

  enum class Outcome : uint8_t {
    kStatement,  ///< `at` is behind it; its triples are in the unit.
    kNothing,    ///< Only blanks and comments up to the end of the text.
    kMore,       ///< The statement goes on behind the text.
    kBroken,     ///< `error` says why, and `at` where.
  };

  /// `final`: nothing follows `text`. `names` are changed by whole directives only.
  TurtleParser(std::string_view text, bool final, TurtleNames* names, RdfUnit* unit,
               size_t unit_bytes_max)
      : text_(text), final_(final), names_(names), unit_(unit), unit_bytes_max_(unit_bytes_max) {}

  Outcome Statement();
  size_t at() const { return at_; }
  const std::string& error() const { return error_; }

 private:
  bool Parse();
  bool Fail(std::string_view expected);
  bool More();  // The text ends here: false, with the reason.
  bool SkipBlank();
  bool Expect(char c, std::string_view what);
  bool Keyword(std::string_view word, bool* is);
  bool Directive(bool* is);
  bool PrefixDirective(bool dot);
  bool BaseDirective(bool dot);
  bool Triples();
  bool Subject(RdfTerm* term, bool* may_stand_alone);
  bool Properties(const RdfTerm& subject, char end);
  bool Verb(RdfTerm* term);
  bool Objects(const RdfTerm& subject, const RdfTerm& predicate);
  bool Object(RdfTerm* term);
  bool BracketedNode(RdfTerm* term, bool* any);
  bool Collection(RdfTerm* term);
  bool IriReference(std::string* iri);
  bool Named(RdfTerm* term);
  bool Local(std::string* out);
  bool BlankLabel(RdfTerm* term);
  bool Quoted(std::string* text);
  bool Escape(std::string* out);
  bool Hexadecimal(int digits, std::string* out);
  bool Text(RdfTerm* term);
  bool WordOrNumber(RdfTerm* term);

  std::string_view text_;
  const bool final_;
  TurtleNames* names_;
  RdfUnit* unit_;
  const size_t unit_bytes_max_;
  size_t at_ = 0;
  int depth_ = 0;
  bool wants_more_ = false;
  std::string error_;
};

}  // namespace thalweg::marc
