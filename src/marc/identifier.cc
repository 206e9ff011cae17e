// ISBN (ISO 2108), ISSN (ISO 3297), LCCN.

#include <algorithm>
#include <array>

#include "thalweg/marc/validation.h"

namespace thalweg::marc {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
int Digit(char c) { return c == 'X' ? 10 : c - '0'; }

bool Isbn10Holds(std::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < 10; ++i) sum += static_cast<int>(10 - i) * Digit(digits[i]);
  return sum % 11 == 0;
}

int Isbn13Check(std::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < 12; ++i) sum += (i % 2 == 0 ? 1 : 3) * Digit(digits[i]);
  return (10 - sum % 10) % 10;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string> NormalizeIsbn(std::string_view text) {
  text = Trim(text);
  std::string digits;
  for (const char c : text) {
    if (c == '-') continue;
    if (IsDigit(c)) {
      digits.push_back(c);
    } else if ((c == 'x' || c == 'X') && digits.size() == 9) {
      digits.push_back('X');
    } else {
      break;
    }
  }
  if (digits.size() != 10 && digits.size() != 13) return {};
  return digits;
}

bool IsValidIsbn(std::string_view text) {
  const auto digits = NormalizeIsbn(text);
  if (!digits) return false;
  if (digits->size() == 10) return Isbn10Holds(*digits);
  const std::string_view prefix = std::string_view(*digits).substr(0, 3);
  return (prefix == "978" || prefix == "979") && Isbn13Check(*digits) == Digit((*digits)[12]);
}

std::optional<std::string> Isbn13(std::string_view text) {
  if (!IsValidIsbn(text)) return {};
  std::string digits = *NormalizeIsbn(text);
  if (digits.size() == 13) return digits;
  digits = "978" + digits.substr(0, 9);
  digits.push_back(static_cast<char>('0' + Isbn13Check(digits)));
  return digits;
}

std::vector<std::string> ExtractIsbns(const RecordView& record) {
  std::vector<std::string> found;
  for (const FieldView& field : record.fields()) {
    if (field.tag() != Tag("020")) continue;
    for (const Subfield& subfield : field.subfields()) {
      if (subfield.code == 'a' && IsValidIsbn(subfield.value)) {
        found.push_back(*NormalizeIsbn(subfield.value));
      }
    }
  }
  return found;
}

bool IsValidIssn(std::string_view text) {
  text = Trim(text);
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-' && i == 4) continue;
    if (IsDigit(c)) {
      digits.push_back(c);
    } else if ((c == 'x' || c == 'X') && digits.size() == 7) {
      digits.push_back('X');
    } else {
      return false;
    }
  }
  if (digits.size() != 8) return false;
  int sum = 0;
  for (size_t i = 0; i < 8; ++i) sum += static_cast<int>(8 - i) * Digit(digits[i]);
  return sum % 11 == 0;
}

std::optional<std::string> NormalizeLccn(std::string_view text) {
  // Without blanks; what follows a slash is of no account; digits behind a hyphen are six, filled
  // up with zeros (Library of Congress, "LCCN Namespace").
  std::string lccn;
  for (const char c : text.substr(0, text.find('/'))) {
    if (c != ' ') lccn.push_back(c);
  }
  if (const size_t hyphen = lccn.find('-'); hyphen != std::string::npos) {
    const std::string serial = lccn.substr(hyphen + 1);
    if (serial.size() > 6 || serial.empty()) return {};
    lccn = lccn.substr(0, hyphen) + std::string(6 - serial.size(), '0') + serial;
  }
  size_t letters = 0;
  while (letters < lccn.size() && IsLetter(lccn[letters])) ++letters;
  const size_t digits = lccn.size() - letters;
  if (!std::all_of(lccn.begin() + static_cast<std::ptrdiff_t>(letters), lccn.end(), IsDigit)) {
    return {};
  }
  // Two digits of a year and six, with up to three letters; or four and six, with up to two.
  const bool old_form = digits == 8 && letters <= 3;
  const bool new_form = digits == 10 && letters <= 2;
  if (!old_form && !new_form) return {};
  std::transform(lccn.begin(), lccn.end(), lccn.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return lccn;
}

}  // namespace thalweg::marc
