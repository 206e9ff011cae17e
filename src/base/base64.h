#pragma once

#include <string>
#include <string_view>

#include "thalweg/status.h"

namespace thalweg {

/// Appends `bytes` as base64 with padding (RFC 4648 section 4).
void AppendBase64(std::string_view bytes, std::string* out);

/// Appends the bytes that `text` stands for. Strict: whole groups of four, padding only at the end,
/// nothing between; otherwise `invalid_argument`, and `*out` holds what came before.
Status AppendFromBase64(std::string_view text, std::string* out);

}  // namespace thalweg
