#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace thalweg::marc {

/// What stands in a record's bytes.
struct Scan {
  uint32_t field_ends = 0;   ///< 1E.
  uint32_t record_ends = 0;  ///< 1D.
  bool ascii = true;         ///< No byte above 7F.
  bool odd_code = false;     ///< A byte above 7F stands in the place of a subfield code.
};

Scan ScanMarks(std::string_view bytes);
/// The same, by the code that runs everywhere.
Scan ScanMarksPortable(std::string_view bytes);

}  // namespace thalweg::marc
