#pragma once

#include <cstddef>
#include <cstdint>

#include "marc/text_input.h"

namespace thalweg::marc {

/// The front of a JSON input.
struct JsonPiece {
  enum class Kind : uint8_t {
    kRecord,   ///< One record's object or array, from its first byte to its last.
    kNothing,  ///< Blanks, commas, brackets around records.
    kJunk,     ///< Bytes that belong to no record.
    kEnd,
  };
  Kind kind = Kind::kEnd;
  size_t size = 0;
};

/// Finds where records begin and end, whether they stand in an array, one a line or just one after
/// the other. A record with broken JSON ends where the next line begins one, so that it costs no
/// other.
class JsonSplitter {
 public:
  Result<JsonPiece> Next(TextInput* input, int64_t bytes_max);

 private:
  enum class Scan : uint8_t { kComplete, kMore, kBroken };

  Result<JsonPiece> NextRecord(TextInput* input, int64_t bytes_max);
  static Result<bool> OpensRecord(TextInput* input);
  void Begin();
  Scan ScanValue(std::string_view text, bool final);

  // How far the value at the front has been looked at.
  size_t at_ = 0;
  int depth_ = 0;
  bool in_string_ = false;
};

}  // namespace thalweg::marc
