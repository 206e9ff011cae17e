#include "archive/bech32.h"

#include <cstring>
#include <optional>

namespace thalweg::archive {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr size_t kDataSymbols = 52;  // 256 bits in groups of five.
constexpr size_t kCheckSymbols = 6;

class Checksum {
 public:
  void Add(uint8_t symbol) {
    constexpr uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const uint32_t top = value_ >> 25;
    value_ = (value_ & 0x1ffffff) << 5 ^ symbol;
    for (uint32_t i = 0; i < 5; ++i) {
      if ((top >> i & 1) != 0) value_ ^= kGenerator[i];
    }
  }
  void AddPrefix(std::string_view prefix) {
    for (const char c : prefix) Add(static_cast<uint8_t>(static_cast<uint8_t>(c) >> 5));
    Add(0);
    for (const char c : prefix) Add(static_cast<uint8_t>(c & 31));
  }
  uint32_t value() const { return value_; }

 private:
  uint32_t value_ = 1;
};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// True when letters of both cases occur, which the standard refuses.
bool MixesCase(std::string_view text) {
  bool lower = false;
  bool upper = false;
  for (const char c : text) {
    lower = lower || (c >= 'a' && c <= 'z');
    upper = upper || (c >= 'A' && c <= 'Z');
  }
  return lower && upper;
}

}  // namespace

Secret EncodeBech32(std::string_view prefix, std::string_view bytes32) {
  Secret text(prefix.size() + 1 + kDataSymbols + kCheckSymbols);
  std::memcpy(text.data(), prefix.data(), prefix.size());
  char* to = text.data() + prefix.size();
  *to++ = '1';
  Checksum checksum;
  checksum.AddPrefix(prefix);
  const auto put = [&](uint32_t symbol) { *to++ = kAlphabet[symbol & 31]; };
  uint32_t held = 0;
  int bits = 0;
  const auto put_data = [&](uint32_t symbol) {
    checksum.Add(static_cast<uint8_t>(symbol & 31));
    put(symbol);
  };
  for (const char c : bytes32) {
    held = held << 8 | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 5; bits -= 5) put_data(held >> (bits - 5));
    held &= 0xff;
  }
  if (bits > 0) put_data(held << (5 - bits));
  for (size_t i = 0; i < kCheckSymbols; ++i) checksum.Add(0);
  const uint32_t check = checksum.value() ^ 1;
  for (uint32_t i = 0; i < kCheckSymbols; ++i) put(check >> 5 * (kCheckSymbols - 1 - i));
  return text;
}

Result<Secret> DecodeBech32(std::string_view prefix, std::string_view text) {
  const auto wrong = [&](const char* why) {
    return Status::InvalidArgument("key '" + std::string(prefix) + "1…': " + why);
  };
  if (text.size() != prefix.size() + 1 + kDataSymbols + kCheckSymbols) {
    return wrong("its length is not right");
  }
  if (MixesCase(text)) return wrong("it mixes upper and lower case");
  for (size_t i = 0; i < prefix.size(); ++i) {
    if (Lower(text[i]) != prefix[i]) return wrong("it begins otherwise");
  }
  if (text[prefix.size()] != '1') return wrong("it begins otherwise");
  Checksum checksum;
  checksum.AddPrefix(prefix);
  Secret bytes(32);
  size_t done = 0;
  uint32_t held = 0;
  int bits = 0;
  const std::string_view symbols = text.substr(prefix.size() + 1);
  for (size_t i = 0; i < symbols.size(); ++i) {
    const size_t symbol = kAlphabet.find(Lower(symbols[i]));
    if (symbol == std::string_view::npos) return wrong("it holds a character that no key has");
    checksum.Add(static_cast<uint8_t>(symbol));
    if (i >= kDataSymbols) continue;
    held = (held << 5 | static_cast<uint32_t>(symbol)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.data()[done++] = static_cast<char>(held >> bits & 0xff);
    }
  }
  if (checksum.value() != 1) return wrong("its checksum is wrong; was it copied in full?");
  if ((held & ((1U << bits) - 1)) != 0) return wrong("its last bits are not zero");
  return bytes;
}

}  // namespace thalweg::archive
