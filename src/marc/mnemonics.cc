#include "marc/mnemonics.h"

#include <algorithm>
#include <array>
#include <utility>

namespace thalweg::marc {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

// The Library of Congress's list for ANSEL, sorted by name.
constexpr std::array kNames = std::to_array<Entry>({
    {"AElig", "\u00C6"},
    {"D", "D"},
    {"Dstrok", "\u0110"},
    {"ETH", "\u00D0"},
    {"Lstrok", "\u0141"},
    {"OElig", "\u0152"},
    {"OHorn", "\u01A0"},
    {"Ostrok", "\u00D8"},
    {"THORN", "\u00DE"},
    {"UHorn", "\u01AF"},
    {"acute", "\u0301"},
    {"add", "+"},
    {"aelig", "\u00E6"},
    {"agr", "\u03B1"},
    {"alif", "\u02BC"},
    {"amp", "&"},
    {"apos", "'"},
    {"ast", "*"},
    {"ayn", "\u02BB"},
    {"bgr", "\u03B2"},
    {"breve", "\u0306"},
    {"breveb", "\u032E"},
    {"bsol", "\\"},
    {"candra", "\u0310"},
    {"caron", "\u030C"},
    {"cedil", "\u0327"},
    {"circ", "\u0302"},
    {"circb", "\u0325"},
    {"colon", ":"},
    {"comma", ","},
    {"commaa", "\u0313"},
    {"commab", "\u0326"},
    {"commat", "@"},
    {"copy", "\u00A9"},
    {"cyril", "\u0306"},
    {"dblac", "\u030B"},
    {"dblunder", "\u0333"},
    {"deg", "\u00B0"},
    {"dollar", "$"},
    {"dot", "\u0307"},
    {"dotb", "\u0323"},
    {"dstrok", "\u0111"},
    {"equals", "="},
    {"esc", "\x1B"},
    {"eth", "\u00F0"},
    {"excl", "!"},
    {"flat", "\u266D"},
    {"ggr", "\u03B3"},
    {"grave", "\u0300"},
    {"gt", ">"},
    {"hooka", "\u0309"},
    {"hyphen", "-"},
    {"iexcl", "\u00A1"},
    {"inodot", "\u0131"},
    {"iquest", "\u00BF"},
    {"lcommaa", "\u0314"},
    {"lcub", "{"},
    {"lpar", "("},
    {"lsqb", "["},
    {"lstrok", "\u0142"},
    {"lt", "<"},
    {"macr", "\u0304"},
    {"middot", "\u00B7"},
    {"mlPrime", "\u02BA"},
    {"mllhring", "\u02BF"},
    {"mlprime", "\u02B9"},
    {"mlrhring", "\u02BE"},
    {"num", "#"},
    {"oelig", "\u0153"},
    {"ogon", "\u0328"},
    {"ohorn", "\u01A1"},
    {"ostrok", "\u00F8"},
    {"patent", "\u00AE"},
    {"percnt", "%"},
    {"period", "."},
    {"phono", "\u2117"},
    {"plus", "+"},
    {"plusmn", "\u00B1"},
    {"pound", "\u00A3"},
    {"quest", "?"},
    {"quot", "\""},
    {"rcedil", "\u0328"},
    {"rcommaa", "\u0315"},
    {"rcub", "}"},
    {"ring", "\u030A"},
    {"ringb", "\u0325"},
    {"rpar", ")"},
    {"rsqb", "]"},
    {"script", "\u2113"},
    {"semi", ";"},
    {"sharp", "\u266F"},
    {"sol", "/"},
    {"space", " "},
    {"szlig", "\u00DF"},
    {"thorn", "\u00FE"},
    {"tilde", "\u0303"},
    {"uhorn", "\u01B0"},
    {"uml", "\u0308"},
    {"under", "\u0332"},
    {"vbar", "|"},
    {"verbar", "|"},
});
static_assert(std::is_sorted(kNames.begin(), kNames.end(),
                             [](const Entry& a, const Entry& b) { return a.first < b.first; }));
constexpr size_t kNameMax = 8;

// One text a byte value below 0x20.
constexpr std::array<char, 32> kControls = [] {
  std::array<char, 32> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}();

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// U+0300 to U+036F, in UTF-8.
bool IsCombining(std::string_view text) {
  if (text.size() != 2) return false;
  const auto lead = static_cast<unsigned char>(text[0]);
  return lead == 0xCC || (lead == 0xCD && static_cast<unsigned char>(text[1]) < 0xB0);
}

size_t CharacterSize(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

}  // namespace

Mnemonic MnemonicAt(std::string_view text) {
  const size_t end = text.substr(0, kNameMax + 2).find('}');
  if (end == std::string_view::npos || end < 2) return {};
  const std::string_view name = text.substr(1, end - 1);
  if (name.size() == 2 && HexDigit(name[0]) >= 0 && HexDigit(name[0]) <= 1 &&
      HexDigit(name[1]) >= 0) {
    const auto byte = static_cast<size_t>(HexDigit(name[0]) * 16 + HexDigit(name[1]));
    return {end + 1, std::string_view(&kControls[byte], 1)};
  }
  const auto* found = std::lower_bound(
      kNames.begin(), kNames.end(), name,
      [](const Entry& entry, std::string_view wanted) { return entry.first < wanted; });
  if (found == kNames.end() || found->first != name) return {};
  return {end + 1, found->second};
}

void AppendWithoutMnemonics(std::string_view text, std::string* out) {
  std::string marks;
  while (!text.empty()) {
    const size_t brace = text.find('{');
    if (marks.empty() && brace != 0) {
      const size_t plain = std::min(brace, text.size());
      out->append(text.substr(0, plain));
      text.remove_prefix(plain);
      continue;
    }
    const Mnemonic mnemonic = brace == 0 ? MnemonicAt(text) : Mnemonic{};
    if (mnemonic.size != 0 && IsCombining(mnemonic.text)) {
      marks.append(mnemonic.text);
      text.remove_prefix(mnemonic.size);
      continue;
    }
    const size_t taken = mnemonic.size != 0 ? mnemonic.size : CharacterSize(text);
    out->append(mnemonic.size != 0 ? mnemonic.text : text.substr(0, taken));
    out->append(marks);
    marks.clear();
    text.remove_prefix(taken);
  }
  out->append(marks);
}

}  // namespace thalweg::marc
