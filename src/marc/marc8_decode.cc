#include <algorithm>
#include <array>

#include "marc/marc8_pymarc.h"
#include "marc/marc8_tables.h"
#include "marc/utf8_text.h"
#include "thalweg/marc/encoding.h"

// MARC-8 to Unicode, after the Library of Congress's specification of character sets.
namespace thalweg::marc {
namespace {

constexpr char kEscape = '\x1B';
constexpr uint32_t kReplacement = 0xFFFD;

class Decoder {
 public:
  Decoder(std::string_view text, bool references, std::string* out)
      : text_(text), references_(references), out_(*out) {}

  size_t Run() {
    while (at_ < text_.size()) Step();
    FlushMarks();
    return bad_;
  }

 private:
  unsigned ByteAt(size_t place) const {
    return place < text_.size() ? static_cast<unsigned char>(text_[place]) : 0;
  }
  void Step();
  void Escape();
  bool Designate(size_t at, Marc8Set* half);
  bool Reference();
  void EastAsian();
  void Control(unsigned byte);
  void Bad(size_t length) {
    ++bad_;
    Base(kReplacement);
    at_ += length;
  }
  // Marks come before their base in MARC-8, behind it in Unicode.
  void Base(uint32_t character) {
    AppendCharacter(character, &out_);
    FlushMarks();
  }
  void FlushMarks() {
    out_ += marks_;
    marks_.clear();
  }

  std::string_view text_;
  bool references_;
  std::string& out_;
  size_t at_ = 0;
  size_t bad_ = 0;
  Marc8Set g0_ = kAscii;
  Marc8Set g1_ = kAnsel;
  std::string marks_;
};

void Decoder::Step() {
  const unsigned byte = ByteAt(at_);
  if (byte == static_cast<unsigned char>(kEscape)) return Escape();
  // A blank is a blank in every set.
  if (byte == ' ') {
    Base(' ');
    ++at_;
    return;
  }
  if (byte < 0x20 || (byte >= 0x80 && byte < 0xA0) || byte == 0x7F) return Control(byte);
  const Marc8Set set = byte < 0x80 ? g0_ : g1_;
  if (set == kEacc) return EastAsian();
  if (byte == '&' && set == kAscii && references_ && Reference()) return;
  const uint32_t found = kMarc8Single[set][byte & 0x7F];
  if (found == 0) return Bad(1);
  ++at_;
  const uint32_t character = found & ~kMarc8Combining;
  if ((found & kMarc8Combining) == 0) {
    Base(character);
  } else if (character != 0) {
    AppendCharacter(character, &marks_);
  }
}

void Decoder::Control(unsigned byte) {
  switch (byte) {
    case 0x88:
      Base(0x98);
      break;
    case 0x89:
      Base(0x9C);
      break;
    case 0x8D:
      Base(0x200D);
      break;
    case 0x8E:
      Base(0x200C);
      break;
    default:
      if (byte >= 0x7F) return Bad(1);
      Base(byte);
  }
  ++at_;
}

// The final bytes at `at`; moves behind them.
bool Decoder::Designate(size_t at, Marc8Set* half) {
  size_t length = 1;
  Marc8Set set = kNoSet;
  if (ByteAt(at) == '!' && ByteAt(at + 1) == 'E') {
    set = kAnsel;
    length = 2;
  } else if (at < text_.size()) {
    set = Marc8SetOf(text_[at]);
  }
  if (set == kNoSet) return false;
  *half = set;
  at_ = at + length;
  return true;
}

void Decoder::Escape() {
  const unsigned next = ByteAt(at_ + 1);
  const unsigned behind = ByteAt(at_ + 2);
  switch (next) {
    case 's':
      g0_ = kAscii;
      at_ += 2;
      return;
    case 'g':
    case 'b':
    case 'p':
      g0_ = Marc8SetOf(static_cast<char>(next));
      at_ += 2;
      return;
    case '(':
    case ',':
      if (Designate(at_ + 2, &g0_)) return;
      break;
    case ')':
    case '-':
      if (Designate(at_ + 2, &g1_)) return;
      break;
    case '$':
      if (behind == ')' || behind == '-') {
        if (Designate(at_ + 3, &g1_)) return;
      } else if (Designate(at_ + (behind == ',' ? 3 : 2), &g0_)) {
        return;
      }
      break;
    default:
      break;
  }
  Bad(1);
}

// `&#x` and one to six hexadecimal digits and `;`.
bool Decoder::Reference() {
  const std::string_view rest = text_.substr(at_);
  if (rest.substr(0, 3) != "&#x") return false;
  uint32_t character = 0;
  size_t length = 3;
  for (; length < rest.size() && length < 9; ++length) {
    const char c = rest[length];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) break;
    character = character << 4 | static_cast<uint32_t>(digit);
  }
  const bool ended = length > 3 && length < rest.size() && rest[length] == ';';
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (!ended || character < 0x20 || character > 0x10FFFF || surrogate) return false;
  Base(character);
  at_ += length + 1;
  return true;
}

void Decoder::EastAsian() {
  // An escape, a blank or a control inside a character: the character is damaged, they are not.
  for (size_t i = 1; i < 3; ++i) {
    const unsigned byte = ByteAt(at_ + i) & 0x7F;
    if (at_ + i >= text_.size() || byte < 0x20 || (byte == 0x20 && i == 1)) return Bad(i);
  }
  const uint32_t character =
      EaccCharacter(ByteAt(at_) & 0x7F, ByteAt(at_ + 1) & 0x7F, ByteAt(at_ + 2) & 0x7F);
  if (character == 0) return Bad(3);
  Base(character);
  at_ += 3;
}

}  // namespace

size_t AppendUnicodeOfMarc8(std::string_view text, const Marc8DecodeOptions& options,
                            std::string* out) {
  if (options.profile == Marc8Profile::kPymarc) return AppendAsPymarc(text, out);
  return Decoder(text, options.decode_references, out).Run();
}

}  // namespace thalweg::marc
