#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// MARCMaker's mnemonics: `{dollar}` and the like stand for characters that mean something else in
// its text, or that a keyboard does not have.
namespace thalweg::marc {

struct Mnemonic {
  size_t size = 0;        ///< Of the text, braces included; 0: none begins there.
  std::string_view text;  ///< What it stands for, in UTF-8.
};

/// The mnemonic at the start of `text`, which begins with a brace. Hexadecimal ones (`{0A}`) stand
/// for a control character.
Mnemonic MnemonicAt(std::string_view text);

/// Appends `text` with every mnemonic replaced. One that combines (`{acute}e`) moves behind the
/// character it belongs to, as Unicode wants it.
void AppendWithoutMnemonics(std::string_view text, std::string* out);

}  // namespace thalweg::marc
