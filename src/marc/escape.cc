#include "marc/escape.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "marc/cursor.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "thalweg/marc/encoding.h"

namespace thalweg::marc {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101U;
constexpr uint64_t kHighs = 0x8080808080808080U;

constexpr uint64_t Spread(char c) { return kOnes * static_cast<unsigned char>(c); }
// The high bit of each byte of `word` that is `c`; bytes above a match may be marked falsely.
constexpr uint64_t EqualTo(uint64_t word, char c) {
  const uint64_t x = word ^ Spread(c);
  return (x - kOnes) & ~x & kHighs;
}
constexpr uint64_t Below(uint64_t word, char c) { return (word - Spread(c)) & ~word & kHighs; }

uint64_t Load64(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
uint32_t Load32(const char* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// What is special in each kind of text, eight and sixteen bytes at a time. A byte that is found
// and turns out to be plain costs time only.
struct Json {
  static uint64_t Find(uint64_t word) {
    return Below(word, 0x20) | EqualTo(word, '"') | EqualTo(word, '\\');
  }
#if defined(__SSE2__)
  static int Find(__m128i block) {
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    return _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, slash)));
  }
#endif
  static char* Escape(unsigned char c, char* out);
};

constexpr char kReplacement[] = "\xEF\xBF\xBD";
constexpr char kHex[] = "0123456789abcdef";

char* PutUnicodeEscape(uint32_t unit, char* out) {
  out = Put(out, "\\u");
  for (int shift = 12; shift >= 0; shift -= 4) *out++ = kHex[unit >> shift & 15U];
  return out;
}

char* Json::Escape(unsigned char c, char* out) {
  switch (c) {
    case '"':
      return Put(out, "\\\"");
    case '\\':
      return Put(out, "\\\\");
    case '\n':
      return Put(out, "\\n");
    case '\r':
      return Put(out, "\\r");
    case '\t':
      return Put(out, "\\t");
    case '\b':
      return Put(out, "\\b");
    case '\f':
      return Put(out, "\\f");
    default:
      break;
  }
  if (c < 0x20) return PutUnicodeEscape(c, out);
  *out++ = static_cast<char>(c);
  return out;
}

// The special characters of XML lie below 0x20, or are one of & < > and the quote.
struct Xml {
  static uint64_t Find(uint64_t word) {
    return Below(word, 0x20) | EqualTo(word, '&') | EqualTo(word, '<') | EqualTo(word, '>') |
           EqualTo(word, '"');
  }
#if defined(__SSE2__)
  static int Find(__m128i block) {
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
    const __m128i ampersand = _mm_cmpeq_epi8(block, _mm_set1_epi8('&'));
    // `<` and `>` differ in one bit, which no other character but them has.
    const __m128i angle = _mm_cmpeq_epi8(_mm_or_si128(block, _mm_set1_epi8(2)), _mm_set1_epi8('>'));
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    return _mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(low, ampersand), _mm_or_si128(angle, quote)));
  }
#endif
};

struct XmlText : Xml {
  static char* Escape(unsigned char c, char* out) {
    switch (c) {
      case '&':
        return Put(out, "&amp;");
      case '<':
        return Put(out, "&lt;");
      case '>':
        return Put(out, "&gt;");
      case '\r':
        return Put(out, "&#13;");
      default:
        break;
    }
    if (c < 0x20 && c != '\t' && c != '\n') return Put(out, kReplacement);
    *out++ = static_cast<char>(c);
    return out;
  }
};

struct XmlQuoted : Xml {
  static char* Escape(unsigned char c, char* out) {
    if (c == '"') return Put(out, "&quot;");
    if (c == '\t') return Put(out, "&#9;");
    if (c == '\n') return Put(out, "&#10;");
    return XmlText::Escape(c, out);
  }
};

template <typename Kind>
char* CopySlowly(const char* at, const char* end, char* out) {
  for (; at != end; ++at) out = Kind::Escape(static_cast<unsigned char>(*at), out);
  return out;
}

// Up to 16 bytes, with loads that overlap instead of a loop.
template <typename Kind>
char* CopyShort(const char* at, size_t size, char* out) {
  if (size >= 8) {
    const uint64_t first = Load64(at);
    const uint64_t last = Load64(at + size - 8);
    if ((Kind::Find(first) | Kind::Find(last)) != 0) [[unlikely]] {
      return CopySlowly<Kind>(at, at + size, out);
    }
    std::memcpy(out, &first, 8);
    std::memcpy(out + size - 8, &last, 8);
    return out + size;
  }
  if (size >= 4) {
    const uint32_t first = Load32(at);
    const uint32_t last = Load32(at + size - 4);
    if (Kind::Find(uint64_t{first} | uint64_t{last} << 32) != 0) [[unlikely]] {
      return CopySlowly<Kind>(at, at + size, out);
    }
    std::memcpy(out, &first, 4);
    std::memcpy(out + size - 4, &last, 4);
    return out + size;
  }
  return CopySlowly<Kind>(at, at + size, out);
}

template <typename Kind>
char* CopyEscaped(std::string_view text, char* out) {
  const char* at = text.data();
  const char* end = at + text.size();
#if defined(__SSE2__)
  while (end - at >= 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
    const int found = Kind::Find(block);
    if (found == 0) [[likely]] {
      at += 16;
      out += 16;
      continue;
    }
    const int plain = std::countr_zero(static_cast<unsigned>(found));
    at += plain;
    out = Kind::Escape(static_cast<unsigned char>(*at++), out + plain);
  }
#else
  while (end - at >= 8) {
    const uint64_t word = Load64(at);
    if (Kind::Find(word) == 0) {
      std::memcpy(out, &word, 8);
      out += 8;
    } else {
      out = CopySlowly<Kind>(at, at + 8, out);
    }
    at += 8;
  }
#endif
  return CopyShort<Kind>(at, static_cast<size_t>(end - at), out);
}

// The character that begins at `*at` of UTF-8 text; moves behind it.
uint32_t TakeCharacter(const char** at) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(*at);
  const uint32_t lead = bytes[0];
  const int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  *at += length;
  if (length == 1) return lead;
  uint32_t character = lead & (0x7FU >> length);
  for (int i = 1; i < length; ++i) character = character << 6 | (bytes[i] & 0x3FU);
  return character;
}

template <char* (*kCopy)(std::string_view, char*), size_t kGrowth>
void AppendCopied(std::string_view text, std::string* out) {
  const size_t before = out->size();
  out->resize(before + text.size() * kGrowth + 16);
  const char* end = kCopy(text, out->data() + before);
  out->resize(static_cast<size_t>(end - out->data()));
}

}  // namespace

char* CopyJsonEscaped(std::string_view text, char* out) { return CopyEscaped<Json>(text, out); }

char* CopyJsonAscii(std::string_view text, char* out) {
  const char* at = text.data();
  const char* end = at + text.size();
  while (at != end) {
    const auto c = static_cast<unsigned char>(*at);
    if (c < 0x80) {
      out = c == 0x7F ? PutUnicodeEscape(c, out) : Json::Escape(c, out);
      ++at;
      continue;
    }
    const uint32_t character = TakeCharacter(&at);
    if (character < 0x10000) {
      out = PutUnicodeEscape(character, out);
    } else {
      out = PutUnicodeEscape(0xD7C0 + (character >> 10), out);
      out = PutUnicodeEscape(0xDC00 + (character & 0x3FF), out);
    }
  }
  return out;
}

char* CopyXmlEscaped(std::string_view text, char* out) { return CopyEscaped<XmlText>(text, out); }
char* CopyXmlAttribute(std::string_view text, char* out) {
  return CopyEscaped<XmlQuoted>(text, out);
}

void AppendXmlEscaped(std::string_view text, std::string* out) {
  AppendCopied<CopyXmlEscaped, kXmlGrowth>(text, out);
}
void AppendXmlAttribute(std::string_view text, std::string* out) {
  AppendCopied<CopyXmlAttribute, kXmlGrowth>(text, out);
}
void AppendJsonEscaped(std::string_view text, std::string* out) {
  AppendCopied<CopyJsonEscaped, kJsonGrowth>(text, out);
}

bool HasHighBit(std::string_view text) {
  const char* at = text.data();
  size_t left = text.size();
  uint64_t seen = 0;
  for (; left >= 8; left -= 8, at += 8) seen |= Load64(at);
  for (; left > 0; --left, ++at) seen |= static_cast<unsigned char>(*at);
  return (seen & kHighs) != 0;
}

std::string_view CleanText(std::string_view text, std::string* scratch) {
  if (!HasHighBit(text) || IsUtf8(text)) [[likely]] {
    return text;
  }
  scratch->clear();
  AppendRepairedUtf8(text, InvalidText::kReplace, scratch);
  return *scratch;
}

void CleanFrom(size_t start, std::string* out) {
  std::string repaired;
  const std::string_view text = std::string_view(*out).substr(start);
  if (CleanText(text, &repaired).data() != text.data()) out->replace(start, text.size(), repaired);
}

bool IsUtf8Record(const RecordView& record) {
  if (record.clean() && !record.raw().empty()) return IsUtf8(record.raw());
  for (const FieldView& field : record.fields()) {
    if (HasHighBit(field.bytes()) && !IsUtf8(field.bytes())) return false;
  }
  return true;
}

char* CopyJsonByte(char c, char* out) {
  if (static_cast<unsigned char>(c) >= 0x80) [[unlikely]] {
    return Put(out, "\\ufffd");
  }
  return Json::Escape(static_cast<unsigned char>(c), out);
}

char* CopyXmlAttributeByte(char c, char* out) {
  if (static_cast<unsigned char>(c) >= 0x80) [[unlikely]] {
    return Put(out, kReplacement);
  }
  return XmlQuoted::Escape(static_cast<unsigned char>(c), out);
}

}  // namespace thalweg::marc
