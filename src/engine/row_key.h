#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "columnar/batch.h"
#include "engine/expression.h"
#include "thalweg/status.h"

// Rows as keys: equal rows give equal bits or bytes, and only those. Null equals null, NaN equals
// NaN and -0.0 equals 0.0, as GROUP BY and DISTINCT want it.
namespace thalweg::engine {

/// Bits that a value of the type takes in a key (1 to 128), or 0 where it has no fixed width.
int KeyBits(const arrow::DataType& type);

/// Values of a column of at most 64 bits, zero-extended. What stands for a null is not defined.
void LoadKeyBits(const arrow::Array& array, uint64_t* out);

/// A key column as the other functions take it: a dictionary is replaced by its values.
Result<ArrayPtr> PlainKey(const ArrayPtr& array);

/// Rows of any types as byte strings, written column by column into one buffer that is reused.
class RowEncoder {
 public:
  Status Encode(std::span<const ArrayPtr> columns, int64_t rows);
  std::string_view row(int64_t i) const {
    const auto at = static_cast<size_t>(i);
    return {bytes_.data() + offsets_[at], static_cast<size_t>(offsets_[at + 1] - offsets_[at])};
  }

 private:
  Status AddLengths(const ArrayPtr& column, int64_t rows);
  void Write(const ArrayPtr& column, size_t nested_index, int64_t rows);

  std::vector<uint64_t> offsets_;  ///< While it encodes: lengths, then cursors.
  std::vector<char> bytes_;
  std::vector<uint64_t> bits_;
  std::vector<std::vector<std::string>> nested_;  ///< Values of nested columns, already encoded.
};

}  // namespace thalweg::engine
