#include <utf8proc.h>

#include <array>
#include <cstdio>
#include <string>

#include "marc/marc8_tables.h"
#include "marc/utf8_text.h"
#include "thalweg/marc/encoding.h"

// Unicode to MARC-8. What is written is in G0, but for ANSEL, which stays in G1: every decoder
// reads that.
namespace thalweg::marc {
namespace {

constexpr char kEscape = '\x1B';

// A character of a set, or one without a code.
struct Code {
  Marc8Set set = kNoSet;
  uint32_t code = 0;
  bool combining = false;
  uint32_t character = 0;
};

Code CodeOf(uint32_t character) {
  Code made{.character = character};
  const uint32_t found = Marc8CodeOf(character);
  if (found == 0) return made;
  made.set = static_cast<Marc8Set>((found >> 24 & 0x7F) - 1);
  made.code = found & 0xFFFFFF;
  made.combining = (found & kMarc8Combining) != 0;
  return made;
}

class Encoder {
 public:
  Encoder(Unmappable unmappable, Marc8Sets* sets, std::string* out)
      : unmappable_(unmappable), sets_(sets), out_(*out) {}

  void Take(uint32_t character);
  size_t Finish() {
    FlushBase();
    UseSet(kAscii);
    return lost_;
  }

 private:
  void Decompose(uint32_t character);
  void Piece(const Code& code);
  void FlushBase();
  void Put(const Code& code);
  void PutLost(uint32_t character);
  void UseSet(Marc8Set set);
  bool InCurrentSet(uint32_t character) const;

  Unmappable unmappable_;
  Marc8Sets* sets_;
  std::string& out_;
  Marc8Set g0_ = kAscii;
  // A base waits for its marks, which go before it.
  bool has_base_ = false;
  Code base_;
  std::string marks_;
  // The second half of a mark over two characters stands before the second one.
  uint32_t second_half_ = 0;
  size_t lost_ = 0;
};

void Encoder::UseSet(Marc8Set set) {
  if (set == g0_) return;
  g0_ = set;
  out_ += kEscape;
  switch (set) {
    case kGreekSymbols:
    case kSubscripts:
    case kSuperscripts:
      out_ += kMarc8Finals[set];
      return;
    case kEacc:
      out_ += '$';
      break;
    default:
      out_ += '(';
  }
  out_ += kMarc8Finals[set];
  if (sets_ != nullptr) sets_->Add(kMarc8Finals[set]);
}

bool Encoder::InCurrentSet(uint32_t character) const {
  return g0_ != kAscii && g0_ != kEacc && character > ' ' && character < 0x80 &&
         kMarc8Single[g0_][character] == character;
}

void Encoder::Put(const Code& code) {
  switch (code.set) {
    case kNoSet:
      PutLost(code.character);
      return;
    case kAnsel:
      // Naive decoders read three bytes at a time while a set of three bytes is designated.
      if (g0_ == kEacc) UseSet(kAscii);
      out_ += static_cast<char>(code.code | 0x80);
      return;
    case kEacc:
      UseSet(kEacc);
      out_ += static_cast<char>(code.code >> 16);
      out_ += static_cast<char>(code.code >> 8 & 0xFF);
      out_ += static_cast<char>(code.code & 0xFF);
      return;
    default:
      UseSet(code.set);
      out_ += static_cast<char>(code.code);
  }
}

void Encoder::PutLost(uint32_t character) {
  ++lost_;
  UseSet(kAscii);
  if (unmappable_ == Unmappable::kPlaceholder) {
    out_ += '|';
    return;
  }
  std::array<char, 16> text;
  const int size = std::snprintf(text.data(), text.size(), "&#x%04X;", character);
  out_.append(text.data(), static_cast<size_t>(size));
}

void Encoder::FlushBase() {
  if (!has_base_) return;
  has_base_ = false;
  if (second_half_ != 0) {
    Put({kAnsel, second_half_, true, 0});
    second_half_ = 0;
  }
  uint32_t half = 0;
  for (std::string_view marks = marks_; !marks.empty();) {
    const Utf8Character mark = FirstCharacter(marks);
    marks.remove_prefix(mark.length);
    const Code code = CodeOf(mark.character);
    Put(code);
    if (code.set == kAnsel && mark.character == 0x361) half = 0x6C;
    if (code.set == kAnsel && mark.character == 0x360) half = 0x7B;
  }
  marks_.clear();
  Put(base_);
  second_half_ = half;
}

void Encoder::Piece(const Code& code) {
  if (code.combining && has_base_) {
    AppendCharacter(code.character, &marks_);
    return;
  }
  FlushBase();
  if (code.combining) {
    // A mark without a base takes a blank, which no decoder takes away.
    base_ = {kAscii, ' ', false, ' '};
    AppendCharacter(code.character, &marks_);
  } else {
    base_ = code;
  }
  has_base_ = true;
}

// A character without a code may have parts that have one.
void Encoder::Decompose(uint32_t character) {
  std::array<utf8proc_int32_t, 32> parts;
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(character), parts.data(),
      static_cast<utf8proc_ssize_t>(parts.size()), UTF8PROC_DECOMPOSE, nullptr);
  bool all = count > 0 && count <= static_cast<utf8proc_ssize_t>(parts.size());
  for (utf8proc_ssize_t i = 0; all && i < count; ++i) {
    all = Marc8CodeOf(static_cast<uint32_t>(parts[static_cast<size_t>(i)])) != 0;
  }
  if (!all) return Piece({.character = character});
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    Piece(CodeOf(static_cast<uint32_t>(parts[static_cast<size_t>(i)])));
  }
}

void Encoder::Take(uint32_t character) {
  switch (character) {
    case 0x98:
      return Piece({kAnsel, 0x08, false, character});
    case 0x9C:
      return Piece({kAnsel, 0x09, false, character});
    case 0x200D:
      return Piece({kAnsel, 0x0D, false, character});
    case 0x200C:
      return Piece({kAnsel, 0x0E, false, character});
    default:
      break;
  }
  if (character < 0x7F && character != '\x1B') {
    const bool stays = !has_base_ && InCurrentSet(character);
    if (has_base_ && base_.set != kAscii && base_.set != kNoSet) {
      FlushBase();
      if (InCurrentSet(character)) return Piece({g0_, character, false, character});
    }
    return Piece({stays ? g0_ : kAscii, character, false, character});
  }
  const Code code = CodeOf(character);
  if (code.set != kNoSet) return Piece(code);
  Decompose(character);
}

// Hangul's letters have codes only as syllables.
bool HasJamo(std::string_view text) {
  for (size_t at = text.find('\xE1'); at != std::string_view::npos && at + 1 < text.size();
       at = text.find('\xE1', at + 1)) {
    const auto next = static_cast<unsigned char>(text[at + 1]);
    if (next >= 0x84 && next <= 0x87) return true;
  }
  return false;
}

}  // namespace

void Marc8Sets::Add(char final_byte) {
  const Marc8Set set = Marc8SetOf(final_byte);
  if (set >= kHebrew && set < kNoSet) bits_ |= 1U << set;
}

std::vector<std::string> Marc8Sets::Designations() const {
  std::vector<std::string> made;
  for (int set = kHebrew; set < kNoSet; ++set) {
    if ((bits_ >> set & 1) != 0) made.push_back({set == kEacc ? '$' : '(', kMarc8Finals[set]});
  }
  return made;
}

size_t AppendMarc8OfUtf8(std::string_view text, Unmappable unmappable, Marc8Sets* sets,
                         std::string* out) {
  std::string composed;
  if (HasJamo(text) && AppendNormalized(text, Normalization::kNfc, &composed)) text = composed;
  Encoder encoder(unmappable, sets, out);
  while (!text.empty()) {
    const Utf8Character next = FirstCharacter(text);
    if (next.length == 0) {
      encoder.Take(0xFFFD);
      text.remove_prefix(InvalidPrefix(text));
      continue;
    }
    encoder.Take(next.character);
    text.remove_prefix(next.length);
  }
  return encoder.Finish();
}

}  // namespace thalweg::marc
