#include "sql/source_text.h"

#include <algorithm>

namespace thalweg::sql {
namespace {

constexpr size_t kExcerptBytesMax = 100;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

size_t CountCharacters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

char Printable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F ? ' ' : c;
}

// The text with stars for the passwords in it, byte for byte: between `:` and the last `@` of a
// word such as `scheme://user:password@host`, and behind `password=`.
std::string WithoutPasswords(std::string_view text) {
  std::string out(text);
  const auto blot = [&](size_t begin, size_t end) {
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(begin),
              out.begin() + static_cast<std::ptrdiff_t>(end), '*');
  };
  constexpr std::string_view kSpaces = " \t\n\r'\"";
  constexpr std::string_view kKey = "password=";
  constexpr size_t kNone = std::string_view::npos;
  for (size_t begin = 0; (begin = text.find_first_not_of(kSpaces, begin)) != kNone;) {
    const std::string_view word = text.substr(begin, text.find_first_of(kSpaces, begin) - begin);
    const size_t scheme = word.find("://");
    const size_t colon = word.find(':', scheme == kNone ? 0 : scheme + 3);
    const size_t at = word.rfind('@');
    if (at != kNone && colon < at) blot(begin + colon + 1, begin + at);
    if (const size_t key = word.find(kKey); key != kNone) {
      blot(begin + key + kKey.size(), begin + std::min(word.find('&', key), word.size()));
    }
    begin += word.size();
  }
  return out;
}

}  // namespace

std::string Shortened(std::string_view text, size_t bytes_max) {
  std::string out(text.substr(0, bytes_max));
  if (text.size() > bytes_max) {
    size_t cut = bytes_max;
    while (cut > 0 && IsContinuation(text[cut])) --cut;
    out.resize(cut);
    out += "...";
  }
  std::transform(out.begin(), out.end(), out.begin(), Printable);
  return out;
}

LineColumn SourceText::Locate(uint32_t offset) const {
  const std::string_view before = text_.substr(0, offset);
  const size_t newline = before.rfind('\n');
  const size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
  return {1 + std::count(before.begin(), before.end(), '\n'),
          1 + static_cast<int64_t>(CountCharacters(before.substr(line_begin)))};
}

Status SourceText::Error(StatusCode code, Span span, std::string_view message,
                         std::string_view hint) const {
  const size_t place = std::min<size_t>(span.begin, text_.size());
  const LineColumn at = Locate(static_cast<uint32_t>(place));
  const size_t newline = place == 0 ? std::string_view::npos : text_.rfind('\n', place - 1);
  size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  size_t end = std::min(text_.find('\n', place), text_.size());
  bool cut_front = false;
  if (end - begin > kExcerptBytesMax) {
    if (place - begin > kExcerptBytesMax / 2) {
      begin = place - kExcerptBytesMax / 2;
      while (begin < place && IsContinuation(text_[begin])) ++begin;
      cut_front = true;
    }
    end = std::min(end, begin + kExcerptBytesMax);
    while (end > place && end < text_.size() && IsContinuation(text_[end])) --end;
  }
  const std::string shown = WithoutPasswords(text_);
  std::string excerpt = shown.substr(begin, end - begin);
  std::transform(excerpt.begin(), excerpt.end(), excerpt.begin(), Printable);
  while (!excerpt.empty() && excerpt.back() == ' ') excerpt.pop_back();

  const size_t marked =
      std::min<size_t>(std::max<size_t>(span.end, place + 1), std::max(end, place));
  const std::string before = shown.substr(begin, place - begin);
  const size_t carets = marked > place ? CountCharacters(shown.substr(place, marked - place)) : 1;
  std::string out = WithoutPasswords(message);
  out += " at line " + std::to_string(at.line) + ", column " + std::to_string(at.column);
  out += "\n  " + std::string(cut_front ? "..." : "") + excerpt;
  out.append("\n  ").append(CountCharacters(before) + (cut_front ? 3 : 0), ' ');
  out.append(1, '^').append(carets > 1 ? carets - 1 : 0, '~');
  if (!hint.empty()) out += "\n  hint: " + std::string(hint);
  return Status(code, std::move(out));
}

}  // namespace thalweg::sql
