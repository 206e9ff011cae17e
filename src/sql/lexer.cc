#include "sql/lexer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace thalweg::sql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c) || c == '$'; }
bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Longest first where one is a prefix of another.
constexpr std::array<std::string_view, 22> kSymbols = {
    "!~~*", "!~~", "~~*", "->>", "::", ":=", "=>", "<=", ">=", "<>", "!=",
    "==",   "||",  "//",  "**",  "->", "~~", "!~", "<<", ">>", "..", "^@"};
constexpr std::string_view kSingles = "+-*/%=<>(),;.[]{}:~^&|@!?";

bool IsDurationUnit(std::string_view text) {
  constexpr std::array<std::string_view, 8> kUnits = {"ns", "us", "ms", "s", "m", "h", "d", "w"};
  return std::find(kUnits.begin(), kUnits.end(), text) != kUnits.end();
}

void AppendUtf8(uint32_t code, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

class Lexer {
 public:
  explicit Lexer(const SourceText& source) : source_(source), text_(source.text()) {}

  Result<std::vector<Token>> Run() {
    while (true) {
      THALWEG_RETURN_IF_ERROR(SkipBlanks());
      begin_ = at_;
      if (at_ == text_.size()) break;
      THALWEG_RETURN_IF_ERROR(Next());
    }
    Push(TokenKind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  Span SpanTo(size_t end) const {
    return {static_cast<uint32_t>(begin_), static_cast<uint32_t>(end)};
  }
  void Push(TokenKind kind, std::string text) {
    tokens_.push_back({kind, SpanTo(at_), std::move(text)});
  }
  bool StartsWith(std::string_view symbol) const {
    return text_.substr(at_, symbol.size()) == symbol;
  }

  Status SkipBlanks() {
    while (at_ < text_.size()) {
      if (IsSpace(Peek())) {
        ++at_;
      } else if (StartsWith("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (StartsWith("/*")) {
        THALWEG_RETURN_IF_ERROR(SkipBlockComment());
      } else {
        break;
      }
    }
    return {};
  }

  Status SkipBlockComment() {
    begin_ = at_;
    size_t depth = 0;
    while (at_ < text_.size()) {
      if (StartsWith("/*")) {
        ++depth;
        at_ += 2;
      } else if (StartsWith("*/")) {
        at_ += 2;
        if (--depth == 0) return {};
      } else {
        ++at_;
      }
    }
    return source_.Invalid(SpanTo(begin_ + 2), "comment is not closed", "end it with */");
  }

  Status Next() {
    const char c = Peek();
    if ((c == 'e' || c == 'E') && Peek(1) == '\'') return EscapedString();
    if (IsNameStart(c)) {
      Name();
      return {};
    }
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)) && !FollowsName())) return Number();
    if (c == '\'') return Quoted('\'', TokenKind::kString, "string is not closed");
    if (c == '"') return Quoted('"', TokenKind::kQuotedName, "quoted name is not closed");
    if (c == '$') return Dollar();
    return Symbol();
  }

  /// In `a.1` the dot belongs to the name before it.
  bool FollowsName() const {
    if (tokens_.empty() || tokens_.back().span.end != at_) return false;
    const Token& last = tokens_.back();
    return last.kind == TokenKind::kName || last.kind == TokenKind::kQuotedName || last.Is("]") ||
           last.Is(")");
  }

  void Name() {
    while (IsNamePart(Peek())) ++at_;
    Push(TokenKind::kName, std::string(text_.substr(begin_, at_ - begin_)));
  }

  size_t Digits(std::string* out) {
    const size_t first = at_;
    while (IsDigit(Peek()) || (Peek() == '_' && at_ > first && IsDigit(Peek(1)))) {
      if (Peek() != '_') out->push_back(Peek());
      ++at_;
    }
    return at_ - first;
  }

  Status Number() {
    std::string digits;
    if (Peek() == '0' && (Peek(1) == 'x' || Peek(1) == 'X') && HexValue(Peek(2)) >= 0) {
      return Hexadecimal();
    }
    TokenKind kind = TokenKind::kInteger;
    Digits(&digits);
    // `1..2` and `t.1.a` do not occur in this dialect, but `1.` is a number.
    if (Peek() == '.' && Peek(1) != '.') {
      kind = TokenKind::kDecimal;
      digits.push_back('.');
      ++at_;
      Digits(&digits);
    }
    const size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      kind = TokenKind::kDouble;
      digits.push_back('e');
      if (Peek(1) == '-') digits.push_back('-');
      at_ += 1 + sign;
      Digits(&digits);
    }
    return PushNumber(kind, std::move(digits));
  }

  Status Hexadecimal() {
    at_ += 2;
    uint64_t value = 0;
    while (HexValue(Peek()) >= 0) {
      if (value >> 60 != 0) {
        while (HexValue(Peek()) >= 0) ++at_;
        return source_.Invalid(SpanTo(at_), "hexadecimal number does not fit into 64 bits");
      }
      value = value * 16 + static_cast<uint64_t>(HexValue(Peek()));
      ++at_;
    }
    return PushNumber(TokenKind::kInteger, std::to_string(value));
  }

  Status PushNumber(TokenKind kind, std::string digits) {
    if (IsNamePart(Peek())) {
      const size_t number_end = at_;
      while (IsNamePart(Peek())) ++at_;
      if (IsDurationUnit(text_.substr(number_end, at_ - number_end))) {
        Push(TokenKind::kDuration, std::string(text_.substr(begin_, at_ - begin_)));
        return {};
      }
      return source_.Invalid(SpanTo(at_),
                             "a number is followed by letters: '" +
                                 Shortened(text_.substr(begin_, at_ - begin_)) + "'",
                             "put a space after " +
                                 Shortened(text_.substr(begin_, number_end - begin_)) +
                                 ", or double quotes around a name that starts with a digit");
    }
    Push(kind, std::move(digits));
    return {};
  }

  /// 'it''s' and "a ""b""".
  Status Quoted(char quote, TokenKind kind, std::string_view unclosed) {
    std::string value;
    ++at_;
    while (true) {
      const size_t close = text_.find(quote, at_);
      if (close == std::string_view::npos) {
        return source_.Invalid(
            SpanTo(begin_ + 1), unclosed,
            std::string("end it with ") + quote + "; inside it, write " + quote + " twice");
      }
      value.append(text_.substr(at_, close - at_));
      at_ = close + 1;
      if (Peek() != quote) break;
      value.push_back(quote);
      ++at_;
    }
    if (kind == TokenKind::kQuotedName && value.empty()) {
      return source_.Invalid(SpanTo(at_), "a quoted name is empty");
    }
    Push(kind, std::move(value));
    return {};
  }

  Status EscapedString() {
    std::string value;
    at_ += 2;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\'') {
        if (Peek() != '\'') {
          if (FindInvalidUtf8(value) != std::string_view::npos) {
            return source_.Invalid(SpanTo(at_), "escapes make a string that is not UTF-8");
          }
          Push(TokenKind::kString, std::move(value));
          return {};
        }
        value.push_back('\'');
        ++at_;
      } else if (c == '\\') {
        THALWEG_RETURN_IF_ERROR(Escape(&value));
      } else {
        value.push_back(c);
      }
    }
    return source_.Invalid(SpanTo(begin_ + 2), "string is not closed", "end it with '");
  }

  Status Escape(std::string* value) {
    const size_t place = at_ - 1;
    const char c = Peek();
    ++at_;
    switch (c) {
      case 'n':
        value->push_back('\n');
        return {};
      case 't':
        value->push_back('\t');
        return {};
      case 'r':
        value->push_back('\r');
        return {};
      case 'b':
        value->push_back('\b');
        return {};
      case 'f':
        value->push_back('\f');
        return {};
      case '\\':
      case '\'':
      case '"':
        value->push_back(c);
        return {};
      case 'x':
        return CodePoint(place, 1, 2, value);
      case 'u':
        return CodePoint(place, 4, 4, value);
      case 'U':
        return CodePoint(place, 8, 8, value);
      default:
        break;
    }
    at_ = std::min(at_, text_.size());
    return source_.Invalid(
        {static_cast<uint32_t>(place), static_cast<uint32_t>(at_)},
        "unknown escape in an E'' string",
        "known ones: \\n \\t \\r \\b \\f \\\\ \\' \\\" \\xHH \\uHHHH \\UHHHHHHHH");
  }

  Status CodePoint(size_t place, int digits_min, int digits_max, std::string* value) {
    uint32_t code = 0;
    int digits = 0;
    while (digits < digits_max && HexValue(Peek()) >= 0) {
      code = code * 16 + static_cast<uint32_t>(HexValue(Peek()));
      ++at_;
      ++digits;
    }
    const Span span{static_cast<uint32_t>(place), static_cast<uint32_t>(at_)};
    if (digits < digits_min) {
      return source_.Invalid(span, "an escape has too few hexadecimal digits");
    }
    if (digits_max == 2) {
      value->push_back(static_cast<char>(code));
      return {};
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return source_.Invalid(span, "an escape is not a Unicode character");
    }
    AppendUtf8(code, value);
    return {};
  }

  /// $name, $1, $$text$$ and $tag$text$tag$.
  Status Dollar() {
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '$' && IsNamePart(text_[end])) ++end;
    const std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    if (end < text_.size() && text_[end] == '$' && (name.empty() || !IsDigit(name[0]))) {
      const std::string_view tag = text_.substr(at_, end + 1 - at_);
      const size_t close = text_.find(tag, end + 1);
      if (close == std::string_view::npos) {
        return source_.Invalid(SpanTo(end + 1), "string is not closed",
                               "end it with " + Shortened(tag));
      }
      at_ = close + tag.size();
      Push(TokenKind::kString, std::string(text_.substr(end + 1, close - end - 1)));
      return {};
    }
    if (name.empty()) {
      return source_.Invalid(SpanTo(at_ + 1), "a parameter needs a name after $",
                             "write it as $name");
    }
    at_ = end;
    Push(TokenKind::kParameter, std::string(name));
    return {};
  }

  Status Symbol() {
    for (const std::string_view symbol : kSymbols) {
      if (StartsWith(symbol)) {
        at_ += symbol.size();
        Push(TokenKind::kSymbol, std::string(symbol));
        return {};
      }
    }
    if (kSingles.find(Peek()) == std::string_view::npos || Peek() == '\0') {
      return source_.Invalid(SpanTo(at_ + 1),
                             Peek() == '\\' || Peek() == '`' || Peek() == '#'
                                 ? std::string("unexpected character '") + Peek() + "'"
                                 : std::string("unexpected control character"),
                             Peek() == '`' ? "quote names with double quotes" : "");
    }
    Push1();
    return {};
  }
  void Push1() {
    ++at_;
    Push(TokenKind::kSymbol, std::string(1, text_[at_ - 1]));
  }

  const SourceText& source_;
  std::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;
  std::vector<Token> tokens_;
};

// In upper case, sorted.
constexpr std::array<std::string_view, 53> kReserved = {
    "ALL",    "AND",      "AS",      "ASC",   "ASOF",  "BETWEEN", "CASE",      "CAST",  "CROSS",
    "DESC",   "DISTINCT", "ELSE",    "EMIT",  "END",   "EXCEPT",  "EXISTS",    "FALSE", "FROM",
    "FULL",   "GROUP",    "HAVING",  "ILIKE", "IN",    "INNER",   "INTERSECT", "INTO",  "IS",
    "ISNULL", "JOIN",     "LATERAL", "LEFT",  "LIKE",  "LIMIT",   "NATURAL",   "NOT",   "NOTNULL",
    "NULL",   "OFFSET",   "ON",      "OR",    "ORDER", "OUTER",   "QUALIFY",   "RIGHT", "SELECT",
    "THEN",   "TRUE",     "UNION",   "USING", "WHEN",  "WHERE",   "WINDOW",    "WITH"};
static_assert(std::is_sorted(kReserved.begin(), kReserved.end()));

std::string UpperAscii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

}  // namespace

bool Token::IsWord(std::string_view upper) const {
  if (kind != TokenKind::kName || text.size() != upper.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != upper[i]) return false;
  }
  return true;
}

Result<std::vector<Token>> Tokenize(const SourceText& source) {
  if (source.text().size() > kTextBytesMax) {
    return Status::InvalidArgument(
        "SQL text is longer than 64 MiB: " + std::to_string(source.text().size()) + " bytes");
  }
  const size_t invalid = FindInvalidUtf8(source.text());
  if (invalid != std::string_view::npos) {
    return Status::InvalidArgument(
        "SQL text is not UTF-8: byte " + std::to_string(invalid) + ", line " +
        std::to_string(source.Locate(static_cast<uint32_t>(invalid)).line));
  }
  return Lexer(source).Run();
}

bool IsReserved(std::string_view word) {
  if (word.size() > 12) return false;
  return std::binary_search(kReserved.begin(), kReserved.end(), UpperAscii(word));
}

std::string QuoteName(std::string_view name) {
  const bool plain = !name.empty() && IsNameStart(name[0]) &&
                     std::all_of(name.begin(), name.end(), IsNamePart) && !IsReserved(name);
  if (plain) return std::string(name);
  std::string out = "\"";
  for (const char c : name) {
    out.push_back(c);
    if (c == '"') out.push_back('"');
  }
  return out + "\"";
}

std::string QuoteString(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out.push_back(c);
    if (c == '\'') out.push_back('\'');
  }
  return out + "'";
}

}  // namespace thalweg::sql
