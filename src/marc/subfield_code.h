#pragma once

#include <cstddef>
#include <string_view>

namespace thalweg::marc {

/// What a subfield code outside ASCII stands for, and how many bytes it takes.
struct NearestCode {
  char code;
  size_t length;
};
/// `subfield` starts with such a code: its letter without marks, or `?`.
NearestCode NearestSubfieldCode(std::string_view subfield);

}  // namespace thalweg::marc
