#pragma once

#include <cstdint>

// The code tables of MARC-8. Generated from marc8_codetables.tsv.
namespace thalweg::marc {

/// The sets, in the order of the tables.
enum Marc8Set : uint8_t {
  kAscii = 0,
  kAnsel = 1,
  kGreekSymbols = 2,
  kSubscripts = 3,
  kSuperscripts = 4,
  kHebrew = 5,
  kCyrillic = 6,
  kExtendedCyrillic = 7,
  kArabic = 8,
  kExtendedArabic = 9,
  kGreek = 10,
  kEacc = 11,  ///< Three bytes a character.
  kNoSet = 12,
};

inline constexpr char kMarc8Finals[] = {'B', 'E', 'g', 'b', 'p', '2', 'N', 'Q', '3', '4', 'S', '1'};

/// By set and code without its high bit: the character, or 0. The mark says that it precedes its
/// base; alone, it stands for the second half of a mark over two characters.
inline constexpr uint32_t kMarc8Combining = uint32_t{1} << 31;
extern const uint32_t kMarc8Single[11][128];

/// By (first byte - 0x21) * 94 + (second byte - 0x21): a row of the next table; 0 is empty.
extern const uint16_t kMarc8EaccRow[94 * 94];
/// By row and third byte - 0x20. Values from 0xD800 on number the next table.
extern const uint16_t kMarc8Eacc[][96];
extern const uint32_t kMarc8Astral[];

/// By the character's upper bits: a row of the next table.
extern const uint16_t kMarc8PageOf[];
extern const uint32_t kMarc8PageCount;
/// `kMarc8Combining`, set + 1 in bits 24 to 30, and the code without high bits; 0: no code.
extern const uint32_t kMarc8Pages[][256];

/// The character of three bytes without their high bits; 0 when there is none.
inline uint32_t EaccCharacter(unsigned first, unsigned second, unsigned third) {
  if (first - 0x21 >= 94 || second - 0x21 >= 94 || third - 0x20 >= 96) return 0;
  const uint32_t found =
      kMarc8Eacc[kMarc8EaccRow[(first - 0x21) * 94 + second - 0x21]][third - 0x20];
  return found >= 0xD800 && found <= 0xDFFF ? kMarc8Astral[found - 0xD800] : found;
}

inline uint32_t Marc8CodeOf(uint32_t character) {
  const uint32_t page = character >> 8;
  return page < kMarc8PageCount ? kMarc8Pages[kMarc8PageOf[page]][character & 0xFF] : 0;
}

/// The set with this final byte; kNoSet when it is not known.
constexpr Marc8Set Marc8SetOf(char final_byte) {
  for (int set = 0; set < kNoSet; ++set) {
    if (kMarc8Finals[set] == final_byte) return static_cast<Marc8Set>(set);
  }
  return kNoSet;
}

}  // namespace thalweg::marc
