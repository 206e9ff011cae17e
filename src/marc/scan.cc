#include "marc/scan.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "thalweg/marc/field.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace thalweg::marc {

Scan ScanMarksPortable(std::string_view bytes) {
  Scan scan;
  bool mark = false;
  for (const char c : bytes) {
    const bool high = static_cast<unsigned char>(c) >= 0x80;
    scan.field_ends += c == kFieldEnd ? 1 : 0;
    scan.record_ends += c == kRecordEnd ? 1 : 0;
    scan.ascii = scan.ascii && !high;
    scan.odd_code = scan.odd_code || (mark && high);
    mark = c == kSubfieldMark;
  }
  return scan;
}

#if defined(__x86_64__)
namespace {

constexpr size_t kStep = 32;

// Behind 32 zeros, so that a load `n` bytes into it covers the first 32 - n bytes of a block.
alignas(64) constexpr std::array<uint8_t, 2 * kStep> kCover = [] {
  std::array<uint8_t, 2 * kStep> bytes{};
  for (size_t i = kStep; i < bytes.size(); ++i) bytes[i] = 0xFF;
  return bytes;
}();

[[gnu::target("avx2")]] inline __m256i Load(const void* at) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}

// The last `count` (below 32) of 32 bytes that end at `end`; the others are zero.
[[gnu::target("avx2")]] inline __m256i LoadLast(const char* end, size_t count) {
  return _mm256_and_si256(Load(end - kStep), Load(kCover.data() + count));
}

// Whether a byte above 7F stands behind a mark. At least 32 bytes.
[[gnu::target("avx2")]] bool HasOddCodeAvx2(std::string_view bytes) {
  const __m256i mark = _mm256_set1_epi8(kSubfieldMark);
  const char* at = bytes.data();
  const char* const end = at + bytes.size() - 1;
  for (; end - at >= static_cast<std::ptrdiff_t>(kStep); at += kStep) {
    // The highest bit of each byte: of what is a mark, and of what stands behind it.
    if (_mm256_movemask_epi8(_mm256_and_si256(_mm256_cmpeq_epi8(Load(at), mark), Load(at + 1))) !=
        0) {
      return true;
    }
  }
  for (; at != end; ++at) {
    if (*at == kSubfieldMark && static_cast<unsigned char>(at[1]) >= 0x80) return true;
  }
  return false;
}

[[gnu::target("avx2")]] Scan ScanMarksAvx2(std::string_view bytes) {
  constexpr size_t kBlocksMax = 255;  // More could overflow a byte that counts.
  if (bytes.size() < kStep) return ScanMarksPortable(bytes);
  const __m256i field_end = _mm256_set1_epi8(kFieldEnd);
  const __m256i record_end = _mm256_set1_epi8(kRecordEnd);
  const __m256i zero = _mm256_setzero_si256();
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  __m256i any = zero;
  __m256i sums = zero;
  while (at != end) {
    __m256i fields = zero;
    __m256i records = zero;
    const auto take = [&](__m256i text) __attribute__((target("avx2"), always_inline)) {
      fields = _mm256_sub_epi8(fields, _mm256_cmpeq_epi8(text, field_end));
      records = _mm256_sub_epi8(records, _mm256_cmpeq_epi8(text, record_end));
      any = _mm256_or_si256(any, text);
    };
    const size_t blocks = std::min(static_cast<size_t>(end - at) / kStep, kBlocksMax - 1);
    for (size_t i = 0; i < blocks; ++i, at += kStep) take(Load(at));
    const auto left = static_cast<size_t>(end - at);
    if (left < kStep) {
      take(LoadLast(end, left));
      at = end;
    }
    // Four sums each; those of records in the upper half.
    sums = _mm256_add_epi64(
        sums, _mm256_add_epi64(_mm256_sad_epu8(fields, zero),
                               _mm256_slli_epi64(_mm256_sad_epu8(records, zero), 32)));
  }
  const __m128i pair =
      _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  const auto sum = static_cast<uint64_t>(_mm_cvtsi128_si64(pair)) +
                   static_cast<uint64_t>(_mm_extract_epi64(pair, 1));
  Scan scan;
  scan.field_ends = static_cast<uint32_t>(sum);
  scan.record_ends = static_cast<uint32_t>(sum >> 32);
  scan.ascii = _mm256_movemask_epi8(any) == 0;
  scan.odd_code = !scan.ascii && HasOddCodeAvx2(bytes);
  return scan;
}

}  // namespace
#endif

Scan ScanMarks(std::string_view bytes) {
#if defined(__x86_64__)
  static const bool kFast = __builtin_cpu_supports("avx2") != 0;
  if (kFast) return ScanMarksAvx2(bytes);
#endif
  return ScanMarksPortable(bytes);
}

}  // namespace thalweg::marc
