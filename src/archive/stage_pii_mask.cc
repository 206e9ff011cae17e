#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "archive/content_stage.h"

namespace thalweg::archive {
namespace {

// Bounds of what a match spans on both sides of the byte that starts the search for it.
constexpr size_t kLocalMax = 64;    // Of an address before the @, RFC 5321.
constexpr size_t kDomainMax = 255;  // Behind it.
constexpr size_t kNumberMax = 48;   // Digits, separators and brackets.
constexpr size_t kBehind = kLocalMax + 1;
constexpr size_t kAhead = kDomainMax + 2;
static_assert(kNumberMax < kAhead);

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWord(char c) { return IsDigit(c) || IsLetter(c) || c == '_'; }
bool IsLocal(char c) {
  return IsWord(c) || std::string_view(".%+-*'/=?^`{|}~!#$&").find(c) != std::string_view::npos;
}
bool IsDomain(char c) { return IsDigit(c) || IsLetter(c) || c == '.' || c == '-'; }
// Control characters that text has no use for: all but those from BEL to CR, and ESC.
bool IsBinary(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 && !(byte >= 0x07 && byte <= 0x0D) && byte != 0x1B;
}

struct Span {
  size_t begin = 0;
  size_t end = 0;  // Equal to `begin`: no match.
};

// A text that the patterns are looked for in. Bytes outside of it count as no word character.
class Text {
 public:
  explicit Text(std::string_view text) : text_(text) {}

  char At(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool WordBefore(size_t i) const { return i > 0 && IsWord(text_[i - 1]); }

  // The address whose @ stands at `at`.
  Span Email(size_t at) const {
    size_t begin = at;
    while (begin > 0 && at - begin < kLocalMax && IsLocal(text_[begin - 1])) --begin;
    while (begin < at && !IsWord(text_[begin]) && text_[begin] != '*') ++begin;
    size_t end = at + 1;
    size_t dots = 0;
    while (end - at <= kDomainMax && IsDomain(At(end))) ++end;
    while (end > at + 1 && !IsDigit(text_[end - 1]) && !IsLetter(text_[end - 1])) --end;
    for (size_t i = at + 1; i < end; ++i) dots += text_[i] == '.' ? 1U : 0U;
    if (begin == at || dots == 0 || text_[at + 1] == '.') return {};
    return {begin, end};
  }

  // ddd-dd-dddd, with dashes or blanks.
  Span SocialSecurity(size_t at) const {
    const char separator = At(at + 3);
    if (separator != '-' && separator != ' ') return {};
    size_t i = at;
    if (!Digits(&i, 3) || !Skip(&i, separator) || !Digits(&i, 2) || !Skip(&i, separator) ||
        !Digits(&i, 4) || IsWord(At(i))) {
      return {};
    }
    return {at, i};
  }

  // [+cc][ -.](ddd)[ -.]ddd[ -.]dddd, or + and 8 to 15 digits with single separators.
  Span Telephone(size_t at) const {
    if (At(at) == '+') {
      const Run run = GroupedDigits(at + 1, " -.()", 2);
      if (run.digits >= 8 && run.digits <= 15 && !IsWord(At(run.end))) return {at, run.end};
      return {};
    }
    for (const size_t country : {size_t{0}, size_t{1}}) {
      size_t i = at;
      if (country > 0 && (!Digits(&i, country) || !SkipSeparator(&i))) continue;
      const bool bracket = Skip(&i, '(');
      if (!Digits(&i, 3) || (bracket && !Skip(&i, ')'))) continue;
      const bool first = SkipSeparator(&i);
      if (!Digits(&i, 3)) continue;
      const bool second = SkipSeparator(&i);
      if (!Digits(&i, 4) || IsWord(At(i))) continue;
      // Ten digits in a row are as likely a number of any other kind; grouped ones are not.
      if (bracket || first || second) return {at, i};
    }
    return {};
  }

  Span Card(size_t at) const {
    const Run run = GroupedDigits(at, " -", 1);
    if (run.digits < 13 || run.digits > 19 || IsWord(At(run.end))) return {};
    int sum = 0;
    bool twice = false;
    for (size_t i = run.end; i-- > at;) {
      if (!IsDigit(text_[i])) continue;
      int digit = text_[i] - '0';
      if (twice) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
      sum += digit;
      twice = !twice;
    }
    return sum % 10 == 0 ? Span{at, run.end} : Span{};
  }

 private:
  struct Run {
    size_t digits = 0;
    size_t end = 0;  // Behind the last digit.
  };

  // Digits with at most `gap` separators between two of them.
  Run GroupedDigits(size_t at, std::string_view separators, size_t gap) const {
    Run run{0, at};
    size_t skipped = 0;
    for (size_t i = at; i < at + kNumberMax && i < text_.size(); ++i) {
      if (IsDigit(text_[i])) {
        ++run.digits;
        run.end = i + 1;
        skipped = 0;
      } else if (separators.find(text_[i]) == std::string_view::npos || ++skipped > gap) {
        break;
      }
    }
    return run;
  }
  bool Digits(size_t* i, size_t count) const {
    for (size_t end = *i + count; *i < end; ++*i) {
      if (!IsDigit(At(*i))) return false;
    }
    return true;
  }
  bool Skip(size_t* i, char c) const {
    if (At(*i) != c) return false;
    ++*i;
    return true;
  }
  bool SkipSeparator(size_t* i) const { return Skip(i, '-') || Skip(i, '.') || Skip(i, ' '); }

  std::string_view text_;
};

class PiiMask final : public ContentStage {
 public:
  PiiMask(const PiiPatterns& patterns, int64_t* masked) : patterns_(patterns), masked_(masked) {}

  Status Push(std::string_view in, std::string* out) override {
    if (!patterns_.binary && std::any_of(in.begin(), in.end(), IsBinary)) {
      return Status::InvalidArgument(
          "the content is not text, so that a mask would miss what it looks for; "
          "pii-mask:binary masks it all the same");
    }
    held_.append(in);
    if (held_.size() > kAhead) Scan(held_.size() - kAhead);
    // What lies further behind than a match can reach is settled.
    if (scanned_ > kBehind) {
      const size_t settled = scanned_ - kBehind;
      out->append(held_, 0, settled);
      held_.erase(0, settled);
      scanned_ -= settled;
    }
    return {};
  }

  Status Finish(std::string* out) override {
    Scan(held_.size());
    out->append(held_);
    held_.clear();
    scanned_ = 0;
    return {};
  }

 private:
  // Looks for matches that start the search before `end`.
  void Scan(size_t end) {
    while (scanned_ < end) {
      const char c = held_[scanned_];
      if (c != '@' && c != '+' && c != '(' && !IsDigit(c)) {
        ++scanned_;
        continue;
      }
      const Span match = Match(scanned_);
      for (size_t i = match.begin; i < match.end; ++i) {
        if (IsDigit(held_[i]) || IsLetter(held_[i]) || held_[i] == '_') held_[i] = patterns_.mask;
      }
      if (masked_ != nullptr && match.end > match.begin) ++*masked_;
      scanned_ = std::max(scanned_ + 1, match.end);
    }
  }

  Span Match(size_t at) const {
    const Text text(held_);
    const char c = held_[at];
    if (c == '@') return patterns_.email ? text.Email(at) : Span{};
    // A number starts where no word goes on; a mask in front of it was part of another match.
    if (c != '(' && text.WordBefore(at)) return {};
    Span match;
    if (IsDigit(c) && patterns_.card) match = text.Card(at);
    if (match.end == match.begin && IsDigit(c) && patterns_.ssn) match = text.SocialSecurity(at);
    if (match.end == match.begin && patterns_.phone) match = text.Telephone(at);
    return match;
  }

  const PiiPatterns patterns_;
  int64_t* const masked_;
  std::string held_;
  size_t scanned_ = 0;  // Matches that start before it are done, and it lies in none.
};

}  // namespace

Result<PiiPatterns> ParsePiiPatterns(std::string_view parameter) {
  PiiPatterns patterns;
  PiiPatterns chosen{false, false, false, false};
  bool any = false;
  while (!parameter.empty()) {
    const size_t plus = std::min(parameter.find('+'), parameter.size());
    const std::string_view word = parameter.substr(0, plus);
    parameter.remove_prefix(std::min(plus + 1, parameter.size()));
    bool* const flag = word == "email"                           ? &chosen.email
                       : word == "ssn"                           ? &chosen.ssn
                       : word == "phone"                         ? &chosen.phone
                       : word == "card" || word == "credit_card" ? &chosen.card
                                                                 : nullptr;
    if (flag != nullptr) {
      *flag = any = true;
    } else if (word == "all") {
      chosen = {true, true, true, true};
      any = true;
    } else if (word == "binary") {
      patterns.binary = true;
    } else if (word.size() == 6 && word.starts_with("mask=") && word[5] > ' ' && word[5] < 0x7F &&
               !IsWord(word[5]) && word[5] != '@') {
      patterns.mask = word[5];
    } else {
      return Status::InvalidArgument(
          "pii-mask: not one of email, ssn, phone, card, all, binary, "
          "mask=C: '" +
          std::string(word) + "'");
    }
  }
  if (!any) return patterns;
  chosen.mask = patterns.mask;
  chosen.binary = patterns.binary;
  return chosen;
}

std::unique_ptr<ContentStage> MakePiiMask(const PiiPatterns& patterns, int64_t* masked) {
  return std::make_unique<PiiMask>(patterns, masked);
}

}  // namespace thalweg::archive
