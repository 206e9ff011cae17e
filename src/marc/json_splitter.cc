#include "marc/json_splitter.h"

#include <array>
#include <string_view>

namespace thalweg::marc {
namespace {

constexpr std::string_view kBetween = " \t\r\n,\x1E";

// What ends a run of bytes that say nothing about structure.
constexpr std::array<bool, 256> kStructure = [] {
  std::array<bool, 256> table{};
  for (const char c : {'"', '{', '}', '[', ']', '\n'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();
constexpr std::array<bool, 256> kInString = [] {
  std::array<bool, 256> table{};
  for (const char c : {'"', '\\', '\n'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// Enough of the next line to know whether it begins a record.
constexpr size_t kLineStart = 32;

// Whether the line that follows begins something that cannot stand inside the value at the front.
bool LineBeginsRecord(std::string_view line, bool inside_field) {
  const size_t at = line.find_first_not_of(" \t\r\n,");
  if (at == std::string_view::npos) return false;
  line.remove_prefix(at);
  return line.starts_with("[{\"leader\"") || (inside_field && line.starts_with("{\"leader\""));
}

}  // namespace

void JsonSplitter::Begin() {
  at_ = 0;
  depth_ = 0;
  in_string_ = false;
}

JsonSplitter::Scan JsonSplitter::ScanValue(std::string_view text, bool final) {
  while (at_ < text.size()) {
    const auto& stops = in_string_ ? kInString : kStructure;
    while (at_ < text.size() && !stops[static_cast<unsigned char>(text[at_])]) ++at_;
    if (at_ == text.size()) break;
    const char c = text[at_];
    if (c == '\\') {
      if (at_ + 1 == text.size()) break;
      at_ += 2;
      continue;
    }
    if (c == '\n') {
      // A string has no line end, so this one was never closed.
      if (in_string_) return Scan::kBroken;
      if (!final && text.size() - at_ < kLineStart) return Scan::kMore;
      const bool inside_field = depth_ > 1 || text[0] == '{';
      if (LineBeginsRecord(text.substr(at_, kLineStart), inside_field)) return Scan::kBroken;
      ++at_;
      continue;
    }
    ++at_;
    if (c == '"') {
      in_string_ = !in_string_;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (--depth_ <= 0) {
      return Scan::kComplete;
    }
  }
  return Scan::kMore;
}

// Whether the array at the front is a record itself: its first element is an object whose only
// member is `leader`. Otherwise it holds records.
Result<bool> JsonSplitter::OpensRecord(TextInput* input) {
  constexpr size_t kLookahead = 4096;
  while (true) {
    const std::string_view text = input->text();
    const size_t first = text.find_first_not_of(" \t\r\n", 1);
    if (first == std::string_view::npos && text.size() > kLookahead) return false;
    if (first != std::string_view::npos) {
      if (text[first] != '{') return false;
      const size_t end = text.find('}', first);
      const std::string_view object = text.substr(first, end - first);
      if (end != std::string_view::npos || object.size() > kLookahead) {
        return object.find("\"fields\"") == std::string_view::npos &&
               object.find("\"leader\"") != std::string_view::npos &&
               object.find('[') == std::string_view::npos;
      }
    }
    THALWEG_ASSIGN_OR_RETURN(const bool more, input->More());
    if (!more) return false;
  }
}

Result<JsonPiece> JsonSplitter::Next(TextInput* input, int64_t bytes_max) {
  while (input->text().empty()) {
    THALWEG_ASSIGN_OR_RETURN(const bool more, input->More());
    if (!more) return JsonPiece{};
  }
  std::string_view text = input->text();
  size_t blank = text.find_first_not_of(kBetween);
  if (input->offset() == 0 && text.starts_with("\xEF\xBB\xBF")) blank = 3;
  if (blank == std::string_view::npos) blank = text.size();
  if (blank > 0) return JsonPiece{JsonPiece::Kind::kNothing, blank};
  if (text[0] == '{') return NextRecord(input, bytes_max);
  if (text[0] == '[') {
    THALWEG_ASSIGN_OR_RETURN(const bool record, OpensRecord(input));
    if (record) return NextRecord(input, bytes_max);
    return JsonPiece{JsonPiece::Kind::kNothing, 1};
  }
  if (text[0] == ']') return JsonPiece{JsonPiece::Kind::kNothing, 1};
  for (size_t looked_at = 0;; looked_at = text.size()) {
    text = input->text();
    const size_t end = std::min(text.find_first_of("{[", looked_at), text.size());
    // The text ends with the call of `More`, whatever it answers.
    const bool open = end == text.size() && static_cast<int64_t>(end) <= bytes_max;
    if (!open) return JsonPiece{JsonPiece::Kind::kJunk, end};
    THALWEG_ASSIGN_OR_RETURN(const bool more, input->More());
    if (!more) return JsonPiece{JsonPiece::Kind::kJunk, end};
  }
}

Result<JsonPiece> JsonSplitter::NextRecord(TextInput* input, int64_t bytes_max) {
  Begin();
  while (true) {
    const bool final = input->ended();
    const Scan scan = ScanValue(input->text(), final);
    // A broken record still goes to the parser, which says what is wrong with it.
    if (scan != Scan::kMore || static_cast<int64_t>(at_) > bytes_max) break;
    if (final) {
      at_ = input->text().size();
      break;
    }
    THALWEG_ASSIGN_OR_RETURN([[maybe_unused]] const bool more, input->More());
  }
  return JsonPiece{JsonPiece::Kind::kRecord, at_};
}

}  // namespace thalweg::marc
