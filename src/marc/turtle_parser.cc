#include "marc/turtle_parser.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/text.h"
#include "marc/rdf_iri.h"

namespace thalweg::marc {
namespace {

constexpr std::string_view kTypeIri = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

bool IsNameByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '-' || byte >= 0x80;
}

bool IsForbiddenInIri(char c) {
  switch (c) {
    case '<':
    case '"':
    case '{':
    case '}':
    case '|':
    case '^':
    case '`':
      return true;
    default:
      return static_cast<unsigned char>(c) <= 0x20;
  }
}

// Without the stops at its end: `a.b.` is the name `a.b`, and then a statement ends.
size_t NameSize(std::string_view text, std::string_view also) {
  size_t size = 0;
  while (size < text.size() &&
         (IsNameByte(text[size]) || also.find(text[size]) != std::string_view::npos)) {
    ++size;
  }
  while (size > 0 && text[size - 1] == '.') --size;
  return size;
}

}  // namespace

TurtleParser::Outcome TurtleParser::Statement() {
  if (!SkipBlank()) return final_ && error_.empty() ? Outcome::kNothing : Outcome::kMore;
  if (Parse()) return Outcome::kStatement;
  return wants_more_ ? Outcome::kMore : Outcome::kBroken;
}

bool TurtleParser::Fail(std::string_view expected) {
  error_ = "expected " + std::string(expected);
  if (at_ >= text_.size()) {
    error_ += ", found the end";
  } else {
    const size_t size = std::min<size_t>({16, text_.size() - at_, text_.find('\n', at_) - at_});
    error_.append(", found '").append(text_.substr(at_, size)).append("'");
  }
  return false;
}

bool TurtleParser::More() {
  at_ = text_.size();
  if (!final_) {
    wants_more_ = true;
    return false;
  }
  return Fail("more of the statement");
}

// False where the text ends.
bool TurtleParser::SkipBlank() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
    } else {
      return true;
    }
  }
  return false;
}

bool TurtleParser::Expect(char c, std::string_view what) {
  if (!SkipBlank()) return More();
  if (text_[at_] != c) return Fail(what);
  ++at_;
  return true;
}

bool TurtleParser::Parse() {
  bool directive = false;
  if (!Directive(&directive)) return false;
  if (directive) return true;
  if (!Triples()) return false;
  return Expect('.', "'.', ';' or ','");
}

// `word` in any case, with a blank or `<` behind it.
bool TurtleParser::Keyword(std::string_view word, bool* is) {
  const std::string_view text = text_.substr(at_);
  if (text.size() <= word.size() && EqualsIgnoreCase(text, word.substr(0, text.size()))) {
    return More();
  }
  *is = text.size() > word.size() && EqualsIgnoreCase(text.substr(0, word.size()), word) &&
        std::string_view(" \t\r\n<").find(text[word.size()]) != std::string_view::npos;
  if (*is) at_ += word.size();
  return true;
}

bool TurtleParser::Directive(bool* is) {
  if (text_[at_] == '@') {
    if (!Keyword("@prefix", is)) return false;
    if (*is) return PrefixDirective(true);
    if (!Keyword("@base", is)) return false;
    return *is ? BaseDirective(true) : Fail("@prefix or @base");
  }
  const char first = static_cast<char>(text_[at_] | 0x20);
  if (first == 'p') {
    if (!Keyword("prefix", is)) return false;
    if (*is) return PrefixDirective(false);
  } else if (first == 'b') {
    if (!Keyword("base", is)) return false;
    if (*is) return BaseDirective(false);
  }
  return true;
}

bool TurtleParser::PrefixDirective(bool dot) {
  if (!SkipBlank()) return More();
  const std::string prefix(text_.substr(at_, NameSize(text_.substr(at_), ".")));
  at_ += prefix.size();
  std::string iri;
  if (!Expect(':', "a prefix and ':'") || !SkipBlank()) return error_.empty() ? More() : false;
  if (!IriReference(&iri)) return false;
  if (dot && !Expect('.', "'.'")) return false;
  size_t bytes = prefix.size() + iri.size();
  for (const auto& [name, value] : names_->prefixes) bytes += name.size() + value.size();
  if (bytes > kPrefixBytesMax) return Fail("fewer prefixes");
  names_->prefixes[prefix] = iri;
  return true;
}

bool TurtleParser::BaseDirective(bool dot) {
  std::string iri;
  if (!SkipBlank()) return More();
  if (!IriReference(&iri)) return false;
  if (dot && !Expect('.', "'.'")) return false;
  names_->base = iri;
  return true;
}

bool TurtleParser::Triples() {
  RdfTerm subject;
  bool may_stand_alone = false;
  if (!Subject(&subject, &may_stand_alone)) return false;
  if (!SkipBlank()) return More();
  if (may_stand_alone && text_[at_] == '.') return true;
  return Properties(subject, '.');
}

bool TurtleParser::Subject(RdfTerm* term, bool* may_stand_alone) {
  switch (text_[at_]) {
    case '[':
      return BracketedNode(term, may_stand_alone);
    case '(':
      return Collection(term);
    case '_':
      return BlankLabel(term);
    case '"':
    case '\'':
      return Fail("a subject");
    default:
      return Named(term);
  }
}

// Up to `end`, which stays.
bool TurtleParser::Properties(const RdfTerm& subject, char end) {
  while (true) {
    RdfTerm verb;
    if (!Verb(&verb) || !Objects(subject, verb)) return false;
    if (!SkipBlank()) return More();
    if (text_[at_] != ';') return true;
    while (text_[at_] == ';') {
      ++at_;
      if (!SkipBlank()) return More();
    }
    if (text_[at_] == end) return true;
  }
}

bool TurtleParser::Verb(RdfTerm* term) {
  if (!SkipBlank()) return More();
  if (text_[at_] == 'a') {
    if (at_ + 1 >= text_.size()) return More();
    const char next = text_[at_ + 1];
    if (!IsNameByte(next) && next != ':' && next != '.') {
      ++at_;
      *term = unit_->Iri(kTypeIri);
      return true;
    }
  }
  return Named(term);
}

bool TurtleParser::Objects(const RdfTerm& subject, const RdfTerm& predicate) {
  while (true) {
    RdfTerm object;
    if (!Object(&object)) return false;
    unit_->Add(subject, predicate, object);
    if (unit_->bytes() > unit_bytes_max_) return Fail("a smaller statement");
    if (!SkipBlank()) return More();
    if (text_[at_] != ',') return true;
    ++at_;
  }
}

bool TurtleParser::Object(RdfTerm* term) {
  if (!SkipBlank()) return More();
  bool any = false;
  const char c = text_[at_];
  if (c == '[') return BracketedNode(term, &any);
  if (c == '(') return Collection(term);
  if (c == '_') return BlankLabel(term);
  if (c == '"' || c == '\'') return Text(term);
  if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.') {
    return WordOrNumber(term);
  }
  const std::string_view rest = text_.substr(at_);
  const size_t word = NameSize(rest, "");
  if (rest.substr(0, word) == "true" || rest.substr(0, word) == "false") {
    if (word == rest.size()) return final_ ? WordOrNumber(term) : More();
    if (rest[word] != ':') return WordOrNumber(term);
  }
  return Named(term);
}

bool TurtleParser::BracketedNode(RdfTerm* term, bool* any) {
  if (depth_ >= kDepthMax) return Fail("at most 64 brackets within each other");
  ++at_;
  ++depth_;
  *term = unit_->NewBlank();
  if (!SkipBlank()) return More();
  *any = text_[at_] != ']';
  if (*any && !Properties(*term, ']')) return false;
  --depth_;
  return Expect(']', "']', ';' or ','");
}

bool TurtleParser::Collection(RdfTerm* term) {
  if (depth_ >= kDepthMax) return Fail("at most 64 brackets within each other");
  ++at_;
  ++depth_;
  std::vector<RdfTerm> items;
  while (true) {
    if (!SkipBlank()) return More();
    if (text_[at_] == ')') break;
    if (!Object(&items.emplace_back())) return false;
    if (unit_->bytes() + items.size() * sizeof(RdfTerm) > unit_bytes_max_) {
      return Fail("a smaller statement");
    }
  }
  ++at_;
  --depth_;
  *term = unit_->List(items);
  return true;
}

bool TurtleParser::IriReference(std::string* iri) {
  if (text_[at_] != '<') return Fail("an IRI");
  const size_t first = ++at_;
  std::string text;
  for (; at_ < text_.size() && text_[at_] != '>';) {
    const char c = text_[at_];
    if (IsForbiddenInIri(c)) return Fail("an IRI without blanks and <\"{}|^`");
    if (at_ - first > kIriMax) return Fail("a shorter IRI");
    if (c != '\\') {
      text.push_back(c);
      ++at_;
      continue;
    }
    if (at_ + 1 >= text_.size()) return More();
    if (text_[at_ + 1] != 'u' && text_[at_ + 1] != 'U') return Fail("\\u or \\U in an IRI");
    if (!Escape(&text)) return false;
  }
  if (at_ >= text_.size()) return More();
  ++at_;
  *iri = ResolveIri(names_->base, text);
  return iri->size() <= kIriMax || Fail("a shorter IRI");
}

// `<iri>` or `prefix:name`.
bool TurtleParser::Named(RdfTerm* term) {
  std::string iri;
  if (text_[at_] == '<') {
    if (!IriReference(&iri)) return false;
    *term = unit_->Iri(iri);
    return true;
  }
  const std::string_view rest = text_.substr(at_);
  const size_t size = NameSize(rest, ".");
  if (size == rest.size() && !final_) return More();
  if (size == rest.size() || rest[size] != ':') return Fail("an IRI or a name with a prefix");
  const auto found = names_->prefixes.find(rest.substr(0, size));
  if (found == names_->prefixes.end()) {
    return Fail("a prefix that was declared");
  }
  at_ += size + 1;
  iri = found->second;
  if (!Local(&iri)) return false;
  if (iri.size() > kIriMax) return Fail("a shorter name");
  *term = unit_->Iri(iri);
  return true;
}

bool TurtleParser::Local(std::string* out) {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '\\') {
      if (at_ + 1 >= text_.size()) return More();
      if (std::string_view("_~.-!$&'()*+,;=/?#@%").find(text_[at_ + 1]) == std::string_view::npos) {
        return Fail("an escape that names may have");
      }
      out->push_back(text_[at_ + 1]);
      at_ += 2;
    } else if (c == '.') {
      // A stop belongs to the name only where the name goes on behind it.
      const size_t next = text_.find_first_not_of('.', at_);
      if (next == std::string_view::npos) return final_ || More();
      const char after = text_[next];
      if (!IsNameByte(after) && after != ':' && after != '%' && after != '\\') return true;
      out->append(next - at_, '.');
      at_ = next;
    } else if (IsNameByte(c) || c == ':' || c == '%') {
      out->push_back(c);
      ++at_;
    } else {
      return true;
    }
  }
  return final_ || More();
}

bool TurtleParser::BlankLabel(RdfTerm* term) {
  const std::string_view rest = text_.substr(at_);
  if (rest.size() < 3) return More();
  if (rest[1] != ':') return Fail("a blank node");
  const size_t size = NameSize(rest.substr(2), ".");
  if (size + 2 == rest.size() && !final_) return More();
  if (size == 0) return Fail("a blank node's label");
  *term = unit_->Blank(rest.substr(2, size));
  at_ += size + 2;
  return true;
}

bool TurtleParser::Quoted(std::string* text) {
  const char quote = text_[at_];
  const std::string three(3, quote);
  if (text_.size() - at_ < 3 && !final_) return More();
  const bool is_long = text_.substr(at_, 3) == three;
  at_ += is_long ? 3 : 1;
  const char stops[] = {quote, '\\', '\n', '\r'};
  const std::string_view special(stops, is_long ? 2 : 4);
  while (true) {
    const size_t stop = std::min(text_.find_first_of(special, at_), text_.size());
    text->append(text_.substr(at_, stop - at_));
    at_ = stop;
    if (at_ == text_.size()) return More();
    const char c = text_[at_];
    if (c == '\\') {
      if (!Escape(text)) return false;
    } else if (c != quote) {
      return Fail("the end of a text");
    } else if (!is_long || text_.substr(at_, 3) == three) {
      at_ += is_long ? 3 : 1;
      // Up to two quotes may stand before the three that end it.
      for (int i = 0; is_long && i < 2 && at_ < text_.size() && text_[at_] == quote; ++i, ++at_) {
        text->push_back(quote);
      }
      return at_ < text_.size() || final_ || More();
    } else if (text_.size() - at_ < 3) {
      return More();
    } else {
      text->push_back(c);
      ++at_;
    }
  }
}

bool TurtleParser::Escape(std::string* out) {
  if (at_ + 1 >= text_.size()) return More();
  constexpr std::string_view kEscapes = "tbnrf\"'\\";
  constexpr std::string_view kMeant = "\t\b\n\r\f\"'\\";
  const char c = text_[at_ + 1];
  if (c == 'u') return Hexadecimal(4, out);
  if (c == 'U') return Hexadecimal(8, out);
  const size_t place = kEscapes.find(c);
  if (place == std::string_view::npos) return Fail("an escape");
  out->push_back(kMeant[place]);
  at_ += 2;
  return true;
}

bool TurtleParser::Hexadecimal(int digits, std::string* out) {
  uint32_t code = 0;
  const auto size = static_cast<size_t>(digits) + 2;
  const std::string_view all = text_.substr(at_, size);
  for (const char c : all.substr(2)) {
    const int digit = HexDigit(c);
    if (digit < 0) return Fail("hexadecimal digits");
    code = code << 4 | static_cast<uint32_t>(digit);
  }
  if (all.size() < size) return More();
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return Fail("a Unicode character");
  AppendUtf8(code, out);
  at_ += size;
  return true;
}

// A literal, its language or its type.
bool TurtleParser::Text(RdfTerm* term) {
  std::string text;
  if (!Quoted(&text)) return false;
  std::string_view language;
  const std::string_view rest = text_.substr(std::min(at_, text_.size()));
  if (rest.starts_with('@')) {
    const size_t size = NameSize(rest.substr(1), "");
    if (size + 1 == rest.size() && !final_) return More();
    language = rest.substr(1, size);
    if (language.empty()) return Fail("a language");
    at_ += size + 1;
  } else if (rest.starts_with('^')) {
    if (rest.size() < 3) return More();
    if (rest[1] != '^') return Fail("'^^'");
    at_ += 2;
    RdfTerm type;
    if (!SkipBlank()) return More();
    if (!Named(&type)) return false;
  }
  *term = unit_->Literal(text, language);
  return true;
}

bool TurtleParser::WordOrNumber(RdfTerm* term) {
  const std::string_view rest = text_.substr(at_);
  const size_t size = NameSize(rest, ".+");
  if (size == rest.size() && !final_) return More();
  if (size < rest.size() && rest[size] == '.' && size + 1 == rest.size() && !final_) return More();
  const std::string_view word = rest.substr(0, size);
  const bool number = word.find_first_of("0123456789") != std::string_view::npos &&
                      word.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  if (!number && word != "true" && word != "false") return Fail("a value");
  at_ += size;
  *term = unit_->Literal(word, {});
  return true;
}

}  // namespace thalweg::marc
