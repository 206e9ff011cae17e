#pragma once

#include <cstddef>
#include <cstdint>

#include "base/number.h"
#include "codecs/parquet_buffer.h"

namespace thalweg::codecs::parquet {

/// Tables that dictionary building needs; kept between columns so that they are allocated once.
struct DictionaryScratch {
  GrowArray<uint32_t> table;
  GrowArray<uint32_t> indices;  ///< Of each value in the dictionary, when one was built.
  GrowArray<uint32_t> words;    ///< The entries, in the array of the column's type.
  GrowArray<uint64_t> longs;
  GrowArray<Int128> wides;
  GrowArray<BytesRef> refs;
  size_t entry_bytes = 0;  ///< Plain-encoded size of the entries.
};

/// Each builds the dictionary of `values` into `scratch` and returns true, or returns false as soon
/// as it is clear that plain values are about as small. `least` and `greatest` bound the values, in
/// their own order (signed or not); give equal bounds of 0 and ~0 where they are not known.
bool BuildDictionary(const uint32_t* values, size_t count, uint32_t least, uint32_t greatest,
                     DictionaryScratch* scratch);
bool BuildDictionary(const uint64_t* values, size_t count, uint64_t least, uint64_t greatest,
                     DictionaryScratch* scratch);
bool BuildDictionary(const Int128* values, size_t count, int32_t width, DictionaryScratch* scratch);
bool BuildDictionary(const BytesRef* values, size_t count, DictionaryScratch* scratch);

}  // namespace thalweg::codecs::parquet
