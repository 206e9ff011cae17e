#include "functions/json_scan.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "functions/text.h"

namespace thalweg::functions {
namespace {

constexpr int kDepthMax = 1024;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Four hexadecimal digits at `at`, or -1.
int32_t HexWord(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int32_t out = 0;
  for (size_t i = 0; i < 4; ++i) {
    const int digit = HexDigit(text[at + i]);
    if (digit < 0) return -1;
    out = out * 16 + digit;
  }
  return out;
}

/// Checks one value from start to end.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}
  bool Check() {
    if (!Value(0)) return false;
    Space();
    return at_ == text_.size();
  }

 private:
  void Space() { at_ = internal::SkipJsonSpace(text_, at_); }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool Digits() {
    const size_t start = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    return at_ > start;
  }
  bool Number() {
    Take('-');
    const size_t start = at_;
    if (!Digits() || (text_[start] == '0' && at_ > start + 1)) return false;
    if (Take('.') && !Digits()) return false;
    if (at_ < text_.size() && (text_[at_] | 0x20) == 'e') {
      ++at_;
      if (!Take('+')) Take('-');
      return Digits();
    }
    return true;
  }
  bool String() {
    if (!Take('"')) return false;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return false;
      if (c == '\\') {
        if (!Escape()) return false;
        continue;
      }
      if (c >= 0x80) {
        const size_t size = CharacterBytes(text_, at_);
        if (DecodeCharacter(text_, at_) < 0) return false;
        at_ += size;
        continue;
      }
      ++at_;
    }
    return false;
  }
  bool Escape() {
    if (at_ + 1 >= text_.size()) return false;
    const char c = text_[at_ + 1];
    if (c != 'u') {
      at_ += 2;
      return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    }
    const int32_t unit = HexWord(text_, at_ + 2);
    at_ += 6;
    if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) return false;
    if (unit < 0xD800 || unit > 0xDBFF) return true;
    // The first half of a pair needs the second.
    if (text_.substr(std::min(at_, text_.size()), 2) != "\\u") return false;
    const int32_t low = HexWord(text_, at_ + 2);
    at_ += 6;
    return low >= 0xDC00 && low <= 0xDFFF;
  }
  bool Value(int depth) {
    if (depth > kDepthMax) return false;
    Space();
    if (at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '{':
        return Members(depth, '}');
      case '[':
        return Members(depth, ']');
      case '"':
        return String();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Number();
    }
  }
  bool Members(int depth, char close) {
    ++at_;
    Space();
    if (Take(close)) return true;
    while (true) {
      Space();
      if (close == '}') {
        if (!String()) return false;
        Space();
        if (!Take(':')) return false;
      }
      if (!Value(depth + 1)) return false;
      Space();
      if (Take(close)) return true;
      if (!Take(',')) return false;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

/// The text that the inside of a JSON string says.
void AppendUnescaped(std::string_view raw, TextWriter& out) {
  for (size_t i = 0; i < raw.size(); ++i) {
    const size_t plain = std::min(raw.find('\\', i), raw.size());
    out.Append(raw.substr(i, plain - i));
    i = plain;
    if (i >= raw.size()) return;
    const char c = raw[++i];
    switch (c) {
      case 'b':
        out.Append('\b');
        break;
      case 'f':
        out.Append('\f');
        break;
      case 'n':
        out.Append('\n');
        break;
      case 'r':
        out.Append('\r');
        break;
      case 't':
        out.Append('\t');
        break;
      case 'u': {
        int32_t code_point = HexWord(raw, i + 1);
        i += 4;
        if (code_point >= 0xD800 && code_point <= 0xDBFF) {
          code_point = 0x10000 + ((code_point - 0xD800) << 10) + (HexWord(raw, i + 3) - 0xDC00);
          i += 6;
        }
        AppendCharacter(code_point, out);
        break;
      }
      default:
        out.Append(c);
    }
  }
}

bool KeyIs(std::string_view raw, const std::string& key) {
  if (raw.find('\\') == std::string_view::npos) return raw == key;
  TextWriter plain(1, static_cast<int64_t>(raw.size()));
  AppendUnescaped(raw, plain);
  return plain.Row() == key;
}

Status PathError(std::string_view path, std::string_view problem) {
  return Status::InvalidArgument("json path: " + std::string(problem) + ": '" + std::string(path) +
                                 "'");
}

}  // namespace

namespace internal {

size_t SkipJsonSpace(std::string_view text, size_t at) {
  while (at < text.size() &&
         (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r')) {
    ++at;
  }
  return at;
}

size_t EndOfJson(std::string_view text, size_t at) {
  // Valid already: only brackets and quotes matter.
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
      }
    } else if (c == '{' || c == '[') {
      ++depth;
      continue;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      --depth;
    } else if (depth == 0) {
      // A word or number ends before what cannot belong to it.
      while (at < text.size() &&
             std::string_view(",]} \n\t\r:").find(text[at]) == std::string_view::npos) {
        ++at;
      }
      return at;
    } else {
      continue;
    }
    if (depth == 0) return at + 1;
  }
  return at;
}

}  // namespace internal

bool IsValidJson(std::string_view text) { return Checker(text).Check(); }

JsonKind JsonKindOf(std::string_view value) {
  const size_t at = internal::SkipJsonSpace(value, 0);
  switch (value[at]) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kString;
    case 't':
    case 'f':
      return JsonKind::kBoolean;
    case 'n':
      return JsonKind::kNull;
    default:
      return JsonKind::kNumber;
  }
}

void AppendJsonQuoted(std::string_view text, TextWriter& out) {
  constexpr char kHex[] = "0123456789abcdef";
  out.Append('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out.Append("\\\"");
        continue;
      case '\\':
        out.Append("\\\\");
        continue;
      case '\b':
        out.Append("\\b");
        continue;
      case '\f':
        out.Append("\\f");
        continue;
      case '\n':
        out.Append("\\n");
        continue;
      case '\r':
        out.Append("\\r");
        continue;
      case '\t':
        out.Append("\\t");
        continue;
      default:
        break;
    }
    if (byte >= 0x20) {
      out.Append(c);
      continue;
    }
    out.Append("\\u00");
    out.Append(kHex[byte >> 4]);
    out.Append(kHex[byte & 15]);
  }
  out.Append('"');
}

void AppendJsonString(std::string_view value, TextWriter& out) {
  const size_t at = internal::SkipJsonSpace(value, 0);
  const size_t end = internal::EndOfJson(value, at);
  AppendUnescaped(value.substr(at + 1, end - at - 2), out);
}

void AppendJson(std::string_view value, TextWriter& out) {
  for (size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') continue;
    if (c != '"') {
      out.Append(c);
      continue;
    }
    const size_t end = internal::EndOfJson(value, at);
    const std::string_view raw = value.substr(at + 1, end - at - 2);
    if (raw.find('\\') == std::string_view::npos) {
      out.Append(value.substr(at, end - at));
    } else {
      // The same text with the fewest escapes.
      TextWriter plain(1, static_cast<int64_t>(raw.size()));
      AppendUnescaped(raw, plain);
      AppendJsonQuoted(plain.Row(), out);
    }
    at = end - 1;
  }
}

JsonPath JsonPath::Index(int64_t index) {
  JsonPath out;
  out.steps_.push_back({StepKind::kIndex, {}, index});
  return out;
}

bool JsonPath::has_wildcard() const {
  return std::ranges::any_of(steps_, [](const Step& step) {
    return step.kind == StepKind::kAnyItem || step.kind == StepKind::kAnyMember;
  });
}

Result<JsonPath> JsonPath::Parse(std::string_view text) {
  JsonPath out;
  if (text.starts_with('$')) {
    THALWEG_RETURN_IF_ERROR(out.ParseDollar(text));
    return out;
  }
  if (!text.starts_with('/')) {
    out.steps_.push_back({StepKind::kKey, std::string(text), 0});
    return out;
  }
  // RFC 6901: a step is a key, or an index where it meets an array.
  for (size_t at = 1; at <= text.size();) {
    const size_t end = std::min(text.find('/', at), text.size());
    std::string key;
    for (size_t i = at; i < end; ++i) {
      const bool escape =
          text[i] == '~' && i + 1 < end && (text[i + 1] == '0' || text[i + 1] == '1');
      key += escape ? (text[++i] == '0' ? '~' : '/') : text[i];
    }
    out.steps_.push_back({StepKind::kPointer, std::move(key), 0});
    at = end + 1;
  }
  return out;
}

Status JsonPath::ParseBracket(std::string_view text, size_t* at) {
  const size_t close = text.find(']', *at);
  if (close == std::string_view::npos) return PathError(text, "a '[' without its ']'");
  std::string_view inside = text.substr(*at, close - *at);
  *at = close + 1;
  if (inside == "*") {
    steps_.push_back({StepKind::kAnyItem, {}, 0});
    return {};
  }
  const bool quoted =
      inside.size() >= 2 && (inside[0] == '\'' || inside[0] == '"') && inside.back() == inside[0];
  if (quoted) {
    steps_.push_back({StepKind::kKey, std::string(inside.substr(1, inside.size() - 2)), 0});
    return {};
  }
  // `#-1` is the last item, as -1 is.
  if (inside.starts_with('#')) inside.remove_prefix(1);
  int64_t index = 0;
  if (!ParseInt64(inside, &index)) return PathError(text, "not an index in '[…]'");
  steps_.push_back({StepKind::kIndex, {}, index});
  return {};
}

Status JsonPath::ParseDollar(std::string_view text) {
  for (size_t at = 1; at < text.size();) {
    if (text[at] == '[') {
      ++at;
      THALWEG_RETURN_IF_ERROR(ParseBracket(text, &at));
      continue;
    }
    if (text[at] != '.') return PathError(text, "'.' or '[' is due");
    ++at;
    if (at < text.size() && text[at] == '"') {
      const size_t end = text.find('"', at + 1);
      if (end == std::string_view::npos) return PathError(text, "a quote is not closed");
      steps_.push_back({StepKind::kKey, std::string(text.substr(at + 1, end - at - 1)), 0});
      at = end + 1;
      continue;
    }
    const size_t end = std::min(text.find_first_of(".[", at), text.size());
    const std::string_view key = text.substr(at, end - at);
    if (key.empty()) return PathError(text, "a key is missing");
    if (key == "*") {
      steps_.push_back({StepKind::kAnyMember, {}, 0});
    } else {
      steps_.push_back({StepKind::kKey, std::string(key), 0});
    }
    at = end;
  }
  return {};
}

void JsonPath::Take(const Step& step, std::string_view value, std::vector<std::string_view>& out) {
  const JsonKind kind = JsonKindOf(value);
  int64_t index = step.index;
  StepKind wanted = step.kind;
  if (wanted == StepKind::kPointer) {
    wanted = kind == JsonKind::kArray ? StepKind::kIndex : StepKind::kKey;
    if (wanted == StepKind::kIndex && (!ParseInt64(step.key, &index) || index < 0)) return;
  }
  const bool of_array = wanted == StepKind::kIndex || wanted == StepKind::kAnyItem;
  if (kind != (of_array ? JsonKind::kArray : JsonKind::kObject)) return;
  if (wanted == StepKind::kIndex && index < 0) {
    int64_t size = 0;
    ForEachJson(value, [&](std::string_view, std::string_view) { return ++size, true; });
    index += size;
    if (index < 0) return;
  }
  int64_t place = 0;
  ForEachJson(value, [&](std::string_view key, std::string_view child) {
    const bool any = wanted == StepKind::kAnyItem || wanted == StepKind::kAnyMember;
    const bool here = wanted == StepKind::kKey ? KeyIs(key, step.key) : place == index;
    ++place;
    if (any || here) out.push_back(child);
    return any || !here;
  });
}

std::vector<std::string_view> JsonPath::Find(std::string_view json) const {
  const size_t start = internal::SkipJsonSpace(json, 0);
  std::vector<std::string_view> values = {
      json.substr(start, internal::EndOfJson(json, start) - start)};
  for (const Step& step : steps_) {
    std::vector<std::string_view> next;
    for (const std::string_view value : values) Take(step, value, next);
    values = std::move(next);
    if (values.empty()) break;
  }
  return values;
}

}  // namespace thalweg::functions
