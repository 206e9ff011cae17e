#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "marc/path_program.h"

namespace thalweg::marc {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWildcard(char c) { return c == 'X' || c == 'x' || c == '.' || c == '?'; }

size_t Byte(char c) { return static_cast<unsigned char>(c); }

class Parser {
 public:
  Parser(std::string_view text, size_t* at) : text_(text), at_(*at) {}

  Status Run(Path::Program* program) {
    const size_t start = at_;
    THALWEG_RETURN_IF_ERROR(ReadTag(program));
    THALWEG_RETURN_IF_ERROR(ReadFilters(program));
    if (!program->leader && !program->list) THALWEG_RETURN_IF_ERROR(ReadCodes(program));
    THALWEG_RETURN_IF_ERROR(ReadFilters(program));
    if (Peek() == '/' && !program->list) THALWEG_RETURN_IF_ERROR(ReadRange(program));
    THALWEG_RETURN_IF_ERROR(ReadFilters(program));
    program->text = text_.substr(start, at_ - start);
    return {};
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool Eat(char c) {
    if (Peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  Status Expected(std::string_view what) const { return PathError(text_, at_, what); }
  Status ReadTag(Path::Program* program);
  Status ReadTagByte(std::bitset<256>* allowed);
  Status ReadFilters(Path::Program* program);
  Status ReadFilter(Path::Program* program);
  Status ReadIndicator(FieldFilter* filter);
  Status ReadCodes(Path::Program* program);
  Status ReadRange(Path::Program* program);
  std::optional<size_t> ReadNumber();

  std::string_view text_;
  size_t& at_;
};

Status Parser::ReadTagByte(std::bitset<256>* allowed) {
  const char c = Peek();
  if (Eat('[')) {
    while (at_ < text_.size() && Peek() != ']') {
      const char first = text_[at_++];
      char last = first;
      if (Peek() == '-' && Peek(1) != ']') {
        last = Peek(1);
        at_ += 2;
      }
      for (size_t b = Byte(first); b <= Byte(last) && b < 256; ++b) allowed->set(b);
    }
    if (!Eat(']') || allowed->none()) return Expected("a class such as [69]");
    return {};
  }
  if (IsWildcard(c)) {
    allowed->set();
  } else if (IsDigit(c) || IsLetter(c)) {
    allowed->set(Byte(c));
  } else {
    return Expected("a tag of three digits or letters");
  }
  ++at_;
  return {};
}

Status Parser::ReadTag(Path::Program* program) {
  const std::string_view rest = text_.substr(at_);
  for (const std::string_view name : {"LDR", "ldr", "leader", "000"}) {
    if (rest.substr(0, name.size()) != name) continue;
    at_ += name.size();
    program->leader = true;
    return {};
  }
  for (std::bitset<256>& allowed : program->tag_bytes) {
    THALWEG_RETURN_IF_ERROR(ReadTagByte(&allowed));
    program->exact = program->exact && allowed.count() == 1;
  }
  if (program->exact) {
    const auto byte = [program](size_t place) {
      size_t b = 0;
      while (!program->tag_bytes[place][b]) ++b;
      return static_cast<char>(b);
    };
    program->tag = Tag(byte(0), byte(1), byte(2));
  }
  return {};
}

Status Parser::ReadFilters(Path::Program* program) {
  while (Peek() == '[' && !program->list) {
    ++at_;
    if (Eat(']')) {
      program->list = true;
      return {};
    }
    if (program->leader) return Expected("[] or nothing: the leader has no fields");
    THALWEG_RETURN_IF_ERROR(ReadFilter(program));
  }
  return {};
}

Status Parser::ReadIndicator(FieldFilter* filter) {
  SkipBlanks(text_, &at_);
  const bool negated = Eat('!');
  if (!Eat('=')) return Expected("= or !=");
  Eat('=');
  do {
    SkipBlanks(text_, &at_);
    const char quote = Peek();
    const bool quoted = quote == '\'' || quote == '"';
    if (quoted) ++at_;
    char value = Peek();
    if (value == '\0' || value == ']') return Expected("an indicator");
    ++at_;
    if (quoted && !Eat(quote)) return Expected("a quote");
    if (!quoted && (value == '_' || value == '\\' || value == '#')) value = ' ';
    filter->allowed.set(Byte(value));
    SkipBlanks(text_, &at_);
  } while (Eat('|') || Eat(','));
  if (negated) filter->allowed.flip();
  return {};
}

Status Parser::ReadFilter(Path::Program* program) {
  SkipBlanks(text_, &at_);
  FieldFilter filter;
  const bool negative = Peek() == '-' && IsDigit(Peek(1));
  if (IsDigit(Peek()) || negative) {
    if (negative) ++at_;
    const auto number = ReadNumber();
    if (!number || *number == 0 || *number > 1000000) return Expected("a place from 1");
    program->nth = negative ? -static_cast<int>(*number) : static_cast<int>(*number);
    if (!Eat(']')) return Expected("]");
    return {};
  }
  const std::string_view name = text_.substr(at_, 4);
  if (name == "ind1" || name == "ind2") {
    at_ += 4;
    filter.indicator = name[3] - '0';
    THALWEG_RETURN_IF_ERROR(ReadIndicator(&filter));
  } else {
    const bool absent = Eat('!');
    if (!Eat('$') || at_ >= text_.size()) return Expected("ind1, ind2, $ and a code, or a place");
    filter.code = text_[at_++];
    THALWEG_ASSIGN_OR_RETURN(auto test, ParseTest(text_, &at_, "]"));
    if (test && absent) return Expected("]: ! asks for a field without the subfield");
    if (test) filter.test = *std::move(test);
    filter.test.negated = filter.test.negated || absent;
  }
  SkipBlanks(text_, &at_);
  if (!Eat(']')) return Expected("]");
  program->filters.push_back(std::move(filter));
  return {};
}

Status Parser::ReadCodes(Path::Program* program) {
  const auto is_code = [this](char c) {
    if (c == '*') return Peek(1) != '=';
    return IsDigit(c) || IsLetter(c);
  };
  bool dollar = false;
  while (at_ < text_.size()) {
    const char c = Peek();
    if (c == '$') {
      const char next = Peek(1);
      // Behind a dollar other signs are codes too.
      const bool sign = std::string_view("#%&+@:;_").find(next) != std::string_view::npos;
      if (next == '\0' || !(IsDigit(next) || IsLetter(next) || next == '*' || sign)) {
        ++at_;
        return Expected("a subfield code");
      }
      dollar = true;
      program->codes += next;
      at_ += 2;
      continue;
    }
    if (!is_code(c)) break;
    program->codes += c;
    ++at_;
  }
  const bool star = program->codes.find('*') != std::string::npos;
  if (star && program->codes.size() != 1) return Expected("* alone");
  if (program->exact && program->tag.is_control() && !program->codes.empty()) {
    return Expected(dollar ? "no subfields: a control field has none" : "/ and places");
  }
  return {};
}

std::optional<size_t> Parser::ReadNumber() {
  size_t value = 0;
  const char* const first = text_.data() + at_;
  const char* const end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(first, end, value);
  if (error != std::errc() || stop == first) return {};
  at_ += static_cast<size_t>(stop - first);
  return value;
}

Status Parser::ReadRange(Path::Program* program) {
  ++at_;
  const auto first = ReadNumber();
  if (!first) return Expected("a place such as 06 or 35-37");
  CharacterRange range{.first = *first, .last = *first};
  if (Eat('-')) {
    const auto last = ReadNumber();
    range.last = last.value_or(std::string_view::npos);
    if (range.last < range.first) return Expected("a last place not before the first");
  }
  program->range = range;
  return {};
}

// A value in quotes, where the quote doubled or behind a backslash stands for itself.
Result<std::string> ReadQuoted(std::string_view text, size_t* at) {
  const char quote = text[(*at)++];
  std::string value;
  while (*at < text.size()) {
    const char c = text[(*at)++];
    const char next = *at < text.size() ? text[*at] : '\0';
    if (c == quote && next != quote) return value;
    if (c == quote || (c == '\\' && next == quote)) ++*at;
    value += c == '\\' && next == quote ? quote : c;
  }
  return PathError(text, *at, "the closing quote");
}

struct Operator {
  std::string_view sign;
  Comparison comparison;
  bool negated;
};
// Longer signs first.
constexpr Operator kOperators[] = {
    {"!=", Comparison::kEqual, true},        {"!~", Comparison::kMatches, true},
    {"==", Comparison::kEqual, false},       {"=~", Comparison::kMatches, false},
    {"^=", Comparison::kStartsWith, false},  {"*=", Comparison::kContains, false},
    {"<=", Comparison::kLessOrEqual, false}, {">=", Comparison::kGreaterOrEqual, false},
    {"<>", Comparison::kEqual, true},        {"=", Comparison::kEqual, false},
    {"~", Comparison::kMatches, false},      {"<", Comparison::kLess, false},
    {">", Comparison::kGreater, false},
};

}  // namespace

void SkipBlanks(std::string_view text, size_t* at) {
  while (*at < text.size() && (text[*at] == ' ' || text[*at] == '\t' || text[*at] == '\n')) ++*at;
}

Status PathError(std::string_view text, size_t at, std::string_view expected) {
  return Status::InvalidArgument("marc path: expected " + std::string(expected) + " at place " +
                                 std::to_string(at) + " of '" + std::string(text) + "'");
}

Result<std::optional<Test>> ParseTest(std::string_view text, size_t* at, std::string_view ends) {
  SkipBlanks(text, at);
  const std::string_view rest = text.substr(*at);
  const auto* found =
      std::find_if(std::begin(kOperators), std::end(kOperators), [rest](const Operator& candidate) {
        return rest.substr(0, candidate.sign.size()) == candidate.sign;
      });
  if (found == std::end(kOperators)) return std::optional<Test>();
  *at += found->sign.size();
  SkipBlanks(text, at);
  Test test{.comparison = found->comparison, .negated = found->negated, .value = {}, .pattern = {}};
  const char first = *at < text.size() ? text[*at] : '\0';
  const bool pattern = test.comparison == Comparison::kMatches;
  if (first == '\'' || first == '"' || (pattern && first == '/')) {
    THALWEG_ASSIGN_OR_RETURN(test.value, ReadQuoted(text, at));
  } else {
    const size_t start = *at;
    while (*at < text.size() && text[*at] != ' ' &&
           ends.find(text[*at]) == std::string_view::npos) {
      ++*at;
    }
    if (*at == start) return PathError(text, *at, "a value");
    test.value = text.substr(start, *at - start);
  }
  if (pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    test.pattern = std::make_shared<const re2::RE2>(test.value, options);
    if (!test.pattern->ok()) {
      return Status::InvalidArgument("marc path: regular expression '" + test.value +
                                     "': " + test.pattern->error());
    }
  }
  return std::optional<Test>(std::move(test));
}

Result<std::shared_ptr<const Path::Program>> ParsePath(std::string_view text, size_t* at) {
  auto program = std::make_shared<Path::Program>();
  THALWEG_RETURN_IF_ERROR(Parser(text, at).Run(program.get()));
  return std::shared_ptr<const Path::Program>(std::move(program));
}

}  // namespace thalweg::marc
