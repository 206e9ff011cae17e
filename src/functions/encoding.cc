#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <numeric>

#include "base/base64.h"
#include "base/number.h"
#include "base/text.h"
#include "engine/registry.h"
#include "functions/signature.h"
#include "functions/text.h"

namespace thalweg::functions::encoding {
namespace {

using engine::RowKernel;
using engine::TextKernel;
using View = std::string_view;

constexpr char kFamily[] = "string";
constexpr char kHexUpper[] = "0123456789ABCDEF";

void Add(engine::Registry& registry, About about, std::vector<Overload> overloads) {
  registry.Add(MakeFunction(kFamily, std::move(about), std::move(overloads)));
}

void AppendHex(TextWriter& out, View bytes) {
  char* at = out.Extend(bytes.size() * 2);
  for (const char c : bytes) {
    *at++ = kHexUpper[static_cast<unsigned char>(c) >> 4];
    *at++ = kHexUpper[static_cast<unsigned char>(c) & 15];
  }
}

/// Two's complement for negative numbers, without leading zeros.
void AppendNumber(TextWriter& out, int64_t value, unsigned bits) {
  uint64_t rest = static_cast<uint64_t>(value);
  char text[64];
  size_t at = sizeof(text);
  do {
    text[--at] = kHexUpper[rest & ((1U << bits) - 1)];
    rest >>= bits;
  } while (rest != 0);
  out.Append(View(text + at, sizeof(text) - at));
}

Status AppendUnhex(TextWriter& out, View text) {
  // An odd digit in front stands for itself.
  for (size_t i = 0; i < text.size();) {
    const size_t digits = (text.size() - i) % 2 == 1 ? 1 : 2;
    int value = 0;
    for (size_t k = 0; k < digits; ++k, ++i) {
      const int digit = HexDigit(text[i]);
      if (digit < 0) {
        return Status::InvalidArgument("unhex: not a hexadecimal digit in '" +
                                       std::string(text.substr(0, 60)) + "'");
      }
      value = value * 16 + digit;
    }
    out.Append(static_cast<char>(value));
  }
  return {};
}

void ToBase64(TextWriter& out, View bytes) {
  std::string text;
  AppendBase64(bytes, &text);
  out.Append(text);
}

Status FromBase64(TextWriter& out, View text) {
  std::string bytes;
  THALWEG_RETURN_IF_ERROR(AppendFromBase64(text, &bytes).WithContext("from_base64"));
  out.Append(bytes);
  return {};
}

/// RFC 3986: everything but the unreserved characters.
void AppendUrlEncoded(TextWriter& out, View text) {
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out.Append(c);
      continue;
    }
    out.Append('%');
    AppendHex(out, View(&c, 1));
  }
}

void AppendUrlDecoded(TextWriter& out, View text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
                        HexDigit(text[i + 2]) >= 0;
    if (!escape) {
      out.Append(text[i]);
      continue;
    }
    out.Append(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
    i += 2;
  }
}

Status AppendChr(TextWriter& out, int32_t code_point) {
  const bool good =
      code_point >= 0 && code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
  if (!good) return Status::InvalidArgument("chr: no code point: " + std::to_string(code_point));
  AppendCharacter(code_point, out);
  return {};
}

int32_t CodePointOf(View text) { return text.empty() ? 0 : DecodeCharacter(text, 0); }

/// Edits (insert, delete, replace) between two texts, by bytes as DuckDB counts them.
int64_t Levenshtein(View a, View b) {
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

Result<int64_t> Hamming(View a, View b) {
  if (a.size() != b.size()) {
    return Status::InvalidArgument("hamming: the texts are not of one length");
  }
  int64_t count = 0;
  for (size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
  return count;
}

/// Unicode's canonical composition, or without accents.
void AppendNormal(TextWriter& out, View text, bool strip) {
  if (IsAscii(text)) return out.Append(text);
  const int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | (strip ? UTF8PROC_STRIPMARK : 0);
  utf8proc_uint8_t* mapped = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &mapped,
                                             static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
  // Bytes that are no UTF-8 stay as they are.
  if (size < 0) return out.Append(text);
  out.Append(View(reinterpret_cast<const char*>(mapped), static_cast<size_t>(size)));
}

void RegisterCodes(engine::Registry& registry) {
  Add(registry,
      {"ascii",
       {"ord", "unicode"},
       "The code point of the first character; 0 of the empty text.",
       "",
       {"ascii('é')  -- 233"}},
      {{{Varchar()}, arrow::int32(), RowKernel<int32_t, View>(arrow::int32(), CodePointOf)}});
  Add(registry,
      {"chr",
       {},
       "The character of a code point.",
       "Another number is an error of the row.",
       {"chr(233)  -- 'é'"}},
      {{{arrow::int32()}, Varchar(), TextKernel<int32_t>(Varchar(), AppendChr)}});
  const auto number = [](unsigned bits) {
    return TextKernel<int64_t>(
        Varchar(), [bits](TextWriter& out, int64_t value) { AppendNumber(out, value, bits); });
  };
  Add(registry,
      {"hex",
       {"to_hex"},
       "A text's or blob's bytes, or a whole number, in hexadecimal.",
       "",
       {"hex('a')  -- '61'", "hex(255)  -- 'FF'"}},
      {{{Varchar()}, Varchar(), TextKernel<View>(Varchar(), AppendHex)},
       {{arrow::binary()}, Varchar(), TextKernel<View>(Varchar(), AppendHex)},
       {{arrow::int64()}, Varchar(), number(4)}});
  Add(registry,
      {"unhex", {"from_hex"}, "The bytes of hexadecimal text, as BLOB.", "", {"unhex('61')  -- a"}},
      {{{Varchar()}, arrow::binary(), TextKernel<View>(arrow::binary(), AppendUnhex)}});
  Add(registry, {"bin", {"to_binary"}, "A whole number in binary.", "", {"bin(5)  -- '101'"}},
      {{{arrow::int64()}, Varchar(), number(1)}});
  Add(registry,
      {"to_base64", {"base64"}, "Bytes as base64 text.", "", {"to_base64('a'::BLOB)  -- 'YQ=='"}},
      {{{arrow::binary()}, Varchar(), TextKernel<View>(Varchar(), ToBase64)}});
  Add(registry,
      {"from_base64", {}, "The bytes of base64 text, as BLOB.", "", {"from_base64('YQ==')  -- a"}},
      {{{Varchar()}, arrow::binary(), TextKernel<View>(arrow::binary(), FromBase64)}});
  Add(registry,
      {"url_encode",
       {},
       "The text with all but letters, digits and `-_.~` as %HH.",
       "",
       {"url_encode('a b')  -- 'a%20b'"}},
      {{{Varchar()}, Varchar(), TextKernel<View>(Varchar(), AppendUrlEncoded)}});
  Add(registry,
      {"url_decode",
       {},
       "The text with %HH as the bytes they stand for.",
       "",
       {"url_decode('a%20b')  -- 'a b'"}},
      {{{Varchar()}, Varchar(), TextKernel<View>(Varchar(), AppendUrlDecoded)}});
  const auto copy = [](TextWriter& out, View bytes) { out.Append(bytes); };
  Add(registry,
      {"encode", {}, "The text's UTF-8 bytes as BLOB.", "", {"encode('é')  -- \\xC3\\xA9"}},
      {{{Varchar()}, arrow::binary(), TextKernel<View>(arrow::binary(), copy)}});
  Add(registry,
      {"decode",
       {},
       "The text that UTF-8 bytes are.",
       "Other bytes are an error of the row.",
       {"decode('a'::BLOB)  -- 'a'"}},
      {{{arrow::binary()},
        Varchar(),
        TextKernel<View>(Varchar(), [](TextWriter& out, View bytes) -> Status {
          for (size_t at = 0; at < bytes.size(); at += CharacterBytes(bytes, at)) {
            if (DecodeCharacter(bytes, at) < 0) {
              return Status::InvalidArgument("decode: the bytes are not UTF-8");
            }
          }
          out.Append(bytes);
          return {};
        })}});
}

void RegisterUnicode(engine::Registry& registry) {
  const auto normal = [](bool strip) {
    return TextKernel<View>(
        Varchar(), [strip](TextWriter& out, View text) { AppendNormal(out, text, strip); });
  };
  Add(registry,
      {"nfc_normalize",
       {},
       "The text in Unicode's composed form NFC.",
       "",
       {"nfc_normalize('é')  -- 'é'"}},
      {{{Varchar()}, Varchar(), normal(false)}});
  Add(registry,
      {"strip_accents", {}, "The text without accents.", "", {"strip_accents('é')  -- 'e'"}},
      {{{Varchar()}, Varchar(), normal(true)}});
  Add(registry,
      {"levenshtein",
       {"editdist3"},
       "The number of single edits between two texts.",
       "By bytes.",
       {"levenshtein('abc', 'abd')  -- 1"}},
      {{{Varchar(), Varchar()},
        arrow::int64(),
        RowKernel<int64_t, View, View>(arrow::int64(), Levenshtein)}});
  Add(registry,
      {"hamming",
       {"mismatches"},
       "The number of places in which two texts differ.",
       "By bytes; texts of two lengths are an error of the row.",
       {"hamming('abc', 'abd')  -- 1"}},
      {{{Varchar(), Varchar()},
        arrow::int64(),
        RowKernel<int64_t, View, View>(arrow::int64(), Hamming)}});
}

}  // namespace

void Register(engine::Registry& registry);

void Register(engine::Registry& registry) {
  RegisterCodes(registry);
  RegisterUnicode(registry);
}

}  // namespace thalweg::functions::encoding
