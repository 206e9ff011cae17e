#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace thalweg::marc {

/// Appends what pymarc 5.4 makes of MARC-8 text. Gives how many codes had no character; `npos`
/// where pymarc raises, and then nothing is appended.
size_t AppendAsPymarc(std::string_view text, std::string* out);

}  // namespace thalweg::marc
