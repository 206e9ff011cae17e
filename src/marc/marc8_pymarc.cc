#include "marc/marc8_pymarc.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

#include "marc/marc8_tables.h"
#include "marc/utf8_text.h"
#include "thalweg/marc/encoding.h"

// pymarc's reading of MARC-8 where it is not the Library of Congress's: codes are looked up with
// their high bit, a blank in a set of three bytes is no blank, text is composed, and some
// characters are mapped otherwise.
namespace thalweg::marc {
namespace {

struct Override {
  uint32_t code;
  uint32_t character;
};
constexpr Override kEaccOverrides[] = {
    {0x214339, 64018}, {0x215061, 64029}, {0x215C32, 64037}, {0x215F71, 64028}, {0x217559, 12307},
    {0x222A34, 12307}, {0x223339, 12307}, {0x4B333E, 63790}, {0x4B4B3E, 63917}, {0x4B5F58, 63922},
    {0x4B7421, 63913}, {0x6F7625, 59569}, {0x6F773C, 59595},
};
// Codes that no set has.
constexpr Override kOddCodes[] = {
    {0x21203D, 8230}, {0x212040, 8220}, {0x7F2014, 8212},
    {0x7F2019, 8217}, {0x7F2020, 8221}, {0x7F2122, 8482},
};

template <size_t kSize>
std::optional<uint32_t> Overridden(const Override (&table)[kSize], uint32_t code) {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [code](const Override& entry) { return entry.code == code; });
  if (found == std::end(table)) return {};
  return found->character;
}

// Character with the combining flag, or 0.
uint32_t LookUp(unsigned final_byte, uint32_t code) {
  const Marc8Set set = Marc8SetOf(static_cast<char>(final_byte));
  if (set == kNoSet) return 0;
  if (set == kEacc) {
    if (code > 0xFFFFFF) return 0;
    if (const auto character = Overridden(kEaccOverrides, code)) return *character;
    return EaccCharacter(code >> 16, code >> 8 & 0xFF, code & 0xFF);
  }
  const bool high = set == kAnsel || set == kExtendedCyrillic || set == kExtendedArabic;
  if (code > 0xFF || (code >= 0x80) != high) return 0;
  if (set == kAnsel && (code == 0xEB || code == 0xEC))
    return kMarc8Combining | (0xFE20 + code - 0xEB);
  if (set == kAnsel && (code == 0xFA || code == 0xFB))
    return kMarc8Combining | (0xFE22 + code - 0xFA);
  return kMarc8Single[set][code & 0x7F];
}

class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text) {}

  // False where pymarc raises.
  bool Run() {
    while (at_ < text_.size()) {
      const Step step = text_[at_] == '\x1B' ? Escape() : Step::kGoOn;
      if (step == Step::kRaise) return false;
      if (step == Step::kEnd) break;
      if (step == Step::kGoOn) Character();
    }
    return true;
  }
  const std::string& made() const { return made_; }
  size_t bad() const { return bad_; }

 private:
  enum class Step : uint8_t { kAgain, kGoOn, kEnd, kRaise };

  std::optional<unsigned> ByteAt(size_t place) const {
    if (place >= text_.size()) return {};
    return static_cast<unsigned char>(text_[place]);
  }
  Step Escape();
  void Character();

  std::string_view text_;
  size_t at_ = 0;
  unsigned g0_ = 'B';
  unsigned g1_ = 'E';
  std::string made_;
  std::string marks_;
  size_t bad_ = 0;
};

Decoder::Step Decoder::Escape() {
  const auto next = ByteAt(at_ + 1);
  if (next == '(' || next == ',' || next == '$') {
    if (text_.size() < at_ + 3) {
      made_ += text_[at_++];
      return Step::kAgain;
    }
    if (ByteAt(at_ + 2) == ',' && next == '$') ++at_;
    const auto final_byte = ByteAt(at_ + 2);
    if (!final_byte) return Step::kRaise;
    g0_ = *final_byte;
    at_ += 3;
    return Step::kAgain;
  }
  if (next == ')' || next == '-') {
    const auto final_byte = ByteAt(at_ + 2);
    if (!final_byte) return Step::kRaise;
    g1_ = *final_byte;
    at_ += 3;
    return Step::kAgain;
  }
  if (!next) return Step::kRaise;
  if (Marc8SetOf(static_cast<char>(*next)) != kNoSet) {
    g0_ = *next;
    at_ += 2;
  } else if (*next == 's') {
    g0_ = 'B';
    at_ += 2;
    if (at_ == text_.size()) return Step::kEnd;
  }
  // What follows is read at once, also where it is another escape, and even behind the end.
  return at_ >= text_.size() && g0_ != '1' ? Step::kRaise : Step::kGoOn;
}

void Decoder::Character() {
  const bool wide = g0_ == '1';
  uint32_t code = 0;
  if (wide) {
    if (text_.size() < at_ + 3) {
      code = ' ';
    } else {
      code = *ByteAt(at_) << 16 | *ByteAt(at_ + 1) << 8 | *ByteAt(at_ + 2);
    }
    at_ += 3;
  } else {
    code = *ByteAt(at_++);
  }
  if (code < 0x20 || (code > 0x80 && code < 0xA0)) return;
  uint32_t found = LookUp(code > 0x80 && !wide ? g1_ : g0_, code);
  if (found == 0) {
    if (const auto odd = Overridden(kOddCodes, code)) {
      AppendCharacter(*odd, &made_);
      return;
    }
    ++bad_;
    found = ' ';
  }
  if ((found & kMarc8Combining) != 0) {
    AppendCharacter(found & ~kMarc8Combining, &marks_);
    return;
  }
  AppendCharacter(found, &made_);
  made_ += marks_;
  marks_.clear();
}

}  // namespace

std::optional<Marc8Character> FindAsPymarc(char final_byte, uint32_t code) {
  const uint32_t found = LookUp(static_cast<unsigned char>(final_byte), code);
  if (found == 0) return {};
  return Marc8Character{found & ~kMarc8Combining, (found & kMarc8Combining) != 0};
}

std::optional<uint32_t> FindOddAsPymarc(uint32_t code) { return Overridden(kOddCodes, code); }

size_t AppendAsPymarc(std::string_view text, std::string* out) {
  Decoder decoder(text);
  if (!decoder.Run()) return std::string::npos;
  AppendNormalized(decoder.made(), Normalization::kNfc, out);
  return decoder.bad();
}

}  // namespace thalweg::marc
