#pragma once

#include <cstddef>
#include <cstdint>

#include "codecs/parquet_buffer.h"

namespace thalweg::codecs::parquet {

/// Appends `values`, each below `2^bit_width`, in Parquet's hybrid of runs and bit-packed groups
/// (https://parquet.apache.org/docs/file-format/data-pages/encodings/). No length in front.
/// `bit_width` is at most 32; with 0 every value is 0.
void AppendHybrid(const uint32_t* values, size_t count, int bit_width, GrowArray<uint8_t>* out);
void AppendHybrid(const uint8_t* values, size_t count, int bit_width, GrowArray<uint8_t>* out);

/// Appends one-bit values from `bits`, which starts at a byte's lowest bit, in the same encoding.
void AppendHybridBits(const uint8_t* bits, size_t count, GrowArray<uint8_t>* out);

/// Appends one run.
void AppendRun(uint32_t value, size_t count, int bit_width, GrowArray<uint8_t>* out);

/// Bits that `largest` needs.
int BitWidth(uint32_t largest);

}  // namespace thalweg::codecs::parquet
