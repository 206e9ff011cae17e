#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "marc/books_test_support.h"
#include "marc/marc8_tables.h"
#include "marc/utf8_text.h"
#include "testing/status_matchers.h"
#include "thalweg/marc/encoding.h"

namespace thalweg::marc {
namespace {

std::string Decoded(std::string_view text, Marc8DecodeOptions options = {}) {
  std::string out;
  AppendUnicodeOfMarc8(text, options, &out);
  return out;
}

std::string Encoded(std::string_view text, Unmappable unmappable = Unmappable::kReference) {
  std::string out;
  AppendMarc8OfUtf8(text, unmappable, nullptr, &out);
  return out;
}

std::string Nfd(std::string_view text) {
  std::string out;
  EXPECT_TRUE(AppendNormalized(text, Normalization::kNfd, &out));
  return out;
}

// One line of the table.
struct Mapping {
  char final_byte;
  std::string code;  // As it stands in text, with its escape.
  std::string character;
  bool combining;
  bool half;  // The second half of a mark over two characters, which has no character.
};

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::vector<std::string> Columns(const std::string& line) {
  std::vector<std::string> columns(1);
  for (const char c : line) {
    if (c == '\t') {
      columns.emplace_back();
    } else {
      columns.back() += c;
    }
  }
  return columns;
}

std::vector<Mapping> ReadTable() {
  const std::string text = FileText("src/marc/marc8_codetables.tsv");
  std::vector<Mapping> table;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line[0] == '#' || line.starts_with("set")) continue;
    const std::vector<std::string> columns = Columns(line);
    Mapping mapping;
    mapping.final_byte = FromHex(columns[0])[0];
    mapping.code = FromHex(columns[1]);
    if (!columns[2].empty()) {
      AppendCharacter(static_cast<uint32_t>(std::stoul(columns[2], nullptr, 16)),
                      &mapping.character);
    }
    mapping.combining = columns[4] == "1";
    mapping.half = columns[2].empty();
    table.push_back(mapping);
  }
  return table;
}

// The code in the half that it is published in, behind the escape that designates its set.
std::string InText(const Mapping& mapping) {
  const bool high = static_cast<unsigned char>(mapping.code[0]) >= 0x80;
  switch (mapping.final_byte) {
    case 'B':
    case 'E':
      return mapping.code;
    case 'g':
    case 'b':
    case 'p':
      return std::string("\x1B") + mapping.final_byte + mapping.code + "\x1Bs";
    case '1':
      return "\x1B$1" + mapping.code + "\x1B(B";
    default:
      return std::string(high ? "\x1B)" : "\x1B(") + mapping.final_byte + mapping.code;
  }
}

TEST(Marc8Test, DecodesEveryMappingOfTheTable) {
  const std::vector<Mapping> table = ReadTable();
  ASSERT_EQ(table.size(), 16400U);
  size_t tried = 0;
  for (const Mapping& mapping : table) {
    const auto code = static_cast<unsigned char>(mapping.code[0]);
    if (mapping.code.size() == 1 && (code == 0x1B || (code >= 0x1D && code <= 0x1F))) continue;
    const std::string text = InText(mapping);
    const std::string expected = mapping.combining ? "" : mapping.character;
    std::string out;
    EXPECT_EQ(AppendUnicodeOfMarc8(mapping.combining ? text + "\x1B(B\x1B)Ea" : text, {}, &out),
              0U);
    EXPECT_EQ(out, mapping.combining ? "a" + mapping.character : expected)
        << mapping.final_byte << ' ' << HexDump(mapping.code);
    ++tried;
  }
  EXPECT_EQ(tried, 16396U);
}

TEST(Marc8Test, EncodingDecodesBackToTheSameText) {
  size_t tried = 0;
  for (const Mapping& mapping : ReadTable()) {
    const auto code = static_cast<unsigned char>(mapping.code[0]);
    if (mapping.half ||
        (mapping.code.size() == 1 && (code == 0x1B || (code >= 0x1D && code < 0x20)))) {
      continue;
    }
    const std::string text = mapping.combining ? "a" + mapping.character : mapping.character;
    std::string encoded;
    EXPECT_EQ(AppendMarc8OfUtf8(text, Unmappable::kReference, nullptr, &encoded), 0U) << text;
    EXPECT_EQ(Decoded(encoded), text) << HexDump(encoded);
    ++tried;
  }
  EXPECT_EQ(tried, 16394U);
}

TEST(Marc8Test, MarksPrecedeTheirBaseAndKeepTheirOrder) {
  EXPECT_EQ(Decoded("\xE2"
                    "e"),
            "e\xCC\x81");
  EXPECT_EQ(Decoded("\xF2\xE3"
                    "a"),
            "a\xCC\xA3\xCC\x82");
  EXPECT_EQ(Encoded("a\xCC\xA3\xCC\x82"),
            "\xF2\xE3"
            "a");
  EXPECT_EQ(Encoded("\xC3\xA9t\xC3\xA9"),
            "\xE2"
            "et\xE2"
            "e");
  // A mark at the end of the text is kept.
  EXPECT_EQ(Decoded("a\xE2"), "a\xCC\x81");
}

TEST(Marc8Test, MarksOverTwoCharactersHaveTwoHalves) {
  EXPECT_EQ(Decoded("\xEB"
                    "t\xEC"
                    "s"),
            "t\xCD\xA1s");
  EXPECT_EQ(Encoded("t\xCD\xA1s"),
            "\xEB"
            "t\xEC"
            "s");
  EXPECT_EQ(Decoded("\xFA"
                    "n\xFB"
                    "g"),
            "n\xCD\xA0g");
  EXPECT_EQ(Encoded("n\xCD\xA0g"),
            "\xFA"
            "n\xFB"
            "g");
}

TEST(Marc8Test, UnderstandsAllFormsOfDesignation) {
  const std::string cyrillic = "\xD0\xB0\xD0\xB1";  // a, b of Cyrillic.
  for (const char* text : {"\x1B(NAB", "\x1B,NAB", "\x1B)N\xC1\xC2", "\x1B-N\xC1\xC2"}) {
    EXPECT_EQ(Decoded(text), cyrillic) << HexDump(text);
  }
  const std::string han = "\xE4\xB8\x80";  // EACC 213021.
  for (const char* text :
       {"\x1B$1!0!", "\x1B$,1!0!", "\x1B$)1\xA1\xB0\xA1", "\x1B$-1\xA1\xB0\xA1"}) {
    EXPECT_EQ(Decoded(text), han) << HexDump(text);
  }
  // ANSEL by its two final bytes, in G0.
  EXPECT_EQ(Decoded("\x1B(!E!"), "\xC5\x81");
  EXPECT_EQ(Decoded("\x1Bga\x1Bs"
                    "a"),
            "\xCE\xB1"
            "a");
  EXPECT_EQ(Decoded("H\x1B"
                    "b2\x1BsO"),
            "H\xE2\x82\x82O");
}

TEST(Marc8Test, ABlankIsABlankInEverySet) {
  EXPECT_EQ(Decoded("\x1B$1!0! !0!"), "\xE4\xB8\x80 \xE4\xB8\x80");
  EXPECT_EQ(Decoded("\x1B(NA B"), "\xD0\xB0 \xD0\xB1");
}

TEST(Marc8Test, DamagedCodesCostNoNeighbours) {
  std::string out;
  EXPECT_EQ(AppendUnicodeOfMarc8("\x1B$1!0\x1B(Babc", {}, &out), 1U);
  EXPECT_EQ(out,
            "\xEF\xBF\xBD"
            "abc");
  EXPECT_EQ(Decoded("a\x1B"), "a\xEF\xBF\xBD");
  EXPECT_EQ(Decoded("a\x1B(zb"), "a\xEF\xBF\xBD(zb");
  EXPECT_EQ(Decoded("a\xFF"
                    "b"),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(Marc8Test, ReferencesCarryWhatHasNoCode) {
  EXPECT_EQ(Encoded("x\xF0\x9F\x98\x80y"), "x&#x1F600;y");
  EXPECT_EQ(Decoded("x&#x1F600;y"), "x\xF0\x9F\x98\x80y");
  EXPECT_EQ(Encoded("\xF0\x9F\x98\x80", Unmappable::kPlaceholder), "|");
  for (const char* text : {"&#x;", "&#xD800;", "&#x110000;", "&#x1F", "&amp;", "&#x1F;"}) {
    EXPECT_EQ(Decoded(text), text);
  }
  EXPECT_EQ(Decoded("&#x4E00;", {.profile = Marc8Profile::kLoc, .decode_references = false}),
            "&#x4E00;");
}

TEST(Marc8Test, SetsInUseAreNamedForField066) {
  Marc8Sets sets;
  std::string out;
  AppendMarc8OfUtf8("\xD0\xB0 \xE4\xB8\x80", Unmappable::kReference, &sets, &out);
  EXPECT_THAT(sets.Designations(), ::testing::ElementsAre("(N", "$1"));
  EXPECT_EQ(Decoded(out), "\xD0\xB0 \xE4\xB8\x80");
  EXPECT_TRUE(out.ends_with("\x1B(B"));
}

TEST(Marc8Test, PymarcsProfileFollowsPymarc) {
  const Marc8DecodeOptions pymarc{.profile = Marc8Profile::kPymarc, .decode_references = true};
  EXPECT_EQ(Decoded("\xE2"
                    "e",
                    pymarc),
            "\xC3\xA9");  // Composed.
  EXPECT_EQ(Decoded("\xEB"
                    "t\xEC"
                    "s",
                    pymarc),
            "t\xEF\xB8\xA0s\xEF\xB8\xA1");
  EXPECT_EQ(Decoded("\x1B$1\x21\x43\x39", pymarc), "\xE6\x99\xB4");  // NFC of FA12.
  EXPECT_EQ(Decoded("a\xFF"
                    "b",
                    pymarc),
            "a b");
  EXPECT_EQ(Decoded("a\xE2", pymarc), "a");
  EXPECT_EQ(Decoded("&#x4E00;", pymarc), "&#x4E00;");
  std::string out;
  EXPECT_EQ(AppendUnicodeOfMarc8("a\x1B", pymarc, &out), std::string::npos);
  EXPECT_EQ(out, "");
}

TEST(Marc8Test, RandomTextComesBack) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<Mapping> table = ReadTable();
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      const Mapping& mapping = table[random() % table.size()];
      if (random() % 4 == 0) text += static_cast<char>(' ' + random() % 90);
      if (!mapping.half && !mapping.combining &&
          static_cast<unsigned char>(mapping.character[0]) >= ' ') {
        text += mapping.character;
        if (random() % 5 == 0) text += "\xCC\x81";
      }
    }
    if (text.find('&') != std::string::npos) continue;
    EXPECT_EQ(Nfd(Decoded(Encoded(text))), Nfd(text));
  }
}

TEST(Marc8Test, AnyBytesDecodeToUtf8) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string bytes = "\x1B\x1B$(),-1BENQ234S!gbps a\xE2\xEB\xEC\xC1\x88&#x41;";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (size_t i = random() % 20; i != 0; --i) {
      text += random() % 3 == 0 ? static_cast<char>(random()) : bytes[random() % bytes.size()];
    }
    EXPECT_TRUE(IsUtf8(Decoded(text))) << HexDump(text);
    EXPECT_TRUE(
        IsUtf8(Decoded(text, {.profile = Marc8Profile::kPymarc, .decode_references = true})));
    Encoded(text);
  }
}

}  // namespace
}  // namespace thalweg::marc
